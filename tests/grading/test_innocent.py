"""An innocent file costs nobody a point silently: the same marks at home and in class, or a line to both and a mend."""

from __future__ import annotations

import csv
import json
import os
import sys
from multiprocessing import forkserver
from pathlib import Path

import pytest
from grading import kit
from grading.innocent import COMMAND, INNOCENT, Innocent, solved

from course_lib import cli, manifest, notebook_file
from course_lib.grading.command import Batch, Options, grade
from course_lib.home import checking
from course_lib.notebook_file import NotebookError

FULL = dict(kit.POINTS)
#: Their answers read differently, so that each starts a kernel of its own at home: once a week.
DEAR = """
    annotated await borrowed-from-the-course colab-form help-left-in helper-outside other-letters pasted-with-prompts
    percent-on-its-own-line separator-in-a-string shell-left-in split-between-two-names split-in-a-function timed-cell
    timeit-left-in windows-lines word-to-nbval
""".split()

#: Nothing of these files is left unread: one answer ends its process, and one is the course's, as the report says.
READ = ("exit-at-the-end", "borrowed-from-the-course")


def save(path: Path, innocent: Innocent) -> Path:
    made = innocent.make(solved())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
    return path


class Home:
    """What `course check` finds; nbval runs once for the same answers."""

    def __init__(self, root: Path) -> None:
        self.course, self.known, self.real = manifest.load(root), {}, checking.run_nbval

    def nbval(self, notebook: notebook_file.NotebookNode, root: Path) -> checking.Seen:
        key = json.dumps([cell.source for cell in notebook.cells])
        if key not in self.known:
            self.known[key] = self.real(notebook, root)
        return self.known[key]

    def check(self, path: Path) -> tuple[dict[str, float], str]:
        """Points by task, and all that is told."""
        try:
            report = checking.check(self.course, path)
        except NotebookError as error:
            return dict.fromkeys(FULL, 0), str(error)
        lines = [line for result in report.results if result.state != "right" for line in result.lines]
        return {result.task: result.points for result in report.results}, "\n".join([*lines, *report.notes])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("innocent") / "course"
    kit.course(root)
    kit.save(root / "notebooks/01_kit.ipynb", kit.notebook([]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(kit.CHECKS))
        patch.setenv("COURSE_ROOT", str(root))
        made = Home(root)
        patch.setattr(checking, "run_nbval", made.nbval)
        yield made
        # The processes' server keeps the environment it was started in: the next batch must not find this course.
        forkserver._forkserver._stop()


@pytest.fixture(scope="module")
def in_class(home, tmp_path_factory, isolation_level) -> tuple[Batch, Path]:
    """The whole class, graded in one batch."""
    folder = tmp_path_factory.mktemp("class")
    for name, innocent in INNOCENT.items():
        save(folder / "in" / name / innocent.name, innocent)
    course = kit.course(folder / "course")
    return grade(folder / "in", folder / "out", course, Options(limits=kit.LIMITS, live_every=0)), folder / "out"


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.weekly if n in DEAR else ()) for n in INNOCENT])
def test_the_same_marks_at_home_and_in_class_or_a_line_to_both_with_a_mend(name, home, in_class, tmp_path, monkeypatch):
    innocent = INNOCENT[name]
    path = save(tmp_path / innocent.name, innocent)
    wanted = FULL | dict.fromkeys(innocent.lost, 0)
    points, told = home.check(path)
    batch, out = in_class
    assert points == wanted and kit.points(out).get(name, dict.fromkeys(FULL, 0)) == wanted
    if not innocent.told:
        assert innocent.lost == ()
        return
    assert innocent.told in told
    page = (out / "feedback" / f"{name}.html").read_text(encoding="utf-8")
    assert innocent.told.replace("'", "&#39;") in page
    if name not in READ:
        assert [line for line in batch.notices if line.startswith(f"{name}/") and innocent.told in line]
        with (out / "gradebook.csv").open(newline="", encoding="utf-8") as file:
            remarks = {row["learner"]: row["remarks"] for row in csv.DictReader(file)}
        assert innocent.told in remarks[name]
    if innocent.lost:
        follow(innocent, told, path, monkeypatch)
        assert home.check(path)[0] == FULL


def follow(innocent: Innocent, told: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the line says."""
    if innocent.mend != COMMAND:
        made = innocent.mend(path.read_bytes(), told)
        path.write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
        return
    command = next(part for part in told.split("`")[1::2] if part.startswith("course reset "))
    monkeypatch.chdir(path.parent)
    monkeypatch.setattr(sys, "argv", ["course", *command.split()[1:]])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0
    if len(innocent.lost) == 1:  # the cell is back, blank: it wants its answer
        whole = notebook_file.read(path)
        whole = notebook_file.transplant(whole, {f"{task}-answer": kit.RIGHT[task] for task in innocent.lost})
        notebook_file.write(whole, path)


@pytest.mark.slow
@pytest.mark.weekly  # at home each of them is mended every day, and one reader reads for both
def test_in_class_too_the_marks_return_once_each_line_has_been_followed(home, tmp_path, monkeypatch, isolation_level):
    lost = {name: innocent for name, innocent in INNOCENT.items() if innocent.lost}
    for name, innocent in lost.items():
        path = save(tmp_path / "in" / name / innocent.name, innocent)
        follow(innocent, home.check(path)[1], path, monkeypatch)
    course = kit.course(tmp_path / "course")
    grade(tmp_path / "in", tmp_path / "out", course, Options(limits=kit.LIMITS, live_every=0))
    assert len(lost) >= 10 and kit.points(tmp_path / "out") == dict.fromkeys(lost, FULL)


def test_there_are_forty_and_more_and_each_has_its_marks_in_class(in_class):
    batch, out = in_class
    assert len(INNOCENT) >= 40 and batch.exit_code == 0 and batch.not_graded == [] and set(DEAR) < set(INNOCENT)
    wanted = {name: FULL | dict.fromkeys(innocent.lost, 0) for name, innocent in INNOCENT.items()}
    assert {name: kit.points(out).get(name, dict.fromkeys(FULL, 0)) for name in INNOCENT} == wanted


def test_a_planted_loss_is_seen(in_class, home, tmp_path):
    """A file whose helper is lost would fail this test, were nothing told of it."""
    _, told = home.check(save(tmp_path / "01_kit.ipynb", INNOCENT["helper-outside"]))
    assert INNOCENT["helper-outside"].told in told and os.path.exists(tmp_path / "01_kit.ipynb")
