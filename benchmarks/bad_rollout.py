"""How fast the model of rollouts is, against SimPy and a plain-Python event loop on the same scenario, in one run.

    python -m benchmarks.bad_rollout

The three run the same rollout: 200 requests/s, stages of 2 %, 10 % and half that nobody compares, a fault that harms
one request in ten, and an alarm that reads the whole service. What they say of the harm stands beside how long they
took.
"""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import simpy

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import bad_rollout_oracle as oracle

SCENARIO = oracle.Scenario(gate="none")


class InSimPy:
    """The scenario as one would write it in SimPy: processes for the requests, the rollout and whoever reads graphs."""

    def __init__(self, scenario: oracle.Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.share, self.harmed, self.window, self.bad = 0.0, 0, 0, 0
        self.paged = False

    def run(self) -> dict[str, float]:
        """Run it and return how many were harmed."""
        for process in (self.requests, self.rollout, self.watch):
            self.env.process(process())
        self.env.run(until=self.s.until)
        return {"harmed": float(self.harmed)}

    def requests(self):
        """Users, one request after the other."""
        s, draw = self.s, self.draw
        while True:
            yield self.env.timeout(draw.expovariate(s.arrival_rate))
            self.window += 1
            if draw.random() < self.share and draw.random() < s.fault_share:
                self.harmed += 1
                self.bad += 1

    def rollout(self):
        """Stage after stage, until somebody is paged."""
        s = self.s
        yield self.env.timeout(s.rollout_start)
        for share in (s.canary_share, s.second_share, s.third_share, 1.0):
            if self.paged:
                return
            self.share = share
            yield self.env.timeout(s.bake_time)

    def watch(self):
        """Reads a graph every window, and takes the change back."""
        s = self.s
        while not self.paged:
            yield self.env.timeout(s.window)
            if self.bad >= s.alarm_above * self.window and self.bad:
                yield self.env.timeout(s.alarm_delay - s.window)
                self.paged = True
                yield self.env.timeout(s.rollback_time)
                self.share = 0.0
            self.window = self.bad = 0


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    return {"harmed": oracle.measure(oracle.Loop(SCENARIO, seed).run(), 0.0, SCENARIO.until)["harmed"]}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    return {"harmed": trace["harmed"][-1].mean(axis=0)}


SETTINGS = {name: value for name, value in dataclasses.asdict(SCENARIO).items() if name not in ("until", "window")}
BENCH = Bench(
    slug="bad_rollout",
    simulate=simulate,
    scenarios={
        "staged, nobody compares": Scenario(
            {"SimPy": lambda seed: InSimPy(SCENARIO, seed).run(), "event loop": with_loop},
            Parameters(**SETTINGS),
            SCENARIO.until,
            see,
        )
    },
    panel={
        "default": Parameters(),
        "by region": Parameters(strata="by region", fault_place="region"),
        "cells": Parameters(cells=20, gate="none"),
    },
    panel_until=7200.0,
    signals=("harmed", "exposure", "canary_errors"),
    grid=Parameters(
        dt=60.0,
        canary_share=np.geomspace(0.001, 0.3, 40)[:, None, None],
        fault_share=np.linspace(0, 0.02, 40)[:, None],
    ),
    grid_until=7200.0,
)

if __name__ == "__main__":
    measure(BENCH)
