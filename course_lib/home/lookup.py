"""From what somebody sees to the lesson: the symptom index as the start page and the terminal show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from course_lib import symptoms
from course_lib.home import work
from course_lib.manifest import FOLDERS, Course, Module
from course_lib.symptoms import HEADINGS, Symptom

#: What the start page shows an answer to, until the learner asks something else.
EXAMPLE = "p99 high on one shard only"
_NONE = "Nothing in the index fits. Try other words: what a metric does, what users say, or what you see."


def answer(course: Course, question: str) -> str:
    """Return what fits a question, as Markdown with links for a page in the learner's folder.

    Raises
    ------
    SymptomError
        A question without a word that tells anything.
    """
    found = symptoms.find(symptoms.load(course), question)
    return "\n".join(f"- {_entry(course, entry)}" for entry in found) or _NONE


def index(course: Course) -> str:
    """Return the whole index as Markdown, one folded list for each way of looking."""
    entries = symptoms.load(course)
    return "\n\n".join(
        f"<details><summary>{heading}</summary>\n\n"
        + "\n".join(f"- {_entry(course, entry)}" for entry in entries if entry.look == look)
        + "\n\n</details>"
        for look, heading in HEADINGS.items()
    )


def lines(course: Course, question: str) -> Iterator[str]:
    """Yield what fits a question, or the whole index without one, line by line for a terminal."""
    entries = symptoms.load(course)
    if question:
        found = symptoms.find(entries, question)
        yield from _blocks(course, found, lambda entry: f" ({HEADINGS[entry.look].lower()})")
        if not found:
            yield _NONE
        return
    for look, heading in HEADINGS.items():
        yield f"{heading}:\n"
        yield from _blocks(course, [entry for entry in entries if entry.look == look])


def _entry(course: Course, entry: Symptom) -> str:
    module, other = course.module(entry.slug), symptoms.like_module(course, entry)
    like = symptoms.like_words(course, entry)
    return f"{_capital(entry.says)} → {_link(module)}. Or {_link(other, like) if other else like}? {entry.apart}"


def _link(module: Module, words: str = "") -> str:
    return f"[{words or f'{module.number:02d} {module.title}'}]({FOLDERS['lesson']}/{module.name}.ipynb)"


def _blocks(
    course: Course, entries: Sequence[Symptom], after: Callable[[Symptom], str] = lambda entry: ""
) -> Iterator[str]:
    for entry in entries:
        module = course.module(entry.slug)
        yield f"{_capital(entry.says)}{after(entry)}"
        yield f"  → {module.number:02d} {module.title}: {work.FOLDER}/{FOLDERS['lesson']}/{module.name}.ipynb"
        yield f"  or {symptoms.like_words(course, entry)}? {entry.apart}\n"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
