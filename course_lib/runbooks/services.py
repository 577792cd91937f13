"""Several services as one world: what stands for a seed is a service's place, and all are played together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.incidents import engine, service
from course_lib.incidents.scenario import Scenario
from course_lib.runbooks.executor import EVERY, Log, Played, looks
from course_lib.runbooks.world import Drill, entries_of, hurt


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

    def play(self, logs: Sequence[Log], seeds: Sequence[int], until: float) -> Played:
        """Play logs, one for each place."""
        plays = [
            service.Play(self.drills[place].scenario, self.own[place], entries_of(log))
            for log, place in zip(logs, seeds, strict=True)
        ]
        runs = service.together(plays)
        when = looks(int(until / EVERY))
        seen = [self.drills[0].seen(run, when) for run in runs]
        return Played(
            {name: np.stack([one[name] for one in seen], axis=1) for name in self.units},
            np.array([self.drills[0].ends_well(run) for run in runs]),
            np.array([hurt(run) for run in runs]),
            np.array([engine.harm(run.scenario, run) for run in runs]),
            np.zeros(len(runs)),
        )
