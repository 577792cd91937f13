"""Several services as one world: what stands for a seed is a service's place, and all are played together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from course_lib.incidents import engine, service
from course_lib.incidents.scenario import Scenario
from course_lib.runbooks.executor import EVERY, Log, Played, looks
from course_lib.runbooks.world import Drill, entries_of, hurt

MOST_KEPT = 300  # runs: a page on ten services takes some thirty


class Came(NamedTuple):
    """What came of one log at one place; `shown` is empty where nobody has looked."""

    shown: Mapping[str, NDArray[np.float64]]
    ends_well: bool
    hurt: bool
    harm: float


class Services:
    """Scenarios that differ in nothing but what the world does and how long orders live.

    Runs are kept: a page is played anew after each of its actions, pages have their first actions in common, and all
    begin with a day on which nobody has moved a hand.

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
        self._kept: dict[tuple[int, Log], Came] = {}

    def play(self, logs: Sequence[Log], seeds: Sequence[int], until: float, *, looking: bool = True) -> Played:
        """Play logs, one for each place."""
        wanted = [(int(place), log) for log, place in zip(logs, seeds, strict=True)]
        self._keep(dict.fromkeys(wanted), looking)
        runs = [self._kept[one] for one in wanted]
        count = int(until / EVERY)
        return Played(
            {name: np.stack([one.shown[name][:count] for one in runs], axis=1) for name in self.units if looking},
            np.array([one.ends_well for one in runs]),
            np.array([one.hurt for one in runs]),
            np.array([one.harm for one in runs]),
            np.zeros(len(runs)),
        )

    def _keep(self, wanted: Mapping[tuple[int, Log], None], looking: bool) -> None:
        """Play what is not there yet to the end of the day, in one batch.

        Whoever looks may be at the end of the page, and then each action is left out: so that is played with it, for
        one batch of many costs hardly more than of few.
        """
        missing = {one: looking for one in wanted if not (one in self._kept and (self._kept[one].shown or not looking))}
        less = [(at, log[:i] + log[i + 1 :]) for at, log in missing if looking for i in range(len(log))]
        missing |= {one: False for one in less if one not in self._kept and one not in missing}
        if not missing:
            return
        if len(self._kept) + len(missing) > MOST_KEPT:
            self._kept = {one: self._kept[one] for one in wanted if one in self._kept}
        runs = service.together(
            [service.Play(self.drills[at].scenario, self.own[at], entries_of(log)) for at, log in missing]
        )
        when, drill = looks(int(self.until / EVERY)), self.drills[0]
        for (one, looked_at), run in zip(missing.items(), runs, strict=True):
            shown = drill.seen(run, when) if looked_at else {}
            self._kept[one] = Came(shown, drill.ends_well(run), hurt(run), engine.harm(run.scenario, run))
