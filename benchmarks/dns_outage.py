"""How fast the DNS model is, against SimPy and a plain-Python event loop on the same scenario, in one run.

    python -m benchmarks.dns_outage

The three run the same caches: 100 of them, ten lookups/s at each, a TTL of 20 s, an authority that is dead from 20 to
80 s and a name that moves at 120 s. What they say of the outage and of the move stands beside how long they took.
"""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.dns_outage import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import dns_outage_oracle as oracle

OUTAGE, MOVED = (20.0, 80.0), (120.0, 140.0)
SCENARIO = oracle.Scenario(lookup_rate=10.0, until=MOVED[1])


class InSimPy:
    """The scenario as one would write it in SimPy: a process for each cache's clients."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.told: list[tuple[float, bool]] = []

    def run(self) -> dict[str, float]:
        """Run it and return what was answered rightly on either occasion."""
        for _ in range(self.s.caches):
            self.env.process(self.cache())
        self.env.run(until=self.s.until)
        return {name: _share(self.told, span) for name, span in (("outage", OUTAGE), ("moved", MOVED))}

    def cache(self):
        """Answer lookups from the one entry, and ask when it has run out."""
        s = self.s
        held, expires, quiet = "old", self.draw.random() * s.ttl, -1.0
        while True:
            yield self.env.timeout(self.draw.expovariate(s.lookup_rate))
            now = self.env.now
            truth = "new" if now >= s.change_time else "old"
            dead = s.outage_start <= now < s.outage_start + s.outage_duration
            if now >= expires and now >= quiet:
                if dead:
                    quiet = now + s.patience + s.failure_ttl
                else:
                    held, expires = truth, now + s.ttl
            self.told.append((now, now < expires and held == truth))


def _share(told: list[tuple[float, bool]], span: tuple[float, float]) -> float:
    seen = [right for time, right in told if span[0] <= time < span[1]]
    return sum(seen) / len(seen)


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    out = oracle.Loop(SCENARIO, seed).run()
    spans = {"outage": OUTAGE, "moved": MOVED}
    return {name: oracle.measure(out, SCENARIO, *span)["availability"] for name, span in spans.items()}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    spans = {"outage": OUTAGE, "moved": MOVED}
    rows = {name: (trace.time > begin) & (trace.time <= end) for name, (begin, end) in spans.items()}
    return {name: trace["availability"][kept].mean() for name, kept in rows.items()}


SETTINGS = {name: value for name, value in dataclasses.asdict(SCENARIO).items() if name != "until"}
BENCH = Bench(
    slug="dns_outage",
    simulate=simulate,
    scenarios={
        "outage and move": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(**SETTINGS),
            MOVED[1],
            see,
        )
    },
    panel={
        "default": Parameters(),
        "serve-stale": Parameters(ttl=30, stale_limit=3600.0),
        "empty": Parameters(outage="empty", last_known_good=0.5),
    },
    panel_until=600.0,
    signals=("availability", "error_ratio", "misled_share", "stale_share", "negative_share", "upstream_rate"),
    grid=Parameters(
        ttl=np.linspace(10, 1200, 40)[:, None, None],
        outage_duration=np.linspace(0, 500, 40)[:, None],
    ),
    grid_until=600.0,
)

if __name__ == "__main__":
    measure(BENCH)
