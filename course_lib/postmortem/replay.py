"""From a sealed run to what is true of it: the models play it again, with each action item, in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.detect import rule_file
from course_lib.incidents import engine, expression, scenario, seal, truth
from course_lib.incidents.engine import Played
from course_lib.incidents.scenario import Alert, Entry, Improvement, LogError, Scenario, ScenarioError
from course_lib.incidents.truth import Run, Truth
from course_lib.postmortem.facts import Evidence, Facts, Proposed, Replayed, distinctive
from course_lib.postmortem.front_matter import MOMENTS

DAY = 86_400.0
#: Entries of a log that is graded: each action of it is left out in turn, which costs a run of the models.
MOST_ENTRIES = 100
#: Seconds before the second trigger at which the levers of the first incident are back where they were.
_TIDY = 60.0
#: Seconds after the trigger within which a system that recovers by itself has done so.
_SOON = 300.0
_OWN = "proposed"


class RunError(ValueError):
    """Why a run cannot be graded against, in one line."""


@dataclass(frozen=True)
class Sealed:
    """A run and the file that it was sealed in; with `known`, nobody need ask whether the models say the same."""

    run: Run
    plain: Mapping[str, Any]
    known: bool = False


def load(path: Path) -> Sealed:
    """Read a sealed run of one of the course's own scenarios.

    Raises
    ------
    RunError
    """
    try:
        plain = seal.read(path)
    except seal.SealError as error:
        told = str(error).removeprefix(f"{path.name}: ")
        raise RunError(told if told.startswith(str(path)) else f"{path}: {told}") from None
    return _opened(plain, str(path))


def parse(text: str, name: str = "run") -> Sealed:
    """Read the text of a sealed run, which a stranger may have written.

    Raises
    ------
    RunError
    """
    try:
        return _opened(seal.parse(text, name), name)
    except seal.SealError as error:
        raise RunError(str(error)) from None


def _opened(plain: Mapping[str, Any], name: str) -> Sealed:
    """A run that is whole, of one of the course's own scenarios: never of one that the file names by its path."""
    if plain["scenario"] not in scenario.names():
        raise RunError(f"{name}: scenario {str(plain['scenario'])[:60]!r} is none of the course's")
    if not isinstance(plain["log"], list) or len(plain["log"]) > MOST_ENTRIES:
        raise RunError(f"{name}: a log of more than {MOST_ENTRIES} entries is not graded; play a shorter drill")
    try:
        return Sealed(seal.opened(plain, name), plain)
    except (seal.SealError, ScenarioError, LogError) as error:
        raise RunError(str(error)) from None


@dataclass(frozen=True)
class Known:
    """What is true of a run whatever a document says: its plays, and the facts without items and rule."""

    played: Sequence[Played]
    facts: Facts


def known(sealed: Sealed) -> Known:
    """Play a run once, for several documents on it.

    Raises
    ------
    RunError
        Where the models do not say what the file says.
    """
    run = sealed.run
    return _known(sealed, engine.play_each(run.scenario, _own_plays(run), run.seed))


def examine(
    sealed: Sealed,
    items: Mapping[str, Mapping[str, Any]] | None = None,
    rule: Mapping[str, Any] | None = None,
    before: Known | None = None,
) -> Facts:
    """Play a run again and work out all that a document can be held against.

    Parameters
    ----------
    sealed : Sealed
    items : mapping of str to mapping, optional
        Effects of action items, by id.
    rule : mapping, optional
        Fields of the proposed rule.
    before : Known, optional
        The run as it was played before; without it, run and items are played in one batch, which is quicker than twice.

    Raises
    ------
    RunError
        Where the models do not say what the file says.
    """
    run, of = sealed.run, sealed.run.scenario
    wrong = {id_: _wrong(of, effect) for id_, effect in (items or {}).items()}
    playable = [id_ for id_, problem in wrong.items() if not problem]
    tidied, own = _tidied(run), [] if before else _own_plays(run)
    plays = [play for id_ in playable for play in ((tidied, _second(of), items[id_]), ((), "quiet", items[id_]))]
    played = engine.play_each(of, own + plays, run.seed) if own or plays else []
    before = before or _known(sealed, played[: len(own)])
    base, quiet = before.played[-2:]
    replayed = {id_: Replayed(problem=problem) for id_, problem in wrong.items() if problem}
    others = played[len(own) :]
    for id_, after, calm in zip(playable, others[::2], others[1::2], strict=True):
        replayed[id_] = _replayed(of, (base, quiet), (after, calm))
    proposed = None if rule is None else _proposed(of, rule, before.played[0], quiet)
    return replace(before.facts, items=replayed, proposed=proposed)


def _own_plays(run: Run) -> list[tuple[tuple[Entry, ...], str, Mapping[str, Any]]]:
    """The run, the run without each of its actions, the second trigger, and a quiet day."""
    own: list[tuple[tuple[Entry, ...], str, Mapping[str, Any]]] = [(log, "incident", {}) for log in truth.logs(run)]
    return [*own, (_tidied(run), _second(run.scenario), {}), ((), "quiet", {})]


def _known(sealed: Sealed, played: Sequence[Played]) -> Known:
    for problem in [] if sealed.known else seal.problems(sealed.plain, played=played[0]):
        raise RunError(f"the run is not as it was sealed: {problem}")
    return Known(played, _facts(sealed, truth.of(sealed.run, played[:-2]), played[:-2]))


# -- action items -----------------------------------------------------------------------------------------------------


def _second(of: Scenario) -> str:
    return "again" if of.again_at is not None and of.again_at < of.until else "incident"


def _tidied(run: Run) -> tuple[Entry, ...]:
    """The log, with every lever that can be put back put back before the trigger comes again."""
    again = run.scenario.again_at or run.scenario.until
    log = [entry for entry in run.log if entry.at < again - _TIDY]
    back = []
    for name in dict.fromkeys(entry.action for entry in log if entry.kind == "action"):
        action = run.scenario.action(name or "")
        if action.reversible:
            back.append(Entry(at=max(again - _TIDY - action.delay_s, log[-1].at), action=action.id, undo=True))
    return tuple(sorted([*log, *back], key=lambda entry: entry.at))


def _wrong(of: Scenario, effect: Mapping[str, Any]) -> str:
    """Why an effect cannot be played, or nothing."""
    known = {one.parameter: one for one in of.improvements}
    for name, value in effect.items():
        if name not in known:
            return f"{name[:40]} cannot be improved here: the scenario lists {', '.join(known) or 'nothing'}"
        if problem := _outside(of, known[name], value):
            return f"{name} = {value}: {problem}"
    return "" if effect else "it sets nothing"


def _outside(of: Scenario, bounds: Improvement, value: Any) -> str:
    low, high = bounds.low, bounds.high
    if isinstance(low, str) or isinstance(high, str):
        return "" if value in (low, high) else f"choose {low} or {high}"
    if not isinstance(value, float) or not low <= value <= high:
        return f"must lie between {low:g} and {high:g}"
    whole = of.system.fields.get(bounds.parameter, {}).get("integer")
    return "must be a whole number" if whole and value != round(value) else ""


def _replayed(of: Scenario, without: tuple[Played, Played], with_it: tuple[Played, Played]) -> Replayed:
    before, after = engine.harm(of, without[0]), engine.harm(of, with_it[0])
    extra = engine.harm(of, with_it[1]) - engine.harm(of, without[1])
    return Replayed(before, after, max(extra, 0.0) * DAY / of.until)


# -- detection --------------------------------------------------------------------------------------------------------


def _proposed(of: Scenario, fields: Mapping[str, Any], played: Played, quiet: Played) -> Proposed:
    try:
        alert = Alert(id=_OWN, rule=rule_file.checked(fields), says="what the post-mortem proposes")
        unseen = sorted(set(scenario.rule_signals(alert.built)) - {one.signal for one in of.telemetry})
        if unseen:
            return Proposed(problem=f"the rule reads {unseen[0][:40]}, which is not among the run's telemetry")
        watched = of.model_copy(update={"alerts": (alert,)})
        first = [
            next((at for at, kind, _ in engine.alarms(watched, one, of.until) if kind == "alert"), None)
            for one in (played, quiet)
        ]
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError) as error:
        return Proposed(problem=f"the rule cannot be read: {' '.join(str(error).split())[:150]}")
    return Proposed(*first)


# -- the facts --------------------------------------------------------------------------------------------------------


def _facts(sealed: Sealed, told: Truth, played: Sequence[Played]) -> Facts:
    run, of = sealed.run, sealed.run.scenario
    evidence = _evidence(sealed, played[0])
    ended_by, useless, harmful = _effects(sealed, told)
    faults = [fault.at for fault in of.faults]
    named = [entry.mode for entry in run.log if entry.kind == "diagnosis" and entry.mode]
    return Facts(
        scenario=of.id,
        seed=run.seed,
        started=seal.started(run.seed),
        tick=_tick(of),
        until=of.until,
        moments=_moments(told),
        trigger_at=faults[0] if faults else None,
        trigger_ends=faults[-1] if len(faults) > 1 else None,
        failed=told.failed,
        share=told.share,
        peak_share=float(engine.smoothed(played[0], truth.WINDOW).max()),
        user_minutes=told.user_minutes,
        budget=told.budget_burned,
        amplification=None if np.isnan(told.amplification) else told.amplification,
        modes=told.modes,
        wrong_modes=tuple(dict.fromkeys(mode for mode in named if mode not in told.modes)),
        ended_by=ended_by,
        useless=useless,
        harmful=harmful,
        by_itself=_by_itself(faults, played[1]),
        source=_source(evidence, told),
        closed_at=max((one.at for one in evidence.values() if one.kind == "verify"), default=None),
        evidence=evidence,
        signals=frozenset(one.signal for one in of.telemetry),
        names=_names(sealed),
        debrief={"trigger": told.trigger, "amplifier": told.amplifier, "defence": told.missing_defence},
    )


def _moments(told: Truth) -> dict[str, float]:
    """Seconds of the moments that came."""
    every = (told.impact_start, told.detected, told.acknowledged, told.mitigated, told.resolved)
    return {name: second for name, second in zip(MOMENTS, every, strict=True) if not np.isnan(second)}


def _tick(of: Scenario) -> float:
    """How finely users' harm was shown: the interval of what it is read from, and the window that the truth uses."""
    read = expression.names(of.harm.failed) | expression.names(of.harm.all)
    every = [one.every_s for one in of.telemetry if one.signal in read]
    return max(every, default=max(one.every_s for one in of.telemetry)) + truth.WINDOW


def _evidence(sealed: Sealed, played: Played) -> dict[str, Evidence]:
    """Lines of the log and events by id; the events as the models give them, whatever the file says of their times."""
    of = sealed.run.scenario
    labels = {action.id: action.label for action in of.actions}
    lines = [*sealed.plain["log"], *seal.events(of, played, of.until)]
    return {
        str(line["id"]): Evidence(
            float(line["at"]), str(line["kind"]), str(labels.get(line.get("action"), line.get("text", "")))
        )
        for line in lines
    }


def _actions(sealed: Sealed) -> list[Mapping[str, Any]]:
    return [line for line in sealed.plain["log"] if line["kind"] == "action"]


def _names(sealed: Sealed) -> dict[str, frozenset[str]]:
    labels = {action.id: f"{action.label} {action.id.replace('_', ' ')}" for action in sealed.run.scenario.actions}
    return {str(line["id"]): frozenset(distinctive(labels[line["action"]])) for line in _actions(sealed)}


def _effects(sealed: Sealed, told: Truth) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Ids of the actions that ended the impact, of those that did nothing, and of those that did harm."""
    pairs = list(zip(_actions(sealed), told.effects, strict=True))
    harmful = [str(line["id"]) for line, effect in pairs if effect.harmed]
    helped = [str(line["id"]) for line, effect in pairs if effect.helped]
    told_nothing = [line for line, effect in pairs if not effect.helped and not effect.harmed]
    useless = [str(line["id"]) for line in told_nothing if not line.get("undo")]
    if not helped and not np.isnan(told.mitigated) and told.user_minutes < 0.9 * told.user_minutes_of_nothing:
        # Several did the same: without any one of them the others would have ended it.
        early = {str(line["id"]) for line, effect in pairs if effect.at < told.mitigated and _acts(sealed, line)}
        helped, useless = [id_ for id_ in useless if id_ in early], [id_ for id_ in useless if id_ not in early]
    return tuple(helped), tuple(useless), tuple(harmful)


def _acts(sealed: Sealed, line: Mapping[str, Any]) -> bool:
    action = sealed.run.scenario.action(str(line["action"]))
    return bool(action.effect) and not action.red_herring


def _by_itself(faults: Sequence[float], nothing: Played) -> bool:
    _, _, resolved = truth.milestones(nothing)
    return len(faults) > 1 and bool(resolved < faults[-1] + _SOON)


def _source(evidence: Mapping[str, Evidence], told: Truth) -> str:
    customers = [one.at for one in evidence.values() if one.kind == "inject" and "support" in one.text.lower()]
    if min(customers, default=np.inf) < told.detected:
        return "customer"
    alerts = [one.at for one in evidence.values() if one.kind == "alert"]
    return "alert" if min(alerts, default=np.inf) <= told.detected else "human"
