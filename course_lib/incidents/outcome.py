"""Whether a log ends an incident: users are spared, it is over, it stays over, and nothing is left past its bound.

`examine` checks a scenario against its model: what it calls right must be, what it calls wrong must be, and what it
calls harmful must hurt. CI refuses a scenario with a claim that the model does not bear out.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from course_lib.incidents import engine
from course_lib.incidents.engine import Entry, Played, Step
from course_lib.incidents.scenario import GAMES, Scenario
from course_lib.incidents.truth import MATTERS, milestones

ENOUGH = 0.5  # of what the reference spares users, a log must spare them
BACK = 0.5  # of what doing nothing costs the second time, a log may cost
IDLE = 0.15  # of what the reference spares users: less than this is no help
LOOKED = 80.0  # seconds after the trouble begins at which somebody who games the drill acts
EVERY = 240.0  # seconds after which a restart is tried again
QUIET_AT, QUIET_FOR = 60.0, 400.0  # seconds: when something harmful is done on a quiet day, and how long one looks
WAIT = "wait it out"
GAMES_IN_WORDS = {
    "restart": "restart everything, again and again",
    "scale_to_zero": "scale to zero",
    "raise_limits": "raise every limit",
    "drop_all": "drop all traffic",
    "silence": "silence the alert",
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a log ends: user-minutes lost, the share spared of what can be, and what speaks against it."""

    lost: float
    spared: float
    against: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.against


Player = Callable[[Scenario, Sequence[Sequence[Entry]], int], list[Played]]


def play(scenario: Scenario, logs: Sequence[Sequence[Entry]], seed: int = 0) -> list[Played]:
    """What logs are judged by: the incident and its trigger once more, where there is one; all of it in one batch."""
    return engine.play_many(scenario, logs, seed, day="incident" if scenario.noop else "again")


def outcomes(
    scenario: Scenario, logs: Sequence[Sequence[Entry]], seed: int = 0, player: Player = play
) -> list[Outcome]:
    """Judge logs by what the models say; their words play no part."""
    nothing, reference, *played = player(scenario, [(), scenario.reference, *logs], seed)
    return judge(played, nothing, reference)


def judge(played: Sequence[Played], nothing: Played, reference: Played) -> list[Outcome]:
    """The same from runs that `play` gave, beside those of no log at all and of the reference."""
    scenario = nothing.scenario
    if scenario.noop:
        return [_of_noop(scenario, one, nothing) for one in played]
    worst, best = (engine.harm(scenario, one.incident) for one in (nothing, reference))
    back = engine.harm(scenario, nothing, scenario.second)
    return [_outcome(scenario, one, worst, best, back) for one in played]


def _outcome(s: Scenario, again: Played, worst: float, best: float, back: float) -> Outcome:
    played = again.incident
    lost, second = engine.harm(s, played), engine.harm(s, again, s.second)
    spared = (worst - lost) / (worst - best) if worst > best else 0.0
    starts, _, resolved = milestones(played)
    against = []
    if spared < ENOUGH:
        against.append(f"users lose {100 * lost / max(worst, 1e-9):.0f} % of what doing nothing costs them")
    if not math.isnan(starts) and math.isnan(resolved):
        against.append("not over at the end")
    if second > BACK * back:
        against.append("the same trigger brings it back")
    return Outcome(lost, spared, (*against, *unsafe(s, played)))


def _of_noop(s: Scenario, played: Played, nothing: Played) -> Outcome:
    lost, due = engine.harm(s, played), engine.harm(s, nothing)
    against = ["users lose something where nothing was wrong"] if lost - due > 0.001 * _whole(s, played) else []
    acted = [s.action(e.action or "") for e in played.log if e.kind == "action"]
    if any(action.cost for action in acted):
        against.append("money is spent where nothing was wrong")
    if any(action.game == "silence" for action in acted):
        against.append("the next page will not come")
    return Outcome(lost, 0.0, (*against, *unsafe(s, played)))


def _whole(s: Scenario, played: Played) -> float:
    """User-minutes of a run in which every request fails."""
    if s.users.count is not None:
        return s.users.count * s.until / 60.0
    return float(played.all.sum() * played.step * (s.users.per_request or 0.0))


def unsafe(scenario: Scenario, played: Played) -> Iterator[str]:
    """What a log leaves past its bound, and which safeguards it goes round."""
    yield from left_past_bounds(scenario, played)
    around = [scenario.action(e.action or "").bypasses for e in played.log if e.kind == "action" and not e.undo]
    for what in dict.fromkeys(filter(None, around)):
        yield f"goes round {what}"


def left_past_bounds(scenario: Scenario, played: Played) -> Iterator[str]:
    """Limits that a log leaves where the scenario says they may not stay."""
    for name, bound in scenario.safe.items():
        value = engine.final(played, name) if name in played.values else None
        if isinstance(value, float) and not bound.low <= value <= bound.high:
            yield f"{name} is left at {value:g}: {bound.why}"


def games(scenario: Scenario) -> dict[str, tuple[Entry, ...]]:
    """Ways of gaming the drill that its actions allow: what they are called, and their logs."""
    at = scenario.starts + LOOKED
    found: dict[str, tuple[Entry, ...]] = {} if scenario.noop else {WAIT: ()}
    for game in GAMES:
        actions = [action for action in scenario.actions if action.game == game]
        if actions:
            times = [at + k * EVERY for k in range(4)] if game == "restart" else [at]
            found[GAMES_IN_WORDS[game]] = tuple(Step(time, action.id) for time in times for action in actions)
    return found


# -- what a scenario claims -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Report:
    """How each log of a scenario ends, by its name, and the claims that the model does not bear out."""

    right: Mapping[str, Outcome]
    wrong: Mapping[str, Outcome]
    untrue: tuple[str, ...]


def logs(scenario: Scenario) -> dict[str, tuple[Entry, ...]]:
    """All logs that `examine` judges."""
    return {**right(scenario), **wrong(scenario), **_single(scenario)}


def examine(scenario: Scenario, seed: int = 0, player: Player = play) -> Report:
    """Check all that a scenario claims, most of it in one batch; another player may have the runs already."""
    good, bad, single = right(scenario), wrong(scenario), _single(scenario)
    of_all = [*good.values(), *bad.values(), *single.values()]
    nothing, reference, *played = player(scenario, [(), scenario.reference, *of_all], seed)
    judged = judge(played, nothing, reference)
    ends = dict(zip([*good, *bad, *single], judged, strict=True))
    found = [f"{name} does not end it: {'; '.join(ends[name].against)}" for name in good if not ends[name].passes]
    found += [f"{name} ends it" for name in bad if ends[name].passes]
    found += _useful(scenario, ends)
    found += _harmless(scenario, ends, seed)
    found += _untold(scenario, nothing.incident, seed)
    return Report({name: ends[name] for name in good}, {name: ends[name] for name in bad}, tuple(found))


def right(s: Scenario) -> dict[str, tuple[Entry, ...]]:
    """Logs that a scenario calls right."""
    return {"the reference": s.reference, **{f"the way {way.id}": way.log for way in s.ways}}


def wrong(s: Scenario) -> dict[str, tuple[Entry, ...]]:
    """Logs that a scenario calls wrong, and those that game it."""
    return {**{f"the tempting {way.id}": way.log for way in s.tempting}, **games(s)}


def _single(s: Scenario) -> dict[str, tuple[Entry, ...]]:
    """Red herrings alone, and harmful actions on top of the reference."""
    at = s.starts + LOOKED
    found = {f"herring {a.id}": (Step(at, a.id),) for a in s.actions if a.red_herring}
    for action in s.actions:
        if action.harmful:
            log = (*s.reference, Step(at, action.id))
            found[f"harmful {action.id}"] = tuple(sorted(log, key=lambda entry: entry.at))
    return found


def _useful(s: Scenario, ends: Mapping[str, Outcome]) -> Iterator[str]:
    for action in s.actions:
        if action.red_herring and not s.noop and (spared := ends[f"herring {action.id}"].spared) > IDLE:
            yield f"the red herring {action.id} spares users {100 * spared:.0f} % of what the reference does"


def _harmless(s: Scenario, ends: Mapping[str, Outcome], seed: int) -> Iterator[str]:
    """Actions called harmful that cost nobody anything, on top of the reference or on a quiet day."""
    best = ends["the reference"].lost
    idle = [a.id for a in s.actions if a.harmful and ends[f"harmful {a.id}"].lost - best <= MATTERS * best + 1.0]
    if idle:
        logs = [(), *((Step(QUIET_AT, name),) for name in idle)]
        usual, *others = engine.play_many(s, logs, seed, day="quiet", until=QUIET_FOR)
        matters = engine.harm(s, usual) + 1.0
        for name, played in zip(idle, others, strict=True):
            if engine.harm(s, played) <= matters:
                yield f"the harmful {name} costs users nothing"


def _untold(s: Scenario, played: Played, seed: int) -> Iterator[str]:
    """Alerts and signals that do not do what the scenario says of them; `played` is the incident if nobody acts."""
    fired = {name: at for at, kind, name in reversed(engine.alarms(s, played, s.until)) if kind == "alert"}
    yield from (f"the alert {alert.id} never fires" for alert in s.alerts if alert.id not in fired)
    for entry in s.reference:
        if entry.kind == "ack" and entry.at < math.floor(fired.get(entry.alert or "", 0.0)):
            yield f"the reference acknowledges {entry.alert} at {entry.at:g} s, before it fires"
    yield from _cut_short(s, engine.woken(s, played))
    starts, _, _ = milestones(played)
    if s.noop:
        if not math.isnan(starts):
            yield f"something is wrong from {starts:.0f} s on, where nothing should be"
        return
    quiet = engine.play(s, (), seed, day="quiet")
    if math.isnan(engine.first_telling(s, played)):
        yield "the signal that should tell it does not"
    if not math.isnan(milestones(quiet)[0]):
        yield "users are hurt on the quiet day"
    if not math.isnan(engine.first_telling(s, quiet)):
        yield "the signal that should tell it fires on the quiet day"


def _cut_short(s: Scenario, woken: float) -> Iterator[str]:
    """Sizes in which the reference cannot be played to its end, or that are no longer than the one before."""
    last, before = max((entry.at for entry in s.reference), default=0.0), 0.0
    for size in s.sizes:
        end = engine.over(s, woken, size)
        if last > end:
            yield f"the reference takes until {last:g} s, and a drill of {size} minutes is over at {end:g} s"
        if end <= before:
            yield f"a drill of {size} minutes is over at {end:g} s, as a shorter one is"
        before = end
