"""The lab's charts: they draw with answers blank and written, and say in words what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from course_lib import notebook_file
from course_lib.labs import retry_storm as charts
from course_lib.models.drills import retry_chain
from course_lib.models.drills.retry_chain import Parameters

ROOT = Path(__file__).resolve().parents[2]
SHORT = Parameters(errors_start=10.0, errors_duration=10.0)


def blank(*_):
    raise NotImplementedError("Task 3")


def columns(shown):
    return shown.picture.data["run"]


def test_calls_at_each_layer_are_labelled_with_their_factor():
    shown = charts.layers(retry_chain.simulate(SHORT, 7, until=90))
    text = str(shown.specs)
    assert all(label in text for label in ("gateway 4", "orders 16", "inventory 64", "errors over, still failing"))
    assert columns(shown)["inventory"][:9] == pytest.approx(1.0)


@pytest.mark.parametrize("unwritten", [blank, lambda *_: None, lambda *_: ...])
def test_a_blank_answer_is_left_out_and_named(unwritten):
    ways = {"naive": SHORT, "your budget": SHORT.replace(budget="first_attempts")}
    shown = charts.compare(ways, 7, until=30, retry_budget=unwritten)
    assert "goodput0" in columns(shown) and "goodput1" not in columns(shown)
    assert "Left out, your budget: retry_budget is still blank." in shown.description
    assert "retry_budget is still blank" in str(shown.specs[0]["title"])


def test_a_written_answer_is_drawn_beside_the_naive_chain():
    ways = {"naive": SHORT, "your budget": SHORT.replace(budget="first_attempts")}
    shown = charts.compare(ways, 7, until=60, retry_budget=retry_chain.bucket)
    data = columns(shown)
    assert data["goodput0"][-10:].mean() < 5 < 90 < data["goodput1"][-10:].mean()
    assert "Left out" not in shown.description and "title" not in shown.specs[0]


def test_a_mistake_in_an_answer_is_not_taken_for_a_blank_one():
    with pytest.raises(ZeroDivisionError):
        charts.compare({"b": SHORT.replace(budget="first_attempts")}, 7, until=5, retry_budget=lambda *_: 1 / 0)


def test_the_herd_says_its_peaks_in_words():
    assert "without jitter at most 1000 once it is over." in charts.herd(blank, 7).description
    assert "your jitter at most" in charts.herd(retry_chain.jittered, 7).description


def test_the_sweet_spot_marks_the_answers_ratio():
    marked = charts.sweet_spot(SHORT, 7, lambda arrival_rate, service_rate: (1, 3, service_rate / arrival_rate - 1.2))
    assert marked.picture.data["yours"]["ratio"] == pytest.approx([0.3])
    arrays_only = charts.sweet_spot(SHORT, 7, lambda arrival_rate, _: (1, 3, np.full(len(arrival_rate), 0.2)))
    assert arrays_only.picture.data["yours"]["ratio"] == pytest.approx([0.2])
    assert len(charts.sweet_spot(SHORT, 7, blank).picture.data["yours"]["ratio"]) == 0
    lost = columns(marked)["one"]
    assert 0 < np.argmin(lost) < len(lost) - 1


def test_every_chart_has_a_static_twin():
    assert charts.herd(retry_chain.jittered, 7).png()[:4] == b"\x89PNG"


def test_what_follows_from_the_predictions_is_what_the_model_says():
    naive = Parameters(arrival_rate=100.0, service_rate=150.0, error_share=0.5, max_retries=3, layers=3)
    endless = naive.replace(service_rate=1e6, errors_start=0.0, errors_duration=1e5)
    calls = retry_chain.calls_per_request(retry_chain.simulate(endless, 7, until=60), 20, 60)
    assert "1.00, 1.07 and 2.0" in charts.measured_in_words(calls) and "Not 64" in charts.measured_in_words(calls)
    lost = retry_chain.lost_share(retry_chain.simulate(naive.replace(breaker="on"), 7, until=90), 30, 60)
    assert 0.55 < lost < 0.7 and f"{100 * lost:.0f} % of the requests are lost" in charts.loss_in_words(lost)


@pytest.mark.parametrize("secret", ["1.07 and 2.0", "63 %", "will ever bring it back"])
def test_no_cell_of_lesson_or_lab_gives_a_predictions_answer_away(secret):
    """Cells stand on the page before they run; what follows from an answer is drawn after a commit."""
    for path in ("notebooks/01_retry_storm.ipynb", "labs/01_retry_storm.ipynb"):
        cells = notebook_file.read(ROOT / path).cells
        assert not [cell.id for cell in cells if secret in cell.source]


def test_no_chart_of_the_lab_draws_the_breakers_loss_before_it_is_revealed():
    ids = [cell.id for cell in notebook_file.read(ROOT / "labs/01_retry_storm.ipynb").cells]
    assert ids.index("lab-breaker-predict") < ids.index("lab-breaker-reveal") < ids.index("lab-breaker-chain")
