"""How fast the hot-partition model is, against SimPy and a plain-Python event loop on the same scenario, in one run.

    python -m benchmarks.hot_partition

The three run the same fleet: 8 partitions of 100 operations/s, 500 requests/s, three in ten of them to one viral key
from 20 to 80 s, three retries. What they say of the time while the key is viral stands beside how long they took.
"""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.hot_partition import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import hot_partition_oracle as oracle

BEGIN, END = 35.0, 80.0
COMPARED = ("goodput", "attempt_rate", "hot_error_ratio", "throttled_share")


class InSimPy:
    """The scenario as one would write it in SimPy: a process for each operation, a store for each partition."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.fleet = oracle.Loop(scenario, seed)  # for where keys live
        self.lines = [simpy.Store(self.env) for _ in range(scenario.partitions)]
        self.waiting = [0] * scenario.partitions
        self.spent = [0.0] * scenario.partitions
        self.count = dict.fromkeys(("good", "failed", "hot_good", "hot_failed", "attempts", "refused"), 0)

    def run(self) -> dict[str, float]:
        """Run it and return means while the key is viral."""
        for site in range(self.s.partitions):
            self.env.process(self.server(site))
        self.env.process(self.clients())
        self.env.run(until=END)
        c = self.count
        return {
            "goodput": c["good"] / (END - BEGIN),
            "attempt_rate": c["attempts"] / (END - BEGIN),
            "hot_error_ratio": c["hot_failed"] / max(c["hot_failed"] + c["hot_good"], 1),
            "throttled_share": c["refused"] / max(c["attempts"], 1),
        }

    def clients(self):
        """Issue one request after the other."""
        s = self.s
        while True:
            yield self.env.timeout(self.draw.expovariate(s.arrival_rate))
            hot = self.env.now >= s.viral_start and self.draw.random() < s.viral_share
            self.env.process(self.operation(self.fleet.viral_home if hot else self.fleet._ordinary(), hot))

    def operation(self, site: int, hot: bool):
        """Try, and try again after a pause."""
        for number in range(self.s.max_retries + 1):
            self._tick("attempts")
            if self.waiting[site] < self.s.queue_limit:
                self.waiting[site] += 1
                self.lines[site].put(None)
                self._tick("good", "hot_good" if hot else "")
                return
            self._tick("refused")
            self.spent[site] += self.s.rejection_cost / self.s.partition_capacity
            if number < self.s.max_retries:
                yield self.env.timeout(
                    self.s.retry_delay * 2**number + self.draw.uniform(-oracle.JITTER, oracle.JITTER)
                )
        self._tick("failed", "hot_failed" if hot else "")

    def server(self, site: int):
        """Serve, then make good the time that rejecting took."""
        while True:
            yield self.lines[site].get()
            yield self.env.timeout(self.draw.expovariate(self.s.partition_capacity))
            while self.spent[site] > 1e-9:
                lost, self.spent[site] = self.spent[site], 0.0
                yield self.env.timeout(lost)
            self.waiting[site] -= 1

    def _tick(self, *names: str) -> None:
        if self.env.now >= BEGIN:
            for name in filter(None, names):
                self.count[name] += 1


SCENARIO = oracle.Scenario(until=END)


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    measured = oracle.measure(oracle.Loop(SCENARIO, seed).run(), SCENARIO, BEGIN, END)
    return {signal: measured[signal] for signal in COMPARED}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {signal: trace[signal][trace.time > BEGIN].mean() for signal in COMPARED}


SETTINGS = {name: value for name, value in dataclasses.asdict(SCENARIO).items() if name != "until"}
BENCH = Bench(
    slug="hot_partition",
    simulate=simulate,
    scenarios={
        "while viral": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(**SETTINGS),
            END,
            see,
        )
    },
    panel={
        "default": Parameters(),
        "salted": Parameters(salts=16),
        "every defence": Parameters(salts=16, cache_ttl=5.0, bounded_load=1.5, split="on"),
    },
    panel_until=300.0,
    signals=("goodput", "hottest_utilisation", "mean_utilisation", "imbalance", "hot_error_ratio", "reads_per_read"),
    grid=Parameters(viral_share=np.linspace(0, 0.2, 40)[:, None, None], zipf_exponent=np.linspace(0, 1.2, 40)[:, None]),
    grid_until=300.0,
)

if __name__ == "__main__":
    measure(BENCH)
