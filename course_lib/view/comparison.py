"""One signal of several runs on the same axes: the picture that all lessons share."""

from __future__ import annotations

from collections.abc import Mapping
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
    data = {"run": {"time": np.arange(1, len(columns["line0"]) + 1), **columns}, "regions": shaded(first)}
    words = f"{title} of {', '.join(traces)} over {until:g} seconds; shaded: {trigger}."
    return show(alt.layer(*layers), data, words, units=dict.fromkeys(columns, first.units[signal]))


def per_second(trace: Trace, signal: str) -> NDArray[Any]:
    """Return a signal of a scalar run as means over whole seconds."""
    values = np.asarray(trace[signal], dtype=float)
    per = max(round(1.0 / float(trace.time[1] - trace.time[0])), 1)
    return values[: len(values) // per * per].reshape(-1, per).mean(axis=1)


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
