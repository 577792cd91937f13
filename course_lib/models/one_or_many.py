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


class Many:
    """Members are arrays."""

    minimum, maximum, sqrt, where = np.minimum, np.maximum, np.sqrt, np.where
    exp, expm1, log, log1p = np.exp, np.expm1, np.log, np.log1p

    @staticmethod
    def any(condition: Any) -> bool:
        """Whether it holds for a member."""
        return bool(condition.any())

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
    def look_up(table: Table, value: Any) -> tuple[Any, Any]:
        """The next two columns in the first row whose first is no less, or the last row."""
        first, second, third = table.arrays
        place = first.searchsorted(value)
        return second.take(place, mode="clip"), third.take(place, mode="clip")


class One:
    """The member is a float."""

    minimum, maximum, sqrt = min, max, math.sqrt

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

    any = those = bool

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
    def look_up(table: Table, value: float) -> tuple[float, float]:
        """As for many."""
        first, second, third = table.lists
        place = min(bisect.bisect_left(first, value), len(first) - 1)
        return second[place], third[place]
