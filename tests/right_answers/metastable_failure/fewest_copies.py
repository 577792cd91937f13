"""Right answers to `fewest_copies` of another style than the solution's."""

import numpy as np


def one_more_until_it_fits(healed, demand, peak, lost):
    """A loop over services, one copy more at a time."""
    told = np.broadcast_arrays(healed, demand, peak, lost)
    numbers = []
    for safe, load, high, gone in zip(*told, strict=True):
        number = gone + 1
        while (number - gone) * safe < load * high:
            number += 1
        numbers.append(number)
    number = np.array(numbers, dtype=float)
    return number, demand / number


def by_whole_division(healed, demand, peak, lost):
    """Rounded up by a negative floor."""
    number = lost - (-demand * peak) // healed
    return number, demand / number


def pairs(healed, demand, peak, lost):
    """Whole numbers, as lists."""
    numbers = [-int(-d / h * p // 1) + int(gone) for h, d, p, gone in zip(healed, demand, peak, lost, strict=True)]
    return numbers, [d / number for d, number in zip(demand, numbers, strict=True)]
