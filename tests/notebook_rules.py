"""What a notebook of the course must be. Each rule yields a line for each thing that is wrong."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from course_lib import notebook_file
from course_lib.manifest import FOLDERS
from course_lib.notebook_file import ANSWER, CHECK, tagged

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
CELLS, WORDS, DEFS, LINES, MEDIAN_LINES = (40, 70), (1200, 2000), 2, 20, 4
MAX_BYTES = 200_000
RUN, SHARED = 6, 2  # words; lessons (and labs) in which a run of so many may stand
ALLOWED_RUNS = ("the same seed the same axes", "the classic false reading is the", "minutes before it the lesson on")
FORBIDDEN_TAGS = {"nbval-skip", "nbval-ignore-output", "nbval-raises-exception", "raises-exception", "skip-execution"}
DRAWS = re.compile(r"\b(?:show|charts|lesson)\.\w+\(|\bview\.(?:show|alarms|tournament)\(|PANEL")
CHECKED_TAG = "nbval-check-output"


def file_rules(path: Path) -> Iterator[str]:
    """Small, of a valid format, without repeated ids."""
    if path.stat().st_size > MAX_BYTES:
        yield f"{path.name} has {path.stat().st_size} bytes, over {MAX_BYTES}"
    try:
        notebook_file.read(path)
    except notebook_file.NotebookError as error:
        yield str(error)


def cleanness(notebook) -> Iterator[str]:
    """Nothing but a check cell keeps an output or a count; no widget state; the course's kernel."""
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        yield f"kernel is {kernel!r}, not 'python3'"
    if "widgets" in notebook.metadata:
        yield "widget state is saved in the metadata"
    checks = tagged(notebook, CHECK)
    for cell in _code(notebook):
        if cell.id not in checks and (cell.outputs or cell.execution_count is not None):
            yield f"cell {cell.id} keeps an output or a count"
        for tag in FORBIDDEN_TAGS & set(cell.metadata.get("tags", [])):
            yield f"cell {cell.id} is tagged {tag}"


def roles(notebook, points: dict[str, int]) -> Iterator[str]:
    """Each task has one answer and one check cell by name, worth what course.toml says; seed in a parameters cell."""
    for task in points:
        for role in (ANSWER, CHECK):
            if f"{task}-{role}" not in tagged(notebook, role):
                yield f"task {task} has no {role} cell {task}-{role}"
    wanted = {f"{task}-{role}" for task in points for role in (ANSWER, CHECK)}
    for id_ in sorted(notebook_file.role_ids(notebook) - wanted):
        yield f"cell {id_} belongs to no task of course.toml"
    if (said := notebook_file.task_points(notebook)) != points:
        yield f"check cells say {said}, course.toml says {points}"
    if list(said) != list(points):
        yield f"tasks stand in the order {list(said)}, in course.toml {list(points)}"
    if len(tagged(notebook, "parameters")) != 1:
        yield "there is not exactly one cell tagged parameters"


def stored_verdicts(notebook, points: dict[str, int]) -> Iterator[str]:
    """Each check cell keeps the passing verdict and its count: nbval compares nothing where both were stripped."""
    for id_, cell in tagged(notebook, CHECK).items():
        task = id_.removesuffix(f"-{CHECK}")
        if CHECKED_TAG not in cell.metadata.tags:
            yield f"{id_} lacks the tag {CHECKED_TAG}"
        if cell.execution_count is None:
            yield f"{id_} lost its execution count"
        if [(out.output_type, out.get("name")) for out in cell.outputs] != [("stream", "stdout")]:
            yield f"{id_} does not keep exactly one printed output"
            continue
        head = f"Task {task}: right, {points.get(task)} of {points.get(task)} points"
        if cell.outputs[0].text.splitlines()[0] != head:
            yield f"{id_} keeps {cell.outputs[0].text.splitlines()[0]!r}, not {head!r}"


def blank_answers(notebook) -> Iterator[str]:
    """Answer cells are released blank: each function raises NotImplementedError, or a value is ``...``."""
    for id_, cell in tagged(notebook, ANSWER).items():
        if "NotImplementedError(" not in cell.source and not re.search(r"=\s*\.\.\.", cell.source):
            yield f"{id_} is not blank"


def finished_answers(solution, wanted: set[str]) -> Iterator[str]:
    """A solution has every answer cell of lesson and lab, by id, and none is blank."""
    sources = notebook_file.answers(solution)
    for id_ in sorted(wanted - set(sources)):
        yield f"{id_} is missing"
    for id_ in sorted(set(sources) - wanted):
        yield f"{id_} is no answer of lesson or lab"
    yield from (f"{id_} is still blank" for id_, source in sources.items() if "NotImplementedError(" in source)


def shape(notebook) -> Iterator[str]:
    """A lesson's stations in order, its length, and the size of its code cells."""
    if (found := headings(notebook)) != list(STATIONS):
        yield f"the stations are {found}"
    if not notebook.cells[0].source.startswith("# "):
        yield "the first cell is not the title"
    yield from _within("cells", len(notebook.cells), *CELLS)
    yield from _within("words", word_count(notebook), *WORDS)
    lines = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in _code(notebook)]
    yield from _within("lines in the median code cell", median(lines), 0, MEDIAN_LINES)
    yield from _within("lines in the longest code cell", max(lines), 0, LINES)
    yield from _within("defs", sum(map(_defs, _code(notebook))), 0, DEFS)


def headings(notebook) -> list[str]:
    """Second-level headings, each as the station it begins with, or whole."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    titles = [line[3:].strip() for line in re.sub(r"```.*?```", "", text, flags=re.S).splitlines() if line[:3] == "## "]
    return [next((name for name in STATIONS if title.startswith(name)), title) for title in titles]


def predictions(notebook) -> Iterator[str]:
    """No picture between a question and its reveal: it would be drawn before anybody has committed."""
    for at, cell in enumerate(notebook.cells):
        asked = re.search(r"^(\w+) = (?:view\.)?predict(?:_curve)?\(", cell.source, re.M)
        if cell.cell_type != "code" or not asked:
            continue
        reveals = [n for n, later in enumerate(notebook.cells) if n > at and f"{asked[1]}.reveal(" in later.source]
        if not reveals:
            yield f"cell {cell.id} asks, and nothing reveals"
            continue
        for between in notebook.cells[at + 1 : reveals[0]]:
            if between.cell_type == "code" and DRAWS.search(between.source):
                yield f"cell {between.id} draws between the question {cell.id} and its reveal"


def spoilers(executed) -> Iterator[str]:
    """No sentence up to the one below a reveal has the revealed number: it can be read before anybody has committed."""
    for at, cell in enumerate(executed.cells):
        shown = " ".join(str(out.get("data", {}).get("text/plain", "")) for out in cell.get("outputs", []))
        truth = re.search(r"the model says ([\d,]*\d(?:\.\d+)?|[a-z]+)\b", shown)
        if not truth or len(truth[1]) < 2:
            continue
        first = 0 if truth[1][0].isdigit() else max(at - 3, 0)
        word = re.compile(rf"(?<![\w.,]){re.escape(truth[1])}(?![\w]|[.,]\d)")
        for other in executed.cells[first : at + 2]:
            if other.cell_type == "markdown" and word.search(other.source):
                yield f"cell {other.id} says {truth[1]}, which cell {cell.id} reveals"


def word_count(notebook) -> int:
    """Words a reader reads: markdown without HTML tags, link targets, code and equations."""
    text = _plain("\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown"))
    return len(re.findall(r"\w[\w'’-]*", text))


def _plain(text: str) -> str:
    for noise in (r"```.*?```", r"\$\$.*?\$\$", r"\$[^$\n]*\$", r"<[^>]*>", r"\]\([^)]*\)", r"https?://\S+"):
        text = re.sub(noise, " ", text, flags=re.S)
    return text


def repeated_prose(notebooks: dict[str, object]) -> Iterator[str]:
    """No six words of prose stand in more than two of these: what all say belongs into the machinery."""
    where: dict[str, set[str]] = {}
    for name, notebook in notebooks.items():
        for run in _runs(notebook):
            where.setdefault(run, set()).add(name)
    for run, names in where.items():
        if len(names) > SHARED and run not in ALLOWED_RUNS:
            yield f"{', '.join(sorted(names))} all say {run!r}"


def _runs(notebook) -> Iterator[str]:
    for cell in notebook.cells:
        for paragraph in re.split(r"\n\s*\n|\|", _plain(cell.source) if cell.cell_type == "markdown" else ""):
            words = re.findall(r"\w[\w'’-]*", paragraph.lower())
            yield from (" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def links(notebook, path: Path) -> Iterator[str]:
    """Relative links lead to released lessons and labs only: a learner's copy in work/ has no other neighbours."""
    for cell in notebook.cells:
        for target in re.findall(r"\]\(([^)\s#]+)", cell.source if cell.cell_type == "markdown" else ""):
            if re.match(r"[a-z]+:", target):
                continue
            there = (path.parent / target).resolve()
            if not there.is_file() or there.parent.name not in FOLDERS.values():
                yield f"cell {cell.id} links to {target}, which a learner's copy does not reach"


def leads_on(lesson, lab: Path, following: Path | None) -> Iterator[str]:
    """A lesson's recap links to its lab, and to the next lesson that there is."""
    wanted = [f"../labs/{lab.name}"] + ([following.name] if following else [])
    yield from (f"the recap does not link to {name}" for name in wanted if f"({name})" not in lesson.cells[-1].source)


def _within(what: str, count: float, low: float, high: float) -> Iterator[str]:
    if not low <= count <= high:
        yield f"{count} {what}, not {low} to {high}"


def _defs(cell) -> int:
    plain = "\n".join(line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!")))
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(ast.parse(plain)))


def _code(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
