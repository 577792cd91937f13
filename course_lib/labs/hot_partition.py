"""The charts of lab 04: the evidence, what doubling buys, where the sub-keys lie, and what N sub-keys cost.

A learner's answer may still be blank. Then its part is left out and the chart's title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.hot_partition import Parameters, simulate
from course_lib.models.partition_parts import VIRAL_KEY, partition_shares
from course_lib.models.trace import Record, Trace
from course_lib.theory import hashing
from course_lib.view import style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
NAMES = 10**6  # names of keys in a sample are drawn from as many
COUNTS = np.array([16, 32, 64, 128, 256])
MOST_TRIED = 48  # sub-keys
WRITES = 20_000  # writes that are placed one by one
A_KEY = 518_849


def sampled(run: Trace, requests: int = 600) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the keys of a sample of requests while the key is viral, and the partition of each.

    Parameters
    ----------
    run : Trace
        One run of `hot_partition.simulate`, without salts.
    requests : int
    """
    p, seed = run.parameters, int(run.seed)
    random = np.random.default_rng([seed, 4])
    count, keys, share = int(p.partitions), int(p.keys), float(p.viral_share)
    odds = np.append((1.0 - share) * hashing.zipf_shares(keys, float(p.zipf_exponent)), share)
    drawn = random.choice(keys + 1, size=requests, p=odds)
    slots = hashing.slot_of(np.where(drawn == keys, VIRAL_KEY, drawn), seed)
    names = random.choice(NAMES, size=keys + 1, replace=False)
    return names[drawn], hashing.partition_of(slots, count)


def evidence(before: NDArray[Any], during: NDArray[Any], finding: tuple[Any, ...] | None = None) -> ShownChart:
    """Show each partition's share of the requests before and during, and what the learner found.

    Parameters
    ----------
    before, during : ndarray (seconds, partitions)
        First attempts/s.
    finding : tuple of partition, key, share, optional
    """
    shares = [100 * rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during)]
    place = np.arange(len(shares[0]))
    data = {"run": {"start": place, "end": place + 0.9, "before": shares[0], "during": shares[1]}, "yours": {"x": []}}
    words = "Share of the requests at each partition, before and during the trouble: one of them has risen."
    chart, x = [], alt.X("start", type="quantitative", title="partition (number)", scale=alt.Scale(nice=False))
    for name, role, size in (("during", "naive", 0.9), ("before", "defended", 0.5)):
        y = style.amount_axis(name, "share of the requests (%)")
        mark = {"color": style.SERIES[role].colour, "opacity": size, "clip": True}
        chart.append(alt.Chart(alt.NamedData("run")).mark_bar(**mark).encode(x=x, x2="end", y=y, y2=alt.datum(0)))
    chart += [_top_word("during (orange)", "naive", 12), _top_word("before (blue)", "defended", 28)]
    if finding is not None:
        data["yours"] = {"x": np.array([float(finding[0]) + 0.45])}
        words += f" You found partition {float(finding[0]):.0f} and a share of {float(finding[2]):.1%}."
        said = f"you: partition {float(finding[0]):.0f}, {100 * float(finding[2]):.1f} %"
        chart += _yours(said, leftwards=float(finding[0]) > len(place) / 2)
    return show(alt.layer(*chart), data, words, units={"before": "%", "during": "%"})


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


def doublings(doubling: Answer, seed: int, viral_share: float = 0.1) -> ShownChart:
    """Show the learner's sweep over the number of partitions, beside the part of the demand above capacity."""
    found = asked(doubling, COUNTS, viral_share, seed)
    data: dict[str, Any] = {"run": {"partitions": COUNTS.astype(float)}}
    fit = 100 * hashing.hot_share(viral_share, COUNTS) * 20.0 - 100
    data["run"]["overload"] = np.maximum(100 * fit / (100 + fit), 0.0)
    x = alt.X("partitions", type="quantitative", title="partitions (log scale)",
              scale=alt.Scale(type="log", base=2, domain=[16, 256], nice=False),
              axis=alt.Axis(values=COUNTS.tolist(), format="d"))  # fmt: skip
    title = "hot key's requests that fail (%)"
    parts = [
        style.line("run", "partitions", "overload", "demand", x=x, y=style.amount_axis("overload", title, top=100)),
        style.end_label("run", "partitions", "overload", "asked above capacity", "demand"),
    ]
    if found is not None:
        data["run"]["yours"] = 100 * np.asarray(found, dtype=float)
        y = style.amount_axis("yours", title, top=100.0)
        parts.append(style.line("run", "partitions", "yours", "naive", x=x, y=y))
        parts.append(style.end_label("run", "partitions", "yours", "your sweep", "naive"))
    words = (
        "Share of the hot key's requests that fail against 16 to 256 partitions, from the learner's sweep, over the "
        "share of the hot partition's demand that lies above its capacity: both fall by a little and level out."
    )
    return show(titled(alt.layer(*parts), [] if found is not None else ["doubling is still blank"]), data, words)


def placement(write_key: Answer, seed: int, salts: int = 16, count: int = 32) -> ShownChart:
    """Show where a hot key's writes go: whole, in the learner's sub-keys by hash, in sub-keys side by side."""
    random = np.random.default_rng([seed, 5])
    key, hot, draw = np.full(WRITES, A_KEY), np.ones(WRITES, dtype=bool), random.uniform(size=WRITES)
    whole = hashing.partition_of(hashing.slot_of(key[:1], seed), count)
    table = {"place": np.arange(count), "whole": _spread(np.repeat(whole, WRITES), count)}
    table["beside"] = _spread((whole + np.floor(draw * salts).astype(np.int64)) % count, count)
    found = asked(write_key, key, hot, salts, draw)
    names = {"whole": ("one key", "naive"), "beside": ("sub-keys side by side", "third")}
    if found is not None:
        homes = hashing.partition_of(hashing.slot_of(np.asarray(found).astype(np.int64), seed), count)
        table["yours"] = _spread(homes, count)
        names = {"whole": names["whole"], "yours": ("your sub-keys, by hash", "defended"), "beside": names["beside"]}
    charts = [_placed(column, *about, table[column].max()) for column, about in names.items()]
    words = f"Share of {WRITES} writes of one key at each of {count} partitions: "
    words += "; ".join(f"{about[0]}: at most {table[column].max():.0f} %" for column, about in names.items())
    row = alt.hconcat(*charts, spacing=16)
    if found is None:
        row = row.properties(title=alt.Title("write_key is still blank", fontWeight="normal"))
    return show(row, {"run": table}, words, units=dict.fromkeys(names, "%"))


def _spread(homes: NDArray[Any], count: int) -> NDArray[np.float64]:
    return 100 * np.bincount(homes, minlength=count) / len(homes)


def _placed(column: str, text: str, role: str, most: float) -> alt.LayerChart:
    x = alt.X("place", type="quantitative", title="partition (number)", scale=alt.Scale(domain=[-1, 32], nice=False))
    y = alt.Y(column, type="quantitative", title="writes (%, root scale)",
              scale=alt.Scale(type="sqrt", domain=[0, 100]), axis=alt.Axis(values=[0, 5, 25, 50, 100]))  # fmt: skip
    bars = alt.Chart(alt.NamedData("run")).mark_bar(color=style.SERIES[role].colour, width=5).encode(x=x, y=y)
    title = alt.Title(f"{text}: at most {most:.0f} %", fontSize=12)
    return alt.layer(bars).properties(title=title, width=225, height=150)


def salts(service: Parameters, seed: int, objective: float, yours: Answer | None = None) -> ShownChart:
    """Show p99 of the hot key and operations per request against the number of sub-keys, and the learner's choice.

    Parameters
    ----------
    service : Parameters
        Its salts are swept.
    seed : int
    objective : float
        Seconds.
    yours : callable, optional
        The learner's `smallest_salts`; may still be blank.
    """
    tried = np.arange(1, MOST_TRIED + 1)
    record = Record(("latency_p99_hot",), start=20.0)
    run = simulate(service.replace(salts=tried, viral_start=0.0), seed, until=60.0, record=record)
    cost = hashing.reads_per_read(float(service.write_share), tried)[1]
    count = None if yours is None else chosen(yours, service, seed, objective)
    data = {
        "run": {"salts": tried.astype(float), "p99": run["latency_p99_hot"].mean(axis=0), "cost": cost},
        "objective": {"level": [objective]},
        "yours": {"x": [] if count is None else [float(count)]},
    }
    words = (
        "Two charts against the number of sub-keys: the hot key's p99, which falls below the objective from about a "
        "dozen to 32, and the operations per request, which rise evenly."
    )
    blank = ["smallest_salts is still blank"] if yours is not None and count is None else []
    marks = [] if count is None else _yours(f"yours: {count}")
    charts = [titled(alt.layer(*[*_p99_parts(), *marks]), blank), titled(alt.layer(*[*_cost_parts(), *marks]), [])]
    return show([chart.properties(width=400, height=240) for chart in charts], data, words, units={"p99": "s"})


def told(service: Parameters, seed: int, objective: float) -> tuple[NDArray[Any], ...]:
    """Return a service as `smallest_salts` is told of it, each number in an array of one."""
    rate, share, count = float(service.arrival_rate), float(service.viral_share), int(service.partitions)
    busiest = partition_shares(seed, float(service.zipf_exponent), int(service.keys), count).max()
    numbers = (rate * share, rate * (1 - share) * busiest, service.write_share, count, service.partition_capacity)
    return tuple(np.array([number]) for number in (*numbers, objective))


def chosen(smallest_salts: Answer, service: Parameters, seed: int, objective: float) -> int | None:
    """Return the learner's number of sub-keys for a service, as the model can take it; None while it is blank."""
    choice = asked(smallest_salts, *told(service, seed, objective))
    return None if choice is None else int(np.clip(np.ravel(choice[0])[0], 1, 512))


def _salts_axis() -> alt.X:
    return alt.X("salts", type="quantitative", title="salts (sub-keys)", scale=alt.Scale(domain=[0, 48], nice=False))


def _p99_parts() -> list[Any]:
    scale = alt.Scale(type="log", domain=[0.01, 20], nice=False)
    title, ticks = "hot key's p99 (s, log scale)", alt.Axis(values=[0.01, 0.1, 1, 10])
    y = alt.Y("p99", type="quantitative", title=title, scale=scale, axis=ticks)
    level = alt.Chart(alt.NamedData("objective"))
    rule = level.mark_rule(color=style.INK, strokeDash=style.DASHES["dashed"]).encode(y="level:Q")
    text = level.mark_text(text="objective", align="left", dx=4, dy=9, color=style.INK)
    return [style.line("run", "salts", "p99", "naive", x=_salts_axis(), y=y), rule,
            text.encode(x=alt.datum(0), y="level:Q")]  # fmt: skip


def _cost_parts() -> list[Any]:
    y = style.amount_axis("cost", "cost of a request (operations)", top=6.0)
    return [style.line("run", "salts", "cost", "defended", x=_salts_axis(), y=y)]


def _yours(text: str, *, leftwards: bool = False) -> list[alt.Chart]:
    mark, colour = alt.Chart(alt.NamedData("yours")), style.SERIES["fourth"].colour
    rule = mark.mark_rule(color=colour, strokeDash=style.SERIES["fourth"].dash, strokeWidth=2.4).encode(x="x:Q")
    side = {"align": "right", "dx": -8} if leftwards else {"align": "left", "dx": 5}
    words = mark.mark_text(text=text, dy=12, color=colour, fontWeight="bold", baseline="top", y=0, **side)
    return [rule, words.encode(x="x:Q")]


def _top_word(text: str, role: str, y: int) -> alt.Chart:
    one = alt.Chart(alt.NamedData("run")).transform_filter("datum.start == 0")
    return one.mark_text(text=text, align="left", x=12, y=y, color=style.SERIES[role].word, fontWeight="bold")
