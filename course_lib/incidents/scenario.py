"""Scenarios: an incident as data, and every reason to refuse one, with file and line.

All that happens in a drill comes from the scenario's model: faults and actions set parameters of it, or *inputs* from
which `drives` computes parameters: ``arrival_rate: users * admitted`` gives the service a door that nobody had to build
into the model. What users lose is an expression over signals and inputs, too, so that those turned away count.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from course_lib.detect.rule import Rule
from course_lib.incidents import expression
from course_lib.incidents.system import System, system
from course_lib.incidents.yaml_file import YamlError, line_of, read

FOLDER = "scenarios"
NOW = "now"
NOTHING = "nothing"  # what one answers as the failure mode of a page with nothing behind it
ATTACK = "attack"  # and of one that somebody has made
GAMES = ("restart", "scale_to_zero", "raise_limits", "drop_all", "silence")
KINDS = ("action", "ack", "diagnosis", "update", "verify", "note")
LONGEST = 300
"""Letters of what is wrong with a file."""


class ScenarioError(ValueError):
    """A scenario that cannot be played: file, line, and what to mend."""


class LogError(ValueError):
    """An action log that does not belong to its scenario."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _number_or_word(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r}: give a number or a word")
    return float(value) if isinstance(value, int | float) else value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


Value = Annotated[float | str, BeforeValidator(_number_or_word)]
LATEST = 1e6
"""The latest second at which anything may be: a dozen days, which any clock has room for."""
Seconds = Annotated[float, Field(ge=0, le=LATEST, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class Input(_Part):
    """A number of the scenario's own, which `drives` and `harm` may read."""

    value: float
    low: float
    high: float
    unit: str = ""
    by: Literal["world", "operator"]
    meaning: Text


class Derived(_Part):
    """A signal of the scenario's own, computed from signals and inputs: sessions, distinct senders."""

    value: Text
    unit: str
    meaning: Text


class Fault(_Part):
    """One change of the world."""

    at: Seconds
    parameter: str
    value: Value


class Trigger(_Part):
    """When the trouble begins and ends that the baseline itself holds, where faults don't."""

    starts: Seconds
    ends: Seconds


class Users(_Part):
    """How user-minutes are counted: so many users, of whom a share is failing, or minutes for each failed request."""

    count: Annotated[float, Field(gt=0)] | None = None
    per_request: Annotated[float, Field(gt=0)] | None = None


class Harm(_Part):
    """Expressions for failed user requests/s and for all of them, and the share of failures that is no incident."""

    failed: Text
    all: Text
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.01
    objective: Annotated[float, Field(gt=0, lt=1)] = 0.999


class Telemetry(_Part):
    """What a responder may see of one signal: under which name, how late, how often, how exactly."""

    signal: str
    label: Text
    unit: str
    tier: Text
    delay_s: Seconds = 0.0
    every_s: Annotated[float, Field(gt=0, le=LATEST)] = 10.0
    noise: Share = 0.0


class Alert(_Part):
    """A rule of `detect` over what telemetry shows, whom it wakes, and whether it points the wrong way."""

    id: Id
    rule: dict[str, Any]
    severity: Literal["page", "ticket"] = "page"
    says: Text
    misleading: bool = False

    @property
    def built(self) -> Rule:
        """The rule, as `detect` evaluates it."""
        return rule_of(self.rule, self.says)


class Action(_Part):
    """What a responder can do, what it does to the model, and what is known of its risk beforehand."""

    id: Id
    label: Text
    role: Text
    delay_s: Seconds = 0.0
    cost: Annotated[float, Field(ge=0)] = 0.0
    effect: dict[str, Value] = {}  # an input may also be given the word `now`: the second at which it takes effect
    next: dict[str, Value] = {}  # settings that a running incident no longer feels, and the next one does
    lasts_s: Annotated[float, Field(gt=0, le=LATEST)] | None = None
    reversible: bool = True
    risk: Text
    why_tempting: str = ""
    feedback: Text
    harmful: bool = False
    red_herring: bool = False
    bypasses: str = ""  # which safeguard it goes round: authorisation, review; empty for none
    game: Literal["restart", "scale_to_zero", "raise_limits", "drop_all", "silence"] | None = None
    silences: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it is taken to change the service, in vain or not; looks and silences are not, and take no time."""
        return bool(self.effect or self.next or self.delay_s)


class Safe(_Part):
    """Bounds within which a limit may be left after the incident, and why."""

    low: float = -np.inf
    high: float = np.inf
    why: Text


class Improvement(_Part):
    """What an action item of a post-mortem may set, within which range, at which price."""

    parameter: str
    low: Value
    high: Value
    costs_per_quiet_day: str = ""


class Inject(_Part):
    """A message from somebody: what they want, by when, and which facts an answer needs."""

    id: Id
    at: Seconds
    sender: Annotated[Text, Field(alias="from")]
    channel: str = "chat"
    text: Text
    answer_within_s: Seconds = 300.0
    needs: tuple[str, ...] = ()
    social_engineering: bool = False
    secret: bool = False  # the game master decides when it comes


class Change(_Part):
    """A line of the list of what changed before and during the incident."""

    at: Annotated[float, Field(ge=-1e9, le=LATEST)]  # seconds; negative: before the drill begins
    text: Text
    cause: bool = False


class Entry(_Part):
    """One line of an action log; which fields belong to which kind is checked when a log is read."""

    at: Seconds
    kind: Literal["action", "ack", "diagnosis", "update", "verify", "note"] = "action"
    action: str | None = None
    undo: bool = False
    alert: str | None = None
    inject: str | None = None
    mode: str | None = None
    cause: str | None = None
    victim: str | None = None
    confidence: Annotated[int, Field(ge=1, le=3)] | None = None
    evidence: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    text: str = ""
    facts: dict[str, str] = {}


class Way(_Part):
    """A log with a reason: another way out that is right, or one that only looks so."""

    id: Id
    says: Text
    log: tuple[Entry, ...]


class Debrief(_Part):
    """The key: cause and victim by tier, what set it off, what kept it going, what was missing, what to take along."""

    cause: Text
    victim: str
    trigger: Text
    amplifier: Text
    missing_defence: Text
    question: Text
    lesson: str = ""
    amplification: str | None = None  # a signal whose highest minute is the amplification


class Scenario(_Part):
    """One incident, or a page with nothing behind it; those of the course are in `scenarios/`."""

    id: Id
    title: Text
    opening: Text  # the page's text: what the responder is woken with
    difficulty: Literal[1, 2, 3]
    sizes: tuple[Literal[5, 15, 30], ...] = (5, 15)
    modes: tuple[str, ...]
    noop: bool = False
    attack: bool = False
    model: str
    until: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    baseline: dict[str, Value] = {}
    inputs: dict[str, Input] = {}
    drives: dict[str, str] = {}
    derived: dict[str, Derived] = {}
    faults: tuple[Fault, ...] = ()
    trigger: Trigger | None = None
    afresh: bool = False  # the second trigger is a run of its own, from a well service and the settings that were left
    again_at: Seconds | None = None
    users: Users
    harm: Harm
    quiet: dict[str, Value] = {}
    telemetry: tuple[Telemetry, ...]
    alerts: tuple[Alert, ...]
    tells: dict[str, Any] | None = None  # the rule that tells this failure mode first
    changes: tuple[Change, ...] = ()
    actions: tuple[Action, ...]
    safe: dict[str, Safe] = {}
    improvements: tuple[Improvement, ...] = ()
    injects: tuple[Inject, ...] = ()
    reference: tuple[Entry, ...] = ()
    ways: tuple[Way, ...] = ()
    tempting: tuple[Way, ...] = ()
    runbook: str = ""
    runbook_reviewed: str = ""  # when somebody last read it, in words: "six months ago"
    debrief: Debrief

    def action(self, name: str) -> Action:
        """An action by its id."""
        for action in self.actions:
            if action.id == name:
                return action
        raise LogError(f"{self.id} has no action {name!r}: it has {', '.join(a.id for a in self.actions)}")

    @property
    def starts(self) -> float:
        """When the trouble begins, s; 0 where there is none."""
        return self.faults[0].at if self.faults else self.trigger.starts if self.trigger else 0.0

    @property
    def second(self) -> float:
        """When the trouble begins once more, s: not before the first run is over, so that it is a run's beginning."""
        return max(self.again_at or 0.0, self.until)

    @property
    def system(self) -> System:
        """What it runs on."""
        return system(self.model)

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers of the dashboards, in the order of the file."""
        return tuple(dict.fromkeys(shown.tier for shown in self.telemetry))

    @functools.cached_property
    def digest(self) -> str:
        """Fingerprint of what is in the file, comments and layout aside."""
        plain = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()


def names() -> tuple[str, ...]:
    """Ids of the course's scenarios."""
    found = importlib.resources.files(__package__).joinpath(FOLDER).iterdir()
    return tuple(sorted(path.name.removesuffix(".yaml") for path in found if path.name.endswith(".yaml")))


def load(name_or_path: str | Path) -> Scenario:
    """A scenario by its id, or from a file of one's own.

    Raises
    ------
    ScenarioError
        There is none, or it cannot be played; one line with file and line number.

    Examples
    --------
    >>> load("retry_storm").modes
    ('retry_storm',)
    """
    text, shown = _text(name_or_path)
    return _loaded(text, shown)


@functools.lru_cache(maxsize=64)
def _loaded(text: str, shown: str) -> Scenario:
    try:
        plain, lines = read(text)
    except YamlError as error:
        raise ScenarioError(f"{shown}:{error.line}: {error}") from None
    if not isinstance(plain, dict):
        raise ScenarioError(f"{shown}:1: a scenario is a mapping of fields, such as id: retry_storm")
    try:
        scenario = Scenario.model_validate(plain)
    except ValidationError as error:
        first = min(
            error.errors(), key=lambda e: e["type"] != "extra_forbidden"
        )  # a slip of the pen, before its effects
        place = [step for step in first["loc"] if not isinstance(step, str) or not step.startswith("function-")]
        raise ScenarioError(
            f"{shown}:{line_of(lines, place)}: {_dotted(place, lines)}{_brief(first['msg'].lower())}"
        ) from None
    for place, message in faults(scenario):
        raise ScenarioError(f"{shown}:{line_of(lines, place)}: {_brief(message)}")
    return scenario


def _dotted(place: list[Any], lines: Mapping[Any, int]) -> str:
    return "".join(f"{step}." for step in place).removesuffix(".") + ": " if place else ""


def _brief(message: str) -> str:
    """One line that a person reads to its end: a model may have sixty signals."""
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} …"


def _text(name_or_path: str | Path) -> tuple[str, str]:
    path = Path(name_or_path)
    if not isinstance(name_or_path, Path) and path.suffix not in (".yaml", ".yml"):
        if str(name_or_path) not in names():
            raise ScenarioError(f"no scenario {str(name_or_path)[:40]!r}: there are {', '.join(names())}")
        path = Path(str(importlib.resources.files(__package__).joinpath(FOLDER, f"{name_or_path}.yaml")))
    try:
        return path.read_text(encoding="utf-8"), path.name
    except UnicodeDecodeError:
        raise ScenarioError(f"{path.name}:1: not text in UTF-8") from None
    except OSError as error:
        raise ScenarioError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None


def rule_of(fields: Mapping[str, Any], says: str = "") -> Rule:
    """A rule of `detect` from its fields.

    Raises
    ------
    ValueError
        A field is unknown or impossible.
    """
    plain = {name: _tuples(value) for name, value in fields.items()}
    for more in ("both", "either", "unless"):
        if more in plain:
            plain[more] = tuple(rule_of(one, says) for one in plain[more])
    try:
        rule = Rule(**{"says": says, **plain})
    except TypeError as error:
        raise ValueError(f"rule: {str(error).removeprefix('Rule.__init__() ')}") from None
    if not max(rule.window, rule.hold) <= LATEST:
        raise ValueError(f"rule: window and hold: give {LATEST:g} s at most")
    return rule


def rule_signals(rule: Rule) -> Iterator[str]:
    """All signals that a rule reads."""
    yield rule.signal
    if rule.per:
        yield rule.per
    if rule.floor:
        yield rule.floor[0]
    for other in (*rule.both, *rule.either, *rule.unless):
        yield from rule_signals(other)


# -- what a scenario must not be --------------------------------------------------------------------------------------

Found = Iterator[tuple[tuple[str | int, ...], str]]


def faults(scenario: Scenario) -> Found:
    """All that is wrong with a scenario beyond its schema: where, and what."""
    try:
        scenario.system  # noqa: B018 - raises where there is none
    except KeyError as error:
        yield ("model",), str(error.args[0])
        return
    yield from _wrong_settings(scenario)
    yield from _wrong_expressions(scenario)
    yield from _wrong_rules(scenario)
    yield from _wrong_ids(scenario)
    yield from _wrong_shape(scenario)
    for place, log in _logs(scenario):
        for i, entry in enumerate(log):
            if message := wrong_entry(scenario, entry):
                yield (*place, i), message


def _wrong_settings(s: Scenario) -> Found:
    for name, given in s.inputs.items():
        if message := _wrong_value(s, name, given.value, whoever=True):
            yield ("inputs", name), message
    for name, value in s.baseline.items():
        if name in s.drives:
            yield ("baseline", name), f"{name} is computed by drives: set the inputs it reads"
        elif message := _wrong_value(s, name, value, whoever=True):
            yield ("baseline", name), message
    for name, value in s.quiet.items():
        if message := _wrong_value(s, name, value, whoever=True):
            yield ("quiet", name), message
    for i, fault in enumerate(s.faults):
        if message := _wrong_value(s, fault.parameter, fault.value, by="world"):
            yield ("faults", i), message
    for i, action in enumerate(s.actions):
        for name, value in action.effect.items():
            now = s.inputs[name].low if value == NOW and name in s.inputs else value
            if message := _wrong_value(s, name, now, by="operator"):
                yield ("actions", i, "effect", name), message
        for name, value in action.next.items():
            if not s.afresh or name in s.inputs:
                yield ("actions", i, "next", name), f"next: {name}: only parameters, and where the trigger comes afresh"
            elif message := _wrong_value(s, name, value, whoever=True):
                yield ("actions", i, "next", name), message
    for i, better in enumerate(s.improvements):
        for value in (better.low, better.high):
            if message := _wrong_value(s, better.parameter, value, whoever=True):
                yield ("improvements", i), message


def _wrong_value(s: Scenario, name: str, value: float | str, *, by: str = "", whoever: bool = False) -> str | None:
    """Why a parameter or input cannot be given a value, or nothing."""
    if name in s.inputs:
        given = s.inputs[name]
        if not whoever and given.by != by:
            return f"{name} is changed by the {given.by}, not by the {by}"
        if not isinstance(value, float) or not given.low <= value <= given.high:
            return f"{name} = {value}: must lie between {given.low:g} and {given.high:g}"
        return None
    about = s.system.fields.get(name)
    if about is None:
        known = ", ".join([*s.inputs, *s.system.fields])
        return f"{s.model} has no parameter {name!r} and the scenario no such input: there are {known}"
    if not whoever and name in s.drives:
        return f"{name} is computed by drives: set the inputs it reads"
    if not whoever and (about["kind"] != "scheduled" or (about["choices"] is None and about["by"] != by)):
        return f"{name} can't be changed by the {by} during a run: choose a scheduled field, or an input"
    return _out_of_range(name, about, value)


def _out_of_range(name: str, about: Mapping[str, Any], value: float | str) -> str | None:
    if about["choices"] is not None:
        return None if value in about["choices"] else f"{name} = {value}: choose one of {', '.join(about['choices'])}"
    if not isinstance(value, float) or not about["low"] <= value <= about["high"]:
        return f"{name} = {value}: must lie between {about['low']:g} and {about['high']:g} {about['unit']}"
    if about["integer"] and value != round(value):
        return f"{name} = {value:g}: must be a whole number"
    return None


def _wrong_expressions(s: Scenario) -> Found:
    for name, text in s.drives.items():
        about = s.system.fields.get(name)
        if about is None or about["kind"] == "fixed" or about["choices"] is not None:
            yield ("drives", name), f"drives: {name} is no number of {s.model} that can be set"
        yield from (((("drives", name), m)) for m in _wrong_names(text, set(s.inputs), "inputs"))
    signals = {*s.system.signals, *s.inputs}
    for name, derived in s.derived.items():
        if name in signals:
            yield ("derived", name), f"derived: {s.model} has a signal {name} already"
        yield from (((("derived", name), m)) for m in _wrong_names(derived.value, signals, "signals and inputs"))
    for name in ("failed", "all"):
        known = signals | set(s.derived)
        yield from (((("harm", name), m)) for m in _wrong_names(getattr(s.harm, name), known, "signals and inputs"))


def _wrong_names(text: str, known: set[str], what: str) -> Iterator[str]:
    try:
        unknown = sorted(expression.names(text) - known)
    except expression.ExpressionError as error:
        yield str(error)
        return
    if unknown:
        yield f"{text!r} reads {unknown[0]}, which is none of the {what}: {', '.join(sorted(known))}"


def _wrong_rules(s: Scenario) -> Found:
    shown = {t.signal for t in s.telemetry}
    known = {*s.system.signals, *s.inputs, *s.derived}
    for i, telemetry in enumerate(s.telemetry):
        if telemetry.signal not in known:
            yield ("telemetry", i), f"{s.model} has no signal {telemetry.signal!r}: it has {', '.join(sorted(known))}"
    rules = [(("alerts", i, "rule"), alert.rule) for i, alert in enumerate(s.alerts)]
    for place, fields in [*rules, *([(("tells",), s.tells)] if s.tells else [])]:
        try:
            unseen = sorted(set(rule_signals(rule_of(fields, "..."))) - shown)
        except (ValueError, TypeError, AttributeError) as error:
            yield place, str(error)
            continue
        if unseen:
            yield place, f"the rule reads {unseen[0]}, which telemetry does not show"


def _wrong_ids(s: Scenario) -> Found:
    for field in ("alerts", "actions", "injects", "ways", "tempting"):
        seen: set[str] = set()
        for i, part in enumerate(getattr(s, field)):
            if part.id in seen:
                yield (field, i, "id"), f"{field}: the id {part.id} stands here twice"
            seen.add(part.id)
    alerts = {alert.id for alert in s.alerts}
    for i, action in enumerate(s.actions):
        for name in action.silences:
            if name not in alerts:
                yield ("actions", i, "silences"), f"{action.id} silences {name!r}, which is no alert"


def _wrong_shape(s: Scenario) -> Found:
    if (s.users.count is None) == (s.users.per_request is None):
        yield ("users",), "users: give count or per_request, one of the two"
    if s.noop and (s.faults or s.trigger):
        yield ("faults",), "a page with nothing behind it has no faults"
    if not s.noop and (not s.starts or s.again_at is None or not s.reference or s.tells is None):
        yield ("id",), "an incident needs faults (or a trigger), again_at, a reference and the rule that tells it"
    if (bool(s.faults) == bool(s.trigger) and not s.noop) or (s.trigger and not s.afresh):
        yield ("faults",), "give faults, or a trigger that comes afresh, one of the two"
    times = [fault.at for fault in s.faults] or ([s.trigger.starts, s.trigger.ends] if s.trigger else [])
    if times != sorted(times):
        yield ("faults",), "faults: give them in the order of their times"
    if s.again_at is not None and times and s.again_at <= times[-1]:
        yield ("again_at",), f"again_at = {s.again_at:g} s: must come after the last fault, {times[-1]:g} s"
    for name in s.safe:
        if name not in s.inputs and name not in s.system.fields:
            yield ("safe", name), f"safe: {name} is neither a parameter nor an input"


def _logs(s: Scenario) -> Iterator[tuple[tuple[str | int, ...], tuple[Entry, ...]]]:
    yield ("reference",), s.reference
    for field in ("ways", "tempting"):
        for i, way in enumerate(getattr(s, field)):
            yield (field, i, "log"), way.log


def wrong_entry(s: Scenario, entry: Entry) -> str | None:
    """Why a line of a log does not belong to this scenario, or nothing."""
    if entry.kind == "action":
        known = ", ".join(a.id for a in s.actions)
        if entry.action not in {a.id for a in s.actions}:
            return f"{s.id} has no action {entry.action!r}: it has {known}"
        if entry.undo and not s.action(entry.action).reversible:
            return f"{entry.action} cannot be undone"
    if entry.kind == "diagnosis" and not entry.mode:
        return "a diagnosis names a mode, or 'nothing'"
    if entry.alert is not None and entry.alert not in {a.id for a in s.alerts}:
        return f"{s.id} has no alert {entry.alert!r}: it has {', '.join(a.id for a in s.alerts)}"
    if entry.inject is not None and entry.inject not in {i.id for i in s.injects}:
        return f"{s.id} has no inject {entry.inject!r}: it has {', '.join(i.id for i in s.injects)}"
    return None
