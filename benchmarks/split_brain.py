"""How fast the split-brain model is, against SimPy and a plain event loop on the same scenario, in one run.

    python -m benchmarks.split_brain

The three run the lesson's cut: five nodes, 300 writes/s, a link away from 40 to 83 s, and a leader on the far side by
the votes of a majority. What they say of the writes lost and of the new leader stands beside how long they took.
"""

from __future__ import annotations

import math
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.split_brain import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import split_brain_oracle as oracle

UNTIL, START, END = 110.0, 40.0, 83.0
SCENARIO = oracle.Scenario(write_rate=300.0, keys=1e5, failover="majority", until=UNTIL)


class InSimPy:
    """The day as one would write it in SimPy: a process for each node, each side's clients, each copy."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.leaders = [(0, 0.0, 0)]  # side, since when it takes writes, term
        self.history: dict[int, set[int]] = {0: set(), 1: set()}
        self.written, self.lost, self.elected, self.votes = 0, 0, math.nan, {}
        self.heard = [self.env.event() for _ in range(scenario.nodes)]

    def run(self) -> dict[str, float]:
        """Run it and return writes lost and when the new leader was elected."""
        self.env.process(self.leader())
        for node in range(1, self.s.nodes):
            self.env.process(self.follower(node))
        for side in (0, 1):
            self.env.process(self.clients(side))
        self.env.process(self.heal())
        self.env.run(until=UNTIL)
        return {"lost": float(self.lost), "elected": self.elected}

    def cut(self) -> bool:
        """Whether the link is away."""
        return START <= self.env.now < END

    def side(self, node: int) -> int:
        """0 for nodes on the first leader's side."""
        return int(node >= self.s.near_nodes)

    def leader(self):
        """A heartbeat now and then to whoever is reached."""
        yield self.env.timeout(self.draw.random() * self.s.heartbeat)
        while True:
            for node in range(1, self.s.nodes):
                if not (self.cut() and self.side(node)) and self.env.now < END:
                    self.env.process(self.beat(node))
            yield self.env.timeout(self.s.heartbeat)

    def beat(self, node: int):
        """One heartbeat on its way."""
        yield self.env.timeout(self.s.message_delay)
        old, self.heard[node] = self.heard[node], self.env.event()
        old.succeed()

    def follower(self, node: int):
        """Wait for heartbeats, and stand for election when none comes."""
        while len(self.leaders) == 1 and self.env.now < END:
            silence = self.env.timeout(self.s.election_timeout * (1 + self.draw.random()))
            yield silence | self.heard[node]
            if silence.processed and len(self.leaders) == 1 and self.cut():
                self.env.process(self.stand(node))

    def stand(self, node: int):
        """Ask for votes; who has voted this round votes no more."""
        term = self.votes.get(node, 0) + 1
        self.votes[node], got = term, 1
        yield self.env.timeout(self.s.message_delay)
        for other in range(1, self.s.nodes):
            if other != node and self.side(other) and self.votes.get(other, 0) < term:
                self.votes[other] = term
                old, self.heard[other] = self.heard[other], self.env.event()
                old.succeed()
                got += 1
        yield self.env.timeout(self.s.message_delay)
        if got >= self.s.nodes // 2 + 1:
            self.elected = self.env.now
            self.leaders.append((1, self.env.now + self.s.promotion_time, term))

    def clients(self, side: int):
        """Writes of one side, to the leader it reaches."""
        while True:
            yield self.env.timeout(self.draw.expovariate(self.s.write_rate / 2))
            where = side if self.cut() else self.leaders[-1][0]
            since = next((start for home, start, _ in self.leaders if home == where), math.inf)
            if self.env.now >= since:
                self.written += 1
                self.history[where].add(self.written)
                self.env.process(self.copied(self.written, where))

    def copied(self, write: int, where: int):
        """One write on its way to the other side."""
        yield self.env.timeout(self.s.replication_lag)
        if not self.cut():
            self.history[1 - where].add(write)

    def heal(self):
        """One history again: the newest leader's."""
        yield self.env.timeout(END + self.s.message_delay)
        if len(self.leaders) > 1:
            self.lost = len(self.history[0] - self.history[1])


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    seen = oracle.measure(SCENARIO, seed)
    return {name: seen[name] for name in ("lost", "elected")}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {"lost": trace["lost"][-1].mean(), "elected": np.nanmean(trace.events["elected"])}


BENCH = Bench(
    slug="split_brain",
    simulate=simulate,
    scenarios={
        "cut": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(failover="majority"),
            UNTIL,
            see,
        )
    },
    panel={
        "default": Parameters(),
        "every defence": Parameters(
            failover="majority", min_acks="majority", fencing=1.0, lease=8.0, successor="waits_for_drift"
        ),
    },
    panel_until=140.0,
    signals=("near_rate", "far_rate", "offered_rate", "divergent", "lost", "near_errors", "far_errors"),
    grid=Parameters(
        cut_duration=np.linspace(1, 61, 40)[:, None, None], election_timeout=np.linspace(2, 62, 40)[:, None]
    ),
    grid_until=140.0,
)

if __name__ == "__main__":
    measure(BENCH)
