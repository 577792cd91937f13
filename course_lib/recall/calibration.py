"""How often a learner is right when they say that they are certain: predictions and cards, by confidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt
import numpy as np

from course_lib.manifest import Course
from course_lib.recall import schedule
from course_lib.view import style
from course_lib.view.prediction import CONFIDENCE, predictions
from course_lib.view.single_chart import ShownChart, show

#: Standard deviations on each side of what is drawn: 95 of 100 such intervals hold the long-run share.
_Z = 1.96
SOURCES = ("predictions", "cards")


class Share(NamedTuple):
    """How often somebody was right at one level of confidence.

    Attributes
    ----------
    sure : int
        1 to 3.
    right, of : int
    low, high : float
        Wilson's 95 % interval of the share (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927), which holds for few as well.
    """

    sure: int
    right: int
    of: int
    low: float
    high: float


def shares(answers: Sequence[tuple[int, bool]]) -> list[Share]:
    """Return how often somebody was right, level by level; levels without an answer are left out.

    Parameters
    ----------
    answers : sequence of (int, bool)
        How sure, 1 to 3, and whether it was right.

    Examples
    --------
    >>> [(share.sure, share.right, share.of) for share in shares([(3, True), (3, False), (1, True)])]
    [(1, 1, 1), (3, 1, 2)]
    """
    by_level = {sure: [right for level, right in answers if level == sure] for sure in (1, 2, 3)}
    return [_share(sure, sum(right), len(right)) for sure, right in by_level.items() if right]


def _share(sure: int, right: int, of: int) -> Share:
    share, slack = right / of, _Z**2 / of
    middle = (share + slack / 2) / (1 + slack)
    half = _Z * np.sqrt(share * (1 - share) / of + slack / of / 4) / (1 + slack)
    return Share(sure, right, of, max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def answers(course: Course) -> dict[str, list[tuple[int, bool]]]:
    """Return a learner's answers by where they gave them: predictions that were revealed, and cards."""
    return {"predictions": list(_predicted(predictions())),
            "cards": [(answer.sure, answer.right) for answer in schedule.load(course).answers]}  # fmt: skip


def _predicted(told: Mapping[str, Any]) -> Iterator[tuple[int, bool]]:
    for entry in told.values():
        if isinstance(entry, dict) and isinstance(entry.get("near"), bool) and entry.get("confidence") in (1, 2, 3):
            yield entry["confidence"], entry["near"]


def chart(given: Mapping[str, Sequence[tuple[int, bool]]]) -> ShownChart:
    """Draw how often a learner was right, by how sure they said they were.

    Parameters
    ----------
    given : mapping of str to sequence of (int, bool)
        As `answers` returns them.
    """
    data, layers, words = {}, [], []
    for place, (name, role) in enumerate(zip(SOURCES, ("prediction", "truth"), strict=True)):
        found = shares(given.get(name, ()))
        shifted = [share.sure + 0.08 * (2 * place - 1) for share in found]
        columns = {"sure": shifted, "right": [100 * share.right / share.of for share in found],
                   "low": [100 * share.low for share in found], "high": [100 * share.high for share in found],
                   "count": [share.of for share in found]}  # fmt: skip
        data[name] = {key: np.array(column, float) for key, column in columns.items()}
        layers += _layers(name, role, "triangle" if place else "circle", place)
        words += [f"{name}, {CONFIDENCE[share.sure - 1]}: {share.right} of {share.of} right" for share in found]
    description = f"How often you were right, by how sure you were. {'; '.join(words)}."
    return show(alt.layer(*layers).properties(height=260), data, description)


def _layers(name: str, role: str, shape: str, place: int) -> list[alt.Chart]:
    """Points with their intervals, and beside each how many answers it stands for."""
    stroke, base = style.SERIES[role], alt.Chart(alt.NamedData(name))
    labels = " : ".join(f"datum.value == {level} ? '{word}'" for level, word in enumerate(CONFIDENCE, start=1))
    axis = alt.Axis(values=[1, 2, 3], labelExpr=f"{labels} : ''", grid=False)
    x = alt.X("sure:Q", title="how sure you were (in your words)", scale=alt.Scale(domain=[0.5, 3.5]), axis=axis)
    y = alt.Y("right:Q", title="right (% of answers)", scale=alt.Scale(domain=[0, 100]))
    side = {"align": "left", "dx": 8} if place else {"align": "right", "dx": -8}
    side |= {"dy": alt.ExprRef("datum.right > 50 ? 9 : -9")}  # clear of the frame
    text = alt.ExprRef(f"'{name}: ' + datum.count")
    return [
        base.mark_rule(color=stroke.colour, strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_point(color=stroke.colour, shape=shape, filled=True, size=90, opacity=1).encode(x=x, y=y),
        base.mark_text(color=stroke.word, text=text, **side).encode(x=x, y=y),
    ]
