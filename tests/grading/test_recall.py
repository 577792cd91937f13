"""Asking again: what is a function of its arguments passes, what counts, remembers or draws does not."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks.task import CRASHED, AnswerError
from course_lib.grading.judging.recall import MOST, Recall, same


def doubling():
    return lambda x: 2 * x


def garbage_after_the_first():
    calls = []

    def answer(x):
        calls.append(1)
        return 2 * x if len(calls) == 1 else 0 * x

    return answer


def in_order_of_asking():
    known = {}
    return lambda x: np.array([known.setdefault(float(v), len(known)) for v in x])


def numbers_of_its_own():
    stream = np.random.default_rng()
    return lambda x: stream.uniform(size=len(x))


def crashing_the_third_time():
    calls = []

    def answer(x):
        calls.append(1)
        if len(calls) == 3:
            raise AnswerError(CRASHED, "gone")
        return x

    return answer


def others(make, calls, seed=1):
    """How many of the calls put again are answered otherwise; `make` stands for a fresh process."""
    recall = Recall(seed)
    answer = recall.listening("answer", make())
    for n in range(calls):
        answer(np.arange(3.0) + 3 * n)
    fresh = make()
    return sum(not same(asked, fresh) for asked in recall.again())


@pytest.mark.parametrize("calls", [1, 2, 5, 100])
def test_a_function_says_the_same_again(calls):
    assert others(doubling, calls) == 0


def garbage_every_third_time():
    calls = []

    def answer(x):
        calls.append(1)
        return 2 * x if len(calls) % 3 else 0 * x

    return answer


@pytest.mark.parametrize(
    "make", [garbage_after_the_first, garbage_every_third_time, in_order_of_asking, numbers_of_its_own]
)
@pytest.mark.parametrize("calls", [1, 2, 3, 5, 100])
def test_what_counts_remembers_or_draws_does_not(make, calls):
    if make is in_order_of_asking and calls == 1:
        return  # which is a function of what it was asked, and nothing else was asked
    assert [seed for seed in range(50) if others(make, calls, seed) == 0] == []


def test_a_crash_is_another_answer():
    recall = Recall(1)
    answer = recall.listening("answer", lambda x: x)
    for n in range(4):
        answer(n)
    assert sum(not same(asked, crashing_the_third_time()) for asked in recall.again()) == 0
    fresh = crashing_the_third_time()
    assert sum(not same(asked, fresh) for asked in recall.again()) == 1


def test_not_a_number_infinity_and_several_results_are_the_same_when_they_are():
    recall = Recall(1)
    answer = recall.listening("answer", lambda: (np.array([np.nan, np.inf]), 3))
    answer()
    asked = recall.again()[0]
    assert same(asked, lambda: (np.array([np.nan, np.inf]), 3))
    assert not same(asked, lambda: (np.array([np.nan, 1.0]), 3))
    assert not same(asked, lambda: np.array([np.nan, np.inf]))


def test_of_many_calls_a_fair_few_are_kept_and_of_large_ones_none():
    recall = Recall(1)
    answer = recall.listening("answer", lambda x: x)
    for n in range(1000):
        answer(n)
    numbers = [asked.number for asked in recall.again()]
    assert len(set(numbers)) == MOST and len(numbers) == 2 * MOST and max(numbers) > 300
    for _ in range(3):
        recall.listening("large", lambda x: x)(np.zeros(200_000))
    assert {asked.name for asked in recall.again()} == {"answer"}
