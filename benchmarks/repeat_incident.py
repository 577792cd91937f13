"""How fast the model of repeat incidents is, against SimPy and a plain event loop on the same scenario, in one run.

    python -m benchmarks.repeat_incident

The three run a team of eight causes for a year, with reviews each week and items that share its hands. What they see of
the year stands beside how long they took. A year has some two hundred events, so that SimPy needs no longer for one
team than the model does: what the model is quick at is many teams.
"""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.repeat_incident import WEEK, Parameters, simulate
from course_lib.models.trace import Trace
from course_lib.theory import detection
from tests.models import repeat_incident_oracle as oracle

COMPARED = ("incidents", "finished", "causes_there")
UNTIL = 52 * WEEK
SCENARIO = oracle.Scenario(until=UNTIL)


@dataclasses.dataclass
class Cause:
    """Something that may go wrong again."""

    error_ratio: float
    rate: float
    there: bool = True
    listed: bool = False
    in_work: bool = False


class InSimPy:
    """The year as one would write it in SimPy: a process for each cause, for the reviews and for the team's hands."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        s = self.s = scenario
        self.draw, self.env = random.Random(seed), simpy.Environment()
        parts = [1 / (k + 1) ** s.skew for k in range(s.causes)]
        self.causes = [
            Cause(s.least_error ** self.draw.random(), s.incident_rate / oracle.MONTH * part / sum(parts))
            for part in parts
        ]
        self.luck = [
            self.draw.gammavariate(s.dispersion, 1 / s.dispersion) for _ in range(math.ceil(s.until / oracle.QUARTER))
        ]
        self.others, self.changed = 0, self.env.event()
        self.seen = dict.fromkeys(COMPARED, 0.0)

    def run(self) -> dict[str, float]:
        """Run it and return the year's totals."""
        for cause in self.causes:
            self.env.process(self.incidents(cause))
        self.env.process(self.reviews())
        self.env.process(self.hands())
        self.env.run(until=self.s.until)
        return self.seen | {"causes_there": float(sum(cause.there for cause in self.causes))}

    def incidents(self, cause: Cause):
        """A cause's incidents, whether it is still there or not; the quarter's luck thins them."""
        most = max(self.luck)
        while True:
            yield self.env.timeout(self.draw.expovariate(cause.rate * most))
            luck = self.luck[int(self.env.now / oracle.QUARTER)]
            if cause.there and self.draw.random() < luck / most:
                self.seen["incidents"] += 1
                self.env.process(self.incident(cause))

    def incident(self, cause: Cause):
        """Found by an alert or a customer, looked at, mitigated."""
        s, e = self.s, cause.error_ratio
        alert = min(
            float(detection.time_to_alert(e, s.slo, *rule)) for rule in ((3600.0, s.page_burn), (21_600.0, 6.0))
        )
        customer = self.draw.expovariate(s.arrival_rate * e * s.report_share)
        lasted = min(alert, customer) + s.ack_time + s.mitigate_time * math.exp(s.spread * self.draw.gauss(0, 1))
        big = e * lasted > s.big_above * (1 - s.slo) * oracle.MONTH
        cause.listed |= big or self.draw.random() < s.small_reviewed
        yield self.env.timeout(lasted)

    def reviews(self):
        """Each week, items for what is on the list."""
        s = self.s
        while True:
            yield self.env.timeout(s.review_every)
            for cause in self.causes:
                if cause.listed and cause.there and not cause.in_work:
                    cause.in_work = self.draw.random() < s.completion
                    self.others += sum(self.draw.random() < s.completion for _ in range(s.items_each - 1))
                cause.listed = False
            self.wake()

    def wake(self) -> None:
        """Tell the team that there is more or less to do."""
        self.changed.succeed()
        self.changed = self.env.event()

    def hands(self):
        """The items in work share the team's hands evenly; any of them may be the next that is finished."""
        s = self.s
        while True:
            working = [cause for cause in self.causes if cause.in_work]
            count = len(working) + self.others
            if not count:
                yield self.changed
                continue
            pace = min(count / s.fix_time, s.capacity / oracle.MONTH)
            done = self.env.timeout(self.draw.expovariate(pace))
            yield done | self.changed
            if done.processed:
                self.seen["finished"] += 1
                which = self.draw.randrange(count)
                if which < len(working):
                    self.close(working[which])
                else:
                    self.others -= 1

    def close(self, cause: Cause) -> None:
        """An item of a cause is finished, and perhaps it works."""
        cause.in_work = False
        if self.draw.random() < self.s.effectiveness:
            cause.there = False
            self.env.process(self.again(cause))

    def again(self, cause: Cause):
        """A change brings a new cause in its place."""
        yield self.env.timeout(self.draw.expovariate(self.s.new_causes / oracle.YEAR / self.s.causes))
        cause.there, cause.listed = True, False


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    measured = oracle.measure(oracle.Loop(SCENARIO, seed).run())
    return {signal: measured[signal] for signal in COMPARED}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {signal: trace[signal][-1].mean() for signal in COMPARED}


SETTINGS = {name: value for name, value in dataclasses.asdict(SCENARIO).items() if name != "until"}
BENCH = Bench(
    slug="repeat_incident",
    simulate=simulate,
    scenarios={
        "a year of a team with eight causes": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(**SETTINGS),
            UNTIL,
            see,
            seeds=100,
        )
    },
    panel={
        "default": Parameters(),
        "every defence": Parameters(verified="on", near_misses="seen", small_reviewed=1.0, page_burn=2.0),
    },
    panel_until=104 * WEEK,
    signals=("incidents", "failed", "open_items", "waiting_items"),
    grid=Parameters(
        completion=np.linspace(0, 1, 40)[:, None, None],
        page_burn=np.geomspace(1, 100, 40)[:, None],
    ),
    grid_until=104 * WEEK,
)

if __name__ == "__main__":
    measure(BENCH)
