"""Closed forms of burn-rate alerts: when they page, when they stop, what they miss, and which of them cannot fire.

An objective (SLO) of `slo` leaves a budget of ``1 - slo`` of all requests over a period. A burn rate of 1 uses it up
exactly in that period. Error ratios are constant from the moment that something breaks, and zero before. Times are in
seconds; infinity means never. FACTS 12b and the SRE Workbook, chapter 5, from which the usual shares are taken.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
PERIOD = 30 * DAY  # what most objectives are given for; four whole weeks, 28 days, is the other habit
SHORT = 1 / 12  # of the long window; long enough to be no blip, short enough to stop the page soon


def _floats(*values: ArrayLike) -> list[FloatArray]:
    return [np.asarray(value, dtype=float) for value in values]


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two windows that must both burn too fast, and how much of the budget may go before somebody hears of it.

    Parameters
    ----------
    share : float
        Share of the period's budget that is spent when the long window fires.
    long : float
        Seconds over which it is spent: shows that it matters.
    action : {"page", "ticket"}
        Whether somebody is woken.
    """

    share: float
    long: float
    action: str

    @property
    def short(self) -> float:
        """The short window, s, a twelfth of the long one: shows that it is still going on."""
        return self.long * SHORT


#: SRE Workbook, chapter 5: two that wake somebody, two that wait for the morning.
PAIRS = (
    Pair(0.02, 1 * HOUR, "page"),
    Pair(0.05, 6 * HOUR, "page"),
    Pair(0.10, 24 * HOUR, "ticket"),
    Pair(0.10, 72 * HOUR, "ticket"),
)


# -- the budget, and the factors that follow from it -----------------------------------------------------------------


def allowed_bad_time(slo: ArrayLike, period: ArrayLike = PERIOD) -> FloatArray:
    """Seconds of total outage that use up the budget: ``(1 - s) P``. FACTS 12b1.

    Examples
    --------
    >>> float(allowed_bad_time(0.999).round(6)) / MINUTE
    43.2
    """
    slo, period = _floats(slo, period)
    return (1.0 - slo) * period


def factor(share: ArrayLike, long: ArrayLike, period: ArrayLike = PERIOD) -> FloatArray:
    """Burn rate at which a share of the budget goes in one long window: ``share · P / w``. SRE Workbook, chapter 5.

    Examples
    --------
    >>> factor([0.02, 0.05, 0.1, 0.1], np.array([1, 6, 24, 72]) * HOUR).round(2).tolist()
    [14.4, 6.0, 3.0, 1.0]
    >>> factor([0.02, 0.05, 0.1, 0.1], np.array([1, 6, 24, 72]) * HOUR, 28 * DAY).round(2).tolist()
    [13.44, 5.6, 2.8, 0.93]
    """
    share, long, period = _floats(share, long, period)
    return share * period / long


def burn_rate(error_ratio: ArrayLike, slo: ArrayLike) -> FloatArray:
    """How many times faster than allowed the budget goes: ``e / (1 - s)``. FACTS 12a.

    Examples
    --------
    >>> burn_rate([0.001, 0.0144, 1.0], 0.999).round(1).tolist()
    [1.0, 14.4, 1000.0]
    """
    error_ratio, slo = _floats(error_ratio, slo)
    return error_ratio / (1.0 - slo)


def lowest_slo(burn: ArrayLike) -> FloatArray:
    """The objective at and below which no outage burns this fast: ``1 - 1 / B``, for all requests fail at most.

    Examples
    --------
    >>> lowest_slo([14.4, 6.0, 1.0]).round(4).tolist()
    [0.9306, 0.8333, 0.0]
    """
    (burn,) = _floats(burn)
    return 1.0 - 1.0 / np.maximum(burn, 1.0)


@dataclasses.dataclass(frozen=True)
class BurnAlert:
    """One line of a burn-rate table, worked out for an objective.

    Parameters
    ----------
    pair : Pair
    factor : float
        Burn rate above which both windows must be.
    threshold : float
        The same as an error ratio: ``factor · (1 - slo)``.
    """

    pair: Pair
    factor: float
    threshold: float


def burn_alerts(slo: float, period: float = PERIOD, pairs: tuple[Pair, ...] = PAIRS) -> tuple[BurnAlert, ...]:
    """Work a table of burn-rate alerts out for an objective.

    Parameters
    ----------
    slo : float
        Share of requests that must succeed.
    period : float
        Seconds that the objective is given for.
    pairs : tuple of Pair

    Raises
    ------
    ValueError
        The objective is none, or one of the alerts could not fire even in a total outage; the message says which.

    Examples
    --------
    >>> [(alert.pair.action, round(alert.factor, 1)) for alert in burn_alerts(0.999)]
    [('page', 14.4), ('page', 6.0), ('ticket', 3.0), ('ticket', 1.0)]
    >>> burn_alerts(0.9)
    Traceback (most recent call last):
    ValueError: SLO 90 %: a burn of 14.4 (2 % in 1 h) is impossible, a total outage burns 10; it needs more than 93.06 %
    """
    if not 0 < slo < 1:
        raise ValueError(f"SLO {100 * slo:g} %: give a share between 0 and 1; at 1 there is no budget to burn")
    if not 0 < period < math.inf:
        raise ValueError(f"period = {period:g} s: must be positive")
    return tuple(_alert(slo, period, pair) for pair in pairs)


def _alert(slo: float, period: float, pair: Pair) -> BurnAlert:
    if not (0 < pair.share <= 1 and 0 < pair.long <= period):
        raise ValueError(
            f"{100 * pair.share:g} % of the budget in {_spell(pair.long)}: give a share up to 100 %, and a window "
            f"within the period of {_spell(period)}"
        )
    burn = float(factor(pair.share, pair.long, period))
    if burn * (1.0 - slo) >= 1.0:
        raise ValueError(
            f"SLO {100 * slo:g} %: a burn of {burn:.3g} ({100 * pair.share:g} % in {_spell(pair.long)}) is impossible, "
            f"a total outage burns {1 / (1 - slo):.3g}; it needs more than {100 * float(lowest_slo(burn)):.4g} %"
        )
    return BurnAlert(pair, burn, burn * (1.0 - slo))


def _spell(seconds: float) -> str:
    return f"{seconds / DAY:g} d" if seconds >= 2 * DAY else f"{seconds / HOUR:g} h"


# -- when it pages, when it stops, when the budget is gone -----------------------------------------------------------


def time_to_alert(error_ratio: ArrayLike, slo: ArrayLike, window: ArrayLike, burn: ArrayLike) -> FloatArray:
    """Seconds from the first error until a window averages above its burn rate; infinity where it never does.

    ``t = ((1 - s) / e) w B`` as long as ``e > B (1 - s)``: FACTS 12b2. Of a pair the long window decides, for the
    short one, a twelfth as long, is over its threshold twelve times sooner.

    Examples
    --------
    >>> time_to_alert([1.0, 0.1, 0.02, 0.0144], 0.999, HOUR, 14.4).round(2).tolist()
    [51.84, 518.4, 2592.0, inf]
    """
    e, slo, window, burn = _floats(error_ratio, slo, window, burn)
    limit = (1.0 - slo) * burn
    over = e > limit * (1.0 + 1e-12)  # at the threshold itself it stays silent, whatever 1 - s rounds to
    share = np.divide(limit, e, out=np.full(np.broadcast_shapes(limit.shape, e.shape), np.inf), where=over)
    return share * window


def budget_spent_at_alert(window: ArrayLike, burn: ArrayLike, period: ArrayLike = PERIOD) -> FloatArray:
    """Share of the period's budget that is gone when the window fires, however bad it is: ``B w / P``. FACTS 12b2.

    Examples
    --------
    >>> budget_spent_at_alert([HOUR, 6 * HOUR, 72 * HOUR], [14.4, 6, 1]).round(3).tolist()
    [0.02, 0.05, 0.1]
    """
    window, burn, period = _floats(window, burn, period)
    return burn * window / period


def time_to_exhaustion(burn: ArrayLike, period: ArrayLike = PERIOD) -> FloatArray:
    """Seconds until the whole budget is gone at this actual burn rate: ``P / B``. FACTS 12b3.

    Examples
    --------
    >>> (time_to_exhaustion([14.4, 36, 1000]) / HOUR).round(2).tolist()
    [50.0, 20.0, 0.72]
    """
    burn, period = _floats(burn, period)
    return np.divide(period, burn, out=np.full(np.broadcast_shapes(period.shape, burn.shape), np.inf), where=burn > 0)


def reset_time(error_ratio: ArrayLike, slo: ArrayLike, window: ArrayLike, burn: ArrayLike) -> FloatArray:
    """Seconds from the last error until a window that fired is quiet again: ``w (1 - B (1 - s) / e)``. FACTS 12b4.

    It holds however long the trouble lasted, as long as the window fired. A pair stops with its short window.

    Examples
    --------
    >>> (reset_time(1.0, 0.999, [HOUR, 5 * MINUTE], [36, 14.4]) / MINUTE).round().tolist()
    [58.0, 5.0]
    """
    window = np.asarray(window, dtype=float)
    return np.maximum(window - time_to_alert(error_ratio, slo, window, burn), 0.0)


# -- little traffic: one failure is a catastrophe, or nothing --------------------------------------------------------


def budget_of_failures(failures: ArrayLike, rate: ArrayLike, slo: ArrayLike, period: ArrayLike = PERIOD) -> FloatArray:
    """Share of the period's budget that some failures use up, at so many requests/s. FACTS 12b5.

    Examples
    --------
    >>> round(float(budget_of_failures(1, 10 / HOUR, 0.999)), 3), float(burn_rate(1 / 10, 0.999).round(6))
    (0.139, 100.0)
    """
    failures, rate, slo, period = _floats(failures, rate, slo, period)
    return failures / (rate * period * (1.0 - slo))


def failures_to_alert(
    rate: ArrayLike, slo: ArrayLike, window: ArrayLike, burn: ArrayLike, least: ArrayLike = 1
) -> FloatArray:
    """Failures in one window that make it fire, at so many requests/s; at least `least`, the rule's floor.

    Examples
    --------
    >>> failures_to_alert([10 / HOUR, 1000 / HOUR], 0.999, HOUR, 14.4).tolist()
    [1.0, 15.0]
    """
    rate, slo, window, burn, least = _floats(rate, slo, window, burn, least)
    most = burn * (1.0 - slo) * rate * window
    return np.maximum(np.floor(most + 1e-9) + 1.0, least)


def chance_of_alert(
    error_ratio: ArrayLike, rate: ArrayLike, slo: ArrayLike, window: ArrayLike, burn: ArrayLike, least: ArrayLike = 1
) -> FloatArray:
    """Chance that one window fires when requests fail at random: few and independent, so failures are Poisson.

    Parameters
    ----------
    error_ratio, rate : array_like
        What really fails, and requests/s.
    slo, window, burn : array_like
        The alert.
    least : array_like
        Failures below which it is not to fire, whatever their share.

    Examples
    --------
    Ten requests an hour at 99.9 %: a service that keeps its objective pages once in a hundred hours, with a floor of
    three failures about never; one that fails half of its requests is found in nine windows of ten all the same.

    >>> chance_of_alert(0.001, 10 / HOUR, 0.999, HOUR, 14.4, [1, 3]).round(7).tolist()
    [0.0099502, 2e-07]
    >>> chance_of_alert(0.5, 10 / HOUR, 0.999, HOUR, 14.4, [1, 3]).round(2).tolist()
    [0.99, 0.88]
    """
    e, rate, slo, window, burn, least = _floats(error_ratio, rate, slo, window, burn, least)
    needed = failures_to_alert(rate, slo, window, burn, least)
    mean, needed = np.broadcast_arrays(e * rate * window, needed)
    return np.array([_at_least(n, m) for n, m in zip(needed.flat, mean.flat, strict=True)]).reshape(mean.shape)


def _at_least(count: float, mean: float) -> float:
    """Chance that a Poisson count reaches `count`; summed from the side that is short and loses no digits."""
    if mean <= 0:
        return 0.0

    def term(k: float) -> float:
        return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))

    if count > mean:
        return math.fsum(term(count + k) for k in range(200 + int(10 * math.sqrt(mean))))
    return 1.0 - math.fsum(term(k) for k in range(int(count)))


# -- what a page is worth --------------------------------------------------------------------------------------------


def page_precision(share_bad: ArrayLike, recall: ArrayLike, false_alarm: ArrayLike) -> FloatArray:
    """Share of pages that are about something real (PPV), by Bayes: ``π TPR / (π TPR + (1 - π) FPR)``. FACTS 12b6.

    Parameters
    ----------
    share_bad : array_like
        Share of windows in which something is really wrong.
    recall, false_alarm : array_like
        Chance of a page in such a window, and in one where all is well.

    Examples
    --------
    >>> round(float(page_precision(0.001, 0.95, 0.01)), 3)
    0.087
    """
    bad, recall, false_alarm = _floats(share_bad, recall, false_alarm)
    real, not_real = bad * recall, (1.0 - bad) * false_alarm
    pages = real + not_real
    return np.divide(real, pages, out=np.full(pages.shape, np.nan), where=pages > 0)
