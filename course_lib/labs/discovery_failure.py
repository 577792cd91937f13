"""The charts of lab 07: what a snapshot is worth, which lists a rule believes, whom clients use, and the herd.

A learner's answer may still be blank. Then its part is left out and the chart's title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.discovery_failure import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import discovery
from course_lib.view import style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
HOSTS = 40
ANSWERS_LATE = (300.0, 900.0)  # seconds from which to which the lab's registry is down
SERVICE = Parameters(catalogue="lost", deploy_start=600.0, deploy_duration=900.0, cache_life=3600.0)
"""The lab's service: instances that live for an hour, and a deploy that begins in the middle of the outage."""


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


# -- what a snapshot is worth ----------------------------------------------------------------------------------------


def worth(run: Trace, snapshot: Answer) -> ShownChart:
    """Show what is left of the snapshot in the lab's outage, and what the learner's formula says.

    Parameters
    ----------
    run : Trace
        Of the lab's service.
    snapshot : callable
    """
    start, end = ANSWERS_LATE
    rows = (run.time > start) & (run.time <= end)
    age = run.time[rows] - start
    data: dict[str, Any] = {"run": {"age": age, "seen": 100 * run["valid_share"][rows]}}
    late = np.maximum(run.time[rows] - float(SERVICE.deploy_start), 0.0)
    told = (age + 30.0, 3600.0 / float(SERVICE.churn) + 0 * age, late, float(SERVICE.deploy_duration) + 0 * age)
    found = asked(snapshot, *told, 1.0 + 0 * age)
    x = alt.X("age", type="quantitative", title="age (s)", scale=alt.Scale(domain=[0, end - start], nice=False))
    title = "addresses still alive (%)"
    parts = [
        style.line("run", "age", "seen", "naive", x=x, y=style.amount_axis("seen", title, top=105.0)),
        style.end_label("run", "age", "seen", "this fleet", "naive", dy=10),
    ]
    if found is not None:
        data["run"]["yours"] = 100 * np.asarray(found[0], dtype=float)
        parts.append(style.line("run", "age", "yours", "defended", x=x, y=style.amount_axis("yours", title, top=105.0)))
        parts.append(style.end_label("run", "age", "yours", "your formula", "defended", dy=-6))
    words = (
        "What is left of a snapshot over the ten minutes of the outage, in one simulated fleet of 40 in steps, and by "
        "the learner's formula: an exponential for five minutes, and steeper once the deploy runs."
    )
    return show(titled(alt.layer(*parts), _blank("snapshot", found)), data, words, units={"seen": "%"})


def _blank(name: str, found: Any) -> list[str]:
    return [] if found is not None else [f"{name} is still blank"]


# -- which lists to believe ------------------------------------------------------------------------------------------

SAID = np.array([40, 40, 40, 38, 0, 0, 3, 14, 26, 38, 40, 40, 40, 40, 14, 14, 14, 14, 14, 14])
ALIVE = np.array([40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 14, 14, 14, 14, 14, 14])
"""Lists of the registry's, one each half minute: it comes back empty and fills up, and then a true scale-down."""


def story(accept: Answer | None) -> NDArray[np.float64] | None:
    """Return how many addresses a client uses after each list if it follows a rule; None while that is blank."""
    used, known = [], float(SAID[0])
    for said, alive in zip(SAID.astype(float), ALIVE.astype(float), strict=True):
        kept, added = min(known, said), max(said - known, 0.0)
        answering = max(min(known, alive) - kept, 0.0)
        told = (np.array([number]) for number in (known, kept, added, answering))
        verdict = np.array([True]) if accept is None else asked(accept, *told)
        if verdict is None:
            return None
        known = said if bool(np.ravel(verdict)[0]) else known
        used.append(known)
    return np.array(used)


def believed(accept: Answer) -> ShownChart:
    """Show what the registry says, and what a client uses that follows the learner's rule."""
    time, found = 0.5 * np.arange(len(SAID)), story(accept)
    data: dict[str, Any] = {
        "run": {"minutes": time, "said": SAID.astype(float)},
        "regions": {"kind": [0.0, 1.0], "start": [2.0, 7.0], "end": [5.0, 9.5]},
    }
    x = alt.X("minutes", type="quantitative", title="time (minutes)", scale=alt.Scale(domain=[0, 9.5], nice=False))
    title = "addresses (number)"
    parts: list[Any] = [
        style.regions(labels={0: "back, and filling up", 1: "a true scale-down"}),
        style.line("run", "minutes", "said", "naive", x=x, y=style.amount_axis("said", title, top=52.0)),
        style.end_label("run", "minutes", "said", "the registry", "naive", dy=10),
    ]
    if found is not None:
        data["run"]["yours"] = found
        parts.append(
            style.line("run", "minutes", "yours", "defended", x=x, y=style.amount_axis("yours", title, top=52))
        )
        parts.append(style.end_label("run", "minutes", "yours", "your client", "defended", dy=-8))
    words = (
        "Addresses over nine minutes: the registry's list falls from 40 to none, fills up again, and later falls to "
        "14 in a true scale-down; a client with a good rule stays at 40 through the first and follows the second."
    )
    return show(titled(alt.layer(*parts), _blank("accept", found)), data, words)


# -- whom to use -----------------------------------------------------------------------------------------------------


def answered_by(route: Answer, rho: float = 0.6, threshold: float = 0.6) -> NDArray[np.float64] | None:
    """Return what a collapsing fleet answers for each number of healthy hosts, if clients follow a rule."""
    healthy = np.arange(HOSTS) < np.arange(1, HOSTS + 1)[:, None]
    told = (np.ones((HOSTS, HOSTS), dtype=bool), healthy, np.full(HOSTS, threshold))
    weights = asked(route, *told)
    if weights is None:
        return None
    load = np.asarray(weights, dtype=float) * rho * HOSTS
    return (np.asarray(weights) * healthy * (load <= 1 + 1e-9)).sum(axis=1)


def panics(route: Answer) -> ShownChart:
    """Show what a collapsing fleet answers under the learner's rule, beside what either way alone would."""
    share = np.arange(1, HOSTS + 1) / HOSTS
    found = answered_by(route)
    table = {"healthy": 100 * share, "alone": 100 * discovery.answered(share, 0.6, False, collapse=True),
             "all": 100 * share}  # fmt: skip
    data: dict[str, Any] = {"run": table}
    x = alt.X("healthy", type="quantitative", title="hosts that are healthy (%)",
              scale=alt.Scale(domain=[0, 100], nice=False))  # fmt: skip
    title, parts = "requests answered (%)", []
    lines = [("alone", "the healthy alone", "naive", 22.5, -9), ("all", "all of them", "third", 87.5, 28)]
    if found is not None:
        table["yours"] = 100 * found
        lines.append(("yours", "yours", "defended", 80.0, -9))
    for name, words, role, place, dy in lines:
        parts.append(style.line("run", "healthy", name, role, x=x, y=style.amount_axis(name, title, top=115.0)))
        one = alt.Chart(alt.NamedData("run")).transform_filter(f"datum.healthy == {place}")
        mark = one.mark_text(text=words, dy=dy, fontWeight="bold", color=style.SERIES[role].word)
        parts.append(mark.encode(x="healthy:Q", y=f"{name}:Q"))
    words = (
        "Requests answered by a fleet of 40 hosts that collapse, at 60 % load, against the share that is healthy: the "
        "healthy alone answer all or nothing, all hosts answer as many as are healthy; a good rule takes the better."
    )
    return show(titled(alt.layer(*parts), _blank("route", found)), data, words, units={"yours": "%"})


# -- the herd, and all together --------------------------------------------------------------------------------------


def herd(admission: Answer, seed: int) -> dict[str, Trace]:
    """Return runs of a registry that is back: all clients at once, and let in as the learner says.

    Of 300 lists a second the polls of the service's other clients take 60.
    """
    base = SERVICE.replace(snapshot_rate=240.0, answer_timeout=10.0, deploy_start=np.inf)
    told = (np.array([number]) for number in (6000.0, 300.0, 60.0, 10.0))
    found = asked(admission, *told)
    runs = {"all at once": base.replace(admission_rate=np.inf)}
    if found is not None:
        runs["yours"] = base.replace(admission_rate=float(np.clip(np.ravel(found[0])[0], 0.1, 1e6)))
    record = Record(("endpoint_age",), every=3.0)
    return {name: simulate(one, seed, until=1200, record=record) for name, one in runs.items()}


def defended(settings: Answer, seed: int) -> dict[str, Trace]:
    """Return runs of the lab's service without a deploy, its hosts such as collapse: as it was, and as chosen."""
    told = (600.0, 30.0, float(SERVICE.churn) / 3600, 0.5 / 3600, 0.02, 0.6)
    found = asked(settings, *(np.array([number]) for number in told))
    runs = {"as it was": SERVICE.replace(cache_life=300.0, overload="collapse", deploy_start=np.inf)}
    if found is not None:
        life, threshold = (float(np.ravel(one)[0]) for one in found)
        runs["yours"] = runs["as it was"].replace(
            cache_life=max(life, 1.0), panic_threshold=float(np.clip(threshold, 0, 1))
        )
    record = Record(("error_ratio",), every=3.0)
    return {name: simulate(one, seed, until=1800, record=record) for name, one in runs.items()}
