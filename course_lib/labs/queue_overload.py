"""The charts of lab 05: what was to be known when, and what the learner's policies and settings do to one burst.

A learner's answer may still be blank. Then its part is left out and the chart's title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.drills import queue_drill
from course_lib.models.queue_overload import Parameters, simulate
from course_lib.models.trace import Trace
from course_lib.view import comparison, style
from course_lib.view.blank import StillBlank, asking, titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
GENTLE = Parameters(burst_rate=1200.0)  # a fifth more than ten consumers do
DOUBLE = Parameters(burst_rate=2000.0)  # twice as much
UNTIL = 400.0
BOUND = 20_000.0  # messages that the broker holds
OBJECTIVE = 10.0


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        return asking("", answer)(*arguments)
    except StillBlank:
        return None


def told(run: Trace, forecast: Answer, seconds: tuple[int, ...] = (95, 105, 130)) -> Any:
    """Return a table of what the learner's forecast says at some moments of a run, beside what came.

    Parameters
    ----------
    run : Trace
        One run of the naive queue.
    forecast : callable
    seconds : tuple of int
        Moments at which it is asked.
    """
    import pandas as pd

    depth = np.asarray(run["depth"]).reshape(len(run.time), 1)
    rows = []
    for second in seconds:
        told = depth[:second], np.array([1000.0]), np.array([OBJECTIVE]), np.array([BOUND])
        found = asked(forecast, *told)
        words = ["blank", "blank"] if found is None else [f"in {float(np.ravel(part)[0]):.0f} s" for part in found]
        rows.append([f"{second} s", f"{depth[second - 1, 0]:,.0f}", *words])
    table = pd.DataFrame(rows, columns=["at", "depth", "full", "first doomed arrival"])
    return table.style.hide(axis="index")


def crossed(run: Trace) -> tuple[float, float]:
    """Return the seconds at which a run's queue first holds more than a deadline's work, and is full."""
    depth = np.ravel(run["depth"])
    return float(np.argmax(depth >= 1000.0 * OBJECTIVE) + 1), float(np.argmax(depth >= BOUND) + 1)


def paused(pause: Answer, seed: int, *, delay: float = 2.0, deadline: float = OBJECTIVE) -> ShownChart:
    """Show the wait in the queue under the learner's back-pressure, beside the undefended queue."""
    p = DOUBLE.replace(pressure_delay=delay, deadline=deadline)
    given = np.array([0.0]), np.array([deadline]), np.array([delay])
    blank = asked(pause, *given) is None
    runs = {"nothing": simulate(p, seed, until=UNTIL)}
    if not blank:
        policy = lambda wait: np.asarray(pause(wait, *(0.0 * wait + x for x in (deadline, delay))), float)  # noqa: E731
        runs["yours"] = queue_drill.simulate(p, seed, until=UNTIL, pause=policy)
    return _compared(runs, "wait", "wait (s)", 130.0, ["pause is still blank"] * blank)


def scaled(scale: Answer, seed: int, *, partitions: float = 16.0, database: float = 1e4) -> ShownChart:
    """Show the consumers at work under the learner's scaling, beside as many as there are partitions."""
    p = Parameters(
        partitions=partitions, downstream_rate=database, max_consumers=60, startup=30.0, cooldown=60.0, deadline=12.0
    )
    given = np.array([0.0]), np.array([0.8]), np.array([100.0]), np.array([12.0])
    blank = asked(scale, *given, np.array([partitions]), np.array([database])) is None
    runs = {"ten, always": simulate(p.replace(max_consumers=10), seed, until=UNTIL)}
    if not blank:
        policy = lambda backlog, working, _: _wanted(scale, backlog, working, partitions, database)  # noqa: E731
        runs["yours"] = queue_drill.simulate(p, seed, until=UNTIL, scale=policy)
    return _compared(runs, "oldest_age", "oldest message's age (s)", 90.0, ["scale is still blank"] * blank)


def _wanted(
    scale: Answer, backlog: NDArray[Any], working: NDArray[Any], partitions: float, database: float
) -> NDArray[np.float64]:
    able = 100.0 * working
    cpu = np.minimum(np.where(backlog > 0, np.minimum(able, database), 800.0) / able, 1.0)
    fixed = (0.0 * backlog + x for x in (100.0, 12.0, partitions, database))
    return np.asarray(scale(backlog, cpu, *fixed), dtype=float)


def _compared(runs: dict[str, Trace], signal: str, title: str, top: float, blank: list[str]) -> ShownChart:
    shown = comparison.compare(runs, signal, trigger="burst", title=title, top=top)
    if not blank:
        return shown
    chart = alt.layer(style.regions(labels={0: "burst"}), style.line("run", "time", "line0", "naive",
                      x=style.time_axis(UNTIL), y=style.amount_axis("line0", title, top=top)))  # fmt: skip
    data = {name: shown.picture.data[name] for name in ("run", "regions")}
    return show(titled(chart, blank), data, shown.description)


def chosen(choose: Answer, burst: dict[str, float]) -> tuple[float, float] | None:
    """Return the learner's consumers and bound for one burst, None while blank or where nothing is enough."""
    names = ("burst_rate", "burst_duration", "service_rate", "partitions", "objective", "refused")
    found = asked(choose, *(np.array([burst[name]]) for name in names))
    if found is None:
        return None
    consumers, bound = (float(np.ravel(part)[0]) for part in found)
    return (consumers, bound) if consumers else None


def tried(choose: Answer, burst: dict[str, float], seed: int) -> Any:
    """Return a table of one burst under several settings, the learner's among them.

    Parameters
    ----------
    choose : callable
    burst : dict
        The arguments of `choose`, one number each.
    seed : int
    """
    import pandas as pd

    mu, objective, most = burst["service_rate"], burst["objective"], burst["partitions"]
    ways = {"ten, no bound": (10.0, np.inf), "ten, a bound of 1 s": (10.0, 10 * mu), "one a partition": (most, np.inf)}
    yours = chosen(choose, burst)
    if yours is not None:
        ways["yours"] = yours
    rows = [[name, f"{count:.0f}", *_outcome(count, bound, burst, seed)] for name, (count, bound) in ways.items()]
    if yours is None:
        rows.append(["yours", "choose is still blank", "", ""])
    columns = ["settings", "consumers", f"oldest message (objective {objective:.0f} s)", "refused of the burst"]
    return pd.DataFrame(rows, columns=columns).style.hide(axis="index")


def fewest(burst: dict[str, float], seed: int) -> int:
    """Return the fewest consumers that meet the burst's objectives, by trying all there are partitions for; 0: none do.

    Parameters
    ----------
    burst : dict
        The arguments of `choose`, one number each.
    seed : int
    """
    tried = range(1, int(burst["partitions"]) + 1)
    outcomes = (_lived(n, 0.9 * n * burst["service_rate"] * burst["objective"], burst, seed) for n in tried)
    enough = (age <= burst["objective"] and refused <= burst["refused"] for age, refused in outcomes)
    return next((n for n, met in zip(tried, enough, strict=True) if met), 0)


def _outcome(count: float, bound: float, burst: dict[str, float], seed: int) -> tuple[str, str]:
    age, refused = _lived(count, bound, burst, seed)
    return f"{age:.1f} s", f"{refused:.0%}"


def _lived(count: float, bound: float, burst: dict[str, float], seed: int) -> tuple[float, float]:
    """Age of the oldest message (s), and the share of the burst that is refused."""
    able = count * burst["service_rate"]
    p = Parameters(
        consumers=int(count), partitions=int(burst["partitions"]), service_rate=burst["service_rate"],
        burst_rate=burst["burst_rate"], burst_duration=burst["burst_duration"], bound=max(bound / able, 0.1),
    )  # fmt: skip
    run = simulate(p, seed, until=UNTIL)
    refused = float(run["rejected_rate"].sum()) / (burst["burst_rate"] * burst["burst_duration"])
    return float(run["oldest_age"].max()), refused
