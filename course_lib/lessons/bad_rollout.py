"""What a learner sees of a bad rollout: four ways to bring out one fault, the panel, its challenges and the map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.models.rollout_plan import Plan
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch
from course_lib.models.trace import Record, Trace
from course_lib.theory import rollouts
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 7200.0  # seconds shown
START = 300.0  # when the change begins to go out
DAY = Parameters(dt=60.0, cells=20)
PLANS = ("push", "staged", "gated", "cells")
NAMES = {"push": ("push", "naive"), "staged": ("stages", "third"), "gated": ("gate", "defended"),
         "cells": ("cells", "fourth")}  # fmt: skip
SAMPLED = np.geomspace(100, 1e6, 60)  # requests an arm, of the power curve
LEAST = 1.0  # requests: the foot of the log scale
TOP = 300_000.0
GAP = 0.13  # of the log scale's height: what a label needs


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values: the gated plan, without cells."""
    return PANEL.parameters(values).replace(cells=1)


def plans(day: Parameters, cells: Any) -> Parameters:
    """Return the same change brought out four ways, on a new first axis: push, stages, stages with a gate, cells."""
    column = np.array(PLANS)[:, None]
    return day.replace(
        canary_share=np.where(column == "push", 1.0, np.atleast_1d(day.canary_share)),
        gate=np.where(column == "gated", np.atleast_1d(day.gate), "none"),
        cells=np.where(column == "cells", np.atleast_1d(cells), 1),
    )


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return all four plans of several settings, one seed; see `Panel`."""
    day = parameters(values)
    trace = simulate(plans(day, values["cells"]), seed, until=UNTIL, record=Record(("harmed",), every=60.0))
    count = len(np.atleast_1d(values["canary_share"]))
    harmed = np.broadcast_to(trace["harmed"], (len(trace.time), len(PLANS), count))
    requests, power = _power(values, count)
    tables = {
        "run": {"time": trace.time, **{name: np.maximum(harmed[:, i], LEAST) for i, name in enumerate(PLANS)}},
        "ends": dict(zip(PLANS, _apart(harmed[-1]), strict=True)),
        "power": {"sampled": SAMPLED, "fault": 100 * power(SAMPLED[:, None]),
                  "double": 100 * _chance(SAMPLED[:, None], 0.001, values["false_alarm"], count)},
        "yours": {"sampled": np.clip(requests, SAMPLED[0], SAMPLED[-1])[None], "fault": 100 * power(requests)[None]},
    }  # fmt: skip
    plan = Plan(Batch(day))
    takes = (plan.delivered - START) / 60.0 + np.zeros(count)
    numbers = {f"harmed_{name}": harmed[-1, i] for i, name in enumerate(PLANS)}
    return Picture(tables, numbers | {"requests": requests, "power": 100 * power(requests), "takes": takes})


def _power(values: Mapping[str, Any], count: int) -> tuple[NDArray[Any], Any]:
    """Requests that an arm sees in its bake, and the chance to find the fault, as a function of such requests."""
    told = [np.broadcast_to(np.asarray(values[n], dtype=float), (count,))
            for n in ("canary_share", "bake_time", "arrival_rate", "fault_share")]  # fmt: skip
    share, bake, rate, fault = told
    return share * bake * rate, lambda n: _chance(n, fault, values["false_alarm"], count)


def _chance(requests: NDArray[Any], fault: Any, false_alarm: Any, count: int) -> NDArray[Any]:
    """Chance that a fixed test finds a fault, nearly."""
    usual, worse = 0.001, 0.001 + 0.999 * np.asarray(fault, dtype=float)
    spread = np.sqrt(usual * (1 - usual) + worse * (1 - worse))
    limit = rollouts.normal_quantile(1.0 - np.broadcast_to(np.asarray(false_alarm, dtype=float), (count,)))
    z = (worse - usual) * np.sqrt(requests) / spread - limit
    return 0.5 * (1.0 + np.vectorize(math.erf)(z / math.sqrt(2.0)))


def _apart(ends: NDArray[Any]) -> NDArray[Any]:
    """Where the labels of lines that end here stand: none over another, each as near to its line as that allows."""
    whole = np.log10(TOP)
    places = np.log10(np.clip(ends, LEAST, TOP)) / whole
    order = np.argsort(places, axis=0, kind="stable")
    steps = GAP * np.arange(len(ends))[:, None]
    own = np.take_along_axis(places, order, axis=0) - steps
    past = np.concatenate([np.zeros_like(own[:1]), np.add.accumulate(own, axis=0)])
    upper = np.full_like(own, -np.inf)
    for i in range(len(own)):  # the nearest rising sequence: neighbours in each other's way share their mean
        for j in range(i + 1):
            means = [(past[k + 1] - past[j]) / (k + 1 - j) for k in range(i, len(own))]
            upper[i] = np.maximum(upper[i], np.minimum.reduce(means))
    found = np.clip(upper, 0.0, 1.0 - steps[-1]) + steps
    back = np.empty_like(found)
    np.put_along_axis(back, order, found, axis=0)
    return 10.0 ** (back * whole)[:, None]


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under the gate: a band, how many are found in the canary, how many good ones stopped."""
    day = parameters(values)
    trace = simulate(day, seeds, until=UNTIL, record=Record(("harmed",), every=60.0))
    low, high = middle(np.maximum(trace["harmed"], LEAST))
    second = Plan(Batch(day)).begins[1][0]
    found = trace.events["gate_fired"] <= second
    good = simulate(day.replace(fault_share=0.0), seeds, until=UNTIL, record=Record((), every=60.0))
    stopped = np.isfinite(good.events["gate_fired"])
    return Picture(
        {"band": {"time": trace.time, "low": low, "high": high}},
        {"found": 100 * found.mean(), "false_rollbacks": 100 * stopped.mean()},
    )


def harmed_by_gated(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return requests harmed under the gate, one number a setting."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(("harmed",), every=UNTIL))
    return np.ravel(trace["harmed"][-1])


MAP = PhaseMap("canary_share", "fault_share", harmed_by_gated, "harmed, gated (requests)", low=0.0, high=3000.0)


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: harm over time, the canary as an experiment, and the phase map."""
    return [_harm_chart(), _power_chart(), map_chart(MAP, *PANEL.map_titles(log="canary_share"),
                                                     log_ticks=(0.001, 0.01, 0.1))]  # fmt: skip


def _log_harm(field: str) -> alt.Y:
    return alt.Y(field, type="quantitative", title="harmed (requests, log scale)",
                 scale=alt.Scale(type="log", domain=[LEAST, TOP], clamp=True, nice=False),
                 axis=alt.Axis(values=[1, 10, 100, 1000, 10_000, 100_000], format=",d"))  # fmt: skip


def _harm_chart() -> alt.LayerChart:
    x = style.time_axis(UNTIL)
    layers: list[Any] = [style.band("band", "time", "low", "high", "defended", x=x, y=_log_harm("low"))]
    for name, (text, role) in NAMES.items():
        layers.append(style.line("run", "time", name, role, x=x, y=_log_harm(name)))
        word = alt.Chart(alt.NamedData("ends")).mark_text(
            text=text, align="left", dx=5, fontWeight="bold", color=style.SERIES[role].word, clip=False
        )
        layers.append(word.encode(x=alt.X(datum=UNTIL, type="quantitative"), y=_log_harm(name)))
    said = "Requests harmed so far over 7200 seconds, on a logarithmic scale, by one fault brought out four ways: a "
    said += "push to everybody, stages that nobody compares, stages with a gate, and cells."
    return alt.layer(*layers).properties(height=235, description=said)


def _power_chart() -> alt.LayerChart:
    x = alt.X("sampled", type="quantitative", title="requests that the canary sees in one stage (log scale)",
              scale=alt.Scale(type="log", domain=[100, 1e6], nice=False),
              axis=alt.Axis(values=[100, 1000, 10_000, 100_000, 1_000_000], format="~s"))  # fmt: skip
    y = {n: style.amount_axis(n, "found (%)", top=112.0).axis(values=[0, 50, 100]) for n in ("fault", "double")}
    here = alt.Chart(alt.NamedData("yours")).encode(x=x, y=y["fault"])
    ring = here.mark_point(size=150, strokeWidth=2.4, color=style.INK, opacity=1)
    side = alt.ExprRef("datum.sampled > 30000 ? 'right' : 'left'")
    words = here.mark_text(text="you are here", fontWeight="bold", color=style.INK, align=side,
                           dy=alt.ExprRef("datum.fault < 15 ? -13 : 13"),
                           dx=alt.ExprRef("datum.sampled > 30000 ? -9 : 9"))  # fmt: skip
    double = alt.Chart(alt.NamedData("power")).transform_filter("datum.double > 45").transform_window(
        n="row_number()").transform_filter("datum.n == 1")  # fmt: skip
    label = double.mark_text(text="errors doubled", align="left", dx=9, dy=8, fontWeight="bold",
                             color=style.SERIES["fourth"].word).encode(x=x, y=y["double"])  # fmt: skip
    said = "Against the requests that a canary sees in one stage, the chance that a fixed test finds this fault, and "
    said += "that it finds one that doubles the usual errors; a ring marks these settings."
    return alt.layer(
        style.line("power", "sampled", "double", "fourth", x=x, y=y["double"]), label,
        style.line("power", "sampled", "fault", "defended", x=x, y=y["fault"]), ring, words,
    ).properties(height=170, description=said)  # fmt: skip


PANEL = Panel(
    title="One fault, four ways out",
    description=(
        "Above, over two hours and on a logarithmic scale, the requests harmed by one fault: pushed to everybody, in "
        "stages that nobody compares, in stages with a gate, and in cells. Below, the chance that a canary of this "
        "size finds it; beside them a map of the harm under the gate, against canary share and size of the fault."
    ),
    controls=(
        Slider.of(Parameters, "canary_share", "canary",
                  values=(0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3)),
        Slider.of(Parameters, "bake_time", "bake time", low=300, high=3600, step=300),
        Slider.of(Parameters, "fault_share", "errors of the fault", low=0.0, high=0.02, step=0.0005),
        Slider.of(Parameters, "cells", "cells", values=(1, 2, 5, 10, 20, 50, 100, 200)),
        Choice("fault", "the fault shows", ("at_once", "load", "leak", "latent", "skew"),
               ("at once", "from 30 % of the fleet on", "after an hour on an instance", "when something wakes it",
                "where versions meet"), more=True),
        Choice("fault_place", "it shows", ("everywhere", "region"), ("everywhere", "in one region of five"), more=True),
        Slider.of(Parameters, "arrival_rate", "requests", values=(10, 30, 100, 300, 1000, 3000, 10_000), more=True),
        Choice("gate", "the gate", ("sequential", "fixed", "peeking", "threshold"),
               ("sequential test", "test at the end of the bake", "the same test at every look", "1 % errors"),
               more=True),
        Choice("strata", "it compares", ("pooled", "by region"), ("all requests", "each region"), more=True),
        Slider.of(Parameters, "false_alarm", "false alarms of a test", values=(0.001, 0.003, 0.01, 0.03, 0.1),
                  more=True),
        Slider.of(Parameters, "gate_ratio", "built to find", values=(1.5, 2, 3, 5, 10), more=True),
        Slider.of(Parameters, "metrics", "metrics that may stop it", values=(1, 2, 5, 10, 20, 50), more=True),
        Slider.of(Parameters, "alarm_delay", "people react after", values=(60, 120, 300, 600, 1200), more=True),
        Slider.of(Parameters, "rollback_time", "rollback takes", values=(0, 60, 120, 300, 600, 1200), more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"fault_share": 0.0},
        "cliff edge": {"fault_share": 0.002, "bake_time": 900},
        "fixed": {"canary_share": 0.05, "bake_time": 900},
        "over-fixed": {"gate": "peeking", "false_alarm": 0.1, "metrics": 20, "bake_time": 3600},
    },
    captions={
        "storm": "one request in fifty fails on the new version; 1 %, 10 % and half of the fleet for 30 min each",
        "healthy": "a good change: what stops it is chance",
        "cliff edge": "a tenth of that fault and half of that bake: luck decides what the canary sees",
        "fixed": "a canary of 5 % that bakes for 15 minutes",
        "over-fixed": "twenty metrics, looked at every minute with a loose test: nothing ships",
    },
    default="storm",
    base=DAY,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("harmed_push", "harmed by a push", "requests"),
        Readout("harmed_staged", "by stages alone", "requests"),
        Readout("harmed_gated", "by stages with a gate", "requests"),
        Readout("harmed_cells", "by cells", "requests"),
        Readout("takes", "a good change takes", "min"),
        Readout("found", "seeds found in the canary", "%"),
        Readout("false_rollbacks", "good changes stopped", "% of seeds"),
    ),
    challenges=(
        Challenge(
            "A fault of 2 %: stages that nobody compares harm a fifth less than a push",
            lambda now: now["harmed_staged"] < 0.8 * now["harmed_push"] and now["fault_share"] == 0.02,
            example={"bake_time": 600},
        ),
        Challenge(
            "A fault of 0.1 %: found in the canary in 90 % of seeds, and a good change takes an hour at most",
            lambda now: now["fault_share"] == 0.001 and now["found"] >= 90 and now["takes"] <= 60,
            example={"fault_share": 0.001, "canary_share": 0.1, "bake_time": 1200, "gate": "fixed"},
        ),
        Challenge(
            "A fault of 2 % that needs 30 % of the load: harm fewer than 100, in cells, without a gate's help",
            lambda now: now["fault"] == "load" and now["fault_share"] == 0.02 and now["harmed_cells"] < 100
            and now["alarm_delay"] >= 300,
            example={"fault": "load", "cells": 100},
        ),
    ),
    assumptions=(
        "1,000 requests/s, of which 0.1 % fail on any day; stages of the canary, 10 %, 50 % and everybody",
        "push, stages and cells are stopped by people: 0.5 % more errors in the fleet, or in the cells that have it",
        "the gate has no people behind it but the same alarm; a control as large as the canary, as far as there is one",
        "harm is the expected number; what chance decides is when a gate says stop",
        "the curve below is the normal approximation for a test at the end of a stage; the band is 80 % of 32 seeds",
    ),
    units={**dict.fromkeys(("push", "staged", "gated", "cells"), "requests"), "fault": "%", "double": "%",
           "time": "s", "sampled": "requests"},
)  # fmt: skip


# -- pictures without sliders ----------------------------------------------------------------------------------------


def four_ways(seed: int = 7, until: float = 5400.0) -> ShownChart:
    """Show the default picture: one fault, one clock, four ways out."""
    trace = simulate(plans(DAY, 20), seed, until=until)
    harmed = trace["harmed"].reshape(len(trace.time), len(PLANS))
    ends = {name: float(harmed[-1, i]) for i, name in enumerate(PLANS)}
    x, title = style.time_axis(until), "harmed so far (requests)"
    names = {0: "1 %", 1: "10 %", 2: "50 %"}
    layers: list[Any] = [style.regions(labels=names)]
    nudges = {"push": 8, "staged": -6, "gated": -1, "cells": -14}
    words = {"push": "push to all", "staged": "stages", "gated": "with a gate", "cells": "20 cells"}
    for name, (_, role) in NAMES.items():
        y = style.amount_axis(name, title, top=8000.0).axis(format=",d")
        layers.append(style.line("run", "time", name, role, x=x, y=y))
        text = f"{words[name]}: {ends[name]:,.0f}"
        layers.append(style.end_label("run", "time", name, text, role, dy=nudges[name]))
    data = {
        "run": {"time": trace.time, **{name: harmed[:, i] for i, name in enumerate(PLANS)}},
        "regions": {"kind": [0.0, 1.0, 2.0], "start": [300.0, 2100.0, 3900.0], "end": [2100.0, 3900.0, 4200.0]},
    }
    said = (
        "Requests harmed so far over time by one fault, brought out four ways; shaded, the stages of 1, 10 and 50 %. "
    )
    said += "; ".join(f"{words[name]}: {ends[name]:,.0f}" for name in PLANS) + "."
    return show(
        alt.layer(*layers).properties(width=500, height=260), data, said, units=dict.fromkeys(PLANS, "requests")
    )


def power_curves(seeds: int = 200) -> ShownChart:
    """Show how often a fixed test finds two faults, against the requests of an arm: simulated points over the form."""
    bakes = np.array([60, 120, 240, 480, 960, 1920, 3840.0])
    fine = np.geomspace(500, 50_000, 80)
    plan = dict(gate="fixed", false_alarm=0.05, second_share=1.0, third_share=1.0, look_every=60.0, alarm_above=1.0)
    data: dict[str, Any] = {"theory": {"sampled": fine}, "run": {"sampled": bakes * 10}}
    layers: list[Any] = []
    x = alt.X("sampled", type="quantitative", title="requests an arm (log scale)",
              scale=alt.Scale(type="log", domain=[500, 50_000], nice=False),
              axis=alt.Axis(values=[500, 1000, 3000, 10_000, 30_000], format=",d"))  # fmt: skip
    for name, fault, role, text in (("five", 0.004, "defended", "five times"), ("two", 0.001, "naive", "twice")):
        day = Parameters(dt=60.0, fault_share=fault / 0.999, bake_time=bakes, **plan)
        trace = simulate(day, np.arange(seeds)[:, None], until=4500.0, record=Record((), every=60.0))
        data["run"][name] = 100 * np.isfinite(trace.events["gate_fired"]).mean(axis=0)
        data["theory"][name] = 100 * _chance(fine, fault / 0.999, 0.05, 1)
        y = style.amount_axis(name, "found (%)", top=104.0)
        layers.append(style.line("theory", "sampled", name, role, x=x, y=y))
        layers.append(style.end_label("theory", "sampled", name, text, role, dy=-7 if name == "five" else 7))
        dot = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, filled=True, size=55)
        layers.append(dot.encode(x=x, y=alt.Y(name, type="quantitative")))
    said = "Chance that a test at the end of the bake finds a canary with five times and with twice the usual 0.1 % of "
    said += "errors, against the requests of an arm. Points are simulated, lines the closed form."
    return show(alt.layer(*layers).properties(width=480), data, said, units={"five": "%", "two": "%"})


def looks(seed: int = 7, seeds: int = 400) -> ShownChart:
    """Show how often a good change is stopped, against the number of looks: simulated points over the closed form."""
    counts = np.array([1, 2, 3, 5, 10, 15, 30])
    plan = Parameters(dt=60.0, fault_share=0.0, canary_share=0.3, second_share=1.0, third_share=1.0, false_alarm=0.05,
                      look_every=1800.0 / counts, alarm_above=1.0)  # fmt: skip
    data: dict[str, Any] = {"run": {"looks": counts}, "theory": {"looks": np.arange(1, 31)}}
    for gate in ("peeking", "sequential"):
        trace = simulate(plan.replace(gate=gate), np.arange(seeds)[:, None] + seed, until=2400.0,
                         record=Record((), every=60.0))  # fmt: skip
        data["run"][gate] = 100 * np.isfinite(trace.events["gate_fired"]).mean(axis=0)
    data["theory"]["peeking"] = [100 * rollouts.false_alarm_of_looks(0.05, n, 150) for n in range(1, 31)]
    data["theory"]["promised"] = np.full(30, 5.0)
    x = alt.X(
        "looks", type="quantitative", title="looks in one stage (looks)", scale=alt.Scale(domain=[0, 30], nice=False)
    )
    layers: list[Any] = []
    for name, text, role in (("peeking", "5 % at every look", "naive"), ("promised", "promised", "demand")):
        y = style.amount_axis(name, "good changes stopped (%)", top=32.0)
        layers.append(style.line("theory", "looks", name, role, x=x, y=y))
        layers.append(style.end_label("theory", "looks", name, text, role, dy=-6))
    for name, role in (("peeking", "naive"), ("sequential", "defended")):
        dot = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, filled=True, size=60)
        layers.append(dot.encode(x=x, y=alt.Y(name, type="quantitative")))
    layers.append(style.end_label("run", "looks", "sequential", "sequential", "defended", dy=8))
    said = "Share of good changes that are stopped in one stage, against the number of looks: a test made at 5 % at "
    said += "every look climbs from 5 to more than 20 %; a sequential test stays below the 5 % that were promised."
    return show(alt.layer(*layers).properties(width=440), data, said,
                units=dict.fromkeys(("peeking", "sequential", "promised"), "%"))  # fmt: skip


def compare(
    traces: Mapping[str, Trace], signal: str, *, trigger: str = "rollout", title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the rollout shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger=trigger, title=title, top=top)


# -- the lesson's tables ---------------------------------------------------------------------------------------------

WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "push": ("nothing to wait for", dict(canary_share=1.0, gate="none")),
    "stages, nobody compares": ("an hour and a half", dict(gate="none")),
    "test at the end of the bake": ("the same; finds nothing before the end", dict(gate="fixed")),
    "sequential test": ("the same", dict()),
    "sequential, by region": ("the same; each region needs its own requests", dict(strata="by region")),
    "20 cells, the alarm alone": ("20 copies, and what crosses them", dict(cells=20, gate="none")),
    "20 cells, sequential": ("both", dict(cells=20)),
    "sequential, canary 10 %, bake 1 h": ("two hours; a tenth of users at risk",
                                          dict(canary_share=0.1, bake_time=3600.0)),
}  # fmt: skip
"""Each defence alone, then some combined: its price, and its parameters."""

FAULTS: dict[str, dict[str, Any]] = {
    "2 %": {},
    "0.2 %": dict(fault_share=0.002),
    "2 % under load": dict(fault="load"),
    "2 % after 50 min": dict(fault="leak", onset=3000.0),
    "2 % in one region": dict(fault_place="region"),
}


def ways_out(seeds: int = 16) -> Any:
    """Return a table of plans against five faults: requests harmed within four hours, medians over seeds.

    Returns
    -------
    pandas Styler
        One row a plan.
    """
    import pandas as pd

    ways = [change for _, change in WAYS_OUT.values()]
    until, table = 14_400.0, {"plan": list(WAYS_OUT)}
    for name, fault in FAULTS.items():
        day = comparison.alone(DAY.replace(cells=1, **fault), ways)
        trace = simulate(day, np.arange(seeds)[:, None], until=until, record=Record(("harmed",), every=until))
        table[name] = [f"{harmed:,.0f}" for harmed in np.median(trace["harmed"][-1], axis=0)]
    table["price"] = [price for price, _ in WAYS_OUT.values()]
    return listing.whole(pd.DataFrame(table))


SHARDS = {
    "all workers for all": dict(sharding="all"),
    "5 cells of 4": dict(sharding="cells"),
    "random shards of 4": dict(sharding="shuffle"),
    "random shards of 4, clients try all": dict(sharding="shuffle", tries=4),
}
POISON = Parameters(fault_share=0.0, dt=60.0, poison_rate=0.1)


def poisoned() -> Any:
    """Return a table of who shares a fate with one poison customer: requests lost, and customers left with nothing.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    rows = {}
    for name, change in SHARDS.items():
        trace = simulate(POISON.replace(**change), until=1500.0)
        rows[name] = (trace["harmed_rate"][-1] / 1000.0, trace["customers_dark"][-1])
    table = {"workers": list(rows), "requests lost": [f"{lost:.2%}" for lost, _ in rows.values()],
             "customers with no worker left": [f"{dark:.2%}" for _, dark in rows.values()]}  # fmt: skip
    return listing.whole(pd.DataFrame(table))


def weather() -> Parameters:
    """Return a good change on a day on which errors rise for everybody, from 900 to 1500 s."""
    return DAY.replace(cells=1, fault_share=0.0, baseline=window(900.0, 600.0, 0.03, 0.001),
                       region_baseline=window(900.0, 600.0, 0.03, 0.001))  # fmt: skip
