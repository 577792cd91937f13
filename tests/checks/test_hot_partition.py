"""Module 04's checks: right answers of any style pass on every seed, and each wrong one fails at its task."""

from __future__ import annotations

import runpy
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib import manifest, notebook_file
from course_lib.checks import hot_partition as checks
from course_lib.models.hot_partition import Parameters, simulate
from course_lib.theory import hashing

MODULE = manifest.load().module("hot_partition")
WRONG = Path(__file__).parents[1] / "wrong_answers" / "hot_partition"
TASKS = [*MODULE.lesson_points, *MODULE.lab_points]
MANY = [seed * 7919 + 1 for seed in range(100)]
FEW = MANY[:12]
SOLUTION: dict = {"np": np, "Parameters": Parameters, "simulate": simulate, "MOST_SALTS": 512}
for source in notebook_file.answers(notebook_file.read(MODULE.solution)).values():
    exec(source, SOLUTION)  # the solution's own cells

# -- right answers ---------------------------------------------------------------------------------------------------


def answers_of(task: str, found: dict) -> dict:
    return {name: found[name] for name in getattr(checks, task).answers}


def misses(task: str, answers: dict, seeds):
    """Verdict texts that are not the one right one."""
    judge = getattr(checks, task).judge
    return [verdict.text for seed in seeds if (verdict := judge(answers, seed)).state != "right"]


@pytest.mark.parametrize("task", TASKS)
def test_the_solution_passes_with_one_text_whatever_the_seed(task):
    judge = getattr(checks, task).judge
    verdicts = [judge(answers_of(task, SOLUTION), seed) for seed in (0, 7, 20_261, 2**31)]
    assert {verdict.state for verdict in verdicts} == {"right"}
    assert len({verdict.text for verdict in verdicts}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_solution_passes_on_many_seeds(task):
    assert misses(task, answers_of(task, SOLUTION), MANY) == []


@pytest.mark.parametrize("task", TASKS)
def test_a_check_is_quick(task):
    judge, answers = getattr(checks, task).judge, answers_of(task, SOLUTION)
    judge(answers, 3)
    seconds = []
    for seed in (4, 5, 6):
        start = time.process_time()
        judge(answers, seed)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.3


def tried_one_by_one(arrival_rate, key_share, partition_capacity, target):
    counts = np.arange(1, 2000).reshape(-1, *[1] * np.ndim(arrival_rate))
    fits = hashing.hot_share(key_share, counts) * arrival_rate <= target * partition_capacity
    return fits.any(axis=0) * (fits.argmax(axis=0) + 1)


def risen_by_a_factor(before, during, sample, homes):
    had, has = before.sum(axis=0) / before.sum(), during.sum(axis=0) / during.sum()
    p = int(np.argmax(has / had))
    here = list(sample[homes == p])
    return p, max(set(here), key=here.count), 1 - (1 - has[p]) / (1 - had[p])


def against_the_others(before, during, sample, homes):
    """Everybody else shrinks by 1 - s: what the others have left tells it as well."""
    had, has = before.sum(axis=0) / before.sum(), during.sum(axis=0) / during.sum()
    p = np.argmax(has - had)
    keys, counts = np.unique(sample[homes == p], return_counts=True)
    return np.array([p, keys[counts.argmax()], 1 - np.delete(has, p).sum() / np.delete(had, p).sum()])


def in_a_loop(partitions, viral_share, seed):
    runs = [simulate(Parameters(partitions=n, viral_share=viral_share, viral_start=0.0), seed, until=120)
            for n in partitions.tolist()]  # fmt: skip
    return [run["hot_error_ratio"][60:120].mean() for run in runs]


def numbered_by_thousands() -> dict:
    def write_key(key, hot, salts, draw):
        return key + 10**10 * np.where(hot, (draw * salts).astype(np.int64), 0)

    def read_keys(key, hot, salts):
        return [key + 10**10 * i for i in range(salts)] if hot else key

    return {"write_key": write_key, "read_keys": read_keys}


def a_little_cautious(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """The slowest part of a read counts: -ln(1 - 0.99**(1/N)) instead of 4.6."""
    n = np.arange(1, 65)[:, None]
    slow = -np.log(1 - 0.99 ** (1 / n))
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (slow <= objective * (capacity - load))
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, (write_share + (1 - write_share) * salts) * (salts > 0)


OTHERS = [
    ("enough_partitions", {"enough_partitions": tried_one_by_one}),
    ("hot_key", {"hot_key": risen_by_a_factor}),
    ("hot_key", {"hot_key": against_the_others}),
    ("doubling", {"doubling": in_a_loop}),
    ("salt", numbered_by_thousands()),
]


@pytest.mark.parametrize(("task", "answers"), OTHERS, ids=[f"{task}-{i}" for i, (task, _) in enumerate(OTHERS)])
def test_other_right_answers_pass_too(task, answers):
    assert misses(task, answers, FEW) == []


def test_one_sub_key_more_than_the_formula_needs_is_allowed_and_one_fewer_that_is_fast_enough_too():
    def more(*told):
        salts, _ = SOLUTION["smallest_salts"](*told)
        salts = salts + (salts > 0)
        return salts, np.where(salts > 0, told[2] + (1 - told[2]) * salts, 0)

    assert misses("smallest_salts", {"smallest_salts": more}, FEW) == []


# -- what the check lays out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", FEW)
def test_the_evidence_has_its_traps(seed):
    for place, (_, _, _, growth, busier) in enumerate(checks.SCENES):
        before, during, sample, homes, home, key, _ = checks._scene(seed, place)
        assert (during.mean(axis=0).argmax() != home) == busier
        assert during.sum() / during.shape[0] / (before.sum() / before.shape[0]) == pytest.approx(growth, rel=0.01)
        assert key in sample[homes == home]


@pytest.mark.parametrize("seed", FEW)
def test_the_fleets_reach_from_one_partition_to_very_many_and_beyond(seed):
    count = SOLUTION["enough_partitions"](*checks._fleets(seed))
    assert count[1] == 1 and count[5] >= 100 and (count[-2:] == 0).all() and count.max() <= 512


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
    assert survivors(path, MANY[:40]) == []


def test_there_are_wrong_answers_for_every_task_and_over_fixing_is_among_them():
    killers = [runpy.run_path(str(path.values[0]))["KILLED_BY"] for path in FILES]
    assert all(killers.count(task) >= 8 for task in TASKS)
    names = {path.id for path in FILES}
    assert {"salt_every_key", "smallest_salts_one_per_partition", "enough_partitions_over_fixed"} <= names
