"""The ``course`` command on a miniature course, nbval and all."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_course

from course_lib import cli, notebook_file, progress
from course_lib.checks.task import demand, task
from course_lib.home import checking, start, work
from course_lib.recall.cards import Card

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


def test_symptom_names_the_lesson_and_a_question_without_words_is_one_line(monkeypatch, run):
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    code, out, _ = run("symptom", "two", "primaries")
    assert code == 0 and "→ 03 Split brain" in out
    assert run("symptom", "it", "is")[::2] == (
        2,
        "course: say what you see in a few words, such as: p99 high on one shard only\n",
    )


def test_a_name_that_fills_a_screen_is_not_repeated_whole(run):
    _, out, err = run("check", "x" * 5000)
    assert out == ""
    assert err.startswith("course: ") and 900 < len(err) < 1100 and err.count("\n") == 1


def test_recall_asks_until_q_or_the_end_of_the_input(monkeypatch, run, tmp_path):
    card = Card("x", "retry_storm", "question", "Why?", "Because.")
    monkeypatch.setattr(start, "waiting", lambda course, everything: [card] * (2 + everything))
    (tmp_path / "course.toml").write_bytes((Path(cli.__file__).parents[1] / "course.toml").read_bytes())
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    typed = iter(["maybe", "3", "Y"])
    monkeypatch.setattr("builtins.input", lambda question: next(typed, None) or end_of_input())
    code, out, _ = run("recall", "--all")
    assert code == 0 and "1 of 3" in out and "Because." in out and out.endswith("1 of 1 right\n")
    assert run("recall")[1].endswith("no cards for now; they come with the lessons you have begun\n")


def end_of_input():
    raise EOFError


@pytest.mark.slow
def test_check_says_right_wrong_and_not_attempted_with_points(course, run):
    tiny_course.solve(lab_of(course), double=ALL["double"], halve="def halve(x):\n    return x")
    code, out, err = run("check", "01")
    assert (code, err) == (1, "")
    assert "double               right          10 of 10 points" in out
    assert "halve                wrong          0 of 20 points" in out
    assert "miss  gives the right number : saw 21" in out
    assert "10 of 30 points" in out
    assert "greet                not attempted  0 of 5 points" in out
    assert "not isolated" in out
    known = progress.load(course)
    assert known.points(course.module("tiny")) == (10, 35)
    assert [known.standing("tiny", task).attempts for task in ("greet", "double", "halve")] == [0, 0, 1]


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


ENDS = {
    "os-exit": ("import os\nos._exit(0)", "crashed", "ended Python itself"),
    "exit": ("exit()\ndef double(x):\n    return 2 * x", "crashed", "called exit()"),
    "loop": ("while True:\n    pass", "timed out", "ran longer than 4 s"),
    "stubborn": (
        "def double(x):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        "timed out",
        "ran longer than 4 s",
    ),
}


#: The other two end in the same ways, and cost as much.
OFTEN = ("exit", "stubborn")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "state", "line"),
    [pytest.param(*end, id=name, marks=[] if name in OFTEN else [pytest.mark.weekly]) for name, end in ENDS.items()],
)
def test_an_answer_that_ends_the_kernel_or_does_not_end_costs_its_own_task_and_is_named(
    course, monkeypatch, source, state, line
):
    monkeypatch.setattr(checking, "CELL_TIMEOUT", 4)
    path = lab_of(course)
    tiny_course.solve(path, double=source, halve=ALL["halve"])
    double, halve = checking.check(course, path).results
    assert (double.state, double.points, len(double.lines)) == (state, 0, 1) and line in double.lines[0]
    assert (halve.state, halve.points) == ("right", 20)


@pytest.mark.slow
def test_a_profile_of_the_learners_own_does_not_run_in_a_check(course, monkeypatch, tmp_path):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-mine.py").write_text("import builtins\nbuiltins.print = lambda *words: None\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    tiny_course.solve(lab_of(course), **ALL)
    assert checking.check(course, lab_of(course)).passed


@pytest.mark.slow
def test_a_kernel_that_cannot_start_uses_up_no_attempt(course, run, monkeypatch, tmp_path):
    (tmp_path / "ipykernel_launcher.py").write_text("raise SystemExit('no kernel today')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    tiny_course.solve(lab_of(course), **ALL)
    code, out, err = run("check", lab_of(course))
    assert (code, out) == (2, "")
    assert "no kernel could be started (Kernel died before replying" in err and "course doctor" in err
    assert progress.load(course).modules == {}


@pytest.mark.slow
def test_a_kernel_whose_ports_were_taken_meanwhile_is_started_anew(course, monkeypatch, tmp_path):
    first = tmp_path / "first"
    (tmp_path / "ipykernel_launcher.py").write_text(
        f"import pathlib\nfirst = pathlib.Path({str(first)!r})\n"
        "if not first.exists():\n    first.touch()\n    raise SystemExit('Address already in use')\n"
        "from ipykernel import kernelapp\nkernelapp.launch_new_instance()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    tiny_course.solve(lab_of(course), **ALL)
    assert checking.check(course, lab_of(course)).passed
    assert first.exists()


@pytest.fixture
def seen(monkeypatch):
    """In place of nbval: every answer that is not blank passes."""

    def look(notebook, root):
        told = {}
        for cell in notebook.cells:
            blank = "NotImplementedError" in next(
                (c.source for c in notebook.cells if c.id == cell.id.replace("-check", "-answer")), ""
            )
            text = f"Task {cell.id.removesuffix('-check')}: not attempted, 0 of 1 points" if blank else ""
            failed = blank and cell.id.endswith("-check")
            told[cell.id] = {"outcome": "failed" if failed else "passed", "text": text, "error": "", "ended": ""}
        return told

    monkeypatch.setattr(checking, "run_nbval", look)


def test_a_deleted_answer_cell_costs_its_own_task_and_the_mend_that_is_named_works(course, run, seen):
    path = lab_of(course)
    tiny_course.solve(path, **ALL)
    short = notebook_file.read(path)
    short.cells = [cell for cell in short.cells if cell.id != "halve-answer"]
    notebook_file.write(short, path)
    code, out, _ = run("check", path)
    assert code == 1 and "10 of 30 points" in out
    (mend,) = {line.split("`")[1] for line in out.splitlines() if "halve-answer" in line or "was deleted" in line}
    assert mend.startswith("course reset ") and mend.endswith(" --keep-answers")
    _, out, _ = run("reset", path, "--keep-answers")
    assert "fresh copy: work/labs/01_tiny.ipynb, with 1 answer" in out
    assert notebook_file.answers(notebook_file.read(path)) == {
        "double-answer": ALL["double"],
        "halve-answer": tiny_course.BLANK["halve"],
    }


def broken(path, kind):
    notebook = notebook_file.read(path)
    if kind == "foreign":
        notebook.cells = [tiny_course.new_code_cell("1", id="one")]
    notebook_file.write(notebook, path)
    if kind == "not json":
        path.write_text("{", encoding="utf-8")
    elif kind == "missing":
        path.unlink()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
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


def test_what_cannot_be_written_is_told_after_the_result_with_a_code_of_its_own(course, run, seen, monkeypatch):
    tiny_course.solve(lab_of(course), **ALL)
    (course.root / ".course").write_text("in the way")
    code, out, err = run("check", "01")
    assert code == 3
    assert "30 of 30 points" in out
    assert len(err.splitlines()) == 2 and all("so your progress was not noted" in line for line in err.splitlines())


def test_a_folder_that_cannot_be_written_is_one_line(course, run):
    shutil.rmtree(course.root / "work")
    (course.root / "work").write_text("in the way")
    code, out, err = run("reset", "01")
    assert (code, out, err.count("\n")) == (3, "", 1) and str(course.root / "work") in err


def test_the_table_of_modules_is_shown_on_any_terminal(course):
    script = "import sys; from course_lib import cli; sys.argv = ['course', 'list']; cli.main()"
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "COURSE_ROOT": str(course.root)}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment)
    assert ran.returncode == 0 and b"0 of 35 points" in ran.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
def test_a_terminal_that_lacks_a_letter_ends_nothing(course, encoding):
    script = "import sys; from course_lib import cli; sys.argv = ['course', 'check', 'wörk→.ipynb']; cli.main()"
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COURSE_ROOT": str(course.root)}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment)
    assert ran.returncode == 2 and b"there is no such file" in ran.stderr and b"Traceback" not in ran.stderr


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
    assert notebook_file.read(path).cells == tiny_course.lab().cells


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
    assert notebook_file.read(lesson).cells == tiny_course.lesson().cells


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
    assert (standing.state, standing.best, standing.attempts) == ("wrong", 10, 1)
    path = course.root / progress.FILE
    path.write_text("[]", encoding="utf-8")
    assert progress.load(course).points(tiny) == (0, 35)
    assert path.with_suffix(".damaged.json").read_text(encoding="utf-8") == "[]"


@pytest.fixture
def hinting(course, monkeypatch):
    """A task with three hints, and a check that finds what is put into it."""
    found = {}

    def check(course, path):
        result = checking.TaskResult("double", found["state"], 0, 10, ("  miss  is twice : saw 3",), found["source"])
        return checking.Report(lab_of(course), course.module("tiny"), "lab", (result,))

    monkeypatch.setattr(checking, "check", check)
    monkeypatch.setattr(checking, "hints", lambda module, task: ("think", "multiply", "2 * x"))
    return found


def hints_in(out):
    return [line.strip() for line in out.splitlines() if "hint" in line]


def test_hints_come_one_more_with_each_different_wrong_answer_and_the_last_on_asking(course, run, hinting):
    shown = []
    for n in range(4):
        hinting.update(state="wrong", source=f"x = {n}")
        shown.append(hints_in(run("check", "x.ipynb")[1]))
    assert shown[0] == ["hint 1 of 3: think"]
    assert shown[1] == ["hint 1 of 3: think", "hint 2 of 3: multiply"]
    assert shown[2] == shown[3] == [*shown[1], "hint 3 of 3 nearly gives it away; to see it: course check --all-hints"]
    assert hints_in(run("check", "--all-hints", "x.ipynb")[1])[-1] == "hint 3 of 3: 2 * x"


def test_crashes_and_unchanged_answers_do_not_count_and_reset_starts_anew(course, run, hinting):
    for state, source, count in [
        ("crashed", "def f(", 0),
        ("wrong", "x = 1", 1),
        ("wrong", "x = 1", 1),
        ("crashed", "x = y", 0),
        ("wrong", "x = 1\n", 1),
        ("timed out", "x = 3", 0),
        ("wrong", "x = 2", 2),
    ]:
        hinting.update(state=state, source=source)
        assert len(hints_in(run("check", "x.ipynb")[1])) == count, (state, source)
    run("reset", "01", "--keep-answers")
    assert len(hints_in(run("check", "x.ipynb")[1])) == 2
    run("reset", "01")
    assert len(hints_in(run("check", "x.ipynb")[1])) == 1


def test_a_check_cell_run_in_the_learners_own_notebook_counts_as_course_check_does(course, monkeypatch):
    result = progress.Result("double", "right", 10, "x = 1")
    assert progress.note("tiny", result) is None
    monkeypatch.chdir(lab_of(course).parent)
    monkeypatch.setenv(progress.OFF, "1")
    assert progress.note("tiny", result) is None and progress.load(course).modules == {}
    monkeypatch.delenv(progress.OFF)
    assert progress.note("tiny", result) == 0
    assert progress.load(course).points(course.module("tiny")) == (10, 35)
    assert progress.note("tiny", progress.Result("halve", "wrong", 0, "x = 2")) == 1
    assert progress.note("elsewhere", result) is None


def test_a_check_called_in_a_kernel_notes_itself_and_counts_an_answer_once(course, monkeypatch, capsys):
    check = task("halve", answers=("halve",), hints=("one", "two", "three"), points=20)(_halves)
    check.module = "tiny"
    check(lambda x: x)
    assert progress.load(course).modules == {}
    monkeypatch.chdir(lab_of(course).parent)
    for answer, attempts in ((lambda x: x, 1), (lambda x: x, 1), (lambda x: nothing, 1), (lambda x: x / 4, 2)):  # noqa: F821
        check(answer)
        assert progress.load(course).standing("tiny", "halve").attempts == attempts
    check(lambda x: x / 2)
    standing = progress.load(course).standing("tiny", "halve")
    assert (standing.state, standing.best, standing.attempts) == ("right", 20, 2)
    capsys.readouterr()


def _halves(answers, seed):
    yield demand("halves", ok=answers.halve(3.0) == 1.5)


def test_a_copy_names_the_kernel_as_jupyterlab_would_and_is_the_released_one_otherwise(course):
    copy, pristine = (notebook_file.read(path) for path in (lab_of(course), course.module("tiny").lab))
    assert copy.metadata.language_info.version == sys.version.split()[0]
    assert copy.metadata.kernelspec.display_name
    assert copy.cells == pristine.cells


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
