"""Plausible mistakes in `divergence`, one a function."""

import numpy as np

_both = lambda keys, a, b: keys * (1 - np.exp(-a / keys)) * (1 - np.exp(-b / keys))  # noqa: E731


def lag_alone(write_rate, near_share, lag, cut, takeover, keys):
    """Counts what was not copied, and no write of the cut."""
    over = takeover < cut
    lost = over * write_rate * lag
    return lost, _both(keys, lost, over * write_rate * (1 - near_share) * (cut - takeover))


def cut_alone(write_rate, near_share, lag, cut, takeover, keys):
    """Forgets what was not copied."""
    over = takeover < cut
    lost = over * write_rate * near_share * cut
    return lost, _both(keys, lost, over * write_rate * (1 - near_share) * (cut - takeover))


def from_the_takeover(write_rate, near_share, lag, cut, takeover, keys):
    """Counts the near side's writes since the takeover: those before it are in no other history either."""
    over = takeover < cut
    lost = over * write_rate * (lag + near_share * np.maximum(cut - takeover, 0))
    return lost, _both(keys, lost, over * write_rate * (1 - near_share) * (cut - takeover))


def everybodys(write_rate, near_share, lag, cut, takeover, keys):
    """Counts all clients' writes, far ones too."""
    over = takeover < cut
    lost = over * write_rate * (lag + cut)
    return lost, _both(keys, lost, over * write_rate * (cut - takeover))


def always(write_rate, near_share, lag, cut, takeover, keys):
    """Loses writes even where nobody took over."""
    lost = write_rate * (lag + near_share * cut)
    return lost, _both(keys, lost, write_rate * (1 - near_share) * np.maximum(cut - takeover, 0))


def product(write_rate, near_share, lag, cut, takeover, keys):
    """a b / K, which is right while a and b are few."""
    over = takeover < cut
    lost = over * write_rate * (lag + near_share * cut)
    return lost, lost * over * write_rate * (1 - near_share) * (cut - takeover) / keys


def near_lag(write_rate, near_share, lag, cut, takeover, keys):
    """Counts only near clients' writes among those not copied."""
    over = takeover < cut
    lost = over * write_rate * near_share * (lag + cut)
    return lost, _both(keys, lost, over * write_rate * (1 - near_share) * (cut - takeover))


def fewer_of_the_two(write_rate, near_share, lag, cut, takeover, keys):
    """Takes the smaller log for the number of conflicts."""
    over = takeover < cut
    lost = over * write_rate * (lag + near_share * cut)
    return lost, np.minimum(lost, over * write_rate * (1 - near_share) * (cut - takeover))


def late_by_no_second(write_rate, near_share, lag, cut, takeover, keys):
    """Takes over in the very second in which the cut is over."""
    over = takeover <= cut
    lost = over * write_rate * (lag + near_share * cut)
    return lost, _both(keys, lost, over * write_rate * (1 - near_share) * (cut - takeover))


def constants_of_the_visible_seed(write_rate, near_share, lag, cut, takeover, keys):
    """What is right at home, copied."""
    return np.resize([7409.22, 12157.1, 2707.2, 2298.1, 9984.9, 0, 0, 24617.8], np.shape(write_rate)), np.resize(
        [191.136, 273.604, 105.045, 431.098, 433.796, 0, 0, 8590.34], np.shape(write_rate)
    )


def constants_tuned_on_other_seeds(write_rate, near_share, lag, cut, takeover, keys):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 3999.5, 1789.2, 10460.5, 2386.8, 608.4], np.shape(write_rate)), np.resize(
        [0, 162.481, 93.2427, 287.886, 189.463, 146.156], np.shape(write_rate)
    )
