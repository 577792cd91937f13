"""What really happened in a run, worked out again from scenario, seed and log: the key that no file holds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from course_lib.incidents import engine
from course_lib.incidents.engine import Entry, Played
from course_lib.incidents.scenario import Scenario

SETTLED = 60.0  # seconds without harm at the end of a run before anything counts as over
WINDOW = 10.0  # seconds over which a share of failures is read
MATTERS = 0.01  # of what doing nothing costs: an action that changes less than this did not help
MONTH = 30 * 86_400.0


@dataclasses.dataclass(frozen=True)
class Run:
    """A drill as somebody played it: scenario, seed and log; the rest follows."""

    scenario: Scenario
    seed: int
    log: tuple[Entry, ...]
    learner: str = ""

    def played(self) -> Played:
        """The models' answer to the log."""
        return engine.play(self.scenario, self.log, self.seed)


@dataclasses.dataclass(frozen=True)
class Effect:
    """What one action did: user-minutes it saved (or, below nothing, cost), as the run without it says."""

    at: float
    action: str
    saved: float
    helped: bool
    harmed: bool


@dataclasses.dataclass(frozen=True)
class Truth:
    """Times in seconds of the run, NaN for never.

    Attributes
    ----------
    impact_start, mitigated, resolved
        When failures exceed the scenario's tolerance; when they have come down below half of their peak for good; when
        they are within the tolerance for good.
    first_signal
        When the rule that tells this failure mode could first have told.
    detected, acknowledged
        The first alert that fired, or the responder's first word if that was earlier; the first word.
    failed, requests, share
        Failed user requests; all of them from `impact_start` to `resolved` (or the end); the one ÷ the other.
    user_minutes, budget_burned
        What users lost; the share of a month's error budget that it used up.
    amplification
        Highest minute of the scenario's amplification signal; NaN where it has none.
    effects
        One for each action of the log.
    """

    impact_start: float
    first_signal: float
    detected: float
    acknowledged: float
    mitigated: float
    resolved: float
    failed: float
    requests: float
    share: float
    user_minutes: float
    user_minutes_of_nothing: float
    user_minutes_of_reference: float
    budget_burned: float
    amplification: float
    modes: tuple[str, ...]
    cause: str
    victim: str
    trigger: str
    amplifier: str
    missing_defence: str
    effects: tuple[Effect, ...]

    @property
    def useless(self) -> tuple[str, ...]:
        """Actions that changed nothing for users."""
        return tuple(dict.fromkeys(e.action for e in self.effects if not e.helped and not e.harmed))

    @property
    def harmful(self) -> tuple[str, ...]:
        """Actions that cost users something."""
        return tuple(dict.fromkeys(e.action for e in self.effects if e.harmed))


def truth(run: Run) -> Truth:
    """Work out the truth of a run; the log's words play no part in it, but for when the first was said."""
    return of(run, engine.play_many(run.scenario, logs(run), run.seed))


def logs(run: Run) -> list[tuple[Entry, ...]]:
    """The logs that the truth of a run rests on: its own, none, the reference, its own without each action."""
    acted = [entry for entry in run.log if entry.kind == "action"]
    return [run.log, (), run.scenario.reference, *_without_each(run.log, acted)]


def of(run: Run, runs: Sequence[Played]) -> Truth:
    """The truth, from what the models gave for `logs` in that order."""
    scenario = run.scenario
    acted = [entry for entry in run.log if entry.kind == "action"]
    played = runs[0]
    lost, of_nothing, of_reference, *of_others = (engine.harm(scenario, one) for one in runs)
    start, mitigated, resolved = milestones(played)
    failed, requests = _counted(played, start, resolved)
    said = min((entry.at for entry in run.log), default=math.nan)
    alerts = [at for at, kind, _ in engine.alarms(scenario, played, scenario.until) if kind == "alert"]
    return Truth(
        impact_start=start,
        first_signal=engine.first_telling(scenario, played),
        detected=_earliest(*alerts, said),
        acknowledged=said,
        mitigated=mitigated,
        resolved=resolved,
        failed=failed,
        requests=requests,
        share=failed / requests if requests else 0.0,
        user_minutes=lost,
        user_minutes_of_nothing=of_nothing,
        user_minutes_of_reference=of_reference,
        budget_burned=_burned(played),
        amplification=amplification(played),
        modes=scenario.modes if not scenario.noop else (),
        cause=scenario.debrief.cause,
        victim=scenario.debrief.victim,
        trigger=scenario.debrief.trigger,
        amplifier=scenario.debrief.amplifier,
        missing_defence=scenario.debrief.missing_defence,
        effects=_effects(acted, lost, of_others, max(of_nothing, lost)),
    )


def milestones(played: Played, start: float = 0.0) -> tuple[float, float, float]:
    """When harm begins after `start`, when it has halved for good, when it is over for good; s, NaN for never."""
    tolerance = played.scenario.harm.tolerance
    share = np.where(played.time > start, engine.smoothed(played, WINDOW), 0.0)
    if not (share > tolerance).any():
        return (math.nan,) * 3
    begins = float(played.time[(share > tolerance).argmax()])
    return begins, _over(played, share, share.max() / 2), _over(played, share, tolerance)


def _over(played: Played, share: np.ndarray, level: float) -> float:
    last = len(share) - 1 - int((share > level)[::-1].argmax())
    quiet = played.time[-1] - played.time[last]
    return float(played.time[last]) if quiet >= SETTLED else math.nan


def _counted(played: Played, start: float, resolved: float) -> tuple[float, float]:
    if math.isnan(start):
        return 0.0, 0.0
    end = played.time[-1] if math.isnan(resolved) else resolved
    rows = (played.time > start - WINDOW) & (played.time <= end)
    return float(played.failed[rows].sum() * played.step), float(played.all[rows].sum() * played.step)


def _burned(played: Played) -> float:
    """Share of a month's error budget; a month has the requests of the run's first step, all month."""
    allowed = (1.0 - played.scenario.harm.objective) * played.all[0] * MONTH
    return float(played.failed.sum() * played.step / allowed) if allowed > 0 else 0.0


def amplification(played: Played) -> float:
    """Highest minute of the signal that the scenario names as its amplification."""
    name = played.scenario.debrief.amplification
    if name is None:
        return math.nan
    minute = max(round(60.0 / played.step), 1)
    values = np.nan_to_num(played[name])
    total = np.concatenate([[0.0], np.cumsum(values)])
    return float(((total[minute:] - total[:-minute]) / minute).max())


def _earliest(*times: float) -> float:
    known = [time for time in times if not math.isnan(time)]
    return min(known, default=math.nan)


def _without_each(log: Sequence[Entry], acted: Sequence[Entry]) -> list[tuple[Entry, ...]]:
    return [tuple(entry for entry in log if entry is not one) for one in acted]


def _effects(acted: Sequence[Entry], lost: float, without: Sequence[float], scale: float) -> tuple[Effect, ...]:
    matters = MATTERS * max(scale, 1e-9)
    return tuple(
        Effect(entry.at, entry.action or "", other - lost, other - lost > matters, lost - other > matters)
        for entry, other in zip(acted, without, strict=True)
    )
