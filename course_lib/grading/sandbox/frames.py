"""Frames between the trusted side and a sandbox: a JSON header and the raw bytes of arrays, length-capped, no pickle.

A frame is ``length (4 bytes) | call id (4 bytes) | header (JSON, UTF-8) | raw bytes``, big-endian; `length` is the
header's. The header's key ``values`` describes what follows: a plain number, or an array's dtype and shape. Sizes are
checked against the caps before anything is allocated.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

PREFIX = struct.Struct(">II")
#: The only dtypes that cross; others are converted to one of these by whoever sends.
DTYPES = {name: np.dtype("<" + name if name != "b1" else "?") for name in ("f4", "f8", "i4", "i8", "b1")}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
HEADER_CAP = 64 * 1024
PAYLOAD_CAP = 8 * 1024 * 1024
#: How a session tells, on a cell's error stream, of a magic or a shell command that it leaves out.
PASSED_OVER = "is passed over where answers are graded"
_MAX_DIMENSIONS = 8
#: In place of a shape: a plain Python number; None there is a numpy scalar.
_PLAIN = "plain"
_TICK_S = 0.25


class FrameError(Exception):
    """A frame that breaks the format or a cap."""


class Closed(Exception):
    """The other side is gone."""


class Late(Exception):
    """Nothing complete arrived before the deadline."""


def encode(values: Sequence[Any], **fields: Any) -> tuple[bytes, bytes]:
    """Header and payload for numbers and arrays.

    Parameters
    ----------
    values : sequence of bool, int, float, numpy scalar, ndarray, or whatever numpy makes an array of numbers of
        Other dtypes are converted: integers to i8, floats to f8.
    **fields
        Further JSON entries of the header.

    Raises
    ------
    TypeError
        For anything that is not a number or an array of numbers.
    """
    if not values:
        return json.dumps(fields).encode(), b""
    described, payload = [], []
    for value in values:
        array = plain(value)
        shape = _PLAIN if _is_plain(value) else None if isinstance(value, np.generic) else array.shape
        described.append((NAMES[array.dtype], shape))
        payload.append(array.tobytes())
    return _header(tuple(described), tuple(fields.items())), b"".join(payload)


def _is_plain(value: Any) -> bool:
    return type(value) in (bool, int, float)


@lru_cache(maxsize=512)
def _header(described: tuple[Any, ...], fields: tuple[tuple[str, Any], ...]) -> bytes:
    """The header's text, which a policy called back a thousand times repeats."""
    return json.dumps({"values": described, **dict(fields)}).encode()


def plain(value: Any) -> NDArray[Any]:
    """An array in one of the dtypes that cross.

    Raises
    ------
    TypeError
        When the value is not numbers.
    """
    array = np.array(value, subok=False)
    if array.ndim > _MAX_DIMENSIONS:
        raise TypeError(f"{type(value).__name__} of {array.ndim} dimensions")
    if array.dtype in NAMES:
        return array
    if array.dtype.kind not in "iuf" or array.dtype.hasobject:
        raise TypeError(f"{type(value).__name__} of {array.dtype}")
    return array.astype("<i8" if array.dtype.kind in "iu" and array.dtype != np.uint64 else "<f8")


_CACHED_HEADER = 2048  # bytes


@lru_cache(maxsize=512)
def _parsed(header: bytes) -> tuple[dict[str, Any], tuple[Any, ...], int]:
    """Header fields, a description of each value, and the payload's size in bytes."""
    try:
        fields = json.loads(header)
        described = tuple(map(_described, fields.pop("values", ())))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, OverflowError) as error:
        raise FrameError(f"header: {type(error).__name__}") from None
    return fields, described, sum(size for _, _, size in described)


def _described(entry: Any) -> tuple[np.dtype[Any], Any, int]:
    """(dtype, shape, bytes); for shapes of numbers see `_PLAIN` and None."""
    name, shape = entry
    dtype = DTYPES[name]
    if shape is None or shape == _PLAIN:
        return dtype, shape, dtype.itemsize
    if len(shape) > _MAX_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("shape")
    return dtype, tuple(shape), math.prod(shape) * dtype.itemsize


def decode(described: Sequence[Any], payload: bytes) -> list[Any]:
    """The numbers and arrays of a frame; arrays own their memory and are writable."""
    values, start = [], 0
    for dtype, shape, size in described:
        piece = payload[start : start + size]
        start += size
        # A byte other than 0 or 1 in a boolean array is undefined behaviour in numpy, hence the comparison.
        flat = np.frombuffer(piece, np.uint8) != 0 if dtype.kind == "b" else np.frombuffer(piece, dtype).copy()
        values.append(flat[0] if shape is None else flat[0].item() if shape == _PLAIN else flat.reshape(shape))
    return values


class Channel:
    """Frames over a stream socket.

    Parameters
    ----------
    sock : socket
    header_cap, payload_cap : int
        Bytes accepted of one incoming frame.
    """

    def __init__(self, sock: socket.socket, header_cap: int = HEADER_CAP, payload_cap: int = PAYLOAD_CAP) -> None:
        self._sock, self._buffer = sock, b""
        self._header_cap, self._payload_cap = header_cap, payload_cap
        # The kernel's own time-out, set once, makes one system call of a wait; deadlines are looked at between ticks.
        tick = struct.pack("ll", 0, int(_TICK_S * 1e6))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, tick)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, tick)

    def send(self, header: bytes, payload: bytes = b"", call_id: int = 0, deadline: float | None = None) -> None:
        """Send one frame; `deadline` on the clock of `time.monotonic`."""
        data = memoryview(PREFIX.pack(len(header), call_id) + header + payload)
        while data:
            try:
                data = data[self._sock.send(data) :]
            except BlockingIOError:
                pass
            except OSError:
                raise Closed from None
            _check(deadline)

    def receive(self, deadline: float | None = None) -> tuple[int, dict[str, Any], list[Any]]:
        """Receive one frame: call id, header fields, values."""
        length, call_id = PREFIX.unpack(self._take(PREFIX.size, deadline))
        if length > self._header_cap:
            raise FrameError(f"header of {length} bytes")
        header = self._take(length, deadline)
        # Only short headers repeat, those of calls; the cache shall not keep what a learner printed.
        fields, described, size = (_parsed if length <= _CACHED_HEADER else _parsed.__wrapped__)(header)
        if size > self._payload_cap:
            raise FrameError(f"{size} bytes returned where {self._payload_cap} are allowed")
        return call_id, fields, decode(described, self._take(size, deadline))

    def _take(self, count: int, deadline: float | None) -> bytes:
        if len(self._buffer) < count:
            self._fill(count, deadline)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _fill(self, count: int, deadline: float | None) -> None:
        pieces, have = [self._buffer], len(self._buffer)
        while have < count:
            try:
                piece = self._sock.recv(max(65536, count - have))
            except BlockingIOError:
                _check(deadline)
                continue
            except OSError:
                raise Closed from None
            if not piece:
                raise Closed
            pieces.append(piece)
            have += len(piece)
            _check(deadline)
        self._buffer = b"".join(pieces)


def _check(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise Late
