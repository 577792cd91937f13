"""nbval over recorded outputs: only check cells reach it, and a comparer that died or is late costs one comparison."""

from __future__ import annotations

import contextlib
import queue
import time
from types import SimpleNamespace

import pytest
from grading import kit

from course_lib.grading.intake import pristine
from course_lib.grading.intake.reading import Reading
from course_lib.grading.judging import jobs, recorded
from course_lib.grading.judging.recorded import PASSED, Comparer


def printed(task: str) -> dict:
    stored = next(cell for cell in kit.lab({}).cells if cell.id == f"{task}-check").outputs[0].text
    return {"stdout": stored, "stderr": "", "error": None}


RECORDS = {f"{task}-check": printed(task) for task in kit.RIGHT}
ALL_PASSED = dict.fromkeys(RECORDS, PASSED)


@pytest.fixture
def comparer():
    made = Comparer(patience_s=60)
    yield made
    made.close()


def test_orders_to_nbval_in_an_answer_are_not_heard(comparer):
    marked = {task: f"# NBVAL_SKIP\n# NBVAL_RAISES_EXCEPTION\n{source}" for task, source in kit.RIGHT.items()}
    assert comparer.compare(kit.submission(marked), RECORDS) == ALL_PASSED
    other = RECORDS | {"double-check": printed("double") | {"stdout": "Task double: wrong\n"}}
    told = comparer.compare(kit.submission(marked), other)
    assert told.pop("double-check").startswith("failed") and set(told.values()) == {PASSED}


def test_one_that_pytest_stops_goes_on(comparer, monkeypatch):
    def stop(*_):
        pytest.exit("as a skip, an exit or a Ctrl-C would")

    monkeypatch.setattr(recorded, "_compare", stop)
    assert comparer.compare(kit.submission({}), RECORDS)[""].startswith("stumbled")
    monkeypatch.undo()
    assert comparer.compare(kit.submission({}), RECORDS) == ALL_PASSED


def test_one_that_died_is_replaced(comparer):
    comparer._loop.asked.put(None)
    comparer._thread.join(60)
    assert comparer.compare(kit.submission({}), RECORDS) == ALL_PASSED


def test_one_that_is_late_is_replaced_and_its_late_answer_reaches_nobody(comparer, monkeypatch):
    comparer._patience_s = 0.3
    monkeypatch.setattr(recorded, "_compare", lambda *_: time.sleep(1) or {"double-check": "of another learner"})
    assert comparer.compare(kit.submission({}), RECORDS) == {"": "did not answer within 0.3 s"}
    monkeypatch.undo()
    comparer._patience_s = 60
    time.sleep(1)
    assert comparer.compare(kit.submission({}), RECORDS) == ALL_PASSED


def test_no_comparer_costs_a_verdict_and_an_answer_that_cannot_be_read_costs_its_own_task(tmp_path, monkeypatch):
    lab = pristine.labs(kit.course(tmp_path))[kit.LAB]
    answers = {lab.answer_cells[task]: source for task, source in kit.RIGHT.items()}

    @contextlib.contextmanager
    def session(*_, **__):
        yield SimpleNamespace(run=lambda plan: SimpleNamespace(records=RECORDS))

    def compare(*_):
        raise queue.Empty

    bench = jobs.Bench(
        SimpleNamespace(ready=lambda: None, limits=kit.LIMITS, session=session),
        SimpleNamespace(read=lambda source, *_: None if source == kit.RIGHT["double"] else Reading()),
        SimpleNamespace(compare=compare),
    )

    def judge(judged):
        judged.outcome.tasks |= {name: lab.tasks[name].stopped("right", "") for name in ("running", "policy")}
        return True

    monkeypatch.setattr(jobs, "judge_answers", judge)
    told = jobs.grade(jobs.Job("ada", kit.LAB, answers, 1, 2), lab, bench)
    assert {name: verdict.state for name, verdict in told.tasks.items()} == {
        "double": "refused", "running": "right", "policy": "right"
    }  # fmt: skip
    assert "nests too deeply, or takes too long, to be read; write it more plainly" in told.tasks["double"].text
    assert told.notices == ["nbval (recorded) could not run: Empty"]
