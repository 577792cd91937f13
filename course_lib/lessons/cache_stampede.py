"""What a learner sees of a cache stampede: the default picture, the panel, its challenges, and the phase map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.cache_stampede import SCOPES, TRIGGERS, Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import caching
from course_lib.view import comparison, style
from course_lib.view.frame import spread as middle
from course_lib.view.listing import whole
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 180.0  # seconds shown
TRIGGER = 60.0  # second at which it goes wrong
TOP = 2000.0  # per second: all axes that are compared share it
CAPACITY = 60.0  # recomputes/s of the default origin
NAIVE = Parameters()
DEFENDED = NAIVE.replace(coalescing="fleet")
EVERYTHING = {
    "coalescing": "fleet",
    "beta": 1.0,
    "stale_while_revalidate": 30.0,
    "stale_if_error": 60.0,
    "ttl_jitter": 0.1,
}
SHOWN = ("goodput", "origin_load", "offered_rate", "recomputes_hottest_most", "answer_age")
REGIONS = {0: "trigger", 1: "trigger over, still failing"}
NAMES = {"load": ("origin load", "naive"), "goodput": ("answered", "defended")}
TTLS = (5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0, 900.0, 3600.0)
WINDOWS = (0.0, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0)


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(SHOWN, every=1.0))
    goodput, load, offered, hottest, age = (trace[name].reshape(len(trace.time), -1) for name in SHOWN)
    settings = goodput.shape[1]
    ends = _ends(values["trigger"], settings)
    took = np.broadcast_to(np.ravel(trace.events["recovered"]), (settings,)) - ends
    numbers = _numbers(trace.time, goodput, offered, ends) | {
        "hottest": hottest[-1],
        "load": load[trace.time > UNTIL - 60].mean(axis=0),
        "age": _mean_age(age[trace.time > UNTIL - 60], goodput[trace.time > UNTIL - 60]),
    }
    numbers["recovery"] = np.where(values["trigger"] == "none", _never_fell(numbers["served_after"]), took)
    capacity = np.broadcast_to(np.asarray(values["origin_capacity"], dtype=float), (settings,))
    data = {
        "run": {"time": trace.time, "goodput": goodput, "load": load},
        "regions": _regions(values["trigger"], ends, numbers["recovery"]),
        "levels": {"time": np.array([0.0, UNTIL]), "capacity": np.tile(capacity, (2, 1))},
    }
    return Picture(data, numbers)


def _ends(trigger: str, settings: int) -> NDArray[Any]:
    """End of the trigger, one a setting; a flush is over at once."""
    lasts = float(NAIVE.trigger_duration) if trigger in ("hot_key", "brownout") else 0.0
    return np.full(settings, TRIGGER + lasts)


def _numbers(
    time: NDArray[Any], goodput: NDArray[Any], offered: NDArray[Any], ends: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    after, calm = time[:, None] > ends + 3.0, ((time > 20) & (time <= TRIGGER))[:, None]
    share = lambda rows: 100 * (goodput * rows).sum(axis=0) / np.maximum((offered * rows).sum(axis=0), 1e-9)  # noqa: E731
    return {"served_after": np.minimum(share(after), 100.0), "served_before": np.minimum(share(calm), 100.0)}


def _mean_age(age: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    """Mean age of answers in seconds; NaN where nobody got one."""
    total = weight.sum(axis=0)
    return np.where(total > 1.0, (age * weight).sum(axis=0) / np.maximum(total, 1.0), np.nan)


def _never_fell(served: NDArray[Any]) -> NDArray[Any]:
    """Recovery of a run without a trigger: at once where it stands, never where it fell by itself."""
    return np.where(served >= 95.0, 0.0, np.nan)


def _regions(trigger: str, ends: NDArray[Any], took: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Two stretches a setting: the trigger, and what outlives it (none where the cache is back at once)."""
    shown = ends if trigger == "none" else np.maximum(ends, TRIGGER + 1.0)  # a flush is wide enough to be seen
    start = np.stack([np.full_like(ends, TRIGGER), shown])
    back = np.where(np.isnan(took), UNTIL, ends + np.nan_to_num(took))
    return {"kind": np.array([0.0, 1.0]), "start": start, "end": np.stack([shown, np.maximum(back, shown)])}


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of goodput, and how many stand or recover."""
    names = ("goodput", "offered_rate")
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(names, every=1.0))
    low, high = middle(trace["goodput"])
    late = trace.time > UNTIL - 30
    stands = trace["goodput"][late].sum(axis=0) >= 0.95 * trace["offered_rate"][late].sum(axis=0)
    return Picture(
        {"band": {"time": trace.time, "low": low, "high": high}}, {"stand_share": 100 * stands.mean(axis=-1)}
    )


def served_late(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of requests answered in the last minute, one a setting: 1 healthy, 0 down."""
    record = Record(("goodput", "offered_rate"), every=60.0, start=UNTIL - 60.0)
    trace = simulate(parameters(values), seed, until=UNTIL, record=record)
    return np.ravel(np.minimum(trace["goodput"][-1] / np.maximum(trace["offered_rate"][-1], 1e-9), 1.0))


MAP = PhaseMap("ttl", "arrival_rate", served_late, "answered (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: the run, and the phase map."""
    return [_run_chart(), map_chart(MAP, *PANEL.map_titles(log="ttl"), log_ticks=(5, 30, 120, 900, 3600))]


def _run_chart() -> alt.LayerChart:
    x = style.time_axis(UNTIL)
    axis = lambda field: style.amount_axis(field, "rate (requests/s, recomputes/s)", top=TOP)  # noqa: E731
    return alt.layer(
        style.regions(labels=REGIONS),
        style.band("band", "time", "low", "high", "defended", x=x, y=axis("low")),
        style.line("levels", "time", "capacity", "capacity", x=x, y=axis("capacity")),
        style.line("run", "time", "load", "naive", x=x, y=axis("load")),
        style.line("run", "time", "goodput", "defended", x=x, y=axis("goodput")),
        *style.plateau_labels("run", NAMES, UNTIL, TOP, rim=style.RIM),
    )


def _refresh_alone(now: Mapping[str, Any]) -> bool:
    """Return whether nobody shares a recompute, nothing stale is served, and neither TTL, beta nor origin is large."""
    stale = now["stale_while_revalidate"] or now["stale_if_error"]
    small = now["ttl"] <= 30 and now["beta"] <= 2 and now["origin_capacity"] <= CAPACITY
    return now["coalescing"] == "none" and not stale and small


PANEL = Panel(
    title="A cache stampede",
    description=(
        "Requests answered and recomputes asked of the origin over 180 seconds, with a trigger at second 60; beside it "
        "a map of which TTLs and arrival rates leave the cache down."
    ),
    controls=(
        Slider.of(Parameters, "ttl", "TTL", values=TTLS),
        Slider.of(Parameters, "arrival_rate", "arrival rate", low=100, high=1000, step=50),
        Slider.of(Parameters, "recompute_time", "recompute time", low=0.5, high=2.5, step=0.25),
        Slider.of(
            Parameters,
            "beta",
            "early refresh (XFetch beta)",
            values=(0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 20.0),
        ),
        Choice(
            "trigger",
            "trigger",
            TRIGGERS,
            ("none", "hot key expires in a load peak", "cache flushed", "origin slows down"),
            more=True,
        ),
        Choice("coalescing", "who shares a recompute", SCOPES, ("nobody", "a process (of 20)", "the fleet"), more=True),
        Slider.of(Parameters, "stale_while_revalidate", "stale while revalidating", values=WINDOWS, more=True),
        Slider.of(Parameters, "stale_if_error", "stale if the recompute fails", values=WINDOWS, more=True),
        Slider.of(Parameters, "ttl_jitter", "TTL jitter", low=0.0, high=0.5, step=0.1, more=True),
        Slider.of(Parameters, "surge_factor", "load peak", values=(1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0), more=True),
        Slider.of(Parameters, "origin_capacity", "origin capacity", low=20, high=400, step=20, more=True),
        Slider.of(
            Parameters,
            "lock_expiry",
            "lock expiry",
            values=(0.5, 1.0, 2.0, 5.0, 10.0, 30.0, float("inf")),
            more=True,
        ),
        Slider.of(Parameters, "crash_probability", "lock holders that die", low=0.0, high=0.2, step=0.05, more=True),
        Choice(
            "fill",
            "who fills the cache",
            ("look_aside", "read_through"),
            ("a reader who still waits", "the cache itself"),
            more=True,
        ),
    ),
    presets={
        "storm": {},
        "healthy": {"trigger": "none"},
        "cliff edge": {"surge_factor": 2.0},
        "fixed": EVERYTHING,
        "over-fixed": {"ttl": 3600.0, "coalescing": "fleet"},
    },
    captions={
        "storm": "the hottest key expires in a load peak of three times, and everybody recomputes it",
        "healthy": "no trigger",
        "cliff edge": "a load peak of twice: seeds differ",
        "fixed": "fleet-wide lock, XFetch with beta 1, stale answers, TTL jitter of 10 %",
        "over-fixed": "fleet-wide lock and a TTL of an hour: answers are old",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    together=4,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("recovery", "recovered after the trigger", "s"),
        Readout("hottest", "most recomputes of one key", ""),
        Readout("served_after", "answered after the trigger", "%"),
        Readout("load", "origin load at the end", "/s"),
        Readout("age", "mean age of answers", "s", missing="none"),
        Readout("stand_share", "seeds that stand, of 32", "%"),
    ),
    challenges=(
        Challenge(
            "Bring it down for good without any trigger",
            lambda now: now["trigger"] == "none" and now["served_after"] < 20,
            example={"trigger": "none", "ttl": 10.0},
        ),
        Challenge(
            "Storm: answer 99 % after the trigger by early refresh with a beta of at most 2: nobody shares a "
            "recompute, nothing stale is served, the TTL is at most 30 s and the origin does at most 60 recomputes/s",
            lambda now: _refresh_alone(now) and now["served_after"] >= 99,
            example={"beta": 2.0, "fill": "read_through"},
            at="storm",
        ),
        Challenge(
            "Storm, but the whole cache is flushed: answer 99 % after it, by answers at most 10 s old on average, from "
            "an origin of at most 60 recomputes/s",
            lambda now: now["served_after"] >= 99 and now["age"] <= 10 and now["origin_capacity"] <= CAPACITY,
            example={"trigger": "flush", "coalescing": "fleet", "ttl": 14.0},
            at="storm",
            but={"trigger": "flush"},
        ),
    ),
    assumptions=(
        "open loop: readers keep coming at the arrival rate, and leave after 3 s",
        "64 keys of Zipf popularity; the hottest gets a fifth of the requests",
        "the origin has one FIFO queue and works on for readers who left; 10 recomputes/s are not ours",
        "the dashed line is the origin's capacity; the band is the middle 80 % of 32 seeds",
    ),
    units={"goodput": "requests/s", "load": "recomputes/s"},
)


# -- pictures without sliders ----------------------------------------------------------------------------------------


def compare(
    traces: Mapping[str, Trace], signal: str = "goodput", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="trigger", title=title, top=top)


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: the same expired hot key, the same seed, without and with one recompute per key."""
    cases = {
        "naive: everybody recomputes": comparison.Case(simulate(NAIVE, seed, until=UNTIL), REGIONS),
        "defended: one recompute a key": comparison.Case(simulate(DEFENDED, seed, until=UNTIL), REGIONS),
    }
    lines = {"origin_load": ("origin load", "naive"), "goodput": ("answered", "defended")}
    words = (
        "Two charts on the same axes. Naive: after the hot key expired in a load peak, the origin is asked for "
        "about 510 recomputes per second for good and nobody is answered. Defended by one recompute per key: nothing "
        "happens."
    )
    title = "rate (requests/s, recomputes/s)"
    return comparison.before_after(cases, lines, words, title=title, top=TOP, capacity=CAPACITY)


# -- the lesson's tables and its checks against theory ---------------------------------------------------------------

AFTER_THE_GUESS = """
Everyone who comes while the first recompute is on its way starts one of their own: 3 × 105 in that second, give or take
chance.
"""
"""What follows from the prediction, and so stands under it."""


def said(*sentences: str) -> Any:
    """Return numbers as sentences, for display as a cell's last line."""
    from IPython.display import Markdown

    return Markdown(" ".join(sentences))


def last_minute(trace: Trace) -> Any:
    """Say what the last minute of a run looks like."""
    late = trace.time > trace.time[-1] - 60.0
    mean = {name: float(trace[name][late].mean()) for name in trace.signals}
    return said(
        f"In the last minute {100 * mean['hit_ratio']:.0f} % of the requests hit.",
        f"The origin is asked {mean['origin_load']:.0f} times a second and finishes {mean['origin_throughput']:.0f};",
        f"what it begins has waited {mean['origin_wait']:.0f} s, and {mean['goodput']:.0f} requests/s are answered.",
    )


def xfetch_sizes(beta: Sequence[float], rate: float, recompute_time: float = 1.0) -> Any:
    """Say how many recomputes XFetch makes of one expiry, and how early the first is."""
    many, lead = caching.refreshes_per_cycle(beta), caching.refresh_lead(rate, recompute_time, beta)
    each = zip(beta, many, lead, strict=True)
    return said(*(f"β = {b:g}: {n:.2f} recomputes a cycle, the first {t:.1f} s early." for b, n, t in each))


LATE = {
    "origin_load": lambda mean, _: f"{mean:.0f} recomputes/s",
    "answer_age": lambda mean, _: f"{mean:.0f} s" if mean < 120 else f"{mean:.0f} s, {mean / 60:.0f} minutes",
    "answered": lambda mean, offered: f"{100 * mean / offered:.0f} % answered",
}


def late(trace: Trace, names: Sequence[str], what: str) -> Any:
    """Say what several runs are like in their last minute: `origin_load`, `answer_age`, or `answered`."""
    rows = trace.time > trace.time[-1] - 60.0
    mean = trace["goodput" if what == "answered" else what][rows].mean(axis=0)
    offered = trace["offered_rate"][rows].mean(axis=0)
    return said(*(f"{name}: {LATE[what](m, o)}." for name, m, o in zip(names, mean, offered, strict=True)))


ONE_KEY = Parameters(
    keys=1, ttl=1e4, recompute_time=0.5, dt=0.25, surge_factor=1.0, trigger_start=5.0, background_rate=0.0,
    origin_capacity=1e4, client_timeout=30.0,
)  # fmt: skip
"""One key that expires once, on an origin that never queues: where the closed forms hold."""


def stampede_sizes(seed: int = 7, seeds: int = 64) -> ShownChart:
    """Show recomputes per expiry against λδ, simulated, over the closed forms: nobody, a process, the fleet shares."""
    rate = np.linspace(10.0, 300.0, 13)
    swept = ONE_KEY.replace(arrival_rate=rate, coalescing=np.array(SCOPES)[:, None])
    record = Record(("recompute_rate_hottest",), every=5.0, start=5.0)
    trace = simulate(swept, seed + np.arange(seeds)[:, None, None], until=10.0, record=record)
    simulated = 5.0 * trace["recompute_rate_hottest"][-1].mean(axis=0)
    delta = float(ONE_KEY.recompute_time)
    forms = (
        caching.stampede_size(rate, delta),
        caching.process_stampede(rate, delta, int(ONE_KEY.processes)),
        np.ones_like(rate),
    )
    table = {"asked": rate * delta}
    for i in range(3):
        table |= {f"seen{i}": simulated[i], f"form{i}": forms[i]}
    said = (
        "Recomputes per expiry against requests per recompute time: simulated points lie on the closed forms, 1 + λδ "
        "where nobody shares, at most 20 where each of 20 processes shares, and 1 where the fleet shares."
    )
    return show(_sizes_chart(), {"run": table}, said)


def _sizes_chart() -> alt.LayerChart:
    title = "requests during one recompute, λδ (requests)"
    x = alt.X("asked", type="quantitative", title=title, scale=alt.Scale(domain=[0, 150], nice=False))
    names = ("nobody shares: 1 + λδ", "20 processes", "the fleet: 1")
    layers: list[Any] = []
    for i, (name, role) in enumerate(zip(names, ("naive", "third", "defended"), strict=True)):
        scale = {"type": "quantitative", "title": "recomputes per expiry", "scale": alt.Scale(domain=[0, 160])}
        stroke = style.SERIES[role]
        points = alt.Chart(alt.NamedData("run")).mark_point(filled=True, size=45, color=stroke.colour, opacity=1)
        layers += [
            style.line("run", "asked", f"form{i}", role, x=x, y=alt.Y(f"form{i}", **scale)),
            points.encode(x=x, y=alt.Y(f"seen{i}", **scale)),
            style.end_label("run", "asked", f"form{i}", name, role, dy=(0, -6, 6)[i]),
        ]
    return alt.layer(*layers)


WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "lock, XFetch, stale, jitter": ("the most to get right", EVERYTHING),
    "fleet-wide lock": ("readers wait for one holder, who may die", dict(coalescing="fleet")),
    "lock in each of 20 processes": ("20 recomputes instead of 1", dict(coalescing="process")),
    "stale while revalidating, 30 s": ("old answers, up to 30 s past expiry", dict(stale_while_revalidate=30.0)),
    "stale if error, 60 s": ("hides the outage, then it comes", dict(stale_if_error=60.0)),
    "queue bound of 100": ("rejects readers in the first seconds", dict(queue_limit=100)),
    "ten times the origin": ("idle at 5 % on every other day", dict(origin_capacity=600.0)),
    "read-through fills": ("the cache must fetch for itself", dict(fill="read_through")),
    "warm-up ramp, 60 s": ("turns readers away for a minute", dict(warmup_ramp=60.0)),
    "XFetch, beta 4": ("hot keys are refreshed every few seconds", dict(beta=4.0)),
    "XFetch, beta 1": ("2.7 recomputes a cycle", dict(beta=1.0)),
    "TTL jitter of 10 %": ("a slightly shorter mean TTL", dict(ttl_jitter=0.1)),
    "nothing": ("", {}),
}
"""Each defence alone: what it costs, and its parameters."""


def ways_out(seeds: int = 4, many: int = 48, until: float = UNTIL) -> Any:
    """Return a table of single defences: share answered in the last minute, after each of the three triggers.

    Parameters
    ----------
    seeds, many : int
        Seeds for each cell, and for those cells in which they disagree: there chance decides, and a mean of few seeds
        would say little.
    until : float
        Seconds.

    Returns
    -------
    pandas Styler
        One row a defence, in percent, to the nearest ten.
    """
    import pandas as pd

    triggers = np.repeat(np.array(TRIGGERS[1:]), len(WAYS_OUT))
    changes = [change for _, change in WAYS_OUT.values()] * 3
    few = _answered_late(changes, triggers, seeds, until)
    share = few.mean(axis=0)
    doubtful = np.flatnonzero(np.ptp(few, axis=0) > 0.1)
    share[doubtful] = _answered_late([changes[i] for i in doubtful], triggers[doubtful], many, until).mean(axis=0)
    percent = (10 * np.round(10 * share)).astype(np.int64).reshape(3, -1)
    columns = dict(zip(("hot key (%)", "flush (%)", "slow origin (%)"), percent, strict=True))
    prices = [price for price, _ in WAYS_OUT.values()]
    return whole(pd.DataFrame({"alone": list(WAYS_OUT), **columns, "price": prices}))


def _answered_late(
    changes: Sequence[Mapping[str, Any]], triggers: NDArray[Any], seeds: int, until: float
) -> NDArray[Any]:
    """Share answered in the last minute, shape (seeds, changes)."""
    names = sorted({name for change in changes for name in change})
    swept = {name: np.array([change.get(name, getattr(NAIVE, name)) for change in changes]) for name in names}
    record = Record(("goodput", "offered_rate"), every=60.0, start=until - 60.0)
    trace = simulate(NAIVE.replace(**swept, trigger=triggers), np.arange(seeds)[:, None], until=until, record=record)
    return np.minimum(trace["goodput"][-1] / trace["offered_rate"][-1], 1.0)
