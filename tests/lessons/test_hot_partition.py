"""What lesson 04 and its lab show and say, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.labs import hot_partition as hot_key
from course_lib.lessons import hot_partition as show
from course_lib.models.hot_partition import Parameters, partitions, simulate
from course_lib.models.schedule import Schedule
from course_lib.theory import hashing, retries
from course_lib.view import corners

PANEL = show.PANEL
VIRAL = slice(100, 240)


def numbers(preset: str, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    return corners.reached(PANEL, PANEL.settings(**values))


def viral(signal: str, seed=7, **changes) -> np.ndarray:
    return simulate(Parameters(**changes), seed, until=240)[signal][VIRAL].mean(axis=0)


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["answered"] == pytest.approx(90, abs=0.5) and storm["hot_error_ratio"] == pytest.approx(78, abs=0.5)
    assert storm["hottest_utilisation"] > 98 and storm["mean_utilisation"] == pytest.approx(58, abs=0.5)
    assert healthy["hot_error_ratio"] < 0.01 and healthy["latency_p99_hot"] < 0.05 and healthy["harmed_share"] == 0
    assert 10 <= numbers("cliff edge")["harmed_share"] <= 90  # luck decides
    assert fixed["hot_error_ratio"] < 0.01 and fixed["harmed_share"] == 0 and fixed["latency_p99_hot"] < 0.06
    assert fixed["reads_per_read"] == pytest.approx(2.9)
    assert over["hot_error_ratio"] == pytest.approx(35, abs=1) and over["answered"] < storm["answered"] - 10
    assert over["reads_per_read"] == pytest.approx(10.5)


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(partitions=256)[0] and not reached(partitions=128)[0]
    assert reached(salts=10, bounded_load=1.25)[1] and reached(salts=12, cache_ttl=1.0)[1]
    assert not reached(salts=20)[1] and not reached(salts=10)[1] and not reached(salts=10, partitions=256)[1]
    half = {"write_share": 0.5}
    assert reached(**half, cache_ttl=1.0, salts=4)[2] and not reached(**half, cache_ttl=5.0, salts=4)[2]
    assert not reached(**half, cache_ttl=1.0)[2] and not reached(**half, salts=12)[2]
    assert not reached(write_share=0.1, cache_ttl=1.0)[2], "an easier day"


def test_the_bars_stand_side_by_side_and_hold_all_the_load():
    for values in ({}, {"partitions": 8}, {"partitions": 256}, {"split": True}):
        settings = PANEL.settings("storm", **values)
        bars = PANEL.pictures([settings]).at(0).data["profile"]
        there = np.isfinite(bars["demand"])
        order = np.argsort(bars["start"][there])
        start, end = bars["start"][there][order], bars["end"][there][order]
        np.testing.assert_allclose(start[1:], end[:-1])
        assert start[0] == 0 and end[-1] == 1
        assert bars["demand"][there].sum() == pytest.approx(20_000, rel=0.01)
        assert len(start) == PANEL.values(settings)["partitions"] + bool(values.get("split"))


def test_the_map_has_a_wall_at_as_many_sub_keys_as_partitions():
    values = {**PANEL.values("storm"), "salts": np.array([1, 20, 32, 40, 96]), "viral_share": np.full(5, 0.12)}
    answered = show.hot_answered(values, 7)
    assert answered[1] > 0.99 and answered[2] > 0.99 and (answered[[0, 3, 4]] < 0.9).all()


def test_ordinary_keys_make_a_partition_hot_without_a_viral_one():
    lost = viral("rest_error_ratio", viral_share=0.0, zipf_exponent=np.array([0.6, 1.0]))
    assert lost[0] == 0 and lost[1] > 0.1


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_doubling_buys_six_points():
    failing = 100 * viral("hot_error_ratio", partitions=np.array([32, 64]))
    assert failing.round().tolist() == [78, 72]
    assert viral("mean_utilisation", partitions=np.array([32, 64])).round(2).tolist() == [0.58, 0.29]


def test_most_attempts_of_the_hot_partition_are_refused_and_refusing_costs_work():
    attempts, admitted = hashing.throttled(demand=2562.5, capacity=1000, retries=3, rejection_cost=0.05)
    assert (round(attempts), round(admitted, -1)) == (9368, 560)
    seen = partitions(simulate(Parameters(), 7, until=240))["attempts"][VIRAL].mean(axis=0).max()
    assert seen == pytest.approx(attempts, rel=0.02)
    assert viral("hot_throttled_share") == pytest.approx(0.94, abs=0.005)
    assert retries.amplification(0.94, 3) == pytest.approx(3.65, abs=0.01)


def test_the_hottest_of_512_is_still_asked_for_twice_its_capacity():
    loads = (20_000 * hashing.hot_share(0.1, np.array([32, 64, 128, 256, 512]))).round()
    assert loads[0] == 2563 and loads[-1] == pytest.approx(2035)
    assert hashing.usable_partitions(0.1) == 10


def test_simulated_shares_lie_on_the_closed_form():
    chart = show.hot_share(7).picture.data
    for i, share in enumerate((0.2, 0.1, 0.05)):
        expected = 100 * hashing.hot_share(share, chart["run"]["partitions"])
        np.testing.assert_allclose(chart["run"][f"line{i}"], expected, rtol=0.05)


def test_the_band_of_sub_keys():
    run = show.salt_band(7).picture.data["run"]
    good = run["salts"][run["p99"] < 0.1]
    assert 12 <= good[0] <= 14 and good[-1] == 32 and run["p99"][19] < 0.06
    assert run["p99"][[5, 40, 63]].min() > 5
    fits = run["salts"][np.isfinite(run["theory"])]
    assert fits[0] == 8 and fits[-1] == 32


def test_with_nearly_all_other_seeds_the_band_begins_at_nine_to_thirteen():
    runs = [show.salt_band(seed).picture.data["run"] for seed in range(6)]
    begins = np.array([run["salts"][run["p99"] < 0.1][0] for run in runs])
    assert np.mean((begins >= 9) & (begins <= 13)) > 0.9, begins


def test_from_128_partitions_on_a_doubling_changes_less_than_half_a_point():
    shares = [100 * hashing.hot_share(v, np.array([128, 256, 512])) for v in (0.2, 0.1, 0.05, 0.02)]
    assert (np.abs(np.diff(shares, axis=1)) < 0.5).all()


def test_the_table_of_defences():
    table = show.ways_out(seeds=2).data.set_index("alone")
    hot = table["hot key fails"].str.rstrip("%").astype(float)
    others = table["others fail"].str.rstrip("%").astype(float)
    assert hot["salt the hot key, 20 sub-keys"] < 0.1 and hot["partitions three times as big"] < 0.1
    assert hot["three times as many partitions"] == pytest.approx(70, abs=1)
    assert hot["96 sub-keys"] == pytest.approx(35, abs=1) and others["96 sub-keys"] == pytest.approx(27.4, abs=0.4)
    every = "salt every key, 20 sub-keys"
    assert hot[every] > 63 and others[every] > 60 and table["fleet busy"][every] == "100%"
    for frees in ("split for heat, after 30 s", "bounded load 1.25"):
        assert others[frees] < 0.1 and hot[frees] > 60
    assert hot["local cache, 1 s"] > 70 and hot["nothing"] - hot["no retries"] == pytest.approx(14, abs=1)
    assert hot.is_monotonic_increasing


def test_bold_claims_hold_over_the_sliders_they_speak_of():
    ranges = {control.name: np.array(control.positions) for control in PANEL.controls}
    counts, salts = ranges["partitions"], ranges["salts"][[0, 1, 2, 4, 5, 9, 13, -1]]
    hot = viral("hot_error_ratio", partitions=np.minimum(3 * counts[counts >= 32], 512))
    assert hot.min() > 0.6, "three times as many partitions do not cure it"
    assert viral("hot_error_ratio", partitions=counts[counts >= 32], partition_capacity=3000.0).max() < 1e-3
    few, every = salts[(salts > 1) & (salts < 10)], salts[salts >= 10]
    assert viral("hot_error_ratio", salts=salts, salted="every").min() > 0.4
    assert few.size > 2 and viral("mean_utilisation", salts=few, salted="every").max() < 0.99
    assert every.size > 2 and viral("mean_utilisation", salts=every, salted="every").min() > 0.99
    unsalted, *salted = viral("error_ratio", salts=salts, write_share=0.1)
    assert salts[0] == 1 and min(salted) > unsalted, "salting makes reads worse"
    lookups = hashing.reads_per_read(0.9, salts)[1]
    assert (np.diff(lookups) > 0).all(), "readers pay"


def test_a_key_that_is_read_wants_a_cache_and_a_mix_wants_both():
    ways = {"salts": np.array([1, 20, 1, 20]), "cache_ttl": np.array([0.0, 0.0, 1.0, 1.0])}
    read = viral("error_ratio", write_share=0.1, **ways)
    assert read[:3].round(2).tolist() == [0.10, 0.52, 0.0]
    assert viral("staleness", write_share=0.1, **ways)[2] == pytest.approx(0.5, abs=0.05)
    mixed = viral("error_ratio", write_share=0.5, **ways)
    assert mixed[1] > mixed[0] > 0.05 and mixed[2] > 0.03 and mixed[3] < 1e-3


def test_percentiles_of_the_others_look_healthy():
    storm = simulate(Parameters(), 7, until=240)
    assert storm["latency_p99_rest"][VIRAL].mean() == pytest.approx(0.013, abs=0.001)
    assert storm["latency_p99_rest"][:60].mean() == pytest.approx(0.012, abs=0.001)
    assert storm["rest_error_ratio"][VIRAL].mean() == pytest.approx(0.024, abs=0.001)
    assert storm["latency_p99_hot"][VIRAL].mean() == pytest.approx(8.75, abs=0.1)


def test_a_hammered_key_makes_the_same_picture_and_more_requests():
    attack = Parameters(viral_share=1 / 11, arrival_rate=Schedule(20_000, ((60, 22_000), (240, 20_000))))
    naive, hammered = simulate(Parameters(), 7, until=300), simulate(attack, 7, until=300)
    assert hammered["imbalance"][VIRAL].mean() == pytest.approx(naive["imbalance"][VIRAL].mean(), rel=0.1)


def test_charts_have_the_same_axes_and_speak():
    both = show.before_after()
    assert all(len(shown.description) > 60 for shown in (both, show.hot_share(), show.salt_band()))
    assert both.png()[:4] == b"\x89PNG"
    lower = [side["vconcat"][1] for side in both.specs[0]["hconcat"]]
    axes = {str(layer["encoding"]["y"]["scale"]) for chart in lower for layer in chart["layer"] if _is_line(layer)}
    assert len(axes) == 1


def _is_line(layer) -> bool:
    return isinstance(layer.get("mark"), dict) and layer["mark"].get("type") == "line"


# -- the lab's figures -----------------------------------------------------------------------------------------------


def test_the_dashboard_of_the_lab():
    storm = simulate(Parameters(), 7, until=300)
    names = ("mean_utilisation", "error_ratio", "hottest_utilisation", "hot_error_ratio")
    assert [f"{storm[name][VIRAL].mean():.0%}" for name in names] == ["58%", "10%", "100%", "78%"]


def test_the_evidence_of_the_lab():
    storm = simulate(Parameters(), 7, until=300)
    rates = partitions(storm)["demand"]
    had, has = (rows.mean(axis=0) / rows.mean(axis=0).sum() for rows in (rates[:60], rates[60:240]))
    assert (has - had).argmax() == 24
    assert has[24] == pytest.approx(0.127, abs=5e-4) and had[24] == pytest.approx(0.030, abs=5e-4)
    assert (has[24] - had[24]) / (1 - had[24]) == pytest.approx(0.1, abs=5e-4)
    sample, homes = hot_key.sampled(storm)
    keys, counts = np.unique(sample[homes == 24], return_counts=True)
    assert keys[counts.argmax()] == hot_key.A_KEY and counts.max() / len(sample) == pytest.approx(0.1, abs=0.04)


def test_sixteen_times_the_partitions():
    drill = Parameters(partitions=hot_key.COUNTS, viral_start=0.0)
    failing = simulate(drill, 7, until=120)["hot_error_ratio"][60:].mean(axis=0)
    assert (100 * failing[[0, -1]]).round().tolist() == [86, 68]


def test_the_number_of_sub_keys_in_the_lab():
    service = Parameters(zipf_exponent=0.3)
    swept = simulate(service.replace(salts=np.arange(1, 49), viral_start=0.0), 7, until=60)
    p99 = swept["latency_p99_hot"][20:].mean(axis=0)
    assert np.argmax(p99 <= 0.05) + 1 == 15 and (p99[14:32] <= 0.05).all() and (p99[32:] > 1).all()
    hot, rest, writes, count, capacity, objective = hot_key.told(service, 7, 0.05)
    n = np.arange(1, count[0] + 1)
    fits = capacity - rest - hot * (writes / n + 1 - writes) >= 4.6 / objective
    assert n[fits][0] == 16
    assert hashing.reads_per_read(0.9, 16)[1] == pytest.approx(2.5)


def test_the_busiest_partition_of_sixteen_hashed_sub_keys():
    assert 100 * hashing.busiest_bin(16, 32) / 16 == pytest.approx(15, abs=0.5)


def blank(*_):
    raise NotImplementedError("blank")


def test_the_labs_charts_say_what_is_blank_and_draw_what_is_not():
    service = Parameters(zipf_exponent=0.3)
    for shown, words in (
        (hot_key.doublings(blank, 7), "doubling is still blank"),
        (hot_key.placement(blank, 7), "write_key is still blank"),
        (hot_key.salts(service, 7, 0.05, blank), "smallest_salts is still blank"),
    ):
        assert words in str(shown.specs) and shown.png()[:4] == b"\x89PNG"
    assert hot_key.chosen(blank, service, 7, 0.05) is None
    done = hot_key.salts(service, 7, 0.05, lambda *told: (np.array([16]), np.array([2.5])))
    assert "yours: 16" in str(done.specs)
    assert hot_key.asked(lambda: ...) is None
    sweep = hot_key.doublings(lambda counts, share, seed: 0.5 + 0 * counts, 7)
    np.testing.assert_allclose(sweep.picture.data["run"]["yours"], 50)
    spread = hot_key.placement(lambda key, hot, salts, draw: key * 512 + np.floor(draw * salts), 7)
    assert "your sub-keys" in spread.description
