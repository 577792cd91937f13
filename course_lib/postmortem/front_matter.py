"""The YAML block at the head of a post-mortem: read as text, checked field by field, each with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, ValidationError

from course_lib.postmortem import plain_yaml
from course_lib.postmortem.plain_yaml import PlainYamlError

#: The moments of an incident, in the order in which they happen.
MOMENTS = ("impact_start", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|[+-]\d\d:?\d\d))?", re.I)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST_VALUE = 60


class FrontMatterError(ValueError):
    """Why the block cannot be read at all, in one line."""


@dataclass(frozen=True)
class Problem:
    """One field that could not be taken as it stands; the others could."""

    line: int
    field: str
    why: str


def _clock(text: Any) -> Any:
    if text in ("", None):
        return None
    if not isinstance(text, str) or not _CLOCK.fullmatch(text.strip()):
        raise ValueError("is no ISO 8601 time; write it as 2026-03-01T18:04:00Z")
    if not re.search(r"(Z|[+-]\d\d:?\d\d)$", text.strip(), re.I):
        raise ValueError("has no time zone, so nobody can tell when it was; end it in Z or in an offset such as +01:00")
    return text.strip()


def _day(text: Any) -> Any:
    if text in ("", None):
        return None
    found = _DAY.match(text) if isinstance(text, str) else None
    if not found:
        raise ValueError("is no ISO 8601 date; write it as 2026-03-04")
    return found[0]


def _one(text: Any) -> Any:
    if isinstance(text, list):
        raise ValueError("names several; an owner is exactly one person or role")
    return text


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Moment = Annotated[AwareDatetime | None, BeforeValidator(_clock)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class FrontMatter(BaseModel):
    """What the block says; a field that is missing or could not be taken is empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    incident_id: str = ""
    title: str = ""
    severity: str = ""
    status: Literal["", "draft", "in_review", "final"] = ""
    owner: Annotated[str, BeforeValidator(_one)] = ""
    contributors: Names = ()
    tz: str = ""
    impact_start: Moment = None
    detected_at: Moment = None
    acknowledged_at: Moment = None
    mitigated_at: Moment = None
    resolved_at: Moment = None
    published_at: Annotated[date | None, BeforeValidator(_day)] = None
    seed: int | None = None
    scenario: str = ""
    tags: Names = ()


@dataclass(frozen=True)
class Head:
    """The front matter, the line of each field, and what of it could not be taken."""

    fields: FrontMatter
    lines: Mapping[str, int]
    problems: tuple[Problem, ...] = ()

    def line(self, field: str) -> int:
        """The line that a field stands on; of one that is missing, the first."""
        return self.lines.get(field, 1)


def read(block: str, first_line: int = 2) -> Head:
    """Read the block between the two lines of dashes.

    Parameters
    ----------
    block : str
    first_line : int
        The line of the document on which the block begins.

    Raises
    ------
    FrontMatterError
        When it is no YAML, or no list of names and values.
    """
    data, lines = _loaded(block, first_line)
    left, problems = dict(data), []
    while True:
        try:
            return Head(FrontMatter.model_validate(left), lines, tuple(problems))
        except ValidationError as error:
            for field, why in _faults(error, left):
                problems.append(Problem(lines.get(field, first_line), field, why))
                left.pop(field, None)


def _loaded(block: str, first_line: int) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        data, lines = plain_yaml.read(block, words=True)
    except PlainYamlError as error:
        raise FrontMatterError(f"line {error.line + first_line - 1}, in its front matter: {error}") from None
    if not isinstance(data, dict):
        raise FrontMatterError("its front matter is no list of `name: value` lines")
    lines = {name: line + first_line - 1 for name, line in lines.items()}
    return {key: value for key, value in data.items() if isinstance(key, str)}, lines


def _faults(error: ValidationError, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = {}
    for one in error.errors():
        field = str(one["loc"][0])
        value = str(data.get(field, ""))[:_LONGEST_VALUE]
        why = one["msg"].removeprefix("Value error, ")
        known = "must be one of draft, in_review, final" if field == "status" else f"cannot be read ({why})"
        found.setdefault(field, f"{value!r} {why if one['type'] == 'value_error' else known}")
    return list(found.items())
