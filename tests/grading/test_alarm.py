"""The clock on trusted code."""

from __future__ import annotations

import contextlib
import threading
import time
from types import SimpleNamespace

import pytest

from course_lib.checks.task import Verdict, demand, task
from course_lib.grading.judging import jobs as judging
from course_lib.grading.judging.alarm import Overtime, alarm
from course_lib.grading.judging.recall import Recall
from course_lib.grading.judging.recorded import _why


def test_a_check_that_does_not_end_is_interrupted_and_not_taken_for_a_wrong_answer():
    @task("endless", answers=("f",), points=1)
    def endless(answers, seed):
        while True:
            answers.f()
        yield demand("never", ok=True)

    with pytest.raises(Overtime), alarm(0.2):
        endless.judge({"f": lambda: 1}, 0)


def test_a_task_that_is_judged_beyond_the_limit_is_timed_out_and_its_session_is_over(monkeypatch):
    @task("slow", answers=("f",), points=1)
    def slow(answers, seed):
        yield demand("never asked", ok=True)

    monkeypatch.setattr(judging, "_judge", lambda *_: time.sleep(5))
    monkeypatch.setattr(judging, "_GRACE_S", 0.0)
    session, outcome, pending = SimpleNamespace(ended=None), SimpleNamespace(tasks={}), ["slow", "other"]
    lab = SimpleNamespace(answer_cells={"slow": "slow-answer", "other": "other-answer"}, tasks={"slow": slow})
    deadline = time.monotonic() + 0.1
    judged = SimpleNamespace(job=SimpleNamespace(judge_seed=1), lab=lab, outcome=outcome, deadline=deadline)
    cell = judging._judge_until_it_ends(session, None, pending, judged, {})
    assert (cell, pending, session.ended) == ("slow-answer", ["other"], judging.TIMED_OUT)
    assert outcome.tasks["slow"].state == judging.TIMED_OUT and time.monotonic() - deadline < 4


def test_an_inner_clock_leaves_the_outer_one_running():
    started = time.monotonic()
    with pytest.raises(Overtime), alarm(0.4):
        with pytest.raises(Overtime), alarm(0.1):
            time.sleep(5)
        with alarm(5):
            pass
        time.sleep(5)
    assert 0.3 < time.monotonic() - started < 5


def test_it_rings_in_the_threads_of_a_clusters_worker_too():
    seen = []

    def work():
        started = time.monotonic()
        try:
            with alarm(0.2):
                while time.monotonic() - started < 10:
                    time.sleep(0.01)
        except Overtime:
            seen.append(time.monotonic() - started)
        with alarm(0.05):
            pass
        time.sleep(0.15)
        seen.append("nothing more")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(15)
    assert len(seen) == 2 and 0.1 < seen[0] < 5, seen


def test_a_block_that_ends_in_time_hears_nothing():
    with alarm(0.05):
        pass
    time.sleep(0.1)


class _Rerun:
    """A sandbox whose sessions come to their end in one cell, as long as it is not left out."""

    def __init__(self, culprit):
        self.culprit, self.runs = culprit, 0

    @contextlib.contextmanager
    def session(self, deadline, *, for_answers):
        self.runs += 1
        yield SimpleNamespace(run=self._run, ended=None, proxy=lambda name: lambda: 7)

    def _run(self, plan):
        ended = None if self.culprit in plan else judging.TIMED_OUT
        return SimpleNamespace(ended=ended, culprit=self.culprit if ended else None)


@pytest.mark.parametrize(("culprit", "left"), [("wrong-answer", {"wrong": 0, "right": 3, "other": 3}),
                                               ("right-answer", {"wrong": 0, "right": 0, "other": 3}),
                                               ("given", {"wrong": 0, "right": 0, "other": 0})])  # fmt: skip
def test_a_cell_that_cannot_be_run_again_costs_its_own_task_alone(culprit, left):
    def verdict(name, points):
        state = judging.RIGHT if points else judging.WRONG
        return Verdict(name, state, points, 3, (f"Task {name}: {state}",), ())

    verdicts = {"wrong": verdict("wrong", 0), "right": verdict("right", 3), "other": verdict("other", 3)}
    recalls = {name: Recall(1) for name in verdicts}
    for name, recall in recalls.items():
        recall.listening(name, lambda: 7)()
    lab = SimpleNamespace(task_of_cell={f"{name}-answer": name for name in verdicts})
    judged = SimpleNamespace(
        outcome=SimpleNamespace(tasks=verdicts), deadline=time.monotonic() + 60, reserve_s=0, lab=lab,
        sandbox=_Rerun(culprit), plan=lambda leave_out: leave_out,
    )  # fmt: skip
    judging._ask_again(judged, recalls, set())
    assert {name: told.points for name, told in verdicts.items()} == left
    assert judged.sandbox.runs <= 2


def test_what_nbval_says_of_a_learners_output_is_fit_for_a_terminal():
    told = _why(Exception("\x1b]0;owned\x07\x1b[2J \ud800 fine"))
    assert told.isprintable() and "fine" in told
