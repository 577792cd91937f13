"""What a budget grants that is a bucket of tokens: a call earns some, a copy of a call takes one, or is not made.

Calls earn b tokens each, up to 20 in all, and c of them, at random, want one a while later. Call by call the bucket
goes up by b - c, with variance c (1 - c): between its two ends as a reflected Brownian motion does, which meets its
lower end so often that of all calls

    denied = (b - c) / (e^(k L) - 1),  k = 2 (b - c) / (c (1 - c));  c (1 - c) / (2 L) where b = c

want a token in vain (its law is e^(k x), over L). Between two ends L apart it moves alone if copies are made at once.
Of m calls in the time until then the earnings come first: their number varies, and both ends are met by so much more,
L = 20 - (1.4 + 1.6 b) b sqrt(m), which is fitted to a simulated bucket; but never more often than if nothing had to do
with nothing, where the variance is c + b^2. Of copies wanted, within 0.8 % of such a bucket (tests/models).
"""

from __future__ import annotations

import numpy as np

from course_lib.models.exact import FloatArray

HOLDS = 20.0  # tokens
WIDE, WIDER = 1.4, 1.6  # how far ups and downs reach, in their deviations: the further, the slower the rest goes
LITTLE = 1e-12
FAR = 50.0  # an exponent that is as good as infinite


def granted(budget: FloatArray, wanted: FloatArray, meanwhile: FloatArray) -> FloatArray:
    """Share of the copies that are wanted which the budget pays for.

    Parameters
    ----------
    budget, wanted : ndarray
        Copies that a call pays for, b, and that it wants on average, c.
    meanwhile : ndarray
        Calls that come between a call and its copy, m, on average.

    Returns
    -------
    ndarray
        From 0 to 1.

    Examples
    --------
    >>> granted(np.array([0.05, 0.1, 0.2]), np.array(0.1), np.array(0.0)).round(3).tolist()
    [0.5, 0.978, 1.0]
    """
    wanted = np.minimum(np.maximum(wanted, LITTLE), 1.0)
    between = np.maximum(HOLDS - (WIDE + WIDER * budget) * budget * np.sqrt(meanwhile), 1.0)
    alike, alone = _denied(budget, wanted, wanted * (1.0 - wanted), between), wanted + budget * budget
    denied = np.minimum(alike, _denied(budget, wanted, alone, HOLDS))
    return np.minimum(np.maximum(1.0 - denied / wanted, 0.0), 1.0)


def _denied(budget: FloatArray, wanted: FloatArray, variance: FloatArray, between: FloatArray | float) -> FloatArray:
    """Of all calls, those that find no token."""
    variance, more = np.maximum(variance, LITTLE), budget - wanted
    power = np.clip(2.0 * more / variance * between, -FAR, FAR)
    even = np.abs(power) < 1e-6
    return np.where(even, 0.5 * variance / between, more / np.expm1(np.where(even, 1.0, power)))
