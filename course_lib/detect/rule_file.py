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

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
NUMBER = r"\d+(?:\.\d+)?"
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
    """

    path: Path
    module: str | None
    rules: dict[str, Rule]
    finds: dict[str, str]


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


Seconds = Annotated[float, BeforeValidator(seconds)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    signal: str
    says: str = ""
    above: float | None = None
    below: float | None = None
    window: Seconds = 10.0
    hold: Seconds = 60.0
    keep: Seconds = 0.0
    per: str | None = None
    reading: str = "level"
    full: float | None = None
    baseline: tuple[Seconds, Seconds] | None = None
    ago: tuple[Seconds, Seconds] | None = None
    peers: bool = False
    floor: tuple[str, float] | None = None
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


def load(path: Path, units: Mapping[str, Mapping[str, str]] | None = None, untils: Mapping[str, float] | None = None,
         module: str | None = None) -> RuleBook:  # fmt: skip
    """Read a file of rules.

    Parameters
    ----------
    path : Path
    units : mapping of str to mapping of str to str, optional
        By module, its signals and their units; without it, any signal goes.
    untils : mapping of str to float, optional
        By module, how long its days are.
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
        raise wrong(first["loc"], _plain(first)) from None
    if not file.rules:
        raise wrong(("rules",), "there is no rule")
    slug = module or file.module
    if units is not None and slug is not None and slug not in units:
        raise wrong(("module",), f"no module {slug!r}; {soundness.closest(slug, units)}")
    rules = {name: _rule(entry, ("rules", name), wrong) for name, entry in file.rules.items()}
    for name, rule in rules.items():
        known = (units or {}).get(slug) if slug else None
        for place, what in soundness.faults(rule, known, (untils or {}).get(slug, float("inf"))):
            raise wrong(("rules", name, *place), what)
    return RuleBook(path, slug, rules, {name: entry.finds for name, entry in file.rules.items()})


class _Wrong:
    """Makes the error that names the file, the line and the rule."""

    def __init__(self, path: Path, lines: Mapping[tuple[Any, ...], int]) -> None:
        self.path, self.lines = path, lines

    def __call__(self, place: tuple[Any, ...], what: str) -> RuleFileError:
        known = next(place[:n] for n in range(len(place), -1, -1) if place[:n] in self.lines)
        rule = f"rule {place[1]}: " if len(place) > 1 and place[0] == "rules" else ""
        return RuleFileError(f"{self.path}:{self.lines[known]}: {rule}{what}")


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
    field = error["loc"][-1] if error["loc"] else "file"
    if error["type"] == "extra_forbidden":
        return f"no field {field!r}; {soundness.closest(str(field), [*_Entry.model_fields, 'module', 'rules'])}"
    if error["type"] == "missing":
        return f"lacks {field!r}"
    return f"{field}: {error['msg'].removeprefix('Value error, ')}"


def _rule(fields: _Fields, place: tuple[Any, ...], wrong: _Wrong) -> Rule:
    given = {name: getattr(fields, name) for name in _Fields.model_fields}
    for kind in ("both", "either", "unless"):
        given[kind] = tuple(_rule(other, (*place, kind, n), wrong) for n, other in enumerate(given[kind]))
    try:
        return Rule(**given)
    except RuleError as error:
        raise wrong((*place, error.field), str(error).partition(": ")[2]) from None
