"""A runbook's page: Markdown that people read, with clauses in code spans that can be carried out.

The page has a title, two paragraphs that begin with ``Meaning:`` and ``Impact:``, and the sections of `SECTIONS` in
this order. Under "How it looks", ``when`` clauses say when the page is opened: all of them must hold. Numbered steps,
counted through the whole page, hold at least one clause each (`clauses` has them all); what stands outside of code
spans is for people, and nobody carries it out.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from course_lib.runbooks import clauses
from course_lib.runbooks.clauses import Clause, ClauseError, Condition, Do, GoTo, Otherwise, Wait

FOLDER = Path(__file__).parent
LOOKS, ACTIONS, WORKED, RECOVERY, AFTERWARDS, SECURITY = SECTIONS = (
    "How it looks",
    "Immediate actions",
    "How to know it worked",
    "Recovery",
    "Afterwards",
    "Security check",
)
STEPPED = (ACTIONS, WORKED, RECOVERY, SECURITY)
STEP = re.compile(r"(\d+)\.\s+(.*)")
SPAN = re.compile(r"`([^`]*)`")


class PageError(ValueError):
    """A page that cannot be carried out, in one line: ``file:line: what is wrong and the mend``."""


@dataclasses.dataclass(frozen=True)
class Numbered:
    """One numbered step: its clauses in order."""

    number: int
    line: int
    section: str
    clauses: tuple[Clause, ...]


@dataclasses.dataclass(frozen=True)
class Page:
    """A runbook as it is carried out, and its text.

    Parameters
    ----------
    path : Path
    title : str
    opens : tuple of Wait
        What must hold for the page to be opened.
    steps : tuple of Numbered
    texts : mapping of str to str
        Markdown by section; ``Meaning`` and ``Impact`` are the paragraphs before the first.
    """

    path: Path
    title: str
    opens: tuple[Wait, ...]
    steps: tuple[Numbered, ...]
    texts: Mapping[str, str]

    def error(self, line: int, message: str) -> PageError:
        """An error at a line of this page."""
        return PageError(f"{self.path.name}:{line}: {message}")

    def step(self, number: int) -> Numbered:
        """The step of that number."""
        return self.steps[number - 1]

    def __iter__(self) -> Iterator[Clause]:
        yield from self.opens
        for step in self.steps:
            yield from step.clauses


def names() -> tuple[str, ...]:
    """Slugs of the pages that the course brings."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.md")))


def load(name_or_path: str | Path) -> Page:
    """Read a page, by its slug or its path.

    Raises
    ------
    PageError
        There is no such file, or a line of it cannot be carried out.
    """
    own = FOLDER / f"{name_or_path}.md"
    path = own if str(name_or_path) in names() else Path(name_or_path)
    try:
        return parse(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError:
        raise PageError(f"{path.name}:1: is no text in UTF-8: save it as such") from None
    except OSError:
        raise PageError(f"{name_or_path}: no such runbook: give a file, or one of {', '.join(names())}") from None


def parse(text: str, path: Path | str = "page.md") -> Page:
    """Read a page's text; see the module for the format.

    Raises
    ------
    PageError
        A section lacks, a step says nothing that can be carried out, or a clause is wrong.
    """
    return _Reading(text, Path(path)).page()


class _Reading:
    """One page on its way from text to steps."""

    def __init__(self, text: str, path: Path) -> None:
        self.lines, self.path = text.splitlines(), path
        self.opens: list[Wait] = []
        self.steps: list[Numbered] = []

    def error(self, line: int, message: str) -> PageError:
        return PageError(f"{self.path.name}:{line}: {message}")

    def page(self) -> Page:
        starts = self._sections()
        title = next((line[2:].strip() for line in self.lines if line.startswith("# ")), "")
        if not title:
            raise self.error(1, "the page has no title: begin with '# ' and the failure's name")
        texts = self._paragraphs(min(starts.values()))
        ends = [*list(starts.values())[1:], len(self.lines) + 1]
        for (name, start), end in zip(starts.items(), ends, strict=True):
            texts[name] = "\n".join(self.lines[start : end - 1]).strip()
            self._read(name, start + 1, end)
        page = Page(self.path, title, tuple(self.opens), tuple(self.steps), texts)
        self._whole(page, starts)
        return page

    def _sections(self) -> dict[str, int]:
        """Line of each section's heading."""
        found = {line[3:].strip(): n for n, line in enumerate(self.lines, start=1) if line.startswith("## ")}
        for name in SECTIONS:
            if name not in found:
                raise self.error(len(self.lines) or 1, f"the section '## {name}' lacks")
        if (order := [name for name in found if name in SECTIONS]) != list(SECTIONS):
            raise self.error(found[order[0]], f"sections come in this order: {', '.join(SECTIONS)}")
        return found

    def _paragraphs(self, until: int) -> dict[str, str]:
        """What is said before the first section, under its two names."""
        texts = {}
        blocks = "\n".join(self.lines[: until - 1]).split("\n\n")
        for name in ("Meaning", "Impact"):
            said = next((block.strip() for block in blocks if block.strip().startswith(f"{name}: ")), None)
            if said is None:
                raise self.error(1, f"a paragraph that begins with '{name}: ' lacks before the first section")
            texts[name] = said.removeprefix(f"{name}: ")
        return texts

    def _read(self, section: str, start: int, end: int) -> None:
        """Steps of one section, and what opens the page."""
        found: list[tuple[int, int, list[tuple[int, str]]]] = []
        for number in range(start, end):
            line = self.lines[number - 1] if number <= len(self.lines) else ""
            step = STEP.fullmatch(line.strip())
            if step and section in STEPPED:
                found.append((int(step[1]), number, [(number, step[2])]))
            elif found and line.startswith("   "):
                found[-1][2].append((number, line))
            elif section == LOOKS:
                self.opens += [c for c in self._clauses([(number, line)]) if isinstance(c, Wait)]
        for number, line, rows in found:
            self._step(section, number, line, rows)

    def _step(self, section: str, number: int, line: int, rows: list[tuple[int, str]]) -> None:
        if number != len(self.steps) + 1:
            raise self.error(line, f"step {number} follows step {len(self.steps)}: count through the whole page")
        told = self._joined(list(self._clauses(rows)))
        if not told:
            raise self.error(line, f"step {number} says nothing one can carry out: {clauses.HOW}")
        if all(isinstance(one, Wait) and not one.verify and one.otherwise is None for one in told):
            raise self.error(line, f"step {number} has a `when` and no action: add `do ACTION as ROLE` or `else …`")
        self.steps.append(Numbered(number, line, section, tuple(told)))

    def _clauses(self, rows: Iterable[tuple[int, str]]) -> Iterator[Clause]:
        for number, text in rows:
            if text.count("`") % 2:
                raise self.error(number, "a code span is not closed on its line: keep each clause on one line")
            for span in SPAN.findall(text):
                try:
                    yield clauses.parse(span, number)
                except ClauseError as error:
                    raise self.error(number, str(error)) from None

    def _joined(self, told: list[Clause]) -> list[Clause]:
        """Give each ``else`` to the ``when`` or ``verify`` before it."""
        found: list[Clause] = []
        for clause in told:
            if not isinstance(clause, Otherwise):
                found.append(clause)
            elif found and isinstance(found[-1], Wait) and found[-1].within is not None:
                found[-1] = dataclasses.replace(found[-1], otherwise=clause.step, otherwise_line=clause.line)
            else:
                raise self.error(clause.line, "`else` belongs behind a `when` or `verify` that says `within`")
        return found

    def _whole(self, page: Page, starts: Mapping[str, int]) -> None:
        """What no clause can know alone."""
        if not page.opens:
            raise self.error(starts[LOOKS], "nothing says when to open the page: add `when SIGNAL > VALUE for TIME`")
        if not page.steps:
            raise self.error(starts[ACTIONS], "the page has no step: number them 1., 2., 3.")
        for clause in page:
            for line, target in _targets(clause):
                if target != "stop" and not 1 <= int(target) <= len(page.steps):
                    raise self.error(line, f"there is no step {target}: they are 1 to {len(page.steps)}")
        for step in page.steps[1:]:
            if step.number not in _reached(page):
                raise self.error(step.line, f"no way leads to step {step.number}: let another step go to it")
        _verified(page)


def _targets(clause: Clause) -> list[tuple[int, int | str]]:
    if isinstance(clause, GoTo):
        return [(clause.line, clause.step)]
    if isinstance(clause, Wait) and clause.otherwise is not None:
        return [(clause.otherwise_line, clause.otherwise)]
    return []


def _following(step: Numbered) -> set[int]:
    """Numbers of the steps that may come next."""
    found = {int(target) for clause in step.clauses for _, target in _targets(clause) if target != "stop"}
    leaves = any(isinstance(clause, GoTo) for clause in step.clauses)
    return found if leaves else found | {step.number + 1}


def _reached(page: Page, start: int = 1) -> set[int]:
    found, ahead = set(), [start]
    while ahead:
        number = ahead.pop()
        if number not in found and number <= len(page.steps):
            found.add(number)
            ahead += _following(page.step(number))
    return found


def _verified(page: Page) -> None:
    """After every action some way must lead to a ``verify``."""
    for step in page.steps:
        for place, clause in enumerate(step.clauses):
            if not isinstance(clause, Do):
                continue
            later = [*step.clauses[place:]]
            for next_step in _following(step):
                later += [c for number in _reached(page, next_step) for c in page.step(number).clauses]
            if not any(isinstance(one, Wait) and one.verify for one in later):
                raise page.error(clause.line, f"nothing verifies `{clause.text}`: add `verify … for TIME within TIME`")


# -- against the world in which it is carried out ----------------------------------------------------------------------


def check(page: Page, units: Mapping[str, str], roles: Mapping[str, str], until: float) -> None:
    """Refuse what cannot be carried out where only these signals are seen and only these actions can be taken.

    Parameters
    ----------
    units : mapping of str to str
        Unit of each signal that the responder sees.
    roles : mapping of str to str
        Who may take each action.
    until : float
        Seconds that one has at most.

    Raises
    ------
    PageError
        A signal or an action is unknown, a threshold impossible, or somebody acts who may not.
    """
    for clause in page:
        if isinstance(clause, Wait):
            for condition in clause.conditions:
                _check_condition(page, clause, condition, units)
            if clause.hold > until:
                raise page.error(clause.line, f"`{clause.text}` can never fire: the day lasts {until:g} s")
        elif isinstance(clause, Do):
            _check_action(page, clause, roles)


def _check_condition(page: Page, clause: Wait, condition: Condition, units: Mapping[str, str]) -> None:
    for name in condition.signals:
        if name not in units:
            raise page.error(clause.line, f"nobody sees a signal {name!r}{_near(name, units)}")
    unit, value = units[condition.signal], condition.value
    share = unit.startswith("of ") and not condition.per
    if share and ((condition.above and value >= 1) or (not condition.above and value > 1)):
        never = "can never fire" if condition.above else "always fires"
        mend = f"write {value:g} %" if 1 < value <= 100 else "give a share between 0 and 1"
        raise page.error(clause.line, f"`{condition}` {never}: {condition.signal} is a share, at most 1; {mend}")
    if not condition.above and value <= 0:
        raise page.error(clause.line, f"`{condition}` can never fire: no signal is below 0")
    if condition.unit and not condition.per and not unit.startswith(condition.unit):
        raise page.error(clause.line, f"ambiguous threshold: {condition.signal} is in {unit}, not {condition.unit}")


def _check_action(page: Page, clause: Do, roles: Mapping[str, str]) -> None:
    if clause.action not in roles:
        raise page.error(clause.line, f"nobody knows an action {clause.action!r}{_near(clause.action, roles)}")
    if clause.role and clause.role != roles[clause.action]:
        raise page.error(clause.line, f"{clause.role} may not do {clause.action}: that is for {roles[clause.action]}")


def _near(name: str, known: Iterable[Any]) -> str:
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
