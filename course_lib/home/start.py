"""The page that JupyterLab opens on: the twelve in order, how the learner stands, and the next step.

It is a notebook of few cells in ``work/``. Its tables are written into it whenever the course is opened, so they can be
read before anything runs; running a cell brings it up to date.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat

from course_lib import manifest, notebook_file, progress
from course_lib.home import lookup, work
from course_lib.manifest import FOLDERS, PARTS, Course, Module, Part
from course_lib.notebook_file import NotebookError
from course_lib.progress import Progress

if TYPE_CHECKING:
    from course_lib.recall.cards import Card

NAME = "Start.ipynb"
PREDICTIONS = Path(".course") / "predictions.json"
CELL = "where-you-are"
_CONFIDENCE = {3: "certain", 2: "fairly sure", 1: "a guess"}
_TITLE = """# {title}

Each module is an hour's lesson and a lab. In a notebook, press **Shift+Enter** from cell to cell; commit to each
prediction before you look. In a panel, drag the sliders, try the presets, then the three challenges, which tick
themselves off. Under each answer cell stands a check, and below it what passing looks like: it judges what your
functions do, on inputs drawn from your seed, and a grader draws others. Stuck? `checks.NAME.hint(1)`, with the task's
NAME, gives a nudge, `hint(3)` nearly everything. Your copies are yours: an update of the course never touches them.

Run a cell below (click it, then Shift+Enter) to bring it up to date.
"""
_SEEING = """## What do you see?

Something fails, and you want the lesson for it. Write what a metric does, what users say, or what you see, between the
quotes, and run the cell.
"""
_RECALL = """## Recall

Questions of the lessons you have begun, predictions of yours that missed, and failures to be named from four charts.
Say how sure you are before you look: what you were certain of and missed comes first, what you know weeks later.
"""
_CALIBRATION = """## Are you as sure as you are right?

Predictions and cards, by how sure you said you were. The upright lines tell how far so few answers may be off.
"""
_NEW_PAPER = "`course postmortem new --run RUN.json --out FILE.md`"
_NO_ANSWERS = "No answers yet: they come with your predictions in the lessons and with the cards above."


class _Own(NamedTuple):
    """A code cell of the page: what stands above it, its call, and the Markdown that it shows."""

    above: str
    call: str
    text: Callable[[Course], str]


def page() -> Any:
    """Show where the learner is; the last line of the page's one code cell."""
    from IPython.display import Markdown

    return Markdown(text(manifest.load()))


def symptom(question: str) -> Any:
    """Show what fits a few words, and the whole index folded; the last line of a cell of the page.

    Raises
    ------
    SymptomError
        A question without a word that tells anything.
    """
    from IPython.display import Markdown

    return Markdown(_seen(manifest.load(), question))


def recall(everything: bool = False) -> Any:
    """Ask the cards that are due; the last line of a cell of the page.

    Parameters
    ----------
    everything : bool
        Also those that are not due yet.
    """
    from course_lib.recall import desk

    course = manifest.load()
    return desk.Desk(course, waiting(course, everything))


def calibration() -> Any:
    """Draw how often the learner was right, by how sure they said they were; the last line of a cell of the page."""
    from IPython.display import Markdown

    from course_lib.recall import calibration

    given = calibration.answers(manifest.load())
    return calibration.chart(given) if any(given.values()) else Markdown(_NO_ANSWERS)


def waiting(course: Course, everything: bool = False) -> list[Card]:
    """Return the cards of one sitting: those that are due, and with `everything` as many of the others as fit."""
    from course_lib.recall import cards, schedule
    from course_lib.view.prediction import predictions

    deck, memories = cards.deck(course, progress.load(course), predictions()), schedule.load(course)
    due = schedule.due(deck, memories)
    later = sorted((card for card in deck if card not in due), key=memories.due) if everything else []
    return [*due, *later][: schedule.SITTING]


def next_step(course: Course, known: Progress) -> tuple[Module, Part] | None:
    """Return the first lesson or lab, in the course's order, that has points left; None when all are done."""
    steps = ((module, part) for module in course.built for part in PARTS)
    return next((step for step in steps if _earned(known, *step) < sum(step[0].points(step[1]).values())), None)


def step_words(module: Module, part: Part) -> str:
    """Name a step as texts do: ``lab 01, Retry storms``."""
    return f"{part} {module.number:02d}, {module.title}"


def text(course: Course) -> str:
    """Return the page's table as Markdown."""
    known = progress.load(course)
    rows = [_row(module, known) for module in course.modules]
    head = ["| | Module | How it first looks | | | You |", "|---|---|---|---|---|---|"]
    rows += _paper_row(course, known)
    return "\n".join([_next_line(course, known), "", *head, *rows, "", *_calibration(_told(course))])


def lay_out(course: Course) -> Path:
    """Write the page into the learner's folder, or renew its tables there; what else stands in it is left alone."""
    path = course.root / work.FOLDER / NAME
    try:
        book = notebook_file.read(path) if path.exists() else _fresh(course)
    except NotebookError:
        return path
    book.metadata |= work.kernel_metadata()  # else opening the page would mark it changed
    _add_new_cells(book)
    for cell in book.cells:
        own = _OWN.get(cell.get("id"))
        # What a learner asked instead is theirs, and so is the answer below it.
        if own and cell.cell_type == "code" and own.call in cell.source:
            shown = {"text/markdown": own.text(course), "text/plain": "run this cell to see what stands here"}
            cell.outputs = [nbformat.v4.new_output("execute_result", shown, execution_count=1)]
            cell.execution_count = 1
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(OSError):
        notebook_file.write(book, path)
    return path


def _fresh(course: Course) -> nbformat.NotebookNode:
    title = nbformat.v4.new_markdown_cell(_TITLE.format(title=course.title), id="title")
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return nbformat.v4.new_notebook(cells=[title], metadata={"kernelspec": kernel, "course": {"cells": []}})


def _add_new_cells(book: nbformat.NotebookNode) -> None:
    """Add the cells that this page has never had; one that a learner took out stays out."""
    had = book.metadata.get("course", {}).get("cells", [CELL])
    for name, own in _OWN.items():
        if name not in had:
            if own.above:
                book.cells.append(nbformat.v4.new_markdown_cell(own.above, id=f"{name}-above"))
            source = f"from course_lib.home import start\n{own.call}"
            book.cells.append(nbformat.v4.new_code_cell(source, id=name))
    book.metadata["course"] = {"cells": [*had, *(name for name in _OWN if name not in had)]}


def _due_line(course: Course) -> str:
    found = len(waiting(course))
    if found:
        return f"**{found} card{'s' * (found != 1)}** for now. Run this cell."
    return "Nothing is due. Cards come with the lessons that you have begun."


def _calibration_line(course: Course) -> str:
    return "\n".join(_calibration(_told(course))) + "\nRun this cell for the chart." if _told(course) else _NO_ANSWERS


def _seen(course: Course, question: str = lookup.EXAMPLE) -> str:
    return f"{lookup.answer(course, question)}\n\nAll there is in the index:\n\n{lookup.index(course)}"


_OWN = {
    CELL: _Own("", "start.page()", text),
    "recall": _Own(_RECALL, "start.recall()", _due_line),
    "calibration": _Own(_CALIBRATION, "start.calibration()", _calibration_line),
    "what-you-see": _Own(_SEEING, f'start.symptom("{lookup.EXAMPLE}")', _seen),
}


def _next_line(course: Course, known: Progress) -> str:
    step = next_step(course, known)
    if step is None and (asking := known.paper_left(course)):
        return f"**Next:** a post-mortem, of a drill of yours or of the run of lab {asking.number:02d}: {_NEW_PAPER}."
    if step is None:
        return "**All of it is done.** Run any check again whenever you like."
    module, part = step
    return f"**Next:** [{step_words(module, part)}]({_link(module, part)}), {_minutes(module, part)} min."


def _row(module: Module, known: Progress) -> str:
    cells, state = ["", ""], "not built yet"
    if module.built:
        cells = [f"[{part}]({_link(module, part)}), {_minutes(module, part)} min" for part in PARTS]
        state = _state(module, known)
    return f"| {module.number:02d} | {module.title} | {module.symptom} | {' | '.join(cells)} | {state} |"


def _paper_row(course: Course, known: Progress) -> Iterator[str]:
    """The post-mortem, which is no notebook."""
    if module := course.asks_for_paper:
        mine, worth = known.standing(module.slug, progress.PAPER), module.postmortem_points
        state = f"{mine.best:g} of {worth} points" if mine.at else f"not started, {worth} points"
        state = state if known.paper_left(course) else f"done, {state}"
        what = f"An incident is over, and what was learnt of it stands nowhere. In a terminal: {_NEW_PAPER}"
        yield f"| | The post-mortem of {module.number:02d} | {what} | | | {state} |"


def _state(module: Module, known: Progress) -> str:
    points, worth = known.points(module)
    if points >= worth:
        return f"done, {worth} points"
    tried = any(known.standing(module.slug, task).at for part in PARTS for task in module.points(part))
    return f"{points:g} of {worth} points" if tried else f"not started, {worth} points"


def _earned(known: Progress, module: Module, part: Part) -> float:
    return sum(known.standing(module.slug, task).best for task in module.points(part))


def _link(module: Module, part: Part) -> str:
    return f"{FOLDERS[part]}/{module.name}.ipynb"


def _minutes(module: Module, part: Part) -> int:
    return module.minutes if part == "lesson" else module.lab_minutes


def _told(course: Course) -> list[Mapping[str, Any]]:
    """The learner's revealed predictions; a file that is something else counts as none."""
    try:
        stored = json.loads((course.root / PREDICTIONS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    entries = stored.values() if isinstance(stored, dict) else ()
    return [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("near"), bool)]


def _calibration(told: list[Mapping[str, Any]]) -> Iterator[str]:
    """How often the learner was near the truth, by how sure they said they were."""
    if not told:
        return
    yield f"**Your predictions:** {sum(entry['near'] for entry in told)} of {len(told)} came near the truth"
    yield "(within a tenth of the scale, or the right curve)."
    for level, word in _CONFIDENCE.items():
        near = [entry["near"] for entry in told if entry.get("confidence") == level]
        if near:
            yield f"When you said *{word}*: {sum(near)} of {len(near)}."
