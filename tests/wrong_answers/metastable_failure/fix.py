"""Plausible mistakes in `fix`, one a function."""

import numpy as np

_with = lambda left, b: (np.where(b >= 0, b, 0), np.where(b >= 0, left / (1 + np.maximum(b, 0)), 0))  # noqa: E731


def no_margin(load, capacity, degradation, max_retries, margin):
    """A hidden capacity just at the load."""
    left = capacity * (1 - degradation)
    return _with(left, np.minimum(left / load - 1, max_retries))


def a_full_queue_takes_nothing(load, capacity, degradation, max_retries, margin):
    """Forgets the capacity that is lost when it counts."""
    return _with(capacity, np.minimum(capacity / margin / load - 1, max_retries))


def over_fixed(load, capacity, degradation, max_retries, margin):
    """No retries at all."""
    left = capacity * (1 - degradation)
    fits = left >= margin * load
    return 0.0 * load, np.where(fits, left, 0)


def the_usual_fifth(load, capacity, degradation, max_retries, margin):
    """0.2, as everybody has it."""
    left = capacity * (1 - degradation)
    fits = left >= margin * load
    return np.where(fits, 0.2, 0), np.where(fits, left / 1.2, 0)


def attempts_for_retries(load, capacity, degradation, max_retries, margin):
    """Attempts per request, the first one included."""
    left = capacity * (1 - degradation)
    b = np.minimum(left / margin / load, max_retries + 1)
    return np.where(b >= 1, b, 0), np.where(b >= 1, left / b, 0)


def beyond_the_retries(load, capacity, degradation, max_retries, margin):
    """A budget larger than anybody uses."""
    left = capacity * (1 - degradation)
    return _with(left, left / margin / load - 1)


def hidden_as_it_was(load, capacity, degradation, max_retries, margin):
    """Says the hidden capacity from before."""
    left = capacity * (1 - degradation)
    b = np.minimum(left / margin / load - 1, max_retries)
    return np.where(b >= 0, b, 0), np.where(b >= 0, left / (1 + max_retries), 0)


def hopes_anyway(load, capacity, degradation, max_retries, margin):
    """A budget of nothing where none will do, and its hidden capacity."""
    left = capacity * (1 - degradation)
    b = np.clip(left / margin / load - 1, 0, max_retries)
    return b, left / (1 + b)


def rounded(load, capacity, degradation, max_retries, margin):
    """Rounds to two decimals, up as often as down: a little less than the margin is left."""
    left = capacity * (1 - degradation)
    return _with(left, np.round(np.minimum(left / margin / load - 1, max_retries), 2))


def a_hair_more(load, capacity, degradation, max_retries, margin):
    """Allows itself as much above as it may be below."""
    left = capacity * (1 - degradation)
    return _with(left, np.minimum(left / margin / load - 1 + 0.004, max_retries))


def one_decimal(load, capacity, degradation, max_retries, margin):
    """Rounds down to a tenth of a retry: takes more away than it must."""
    left = capacity * (1 - degradation)
    b = np.minimum(left / margin / load - 1, max_retries)
    return _with(left, np.where(b < 0, b, np.floor(10 * b) / 10))


def none_is_no_budget(load, capacity, degradation, max_retries, margin):
    """Takes a budget of just 0, which will do, for one that will not."""
    left = capacity * (1 - degradation)
    b = np.minimum(left / margin / load - 1, max_retries)
    return np.where(b > 0, b, 0), np.where(b > 0, left / (1 + np.maximum(b, 0)), 0)


def where_the_load_fits(load, capacity, degradation, max_retries, margin):
    """Gives up only where the load itself has no room, margin or not."""
    left = capacity * (1 - degradation)
    b = np.clip(left / margin / load - 1, 0, max_retries)
    return np.where(left >= load, b, 0), np.where(left >= load, left / (1 + b), 0)


def a_share(load, capacity, degradation, max_retries, margin):
    """Takes a budget for a share, never above 1."""
    left = capacity * (1 - degradation)
    return _with(left, np.minimum(left / margin / load - 1, np.minimum(max_retries, 1)))


def none_where_all_fit(load, capacity, degradation, max_retries, margin):
    """0 and 0 also where no budget is needed."""
    left = capacity * (1 - degradation)
    b = left / margin / load - 1
    return _with(left, np.where(b < max_retries, b, -1))


def the_bar_itself(load, capacity, degradation, max_retries, margin):
    """Says margin times the load for the hidden capacity, also where all retries leave more."""
    b = np.minimum(capacity * (1 - degradation) / margin / load - 1, max_retries)
    return np.where(b >= 0, b, 0), np.where(b >= 0, margin * load, 0)


def constants_of_the_visible_seed(load, capacity, degradation, max_retries, margin):
    """What is right at home, copied."""
    return np.resize([0.0, 0.707, 0.0, 0.0, 1.72, 0.136, 0.421, 0.647, 0.657, 1.0, 0.0], np.shape(load)), np.resize(
        [3600.0, 2167.0, 0.0, 0.0, 1176.4, 3357.9, 3237.4, 1760.6, 2232.6, 1350.0, 0.0], np.shape(load)
    )


def constants_tuned_on_other_seeds(load, capacity, degradation, max_retries, margin):
    """The median of what is right on other seeds, copied."""
    return np.resize([0.0, 0.24, 0.338, 0.379, 0.679], np.shape(load)), np.resize(
        [0.0, 1339.3, 1763.58, 2329.2, 2861.22], np.shape(load)
    )
