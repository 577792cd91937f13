"""Checks of the miniature course that the grader's tests run on: three tasks, plain numpy, designed edge cases."""

import numpy as np

from course_lib.checks.task import Curve, demand, expect_array, task


@task("double", answers=("double",), hints=("Twice what?", "Two times x, whatever x is."), points=10, total=2)
def double(answers, seed):
    """Doubling, with negatives, zeros and large numbers among the probes."""
    x = np.concatenate([np.random.default_rng(seed).normal(0, 100, 40), [0.0, -1.0, 1e9]])
    y = expect_array(answers.double(x), x.shape, "double")
    curve = Curve("Twice x", np.sort(x[:40]), np.sort(y[:40]), np.sort(2 * x[:40]), "x", "2x")
    yield demand("gives twice every number", ok=np.isclose(y, 2 * x), seen=f"{y[0]:.6g} for {x[0]:.6g}", curve=curve)
    half = expect_array(answers.double(x / 2), x.shape, "double")
    yield demand("gives the number back from its half", ok=np.isclose(half, x), seen=f"{half[0]:.6g}")


@task("running", answers=("running_max",), hints=("What is the largest so far?",), points=20, total=2)
def running(answers, seed):
    """A running maximum; half of the hidden series is negative throughout, so a start at zero shows."""
    x = np.random.default_rng([seed, 1]).normal(-50, 3, (4, 60))
    seen = expect_array(answers.running_max(x), x.shape, "running_max")
    right = np.maximum.accumulate(x, axis=-1)
    yield demand(
        "follows the largest so far", ok=np.isclose(seen, right), seen=f"off by {np.abs(seen - right).max():.3g}"
    )
    late = expect_array(answers.running_max(x[:, :7]), (4, 7), "running_max")
    yield demand("does not look ahead", ok=np.isclose(late, right[:, :7]), seen="other values on a shorter series")


@task("policy", answers=("backoff", "limit"), hints=("Double the wait with each attempt, up to the limit.",), points=30)
def policy(answers, seed):
    """A policy that a small model calls back each tick, and a number."""
    limit = float(expect_array(answers.limit(), (), "limit"))
    yield demand("the limit lies between 10 and 60 s", ok=10 <= limit <= 60, seen=f"{limit:g} s", essential=True)
    attempts = np.random.default_rng([seed, 2]).integers(0, 12, 16)
    waited = np.zeros(16)
    for tick in range(20):
        wait = expect_array(answers.backoff(attempts + tick % 3), (16,), "backoff")
        waited += wait
    right = sum(np.minimum(2.0 ** (attempts + tick % 3), limit) for tick in range(20))
    yield demand(
        "waits double up to the limit", ok=np.isclose(waited, right), seen=f"{waited.sum():.6g} s in all", weight=2
    )
