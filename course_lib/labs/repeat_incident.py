"""The charts and tables of lab 12: a run that was played, its moments, action items replayed, a page carried out.

A learner's answer may still be blank. Then its part is left out and the chart or table says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from course_lib.incidents import engine, seal, service, truth
from course_lib.incidents.scenario import load
from course_lib.runbooks import executor, page
from course_lib.runbooks.world import Drill
from course_lib.view import listing, style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
NAMES = ("start", "detected", "acknowledged", "mitigated", "resolved")
SHIPPED = Path(__file__).with_name("repeat_incident.run.json")
"""The run that comes with the lab: `sealed()` makes it anew."""


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


def run() -> truth.Run:
    """Return the run that the lab ships: a tired responder, who rolls a release back first."""
    log = (
        engine.Entry(at=236, kind="ack", alert="lag"),
        engine.Step(262, "roll_back"),
        engine.Step(455, "more_consumers"),
        engine.Step(505, "expire"),
    )
    return truth.Run(load("queue_overload"), 12, log)


def sealed() -> dict[str, Any]:
    """Return the shipped run, sealed."""
    return seal.seal(run())


def told() -> tuple[Any, ...]:
    """Return the shipped run as `timeline` is told of it: time, requests, failed, paged, spoke."""
    mine = run()
    played = mine.played()
    alarms = engine.alarms(mine.scenario, played, mine.scenario.until)
    paged = np.array([at for at, what, _ in alarms if what == "alert"])
    return (*service.windows(played), paged, np.array([float(entry.at) for entry in mine.log]))


def incident(timeline: Answer | None = None) -> ShownChart:
    """Show the share of failed orders in the shipped run, its pages and words, and the learner's moments."""
    time, requests, failed, paged, spoke = told()
    data: dict[str, Any] = {
        "run": {"time": time, "share": 100 * failed / np.maximum(requests, 1)},
        "pages": {"at": paged},
        "words": {"at": spoke},
    }
    found = None if timeline is None else asked(timeline, time, requests, failed, paged, spoke)
    x, y = style.time_axis(1200), style.amount_axis("share", "orders that fail (%)", 160.0)
    y = y.axis(values=[0, 25, 50, 75, 100])  # above is room for the moments' names
    layers: list[Any] = [style.line("run", "time", "share", "defended", x=x, y=y)]
    for name, shape, role, height in (("pages", "triangle-up", "naive", 6), ("words", "circle", "third", 14)):
        spots = alt.Chart(alt.NamedData(name)).mark_point(size=70, shape=shape, filled=True)
        spots = spots.encode(x=alt.X("at", type="quantitative"), y=alt.datum(height))
        layers.append(spots.properties().encode(color=alt.value(style.SERIES[role].colour)))
    words: list[Any] = []  # above all lines, the next moment's too
    for number, name in enumerate(NAMES):
        values = [] if found is None else [float(np.ravel(found)[number])]
        data[name] = {"at": [at for at in values if at >= 0]}
        mine = alt.Chart(alt.NamedData(name)).encode(x=alt.X("at", type="quantitative"))
        layers.append(mine.mark_rule(color=style.SERIES["fourth"].colour, strokeWidth=2))
        word = {"text": name, "align": "left", "dx": 4, "y": 8 + 13 * number}
        words += [mine.mark_text(color=style.PAPER, stroke=style.PAPER, strokeWidth=4, opacity=0.8, **word),
                  mine.mark_text(color=style.SERIES["fourth"].word, **word)]  # fmt: skip
    blank = ["timeline is still blank"] if timeline is not None and found is None else []
    chart = alt.layer(*layers, *words)
    said = "Orders that fail over 1,200 seconds of the shipped run, in percent, with pages and words at its foot."
    return show(titled(chart, blank).properties(width=480, height=220), data, said, units={"share": "%"})


def figures(impact: Answer) -> Any:
    """Return a table of the learner's impact figures of the shipped run.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    time, requests, failed, *_ = told()
    found = truth.truth(run())
    start, resolved = found.impact_start - 2.5, found.resolved
    values = asked(impact, time, requests, failed, start, resolved, 0.2, float(requests[:6].mean() / 10), 0.999)
    names = ("failed orders", "share of the orders", "user-minutes", "minutes", "of a month's budget")
    forms = ("{:,.0f}", "{:.0%}", "{:,.0f}", "{:.1f}", "{:.1%}")
    shown = ["still blank"] * 5 if values is None else [f.format(float(v)) for f, v in zip(forms, values, strict=True)]
    return listing.whole(pd.DataFrame({"figure": names, "yours": shown}))


def replayed(items: Answer) -> Any:
    """Return a table of what the learner's items leave of the course's own incident and of its second trigger.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    found = asked(items, *(np.array([v]) for v in (10.0, 16.0, 20.0, 60.0, 30.0, 0.8)))
    scenario = load("queue_overload")
    better = (
        {} if found is None else {"bound": float(np.ravel(found[0])[0]), "max_consumers": float(np.ravel(found[1])[0])}
    )
    runs = engine.play_each(scenario, [((), "again", {}), ((), "again", better)], 12,
                            until=engine.horizon(scenario, "again"))  # fmt: skip
    at = scenario.again_at or 0.0
    table = {"nobody acts,": ["nothing is changed", "with your items" if found is not None else "still blank"]}
    for name, first, last in (("failed, the incident", 0.0, at), ("failed, the second trigger", at, np.inf)):
        rows = (runs[0].time > first) & (runs[0].time <= last)
        table[name] = [f"{float(one.failed[rows].sum() * one.step):,.0f}" for one in runs]
    return listing.whole(pd.DataFrame(table))


def carried_out(runbook: Answer, seed: int = 7) -> Any:
    """Return what a literal reader does with the learner's page in the course's own incident, line by line.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    value = asked(runbook, 10.0)
    if value is None:
        return listing.whole(pd.DataFrame({"at (s)": ["-"], "line": ["-"], "read": ["runbook is still blank"]}))
    try:
        read = page.parse(bytes(np.asarray(value, np.uint8)).decode(), "runbook.md")
        report = executor.run(read, Drill(load("queue_overload")), seed)
    except (page.PageError, UnicodeDecodeError) as error:
        return listing.whole(pd.DataFrame({"at (s)": ["-"], "line": ["-"], "read": [str(error)]}))
    rows = [(f"{said.at:.0f}", str(said.line), said.text) for said in report.said]
    rows.append(("", "", f"{report.outcome}: {report.why}"))
    return listing.whole(pd.DataFrame(rows, columns=["at (s)", "line", "read"]))
