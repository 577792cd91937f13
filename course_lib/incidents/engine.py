"""The engine: an action is a schedule, and after each the models run again from the start.

What a log does to a scenario is worked out in full by `changes`: a parameter's value is what the world gives it, unless
an action that is in force says otherwise; the later action wins. From these piecewise-constant values the scenario's
`drives` compute those of the model, and one run of it is one run of the drill. Many logs are one batch.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.detect.evaluator import firing
from course_lib.incidents import expression
from course_lib.incidents.scenario import NOW, Entry, LogError, Scenario, rule_of, wrong_entry
from course_lib.incidents.system import steps
from course_lib.models import noise

FloatArray = NDArray[np.float64]
DAYS = ("incident", "quiet", "again")
AFTER = 600.0  # seconds for which a second trigger is watched
NEVER = 1e9  # seconds: beyond any run


def Step(at: float, action: str, *, undo: bool = False) -> Entry:
    """An action at a time: the shortest log entry."""
    return Entry(at=at, action=action, undo=undo)


@dataclasses.dataclass(frozen=True)
class Played:
    """One run of a scenario: ``played.time``, ``played["error_ratio"]``; inputs and derived signals are there by name.

    Attributes
    ----------
    scenario, seed, log, day
        What was played.
    time : ndarray
        Seconds at the end of each step.
    values : mapping of str to list of (time, value)
        What each parameter and input was, when.
    """

    scenario: Scenario
    seed: int
    log: tuple[Entry, ...]
    day: str
    time: FloatArray
    values: Mapping[str, list[tuple[float, Any]]]
    signals: Mapping[str, Any] = dataclasses.field(repr=False)
    member: int = 0
    rows: int | None = None

    def __getitem__(self, name: str) -> FloatArray:
        if name in self.scenario.inputs:
            return self._held(name)
        if name in self.scenario.derived:
            return self._computed(self.scenario.derived[name].value)
        return np.asarray(self.signals[name])[: self.rows, self.member]

    def _held(self, name: str) -> FloatArray:
        step = self.time[1] - self.time[0] if len(self.time) > 1 else self.time[0]
        times, values = zip(*self.values[name], strict=True)
        return np.asarray(values)[np.searchsorted(times, self.time - step / 2, side="right") - 1]

    def _computed(self, text: str) -> FloatArray:
        known = {name: self[name] for name in expression.names(text)}
        return np.broadcast_to(expression.evaluate(text, known), self.time.shape).astype(float)

    @functools.cached_property
    def failed(self) -> FloatArray:
        """User requests that fail, per second; never more than there are."""
        return np.clip(self._computed(self.scenario.harm.failed), 0.0, self.all)

    @functools.cached_property
    def all(self) -> FloatArray:
        """User requests, per second."""
        return np.maximum(self._computed(self.scenario.harm.all), 0.0)

    @functools.cached_property
    def share(self) -> FloatArray:
        """Share of the users' requests that fail."""
        return np.divide(self.failed, self.all, out=np.zeros_like(self.all), where=self.all > 0)

    @functools.cached_property
    def incident(self) -> Played:
        """The run up to the scenario's horizon: what a run of that length would have been."""
        rows = int(np.searchsorted(self.time, self.scenario.until + 1e-9, side="right"))
        return dataclasses.replace(self, time=self.time[:rows], day="incident", rows=rows)

    @functools.cached_property
    def arrived(self) -> Shown:
        """Telemetry by the time at which it arrives, held until the next point: what an alert's rule evaluates."""
        full = shown(self.scenario, self, NEVER)
        clock = float(full.time[0])
        delayed = {}
        for t in self.scenario.telemetry:
            late = int(np.ceil(t.delay_s / clock - 1e-9))
            values = np.concatenate([np.full(late, np.nan), full[t.signal]])[: len(full.time)]
            delayed[t.signal] = _held(values)
        return Shown(full.time, delayed)

    @property
    def step(self) -> float:
        """Seconds between two ticks."""
        return float(self.time[0])

    @property
    def events(self) -> dict[str, float]:
        """When the world's trouble begins and ends, s; NaN for never."""
        times = [fault.at for fault in _world(self.scenario, self.day)]
        if self.day != "quiet" and self.scenario.trigger:
            times = [self.scenario.trigger.starts, self.scenario.trigger.ends]
        return {"trigger_starts": times[0] if times else np.nan, "trigger_ends": times[-1] if times else np.nan}


def play(
    scenario: Scenario,
    log: Iterable[Entry] = (),
    seed: int = 0,
    *,
    day: str = "incident",
    until: float | None = None,
    improved: Mapping[str, Any] | None = None,
) -> Played:
    """Play a log: any actions in any order, from the start to the horizon.

    Parameters
    ----------
    log : iterable of Entry
        Only its actions matter to the models.
    day : {"incident", "quiet", "again"}
        The incident; a day that only looks like one; the incident, and its trigger once more at ``scenario.second``: up
        to there it is the incident, bit for bit.
    until : float, optional
        Seconds; by default the scenario's horizon, for ``again`` ten minutes after the second trigger.
    improved : mapping, optional
        Parameters or inputs that were set otherwise from the start: what a post-mortem proposes.
    """
    return play_many(scenario, [tuple(log)], seed, day=day, until=until, improved=improved)[0]


def play_many(
    scenario: Scenario,
    logs: Sequence[Sequence[Entry]],
    seed: int = 0,
    *,
    day: str = "incident",
    until: float | None = None,
    improved: Mapping[str, Any] | None = None,
) -> list[Played]:
    """Play several logs as one batch; each is bit for bit what `play` gives."""
    end = horizon(scenario, day) if until is None else until
    return play_each(scenario, [(log, day, improved or {}) for log in logs], seed, until=end)


def play_each(
    scenario: Scenario,
    plays: Sequence[tuple[Sequence[Entry], str, Mapping[str, Any]]],
    seed: int = 0,
    *,
    until: float | None = None,
) -> list[Played]:
    """Play several logs as one batch, each on a day of its own and with improvements of its own.

    Parameters
    ----------
    plays : sequence of (log, day, improved)
        As `play` takes them.
    until : float, optional
        Seconds, for all of them; by default the scenario's horizon.
    """
    end = scenario.until if until is None else until
    afresh = scenario.afresh and end > scenario.second and any(day == "again" for _, day, _ in plays)
    if not afresh:
        every = [changes(scenario, log, day, improved) for log, day, improved in plays]
        time, signals = _run(scenario, every, seed, end)
    else:
        time, signals, every = _run_twice(scenario, plays, seed, end)
    return [
        Played(scenario, seed, tuple(log), day, time, own, signals, i)
        for i, ((log, day, _), own) in enumerate(zip(plays, every, strict=True))
    ]


Changes = dict[str, list[tuple[float, Any]]]


def _run(scenario: Scenario, every: Sequence[Changes], seed: int, until: float) -> tuple[FloatArray, Mapping[str, Any]]:
    names = dict.fromkeys(name for one in every for name in one if name in scenario.system.fields)
    for name, one in ((name, one) for name in names for one in every):
        one.setdefault(name, [(0.0, scenario.system.defaults[name])])
    values = {
        name: _batched([one[name] for one in every], scenario.system.fields[name]["kind"] == "scheduled")
        for name in names
    }
    return scenario.system.run(values, np.full(len(every), seed), until)


def _run_twice(
    scenario: Scenario, plays: Sequence[tuple[Sequence[Entry], str, Mapping[str, Any]]], seed: int, end: float
) -> tuple[FloatArray, Mapping[str, Any], list[Changes]]:
    """A run up to the second trigger, and one afresh from there on with the settings that were left."""
    if any(day != "again" for _, day, _ in plays):
        raise ValueError(f"{scenario.id}: its trigger comes afresh, so play the days apart")
    at = scenario.second
    every = [changes(scenario, log, "incident", improved) for log, _, improved in plays]
    time, signals = _run(scenario, every, seed, at)
    left = [{**better, **_left(scenario, log, own)} for (log, _, better), own in zip(plays, every, strict=True)]
    later = [changes(scenario, (), "incident", settings) for settings in left]
    then, signals_then = _run(scenario, later, seed, end - at)
    joined = [_joined(own, other, at) for own, other in zip(every, later, strict=True)]
    return np.concatenate([time, at + then]), _Joined(signals, signals_then), joined


class _Joined(dict[str, Any]):
    """Signals of two runs, one after the other."""

    def __init__(self, first: Mapping[str, Any], then: Mapping[str, Any]) -> None:
        super().__init__()
        self._runs = first, then

    def __missing__(self, name: str) -> Any:
        self[name] = np.concatenate([np.asarray(run[name]) for run in self._runs])
        return self[name]


def _joined(first: Changes, then: Changes, at: float) -> Changes:
    return {
        name: [(t, v) for t, v in first.get(name, changed) if t < at] + [(at + t, v) for t, v in changed]
        for name, changed in then.items()
    }


def _left(scenario: Scenario, log: Iterable[Entry], values: Changes) -> dict[str, Any]:
    """Settings as a log leaves them for the next time: what it set for good, and what only the next time feels."""
    left: dict[str, Any] = {}
    for entry in log:
        if entry.kind != "action":
            continue
        action = scenario.action(entry.action or "")
        for name in action.effect:
            if action.effect[name] != NOW:
                left[name] = values[name][-1][1]
        for name, value in action.next.items():
            if entry.undo:
                left.pop(name, None)
            else:
                left[name] = value
    return left


def horizon(scenario: Scenario, day: str = "incident") -> float:
    """Seconds that a day of the scenario lasts."""
    if day not in DAYS:
        raise ValueError(f"day = {day!r}: must be one of {', '.join(DAYS)}")
    if day != "again":
        return scenario.until
    return scenario.second + min(AFTER, scenario.until) + (scenario.starts if scenario.afresh else 0.0)


def over(scenario: Scenario, woken: float, size: int) -> float:
    """When a drill of `size` minutes, that begins when the responder is woken, ends by itself, s."""
    return min(woken + 60.0 * size, horizon(scenario))


# -- what a log does --------------------------------------------------------------------------------------------------


def changes(scenario: Scenario, log: Iterable[Entry], day: str, improved: Mapping[str, Any]) -> Changes:
    """Piecewise-constant values of all parameters and inputs that a scenario sets, as (time, value) from time 0."""
    world = _given(scenario, day, improved)
    forced = _overrides(scenario, log)
    values = {name: _merged(given, forced.get(name, [])) for name, given in world.items()}
    for name, text in scenario.drives.items():
        values[name] = _driven(text, values)
    return values


def _given(scenario: Scenario, day: str, improved: Mapping[str, Any]) -> Changes:
    """What the world gives, for every parameter or input that anything changes."""
    start = {**{name: given.value for name, given in scenario.inputs.items()}, **scenario.baseline}
    touched = {fault.parameter for fault in scenario.faults}
    touched |= {name for action in scenario.actions for name in (*action.effect, *action.next)}
    for name in touched - set(start):
        start[name] = scenario.system.defaults[name]
    start |= scenario.quiet if day == "quiet" else {}
    values: dict[str, list[tuple[float, Any]]] = {n: [(0.0, v)] for n, v in {**start, **improved}.items()}
    for fault in _world(scenario, day):
        values[fault.parameter].append((fault.at, fault.value))
    return values


def _world(scenario: Scenario, day: str) -> list[Any]:
    if day == "quiet" or not scenario.faults:
        return []
    later = scenario.second - scenario.starts
    again = [fault.model_copy(update={"at": fault.at + later}) for fault in scenario.faults] if day == "again" else []
    return [*scenario.faults, *again]


Override = tuple[float, float, Any, str]  # from, to, value, and the action that set it


def _overrides(scenario: Scenario, log: Iterable[Entry]) -> dict[str, list[Override]]:
    """For each parameter, the actions in force on it, in the order in which they were taken."""
    forced: dict[str, list[Override]] = {}
    for entry in sorted((e for e in log if e.kind == "action"), key=lambda e: e.at):
        if message := wrong_entry(scenario, entry):
            raise LogError(message)
        action = scenario.action(entry.action or "")
        start = entry.at + action.delay_s
        for name, value in action.effect.items():
            known = forced.setdefault(name, [])
            if entry.undo:
                known[:] = [(a, min(b, start) if who == action.id else b, v, who) for a, b, v, who in known]
            else:
                known.append((start, start + (action.lasts_s or NEVER), start if value == NOW else value, action.id))
    return forced


def _merged(given: list[tuple[float, Any]], forced: list[Override]) -> list[tuple[float, Any]]:
    """Values over time: the action in force that began last, or else the world's."""
    if not forced:
        return given
    times = sorted({t for t, _ in given} | {t for a, b, *_ in forced for t in (a, b) if t < NEVER})
    merged: list[tuple[float, Any]] = []
    for now in times:
        inside = [(a, i, v) for i, (a, b, v, _) in enumerate(forced) if a <= now < b]
        value = max(inside)[2] if inside else [v for t, v in given if t <= now][-1]
        if not merged or merged[-1][1] != value:
            merged.append((now, value))
    return merged


def _driven(text: str, values: Mapping[str, list[tuple[float, Any]]]) -> list[tuple[float, Any]]:
    read = sorted(expression.names(text))
    times = sorted({t for name in read for t, _ in values[name]} | {0.0})
    driven: list[tuple[float, Any]] = []
    for now in times:
        value = float(expression.evaluate(text, {n: [v for t, v in values[n] if t <= now][-1] for n in read}))
        if not driven or driven[-1][1] != value:
            driven.append((now, value))
    return driven


def _batched(members: list[list[tuple[float, Any]]], scheduled: bool) -> Any:
    """One schedule for all members, shorter ones waiting at the end; the last value where a run has only one."""
    if not scheduled:
        members = [[(0.0, one[-1][1])] for one in members]
    if len(members[0]) == 1 and all(one == members[0] for one in members):
        return members[0][0][1]
    longest = max(map(len, members))
    padded = [one + [(NEVER, one[-1][1])] * (longest - len(one)) for one in members]
    return steps(
        [(np.array([one[i][0] for one in padded]), np.array([one[i][1] for one in padded])) for i in range(longest)]
    )


# -- what a responder sees --------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Shown:
    """Telemetry as a responder sees it: a common clock, and NaN where a signal has no point (yet)."""

    time: FloatArray
    signals: Mapping[str, FloatArray]

    def __getitem__(self, name: str) -> FloatArray:
        return self.signals[name]

    def held(self) -> Shown:
        """The same with the last point held until the next, as a stat panel or an alert rule reads it."""
        return Shown(self.time, {name: _held(values) for name, values in self.signals.items()})


def shown(scenario: Scenario, played: Played, now: float) -> Shown:
    """Telemetry up to `now`: each signal averaged over its interval, late by its delay, noisy by the run's seed."""
    clock = min(t.every_s for t in scenario.telemetry)
    rows = int(np.floor(min(now, played.time[-1]) / clock + 1e-9))
    time = np.arange(1, rows + 1) * clock
    return Shown(time, {t.signal: _seen(t, played, time, now) for t in scenario.telemetry})


def _seen(telemetry: Any, played: Played, time: FloatArray, now: float) -> FloatArray:
    every = max(round(telemetry.every_s / played.step), 1)
    means = _means(played[telemetry.signal], every)
    draws = noise.normal([played.seed], f"telemetry {telemetry.signal}", max(len(means), 1))[: len(means), 0]
    means = np.maximum(means * (1.0 + telemetry.noise * draws), np.minimum(means, 0.0))
    if played.scenario.system.signals.get(telemetry.signal, ("",))[0].startswith("of "):
        means = np.minimum(means, 1.0)
    values = np.full(len(time), np.nan)
    ends = np.arange(1, len(means) + 1) * every * played.step
    rows = np.ceil(ends / (time[0] if len(time) else 1.0) - 1e-9).astype(np.int64) - 1
    known = (ends + telemetry.delay_s <= now + 1e-9) & (rows < len(time))
    values[rows[known]] = means[known]
    return values


def _means(values: FloatArray, every: int) -> FloatArray:
    """Means over whole intervals; gaps of the model's don't count."""
    whole = values[: len(values) // every * every].reshape(-1, every)
    there = np.isfinite(whole)
    total = np.where(there, whole, 0.0).sum(axis=1)
    return np.divide(total, there.sum(axis=1), out=np.full(len(whole), np.nan), where=there.any(axis=1))


def _held(values: FloatArray) -> FloatArray:
    rows = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), -1))
    return np.where(rows >= 0, values[rows], np.nan)


def alarms(scenario: Scenario, played: Played, now: float) -> list[tuple[float, str, str]]:
    """When alerts fire and clear up to `now`: (time, "alert" or "cleared", id), in order of time.

    A rule sees what telemetry shows, so it is as late as the latest signal it reads. What fires while it is silenced is
    told to nobody, nor that it clears.
    """
    found = []
    for alert in scenario.alerts:
        told = False
        for at, kind in _crossings(played, alert.built, now):
            if kind == "alert":
                told = not _silenced(scenario, played.log, alert.id, at)
            if told:
                found.append((at, kind, alert.id))
    return sorted(found)


def woken(scenario: Scenario, played: Played) -> float:
    """When the responder is woken, s: by the first alert, or where none fires, by the first message."""
    alerts = [at for at, kind, _ in alarms(scenario, played, NEVER) if kind == "alert"]
    messages = [inject.at for inject in scenario.injects if not inject.secret]
    return float(np.ceil(min(alerts or messages, default=0.0)))


def _crossings(played: Played, rule: Any, now: float) -> Iterator[tuple[float, str]]:
    seen = played.arrived
    fires = firing(rule, seen)  # type: ignore[arg-type]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fires])))
    for row in edges:
        if seen.time[row] <= now:
            yield float(seen.time[row]), "alert" if fires[row] else "cleared"


def _silenced(scenario: Scenario, log: Iterable[Entry], alert: str, at: float) -> bool:
    taken = [(e, scenario.action(e.action or "")) for e in log if e.kind == "action"]
    return any(
        alert in action.silences and e.at + action.delay_s <= at < e.at + action.delay_s + (action.lasts_s or NEVER)
        for e, action in taken
        if not e.undo
    )


def first_telling(scenario: Scenario, played: Played) -> float:
    """First second at which the signal that tells this failure mode could have told, s; NaN for never."""
    if scenario.tells is None:
        return float("nan")
    for at, kind in _crossings(played, rule_of(scenario.tells, scenario.title), NEVER):
        if kind == "alert":
            return at
    return float("nan")


# -- what users lose --------------------------------------------------------------------------------------------------


def harm(scenario: Scenario, played: Played, start: float = 0.0) -> float:
    """Failed user-minutes from `start` on."""
    rows = played.time > start
    if scenario.users.count is not None:
        return float(played.share[rows].sum() * played.step * scenario.users.count / 60.0)
    return float(played.failed[rows].sum() * played.step * (scenario.users.per_request or 0.0))


def smoothed(played: Played, seconds: float = 30.0) -> FloatArray:
    """Failed share over the last `seconds`, over less at the start."""
    length = max(round(seconds / played.step), 1)
    ends = np.arange(1, len(played.time) + 1)
    begins = np.maximum(ends - length, 0)
    totals = [np.concatenate([[0.0], np.cumsum(part)]) for part in (played.failed, played.all)]
    failed, every = (total[ends] - total[begins] for total in totals)
    return np.divide(np.maximum(failed, 0.0), every, out=np.zeros_like(every), where=every > 1e-9)


def final(played: Played, name: str) -> Any:
    """Value of a parameter or input at the scenario's horizon."""
    return [v for t, v in played.values[name] if t <= played.scenario.until][-1]
