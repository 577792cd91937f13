"""Module 01's checks: right answers of any style pass on every seed, and each wrong one fails at its task."""

from __future__ import annotations

import os
import runpy
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib import manifest, notebook_file
from course_lib.checks import retry_storm as checks

MODULE = manifest.load().module("retry_storm")
WRONG = Path(__file__).parents[1] / "wrong_answers" / "retry_storm"
TASKS = [*MODULE.lesson_points, *MODULE.lab_points]
CHEAP = ("safe_budget", "amplification", "full_jitter")
MANY = [seed * 7919 + 1 for seed in range(200)]
FEW = int(os.environ.get("COURSE_CHECK_SEEDS", 12))  # of MANY, for checks that run the chain; 200 takes an hour
SOLUTION: dict = {"np": np, "CLOSED": 0, "OPEN": 1, "HALF_OPEN": 2}
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
    assert misses(task, SOLUTION[task], MANY if task in CHEAP else MANY[:FEW]) == []


def capped_after_spending(tokens, first_attempts, wanted, ratio, burst):
    tokens = tokens + ratio * first_attempts
    granted = np.minimum(wanted, tokens)
    return granted, np.minimum(tokens - granted, burst)


def earned_after_spending(tokens, first_attempts, wanted, ratio, burst):
    granted = np.clip(wanted, 0, tokens)
    return granted, np.clip(tokens - granted + ratio * first_attempts, 0, burst)


def written_into_its_input(tokens, first_attempts, wanted, ratio, burst):
    tokens += ratio * first_attempts
    np.minimum(tokens, burst, out=tokens)
    granted = np.minimum(wanted, tokens)
    tokens -= granted
    return granted, tokens


def geometric(failure_probability, max_retries, layers):
    tries = max_retries + 1
    p = failure_probability ** (tries ** np.arange(layers - 1, -1, -1.0)[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.cumprod(np.where(p == 1, tries, (1 - p**tries) / (1 - p)), axis=0)


def from_the_top_down(retry, base, cap, uniform):
    return (1 - uniform) * np.minimum(cap, base * np.exp2(np.minimum(retry, 60)))


def chosen(state, age, failed, calls, threshold, min_calls, open_time):
    share = np.divide(failed, calls, out=np.zeros_like(failed), where=calls > 0)
    seen = calls >= min_calls
    rules = [(state == 1) & (age >= open_time), (state != 1) & seen & (share >= threshold), (state == 2) & seen]
    return np.select(rules, [2, 1, 0], state)


def in_three_layers(arrival_rate, service_rate):
    ratio = np.cbrt(0.9 * service_rate / arrival_rate) - 1
    return np.full(len(ratio), 3), np.full(len(ratio), 3), np.maximum(ratio, 0)


def a_little_cautious(arrival_rate, service_rate):
    return 1, 2, np.maximum(0.85 * service_rate / arrival_rate - 1, 0)


def nearly_full(arrival_rate, service_rate):
    return 1, 4, np.maximum(0.95 * service_rate / arrival_rate - 1, 0)


def nine_tenths(arrival_rate, service_rate, timeout, backlog, deadline):
    return 0.9 * SOLUTION["safe_budget"](arrival_rate, service_rate, timeout, backlog, deadline)


OTHERS = [
    ("safe_budget", nine_tenths),
    ("amplification", geometric),
    ("full_jitter", from_the_top_down),
    ("retry_budget", capped_after_spending),
    ("retry_budget", earned_after_spending),
    ("retry_budget", written_into_its_input),
    ("breaker", chosen),
    ("sweet_spot", in_three_layers),
    ("sweet_spot", a_little_cautious),
    ("sweet_spot", nearly_full),
]


@pytest.mark.parametrize(("task", "answer"), OTHERS, ids=lambda part: getattr(part, "__name__", part))
def test_other_right_answers_pass_too(task, answer):
    assert misses(task, answer, MANY[:20] if task in CHEAP else MANY[:4]) == []


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
    at_once = path.stem.startswith("full_jitter")  # runs nothing but the answer itself
    assert survivors(path, MANY if at_once else MANY[: FEW // 4]) == []


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_wrong_answers_of_each_kind(task):
    names = {path.stem.removeprefix(f"{task}_") for path in WRONG.glob(f"{task}_*.py")}
    assert {"empty"} < names and len(names) >= 10


def test_doing_nothing_earns_nothing():
    """Answers that over-fix or do not act get no points for what they meet for free."""
    for name in ("safe_budget_always_zero", "retry_budget_over_fixed", "breaker_always_open", "sweet_spot_no_retries"):
        wrong = runpy.run_path(str(WRONG / f"{name}.py"))
        task = getattr(checks, wrong["KILLED_BY"])
        assert task.judge(wrong, 5).points == 0, name


# -- how a check behaves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_a_check_asks_modestly_often(task):
    """In a class each call crosses a pipe."""
    asked = []

    def counted(*arguments):
        asked.append(1)
        return SOLUTION[task](*arguments)

    assert getattr(checks, task).judge({task: counted}, 3).state == "right"
    assert len(asked) < 1500


@pytest.mark.parametrize("task", TASKS)
def test_a_check_is_quick(task):
    began = time.process_time()
    assert misses(task, SOLUTION[task], [11]) == []
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("odd", [lambda *_: "soon", lambda *_: np.nan, lambda *_: (1, 2, 3, 4), lambda *_: np.ones(3)])
def test_odd_returns_are_wrong_and_say_so(task, odd):
    verdict = getattr(checks, task).judge({task: odd}, 1)
    assert verdict.state == "wrong" and verdict.points == 0
    assert "miss" in verdict.text


def test_judging_again_gives_the_same_verdict():
    """Nothing is kept from one learner to the next."""
    wrong = runpy.run_path(str(WRONG / "retry_budget_half.py"))
    texts = [checks.retry_budget.judge(wrong, 9).text for _ in range(2)]
    checks.retry_budget.judge({"retry_budget": SOLUTION["retry_budget"]}, 9)
    assert texts[0] == texts[1] == checks.retry_budget.judge(wrong, 9).text


def test_hints_are_three_steps_each():
    assert {len(getattr(checks, task).hints) for task in TASKS} == {3}
