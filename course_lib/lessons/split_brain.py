"""What a learner sees of a split brain: two histories as strips, the panel with its challenges, tables and a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.split_brain import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import quorum
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 140.0  # seconds shown
STEP = 2.0  # seconds between two points
GAP = 30.0  # writes/s: how far the strips part
APART = 18_500.0  # end of the axis of writes in the other history: all that come in the longest cut
NAIVE = Parameters()
ELECTED = NAIVE.replace(failover="majority")
QUORUM = ELECTED.replace(min_acks="majority", fencing=1.0)
CUT = (NAIVE.cut_start, NAIVE.cut_start + NAIVE.cut_duration)
RATES = ("near_rate", "far_rate")
SHOWN = (*RATES, "offered_rate", "goodput", "divergent", "lost", "conflicting_keys", "leaders", "leaders_in_term",
         "near_errors", "far_errors", "failover_time")  # fmt: skip
TRIGGERS = {
    "cut": "cut in two",
    "three_way": "cut in three",
    "deaf": "the leader hears nothing",
    "mute": "the leader is not heard",
    "site": "its site is lost",
    "pause": "the leader is paused",
}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the strips and numbers of several settings, one seed; see `Panel`."""
    p = parameters(values)
    trace = simulate(p, seed, until=UNTIL, record=Record(SHOWN, every=STEP))
    curves = {name: trace[name].reshape(len(trace.time), -1) for name in SHOWN}
    ends = CUT[0] + np.ravel(values["cut_duration"]).astype(float)
    data = {
        "run": {"time": trace.time, **strips(trace, p), "apart": curves["divergent"] + curves["lost"]},
        "regions": {"kind": np.zeros(1), "start": np.array([CUT[0]]), "end": ends[None, :]},
        "verdict": {"lost": curves["lost"][-1:]},
    }
    return Picture(data, _numbers(curves, trace.time, ends))


def _numbers(curves: Mapping[str, NDArray[Any]], time: NDArray[Any], ends: NDArray[Any]) -> dict[str, Any]:
    """What the settings come to over the whole run."""
    late = ((time > ends[:, None] - 10) & (time <= ends[:, None])).T
    part = {name: np.add.accumulate(np.where(late, curves[name], 0.0))[-1] for name in ("goodput", "offered_rate")}
    took = curves["failover_time"][-1]
    return {
        "lost": curves["lost"][-1],
        "conflicts": curves["conflicting_keys"][-1],
        "leaders": curves["leaders"].max(axis=0),
        "near_out": STEP * np.add.accumulate(curves["near_errors"])[-1],
        "far_out": STEP * np.add.accumulate(curves["far_errors"])[-1],
        "took": np.where(took > 0, took, np.nan),
        "served_late": np.minimum(100 * part["goodput"] / np.maximum(part["offered_rate"], 1e-9), 100.0),
    }


def strips(trace: Trace, p: Parameters) -> dict[str, NDArray[Any]]:
    """Return each side's writes as a strip, from its lower to its upper edge, and what of it is lost in the end.

    Parameters
    ----------
    trace : Trace
        With both sides' rates, `lost`, `divergent` and `leaders_in_term`.
    p : Parameters
        What it was run with.

    Returns
    -------
    dict of str to ndarray (steps, settings)
        ``near_low``, ``near_high``, ``near_lost`` (the upper edge of the lost part, else the lower), and the same of
        the far side, downwards.
    """
    time = trace.time[:, None]
    near, far, lost = (trace[name].reshape(len(time), -1) for name in (*RATES, "lost"))
    starts, ends, began = (np.ravel(trace.events[name]) for name in ("trigger_starts", "trigger_ends", "new_leader"))
    during = (time > starts + 0.5) & (time <= ends)
    gap = np.where(during, GAP, 0.0)
    whole = np.isin(np.ravel(p.trigger), ("pause", "site"))
    shared = np.ravel(p.storage) == "shared"
    fate = during & (lost[-1] > 0) & ~whole & (~shared | (time > np.nan_to_num(began, nan=np.inf)))
    rivals = np.where(trace["leaders_in_term"].reshape(len(time), -1)[-1] > 1, 0.5, 0.0)
    return {
        "near_low": gap, "near_high": gap + near, "near_lost": gap + np.where(fate, near, 0.0),
        "far_low": -gap, "far_high": -gap - far, "far_lost": -gap - np.where(during, far * rivals, 0.0),
    }  # fmt: skip


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of writes apart, and how many seeds lose any."""
    record = Record(("divergent", "lost"), every=STEP)
    trace = simulate(parameters(values), seeds, until=UNTIL, record=record)
    low, high = middle(trace["divergent"] + trace["lost"])
    harmed = 100 * (trace["lost"][-1] > 0.5).mean()
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"lost_seeds": harmed})


def harm(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of the cut's writes that were refused or lost, one a setting."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(("goodput", "offered_rate", "lost"), UNTIL))
    sent, taken, lost = (np.ravel(trace[name]) for name in ("offered_rate", "goodput", "lost"))
    during = 300.0 * np.maximum(np.ravel(values["cut_duration"]), 1.0)
    return np.clip((np.maximum(sent - taken, 0.0) * UNTIL + lost) / during, 0.0, 1.0)


MAP = PhaseMap("cut_duration", "election_timeout", harm, "refused or lost (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: both sides' strips over the writes apart, and the phase map."""
    words = (
        "Two strips over 140 seconds, writes a second: the near side's above, the far side's below, apart in the cut."
    )
    both = alt.layer(_strips("run", "regions", "verdict", UNTIL)).properties(height=210, description=words)
    return [both, _apart_chart(), map_chart(MAP, *PANEL.map_titles())]


def _strips(run: str, regions: str, verdict: str, until: float, *, title: bool = True) -> alt.LayerChart:
    x = style.time_axis(until)
    scale = alt.Scale(domain=[-250, 250], nice=False)
    axis = alt.Axis(labelExpr="format(abs(datum.value), 'd')", **({} if title else {"title": None}))
    base = alt.Chart(alt.NamedData(run))
    parts = []
    for side in ("near", "far"):
        for edge, role in (("high", "defended" if side == "near" else "third"), ("lost", "naive")):
            mark = {"color": style.SERIES[role].colour, "opacity": 0.85, "interpolate": "step-before", "clip": True}
            y = alt.Y(f"{side}_{edge}", type="quantitative", title="far | near (writes/s)", scale=scale, axis=axis)
            parts.append(base.mark_area(**mark).encode(x=x, y=y, y2=alt.Y2(f"{side}_low")))
    said = "datum.lost > 0.5 ? format(datum.lost, ',.0f') + ' writes lost' : 'no write lost'"
    mark = {"align": "right", "fontWeight": "bold", "fontSize": 13, "color": style.INK}
    text = alt.Chart(alt.NamedData(verdict)).transform_calculate(words=said).mark_text(**mark)
    text = text.encode(x=alt.datum(until - 2), y=alt.datum(-228), text="words:N")
    names = [
        alt.Chart(alt.NamedData(verdict)).mark_text(text=words, align="left", fontWeight="bold", color="white")
        .encode(x=alt.datum(3), y=alt.datum(level)) for words, level in (("near side", 75), ("far side", -75))
    ]  # fmt: skip
    return alt.layer(style.regions(regions, labels={0: "cut"}), *parts, text, *names)


def _apart_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "apart (writes)"
    said = "Over 140 seconds, writes that are in a history other than the newest leader's: divergent, and then lost."
    y = style.amount_axis("apart", title, top=APART)
    return alt.layer(
        style.regions(labels={0: ""}),
        style.band("band", "time", "low", "high", "naive", x=x, y=style.amount_axis("low", title, top=APART)),
        style.line("run", "time", "apart", "naive", x=x, y=y),
    ).properties(height=150, description=said)


LEASES = (3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, float("inf"))
PANEL = Panel(
    title="A network in two, and who leads",
    description=(
        "Above, over 140 seconds, both sides' acknowledged writes as two strips that part at the cut, the lost part in "
        "another colour; below, writes that are not in the newest leader's history; beside them a map of how long a "
        "cut lasts and how soon somebody acts."
    ),
    controls=(
        Slider.of(Parameters, "nodes", "nodes", low=1, high=9, step=1),
        Slider.of(Parameters, "near_nodes", "cut after node", low=1, high=9, step=1),
        Slider.of(Parameters, "lease", "lease", values=LEASES),
        Slider.of(Parameters, "replication_lag", "replication lag", low=0.0, high=10.0, step=0.5),
        Choice(
            "failover",
            "a new leader",
            ("first", "majority", "manual"),
            ("first to notice", "elected by a majority", "by hand"),
            more=True,
        ),
        Choice(
            "min_acks",
            "a write needs",
            ("one", "majority", "all"),
            ("the leader alone", "a majority of nodes", "all nodes"),
            more=True,
        ),
        Slider.of(Parameters, "fencing", "paths that check tokens", low=0.0, high=1.0, step=0.25, more=True),
        Choice("trigger", "what goes wrong", tuple(TRIGGERS), tuple(TRIGGERS.values()), more=True),
        Choice("storage", "storage", ("replicas", "shared"), ("a copy a node", "one for all"), more=True),
        Choice(
            "successor",
            "a successor",
            ("at_once", "waits", "waits_for_drift"),
            ("starts at once", "waits for the lease", "and for the clocks"),
            more=True,
        ),
        Slider.of(Parameters, "election_timeout", "silence before acting", low=2, high=62, step=2, more=True),
        Slider.of(Parameters, "cut_duration", "cut", low=1, high=61, step=3, more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"cut_duration": 7},
        "cliff edge": {"cut_duration": 13},
        "fixed": {"failover": "majority", "min_acks": "majority", "fencing": 1.0},
        "over-fixed": {"failover": "majority", "min_acks": "all", "fencing": 1.0},
    },
    captions={
        "storm": "43 s, and whoever notices first leads the other side",
        "healthy": "7 s: over before anybody acts",
        "cliff edge": "13 s: somebody acts just before the end, or just after",
        "fixed": "a majority elects, a majority has each write, and every path checks tokens",
        "over-fixed": "each write must be on all nodes, so that no cut leaves anybody who can take one",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("lost", "writes lost", "", digits=4),
        Readout("conflicts", "keys written on both sides", ""),
        Readout("near_out", "near side without answers", "s"),
        Readout("far_out", "far side without answers", "s"),
        Readout("took", "new leader after", "s"),
        Readout("leaders", "leaders at once", ""),
        Readout("lost_seeds", "seeds that lose writes", "%"),
    ),
    challenges=(
        Challenge(
            "Lose more than 6,000 writes although a majority elects every leader",
            lambda now: now["failover"] == "majority" and now["lost"] > 6000,
            example={"failover": "majority"},
        ),
        Challenge(
            "Storm, but in three parts: no seed loses a write, and somebody is answered at the end of the cut",
            lambda now: now["lost_seeds"] == 0 and now["served_late"] > 20,
            example={"trigger": "three_way", "nodes": 7, "failover": "majority", "min_acks": "majority"},
            at="storm",
            but={"trigger": "three_way"},
        ),
        Challenge(
            "Storm, one storage for both sides and no tokens: no seed loses a write, the far side waits at most 10 s",
            lambda now: now["fencing"] == 0 and now["lost_seeds"] == 0 and now["far_out"] <= 10,
            example={"storage": "shared", "lease": 5.0, "election_timeout": 4},
            at="storm",
            but={"storage": "shared"},
        ),
    ),
    assumptions=(
        "300 writes/s, half of them on either side; the leader is on the near side; messages take 50 ms",
        "a new leader takes writes 2 s after it was chosen; an operator acts after a quarter of an hour",
        "a node acts after the silence you set, or up to twice that; by vote, two at once begin anew",
        "a paused leader writes for 2 s before it looks at its clock; clocks err by 200 ppm; a third part is one node",
    ),
    units={**{f"{side}_{edge}": "writes/s" for side in ("near", "far") for edge in ("low", "high", "lost")},
           "apart": "writes", "time": "s"},
)  # fmt: skip


# -- pictures without sliders ----------------------------------------------------------------------------------------

COLUMN = 235  # pixels: three side by side fit a laptop


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: who notices first, whom a majority elects, and a majority that is asked for writes."""
    cases = {
        "naive": ("first to notice leads", NAIVE),
        "elected": ("a majority elects", ELECTED),
        "quorum": ("and has each write; tokens", QUORUM),
    }
    data: dict[str, Any] = {}
    sides = []
    for name, (words, p) in cases.items():
        trace = simulate(p, seed, until=UNTIL, record=Record(SHOWN, every=STEP))
        data[name] = {"time": trace.time, **{key: part[:, 0] for key, part in strips(trace, p).items()}}
        data[f"{name} regions"] = {"kind": [0.0], "start": CUT[:1], "end": CUT[1:]}
        data[f"{name} verdict"] = {"lost": [float(trace["lost"][-1])]}
        chart = _strips(name, f"{name} regions", f"{name} verdict", UNTIL, title=name == "naive")
        sides.append(chart.properties(title=words, width=COLUMN, height=230))
    said = (
        "Three times two strips, one seed, the network cut from 40 to 83 s. Where the first to notice leads, both "
        "sides go on, and the near side's strip of the cut, 6,852 writes with what had not been copied, is lost. "
        "Where a majority elects, the picture is the same. Where a majority must also have each write, the near side "
        "stops at the cut, the far side goes on after 13 s, and nothing is lost."
    )
    return show(alt.hconcat(*sides, spacing=10), data, said)


def compare(
    traces: Mapping[str, Trace],
    signal: str = "divergent",
    *,
    title: str = "",
    top: float | None = None,
    trigger: str = "cut",
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger=trigger, title=title, top=top)


def leases(seeds: int = 64) -> ShownChart:
    """Show for how long two lead, against the lease: at the worst of some seeds, by what the successor waits for."""
    lengths = np.arange(2.0, 38.0, 2.0)
    ways = {"at_once": ("starts at once", "naive"), "waits": ("waits, own clock", "third"),
            "waits_for_drift": ("waits, both clocks", "defended")}  # fmt: skip
    p = ELECTED.replace(lease=lengths[:, None, None], clock_error=0.1, successor=np.array(list(ways))[:, None])
    events = simulate(p, np.arange(seeds), until=UNTIL, record=Record()).events
    both = np.nanmax(quorum.overlap(events["old_stops"], np.nan_to_num(events["new_leader"], nan=np.inf)), axis=-1)
    data = {"run": {"lease": lengths, **{name: both[:, i] for i, name in enumerate(ways)}}}
    x = alt.X("lease", type="quantitative", title="lease (s)", scale=alt.Scale(domain=[0, 38], nice=False))
    title, layers = "two lead, at worst (s)", []
    for (name, (words, role)), dy in zip(ways.items(), (0, -4, 6), strict=True):
        layers.append(style.line("run", "lease", name, role, x=x, y=style.amount_axis(name, title, top=40.0)))
        layers.append(style.end_label("run", "lease", name, words, role, dy=dy))
    said = (
        "Seconds for which two nodes lead, at the worst of 64 seeds, against the length of the lease, with clocks that "
        "err by a tenth: up to half a minute where the successor starts at once, a few seconds where it waits on its "
        "own clock, none where it allows for both."
    )
    return show(alt.layer(*layers), data, said, units={**dict.fromkeys(ways, "s"), "lease": "s"})


# -- the lesson's tables ---------------------------------------------------------------------------------------------

_VOTED = dict(failover="majority")
_LEASED = dict(lease=8.0, successor="waits_for_drift")
WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "a majority elects": ("nobody asks it about writes", _VOTED),
    "a majority has each write": ("the first to notice may lack the last of them", dict(min_acks="majority")),
    "elects, and has each write": ("the minority's clients wait; each write, too", _VOTED | dict(min_acks="majority")),
    "elects; a lease of 8 s": ("8 s of writes, and what was not copied", _VOTED | _LEASED),
    "elects; tokens": ("the near copies have never seen the new one", _VOTED | dict(fencing=1.0)),
    "elects; tokens, one storage": ("every path to it must check", _VOTED | dict(fencing=1.0, storage="shared")),
    "silence of 45 s before acting": ("a dead leader is missed for as long", dict(election_timeout=45.0)),
    "promote by hand": ("a quarter of an hour, on the days when it matters", dict(failover="manual")),
    "all nodes have each write": ("nobody writes while one node is away", _VOTED | dict(min_acks="all")),
}
"""Each defence alone: what it costs or why it fails, and its parameters."""


def ways_out(seeds: int = 16) -> Any:
    """Return a table of defences over the default day, means over seeds.

    Returns
    -------
    pandas Styler
        One row a defence, fewest lost writes first, then fewest seconds without answers.
    """
    import pandas as pd

    drill = comparison.alone(NAIVE, [change for _, change in WAYS_OUT.values()])
    record = Record(("lost", "near_errors", "far_errors"), every=UNTIL)
    trace = simulate(drill, np.arange(seeds)[:, None], until=UNTIL, record=record)
    lost, near, far = (trace[name][-1].mean(axis=0) for name in ("lost", "near_errors", "far_errors"))
    table = pd.DataFrame(
        {
            "defence": list(WAYS_OUT),
            "writes lost": [f"{count:,.0f}" for count in lost],
            "near side waits": [f"{share * UNTIL:.0f} s" for share in near],
            "far side waits": [f"{share * UNTIL:.0f} s" for share in far],
            "price, or why": [price for price, _ in WAYS_OUT.values()],
        }
    )
    order = np.lexsort(((near + far).round(3), lost.round(0)))
    return listing.whole(table.iloc[order].reset_index(drop=True))


def causes(seeds: int = 16) -> Any:
    """Return a table of the two ways to two leaders, against the two cures: writes lost, means over seeds."""
    import pandas as pd

    days = {
        "cut in two, first to notice": dict(),
        "cut in two, elected": dict(failover="majority"),
        "leader paused, elected": dict(failover="majority", trigger="pause"),
    }
    cures = {"neither": {}, "majority for writes": dict(min_acks="majority"), "tokens": dict(fencing=1.0),
             "both": dict(min_acks="majority", fencing=1.0)}  # fmt: skip
    drill = comparison.alone(NAIVE, [{**day, **cure} for day in days.values() for cure in cures.values()])
    lost = simulate(drill, np.arange(seeds)[:, None], until=UNTIL, record=Record(("lost",), every=UNTIL))["lost"][-1]
    rows = lost.mean(axis=0).reshape(len(days), len(cures))
    table = pd.DataFrame([[f"{count:,.0f}" for count in row] for row in rows], columns=list(cures))
    table.insert(0, "writes lost", list(days))
    return listing.whole(table)
