"""A reader who is wide awake and takes every word literally: carries out a page, and nothing that is not on it.

It looks at what the responder is shown, every `EVERY` seconds. A condition with ``for`` holds once each look of that
time saw it; ``verify`` counts from when it is read, ``when`` looks back over the graph. After an action it goes on when
the action is in force. It stops at the line at which it does not know how to go on, and afterwards the run is played
again without each action: one without which fewer users had failed is named, too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from course_lib.runbooks import page as pages
from course_lib.runbooks.clauses import Call, Condition, Do, GoTo, Pause, Wait
from course_lib.runbooks.page import Page

EVERY = 5.0  # s between two looks
WORSE = 0.02  # of what doing nothing costs: an action that costs more did harm
FIRST, LONGER = 450.0, 1.5  # s that are played first; so many times as long when a reader has to wait for longer
MOST_TURNS = 200  # clauses; a page that goes in circles is stuck
AGAIN = 0.5  # of what the second coming costs if nobody has done anything: more, and it was not survived
RECOVERED, NOTHING, STUCK, WORSENED, FAILING = "recovered", "nothing to do", "stuck", "worse", "not recovered"


@dataclasses.dataclass(frozen=True)
class Taken:
    """One action of a log: when it was ordered, which, and whether it was put back."""

    at: float
    action: str
    undo: bool = False


Log = tuple[Taken, ...]


@dataclasses.dataclass(frozen=True)
class Played:
    """What came of some logs, one member each: what was shown at each look, and failed requests/s at its time.

    Parameters
    ----------
    shown : mapping of str to ndarray (looks, members)
        Value of each signal that is visible at ``EVERY * (look + 1)`` seconds; NaN before the first. Empty where nobody
        looked.
    ends_well : ndarray (members,) of bool
        Whether users are well in the end: before the trigger's second coming, on a day that has one.
    hurt : ndarray (members,) of bool
        Whether users were ever unwell.
    harm, later : ndarray (members,)
        Failed user-minutes; those of them since the second coming.
    """

    shown: Mapping[str, NDArray[np.float64]]
    ends_well: NDArray[np.bool_]
    hurt: NDArray[np.bool_]
    harm: NDArray[np.float64]
    later: NDArray[np.float64]


class World(Protocol):
    """Where a page is carried out."""

    name: str
    units: Mapping[str, str]
    roles: Mapping[str, str]
    delays: Mapping[str, float]
    until: float

    def play(self, logs: Sequence[Log], seeds: Sequence[int], until: float, *, looking: bool = True) -> Played:
        """Play logs, one for each seed, up to some second; `shown` may be empty where nobody is `looking`."""


@dataclasses.dataclass(frozen=True)
class Said:
    """What was done at a line, and when."""

    at: float
    line: int
    text: str


@dataclasses.dataclass(frozen=True)
class Report:
    """What came of a page.

    Parameters
    ----------
    outcome : str
        ``"recovered"``, ``"nothing to do"``, ``"stuck"``, ``"worse"`` or ``"not recovered"``.
    line : int
        The line at which it could not go on, or after which things got worse; 0 where there is none.
    why : str
        One line with file and line number, or what came of it.
    said : tuple of Said
        What was done, in order.
    log : tuple of Taken
    harm, harm_of_nothing : float
        Failed user-minutes, and what they had been without a hand moved.
    """

    outcome: str
    line: int
    why: str
    said: tuple[Said, ...]
    log: Log
    seed: int
    harm: float
    harm_of_nothing: float

    @property
    def well(self) -> bool:
        """Whether the page did what it is for."""
        return self.outcome in (RECOVERED, NOTHING)


class Reader:
    """One reader on the way through a page, with a finger on a clause and an eye on the clock."""

    def __init__(self, page: Page, world: World, seed: int) -> None:
        self.page, self.world, self.seed = page, world, seed
        self.now, self.step, self.clause, self.turns = 0.0, 0, 0, 0
        self.said: list[Said] = []
        self.log: list[Taken] = []
        self.lines: list[int] = []  # of each action
        self.done, self.stuck_at, self.why = False, 0, ""
        self.looks_on = False  # whether what it waits for may lie beyond what has been played

    def go_on(self, shown: Mapping[str, NDArray[np.float64]]) -> None:
        """Read until an action is ordered, the page ends, nothing says how to go on, or more must be played."""
        self.looks_on = False
        if self.step == 0 and not self.is_opened(shown):
            return
        while not self.done and not self.looks_on:
            clauses = self.page.step(self.step).clauses
            if self.clause >= len(clauses):
                self._to(self.step + 1)
                continue
            clause = clauses[self.clause]
            self.clause, self.turns = self.clause + 1, self.turns + 1
            if self.turns > MOST_TURNS:
                self._stop_at(clause.line, f"the page goes in circles: {MOST_TURNS} clauses read, and no end")
            elif isinstance(clause, Wait):
                self._wait(clause, shown)
            elif isinstance(clause, Do):
                self._do(clause)
                return
            elif isinstance(clause, Pause):
                self._say(clause.line, clause.text)
                self.now += clause.seconds
            elif isinstance(clause, Call):
                self._say(clause.line, clause.text)
            elif isinstance(clause, GoTo):
                self._say(clause.line, clause.text)
                self._to(clause.step)

    def is_opened(self, shown: Mapping[str, NDArray[np.float64]]) -> bool:
        """Whether what the page is for is there at any time."""
        together = np.logical_and.reduce([self._held(clause, shown, 0.0) for clause in self.page.opens])
        when = first_look(together, 0.0)
        if np.isinf(when):
            self.looks_on = looks(len(together))[-1] < self.world.until
            self.done = not self.looks_on
            return False
        self.now = when
        for clause in self.page.opens:
            self._say(clause.line, clause.text)
        self._to(1)
        return True

    def _held(self, clause: Wait, shown: Mapping[str, NDArray[np.float64]], since: float) -> NDArray[np.bool_]:
        """Whether at each look all conditions have held for as long as asked, looks before `since` left out."""
        met = np.logical_and.reduce([_met(condition, shown) for condition in clause.conditions])
        met &= looks(len(met)) > since + 1e-9
        last = np.maximum.accumulate(np.where(met, -1, np.arange(len(met))))
        return met & ((np.arange(len(met)) - last - 1) * EVERY >= clause.hold - 1e-9)

    def _wait(self, clause: Wait, shown: Mapping[str, NDArray[np.float64]]) -> None:
        held = self._held(clause, shown, self.now if clause.verify else 0.0)
        when, known = first_look(held, self.now), looks(len(held))[-1]
        limit = np.inf if clause.within is None else self.now + clause.within
        if np.isfinite(when) and when <= limit:
            self.now = max(when, self.now)
            self._say(clause.line, f"{clause.text}: yes")
        elif known < min(limit, self.world.until):
            self.looks_on, self.clause, self.turns = True, self.clause - 1, self.turns - 1
        elif np.isfinite(limit) and limit < self.world.until:
            self.now = limit
            self._say(clause.line, f"{clause.text}: no")
            if clause.otherwise is None:
                self._stop_at(clause.line, f"`{clause.text}` did not come true, and nothing says what to do then")
            else:
                self._to(clause.otherwise)
        else:
            waits = f"waited {self.world.until - self.now:.0f} s, until the end of the day"
            self._stop_at(clause.line, f"`{clause.text}` did not come true: {waits}")

    def _do(self, clause: Do) -> None:
        self._say(clause.line, clause.text)
        self.log.append(Taken(self.now, clause.action, clause.undo))
        self.lines.append(clause.line)
        self.now += self.world.delays[clause.action]

    def _to(self, step: int | str) -> None:
        if step == "stop" or int(step) > len(self.page.steps):
            self.done = True
        else:
            self.step, self.clause = int(step), 0

    def _say(self, line: int, text: str) -> None:
        self.said.append(Said(self.now, line, text))
        if self.now > self.world.until:
            self._stop_at(line, "the day is over, and the page is not")

    def _stop_at(self, line: int, why: str) -> None:
        if not self.done:
            self.done, self.stuck_at, self.why = True, line, why


def looks(count: int) -> NDArray[np.float64]:
    """Seconds at which the reader looks."""
    return (np.arange(count) + 1) * EVERY


def first_look(held: NDArray[np.bool_], since: float) -> float:
    """The first look from then on at which it holds; infinite for never."""
    found = np.flatnonzero(held & (looks(len(held)) >= since - 1e-9))
    return float(looks(len(held))[found[0]]) if len(found) else np.inf


def _met(condition: Condition, shown: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    value = shown[condition.signal]
    if condition.per:
        whole = shown[condition.per]
        value = np.divide(value, whole, out=np.full_like(value, np.nan), where=whole > 0)
    with np.errstate(invalid="ignore"):
        return value > condition.value if condition.above else value < condition.value


def run(page: Page | str | Path, world: World, seed: int = 0) -> Report:
    """Carry out a page on one day; otherwise as `run_many`."""
    return run_many(page, world, (seed,))[0]


def run_many(page: Page | str | Path, world: World, seeds: Sequence[int]) -> tuple[Report, ...]:
    """Carry out a page once for each seed, all days played together.

    Raises
    ------
    PageError
        The page names a signal, an action or a role that is not there.
    """
    page = page if isinstance(page, Page) else pages.load(page)
    return run_each([page] * len(seeds), world, seeds)


def opened(several: Sequence[Page], world: World, seeds: Sequence[int]) -> NDArray[np.float64]:
    """Second at which each page is opened on a day on which nobody has moved a hand; infinite for never.

    Parameters
    ----------
    several : sequence of Page
        One for each seed; checked already.
    """
    shown = world.play([()] * len(seeds), seeds, world.until).shown
    found = []
    for member, (page, seed) in enumerate(zip(several, seeds, strict=True)):
        reader = Reader(page, world, int(seed))
        there = reader.is_opened({name: values[:, member] for name, values in shown.items()})
        found.append(reader.now if there else np.inf)
    return np.array(found)


def run_each(several: Sequence[Page], world: World, seeds: Sequence[int]) -> tuple[Report, ...]:
    """Carry out one page for each seed, all days played together; otherwise as `run_many`."""
    for page in {id(page): page for page in several}.values():
        pages.check(page, world.units, world.roles, world.until)
    readers = [Reader(page, world, int(seed)) for page, seed in zip(several, seeds, strict=True)]
    until = min(FIRST, world.until)
    while not all(reader.done for reader in readers):
        played = world.play([tuple(reader.log) for reader in readers], seeds, until)
        for member, reader in enumerate(readers):
            if not reader.done:
                reader.go_on({name: values[:, member] for name, values in played.shown.items()})
        if any(reader.looks_on for reader in readers):
            until = min(LONGER * until, world.until) if any(reader.said for reader in readers) else world.until
    if not any(reader.said for reader in readers):
        return tuple(_report(reader, played, (member, member)) for member, reader in enumerate(readers))
    return _judged(readers, world)


def _judged(readers: Sequence[Reader], world: World) -> tuple[Report, ...]:
    """What came of it, beside the same days without a hand moved and without each of the actions, in one batch."""
    logs: list[Log] = []
    first = []
    for reader in readers:
        first.append(len(logs))
        log = tuple(reader.log)
        logs += [log, (), *(log[:i] + log[i + 1 :] for i in range(len(log)))]
    ends = [*first[1:], len(logs)]
    seeds = [reader.seed for reader, row, end in zip(readers, first, ends, strict=True) for _ in range(row, end)]
    played = world.play(logs, seeds, world.until, looking=False)
    return tuple(
        _report(reader, played, range(row, end)) for reader, row, end in zip(readers, first, ends, strict=True)
    )


def _report(reader: Reader, played: Played, rows: Sequence[int]) -> Report:
    """One report, of `rows` of the plays: as it was, without a hand moved, and without each of the actions."""
    harm, nothing = (float(played.harm[row]) for row in rows[:2])
    cost = [harm - float(played.harm[row]) for row in rows[2:]]
    harmful = [(line, more) for line, more in zip(reader.lines, cost, strict=True) if more > WORSE * nothing + 1.0]
    comes_back = played.later[rows[0]] > AGAIN * played.later[rows[1]] + 1.0
    if not reader.said and played.hurt[rows[0]]:
        outcome, line = FAILING, reader.page.opens[0].line
        why = f"the page is never opened, and {harm:,.0f} user-minutes fail"
    elif not reader.said:
        outcome, line, why = NOTHING, 0, "nothing on the page came true: it stayed closed"
    elif harmful:
        line, more = harmful[0]
        outcome, why = WORSENED, f"after this line things got worse: {more:,.0f} user-minutes more than without it"
    elif reader.stuck_at:
        outcome, line, why = STUCK, reader.stuck_at, reader.why
    elif not played.ends_well[rows[0]]:
        outcome, line, why = FAILING, reader.said[-1].line, "the page ends here, and users still fail"
    elif comes_back:
        outcome, line, why = FAILING, reader.said[-1].line, "the page ends here, and the same trigger brings it back"
    else:
        outcome, line, why = RECOVERED, 0, f"users are well: {harm:,.0f} user-minutes failed in place of {nothing:,.0f}"
    why = f"{reader.page.path.name}:{line}: {why}" if line else why
    return Report(outcome, line, why, tuple(reader.said), tuple(reader.log), reader.seed, harm, nothing)
