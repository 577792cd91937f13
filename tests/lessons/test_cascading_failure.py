"""What lesson 08 and its lab show and say, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.labs import cascading_failure as lab
from course_lib.lessons import cascading_failure as show
from course_lib.lessons import cascading_fleet
from course_lib.models.cascading_failure import TIERS, simulate
from course_lib.models.drills import replica_fleet
from course_lib.theory import cascading

PANEL = show.PANEL
SEED = 7


def numbers(preset: str, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    settings = PANEL.settings(**values)
    return PANEL.reached(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def part(trace, name, begin, end):
    return trace[name][(trace.time > begin) & (trace.time <= end)].mean(axis=0)


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["answered_during"] < 15 and storm["answered_after"] < 1 and storm["well_share"] == 0
    assert healthy["answered_during"] > 99 and healthy["well_share"] == 100
    assert 5 <= numbers("cliff edge")["well_share"] <= 95  # luck decides
    assert fixed["answered_during"] > 73 and fixed["answered_after"] > 99 and fixed["well_share"] == 100
    assert over["answered_before"] < 50 and over["well_share"] == 0


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(bulkhead=60.0)[0] and not reached(shed_threshold=0.3)[0] and not reached(bulkhead=10.0)[0]
    day = {"slowdown": 4.0, "error_share": 0.05}
    assert reached(**day, shed_threshold=0.15)[1] and not reached(**day, shed_threshold=0.15, max_retries=0)[1]
    assert not reached(**day, shed_threshold=0.3)[1] and not reached(shed_threshold=0.15)[1], "an easier day"
    crowd = {"reload_share": 1.0, "max_retries": 2}
    assert reached(**crowd, bulkhead=40.0)[2] and not reached(**crowd, bulkhead=160.0)[2]
    assert not reached(**crowd, shed_threshold=0.3)[2] and not reached(max_retries=2, bulkhead=40.0)[2]


def test_the_map_has_two_walls_and_the_upper_comes_down_as_the_database_slows():
    day = {**PANEL.values("storm"), "shed_threshold": np.array([0.02, 0.05, 0.2, 0.3, 0.4, 0.7])}
    by = {slow: show.answered({**day, "slowdown": np.full(6, slow)}, SEED) for slow in (1.2, 2.0, 4.0)}
    assert by[1.2][0] < 0.5 < 0.97 < by[1.2][2:].min(), "too low refuses healthy traffic, too high does no harm"
    assert by[2.0][2] > 0.85 and by[2.0][5] < 0.65, "too high is no limit"
    assert by[4.0][2] > by[4.0][3] + 0.1 and by[2.0][3] > by[2.0][2] - 0.02, "nearer, the slower the database"


def test_between_harmless_and_fatal_lie_two_steps_of_the_slider():
    slow = np.array([1.5, 1.6, 1.7])
    seeds = np.arange(16)[:, None]
    well = np.isfinite(simulate(show.NAIVE.replace(slowdown=slow), seeds, until=150).events["recovered"]).mean(axis=0)
    assert well[0] == 1 and 0 < well[1] < 1 and well[2] == 0


# -- the fleet's panel -----------------------------------------------------------------------------------------------

FLEET = show.FLEET


def fleet_late(**values) -> np.ndarray:
    """Share answered in the last minute, means over eight seeds."""
    known = {name: np.asarray(value) for name, value in FLEET.values().items() if name != "slow_start"}
    one_shape = np.broadcast_shapes(*(np.shape(value) for value in values.values()))
    given = {name: np.broadcast_to(known[name], one_shape) for name in known} | {"slow_start": False} | values
    return np.mean([cascading_fleet.answered_late(given, seed) for seed in range(8)], axis=0)


def test_the_fleets_presets_are_what_they_are_called():
    def at(preset):
        settings = FLEET.settings(preset)
        return FLEET.facts(settings, FLEET.pictures([settings]).at(0), FLEET.full(settings))

    storm, healthy, edge, fixed, over = map(at, ("storm", "healthy", "cliff edge", "fixed", "over-fixed"))
    assert storm["fewest_up"] == 0 and storm["answered_late"] < 25 and storm["well_share"] == 0
    assert healthy["answered_late"] > 99 and healthy["well_share"] == fixed["well_share"] == 100
    assert 5 <= edge["well_share"] <= 95
    assert fixed["answered_late"] > 99 and over["answered_before"] < 90


def test_left_of_the_wall_a_slow_start_brings_the_lost_back_and_right_of_it_nothing_but_a_limit_or_patience():
    left, right = np.array([0.6, 0.7, 0.78]), np.array([0.84, 0.9, 0.97])
    for warmup in (60.0, 180.0):
        cold = fleet_late(utilisation=left, warmup=np.full(3, warmup))
        assert ((cold > 0.93) & (cold < 0.99)).all(), "a few in a hundred go missing"
        assert (fleet_late(utilisation=left, warmup=np.full(3, warmup), slow_start=True) > 0.99).all()
    felled = fleet_late(utilisation=right, warmup=np.full(3, 60.0), slow_start=True)
    assert (felled < 0.4).all() and (np.abs(felled - fleet_late(utilisation=right)) < 0.25).all()
    assert (fleet_late(utilisation=right, limit=np.ones(3)) > 0.97).all()
    assert (fleet_late(utilisation=right[:1], patience=np.full(1, 60.0), warmup=np.full(1, 20.0)) > 0.9).all()


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_fullness_climbs_within_nine_seconds_and_nobody_is_answered_afterwards_with_any_seed():
    trace = simulate(show.NAIVE, np.arange(24), until=150)
    full = np.stack([trace.events[f"{tier}_saturated"] for tier in TIERS])
    assert (np.diff(np.median(full, axis=1)) < 0).all() and np.median(full[0]) <= 39
    assert part(trace, "goodput", 110, 150).max() < 1
    seven = [float(simulate(show.NAIVE, SEED, until=150).events[f"{tier}_saturated"]) for tier in reversed(TIERS)]
    assert seven == [30.0, 37.0, 38.0, 38.5]


def test_the_loudest_stands_in_front():
    naive = simulate(show.NAIVE, SEED, until=150)
    p99 = [part(naive, f"{tier}_p99", 60, 90) for tier in TIERS]
    np.testing.assert_allclose(p99, [10, 8, 5, 2], rtol=0.01)
    assert min(part(naive, f"{tier}_error_ratio", 60, 90) for tier in TIERS) > 0.8


def test_a_door_that_refuses_serves_three_in_four_and_keeps_three_tiers_free():
    shed = simulate(show.SHEDDING, np.arange(12), until=150)
    assert part(shed, "goodput", 40, 90).mean() == pytest.approx(75.5, abs=1.5)
    assert part(shed, "goodput", 110, 150).mean() > 98 and all(
        np.isnan(shed.events[f"{tier}_saturated"]).all() for tier in TIERS[:3]
    )


def test_one_per_cent_takes_the_whole_pool_and_a_wall_costs_fifty_workers():
    assert cascading.busy_workers(10, 30) == 300 and cascading.pool_gone_at(300, 10) == 30
    day = show.MAURER.replace(feature_bulkhead=[np.inf, 50, 50], feature=["required", "required", "optional"])
    hung = simulate(day, np.arange(4)[:, None], until=90)
    good = part(hung, "goodput", 60, 90).mean(axis=0) / part(hung, "offered_rate", 60, 90).mean(axis=0)
    assert good[0] < 0.1 and good[1] == pytest.approx(0.99, abs=0.005) and good[2] > 0.995
    assert 40 < np.median(hung.events["gateway_saturated"][:, 0]) < 45  # 15 s at most: who reloads asks again
    assert hung["reviews_held"][:, :, 1:].max() == pytest.approx(50)


def test_the_numbers_between_which_a_limit_lies():
    assert round(float(cascading.longest_limit(75, 2 - 0.16))) == 138
    assert cascading.busy_workers(100, 0.15) == pytest.approx(15)


def test_a_limit_at_the_database_fails_with_two_retries_and_one_at_the_door_with_none_of_them():
    retries = np.arange(4)
    for limit in ({"shed_threshold": 0.3}, {"bulkhead": 60.0, "bulkhead_at": "stock"}):
        trace = simulate(show.NAIVE.replace(max_retries=retries, **limit), np.arange(6)[:, None], until=150)
        slow, well = part(trace, "goodput", 50, 90).mean(axis=0), part(trace, "goodput", 110, 150).mean(axis=0)
        if "bulkhead" in limit:
            assert (slow[:2] > 74).all() and (slow[2:] < 60).all() and (well[2:] < 60).all()
        else:
            assert (slow > 74).all() and (well > 98).all()
    assert len(show.where_to_refuse().data) == 4


def test_the_table_of_defences():
    table = show.ways_out(seeds=2).data.set_index("defence")
    slow, well = (table[f"answered, database {when}"].str.rstrip(" %").astype(float) for when in ("slow", "well"))
    for good in ("refuse at the gateway from 90 held", "bulkheads of 60 at every tier"):
        assert slow[good] >= 73 and well[good] >= 99
    for useless in ("nothing", "no retries", "three times the gateway's workers"):
        assert slow[useless] < 15 and well[useless] < 1
    assert 20 <= slow["circuit breakers"] <= 33 and well["circuit breakers"] > 98
    assert slow["refuse from 6 held"] < 35 and well["refuse from 6 held"] < 50


def test_too_little_at_the_door_or_in_a_bulkhead_refuses_on_a_good_day():
    tight = show.NAIVE.replace(shed_threshold=[0.02, 1.0], bulkhead=[np.inf, 10], slowdown=1.0)
    day = simulate(tight, SEED, until=150)
    assert (day["goodput"].mean(axis=0) / day["offered_rate"].mean(axis=0)).round(2).tolist() == [0.4, 0.72]
    assert pytest.approx(14, abs=0.2) == 99 * 0.14  # calls in flight to the shop


def test_without_retries_a_lost_reply_is_a_lost_user():
    days = show.NAIVE.replace(slowdown=1.0, error_share=0.01, reload_share=0.0, max_retries=[0, 1])
    failed = simulate(days, SEED, until=150)["error_ratio"].mean(axis=0)
    assert failed[0] == pytest.approx(0.01, abs=0.001) and failed[1] < 0.0002


def test_the_fleet_of_the_lesson_crash_loops_or_keeps_eight():
    ten = replica_fleet.simulate(replica_fleet.Parameters(limit=[np.inf, 1.0]), np.arange(6)[:, None], until=300)
    assert (ten["survivors"].min(axis=0) == [0, 8]).all()
    good = ten["goodput"][-60:].mean(axis=0)
    assert good[:, 0].max() < 400 and good[:, 1].min() > 830
    assert [cascading.survivors(10, rho, 2) for rho in (0.75, 0.79, 0.85)] == [8, 8, 0]


def test_charts_speak_and_lie_on_the_closed_forms():
    sides, walls, bundle = show.before_after(), show.hangs(), show.bundle()
    assert min(len(shown.description) for shown in (sides, walls, bundle)) > 60
    assert sides.png()[:4] == b"\x89PNG"
    run = walls.picture.data["run"]
    np.testing.assert_allclose(run["none"], cascading.busy_workers(10, run["held"]), rtol=0.03)
    np.testing.assert_allclose(run["fifty"], cascading.busy_workers(10, run["held"], 50), rtol=0.1)
    left = bundle.picture.data["run"]
    np.testing.assert_allclose(left["left"], 100 * cascading.bundle_survivors(left["load"] / 100), atol=8)


# -- the lab's figures -----------------------------------------------------------------------------------------------


def blank(*_):
    raise NotImplementedError("blank")


def fill_times(workers, held, rate, capacity, patience):
    return np.where(rate * patience >= workers, (workers - held) / (rate - capacity), np.inf)


def restart(replicas, utilisation, cold, warmup, age):
    return np.minimum(1, cascading.warm_share(age, warmup, cold) / utilisation), age


def test_the_formula_says_when_pools_fill_to_a_few_seconds():
    shown = lab.fills(fill_times, SEED)
    trace = simulate(show.NAIVE, np.arange(12), until=60)
    seen = np.array([np.median(trace.events[f"{pool}_saturated"]) for pool in lab.POOLS])
    late = shown.picture.data["yours"]["at"] - seen
    assert (np.abs(late) < 4.5).all() and (late[1:] > 0).all()  # retries come on top


def test_four_places_keep_ninety_nine_per_cent():
    sizes = np.ceil(2 * np.array([[990.0], [10.0]]) * np.array([[0.14], [0.2]]) - 1e-9)
    assert sizes.ravel().tolist() == [278, 4] and sizes.sum() <= 300
    runs = lab.walled(lambda *_: sizes, SEED)
    assert part(runs["yours"], "goodput", 60, 90) > 980 > 50 > part(runs["no bulkhead"], "goodput", 60, 90)


def test_a_fleet_admitted_by_its_warmth_stays_up():
    runs = lab.back(restart, SEED)
    assert runs["yours"]["survivors"][40:].min() == 10 and runs["the whole load"]["survivors"][40:].min() == 0
    assert restart(10, 0.85, 0.3, 60, 0)[0] == pytest.approx(0.35, abs=0.01)  # a third of the users at once


def test_two_numbers_keep_three_users_in_four():
    runs = lab.defended(lambda *_: (np.array([0.15]), np.array([1])), SEED)
    assert part(runs["yours"], "goodput", 40, 90) > 72 and part(runs["yours"], "goodput", 110, 150) > 98
    assert part(runs["as it was"], "goodput", 110, 150) < 1


def test_the_labs_charts_say_what_is_blank_and_draw_what_is_not():
    for shown, words in (
        (lab.fills(blank, SEED), "fill_times is still blank"),
        (lab.refused(blank), "shed is still blank"),
    ):
        assert words in str(shown.specs)
    done = lab.refused(lambda offered, capacity: np.clip(capacity - np.cumsum(offered, axis=0) + offered, 0, offered))
    assert "still blank" not in str(done.specs) and (done.picture.data["run"]["checkout"] == 20).all()
    assert list(lab.walled(blank, SEED)) == ["no bulkhead"] and list(lab.back(blank, SEED)) == ["the whole load"]
    assert list(lab.defended(blank, SEED)) == ["as it was"] and lab.asked(lambda: ...) is None
