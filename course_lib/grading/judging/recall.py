"""Does an answer say the same again? Some of its calls are put to it once more, in a fresh process, in another order.

A function of its arguments does. One that counts its calls, keeps what it was asked, or draws numbers of its own does
not, and what such an answer returns is worth nothing: the models that call it back believe it to be a rule.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.checks.task import AnswerError

#: Different calls of one answer that are put again, and how often at least any are.
MOST, _OFTEN = 8, 6
#: Of slow answers fewer, as many as take so many seconds; but so many at least.
_WORTH_S, _LEAST = 0.05, 2
#: Bytes of arrays kept of one call; a larger one is not put again.
_LARGEST = 1 << 20
#: Far above what order of summation does to a number, far below what any demand looks at.
_CLOSE = dict(rtol=1e-9, atol=1e-12, equal_nan=True)


@dataclass(frozen=True)
class Asked:
    """One call: the answer's name, its arguments, what came back, and which call of that answer it was."""

    name: str
    arguments: tuple[Any, ...]
    result: Any
    number: int


class Recall:
    """A fair sample of the calls that were put to a task's answers.

    Parameters
    ----------
    seed : int
        Decides which; the same for the same answers, and never known to them.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._kept: dict[str, list[Asked]] = {}
        self._count: dict[str, int] = {}
        self._spent: dict[str, float] = {}

    def listening(self, name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        """The answer, with its calls noted as they are made; those that fail are not."""

        def call(*arguments: Any) -> Any:
            started = time.monotonic()
            result = answer(*arguments)
            self._spent[name] = self._spent.get(name, 0.0) + time.monotonic() - started
            self._note(name, arguments, result)
            return result

        return call

    @property
    def seconds(self) -> float:
        """What the calls took."""
        return sum(self._spent.values())

    def _note(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        number = self._count[name] = self._count.get(name, 0) + 1
        kept = self._kept.setdefault(name, [])
        place = len(kept) if len(kept) < MOST else self._random.randrange(number)
        if place < MOST and _size((*arguments, result)) <= _LARGEST:
            kept[place : place + 1] = [Asked(name, arguments, result, number)]

    def again(self) -> list[Asked]:
        """The calls to put again, each at two places or more: what counts its calls cannot be right at both.

        Where several are of one answer, its first call is not the first.
        """
        order = []
        for name, kept in self._kept.items():
            self._random.shuffle(kept)
            if kept and kept[0].number == 1:
                kept.append(kept.pop(0))
            mine: list[Asked] = []
            for turn in range(max(2, -(-_OFTEN // max(len(kept), 1)))):
                start = turn % max(len(kept), 1)  # moved on by one each time: no call keeps its place in any rhythm
                mine += kept[start:] + kept[:start]
            affordable = int(_WORTH_S * self._count[name] / max(self._spent[name], 1e-9))
            order.append(mine[: max(_LEAST, affordable)])
        return list(_in_turn(order))


def _in_turn(several: list[list[Asked]]) -> Iterator[Asked]:
    for n in range(max(map(len, several), default=0)):
        yield from (kept[n] for kept in several if n < len(kept))


def same(asked: Asked, answer: Callable[..., Any]) -> bool:
    """Whether the answer says again what it said."""
    try:
        result = answer(*asked.arguments)
    except AnswerError:
        return False
    before, now = _parts(asked.result), _parts(result)
    return len(before) == len(now) and all(map(_alike, before, now))


def _parts(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def _alike(before: Any, now: Any) -> bool:
    return np.shape(before) == np.shape(now) and bool(np.allclose(before, now, **_CLOSE))


def _size(values: tuple[Any, ...]) -> int:
    flat = [part for value in values for part in _parts(value)]
    return sum(getattr(part, "nbytes", 8) for part in flat)
