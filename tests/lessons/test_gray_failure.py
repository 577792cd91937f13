"""What lesson 10 and its lab show and say, computed."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from course_lib.labs import gray_failure as lab
from course_lib.lessons import gray_failure as show
from course_lib.models.gray_failure import simulate
from course_lib.theory import tails

PANEL = show.PANEL
SEED = 7
FAULT = slice(40, 110)  # ticks well within the fault


@functools.cache
def numbers(preset: str, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    settings = PANEL.settings(**values)
    return PANEL.reached(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings).at(0))


@functools.cache
def naive():
    return simulate(show.NAIVE, SEED, until=300)


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["slow"] == pytest.approx(60.2, abs=0.1) and storm["red"] == 0 and storm["harmed_share"] == 100
    assert healthy["slow"] < 0.01 and healthy["harmed_share"] == 0
    assert 10 <= numbers("cliff edge")["harmed_share"] <= 90  # luck decides
    assert fixed["slow"] < 0.1 and fixed["copies"] < 5 and fixed["harmed_share"] == 0
    assert over["copies"] > 80 and over["slow"] > 0.9 * fixed["slow"]  # twice the calls for nothing


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(fan_out=500)[0] and not reached(fan_out=200)[0]
    kin = {"dependence": 0.5}
    hedge, eject = {"hedge_delay": 0.03, "hedge_budget": 0.05}, {"ejection_cap": 0.1}
    assert reached(**kin, **hedge, **eject)[1]
    assert not reached(**kin, **hedge)[1] and not reached(**kin, **eject)[1]
    assert not reached(**hedge, **eject)[1], "an easier day"
    sink = {"fault": "sinkhole", "balancer": "least_outstanding"}
    assert reached(**sink, error_penalty=5.0)[2] and not reached(**sink)[2]
    assert not reached(**sink, **eject)[2] and not reached(**sink, error_penalty=0.1)[2]


def test_the_map_slopes_with_fan_out_and_with_the_slow_fraction():
    base = PANEL.values("storm")
    n, p = np.array([1, 10, 100, 1000]), np.array([0.05, 0.2, 0.6, 1.0])
    by_n = show.in_time({**base, "fan_out": n, "slow_fraction": np.full(4, 0.2)}, SEED)
    by_p = show.in_time({**base, "fan_out": np.full(4, 100), "slow_fraction": p}, SEED)
    assert (np.diff(by_n) < 0).all() and (np.diff(by_p) < 0).all() and by_n[0] > 0.99 and by_n[3] < 0.01
    late = 0.05 * 0.2 * tails.lognormal_survival(0.5, 1.0, 0.5)
    np.testing.assert_allclose(1 - by_n, tails.any_slow(late, n), rtol=1e-4)


def test_the_fleet_is_as_busy_whatever_the_fan_out():
    busy = [simulate(show.parameters({**PANEL.values("healthy"), "fan_out": n}), SEED, until=60)["utilisation"].mean()
            for n in show.FAN_OUTS]  # fmt: skip
    assert np.allclose(busy, 0.177, atol=0.02)


def test_deeper_checks_see_nothing_of_one_failure_in_five():
    assert numbers("storm", check_depth=1.0)["slow"] == pytest.approx(60.2, abs=1.0)


def test_a_copy_after_200_ms_is_nearly_as_good_with_less_than_half_the_copies():
    early, late = (numbers("storm", hedge_delay=d) for d in (0.03, 0.2))
    assert late["slow"] < early["slow"] + 0.1 and late["copies"] < 0.5 * early["copies"]


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_the_numbers_of_the_default_picture():
    run = naive()
    assert 100 * run["slow_pages"][FAULT].mean() == pytest.approx(60.2, abs=0.1) and run["red_share"].max() == 0
    before, during = ({n: 1000 * run[n][row] for n in ("leaf_p50", "leaf_p99", "page_p50")} for row in (20, 80))
    assert before["leaf_p50"] == pytest.approx(10, abs=0.1) and during["leaf_p50"] == pytest.approx(10, abs=0.2)
    assert during["leaf_p99"] == pytest.approx(125, abs=4)  # an eighth of a second
    assert during["page_p50"] > during["leaf_p99"]
    assert 0.15 < run["utilisation"][20] < 0.25  # a fifth busy


def test_the_pages_median_is_worse_than_the_calls_p99_wherever_fan_out_is_a_hundred():
    """Half of the pages of n calls need a share 0.5^(1/n) of the calls: more than 99 % from n = 69 on."""
    drill = show.NAIVE.replace(slow_fraction=np.linspace(0, 1, 6)[:, None], fan_out=[69, 100, 1000])
    run = simulate(drill.replace(request_rate=10.0), SEED, until=100)
    assert (run["page_p50"][-1] > run["leaf_p99"][-1]).all()


def test_a_rule_of_three_in_a_row_does_not_see_a_host_that_fails_now_and_then():
    deep = show.NAIVE.replace(check_depth=1.0, slow_fraction=[0.05, 0.1, 0.2])
    run = simulate(deep, np.arange(30)[:, None], until=240)
    assert (run["red_share"].mean(axis=(0, 1)) < 0.0005).all()  # of hosts; 0.05 would be both, all the time
    assert run["probe_failures"][80, 0].max() == pytest.approx(0.1, abs=0.005)


def test_points_lie_on_the_curves():
    chart = show.fan_out().picture.data
    for name, slow in (("hundredth", 0.2), ("thousandth", 0.02)):
        late = 0.05 * slow * float(tails.lognormal_survival(0.5, 1.0, 0.5))
        np.testing.assert_allclose(chart["run"][name], 100 * tails.any_slow(late, chart["run"]["n"]), rtol=1e-3)
    assert tails.any_slow(0.0011 * 0.92, 100) == pytest.approx(1 / 11, abs=0.01)


def test_the_table_of_defences():
    table = show.ways_out(seeds=2).data.set_index("defence")
    slow, calls = (table[name].str.rstrip(" %").astype(float) for name in ("slow pages", "more calls"))
    for vain in ("nothing", "checks that do what a call does", "tied copies"):
        assert slow[vain] == pytest.approx(60.2, abs=0.5)
    assert slow["a copy after 30 ms"] == pytest.approx(0.44, abs=0.03) and calls["a copy after 30 ms"] < 3
    assert 3 < slow["ejection, at most a tenth"] < 5 and slow["copies and ejection"] < 0.05
    assert slow["a copy after 30 ms, a shared cause"] == pytest.approx(35, abs=1)


def test_the_balancers_table():
    table = show.balancers().data.set_index("a call goes to")
    fails = table["the host fails at once"].str.rstrip("%").astype(float)
    assert fails.to_dict() == pytest.approx({"each in turn": 10, "the better of two": 20, "the least busy": 65}, abs=1)
    counted = table["the host fails at once, counted as 5 s"].str.rstrip("%").astype(float)
    assert counted["the least busy"] <= 0.1 and counted["the better of two"] <= 0.1
    assert table["the host limps"].str.rstrip("%").astype(float)["the least busy"] < 1
    busier = show.NAIVE.replace(hosts=10, impaired_hosts=1, request_rate=100.0, fault="sinkhole")
    drawn = simulate(busier.replace(balancer="least_outstanding"), SEED, until=100)["impaired_share"]
    assert drawn[-1] == pytest.approx(0.8, abs=0.02)  # of more calls more


def test_the_worst_day():
    worst = show.NAIVE.replace(**show.HEAVY, hedge_delay=[np.inf, 0.03, 0.03], hedge_budget=[1.0, 1.0, 0.05])
    day = simulate(worst, SEED, until=300)
    assert day["utilisation"][100, 0] == pytest.approx(0.7, abs=0.06)
    assert day["slow_pages"][60:].mean(axis=0) == pytest.approx([0, 1, 0], abs=0.005)
    assert day["hedge_share"][100, 1] > 0.99 and day["slow_pages"][-1, 1] > 0.99  # nor does it recover


def test_a_deep_check_of_what_all_share_takes_the_fleet_out():
    shared = show.NAIVE.replace(impaired_hosts=40, slow_fraction=1.0, slow_time=2.0, fan_out=20, timeout=10.0,
                                check_timeout=0.5, check_depth=[0.0, 1.0])  # fmt: skip
    failed = simulate(shared, np.arange(6)[:, None], until=300)["page_errors"][50:120].mean(axis=(0, 1))
    assert failed[0] < 0.03 and failed[1] > 0.6


def test_a_shared_cause_makes_copies_worth_next_to_nothing():
    kin = show.NAIVE.replace(hedge_delay=0.03, dependence=[0.0, 0.5, 1.0])
    slow = simulate(kin, SEED, until=240)["slow_pages"][40:].mean(axis=0)
    assert slow[0] < 0.005 and slow[1] == pytest.approx(0.35, abs=0.01) and slow[2] > 0.55


def test_charts_have_the_same_axes_and_speak():
    for shown in (show.before_after(), show.fan_out()):
        assert len(shown.description) > 60
    sides = show.before_after().specs[0]["hconcat"]
    lines = [layer for side in sides for layer in side["layer"] if _is_line(layer)]
    assert len({str(layer["encoding"]["y"]["scale"]) for layer in lines}) == 1 and len(lines) == 3


def _is_line(layer) -> bool:
    return isinstance(layer.get("mark"), dict) and layer["mark"].get("type") == "line"


# -- the lab's figures -----------------------------------------------------------------------------------------------


def test_one_limping_host_leaves_the_dashboard_green_and_a_copy_always_finds_another():
    run = simulate(lab.SERVICE.replace(hedge_delay=[np.inf, 0.03]), SEED, until=200)
    assert run["slow_pages"][80, 0] == pytest.approx(0.6, abs=0.01) and run["red_share"].max() == 0
    assert run["utilisation"][80, 0] < 0.25 and run["slow_pages"][80, 1] < 0.001


def good_limping(counts, edges):
    p99 = lambda c: edges[(c.cumsum(-1) >= 0.99 * c.sum(-1, keepdims=True)).argmax(-1)]  # noqa: E731
    bad = (counts.sum(-1) >= 1000) & (p99(counts) > 3 * p99(counts.sum(1, keepdims=True) - counts))
    return np.where(bad.any(1), bad.argmax(1), -1)


def test_the_labs_fleet_has_one_host_that_limps_and_one_with_too_few_calls():
    counts = lab.histograms(SEED)
    accused = int(good_limping(counts, tails.BINS)[0])
    few = int(counts[0].sum(axis=1).argmin())
    at = tails.BINS[(counts[0].cumsum(-1) >= 0.99 * counts[0].sum(-1, keepdims=True)).argmax(-1)]
    assert set(np.flatnonzero(at > 0.5)) == {accused, few} and counts[0, few].sum() == 200
    assert 3 <= counts[0, few, tails.BINS > 0.3].sum() <= 14  # a handful


def good_settings(median, spread, hosts, limping, busiest):
    cap = limping / hosts
    room = 0.95 * (1 - cap) / busiest - 1
    return median * np.exp(1.645 * spread), np.clip(room, 0, 0.05), cap


def test_everything_is_best_on_the_bad_day_and_an_outage_on_the_worst():
    bad, worst = (lab.days(good_settings, SEED, worst=day) for day in (False, True))
    mean = lambda runs: {name: run["slow_pages"][30:120].mean() for name, run in runs.items()}  # noqa: E731
    assert mean(bad)["everything"] < mean(bad)["yours"] < 0.05 < 0.5 < mean(bad)["nothing"]
    assert mean(worst)["yours"] < 0.01 > mean(worst)["nothing"] and mean(worst)["everything"] > 0.9
    assert worst["everything"]["slow_pages"][-1] > 0.9  # outlasts its cause
    bumps = np.diff((bad["yours"]["slow_pages"] > 0.05).astype(int)) == 1
    assert bumps.sum() == 3 and bad["yours"]["hedge_share"].max() <= 0.05 + 1e-9


def blank(*_):
    raise NotImplementedError("blank")


def test_the_labs_charts_say_what_is_blank_and_draw_what_is_not():
    counts = lab.histograms(SEED)
    for shown, words in (
        (lab.percentiles(counts, blank), "limping is still blank"),
        (lab.ejected(blank, SEED), "eject is still blank"),
        (lab.drawn(blank), "weights is still blank"),
    ):
        assert words in str(shown.specs)
    even = lambda latency, *_: np.full(latency.shape, 1 / latency.shape[1])  # noqa: E731
    assert "your weights" in str(lab.drawn(even).specs)
    assert "you eject" in str(lab.ejected(lambda sent, *_: sent > 1e9, SEED).specs)
    assert "still blank" not in str(lab.percentiles(counts, good_limping).specs)
    assert list(lab.days(blank, SEED, worst=True)) == ["nothing", "everything"]
    assert lab.asked(lambda: ...) is None
