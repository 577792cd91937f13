"""Right answers to `settings` of another style than the solution's."""

import numpy as np


def a_little_longer(outage, poll_interval, churn, reuse, strangers, utilisation):
    """One second more, counted by what has been reused."""
    life = outage + poll_interval + 1
    strange = 1 - np.exp(-churn * life) - churn * (np.exp(-churn * life) - np.exp(-reuse * life)) / (reuse - churn)
    fits = strange <= strangers
    return life * fits, (utilisation + 0.01) * fits
