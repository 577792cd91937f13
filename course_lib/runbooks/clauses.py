"""The clauses of a runbook's steps: what stands in code spans, and what it means.

::

    when SIGNAL > VALUE for TIME [within TIME]      wait until it has been so for TIME
    verify SIGNAL < VALUE for TIME within TIME      the same, counted from now on: how to know that it worked
    else go to N   else stop                        where to go if that does not come in time
    do ACTION as ROLE                               one of the scenario's actions, by whoever may
    undo ACTION as ROLE                             what it changed is put back
    wait TIME   call ROLE   go to N   stop

Conditions may be joined by ``and``, and one signal divided by another: ``retries / requests > 10 %``.
"""

from __future__ import annotations

import dataclasses
import re

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
NUMBER = re.compile(r"\d[\d,]*(\.\d+)?|\.\d+")
COMPARISON = re.compile(r"(?P<left>[^<>]+?)\s*(?P<sign>[<>]=?)\s*(?P<right>.+)")
NAME = re.compile(r"[a-z][a-z0-9_]*")
HOW = "write `when SIGNAL > VALUE for TIME`, `verify …`, `else go to N`, `do ACTION as ROLE`, `wait TIME`, `call ROLE`"


class ClauseError(ValueError):
    """A clause that cannot be carried out, in one line, without file and line number."""


@dataclasses.dataclass(frozen=True)
class Condition:
    """One comparison of a signal, or of two signals' ratio, with a number.

    Parameters
    ----------
    signal : str
    above : bool
        Whether the signal must be above the value, or below it.
    value : float
    unit : str
        As written; per cent are already a share.
    per : str
        Signal by which the first is divided, or nothing.
    """

    signal: str
    above: bool
    value: float
    unit: str = ""
    per: str = ""

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the signals that it reads."""
        return (self.signal, self.per) if self.per else (self.signal,)

    @property
    def name(self) -> str:
        """What it reads, as written."""
        return f"{self.signal} / {self.per}" if self.per else self.signal

    def __str__(self) -> str:
        return f"{self.name} {'>' if self.above else '<'} {self.value:g}{f' {self.unit}' if self.unit else ''}"


@dataclasses.dataclass(frozen=True)
class Wait:
    """``when`` and ``verify``: until all conditions have held for a while, at most for `within` seconds."""

    line: int
    text: str
    conditions: tuple[Condition, ...]
    hold: float
    within: float | None = None
    verify: bool = False
    otherwise: int | str | None = None  # step, "stop" or nothing said
    otherwise_line: int = 0


@dataclasses.dataclass(frozen=True)
class Do:
    """One action of the scenario, and the role that may take it."""

    line: int
    text: str
    action: str
    role: str = ""
    undo: bool = False


@dataclasses.dataclass(frozen=True)
class Pause:
    """``wait``: seconds in which nothing is done."""

    line: int
    text: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class Call:
    """``call``: somebody else is asked to take part."""

    line: int
    text: str
    role: str


@dataclasses.dataclass(frozen=True)
class GoTo:
    """``go to`` a step, or ``stop``."""

    line: int
    text: str
    step: int | str


@dataclasses.dataclass(frozen=True)
class Otherwise:
    """``else …``, which belongs to the ``when`` or ``verify`` before it."""

    line: int
    text: str
    step: int | str


Clause = Wait | Do | Pause | Call | GoTo | Otherwise


def parse(text: str, line: int = 0) -> Clause:
    """Return the clause that a code span says.

    Raises
    ------
    ClauseError
        One line that names what is wrong and the mend.

    Examples
    --------
    >>> parse("when amplification > 1.1 for 1 min").hold
    60.0
    >>> parse("when error_ratio > a few for 1 min")
    Traceback (most recent call last):
    course_lib.runbooks.clauses.ClauseError: ambiguous threshold 'a few' of error_ratio: give one number
    """
    words = " ".join(text.split())
    head, _, rest = words.partition(" ")
    if head in ("when", "verify"):
        return _wait(words, rest, line, verify=head == "verify")
    if head in ("do", "undo"):
        return _do(words, rest, line, undo=head == "undo")
    if head == "wait":
        return Pause(line, words, duration(rest, "wait"))
    if head == "call" and rest:
        return Call(line, words, rest)
    if words == "stop" or words.startswith("go to "):
        return GoTo(line, words, _target(words))
    if head == "else":
        return Otherwise(line, words, _target(rest))
    raise ClauseError(f"{shown(words)} is nothing one can carry out: {HOW}")


def shown(text: str) -> str:
    """What was written, on one line of an error."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def duration(text: str, what: str) -> float:
    """Seconds of "90 s", "5 min" or "1 h".

    Raises
    ------
    ClauseError
        It is none, or not positive.
    """
    number, _, unit = text.strip().partition(" ")
    if not NUMBER.fullmatch(number) or unit not in SECONDS:
        raise ClauseError(f"{shown(text.strip())} after {what!r} is no time: give one such as 90 s, 5 min or 1 h")
    seconds = float(number.replace(",", "")) * SECONDS[unit]
    if seconds <= 0:
        raise ClauseError(f"{shown(text.strip())} after {what!r}: must be more than nothing")
    return seconds


def _wait(words: str, rest: str, line: int, *, verify: bool) -> Wait:
    kind = "verify" if verify else "when"
    rest, has_within, within = rest.partition(" within ")
    rest, has_for, hold = rest.partition(" for ")
    if not has_for:
        raise ClauseError(f"{shown(words)} does not say for how long: write {kind} SIGNAL > VALUE for TIME")
    if verify and not has_within:
        raise ClauseError(f"{shown(words)} does not say when to give up: write verify … for TIME within TIME")
    limit = duration(within, "within") if has_within else None
    held = duration(hold, "for")
    if limit is not None and verify and limit < held:
        raise ClauseError(f"{shown(words)} can never come true: {held:g} s do not fit within {limit:g} s")
    conditions = tuple(_condition(part) for part in rest.split(" and "))
    _possible(conditions)
    return Wait(line, words, conditions, held, limit, verify)


def _condition(text: str) -> Condition:
    found = COMPARISON.fullmatch(text.strip())
    if not found:
        raise ClauseError(f"{shown(text.strip())} compares nothing: write SIGNAL > VALUE or SIGNAL < VALUE")
    left, per = (part.strip() for part in (*found["left"].split("/", 1), "")[:2])
    for name in (left, *([per] if per else [])):
        if not NAME.fullmatch(name):
            raise ClauseError(f"{shown(name)} is no name of a signal: write it as the dashboards do, in_small_letters")
    value, unit = _value(found["right"].strip(), left)
    return Condition(left, found["sign"].startswith(">"), value, unit, per)


def _value(text: str, signal: str) -> tuple[float, str]:
    number, _, unit = text.replace("%", " %").partition(" ")
    unit = unit.strip()
    if not NUMBER.fullmatch(number) or re.search(r"\d|\bor\b|\babout\b", unit.replace("p50", "").replace("p99", "")):
        raise ClauseError(f"ambiguous threshold {shown(text)} of {signal}: give one number")
    value = float(number.replace(",", ""))
    if unit == "%":
        return value / 100.0, ""
    return (value * SECONDS[unit], "s") if unit in SECONDS else (value, unit)


def _possible(conditions: tuple[Condition, ...]) -> None:
    """Refuse conditions that exclude each other."""
    for one in conditions:
        for other in conditions:
            apart = one.above and not other.above and one.name == other.name and one.value >= other.value
            if apart:
                raise ClauseError(f"'{one} and {other}' can never fire: no value is both")


def _do(words: str, rest: str, line: int, *, undo: bool) -> Do:
    action, _, role = rest.partition(" as ")
    if not NAME.fullmatch(action.strip()):
        raise ClauseError(f"{shown(words)} names no action: write do ACTION as ROLE, one action a clause")
    return Do(line, words, action.strip(), role.strip(), undo)


def _target(words: str) -> int | str:
    if words == "stop":
        return "stop"
    number = words.removeprefix("go to ").strip()
    if not words.startswith("go to ") or not number.isdigit():
        raise ClauseError(f"{shown(words)} leads nowhere: write go to N, with the number of a step, or stop")
    return int(number)
