"""Several services as one world: what stands for a seed is a service's place, and all are played together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.incidents import engine, service
from course_lib.incidents.scenario import Scenario
from course_lib.runbooks.executor import EVERY, Log, Played
from course_lib.runbooks.world import Drill, _sampled, entries_of


class Services:
    """Scenarios that differ in nothing but what the world does and how long orders live.

    Parameters
    ----------
    scenarios : sequence of Scenario
    seeds : sequence of int
        One for each.
    """

    def __init__(self, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        self.drills = [Drill(one) for one in scenarios]
        self.own = [int(seed) for seed in seeds]
        first = self.drills[0]
        self.name, self.until = first.name, first.until
        self.units: Mapping[str, str] = first.units
        self.roles: Mapping[str, str] = first.roles
        self.delays: Mapping[str, float] = first.delays

    def play(self, logs: Sequence[Log], seeds: Sequence[int]) -> Played:
        """Play logs, one for each place."""
        plays = [
            service.Play(self.drills[place].scenario, self.own[place], entries_of(log))
            for log, place in zip(logs, seeds, strict=True)
        ]
        runs = service.together(plays)
        telemetry = self.drills[0].scenario.telemetry
        seen = {t.signal: [self.drills[0]._seen(t, run) for run in runs] for t in telemetry}
        shown = {name: np.stack(values, axis=1) for name, values in seen.items()}
        failing = np.stack([_sampled(run.time, engine.smoothed(run, EVERY)) for run in runs], axis=1)
        harm = np.array([engine.harm(run.scenario, run) for run in runs])
        return Played(shown, failing, np.full(len(runs), service.TOLERANCE), harm)
