"""The numbers behind a chart, and how they travel to the browser: one columnar buffer for any count of settings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_ROWS = 1000

Columns = Mapping[str, ArrayLike]


@dataclasses.dataclass(frozen=True)
class Picture:
    """What a panel's functions return for a batch of settings.

    Parameters
    ----------
    data : mapping of str to mapping of str to array_like
        Datasets by name, each of named columns. A column of shape ``(rows,)`` is the same for every setting (time, for
        instance); one of shape ``(rows, settings)`` has one curve a setting, in the order of the settings asked for.
        NaN leaves a gap.
    numbers : mapping of str to array_like
        Readouts, each of shape ``()`` or ``(settings,)``. NaN reads as "never" (or as its `Readout` says).
    """

    data: Mapping[str, Columns]
    numbers: Mapping[str, ArrayLike] = dataclasses.field(default_factory=dict)

    def at(self, setting: int) -> Picture:
        """Return the picture of one setting of the batch, columns of shape (rows,)."""
        data = {name: {key: _column(c, setting) for key, c in table.items()} for name, table in self.data.items()}
        return Picture(data, {name: _number(value, setting) for name, value in self.numbers.items()})

    def rows(self) -> dict[str, list[dict[str, float | None]]]:
        """Return the datasets of a one-setting picture as rows, NaN as None: what a static chart embeds."""
        return {name: _rows(columns) for name, columns in self.data.items()}


def _column(values: ArrayLike, setting: int) -> NDArray[Any]:
    array = np.asarray(values)
    return array[:, setting] if array.ndim == 2 else array


def _number(value: ArrayLike, setting: int) -> float:
    return float(np.ravel(value)[setting if np.size(value) > 1 else 0])


def _rows(columns: Columns) -> list[dict[str, float | None]]:
    lists = {key: np.asarray(column, "f4").reshape(-1).tolist() for key, column in columns.items()}
    tuples = zip(*lists.values(), strict=True)
    return [dict(zip(lists, (v if math.isfinite(v) else None for v in row), strict=True)) for row in tuples]


def pack(keys: Sequence[str], picture: Picture) -> tuple[dict[str, Any], bytes]:
    """Return a picture of ``len(keys)`` settings as a header and one buffer of 32-bit floats.

    The buffer holds, dataset by dataset, the shared columns, then for each own column all settings one after another;
    after all datasets the numbers, each for all settings. `charts.js` reads it back in the same order.

    Parameters
    ----------
    keys : sequence of str
        One a setting.
    picture : Picture

    Returns
    -------
    header : dict
        JSON-ready: ``keys``, ``datasets`` (rows, shared and own column names), ``numbers``.
    buffer : bytes

    Raises
    ------
    ValueError
        A column whose shape fits neither ``(rows,)`` nor ``(rows, settings)``, or with more than 1,000 rows.
    """
    parts: list[NDArray[Any]] = []
    datasets = {name: _pack_dataset(name, columns, len(keys), parts) for name, columns in picture.data.items()}
    for name, value in picture.numbers.items():
        if np.size(value) not in (1, len(keys)):
            raise ValueError(f"number {name!r} has shape {np.shape(value)}; wanted () or ({len(keys)},)")
        parts.append(np.broadcast_to(np.ravel(np.asarray(value, float)), (len(keys),)))
    buffer = b"".join(np.ascontiguousarray(part, dtype="<f4").tobytes() for part in parts)
    return {"keys": list(keys), "datasets": datasets, "numbers": list(picture.numbers)}, buffer


def _pack_dataset(name: str, columns: Columns, settings: int, parts: list[NDArray[Any]]) -> dict[str, Any]:
    arrays = {key: np.asarray(column, float) for key, column in columns.items()}
    rows = max((len(array) for array in arrays.values()), default=0)
    if rows > MOST_ROWS:
        raise ValueError(f"dataset {name!r} has {rows} rows: a line has no more than a few hundred pixels, thin() it")
    for key, array in arrays.items():
        if array.shape not in ((rows,), (rows, settings)):
            raise ValueError(f"column {name}.{key} has shape {array.shape}; wanted ({rows},) or ({rows}, {settings})")
    shared = [key for key, array in arrays.items() if array.ndim == 1]
    own = [key for key, array in arrays.items() if array.ndim == 2]
    parts.extend(arrays[key] for key in shared)
    parts.extend(arrays[key].T for key in own)
    return {"rows": rows, "shared": shared, "own": own}


def unpack(header: Mapping[str, Any], buffer: bytes) -> dict[str, Picture]:
    """Return the one-setting pictures by key: the reverse of `pack`, as the browser does it."""
    floats, at = np.frombuffer(buffer, "<f4"), 0
    keys = header["keys"]
    data: list[dict[str, dict[str, Any]]] = [{} for _ in keys]
    for name, about in header["datasets"].items():
        rows = about["rows"]
        for column in about["shared"]:
            for one in data:
                one.setdefault(name, {})[column] = floats[at : at + rows]
            at += rows
        for column in about["own"]:
            for one in data:
                one.setdefault(name, {})[column] = floats[at : at + rows]
                at += rows
    numbers: list[dict[str, float]] = [{} for _ in keys]
    for name in header["numbers"]:
        for one in numbers:
            one[name] = float(floats[at])
            at += 1
    return {key: Picture(data[i], numbers[i]) for i, key in enumerate(keys)}
