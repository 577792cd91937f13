"""The four charts of a failure to be named."""

from __future__ import annotations

import textwrap

import altair as alt
import numpy as np

from course_lib.recall.naming import Line, Question
from course_lib.view import style
from course_lib.view.frame import thin
from course_lib.view.single_chart import ShownChart, show

WIDTH, HEIGHT, ROWS, WORDS = 290, 110, 200, 46  # pixels of one chart; points of a line; letters of a title's line


def drawn(asked: Question) -> ShownChart:
    """Draw the four, two by two, on one clock."""
    data = {f"line {place}": _columns(asked, line) for place, line in enumerate(asked.lines)}
    parts = [style.part(_small(asked, line, f"line {place}")) for place, line in enumerate(asked.lines)]
    rows = [{"hconcat": parts[:2], "spacing": 24}, {"hconcat": parts[2:], "spacing": 24}]
    seen = (
        f"{line.title}: begins at {line.first:.3g}, at most {np.nanmax(line.values):.3g} {line.unit}"
        for line in asked.lines
    )
    return show({"vconcat": rows, "spacing": 16}, data, f"Four charts of one failure. {'; '.join(seen)}.")


def _columns(asked: Question, line: Line) -> dict[str, np.ndarray]:
    known = np.isfinite(line.values)
    return {"time": thin(asked.time[known], ROWS, "last"), "value": thin(line.values[known], ROWS)}


def _small(asked: Question, line: Line, name: str) -> alt.Chart:
    words = textwrap.wrap(f"{line.title} ({line.unit})", WORDS)
    title = {"text": words, "fontSize": style.FONT_SIZE, "fontWeight": "normal"}
    top = 1.1 * float(np.nanmax(line.values)) or 1.0
    scale, axis = alt.Scale(domain=[0, top]), alt.Axis(tickCount=4, format="~g")
    y = alt.Y("value", type="quantitative", title=None, scale=scale, axis=axis)  # its unit stands in the chart's title
    x = style.time_axis(float(asked.time[-1]), f"time ({asked.clock})")
    return style.line(name, "time", "value", "truth", x=x, y=y).properties(width=WIDTH, height=HEIGHT, title=title)
