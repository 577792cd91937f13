"""What alert rules see on the incident, a quiet day and the twin: signal, threshold, hold, moment of the page."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from course_lib import detect
from course_lib.detect.table import RULES
from course_lib.models.trace import Trace
from course_lib.view import style
from course_lib.view.frame import thin
from course_lib.view.single_chart import ShownChart, show

WIDTH, HEIGHT, ROWS = 178, 96, 150  # pixels of one small chart; points of a line
#: Of an axis's length: a threshold that lies lower cannot be told from the axis, which then bends there.
LOW = 0.05
MOST = 5.0  # thresholds: as far above as a rule that fires below is drawn
HOW = "dashed: threshold, shaded: hold, upright line: the page"
DAYS = ("incident", "quiet", "twin")  # the look-alike has its place in the tournament
BENT = "; an axis that names its threshold is logarithmic above it"
ROLES = {"first": "defended", "false_reading": "naive", "twin": "fourth"}


def alarms(slug: str, seed: int = 7, *rules: str) -> ShownChart:
    """Show when each of a module's rules pages: a row a rule, a column a day.

    Parameters
    ----------
    slug : str
        The module whose `detect.table` is drawn.
    seed : int
    *rules : str
        Names of its rules; by default the first signal, the classic false reading and what tells the twin.
    """
    table, names = detect.table(slug), rules or tuple(RULES)
    traces = {day: table.run(day, seed) for day in DAYS}
    data, charts, words, bent = {}, [], [], False
    unit, second = table.clock
    for name in names:
        sights = {day: _sight(table.rules[name], trace, table.clock) for day, trace in traces.items()}
        top = 1.15 * max(float(np.max(sight["line"]["seen"], initial=0.0)) for sight in sights.values())
        limit = float(sights["incident"]["limit"]["limit"][0])
        bent |= _bends(limit, top)
        row = []
        for day, sight in sights.items():
            data |= {f"{name} {day} {part}": columns for part, columns in sight.items()}
            told = detect.told(table.rules[name], traces[day], table.clock)
            title = f"{table.names[day]}: {told}"
            row.append(_small(f"{name} {day}", ROLES.get(name, "third"), title, top, limit, table.until / second,
                              f"time ({unit})" if name == names[-1] else None, lead=day == "incident",
                              held=table.rules[name].hold >= 60))  # fmt: skip
            words.append(f"{RULES.get(name, name)}, {title}")
        headline = _headline(name, table.rules[name], traces["incident"], table.clock)
        charts.append({"hconcat": row, "spacing": 8, "title": headline})
    description = f"Rules over {table.until / second:g} {unit}. {'; '.join(words)}. Shaded: the hold, before the page."
    key = {"text": "", "subtitle": HOW + BENT * bent}
    return show({"vconcat": charts, "spacing": 10, "title": key}, data, description)


def _unit(rule: detect.Rule, trace: Trace) -> str:
    """The unit of what a rule reads; nothing where it is a multiple of something."""
    if rule.reading == "time to full":
        return "s"
    unit = "" if rule.per or rule.baseline else trace.units[rule.signal]
    return f"{unit}/s" if rule.reading == "change" else unit


def _headline(name: str, rule: detect.Rule, trace: Trace, clock: tuple[str, float]) -> str:
    unit, second = _unit(rule, trace), clock[1]
    limit, unit = (rule.threshold / second, clock[0]) if unit == "s" else (rule.threshold, unit)
    wants = f"{rule.wants[0]} {limit:g}"
    held = f"for {rule.hold / second:g} {clock[0]}" if rule.hold else "at any moment"
    return " ".join(f"{RULES.get(name, name)}: {_words(rule)} {wants} {unit} {held}".split())


def _words(rule: detect.Rule) -> str:
    what = rule.signal.replace("_", " ") + (f" ÷ {rule.per.replace('_', ' ')}" if rule.per else "")
    what = what if rule.reading == "level" else f"{rule.reading} of {what}"
    return f"{what} ÷ its own baseline" if rule.baseline else what


def _sight(rule: detect.Rule, trace: Trace, clock: tuple[str, float]) -> dict[str, dict[str, Any]]:
    """What one rule sees of one day, as datasets: the line, the threshold, the hold and the page, by the clock."""
    second = clock[1]
    scale = second if _unit(rule, trace) == "s" else 1.0
    seen = detect.read(rule, trace)
    known = np.isfinite(seen)  # a baseline is known only once it is over
    if rule.below is not None:  # what lies far above is no alarm, and no canvas draws a line from so far
        seen = np.minimum(seen, MOST * rule.threshold)
    when = float(detect.first_alarm(rule, trace))
    pages = [] if np.isnan(when) else [when]
    return {
        "line": {"time": thin(trace.time[known] / second, ROWS, "last"), "seen": thin(seen[known] / scale, ROWS)},
        "limit": {"limit": [rule.threshold / scale]},
        "hold": {
            "kind": [0.0] * len(pages),
            "start": [(at - rule.hold) / second for at in pages],
            "end": [at / second for at in pages],
        },
        "page": {"at": [at / second for at in pages]},
    }


def _bends(limit: float, top: float) -> bool:
    return 0 < limit < LOW * top


def _amount(limit: float, top: float, *, labels: bool) -> alt.Y:
    """The upright axis, from 0; logarithmic above a threshold that would lie on it."""
    if not _bends(limit, top):
        axis, scale = alt.Axis(tickCount=4, labels=labels), alt.Scale(domain=[0, top])
    else:
        decades = 10.0 ** np.arange(np.ceil(np.log10(4 * limit)), np.log10(top))
        ticks = [0.0, limit, *map(float, decades)]
        axis = alt.Axis(values=ticks, labels=labels, format="~g")
        scale = alt.Scale(type="symlog", constant=limit, domain=[0, top])
    return alt.Y("seen", type="quantitative", title=None, scale=scale, axis=axis)


def _small(
    data: str,
    role: str,
    title: str,
    top: float,
    threshold: float,
    until: float,
    time: str | None,
    *,
    lead: bool,
    held: bool,
) -> dict[str, Any]:
    x = style.time_axis(until, time or "").axis(tickCount=4, title=time, labels=time is not None)
    y = _amount(threshold, max(top, 1.15 * threshold), labels=lead)
    limit = alt.Chart(alt.NamedData(f"{data} limit")).mark_rule(color=style.INK, strokeDash=[4, 3])
    page = alt.Chart(alt.NamedData(f"{data} page"))
    layers = [
        style.regions(f"{data} hold", labels={0: "hold" if held else ""}),
        style.line(f"{data} line", "time", "seen", role, x=x, y=y),
        limit.encode(y=alt.Y("limit", type="quantitative")),
        page.mark_rule(color=style.INK, strokeWidth=2).encode(x=alt.X("at", type="quantitative")),
    ]
    header = {"text": title, "fontSize": style.FONT_SIZE - 1, "fontWeight": "normal", "offset": 2}
    return {"layer": [style.part(layer) for layer in layers], "width": WIDTH, "height": HEIGHT, "title": header}
