"""A class of hostile learners with good ones among them, as files; and what each deserves."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import yaml
from grading import kit

FOLDER = Path(__file__).parent / "hostile"
ANY = "any"
WEEKLY = bool(os.environ.get("COURSE_WEEKLY"))
#: A good learner follows so many hostile ones; what each left behind also shows in the two tasks that the next, hostile
#: or not, has right.
BETWEEN = 1 if WEEKLY else 4
#: These burn half a second and more, and another of their kind is tried each time: once a week.
DEAR = """
    threads_that_burn sums_that_nest_thousands_deep folders_a_thousand_deep_in_the_scratch million_tuple
    ten_gigabytes_in_small_steps
""".split()


@dataclass(frozen=True)
class Hostile:
    """One hostile submission.

    Attributes
    ----------
    name : str
    notebook : NotebookNode
    earns : dict of str to float or "any"
        By task, where it differs from full marks.
    """

    name: str
    notebook: Any
    earns: dict[str, Any] = field(default_factory=dict)

    def deserves(self, task: str, points: float) -> bool:
        """Whether these points are what the task deserves."""
        wanted = self.earns.get(task, kit.POINTS[task])
        return wanted == ANY or points == wanted


def everybody() -> list[Hostile]:
    """Every hostile submission: those in the YAML files and those that are edits of a notebook; dear ones weekly."""
    entries = [entry for path in sorted(FOLDER.glob("*.yaml")) for entry in yaml.safe_load(path.read_text())]
    assert set(DEAR) < {entry["name"] for entry in entries}
    entries = [entry for entry in entries if WEEKLY or entry["name"] not in DEAR]
    return [_from_entry(entry) for entry in entries] + [_edited(edit) for edit in EDITS]


def write(folder: Path, hostile: list[Hostile]) -> list[str]:
    """Hostile learners with good ones among them, in the order in which they are graded; return the good ones."""
    good = []
    for n, one in enumerate(hostile):
        kit.save(folder / f"{n:03d}-{one.name}" / "01_kit.ipynb", one.notebook)
        if n % BETWEEN == BETWEEN - 1 or one is hostile[-1]:
            good.append(f"{n:03d}-then-a-good-one")
            kit.save(folder / good[-1] / "01_kit.ipynb", kit.submission({}))
    return good


def _from_entry(entry: dict[str, Any]) -> Hostile:
    answers = {task: _unfolded(source) for task, source in entry["answers"].items()}
    return Hostile(entry["name"], kit.submission(answers), entry["earns"])


#: Words in the files that stand for text too long to write down.
LONG = {
    "ENDLESS_PARENTHESES": "(" * 20_000 + ")" * 20_000,
    "NESTED_LAMBDAS": "lambda:" * 6_900 + "0",
    "NESTED_SUMS": "1" + "+1" * 20_000,
}


def _unfolded(source: str) -> str:
    for word, text in LONG.items():
        source = source.replace(word, text)
    return source


WRONG = {"double": "def double(x):\n    return 3 * x"}


def _edited(edit: Callable[[nbformat.NotebookNode], None]) -> Hostile:
    """A wrong answer to `double` in a notebook that was tampered with."""
    notebook = copy.deepcopy(kit.submission(WRONG))
    edit(notebook)
    return Hostile(edit.__name__, notebook, {"double": 0})


def _cell(notebook: nbformat.NotebookNode, id_: str) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == id_)


def check_edited(notebook: nbformat.NotebookNode) -> None:
    _cell(notebook, "double-check").source = "print('Task double: right, 10 of 10 points')"


def check_deleted(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.remove(_cell(notebook, "double-check"))


def check_expects_an_exception(notebook: nbformat.NotebookNode) -> None:
    _cell(notebook, "double-check").metadata.tags = [
        "check",
        "raises-exception",
        "nbval-raises-exception",
        "nbval-skip",
    ]


def everything_skipped(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "nbval-skip", "nbval-ignore-output"]


def stored_outputs_replaced(notebook: nbformat.NotebookNode) -> None:
    _cell(notebook, "double-check").outputs[0].text = "Task double: wrong, 0 of 10 points\n"


def stored_outputs_stripped(notebook: nbformat.NotebookNode) -> None:
    _cell(notebook, "double-check").outputs = []
    _cell(notebook, "double-check").execution_count = None


def points_raised(notebook: nbformat.NotebookNode) -> None:
    _cell(notebook, "double-check").metadata.course = {"task": "double", "points": 10_000}


def cells_added_before_the_check(notebook: nbformat.NotebookNode) -> None:
    extra = kit.code("helper", "class checks:\n    double = running = policy = staticmethod(print)")
    notebook.cells.insert(notebook.cells.index(_cell(notebook, "double-check")), extra)


def parameters_rewritten(notebook: nbformat.NotebookNode) -> None:
    _cell(notebook, "parameters").source = "seed = None"
    _cell(notebook, "imports").source = "import numpy as np\nchecks = __import__('unittest.mock').mock.MagicMock()"


def kernel_of_its_own(notebook: nbformat.NotebookNode) -> None:
    argv = ["sh", "-c", "touch /tmp/course-attack-kernel"]
    notebook.metadata.kernelspec = {"name": "../../evil", "display_name": "evil", "language": "sh", "argv": argv}


EDITS = (
    check_edited,
    check_deleted,
    check_expects_an_exception,
    everything_skipped,
    stored_outputs_replaced,
    stored_outputs_stripped,
    points_raised,
    cells_added_before_the_check,
    parameters_rewritten,
    kernel_of_its_own,
)
