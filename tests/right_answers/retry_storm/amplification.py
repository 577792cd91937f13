"""Right answers to `amplification` of another style than the solution's."""

import numpy as np


def geometric(failure_probability, max_retries, layers):
    """The closed form of the sum."""
    tries = max_retries + 1
    p = failure_probability ** (tries ** np.arange(layers - 1, -1, -1.0)[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.cumprod(np.where(p == 1, tries, (1 - p**tries) / (1 - p)), axis=0)
