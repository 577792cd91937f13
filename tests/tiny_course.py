"""A whole course in miniature, one module with lesson, lab and solution, for tests of the machinery around it."""

import textwrap
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib import manifest, notebook_file

STATIONS = (
    "The incident",
    "Recall",
    "Predict",
    "Watch it fail",
    "Take it apart",
    "Explore",
    "Defend",
    "Detect it",
    "In production",
    "Graded lab cell",
    "Recap",
)
MANIFEST = """
title = "Tiny course"

[[module]]
number = 1
slug = "tiny"
title = "Doubling"
symptom = "Numbers are half of what they should be."
built = true
minutes = 5
lab_minutes = 10
objectives = ["Double a number", "Halve a number", "Tell the two apart"]
lesson_points = { greet = 5 }
lab_points = { double = 10, halve = 20 }

[[module]]
number = 2
slug = "later"
title = "Not there yet"
symptom = "Nothing to see."
built = false
minutes = 5
lab_minutes = 10
prerequisites = ["tiny"]
"""
PARAMETERS = "seed = 21"
VERDICT = """
def verdict(task, points, call, wanted):
    try:
        seen = call()
        state = "right" if seen == wanted else "wrong"
    except NotImplementedError:
        state = "not attempted"
    except Exception:
        state = "crashed"
    print(f"Task {task}: {state}, {points if state == 'right' else 0} of {points} points")
    if state == "wrong":
        print(f"  miss  gives the right number : saw {seen}")
"""
BLANK = {
    "greet": 'def greet():\n    raise NotImplementedError("Task 1: say hello")',
    "double": 'def double(x):\n    raise NotImplementedError("Task 1: twice x")',
    "halve": 'def halve(x):\n    raise NotImplementedError("Task 2: half of x")',
}
SOLVED = {
    "greet": 'def greet():\n    return "hello"',
    "double": "def double(x):\n    return 2 * x",
    "halve": "def halve(x):\n    return x / 2",
}
CHECKS = {
    "greet": (5, 'verdict("greet", 5, greet, "hello")'),
    "double": (10, 'verdict("double", 10, lambda: double(seed), 2 * seed)'),
    "halve": (20, 'verdict("halve", 20, lambda: halve(seed), seed / 2)'),
}


def make(root: Path) -> manifest.Course:
    """Write the miniature course into `root` and load it."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "course.toml").write_text(MANIFEST, encoding="utf-8")
    course = manifest.load(root)
    module = course.module("tiny")
    notebook_file.write(lesson(), module.lesson)
    notebook_file.write(lab(), module.lab)
    notebook_file.write(solution(), module.solution)
    return course


def lesson():
    """A lesson with every station, a picture, an equation, and words enough."""
    cells = [
        new_markdown_cell("# 01 Doubling\nNumbers are half of what they should be.", id="title"),
        tagged(PARAMETERS, "parameters", "parameters"),
        new_code_cell(VERDICT.strip(), id="verdict"),
    ]
    for n, station in enumerate(STATIONS):
        cells.append(new_markdown_cell(f"## {station}\n\n" + _words(125), id=f"station-{n}"))
        cells += [new_code_cell(f"{n} + {m}", id=f"code-{n}-{m}") for m in range(2)]
        if station == "Take it apart":
            cells.append(new_markdown_cell("Twice is $y = 2x$ and\n\n$$y = \\frac{4x}{2}$$\n", id="equation"))
            cells.append(new_markdown_cell("On to [the lab](../labs/01_tiny.ipynb#double).", id="link"))
            cells.append(new_code_cell(PICTURE, id="picture"))
        if station == "Graded lab cell":
            cells += [answer("greet"), check("greet")]
    return notebook(cells)


def lab():
    """A lab with two tasks, blank."""
    given = [tagged(PARAMETERS, "parameters", "parameters"), new_code_cell(VERDICT.strip(), id="verdict")]
    return notebook([*given, answer("double"), check("double"), answer("halve"), check("halve")])


def solution():
    """The finished submission: the answer cells of both, and a word on each."""
    cells = []
    for task in SOLVED:
        cells.append(new_markdown_cell("Why it is right, and what it costs.", id=f"{task}-why"))
        cells.append(answer(task, SOLVED[task]))
    return notebook(cells)


def answer(task: str, source: str | None = None):
    """An answer cell, blank unless its source is given."""
    return tagged(source or BLANK[task], f"{task}-answer", "answer")


def check(task: str):
    """A check cell with its passing verdict stored."""
    points, source = CHECKS[task]
    cell = tagged(source, f"{task}-check", "check", "nbval-check-output")
    cell.metadata["course"] = {"task": task, "points": points}
    cell.execution_count = 1
    cell.outputs = [new_output("stream", name="stdout", text=f"Task {task}: right, {points} of {points} points\n")]
    return cell


def tagged(source: str, id_: str, *tags: str):
    """A code cell with tags."""
    return new_code_cell(source, id=id_, metadata={"tags": list(tags)})


def notebook(cells):
    """A notebook for the course's kernel."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def solve(path: Path, **sources: str) -> None:
    """Write answers into a notebook file, as a learner would."""
    whole = notebook_file.read(path)
    for cell in whole.cells:
        task = cell.id.removesuffix("-answer")
        if cell.id.endswith("-answer") and task in sources:
            cell.source = sources[task]
    notebook_file.write(whole, path)


def _words(count: int) -> str:
    return textwrap.fill(" ".join(["word"] * count), 100)


DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = f"""
import base64
from IPython.display import display
dot = "{DOT}"
display({{"image/png": dot, "text/plain": "a red dot"}}, raw=True, metadata={{"image/png": {{"alt": "a dot"}}}})
view = {{"model_id": "x", "version_major": 2, "version_minor": 0}}
display({{"application/vnd.jupyter.widget-view+json": view}}, raw=True)
""".strip()
