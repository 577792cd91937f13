"""The pages: one self-contained HTML for each learner, and the class report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.grading.book.marks import Mark
from course_lib.grading.exports.book import Book, remarks
from course_lib.grading.exports.files import write_text
from course_lib.grading.exports.pictures import curve_picture
from course_lib.grading.intake.guesses import Guess

if TYPE_CHECKING:
    from jinja2 import Template

_COMMONEST = 12
_STATES = ("right", "wrong", "not attempted", "crashed", "timed out", "refused")


def write(out: Path, book: Book, layers: Mapping[str, str], guesses: Mapping[str, Sequence[Guess]]) -> None:
    """Write ``feedback/<learner>.html`` and ``report.html``."""
    for learner, name in book.file_names.items():
        write_text(out / "feedback" / f"{name}.html", feedback(book, learner))
    write_text(out / "report.html", report(book, layers, guesses))


@lru_cache(maxsize=4)
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # while the workers grade, not before they start

    loader = PackageLoader("course_lib.grading", "templates")
    # Everything a learner wrote is escaped; the pages fetch nothing and run no script.
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["picture"] = curve_picture
    return made.get_template(name)


def feedback(book: Book, learner: str) -> str:
    """One learner's page."""
    return _template("feedback.html").render(
        book=book,
        person=book.people[learner],
        marks=list(book.of(learner).values()),
        unread=[(file, why) for who, file, why in book.unread if who == learner],
        told=lambda mark, task: mark.record.tasks[task.task],
    )


def report(book: Book, layers: Mapping[str, str], guesses: Mapping[str, Sequence[Guess]]) -> str:
    """The class report."""
    return _template("report.html").render(
        book=book,
        layers=layers,
        labs=[_lab_summary(book, lab) for lab in book.used_labs],
        states=_STATES,
        predictions={question: predicted(all_) for question, all_ in guesses.items()},
        disagreements=[(m.learner, m.lab, d) for m in book.marks for d in m.record.disagreements],
        borrowed=[(m.learner, m.lab, t, u) for m in book.marks for t, u in m.record.borrowed.items()],
        noted=[(m.learner, m.record.file, told) for m in book.marks for told in remarks(m, trouble=False)],
        trouble=[(m.learner, m.record.file, m.record.trouble) for m in book.marks if m.record.trouble],
    )


def _lab_summary(book: Book, lab: str) -> dict[str, Any]:
    marks = [mark for mark in book.marks if mark.lab == lab]
    shares = [mark.points / mark.max_points for mark in marks]
    return {
        "title": book.title(lab),
        "learners": len(marks),
        "mean": sum(shares) / len(shares),
        "distribution": histogram([100 * share for share in shares], low=0.0, high=100.0),
        "tasks": [_task_summary(marks, name) for name in book.labs[lab].tasks],
        "commonest": commonest_misses(marks),
    }


def _task_summary(marks: Sequence[Mark], name: str) -> dict[str, Any]:
    mine = [task for mark in marks for task in mark.tasks if task.task == name]
    mean = sum(task.points for task in mine) / len(mine) if mine else 0.0
    return {
        "name": name,
        "states": Counter(task.state for task in mine),
        "mean": mean,
        "worth": mine[0].max_points if mine else 0.0,
    }


def commonest_misses(marks: Sequence[Mark]) -> list[tuple[str, str, int, str]]:
    """The demands missed most: (task, demand, how many, what one of them saw)."""
    misses: dict[tuple[str, str], list[str]] = {}
    for mark in marks:
        for name, told in mark.record.tasks.items():
            for one in told.demands:
                if not one["ok"]:
                    misses.setdefault((name, one["text"]), []).append(one["seen"])
    ranked = sorted(misses.items(), key=lambda item: (-len(item[1]), item[0]))[:_COMMONEST]
    return [(task, text, len(seen), Counter(seen).most_common(1)[0][0]) for (task, text), seen in ranked]


def histogram(
    values: Sequence[float], bins: int = 10, low: float | None = None, high: float | None = None
) -> list[tuple[float, float, int]]:
    """Equal bins as (from, to, count); the last one includes its upper end."""
    if not values:
        return []
    low, high = min(values) if low is None else low, max(values) if high is None else high
    width = (high - low) / bins or 1.0
    counts = Counter(min(bins - 1, max(0, int((value - low) / width))) for value in values)
    return [(low + n * width, low + (n + 1) * width, counts[n]) for n in range(bins)]


def predicted(guesses: Sequence[Guess]) -> dict[str, Any]:
    """One question's histogram: numbers in bins, letters counted, and the truth most were shown."""
    numbers = [guess.value for guess in guesses if isinstance(guess.value, float)]
    letters = Counter(guess.value for guess in guesses if isinstance(guess.value, str))
    truths = Counter(guess.truth for guess in guesses if guess.truth is not None)
    return {
        "bins": histogram(numbers),
        "letters": sorted(letters.items()),
        "unit": next((guess.unit for guess in guesses if guess.unit), ""),
        "truth": truths.most_common(1)[0][0] if truths else None,
        "count": len(guesses),
    }
