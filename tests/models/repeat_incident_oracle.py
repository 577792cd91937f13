"""An independent team: one incident after the other, an event loop in continuous time; no ticks, no closed forms.

Used by tests and the benchmark only. It knows causes with their own clocks, requests that fail during an incident and a
rolling window over them, customers, review meetings, single items with one owner each, and an hour's errors that vary.
Nothing here knows when an alert must fire, how long an item must take, or how often a count is what.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field

HOUR, DAY = 3600.0, 86_400.0
MONTH, QUARTER, YEAR = 30 * DAY, 91.25 * DAY, 365 * DAY
STEP = 5.0  # s between two looks of an alert


@dataclass
class Scenario:
    """One team; names and units as in ``repeat_incident.Parameters``."""

    arrival_rate: float = 100.0
    causes: int = 8
    incident_rate: float = 5.0
    skew: float = 1.0
    dispersion: float = 4
    least_error: float = 0.001
    slo: float = 0.999
    alerts: str = "fast and slow"
    page_burn: float = 14.4
    usual_errors: float = 0.0002
    restless: float = 1.0
    report_share: float = 1e-4
    ack_time: float = 300.0
    fatigue: float = 10.0
    mitigate_time: float = 2400.0
    spread: float = 0.8
    near_miss_ratio: float = 3.0
    near_misses: str = "unseen"
    big_above: float = 0.2
    small_reviewed: float = 0.5
    review_every: float = 7 * DAY
    items_each: int = 4
    completion: float = 0.9
    capacity: float = 6.0
    fix_time: float = 45 * DAY
    effectiveness: float = 0.8
    aim: str = "prevent"
    relief: float = 0.25
    verified: str = "off"
    new_causes: float = 6.0
    known: float = 0.0
    until: float = YEAR


@dataclass
class Cause:
    """Something that may go wrong again."""

    error_ratio: float
    there: bool = True
    seen: bool = False
    listed: bool = False
    helped: bool = False
    in_work: list[int] = field(default_factory=list)
    lying: int = 0


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw = scenario, random.Random(seed)
        s = scenario
        self.causes = [Cause(math.exp(self.draw.random() * math.log(s.least_error))) for _ in range(s.causes)]
        parts = [1 / (k + 1) ** s.skew for k in range(s.causes)]
        self.rates = [s.incident_rate / MONTH * part / sum(parts) for part in parts]
        self.events: list[tuple[float, int, str, int]] = []
        self.number = 0
        self.stamp = 0  # of the team's work: a finishing that was planned before something changed does not count
        self.others_in_work = self.others_lying = 0
        self.seen: dict[str, float] = dict.fromkeys(
            ("incidents", "repeats", "told", "failed", "resolving", "false_pages", "finished", "written"), 0.0
        )
        self.pages_a_week = self._pages_a_week()
        self.alerts = [self.alert_after(cause.error_ratio) for cause in self.causes]  # alike for each of its incidents

    def plan(self, when: float, kind: str, which: int = 0) -> None:
        if when <= self.s.until:
            self.number += 1
            heapq.heappush(self.events, (when, self.number, kind, which))

    # -- the world ---------------------------------------------------------------------------------------------------

    def bring(self) -> None:
        """Incidents and near misses of every cause, whether it will still be there or not."""
        s = self.s
        start = 0.0
        while start < s.until:
            end = min(start + QUARTER, s.until)
            luck = self.draw.gammavariate(s.dispersion, 1 / s.dispersion) if math.isfinite(s.dispersion) else 1.0
            for k, rate in enumerate(self.rates):
                for kind, each in (("incident", rate * luck), ("near miss", rate * luck * s.near_miss_ratio)):
                    when = start
                    while each > 0 and (when := when + self.draw.expovariate(each)) < end:
                        self.plan(when, kind, k)
            start = end

    def _false_pages(self) -> float:
        s, pages = self.s, 0
        if s.alerts == "none":
            return 0.0
        for _ in range(round(s.until / HOUR)):
            pages += s.usual_errors * math.exp(s.restless * self.draw.gauss(0, 1)) > s.page_burn * (1 - s.slo)
        return float(pages)

    def _pages_a_week(self) -> float:
        """As a team knows it, from many quiet hours."""
        s = self.s
        if s.alerts == "none":
            return 0.0
        limit, many = s.page_burn * (1 - s.slo), 4000
        over = sum(s.usual_errors * math.exp(s.restless * self.draw.gauss(0, 1)) > limit for _ in range(many))
        return 168 * over / many

    # -- an incident -------------------------------------------------------------------------------------------------

    def alert_after(self, error_ratio: float) -> float:
        """Walk along the incident until a window is over its threshold."""
        s = self.s
        rules = {"none": [], "fast": [(HOUR, s.page_burn)], "fast and slow": [(HOUR, s.page_burn), (6 * HOUR, 6.0)]}
        pages = []
        for window, burn in rules[s.alerts]:
            now = 0.0
            while now < window:
                now += STEP
                bad = error_ratio * min(now, window) / window
                if bad > burn * (1 - s.slo) + 1e-12:
                    pages.append(now - STEP / 2)
                    break
        return min(pages, default=math.inf)

    def incident(self, now: float, k: int) -> None:
        s, cause = self.s, self.causes[k]
        if not cause.there:
            return
        alert = self.alerts[k]
        if cause.helped and s.aim == "detect":
            alert = min(alert, 60.0)
        customer = self.draw.expovariate(s.arrival_rate * cause.error_ratio * s.report_share)
        work = s.mitigate_time * math.exp(s.spread * self.draw.gauss(0, 1))
        if cause.helped and s.aim == "mitigate":
            work *= s.relief
        lasted = min(alert, customer) + s.ack_time * (1 + self.pages_a_week / s.fatigue) + work
        lost = cause.error_ratio * lasted
        seen = self.seen
        seen["incidents"] += 1
        seen["repeats"] += cause.seen
        seen["told"] += customer < alert
        seen["failed"] += s.arrival_rate * lost
        seen["resolving"] += lasted
        cause.seen = True
        if lost > s.big_above * (1 - s.slo) * MONTH or self.draw.random() < s.small_reviewed:
            cause.listed = True

    def near_miss(self, now: float, k: int) -> None:
        cause = self.causes[k]
        if self.s.near_misses == "seen" and cause.there and self.draw.random() < self.s.small_reviewed:
            cause.listed = True

    # -- the team ----------------------------------------------------------------------------------------------------

    def meeting(self, now: float, _: int) -> None:
        s = self.s
        for k, cause in enumerate(self.causes):
            if cause.listed and cause.there and not cause.in_work and not cause.helped:
                self.write(k)
            cause.listed = False
        self.rethink(now)
        self.plan(now + s.review_every, "meeting")

    def write(self, k: int) -> None:
        """One item that addresses the cause, and the others."""
        s = self.s
        for item in range(s.items_each):
            taken = self.draw.random() < s.completion
            self.seen["written"] += 1
            if item == 0:
                self.causes[k].in_work += [k] * taken
                self.causes[k].lying += not taken
            else:
                self.others_in_work += taken
                self.others_lying += not taken

    def in_work(self) -> int:
        return self.others_in_work + sum(len(cause.in_work) for cause in self.causes)

    def rethink(self, now: float) -> None:
        """Plan the next item to be finished: the hands are shared evenly, so any of them may be it."""
        self.stamp += 1
        count, s = self.in_work(), self.s
        pace = min(count / s.fix_time, s.capacity / MONTH)
        if pace > 0:
            self.plan(now + self.draw.expovariate(pace), "finished", self.stamp)

    def finished(self, now: float, stamp: int) -> None:
        if stamp != self.stamp:
            return
        s, which = self.s, self.draw.randrange(self.in_work())
        working = [cause for cause in self.causes for _ in cause.in_work]
        if which < len(working):
            cause, works = working[which], self.draw.random() < s.effectiveness
            if works or s.verified == "off":
                cause.in_work.pop()
                self.seen["finished"] += 1
            if works:
                cause.lying = 0
                cause.there = s.aim != "prevent"
                cause.helped = s.aim != "prevent"
                cause.listed &= cause.there
                if not cause.there:
                    each = s.new_causes / YEAR / s.causes
                    if each > 0:
                        self.plan(now + self.draw.expovariate(each), "new", self.causes.index(cause))
        else:
            self.others_in_work -= 1
            self.seen["finished"] += 1
        self.rethink(now)

    def new(self, now: float, k: int) -> None:
        self.causes[k].there, self.causes[k].seen = True, False

    def run(self) -> Loop:
        """Run it."""
        s = self.s
        self.bring()
        self.seen["false_pages"] = self._false_pages()
        for k, cause in enumerate(self.causes):
            if self.draw.random() < s.known:
                cause.seen, taken = True, self.draw.random() < s.completion
                cause.in_work, cause.lying = [k] * taken, int(not taken)
        self.rethink(0.0)
        self.plan(s.review_every, "meeting")
        while self.events:
            now, _, kind, which = heapq.heappop(self.events)
            getattr(self, kind.replace(" ", "_"))(now, which)
        return self


def measure(loop: Loop) -> dict[str, float]:
    """Totals of a run, and what is left at its end."""
    causes = loop.causes
    lying = loop.others_lying + sum(cause.lying for cause in causes)
    return loop.seen | {
        "open_items": float(loop.in_work() + lying),
        "waiting_items": float(loop.in_work()),
        "causes_there": float(sum(cause.there for cause in causes)),
    }
