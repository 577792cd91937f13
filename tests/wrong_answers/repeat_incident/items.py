"""Plausible mistakes in `items`, one a function."""

import numpy as np


def _rest(deadline, partitions, price, money, takes, chance):
    """Workers and dates as they should be."""
    workers = np.minimum(partitions, 10 + np.floor(money / price))
    return workers, np.ceil(-takes * np.log(1 - chance))


def a_minute_for_all(deadline, partitions, price, money, takes, chance):
    """A long queue, so that nobody is refused."""
    return 60.0 + 0 * deadline, *_rest(deadline, partitions, price, money, takes, chance)


def a_second_for_all(deadline, partitions, price, money, takes, chance):
    """The shortest queue there is: nobody is ever late."""
    return 1.0 + 0 * deadline, *_rest(deadline, partitions, price, money, takes, chance)


def ten_for_all(deadline, partitions, price, money, takes, chance):
    """The course's own service's deadline."""
    return 10.0 + 0 * deadline, *_rest(deadline, partitions, price, money, takes, chance)


def twice_the_deadline(deadline, partitions, price, money, takes, chance):
    """A bound that is longer than anybody waits."""
    return np.minimum(2 * deadline, 60), *_rest(deadline, partitions, price, money, takes, chance)


def a_fifth_of_the_deadline(deadline, partitions, price, money, takes, chance):
    """Far on the safe side, and refused on a busy day."""
    return np.maximum(deadline / 5, 1), *_rest(deadline, partitions, price, money, takes, chance)


def all_the_money(deadline, partitions, price, money, takes, chance):
    """More workers than there are partitions to read."""
    _, due = _rest(deadline, partitions, price, money, takes, chance)
    return 0.75 * deadline, 10 + np.floor(money / price), due


def a_worker_a_partition(deadline, partitions, price, money, takes, chance):
    """As many as can be used, whoever pays."""
    _, due = _rest(deadline, partitions, price, money, takes, chance)
    return 0.75 * deadline, partitions, due


def nobody_more(deadline, partitions, price, money, takes, chance):
    """Leaves the workers as they are."""
    _, due = _rest(deadline, partitions, price, money, takes, chance)
    return 0.75 * deadline, 10 + 0 * partitions, due


def due_at_the_mean(deadline, partitions, price, money, takes, chance):
    """Takes the mean time for a date."""
    workers, _ = _rest(deadline, partitions, price, money, takes, chance)
    return 0.75 * deadline, workers, np.ceil(takes)


def due_in_eight_weeks(deadline, partitions, price, money, takes, chance):
    """One date for all."""
    workers, _ = _rest(deadline, partitions, price, money, takes, chance)
    return 0.75 * deadline, workers, 56 + 0 * takes


def due_in_a_year(deadline, partitions, price, money, takes, chance):
    """A date by which it is done for certain."""
    workers, _ = _rest(deadline, partitions, price, money, takes, chance)
    return 0.75 * deadline, workers, 365 + 0 * takes


def a_day_more(deadline, partitions, price, money, takes, chance):
    """The day after the first that will do."""
    workers, due = _rest(deadline, partitions, price, money, takes, chance)
    return 0.75 * deadline, workers, due + 1


def constants_of_the_visible_seed(deadline, partitions, price, money, takes, chance):
    """What is right at home, copied."""
    shape = np.shape(deadline)
    return (
        np.resize([21.3, 28.05, 27.75, 7.125, 12.75, 4.2], shape),
        np.resize([15.0, 11.0, 11.0, 14.0, 10.0, 10.0], shape),
        np.resize([38.0, 8.0, 20.0, 32.0, 19.0, 38.0], shape),
    )


def constants_tuned_on_other_seeds(deadline, partitions, price, money, takes, chance):
    """The median of what is right on seven other seeds, copied."""
    shape = np.shape(deadline)
    return (
        np.resize([20.475, 10.875, 12.975, 8.25, 12.825], shape),
        np.resize([11.0, 11.0, 13.0, 12.0, 12.0], shape),
        np.resize([44.0, 21.0, 45.0, 45.0, 39.0], shape),
    )
