"""The ``course`` command on a miniature course, nbval and all."""

import json
import subprocess
import sys

import pytest
import tiny_course

from course_lib import cli, notebook_file
from course_lib.home import checking, progress, work

ALL = tiny_course.SOLVED


@pytest.fixture
def course(tmp_path, monkeypatch):
    made = tiny_course.make(tmp_path / "a course")
    monkeypatch.setenv("COURSE_ROOT", str(made.root))
    monkeypatch.chdir(made.root)
    work.lay_out(made)
    return made


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["course", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        return stopped.value.code, out, err

    return run


def lab_of(course):
    return work.copy_path(course.module("tiny"), "lab")


def test_list_shows_what_is_built_and_how_far_the_learner_is(course, run):
    progress.record(course, course.module("tiny"), [("double", "right", 10)])
    code, out, _ = run("list")
    assert code == 0
    tiny, later = [line.rstrip() for line in out.splitlines() if line.startswith(("01", "02"))]
    assert tiny.split("  ")[-1].strip() == "10 of 35 points"
    assert later.endswith("not built yet")


@pytest.mark.slow
def test_check_says_right_wrong_and_not_attempted_with_points(course, run):
    tiny_course.solve(lab_of(course), double=ALL["double"], halve="def halve(x):\n    return x")
    code, out, _ = run("check", "01")
    assert code == 1
    assert "double               right          10 of 10 points" in out
    assert "halve                wrong          0 of 20 points" in out
    assert "miss  gives the right number : saw 21" in out
    assert "10 of 30 points" in out
    assert "greet                not attempted  0 of 5 points" in out
    assert "not isolated" in out
    known = progress.load(course)
    assert known.points(course.module("tiny")) == (10, 35)
    assert [known.standing("tiny", task).attempts for task in ("greet", "double", "halve")] == [0, 1, 1]


@pytest.mark.slow
def test_check_of_a_finished_lab_under_another_name_is_zero(course, run, tmp_path):
    mine = tmp_path / "mine.ipynb"
    lab_of(course).rename(mine)
    tiny_course.solve(mine, **ALL)
    before = mine.read_bytes()
    code, out, _ = run("check", mine)
    assert code == 0
    assert "30 of 30 points" in out
    assert mine.read_bytes() == before


@pytest.mark.slow
def test_an_edited_check_or_a_forged_output_changes_nothing(course):
    path = lab_of(course)
    forged = notebook_file.read(path)
    for cell in forged.cells:
        if cell.id.endswith("-check"):
            cell.source, cell.metadata, cell.execution_count = "print('Task double: right')", {}, None
    notebook_file.write(forged, path)
    report = checking.check(course, path)
    assert [result.state for result in report.results] == ["not attempted", "not attempted"]
    assert report.points == 0


@pytest.mark.slow
def test_an_answer_that_crashes_or_does_not_parse_costs_its_own_task_only(course):
    path = lab_of(course)
    tiny_course.solve(path, double="def double(x) return", halve=ALL["halve"])
    double, halve = checking.check(course, path).results
    assert (double.state, double.points) == ("crashed", 0)
    assert double.lines[0].startswith("the answer cell stops with SyntaxError")
    assert (halve.state, halve.points) == ("right", 20)


@pytest.mark.slow
def test_an_answer_that_ends_the_kernel_earns_nothing(course, monkeypatch):
    monkeypatch.setattr(checking, "CELL_TIMEOUT", 3)
    path = lab_of(course)
    tiny_course.solve(path, double="import os\nos._exit(0)", halve=ALL["halve"])
    assert {result.state for result in checking.check(course, path).results} == {"crashed"}


def broken(path, kind):
    notebook = notebook_file.read(path)
    if kind == "deleted":
        notebook.cells = [cell for cell in notebook.cells if cell.id != "halve-check"]
    elif kind == "doubled":
        notebook.cells.append(notebook.cells[2])
    elif kind == "foreign":
        notebook.cells = [tiny_course.new_code_cell("1", id="one")]
    notebook_file.write(notebook, path)
    if kind == "not json":
        path.write_text("{", encoding="utf-8")
    elif kind == "missing":
        path.unlink()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("deleted", "the check cell 'halve-check' was deleted; `course reset` gives a fresh copy"),
        ("doubled", "cell id 'double-answer' occurs 2 times"),
        ("foreign", "is not one of this course's notebooks"),
        ("not json", "is not JSON"),
        ("missing", "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_checked_is_one_line_and_exit_code_2(course, run, kind, message):
    path = lab_of(course)
    broken(path, kind)
    code, out, err = run("check", path)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert out == ""


def test_the_released_notebook_itself_is_not_checked(course, run):
    code, _, err = run("check", course.module("tiny").lab)
    assert code == 2
    assert "is the released copy" in err


@pytest.mark.slow
def test_one_bad_file_does_not_stop_the_others(course, run):
    tiny_course.solve(lab_of(course), **ALL)
    code, out, err = run("check", "none.ipynb", "99", lab_of(course))
    assert code == 2
    assert "30 of 30 points" in out
    assert "none.ipynb: there is no such file" in err
    assert "no module is called '99'" in err


def test_reset_keeps_every_old_copy(course, run):
    path = lab_of(course)
    contents = []
    for n in range(3):
        tiny_course.solve(path, double=f"# attempt {n}")
        contents.append(path.read_bytes())
        code, out, _ = run("reset", "01")
        assert code == 0
        assert "kept your old one as" in out
    kept = sorted(path.parent.glob("*-kept-*.ipynb"))
    assert sorted(file.read_bytes() for file in kept) == sorted(contents)
    assert path.read_bytes() == course.module("tiny").lab.read_bytes()


def test_reset_can_carry_the_answers_over(course, run):
    tiny_course.solve(lab_of(course), double="# mine")
    run("reset", "tiny", "--keep-answers")
    assert notebook_file.answers(notebook_file.read(lab_of(course)))["double-answer"] == "# mine"


def test_reset_of_the_lesson_and_of_a_damaged_file(course, run):
    lesson = work.copy_path(course.module("tiny"), "lesson")
    lesson.write_text("{", encoding="utf-8")
    code, _, err = run("reset", "1", "--lesson", "--keep-answers")
    assert code == 2
    assert "is not JSON" in err
    assert lesson.read_text(encoding="utf-8") == "{"
    assert run("reset", "1", "--lesson")[0] == 0
    assert lesson.read_bytes() == course.module("tiny").lesson.read_bytes()


@pytest.mark.parametrize(("module", "message"), [("02", "is not built yet"), ("99", "no module is called '99'")])
def test_reset_of_what_is_not_there_is_one_line(course, run, module, message):
    code, _, err = run("reset", module)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def test_check_of_a_module_that_is_not_built_or_not_begun_is_one_line(course, run):
    lab_of(course).unlink()
    work.copy_path(course.module("tiny"), "lesson").unlink()
    code, _, err = run("check", "02", "01")
    assert code == 2
    assert err.splitlines() == [
        "course: module 02 (Not there yet) is not built yet",
        "course: module 01 has no copy in work/ yet; `course reset 01` makes one",
    ]


def test_laying_out_leaves_the_learners_copies_alone(course):
    tiny_course.solve(lab_of(course), double="# mine")
    before = lab_of(course).read_bytes()
    work.copy_path(course.module("tiny"), "lesson").unlink()
    assert [path.parent.name for path in work.lay_out(course)] == ["notebooks"]
    assert lab_of(course).read_bytes() == before


def test_progress_keeps_the_best_and_survives_damage(course):
    tiny = course.module("tiny")
    progress.record(course, tiny, [("double", "right", 10)])
    known = progress.record(course, tiny, [("double", "wrong", 4)])
    standing = known.standing("tiny", "double")
    assert (standing.state, standing.best, standing.attempts) == ("wrong", 10, 2)
    path = course.root / progress.FILE
    path.write_text("[]", encoding="utf-8")
    assert progress.load(course).points(tiny) == (0, 35)
    assert path.with_suffix(".damaged.json").read_text(encoding="utf-8") == "[]"


def test_hints_come_one_more_with_each_attempt(course, run, monkeypatch):
    result = checking.TaskResult("double", "wrong", 0, 10, ("  miss  is twice : saw 3",))
    report = checking.Report(lab_of(course), course.module("tiny"), "lab", (result,))
    monkeypatch.setattr(checking, "check", lambda course, path: report)
    monkeypatch.setattr(checking, "hints", lambda module, task: ("think", "multiply", "2 * x"))
    shown = [[line.strip() for line in run("check", "x.ipynb")[1].splitlines() if "hint" in line] for _ in range(4)]
    assert [len(lines) for lines in shown] == [1, 2, 3, 3]
    assert shown[1] == ["hint 1 of 3: think", "hint 2 of 3: multiply"]


def test_without_a_manifest_every_command_is_one_line(tmp_path, run, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    for command in (["list"], ["check", "01"], ["doctor"], ["reset", "01"], ["lab"]):
        code, out, err = run(*command)
        assert (code, out, err.count("\n")) == (2, "", 1)


def test_help_is_quick_and_imports_nothing_heavy():
    script = """
import json, sys
from course_lib import cli
sys.argv = ["course", "--help"]
try:
    cli.main()
finally:
    print(json.dumps(sorted(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    loaded = set(json.loads(ran.stdout.splitlines()[-1]))
    assert not loaded & {"numpy", "pandas", "altair", "pydantic", "nbformat", "IPython"}
    assert all(command in ran.stdout for command in ("list", "check", "doctor", "reset", "lab", "site"))
