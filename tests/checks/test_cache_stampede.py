"""Module 02's checks: right answers of any style pass on every seed, and each wrong one fails at its task."""

from __future__ import annotations

import os
import runpy
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib import manifest, notebook_file
from course_lib.checks import cache_stampede as checks

MODULE = manifest.load().module("cache_stampede")
WRONG = Path(__file__).parents[1] / "wrong_answers" / "cache_stampede"
TASKS = [*MODULE.lesson_points, *MODULE.lab_points]
MANY = [seed * 7919 + 1 for seed in range(int(os.environ.get("COURSE_CHECK_SEEDS", 25)))]
SOLUTION: dict = {"np": np, "FRESH": 0, "STALE": 1, "WAIT": 2}
for source in notebook_file.answers(notebook_file.read(MODULE.solution)).values():
    exec(source, SOLUTION)  # the solution's own cells

# -- right answers ---------------------------------------------------------------------------------------------------


def misses(task: str, answer, seeds):
    """Verdict texts that are not the one right one."""
    judge = getattr(checks, task).judge
    return [verdict.text for seed in seeds if (verdict := judge({task: answer}, seed)).state != "right"]


@pytest.mark.parametrize("task", TASKS)
def test_the_solution_passes_with_one_text_whatever_the_seed(task):
    judge = getattr(checks, task).judge
    verdicts = [judge({task: SOLUTION[task]}, seed) for seed in (0, 7, 20_261, 2**31)]
    assert {verdict.state for verdict in verdicts} == {"right"}
    assert len({verdict.text for verdict in verdicts}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_solution_passes_on_many_seeds(task):
    assert misses(task, SOLUTION[task], MANY) == []


def a_little_cautious(rate, recompute_time, budget, coalesced):
    return 1.05 * SOLUTION["freshest_ttl"](rate, recompute_time, budget, coalesced)


def multiplied(held_until, now, asking, lock_expiry):
    free = (held_until <= now) * np.minimum(asking, 1.0)
    return free, free * (now + lock_expiry) + np.where(free, 0.0, held_until)


def written_into_its_input(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & ~(now < held_until)
    held_until[granted] = (now + lock_expiry)[granted]
    return granted, held_until


def by_probability(left, recompute_time, beta, uniform):
    chance = np.exp(-np.maximum(left, 0) / np.maximum(beta * recompute_time, 1e-12))
    return uniform < np.where(left <= 0, 1.0, chance)


def by_the_logarithm_of_what_may_be_zero(left, recompute_time, beta, uniform):
    lead = -beta * recompute_time * np.log(np.maximum(uniform, 1e-300))
    return (lead >= left).astype(int)


def by_the_time_past(age, ttl, stale_while_revalidate, stale_if_error, failed):
    past = age - ttl
    usable = (past < stale_while_revalidate) | (failed & (past < stale_if_error))
    return np.select([past < 0, usable], [0, 1], 2)


def without_the_holder(rate, ttl, recompute_time, beta):
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + np.euler_gamma)
    share = recompute_time / (ttl + recompute_time)
    return rate * recompute_time, np.exp(1 / beta) / (ttl + recompute_time - lead), share


def shortest_ttl(arrival_rate, recompute_time, max_age, load):
    window = max_age - 1 / load
    return 1 / load, 0, 0.6 * (window - recompute_time), window


def early_and_stale(arrival_rate, recompute_time, max_age, load):
    window = 2.5 * recompute_time
    return max_age - window, 1, 1.2 * recompute_time, window


def in_the_middle(arrival_rate, recompute_time, max_age, load):
    ttl = (1 / load + max_age - 4 * recompute_time) / 2
    return ttl, np.zeros(len(ttl)), 1.5 * recompute_time, max_age - ttl


OTHERS = [
    ("freshest_ttl", a_little_cautious),
    ("lock", multiplied),
    ("lock", written_into_its_input),
    ("refresh_early", by_probability),
    ("refresh_early", by_the_logarithm_of_what_may_be_zero),
    ("serve", by_the_time_past),
    ("price", without_the_holder),
    ("objectives", shortest_ttl),
    ("objectives", early_and_stale),
    ("objectives", in_the_middle),
]


@pytest.mark.parametrize(("task", "answer"), OTHERS, ids=lambda part: getattr(part, "__name__", part))
def test_other_right_answers_pass_too(task, answer):
    assert misses(task, answer, MANY[:10]) == []


# -- wrong answers ---------------------------------------------------------------------------------------------------

FILES = [pytest.param(path, id=path.stem) for path in sorted(WRONG.glob("*.py"))]


def survivors(path: Path, seeds):
    """Seeds on which a wrong answer is not judged as its file says."""
    wrong = runpy.run_path(str(path))
    task, state = getattr(checks, wrong["KILLED_BY"]), wrong.get("STATE", "wrong")
    verdicts = {seed: task.judge({name: wrong[name] for name in task.answers}, seed) for seed in seeds}
    return [seed for seed, v in verdicts.items() if v.state != state or v.points >= v.max_points]


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES)
def test_a_wrong_answer_fails_on_many_seeds(path):
    assert survivors(path, MANY[:8]) == []


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_wrong_answers_of_each_kind(task):
    names = {path.stem.removeprefix(f"{task}_") for path in WRONG.glob(f"{task}_*.py")}
    assert {"empty"} < names and len(names) >= 10


@pytest.mark.parametrize(
    "name",
    [
        "freshest_ttl_an_hour",
        "lock_for_ever",
        "refresh_early_always",
        "refresh_early_never",
        "serve_stale_for_ever",
        "serve_no_stale",
        "objectives_beta_twenty",
        "objectives_lock_never_lapses",
        "objectives_stale_for_an_hour",
        "objectives_fresh_at_any_price",
    ],
)
def test_doing_nothing_and_overdoing_it_earn_nothing(name):
    wrong = runpy.run_path(str(WRONG / f"{name}.py"))
    task = getattr(checks, wrong["KILLED_BY"])
    assert task.judge(wrong, 5).points == 0


# -- how a check behaves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_a_check_asks_modestly_often(task):
    """In a class each call crosses a pipe."""
    asked = []

    def counted(*arguments):
        asked.append(1)
        return SOLUTION[task](*arguments)

    assert getattr(checks, task).judge({task: counted}, 3).state == "right"
    assert len(asked) < 500


@pytest.mark.parametrize("task", TASKS)
def test_a_check_is_quick(task):
    misses(task, SOLUTION[task], [11])  # draws and plans are kept from now on
    began = time.process_time()
    assert misses(task, SOLUTION[task], [11]) == []
    assert time.process_time() - began < 0.6


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("odd", [lambda *_: "soon", lambda *_: np.nan, lambda *_: (1,) * 5, lambda *_: np.ones(5)])
def test_odd_returns_are_wrong_and_say_so(task, odd):
    verdict = getattr(checks, task).judge({task: odd}, 1)
    assert verdict.state == "wrong" and verdict.points == 0
    assert "miss" in verdict.text


def test_judging_again_gives_the_same_verdict():
    """Nothing is kept from one learner to the next."""
    wrong = runpy.run_path(str(WRONG / "lock_renewed_by_waiters.py"))
    texts = [checks.lock.judge(wrong, 9).text for _ in range(2)]
    checks.lock.judge({"lock": SOLUTION["lock"]}, 9)
    assert texts[0] == texts[1] == checks.lock.judge(wrong, 9).text


def test_hints_are_three_steps_each():
    assert {len(getattr(checks, task).hints) for task in TASKS} == {3}
