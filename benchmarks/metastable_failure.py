"""How fast the metastable-failure model is, against SimPy and a plain event loop on the same scenario, in one run.

    python -m benchmarks.metastable_failure

The three run a fleet of twelve workers that loses everything for ten seconds, and what they say of the time after it
stands beside how long they took.
"""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.metastable_failure import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import metastable_failure_oracle as oracle

BEGIN, END = 60.0, 120.0
COMPARED = {"attempts": "attempt_rate", "served": "throughput", "lost": "lost_rate"}
SCENARIO = oracle.Scenario(until=END)


class InSimPy:
    """The fleet as one would write it in SimPy: a process for each worker and each request."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.stores = [simpy.Store(self.env) for _ in range(scenario.workers)]
        self.counts = dict.fromkeys(COMPARED, 0)

    def run(self) -> dict[str, float]:
        """Run it and return means from a while after the trigger."""
        for store in self.stores:
            self.env.process(self.worker(store))
        self.env.process(self.users())
        self.env.run(until=END)
        return {name: count / (END - BEGIN) for name, count in self.counts.items()}

    def count(self, name: str) -> None:
        """One more, if it is time."""
        self.counts[name] += self.env.now >= BEGIN

    def users(self):
        """Send requests."""
        while True:
            yield self.env.timeout(self.draw.expovariate(self.s.arrival_rate))
            self.env.process(self.request())

    def request(self):
        """Try, and try again."""
        s = self.s
        for number in range(s.max_retries + 1):
            self.count("attempts")
            store, done = self.draw.choice(self.stores), self.env.event()
            if len(store.items) < s.queue_limit * s.worker_rate:
                yield store.put(done)
                yield done | self.env.timeout(s.deadline)
                if done.triggered:
                    return
            if number < s.max_retries:
                yield self.env.timeout(self.draw.expovariate(1 / s.retry_delay))
        self.count("lost")

    def worker(self, store: simpy.Store):
        """Work off a queue; nothing while the trigger lasts."""
        s = self.s
        while True:
            done = yield store.get()
            yield self.env.timeout(self.draw.expovariate(s.worker_rate))
            if s.trigger_start <= self.env.now < s.trigger_start + s.trigger_duration:
                yield self.env.timeout(s.trigger_start + s.trigger_duration - self.env.now)
            self.count("served")
            done.succeed()


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    run = oracle.Loop(SCENARIO, seed).run()
    return {name: float(run.count[name][int(BEGIN) :].mean()) for name in COMPARED}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {name: trace[signal][trace.time > BEGIN].mean() for name, signal in COMPARED.items()}


SETTINGS = {name: value for name, value in dataclasses.asdict(SCENARIO).items() if name not in ("until", "shut")}
BENCH = Bench(
    slug="metastable_failure",
    simulate=simulate,
    scenarios={
        "a storm": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(**SETTINGS),
            END,
            see,
        )
    },
    panel={
        "default": Parameters(trigger_start=20.0),
        "every lever": Parameters(trigger_start=20.0, retry_budget=0.2, degradation=0.3, deadline=0.2),
    },
    panel_until=150.0,
    signals=("goodput", "offered_rate", "distress", "dropped"),
    grid=Parameters(
        trigger_start=20.0,
        arrival_rate=np.linspace(150, 2700, 40)[:, None, None],
        trigger_duration=np.linspace(0, 20, 40)[:, None],
    ),
    grid_until=150.0,
)

if __name__ == "__main__":
    measure(BENCH)
