"""Plausible mistakes in `next_load`, one a function."""

import numpy as np

_low = lambda tried, answered, well=0.5: np.where(answered > well, tried, 0).max(axis=0)  # noqa: E731
_high = lambda tried, answered, most, well=0.5: np.where(answered <= well, tried, most).min(axis=0)  # noqa: E731


def step_by_step(tried, answered, advertised):
    """Up by a tenth at a time."""
    low, high = _low(tried, answered), _high(tried, answered, advertised)
    return np.where(high - low <= 0.05 * advertised, 0, np.minimum(low + 0.1 * advertised, (low + high) / 2))


def from_above(tried, answered, advertised):
    """Down from the advertised capacity by a tenth at a time: always stuck."""
    low, high = _low(tried, answered), _high(tried, answered, advertised)
    return np.where(high - low <= 0.05 * advertised, 0, np.maximum(high - 0.1 * advertised, (low + high) / 2))


def never_stops(tried, answered, advertised):
    """One more experiment, to be sure."""
    low, high = _low(tried, answered), _high(tried, answered, advertised)
    return (low + high) / 2


def stops_early(tried, answered, advertised):
    """Content with a fifth of the advertised capacity."""
    low, high = _low(tried, answered), _high(tried, answered, advertised)
    return np.where(high - low <= 0.2 * advertised, 0, (low + high) / 2)


def last_alone(tried, answered, advertised):
    """Goes by the last experiment and forgets the others."""
    count = (~np.isnan(tried)).sum(axis=0)
    place = np.maximum(count - 1, 0)[None]
    load, well = (np.take_along_axis(one, place, axis=0)[0] for one in (tried, answered))
    step = advertised / 2.0 ** (count + 1)
    first = count == 0
    low_step = np.where(well > 0.5, load + step, load - 2 * step)
    return np.where(first, advertised / 2, np.where(step < 0.025 * advertised, 0, low_step))


def everything_comes_back(tried, answered, advertised):
    """Never looks at what was answered."""
    low = np.where(np.isnan(tried), 0, tried).max(axis=0)
    return np.where(advertised - low <= 0.05 * advertised, 0, (low + advertised) / 2)


def trusts_the_load_test(tried, answered, advertised):
    """The advertised capacity will do."""
    return np.where(np.isnan(tried).all(axis=0), 0.97 * advertised, 0.0)


def a_tenth(tried, answered, advertised):
    """Tries a tenth, which comes back, and is content."""
    return np.where(np.isnan(tried).all(axis=0), 0.1 * advertised, 0.0)


def forgets_who_is_down(tried, answered, advertised):
    """Looks for the highest that came back, up to the advertised capacity."""
    low = _low(tried, answered)
    return np.where(advertised - low <= 0.05 * advertised, 0, (low + advertised) / 2)


def perfect_alone_is_well(tried, answered, advertised):
    """Takes a system that answers 99 of 100 for one that is down."""
    low, high = _low(tried, answered, 1.01), _high(tried, answered, advertised, 1.01)
    return np.where(high - low <= 0.05 * advertised, 0, (low + high) / 2)


def constants_of_the_visible_seed(tried, answered, advertised):
    """What is right at home, copied."""
    return np.resize([1171.5, 1764.0, 908.5, 1775.0, 2128.0, 1328.0], np.shape(advertised))


def constants_tuned_on_other_seeds(tried, answered, advertised):
    """The median of what is right on other seeds, copied."""
    return 0.35 * advertised * np.isnan(tried).all(axis=0)
