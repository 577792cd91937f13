"""What a learner sees of a cascading failure: the default picture, the panel, its challenges, and the phase map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.lessons.cascading_fleet import FLEET as FLEET
from course_lib.models.cascading_failure import TIERS, Parameters, simulate
from course_lib.models.drills import replica_fleet
from course_lib.models.trace import Record, Trace
from course_lib.theory import cascading
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Panel, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 150.0  # seconds shown
STEP = 1.0  # seconds between two points of a line
START, END = 30.0, 90.0  # when the database is slow
TOP = 240.0  # requests/s, end of the axis: twice the load is answered where all reload and a queue is worked off
USED = tuple(f"{tier}_utilisation" for tier in TIERS)
NAIVE = Parameters()
SHEDDING = NAIVE.replace(shed_threshold=0.3)
MAURER = Parameters(trigger="feature", arrival_rate=1000.0, database_workers=120, shop_workers=600, stock_workers=500)
"""A gateway of 300 workers and a thousand requests a second, of which one in a hundred wants the reviews."""


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    names = ("goodput", "offered_rate", *USED)
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(names, every=STEP))
    curves = {name: trace[name].reshape(len(trace.time), -1) for name in names}
    full = np.stack([np.ravel(trace.events[f"{tier}_saturated"]) for tier in TIERS])
    data = {
        "run": {"time": trace.time, "goodput": curves["goodput"]},
        "strip": {"time": trace.time - STEP, "end": trace.time, **_percent(curves)},
        "full": {"tier": np.arange(4.0), "at": full},
        "regions": {"kind": [0.0], "start": [START], "end": [END]},
    }
    return Picture(data, _numbers(trace.time, curves, full))


def _percent(curves: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {tier: 100 * curves[name] for tier, name in zip(TIERS, USED, strict=True)}


def _numbers(time: NDArray[Any], curves: Mapping[str, NDArray[Any]], full: NDArray[Any]) -> dict[str, Any]:
    """What the settings come to: answered of the users' requests before, in and after the trouble."""
    parts = {"before": (10.0, START), "during": (START, END), "after": (END + 10.0, UNTIL)}
    found = {}
    for name, (begin, end) in parts.items():
        rows = (time > begin) & (time <= end)
        good, offered = (np.add.accumulate(curves[key][rows], axis=0)[-1] for key in ("goodput", "offered_rate"))
        found[f"answered_{name}"] = np.minimum(100 * good / np.maximum(offered, 1.0), 100.0)
    return found | {"gateway_full": full[0], "database_full": full[3]}


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of goodput, and how many are well afterwards."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("goodput",), every=STEP))
    low, high = middle(trace["goodput"])
    well = 100 * np.isfinite(trace.events["recovered"]).mean(axis=-1)
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"well_share": well})


def answered(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of the users' requests answered from the trouble on, one a setting: 1 all, 0 none."""
    record = Record(("goodput", "offered_rate"), every=120.0, start=START)
    trace = simulate(parameters(values), seed, until=UNTIL, record=record)
    return np.minimum(np.ravel(trace["goodput"][-1]) / np.maximum(np.ravel(trace["offered_rate"][-1]), 1.0), 1.0)


MAP = PhaseMap("slowdown", "shed_threshold", answered, "answered (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: the strips and the run, one above the other, and the phase map."""
    return [_strips_chart().properties(height=230), _run_chart(), map_chart(MAP, *PANEL.map_titles())]


def _strips_chart(name: str = "", clock: bool = True) -> alt.LayerChart:
    """Return a strip a tier, coloured by the share of its workers held, with the second at which it was full."""
    x = style.time_axis(UNTIL).axis(tickCount=6, **({} if clock else {"title": None, "labels": False}))
    y = alt.Y("tier:N", sort=list(TIERS), title="", scale=alt.Scale(domain=list(TIERS), paddingInner=0.12))
    scale = alt.Scale(domain=[0, 100], range=["#c9d6e2", style.PALETTE["vermilion"]], interpolate="rgb")
    legend = alt.Legend(orient="top", gradientLength=160, gradientThickness=8, title="workers held (%)", titleLimit=200)
    colour = alt.Color("used:Q", scale=scale, title="workers held (%)", legend=legend)
    cells = alt.Chart(alt.NamedData(f"{name}strip")).transform_fold(list(TIERS), as_=["tier", "used"])
    words = alt.Chart(alt.NamedData(f"{name}full")).transform_filter("isValid(datum.at)").transform_calculate(
        tier=f"{list(TIERS)}[datum.tier]", words="'full at ' + format(datum.at, '.0f') + ' s'"
    )  # fmt: skip
    mark = dict(align="left", dx=4, fontWeight="bold", color="#24292f")
    rules = alt.Chart(alt.NamedData(f"{name}regions")).mark_rule(strokeDash=[3, 3], color=style.INK)
    said = "Over 150 seconds, a strip for each tier: the share of its workers that are held, and when it was full."
    return alt.layer(
        cells.mark_rect(clip=True).encode(x=x, x2="end", y=y, color=colour),
        rules.encode(x="start:Q"), rules.encode(x="end:Q"),
        words.mark_text(**mark).encode(x=alt.X("at:Q"), y=y, text="words:N"),
    ).properties(description=said)  # fmt: skip


def _run_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "answered (requests/s)"
    said = "Over 150 seconds: requests per second that are answered while the user is there; the band is 32 seeds."
    y = style.amount_axis("goodput", title, top=TOP)
    return alt.layer(
        style.regions(labels={0: "database slow"}),
        style.band("band", "time", "low", "high", "naive", x=x, y=style.amount_axis("low", title, top=TOP)),
        style.line("run", "time", "goodput", "naive", x=x, y=y),
    ).properties(height=170, description=said)


SHED = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
BULKHEADS = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0, 120.0, 160.0, 200.0, float("inf"))
PANEL = Panel(
    title="Four tiers and a slow database",
    description=(
        "Above, over 150 seconds, a strip for each of four tiers, coloured by the share of its workers that are held; "
        "below, requests answered per second; beside them a map of which slowdowns and which threshold at the door "
        "keep how many requests."
    ),
    controls=(
        Slider.of(Parameters, "shed_threshold", "shed from", values=SHED),
        Slider.of(Parameters, "bulkhead", "bulkhead", values=BULKHEADS),
        Slider.of(Parameters, "max_retries", "retries at each tier", low=0, high=3, step=1),
        Slider.of(Parameters, "slowdown", "database slower", low=1.0, high=5.0, step=0.1),
        Switch("breaker", "circuit breakers", more=True),
        Slider.of(Parameters, "stock_timeout", "stock waits", low=1.0, high=8.0, step=0.5, more=True),
        Slider.of(Parameters, "error_share", "replies lost", values=(0.0, 0.01, 0.02, 0.05, 0.1), more=True),
        Slider.of(Parameters, "reload_share", "users reload", low=0.0, high=1.0, step=0.1, more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"slowdown": 1.2},
        "cliff edge": {"slowdown": 1.6},
        "fixed": {"shed_threshold": 0.3},
        "over-fixed": {"shed_threshold": 0.02},
    },
    captions={
        "storm": "queries take twice as long for a minute, and nobody refuses anything",
        "healthy": "a fifth longer: the database still does 125 a second",
        "cliff edge": "the database can do 94 a second of the 100 that it is asked for",
        "fixed": "the gateway refuses at the door what finds 90 of its 300 workers held",
        "over-fixed": "it refuses from six workers on, on a good day too",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    together=8,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("answered_during", "answered, database slow", "%"),
        Readout("answered_after", "answered afterwards", "%"),
        Readout("answered_before", "answered before", "%"),
        Readout("database_full", "database full at", "s"),
        Readout("gateway_full", "gateway full at", "s"),
        Readout("well_share", "seeds well again", "%"),
    ),
    challenges=(
        Challenge(
            "Keep the gateway from filling up without shedding at its door, and answer 70 % while the database is slow",
            lambda now: now["shed_threshold"] == 1 and now["answered_during"] > 70 and not now["gateway_full"] > 0,
            example={"bulkhead": 60.0},
            at="storm",
        ),
        Challenge(
            "Storm, but queries take four times as long and 5 % of the replies are lost: 98 % answered before, 35 % "
            "during and 98 % after",
            lambda now: now["answered_before"] > 98 and now["answered_during"] > 35 and now["answered_after"] > 98,
            example={"slowdown": 4.0, "error_share": 0.05, "shed_threshold": 0.15},
            at="storm",
            but={"slowdown": 4.0, "error_share": 0.05},
        ),
        Challenge(
            "Storm, but everybody who fails reloads: without a limit at the door, 73 % during and 99 % after, with two "
            "retries at each tier",
            lambda now: (
                now["answered_during"] > 73
                and now["answered_after"] > 99
                and now["max_retries"] == 2
                and now["shed_threshold"] == 1
            ),
            example={"reload_share": 1.0, "max_retries": 2, "bulkhead": 40.0},
            at="storm",
            but={"reload_share": 1.0},
        ),
    ),
    assumptions=(
        "100 requests/s; 300, 240, 200 and 12 workers; own work 10, 30, 30 and 80 ms; one page in 100 wants reviews",
        "users wait 10 s, the gateway 8, the shop 5, the stock service 2; a retry comes half a second later",
        "nobody cancels a call that its caller has given up on; queues are first in, first out",
        "a gateway that sheds keeps no queue; the band is the middle 80 % of 32 seeds",
    ),
    units={"goodput": "requests/s", "time": "s"},
)


# -- pictures without sliders ----------------------------------------------------------------------------------------

COLUMN = 270  # pixels: two side by side fit a laptop


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: four tiers that nobody protects, beside the same four behind a door that refuses."""
    cases = {"naive": ("nobody refuses anything", NAIVE), "shed": ("the gateway refuses from 90 held", SHEDDING)}
    data: dict[str, Any] = {}
    sides = []
    for name, (words, changed) in cases.items():
        trace = simulate(changed, seed, until=UNTIL, record=Record(("goodput", *USED), every=STEP))
        data |= {f"{name} {key}": value for key, value in _side_data(trace).items()}
        strips = _strips_chart(f"{name} ", clock=False).properties(width=COLUMN, height=130, title=words)
        sides.append(alt.vconcat(strips, _goodput(name, first=name == "naive"), spacing=6))
    said = (
        "Two columns, one seed, a database that takes twice as long from 30 to 90 s. Left: the database is full at "
        "once, the stock service, the shop and the gateway within nine seconds, and all four stay full to the end; "
        "nothing is answered any more, before or after 90 s. Right: the gateway refuses what finds 90 workers held; "
        "only the database is full, about 75 requests a second are answered while it is slow and all after that."
    )
    both = alt.hconcat(*sides, spacing=16).resolve_scale(color="independent")
    return show(both, data, said, units={"goodput": "requests/s"})


def _side_data(trace: Trace) -> dict[str, Any]:
    full = np.array([float(trace.events[f"{tier}_saturated"]) for tier in TIERS])
    return {
        "strip": {"time": trace.time - STEP, "end": trace.time, **_percent({name: trace[name] for name in USED})},
        "full": {"tier": np.arange(4.0), "at": full},
        "run": {"time": trace.time, "goodput": trace["goodput"]},
        "regions": {"kind": [0.0], "start": [START], "end": [END]},
    }


def _goodput(name: str, *, first: bool) -> alt.LayerChart:
    role = "naive" if name == "naive" else "defended"
    bare = {} if first else {"title": None}
    y = style.amount_axis("goodput", "answered (requests/s)", top=190.0).axis(tickCount=4, **bare)
    line = style.line(f"{name} run", "time", "goodput", role, x=style.time_axis(UNTIL).axis(tickCount=6), y=y)
    region = style.regions(f"{name} regions", labels={0: "database slow"})
    return alt.layer(region, line).properties(width=COLUMN, height=120)


def compare(
    traces: Mapping[str, Trace], signal: str = "goodput", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="trigger", title=title, top=top)


def hangs() -> ShownChart:
    """Show the workers that calls to the reviews hold, against how long they hang: simulated, on Little's law."""
    times = np.array([2.0, 5.0, 10.0, 15.0, 20.0, 24.0])
    drill = MAURER.replace(feature_timeout=times, bulkhead=np.array([np.inf, 50.0])[:, None], trigger_duration=1e4,
                           gateway_workers=1000, user_timeout=60.0, reload_share=0.0, arrival_rate=1000.0)  # fmt: skip
    record = Record(("reviews_held",), every=20.0, start=60.0)
    seen = simulate(drill, 1, until=100.0, record=record)["reviews_held"].mean(axis=0)
    fine = np.linspace(0, 30, 61)
    names = {"none": ("no bulkhead", "naive", np.inf), "fifty": ("a bulkhead of 50", "defended", 50.0)}
    data = {
        "theory": {"held": fine, **{n: cascading.busy_workers(10.0, fine, b) for n, (_, _, b) in names.items()}},
        "run": {"held": times, **dict(zip(names, seen, strict=True))},
    }
    x = alt.X("held", type="quantitative", title="time that a call to the reviews is held (s)",
              scale=alt.Scale(domain=[0, 30], nice=False))  # fmt: skip
    layers: list[Any] = []
    for name, (words, role, _) in names.items():
        y = style.amount_axis(name, "workers held (number)", top=320.0)
        layers.append(style.line("theory", "held", name, role, x=x, y=y))
        point = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, size=45, filled=True)
        layers.append(point.encode(x=x, y=alt.Y(name, type="quantitative")))
        layers.append(style.end_label("theory", "held", name, words, role))
    said = (
        "Workers that hang in calls to the reviews, ten calls a second, against how long each hangs: a straight line "
        "that reaches 300 at 30 seconds, or ends at 50 where a bulkhead is. Simulated points on the closed form."
    )
    return show(alt.layer(*layers), data, said, units=dict.fromkeys(names, "workers"))


def bundle() -> ShownChart:
    """Show what is left of a fleet of unequal replicas against its load: simulated, on the fibre bundle's curve."""
    load = np.array([0.04, 0.08, 0.12, 0.16, 0.2, 0.23, 0.29, 0.32])
    fleet = replica_fleet.Parameters(replicas=100, capacity_spread=1.0, utilisation=2 * load, lost=0, restart_time=1e5,
                                     patience=2.0, capacity=1e5)  # fmt: skip
    trace = replica_fleet.simulate(fleet, np.arange(4)[:, None], until=160, record=Record(("survivors",), every=160.0))
    fine = np.linspace(0.0, 0.34, 171)
    data = {
        "theory": {"load": 100 * fine, "left": 100 * cascading.bundle_survivors(fine)},
        "run": {"load": 100 * load, "left": trace["survivors"][-1].mean(axis=0)},
    }
    x = alt.X("load", type="quantitative", title="load (% of the strongest replica)",
              scale=alt.Scale(domain=[0, 34], nice=False))  # fmt: skip
    y = style.amount_axis("left", "replicas left (%)", top=105.0)
    point = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES["naive"].colour, size=55, filled=True)
    chart = alt.layer(style.line("theory", "load", "left", "defended", x=x, y=y), point.encode(x=x, y=y))
    said = (
        "Replicas left of a fleet whose capacities differ, against the load on each: the curve falls from 100 % to "
        "50 % at a quarter, bending down ever faster, and from there straight to nothing. Simulated points on it."
    )
    return show(chart, data, said, units={"left": "%"})


WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "refuse at the gateway from 90 held": ("a quarter of the users, at once", dict(shed_threshold=0.3)),
    "bulkheads of 60 at every tier": ("the same quarter, after some waiting", dict(bulkhead=60.0)),
    "no retries": ("a lost reply is a lost user", dict(max_retries=0)),
    "circuit breakers": ("open and shut: good calls are refused, too", dict(breaker="on")),
    "three times the gateway's workers": ("more of them wait", dict(gateway_workers=900)),
    "refuse from 6 held": ("most users, on a good day too", dict(shed_threshold=0.02)),
}
"""Each defence alone: what it costs or why it fails, and its parameters."""


def ways_out(seeds: int = 4) -> Any:
    """Return a table of defences over the default day, means over seeds.

    Returns
    -------
    pandas Styler
        One row a defence, most answered first.
    """
    import pandas as pd

    drill = comparison.alone(NAIVE, [change for _, change in WAYS_OUT.values()])
    record = Record(("goodput", "offered_rate"), every=30.0)
    trace = simulate(drill, np.arange(seeds)[:, None], until=UNTIL, record=record)
    got = 100 * np.minimum(trace["goodput"].mean(axis=1) / trace["offered_rate"].mean(axis=1), 1.0)
    during, after = got[1:3].mean(axis=0), got[4]
    table = pd.DataFrame(
        {
            "defence": list(WAYS_OUT),
            "answered, database slow": [f"{share:.0f} %" for share in during],
            "answered, database well": [f"{share:.0f} %" for share in after],
            "price, or why": [price for price, _ in WAYS_OUT.values()],
        }
    )
    return listing.whole(table.iloc[np.argsort(-(during + after), kind="stable")].reset_index(drop=True))


def where_to_refuse(seed: int = 7) -> Any:
    """Return a table: a limit of 60 calls above the database alone, and one at the door, for each number of retries.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    retries = np.arange(4)
    at_door = NAIVE.replace(shed_threshold=0.3, max_retries=retries)
    at_database = NAIVE.replace(bulkhead=60.0, bulkhead_at="stock", max_retries=retries)
    rows = {}
    for name, drill in (("at the door", at_door), ("above the database", at_database)):
        trace = simulate(drill, seed, until=UNTIL)
        slow, well = (trace.time > 50) & (trace.time <= 90), trace.time > 110
        rows[name] = [trace["goodput"][slow].mean(axis=0), trace["gateway_held"][slow].mean(axis=0),
                      trace["goodput"][well].mean(axis=0)]  # fmt: skip
    table = pd.DataFrame({"retries": retries})
    for name, (good, held, after) in rows.items():
        table[f"{name}: answered/s"] = [f"{one:.0f}, then {late:.0f}" for one, late in zip(good, after, strict=True)]
        table[f"{name}: gateway held"] = [f"{one:.0f}" for one in held]
    return listing.whole(table)
