"""Mutation proof: every known-wrong answer against its check, and the table of which demand stopped it.

``python -m course_lib.grading.kill_table`` writes ``docs/kill-table.md``; a test says whether it is fresh.
Wrong answers stand in ``tests/wrong_answers/<slug>/<task>.py``, one function a mistake, whose docstring says what is
wrong; where a task has several answers, one class a mistake, with a static method an answer; what begins with an
underscore is theirs to share. `CRASHES` names those that
stop with an error. They are judged in this process, which is quick; `by_grader` puts them through the sandbox as well.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import dataclasses
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import manifest
from course_lib.checks.task import CRASHED, RIGHT, WRONG, Demand, Verdict
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef, Lab
from course_lib.grading.judging.jobs import Job
from course_lib.grading.schedulers import Cores
from course_lib.grading.worker import Setup

PAGE = "docs/kill-table.md"
#: Any seed must do; the first is the one the page is made with, all of them are tried at each commit.
SEEDS = (20_260_301, *range(19))
_HEAD = """# Which wrong answers are caught, and by what

Every function in `tests/wrong_answers/` is a plausible mistake, and must not be right. Made by
`python -m course_lib.grading.kill_table`; a test says whether this page is fresh. With a number after it, such as 200,
and the names of modules, the command tries their wrong answers and solutions on so many seeds instead, and once by the
path that a learner's notebook takes; the workflow does that once a week.
"""


@dataclass(frozen=True)
class WrongAnswer:
    """A known mistake.

    Attributes
    ----------
    name, slug, what, task, state : str
    source : str
        What the task's answer cell holds.
    """

    name: str
    slug: str
    what: str
    task: str
    state: str
    source: str


@dataclass(frozen=True)
class Kill:
    """What became of a wrong answer on one seed."""

    answer: WrongAnswer
    seed: int
    state: str
    points: float
    max_points: float
    missed: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """Whether it was caught as it should be."""
        return self.state == self.answer.state and self.points < self.max_points


def wrong_answers(root: Path, slugs: Iterable[str] = (), folder: str = "wrong_answers") -> list[WrongAnswer]:
    """Every known mistake in the modules that are built, or in those named.

    Parameters
    ----------
    root : Path
        The course's.
    slugs : iterable of str
    folder : str
        Below ``tests``: right answers of another style than the solution's are kept in the same way.

    Raises
    ------
    ValueError
        For a file that answers no task, or a mistake that does not say what is wrong.
    """
    found = []
    for module in manifest.load(root).built:
        if not slugs or module.slug in slugs:
            for path in sorted((root / "tests" / folder / module.slug).glob("*.py")):
                found += _read(path, _answers_of(root, module.slug, path.stem))
    return found


def _answers_of(root: Path, slug: str, task: str) -> tuple[str, ...]:
    for lab in pristine.labs(CourseRef(str(root))).values():
        if lab.slug == slug and task in lab.tasks:
            return lab.tasks[task].answers
    raise ValueError(f"{slug}/{task}.py: module {slug} has no task {task!r}")


def _read(path: Path, answers: Sequence[str]) -> list[WrongAnswer]:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    crashes = {name for node in tree.body if _is_crashes(node) for name in ast.literal_eval(node.value)}
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            what = ast.get_docstring(node)
            if not what:
                raise ValueError(f"{path}: {node.name} needs a docstring that says what is wrong")
            state = CRASHED if node.name in crashes else WRONG
            source = f"{text}\n\n{_named(node, answers)}\n"
            found.append(WrongAnswer(node.name, path.parent.name, " ".join(what.split()), path.stem, state, source))
    return found


def _is_crashes(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "CRASHES"


def _named(node: ast.FunctionDef | ast.ClassDef, answers: Sequence[str]) -> str:
    """The line that gives a mistake the names the check asks for."""
    if isinstance(node, ast.FunctionDef):
        return f"{answers[0]} = {node.name}"
    return "\n".join(f"{answer} = {node.name}.{answer}" for answer in answers)


def kills(
    course: CourseRef, answers: Sequence[WrongAnswer], seeds: Iterable[int] = SEEDS[:1], *, whole: bool = True
) -> list[Kill]:
    """Judge every wrong answer on every seed, in this process.

    Parameters
    ----------
    course : CourseRef
    answers : sequence of WrongAnswer
    seeds : iterable of int
    whole : bool
        Go on after the first miss on the first seed, as the page needs it: it says how much is missed, and the points.

    Raises
    ------
    ValueError
        When a wrong answer names no task.
    """
    every = pristine.labs(course)
    found = []
    for answer in answers:
        lab = _lab_of(every, answer)
        for number, seed in enumerate(seeds):
            sources = {lab.answer_cells[answer.task]: answer.source}
            # The page says all that is missed; on further seeds the first miss will do.
            until = None if (whole and number == 0) or answer.state != WRONG else _is_missed
            verdict = lab.tasks[answer.task].judge(answers_here(lab, answer.task, sources), seed, until=until)
            missed = tuple(one.text for one in verdict.findings if not one.ok)
            found.append(_kill(answer, seed, verdict.state, verdict.points, verdict.max_points, missed, verdict.lines))
    return found


def _is_missed(found: Demand) -> bool:
    return not found.ok


def answers_here(lab: Lab, task: str, sources: Mapping[str, str]) -> dict[str, Any]:
    """A task's answers from its cell, run in this process with the given cells it needs: ours, which can be trusted.

    Parameters
    ----------
    lab : Lab
    task : str
    sources : mapping of cell id to source
    """
    namespace: dict[str, Any] = {"__name__": "answer"}
    own = lab.answer_cells[task]
    for cell in pristine.answer_plan(lab, sources, set(lab.answer_cells.values()) - {own}, {})["cells"]:
        # A given cell may need another task's answer; this one's own must run.
        with contextlib.nullcontext() if cell["id"] == own else contextlib.suppress(Exception):
            exec(compile(cell["source"], cell["id"], "exec"), namespace)
    return {name: namespace.get(name) for name in lab.tasks[task].answers}


def references(
    course: CourseRef, slugs: Iterable[str], seeds: Iterable[int]
) -> Iterator[tuple[str, str, int, Verdict]]:
    """Lab, task, seed and verdict of the reference solutions of modules, in this process."""
    for lab in pristine.labs(course).values():
        if lab.slug in slugs:
            sources = pristine.solution(course, lab)
            for name, task in lab.tasks.items():
                for seed in seeds:
                    yield lab.key, name, seed, task.judge(answers_here(lab, name, sources), seed)


def by_grader(course: CourseRef, answers: Sequence[WrongAnswer], seed: int = SEEDS[0]) -> list[Kill]:
    """Grade wrong answers by the path that a learner's notebook takes.

    Raises
    ------
    ValueError
        When a wrong answer names no task, or the sandbox fails.
    """
    every = pristine.labs(course)
    runs = {f"{answer.slug}/{answer.task}/{answer.name}": (answer, _lab_of(every, answer)) for answer in answers}
    with Cores() as cores:
        jobs = [_job(course, key, *run, seed) for key, run in runs.items()]
        results = {job.learner: _checked(result) for job, result in cores.run(Setup(course, compare=False), jobs)}
    found = []
    for key, (answer, _) in runs.items():
        told = results[key]["tasks"][answer.task]
        missed = tuple(one["text"] for one in told.demands if not one["ok"])
        found.append(_kill(answer, seed, told.state, told.points, told.max_points, missed, told.lines))
    return found


def _lab_of(labs: Mapping[str, Lab], answer: WrongAnswer) -> Lab:
    for lab in labs.values():
        if lab.slug == answer.slug and answer.task in lab.tasks:
            return lab
    raise ValueError(f"wrong answer {answer.slug}/{answer.name} names task {answer.task!r}, which no lab has")


def _job(course: CourseRef, name: str, answer: WrongAnswer, lab: Lab, seed: int) -> Job:
    sources = pristine.solution(course, lab) | {lab.answer_cells[answer.task]: answer.source}
    return Job(name, lab.key, sources, seed, seed, tasks=(answer.task,))


def _checked(result: dict[str, Any] | Exception) -> dict[str, Any]:
    if isinstance(result, Exception):
        raise ValueError(f"the grader failed: {result}") from result
    return result


def _kill(
    answer: WrongAnswer,
    seed: int,
    state: str,
    points: float,
    most: float,
    missed: tuple[str, ...],
    lines: Sequence[str],
) -> Kill:
    return Kill(answer, seed, state, points, most, missed or (_reason(lines[-1]),))


def page(found: Sequence[Kill]) -> str:
    """The page, from kills on one seed."""
    lines = [_HEAD]
    for slug in dict.fromkeys(kill.answer.slug for kill in found):
        mine = [kill for kill in found if kill.answer.slug == slug]
        caught = sum(kill.killed for kill in mine)
        lines += [f"## {slug}", "", f"{caught} of {len(mine)} caught.", ""]
        for task in dict.fromkeys(kill.answer.task for kill in mine):
            lines += [table(task, [kill for kill in mine if kill.answer.task == task]), ""]
    return "\n".join(lines).rstrip() + "\n"


def table(task: str, found: Sequence[Kill]) -> str:
    """One task's part of the page."""
    head = ["| Wrong answer | What is wrong | Caught by | Points left |", "|---|---|---|---|"]
    return "\n".join([f"### {task}", "", *head, *map(_row, found)])


def caught_by(kill: Kill) -> str:
    """How a wrong answer's row begins: its name, what is wrong, and the demand it misses first."""
    return _row(dataclasses.replace(kill, missed=kill.missed[:1])).rpartition(" | ")[0]


def _row(kill: Kill) -> str:
    first = kill.missed[0] if kill.killed else "**not caught**"
    more = f" (and {len(kill.missed) - 1} more)" if len(kill.missed) > 1 else ""
    cells = (kill.answer.name, kill.answer.what, first + more, f"{kill.points:g} of {kill.max_points:g}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _reason(line: str) -> str:
    """A verdict's line without its mark and without the numbers that were seen."""
    return line.split(maxsplit=1)[-1].split(" : saw ")[0].split("; it was passed")[0]


def proof(course: CourseRef, answers: Sequence[WrongAnswer], seeds: Sequence[int]) -> list[str]:
    """What is wrong with the checks over many seeds: wrong answers let through, reference solutions refused."""
    let_through = [kill for kill in kills(course, answers, seeds) if not kill.killed]
    lines = [f"{_full_name(kill.answer)} is {kill.state} on seed {kill.seed}" for kill in let_through]
    for lab, task, seed, verdict in references(course, {answer.slug for answer in answers}, seeds):
        if verdict.state != RIGHT:
            lines.append(f"the solution of {lab} is {verdict.state} at {task} on seed {seed}: {_misses(verdict)}")
    return lines


def _full_name(answer: WrongAnswer) -> str:
    return f"{answer.slug}/{answer.task}/{answer.name}"


def _misses(verdict: Verdict) -> str:
    return " ".join(line.strip() for line in verdict.lines[1:] if not line.startswith("  ok"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; with a number N, try N seeds instead and say what is let through.

    Returns
    -------
    int
        1 where something is let through or a solution refused, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m course_lib.grading.kill_table", description=__doc__.split("\n")[0])
    parser.add_argument("seeds", nargs="?", type=int, help="try so many seeds instead of writing the page")
    parser.add_argument("modules", nargs="*", help="only these modules")
    told = parser.parse_args(arguments)
    root = manifest.load().root
    course, answers = CourseRef(str(root)), wrong_answers(root, told.modules)
    if told.seeds is None:
        (root / PAGE).write_text(page(kills(course, answers)), encoding="utf-8")
        print(root / PAGE)
        return 0
    found = proof(course, answers, range(told.seeds))
    found += [f"{_full_name(k.answer)} is {k.state} in the grader" for k in by_grader(course, answers) if not k.killed]
    print("\n".join(found) or f"all {len(answers)} wrong answers caught, all solutions right, on each seed")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
