"""How fast the gray-failure model is, against SimPy and a plain event loop on the same scenario, in one run.

    python -m benchmarks.gray_failure

The three run a fleet of twelve hosts of which one limps, with a copy after 200 ms. What they say of the limping minute
stands beside how long they took.
"""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.gray_failure import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import gray_failure_oracle as oracle

BEGIN, END = 21.0, 80.0
COMPARED = ("slow_pages", "hedge_share", "leaf_p99")
SCENARIO = oracle.Scenario(
    hosts=12, request_rate=60.0, fan_out=20, hedge_delay=0.2, fault_start=20.0, fault_duration=61.0, until=END
)


class InSimPy:
    """The day as one would write it in SimPy: a process for each call, a resource for each host."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.hosts = [simpy.Resource(self.env, scenario.workers) for _ in range(scenario.hosts)]
        self.took, self.pages, self.copies = [], [], 0

    def run(self) -> dict[str, float]:
        """Run it and return means while a host limps."""
        self.env.process(self.arrivals())
        self.env.run(until=END + self.s.timeout)
        took = sorted(self.took)
        return {
            "slow_pages": np.mean([page > self.s.objective for page in self.pages]),
            "hedge_share": self.copies / len(took),
            "leaf_p99": took[math.ceil(0.99 * len(took)) - 1],
        }

    def arrivals(self):
        """Pages come."""
        while self.env.now < END:
            yield self.env.timeout(self.draw.expovariate(self.s.request_rate))
            self.env.process(self.page(self.env.now > BEGIN))

    def page(self, counts: bool):
        """All calls of a page, sent within a second; the slowest decides."""
        times: list[float] = []
        yield self.env.all_of([self.env.process(self.call(counts, times)) for _ in range(self.s.fan_out)])
        if counts:
            self.pages.append(max(times))

    def call(self, counts: bool, times: list[float]):
        """One call, and its copy if it has no answer in time."""
        yield self.env.timeout(self.draw.uniform(0, oracle.SCATTER))
        began, first = self.env.now, self.draw.randrange(self.s.hosts)
        answer = self.env.process(self.at_host(first))
        yield answer | self.env.timeout(self.s.hedge_delay)
        if not answer.triggered:
            other = (first + self.draw.randrange(1, self.s.hosts)) % self.s.hosts
            yield answer | self.env.process(self.at_host(other))
            self.copies += counts
        times.append(self.env.now - began)
        if counts:
            self.took.append(times[-1])

    def at_host(self, host: int):
        """A try: work that holds a worker, or a long wait for something else."""
        s = self.s
        with self.hosts[host].request() as worker:
            yield worker
            slow = host < s.impaired_hosts and self.env.now >= s.fault_start and self.draw.random() < s.slow_fraction
            took = s.median_time * math.exp(s.spread * self.draw.gauss(0, 1))
            if not slow:
                yield self.env.timeout(took)
        if slow:
            yield self.env.timeout(s.slow_time * math.exp(s.spread * self.draw.gauss(0, 1)))


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    measured = oracle.measure(oracle.Loop(SCENARIO, seed).run(), SCENARIO, BEGIN, END - 1.0)
    return {signal: measured[signal] for signal in COMPARED}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {signal: trace[signal][trace.time > BEGIN + 1.0].mean() for signal in COMPARED}


SETTINGS = {name: value for name, value in dataclasses.asdict(SCENARIO).items() if name != "until"}
BENCH = Bench(
    slug="gray_failure",
    simulate=simulate,
    scenarios={
        "one host limps": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(**SETTINGS),
            END,
            see,
        )
    },
    panel={
        "default": Parameters(),
        "every defence": Parameters(hedge_delay=0.03, hedge_budget=0.05, ejection_cap=0.1, check_depth=1.0),
    },
    panel_until=300.0,
    signals=("slow_pages", "red_share", "ejected_share", "hedge_share", "impaired_share", "page_p99"),
    grid=Parameters(
        fan_out=np.unique(np.geomspace(1, 1000, 52).round())[:40, None, None],
        slow_fraction=np.linspace(0, 1, 40)[:, None],
    ),
    grid_until=300.0,
)

if __name__ == "__main__":
    measure(BENCH)
