"""Many pictures as one short string: how a published page carries whole sweeps.

Columns that differ between settings keep 12 bits of each number's fraction: one part in 8,000, less than a pixel. What
all settings share, and the readouts, stay exact. The floats are laid out byte by byte, all first bytes before all
second ones, so that alike bytes meet, and deflated; `page.js` of the website reads them.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.view.picture import Picture, pack, unpack

FRACTION_BITS = 12
"""Bits of a number's fraction that are kept where settings differ."""
_FLOAT_FRACTION = 23


def coded(shelves: Mapping[str, Mapping[str, Picture]]) -> dict[str, Any]:
    """Return pictures as headers and one deflated string.

    Parameters
    ----------
    shelves : mapping of str to mapping of str to Picture
        By kind ("frame", "full", "map"): pictures of one setting each, by their keys.

    Returns
    -------
    dict
        ``parts``: a list of ``{kind, header, floats}`` with a header from `picture.pack` and how many numbers belong to
        it; ``data``: all numbers in this order, from `deflated`.
    """
    packed = [(kind, *pack(keys, one)) for kind, some in shelves.items() for keys, one in _together(some)]
    parts = [{"kind": kind, "header": header, "floats": len(buffer) // 4} for kind, header, buffer in packed]
    return {"parts": parts, "data": deflated(b"".join(buffer for *_, buffer in packed))}


def deflated(floats: bytes) -> str:
    """Return 32-bit floats as byte planes, deflated, in base64."""
    planes = np.frombuffer(floats, np.uint8).reshape(-1, 4).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def decoded(code: Mapping[str, Any]) -> dict[str, dict[str, Picture]]:
    """Return the pictures by kind and key: the reverse of `coded`, as the browser does it.

    Raises
    ------
    ValueError
        The parts do not account for all numbers.
    """
    planes = np.frombuffer(zlib.decompress(base64.b64decode(code["data"])), np.uint8).reshape(4, -1)
    floats, at, shelves = planes.T.tobytes(), 0, {}
    for part in code["parts"]:
        mine = floats[at : at + 4 * part["floats"]]
        shelves.setdefault(part["kind"], {}).update(unpack(part["header"], mine))
        at += len(mine)
    if at != len(floats):
        raise ValueError(f"the parts hold {at // 4} numbers of {len(floats) // 4}")
    return shelves


def _together(pictures: Mapping[str, Picture]) -> Iterator[tuple[list[str], Picture]]:
    """Yield pictures of the same shape as one of many settings, with their keys."""
    groups: dict[Any, list[str]] = {}
    for key, picture in pictures.items():
        groups.setdefault(_shape(picture), []).append(key)
    for keys in groups.values():
        yield keys, _joined([pictures[key] for key in keys])


def _shape(picture: Picture) -> Any:
    columns = {name: {key: len(column) for key, column in table.items()} for name, table in picture.data.items()}
    return tuple((name, *table.items()) for name, table in columns.items()), tuple(picture.numbers)


def _joined(pictures: Sequence[Picture]) -> Picture:
    first = pictures[0]
    data = {
        name: {key: _column([one.data[name][key] for one in pictures]) for key in table}
        for name, table in first.data.items()
    }
    return Picture(data, {name: np.array([one.numbers[name] for one in pictures]) for name in first.numbers})


def _column(several: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Return one column that all share, exactly, or one a setting, rounded."""
    stacked = np.stack([np.asarray(column, "f4") for column in several], axis=1)
    if np.array_equal(stacked, np.broadcast_to(stacked[:, :1], stacked.shape), equal_nan=True):
        return stacked[:, 0]
    return rounded(stacked)


def rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return numbers with only so much of their fractions as a chart can show; what is not finite stays.

    >>> rounded(np.array([1 / 3, 1e6 + 1, np.nan], "f4")).tolist()
    [0.33331298828125, 1000064.0, nan]
    """
    dropped = _FLOAT_FRACTION - FRACTION_BITS
    bits = np.ascontiguousarray(values, "f4").view(np.uint32)
    near = ((bits + np.uint32(1 << (dropped - 1))) & np.uint32(~((1 << dropped) - 1) & 0xFFFFFFFF)).view("f4")
    return np.where(np.isfinite(values) & np.isfinite(near), near, values).astype("f4")
