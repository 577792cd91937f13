"""The charts and tables of lab 12: they draw with answers blank and written, and the shipped run is made anew."""

from __future__ import annotations

import json

import numpy as np
import pytest

from course_lib.checks.repeat_incident import Case, moments
from course_lib.incidents import engine, seal, service, truth
from course_lib.labs import repeat_incident as charts


def blank(*_):
    raise NotImplementedError("Task 1")


def timeline(*told):
    return moments(Case(*told))


def items(deadline, partitions, price, money, takes, chance):
    return 0.75 * deadline, partitions, takes


def test_the_shipped_run_is_what_its_seed_and_log_give():
    assert seal.verify(charts.SHIPPED) == []
    shipped, again = json.loads(charts.SHIPPED.read_text(encoding="utf-8")), charts.sealed()
    assert [shipped[name] for name in ("scenario", "seed", "log", "events")] == [
        again[name] for name in ("scenario", "seed", "log", "events")
    ]


def test_a_shipped_run_that_was_changed_is_told(tmp_path):
    changed = json.loads(charts.SHIPPED.read_text(encoding="utf-8"))
    changed["log"][1]["at"] += 60
    path = tmp_path / "run.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    assert seal.verify(path) != []


def test_moments_by_windows_are_those_of_the_truth_within_a_window():
    found, known = timeline(*charts.told()), truth.truth(charts.run())
    wanted = (known.impact_start, known.detected, known.acknowledged, known.mitigated, known.resolved)
    assert np.abs(np.array(found) - wanted).max() <= service.WINDOW
    assert known.useless[0] == "roll_back"


def test_charts_and_tables_draw_blank_and_written():
    assert charts.incident(timeline).png()[:4] == b"\x89PNG" and "still blank" in str(charts.incident(blank).specs)
    assert charts.figures(blank).data["yours"].tolist() == ["still blank"] * 5
    assert charts.replayed(blank).data.iloc[1, 0] == "still blank"
    assert charts.carried_out(blank).data["read"].tolist() == ["runbook is still blank"]
    failed = [float(text.replace(",", "")) for text in charts.replayed(items).data.iloc[:, 1]]
    assert failed[1] < 0.25 * failed[0]
    assert "section" in charts.carried_out(lambda _: np.frombuffer(b"# Nothing", np.uint8)).data["read"][0]


def test_services_played_together_are_those_played_alone():
    random = np.random.default_rng(1)
    made = [service.days(random, deadline) for deadline in (8.0, 30.0)]
    runs = service.together([service.Play(one.incident, one.seed) for one in made])
    for one, run in zip(made, runs, strict=True):
        alone = engine.play(one.incident, (), one.seed)
        np.testing.assert_array_equal(run.failed, alone.failed)
        busy = engine.play(one.busy, (), one.seed)
        assert 0.3 * one.deadline < np.nanmax(busy["oldest_age"]) < 0.5 * one.deadline
        assert busy.failed.sum() == pytest.approx(0, abs=1)
