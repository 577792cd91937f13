"""Right answers to `divergence` of another style than the solution's."""

import numpy as np


def masked_at_the_end(write_rate, near_share, lag, cut, takeover, keys):
    """Lost and gained as if somebody always took over, then masked."""
    happens = (takeover < cut).astype(float)
    a = write_rate * lag + write_rate * near_share * cut
    b = write_rate * (1 - near_share) * np.maximum(cut - takeover, 0)
    return a * happens, happens * keys * np.expm1(-a / keys) * np.expm1(-b / keys)


def the_chance_of_a_key(write_rate, near_share, lag, cut, takeover, keys):
    """A key is spared by each write with probability 1 - 1 / K."""
    a = np.where(takeover < cut, write_rate * (lag + near_share * cut), 0.0)
    b = np.where(takeover < cut, write_rate * (1 - near_share) * (cut - takeover), 0.0)
    return a, keys * (1 - (1 - 1 / keys) ** a) * (1 - (1 - 1 / keys) ** b)


def one_array(write_rate, near_share, lag, cut, takeover, keys):
    """Both results as the rows of one array."""
    over = takeover < cut
    a = over * write_rate * (lag + near_share * cut)
    b = over * write_rate * (1 - near_share) * (cut - takeover)
    return np.stack([a, keys * (1 - np.exp(-a / keys)) * (1 - np.exp(-b / keys))])
