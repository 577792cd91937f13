"""The cards: questions of the lessons that a learner has begun, predictions that missed, failures to be named."""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from course_lib import notebook_file
from course_lib.manifest import PARTS, Course, Module
from course_lib.progress import Progress
from course_lib.recall import naming

Kind = Literal["question", "prediction", "naming"]
_FOLD = re.compile(r"<details><summary>(?P<front>.*?)</summary>(?P<back>.*?)</details>", re.S)
_ASKS = ("predict", "predict_curve")


class Card(NamedTuple):
    """One thing to recall.

    Attributes
    ----------
    id : str
        The same in each session: the lesson's slug, the kind, and a digest of the question.
    slug : str
        The lesson that it comes from.
    kind : {"question", "prediction", "naming"}
        A folded question; a prediction of the learner's that missed; four charts of a failure to be named.
    front, back : str
        Question and answer, in Markdown; empty for charts, which are drawn anew each time.
    sure : int
        How sure the learner was of a prediction that missed, 1 to 3; 0 for all else.
    since : str
        When that prediction was made, ISO 8601; empty for all else.
    """

    id: str
    slug: str
    kind: Kind
    front: str = ""
    back: str = ""
    sure: int = 0
    since: str = ""

    def heading(self, course: Course) -> str:
        """What stands above it: the lesson, except where that is the answer."""
        return "name the failure" if self.kind == "naming" else course.module(self.slug).title


def deck(course: Course, known: Progress, told: Mapping[str, Mapping[str, Any]]) -> list[Card]:
    """Return the cards of all lessons that a learner has begun.

    Parameters
    ----------
    course : Course
    known : Progress
    told : mapping of str to mapping
        The learner's predictions by name, as `course_lib.view.prediction.predictions` returns them.

    Returns
    -------
    list of Card
        Lesson by lesson, in the course's order.
    """
    return [card for module in begun(course, known, told) for card in _of(module, told)]


def begun(course: Course, known: Progress, told: Mapping[str, Any]) -> list[Module]:
    """Return the modules of which a check has seen an answer, or in which something was predicted."""
    predicted = {name.partition(".")[0] for name in told}
    return [module for module in course.built if module.slug in predicted or _checked(known, module)]


def questions(module: Module) -> list[Card]:
    """Return a lesson's folded questions as cards."""
    found = (match for source in _texts(module) for match in _FOLD.finditer(source))
    return [
        _card(module.slug, "question", match["front"].strip(), front=match["front"].strip(), back=match["back"].strip())
        for match in found
    ]


def asked(module: Module) -> dict[str, tuple[str, str]]:
    """Return the questions that a lesson lets the learner predict, and their units, by name."""
    calls = (node for source in _sources(module) for node in ast.walk(_tree(source)) if isinstance(node, ast.Call))
    predicts = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in _ASKS)
    return {words[0]: (words[1], unit) for words, unit in map(_words, predicts) if len(words) > 1}


def _words(call: ast.Call) -> tuple[list[str], str]:
    """The words of a call in their order, and the one called ``unit``."""
    words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    units = [k.value.value for k in call.keywords if k.arg == "unit" and isinstance(k.value, ast.Constant)]
    return words, units[0] if units else ""


def _of(module: Module, told: Mapping[str, Mapping[str, Any]]) -> Iterator[Card]:
    yield from _misses(module, told)
    first, *others = questions(module) or [None]
    if first:
        yield first
    if naming.possible(module.slug):
        yield _card(module.slug, "naming", "")
    yield from others


def _misses(module: Module, told: Mapping[str, Mapping[str, Any]]) -> Iterator[Card]:
    """A card for each prediction that was revealed and not near."""
    for name, (question, _) in asked(module).items():
        entry = told.get(name, {})
        if entry.get("near") is False and entry.get("confidence") in (1, 2, 3):
            truth, said = (_answer(entry, key) for key in ("truth", "value"))
            back = f"The model says **{truth}**. Before the lesson you said {said}."
            since = str(entry.get("at", ""))
            yield _card(
                module.slug, "prediction", name, front=question, back=back, sure=entry["confidence"], since=since
            )


def _answer(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if isinstance(value, str):
        return f"curve {value}" if len(value) == 1 else value
    return f"{value:.3g} {entry.get('unit', '')}".strip() if isinstance(value, int | float) else "nothing"


def _card(slug: str, kind: Kind, words: str, **more: Any) -> Card:
    digest = hashlib.sha256(words.encode()).hexdigest()[:8]
    return Card(f"{slug}.{kind}.{digest}", slug, kind, **more)


def _checked(known: Progress, module: Module) -> bool:
    return any(known.standing(module.slug, task).at for part in PARTS for task in module.points(part))


@functools.cache
def _cells(lesson: Path) -> tuple[tuple[str, str], ...]:
    return tuple((cell.cell_type, cell.source) for cell in notebook_file.read(lesson).cells)


def _texts(module: Module) -> Iterator[str]:
    return (source for kind, source in _cells(module.lesson) if kind == "markdown")


def _sources(module: Module) -> Iterator[str]:
    return (
        source for kind, source in _cells(module.lesson) if kind == "code" and any(f"{ask}(" in source for ask in _ASKS)
    )


def _tree(source: str) -> ast.AST:
    try:
        return ast.parse(source)
    except SyntaxError:  # a magic command; no question stands in such a cell
        return ast.Module([], [])
