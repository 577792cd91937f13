"""The charts and tables of lab 02: recomputes and waits at an expiry, what each defence costs, and both objectives.

A learner's policy may still be blank. Then its curve or row is left out and the title or row says so, so that the lab
runs from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import altair as alt
import numpy as np

from course_lib.models.drills import stampede_drill
from course_lib.models.drills.stampede_drill import Parameters, recomputes, total
from course_lib.models.trace import Trace
from course_lib.view import style
from course_lib.view.blank import StillBlank, asking, titled
from course_lib.view.listing import whole
from course_lib.view.single_chart import ShownChart, show

Policy = Callable[..., Any]
ROLES = ("naive", "defended", "third", "fourth")
FLOOR = 0.8  # a scale of factors has no zero, so none is drawn here
HALF_WIDTH = 405  # two charts side by side fit a laptop
LONG = 155.0  # seconds: five cycles of 31 s, so that a price is a mean

AFTER_THE_STAMPEDE = "One, and everybody who came while it was on its way: 1 + λδ. Readers here come whatever happens."
AFTER_THE_DEAD = (
    "Ten seconds until the lock lapses and one for the recompute. Behind a holder that lives it is up to a second."
)


def crowds(runs: Mapping[str, Trace]) -> Any:
    """Say how many readers had to wait in each run."""
    waiting = {name: float(total(run, "waiting_rate", 0, run.time[-1])) for name, run in runs.items()}
    return _said(f"{name}, {readers:,.0f} readers wait" for name, readers in waiting.items())


def begun_in(runs: Mapping[str, Trace]) -> Any:
    """Say how many recomputes each run began."""
    return _said(f"{name}: {float(recomputes(run, 0, run.time[-1])):,.0f} recomputes" for name, run in runs.items())


def _said(sentences: Iterable[str]) -> Any:
    from IPython.display import Markdown

    return Markdown(" ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences))


def compare(named: Mapping[str, Parameters], seed: int, *, until: float = 45.0, **policies: Policy) -> ShownChart:
    """Show recomputes begun so far and the longest wait for up to four settings of the key, with the same readers.

    Parameters
    ----------
    named : mapping of str to Parameters
        What each is called in the chart; the first is drawn as the undefended one.
    seed : int
    until : float
        Seconds.
    **policies
        The learner's, as for `stampede_drill.simulate`.
    """
    runs, blank = _runs(named, seed, until, policies)
    if not runs:
        raise ValueError(f"nothing to compare: {'; '.join(blank)}. Name a setting that needs no answer first.")
    begun = {name: _begun(run) for name, run in runs.items()}
    waits = {name: run["longest_wait"] for name, run in runs.items()}
    log = alt.Scale(type="log", domain=[FLOOR, 3000], nice=False)
    charts = [
        _over_time(begun, "begun", "recomputes begun (log scale)", log, [1, 10, 100, 1000], until),
        _over_time(waits, "wait", "longest wait (s)", alt.Scale(domain=[0, 16]), [0, 2, 4, 8, 12, 16], until),
    ]
    table: dict[str, Any] = {"time": next(iter(runs.values())).time}
    for place, name in enumerate(runs):
        table |= {f"begun{place}": begun[name], f"wait{place}": waits[name]}
    said = (
        f"{name} begins {_last(begun[name])} and lets readers wait up to {waits[name].max():.1f} s" for name in runs
    )
    words = f"Recomputes begun so far and longest wait over {until:g} s: " + "; ".join(said)
    missing = [reason.split(": ")[1] for reason in blank]
    shown = [titled(chart, missing).properties(width=HALF_WIDTH, height=300) for chart in charts]
    return show(shown, {"run": table}, words + _left_out(blank), units={"time": "s"})


def prices(named: Mapping[str, Parameters], seed: int, **policies: Policy) -> Any:
    """Return what each of several settings costs, over five cycles.

    Parameters
    ----------
    named : mapping of str to Parameters
    seed : int
    **policies
        The learner's, as for `stampede_drill.simulate`.

    Returns
    -------
    pandas Styler
        One row a setting; of a policy that is still blank the row says so.
    """
    import pandas as pd

    runs, blank = _runs(named, seed, LONG, policies)
    rows = {name: _price(run) for name, run in runs.items()}
    missing = {entry.split(": ")[0]: entry.split(": ")[1] for entry in blank}
    columns = ("recomputes/min", "readers who wait (%)", "longest wait (s)", "stale answers (%)", "oldest answer (s)")
    table = [(name, *rows.get(name, (missing.get(name, ""), "", "", "", ""))) for name in named]
    return whole(pd.DataFrame(table, columns=("", *columns)))


def _price(run: Trace) -> tuple[str, ...]:
    requests = total(run, "request_rate", 0, LONG)
    numbers = (
        total(run, "recompute_rate", 0, LONG) * 60 / LONG,
        100 * total(run, "waiting_rate", 0, LONG) / requests,
        run["longest_wait"].max(),
        100 * total(run, "stale_rate", 0, LONG) / requests,
        run["oldest_answer"].max(),
    )
    return tuple(f"{number:,.0f}" if number >= 100 else f"{number:.2g}" for number in numbers)


def three_days(yours: Policy, parameters: Parameters, max_age: float, load: float, seed: int) -> Any:
    """Return how the learner's settings fare on a good day, when a holder dies, and with the origin out.

    Parameters
    ----------
    yours : callable
        The learner's `objectives`; may still be blank.
    parameters : Parameters
        The key, behind a fleet-wide lock.
    max_age, load : float
        Oldest answer allowed, and recomputes per second.
    seed : int

    Returns
    -------
    pandas Styler
        One row a day: recomputes per second, readers who wait, oldest answer.
    """
    import pandas as pd

    asked = (float(parameters.arrival_rate), float(parameters.recompute_time), max_age, load)
    try:
        ttl, beta, lock_expiry, window = (float(part) for part in asking("objectives", yours)(*asked))
    except StillBlank as missing:
        return whole(pd.DataFrame({"your settings": [str(missing)]}))
    settings = dict(ttl=ttl, beta=beta, lock_expiry=lock_expiry, stale_while_revalidate=window, coalescing="fleet")
    days = {"a good day": {}, "the first holder dies": dict(crash_time=0.0), "origin out": dict(outage_duration=1e5)}
    rows = {day: _day(parameters.replace(**settings, **change), seed) for day, change in days.items()}
    rows["origin out"] = ("not asked", "not asked", rows["origin out"][2])
    columns = (f"recomputes/s (≤ {load:.3g})", "readers who wait (0)", f"oldest answer (≤ {max_age:g} s)")
    return whole(pd.DataFrame([(day, *row) for day, row in rows.items()], columns=("", *columns)))


def _day(parameters: Parameters, seed: int) -> tuple[str, str, str]:
    run = stampede_drill.simulate(parameters, seed, until=LONG)
    load, waiting = total(run, "recompute_rate", 0, LONG) / LONG, total(run, "waiting_rate", 0, LONG)
    return f"{load:.3f}", f"{waiting:,.0f}", f"{run['oldest_answer'].max():.1f}"


# -- pieces ----------------------------------------------------------------------------------------------------------


def _runs(
    named: Mapping[str, Parameters], seed: int, until: float, policies: Mapping[str, Policy]
) -> tuple[dict[str, Trace], list[str]]:
    """The settings that can be run, and for each of the others which policy is missing."""
    guarded = {name: asking(name, policy) for name, policy in policies.items()}
    runs, blank = {}, []
    for name, parameters in named.items():
        try:
            runs[name] = stampede_drill.simulate(parameters, seed, until=until, **_used(parameters, guarded))
        except StillBlank as missing:
            blank.append(f"{name}: {missing}")
    return runs, blank


def _used(parameters: Parameters, policies: Mapping[str, Policy]) -> dict[str, Policy]:
    """The policies that these settings switch on; the model's own do what a plain TTL does."""
    on = {
        "lock": parameters.coalescing == "fleet",
        "refresh_early": parameters.beta > 0,
        "serve": max(parameters.stale_while_revalidate, parameters.stale_if_error) > 0,
    }
    return {name: policy for name, policy in policies.items() if on[name]}


def _begun(run: Trace) -> np.ndarray:
    """Recomputes begun so far, at least `FLOOR`."""
    return np.maximum(np.add.accumulate(run["recompute_rate"]) * (run.time[1] - run.time[0]), FLOOR)


def _last(begun: np.ndarray) -> str:
    return f"{begun[-1] if begun[-1] > FLOOR else 0:,.0f}"


def _over_time(
    columns: Mapping[str, np.ndarray], stem: str, title: str, scale: alt.Scale, ticks: list[int], until: float
) -> alt.LayerChart:
    parts: list[Any] = []
    nudges = _nudges([float(column[-1]) for column in columns.values()], log=scale.type == "log")
    for place, name in enumerate(columns):
        field, role = f"{stem}{place}", ROLES[place]
        y = alt.Y(field, type="quantitative", title=title, scale=scale, axis=alt.Axis(values=ticks, format=",d"))
        parts.append(style.line("run", "time", field, role, x=style.time_axis(until), y=y))
        parts.append(style.end_label("run", "time", field, name, role, dy=nudges[place]))
    return alt.layer(*parts)


def _nudges(ends: list[float], log: bool) -> list[int]:
    """Keep labels apart whose lines end together."""
    if log:
        return style.apart([float(np.log(end / FLOOR)) for end in ends], float(np.log(3000 / FLOOR)), height=240)
    return style.apart(ends, 16.0, height=240)


def _left_out(blank: list[str]) -> str:
    return "." + "".join(f" Left out, {reason}." for reason in blank)
