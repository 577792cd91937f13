"""Learners' text is read in the sandbox, within bounds: what cannot be read costs itself alone."""

from __future__ import annotations

import time

import pytest

from course_lib.borrowing import borrowed
from course_lib.grading.intake import copies
from course_lib.grading.intake.reading import understood
from course_lib.grading.sandbox.box import Sandbox, View
from course_lib.grading.sandbox.isolation import Limits
from course_lib.grading.sandbox.reader import Reader

pytestmark = pytest.mark.walls
ANSWER = "from course_lib.theory import queueing\ndef f(x):\n    return base * x + given.other\n"


@pytest.fixture(scope="module")
def sandbox(isolation_level):
    with Sandbox(View(), Limits(call_s=1.5, memory_mb=256)) as made:
        yield made


@pytest.fixture
def reader(sandbox):
    made = Reader(sandbox)
    yield made
    made.close()


def read(reader, source=ANSWER, seconds=30.0):
    return reader.read(source, {"base", "given", "unused"}, time.monotonic() + seconds)


def test_it_says_what_the_same_code_says_here(reader):
    told = read(reader)
    assert told.used == {"base", "given"} and told.borrowed == tuple(borrowed(ANSWER))
    assert told.shape == copies.shape(ANSWER)


#: Text that makes a parser, or whoever walks its tree, work long or deep.
BOMBS = {
    "nested lambdas": "f = " + "lambda:" * 6_900 + "0",
    "nested sums": "n = 1" + "+1" * 20_000,
    "nested calls": "f(" * 12_000 + ")" * 12_000,
    "nested brackets": "[" * 25_000,
    "nested blocks": "\n".join(" " * n + "if x:" for n in range(300)),
    "unary minus": "-" * 49_000 + "1",
    "attributes": "a" + ".b" * 24_000,
    "one great number": "9" * 49_000,
    "magics": "%timeit x\n" * 4_900,
    "a formatted text": "f'" + "{f" * 100 + "'",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_whatever_the_text_it_is_read_or_refused_in_time_and_the_next_is_read(reader, bomb):
    started = time.monotonic()
    read(reader, BOMBS[bomb])
    assert time.monotonic() - started < 2 * 1.5 + 3
    assert read(reader).used == {"base", "given"}


def test_a_text_that_hangs_or_kills_the_reader_costs_itself_alone(reader, monkeypatch):
    """The planted failure: a reader whose clock runs out at once, and one that has gone."""
    assert read(reader) is not None
    assert reader.read(ANSWER, (), time.monotonic() - 1) is None
    assert read(reader).used == {"base", "given"}
    reader._session._channel._sock.close()
    assert read(reader).used == {"base", "given"}


def test_a_sandbox_that_died_is_no_matter(sandbox, reader):
    assert read(reader) is not None
    sandbox._process.kill()
    sandbox._process.wait()
    assert read(reader).used == {"base", "given"}


@pytest.mark.parametrize(
    "told",
    [{}, {"shape": 1, "borrowed": [], "used": []}, {"shape": "", "borrowed": 5, "used": []},
     {"shape": "", "borrowed": [[]], "used": []}, {"shape": "", "borrowed": [], "used": [None]}],
)  # fmt: skip
def test_what_is_no_reading_is_not_believed(told):
    with pytest.raises((ValueError, TypeError, KeyError)):
        understood(told)
