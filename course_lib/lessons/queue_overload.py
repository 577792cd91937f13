"""What a learner sees of an overloaded queue: the default picture, the panel, its challenges, and the phase map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.queue_overload import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import queueing
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 600.0  # seconds shown
STEP = 4.0  # seconds between two points of a line
TOP, OLD = 1700.0, 80.0  # ends of the axes: messages/s, and seconds of age
HIGHEST = 2500.0  # end of the panel's: its burst may be larger, and its consumers do as much
BURST = (60.0, 180.0)
LOST = ("rejected_rate", "dropped_rate", "lost_rate", "dead_letter_rate")
SHOWN = ("goodput", "throughput", "demand", "oldest_age", "late_rate", "consumers", *LOST)
NAIVE = Parameters()
BOUNDED = NAIVE.replace(bound=8.0)
REGIONS = {0: "burst"}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(SHOWN, every=STEP))
    curves = {name: trace[name].reshape(len(trace.time), -1) for name in SHOWN}
    lines = {name: curves[name] for name in ("goodput", "throughput", "demand")}
    deadline = np.broadcast_to(np.ravel(values["deadline"]), curves["goodput"].shape[1:])
    data = {
        "run": {"time": trace.time, **lines, "age": np.minimum(curves["oldest_age"], OLD)},
        "deadline": {"level": deadline[None, :] + 0.0},
        "regions": {"kind": np.zeros(1), "start": BURST[:1], "end": BURST[1:]},
    }
    return Picture(data, _numbers(curves, np.ravel(trace.events["recovered"]), np.ravel(trace.events["first_doomed"])))


def _numbers(curves: Mapping[str, NDArray[Any]], back: NDArray[Any], doomed: NDArray[Any]) -> dict[str, Any]:
    """What the settings come to over the whole run."""
    sums = {name: np.add.accumulate(values, axis=0)[-1] for name, values in curves.items()}
    whole = np.maximum(sums["demand"], 1e-9)
    lost = sums["rejected_rate"] + sums["dropped_rate"] + sums["lost_rate"] + sums["dead_letter_rate"]
    return {
        "in_time": np.minimum(100 * sums["goodput"] / whole, 100.0),
        "late": np.minimum(100 * sums["late_rate"] / whole, 100.0),
        "turned_away": np.minimum(100 * lost / whole, 100.0),
        "oldest": curves["oldest_age"].max(axis=0),
        "back": back - BURST[1],
        "first_doomed": doomed - BURST[0],
        "most_consumers": curves["consumers"].max(axis=0),
    }


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of the goodput, and how many answer late."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("goodput", "late_rate"), every=STEP))
    low, high = middle(trace["goodput"])
    late = 100 * (trace["late_rate"].max(axis=0) > 1.0).mean()
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"late_seeds": late})


def in_time(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of the messages that are done in time, one a setting."""
    record = Record(("goodput", "demand"), every=UNTIL)
    trace = simulate(parameters(values).replace(), seed, until=UNTIL, record=record)
    return np.minimum(np.ravel(trace["goodput"]) / np.maximum(np.ravel(trace["demand"]), 1e-9), 1.0)


MAP = PhaseMap("consumers", "burst_rate", in_time, "done in time (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: rates and the oldest message's age, one above the other, and the phase map."""
    return [_rates_chart(), _age_chart(), map_chart(MAP, *PANEL.map_titles())]


def _rates_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "rate (messages/s)"
    names = {"demand": ("sent", "demand"), "goodput": ("in time", "defended"), "throughput": ("done", "third")}
    said = "Over 600 seconds, messages a second: what is sent, what is done, and what is done in time."
    return alt.layer(
        style.regions(labels=REGIONS),
        style.band("band", "time", "low", "high", "defended", x=x, y=style.amount_axis("low", title, top=HIGHEST)),
        *(style.line("run", "time", name, role, x=x, y=style.amount_axis(name, title, top=HIGHEST))
          for name, (_, role) in names.items()),
        *style.plateau_labels("run", names, UNTIL, HIGHEST, height=210),
    ).properties(height=210, description=said)  # fmt: skip


def _age_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "oldest age (s)"
    stroke = style.SERIES["capacity"]
    level = alt.Chart(alt.NamedData("deadline"))
    rule = level.mark_rule(color=stroke.colour, strokeDash=stroke.dash, strokeWidth=stroke.width, clip=True)
    words = level.mark_text(text="deadline", align="right", dx=-4, dy=-8, color=style.INK, fontWeight="bold")
    y = style.amount_axis("level", title, top=OLD)
    said = "Over 600 seconds, the age of the oldest message in the queue, against its deadline; cut off at 80 s."
    return alt.layer(
        style.regions(labels={0: ""}),
        rule.encode(y=y),
        words.encode(x=alt.datum(UNTIL), y=y),
        style.line("run", "time", "age", "naive", x=x, y=style.amount_axis("age", title, top=OLD)),
    ).properties(height=165, description=said)


PANEL = Panel(
    title="An overloaded queue",
    description=(
        "Above, over 600 seconds, messages a second that are sent, done, and done in time; below, the age of the "
        "oldest message against the deadline; beside them a map of which bursts how many consumers answer in time."
    ),
    controls=(
        Slider.of(Parameters, "burst_rate", "burst", low=600, high=2400, step=40),
        Slider.of(
            Parameters,
            "bound",
            "bound",
            values=(0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0, 20.0, 40.0, float("inf")),
        ),
        Slider.of(Parameters, "consumers", "consumers", low=6, high=24, step=1),
        Slider.of(Parameters, "partitions", "partitions", low=6, high=24, step=1),
        Slider.of(Parameters, "deadline", "deadline", values=(2.0, 5.0, 10.0, 20.0, 30.0, 60.0), more=True),
        Slider.of(Parameters, "poison_share", "poison", values=(0.0, 0.01, 0.02, 0.03, 0.05, 0.08), more=True),
        Choice(
            "discipline",
            "who is next",
            ("fifo", "lifo", "codel", "adaptive_lifo"),
            ("oldest first", "newest first", "CoDel", "adaptive LIFO"),
            more=True,
        ),
        Choice(
            "when_full",
            "a full queue",
            ("reject", "drop_oldest", "push_back"),
            ("refuses", "drops its oldest", "pushes back"),
            more=True,
        ),
        Switch("expiry", "check deadlines", more=True),
        Slider.of(Parameters, "max_consumers", "autoscaling up to", low=6, high=24, step=1, more=True),
        Slider.of(Parameters, "back_pressure", "producers that pause", low=0.0, high=1.0, step=0.1, more=True),
        Slider.of(Parameters, "max_deliveries", "deliveries", low=1, high=10, step=1, more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"burst_rate": 800},
        "cliff edge": {"burst_rate": 1080},
        "fixed": {"bound": 8.0, "max_consumers": 16},
        "over-fixed": {"bound": 4.0, "max_consumers": 16},
    },
    captions={
        "storm": "twice the usual for two minutes, into a queue without a bound",
        "healthy": "no burst",
        "cliff edge": "a burst 8 % above capacity: it leaves a deadline of work, more or less",
        "fixed": "at most 8 s of work, and up to 16 consumers",
        "over-fixed": "4 s of work: so little that autoscaling, which waits for 5, never starts",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("in_time", "done in time", "%"),
        Readout("late", "done too late", "%"),
        Readout("turned_away", "refused, dropped, lost", "%"),
        Readout("first_doomed", "first doomed, from the burst's start", "s"),
        Readout("back", "well again, from the burst's end", "s"),
        Readout("most_consumers", "consumers at most", ""),
        Readout("late_seeds", "seeds that answer late", "%"),
    ),
    challenges=(
        Challenge(
            "With a burst at most 20 % above the 1,000/s of ten consumers, stay late for more than a minute after it",
            lambda now: now["burst_rate"] <= 1200 and now["consumers"] == 10 and now["back"] > 60,
            example={"burst_rate": 1200},
        ),
        Challenge(
            "Storm, with at most 10 consumers to begin with: more than 94.5 % in time, and nothing late",
            lambda now: now["consumers"] <= 10 and now["late"] == 0 and now["in_time"] > 94.5,
            example={"expiry": True, "max_consumers": 16},
            at="storm",
        ),
        Challenge(
            "Storm, and 5 % of the messages are poison: more than 80 % in time with 10 consumers and no autoscaling",
            lambda now: now["consumers"] <= 10 and now["max_consumers"] <= 10 and now["in_time"] > 80,
            example={"poison_share": 0.05, "bound": 8.0, "max_deliveries": 2},
            at="storm",
            but={"poison_share": 0.05},
        ),
    ),
    assumptions=(
        "10 consumers do 100 messages/s each; 800/s are usual; the burst lasts from 60 to 180 s",
        "a bound counts as seconds of work for the consumers that are always there",
        "at most one consumer a partition; autoscaled consumers come a minute after they were asked for",
        "autoscaling asks for more when the queue holds over 5 s of work; pausing producers see the queue of 2 s ago",
    ),
    units={"goodput": "messages/s", "throughput": "messages/s", "demand": "messages/s", "age": "s", "time": "s"},
)


# -- pictures without sliders ----------------------------------------------------------------------------------------


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: the same burst into a queue without a bound, and into one of 8 s of work."""
    cases = {
        "naive: no bound": comparison.Case(simulate(NAIVE, seed, until=UNTIL), {**REGIONS, 1: "long after"}),
        "bounded: 8 s of work": comparison.Case(simulate(BOUNDED, seed, until=UNTIL), REGIONS),
    }
    lines = {"demand": ("sent", "demand"), "throughput": ("done", "third"), "goodput": ("done in time", "defended")}
    words = (
        "Two charts on the same axes, one seed, a burst of twice the usual rate from 60 to 180 s. Without a bound the "
        "consumers do 1,000 messages a second all along, and from 87 s on none of them in time, until more than five "
        "minutes after the burst. With a bound of 8 s of work everything that is done is done in time."
    )
    return comparison.before_after(cases, lines, words, title="rate (messages/s)", top=TOP)


def three_clocks(seed: int = 7) -> ShownChart:
    """Show what three gauges of the same queue say in the first minutes: depth, oldest age, time until it is doomed."""
    trace = simulate(NAIVE, seed, until=220.0)
    depth = 100 * trace["depth"] / trace["depth"].max()
    age = 100 * np.minimum(trace["oldest_age"] / 10.0, 1.0)
    doom = 100 * np.minimum(trace["next_wait"] / 10.0, 1.0)
    x, title = style.time_axis(220.0), "of its alarm (%)"
    lines = {"doom": ("naive", "work ahead ÷ deadline", 70, 60), "age": ("defended", "oldest age ÷ deadline", 82, 75),
             "depth": ("third", "depth ÷ its peak", 122, 45)}  # fmt: skip
    layers = [style.regions(labels=REGIONS)]
    for name, (role, words, second, level) in lines.items():
        layers.append(style.line("run", "time", name, role, x=x, y=style.amount_axis(name, title, top=112.0)))
        mark = {"align": "right" if name == "doom" else "left", "fontWeight": "bold", "color": style.SERIES[role].word}
        base = alt.Chart(alt.NamedData("regions")).mark_text(text=words, **mark)
        layers.append(base.encode(x=alt.datum(second), y=alt.datum(level)))
    data = {
        "run": {"time": trace.time, "doom": doom, "age": age, "depth": depth},
        "regions": {"kind": [0.0], "start": BURST[:1], "end": BURST[1:]},
    }
    words = (
        "Three gauges of one queue over 220 seconds. The work ahead of the next arrival reaches the deadline 17 s into "
        "the burst, the oldest message's age ten seconds later, and the depth its peak when the burst is over."
    )
    return show(alt.layer(*layers), data, words, units=dict.fromkeys(lines, "%"))


def collapse(seed: int = 7) -> ShownChart:
    """Show how long after a burst answers stay late, against the burst's rate: simulated, over the closed form."""
    rates = np.arange(1000.0, 2001.0, 50.0)
    trace = simulate(NAIVE.replace(burst_rate=rates), seed, until=1200.0, record=Record())
    seen = trace.events["recovered"] - BURST[1]
    fine = np.linspace(1000, 2000, 201)
    last = queueing.late_answers(fine, 120.0, 800.0, 1000.0, 10.0)[1] - 120.0
    x = alt.X("rate", type="quantitative", title="burst (messages/s)", scale=alt.Scale(domain=[1000, 2000], nice=False))
    title = "late after the burst (s)"
    points = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES["naive"].colour, size=55, filled=True)
    layers = [
        style.line("theory", "rate", "last", "demand", x=x, y=style.amount_axis("last", title, top=620.0)),
        points.encode(x=x, y=alt.Y("seen", type="quantitative")),
        style.end_label("theory", "rate", "last", "closed form", "demand", dy=12),
    ]
    data = {"theory": {"rate": fine, "last": np.nan_to_num(last)}, "run": {"rate": rates, "seen": seen}}
    words = (
        "Seconds after the burst until answers are in time again, against the burst's rate: nothing up to 1,083 "
        "messages a second, where the burst leaves a deadline of work, then a straight line; points simulated."
    )
    return show(alt.layer(*layers), data, words, units={"last": "s", "seen": "s"})


def compare(
    traces: Mapping[str, Trace], signal: str = "goodput", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="burst", title=title, top=top)


# -- the lesson's table of defences ----------------------------------------------------------------------------------

WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "refuse beyond 8 s of work": ("somebody must be told no", dict(bound=8.0)),
    "refuse beyond 8 s, 20 % of a message's work each": ("a no is not free", dict(bound=8.0, rejection_cost=0.2)),
    "refuse beyond 20 s of work": ("a bound above the deadline bounds memory alone", dict(bound=20.0)),
    "push back beyond 8 s": (
        "the queue moves to the producers, and is as long",
        dict(bound=8.0, when_full="push_back"),
    ),
    "check deadlines before serving": ("the dead are carried to their time", dict(expiry="on")),
    "newest first": ("the unlucky starve; no order", dict(discipline="lifo")),
    "adaptive LIFO with CoDel": ("no order", dict(discipline="adaptive_lifo")),
    "all producers pause at 3 s of work": ("they wait, or their users do", dict(back_pressure=1.0)),
    "scale to 16 consumers": ("comes a minute late; 16 partitions are the end", dict(max_consumers=16)),
    "scale to 16, refuse beyond 8 s": ("both", dict(max_consumers=16, bound=8.0)),
    "scale to 16, refuse beyond 4 s": ("the scaler never sees 5 s of work", dict(max_consumers=16, bound=4.0)),
    "nothing": ("", {}),
}
"""Each defence alone: what it costs or why it fails, and its parameters."""


def ways_out(seeds: int = 4) -> Any:
    """Return a table of single defences over the whole ten minutes, means over seeds.

    Returns
    -------
    pandas Styler
        One row a defence, most messages in time first.
    """
    import pandas as pd

    names = ("goodput", "late_rate", "producer_rate", "demand", *LOST)
    ways = comparison.alone(NAIVE, [change for _, change in WAYS_OUT.values()])
    trace = simulate(ways, np.arange(seeds)[:, None], until=UNTIL, record=Record(names, every=UNTIL))
    sums = {name: trace[name][0].mean(axis=0) for name in names}
    lost = sum(sums[name] for name in LOST)
    table = pd.DataFrame(
        {
            "alone": list(WAYS_OUT),
            "in time": [f"{share:.1%}" for share in sums["goodput"] / sums["demand"]],
            "too late": [f"{share:.1%}" for share in sums["late_rate"] / sums["demand"]],
            "refused or dropped": [f"{share:.1%}" for share in lost / sums["demand"]],
            "never sent": [f"{share:.1%}" for share in 1 - np.minimum(sums["producer_rate"] / sums["demand"], 1.0)],
            "price, or why": [price for price, _ in WAYS_OUT.values()],
        }
    )
    order = np.argsort(-(sums["goodput"] / sums["demand"]).round(3), kind="stable")
    return listing.whole(table.iloc[order].reset_index(drop=True))
