"""What a learner sees of a hot partition: the default picture, the panel, its challenges, and the phase map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.hot_partition import Parameters, partitions, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import hashing
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import OVERLAP, PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 300.0  # seconds shown
STEP = 2.0  # seconds between two points of a line
VIRAL = (60.0, 240.0)  # seconds between which one key is viral
SETTLED = (100.0, 240.0)  # the part of it over which numbers are taken
CAPACITY = 1000.0  # operations/s of a partition
TOP = 4000.0  # operations/s: end of the axis of a partition's demand
MOST_PARTITIONS = 256
SHARES = ("hottest_utilisation", "mean_utilisation", "hot_error_ratio")
SHOWN = (*SHARES, "goodput", "offered_rate", "latency_p99_hot", "reads_per_read", "staleness")
NAIVE = Parameters()
SALTED = NAIVE.replace(salts=20)
REGIONS = {0: "one key is viral"}
ROLES = {"hot_error_ratio": "naive", "mean_utilisation": "defended", "hottest_utilisation": "third"}
WORDS = {
    "hot_error_ratio": "hot key's errors",
    "mean_utilisation": "mean, busy",
    "hottest_utilisation": "hottest, busy",
}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(SHOWN, every=STEP))
    curves = {name: _columns(trace[name]) for name in SHOWN}
    data = {
        "run": {"time": trace.time, **{name: 100 * curves[name] for name in SHARES}},
        "profile": _profile(trace, np.ravel(values["partitions"]), bool(values["split"])),
        "regions": {"kind": np.zeros(1), "start": VIRAL[:1], "end": VIRAL[1:]},
    }
    return Picture(data, _numbers(trace.time, curves))


def _columns(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(len(values), -1)


def _numbers(time: NDArray[Any], curves: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """What the settings come to while the key is viral."""
    rows = (time > SETTLED[0]) & (time <= SETTLED[1])
    mean = {name: _mean(values[rows]) for name, values in curves.items()}
    answered = np.minimum(100 * mean["goodput"] / np.maximum(mean["offered_rate"], 1e-9), 100.0)
    percent = {name: 100 * mean[name] for name in SHARES}
    return {"answered": answered, **percent, **{name: mean[name] for name in SHOWN[5:]}}


def _profile(trace: Trace, count: NDArray[Any], split: bool) -> dict[str, NDArray[Any]]:
    """First attempts at each partition over the last viral minute, each over its part of the hash's range.

    Always the same number of rows, so that settings with any number of partitions travel together; NaN fills up.
    """
    rows = (trace.time > VIRAL[1] - 60) & (trace.time <= VIRAL[1])
    demand = _mean(partitions(trace)["demand"][rows])
    width = int(count.max())
    place = np.where(np.arange(width)[:, None] < count, np.arange(width)[:, None], np.nan)
    start, end = place / count, (place + 1) / count
    table = _filled_up({"start": start, "end": end, "demand": demand[:width]})
    if split:
        half = (start + end) / 2
        made = np.isfinite(demand[width:])
        table["end"][:width] = np.where(made, half, end)
        twins = _filled_up({"start": half, "end": end, "demand": demand[width:]})
        table = {name: np.concatenate([table[name], twins[name]]) for name in table}
    return table


def _mean(rows: NDArray[Any]) -> NDArray[Any]:
    """Mean over the first axis, added up in its order: `mean` would round differently for one setting than for many."""
    return np.add.accumulate(rows, axis=0)[-1] / len(rows)


def _filled_up(table: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return columns with a row for each partition that there may be, whatever the settings beside them have."""
    lacking = {name: MOST_PARTITIONS - len(values) for name, values in table.items()}
    return {
        name: np.concatenate([values, np.full((lacking[name], values.shape[1]), np.nan)])
        for name, values in table.items()
    }


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of the hot key's errors, and how many lose requests."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("hot_error_ratio",), every=STEP))
    low, high = middle(100 * trace["hot_error_ratio"])
    rows = (trace.time > SETTLED[0]) & (trace.time <= SETTLED[1])
    harmed = 100 * (trace["hot_error_ratio"][rows].mean(axis=0) > 0.01).mean()
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"harmed_share": harmed})


def hot_answered(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of the hot key's requests that are answered, one a setting: 1 healthy, 0 down."""
    p = parameters(values).replace(viral_start=0.0)
    trace = simulate(p, seed, until=90.0, record=Record(("hot_error_ratio",), every=60.0, start=30.0))
    return 1.0 - np.ravel(trace["hot_error_ratio"][-1])


MAP = PhaseMap("salts", "viral_share", hot_answered, "hot key answered (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: partitions and run, one above the other, and the phase map."""
    return [_profile_chart(), _run_chart(), map_chart(MAP, *PANEL.map_titles())]


def _profile_chart() -> alt.LayerChart:
    x = alt.X("start", type="quantitative", title="place in the hash's range (share)",
              scale=alt.Scale(domain=[0, 1], nice=False))  # fmt: skip
    y = style.amount_axis("demand", "asked (op/s)", top=TOP).axis(tickCount=4)
    over = f"datum.demand > {CAPACITY:g}"
    colour = alt.condition(over, alt.value(style.PALETTE["vermilion"]), alt.value(style.PALETTE["blue"]))
    base = alt.Chart(alt.NamedData("profile")).transform_filter("isValid(datum.demand)")
    bars = base.mark_bar(clip=True).encode(x=x, x2="end", y=y, y2=alt.datum(0), color=colour)
    said = "Operations that each partition is asked for in the last viral minute, by its place in the hash's range."
    rim = style.beyond("profile", "demand", "", "demand", TOP, x=("start", 1.0), y=2)
    return alt.layer(bars, *_capacity_line(), *rim).properties(height=165, description=said)


def _capacity_line() -> list[alt.Chart]:
    """A rule at a partition's capacity, named in words."""
    level = alt.Chart(alt.NamedData("regions"))
    stroke = style.SERIES["capacity"]
    rule = level.mark_rule(color=stroke.colour, strokeDash=stroke.dash, strokeWidth=stroke.width)
    words = level.mark_text(text="capacity", align="right", dx=-4, dy=-8, color=style.INK, fontWeight="bold")
    at = alt.datum(CAPACITY)
    return [rule.encode(y=at), words.encode(x=alt.datum(1.0), y=at)]


def _run_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "busy, or failed (%)"
    names = {name: (WORDS[name], role) for name, role in ROLES.items()}
    said = "Over 300 seconds, in percent: how busy the hottest partition and the fleet are, and the hot key's errors."
    return alt.layer(
        style.regions(labels=REGIONS),
        style.band("band", "time", "low", "high", "naive", x=x, y=style.amount_axis("low", title, top=130.0)),
        *(style.line("run", "time", name, role, x=x, y=style.amount_axis(name, title, top=130.0))
          for name, role in ROLES.items()),
        *style.plateau_labels("run", names, UNTIL, 130.0, height=210),
    ).properties(height=210, description=said)  # fmt: skip


PANEL = Panel(
    title="A hot partition",
    description=(
        "Above, what each partition is asked for in the last viral minute, against its capacity; below, over 300 "
        "seconds, how busy the hottest partition and the whole fleet are, and the hot key's errors; beside them a map "
        "of which viral shares and salts lose the hot key's requests."
    ),
    controls=(
        Slider.of(Parameters, "partitions", "partitions", values=(8, 16, 24, 32, 48, 64, 96, 128, 192, 256)),
        Slider.of(Parameters, "viral_share", "viral share", low=0.0, high=0.3, step=0.01),
        Slider.of(
            Parameters,
            "salts",
            "salts",
            values=(1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96),
        ),
        Slider.of(Parameters, "zipf_exponent", "skew of other keys", low=0.0, high=1.2, step=0.1, unit="(exponent)"),
        Slider.of(Parameters, "arrival_rate", "arrival rate", low=2000, high=40_000, step=1000, more=True),
        Slider.of(Parameters, "write_share", "writes", low=0.0, high=1.0, step=0.1, more=True),
        Slider.of(Parameters, "max_retries", "max retries", low=0, high=6, step=1, more=True),
        Choice("salted", "salted keys", ("hot", "every"), ("the hot one", "every one"), more=True),
        Choice(
            "salt_placement",
            "sub-keys lie",
            ("spread", "hashed"),
            ("side by side", "where their hash falls"),
            more=True,
        ),
        Slider.of(Parameters, "cache_ttl", "local cache's TTL", values=(0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 30.0), more=True),
        Slider.of(Parameters, "bounded_load", "bounded load", values=(1.1, 1.25, 1.5, 2.0, float("inf")), more=True),
        Switch("split", "split for heat", more=True),
        Slider.of(Parameters, "split_delay", "the split comes after", low=10, high=120, step=10, more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"viral_share": 0.01},
        "cliff edge": {"viral_share": 0.02},
        "fixed": {"salts": 20},
        "over-fixed": {"salts": 96},
    },
    captions={
        "storm": "one key takes 10 % of all requests, 90 % of them writes",
        "healthy": "the key takes 1 %",
        "cliff edge": "the key takes 2 %: what its partition just stands",
        "fixed": "the hot key in 20 sub-keys",
        "over-fixed": "96 sub-keys on 32 partitions: every read asks them all",
    },
    default="storm",
    base=NAIVE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("answered", "all keys: answered", "%"),
        Readout("hot_error_ratio", "hot key: failed", "%"),
        Readout("latency_p99_hot", "hot key: p99", "s"),
        Readout("mean_utilisation", "fleet: busy, mean", "%"),
        Readout("reads_per_read", "lookups per read", ""),
        Readout("harmed_share", "seeds losing > 1 % of it", "%"),
    ),
    challenges=(
        Challenge(
            "Lose half of the hot key's requests while more than 90 % of the fleet is idle",
            lambda now: now["hot_error_ratio"] >= 50 and now["mean_utilisation"] < 10,
            example={"partitions": 256},
        ),
        Challenge(
            "Storm, on 32 partitions: hot key's p99 below 0.1 s for at most 2 lookups per read",
            lambda now: now["partitions"] == 32 and now["latency_p99_hot"] < 0.1 and now["reads_per_read"] <= 2,
            example={"salts": 10, "bounded_load": 1.25},
            at="storm",
        ),
        Challenge(
            "Storm, but half of the requests are writes, on 32 partitions: lose less than 1 % of the hot key's "
            "requests, answers at most 1 s old",
            lambda now: now["partitions"] == 32 and now["hot_error_ratio"] < 1 and now["staleness"] <= 1,
            example={"write_share": 0.5, "cache_ttl": 1.0, "salts": 4},
            at="storm",
            but={"write_share": 0.5},
        ),
    ),
    assumptions=(
        "capacity 1,000 operations/s on every partition: more partitions are more capacity",
        "a write goes to one sub-key, a read asks all of them and succeeds or fails part by part",
        "throttled operations retry after 1, 2 and 4 s; throttling one costs 5 % of an operation",
        "upper chart: first attempts, cut off at 4,000; the band is the middle 80 % of 32 seeds",
    ),
    units={**dict.fromkeys(SHARES, "%"), "time": "s"},
)


# -- pictures without sliders ----------------------------------------------------------------------------------------

COLUMN = 200  # pixels: three side by side fit a laptop
BIN = 20  # seconds of a cell of the heat map


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: one viral key on 32 partitions, on 64, and on 32 with the key in 20 sub-keys."""
    cases = {
        "naive": ("naive: 32 partitions", NAIVE),
        "doubled": ("doubled: 64 partitions", NAIVE.replace(partitions=64)),
        "salted": ("salted: 32, in 20 sub-keys", SALTED),
    }
    sides = [_side(name, words, changed, seed) for name, (words, changed) in cases.items()]
    data = {key: table for _, part in sides for key, table in part.items()}
    words = (
        "Three columns, one seed, one key viral from 60 to 240 s. Above, attempts at each partition over time; below, "
        "how busy the hottest partition and the fleet are, and the hot key's errors. On 32 partitions one row glows, "
        "the rest has room, and most of the hot key's requests fail. On 64 the same row glows and the rest is darker "
        "still. With the key in 20 sub-keys twenty rows are a little brighter and nothing fails."
    )
    chart = alt.hconcat(*(chart for chart, _ in sides), spacing=14).resolve_scale(color="shared")
    return show(chart, data, words, units={"attempts": "attempts/s"})


def _side(name: str, title: str, changed: Parameters, seed: int) -> tuple[alt.VConcatChart, dict[str, Any]]:
    attempts = partitions(simulate(changed, seed, until=UNTIL))["attempts"]
    trace = simulate(changed, seed, until=UNTIL, record=Record(SHARES, every=5.0))
    data = {
        f"{name} heat": _heat(attempts),
        name: {"time": trace.time, **{signal: 100 * trace[signal] for signal in SHARES}},
        f"{name} regions": {"kind": [0.0], "start": VIRAL[:1], "end": VIRAL[1:]},
        f"{name} home": {"place": [0.5 + attempts[100:200].mean(axis=0).argmax()] * (int(changed.salts) == 1)},
    }
    first = name == "naive"
    heat = _heat_chart(name, attempts.shape[1], first=first).properties(title=title)
    return alt.vconcat(heat, _shares_chart(name, first=first), spacing=8), data


def _heat(attempts: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """One row a partition and stretch of time."""
    cells = attempts.reshape(-1, BIN, attempts.shape[1]).mean(axis=1)
    step, place = np.indices(cells.shape)
    right, top = (step + 1 + OVERLAP) * BIN, place + 1 + OVERLAP  # so that no seam shows between two cells
    table = {"start": step * BIN, "end": right, "low": place, "high": top, "attempts": cells}
    return {key: np.ravel(values).astype(float) for key, values in table.items()}


def _heat_chart(name: str, count: int, *, first: bool = True) -> alt.LayerChart:
    x = alt.X("start", type="quantitative", title=None, scale=alt.Scale(domain=[0, UNTIL], nice=False),
              axis=alt.Axis(labels=False, ticks=False))  # fmt: skip
    y = alt.Y("low", type="quantitative", title="partition (number)" if first else None,
              scale=alt.Scale(domain=[0, count], nice=False), axis=alt.Axis(grid=False, titlePadding=4))  # fmt: skip
    colour = alt.Color(
        "attempts", type="quantitative", title="attempts at a partition (attempts/s), capacity 1,000",
        scale=alt.Scale(domain=[0, 2000], clamp=True, scheme="cividis"),
        legend=alt.Legend(gradientLength=180, titleLimit=420),
    )  # fmt: skip
    cells = alt.Chart(alt.NamedData(f"{name} heat")).mark_rect(clip=True)
    here = alt.Chart(alt.NamedData(f"{name} home")).encode(x=alt.datum(sum(VIRAL) / 2), y="place:Q")
    text = {"text": "the hot key", "fontWeight": "bold", "dy": alt.ExprRef(f"datum.place > {count / 2} ? 14 : -14")}
    words = here.mark_text(color=style.INK, **text)
    back = here.mark_text(color=style.PAPER, stroke=style.PAPER, strokeWidth=4, **text)
    layers = alt.layer(cells.encode(x=x, x2="end", y=y, y2="high", color=colour), back, words)
    return layers.properties(width=COLUMN, height=190)


def _shares_chart(name: str, *, first: bool) -> alt.LayerChart:
    x, title = style.time_axis(UNTIL).axis(tickCount=4), "busy, or failed (%)"
    bare = {} if first else {"title": None}
    lines = [
        style.line(name, "time", signal, role, x=x, y=style.amount_axis(signal, title, top=118.0).axis(**bare))
        for signal, role in ROLES.items()
    ]
    labels = [_label_within(name, signal, WORDS[signal], ROLES[signal]) for signal in WORDS]
    region = style.regions(f"{name} regions", labels=REGIONS if first else {0: ""})
    return alt.layer(region, *lines, *labels).properties(width=COLUMN, height=150)


def _label_within(data: str, field: str, text: str, role: str) -> alt.Chart:
    """A direct label on the line, in the middle of the viral minutes."""
    base = alt.Chart(alt.NamedData(data)).transform_filter("datum.time == 150")
    below = alt.ExprRef(f"datum.{field} < 10 ? -9 : 11")
    mark = {"align": "center", "dy": below, "fontWeight": "bold", "color": style.SERIES[role].word}
    return base.mark_text(text=text, **mark).encode(x="time:Q", y=f"{field}:Q")


def heat(run: Trace) -> ShownChart:
    """Show attempts at each partition over time, of one run of 300 s.

    Parameters
    ----------
    run : Trace
    """
    attempts = partitions(run)["attempts"]
    data = {"one heat": _heat(attempts), "one home": {"place": []}}
    chart = _heat_chart("one", attempts.shape[1])
    chart.layer[0].encoding.x.title, chart.layer[0].encoding.x.axis = "time (s)", alt.Axis()
    words = f"Attempts at each of {attempts.shape[1]} partitions over {UNTIL:g} seconds: one row glows from 60 s on."
    return show(chart.properties(width=540, height=300), data, words, units={"attempts": "attempts/s"})


def compare(
    traces: Mapping[str, Trace], signal: str = "goodput", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="one key viral", title=title, top=top)


# -- the lesson's tables and its checks against theory ---------------------------------------------------------------

WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "salt the hot key, 20 sub-keys": ("each of its reads asks 20 partitions", dict(salts=20)),
    "20 sub-keys, placed by hash": ("some sub-keys share a partition", dict(salts=20, salt_placement="hashed")),
    "96 sub-keys": ("more sub-keys than partitions", dict(salts=96)),
    "salt every key, 20 sub-keys": ("every read of any key asks 20", dict(salts=20, salted="every")),
    "partitions three times as big": ("three times the bill", dict(partition_capacity=3000.0)),
    "three times as many partitions": ("three times the bill", dict(partitions=96)),
    "split for heat, after 30 s": ("frees the neighbours, not the key", dict(split="on", split_delay=30.0)),
    "bounded load 1.25": ("frees the neighbours, not the key", dict(bounded_load=1.25)),
    "local cache, 1 s": ("helps reads; here 90 % are writes", dict(cache_ttl=1.0)),
    "no retries": ("saves the work of rejecting", dict(max_retries=0)),
    "nothing": ("", {}),
}
"""Each defence alone: what it costs or why it fails, and its parameters."""


def ways_out(seeds: int = 4) -> Any:
    """Return a table of single defences while the key is viral, means over seeds.

    Returns
    -------
    pandas Styler
        One row a defence, fewest failures of the hot key first.
    """
    import pandas as pd

    trace = simulate(_one_by_one(), np.arange(seeds)[:, None], until=VIRAL[1], record=Record(_WAYS, every=20.0))
    rows = trace.time > SETTLED[0] + 20
    mean = {name: trace[name][rows].mean(axis=(0, 1)) for name in _WAYS}
    table = pd.DataFrame(
        {
            "alone": list(WAYS_OUT),
            "hot key fails": [f"{share:.1%}" for share in mean["hot_error_ratio"]],
            "others fail": [f"{share:.1%}" for share in mean["rest_error_ratio"]],
            "fleet busy": [f"{share:.0%}" for share in mean["mean_utilisation"]],
            "price, or why": [price for price, _ in WAYS_OUT.values()],
        }
    )
    order = np.argsort(mean["hot_error_ratio"].round(3), kind="stable")
    return listing.whole(table.iloc[order].reset_index(drop=True))


_WAYS = ("hot_error_ratio", "rest_error_ratio", "mean_utilisation")


def _one_by_one() -> Parameters:
    """One member a way out, in order."""
    return comparison.alone(NAIVE, [change for _, change in WAYS_OUT.values()])


def hot_share(seed: int = 7) -> ShownChart:
    """Show the busiest partition's share of the load against the number of partitions, over the closed form."""
    shares, counts = np.array([0.2, 0.1, 0.05, 0.02]), np.array([8, 16, 32, 64, 128, 256, 512])
    drill = NAIVE.replace(viral_share=shares[:, None], partitions=counts, viral_start=0.0)
    trace = simulate(drill, seed, until=30.0, record=Record(("imbalance",), every=30.0))
    seen = 100 * trace["imbalance"][-1] / counts
    fine = 2.0 ** np.linspace(3, 9, 61)
    x = alt.X("partitions", type="quantitative", title="partitions (log scale)",
              scale=alt.Scale(type="log", base=2, domain=[8, 512], nice=False),
              axis=alt.Axis(values=[8, 16, 32, 64, 128, 256, 512], format="d"))  # fmt: skip
    title = "hottest partition's load (%)"
    fair = style.amount_axis("fair", title, top=32.0)
    layers: list[Any] = [style.line("theory", "partitions", "fair", "demand", x=x, y=fair)]
    layers.append(style.end_label("theory", "partitions", "fair", "fair share 1/P", "demand", dy=4))
    for i, role in enumerate(("naive", "defended", "third", "fourth")):
        y = style.amount_axis(f"line{i}", title, top=32.0)
        layers.append(style.line("theory", "partitions", f"line{i}", role, x=x, y=y))
        point = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, size=55, filled=True)
        layers.append(point.encode(x=x, y=alt.Y(f"line{i}", type="quantitative")))
        text = f"v = {100 * shares[i]:.0f} %"
        layers.append(style.end_label("theory", "partitions", f"line{i}", text, role, dy=-4))
    table = {f"line{i}": 100 * hashing.hot_share(share, fine) for i, share in enumerate(shares)}
    data = {
        "theory": {"partitions": fine, "fair": 100 / fine, **table},
        "run": {"partitions": counts.astype(float), **{f"line{i}": seen[i] for i in range(4)}},
    }
    words = (
        "Share of the load on the hottest partition against 8 to 512 partitions, for hot keys of 2, 5, 10 and 20 % of "
        "the requests: simulated points on the curves v + (1 - v)/P, which flatten at v while the fair share 1/P falls "
        "to nothing."
    )
    return show(alt.layer(*layers), data, words, units={"partitions": "", **dict.fromkeys(table, "%")})


def salt_band(seed: int = 7) -> ShownChart:
    """Show the hot key's p99 against the number of sub-keys, simulated and in closed form."""
    salts = np.arange(1, 65)
    drill = NAIVE.replace(salts=salts, viral_start=0.0)
    record = Record(("latency_p99_hot",), start=20.0)
    seen = simulate(drill, seed, until=60.0, record=record)["latency_p99_hot"].mean(axis=0)
    load = hashing.salted_load(2000.0, 0.9, salts, 32) + 18_000 / 32
    theory = np.where(load < CAPACITY, hashing.sojourn(np.minimum(load, 999.0), CAPACITY, 0.99), np.nan)
    fit = salts[load < CAPACITY]
    x = alt.X("salts", type="quantitative", title="salts (sub-keys)", scale=alt.Scale(domain=[0, 64], nice=False))
    scale, ticks = alt.Scale(type="log", domain=[0.005, 20], nice=False), alt.Axis(values=[0.01, 0.1, 1, 10])
    title = "hot key's p99 (s, log scale)"
    y, also = (alt.Y(f, type="quantitative", title=title, scale=scale, axis=ticks) for f in ("p99", "theory"))
    layers = [
        style.regions(labels={0: "room, by the closed form"}),
        style.line("run", "salts", "p99", "naive", x=x, y=y),
        style.line("run", "salts", "theory", "demand", x=x, y=also),
        _label_at("run", "salts", 46, "p99", "simulated", "naive", dy=-10),
        _label_at("run", "salts", 20, "theory", "closed form", "demand", dy=14),
    ]
    data = {
        "run": {"salts": salts.astype(float), "p99": seen, "theory": theory},
        "regions": {"kind": [0.0], "start": fit[:1].astype(float), "end": fit[-1:].astype(float)},
    }
    words = (
        "99th percentile of the hot key's answered requests against the number of sub-keys: about eight seconds below "
        "a dozen and above 32, tens of milliseconds between; the closed form of the key's busiest partition beside it."
    )
    return show(alt.layer(*layers), data, words, units={"p99": "s", "theory": "s"})


def _label_at(data: str, x: str, place: float, y: str, text: str, role: str, *, dy: int) -> alt.Chart:
    base = alt.Chart(alt.NamedData(data)).transform_filter(f"datum.{x} == {place}")
    mark = base.mark_text(text=text, dy=dy, fontWeight="bold", color=style.SERIES[role].word)
    return mark.encode(x=f"{x}:Q", y=f"{y}:Q")
