"""The charts of lab 01: calls at each layer of the chain, ways back beside the naive one, the herd, the sweet spot.

A learner's policy may still be blank. Then its curve is left out and the chart's title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import altair as alt
import numpy as np

from course_lib.models.drills import retry_chain
from course_lib.models.drills.retry_chain import Parameters
from course_lib.models.trace import Trace
from course_lib.view import style
from course_lib.view.blank import StillBlank, asking, titled
from course_lib.view.single_chart import ShownChart, show

Policy = Callable[..., Any]
ROLES = ("naive", "defended", "third", "fourth")
SECOND = 10  # ticks
FLOOR = 30.0  # calls/s: a scale of factors has no zero, so less is drawn here
HALF_WIDTH = 430  # two charts side by side fit a laptop


def layers(run: Trace) -> ShownChart:
    """Show calls per request at each service over time, on a scale on which a factor is a step.

    Parameters
    ----------
    run : Trace
        One run of `retry_chain.simulate`.
    """
    table = {"time": _seconds(run), **{name: _per_request(run, name) for name in retry_chain.SERVICES}}
    x = style.time_axis(float(run.time[-1]))
    y = {"type": "quantitative", "scale": alt.Scale(type="log", domain=[0.8, 200], nice=False)}
    title = "calls per request (log scale)"
    parts = [_shading("errors over, still failing")]
    for name, role in zip(retry_chain.SERVICES, ("third", "defended", "naive"), strict=True):
        axis = alt.Y(name, title=title, axis=alt.Axis(values=[1, 4, 16, 64], format="d"), **y)
        parts += [style.line("run", "time", name, role, x=x, y=axis)]
        parts += [style.end_label("run", "time", name, f"{name} {table[name][-30:].mean():.0f}", role)]
    words = f"Calls per request at gateway, orders and inventory over {run.time[-1]:.0f} s, with {_errors_words(run)}."
    units = dict.fromkeys(retry_chain.SERVICES, "calls per request") | {"time": "s"}
    return show(_padded(parts), {"run": table, "regions": _regions(run)}, words, units=units)


def compare(named: Mapping[str, Parameters], seed: int, *, until: float = 120.0, **policies: Policy) -> ShownChart:
    """Show requests answered and calls at inventory for up to four settings of the chain, on the same noise.

    Parameters
    ----------
    named : mapping of str to Parameters
        What each is called in the chart; the first is drawn as the undefended one.
    seed : int
    until : float
        Seconds.
    **policies
        The learner's, as for `retry_chain.simulate`: used by the settings that switch them on.
    """
    runs, blank = {}, []
    guarded = {name: asking(name, policy) for name, policy in policies.items()}
    for name, parameters in named.items():
        try:
            runs[name] = retry_chain.simulate(parameters, seed, until=until, **guarded)
        except StillBlank as missing:
            blank.append(f"{name}: {missing}")
    first = next(iter(runs.values()))
    answered = _over_time(runs, "goodput", "answered (requests/s)", alt.Scale(domain=[0, 160]), [0, 50, 100, 150])
    scale = alt.Scale(type="log", domain=[FLOOR, 40_000], nice=False)
    calls = _over_time(runs, "inventory_rate", "inventory (calls/s, log)", scale, [100, 1000, 10_000])
    charts = [titled(chart, blank).properties(width=HALF_WIDTH, height=250) for chart in (answered, calls)]
    table = {"time": _seconds(first)}
    for place, run in enumerate(runs.values()):
        table |= {f"goodput{place}": _by_second(run, "goodput")}
        table |= {f"inventory_rate{place}": np.maximum(_by_second(run, "inventory_rate"), FLOOR)}
    words = f"Requests answered and calls at inventory, {' and '.join(runs)}, with {_errors_words(first)}."
    words += "".join(f" Left out, {reason}." for reason in blank)
    return show(charts, {"run": table, "regions": _regions(first)}, words, units={"time": "s"})


def herd(full_jitter: Policy, seed: int) -> ShownChart:
    """Show the retries of 1000 clients that failed together, without jitter and with the learner's.

    Parameters
    ----------
    full_jitter : callable
        The learner's; may still be blank.
    seed : int
    """
    table = {"without jitter": retry_chain.herd(_no_jitter)}
    blank = []
    try:
        table["your jitter"] = retry_chain.herd(asking("full_jitter", full_jitter), seed)
    except StillBlank as missing:
        blank.append(f"your jitter: {missing}")
    time = np.arange(len(table["without jitter"])) / 10
    x = style.time_axis(float(time[-1]), "time since the outage began (s)")
    y = {"type": "quantitative", "title": "retries (in 100 ms)", "scale": alt.Scale(domain=[0, 1400])}
    parts = [style.regions(labels={0: "outage"})]
    for name, role in zip(table, ROLES, strict=False):
        peak = table[name][10:].max()
        parts += [style.line("run", "time", name, role, x=x, y=alt.Y(name, **y))]
        parts += [_label_at_peak(table[name], time, f"{name}: {peak:.0f} in 100 ms", role)]
    chart = titled(alt.layer(*parts), blank)
    words = "Retries per 100 ms of 1000 clients whose calls failed together at the start of an outage of 1 s: "
    words += ", ".join(f"{name} at most {values[10:].max():.0f} once it is over" for name, values in table.items())
    data = {"run": {"time": time, **table}, "regions": {"start": [0.0], "end": [1.0], "kind": [0.0]}}
    return show(chart, data, words + ".", units={"time": "s"})


def sweet_spot(parameters: Parameters, seed: int, yours: Policy | None = None) -> ShownChart:
    """Show the share of requests lost against the budget ratio, with retries in one layer and in three.

    Parameters
    ----------
    parameters : Parameters
        The chain; its budget is swept.
    seed : int
    yours : callable, optional
        The learner's `sweet_spot`, whose ratio is marked; may still be blank.
    """
    ratio = np.linspace(0.0, 1.0, 21)
    swept = parameters.replace(budget="first_attempts", budget_ratio=ratio[:, None], layers=np.array([1, 3]))
    swept = swept.replace(errors_start=10.0)
    lost = 100 * _lost(swept, seed)
    blank, mark = [], {"ratio": []}
    try:
        if yours is not None:
            one_chain = np.array([[parameters.arrival_rate], [parameters.service_rate]], dtype=float)
            mark["ratio"] = np.ravel(asking("sweet_spot", yours)(*one_chain)[2]).astype(float)
    except StillBlank as missing:
        blank.append(f"your ratio: {missing}")
    table = {"ratio": ratio, "one": lost[:, 0], "three": lost[:, 1]}
    words = "Share of the requests lost during the errors and half a minute after them, against the budget ratio: it "
    words += "falls while the retries fit and jumps where they do not, with retries in three layers sooner than in one."
    return show(_sweep_chart(blank), {"run": table, "yours": mark}, words, units={"one": "%", "three": "%"})


def _lost(parameters: Parameters, seed: int) -> np.ndarray:
    """Share lost from the first error until half a minute after the last."""
    start = float(parameters.errors_start)
    end = start + float(parameters.errors_duration) + 30.0
    return retry_chain.lost_share(retry_chain.simulate(parameters, seed, until=end), start, end)


def _sweep_chart(blank: list[str]) -> alt.LayerChart:
    x = alt.X("ratio:Q", title="budget ratio (tokens per first attempt)", scale=alt.Scale(domain=[0, 1]))
    y = {"type": "quantitative", "title": "requests lost (%)", "scale": alt.Scale(domain=[0, 100])}
    one = style.line("run", "ratio", "one", "defended", x=x, y=alt.Y("one", **y))
    three = style.line("run", "ratio", "three", "naive", x=x, y=alt.Y("three", **y))
    mark = alt.Chart(alt.NamedData("yours"))
    rule = mark.mark_rule(color=style.PALETTE["purple"], strokeDash=[2, 3], strokeWidth=2.4).encode(x="ratio:Q")
    word = mark.mark_text(text="yours", align="left", dx=5, y=130, color=style.SERIES["fourth"].word, fontWeight="bold")
    labels = [
        style.end_label("run", "ratio", "one", "one layer", "defended", dy=8),
        style.end_label("run", "ratio", "three", "three layers", "naive", dy=-8),
    ]
    return titled(_padded([one, three, rule, word.encode(x="ratio:Q"), *labels]), blank)


# -- what follows from a prediction's answer: kept out of the cells, where it could be read before it ---------------


def measured_in_words(calls: np.ndarray) -> str:
    """Return what a chain whose bottom fails half of its calls is seen to do, given calls per request at each layer."""
    seen = ", ".join(f"{value:.2f}" for value in calls[:-1]) + f" and {calls[-1]:.2f}"
    return (
        f"Gateway, orders, inventory: {seen} calls per request. Not 64. Orders' call fails only if four calls in a row "
        "fail, one time in sixteen, so the gateway hardly ever retries and the app almost never."
    )


def loss_in_words(share: float) -> str:
    """Return how the loss behind a breaker, a share of the requests, compares with no retries at all."""
    percent = f"{share:.0%}".replace("%", " %")
    return f"In these thirty seconds {percent} of the requests are lost: with no retries at all it would be 50 %."


# -- pieces ----------------------------------------------------------------------------------------------------------


def _no_jitter(retry: np.ndarray, base: float, cap: float, uniform: np.ndarray) -> np.ndarray:
    return np.minimum(cap, base * 2.0**retry)


def _by_second(run: Trace, name: str) -> np.ndarray:
    values = run[name]
    return values[: len(values) // SECOND * SECOND].reshape(-1, SECOND).mean(axis=1)


def _seconds(run: Trace) -> np.ndarray:
    return run.time[SECOND - 1 :: SECOND]


def _per_request(run: Trace, service: str) -> np.ndarray:
    """Calls per request, second by second, over the last five of them so that a quiet second is not a peak."""
    names = (f"{service}_rate", "offered_rate")
    calls, offered = (np.convolve(values, np.ones(5))[: len(values)] for values in (_by_second(run, n) for n in names))
    return calls / np.maximum(offered, 1e-9)


def _over_time(
    runs: Mapping[str, Trace], signal: str, title: str, scale: alt.Scale, ticks: list[int]
) -> alt.LayerChart:
    until = float(next(iter(runs.values())).time[-1])
    parts, ends = [_shading("errors over")], [_by_second(run, signal)[-1] for run in runs.values()]
    for place, name in enumerate(runs):
        column, role = f"{signal}{place}", ROLES[place]
        y = alt.Y(column, type="quantitative", title=title, scale=scale, axis=alt.Axis(values=ticks, format=",d"))
        parts.append(style.line("run", "time", column, role, x=style.time_axis(until), y=y))
        parts.append(style.end_label("run", "time", column, name, role, dy=_nudge(ends, place)))
    return _padded(parts)


def _nudge(ends: list[float], place: int) -> int:
    """Keep labels apart whose lines end together."""
    close = [i for i, end in enumerate(ends) if abs(end - ends[place]) < 0.4 * max(end, ends[place], 15.0)]
    return round(15 * (close.index(place) - (len(close) - 1) / 2))


def _padded(parts: list[Any]) -> alt.LayerChart:
    """Layers with room for labels at the right end of the lines."""
    chart = alt.layer(*parts)
    chart.padding = {"right": 110, "left": 5, "top": 5, "bottom": 5}
    return chart


def _label_at_peak(values: np.ndarray, time: np.ndarray, text: str, role: str) -> alt.Chart:
    """A label beside the highest point after the outage."""
    top = 10 + int(np.argmax(values[10:]))
    away = 8 if role == "naive" else 52  # clear of the other's spike
    mark = {"align": "left", "dx": away, "dy": -8, "fontWeight": "bold", "color": style.SERIES[role].word}
    return (
        alt.Chart(alt.NamedData("run"))
        .transform_filter(f"abs(datum.time - {time[top]:.3f}) < 0.01")
        .mark_text(text=text, **mark)
        .encode(x=alt.X("time:Q"), y=alt.datum(float(values[top])))
    )


def _shading(after: str) -> alt.LayerChart:
    return style.regions(labels={0: "errors", 1: after})


def _regions(run: Trace) -> dict[str, list[float]]:
    """The errors, and the time after them for as long as the run lasts or until it recovers."""
    start, end = float(run.events["trigger_starts"]), float(run.events["trigger_ends"])
    back = float(np.nan_to_num(run.events["recovered"], nan=run.time[-1]))
    return {"start": [start, end], "end": [end, back], "kind": [0.0, 1.0]}


def _errors_words(run: Trace) -> str:
    share, start, end = run.parameters.error_share, run.events["trigger_starts"], run.events["trigger_ends"]
    return f"{share:.0%} errors at inventory from {start:.0f} to {end:.0f} s"
