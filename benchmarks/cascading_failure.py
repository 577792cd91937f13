"""How fast the chain of tiers is, against SimPy and a plain-Python event loop on the same scenario, in one run.

    python -m benchmarks.cascading_failure

The three run the same four tiers, once with nobody who refuses anything and once with a gateway that sheds. What they
say of the whole run stands beside how long they took.
"""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.cascading_failure import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import cascading_failure_oracle as oracle

END = 150.0
COMPARED = ("goodput", "failed_rate", "gateway_calls")


class InSimPy:
    """The scenario as one would write it in SimPy: a process for each request, a resource for each pool."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        names = ("gateway", "shop", "stock", "database")
        self.pools = [simpy.Resource(self.env, getattr(scenario, f"{name}_workers")) for name in names]
        self.works = (scenario.gateway_work, scenario.shop_work, scenario.stock_work)
        self.timeouts = (scenario.gateway_timeout, scenario.shop_timeout, scenario.stock_timeout)
        self.count = dict.fromkeys(COMPARED, 0)

    def run(self) -> dict[str, float]:
        """Run it and return means over the whole run."""
        self.env.process(self.users())
        self.env.run(until=END)
        return {name: count / END for name, count in self.count.items()}

    def users(self):
        """Let users come."""
        while True:
            yield self.env.timeout(self.draw.expovariate(self.s.arrival_rate))
            self.env.process(self.user())

    def user(self):
        """Ask once, and again after a second as often as the share says."""
        while True:
            self.count["gateway_calls"] += 1
            pool, answer = self.pools[0], self.env.event()
            if self.s.shed_threshold == 1 or pool.count < self.s.shed_threshold * pool.capacity:
                self.env.process(self.request(0, answer))
                yield answer | self.env.timeout(self.s.user_timeout)
            if answer.triggered and answer.value:
                self.count["goodput"] += 1
                return
            self.count["failed_rate"] += 1
            if self.draw.random() >= self.s.reload_share:
                return
            yield self.env.timeout(1.0)

    def request(self, tier: int, answer):
        """Hold a worker, call below, try again."""
        with self.pools[tier].request() as worker:
            yield worker
            if tier == 3:
                slow = 0 <= self.env.now - self.s.trigger_start < self.s.trigger_duration
                mean = self.s.database_work * (self.s.slowdown if slow else 1.0)
                yield self.env.timeout(self.draw.expovariate(1 / mean))
                answer.succeed(True)
                return
            yield self.env.timeout(self.works[tier])
            for attempt in range(self.s.max_retries + 1):
                if attempt:
                    yield self.env.timeout(self.s.retry_wait)
                below = self.env.event()
                self.env.process(self.request(tier + 1, below))
                yield below | self.env.timeout(self.timeouts[tier])
                if below.triggered and below.value:
                    answer.succeed(True)
                    return
            answer.succeed(False)


NAMES = {"goodput": "good", "failed_rate": "failed", "gateway_calls": "asked"}
SCENARIOS = {
    "alone": oracle.Scenario(feature_share=0.0),
    "shedding": oracle.Scenario(feature_share=0.0, shed_threshold=0.3),
}


def with_loop(scenario: oracle.Scenario, seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    seen = oracle.measure(scenario, seed)
    return {signal: float(np.sum(seen[name])) / END for signal, name in NAMES.items()}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {signal: trace[signal].mean() for signal in COMPARED}


def settings(scenario: oracle.Scenario) -> Parameters:
    """The scenario as the model's parameters."""
    own = dataclasses.asdict(scenario)
    return Parameters(**{name: value for name, value in own.items() if name not in ("until", "retry_wait")})


BENCH = Bench(
    slug="cascading_failure",
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
        "no retries, shedding": Parameters(max_retries=0, shed_threshold=0.3),
        "every defence": Parameters(bulkhead=60.0, shed_threshold=0.3, breaker="on", max_retries=2),
    },
    panel_until=150.0,
    signals=("goodput", "offered_rate", *(f"{tier}_utilisation" for tier in ("gateway", "shop", "stock", "database"))),
    grid=Parameters(slowdown=np.linspace(1, 5, 40)[:, None, None], shed_threshold=np.linspace(0.02, 1, 40)[:, None]),
    grid_until=150.0,
)

if __name__ == "__main__":
    measure(BENCH)
