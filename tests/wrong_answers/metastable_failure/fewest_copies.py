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


def floor_and_one(healed, demand, peak, lost):
    """Rounds down and adds one: a copy too many where it fits evenly."""
    number = np.floor(demand * peak / healed) + 1 + lost
    return number, demand / number


def to_the_nearest(healed, demand, peak, lost):
    """Rounds to the nearest whole number, down as often as up."""
    number = np.maximum(np.round(demand * peak / healed), 1) + lost
    return number, demand / number


def peak_of_the_copies(healed, demand, peak, lost):
    """Rounds up for an ordinary day, and again for its peak."""
    number = np.ceil(np.ceil(demand / healed) * peak) + lost
    return number, demand / number


def peak_or_loss(healed, demand, peak, lost):
    """Takes the worse of the two, as if they never came together."""
    number = np.maximum(np.ceil(demand * peak / healed), np.ceil(demand / healed) + lost)
    return number, demand / number


def one_may_go(healed, demand, peak, lost):
    """N + 1, however many may be missing."""
    number = np.ceil(demand * peak / healed) + 1
    return number, demand / number


def load_of_those_left(healed, demand, peak, lost):
    """Says the load of an ordinary day with copies missing."""
    number = np.ceil(demand * peak / healed) + lost
    return number, demand / (number - lost)


def constants_of_the_visible_seed(healed, demand, peak, lost):
    """What is right at home, copied."""
    return np.resize([15.0, 10.0, 11.0, 13.0, 3.0, 5.0], np.shape(healed)), np.resize(
        [245.8, 270.4, 732.727, 691.538, 230.667, 571.2], np.shape(healed)
    )


def constants_tuned_on_other_seeds(healed, demand, peak, lost):
    """The median of what is right on other seeds, copied."""
    return np.resize([3.0, 6.0, 7.0, 9.0, 10.0, 12.0], np.shape(healed)), np.resize(
        [240.0, 310.0, 390.0, 420.0, 550.0, 700.0], np.shape(healed)
    )
