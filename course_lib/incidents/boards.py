"""The console's charts: users first, then what each tier's telemetry shows; one clock for all."""

from __future__ import annotations

import functools
import json
from datetime import datetime
from typing import Any

import altair as alt

from course_lib.incidents.screen import dataset
from course_lib.incidents.session import Session
from course_lib.view import style

HERO, SMALL = 160, 126
"""Heights in pixels."""
WIDE, NARROW = 620, 300
AMOUNT = "datum.value >= 1000 ? format(datum.value / 1000, ',~g') + 'k' : format(datum.value, '~g')"
_WHOLE = "utcseconds(datum.value) ? '' : datum.label"  # half a minute has no label: it would repeat the one before
LEAST, LEFT, FLUSH, GAP = 0.01, 30, 20, 6
"""What a signal's axis covers at least, lest rounding fill it; pixels for its labels; from which the end of the clock's
axis is so near that a label is moved in; and between two of its labels."""
MARKS = {"alert": "vermilion", "applied": "blue", "change": "purple"}


def specs(session: Session) -> list[dict[str, Any]]:
    """The users' chart, then one for each signal of the telemetry, in the order of the scenario's file."""
    start = session.world.started
    return [json.loads(_users(start)), *(_signal(start, shown) for shown in session.world.scenario.telemetry)]


def clock_axis(start: datetime, title: str | None = None, ticks: int = 3) -> alt.X:
    """The time of day; what it covers is set by the page while the clock runs."""
    scale = alt.Scale(type="utc", domainMin=alt.ExprRef("clock_from"), domainMax=alt.ExprRef("clock_to"), nice=False)
    axis = alt.Axis(
        format="%H:%M", title=title, tickCount=ticks, labelFlush=FLUSH, labelExpr=_WHOLE, labelSeparation=GAP
    )
    return alt.X("when", type="temporal", scale=scale, axis=axis)


def timed(chart: alt.Chart, start: datetime) -> alt.Chart:
    """A chart whose rows have their time of day as ``when``."""
    return chart.transform_calculate(when=f"{1000 * start.timestamp():.0f} + 1000 * datum.time")


def _marks(start: datetime) -> list[alt.Chart]:
    """Upright rules where an alert fired, something changed, or an action came into force."""
    base = timed(alt.Chart(alt.NamedData("marks")), start)
    looks = zip(MARKS.values(), ("dashed", "solid", "dotted"), strict=True)
    return [
        base.transform_filter(f"datum.kind == {kind}")
        .mark_rule(color=style.PALETTE[colour], strokeDash=style.DASHES[dash], strokeWidth=1.4, clip=True)
        .encode(x=clock_axis(start))
        for kind, (colour, dash) in enumerate(looks)
    ]


def _whole(
    layers: list[alt.Chart], title: tuple[str, str], start: datetime, width: int, height: int, description: str
) -> dict[str, Any]:
    end = 1000 * start.timestamp()
    params = [alt.param(name="clock_from", value=end), alt.param(name="clock_to", value=end + 300_000)]
    small = {"subtitleFontSize": style.FONT_SIZE - 1, "subtitlePadding": 1, "offset": 4}
    head = alt.Title(title[0], subtitle=title[1], fontSize=style.FONT_SIZE, fontWeight=600, anchor="start", **small)
    chart = alt.layer(*layers).add_params(*params).properties(title=head, width=width, height=height)
    spec = style.themed(chart, description)
    spec["autosize"]["resize"] = True  # labels grow as the drill goes on
    return spec


@functools.lru_cache(maxsize=4)
def _users(start: datetime) -> str:
    """The users' chart as text: Altair takes a third of a second for it, and a console may be opened again."""
    base = timed(alt.Chart(alt.NamedData("users")), start)
    scale = alt.Scale(domainMin=0, domainMax=alt.ExprRef("share_top"))
    y = alt.Y("share", type="quantitative", title=None, scale=scale, axis=alt.Axis(minExtent=LEFT))
    look = {"color": style.PALETTE["vermilion"], "clip": True}
    area = base.mark_area(opacity=0.35, **look).encode(x=clock_axis(start, "time (UTC)", 4), y=y)
    line = base.mark_line(strokeWidth=2.4, **look).encode(x=clock_axis(start, "time (UTC)", 4), y=y)
    spec = _whole(
        [area, line, *_marks(start)],
        ("Users' requests that fail", "(%)"),
        start,
        WIDE,
        HERO,
        "Share of users' requests that fail, over time.",
    )
    spec["params"].append({"name": "share_top", "value": 100})
    return json.dumps(spec)


def _signal(start: datetime, shown: Any) -> dict[str, Any]:
    """A small chart of one signal: a copy of the one that Altair made, which takes it a third of a second each."""
    words = {"DATASET": dataset(shown.signal), "LABEL": shown.label, "UNIT": f"({shown.unit})", "TIER": shown.tier}
    text = _small(start)
    for name, word in words.items():
        text = text.replace(f"<{name}>", json.dumps(word)[1:-1])
    return json.loads(text)


@functools.lru_cache(maxsize=4)
def _small(start: datetime) -> str:
    base = timed(alt.Chart(alt.NamedData("<DATASET>")), start)
    axis = alt.Axis(tickCount=3, labelExpr=AMOUNT, minExtent=LEFT)
    y = alt.Y("value", type="quantitative", title=None, scale=alt.Scale(domain={"unionWith": [0, LEAST]}), axis=axis)
    line = base.mark_line(color=style.PALETTE["blue"], strokeWidth=1.8, clip=True).encode(x=clock_axis(start), y=y)
    layers = [line, *_marks(start)]
    described = "<TIER>: <LABEL> <UNIT>, over time."
    return json.dumps(_whole(layers, ("<LABEL>", "<UNIT>"), start, NARROW, SMALL, described))
