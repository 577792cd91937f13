"""A key under which chance makes the reference miss: another seed is drawn, and said; a wrong reference stops all."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading import kit

from course_lib.grading import command, kill_table
from course_lib.grading.book.record import Record, TaskRecord
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.worker import Setup


def a_run(tmp_path, monkeypatch, states):
    """A run whose reference gets these states, one a turn; and the judge seeds it was given."""
    course = kit.course(tmp_path)
    options = command.Options(live_every=0)
    run = command._Run(pristine.labs(course), bytes(32), None, Setup(course), options, command.Batch(), None)
    seeds = []

    def judged(jobs, **_):
        for attempt, job in jobs:
            seeds.append(job.judge_seed)
            lines = ["head", "  miss  the bar : saw 21"]
            told = TaskRecord(state=states[len(seeds) - 1], points=0, max_points=10, lines=lines)
            yield Record(lab=attempt.lab, tasks={"double": told})

    monkeypatch.setattr(run, "_run", judged)
    return run, seeds


def test_where_the_reference_misses_another_seed_is_drawn_and_said(tmp_path, monkeypatch):
    run, seeds = a_run(tmp_path, monkeypatch, ["wrong", "right"])
    run.references({kit.LAB})
    assert len(set(seeds)) == 2
    assert "missed on its seed (miss  the bar : saw 21); another was drawn" in run.batch.notices[0]


def test_a_right_reference_is_judged_once_and_one_that_misses_twice_stops_the_batch(tmp_path, monkeypatch):
    run, seeds = a_run(tmp_path, monkeypatch, ["right"])
    run.references({kit.LAB})
    assert len(seeds) == 1 and run.batch.notices == []
    run, seeds = a_run(tmp_path / "again", monkeypatch, ["wrong", "wrong"])
    with pytest.raises(command.GradingError, match="is not right here: miss"):
        run.references({kit.LAB})


@pytest.mark.parametrize(("name", "seed"), [("breaker", 48_689_624), ("full_jitter", 326_464_377)])
def test_the_references_of_lab_01_are_right_where_bars_too_tight_once_refused_them(name, seed):
    course = CourseRef(str(Path(__file__).parents[2]))
    lab = next(one for one in pristine.labs(course).values() if name in one.tasks)
    right = kill_table.answers_here(lab, name, pristine.solution(course, lab))
    assert lab.tasks[name].judge(right, seed).state == "right"
