"""One signal of several runs on the same axes: the picture that all lessons share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.trace import Trace
from course_lib.view import style
from course_lib.view.single_chart import ShownChart, show

ROLES = ("naive", "defended", "third", "fourth")


def compare(
    traces: Mapping[str, Trace],
    signal: str,
    *,
    trigger: str,
    title: str = "",
    top: float | None = None,
) -> ShownChart:
    """Show one signal of up to four runs, their trigger shaded and named.

    Parameters
    ----------
    traces : mapping of str to Trace
        Scalar runs of equal length, by the words that label their lines; the first is drawn as the undefended one.
    signal : str
    trigger : str
        What the shaded stretch is called.
    title : str
        Axis title with its unit in brackets; by default the signal's name and unit.
    top : float, optional
        End of the y axis.
    """
    first = next(iter(traces.values()))
    title = title or f"{signal.replace('_', ' ')} ({first.units[signal]})"
    columns = {f"line{i}": per_second(trace, signal) for i, trace in enumerate(traces.values())}
    end = top or 1.1 * max(float(column.max()) for column in columns.values())
    until = float(first.time[-1])
    x = style.time_axis(until)
    layers: list[Any] = [style.regions(labels={0: trigger})]
    for column, name, role, dy in zip(columns, traces, ROLES, _nudges(columns, end), strict=False):
        y = style.amount_axis(column, title, top=end)
        layers.append(style.line("run", "time", column, role, x=x, y=y))
        layers.append(style.end_label("run", "time", column, name, role, dy=dy))
    data = {"run": {"time": _times(first, len(columns["line0"])), **columns}, "regions": shaded(first)}
    words = f"{title} of {', '.join(traces)} over {until:g} seconds; shaded: {trigger}."
    return show(alt.layer(*layers), data, words, units=dict.fromkeys(columns, first.units[signal]))


def per_second(trace: Trace, signal: str) -> NDArray[Any]:
    """Return a signal of a scalar run over whole seconds: a stock by its maximum, anything else by its mean.

    A queue that fills and empties within a second has a mean that nobody ever saw.
    """
    values = np.asarray(trace[signal], dtype=float)
    per = max(round(1.0 / float(trace.time[1] - trace.time[0])), 1)
    seconds = values[: len(values) // per * per].reshape(-1, per)
    return seconds.max(axis=1) if is_stock(trace.units[signal]) else seconds.mean(axis=1)


def _times(trace: Trace, count: int) -> NDArray[Any]:
    """Where `per_second` has its values: at whole seconds, or at the run's own steps where these are longer."""
    return np.arange(1, count + 1) * max(1, round(float(trace.time[1] - trace.time[0])))


def is_stock(unit: str) -> bool:
    """Return whether a unit counts things that are there, such as a queue's: one plural word, no rate and no share.

    >>> [is_stock(unit) for unit in ("recomputes", "requests/s", "of attempts", "s", "attempts per request")]
    [True, False, False, False, False]
    """
    return unit.isalpha() and unit.endswith("s") and len(unit) > 1


def alone(base: Any, ways: Iterable[Mapping[str, Any]]) -> Any:
    """Return parameters with one member a way: each changes the base in its own fields and leaves the rest.

    Parameters
    ----------
    base : Parameters
    ways : iterable of mapping of str to value
        The changes, such as ``{"max_retries": 0}``; an empty one is the base itself.
    """
    ways = list(ways)
    names = sorted({name for way in ways for name in way})
    return base.replace(**{name: np.array([way.get(name, getattr(base, name)) for way in ways]) for name in names})


@dataclasses.dataclass(frozen=True)
class Case:
    """One side of a before and after: a scalar run, and what its shaded stretches are called."""

    trace: Trace
    regions: Mapping[int, str]


def before_after(
    cases: Mapping[str, Case],
    lines: Mapping[str, tuple[str, str]],
    description: str,
    *,
    title: str,
    top: float,
    capacity: float | None = None,
) -> ShownChart:
    """Show the same signals of two runs side by side, on the same axes.

    Parameters
    ----------
    cases : mapping of str to Case
        By the words over their charts. Kind 0 of the regions is the trigger, kind 1 what outlives it.
    lines : mapping of str to (str, str)
        Signals: what each line is called, and its role.
    description : str
        Both charts in words.
    title : str
        Of the y axes, with its unit in brackets.
    top : float
        End of the y axes.
    capacity : float, optional
        Level of a dashed rule.
    """
    data: dict[str, Any] = {"capacity": {"level": [] if capacity is None else [capacity]}}
    charts = []
    for number, (words, case) in enumerate(cases.items()):
        name, until = f"case{number}", float(case.trace.time[-1])
        columns = {signal: per_second(case.trace, signal) for signal in lines}
        data[name] = {"time": _times(case.trace, len(next(iter(columns.values())))), **columns}
        data[f"{name} regions"] = outlived(case.trace)
        charts.append(
            _side(name, case.regions, lines, title, top, until).properties(title=words, width=410, height=280)
        )
    units = {signal: case.trace.units[signal] for signal in lines}
    return show(charts, data, description, units=units)


def _side(
    name: str, words: Mapping[int, str], lines: Mapping[str, tuple[str, str]], title: str, top: float, until: float
) -> alt.LayerChart:
    x, stroke = style.time_axis(until), style.SERIES["capacity"]
    rule = alt.Chart(alt.NamedData("capacity")).mark_rule(
        color=stroke.colour, strokeDash=stroke.dash, strokeWidth=stroke.width
    )
    return alt.layer(
        style.regions(f"{name} regions", labels=words),
        *(
            style.line(name, "time", signal, role, x=x, y=style.amount_axis(signal, title, top=top))
            for signal, (_, role) in lines.items()
        ),
        rule.encode(y="level:Q"),
        *style.plateau_labels(name, lines, until, top),
    )


def outlived(trace: Trace) -> dict[str, NDArray[Any]]:
    """Return two stretches of a scalar run: the trigger, and what outlives it until the service is well again."""
    starts, ends, back = (float(trace.events[name]) for name in ("trigger_starts", "trigger_ends", "recovered"))
    well = float(trace.time[-1]) if np.isnan(back) else max(back, ends)
    return {"kind": np.array([0.0, 1.0]), "start": np.array([starts, ends]), "end": np.array([ends, well])}


def shaded(trace: Trace) -> dict[str, NDArray[Any]]:
    """Return the trigger of a scalar run as the dataset of `style.regions`."""
    starts, ends = (float(trace.events[name]) for name in ("trigger_starts", "trigger_ends"))
    return {"kind": np.array([0.0]), "start": np.array([starts]), "end": np.array([ends])}


def _nudges(columns: Mapping[str, NDArray[Any]], end: float) -> list[int]:
    """Shifts of the labels: lines that end alike are told apart in the order in which they lay before."""
    ends = [float(column[-1]) for column in columns.values()]
    if max(ends) - min(ends) > 0.05 * end:
        return style.apart(ends, end)
    places = style.apart([ends[0]] * len(ends), end)
    means = [float(column.mean()) for column in columns.values()]
    order = sorted(range(len(means)), key=lambda i: -means[i])
    return [places[order.index(i)] for i in range(len(means))]
