"""What lesson 07 and its lab show and say, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.labs import discovery_failure as lab
from course_lib.lessons import discovery_failure as show
from course_lib.models.discovery_failure import Parameters, simulate
from course_lib.theory import discovery
from course_lib.view import corners

PANEL = show.PANEL
SEED = 7


def numbers(preset: str, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    return corners.reached(PANEL, PANEL.settings(**values))


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["failed_during"] == pytest.approx(23, abs=0.5) and storm["failed_after"] == pytest.approx(38, abs=0.6)
    assert healthy["failed"] < 1.1 and healthy["harmed_share"] <= 10
    assert 10 <= numbers("cliff edge")["harmed_share"] <= 90  # luck decides
    assert fixed["failed"] < 0.1 and fixed["harmed_share"] == 0
    assert over["failed"] > fixed["failed"] and over["strangers"] > fixed["strangers"]


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(cache_life=3600.0, churn=2.0)[0] and not reached(cache_life=3600.0, panic_threshold=0.5)[0]
    deploy = {"deploy_start": show.DEPLOY}
    keeps = {"cache_life": 3600.0, "panic_threshold": 0.5}
    assert reached(**deploy, **keeps, deploy_freeze=True)[1] and not reached(**deploy, **keeps)[1]
    assert not reached(**deploy, deploy_freeze=True)[1] and not reached(**keeps)[1], "an easier day"
    checks = {"trigger": "checks", "overload": "collapse"}
    assert reached(**checks, cache_life=3600.0, panic_threshold=0.6)[2]
    assert not reached(**checks, cache_life=3600.0)[2] and not reached(**checks, panic_threshold=0.6)[2]
    assert not reached(**checks, cache_life=3600.0, panic_threshold=0.35)[2]


def test_the_map_has_a_wall_at_the_cache_life_and_an_edge_where_the_load_is():
    wall = {**PANEL.values("storm"), "outage_duration": np.array([240, 420, 600]), "churn": np.full(3, 0.5)}
    short = show.answered(wall, SEED)
    long = show.answered({**wall, "cache_life": np.full(3, 3600.0)}, SEED)
    assert short[0] > 0.99 > 0.97 > short[1] > short[2] and (long > 0.98).all()
    edge = {
        **wall,
        "cache_life": np.full(3, 3600.0),
        "outage_duration": np.full(3, 780),
        "churn": np.array([1, 3, 8.0]),
    }
    found = show.answered(edge, SEED)
    assert found[0] > 0.98 > 0.95 > found[1] > found[2]


def test_a_threshold_does_nothing_for_clients_that_forget():
    short = dict(PANEL.values("storm"))
    failed = [
        show.run({**short, "panic_threshold": np.array([one])}, SEED).numbers["failed"] for one in (0.0, 0.5, 1.0)
    ]
    assert np.ptp(failed) < 0.02 * np.mean(failed)


def test_an_outage_of_no_length_is_none():
    """At the end of its slider nothing happens: a registry that never went has no empty list to come back with."""
    none = simulate(show.NAIVE.replace(outage_start=[300.0, 1e5], outage_duration=0.0), SEED, until=600)
    for name in ("listed", "new_success", "registry_load"):
        np.testing.assert_array_equal(none[name][:, 0], none[name][:, 1], err_msg=name)


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_the_return_costs_more_than_the_absence_with_nearly_every_seed():
    trace = simulate(show.NAIVE, np.arange(24), until=1200)
    during, after = (trace["error_ratio"][rows].mean(axis=0) for rows in (slice(100, 300), slice(300, 400)))
    assert np.mean(after > during) > 0.9
    assert trace["existing_success"][:300].min() > 0.999  # nothing fails on open connections, for ten minutes
    assert trace["new_success"][205:299].max() == 0


def test_within_seconds_of_the_return_the_lists_hold_a_handful_of_forty():
    naive = simulate(show.NAIVE, SEED, until=1200)
    assert 2.5 < naive["listed"][303] < 7.5 and naive["valid_share"][303:].min() > 0.94
    assert naive["empty_share"][303:].max() < 0.06  # they asked before the first had registered
    assert naive["open_share"][299] == pytest.approx(0.29, abs=0.02)  # seven in ten have no connection left
    assert naive["existing_success"][314:].argmin() < 5 and naive["existing_success"][399] < 0.9


def test_kept_and_doubted_lists_fail_almost_nobody():
    lost = simulate(show.KEPT.replace(panic_threshold=[0.0, 0.5]), SEED, until=1200)["error_ratio"][100:].mean(axis=0)
    assert lost[0] < 0.01 and lost[1] < 0.001
    kept = simulate(show.KEPT, SEED, until=1200)
    assert kept["new_success"][299] == pytest.approx(0.8, abs=0.01)  # one new connection in five fails
    deploying = simulate(show.KEPT.replace(deploy_start=show.DEPLOY), SEED, until=1200)
    assert deploying["error_ratio"][299] > 0.8 and deploying["new_success"][299] < 0.15


def test_a_registry_that_says_nobody_is_worse_than_one_that_is_silent():
    says = show.KEPT.replace(trigger=["dead", "empty", "empty"], panic_threshold=[0.0, 0.0, 0.5])
    lost = simulate(says, np.arange(8)[:, None], until=900)["error_ratio"][100:300].mean(axis=(0, 1))
    assert lost[0] < 0.005 and lost[1] == pytest.approx(0.57, abs=0.03) and lost[2] < 0.005


def test_the_herd_of_the_lesson_waits_seven_seconds_or_for_ever():
    gate, crowd = discovery.reconnect_time(6000, 1000, np.array([900, np.inf]), timeout=5)
    assert gate == pytest.approx(6.67, abs=0.01) and np.isinf(crowd)
    rushed = simulate(show.NAIVE.replace(admission_rate=np.inf), SEED, until=1200)
    assert rushed["endpoint_age"][-1] > 900


def test_fifteen_per_cent_after_ten_minutes_and_two_with_another_host():
    assert float(discovery.age_at(0.85, 1 / 3600)) / 60 == pytest.approx(9.75, abs=0.01)
    assert float(discovery.all_picks_dead(6, 40, 2)) == pytest.approx(0.019, abs=0.001)


def test_simulated_fleets_lie_on_the_closed_forms():
    chart = show.decay(12).picture.data
    for name, churn in (("one_hour", 1.0), ("ten_minutes", 6.0)):
        expected = 100 * discovery.valid_share(chart["run"]["age"] + 16.5, churn / 3600)
        np.testing.assert_allclose(chart["run"][name], expected, atol=5)
    np.testing.assert_allclose(
        chart["run"]["deploy"], 100 * discovery.valid_in_deploy(chart["run"]["age"], 600), atol=2
    )
    points = show.panic().picture.data["run"]
    healthy = points["healthy"] / 100
    for name, ways in (("alone", {}), ("collapse", dict(collapse=True))):
        # At the jump itself a hair decides.
        away = np.abs(healthy - 0.6) > 0.01
        np.testing.assert_allclose(
            points[name][away], 100 * discovery.answered(healthy, 0.6, False, **ways)[away], atol=1
        )
    np.testing.assert_allclose(points["all"], 100 * healthy, atol=1)


def test_the_table_of_defences():
    table = show.ways_out(seeds=2).data.set_index("defence")
    down, back = (table[f"fails, registry {when}"].str.rstrip(" %").astype(float) for when in ("down", "back"))
    assert down["keep and doubt"] <= 0.1 and back["keep and doubt"] <= 0.1
    assert down["keep lists for an hour"] <= 0.1 < 0.5 < back["keep lists for an hour"]
    for within in ("retry on another host", "eject the dead", "doubt lists below half", "nothing"):
        assert down[within] > 20 and back[within] > 15
    assert back["let all in at once"] > 70 > 10 > back["a catalogue on disk"]


def test_a_deploy_ruins_a_kept_list_and_a_freeze_saves_it():
    lost = simulate(show.DOUBTING.replace(deploy_start=360.0, deploy_freeze=["off", "on"]), np.arange(4)[:, None],
                    until=1200)["error_ratio"][100:].mean(axis=(0, 1))  # fmt: skip
    assert lost[0] > 0.2 and lost[1] < 0.005


def test_doubting_always_sends_three_times_as_many_astray_all_day():
    doubts = show.KEPT.replace(churn=6.0, panic_threshold=[0.0, 0.5, 1.0], outage_duration=0.0)
    trace = simulate(doubts, np.arange(6)[:, None], until=1200)
    astray = 1 - trace["new_success"][200:].mean(axis=(0, 1))
    assert astray[0] == pytest.approx(astray[1], rel=0.05) and astray[2] / astray[0] == pytest.approx(3, abs=0.6)


def test_charts_have_the_same_axes_and_speak():
    both = show.before_after()
    assert all(len(shown.description) > 60 for shown in (both, show.decay(4), show.panic()))
    assert both.png()[:4] == b"\x89PNG"
    sides = both.specs[0]["hconcat"]
    lines = [layer for side in sides for layer in side["layer"] if _is_line(layer)]
    assert len({str(layer["encoding"]["y"]["scale"]) for layer in lines}) == 1 and len(lines) == 9


def _is_line(layer) -> bool:
    return isinstance(layer.get("mark"), dict) and layer["mark"].get("type") == "line"


# -- the lab's figures -----------------------------------------------------------------------------------------------


def test_the_lists_in_the_labs_last_second():
    outage = simulate(lab.SERVICE, SEED, until=1200)
    assert [round(outage[name][299], 9) for name in ("listed", "listed_dead", "unlisted_alive")] == [40, 18, 18]
    assert outage["error_ratio"][100:200].max() < 1e-3 < 0.05 < outage["error_ratio"][299]


def test_few_healthy_hosts_that_collapse_answer_nothing():
    few = Parameters(trigger="hosts", failing_share=0.45, overload="collapse", outage_start=60.0, outage_duration=1e4,
                     churn=0.0, connection_life=20.0)  # fmt: skip
    assert simulate(few, SEED, until=600)["existing_success"][-1] == 0


def good_accept(known, kept, added, answering):
    dropped = known - kept
    return (kept + added > 0) & ((dropped <= known / 2) | (answering <= dropped / 10))


def test_a_rule_that_asks_who_answers_rides_out_the_return_and_follows_the_scale_down():
    used = lab.story(good_accept)
    assert used[4:8].min() >= 38 and used[-1] == 14 and (lab.story(None) == lab.SAID).all()
    counts = lab.story(lambda known, kept, added, answering: (kept + added > 0) & (kept >= known / 2))
    assert counts[-1] == 40, "a rule that only counts stays with what is gone"


def all_healthy(known, healthy, threshold):
    good = known & healthy
    panic = good.sum(axis=1) < threshold * known.sum(axis=1) - 1e-9
    used = np.where(panic[:, None], known, good)
    return used / np.maximum(used.sum(axis=1, keepdims=True), 1)


def test_a_rule_at_the_utilisation_takes_the_better_of_both_ways():
    share = np.arange(1, 41) / 40
    best = np.maximum(share, discovery.answered(share, 0.6, False, collapse=True))
    np.testing.assert_allclose(lab.answered_by(all_healthy), best)
    np.testing.assert_allclose(lab.answered_by(all_healthy, threshold=1.0), share)


def test_the_gate_brings_all_back_and_a_rush_nobody():
    runs = lab.herd(lambda clients, lists, polls, timeout: (lists - polls, clients / (lists - polls)), SEED)
    rushed, gated = runs["all at once"]["endpoint_age"], runs["yours"]["endpoint_age"]
    assert rushed[-1] > 890 and gated[int(930 / 3)] < 30
    assert float(discovery.reconnect_time(6000, 240, 240, 10)) == 25


def test_the_two_numbers_hide_the_outage():
    runs = lab.defended(lambda outage, poll, *rest: (outage + poll, rest[-1]), SEED)
    assert runs["as it was"]["error_ratio"].max() == pytest.approx(0.73, abs=0.02)
    assert np.isnan(runs["as it was"].events["recovered"]) and runs["as it was"]["error_ratio"][-1] > 0.08
    assert runs["yours"]["error_ratio"].max() < 0.02


def blank(*_):
    raise NotImplementedError("blank")


def test_the_labs_charts_say_what_is_blank_and_draw_what_is_not():
    outage = simulate(lab.SERVICE, SEED, until=1200)
    done = lambda *told: (np.full(told[0].shape, 0.5), told[0])  # noqa: E731
    for shown, words in (
        (lab.worth(outage, blank), "snapshot is still blank"),
        (lab.believed(blank), "accept is still blank"),
        (lab.panics(blank), "route is still blank"),
    ):
        assert words in str(shown.specs)
    for shown in (lab.worth(outage, done), lab.believed(good_accept), lab.panics(all_healthy)):
        assert "yours" in str(shown.specs) and "still blank" not in str(shown.specs)
    assert list(lab.herd(blank, SEED)) == ["all at once"] and list(lab.defended(blank, SEED)) == ["as it was"]
    assert lab.asked(lambda: ...) is None
