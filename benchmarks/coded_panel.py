"""A panel with one more tiny chart whose colour says which position of a slider is drawn; for `slider_latency`."""

from __future__ import annotations

import dataclasses

import altair as alt

from course_lib.view.panel import Panel, Slider

SIZE, SHADES = 24, 250


def dragged(panel: Panel, name: str = "") -> Slider:
    """Return the slider to drag: the named one, or the evenly spaced one in the open with most positions."""
    sliders = [panel.controls[i] for i in panel.main_sliders]
    even = [slider for slider in sliders if not slider.values and name in ("", slider.name)]
    return max(even, key=lambda slider: len(slider.positions))


def coded(panel: Panel, name: str = "") -> Panel:
    """Return the panel with the coding chart as its last: red rises from 0 to 250 with the slider's position."""
    slider = dragged(panel, name)
    share = f"(datum['{slider.name}'] - {slider.low}) / {slider.high - slider.low}"
    colour = alt.ExprRef(f"'rgb(' + round({share} * {SHADES}) + ',0,0)'")
    chart = alt.Chart(alt.NamedData("here")).mark_rect(color=colour, opacity=1)
    chart = chart.encode(x=alt.value(0), x2=alt.value(SIZE), y=alt.value(0), y2=alt.value(SIZE))
    return dataclasses.replace(panel, charts=lambda: [*panel.charts(), chart.properties(width=SIZE, height=SIZE)])
