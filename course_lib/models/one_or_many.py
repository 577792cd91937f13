"""Arithmetic on the members of a batch: numpy's for many, Python's for one, with the same bits.

A member alone is a Python float: numpy takes a third of a microsecond to add two numbers in arrays of one, Python a
tenth of that. Sums, products, quotients and square roots are IEEE's in both; what is not, such as an exponential, is
numpy's in both. Code for either divides by nothing that may be zero, and multiplies instead of raising to a power.
"""

from __future__ import annotations

import bisect
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Table:
    """Rows to look up by their first column, which rises."""

    def __init__(self, *columns: NDArray[np.float64]) -> None:
        self.arrays, self.lists = columns, [column.tolist() for column in columns]


class Grid:
    """Values on a square grid, both of whose sides begin at `start` and go on by `step`."""

    def __init__(self, start: float, step: float, values: NDArray[np.float64]) -> None:
        self.start, self.each, self.last, self.side = start, 1 / step, len(values) - 2, len(values)
        self.array, self.list = values.ravel(), values.ravel().tolist()


class Many:
    """Members are arrays."""

    minimum, maximum, sqrt, where, ceil = np.minimum, np.maximum, np.sqrt, np.where, np.ceil
    exp, expm1, log, log1p = np.exp, np.expm1, np.log, np.log1p

    @staticmethod
    def any(condition: Any) -> bool:
        """Whether it holds for a member."""
        return bool(condition.any())

    @staticmethod
    def all(condition: Any) -> bool:
        """Whether it holds for each."""
        return bool(condition.all())

    @staticmethod
    def those(condition: Any) -> Any:
        """Who it holds for, to `take` and to `put`."""
        return np.flatnonzero(condition)

    @staticmethod
    def take(values: Any, those: Any) -> Any:
        """Their values."""
        return values[those]

    @staticmethod
    def put(values: Any, those: Any, new: Any) -> Any:
        """The values, theirs replaced."""
        values = values.copy()
        values[those] = new
        return values

    @staticmethod
    def look_up(table: Table, value: Any) -> tuple[Any, ...]:
        """The other columns in the first row whose first is no less, or the last row."""
        first, *others = table.arrays
        place = np.minimum(first.searchsorted(value), len(first) - 1)
        return tuple(one[place] for one in others)

    @staticmethod
    def between(grid: Grid, row: Any, column: Any) -> Any:
        """The grid's value there, along straight lines from its four neighbours."""
        row, column = (row - grid.start) * grid.each, (column - grid.start) * grid.each
        i, j = (np.minimum(one.astype(np.int64), grid.last) for one in (row, column))
        place, down, right = i * grid.side + j, row - i, column - j
        above = grid.array[place] * (1.0 - right) + grid.array[place + 1] * right
        place += grid.side
        below = grid.array[place] * (1.0 - right) + grid.array[place + 1] * right
        return above * (1.0 - down) + below * down


class One:
    """The member is a float."""

    minimum, maximum, sqrt, ceil = min, max, math.sqrt, math.ceil

    @staticmethod
    def exp(value: float) -> float:
        """Numpy's, for its bits."""
        return float(np.exp(value))

    @staticmethod
    def expm1(value: float) -> float:
        """The same."""
        return float(np.expm1(value))

    @staticmethod
    def log(value: float) -> float:
        """The same."""
        return float(np.log(value))

    @staticmethod
    def log1p(value: float) -> float:
        """The same."""
        return float(np.log1p(value))

    any = all = those = bool

    @staticmethod
    def where(condition: bool, yes: float, no: float) -> float:
        """As numpy's."""
        return yes if condition else no

    @staticmethod
    def take(values: float, those: bool) -> float:
        """As for many."""
        return values

    @staticmethod
    def put(values: float, those: bool, new: float) -> float:
        """As for many."""
        return new

    @staticmethod
    def look_up(table: Table, value: float) -> tuple[float, ...]:
        """As for many."""
        first, *others = table.lists
        place = min(bisect.bisect_left(first, value), len(first) - 1)
        return tuple(one[place] for one in others)

    @staticmethod
    def between(grid: Grid, row: float, column: float) -> float:
        """As for many."""
        row, column = (row - grid.start) * grid.each, (column - grid.start) * grid.each
        i, j = min(int(row), grid.last), min(int(column), grid.last)
        place, down, right = i * grid.side + j, row - i, column - j
        above = grid.list[place] * (1.0 - right) + grid.list[place + 1] * right
        place += grid.side
        below = grid.list[place] * (1.0 - right) + grid.list[place + 1] * right
        return above * (1.0 - down) + below * down
