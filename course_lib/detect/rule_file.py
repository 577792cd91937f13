"""Rules in a file of one's own: YAML, checked, with a line number for whatever is wrong.

.. code-block:: yaml

    module: retry_storm          # whose signals they read
    rules:
      ratio:
        signal: amplification
        above: 1.1
        window: 10s
        hold: 1m
        says: clients send more than 1.1 attempts per request
      flood:
        finds: twin              # what it is meant to page on; incident, unless it says so
        signal: offered_rate
        above: 1.5
        baseline: [0s, 1m]
        says: half as many first attempts again as usual

A rule's fields are those of `detect.Rule`; times are seconds, or ``90s``, ``5m``, ``1h30m``, ``7d``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from course_lib.detect import soundness
from course_lib.detect.rule import Rule, RuleError
from course_lib.detect.soundness import Known

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
NUMBER = r"\d+(?:\.\d+)?"
OURS = ("our alert", "first signal", "false reading", "our twin", "always page", "never page")
DEEPEST = 40  # rules within rules
SHAPES = {
    "baseline": "write two times, such as [0s, 1m]",
    "ago": "write how long ago and over how long, such as [1d, 10m]",
    "floor": "write a signal and how much of it there must be, such as [offered_rate, 100]",
} | dict.fromkeys(("both", "either", "unless"), "write a list of rules, each after '- '")
WRONG_SHAPES = ("tuple_type", "missing", "too_long", "model_type", "dict_type", "model_attributes_type")
SPAN = re.compile(rf"(?:{NUMBER}\s*(?:ms|[smhdw])\s*)+")


class RuleFileError(ValueError):
    """A file of rules that cannot be used: one line, with the file's name and the line's number."""


@dataclasses.dataclass(frozen=True)
class RuleBook:
    """The rules of a file.

    Parameters
    ----------
    path : Path
    module : str or None
        Slug of the module whose signals they read; None: somebody's own signals.
    rules : dict of str to Rule
    finds : dict of str to str
        Which day each is meant to page on, ``"incident"`` or ``"twin"``.
    places : dict of str to str
        File and line of each rule's threshold.
    """

    path: Path
    module: str | None
    rules: dict[str, Rule]
    finds: dict[str, str]
    places: dict[str, str]


def seconds(value: Any) -> Any:
    """Return a span of time in seconds.

    Examples
    --------
    >>> seconds("1h30m"), seconds("250ms"), seconds(7)
    (5400.0, 0.25, 7)
    """
    if not isinstance(value, str):
        return value
    if not SPAN.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is no span of time: write seconds, or 90s, 5m, 1h30m, 7d")
    return sum(float(n) * UNITS[unit] for n, unit in re.findall(rf"({NUMBER})\s*(ms|[smhdw])", value))


def _number(value: Any) -> Any:
    """Refuse what pydantic would make a number of: ``yes`` is 1 to it."""
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is no number")
    return value


Seconds = Annotated[float, BeforeValidator(seconds), BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    signal: str
    says: str = ""
    above: Number | None = None
    below: Number | None = None
    window: Seconds = 10.0
    hold: Seconds = 60.0
    keep: Seconds = 0.0
    per: str | None = None
    reading: str = "level"
    full: Number | None = None
    baseline: tuple[Seconds, Seconds] | None = None
    ago: tuple[Seconds, Seconds] | None = None
    peers: bool = False
    floor: tuple[str, Number] | None = None
    both: tuple[_Fields, ...] = ()
    either: tuple[_Fields, ...] = ()
    unless: tuple[_Fields, ...] = ()


class _Entry(_Fields):
    says: str
    finds: Literal["incident", "twin"] = "incident"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    module: str | None = None
    rules: dict[str, _Entry]


def load(path: Path, known: Mapping[str, Known] | None = None, module: str | None = None) -> RuleBook:
    """Read a file of rules.

    Parameters
    ----------
    path : Path
    known : mapping of str to Known, optional
        What is known of each module's signals; without it, any signal goes.
    module : str, optional
        The module to take, whatever the file says.

    Raises
    ------
    RuleFileError
        What is wrong first, in one line with its number.
    OSError
        The file cannot be read.
    """
    lines, raw = _parsed(path)
    wrong = _Wrong(path, lines)
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = first["loc"]  # of a name that is no text, YAML's own spelling
        at = (*place[:1], str(place[1])) if place[2:] == ("[key]",) else place
        raise wrong(at, _plain(first)) from None
    if not file.rules:
        raise wrong(("rules",), "there is no rule")
    slug = module or file.module
    if known is not None and slug is not None and slug not in known:
        raise wrong(("module",), f"no module {slug!r}; {soundness.closest(slug, known)}")
    rules = {name: _rule(entry, ("rules", name), wrong) for name, entry in file.rules.items()}
    for name, rule in rules.items():
        if slug and name in OURS:
            raise wrong(("rules", name), "a tournament enters one of its own under that name; give yours another")
        for place, what in soundness.faults(rule, (known or {}).get(slug or "", soundness.ANYTHING)):
            raise wrong(("rules", name, *place), what)
    places = {name: wrong.at(("rules", name, "above" if rule.above is not None else "below"))
              for name, rule in rules.items()}  # fmt: skip
    return RuleBook(path, slug, rules, {name: entry.finds for name, entry in file.rules.items()}, places)


def checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of one rule as `Rule` takes them: numbers are numbers, and times are in seconds.

    Raises
    ------
    ValueError
        What is wrong first, in our words.

    Examples
    --------
    >>> checked({"signal": "error_ratio", "above": 0.1, "window": "1m"})
    {'signal': 'error_ratio', 'above': 0.1, 'window': 60.0}
    """
    try:
        return _Fields.model_validate(dict(fields)).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(_plain({**first, "loc": ("rules", "", *first["loc"])})) from None


class _Wrong:
    """Makes the error that names the file, the line and the rule."""

    def __init__(self, path: Path, lines: Mapping[tuple[Any, ...], int]) -> None:
        self.path, self.lines = path, lines

    def __call__(self, place: tuple[Any, ...], what: str) -> RuleFileError:
        rule = f"rule {place[1]}: " if len(place) > 1 and place[0] == "rules" else ""
        return RuleFileError(f"{self.at(place)}: {rule}{what}")

    def at(self, place: tuple[Any, ...]) -> str:
        """File and line of a place, or of the nearest above it that has one."""
        known = next(place[:n] for n in range(len(place), -1, -1) if place[:n] in self.lines)
        return f"{self.path}:{self.lines[known]}"


def _parsed(path: Path) -> tuple[dict[tuple[Any, ...], int], Any]:
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except UnicodeDecodeError:
        raise RuleFileError(f"{path}: is not text (UTF-8)") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise RuleFileError(f"{path}{line}: is no YAML: {getattr(error, 'problem', None) or 'unreadable'}") from None
    if not isinstance(raw, dict):
        raise RuleFileError(f"{path}:1: holds no rules; begin with 'rules:', and a name and its fields below it")
    lines: dict[tuple[Any, ...], int] = {(): 1}
    for place, line in _places(node, ()):
        if len(place) > DEEPEST:
            raise RuleFileError(f"{path}:{line}: rule {place[1]}: holds itself")
        if place in lines:
            raise RuleFileError(f"{path}:{line}: {place[-1]!r} stands here a second time")
        lines[place] = line
    return lines, raw


def _places(node: yaml.Node, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Each key and list item of a document, and its line."""
    children = []
    if isinstance(node, yaml.MappingNode):
        children = [(key.value, key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [(n, value, value) for n, value in enumerate(node.value)]
    for name, key, value in children:
        yield (*place, name), key.start_mark.line + 1
        yield from _places(value, (*place, name))


def _plain(error: Mapping[str, Any]) -> str:
    """What pydantic found, in our words."""
    place = error["loc"]
    field = next((name for name in reversed(place) if isinstance(name, str)), "file")
    shaped = next((name for name in place[2:] if name in SHAPES), None)
    if shaped and error["type"] in WRONG_SHAPES and not (place[-1] in _Entry.model_fields and place[-1] != shaped):
        return f"{shaped}: {SHAPES[shaped]}"
    if len(place) == 3 and place[2] == "[key]":
        return "a name is to be text; put it into quotes"
    if len(place) == 2 and error["type"] in WRONG_SHAPES:
        return "has no fields; write signal, above or below, and says below it"
    if error["type"] == "extra_forbidden":
        return f"no field {field!r}; {soundness.closest(str(field), [*_Entry.model_fields, 'module', 'rules'])}"
    if error["type"] == "missing":
        return f"lacks {field!r}"
    if error["type"] == "float_parsing":
        return f"{field}: {error['input']!r} is no number; write a share as 0.2"
    if place == ("rules",):
        return "write a rule's name below 'rules:', and its fields below that"
    if error["type"] == "string_type":
        return f"{field}: {error['input']!r} is no text; write one name"
    return f"{field}: {error['msg'].removeprefix('Value error, ')}"


def _rule(fields: _Fields, place: tuple[Any, ...], wrong: _Wrong) -> Rule:
    given = {name: getattr(fields, name) for name in _Fields.model_fields}
    for kind in ("both", "either", "unless"):
        given[kind] = tuple(_rule(other, (*place, kind, n), wrong) for n, other in enumerate(given[kind]))
    try:
        return Rule(**given)
    except RuleError as error:
        raise wrong((*place, error.field), str(error).partition(": ")[2]) from None
