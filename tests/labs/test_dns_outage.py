"""The charts and tables of lab 06: they draw with answers blank and written, and say what the lab says."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.labs import dns_outage as charts
from course_lib.models.dns_outage import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.theory import dns


def blank(*_):
    raise NotImplementedError("Task 1")


def two_days(ttl, outage, seed):
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"][60:].mean(axis=0), moved.events["failed_over"] - 60


def lookup_queries(dots, place, ndots, search):
    return 2 * np.where(dots < ndots, place + 1, np.where(place == search, 1, place + 2))


def best_ndots(dots, place, rate, search):
    return 1 + np.argmin([np.sum(rate * lookup_queries(dots, place, n, search)) for n in range(1, 16)])


def stale(expired_for, heard, waited, limit, withdrawn):
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for < limit) & ~withdrawn


def three_days(outage, availability, failover, denial, takeover, caches, capacity):
    least = np.ceil(4 * caches / capacity)
    return least, least, takeover - least


def test_the_files_say_what_the_lab_reads_in_them():
    rows = [charts.read(conf) for conf in charts.CONFS.values()]
    waits = dns.worst_wait(*([row[name] for row in rows] for name in ("timeout", "attempts", "servers")))
    assert waits.tolist() == [10, 20, 28, 6, 10]
    assert rows[-1] == {"timeout": 5, "attempts": 2, "servers": 1, "ndots": 5, "search": 3}
    table = charts.waits(lambda *told: (dns.worst_wait(*told), told[0])).data
    assert table["nobody answers"].tolist() == ["10 s", "20 s", "28 s", "6 s", "10 s"]
    assert set(charts.waits(blank).data["worst_wait"]) == {"is still blank"} and "worst_wait" not in charts.waits().data


def test_the_pods_names_cost_least_with_neither_advice():
    shown = charts.costs(lookup_queries, best_ndots)
    assert shown.picture.data["run"]["queries"].tolist() == [370, 320, 320, 740, 740, 740, 740, 740]
    assert shown.picture.data["yours"]["ndots"] == [2] and shown.png()[:4] == b"\x89PNG"
    assert "lookup_queries is still blank" in str(charts.costs(blank, blank).specs)


def test_no_ttl_meets_what_the_shop_wants():
    data = charts.curves(two_days, 7).picture.data["run"]
    kept = dict(zip(data["ttl"], data["kept"], strict=True))
    assert kept[60] == pytest.approx(10, abs=2) and kept[300] == pytest.approx(50, abs=5)
    assert kept[1200] == pytest.approx(91, abs=1)
    assert not ((data["kept"] >= 98.5) & (data["follow"] <= 30)).any()
    assert "two_days is still blank" in str(charts.curves(blank, 7).specs)


def test_one_row_of_four_is_served_stale():
    table = charts.rule(stale).data.set_index("the refresh brought")
    assert table.loc["a failure"].tolist() == ["stale", "stale", "-"]
    assert (table.drop("a failure") == "-").all(axis=None)
    assert (charts.rule(blank).data.iloc[:, 1:] == "still blank").all(axis=None)


def test_a_wrong_address_lives_for_ttl_and_limit():
    taken = Parameters(outage=Schedule("wrong", ((180, "dead"),)), outage_duration=900, stale_limit=300)
    wrong = simulate(taken, 7, until=900)["wrong_share"]
    assert np.flatnonzero(wrong > 0.01)[-1] - 179 == pytest.approx(360, abs=2)


def test_the_shops_three_days():
    table = charts.three(three_days, 7).data
    assert table["as it was"].tolist()[:2] == ["10.3%", "60 s"] and table["as it was"][3] == "60 s"
    yours = [float(text.rstrip(" s%")) for text in table["yours"]]
    assert yours[0] >= 98.5 and yours[1] <= 30 and yours[2] <= 60 and yours[3] <= 331 and yours[4] <= 51
    assert set(charts.three(blank, 7).data["yours"]) == {"still blank"} and charts.chosen(blank) is None
