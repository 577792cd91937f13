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
    for name in names:
        sights = {day: _sight(table.rules[name], trace) for day, trace in traces.items()}
        top = 1.15 * max(float(np.max(sight["line"]["seen"], initial=0.0)) for sight in sights.values())
        bent |= _bends(table.rules[name], top)
        row = []
        for day, sight in sights.items():
            data |= {f"{name} {day} {part}": columns for part, columns in sight.items()}
            told = detect.told(table.rules[name], traces[day])
            title = f"{table.names[day]}: {told}"
            row.append(_small(table.rules[name], f"{name} {day}", ROLES.get(name, "third"), title, top, table.until,
                              lead=day == "incident", last=name == names[-1]))  # fmt: skip
            words.append(f"{RULES.get(name, name)}, {title}")
        headline = _headline(name, table.rules[name], traces["incident"])
        charts.append({"hconcat": row, "spacing": 8, "title": headline})
    description = f"Rules over {table.until:g} seconds. {'; '.join(words)}. Shaded: the hold, before the page."
    key = {"text": "", "subtitle": HOW + BENT * bent}
    return show({"vconcat": charts, "spacing": 10, "title": key}, data, description)


def _headline(name: str, rule: detect.Rule, trace: Trace) -> str:
    bare = rule.per or rule.baseline
    unit = "s" if rule.reading == "time to full" else "" if bare else trace.units[rule.signal]
    unit = f"{unit}/s" if rule.reading == "change" else unit
    return " ".join(f"{RULES.get(name, name)}: {_words(rule)} {rule.wants} {unit} for {rule.hold:g} s".split())


def _words(rule: detect.Rule) -> str:
    what = rule.signal.replace("_", " ") + (f" ÷ {rule.per.replace('_', ' ')}" if rule.per else "")
    what = what if rule.reading == "level" else f"{rule.reading} of {what}"
    return f"{what} ÷ its own baseline" if rule.baseline else what


def _sight(rule: detect.Rule, trace: Trace) -> dict[str, dict[str, Any]]:
    """What one rule sees of one day, as datasets: the line, the threshold, the hold and the page."""
    seen = detect.read(rule, trace)
    known = np.isfinite(seen)  # a baseline is known only once it is over
    if rule.below is not None:  # what lies far above is no alarm, and no canvas draws a line from so far
        seen = np.minimum(seen, MOST * rule.threshold)
    when = float(detect.first_alarm(rule, trace))
    pages = [] if np.isnan(when) else [when]
    return {
        "line": {"time": thin(trace.time[known], ROWS, "last"), "seen": thin(seen[known], ROWS)},
        "limit": {"limit": [rule.threshold]},
        "hold": {"kind": [0.0] * len(pages), "start": [at - rule.hold for at in pages], "end": pages},
        "page": {"at": pages},
    }


def _bends(rule: detect.Rule, top: float) -> bool:
    return 0 < rule.threshold < LOW * top


def _amount(rule: detect.Rule, top: float, *, labels: bool) -> alt.Y:
    """The upright axis, from 0; logarithmic above a threshold that would lie on it."""
    if not _bends(rule, top):
        axis, scale = alt.Axis(tickCount=4, labels=labels), alt.Scale(domain=[0, top])
    else:
        decades = 10.0 ** np.arange(np.ceil(np.log10(4 * rule.threshold)), np.log10(top))
        ticks = [0.0, rule.threshold, *map(float, decades)]
        axis = alt.Axis(values=ticks, labels=labels, format="~g")
        scale = alt.Scale(type="symlog", constant=rule.threshold, domain=[0, top])
    return alt.Y("seen", type="quantitative", title=None, scale=scale, axis=axis)


def _small(
    rule: detect.Rule, data: str, role: str, title: str, top: float, until: float, *, lead: bool, last: bool
) -> dict[str, Any]:
    x = style.time_axis(until, "time (s)" if last else "")
    x = x.axis(tickCount=4, title="time (s)" if last else None, labels=last)
    y = _amount(rule, max(top, 1.15 * rule.threshold), labels=lead)
    limit = alt.Chart(alt.NamedData(f"{data} limit")).mark_rule(color=style.INK, strokeDash=[4, 3])
    page = alt.Chart(alt.NamedData(f"{data} page"))
    layers = [
        style.regions(f"{data} hold", labels={0: "hold" if rule.hold >= 60 else ""}),
        style.line(f"{data} line", "time", "seen", role, x=x, y=y),
        limit.encode(y=alt.Y("limit", type="quantitative")),
        page.mark_rule(color=style.INK, strokeWidth=2).encode(x=alt.X("at", type="quantitative")),
    ]
    header = {"text": title, "fontSize": style.FONT_SIZE - 1, "fontWeight": "normal", "offset": 2}
    return {"layer": [style.part(layer) for layer in layers], "width": WIDTH, "height": HEIGHT, "title": header}
