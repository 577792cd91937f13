"""Each rule on a miniature course: silent when all is well, one line when the fault it is there for is planted."""

import builtins
import os
import sys

import IPython
import notebook_rules as rules
import notebook_runs as runs
import pytest
import tiny_course
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from notebook_shell import Shell

from course_lib import notebook_file

LAB_POINTS = {"double": 10, "halve": 20}


@pytest.fixture
def module(tmp_path):
    return tiny_course.make(tmp_path / "a course").module("tiny")


def cell_of(notebook, id_):
    return next(cell for cell in notebook.cells if cell.id == id_)


def all_rules(notebook):
    yield from rules.cleanness(notebook)
    yield from rules.roles(notebook, LAB_POINTS)
    yield from rules.stored_verdicts(notebook, LAB_POINTS)
    yield from rules.blank_answers(notebook)


def test_the_miniature_course_keeps_every_rule(module):
    assert list(all_rules(tiny_course.lab())) == []
    assert list(rules.shape(tiny_course.lesson())) == []
    assert list(rules.links(tiny_course.lesson(), module.lesson)) == []
    assert list(rules.file_rules(module.lab)) == []
    answers = {f"{task}-answer" for task in tiny_course.SOLVED}
    assert list(rules.finished_answers(tiny_course.solution(), answers)) == []


def strip_check(lab):
    cell_of(lab, "halve-check").outputs = []


def strip_count(lab):
    cell_of(lab, "halve-check").execution_count = None


def untag_check(lab):
    cell_of(lab, "halve-check").metadata.tags = ["check"]


def store_failing_verdict(lab):
    cell_of(lab, "halve-check").outputs = [new_output("stream", text="Task halve: wrong, 0 of 20 points\n")]


def store_other_points(lab):
    cell_of(lab, "halve-check").metadata["course"] = {"task": "halve", "points": 99}


def delete_check(lab):
    lab.cells = [cell for cell in lab.cells if cell.id != "halve-check"]


def delete_answer(lab):
    lab.cells = [cell for cell in lab.cells if cell.id != "halve-answer"]


def leave_answered(lab):
    cell_of(lab, "halve-answer").source = tiny_course.SOLVED["halve"]


def leave_output(lab):
    cell_of(lab, "verdict").outputs = [new_output("stream", text="left over")]


def leave_count(lab):
    cell_of(lab, "verdict").execution_count = 7


def expect_exception(lab):
    cell_of(lab, "halve-check").metadata.tags.append("nbval-raises-exception")


def rename_kernel(lab):
    lab.metadata.kernelspec.name = "venv312"


def save_widgets(lab):
    lab.metadata["widgets"] = {}


def add_unknown_task(lab):
    lab.cells += [tiny_course.tagged("...", "extra-answer", "answer")]


def lose_parameters(lab):
    cell_of(lab, "parameters").metadata.tags = []


def swap_tasks(lab):
    lab.cells = [*lab.cells[:2], *lab.cells[4:], *lab.cells[2:4]]


PLANTED = {
    strip_check: "halve-check does not keep exactly one printed output",
    strip_count: "halve-check lost its execution count",
    untag_check: "halve-check lacks the tag nbval-check-output",
    store_failing_verdict: "halve-check keeps 'Task halve: wrong",
    store_other_points: "check cells say {'double': 10, 'halve': 99}",
    delete_check: "task halve has no check cell halve-check",
    delete_answer: "task halve has no answer cell halve-answer",
    leave_answered: "halve-answer is not blank",
    leave_output: "cell verdict keeps an output or a count",
    leave_count: "cell verdict keeps an output or a count",
    expect_exception: "cell halve-check is tagged nbval-raises-exception",
    rename_kernel: "kernel is 'venv312'",
    save_widgets: "widget state is saved",
    add_unknown_task: "cell extra-answer belongs to no task",
    lose_parameters: "not exactly one cell tagged parameters",
    swap_tasks: "tasks stand in the order ['halve', 'double']",
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_in_a_lab_is_named(plant):
    lab = tiny_course.lab()
    plant(lab)
    assert PLANTED[plant] in "\n".join(all_rules(lab))


def swap_stations(lesson):
    at = [n for n, cell in enumerate(lesson.cells) if cell.source.startswith(("## Recall", "## Predict"))]
    lesson.cells[at[0]], lesson.cells[at[1]] = lesson.cells[at[1]], lesson.cells[at[0]]


def drop_station(lesson):
    lesson.cells = [cell for cell in lesson.cells if not cell.source.startswith("## Detect it")]


def drop_title(lesson):
    del lesson.cells[0]


def talk_too_much(lesson):
    lesson.cells.append(new_markdown_cell("word " * 900, id="talk"))


def code_too_long(lesson):
    lesson.cells.append(new_code_cell("1\n" * 21, id="long"))


def define_too_much(lesson):
    lesson.cells.append(new_code_cell("%time 1\ndef f(): pass\ndef g(): pass", id="defs"))


def cut_in_half(lesson):
    lesson.cells = lesson.cells[:20]


def lengthen_every_cell(lesson):
    for cell in lesson.cells:
        if cell.cell_type == "code":
            cell.source += "\n1\n2\n3\n4"


SHAPES = {
    swap_stations: "the stations are ['The incident', 'Predict', 'Recall'",
    drop_station: "the stations are",
    drop_title: "the first cell is not the title",
    talk_too_much: "words, not 1200 to 2000",
    code_too_long: "21 lines in the longest code cell",
    define_too_much: "4 defs, not 0 to 2",
    cut_in_half: "20 cells, not 40 to 70",
    lengthen_every_cell: "5 lines in the median code cell",
}


@pytest.mark.parametrize("plant", SHAPES, ids=lambda plant: plant.__name__)
def test_a_lesson_out_of_shape_is_named(plant):
    lesson = tiny_course.lesson()
    plant(lesson)
    assert SHAPES[plant] in "\n".join(rules.shape(lesson))


def test_prose_that_stands_in_three_notebooks_is_named_and_in_two_is_not():
    first, second, third = (tiny_course.notebook([]) for _ in range(3))
    for lesson in (first, second):
        lesson.cells.append(new_markdown_cell("Then *drag* the slider and watch the queue.", id="drag"))
        lesson.cells.append(new_markdown_cell("The same seed, the same axes.", id="axes"))
    assert list(rules.repeated_prose({"a": first, "b": second, "c": third})) == []
    third.cells.append(
        new_markdown_cell("Now drag the slider and watch the queue again.\n\nThe same seed, the same axes.", id="x")
    )
    assert list(rules.repeated_prose({"a": first, "b": second, "c": third})) == [
        "a, b, c all say 'drag the slider and watch the'",
        "a, b, c all say 'the slider and watch the queue'",
    ]


def asking(*between, truth="305 recomputes", below="And now?"):
    """A question, some cells, its reveal as it is when run, and a sentence."""
    ask = new_code_cell(
        'guess = view.predict("a.b", "How many?", low=1, high=9, step=1, unit="x", default=1)', id="ask"
    )
    text = {"text/plain": f"How many? predicted 1 (a stored default; nobody predicted here); the model says {truth}."}
    reveal = new_code_cell("guess.reveal(seen)", id="reveal", outputs=[new_output("display_data", text)])
    return tiny_course.notebook([ask, *between, reveal, new_markdown_cell(below, id="below")])


def test_a_picture_before_its_reveal_and_a_question_without_one_are_named():
    chart = new_code_cell("charts.compare(ways, seed)", id="chart")
    assert list(rules.predictions(asking())) == []
    assert list(rules.predictions(asking(chart))) == ["cell chart draws between the question ask and its reveal"]
    open_ended = asking()
    open_ended.cells = open_ended.cells[:1]
    assert list(rules.predictions(open_ended)) == ["cell ask asks, and nothing reveals"]


@pytest.mark.parametrize(
    ("truth", "below", "spoilt"),
    [
        ("305 recomputes", "So 305 of them.", True),
        ("305 recomputes", "Of 1,305, or 305.5, or 3050.", False),
        ("never", "It will never come back.", True),
        ("2 s", "Two seconds, 2 s.", False),  # a digit alone is everywhere
    ],
)
def test_a_sentence_that_gives_the_answer_away_is_named(truth, below, spoilt):
    found = list(rules.spoilers(asking(truth=truth, below=below)))
    assert bool(found) == spoilt
    assert all("which cell reveal reveals" in line for line in found)


def test_a_recap_that_leads_nowhere_is_named(module):
    recap = tiny_course.notebook([new_markdown_cell("**Next:** the [lab](../labs/01_tiny.ipynb).", id="recap")])
    assert list(rules.leads_on(recap, module.lab, None)) == []
    assert list(rules.leads_on(recap, module.lab, module.lesson)) == ["the recap does not link to 01_tiny.ipynb"]


def test_links_that_a_learners_copy_does_not_reach_are_named(module):
    (module.root / "docs").mkdir()
    (module.root / "docs" / "page.md").write_text("x", encoding="utf-8")
    lesson = tiny_course.lesson()
    lesson.cells.append(new_markdown_cell("[a](../docs/page.md) [b](02_no.ipynb) [c](https://x.invalid)", id="links"))
    found = list(rules.links(lesson, module.lesson))
    assert [line.split()[4] for line in found] == ["../docs/page.md,", "02_no.ipynb,"]


def test_a_file_too_big_or_with_repeated_ids_is_named(module):
    lab = tiny_course.lab()
    lab.cells.append(lab.cells[-1])
    lab.cells.append(new_markdown_cell("x" * rules.MAX_BYTES, id="big"))
    notebook_file.write(lab, module.lab)
    big, repeated = rules.file_rules(module.lab)
    assert "over 200000" in big
    assert "'halve-check' occurs 2 times" in repeated


def test_an_unfinished_solution_is_named():
    solution = tiny_course.solution()
    cell_of(solution, "halve-answer").source = tiny_course.BLANK["halve"]
    wanted = {"greet-answer", "halve-answer", "triple-answer"}
    found = list(rules.finished_answers(solution, wanted))
    assert found == [
        "triple-answer is missing",
        "double-answer is no answer of lesson or lab",
        "halve-answer is still blank",
    ]


@pytest.mark.slow
def test_runs_of_the_miniature_course_are_as_they_should(module, tmp_path):
    assert list(runs.released(module.lab, tmp_path)) == []
    assert list(runs.solved_under_nbval(module, "lab")) == []
    assert list(runs.solution_under_papermill(module.solution, tmp_path)) == []
    assert list(runs.solution_in_process(module.solution)) == []
    assert list(runs.here(module)) == list(runs.solved_here(module, "lab")) == []


def test_a_lesson_that_stops_complains_or_is_green_too_early_is_named_without_a_kernel(module):
    lesson = tiny_course.lesson()
    cell_of(lesson, "code-1-0").source = "import sys; print('careful', file=sys.stderr)"
    notebook_file.write(lesson, module.lesson)
    assert list(runs.here(module)) == ["cell code-1-0 writes to stderr"]
    cell_of(lesson, "greet-answer").source = tiny_course.SOLVED["greet"]
    notebook_file.write(lesson, module.lesson)
    assert list(runs.here(module))[:2] == [
        "greet-check does not say 'not attempted'",
        "greet-check passed, where it should have failed",
    ]
    cell_of(lesson, "code-1-1").source = "1 / 0"
    notebook_file.write(lesson, module.lesson)
    assert list(runs.here(module)) == ["01_tiny.ipynb stops at code-1-1 with ZeroDivisionError: division by zero"]


def test_a_chart_that_cannot_be_drawn_is_named_without_being_drawn(module):
    lesson = tiny_course.lesson()
    cell_of(lesson, "code-1-0").source = (
        "import altair as alt\nfrom course_lib import view\n"
        "line = alt.Chart(alt.NamedData(name='run')).mark_line().encode(x='x:Q')\nline.mark = 'smudge'\n"
        "view.show(line, {'run': {'x': [1.0]}}, 'A line.')"
    )
    notebook_file.write(lesson, module.lesson)
    (said,) = runs.here(module)
    assert said.startswith("01_tiny.ipynb stops at code-1-0 with a chart is no Vega-Lite: ")


def test_a_wrong_solution_is_named_without_a_kernel(module):
    tiny_course.solve(module.solution, greet="def greet():\n    return ''", double="def double(x):\n    return x")
    (lesson,), (lab,) = runs.here(module), runs.solved_here(module, "lab")
    assert lesson.startswith("greet-check failed") and "Task greet: wrong" in lesson
    assert lab.startswith("double-check failed") and "where it should have passed: Task double: wrong" in lab
    tiny_course.solve(module.solution, double="def double(x)")
    (lab,) = runs.solved_here(module, "lab")
    assert "01_tiny.ipynb stops at double-answer with SyntaxError" in lab


def test_a_shell_in_this_process_leaves_nothing_behind():
    before = (dict(os.environ), set(vars(builtins)), sys.modules["__main__"], sys.displayhook)
    with Shell() as shell:
        cell = new_code_cell("import builtins; builtins.left = 1; x = 3\nprint(x)\nx")
        assert shell.run(cell) == ""
        assert [out.get("text") or out.data["text/plain"] for out in cell.outputs] == ["3\n", "3"]
    assert IPython.get_ipython() is None
    assert before == (dict(os.environ), set(vars(builtins)), sys.modules["__main__"], sys.displayhook)


@pytest.mark.slow
def test_a_notebook_that_stops_or_complains_is_named(module, tmp_path):
    lab = tiny_course.lab()
    lab.cells[1].source += "\nimport sys; print('careful', file=sys.stderr)"
    cell_of(lab, "halve-answer").source = tiny_course.SOLVED["halve"]
    notebook_file.write(lab, module.lab)
    said = list(runs.released(module.lab, tmp_path))
    assert said == [
        "halve-check does not say 'not attempted'",
        "halve-check passed, where it should have failed",
        "cell verdict writes to stderr",
    ]
    notebook_file.write(tiny_course.notebook([new_code_cell("1 / 0", id="zero")]), module.solution)
    for said in (*runs.solution_under_papermill(module.solution, tmp_path), *runs.solution_in_process(module.solution)):
        assert "ZeroDivisionError" in said
    assert len(list(runs.solution_in_process(module.solution))) == 1


@pytest.mark.slow
def test_stripped_checks_and_wrong_solutions_are_named_by_nbval(module, tmp_path):
    lab = tiny_course.lab()
    strip_check(lab)
    strip_count(lab)
    notebook_file.write(lab, module.lab)
    (said,) = runs.released(module.lab, tmp_path)
    assert said.startswith("halve-check passed, where it should have failed")
    tiny_course.solve(module.solution, double="def double(x):\n    return x")
    (said,) = runs.solved_under_nbval(module, "lab")
    assert said.startswith("double-check failed, where it should have passed")
