"""Frames from both sides, drawn at random: whatever an answer returns or writes, the next call gets its own answer."""

from __future__ import annotations

import json
import socket
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.checks.task import AnswerError, expect_array
from course_lib.grading.sandbox.box import Session
from course_lib.grading.sandbox.frames import DTYPES, PREFIX, Channel, Closed, FrameError, Late, encode
from course_lib.grading.sandbox.isolation import Limits
from course_lib.grading.sandbox.runner import _answer

QUICK = settings(max_examples=150, deadline=None, derandomize=True)
numbers = st.one_of(st.booleans(), st.integers(), st.floats(), st.complex_numbers())
arrays = st.builds(
    lambda dtype, shape: np.zeros(shape, dtype),
    st.sampled_from(["f8", "f4", "f2", "i8", "i4", "u1", "u8", "b1", "c16", "U3", "O", "M8[s]", "i4,f8", ">f8"]),
    st.lists(st.integers(0, 3), max_size=10).map(tuple),
)
leaves = st.one_of(
    st.none(), numbers, arrays, st.text(max_size=3), st.binary(max_size=3), st.builds(range, st.integers(0, 9))
)
returned = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(st.integers(), max_size=3),
        st.dictionaries(st.text(max_size=2), inner, max_size=2),
        inner.map(lambda value: iter([value])),
        inner.map(lambda value: np.array([value, None], object)[:1]),
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield Session(Channel(left), Limits(call_s=30), time.monotonic() + 600, {}), Channel(right)


def called(session: Session, name: str, other: Channel, value: object) -> object:
    """What a call gives where the answer returns `value`, through the runner's own words and the session's."""
    session._names = {name: "function"}
    number = session._calls + 1
    try:  # nobody reads yet: what the pipe cannot hold would be waited for without an end
        other.send(*_answer({name: lambda: value}, name, []), number, time.monotonic() + 5)
    except Late:
        pytest.fail("a frame over the cap was sent: it is more than the pipe holds")
    return session.proxy(name)()


@QUICK
@given(value=returned)
def test_whatever_an_answer_returns_is_converted_or_refused_and_the_next_call_has_its_answer(pair, value):
    session, other = pair
    try:
        for part in np.atleast_1d(0) if (result := called(session, "f", other, value)) is None else [result]:
            for array in part if isinstance(part, tuple) else [part]:
                assert np.asarray(array).dtype in DTYPES.values()
    except AnswerError as error:
        assert "\n" not in error.text
    assert session.ended is None
    other.receive(time.monotonic() + 30)  # the question, which nobody here has read
    assert called(session, "g", other, 7.5) == 7.5
    other.receive(time.monotonic() + 30)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (((1, 2), (3, 4)), [[1, 2], [3, 4]]),
        ([(1, 2), (3, 4)], [[1, 2], [3, 4]]),
        ((range(3), 4), [[0, 1, 2], 4]),
        ([[1.5], (2,)], [[1.5], [2]]),
        ((np.float32(2), [True]), [2, [True]]),
    ],
)
def test_what_can_be_numbers_is(pair, value, parts):
    session, other = pair
    result = called(session, "f", other, value)
    other.receive(time.monotonic() + 30)
    assert [np.asarray(part).tolist() for part in result] == parts
    assert all(expect_array(part, np.shape(want), "f") is not None for part, want in zip(result, parts, strict=True))


@pytest.mark.parametrize("value", [((1, (2, 3)), 4), "text", (b"x",), 2**80, (None, 1), np.zeros([1] * 9)])
def test_what_cannot_is_refused_in_one_line(pair, value):
    session, other = pair
    with pytest.raises(AnswerError, match="returns numbers : saw"):
        called(session, "f", other, value)
    other.receive(time.monotonic() + 30)


def test_more_than_the_cap_is_refused_in_one_line_and_nothing_else_is_lost(pair):
    session, other = pair
    for value in (np.zeros(2 << 20), tuple(range(100_000))):
        with pytest.raises(AnswerError, match="returns at most 8 MB : saw"):
            called(session, "f", other, value)
        other.receive(time.monotonic() + 30)
    assert session.ended is None


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=10,
)
described = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([*DTYPES, "O8"]), json_values),
        st.one_of(st.just("plain"), st.none(), st.lists(st.integers(-2, 2**40), max_size=9), json_values),
    ),
    max_size=4,
)
headers = st.one_of(
    st.binary(max_size=60),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"values": st.one_of(described, json_values)},
        optional={"error": json_values, "many": json_values, "ran": json_values, "ready": json_values},
    ).map(lambda value: json.dumps(value).encode()),
)


@QUICK
@given(
    header=headers,
    payload=st.binary(max_size=80),
    lie=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    number=st.sampled_from([1, 1, 1, 0, 2**32 - 1]),
)
def test_whatever_is_written_into_the_pipe_ends_in_an_answer_or_in_one_line(header, payload, lie, number):
    left, right = socket.socketpair()
    with left, right:
        session = Session(Channel(left), Limits(call_s=30), time.monotonic() + 30, {})
        session._names = {"f": "function"}
        right.sendall(PREFIX.pack(len(header) if lie is None else lie, number) + header + payload)
        right.shutdown(socket.SHUT_WR)
        try:
            result = session.proxy("f")()
        except AnswerError as error:
            assert "\n" not in error.text and error.text.isprintable()
        else:
            parts = result if isinstance(result, tuple) else () if result is None else (result,)
            assert all(np.asarray(part).dtype in DTYPES.values() for part in parts)


@QUICK
@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_frame_are_refused(data):
    left, right = socket.socketpair()
    with left, right:
        right.sendall(data)
        right.shutdown(socket.SHUT_WR)
        channel = Channel(left)
        try:
            while True:
                number, fields, values = channel.receive(time.monotonic() + 30)
                assert isinstance(number, int) and isinstance(fields, dict) and isinstance(values, list)
        except (FrameError, Closed):
            pass


@QUICK
@given(value=arrays)
def test_an_array_arrives_as_it_was_sent_or_is_refused(value):
    left, right = socket.socketpair()
    try:
        frame = encode([value])
    except TypeError:
        return
    with left, right:
        Channel(right).send(*frame)
        _, _, (got,) = Channel(left).receive(time.monotonic() + 30)
    assert np.shape(got) == value.shape and np.array_equal(got, value)
