"""The second panel of lesson 08: replicas that share a load, of which a few leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.drills.replica_fleet import Parameters, simulate
from course_lib.models.trace import Record
from course_lib.view import style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import DAY, DEFENCES, Challenge, Panel, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart

UNTIL = 300.0  # seconds shown
START, END = 30.0, 150.0  # when the lost are away
LATE = UNTIL - 60.0
BASE = Parameters()


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    names = ("goodput", "offered_rate", "survivors")
    trace = simulate(FLEET.parameters(values), seed, until=UNTIL, record=Record(names, every=1.0))
    curves = {name: trace[name].reshape(len(trace.time), -1) for name in names}
    data = {
        "run": {"time": trace.time, "goodput": curves["goodput"], "up": curves["survivors"]},
        "regions": {"kind": [0.0], "start": [START], "end": [END]},
    }
    return Picture(data, _numbers(trace.time, curves))


def _numbers(time: NDArray[Any], curves: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    found = {"fewest_up": curves["survivors"].min(axis=0)}
    for name, (begin, end) in {"before": (0.0, START), "during": (START, END), "late": (LATE, UNTIL)}.items():
        rows = (time > begin) & (time <= end)
        good, offered = (np.add.accumulate(curves[key][rows], axis=0)[-1] for key in ("goodput", "offered_rate"))
        found[f"answered_{name}"] = np.minimum(100 * good / np.maximum(offered, 1.0), 100.0)
    return found


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of goodput, and how many are well afterwards."""
    trace = simulate(FLEET.parameters(values), seeds, until=UNTIL, record=Record(("goodput",), every=1.0))
    low, high = middle(trace["goodput"])
    well = 100 * np.isfinite(trace.events["recovered"]).mean()
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"well_share": well})


def answered_late(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of the requests answered in the last minute, one a setting: 1 all, 0 none."""
    record = Record(("goodput", "offered_rate"), every=UNTIL - LATE, start=LATE)
    trace = simulate(FLEET.parameters(values), seed, until=UNTIL, record=record)
    return np.minimum(np.ravel(trace["goodput"][-1]) / np.maximum(np.ravel(trace["offered_rate"][-1]), 1.0), 1.0)


MAP = PhaseMap("utilisation", "warmup", answered_late, "answered late (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: replicas up, requests answered, and the phase map."""
    x, words = style.time_axis(UNTIL), {0: "lost ones away"}
    up = alt.Y("up", type="quantitative", title="up (replicas)", scale=alt.Scale(domain=[0, 11]))
    said = "Over 300 seconds: how many of ten replicas are up, cold ones included."
    above = alt.layer(style.regions(labels=words), style.line("run", "time", "up", "naive", x=x, y=up))
    title = "answered (requests/s)"
    below = alt.layer(
        style.regions(labels=words),
        style.band("band", "time", "low", "high", "naive", x=x, y=style.amount_axis("low", title, top=1050.0)),
        style.line("run", "time", "goodput", "naive", x=x, y=style.amount_axis("goodput", title, top=1050.0)),
    )
    told = "Over 300 seconds: requests per second that are answered; the band is 32 seeds."
    return [
        above.properties(height=170, description=said),
        below.properties(height=170, description=told),
        map_chart(MAP, *FLEET.map_titles()),
    ]


NO_LIMIT = float("inf")
FLEET = Panel(
    title="Ten replicas, of which two leave",
    description=(
        "Above, over 300 seconds, how many of ten replicas are up and how many requests per second they answer; beside "
        "it a map of which utilisation and which warm-up leave how many requests answered in the last minute."
    ),
    controls=(
        Slider.of(Parameters, "utilisation", "utilisation", low=0.5, high=0.98, step=0.01),
        Slider.of(Parameters, "warmup", "warm-up", values=(5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0),
                  group=DEFENCES),
        Slider.of(Parameters, "patience", "health check waits", values=(10.0, 15.0, 20.0, 30.0, 45.0, 60.0),
                  group=DEFENCES),
        Slider.of(Parameters, "limit", "limit", values=(0.7, 0.8, 0.9, 1.0, 1.1, NO_LIMIT)),
        Switch("slow_start", "slow start", more=True),
        Slider.of(Parameters, "lost", "replicas lost", low=0, high=5, step=1, more=True, group=DAY),
    ),
    presets={
        "storm": {},
        "healthy": {"utilisation": 0.7, "warmup": 20.0},
        "cliff edge": {"utilisation": 0.81},
        "fixed": {"limit": 1.0},
        "over-fixed": {"limit": 0.7},
    },
    captions={
        "storm": "85 % busy, and two of ten leave for two minutes",
        "healthy": "70 % busy: the eight that stay run at 88 %, and a replica is warm in 20 s",
        "cliff edge": "81 % busy: the eight that stay run at 101 %",
        "fixed": "no replica is given more than it can do now; the rest is refused",
        "over-fixed": "none is given more than 70 % of that, on a good day too",
    },
    default="storm",
    base=BASE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("fewest_up", "fewest up", "replicas"),
        Readout("answered_before", "answered before", "%"),
        Readout("answered_during", "answered, two away", "%"),
        Readout("answered_late", "answered in the last minute", "%"),
        Readout("well_share", "seeds well again", "%"),
    ),
    challenges=(
        Challenge(
            "Storm, and 99 % answered in the last minute with nobody refused before",
            lambda now: now["answered_late"] > 99 and now["answered_before"] > 99.5,
            example={"limit": 1.0},
            at="storm",
        ),
        Challenge(
            "Storm, but at 90 % and without a limit: 95 % answered in the last minute",
            lambda now: now["limit"] == NO_LIMIT and now["answered_late"] > 95,
            example={"utilisation": 0.9, "warmup": 10.0, "patience": 60.0},
            at="storm",
            but={"utilisation": 0.9},
        ),
        Challenge(
            "Storm, but at 82 % with a warm-up of three minutes: without a limit, 99 % in the last minute",
            lambda now: now["limit"] == NO_LIMIT and now["warmup"] == 180 and now["answered_late"] > 99,
            example={"utilisation": 0.82, "warmup": 180.0, "patience": 60.0, "slow_start": True},
            at="storm",
            but={"utilisation": 0.82},
        ),
    ),
    assumptions=(
        "ten replicas of 100 requests/s; each is given the same, or with a slow start by what it can do",
        "a cold replica does 30 % of its capacity; a restart takes 30 s",
        "a health check kills whoever is overloaded for that long, give or take a quarter",
        "what a replica cannot do is lost, and users do not try again; the band is the middle 80 % of 32 seeds",
    ),
    units={"goodput": "requests/s", "up": "replicas", "time": "s"},
)  # fmt: skip
