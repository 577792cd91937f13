"""Arithmetic that gives a member of a batch the bits of its scalar run.

Numpy adds up a single column in another order than many columns side by side, so ``sum`` and ``mean`` over an axis, and
``**``, round differently for one member than for a hundred. What is here does not: sums go row after row, powers factor
after factor. Members are on the last axis throughout.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

WIDE = 64  # members from which adding row to row beats numpy's accumulate, which walks down the columns
FEW = 4  # rows up to which a loop over them beats it, too
TINY = 1e-300  # a share of nothing is nothing: dividing by at least this much spares a mask


def accumulate(ufunc: np.ufunc, rows: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """``ufunc.accumulate`` down axis 0: the same bits, and several times faster for many members."""
    if rows[0].size < WIDE:
        return ufunc.accumulate(rows, axis=0, out=out)
    out = np.empty_like(rows) if out is None else out
    out[0] = rows[0]
    for i in range(1, len(rows)):
        ufunc(out[i - 1], rows[i], out=out[i])
    return out


def total(values: NDArray[np.generic], axis: int = 0) -> FloatArray:
    """Sum over `axis`, one after the other from the first; zeros where there are none.

    Examples
    --------
    >>> rows = np.array([[0.1], [0.2], [0.3], [1e9]] * 9)
    >>> bool(total(rows)[0] == total(np.repeat(rows, 5, axis=1))[4])
    True
    """
    rows = np.asarray(values) if axis == 0 else np.moveaxis(np.asarray(values), axis, 0)
    if not len(rows):
        return np.zeros(rows.shape[1:])
    if len(rows) > FEW and rows[0].size < WIDE:
        return np.add.accumulate(rows, axis=0, dtype=float)[-1]
    whole = rows[0].astype(float)
    for row in rows[1:]:
        whole += row
    return whole


def cumulative(flow: FloatArray) -> FloatArray:
    """A count per tick as the count so far, one row more: it begins at 0."""
    whole = np.zeros((len(flow) + 1, *flow.shape[1:]))
    if len(flow):
        accumulate(np.add, flow, out=whole[1:])
    return whole


def power(base: FloatArray, exponent: FloatArray) -> FloatArray:
    """Whole powers, by multiplication."""
    result = np.where(exponent > 0, base, 1.0)
    for k in range(1, int(np.max(exponent, initial=0))):
        result = result * np.where(exponent > k, base, 1.0)
    return result


def ratio(part: NDArray[np.generic], whole: NDArray[np.generic], empty: float = 0.0) -> FloatArray:
    """``part / whole``, and `empty` where the whole is zero."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(whole.shape, float(empty)), where=whole > 0)


def share(part: ArrayLike, rest: ArrayLike, empty: float = 0.0) -> FloatArray:
    """``part / (part + rest)``, between 0 and 1 whatever rounding did to the two; `empty` where both are nothing."""
    part, rest = np.maximum(part, 0.0), np.maximum(rest, 0.0)
    return ratio(part, part + rest, empty)


def share_above(first: FloatArray, last: FloatArray) -> FloatArray:
    """Share of a stretch on which a line from `first` to `last` lies above zero.

    Examples
    --------
    >>> share_above(np.array([-1.0, 1.0, -1.0]), np.array([3.0, 2.0, -2.0])).tolist()
    [0.75, 1.0, 0.0]
    """
    over = np.maximum(np.maximum(first, last), 0.0)
    under = np.maximum(-np.minimum(first, last), 0.0)
    return over / np.maximum(over + under, TINY)


# -- looking back ----------------------------------------------------------------------------------------------------


def lag(ticks: NDArray[np.int64]) -> int | NDArray[np.int64]:
    """One number where all members look back equally far, which is a slice in place of a gather."""
    return int(ticks[0]) if (ticks == ticks[0]).all() else ticks


def back(history: FloatArray, now: int, n: int, ticks: int | NDArray[np.int64]) -> FloatArray:
    """Rows `ticks` before ``now`` ... ``now + n - 1``, member by member where they differ; see `lag`.

    Parameters
    ----------
    history : ndarray, shape (rows, ..., members)
    now, n : int
    ticks : int or ndarray of int, shape (members,)
    """
    if isinstance(ticks, int):
        return history[now - ticks : now - ticks + n]
    rows, members = np.arange(now, now + n)[:, None] - ticks, np.arange(len(ticks))
    if history.ndim == 2:
        return history[rows, members]
    return np.moveaxis(history[rows, :, members], -1, 1)


def later(values: FloatArray, ticks: int | NDArray[np.int64]) -> FloatArray:
    """Values `ticks` later, with nothing before; shape (rows, ..., members) as given."""
    moved = np.zeros_like(values)
    if isinstance(ticks, int):
        moved[ticks:] = values[: max(len(values) - ticks, 0)]
        return moved
    for one in np.unique(ticks):
        moved[one:, ..., ticks == one] = values[: max(len(values) - one, 0)][..., ticks == one]
    return moved


class Lag:
    """Looking back by a time that need not be whole ticks, member by member."""

    def __init__(self, seconds: FloatArray, dt: float) -> None:
        ticks = np.round(np.asarray(seconds) / dt, 9)
        self.whole = np.floor(ticks).astype(np.int64)
        self.part = ticks - self.whole
        self.same = bool((ticks == ticks[0]).all())

    def back(self, history: FloatArray, row: int, members: NDArray[np.int64]) -> FloatArray:
        """Value one lag before `row`."""
        if self.same and self.part[0] == 0:
            return history[row - self.whole[0]]
        earlier = row - self.whole
        return history[earlier, members] * (1.0 - self.part) + history[earlier - 1, members] * self.part

    def shifted(self, history: FloatArray) -> FloatArray:
        """Every row's value one lag before; nothing before the first row."""
        rows = np.arange(len(history))[:, None] - self.whole
        members = np.arange(history.shape[1])
        late, early = np.maximum(rows, 0), np.maximum(rows - 1, 0)
        return history[late, members] * (1.0 - self.part) + history[early, members] * self.part


# -- reading off -----------------------------------------------------------------------------------------------------


def first_reached(rising: FloatArray, values: FloatArray) -> NDArray[np.int64]:
    """First row at which each member's rising curve reaches each of its values, the last row where it never does.

    Parameters
    ----------
    rising : ndarray, shape (rows, members)
        Never falls.
    values : ndarray, shape (any, members)

    Returns
    -------
    ndarray of int, shape of `values`
    """
    columns = (np.searchsorted(rising[:, i], values[:, i]) for i in range(rising.shape[1]))
    return np.minimum(np.stack(list(columns), axis=1), len(rising) - 1)


def quantile(values: FloatArray, weights: FloatArray, q: float, least: float = 0.0, empty: float = 0.0) -> FloatArray:
    """Weighted quantile along axis 1; `empty` where no more than `least` weighs.

    Parameters
    ----------
    values, weights : ndarray, shape (windows, kinds, members)
    q : float
        The first value, in their order, up to which a share `q` of the weight lies.
    """
    order = np.argsort(values, axis=1, kind="stable")
    values, weights = (np.take_along_axis(x, order, axis=1) for x in (values, weights))
    up_to = np.add.accumulate(weights, axis=1)
    place = np.count_nonzero(up_to < q * up_to[:, -1:], axis=1)[:, None]
    seen = np.take_along_axis(values, np.minimum(place, values.shape[1] - 1), axis=1)[:, 0]
    return np.where(up_to[:, -1] > least, seen, empty)


def windowed_quantile(
    values: FloatArray, weights: FloatArray, q: float, per: int, least: float = 0.0, empty: float = 0.0
) -> FloatArray:
    """Quantile over each window of `per` ticks, shown from its last tick until the next window is complete.

    Parameters
    ----------
    values, weights : ndarray, shape (ticks, kinds, members)
    q, least, empty
        See `quantile`.
    per : int
        Ticks a window; before the first is complete there is nothing, 0.

    Returns
    -------
    ndarray, shape (ticks, members)
    """
    windows, kinds, members = len(values) // per, *values.shape[1:]
    shape = (windows, per * kinds, members)
    parts = (x[: windows * per].reshape(shape) for x in (values, weights))
    return held(quantile(*parts, q, least, empty), per, len(values))


def held(values: FloatArray, per: int, ticks: int) -> FloatArray:
    """Show each completed window's value until the next is complete, shape (ticks, members)."""
    shown = np.repeat(np.concatenate([np.zeros((1, values.shape[1])), values]), per, axis=0)[1:]
    return np.concatenate([shown, values[-1:] if len(values) else np.zeros((1, values.shape[1]))])[:ticks]
