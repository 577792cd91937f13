"""The pages beside lessons and labs, as Markdown: symptoms, the twelve side by side, runbooks, glossary.

Nothing is written here: each page gathers what stands elsewhere.
"""

from __future__ import annotations

import importlib.util
import re

from course_lib import detect, symptoms
from course_lib import glossary as terms
from course_lib.manifest import Course, Module
from course_lib.runbooks import page as pages


def symptom_index(course: Course) -> str:
    """Return the index from what is seen to the lesson, a table for each way of looking."""
    entries, text = symptoms.load(course), ["# From the symptom to the lesson", _HOW_TO_LOOK]
    for look, heading in symptoms.HEADINGS.items():
        rows = [_symptom(course, entry) for entry in entries if entry.look == look]
        text += [f"## {heading}", _table(("What is seen", "Lesson", "Taken for", "What tells them apart"), rows)]
    return "\n\n".join(text) + "\n"


_HOW_TO_LOOK = "Find what you see, and read what else looks like it before you act."


def _symptom(course: Course, entry: symptoms.Symptom) -> tuple[str, ...]:
    module = course.module(entry.slug)
    return _sentence(entry.says), _lesson(module), symptoms.like_words(course, entry), entry.apart


def side_by_side(course: Course) -> str:
    """Return the tables of all modules: how each looks, what to page on, what misleads, who else makes the picture."""
    tables = [(module, detect.table(module.slug)) for module in course.built if _is_watched(module)]
    signs = [
        (_lesson(module), *(_sentence(table.rules[kind].says) for kind in ("first", "false_reading", "twin")))
        for module, table in tables
    ]
    days = [
        (_lesson(module), *(table.names[day] for day in ("incident", "lookalike", "twin"))) for module, table in tables
    ]
    parts = [
        "# The twelve, side by side",
        "## How each first looks",
        _table(("Lesson", "First look"), [(_lesson(module), module.symptom) for module in course.built]),
        "## The first signal, and the classic false reading",
        _table(("Lesson", "First signal", "Classic false reading", "What tells its security twin"), signs),
        "## What else makes the same picture",
        _table(("Lesson", "The incident", "An honest look-alike", "The security twin"), days),
        "## What each teaches",
        *(f"**{_lesson(module)}**\n\n" + "\n".join(f"- {aim}" for aim in module.objectives) for module in course.built),
    ]
    return "\n\n".join(parts) + "\n"


def runbooks(course: Course) -> str:
    """Return the runbooks of all modules that have one."""
    text = ["# Runbooks", _HOW_TO_READ]
    for module in course.built:
        if module.slug in pages.names():
            page = pages.load(module.slug)
            body = page.path.read_text(encoding="utf-8").partition("\n")[2].strip()
            where = f"Lesson: {_lesson(module)}. Practise it: `course drill {module.slug}`."
            text += [f"## {page.title}", where, _flat(body)]
    return "\n\n".join(text) + "\n"


_HOW_TO_READ = (
    "For whoever is woken. The code in the text is what a reader without judgement would carry out; it is tried word "
    "by word against the model: `course runbook run SLUG`."
)


def glossary(course: Course) -> str:
    """Return the glossary of the lessons that are there."""
    named = {term for module in course.built for term in terms.key_terms(module)}
    page = terms.page(course, {term: meaning for term, meaning in terms.definitions().items() if term in named})
    _, first, entries = page.partition("- **")
    return f"# Glossary\n\n{_WHAT_TERMS}\n\n{first}{entries}"


_WHAT_TERMS = "The key terms of the lessons, each with the lesson that teaches it."


def _flat(text: str) -> str:
    """Put bold words in the place of a page's headings, which stand in each runbook; a list needs an empty line."""
    return re.sub(r"^## (.+)$", r"**\1**\n", text, flags=re.MULTILINE)


def _is_watched(module: Module) -> bool:
    """Whether a module brings rules: a course of somebody's own need not."""
    return importlib.util.find_spec(f"course_lib.detect.{module.slug}") is not None


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _lesson(module: Module) -> str:
    return f"[{module.number:02d} {module.title}](../notebooks/{module.lesson.name})"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
