"""Records of event loops: they save time, and cannot hide a change."""

import json
import re

import numpy as np
import pytest

from tests.models import event_loops
from tests.models import retry_chain_oracle as oracle

RUNS = []


def measure(scenario, seed):
    RUNS.append(seed)
    return {"total": scenario["rate"] * seed, "times": [seed, float("nan")]}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    RUNS.clear()
    monkeypatch.setenv(event_loops.MODE, "record")


def replay(folder, rate=2.0, **more):
    return event_loops.replay(oracle, measure, {"rate": rate}, range(3), folder=folder, **more)


def test_a_record_stands_for_the_runs(tmp_path, monkeypatch):
    first = replay(tmp_path)
    monkeypatch.delenv(event_loops.MODE)
    again = replay(tmp_path)
    assert RUNS == [0, 1, 2], "each run was made once"
    assert again["total"].tolist() == [0, 2, 4] and np.isnan(again["times"][:, 1]).all()
    assert all(np.array_equal(first[name], again[name], equal_nan=True) for name in first)


@pytest.mark.parametrize("what", ["scenario", "measure", "loop"])
def test_what_made_a_record_has_changed_so_the_loop_runs(tmp_path, monkeypatch, what):
    replay(tmp_path)
    if what != "scenario":
        real = event_loops.inspect.getsource
        other = measure if what == "measure" else oracle
        monkeypatch.setattr(event_loops.inspect, "getsource", lambda of: real(of) + "#" * (of is other))
    assert replay(tmp_path, rate=3.0 if what == "scenario" else 2.0)["total"][2] in (4, 6)
    assert RUNS == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize("how", ["live", "weekly"])
def test_a_false_record_is_found_where_the_loop_runs(tmp_path, monkeypatch, how):
    replay(tmp_path)
    path = tmp_path / "retry_chain.json"
    records = json.loads(path.read_text())
    seed = 2 if how == "weekly" else 0  # each time the first alone runs
    key = next(key for key, record in records.items() if record["total"] == 2 * seed)
    path.write_text(json.dumps(records | {key: {**records[key], "total": 2 * seed + 0.1}}))
    monkeypatch.setenv(event_loops.MODE, "live" if how == "weekly" else "")
    told = f"seed {seed}: the record says total = {2 * seed + 0.1}, the loop {2.0 * seed}"
    with pytest.raises(AssertionError, match=re.escape(told)):
        replay(tmp_path, live=how == "live")


def test_nothing_is_written_unasked(tmp_path, monkeypatch):
    monkeypatch.delenv(event_loops.MODE)
    replay(tmp_path)
    assert not list(tmp_path.iterdir())
