"""The figure of a tournament draws what the rules did, and what the lessons say of it is so."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import detect, manifest, view

BUILT = [module.slug for module in manifest.load().built]


def test_cells_and_curve_are_the_results():
    shown = view.tournament("split_brain", seeds=range(2))
    result, data = shown.result, shown.picture.data
    names = list(result.frame.rule)
    at = names.index("false reading")
    row = np.array(data["cells"]["rule"]) == at
    assert np.array(data["cells"]["share"])[row].tolist() == [1.0, 1.0, 1.0, 0.0]
    assert np.array(data["cells"]["wanted"])[row].tolist() == [True, False, False, False]
    assert data["own"]["threshold"] == [1.5] and 1.5 in list(data["curve"]["threshold"])
    assert "our alert: score" in shown.description and "page after" in shown.description
    assert "threshold on leaders (nodes)" in str(shown.specs)


def test_long_spans_go_by_the_tables_clock():
    shown = view.tournament("repeat_incident", seeds=range(1))
    assert shown.picture.data["own"]["threshold"] == [60] and "threshold on item age (days)" in str(shown.specs)
    score = shown.result.scores["our alert"]
    assert score.to_detect / 86_400 in list(shown.picture.data["notes"]["value"])
    assert f"page after {score.to_detect / 86_400:.0f} days" in shown.description


def test_yours_are_drawn_whether_rule_or_file(tmp_path):
    mine = detect.Rule(signal="leaders", above=1.5, window=1.0, hold=0.5, says="two lead")
    path = tmp_path / "mine.yaml"
    path.write_text("rules:\n  two: {signal: leaders, above: 1.5, window: 1s, hold: 500ms, says: two lead}\n")
    one, other = (view.tournament("split_brain", rules, seeds=range(1)).result for rules in (mine, path))
    assert one.scores["yours"] == other.scores["two"]
    assert "two, at other thresholds" in str(view.tournament("split_brain", str(path), seeds=range(1)).specs)


@pytest.mark.parametrize("slug", BUILT)
def test_lessons_say_forty_days_and_our_alert_is_the_only_one_that_is_right(slug):
    """The figure of the lesson: our alert finds each incident and pages on no other day."""
    result = view.tournament(slug).result
    assert result.days.count == 40
    scores = result.scores
    assert (
        scores["our alert"].recall == 1.0
        and max(scores["our alert"].paged[k] for k in ("lookalike", "twin", "quiet")) == 0
    )


def share(slug: str, rule: str) -> dict[str, float]:
    return detect.tournament(slug, seeds=range(8)).scores[rule].paged


@pytest.mark.parametrize("slug", ["retry_storm", "cache_stampede", "split_brain", "dns_outage", "bad_rollout"])
def test_where_lessons_say_so_the_false_reading_pages_on_each_look_alike(slug):
    assert share(slug, "false reading")["lookalike"] == 1.0
    if slug == "dns_outage":
        assert share(slug, "false reading")["incident"] == 0.0


def test_whoever_waits_for_the_mean_time_to_resolve_is_told_nothing():
    assert set(share("repeat_incident", "false reading").values()) == {0.0}


def test_whoever_pages_on_the_gateway_does_so_for_the_attacker():
    assert share("cascading_failure", "false reading")["twin"] == 1.0


@pytest.mark.parametrize("slug", ["hot_partition", "queue_overload", "metastable_failure", "gray_failure"])
def test_where_the_first_signal_speaks_on_the_twin_the_alert_waits_for_one_thing_more(slug):
    assert share(slug, "first signal")["twin"] == 1.0 and detect.table(slug).alert.unless


def test_figures_of_the_look_alikes_that_lessons_state():
    days = {slug: detect.table(slug).days for slug in BUILT}
    assert days["split_brain"]["lookalike"].cut_duration == 8.0
    growth = days["dns_outage"]["lookalike"].lookup_rate
    assert growth.changes[-1][1] / growth.initial == 2.5
