"""The frame format: what crosses, what is refused before anything is allocated, and how long a call takes."""

import json
import socket
import struct
import threading
import time

import numpy as np
import pytest

from course_lib.grading.sandbox.frames import PREFIX, Channel, Closed, FrameError, Late, encode


@pytest.fixture
def pair():
    a, b = socket.socketpair()
    with a, b:
        yield Channel(a, payload_cap=1 << 20), Channel(b, payload_cap=1 << 20), b


def sent(pair, *values, **fields):
    ours, theirs, _ = pair
    theirs.send(*encode(values, **fields), call_id=7)
    return ours.receive(time.monotonic() + 10)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        -3,
        True,
        np.float64(2.5),
        np.arange(6).reshape(2, 3),
        np.zeros((0, 4)),
        np.array([True, False]),
        np.float32([1, 2]),
    ],
)
def test_numbers_and_arrays_arrive_as_they_were(pair, value):
    call_id, fields, (got,) = sent(pair, value, call="f")
    assert (call_id, fields) == (7, {"call": "f"})
    assert type(got) is type(value) and np.array_equal(got, value)
    if isinstance(value, np.ndarray):
        assert got.dtype == value.dtype and got.shape == value.shape and got.flags.writeable


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(np.uint8([1]), "i8"), (np.int16([1]), "i8"), (np.float16([1]), "f8"), (2**70, "f8"), ([1, 2], "i8")],
)
def test_other_dtypes_are_converted(pair, value, dtype):
    try:
        _, _, (got,) = sent(pair, value)
    except TypeError:
        assert value == 2**70  # an integer beyond 64 bits is an object to numpy, and is refused
        return
    assert np.asarray(got).dtype == np.dtype(dtype)


@pytest.mark.parametrize("value", ["text", None, object(), 1j, [1, [2, 3]], np.array(["a"]), {"a": 1}])
def test_what_is_not_numbers_does_not_cross(value):
    with pytest.raises((TypeError, ValueError)):
        encode([value])


def raw(header, payload=b"", length=None):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return PREFIX.pack(len(head) if length is None else length, 0) + head + payload


@pytest.mark.parametrize(
    "frame",
    [
        raw({}, length=1 << 31),
        raw(b"not json"),
        raw(b"[" * 60_000),
        raw({"values": [["f8", [1 << 40]]]}),
        raw({"values": [["f8", [-1]]]}),
        raw({"values": [["f8", [1.5]]]}),
        raw({"values": [["f8", [1] * 9]]}),
        raw({"values": [["O8", [1]]]}),
        raw({"values": [["f8"]]}),
        raw({"values": 5}),
        raw([1]),
        raw({"values": [["f8", [1 << 12]]] * 100}),
    ],
)
def test_a_frame_that_breaks_format_or_cap_is_refused_at_once(pair, frame):
    ours, _, sock = pair
    sock.sendall(frame)
    with pytest.raises(FrameError):
        ours.receive(time.monotonic() + 10)


def test_a_boolean_byte_that_is_neither_is_true(pair):
    ours, _, sock = pair
    sock.sendall(raw({"values": [["b1", [3]]]}, b"\x00\x02\xff"))
    _, _, (got,) = ours.receive(time.monotonic() + 10)
    assert got.tolist() == [False, True, True]


def test_a_drip_of_bytes_does_not_move_the_deadline(pair):
    ours, _, sock = pair
    stop = threading.Event()

    def drip():
        for byte in raw({"values": [["f8", [64]]]}, bytes(512)):
            sock.send(bytes([byte]))
            if stop.wait(0.02):
                return

    thread = threading.Thread(target=drip)
    thread.start()
    started = time.monotonic()
    with pytest.raises(Late):
        ours.receive(started + 0.3)
    stop.set()
    thread.join()
    assert time.monotonic() - started < 5


def test_the_other_side_gone_is_closed(pair):
    ours, _, sock = pair
    sock.close()
    with pytest.raises(Closed):
        ours.receive(time.monotonic() + 10)


def test_a_reader_that_never_reads_does_not_hang_the_sender(pair):
    ours, _, _ = pair
    with pytest.raises(Late):
        ours.send(b"{}", bytes(1 << 24), deadline=time.monotonic() + 0.3)


def test_the_prefix_is_as_documented():
    assert PREFIX.pack(3, 9) == struct.pack(">II", 3, 9)
