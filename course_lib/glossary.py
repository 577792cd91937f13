"""The glossary: the key terms of the lessons, each defined once and linked to where it is taught.

``python -m course_lib.glossary`` writes ``docs/glossary.md``; a test says whether it is fresh.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from course_lib import manifest, notebook_file
from course_lib.manifest import Course, Module

PAGE = Path("docs") / "glossary.md"
DEFINITIONS = Path(__file__).with_name("glossary.toml")
_KEY_TERMS = re.compile(r"^\*\*Key terms:\*\*(.*)$", re.MULTILINE)
_HEAD = """# Glossary

The key terms of the lessons. Made by `python -m course_lib.glossary` from the recaps and `course_lib/glossary.toml`.
"""


class GlossaryError(ValueError):
    """A term without a definition, or a definition without a lesson, in one line."""


def key_terms(module: Module) -> list[str]:
    """Return the key terms that a lesson's recap names."""
    cells = notebook_file.read(module.lesson).cells
    found = (_KEY_TERMS.search(cell.source) for cell in cells if cell.cell_type == "markdown")
    return [term.strip() for match in found if match for term in match[1].split("·") if term.strip()]


def definitions() -> dict[str, str]:
    """Return what each term means."""
    return tomllib.loads(DEFINITIONS.read_text(encoding="utf-8"))["terms"]


def page(course: Course, meanings: dict[str, str] | None = None) -> str:
    """Return the glossary as Markdown, by the alphabet.

    Raises
    ------
    GlossaryError
        A lesson names a term that is not defined, or a term is defined that no lesson names.
    """
    meanings = definitions() if meanings is None else meanings
    taught: dict[str, list[Module]] = {}
    for module in course.built:
        for term in key_terms(module):
            taught.setdefault(term, []).append(module)
    for term in sorted(set(taught) - set(meanings)):
        raise GlossaryError(f"{taught[term][0].lesson.name}: the key term {term!r} is not in {DEFINITIONS.name}")
    for term in sorted(set(meanings) - set(taught)):
        raise GlossaryError(f"{DEFINITIONS.name}: no lesson names {term!r} among its key terms")
    return "\n".join([_HEAD, *(_entry(term, meanings[term], taught[term]) for term in sorted(taught, key=str.lower))])


def _entry(term: str, meaning: str, lessons: list[Module]) -> str:
    where = ", ".join(f"[{module.number:02d}](../notebooks/{module.lesson.name})" for module in lessons)
    return f"- **{term}**: {meaning} Lesson {where}.\n"


def main() -> int:
    """Write the page."""
    course = manifest.load()
    try:
        (course.root / PAGE).write_text(page(course), encoding="utf-8")
    except GlossaryError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
