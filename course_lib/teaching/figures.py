"""Every figure of the instructor's pages, computed from theory and models: the notes name them, and hold none."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.theory import (
    caching,
    detection,
    discovery,
    dns,
    hashing,
    metastable,
    queueing,
    quorum,
    retries,
    rollouts,
    tails,
)

SEED = 7
Figures = dict[str, float]


def of(slug: str) -> Figures:
    """Return a module's figures by name: those of its peer question, and what its prediction asks for (``truth``)."""
    return {name: float(value) for name, value in _OF[slug]().items()}


def _model(slug: str) -> Any:
    return importlib.import_module(f"course_lib.models.{slug}")


def _lesson(slug: str) -> Any:
    return importlib.import_module(f"course_lib.lessons.{slug}")


def _retry_storm() -> dict[str, Any]:
    calls = np.ravel(retries.chain_amplification(1.0, 2, 3)).max()
    naive = _model("retry_storm").simulate(_model("retry_storm").Parameters(), SEED, until=300)
    return {"calls": calls, "adds": 1 + 3 * 2, "one_layer": 1 + 2, "off_by_one": 2**3,
            "truth": naive.events["recovered"] - naive.events["trigger_ends"]}  # fmt: skip


def _cache_stampede() -> dict[str, Any]:
    naive = _model("cache_stampede").simulate(_model("cache_stampede").Parameters(), SEED, until=70)
    return {"rate": 400, "time": 0.5, "size": caching.stampede_size(400.0, 0.5),
            "truth": naive["recomputes_hottest"][naive.time == 61][0]}  # fmt: skip


def _split_brain() -> dict[str, Any]:
    show, simulate = _lesson("split_brain"), _model("split_brain").simulate
    lost = [simulate(way, SEED, until=140)["lost"][-1] for way in (show.NAIVE, show.ELECTED)]
    return {"majority": quorum.majority(6), "six": quorum.tolerated(6), "five": quorum.tolerated(5),
            "truth": 100 * (1 - lost[1] / lost[0])}  # fmt: skip


def _hot_partition() -> dict[str, Any]:
    model = _model("hot_partition")
    doubled = model.simulate(model.Parameters(partitions=64), SEED, until=300)
    return {"limit": hashing.usable_partitions(0.05), "now": 1 / hashing.hot_share(0.05, 64),
            "more": 1 / hashing.hot_share(0.05, 256),
            "truth": 100 * doubled["hot_error_ratio"][100:240].mean()}  # fmt: skip


def _queue_overload() -> dict[str, Any]:
    naive = _model("queue_overload").simulate(_model("queue_overload").Parameters(), SEED, until=600)
    doomed = queueing.first_doomed(300.0, 200.0, 30.0)
    return {"doomed": doomed, "late": doomed + 30.0, "arrivals": 30.0 * 200 / 300,
            "truth": naive.events["recovered"] - naive.events["trigger_ends"]}  # fmt: skip


def _dns_outage() -> dict[str, Any]:
    model = _model("dns_outage")
    days = (model.Parameters(ttl=300), model.Parameters(ttl=300, outage_duration=0, change_time=60))
    lost = sum((1 - model.simulate(day, SEED, until=420)["availability"]).sum() for day in days)
    return {"mean": 100 * dns.mean_failing(300.0, 600.0), "end": 100 * dns.failing_share(300.0, 600.0), "truth": lost}


def _discovery_failure() -> dict[str, Any]:
    naive = _model("discovery_failure").simulate(_lesson("discovery_failure").NAIVE, SEED, until=1200)
    return {"over": 100 * 0.6 / 0.55, "threshold": 100 * discovery.best_threshold(0.6, collapse=True),
            "truth": 100 * naive["error_ratio"][300:].mean()}  # fmt: skip


def _cascading_failure() -> dict[str, Any]:
    naive = _model("cascading_failure").simulate(_lesson("cascading_failure").NAIVE, SEED, until=150)
    late, tiers = naive.time > 110, ("database", "stock", "shop", "gateway")
    full = {tier: naive.time[np.argmax((naive[f"{tier}_utilisation"] >= 0.999) & (naive.time > 30))] for tier in tiers}
    share = naive["goodput"][late].mean() / naive["offered_rate"][late].mean()
    return {**full, "truth": 100 * share}


def _metastable_failure() -> dict[str, Any]:
    show = _lesson("metastable_failure")
    _, back = show.turning_points(show.ramp(show.NAIVE, SEED))
    return {
        "hidden": metastable.hidden_capacity(3000.0, 3),
        "more": metastable.hidden_capacity(4000.0, 3),
        "truth": back,
    }


def _gray_failure() -> dict[str, Any]:
    naive = _model("gray_failure").simulate(_lesson("gray_failure").NAIVE, SEED, until=300)
    probes = tails.probes_to_see(0.1, 3)
    return {"probes": probes, "hours": probes * 10 / 3600, "minutes": 3 / 0.1 * 10 / 60,
            "truth": 100 * naive["slow_pages"][40:110].mean()}  # fmt: skip


def _bad_rollout() -> dict[str, Any]:
    model = _model("bad_rollout")
    staged = model.simulate(model.Parameters(gate="none"), SEED, until=7200)
    return {"looks": 100 * rollouts.false_alarm_of_looks(0.05, 30), "independent": 100 * (1 - 0.95**30),
            "truth": staged["harmed"][-1]}  # fmt: skip


def _repeat_incident() -> dict[str, Any]:
    show = _lesson("repeat_incident")
    before, after = (show.teams(seed=SEED, completion=0.0, page_burn=burn)["failed 2"] for burn in (14.4, 2.0))
    return {"minutes": detection.time_to_alert(0.05, 0.999, 3600.0, 14.4) / 60,
            "burn": detection.burn_rate(0.05, 0.999), "limit": 100 * 14.4 * 0.001,
            "truth": 100 * (1 - after / before)}  # fmt: skip


_OF: dict[str, Callable[[], dict[str, Any]]] = {
    "retry_storm": _retry_storm,
    "cache_stampede": _cache_stampede,
    "split_brain": _split_brain,
    "hot_partition": _hot_partition,
    "queue_overload": _queue_overload,
    "dns_outage": _dns_outage,
    "discovery_failure": _discovery_failure,
    "cascading_failure": _cascading_failure,
    "metastable_failure": _metastable_failure,
    "gray_failure": _gray_failure,
    "bad_rollout": _bad_rollout,
    "repeat_incident": _repeat_incident,
}
