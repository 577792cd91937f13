"""Right answers to `by_region` of another style than the solution's."""

from statistics import NormalDist

import numpy as np


def two_proportions(canary, canary_errors, control, control_errors, false_alarm):
    """The usual test of two shares, with their pooled variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        both = (canary_errors + control_errors) / (canary + control)
        spread = np.sqrt(both * (1 - both) * (1 / canary + 1 / control))
        z = (canary_errors / canary - control_errors / control) / spread
    limit = np.vectorize(NormalDist().inv_cdf)(1 - false_alarm / canary.shape[0])
    return np.nanmax(np.where(np.isfinite(z), z, -np.inf), axis=0) > limit


def by_p_values(canary, canary_errors, control, control_errors, false_alarm):
    """Region by region, with p values instead of limits."""
    stop = np.zeros(canary.shape[1], dtype=int)
    for n, x, m, y in zip(canary, canary_errors, control, control_errors, strict=True):
        for i in np.flatnonzero((n > 0) & (x + y > 0)):
            part = n[i] / (n[i] + m[i])
            z = (x[i] - (x[i] + y[i]) * part) / ((x[i] + y[i]) * part * (1 - part)) ** 0.5
            stop[i] |= int(1 - NormalDist().cdf(z) < false_alarm[i] / len(canary))
    return stop


def without_a_division(canary, canary_errors, control, control_errors, false_alarm):
    """Multiplies the rule out, and compares squares."""
    both, errors = canary + control, canary_errors + control_errors
    above = canary_errors * both - errors * canary
    limit = np.vectorize(NormalDist().inv_cdf)(1 - false_alarm / len(canary))
    return ((above > 0) & (above**2 > limit**2 * errors * canary * control)).any(axis=0).tolist()
