"""What becomes of an incident: who finds it and when, who looks, how long it lasts; and who is woken for nothing.

An alert reads the error ratio over a window and pages when it burns the budget too fast. Customers complain after an
exponential time that is the shorter, the more of them fail. An hour without an incident pages, too, where its usual
errors, lognormal from hour to hour, are above the threshold; people who are woken for nothing look later.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.models import noise
from course_lib.models.exact import FloatArray
from course_lib.models.simulation import Batch
from course_lib.theory.detection import HOUR, time_to_alert

ALERTS = ("none", "fast", "fast and slow")
SLOW, SLOW_BURN = 6 * HOUR, 6.0  # SRE Workbook, chapter 5: 5 % of the budget in six hours
OWN_RULE = 60.0  # s: how soon an alert made for one cause finds it
HOURS_A_WEEK = 168.0


class Response:
    """Times of each incident that may happen, shape (ticks or 1, causes, members)."""

    def __init__(self, batch: Batch, draws: Callable[..., FloatArray], error_ratio: FloatArray, time: FloatArray):
        b = self.batch = batch
        self.error_ratio, self.time = error_ratio, time
        self.alert = self._alert(b.at("page_burn", time)[:, None])
        self.muted = draws("muted") < b.at("muted", time)[:, None]
        self.customer = draws("customers", "exponential") / (b.arrival_rate * error_ratio * b.report_share)
        self.mitigation = b.mitigate_time * np.exp(b.spread * draws("mitigation", "normal"))
        self.pages = self._pages(b.at("page_burn", time))
        self.looked = (b.ack_time * (1.0 + self.pages / b.fatigue))[:, None]
        self.heard = np.where(self.muted, np.inf, self.alert)
        self.base = np.minimum(self.heard, self.customer) + self.looked + self.mitigation
        self._items_help = bool((b.aim > 0).any())

    def _alert(self, burn: FloatArray) -> FloatArray:
        """Seconds until an alert fires, infinite for never."""
        b = self.batch
        fast = time_to_alert(self.error_ratio, b.slo, HOUR, burn)
        slow = time_to_alert(self.error_ratio, b.slo, SLOW, SLOW_BURN)
        both = np.where(b.alerts == 2, np.minimum(fast, slow), fast)
        return np.where(b.alerts == 0, np.inf, both)

    def _pages(self, burn: FloatArray) -> FloatArray:
        """Pages a week about nothing, shape (ticks or 1, members): hours whose usual errors are over the threshold."""
        b = self.batch
        above = np.log(burn * (1.0 - b.slo) / np.maximum(b.usual_errors, 1e-300)) / np.maximum(b.restless, 1e-9)
        return np.where(b.alerts > 0, HOURS_A_WEEK * noise.normal_cdf(-above), 0.0)

    def seconds(self, tick: int, helped: np.ndarray) -> FloatArray:
        """How long incidents of each cause last in this tick; `helped` are those for which an item works."""
        base = self.base[tick]
        if not self._items_help or not helped.any():
            return base
        aim = self.batch.aim
        heard = self._heard(tick, helped)
        mitigation = self.mitigation[tick]
        mitigation = np.where(helped & (aim == 2), mitigation * self.batch.relief, mitigation)
        looked = self.looked[min(tick, len(self.looked) - 1)]
        return np.where(helped, np.minimum(heard, self.customer[tick]) + looked + mitigation, base)

    def _heard(self, tick: int | slice, helped: np.ndarray) -> FloatArray:
        quick = helped & (self.batch.aim == 1) & ~self.muted[tick]
        return np.where(quick, np.minimum(self.heard[tick], OWN_RULE), self.heard[tick])

    def by_customer(self, helped: np.ndarray) -> np.ndarray:
        """Which incidents a customer tells of first, shape (ticks, causes, members)."""
        return self.customer < self._heard(slice(None), helped)

    def missed(self) -> np.ndarray:
        """Which incidents an alert would have found first, had nobody silenced it."""
        return self.muted & (self.alert < self.customer)

    def false_pages(self, ticks: int) -> FloatArray:
        """Pages about nothing in each tick, shape (ticks, members)."""
        mean = self.pages * (self.batch.dt / (HOURS_A_WEEK * HOUR)) + np.zeros(self.batch.size)
        return noise.counts(self.batch.seeds, "false pages", mean, ticks)
