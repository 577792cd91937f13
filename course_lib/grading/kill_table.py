"""Mutation proof: every known-wrong answer through the grader's own path, and the table of which demand stopped it.

``python -m course_lib.grading.kill_table`` writes ``docs/kill-table.md``; a test says whether it is fresh.
Wrong answers are files ``tests/wrong_answers/<slug>/<name>.py``: the docstring says what is wrong, `KILLED_BY` names
the task, `STATE` the state where it is not "wrong", and the rest replaces the task's answer cell.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import manifest
from course_lib.checks.task import RIGHT, WRONG
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef, Lab
from course_lib.grading.judging.jobs import Job
from course_lib.grading.schedulers import Cores
from course_lib.grading.worker import Setup

PAGE = "docs/kill-table.md"
#: Any seed must do; these are what the page is made with.
SEEDS = (20_260_301,)
_HEAD = """# Which wrong answers are caught, and by what

Every file in `tests/wrong_answers/` is a plausible mistake. Each is put into a finished submission, graded by the same
path as a learner's notebook, and must not be right. Made by `python -m course_lib.grading.kill_table`; a test says
whether this page is fresh. With a number after it, such as 200, the command tries every wrong answer and every solution
on so many seeds instead; the workflow does that once a week.
"""


@dataclass(frozen=True)
class WrongAnswer:
    """A known mistake.

    Attributes
    ----------
    name, slug, what, task, state, source : str
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


def wrong_answers(root: Path) -> list[WrongAnswer]:
    """Every known mistake in the modules that are built.

    Raises
    ------
    ValueError
        For a file that does not say which task it answers, or what is wrong.
    """
    folders = [root / "tests" / "wrong_answers" / module.slug for module in manifest.load(root).built]
    return [_read(path) for folder in folders for path in sorted(folder.glob("*.py"))]


def _read(path: Path) -> WrongAnswer:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    told = dict(_constants(tree))
    what = ast.get_docstring(tree)
    if not what or not isinstance(told.get("KILLED_BY"), str):
        raise ValueError(f"{path}: needs a docstring that says what is wrong, and KILLED_BY = the task's name")
    kept = [node for node in tree.body[1:] if _constant_name(node) not in ("KILLED_BY", "STATE")]
    source = "\n\n".join(ast.get_source_segment(text, node) or "" for node in kept)
    line = " ".join(what.split())
    return WrongAnswer(path.stem, path.parent.name, line, told["KILLED_BY"], told.get("STATE", WRONG), source)


def _constants(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        name = _constant_name(node)
        if name and isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield name, node.value.value


def _constant_name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def kills(course: CourseRef, answers: Sequence[WrongAnswer], seeds: Iterable[int] = SEEDS) -> list[Kill]:
    """Grade every wrong answer on every seed.

    Raises
    ------
    ValueError
        When a wrong answer names no task, or the sandbox fails.
    """
    every = pristine.labs(course)
    runs = {}
    for answer in answers:
        lab = _lab_of(every, answer)
        for seed in seeds:
            runs[f"{answer.slug}/{answer.name}/{seed}"] = (answer, lab, seed)
    with Cores() as cores:
        jobs = [_job(course, key, *run) for key, run in runs.items()]
        results = {job.learner: result for job, result in cores.run(Setup(course, compare=False), jobs)}
    return [_kill(*runs[key], results[key]) for key in runs]


def reference_states(course: CourseRef, seeds: Iterable[int]) -> dict[tuple[str, str, int], str]:
    """The state of every task of the reference solutions on every seed, by (lab, task, seed)."""
    every = pristine.labs(course)
    runs = {f"{key} {seed}": (key, seed) for key in every for seed in seeds}
    with Cores() as cores:
        jobs = [
            Job(name, key, pristine.solution(course, every[key]), seed, seed, tasks=tuple(every[key].tasks))
            for name, (key, seed) in runs.items()
        ]
        results = {job.learner: result for job, result in cores.run(Setup(course, compare=False), jobs)}
    return {
        (*runs[name][:1], task, runs[name][1]): told["state"]
        for name, result in results.items()
        for task, told in _checked(result)["tasks"].items()
    }


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


def _kill(answer: WrongAnswer, lab: Lab, seed: int, result: dict[str, Any] | Exception) -> Kill:
    told = _checked(result)["tasks"][answer.task]
    missed = tuple(one["text"] for one in told["demands"] if not one["ok"]) or (_reason(told["lines"][-1]),)
    return Kill(answer, seed, told["state"], told["points"], told["max_points"], missed)


def page(found: Sequence[Kill]) -> str:
    """The page, from kills on one seed."""
    lines = [_HEAD]
    for slug in dict.fromkeys(kill.answer.slug for kill in found):
        mine = [kill for kill in found if kill.answer.slug == slug]
        caught = sum(kill.killed for kill in mine)
        lines += [f"## {slug}", "", f"{caught} of {len(mine)} caught.", ""]
        lines += ["| Wrong answer | What is wrong | Task | Caught by | Points left |", "|---|---|---|---|---|"]
        lines += [_row(kill) for kill in sorted(mine, key=lambda kill: (kill.answer.task, kill.answer.name))]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _row(kill: Kill) -> str:
    first = kill.missed[0] if kill.killed else "**not caught**"
    more = f" (and {len(kill.missed) - 1} more)" if len(kill.missed) > 1 else ""
    cells = (
        kill.answer.name,
        kill.answer.what,
        kill.answer.task,
        first + more,
        f"{kill.points:g} of {kill.max_points:g}",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _reason(line: str) -> str:
    """A verdict's line without its mark and without the numbers that were seen."""
    return line.split(maxsplit=1)[-1].split(" : saw ")[0]


def fresh_page(course: CourseRef, answers: Sequence[WrongAnswer]) -> str:
    """The page as it should be."""
    return page(kills(course, answers))


def proof(course: CourseRef, answers: Sequence[WrongAnswer], seeds: Sequence[int]) -> list[str]:
    """What is wrong with the checks over many seeds: wrong answers let through, reference solutions refused."""
    let_through = [kill for kill in kills(course, answers, seeds) if not kill.killed]
    refused = [(*key, state) for key, state in reference_states(course, seeds).items() if state != RIGHT]
    lines = [f"{k.answer.slug}/{k.answer.name} is {k.state} on seed {k.seed}" for k in let_through]
    return lines + [f"the solution of {lab} is {state} at {task} on seed {seed}" for lab, task, seed, state in refused]


def main() -> None:
    """Write the page; with a number N as argument, try N seeds instead and say what is let through."""
    root = manifest.load().root
    course, answers = CourseRef(str(root)), wrong_answers(root)
    if len(sys.argv) > 1:
        found = proof(course, answers, range(int(sys.argv[1])))
        print("\n".join(found) or f"all {len(answers)} wrong answers caught, all solutions right, on each seed")
        sys.exit(bool(found))
    (root / PAGE).write_text(fresh_page(course, answers), encoding="utf-8")
    print(root / PAGE)


if __name__ == "__main__":
    main()
