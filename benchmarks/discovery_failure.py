"""How fast the discovery-failure model is, against SimPy and a plain event loop on the same scenario, in one run.

    python -m benchmarks.discovery_failure

The three run the lesson's fleet: 40 instances, here such as live for ten minutes, 6,000 clients with a connection each,
a registry that is gone from 300 to 900 s. What they say of that time stands beside how long they took.
"""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.discovery_failure import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import discovery_failure_oracle as oracle

BEGIN, END = 400.0, 900.0
COMPARED = ("open_share", "listed_dead", "new_success")
SCENARIO = oracle.Scenario(
    instances=40, arrival_rate=2400.0, clients=6000, outage_start=300.0, outage_duration=600.0, until=END
)


class InSimPy:
    """The day as one would write it in SimPy: a process for each instance and each client."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.gone = [self.env.event() for _ in range(scenario.instances)]  # of each slot's present instance
        self.listed: list[simpy.Event] = list(self.gone)
        self.cached = list(self.listed)
        self.tried, self.found, self.open, self.looks = 0, 0, 0, []

    def run(self) -> dict[str, float]:
        """Run it and return means while the registry is gone."""
        s = self.s
        for slot in range(s.instances):
            self.env.process(self.slot(slot))
        self.env.process(self.cache())
        for _ in range(s.clients):
            self.env.process(self.client())
        self.env.process(self.look())
        self.env.run(until=END)
        open_share, dead = np.mean(self.looks, axis=0)
        return {"open_share": open_share, "listed_dead": dead, "new_success": self.found / max(self.tried, 1)}

    def down(self) -> bool:
        """Whether nobody can ask or tell the registry anything."""
        return self.env.now >= self.s.outage_start

    def slot(self, slot: int):
        """One instance after the other."""
        s = self.s
        while True:
            yield self.env.timeout(self.draw.expovariate(s.churn / 3600))
            old, self.gone[slot] = self.gone[slot], self.env.event()
            old.succeed()
            if not self.down():
                self.listed.append(self.gone[slot])
                crashed = self.draw.random() < s.crash_share
                wait = s.lease - self.draw.uniform(0, s.heartbeat) + self.draw.uniform(0, s.sweep)
                self.env.process(self.strike_off(old, wait if crashed else 0.0))

    def strike_off(self, old: simpy.Event, wait: float):
        """Take an instance from the list when its lease has run out and been swept."""
        yield self.env.timeout(wait)
        if not self.down() and old in self.listed:
            self.listed.remove(old)

    def cache(self):
        """The registry's answers are renewed now and then."""
        yield self.env.timeout(self.draw.uniform(0, self.s.response_cache))
        while True:
            self.cached = list(self.listed)
            yield self.env.timeout(self.s.response_cache)

    def client(self):
        """Poll, and keep one connection."""
        known = [list(self.cached)]
        self.env.process(self.poll(known))
        host = self.draw.choice(self.gone)
        while True:
            self.open += 1
            yield self.env.timeout(self.draw.expovariate(1 / self.s.connection_life)) | host
            self.open -= 1
            host = self.draw.choice(known[0])
            while not self._tries(host):
                yield self.env.timeout(self.draw.expovariate(1.0))
                host = self.draw.choice(known[0])

    def poll(self, known: list[list[simpy.Event]]):
        """Ask for the list."""
        yield self.env.timeout(self.draw.uniform(0, self.s.poll_interval))
        while not self.down():
            known[0] = self.cached
            yield self.env.timeout(self.s.poll_interval)

    def _tries(self, host: simpy.Event) -> bool:
        alive = not host.triggered
        if self.env.now >= BEGIN:
            self.tried, self.found = self.tried + 1, self.found + alive
        return alive

    def look(self):
        """Every two seconds: connections, and the dead of the list that clients went into the outage with."""
        yield self.env.timeout(BEGIN)
        while True:
            dead = sum(host.triggered for host in self.cached)
            self.looks.append((self.open / self.s.clients, dead))
            yield self.env.timeout(oracle.LOOK)


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    measured = oracle.measure(oracle.Loop(SCENARIO, seed).run(), BEGIN, END)
    return {signal: measured[signal] for signal in COMPARED}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {signal: trace[signal][trace.time > BEGIN].mean() for signal in COMPARED}


SETTINGS = {name: value for name, value in dataclasses.asdict(SCENARIO).items() if name != "until"}
BENCH = Bench(
    slug="discovery_failure",
    simulate=simulate,
    scenarios={
        "registry down": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(**SETTINGS),
            END,
            see,
        )
    },
    panel={
        "default": Parameters(catalogue="lost"),
        "every defence": Parameters(
            catalogue="lost", cache_life=3600.0, panic_threshold=0.5, other_hosts=1, ejection_cap=0.1
        ),
    },
    panel_until=1200.0,
    signals=("error_ratio", "existing_success", "new_success", "listed", "listed_dead"),
    grid=Parameters(
        catalogue="lost", outage_duration=np.linspace(0, 780, 40)[:, None, None], churn=np.linspace(0, 8, 40)[:, None]
    ),
    grid_until=1200.0,
)

if __name__ == "__main__":
    measure(BENCH)
