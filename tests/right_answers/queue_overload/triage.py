"""Right answers to `triage` of another style than the solution's."""

import numpy as np


def by_select(age, deadline, service_time, deliveries, may_expire):
    """Conditions in their order."""
    late = age > deadline - service_time
    return np.select([deliveries > 4, late & (may_expire == 1)], [2, 1], default=0)


def by_arithmetic(age, deadline, service_time, deliveries, may_expire):
    """One number a verdict."""
    poison = np.asarray(deliveries) >= 5
    return 2 * poison + (1 - poison) * (np.asarray(may_expire) * 1) * ((age + service_time) / deadline > 1)
