"""Name the failure: four charts of a run in which something failed, and four names to choose from.

The run is the module's day of the incident, or that of its security twin, with a seed that no lesson shows. One of the
three other names is the other of these two; two are other modules, those first that the symptom index takes it for.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from course_lib import detect, symptoms
from course_lib.manifest import Course, Module

CHARTS = 4
#: From these seconds on a clock counts in minutes, in weeks.
_DAY = 86_400.0
_CLOCKS = ((0.0, 1.0, "s"), (1800.0, 60.0, "min"), (2e6, 7 * _DAY, "weeks"))
#: Above this a time is told in days, s.
_LONG = 2 * _DAY
_FIRST_SEED = 1000


class Line(NamedTuple):
    """One chart: what it shows, its unit, and the values over the run, shape (rows,)."""

    title: str
    unit: str
    values: NDArray[np.float64]

    @property
    def first(self) -> float:
        """The first value that is known; 0 where none is."""
        return float(next(iter(self.values[np.isfinite(self.values)]), 0.0))


class Question(NamedTuple):
    """One failure to be named.

    Attributes
    ----------
    time : array (rows,)
        In `clock`, such as ``"min"``.
    clock : str
    lines : tuple of Line
        Four.
    choices : tuple of str
        Four names.
    right : int
        Place of the right one.
    why : str
        What tells it, in Markdown.
    """

    time: NDArray[np.float64]
    clock: str
    lines: tuple[Line, ...]
    choices: tuple[str, ...]
    right: int
    why: str


def possible(slug: str) -> bool:
    """Return whether a module has days of detection to draw a failure from."""
    return importlib.util.find_spec(f"course_lib.detect.{slug}") is not None


def question(course: Course, slug: str, turn: int) -> Question:
    """Return a failure of a module to be named.

    Parameters
    ----------
    course : Course
    slug : str
        The module's.
    turn : int
        How often this card was answered: each time another seed, each third time the security twin.
    """
    day = "twin" if turn % 3 == 2 else "incident"
    table, draw = detect.table(slug), random.Random(f"{slug} {turn}")
    trace = table.run(day, _FIRST_SEED + turn)
    names = {"incident": course.module(slug).title, "twin": f"An attack: {table.names['twin']}"}
    others = [module.title for module in _taken_for(course, slug, draw)[:2]]
    choices = [*names.values(), *others]
    draw.shuffle(choices)
    seconds, clock = next((length, word) for start, length, word in reversed(_CLOCKS) if table.until >= start)
    lines = tuple(_line(slug, trace, signal) for signal in signals(slug))
    return Question(
        trace.time / seconds, clock, lines, tuple(choices), choices.index(names[day]), _why(slug, day, names)
    )


def signals(slug: str) -> tuple[str, ...]:
    """Return the four that are drawn: errors, the first signal, what tells the twin, then latency and traffic."""
    golden, rules = _model(slug).golden, detect.table(slug).rules
    wanted = [golden["errors"], rules["first"].signal, rules["twin"].signal]
    return tuple(dict.fromkeys([*wanted, *(golden[name] for name in ("latency", "traffic", "saturation"))]))[:CHARTS]


def _taken_for(course: Course, slug: str, draw: random.Random) -> list[Module]:
    """Other modules: first those that the symptom index takes it for, then any."""
    entries = symptoms.load(course)
    like = {entry.like for entry in entries if entry.slug == slug} | {e.slug for e in entries if e.like == slug}
    others = [module for module in course.modules if module.slug != slug]
    draw.shuffle(others)
    return sorted(others, key=lambda module: module.slug not in like)


def _line(slug: str, trace: Any, name: str) -> Line:
    signal, values = _model(slug).signals[name], np.asarray(trace[name], float)
    if signal.unit == "s" and np.nanmax(values) > _LONG:
        return Line(signal.meaning, "days", values / _DAY)
    return Line(signal.meaning, signal.unit, values)


def _why(slug: str, day: str, names: dict[str, str]) -> str:
    rules = detect.table(slug).rules
    return f"**{names[day]}.** What tells it: {rules['twin' if day == 'twin' else 'first'].says}."


def _model(slug: str) -> Any:
    return importlib.import_module(f"course_lib.models.{slug}").MODEL


def sparks(values: Sequence[float] | NDArray[np.float64], width: int = 48) -> str:
    """Return a line as text, from zero or its lowest value to its highest; a stretch without values is blank.

    >>> sparks([0, 0, 5, 10], width=4)
    '▁▁▅█'
    """
    steps = "▁▂▃▄▅▆▇█"
    parts = np.array_split(np.asarray(values, float), min(width, len(values)))
    means = [float(np.nanmean(part)) if np.isfinite(part).any() else float("nan") for part in parts]
    low, high = min(0.0, np.nanmin(means)), np.nanmax(means)
    return "".join(_step(steps, mean, low, high) for mean in means)


def _step(steps: str, mean: float, low: float, high: float) -> str:
    if np.isnan(mean):
        return " "
    return steps[min(int((mean - low) / (high - low) * len(steps)), len(steps) - 1)] if high > low else steps[0]


def in_words(asked: Question) -> Iterator[str]:
    """Yield the four charts for a terminal, two lines each."""
    for line in asked.lines:
        ends = f"begins at {line.first:.3g}, at most {np.nanmax(line.values):.3g}"
        yield f"{line.title} ({line.unit})"
        yield f"  {sparks(line.values)}  {ends}, over {asked.time[-1]:.3g} {asked.clock}"
