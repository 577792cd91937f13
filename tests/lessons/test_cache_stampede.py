"""What lesson 02 shows and says, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.lessons import cache_stampede as show
from course_lib.models.cache_stampede import Parameters, popularity, simulate
from course_lib.models.trace import Record
from course_lib.theory import caching
from course_lib.view import corners

PANEL = show.PANEL
LAST_MINUTE = slice(-120, None)


def numbers(preset: str, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    return corners.reached(PANEL, PANEL.settings(**values))


def run(seeds=7, until=180, **change):
    return simulate(Parameters(**change), seeds, until=until)


def answered(trace, start, end):
    """Share of requests answered between two times."""
    during = (trace.time > start) & (trace.time <= end)
    return trace["goodput"][during].sum(axis=0) / trace["offered_rate"][during].sum(axis=0)


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert np.isnan(storm["recovery"]) and storm["stand_share"] == 0 and storm["served_after"] < 5
    assert np.isnan(storm["age"]) and storm["load"] == pytest.approx(510, abs=5)
    assert healthy["served_after"] > 99 and healthy["stand_share"] == 100 and healthy["recovery"] == 0
    assert fixed["recovery"] <= 1 and fixed["hottest"] == 1 and fixed["age"] < 15 and fixed["stand_share"] == 100
    assert 10 <= numbers("cliff edge")["stand_share"] <= 90  # luck decides
    assert over["stand_share"] == 100 and 1500 < over["age"] < 2100  # half an hour


def test_the_most_recomputes_of_one_key_are_the_most_at_any_time_and_not_at_the_end_of_a_second():
    ticks = simulate(show.NAIVE, PANEL.seed, until=show.UNTIL)["recomputes_hottest"]
    assert numbers("storm")["hottest"] == ticks.max() > ticks[1::2].max()


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    for number, challenge in enumerate(PANEL.challenges):
        assert reached(**challenge.example)[number], challenge.text
    assert not reached(beta=4.0)[1] and not reached(beta=2.0)[1] and not reached(fill="read_through")[1]
    flushed = {"trigger": "flush", "coalescing": "fleet"}
    assert not reached(**flushed)[2] and not reached(**flushed, ttl=14.0, recompute_time=0.5)[2]
    assert not reached(coalescing="fleet", ttl=14.0)[2], "without the flush"


def test_a_longer_ttl_makes_collapse_rarer_and_beta_does_not_help_a_purged_key():
    stands = [numbers("storm", ttl=ttl)["stand_share"] for ttl in (30.0, 90.0, 3600.0)]
    assert stands == sorted(stands) and stands[0] == 0 and stands[-1] == 100
    assert numbers("storm", beta=1.0)["stand_share"] == 0
    assert numbers("healthy", beta=1.0)["hottest"] < 5 < 60 < numbers("healthy")["hottest"]


# -- watch it fail ---------------------------------------------------------------------------------------------------


def test_the_stampede_of_the_prediction_is_the_closed_forms():
    rate = 500 * popularity(64, 1.0)[0, 0]
    assert rate == pytest.approx(105, abs=1)
    seen = run()["recomputes_hottest"]
    at_61 = float(seen[run().time == 61][0])
    assert at_61 == pytest.approx(caching.stampede_size(3 * rate, 1.0), rel=0.05)


def test_the_last_minute_is_as_told():
    naive = run()
    means = {name: float(naive[name][LAST_MINUTE].mean()) for name in naive.signals}
    assert means["hit_ratio"] == 0 and means["goodput"] < 1
    assert means["origin_load"] == pytest.approx(510, abs=5) and means["origin_throughput"] == pytest.approx(60)
    assert means["origin_wait"] == pytest.approx(17, abs=0.5)
    assert naive.parameters.client_timeout == 3.0


def test_the_quiet_day_has_a_stampede_of_a_hundred_at_96_percent_hits():
    quiet = run(trigger="none")
    hits = 1 - quiet["miss_rate"][40:].sum() / quiet["offered_rate"][40:].sum()
    assert hits == pytest.approx(0.96, abs=0.005) and answered(quiet, 20, 180) > 0.99
    peaks = [quiet["recomputes_hottest"][t : t + 62].max() for t in (40, 100, 160, 220, 280)]
    assert np.mean(peaks) == pytest.approx(100, rel=0.15)
    assert caching.loss_multiplier([0.96, 0.99]) == pytest.approx([25, 100])


def test_the_defended_side_never_notices():
    defended = run(coalescing="fleet")
    assert answered(defended, 20, 180) > 0.995 and defended["origin_load"][10:].max() < 60


# -- take it apart ---------------------------------------------------------------------------------------------------


def test_simulated_stampedes_lie_on_the_closed_forms():
    table = show.stampede_sizes().picture.data["run"]
    for i in range(3):
        np.testing.assert_allclose(table[f"seen{i}"], table[f"form{i}"], rtol=0.06, err_msg=str(i))
    assert table["form1"].max() <= 20 and (table["form2"] == 1).all()


def test_xfetch_at_105_requests_per_second():
    assert caching.refreshes_per_cycle([0.5, 1, 2]).round(2).tolist() == [7.39, 2.72, 1.65]
    assert caching.refresh_lead(105, 1.0, [0.5, 1, 2]).round(1).tolist() == [2.3, 5.2, 11.8]
    assert caching.stampede_size(105, 1.0) == 106


# -- defend ----------------------------------------------------------------------------------------------------------


def test_the_table_of_defences_reads_as_the_text_does():
    table = show.ways_out().data.set_index("alone")
    hot, flush, slow = (table[f"{name} (%)"] for name in ("hot key", "flush", "slow origin"))
    for name in ("nothing", "XFetch, beta 1", "TTL jitter of 10 %"):
        assert max(hot[name], flush[name], slow[name]) <= 5, name
    assert hot["warm-up ramp, 60 s"] <= 5 and 10 < flush["warm-up ramp, 60 s"] < 60
    process = "lock in each of 20 processes"
    assert hot[process] == 100 and 40 <= flush[process] <= 80 and slow[process] == 0  # the event loop says 65 to 71
    stale = "stale while revalidating, 30 s"
    assert hot[stale] == slow[stale] == 100 and flush[stale] < 20
    assert 40 <= hot["XFetch, beta 4"] <= 80 and flush["XFetch, beta 4"] == 0
    for name in ("fleet-wide lock", "lock, XFetch, stale, jitter", "ten times the origin"):
        assert min(hot[name], flush[name], slow[name]) == 100, name
    assert min(hot["queue bound of 100"], flush["queue bound of 100"], slow["queue bound of 100"]) >= 90
    assert (table["price"].str.len() > 0).sum() == len(table) - 1
    assert (table[["hot key (%)", "flush (%)", "slow origin (%)"]] % 10 == 0).all(axis=None)  # no digit chance decides


def late_share(seeds=16, **change):
    """Share answered in the last minute, means over seeds."""
    record = Record(("goodput", "offered_rate"), every=60.0, start=120.0)
    t = simulate(Parameters(**change), np.arange(seeds)[:, None, None], until=180, record=record)
    return (t["goodput"][-1] / t["offered_rate"][-1]).mean(axis=0)


def test_what_is_said_of_xfetch_and_jitter_holds_over_their_sliders():
    values = {control.name: np.array(control.positions) for control in PANEL.controls}
    triggers = np.array(["hot_key", "flush", "brownout"])[:, None]
    beta = values["beta"]
    hot, flush, slow = late_share(beta=beta, trigger=triggers)
    assert beta.tolist() == [0, 0.25, 0.5, 1, 2, 4, 8, 20]
    assert max(hot[beta <= 1]) < 0.15 and max(slow[beta <= 1]) < 0.15 and max(flush) < 0.05
    assert 0.3 < hot[beta == 4][0] < 0.9 and hot[beta == 20][0] < 0.05
    assert late_share(ttl_jitter=values["ttl_jitter"], trigger=triggers).max() < 0.05


def over_the_open_sliders(ttl, trigger, seeds=7, **change):
    """What became of a trigger in the last half-minute, over arrival rates and recompute times: share, wait, hits."""
    grid = np.meshgrid(ttl, [100.0, 500.0, 1000.0], [0.5, 1.0, 2.5])
    ttl, rate, work = (axis.ravel() for axis in grid)
    record = Record(("goodput", "offered_rate", "origin_wait", "hit_ratio"), every=30.0, start=150.0)
    swept = dict(ttl=ttl, arrival_rate=rate, recompute_time=work, trigger=trigger)
    t = simulate(Parameters(**swept, **change), seeds, until=180, record=record)
    return t["goodput"][-1] / t["offered_rate"][-1], t["origin_wait"][-1], t["hit_ratio"][-1]


@pytest.mark.parametrize("trigger", ["hot_key", "flush", "brownout"])
def test_bold_claims_hold_over_the_open_sliders(trigger):
    """Nobody who waits is left to fill; a process lock suffices for one key from 45 s on; stale needs an entry."""
    ttl = np.array([5.0, 30.0, 45.0, 300.0, 3600.0])
    served, wait, hits = over_the_open_sliders(ttl, trigger)
    dead = served < 0.05
    assert dead.sum() > 10 and wait[dead].min() > 3 and hits[dead].max() < 1e-6
    locked = over_the_open_sliders(ttl[2:], trigger, np.arange(4)[:, None], coalescing="process")[0]
    stale = over_the_open_sliders(ttl, trigger, stale_while_revalidate=30.0)[0]
    if trigger == "hot_key":
        assert locked.min() > 0.99
        here = answered(run(np.arange(6)[:, None], ttl=np.array([14.0, 20.0]), coalescing="process"), 120, 180)
        assert here.min(axis=0).round().tolist() == [0, 1]
    else:
        assert locked.min() < 0.5
    assert (stale.min() > 0.99) == (trigger != "flush")


def test_beta_4_refreshes_hot_keys_every_few_seconds():
    assert 30 - caching.refresh_lead(105, 1.0, 4.0) < 5


def test_sentences_say_what_the_runs_say():
    words = show.last_minute(run()).data
    assert "0 % of the requests hit" in words and "finishes 60" in words and "has waited 17 s" in words
    assert show.xfetch_sizes([1.0], 105).data == "β = 1: 2.72 recomputes a cycle, the first 5.2 s early."
    aged = run(trigger="none", ttl=np.array([30, 3600]))
    assert show.late(aged, ("short", "long"), "answer_age").data == "short: 15 s. long: 1810 s, 30 minutes."
    assert "305" not in show.AFTER_THE_GUESS  # the number itself is the model's to say


def test_the_prices_in_the_table_are_true():
    idle = run(origin_capacity=600.0, trigger="none")["utilisation"][40:].mean()
    assert idle == pytest.approx(0.05, abs=0.01)
    assert caching.refreshes_per_cycle(1.0) == pytest.approx(2.7, abs=0.05)


def test_a_process_lock_heals_after_a_flush_and_falls_one_ttl_later_on_some_seeds():
    t = run(np.arange(8), 180, trigger="flush", coalescing="process")
    recovered = np.isfinite(t.events["recovered"])
    fell = answered(t, 120, 180) < 0.5
    assert recovered.all() and 0 < fell.sum() < 8
    assert (answered(t, 80, 90) > 0.95).all()  # looked healed, and the TTL is 30 s
    spread_out = run(np.arange(8), 240, trigger="flush", coalescing="process", ttl_jitter=0.3)
    assert (answered(spread_out, 120, 240) > 0.99).all()


def test_read_through_fills_even_when_readers_gave_up():
    share = answered(run(np.arange(4), 240, trigger="brownout", fill="read_through"), 180, 240)
    assert (share > 0.4).all() and (share < 0.9).all()  # alive, where look-aside is dead, and not well


def test_stale_if_error_hides_the_outage_until_its_window_ends():
    hidden = run(stale_if_error=60.0)
    assert answered(hidden, 60, 125) > 0.97 and answered(hidden, 165, 180) < 0.01
    assert hidden["origin_wait"][hidden.time == 120] > 10  # drowning since the peak


def test_a_lock_without_expiry_and_the_other_over_fixes():
    dying = dict(trigger="none", coalescing="fleet", crash_probability=0.05, lock_expiry=np.array([10, np.inf]))
    assert answered(run(**dying), 120, 180).round(2).tolist() == [1.0, 0.66]
    eager = run(trigger="none", beta=np.array([1.0, 20.0]))
    assert eager["origin_load"][LAST_MINUTE].mean(axis=0).round().tolist() == pytest.approx([16, 509], abs=1)
    assert answered(eager, 120, 180)[1] < 0.01
    aged = run(trigger="none", ttl=np.array([30, 120, 3600]))
    assert aged["answer_age"][LAST_MINUTE].mean(axis=0).round().tolist() == [15, 57, 1810]


@pytest.mark.parametrize("trigger", ["hot_key", "flush", "brownout"])
def test_all_of_them_stand_every_trigger(trigger):
    t = run(np.arange(8), trigger=trigger, **show.EVERYTHING)
    assert answered(t, 60, 180).min() > 0.99


# -- charts ----------------------------------------------------------------------------------------------------------


def test_charts_have_the_same_axes_and_speak():
    chart = show.before_after()
    tops = {
        str(layer["encoding"]["y"].get("scale"))
        for spec in chart.specs
        for layer in spec["layer"]
        if "mark" in layer and layer["mark"].get("type") == "line"
    }
    assert len(tops) == 1
    compared = show.compare({"one": run(), "other": run(coalescing="fleet")}, "origin_load", top=600)
    assert all(len(shown.description) > 60 for shown in (chart, show.stampede_sizes(), compared))
    assert chart.png()[:4] == b"\x89PNG"
