"""What a learner sees of a DNS outage: two days that mirror each other, the panel, its challenges and the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.dns_outage import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record, Trace
from course_lib.theory import dns
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 1200.0  # seconds shown in the panel
STEP = 5.0  # seconds between two points of a line
START = 60.0  # when either day goes wrong
OUTAGE = Parameters()
FAILOVER = Parameters(outage_duration=0.0, change_time=START)
STALE = 3600.0  # seconds of serve-stale where it is shown
TTLS = (1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1500, 1800, 3600)
SAMPLED = np.array([5, 10, 20, 30, 60, 100, 200, 300, 450, 600, 900, 1200, 1800, 3600.0])  # of the curves
SHOWN = ("availability", "stale_share", "stale_age")
OUT, FAILED_OVER, EMPTY, DAYS = range(4)  # members of a panel's run; those of the curves follow
REGIONS = {0: "authority in trouble"}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values: its outage day."""
    return PANEL.parameters(values)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return both days and both curves of several settings, one seed; see `Panel`."""
    outage = parameters(values)
    ttl, length = (np.ravel(np.asarray(values[name], dtype=float)) for name in ("ttl", "outage_duration"))
    count = np.broadcast_shapes(ttl.shape, length.shape)
    ttl, length = np.broadcast_to(ttl, count), np.broadcast_to(length, count)
    grid = np.broadcast_to(SAMPLED[:, None], (len(SAMPLED), *count))
    days = outage.replace(
        ttl=np.concatenate([np.broadcast_to(ttl, (DAYS, *count)), grid]),
        outage=np.where(np.arange(DAYS + len(grid)) == EMPTY, "empty", outage.outage)[:, None],
        outage_duration=length * (np.arange(DAYS + len(grid)) != FAILED_OVER)[:, None],
        change_time=np.where(np.arange(DAYS + len(grid)) == FAILED_OVER, START, np.inf)[:, None],
    )
    trace = simulate(days, seed, until=UNTIL, record=Record(SHOWN, every=STEP))
    kept = _in_outage(trace.time, trace["availability"], length)
    rate = np.ravel(np.asarray(values["lookup_rate"], dtype=float))
    return Picture(_tables(trace, kept, ttl, length, rate), _numbers(trace, kept, ttl, length, rate))


def _in_outage(time: NDArray[Any], availability: NDArray[Any], length: NDArray[Any]) -> NDArray[Any]:
    """Mean share answered rightly while the authority is in trouble; all of it where it never is."""
    rows = (time[:, None] > START) & (time[:, None] <= START + length)
    rows = np.broadcast_to(rows.reshape(len(time), 1, -1), availability.shape)
    whole = np.add.accumulate(np.where(rows, availability, 0.0), axis=0)[-1]
    count = rows.sum(axis=0)
    return np.where(count > 0, whole / np.maximum(count, 1), 1.0)


def _tables(
    trace: Trace, kept: NDArray[Any], ttl: NDArray[Any], length: NDArray[Any], rate: NDArray[Any]
) -> dict[str, Any]:
    follow = dns.failover_time(SAMPLED[:, None], 0.99, rate) + 0 * ttl
    return {
        "run": {
            "time": trace.time,
            "outage": 100 * trace["availability"][:, OUT],
            "failover": 100 * trace["availability"][:, FAILED_OVER],
            "stale": 100 * trace["stale_share"][:, OUT],
            "empty": 100 * trace["availability"][:, EMPTY],
        },
        "curves": {"sampled": SAMPLED, "kept": 100 * kept[DAYS:], "follow": follow},
        "yours": {
            "sampled": ttl[None],
            "kept": 100 * kept[:1],
            "follow": (dns.failover_time(ttl, 0.99, rate) + 0 * ttl)[None],
        },
        "regions": {"kind": np.zeros(1), "start": np.array([START]), "end": START + length[None]},
        "edge": {"sampled": np.where(length > 0, length, np.nan)[None]},
    }


def _numbers(
    trace: Trace, kept: NDArray[Any], ttl: NDArray[Any], length: NDArray[Any], rate: NDArray[Any]
) -> dict[str, Any]:
    """What the settings come to on each day."""
    out, moved, empty = (trace["availability"][:, day] for day in range(DAYS))
    lost = [np.add.accumulate(1.0 - day, axis=0)[-1] * STEP for day in (out, moved, empty)]
    age = np.where(trace["stale_share"][:, OUT] > 0.01, trace["stale_age"][:, OUT], 0.0)
    over = trace.time[:, None] > START + length
    after = np.add.accumulate(np.where(over, 1.0 - empty, 0.0), axis=0)[-1] * STEP
    rest = np.maximum(ttl - (UNTIL - START), 0.0)  # of a failover longer than the run
    lost[FAILED_OVER] = lost[FAILED_OVER] + dns.held_share(ttl, rate) * rest**2 / (2.0 * ttl)
    return {
        "answered": 100 * kept[OUT],
        "follow": trace.events["failed_over"][FAILED_OVER] - START,
        "lost_outage": lost[OUT],
        "lost_both": lost[OUT] + lost[FAILED_OVER],
        "lost_empty": lost[EMPTY],
        "answered_empty": 100 * kept[EMPTY],
        "after_empty": after,
        "oldest": np.max(age, axis=0),
    }


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do on the outage day: a band, and how many lose more than a tenth of the outage."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("availability",), every=STEP))
    low, high = middle(100 * trace["availability"])
    length = float(values["outage_duration"])
    rows = (trace.time > START) & (trace.time <= START + length)
    lost = 1.0 - trace["availability"][rows].mean(axis=0) if rows.any() else np.zeros(len(seeds))
    return Picture(
        {"band": {"time": trace.time, "low": low, "high": high}}, {"harmed_share": 100 * (lost > 0.1).mean()}
    )


def lost_on_both(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return minutes of traffic lost on the outage day and the failover day together, one number a setting."""
    until = 1020.0
    coarse = parameters(values).replace(dt=STEP)  # a map needs no seconds
    trace = simulate(coarse, seed, until=until, record=Record(("availability",), every=until))
    outage = (1.0 - np.ravel(trace["availability"][-1])) * until
    return (outage + dns.lost_in_failover(values["ttl"], values["lookup_rate"])) / 60.0


MAP = PhaseMap("ttl", "outage_duration", lost_on_both, "lost on both days (min)", low=0.0, high=20.0)


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: both days over time, both curves against the TTL, and the phase map."""
    return [_days_chart(), _curves_chart(), map_chart(MAP, *PANEL.map_titles(log="ttl"), log_ticks=(1, 10, 100, 1000))]


def _days_chart() -> alt.LayerChart:
    x, title = style.time_axis(UNTIL), "right answers (%)"
    names = {"outage": ("outage day", "naive"), "failover": ("failover day", "defended"),
             "stale": ("of it stale", "third"), "empty": ("empty record", "fourth")}  # fmt: skip
    axis = {name: style.amount_axis(name, title, top=130.0).axis(values=[0, 50, 100]) for name in (*names, "low")}
    said = "Over 1200 seconds, in percent of all lookups: those that bring the right address on a day with an outage "
    said += (
        "from 60 s on, those on a day on which the name moves at 60 s, those on a day on which its record is empty, "
    )
    said += "and those served stale in the outage."
    return alt.layer(
        style.regions(labels=REGIONS),
        style.band("band", "time", "low", "high", "naive", x=x, y=axis["low"]),
        *(style.line("run", "time", name, role, x=x, y=axis[name]) for name, (_, role) in names.items()),
        *style.plateau_labels("run", names, UNTIL, 130.0, height=190),
    ).properties(height=190, description=said)


def _ttl_axis(field: str = "sampled", low: float = 1, high: float = 3600) -> alt.X:
    return alt.X(field, type="quantitative", title="TTL (s, log scale)",
                 scale=alt.Scale(type="log", domain=[low, high], nice=False),
                 axis=alt.Axis(values=[1, 10, 30, 60, 100, 300, 1000, 3600], format="d"))  # fmt: skip


KEPT_TOP, FOLLOW = 118.0, (0.5, 6000.0)  # ends of the lower chart's axes
EARLY, LATE = "datum.sampled < 40", "datum.sampled > 100"  # on its lower axis: words have no room to the left, or right


def _curves_chart() -> alt.LayerChart:
    kept = style.amount_axis("kept", "answered in outage (%)", top=KEPT_TOP).axis(values=[0, 50, 100], grid=False)
    follow = alt.Y("follow", type="quantitative", title="new address after (s)",
                   scale=alt.Scale(type="log", domain=list(FOLLOW), clamp=True, nice=False),
                   axis=alt.Axis(values=[1, 10, 60, 600, 3600], format="d", grid=False, orient="right"))  # fmt: skip
    edge = alt.Chart(alt.NamedData("edge")).transform_filter("isValid(datum.sampled)").encode(x=_ttl_axis())
    rule = edge.mark_rule(color=style.INK, strokeDash=style.DASHES["dashed"])
    # Above the plot: within it, the names of both points may stand anywhere.
    words = edge.mark_text(
        text="TTL = outage length", y=-8, align=alt.ExprRef(f"{LATE} ? 'right' : 'left'"), color=style.INK
    )
    said = (
        "Against the TTL: right answers while the authority is in trouble, in percent, and the seconds until 99 % of "
    )
    said += "lookups have a new address. Both rise; a dashed rule marks a TTL as long as the outage."
    outage = alt.layer(*_curve("kept", kept, "naive", "answered"), rule, words)
    both = alt.layer(outage, alt.layer(*_curve("follow", follow, "defended", "new address")))
    return both.resolve_scale(y="independent").properties(height=229, description=said)


def _curve(name: str, y: alt.Y, role: str, text: str) -> list[Any]:
    here = alt.Chart(alt.NamedData("yours")).encode(x=_ttl_axis(), y=y)
    ring = here.mark_point(size=150, strokeWidth=2.4, color=style.INK, opacity=1)
    # Both points lie on one upright, on lines that rise: the upper one's name goes above it and to its left, where
    # there is room, the lower one's below it and to its right.
    low, high = FOLLOW
    at = {"kept": f"height * (1 - datum.kept / {KEPT_TOP:g})",
          "follow": f"height * (1 - clamp(log(datum.follow / {low}) / log({high / low:g}), 0, 1))"}  # fmt: skip
    mine, (other,) = at.pop(name), at.values()
    upper = f"({mine} {'<' if name == 'kept' else '<='} {other})"
    place = f"{upper} ? clamp({mine} - 10, 8, height - 22) : clamp({mine} + 10, 22, height - 8)"
    left = f"({upper} ? !({EARLY}) : {LATE})"
    placed = {"text": f"{text}, here", "fontWeight": "bold", "align": alt.ExprRef(f"{left} ? 'right' : 'left'"),
              "dx": alt.ExprRef(f"{left} ? -11 : 11"), "dy": alt.ExprRef(f"({place}) - ({mine})")}  # fmt: skip
    back = here.mark_text(color=style.PAPER, stroke=style.PAPER, strokeWidth=4, **placed)
    words = here.mark_text(color=style.SERIES[role].word, **placed)
    return [style.line("curves", "sampled", name, role, x=_ttl_axis(), y=y), ring, back, words]


PANEL = Panel(
    title="A DNS outage, and a failover",
    description=(
        "Above, over 1200 seconds, the lookups that bring the right address on a day with an outage, on a day on "
        "which the name moves, and on a day on which its record is empty; below, against the TTL, what is answered in "
        "the outage and how long the new address "
        "takes; beside them a map of what both days lose, against TTL and length of the outage."
    ),
    controls=(
        Slider.of(Parameters, "ttl", "TTL", values=TTLS),
        Slider.of(Parameters, "outage_duration", "outage length", low=0, high=900, step=60),
        Slider.of(Parameters, "stale_limit", "serve-stale limit",
                  values=(0, 30, 60, 120, 180, 240, 300, 600, 900, 1800, 3600, 86_400)),
        Slider.of(Parameters, "negative_ttl", "negative TTL", values=(5, 15, 30, 60, 120, 180, 300, 600, 900, 1800)),
        Choice("outage", "outage day: the authority", ("dead", "slow", "wrong"),
               ("is dead", "takes 3 s to answer", "gives a wrong address"), more=True),
        Slider.of(Parameters, "lookup_rate", "lookups at a cache", values=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
                  more=True),
        Slider.of(Parameters, "caches", "caches", values=(1, 2, 5, 10, 30, 100, 300, 1000), more=True),
        Slider.of(Parameters, "phase_spread", "entries lie apart", low=0.0, high=1.0, step=0.1, more=True),
        Slider.of(Parameters, "down_ttl", "authority counts as down for", values=(0, 30, 60, 120, 300, 900), more=True),
        Slider.of(Parameters, "last_known_good", "clients that keep the last address", low=0.0, high=1.0, step=0.1,
                  more=True),
    ),
    presets={
        "storm": {},
        "healthy": {"outage_duration": 0},
        "cliff edge": {"ttl": 1500},
        "fixed": {"ttl": 45, "stale_limit": 3600, "negative_ttl": 30},
        "over-fixed": {"ttl": 3600},
    },
    captions={
        "storm": "a TTL of one minute, an authority that is dead for five",
        "healthy": "no outage and no empty record; the name still moves",
        "cliff edge": "a TTL of 25 minutes: the phases decide whether a tenth of the outage is lost",
        "fixed": "a TTL of 45 s, and expired answers for up to an hour while nobody can be asked",
        "over-fixed": "a TTL of an hour: the outage is hardly seen, and neither is a failover",
    },
    default="storm",
    base=OUTAGE,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("answered", "answered in the outage", "%"),
        Readout("follow", "new address at 99 %", "s", missing="not in this run"),
        Readout("lost_both", "lost on both days", "s of traffic"),
        Readout("lost_empty", "lost to an empty record", "s of traffic"),
        Readout("oldest", "oldest stale answer", "s past its TTL"),
        Readout("harmed_share", "seeds losing > 10 % of it", "%"),
    ),
    challenges=(
        Challenge(
            "Lose less on both days together than the outage is long",
            lambda now: now["outage_duration"] >= 120 and now["lost_both"] < now["outage_duration"] - 15,
            example={"stale_limit": 3600},
        ),
        Challenge(
            "Storm: answer 99 % in the outage, and have the new address everywhere within 30 s",
            lambda now: now["answered"] >= 99 and now["follow"] <= 30,
            example={"ttl": 20, "stale_limit": 300},
            at="storm",
        ),
        Challenge(
            "Storm, clients keeping nothing: answer 45 % while the record is empty, and lose less than 30 s after it",
            lambda now: now["answered_empty"] >= 45 and now["after_empty"] < 30 and now["last_known_good"] == 0,
            example={"ttl": 300, "negative_ttl": 15},
            at="storm",
        ),
    ),
    assumptions=(
        "one name at 100 caches, ten lookups/s at each; clients keep no names of their own",
        "a failed refresh takes 5 s and is kept for 5 s, so the first seconds after an outage still fail",
        "on the failover day the old address is dead at once; the record is empty for as long as the outage lasts",
        "nobody flushes a cache",
        "new address: closed form; the map counts in steps of 5 s; the band is the middle 80 % of 32 seeds",
    ),
    units={**dict.fromkeys(("outage", "failover", "stale", "empty", "kept"), "%"), "follow": "s", "time": "s",
           "sampled": "s"},
)  # fmt: skip


# -- pictures without sliders ----------------------------------------------------------------------------------------

COLUMN = 225  # pixels: three side by side fit a laptop
SPAN = 480.0  # seconds of a day in the comparison


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: an outage and a failover under three policies, what is lost filled in."""
    cases = {
        "short": ("TTL 30 s", {"ttl": 30}),
        "long": ("TTL 300 s", {"ttl": 300}),
        "stale": ("TTL 30 s, serve-stale", {"ttl": 30, "stale_limit": STALE}),
    }
    data, columns, told = {}, [], []
    for name, (title, change) in cases.items():
        rows = []
        for day, base in (("outage", OUTAGE), ("failover", FAILOVER)):
            key, trace = f"{name} {day}", simulate(base.replace(**change), seed, until=SPAN)
            lost = float((1.0 - trace["availability"]).sum())
            data |= {
                key: _filled(trace),
                f"{key} regions": _region(day),
                f"{key} lost": {"at": [300.0], "level": [50.0]},
            }
            rows.append(_day(key, day, f"{lost:.0f} s lost", first=name == "short", last=day == "failover"))
            told.append(f"{title}, {day}: {lost:.0f} s of traffic lost")
        columns.append(alt.vconcat(*rows, spacing=8).properties(title=title))
    words = "Three columns, one seed. Above, an authority that is dead from 60 to 360 s; below, a name that moves at "
    words += "60 s. Filled: lookups that bring no right address. " + "; ".join(told) + "."
    return show(alt.hconcat(*columns, spacing=14), data, words, units={"right": "%"})


def _filled(trace: Trace) -> dict[str, NDArray[Any]]:
    return {"time": trace.time, "right": 100 * trace["availability"], "all": np.full(len(trace.time), 100.0)}


def _region(day: str) -> dict[str, Any]:
    return {"kind": [0.0], "start": [START], "end": [START + (300.0 if day == "outage" else 2.0)]}


def _day(key: str, day: str, lost: str, *, first: bool, last: bool) -> alt.LayerChart:
    x = style.time_axis(SPAN).axis(tickCount=4) if last else style.time_axis(SPAN).axis(labels=False, title=None)
    title = f"{day} day (%)"
    bare = {} if first else {"title": None}
    y = style.amount_axis("right", title, top=118.0).axis(values=[0, 50, 100], **bare)
    base = alt.Chart(alt.NamedData(key))
    loss = base.mark_area(color=style.PALETTE["vermilion"], opacity=0.75, clip=True).encode(x=x, y=y, y2="all:Q")
    named = {0: "authority dead" if day == "outage" else "moves"} if first else {0: ""}
    at = alt.Chart(alt.NamedData(f"{key} lost")).encode(x="at:Q", y="level:Q")
    halo = at.mark_text(text=lost, fontWeight="bold", color=style.PAPER, stroke=style.PAPER, strokeWidth=5)
    words = at.mark_text(text=lost, fontWeight="bold", color=style.INK)
    line = style.line(key, "time", "right", "defended", x=x, y=y)
    return alt.layer(style.regions(f"{key} regions", labels=named), loss, line, halo, words).properties(
        width=COLUMN, height=120
    )


def trade(seed: int = 7, outage: float = 300.0) -> ShownChart:
    """Show what an outage, a failover and both lose against the TTL: simulated points over the closed forms."""
    points = np.array([5, 10, 30, 60, 100, 200, 300, 450, 600, 900, 1200, 1800.0])
    ends = outage + START
    days = [OUTAGE.replace(ttl=points, outage_duration=outage), FAILOVER.replace(ttl=points)]
    spans = (ends, points.max() + START)
    lost = [
        (1.0 - simulate(day, np.arange(8)[:, None] + seed, until=until)["availability"]).sum(axis=0).mean(axis=0)
        for day, until in zip(days, spans, strict=True)
    ]
    fine = np.geomspace(5, 1800, 120)
    theory = [dns.lost_in_outage(outage, fine), dns.lost_in_failover(fine)]
    table = {"outage": theory[0], "failover": theory[1], "both": theory[0] + theory[1]}
    names = {"outage": ("outage", "naive"), "failover": ("failover", "defended"), "both": ("both days", "third")}
    layers: list[Any] = []
    for name, (text, role) in names.items():
        y = style.amount_axis(name, "traffic lost (s)", top=1000.0)
        layers.append(style.line("theory", "sampled", name, role, x=_ttl_axis(low=5, high=1800), y=y))
        layers.append(style.end_label("theory", "sampled", name, text, role, dy=-6 if name == "both" else 6))
        dot = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, filled=True, size=55)
        layers.append(dot.encode(x=alt.X("sampled", type="quantitative"), y=alt.Y(name, type="quantitative")))
    edge = alt.Chart(alt.NamedData("edge"))
    layers.append(edge.mark_rule(color=style.INK, strokeDash=style.DASHES["dashed"]).encode(x="sampled:Q"))
    layers.append(edge.mark_text(text="TTL = outage", align="left", dx=5, y=12, color=style.INK).encode(x="sampled:Q"))
    data = {
        "theory": {"sampled": fine, **table},
        "run": {"sampled": points, "outage": lost[0], "failover": lost[1], "both": lost[0] + lost[1]},
        "edge": {"sampled": [outage]},
    }
    words = (
        f"Seconds of traffic lost against the TTL, for an outage of {outage:g} s: what the outage takes falls as the "
    )
    words += (
        "TTL grows, what the failover takes rises, and their sum is level up to the outage's length and rises beyond."
    )
    return show(alt.layer(*layers), data, words, units={"sampled": "s", **dict.fromkeys(table, "s")})


def long_day(p: Parameters, seed: int) -> Trace:
    """Return the availability over twenty minutes, every four seconds: as much as a line can show."""
    return simulate(p, seed, until=1200.0, record=Record(("availability",), every=4.0))


def compare(
    traces: Mapping[str, Trace], signal: str, *, trigger: str = "authority dead", title: str = "", top: float = 1.0
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger=trigger, title=title, top=top)


# -- the lesson's table ----------------------------------------------------------------------------------------------

WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "TTL 5 s": ("twelve times the queries", dict(ttl=5.0)),
    "TTL 10 min": ("every planned change takes that long, too", dict(ttl=600.0)),
    "serve-stale, 1 h": ("old addresses, if the owner means to be gone", dict(stale_limit=STALE)),
    "negative TTL 30 s": ("more queries for names that do not exist", dict(negative_ttl=30.0)),
    "clients keep the last good address": ("code in every client; it must be refreshed", dict(last_known_good=1.0)),
    "TTL 30 s, serve-stale 1 h, negative TTL 30 s": (
        "twice the queries",
        dict(ttl=30.0, stale_limit=STALE, negative_ttl=30.0),
    ),
}
"""Each defence alone, then some combined: its price, and its parameters."""


def ways_out(seeds: int = 8) -> Any:
    """Return a table of defences against three days, in seconds of traffic lost, means over seeds.

    Returns
    -------
    pandas Styler
        One row a defence.
    """
    import pandas as pd

    ways = [change for _, change in WAYS_OUT.values()]
    draw = np.arange(seeds)[:, None]
    days = {"dead for 300 s": OUTAGE, "'no such name' for 300 s": OUTAGE.replace(outage="empty"), "failover": FAILOVER}
    table = {"policy": list(WAYS_OUT)}
    for name, base in days.items():
        record = Record(("availability",), every=1200.0)
        seen = simulate(comparison.alone(base, ways), draw, until=1200.0, record=record)["availability"][-1]
        table[name] = [f"{1200 * (1 - share):.0f} s" for share in seen.mean(axis=0)]
    table["price"] = [price for price, _ in WAYS_OUT.values()]
    return listing.whole(pd.DataFrame(table))


def hijack(seed: int = 7) -> dict[str, Trace]:
    """Return runs of a hijacked zone that is shut down after two minutes, with and without serve-stale."""
    taken = OUTAGE.replace(outage=Schedule("wrong", ((180.0, "dead"),)), outage_duration=540.0)
    limits = {"no serve-stale": 0.0, "limit 2 min": 120.0, "no limit": np.inf}
    record = Record(("misled_share",), every=2.0)
    runs = {name: taken.replace(stale_limit=limit) for name, limit in limits.items()}
    return {name: simulate(p, seed, until=700.0, record=record) for name, p in runs.items()}
