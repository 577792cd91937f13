"""What lesson 06 shows and says, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import detect
from course_lib.lessons import dns_outage as show
from course_lib.models.dns_outage import Parameters, simulate
from course_lib.theory import dns
from course_lib.view import corners

PANEL = show.PANEL
H = 300


def facts(preset: str = "storm", **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    return corners.reached(PANEL, PANEL.settings(**values))


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (facts(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["answered"] == pytest.approx(10, abs=1) and storm["lost_both"] == pytest.approx(305, abs=1)
    assert healthy["answered"] == 100 and healthy["lost_outage"] == 0
    assert 20 <= facts("cliff edge")["harmed_share"] <= 80  # luck decides
    assert fixed["answered"] > 99.9 and fixed["follow"] <= 46 and fixed["lost_both"] < 30
    assert storm["lost_empty"] == pytest.approx(900, abs=3) and fixed["lost_empty"] < 310
    assert over["answered"] > 93 and np.isnan(over["follow"]) and over["lost_both"] > 1500


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(stale_limit=3600)[0] and not reached(ttl=5)[0] and not reached(ttl=300)[0]
    assert reached(ttl=20, stale_limit=300)[1] and not reached(ttl=20)[1] and not reached(stale_limit=3600)[1]
    assert reached(ttl=300, negative_ttl=15)[2] and not reached(ttl=300)[2] and not reached(negative_ttl=5)[2]
    assert not reached(ttl=300, stale_limit=86_400)[2], "stale answers do not help"


def test_up_to_the_outage_the_map_has_one_colour_and_beyond_it_another():
    ttl = np.array([5, 60, 300, 300, 900, 1800.0])
    values = {**PANEL.values("storm"), "ttl": ttl, "outage_duration": np.full(6, 600.0)}
    lost = show.lost_on_both(values, 7)
    np.testing.assert_allclose(lost[:4], 10.0, rtol=0.03)
    assert lost[3] < lost[4] < lost[5]
    stale = show.lost_on_both({**values, "stale_limit": 3600.0}, 7)
    np.testing.assert_allclose(stale, ttl / 120, rtol=0.03)


def test_the_rule_moves_with_the_outage_and_goes_where_there_is_none():
    pictures = PANEL.pictures([PANEL.settings(outage_duration=length) for length in (0, 300, 900)])
    edge = pictures.data["edge"]["sampled"][0]
    assert np.isnan(edge[0]) and edge[1:].tolist() == [300, 900]
    kept = pictures.data["curves"]["kept"]
    assert (np.diff(kept[:11, 1]) > -2).all() and (kept[:11, 2] <= kept[:11, 1] + 2).all()


def test_a_single_cache_steps_at_a_time_of_its_own():
    settings = PANEL.settings(caches=1)
    seen = PANEL.pictures([settings]).at(0).data["run"]["outage"]
    assert set(np.unique(seen[14:70].round(-1))) <= {0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}
    assert ((seen[13:72] > 1) & (seen[13:72] < 99)).sum() <= 2


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_not_a_second_is_saved():
    dead = simulate(Parameters(ttl=[30, 300]), 7, until=420)
    moved = simulate(Parameters(ttl=[30, 300], outage_duration=0, change_time=60), 7, until=420)
    lost = [(1 - day["availability"]).sum(axis=0).round().tolist() for day in (dead, moved)]
    assert lost == [[290, 156], [15, 149]]


def test_from_2_s_up_to_the_outage_every_ttl_of_the_panel_loses_the_same():
    ttl = np.array([t for t in show.TTLS if t >= 2.0])[:, None]
    length = np.arange(60.0, 901.0, 120.0)
    drill = show.OUTAGE.replace(ttl=ttl, outage_duration=length)
    dead = 1020 * (
        1 - simulate(drill, 7, until=1020, record=show.Record(("availability",), every=1020))["availability"][0]
    )
    both = dead + dns.lost_in_failover(ttl, 10)
    within = np.broadcast_to(ttl <= length, both.shape)
    spare = 8 + 0.1 * ttl + 0 * length  # failures kept for a while, and a hundred caches' luck
    assert (np.abs(both - length) <= spare)[within].all() and (both > length)[~within & (ttl > 1.5 * length)].all()


def test_stale_answers_break_the_bargain():
    policy = dict(ttl=30, stale_limit=show.STALE)
    dead, moved = (simulate(base.replace(**policy), 7, until=480) for base in (show.OUTAGE, show.FAILOVER))
    assert (1 - dead["availability"]).sum() < 0.5 and (1 - moved["availability"]).sum() == pytest.approx(15, abs=1)


def test_points_lie_on_the_lines_of_the_trade():
    data = show.trade(7).picture.data["run"]
    short = data["sampled"] <= H
    np.testing.assert_allclose(data["both"][short], H, atol=6)
    assert (np.diff(data["both"][~short]) > 0).all() and data["both"][-1] > 3 * H
    np.testing.assert_allclose(data["outage"], dns.lost_in_outage(H, data["sampled"]), rtol=0.1, atol=6)
    np.testing.assert_allclose(data["failover"], dns.lost_in_failover(data["sampled"]), rtol=0.1)


def test_no_ttl_between_a_second_and_the_outage_is_ever_the_best():
    ttl = np.arange(1, 3601)
    best = []
    for outages in np.geomspace(0.01, 100, 60):
        cost = outages * dns.lost_in_outage(H, ttl) + dns.lost_in_failover(ttl)
        best.append(int(ttl[cost.argmin()]))
    assert all(one == 1 or one >= H for one in best) and {1} < set(best)
    told = [int(ttl[(w * dns.lost_in_outage(H, ttl) + dns.lost_in_failover(ttl)).argmin()]) for w in (0.5, 2, 8)]
    assert told == [1, 424, 849]


def test_the_table_of_policies():
    table = show.ways_out(seeds=4).data.set_index("policy")
    lost = table.iloc[:, :3].map(lambda text: float(text.removesuffix(" s")))
    dead, empty, moved = (lost.iloc[:, i] for i in range(3))
    assert dead["nothing"] + moved["nothing"] == pytest.approx(305, abs=3)
    assert dead["TTL 5 s"] + moved["TTL 5 s"] == pytest.approx(305, abs=3)
    stale = "serve-stale, 1 h"
    assert dead[stale] == 0 and moved[stale] == moved["nothing"] and empty[stale] == empty["nothing"] == 900
    assert empty["negative TTL 30 s"] == pytest.approx(285, abs=3)
    keep = "clients keep the last good address"
    assert dead[keep] == empty[keep] == 0 and moved[keep] == moved["nothing"]
    loads = dns.upstream_rate(np.array([60, 5, 30.0]), 10)
    assert (loads[1:] / loads[0]).round().tolist() == [12, 2]


def test_an_empty_record_of_five_minutes_costs_fifteen():
    day = simulate(show.OUTAGE.replace(outage="empty", negative_ttl=[30, 900], stale_limit=86_400), 7, until=1300)
    lost = (1 - day["availability"]).sum(axis=0)
    assert lost[1] == pytest.approx(900, abs=2) and lost[0] < 300 and day["stale_share"].max() < 0.01


def test_an_authority_that_counts_as_down_is_believed_dead_for_eleven_minutes_more():
    day = simulate(Parameters(down_ttl=[0, 900]), 7, until=1200)
    well = day.events["recovered"] - day.events["trigger_ends"]
    assert well[0] <= 11 and 11 * 60 <= well[1] < 12 * 60


def test_a_hijacked_address_lives_for_ttl_and_limit():
    misled = {name: trace["misled_share"] for name, trace in show.hijack(7).items()}
    last = {name: 2 * int(np.flatnonzero(values > 0.01)[-1]) + 2 - 180 for name, values in misled.items()}
    assert last["no serve-stale"] in range(50, 62) and last["limit 2 min"] in range(170, 183)
    assert misled["no limit"][299] > 0.99


def test_a_ttl_of_a_second_is_a_load_and_two_are_not():
    day = simulate(Parameters(ttl=[1, 2, 60], outage_duration=0), 7, until=300)
    failing, asked = (day[name][100:].mean(axis=0) for name in ("error_ratio", "upstream_rate"))
    assert failing.round(2).tolist() == [0.45, 0, 0] and asked.round().tolist() == [127, 95, 3]


def test_retries_drown_a_resolver_and_fewer_queries_save_it():
    day = simulate(Parameters(app_retries=3, ndots=[5, 1]), 7, until=300)
    assert day["query_rate"][30].round().tolist() == [8000, 2000]
    assert day["query_rate"][-1].round().tolist() == [40_000, 16_000]
    assert day["other_error_ratio"][-1].round(2).tolist() == [0.12, 0]


def test_after_an_outage_caches_ask_in_waves():
    day = simulate(Parameters(), 7, until=700)
    assert day["upstream_rate"][:60].mean() == pytest.approx(3.3, abs=0.1)
    assert day["upstream_rate"][370:].max() > 6 * day["upstream_rate"][:60].mean()


def test_each_day_has_a_rule_of_its_own():
    table = detect.table("dns_outage")
    seen = {
        day: {rule: detect.told(table.rules[rule], table.run(day, 7)) for rule in table.rules} for day in table.days
    }
    loud = {day: sorted(rule for rule, told in rules.items() if told != "silent") for day, rules in seen.items()}
    assert loud == {"incident": ["errors", "first"], "stale": ["first"], "empty": ["denied", "errors"],
                    "twin": ["twin"], "quiet": [], "lookalike": ["false_reading"]}  # fmt: skip


def test_charts_have_the_same_axes_and_speak():
    both = show.before_after()
    assert len(show.trade().description) > 60 and "290 s" in both.description and both.png()[:4] == b"\x89PNG"
