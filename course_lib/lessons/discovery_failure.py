"""What a learner sees of a discovery failure: the default picture, the panel, its challenges, and the phase map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.discovery_failure import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import discovery
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 1200.0  # seconds shown
STEP = 6.0  # seconds between two points of a line
START = 300.0  # when the registry goes
DEPLOY = 360.0  # when a deploy begins, if there is one
LINES = ("existing_success", "new_success", "error_ratio")
SHOWN = (*LINES, "listed", "listed_dead", "stranger_share")
NAIVE = Parameters(catalogue="lost")
KEPT = NAIVE.replace(cache_life=3600.0)
DOUBTING = KEPT.replace(panic_threshold=0.5)
ROLES = {"error_ratio": "naive", "existing_success": "defended", "new_success": "third"}
WORDS = {
    "error_ratio": "requests that fail",
    "existing_success": "on open connections",
    "new_success": "new connections",
}
REGIONS = {0: "registry down"}
TRIGGERS = {
    "dead": "the registry is dead",
    "late": "its answers are two minutes old",
    "empty": "it answers an empty list",
    "deaf": "it hears no heartbeats",
    "checks": "checks fail on healthy hosts",
    "hosts": "hosts fail, checks see it",
    "forged": "forged addresses",
}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(SHOWN, every=STEP))
    curves = {name: trace[name].reshape(len(trace.time), -1) for name in SHOWN}
    end = START + np.ravel(values["outage_duration"]).astype(float)
    data = {
        "run": {"time": trace.time, **{name: 100 * curves[name] for name in LINES}},
        "list": {
            "time": trace.time,
            "living": curves["listed"] - curves["listed_dead"],
            "dead": curves["listed_dead"] + 0.0,
        },
        "regions": {"kind": np.zeros(1), "start": np.full_like(end, START)[None], "end": end[None]},
    }
    return Picture(data, _numbers(trace.time, curves, end))


def _numbers(time: NDArray[Any], curves: Mapping[str, NDArray[Any]], end: NDArray[Any]) -> dict[str, Any]:
    """What the settings come to: while the trigger lasts, and in all that is shown after it."""
    during, after = (time[:, None] > START) & (time[:, None] <= end), time[:, None] > end
    failed = 100 * curves["error_ratio"]
    return {
        "failed_during": _mean(failed, during),
        "failed_after": _mean(failed, after),
        "failed": _mean(failed, during | after),
        "worst_new": 100 * np.minimum.reduce(np.where(during | after, curves["new_success"], 1.0)),
        "most_dead": np.maximum.reduce(curves["listed_dead"]),
        "strangers": 100 * np.maximum.reduce(curves["stranger_share"]),
    }


def _mean(values: NDArray[Any], rows: NDArray[np.bool_]) -> NDArray[Any]:
    """Mean over some rows, added up in their order: `mean` would round differently for one setting than for many."""
    count = np.add.accumulate(rows.astype(float), axis=0)[-1]
    return np.add.accumulate(np.where(rows, values, 0.0), axis=0)[-1] / np.maximum(count, 1.0)


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of failures, and how many lose requests."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("error_ratio",), every=STEP))
    low, high = middle(100 * trace["error_ratio"])
    harmed = 100 * (trace["error_ratio"][trace.time > START].mean(axis=0) > 0.01).mean()
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"harmed_share": harmed})


def answered(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of requests answered from the outage on, one a setting: 1 healthy, 0 down."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(("error_ratio",), every=900.0, start=START))
    return 1.0 - np.ravel(trace["error_ratio"][-1])


MAP = PhaseMap("outage_duration", "churn", answered, "answered (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: the list and the run, one above the other, and the phase map."""
    return [_list_chart(), _run_chart(), map_chart(MAP, *PANEL.map_titles())]


def _list_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "in use (number)"  # no longer than the chart is high
    names = {"living": ("alive", "defended"), "dead": ("dead", "naive")}
    said = "Over 1,200 seconds: of the addresses that clients use, mean over clients, those alive and those dead."
    return alt.layer(
        style.regions(labels={0: ""}),
        *(style.line("list", "time", name, role, x=x, y=style.amount_axis(name, title, top=60.0).axis(tickCount=4))
          for name, (_, role) in names.items()),
        *style.plateau_labels("list", names, UNTIL, 60.0, height=150),
    ).properties(height=150, description=said)  # fmt: skip


def _run_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "succeeds, or fails (%)"
    names = {name: (WORDS[name], role) for name, role in ROLES.items()}
    said = "Over 1,200 seconds, in percent: requests answered on open connections, new connections, and all failures."
    return alt.layer(
        style.regions(labels={0: "trigger"}),
        style.band("band", "time", "low", "high", "naive", x=x, y=style.amount_axis("low", title, top=135.0)),
        *(style.line("run", "time", name, role, x=x, y=style.amount_axis(name, title, top=135.0))
          for name, role in ROLES.items()),
        *style.plateau_labels("run", names, UNTIL, 135.0, height=210),
    ).properties(height=210, description=said)  # fmt: skip


LIVES = (30.0, 60.0, 120.0, 180.0, 300.0, 450.0, 600.0, 900.0, 1800.0, 3600.0, 86_400.0)
PANEL = Panel(
    title="A registry that goes, and comes back",
    description=(
        "Above, over 1,200 seconds, the addresses that clients use, alive and dead; below, in percent, requests "
        "answered on open connections, new connections that find somebody, and requests that fail; beside them a map "
        "of which outages and which churn lose requests."
    ),
    controls=(
        Slider.of(Parameters, "cache_life", "cache life", values=LIVES),
        Slider.of(Parameters, "churn", "churn", values=(0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)),
        Slider.of(Parameters, "panic_threshold", "panic threshold", low=0.0, high=1.0, step=0.05),
        Slider.of(Parameters, "outage_duration", "outage", low=0, high=780, step=60),
        Choice("trigger", "what goes wrong", tuple(TRIGGERS), tuple(TRIGGERS.values()), more=True),
        Choice("catalogue", "it comes back", ("kept", "lost"), ("with its list", "with an empty one"), more=True),
        Choice("overload", "overloaded hosts", ("shed", "collapse"), ("answer what they can", "collapse"), more=True),
        Choice("deploy_start", "a deploy", (float("inf"), DEPLOY), ("none", "from 360 s, for 600 s"), more=True),
        Switch("deploy_freeze", "deploy freeze", more=True),
        Slider.of(Parameters, "other_hosts", "retries on another host", low=0, high=3, step=1, more=True),
        Slider.of(Parameters, "ejection_cap", "ejection cap", values=(0.0, 0.1, 0.2, 0.3, 0.5, 1.0), more=True),
        Slider.of(
            Parameters,
            "admission_rate",
            "admission",
            values=(50.0, 100.0, 200.0, 400.0, 600.0, 900.0, 1200.0, float("inf")),
            more=True,
        ),
    ),
    presets={
        "storm": {},
        "healthy": {"outage_duration": 60},
        "cliff edge": {"cache_life": 3600.0, "panic_threshold": 0.5, "churn": 3.0},
        "fixed": {"cache_life": 3600.0, "panic_threshold": 0.5},
        "over-fixed": {"cache_life": 86_400.0, "panic_threshold": 1.0},
    },
    captions={
        "storm": "the registry is down for ten minutes and comes back with an empty list; clients keep theirs for five",
        "healthy": "one minute: shorter than anything that runs out",
        "cliff edge": "all is kept, but instances live for twenty minutes: what is left of the list is just enough",
        "fixed": "lists are kept for an hour, and a list with less than half of what was known is doubted",
        "over-fixed": "kept for a day, and doubted as soon as one address is missing",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("failed_during", "failed while it lasts", "%"),
        Readout("failed_after", "failed afterwards", "%"),
        Readout("worst_new", "new connections, at worst", "%"),
        Readout("most_dead", "dead addresses, at most", ""),
        Readout("strangers", "calls to a stranger, at most", "%"),
        Readout("harmed_share", "seeds losing > 1 %", "%"),
    ),
    challenges=(
        Challenge(
            "Lose nothing to speak of while the registry is down (below 1 %), and more than 1 % once it is back",
            lambda now: now["outage_duration"] >= 300 and now["failed_during"] < 1 < now["failed_after"],
            example={"cache_life": 3600.0, "churn": 2.0},
        ),
        Challenge(
            "Storm, while a deploy replaces every instance: fewer than 1 % of requests fail, during and after",
            lambda now: now["failed_during"] < 1 and now["failed_after"] < 1,
            example={"deploy_start": DEPLOY, "cache_life": 3600.0, "panic_threshold": 0.5, "deploy_freeze": True},
            at="storm",
            but={"deploy_start": DEPLOY},
        ),
        Challenge(
            "Storm, but checks fail on 24 of 40 healthy hosts, and overloaded hosts collapse: fewer than 1 % fail",
            lambda now: now["failed"] < 1,
            example={"trigger": "checks", "overload": "collapse", "cache_life": 3600.0, "panic_threshold": 0.6},
            at="storm",
            but={"trigger": "checks", "overload": "collapse"},
        ),
    ),
    assumptions=(
        "40 instances of 100 requests/s each, 60 % busy; one in ten leaves without a goodbye",
        "heartbeats and polls every 30 s, leases of 90 s, swept every 60 s, answers at most 3 s old",
        "a connection lasts 300 s on average, or as long as its instance; nobody closes one because a list says so",
        "6,000 clients; the registry sends 1,000 lists a second; the band is the middle 80 % of 32 seeds",
    ),
    units={**dict.fromkeys(LINES, "%"), "time": "s"},
)


# -- pictures without sliders ----------------------------------------------------------------------------------------

COLUMN = 200  # pixels: three side by side fit a laptop


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: clients that forget their list, clients that keep it, and these during a deploy."""
    cases = {
        "naive": ("list kept for 5 minutes", NAIVE),
        "kept": ("kept for an hour", KEPT),
        "deploying": ("an hour, and a deploy", KEPT.replace(deploy_start=DEPLOY)),
    }
    data: dict[str, Any] = {}
    sides = []
    for name, (words, changed) in cases.items():
        trace = simulate(changed, seed, until=UNTIL, record=Record(LINES, every=STEP))
        data[name] = {"time": trace.time, **{signal: 100 * trace[signal] for signal in LINES}}
        data[f"{name} regions"] = {"kind": [0.0], "start": [START], "end": [START + 600]}
        sides.append(_side(name, first=name == "naive").properties(title=words))
    said = (
        "Three columns, one seed, the registry down from 300 to 900 s. Where lists are kept for five minutes, open "
        "connections go on undisturbed while new ones fail from 600 s on; after the return new ones succeed and half "
        "of the requests on open ones fail. Where lists are kept for an hour, one new connection in five fails at the "
        "end, and next to no request. Where a deploy replaces every instance meanwhile, the kept list rots: new "
        "connections fail, and then most requests."
    )
    return show(alt.hconcat(*sides, spacing=14), data, said, units=dict.fromkeys(LINES, "%"))


def _side(name: str, *, first: bool) -> alt.LayerChart:
    x, title = style.time_axis(UNTIL).axis(tickCount=4), "succeeds, or fails (%)"
    bare = {} if first else {"title": None}
    names = {signal: (WORDS[signal], role) for signal, role in ROLES.items()}
    lines = [
        style.line(name, "time", signal, role, x=x, y=style.amount_axis(signal, title, top=125.0).axis(**bare))
        for signal, role in ROLES.items()
    ]
    region = style.regions(f"{name} regions", labels=REGIONS if first else {0: ""})
    labels = style.plateau_labels(name, names, UNTIL, 125.0) if first else []
    return alt.layer(region, *lines, *labels).properties(width=COLUMN, height=220)


def compare(
    traces: Mapping[str, Trace], signal: str = "error_ratio", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="trigger", title=title, top=top)


# -- the lesson's tables and its checks against theory ---------------------------------------------------------------

WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "keep lists for an hour": ("old addresses; some will be somebody else's", dict(cache_life=3600.0)),
    "doubt lists below half": ("remembers no longer than the cache does", dict(panic_threshold=0.5)),
    "keep and doubt": ("a true scale-down below half is doubted, too", dict(cache_life=3600.0, panic_threshold=0.5)),
    "retry on another host": ("of a list that has run out", dict(other_hosts=1)),
    "eject the dead": ("the same", dict(ejection_cap=0.5)),
    "a catalogue on disk": ("the outage itself is as long", dict(catalogue="kept")),
    "let 200 clients/s in": ("the herd is slower, and sees longer lists", dict(admission_rate=200.0)),
    "let all in at once": ("6,000 lists take 6 s, a client waits 5", dict(admission_rate=np.inf)),
}
"""Each defence alone: what it costs or why it fails, and its parameters."""


def ways_out(seeds: int = 4) -> Any:
    """Return a table of defences over the default day, means over seeds.

    Returns
    -------
    pandas Styler
        One row a defence, fewest failures first.
    """
    import pandas as pd

    drill = comparison.alone(NAIVE, [change for _, change in WAYS_OUT.values()])
    record = Record(("error_ratio",), every=300.0)
    failed = 100 * simulate(drill, np.arange(seeds)[:, None], until=UNTIL, record=record)["error_ratio"].mean(axis=1)
    table = pd.DataFrame(
        {
            "defence": list(WAYS_OUT),
            "fails, registry down": [f"{share:.1f} %" for share in failed[1:3].mean(axis=0)],
            "fails, registry back": [f"{share:.1f} %" for share in failed[3]],
            "price, or why": [price for price, _ in WAYS_OUT.values()],
        }
    )
    order = np.argsort(failed[1:].mean(axis=0).round(2), kind="stable")
    return listing.whole(table.iloc[order].reset_index(drop=True))


def decay(seeds: int = 40) -> ShownChart:
    """Show what is left of a snapshot against its age, simulated and in closed form, without and with a deploy."""
    lives = {"one_hour": 1.0, "ten_minutes": 6.0}
    base = NAIVE.replace(outage_start=30.0, outage_duration=1e4, cache_life=1e5)
    drill = base.replace(churn=[*lives.values(), 0.0], deploy_start=[np.inf, np.inf, 30.0])
    trace = simulate(
        drill, np.arange(seeds)[:, None], until=930, record=Record(("valid_share",), every=60.0, start=30.0)
    )
    age = trace.time - 30.0
    seen = 100 * trace["valid_share"].mean(axis=1)
    fine = np.linspace(0, 900, 91)
    names = {"one_hour": "an hour", "ten_minutes": "ten minutes", "deploy": "a deploy of ten minutes"}
    curves = {name: discovery.valid_share(fine, churn / 3600) for name, churn in lives.items()}
    curves["deploy"] = discovery.valid_in_deploy(fine, 600.0)
    data = {
        "theory": {"age": fine, **{name: 100 * curve for name, curve in curves.items()}},
        "run": {"age": age, **{name: seen[:, i] for i, name in enumerate(names)}},
    }
    x = alt.X("age", type="quantitative", title="age of the snapshot (s)", scale=alt.Scale(domain=[0, 900], nice=False))
    layers: list[Any] = []
    for name, role in zip(names, ("defended", "third", "naive"), strict=True):
        y = style.amount_axis(name, "addresses still alive (%)", top=105.0)
        layers.append(style.line("theory", "age", name, role, x=x, y=y))
        point = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, size=45, filled=True)
        layers.append(point.encode(x=x, y=alt.Y(name, type="quantitative")))
        up = -6 if name == "deploy" else 0
        layers.append(style.end_label("theory", "age", name, names[name], role, dy=up))
    said = (
        "What is left of a snapshot over 15 minutes, points on closed curves: at a mean life of an hour 78 %, "
        "of ten minutes 22 %, and nothing after ten minutes in which a deploy replaces every instance."
    )
    return show(alt.layer(*layers), data, said, units=dict.fromkeys(names, "%"))


def panic(rho: float = 0.6) -> ShownChart:
    """Show what is answered against the share of hosts that look healthy: the healthy alone, or all of them."""
    healthy = np.linspace(0.05, 1.0, 20)
    base = NAIVE.replace(trigger="hosts", churn=0.0, connection_life=20.0, outage_start=60.0, outage_duration=1e4,
                         cache_life=1e5, arrival_rate=4000.0 * rho, failing_share=1 - healthy)  # fmt: skip
    drill = base.replace(panic_threshold=np.array([0.0, 1.0, 0.0])[:, None],
                         overload=np.array(["shed", "shed", "collapse"])[:, None])  # fmt: skip
    seen = 100 * simulate(drill, until=390, record=Record(("existing_success",), every=30.0))["existing_success"][-1]
    names = {"alone": "the healthy alone", "all": "all of them", "collapse": "the healthy, if they collapse"}
    fine = np.linspace(0.05, 1.0, 381)
    theory = (
        discovery.answered(fine, rho, False), discovery.answered(fine, rho, True),
        discovery.answered(fine, rho, False, collapse=True),
    )  # fmt: skip
    data = {
        "theory": {"healthy": 100 * fine, **{name: 100 * t for name, t in zip(names, theory, strict=True)}},
        "run": {"healthy": 100 * healthy, **{name: seen[i] for i, name in enumerate(names)}},
        "regions": {"kind": [0.0], "start": [5.0], "end": [100 * rho]},
    }
    x = alt.X("healthy", type="quantitative", title="hosts that are healthy (%)",
              scale=alt.Scale(domain=[0, 100], nice=False))  # fmt: skip
    layers: list[Any] = [style.regions(labels={0: "fewer than the load needs"})]
    for (name, words), role, dy in zip(names.items(), ("defended", "third", "naive"), (-10, 14, -8), strict=True):
        y = style.amount_axis(name, "requests answered (%)", top=118.0)
        layers.append(style.line("theory", "healthy", name, role, x=x, y=y))
        point = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, size=45, filled=True)
        layers.append(point.encode(x=x, y=alt.Y(name, type="quantitative")))
        base_mark = alt.Chart(alt.NamedData("theory")).transform_filter(
            f"abs(datum.healthy - {dict(alone=30, all=30, collapse=40)[name]}) < 0.13"
        )
        mark = base_mark.mark_text(text=words, dy=dy, fontWeight="bold", color=style.SERIES[role].word)
        layers.append(mark.encode(x="healthy:Q", y=f"{name}:Q"))
    said = (
        "Requests answered against the share of healthy hosts at 60 % utilisation: the healthy alone answer all of "
        "them down to 60 % and less below it, or nothing where overloaded hosts collapse; all hosts together answer as "
        "many as are healthy. Simulated points on the closed forms."
    )
    return show(alt.layer(*layers), data, said, units=dict.fromkeys(names, "%"))
