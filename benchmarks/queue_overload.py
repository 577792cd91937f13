"""How fast the overloaded queue is, against SimPy and a plain-Python event loop on the same scenario, in one run.

    python -m benchmarks.queue_overload

The three run the same queue: ten consumers of 10 messages/s, 80 messages/s and twice as many from 30 to 90 s, without a
bound and with one of 8 s of work. What they say of the whole run stands beside how long they took.
"""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.queue_overload import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import queue_overload_oracle as oracle

END = 300.0
COMPARED = ("goodput", "late_rate", "rejected_rate")


class InSimPy:
    """The scenario as one would write it in SimPy: a process for each consumer, a store for the queue."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.queue = simpy.Store(self.env)
        self.room = scenario.bound * min(scenario.consumers, scenario.partitions) * scenario.service_rate
        self.count = dict.fromkeys(COMPARED, 0)

    def run(self) -> dict[str, float]:
        """Run it and return means over the whole run."""
        self.env.process(self.producers())
        for _ in range(self.s.consumers):
            self.env.process(self.consumer())
        self.env.run(until=END)
        return {name: count / END for name, count in self.count.items()}

    def producers(self):
        """Send one message after the other; a full queue refuses."""
        s = self.s
        while True:
            burst = s.burst_start <= self.env.now < s.burst_start + s.burst_duration
            yield self.env.timeout(self.draw.expovariate(s.burst_rate if burst else s.producer_rate))
            if len(self.queue.items) < self.room:
                self.queue.put(self.env.now)
            else:
                self.count["rejected_rate"] += 1

    def consumer(self):
        """Serve the oldest message, late or not."""
        while True:
            sent = yield self.queue.get()
            late = self.env.now - sent > self.s.deadline
            yield self.env.timeout(self.draw.expovariate(self.s.service_rate))
            self.count["late_rate" if late else "goodput"] += 1


NAMES = {"goodput": "good", "late_rate": "late", "rejected_rate": "refused"}
SCENARIOS = {"unbounded": oracle.Scenario(until=END), "bounded": oracle.Scenario(bound=8.0, until=END)}


def with_loop(scenario: oracle.Scenario, seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    seen = oracle.measure(scenario, seed)
    return {signal: seen[name] / END for signal, name in NAMES.items()}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {signal: trace[signal].mean() for signal in COMPARED}


def settings(scenario: oracle.Scenario) -> Parameters:
    """The scenario as the model's parameters."""
    return Parameters(**{name: value for name, value in dataclasses.asdict(scenario).items() if name != "until"})


BENCH = Bench(
    slug="queue_overload",
    simulate=simulate,
    scenarios={
        name: Scenario(
            {
                "SimPy": lambda seed, scenario=scenario: InSimPy(scenario, seed).run(),
                "event loop": lambda seed, scenario=scenario: with_loop(scenario, seed),
            },
            settings(scenario),
            END,
            see,
        )
        for name, scenario in SCENARIOS.items()
    },
    panel={
        "default": Parameters(),
        "bounded": Parameters(bound=8.0),
        "every defence": Parameters(bound=8.0, expiry="on", max_consumers=16, back_pressure=0.3),
    },
    panel_until=600.0,
    signals=("goodput", "throughput", "demand", "oldest_age", "late_rate", "consumers", "rejected_rate"),
    grid=Parameters(burst_rate=np.linspace(600, 2400, 40)[:, None, None], bound=np.linspace(0.5, 20, 40)[:, None]),
    grid_until=600.0,
)

if __name__ == "__main__":
    measure(BENCH)
