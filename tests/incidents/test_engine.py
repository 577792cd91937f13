"""The engine: logs become schedules, and what is shown up to now depends on the past alone."""

import math

import numpy as np
import pytest

from course_lib.incidents import engine, scenario, truth
from course_lib.incidents.engine import Entry, Step
from course_lib.incidents.scenario import LogError
from course_lib.incidents.truth import Run

QUEUE = scenario.load("queue_overload")


def values(log, name, of=QUEUE, day="incident"):
    return engine.changes(of, log, day, {})[name]


def test_an_action_takes_effect_after_its_delay_and_ends_with_its_time():
    restart = QUEUE.action("restart")
    assert values([Step(200, "restart")], "service_scale") == [
        (0.0, 1.0),
        (200 + restart.delay_s, 0.01),
        (200 + restart.delay_s + restart.lasts_s, 1.0),
    ]


def test_the_later_action_wins_and_undoing_gives_back_what_was_there():
    log = [Step(100, "close_door"), Step(200, "open_door"), Step(300, "open_door", undo=True)]
    assert values(log, "admitted") == [(0.0, 1.0), (110.0, 0.0), (210.0, 1.0), (310.0, 0.0)]


def test_a_short_action_over_a_lasting_one_gives_way_to_it():
    log = [Step(100, "scale_to_zero"), Step(105, "restart")]
    assert values(log, "service_scale") == [(0.0, 1.0), (110.0, 0.01)]


def test_the_world_goes_on_beneath_an_action():
    log = [Step(50, "close_door"), Step(400, "close_door", undo=True)]
    assert values(log, "producer_rate") == [(0.0, 800.0), (60.0, 0.0), (410.0, 900.0)]


def test_on_the_day_after_next_the_same_trigger_comes_once_more():
    assert values([], "orders", day="again") == [
        (0.0, 800.0), (120.0, 1600.0), (270.0, 900.0), (1200.0, 1600.0), (1350.0, 900.0),
    ]  # fmt: skip


def test_a_batch_of_logs_is_bit_for_bit_each_log_alone():
    logs = [(), QUEUE.reference, (Step(130, "restart"), Step(140, "bound")), (Step(200, "pause_producers"),)]
    for many, log in zip(engine.play_many(QUEUE, logs, 3, until=600), logs, strict=True):
        one = engine.play(QUEUE, log, 3, until=600)
        for name in ("depth", "error_ratio", "producer_rate", "admitted"):
            assert np.array_equal(many[name], one[name], equal_nan=True)


def test_the_past_is_the_same_whatever_is_done_later():
    before = engine.play(QUEUE, (), 5)
    after = engine.play(QUEUE, (Step(400, "expire"),), 5)
    early, again = engine.shown(QUEUE, before, 400), engine.shown(QUEUE, after, 400)
    for name, seen in early.signals.items():
        assert np.array_equal(seen, again[name], equal_nan=True)
    assert engine.alarms(QUEUE, before, 400) == engine.alarms(QUEUE, after, 400)


def test_what_was_shown_stays_as_it_was_shown():
    played = engine.play(QUEUE, (), 5)
    whole = engine.shown(QUEUE, played, QUEUE.until)
    for now in (35, 120.5, 600):
        for name, seen in engine.shown(QUEUE, played, now).signals.items():
            known = np.isfinite(seen)
            assert np.array_equal(seen[known], whole[name][: len(seen)][known])


def test_telemetry_is_late_sampled_and_noisy_as_it_says():
    played, told = engine.play(QUEUE, (), 5), {t.signal: t for t in QUEUE.telemetry}
    seen = engine.shown(QUEUE, played, 200)
    known = seen.time[np.isfinite(seen["error_ratio"])]
    assert known.tolist() == [20.0 * k for k in range(1, 10)]  # every 20 s, and 20 s late
    depth, rate = (seen[name][np.isfinite(seen[name])] for name in ("depth", "producer_rate"))
    means = played["producer_rate"][: len(rate) * 10].reshape(-1, 10).mean(axis=1)
    assert 0 < np.abs(rate / means - 1).max() < 5 * told["producer_rate"].noise
    assert len(depth) == 19


def test_an_alert_is_as_late_as_what_it_reads_and_can_be_silenced():
    alarms = engine.alarms(QUEUE, engine.play(QUEUE), QUEUE.until)
    fired = {name: at for at, kind, name in reversed(alarms) if kind == "alert"}
    over = engine.play(QUEUE)
    exact = over.time[(over["depth"] > 20_000).argmax()]
    assert exact + 20 <= fired["lag"] <= exact + 50
    silent = engine.alarms(QUEUE, engine.play(QUEUE, (Step(0, "silence"),)), QUEUE.until)
    assert {name for _, _, name in silent} == {"cpu"}, "what nobody was told of does not clear either"


def test_harm_counts_those_who_are_turned_away():
    closed = engine.play(QUEUE, (Step(0, "close_door"),), until=110)
    assert engine.harm(QUEUE, closed) == pytest.approx(800 * 100 * QUEUE.users.per_request)


def test_an_action_that_is_not_there_is_refused_in_words():
    with pytest.raises(LogError, match=r"no action 'pray': it has expire"):
        engine.play(QUEUE, (Step(10, "pray"),))


def test_the_truth_of_doing_nothing_and_of_a_harmful_action():
    nothing = truth.truth(Run(QUEUE, 1, ()))
    assert nothing.user_minutes == nothing.user_minutes_of_nothing > 2 * nothing.user_minutes_of_reference
    assert math.isnan(nothing.acknowledged) and nothing.detected > nothing.first_signal > nothing.impact_start > 120
    assert nothing.mitigated <= nothing.resolved < QUEUE.until
    worse = truth.truth(Run(QUEUE, 1, (Entry(at=170, kind="ack"), Step(200, "restart"), Step(210, "roll_back"))))
    assert worse.harmful == ("restart",) and worse.useless == ("roll_back",)
    assert worse.acknowledged == 170 and worse.user_minutes > nothing.user_minutes
    assert worse.failed <= worse.requests and worse.share == worse.failed / worse.requests


def test_the_truth_of_a_storm_names_its_amplification():
    storm = scenario.load("retry_storm")
    assert truth.truth(Run(storm, 1, ())).amplification == pytest.approx(4.0, rel=0.05)  # a first try and three more
