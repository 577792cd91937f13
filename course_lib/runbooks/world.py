"""A scenario as the world in which a page is carried out: what is shown, who may act, and what came of a log."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from course_lib.incidents import engine
from course_lib.incidents.scenario import Entry, Scenario
from course_lib.incidents.truth import milestones
from course_lib.runbooks.executor import EVERY, Log, Played, looks

SETTLED = 60.0  # s in which users must be well
SLACK = 0.01  # of requests: what chance may add in so short a time


@dataclasses.dataclass(frozen=True)
class Drill:
    """One day of a scenario.

    Parameters
    ----------
    scenario : Scenario
    day : {"incident", "quiet", "again"}
    """

    scenario: Scenario
    day: str = "incident"

    @property
    def name(self) -> str:
        """Scenario and day."""
        return f"{self.scenario.id}, {self.day}"

    @property
    def units(self) -> dict[str, str]:
        """Unit of each signal that the responder is shown."""
        known = self.scenario.system.signals
        return {t.signal: known[t.signal][0] if t.signal in known else t.unit for t in self.scenario.telemetry}

    @property
    def roles(self) -> dict[str, str]:
        """Who may take each action."""
        return {action.id: action.role for action in self.scenario.actions}

    @property
    def delays(self) -> dict[str, float]:
        """Seconds from an order until it is in force."""
        return {action.id: action.delay_s for action in self.scenario.actions}

    @functools.cached_property
    def until(self) -> float:
        """Seconds that the day lasts."""
        return engine.horizon(self.scenario, self.day)

    def play(self, logs: Sequence[Log], seeds: Sequence[int], until: float, *, looking: bool = True) -> Played:
        """Play logs, one for each seed, in one batch."""
        entries = [entries_of(log) for log in logs]
        runs = engine.play_many(self.scenario, entries, np.asarray(seeds), day=self.day, until=until)
        runs = [dataclasses.replace(run, seed=int(seed)) for run, seed in zip(runs, seeds, strict=True)]
        when = looks(int(until / EVERY))
        seen = [self.seen(run, when) for run in runs] if looking else []
        shown = {name: np.stack([one[name] for one in seen], axis=1) for name in self.units if looking}
        second = self._second
        return Played(
            shown,
            np.array([self.ends_well(run) for run in runs]),
            np.array([hurt(run) for run in runs]),
            np.array([engine.harm(self.scenario, run) for run in runs]),
            np.array([engine.harm(self.scenario, run, second) for run in runs]),
        )

    @property
    def _second(self) -> float:
        """When the trigger comes once more; the end of a day on which it does not."""
        return self.scenario.second if self.day == "again" else self.until

    def ends_well(self, run: engine.Played) -> bool:
        """Whether hardly more than what nobody would call an incident fails in the end."""
        rows = (run.time > self._second - SETTLED) & (run.time <= self._second)
        return float(run.failed[rows].sum()) <= (self.scenario.harm.tolerance + SLACK) * float(run.all[rows].sum())

    def seen(self, run: engine.Played, when: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """What is visible of each signal at each look."""
        shown, found = engine.shown(self.scenario, run, engine.NEVER), {}
        for telemetry in self.scenario.telemetry:
            there = np.isfinite(shown[telemetry.signal])
            times, values = shown.time[there] + telemetry.delay_s, shown[telemetry.signal][there]
            found[telemetry.signal] = _at(times, values, when)
        return found


def hurt(run: engine.Played) -> bool:
    """Whether users are unwell at any time."""
    return not math.isnan(milestones(run)[0])


def entries_of(log: Log) -> tuple[Entry, ...]:
    """A log as the engine reads it, and `course drill run` with it."""
    return tuple(engine.Step(taken.at, taken.action, undo=taken.undo) for taken in log)


def _at(times: NDArray[np.float64], values: NDArray[np.float64], when: NDArray[np.float64]) -> NDArray[np.float64]:
    """The newest value at each of some times; NaN before the first."""
    rows = np.searchsorted(times, when + 1e-6, side="right") - 1
    return np.where(rows >= 0, values[np.maximum(rows, 0)] if len(values) else np.nan, np.nan)
