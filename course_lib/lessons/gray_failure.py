"""What a learner sees of a gray failure: the default picture, the panel, its challenges, and the phase map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.gray_failure import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import tails
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 300.0  # seconds shown
STEP = 2.0  # seconds between two points of a line
START, END = 60.0, 240.0  # of the fault
CALLS = 10_000.0  # calls a second of the panel's pages
SHOWN = ("slow_pages", "red_share", "ejected_share", "hedge_share", "impaired_share", "probe_failures")
NAIVE = Parameters()
HEDGED = NAIVE.replace(hedge_delay=0.03, hedge_budget=0.05)
DEFENDED = HEDGED.replace(ejection_cap=0.1)
HEAVY = dict(fault="heavy", impaired_hosts=40)  # a day on which all hosts are slow
REGIONS = {"kind": [0.0], "start": [START], "end": [END]}
FAULTS = {
    "limping": "they answer some calls late",
    "lossy": "they lose some calls",
    "sinkhole": "they fail all calls at once",
    "heavy": "each call is four times the work",
}
BALANCERS = {
    "round_robin": "each in turn",
    "least_outstanding": "the least busy",
    "two_choices": "the better of two",
}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values; pages are so many that calls stay as many."""
    return PANEL.parameters(values).replace(request_rate=CALLS / np.asarray(values["fan_out"], dtype=float))


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record((*SHOWN, "page_p99"), every=STEP))
    curves = {name: 100 * trace[name].reshape(len(trace.time), -1) for name in SHOWN}
    p99 = trace["page_p99"].reshape(len(trace.time), -1)
    data = {
        "run": {"time": trace.time, "slow": curves["slow_pages"]},
        "hosts": {
            "time": trace.time,
            "passing": 100 - curves["red_share"],
            "probes": curves["probe_failures"],
        },
        "regions": {"kind": np.zeros(1), "start": np.array([START]), "end": np.array([END])},
    }
    rows = (trace.time > START) & (trace.time <= END)
    numbers = {
        "slow": _mean(curves["slow_pages"][rows]),
        "p99": np.maximum.reduce(p99[rows]),
        "red": np.maximum.reduce(curves["red_share"][rows]),
        "copies": _mean(curves["hedge_share"][rows]),
        "probes": np.maximum.reduce(curves["probe_failures"][rows]),
        "ejected": np.maximum.reduce(curves["ejected_share"][rows]),
        "to_impaired": _mean(curves["impaired_share"][rows]),
    }
    return Picture(data, numbers)


def _mean(values: NDArray[Any]) -> NDArray[Any]:
    """Mean over rows, added up in their order: `mean` would round differently for one setting than for many."""
    return np.add.accumulate(values, axis=0)[-1] / len(values)


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of slow pages, and how many suffer to the end."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("slow_pages",), every=STEP))
    low, high = middle(100 * trace["slow_pages"])
    last = (trace.time > END - 60) & (trace.time <= END)
    harmed = 100 * (trace["slow_pages"][last].mean(axis=0) > 0.1).mean()
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"harmed_share": harmed})


def in_time(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of pages in time during the last minute of the fault, one a setting."""
    record = Record(("slow_pages",), every=END - 60, start=0.0)
    trace = simulate(parameters(values), seed, until=END - 60, record=record)
    return 1.0 - np.ravel(trace["slow_pages"][-1])


MAP = PhaseMap("fan_out", "slow_fraction", in_time, "pages in time (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: the fleet as its checks and as its users see it, and the phase map."""
    return [_hosts_chart(), _pages_chart(), map_chart(MAP, *PANEL.map_titles("fan_out"), log_ticks=(1, 10, 100, 1000))]


def _hosts_chart() -> alt.LayerChart:
    x = style.time_axis(UNTIL)
    names = {"passing": ("hosts that pass", "defended"), "probes": ("failing probes of an impaired host", "naive")}
    y = {name: style.amount_axis(name, "checks (%)", top=125.0).axis(tickCount=3) for name in names}
    said = "Over 300 seconds, in percent: hosts that pass their checks, and the probes of an impaired host that fail."
    return alt.layer(
        style.regions(labels={0: ""}),
        *(style.line("hosts", "time", name, role, x=x, y=y[name]) for name, (_, role) in names.items()),
        *style.plateau_labels("hosts", names, UNTIL, 125.0, height=140),
    ).properties(height=140, description=said)  # fmt: skip


def _pages_chart() -> alt.LayerChart:
    x, names = style.time_axis(UNTIL), {"slow": ("slow pages", "naive")}
    said = "Over 300 seconds, in percent of the pages: those slower than half a second, or failed."
    return alt.layer(
        style.regions(labels={0: "some hosts are impaired"}),
        style.band("band", "time", "low", "high", "naive", x=x, y=style.amount_axis("low", "pages (%)", top=130.0)),
        style.line("run", "time", "slow", "naive", x=x, y=style.amount_axis("slow", "pages (%)", top=130.0)),
        *style.plateau_labels("run", names, UNTIL, 130.0, height=210),
    ).properties(height=210, description=said)  # fmt: skip


FAN_OUTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
DELAYS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, float("inf"))
PANEL = Panel(
    title="One fleet, two observers",
    description=(
        "Above, over 300 seconds, the hosts that pass their checks and the probes that fail; below, the pages that are "
        "slow or failed; beside them a map of the pages in time, by fan-out and by the share of slow calls at an "
        "impaired host."
    ),
    controls=(
        Slider.of(Parameters, "fan_out", "fan-out", values=FAN_OUTS),
        Slider.of(Parameters, "slow_fraction", "slow when impaired", low=0.0, high=1.0, step=0.05),
        Slider.of(Parameters, "hedge_delay", "wait before a copy", values=DELAYS),
        Slider.of(Parameters, "check_depth", "depth of the checks", low=0.0, high=1.0, step=0.1),
        Choice("fault", "impaired hosts", tuple(FAULTS), tuple(FAULTS.values()), more=True),
        Slider.of(Parameters, "impaired_hosts", "how many", values=(0, 1, 2, 4, 8, 20, 40), more=True),
        Slider.of(Parameters, "dependence", "copies that share the cause", low=0.0, high=1.0, step=0.1, more=True),
        Choice("balancer", "a call goes to", tuple(BALANCERS), tuple(BALANCERS.values()), more=True),
        Slider.of(Parameters, "error_penalty", "an error counts as", values=(0.0, 0.01, 0.1, 1.0, 5.0), more=True),
        Slider.of(
            Parameters, "hedge_budget", "budget of copies", values=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0), more=True
        ),
        Slider.of(Parameters, "ejection_cap", "ejection cap", values=(0.0, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0), more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"slow_fraction": 0.0},
        "cliff edge": {"slow_fraction": 0.05, "ejection_cap": 0.1},
        "fixed": {"hedge_delay": 0.03, "hedge_budget": 0.05, "ejection_cap": 0.1},
        "over-fixed": {"hedge_delay": 0.005, "ejection_cap": 0.5},
    },
    captions={
        "storm": "two of 40 hosts answer a fifth of their calls in a second; a page makes a hundred calls",
        "healthy": "nobody limps",
        "cliff edge": "one call in twenty limps: just what a verdict asks for, so that luck decides who is ejected",
        "fixed": "a copy after 30 ms, a budget of 5 %, at most a tenth of the hosts ejected",
        "over-fixed": "a copy of nearly every call, and up to half of the hosts ejected",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("slow", "slow pages", "%"),
        Readout("p99", "page p99, at worst", "s"),
        Readout("red", "hosts failing checks", "%"),
        Readout("ejected", "hosts ejected", "%"),
        Readout("copies", "copies", "% of calls"),
        Readout("to_impaired", "calls to the impaired", "%"),
        Readout("harmed_share", "seeds with > 10 % slow to the end", "%"),
    ),
    challenges=(
        Challenge(
            "More than nine pages in ten are slow, and not one check fails",
            lambda now: now["slow"] > 90 and now["red"] == 0,
            example={"fan_out": 500},
        ),
        Challenge(
            "Storm, but half of the copies share the cause: fewer than 3 % of the pages slow, at most 5 % more calls",
            lambda now: now["slow"] < 3 and now["copies"] <= 5,
            example={"dependence": 0.5, "hedge_delay": 0.03, "hedge_budget": 0.05, "ejection_cap": 0.1},
            at="storm",
            but={"dependence": 0.5},
        ),
        Challenge(
            "Storm, but impaired hosts fail at once, and calls go to the least busy: fewer than 2 % of the pages fail",
            lambda now: now["slow"] < 2 and now["balancer"] == "least_outstanding",
            example={"fault": "sinkhole", "balancer": "least_outstanding", "error_penalty": 5.0},
            at="storm",
            but={"fault": "sinkhole"},
        ),
    ),
    assumptions=(
        "40 hosts, 10,000 calls a second whatever the fan-out; a call takes 10 ms in the median, a slow one 1 s; pages "
        "above 0.5 s are slow",
        "every 10 s each host is probed, and judged by its callers; three failures in a row, or 5 % more bad calls "
        "than the median host, take it out",
        "calls come one by one, not in bursts of a page; queues form only where a host has more work than it can do",
        "a copy goes to another host and runs to its end; the band is the middle 80 % of 32 seeds",
    ),
    units={"time": "s", "slow": "%", "passing": "%", "probes": "%"},
)


# -- pictures without sliders ----------------------------------------------------------------------------------------

COLUMN = 200  # pixels: three side by side fit a laptop


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: one fleet as its checks see it, as its users do, and its users once it is defended."""
    naive, defended = (simulate(p, seed, until=UNTIL, record=Record(SHOWN, every=STEP)) for p in (NAIVE, DEFENDED))
    seen = {
        "checks": ("as its checks see it", "hosts pass their checks", "defended", 100 - 100 * naive["red_share"]),
        "users": ("as its users see it", "pages are slow", "naive", 100 * naive["slow_pages"]),
        "after": ("its users, copies and ejection", "pages are slow", "naive", 100 * defended["slow_pages"]),
    }
    data: dict[str, Any] = {"regions": REGIONS}
    sides = []
    for name, (words, label, role, values) in seen.items():
        data[name] = {"time": naive.time, "share": values}
        x, bare = style.time_axis(UNTIL).axis(tickCount=4), {} if name == "checks" else {"title": None}
        y = style.amount_axis("share", "hosts, or pages (%)", top=125.0).axis(**bare)
        text = style.plateau_labels(name, {"share": (label, role)}, UNTIL, 125.0)
        side = alt.layer(style.regions(labels={0: "two hosts limp"}), style.line(name, "time", "share", role, x=x, y=y),
                         *text)  # fmt: skip
        sides.append(side.properties(width=COLUMN, height=220, title=words))
    said = (
        "Three columns, one fleet, one clock, two of 40 hosts limping from 60 to 240 s. All hosts pass their checks "
        "all the time. Six pages in ten are slow for three minutes. With copies and ejection hardly any are."
    )
    return show(alt.hconcat(*sides, spacing=14), data, said, units={"share": "%"})


def compare(
    traces: Mapping[str, Trace], signal: str = "slow_pages", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the fault shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="fault", title=title, top=top)


def fan_out() -> ShownChart:
    """Show slow pages against fan-out, simulated and in closed form, for two shares of slow calls."""
    n = np.unique(np.geomspace(1, 1000, 13).round()).astype(np.int64)
    fine = np.geomspace(1, 1000, 91)
    names = {"hundredth": ("1 call in 100", 0.2, "naive"), "thousandth": ("1 in 1,000", 0.02, "defended")}
    data: dict[str, Any] = {"theory": {"n": fine}, "run": {"n": n.astype(float)}}
    layers: list[Any] = []
    scale, axis = alt.Scale(type="log", domain=[1, 1000], nice=False), alt.Axis(values=[1, 10, 100, 1000], format="d")
    x = alt.X("n", type="quantitative", title="fan-out (calls)", scale=scale, axis=axis)
    late = float(tails.lognormal_survival(0.5, 1.0, 0.5))  # of the slow calls, those above the objective
    for name, (words, slow, role) in names.items():
        drill = NAIVE.replace(fan_out=n, slow_fraction=slow, request_rate=1.0)
        seen = simulate(drill, until=100.0, record=Record(("slow_pages",), every=100.0))["slow_pages"][-1]
        data["theory"][name] = 100 * tails.any_slow(0.05 * slow * late, fine)
        data["run"][name] = 100 * seen
        y = style.amount_axis(name, "slow pages (%)", top=105.0)
        layers.append(style.line("theory", "n", name, role, x=x, y=y))
        point = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, size=45, filled=True)
        layers.append(point.encode(x=x, y=alt.Y(name, type="quantitative")))
        layers.append(style.end_label("theory", "n", name, words, role))
    said = (
        "Slow pages against fan-out from 1 to 1,000, points of the model on the closed curves: one slow call in a "
        "hundred makes six pages in ten slow at a fan-out of a hundred, one in a thousand one page in eleven."
    )
    return show(alt.layer(*layers), data, said, units=dict.fromkeys(names, "%"))


# -- the lesson's tables ---------------------------------------------------------------------------------------------

WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "checks that do what a call does": (
        "three in a row: one failure in five hardly ever makes it",
        dict(check_depth=1.0),
    ),
    "a copy after 30 ms": ("one copy in twenty limps, too", dict(hedge_delay=0.03)),
    "a copy after 200 ms": ("as good: 200 ms and a call are less than half a second", dict(hedge_delay=0.2)),
    "a copy after 30 ms, a shared cause": (
        "half of the copies are slow with their call",
        dict(hedge_delay=0.03, dependence=0.5),
    ),
    "tied copies": ("a limping host begins at once: nothing to cancel", dict(hedge="tied", hedge_delay=0.03)),
    "the least busy host": ("a limping host counts as busy", dict(balancer="least_outstanding")),
    "the better of two": ("one of two, unless both limp", dict(balancer="two_choices")),
    "ejection, at most a tenth": ("ten seconds to the first verdict", dict(ejection_cap=0.1)),
    "copies and ejection": (
        "the two cover each other's gap",
        dict(hedge_delay=0.03, hedge_budget=0.05, ejection_cap=0.1),
    ),
}
"""Each defence alone: what it costs or why it fails, and its parameters."""


def ways_out(seeds: int = 4) -> Any:
    """Return a table of defences over the default day, means over seeds.

    Returns
    -------
    pandas Styler
        One row a defence, most slow pages first.
    """
    import pandas as pd

    drill = comparison.alone(NAIVE, [change for _, change in WAYS_OUT.values()])
    record = Record(("slow_pages", "hedge_share"), every=2.0, start=START)
    trace = simulate(drill, np.arange(seeds)[:, None], until=END, record=record)
    slow, copies = (100 * trace[name].mean(axis=(0, 1)) for name in ("slow_pages", "hedge_share"))
    table = pd.DataFrame(
        {
            "defence": list(WAYS_OUT),
            "slow pages": [f"{share:.2f} %" for share in slow],
            "more calls": [f"{share:.1f} %" for share in copies],
            "price, or why": [price for price, _ in WAYS_OUT.values()],
        }
    )
    return listing.whole(table.iloc[np.argsort(-slow.round(2), kind="stable")].reset_index(drop=True))


def balancers() -> Any:
    """Return a table: the share of calls that one impaired host of ten gets, by balancer and by fault.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    base = NAIVE.replace(hosts=10, impaired_hosts=1, request_rate=25.0)
    kinds = {"limps": dict(fault="limping"), "fails at once": dict(fault="sinkhole"),
             "fails at once, counted as 5 s": dict(fault="sinkhole", error_penalty=5.0)}  # fmt: skip
    rows = []
    for balancer, words in BALANCERS.items():
        drill = comparison.alone(base.replace(balancer=balancer), list(kinds.values()))
        share = simulate(drill, until=100.0, record=Record(("impaired_share",), every=100.0))["impaired_share"][-1]
        rows.append([words, *(f"{one:.1%}" for one in share)])
    return listing.whole(pd.DataFrame(rows, columns=["a call goes to", *(f"the host {kind}" for kind in kinds)]))
