"""From a model's trace to what charts and tables are made of: tidy frames, thinned rows, bands over seeds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]


def frame(trace: Any, signals: Iterable[str] | None = None, **labels: Any) -> pd.DataFrame:
    """Return a trace as a tidy table: one row a time and batch member.

    Parameters
    ----------
    trace : course_lib.models Trace
        One run, or a batch of any shape.
    signals : iterable of str, optional
        Names to keep, in this order; all signals by default.
    **labels : array_like
        One column a keyword, its values broadcast against the batch: ``frame(trace, seed=np.arange(32))``. Without
        labels a batch gets the column ``member``, numbered from 0.

    Returns
    -------
    pandas.DataFrame
        Columns ``time`` (s), the labels, then the signals. ``attrs["units"]`` maps each signal to its unit.

    Raises
    ------
    KeyError
        A signal that the trace does not have.
    ValueError
        Labels that do not broadcast against the batch.
    """
    import pandas as pd

    names = list(trace.signals if signals is None else signals)
    shape = np.shape(trace[names[0]])[1:]
    members = int(np.prod(shape, dtype=np.int64))
    columns = {"time": np.repeat(trace.time, members)}
    columns |= {name: np.tile(values, len(trace.time)) for name, values in _label_columns(shape, labels).items()}
    columns |= {name: np.asarray(trace[name]).reshape(-1) for name in names}
    table = pd.DataFrame(columns)
    table.attrs["units"] = {"time": "s", **{name: trace.units[name] for name in names}}
    return table


def _label_columns(shape: tuple[int, ...], labels: dict[str, Any]) -> dict[str, Array]:
    if shape and not labels:
        return {"member": np.arange(int(np.prod(shape)))}
    return {name: np.broadcast_to(np.asarray(values), shape).reshape(-1) for name, values in labels.items()}


def thin(values: Array, rows: int = 300, how: str = "mean") -> Array:
    """Return at most `rows` rows, each the mean (or extreme) of equally many old ones: a line has no more pixels.

    Parameters
    ----------
    values : ndarray (ticks, ...)
    rows : int
        Most rows to return; the stride is ``ceil(ticks / rows)``, and the last row may cover fewer ticks.
    how : {"mean", "max", "min", "last"}
        Use "mean" for rates, "max" for queues and latencies whose peak matters, "last" for the time axis of a trace
        that dates each tick at its end.

    Returns
    -------
    ndarray (<= rows, ...)
    """
    if not len(values):
        return values
    stride = -(-len(values) // rows)
    starts = np.arange(0, len(values), stride)
    if how == "last":
        return values[np.minimum(starts + stride, len(values)) - 1]
    reduce = {"mean": np.add, "max": np.maximum, "min": np.minimum}[how]
    result = reduce.reduceat(values, starts, axis=0)
    if how != "mean":
        return result
    counts = np.diff(np.append(starts, len(values)))
    return result / counts.reshape(-1, *[1] * (values.ndim - 1))


def spread(values: Array, inner: float = 0.8) -> tuple[Array, Array]:
    """Return the band that holds the middle share of all seeds at each time.

    Parameters
    ----------
    values : ndarray (rows, seeds)
    inner : float
        Share between the two edges: 0.8 means from the 10th to the 90th percentile.

    Returns
    -------
    low, high : ndarray (rows,)
    """
    tail = (1 - inner) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=-1)
    return low, high
