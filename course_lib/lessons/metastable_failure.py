"""What a learner sees of a metastable failure: the loop of goodput and load, the panel, its challenges and its map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models import cache_stampede, retry_storm
from course_lib.models.metastable_failure import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record, Trace
from course_lib.theory import metastable
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL, START = 150.0, 20.0  # seconds shown; when the trigger begins
WHOLE = 3000.0  # attempts/s that the fleet can do
LOADS = np.linspace(0.0, WHOLE, 121)
LINES = ("goodput", "offered_rate", "distress", "dropped")
NAIVE = Parameters(trigger_start=START)
FIXED = NAIVE.replace(retry_budget=0.2)
HIDDEN = metastable.hidden_capacity(WHOLE, 3).item()
ADVERTISED = 30 * metastable.upper_fold(100.0, 3, 0.1)[0].item()
NEAR, FAR = 400.0, 2450.0  # requests/s: below, or above, there is no room for a name on the outer side of its rule
SHARE = 0.9  # of the load: a fleet that answers as much is healthy


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    p = parameters(values)
    trace = simulate(p, seed, until=UNTIL, record=Record(LINES, every=1.0))
    count = len(np.ravel(values["arrival_rate"]))
    good, offered, distress, dropped = (trace[name].reshape(len(trace.time), -1) + np.zeros(count) for name in LINES)
    load, end = _row(values, "arrival_rate"), START + _row(values, "trigger_duration")
    answered = 100 * np.minimum(good / np.maximum(offered, 1.0), 1.0)
    up, down = _loop(values)
    advertised = _advertised(up)
    hidden = np.minimum(_hidden(values), advertised)  # nothing comes back to what it does not carry
    data = {
        "run": {"time": trace.time, "answered": answered, "failing": 100 * distress},
        "loop": {"load": LOADS, "up": up, "down": down},
        "end": {"load": load[None], "goodput": _last(good)[None]},
        "capacities": {"hidden": hidden[None], "advertised": advertised[None]},
        "regions": {"kind": np.zeros(1), "start": np.full_like(end, START)[None], "end": end[None]},
    }
    return Picture(data, {
        "hidden": hidden, "advertised": advertised, "answered_end": _last(answered),
        "left": trace.events["left"].reshape(-1) - end + np.zeros(count), "dropped": dropped[-1],
    })  # fmt: skip


def _row(values: Mapping[str, Any], name: str) -> NDArray[Any]:
    return np.ravel(values[name]).astype(float)


def _last(values: NDArray[Any]) -> NDArray[Any]:
    """Mean over the last twenty seconds, added up in their order."""
    return np.add.accumulate(values[-20:], axis=0)[-1] / 20.0


def _loop(values: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    names = ("max_retries", "deadline", "retry_budget", "degradation")
    up, down = metastable.hysteresis(LOADS / 30, 100.0, *(_row(values, name) for name in names))
    return 30 * up, 30 * down


def _hidden(values: Mapping[str, Any]) -> NDArray[Any]:
    names = ("max_retries", "retry_budget", "degradation")
    return metastable.hidden_capacity(WHOLE, *(_row(values, name) for name in names))


def _advertised(up: NDArray[Any]) -> NDArray[Any]:
    """The highest load on the grid that a fleet answers which has never failed."""
    return np.maximum.reduce(np.where(up >= SHARE * LOADS[:, None], LOADS[:, None], 0.0))


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of answers, and how many stay down."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("goodput", "offered_rate"), every=1.0))
    answered = 100 * np.minimum(trace["goodput"] / np.maximum(trace["offered_rate"], 1.0), 1.0)
    low, high = middle(answered)
    down = 100 * (answered[-20:].mean(axis=0) < 50).mean()
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"down_share": down})


def back(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of requests answered at the end, one a setting: 1 back, 0 down."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(("goodput",), every=30.0, start=UNTIL - 30))
    return np.minimum(np.ravel(trace["goodput"][-1]) / np.maximum(_row(values, "arrival_rate"), 1.0), 1.0)


MAP = PhaseMap("arrival_rate", "trigger_duration", back, "answered at the end")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: the two capacities and the run, one above the other, and the phase map."""
    return [_loop_chart(), _run_chart(), map_chart(MAP, *PANEL.map_titles())]


def _load_axis(field: str = "load") -> alt.X:
    return alt.X(field, type="quantitative", title="load (requests/s)",
                 axis=alt.Axis(tickCount=4), scale=alt.Scale(domain=[0, WHOLE], nice=False))  # fmt: skip


def _capacities(data: str, dy: int = 0) -> list[alt.Chart]:
    """Rules at the two capacities, each named at its top, inside the plot and beside the other's name."""
    base = alt.Chart(alt.NamedData(data))
    parts = []
    for name, role in (("hidden", "naive"), ("advertised", "defended")):
        stroke = style.SERIES[role]
        x = alt.X(name, type="quantitative")
        parts.append(base.mark_rule(color=stroke.colour, strokeDash=[2, 3], strokeWidth=1.6).encode(x=x))
        far = f"datum.{name} > {FAR:g}" if name == "advertised" else f"datum.{name} > {NEAR:g}"
        mark = {"text": name, "align": alt.ExprRef(f"{far} ? 'right' : 'left'"), "dx": alt.ExprRef(f"{far} ? -5 : 5"),
                "baseline": "top", "dy": dy, "fontWeight": "bold", "color": stroke.word}  # fmt: skip
        mark["y"] = 2 if name == "advertised" else alt.ExprRef(f"datum.advertised > {FAR:g} ? 18 : 2")
        parts.append(base.mark_text(**mark).encode(x=x))
    return parts


def _loop_chart() -> alt.LayerChart:
    title = "answered (requests/s)"
    said = (
        "Requests answered against the load: a fleet that climbs follows the diagonal up to the advertised capacity, "
        "one that comes back lies at nothing down to the hidden one; a dot marks where this run ended."
    )
    x = _load_axis()
    lines = [
        style.line("loop", "load", name, role, x=x, y=style.amount_axis(name, title, top=WHOLE).axis(tickCount=4))
        for name, role in (("up", "defended"), ("down", "naive"))
    ]
    dot = alt.Chart(alt.NamedData("end")).mark_point(size=110, filled=True, color=style.INK, opacity=1)
    return alt.layer(
        *lines, *_capacities("capacities"), dot.encode(x=x, y=alt.Y("goodput", type="quantitative"))
    ).properties(height=170, description=said)


def _run_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "share (%)"
    names = {"answered": ("requests answered", "defended"), "failing": ("attempts that fail", "naive")}
    said = "Over 150 seconds, in percent: users' requests that are answered, and attempts that fail."
    return alt.layer(
        style.regions(labels={0: "trigger"}),
        style.band("band", "time", "low", "high", "defended", x=x, y=style.amount_axis("low", title, top=125.0)),
        *(style.line("run", "time", name, role, x=x, y=style.amount_axis(name, title, top=125.0))
          for name, (_, role) in names.items()),
        *style.plateau_labels("run", names, UNTIL, 125.0, height=190),
    ).properties(height=190, description=said)  # fmt: skip


INF = float("inf")
DEADLINES = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
PANEL = Panel(
    title="Two capacities",
    description=(
        "Above, requests answered against the load, climbing and coming back, with both capacities; below, over 150 "
        "seconds, requests answered and attempts that fail, in percent; beside them a map of the loads and triggers "
        "from which the fleet comes back."
    ),
    controls=(
        Slider.of(Parameters, "arrival_rate", "load", low=150, high=2700, step=75),
        Slider.of(Parameters, "max_retries", "retries", low=0, high=6, step=1),
        Slider.of(Parameters, "trigger_size", "trigger size", low=0.0, high=1.0, step=0.05),
        Slider.of(Parameters, "trigger_duration", "trigger length", low=0, high=20, step=1),
        Choice("trigger", "the trigger", ("outage", "spike"), ("capacity goes missing", "more users come"), more=True),
        Slider.of(Parameters, "degradation", "lost by a full queue", low=0.0, high=0.8, step=0.1, more=True),
        Slider.of(Parameters, "retry_budget", "retry budget", values=(0.0, 0.05, 0.1, 0.2, 0.5, 1.0, INF), more=True),
        Slider.of(Parameters, "deadline", "deadline", values=DEADLINES, more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"arrival_rate": 600},
        "cliff edge": {"trigger_size": 0.2, "trigger_duration": 9},
        "fixed": {"retry_budget": 0.2},
        "over-fixed": {"arrival_rate": 300},
    },
    captions={
        "storm": "60 % load; for ten seconds no worker answers",
        "healthy": "the same ten seconds, at a load below the hidden capacity",
        "cliff edge": "a trigger that lifts the fleet about to the point of no return",
        "fixed": "one retry for every five requests, whatever happens",
        "over-fixed": "a tenth of what the workers can do: safe, and nine tenths idle",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("advertised", "advertised capacity", "requests/s"),
        Readout("hidden", "hidden capacity", "requests/s"),
        Readout("answered_end", "answered at the end", "%"),
        Readout("left", "out of it after", "s"),
        Readout("dropped", "requests given up", ""),
        Readout("down_share", "seeds that stay down", "%"),
    ),
    challenges=(
        Challenge(
            "Find a load of at least 600 from which the fleet comes back after the longest trigger of all",
            lambda now: now["arrival_rate"] >= 600 and now["trigger_duration"] == 20 and now["trigger_size"] == 1
            and now["answered_end"] > 95,
            example={"arrival_rate": 675, "trigger_duration": 20},
        ),
        Challenge(
            "Storm: advertise 2,700 requests/s or more, and come back from the trigger all the same",
            lambda now: now["advertised"] >= 2700 and now["answered_end"] > 95,
            example={"deadline": 0.5, "retry_budget": 0.2},
            at="storm",
        ),
        Challenge(
            "Storm, with a full queue that takes 30 % of the capacity away: come back, and keep some retries",
            lambda now: now["answered_end"] > 95 and now["max_retries"] > 0 and now["retry_budget"] > 0,
            example={"degradation": 0.3, "retry_budget": 0.1},
            at="storm",
            but={"degradation": 0.3},
        ),
    ),
    assumptions=(
        "30 workers of 100 attempts/s, a queue each that holds a second's work; requests go to one at random",
        "a client waits a tenth of a second, and tries again after five seconds on average",
        "the curves above are closed forms; advertised is the highest load of which nine in ten are answered, and "
        "hidden no more than that; capacity that a full queue takes away counts in the hidden one alone",
        "the band is the middle 80 % of 32 seeds",
    ),
    units={"answered": "%", "failing": "%", "time": "s", "load": "requests/s", "up": "requests/s",
           "down": "requests/s", "goodput": "requests/s", "hidden": "requests/s", "advertised": "requests/s"},
)  # fmt: skip


# -- pictures without sliders ----------------------------------------------------------------------------------------

RAMP, TOP, STEPS = 1200.0, 2700.0, 90
"""Seconds in which the load climbs, and as many in which it comes down; how high; in how many steps."""


def ramp(base: Parameters, seed: int) -> Trace:
    """Return a run without a trigger whose load climbs and comes down again."""
    loads = np.concatenate([np.linspace(0, TOP, STEPS), np.linspace(TOP, 0, STEPS)])
    times = np.arange(2 * STEPS) * RAMP / STEPS
    changes = tuple((time, load) for time, load in zip(times[1:].tolist(), loads[1:].tolist(), strict=True))
    there = base.replace(arrival_rate=Schedule(0.0, changes), trigger_size=0.0)
    return simulate(there.replace(dt=1.0), seed, until=2 * RAMP, record=Record(("goodput", "offered_rate"), every=10.0))


def turning_points(trace: Trace) -> tuple[float, float]:
    """Return the loads at which a ramp falls over, and at which it comes back; both alike where it never falls."""
    half = len(trace.time) // 2
    well = trace["goodput"] >= 0.5 * trace["offered_rate"]
    down, back_again = ~well[:half] & (trace.time[:half] > 200), well[half:]
    falls = float(trace["offered_rate"][:half][down.argmax()]) if down.any() else TOP
    return falls, float(trace["offered_rate"][half:][back_again.argmax()])


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: goodput as the load climbs and comes down, without and with a retry budget."""
    cases = {"naive": ("three retries", NAIVE), "fixed": ("at most one retry for five requests", FIXED)}
    data: dict[str, Any] = {}
    sides = []
    for name, (words, base) in cases.items():
        trace = ramp(base, seed)
        half = len(trace.time) // 2
        for way, rows in (("up", slice(0, half)), ("down", slice(half, None))):
            data[f"{name} {way}"] = {"load": trace["offered_rate"][rows], way: trace["goodput"][rows],
                                     "time": trace.time[rows]}  # fmt: skip
        data[f"{name} capacities"] = {"hidden": [HIDDEN], "advertised": [ADVERTISED]}
        sides.append(_side(name, first=name == "naive").properties(title=words))
    said = (
        "Requests answered against the load, which climbs and comes down, twenty minutes each. With three retries "
        "the fleet follows the diagonal to about 2,000 requests/s, falls to nothing, and comes back below 750. With a "
        "retry budget it comes back at the load at which it fell."
    )
    units = dict.fromkeys(("load", "up", "down", "hidden", "advertised"), "requests/s")
    return show(alt.hconcat(*sides, spacing=18), data, said, units=units)


def _side(name: str, *, first: bool) -> alt.LayerChart:
    bare = {} if first else {"title": None}
    parts: list[Any] = []
    for way, role, words in (("up", "defended", "load climbs"), ("down", "naive", "load comes down")):
        y = style.amount_axis(way, "answered (requests/s)", top=WHOLE).axis(**bare)
        parts.append(style.line(f"{name} {way}", "load", way, role, x=_load_axis(), y=y, order="time:Q"))
        if first:
            at = "datum.load > 1750 && datum.load < 1850" if way == "up" else "datum.load > 1380 && datum.load < 1420"
            mark = (
                alt.Chart(alt.NamedData(f"{name} {way}"))
                .transform_filter(at)
                .transform_aggregate(load="mean(load)", **{way: f"mean({way})"})
            )
            align = {"align": "right", "dx": -8} if way == "up" else {"align": "center", "dy": -9}
            parts.append(mark.mark_text(text=words, fontWeight="bold", color=style.SERIES[role].word, **align)
                         .encode(x="load:Q", y=f"{way}:Q"))  # fmt: skip
    return alt.layer(*parts, *(_capacities(f"{name} capacities") if first else [])).properties(width=310, height=240)


def compare(
    traces: Mapping[str, Trace], signal: str = "goodput", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="trigger", title=title, top=top)


# -- the lesson's tables and its checks against theory ---------------------------------------------------------------


def states(seed: int = 7) -> ShownChart:
    """Show where a load can stay: closed curves, and simulated fleets that were left alone or knocked over."""
    fine = np.linspace(0.5, 100, 200)
    low, tipping, high = metastable.fixed_points(fine, 100.0, 3, 0.1)
    loads = np.arange(12.0, 70.0, 8.0)
    knocked = NAIVE.replace(arrival_rate=30 * loads, trigger_size=np.array([0.0, 1.0])[:, None], trigger_duration=20.0)
    seen = simulate(knocked, seed, until=200, record=Record(("attempt_rate",), every=40.0))["attempt_rate"][-1] / 30
    data = {
        "theory": {"load": fine, "low": low, "tipping": tipping, "high": high},
        "run": {"load": np.tile(loads, 2), "attempts": seen.ravel()},
    }
    x = alt.X("load", type="quantitative", title="load of one worker (requests/s)",
              scale=alt.Scale(domain=[0, 80], nice=False))  # fmt: skip
    title, top = "attempts it gets (attempts/s)", 300.0
    names = {"low": ("healthy", "defended", 64, 20), "tipping": ("point of no return", "third", 52, 14),
             "high": ("failed", "naive", 52, -10)}  # fmt: skip
    parts: list[Any] = []
    for name, (words, role, at, dy) in names.items():
        y = style.amount_axis(name, title, top=top)
        parts.append(style.line("theory", "load", name, role, x=x, y=y))
        mark = alt.Chart(alt.NamedData("theory")).transform_filter(f"datum.load >= {at} && datum.load < {at} + 0.5")
        text = {"text": words, "dy": dy, "align": "right", "fontWeight": "bold", "color": style.SERIES[role].word}
        parts.append(mark.mark_text(**text).encode(x="load:Q", y=f"{name}:Q"))
    points = alt.Chart(alt.NamedData("run")).mark_point(size=45, filled=True, color=style.INK)
    parts.append(points.encode(x=x, y=alt.Y("attempts", type="quantitative")))
    said = (
        "Attempts that a worker gets against its load. Below 25 requests/s there is one state, near the load; up to "
        "69 there are three: healthy, failed at four times the load, and between them the point of no return, which "
        "falls towards the healthy one as the load rises. Simulated fleets lie on the healthy and the failed curve."
    )
    return show(alt.layer(*parts), data, said,
                units=dict.fromkeys(("load", "attempts", "low", "tipping", "high"), "requests/s"))  # fmt: skip


CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "deadline of a second": dict(deadline=1.0),
    "deadline of 50 ms": dict(deadline=0.05),
    "one retry": dict(retries=1),
    "six retries": dict(retries=6),
    "retry budget of 0.2": dict(budget=0.2),
    "a third more workers": dict(workers=40),
}


def movers() -> Any:
    """Return a table of changes and the two capacities that they leave, in closed form."""
    import pandas as pd

    rows = []
    for words, change in CHANGES.items():
        told = dict(workers=30, retries=3, deadline=0.1, budget=np.inf) | change
        grid = np.linspace(0.0, 100.0, 401)
        up, _ = metastable.hysteresis(grid, 100.0, told["retries"], told["deadline"], told["budget"])
        advertised = told["workers"] * grid[up[:, 0] >= SHARE * grid].max()
        hidden = told["workers"] * metastable.hidden_capacity(100.0, told["retries"], told["budget"])
        rows.append({"change": words, "advertised (requests/s)": round(advertised), "hidden (requests/s)":
                     round(min(float(hidden), advertised))})  # fmt: skip
    return listing.whole(pd.DataFrame(rows))


def shut(begin: float, seconds: float, let_in: float = 0.0) -> Schedule:
    """Return the schedule of a valve that lets a share of the requests in for some seconds, and all otherwise."""
    return Schedule(1.0, ((begin, let_in), (begin + seconds, 1.0)))


def twice() -> Schedule:
    """Return the capacity of a day on which the storm's outage comes again at 150 s."""
    return Schedule(1.0, ((START, 0.0), (START + 10, 1.0), (150.0, 0.0), (160.0, 1.0)))


WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "wait": ("nothing heals by itself up here", {}),
    "shut for 10 s": ("too short: the retries are still out there", dict(admitted=shut(60.0, 10.0))),
    "shut for 15 s": ("the same trigger would do it again", dict(admitted=shut(60.0, 15.0))),
    "shut for 60 s": ("users turned away for nothing", dict(admitted=shut(60.0, 60.0))),
    "half of the users for 60 s": ("900/s are still above 750", dict(admitted=shut(60.0, 60.0, 0.5))),
    "a third of them for 60 s": ("slow", dict(admitted=shut(60.0, 60.0, 1 / 3))),
    "a budget of 0.2 from 60 s on": ("must be there, or be switched on", dict(
        retry_budget=Schedule(np.inf, ((60.0, 0.2),)))),
    "a budget of 0.2 all the time": ("fewer passing errors are hidden", dict(retry_budget=0.2)),
    "no retries at all": ("every passing error is a user's", dict(max_retries=0)),
}  # fmt: skip
"""What people do, from 60 s on or beforehand: what it costs or why it fails, and its parameters."""


def ways_out(seed: int = 7) -> Any:
    """Return a table of what people do about the storm: when it is over, and what it cost until 240 s."""
    import pandas as pd

    rows = []
    for words, (price, change) in WAYS_OUT.items():
        run = simulate(NAIVE.replace(**change), seed, until=240.0)
        over = run.events["recovered"].item()
        rows.append({
            "from 60 s on": words, "all is well at (s)": "never" if np.isnan(over) else f"{over:.0f}",
            "requests not answered": f"{round(run['dropped'][-1].item(), -3):,.0f}", "but": price,
        })  # fmt: skip
    return listing.whole(pd.DataFrame(rows))


LAST = Record(("goodput",), every=20.0)
EMPTIED = cache_stampede.Parameters(trigger="flush", trigger_start=40.0, background_rate=0.0, ttl_jitter=1.0)
PLUGS: dict[str, tuple[Any, Any, float]] = {
    "retries (lesson 01)": (
        np.array([200.0, 250.0, 280.0, 320.0, 400.0, 800.0]),
        lambda loads, seed: retry_storm.simulate(
            retry_storm.Parameters(arrival_rate=loads, brownout_start=20.0, brownout_duration=20.0,
                                   brownout_capacity=0.1), seed, until=300, record=LAST),
        float(metastable.hidden_capacity(1200.0, 3)),
    ),
    "a cache that readers fill (02)": (
        np.array([50.0, 100.0, 200.0, 250.0, 300.0]),
        lambda loads, seed: cache_stampede.simulate(EMPTIED.replace(arrival_rate=loads), seed, until=300, record=LAST),
        60.0,
    ),
    "a cache that fills itself (02)": (
        np.array([100.0, 250.0, 300.0]),
        lambda loads, seed: cache_stampede.simulate(
            EMPTIED.replace(arrival_rate=loads, fill="read_through"), seed, until=300, record=LAST),
        60.0,
    ),
}  # fmt: skip
"""Systems of other lessons: loads to try, their run with a trigger, and what the formula says is hidden."""


def measured(seed: int = 7) -> Any:
    """Return a table of systems from other lessons: knocked over at rising load, where they stop coming back."""
    import pandas as pd

    rows = []
    for words, (loads, knocked, formula) in PLUGS.items():
        heals = knocked(loads, seed)["goodput"][-1] > 0.5 * loads
        stuck = loads[~heals]
        rows.append({
            "system": words, "formula (requests/s)": f"{formula:.0f}", "came back at": f"{loads[heals].max():.0f}",
            "stayed down at": f"{stuck.min():.0f}" if len(stuck) else "none tried",
        })  # fmt: skip
    return listing.whole(pd.DataFrame(rows))
