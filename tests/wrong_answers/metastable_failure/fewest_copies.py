"""Plausible mistakes in `fewest_copies`, one a function."""

import numpy as np


def ordinary_days_alone(healed, demand, peak, lost):
    """No peak."""
    number = np.ceil(demand / healed) + lost
    return number, demand / number


def none_is_lost(healed, demand, peak, lost):
    """No copy ever fails."""
    number = np.ceil(demand * peak / healed)
    return number, demand / number


def rounds_down(healed, demand, peak, lost):
    """A copy too few where it does not fit evenly."""
    number = np.maximum(np.floor(demand * peak / healed), 1) + lost
    return number, demand / number


def one_to_be_safe(healed, demand, peak, lost):
    """One copy more than it takes."""
    number = np.ceil(demand * peak / healed) + lost + 1
    return number, demand / number


def over_fixed(healed, demand, peak, lost):
    """Every copy at a tenth of what it comes back from."""
    number = np.ceil(10 * demand * peak / healed) + lost
    return number, demand / number


def load_at_the_peak(healed, demand, peak, lost):
    """Says the load of the worst day."""
    number = np.ceil(demand * peak / healed) + lost
    return number, demand * peak / (number - lost)


def lost_in_advance(healed, demand, peak, lost):
    """Adds the copies that may be lost before rounding up, as a share."""
    number = np.ceil(demand * peak / healed * (1 + lost / 10))
    return number, demand / number


def parts_of_a_copy(healed, demand, peak, lost):
    """Two and a half copies."""
    number = demand * peak / healed + lost
    return number, demand / number


def constants_of_the_visible_seed(healed, demand, peak, lost):
    """What is right at home, copied."""
    return np.resize([11.0, 16.0, 3.0, 14.0, 7.0], np.shape(healed)), np.resize(
        [416.091, 363.812, 153.0, 210.429, 512.143], np.shape(healed)
    )


def constants_tuned_on_other_seeds(healed, demand, peak, lost):
    """The median of what is right on other seeds, copied."""
    return np.resize([2.0, 5.0, 9.0, 11.0], np.shape(healed)), np.resize(
        [276.0, 317.5, 390.714, 417.182], np.shape(healed)
    )
