"""The charts of lab 08: pools that fill, a bulkhead at work, who is refused, a fleet that comes back, and three days.

A learner's answer may still be blank. Then its part is left out and the chart's title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np

from course_lib.lessons.cascading_failure import MAURER, NAIVE, START, UNTIL
from course_lib.models.cascading_failure import simulate
from course_lib.models.drills import replica_fleet
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record, Trace
from course_lib.view import style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
POOLS = ("stock", "shop", "gateway")
ROLES = ("naive", "third", "defended")
PATIENCE = np.array([2.0, 5.0, 8.0])
FLEET = replica_fleet.Parameters(lost=10, trigger_start=30.0, trigger_duration=10.0, crash_load=1.1)
"""The lab's fleet: ten replicas at 85 %, all of which are restarted at once."""


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


def _blank(name: str, found: Any) -> list[str]:
    return [] if found is not None else [f"{name} is still blank"]


# -- when each pool is full ------------------------------------------------------------------------------------------


def fills(fill_times: Answer, seed: int) -> ShownChart:
    """Show the workers held in the lab's three pools, and when the learner's formula says that each is full."""
    trace = simulate(NAIVE, seed, until=60.0)
    rows = (trace.time > 20) & (trace.time <= 50)
    held = {pool: trace[f"{pool}_held"][rows] for pool in POOLS}
    data: dict[str, Any] = {"run": {"time": trace.time[rows], **held}}
    workers = np.array([float(getattr(NAIVE, f"{pool}_workers")) for pool in POOLS])
    usual = 100.0 * np.array([0.11, 0.14, 0.15])
    found = asked(fill_times, workers, usual, np.full(3, 100.0), np.full(3, 75.0), PATIENCE)
    x = alt.X("time", type="quantitative", title="time (s)", scale=alt.Scale(domain=[20, 50], nice=False))
    title, parts = "workers held (number)", []
    for pool, role in zip(POOLS, ROLES, strict=True):
        parts.append(style.line("run", "time", pool, role, x=x, y=style.amount_axis(pool, title, top=330.0)))
        parts.append(style.end_label("run", "time", pool, pool, role))
    if found is not None:
        when = START + np.asarray(found, dtype=float)
        data["yours"] = {"at": np.where(np.isfinite(when), when, np.nan), "size": workers}
        marks = alt.Chart(alt.NamedData("yours")).transform_filter("isValid(datum.at) && datum.at <= 50")
        place = dict(x="at:Q", y="size:Q")
        parts.append(marks.mark_point(shape="cross", size=160, filled=True, color=style.INK).encode(**place))
        parts.append(marks.mark_text(text="yours", dy=-14, color=style.INK, fontWeight="bold").encode(**place))
    words = (
        "Workers held in three pools, from ten seconds before the database slows down: stock fills first, then shop, "
        "then gateway; crosses mark when the learner's formula says that each is full."
    )
    return show(titled(alt.layer(*parts), _blank("fill_times", found)), data, words)


# -- a bulkhead at work ----------------------------------------------------------------------------------------------


def walled(bulkheads: Answer, seed: int) -> dict[str, Trace]:
    """Return runs of a gateway whose reviews hang: without a bulkhead, and with the learner's."""
    rate, latency = np.array([[990.0], [10.0]]), np.array([[0.14], [0.2]])
    found = asked(bulkheads, rate, latency, np.array([300.0]))
    day = MAURER.replace(feature="optional")
    runs = {"no bulkhead": day}
    if found is not None:
        runs["yours"] = day.replace(feature_bulkhead=float(np.clip(np.asarray(found, dtype=float)[1, 0], 1, 1e6)))
    return {
        name: simulate(one, seed, until=UNTIL, record=Record(("goodput",), every=1.0)) for name, one in runs.items()
    }


# -- who is refused --------------------------------------------------------------------------------------------------

OFFERED = np.array([20.0, 30.0, 50.0])
CLASSES = ("checkout", "search", "recommendations")


def refused(shed: Answer) -> ShownChart:
    """Show what is admitted of three classes while capacity falls and comes back."""
    time = np.arange(0.0, 121.0, 2.0)
    capacity = np.interp(time, [0, 30, 60, 75, 110, 120], [110, 110, 25, 25, 110, 110])
    offered = np.repeat(OFFERED[:, None], len(time), axis=1)
    found = asked(shed, offered, capacity)
    data: dict[str, Any] = {"run": {"time": time, "capacity": capacity}}
    x, title = style.time_axis(120.0), "admitted (requests/s)"
    parts = [style.line("run", "time", "capacity", "demand", x=x, y=style.amount_axis("capacity", title, top=120.0))]
    parts.append(style.end_label("run", "time", "capacity", "capacity", "demand", dy=-4))
    if found is not None:
        for name, role, row in zip(CLASSES, ("defended", "third", "naive"), np.asarray(found, float), strict=True):
            data["run"][name] = row
            parts.append(style.line("run", "time", name, role, x=x, y=style.amount_axis(name, title, top=120.0)))
            parts.append(style.end_label("run", "time", name, name, role))
    words = (
        "What is admitted of three classes of requests over two minutes, while capacity falls from 110 to 25 and comes "
        "back: a good rule gives up recommendations first, then search, and never a checkout."
    )
    return show(titled(alt.layer(*parts), _blank("shed", found)), data, words)


# -- a fleet that comes back -----------------------------------------------------------------------------------------


def back(restart: Answer, seed: int) -> dict[str, Trace]:
    """Return runs of a fleet that was restarted whole: under its full load, and admitted as the learner says."""
    age = np.arange(0.0, 120.0, 5.0)
    numbers = (10.0, 0.85, float(FLEET.cold), float(FLEET.warmup))
    found = asked(restart, *(np.full(len(age), number) for number in numbers), age)
    runs = {"the whole load": FLEET}
    if found is not None:
        admitted = np.clip(np.broadcast_to(np.asarray(found[0], dtype=float), age.shape), 0.0, 1.0)
        steps = tuple((70.0 + a, 0.85 * share) for a, share in zip(age, admitted, strict=True))
        runs["yours"] = FLEET.replace(utilisation=Schedule(0.85, ((30.0, 0.0), *steps)))
    record = Record(("survivors", "goodput"), every=2.0)
    return {name: replica_fleet.simulate(one, seed, until=240.0, record=record) for name, one in runs.items()}


# -- the chain again -------------------------------------------------------------------------------------------------


def defended(limits: Answer, seed: int) -> dict[str, Trace]:
    """Return runs of the lesson's chain: as it was, and with the learner's threshold and retries."""
    told = (100.0, 0.15, 75.0, 0.16, 2.0, 300.0)
    found = asked(limits, *(np.array([number]) for number in told))
    runs = {"as it was": NAIVE}
    if found is not None:
        threshold, retries = (float(np.ravel(one)[0]) for one in found)
        runs["yours"] = NAIVE.replace(
            shed_threshold=float(np.clip(threshold, 0.01, 1.0)), max_retries=int(np.clip(retries, 0, 4))
        )
    return {
        name: simulate(one, seed, until=UNTIL, record=Record(("goodput",), every=1.0)) for name, one in runs.items()
    }
