"""A lab's charts while an answer is still blank: its part is left out, and the title says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt


class StillBlank(Exception):
    """A function that the learner has not written yet."""


def asking(name: str, policy: Callable[..., Any]) -> Callable[..., Any]:
    """Return a learner's function that raises `StillBlank` where it isn't written or returns nothing."""

    def asked(*arguments: Any) -> Any:
        try:
            answer = policy(*arguments)
        except NotImplementedError:
            answer = None
        if answer is None or answer is Ellipsis:
            raise StillBlank(f"{name} is still blank")
        return answer

    return asked


def titled(chart: alt.LayerChart, blank: Sequence[str]) -> alt.LayerChart:
    """Return the chart with a title that says, each once, what it cannot show yet."""
    return chart.properties(title=alt.Title("; ".join(dict.fromkeys(blank)), fontWeight="normal")) if blank else chart
