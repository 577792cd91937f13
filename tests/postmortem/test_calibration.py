"""The grader against two readings of thirty documents, and against four kinds of cheat."""

import pytest

from course_lib.postmortem import rubric
from tests.postmortem import calibration, kit

#: Runs are played and documents graded once, by whichever process gets these tests.
pytestmark = pytest.mark.xdist_group("postmortem")


def test_there_are_enough_documents_of_each_kind_and_each_was_read_twice():
    documents = {path.stem for path in (kit.HERE / "documents").glob("*.md")}
    assert len(documents) >= 30
    for reading in "AB":
        assert set(calibration.by_reading(reading)) == documents
    kinds = {name: told[0] for (name, _), told in calibration.readings().items()}
    assert set(kinds.values()) == {"good", "middling", "fault", "cheat"}
    cheats = {name.split("_")[2] for name, kind in kinds.items() if kind == "cheat"}
    assert cheats == {"keywords", "copied", "generic", "fabricated"}


def test_every_rule_is_failed_by_some_document():
    failed = set().union(*calibration.by_reading("A").values(), *calibration.by_reading("B").values())
    assert {rule for rule in rubric.POINTS if rule != "A12"} - failed == set()


def test_the_page_for_instructors_is_fresh():
    assert calibration.PAGE.read_text(encoding="utf-8") == calibration.written()


def test_the_grader_agrees_with_both_readings():
    seen = calibration.fails()
    assert calibration.kappa(seen, calibration.by_reading("A")) > 0.8
    assert calibration.kappa(seen, calibration.by_reading("B")) > 0.8
    assert min(calibration.totals()) > 0.9


def test_points_are_near_those_of_the_readings_and_in_their_order():
    grades = calibration.grades()
    for (name, _), (kind, _, points) in calibration.readings().items():
        if kind == "cheat":
            assert grades[name].total < 30, name
        else:
            assert abs(grades[name].total - points) < 15, name
    good = [grades[name].total for (name, _), told in calibration.readings().items() if told[0] == "good"]
    assert min(good) > 90


def test_a_rule_that_both_readings_see_otherwise_changes_the_page(monkeypatch):
    told = dict(calibration.readings())
    for reading in "AB":
        kind, failed, points = told["a_good_tables", reading]
        told["a_good_tables", reading] = (kind, failed | {"T8"}, points)
    monkeypatch.setattr(calibration, "readings", lambda: told)
    assert calibration.PAGE.read_text(encoding="utf-8") != calibration.written()


def test_a_grader_that_passes_all_or_fails_all_agrees_with_nobody():
    none = {name: set() for name in calibration.by_reading("A")}
    everything = {name: set(calibration.RULES) for name in none}
    assert calibration.kappa(none, calibration.by_reading("A")) == pytest.approx(0, abs=0.05)
    assert calibration.kappa(everything, calibration.by_reading("A")) == pytest.approx(0, abs=0.05)
