"""Right answers to `snapshot` of another style than the solution's."""

import numpy as np


def by_what_died(age, life, deployed_for, deploy_duration, tries):
    """What has gone, rather than what is left."""
    replaced = np.clip(deployed_for / deploy_duration, 0, 1)
    gone = 1 - (1 - replaced) / np.exp(age / life)
    return 1 - gone, np.power(gone, tries)
