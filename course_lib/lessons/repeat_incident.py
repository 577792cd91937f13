"""What a learner sees of incidents that come back: two years of one team, the panel, its challenges and the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.repeat_incident import DAY, MONTH, WEEK, Parameters, simulate
from course_lib.models.trace import Record
from course_lib.theory import detection, learning
from course_lib.view import comparison, listing, style
from course_lib.view.frame import spread as middle
from course_lib.view.panel import DEFENCES, Challenge, Choice, Panel, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

WEEKS = 104  # shown
UNTIL = WEEKS * WEEK
YEAR_TWO = 52  # weeks: when it begins
TEAM = Parameters()
BUDGET = 100.0 * 0.001 * MONTH  # requests: what the objective allows in 30 days
SEEDS = 32
#: Controls that are told in weeks, and the field in seconds that each stands for.
IN_WEEKS = {"review_weeks": "review_every", "fix_weeks": "fix_time"}
SIGNALS = ("incidents", "failed", "open_items", "waiting_items")
NAMES = {"lie": ("items lie", "naive"), "done": ("items are finished", "defended")}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values."""
    given = {IN_WEEKS.get(name, name): value for name, value in values.items()}
    for name in IN_WEEKS.values():
        given[name] = np.asarray(given[name]) * WEEK
    return PANEL.parameters(given)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return two years of one team whose items lie, and of the same with these settings; see `Panel`."""
    base = parameters(values)
    done = np.atleast_1d(np.asarray(values["completion"], dtype=float))
    both = base.replace(completion=np.stack([np.zeros_like(done), done]))
    trace = simulate(both, seed, until=UNTIL, record=Record(SIGNALS, every=WEEK))
    weeks = trace.time / WEEK
    seen = {name: np.broadcast_to(trace[name], (WEEKS, 2, len(done))) for name in SIGNALS}
    second = {name: seen[name][-1] - seen[name][YEAR_TWO - 1] for name in ("incidents", "failed")}
    tables = {
        "run": {"time": weeks, **{name: seen["incidents"][:, i] for i, name in enumerate(NAMES)}},
        "items": {"time": weeks, "open": seen["open_items"][:, 1], "taken": seen["waiting_items"][:, 1]},
    }
    numbers = {f"{name}_second": second["incidents"][i] for i, name in enumerate(NAMES)}
    numbers |= {"burned": second["failed"][1] / BUDGET, "waiting": seen["waiting_items"][-1, 1]}
    return Picture(tables, numbers)


def spread(values: Mapping[str, Any], seeds: NDArray[np.int64]) -> Picture:
    """Return what 32 teams with these settings do: a band, and means of the second year."""
    kept = ("incidents", "failed", "customer_share", "false_pages")
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(kept, every=WEEK))
    low, high = middle(trace["incidents"])
    second = {name: (trace[name][-1] - trace[name][YEAR_TWO - 1]).mean() for name in ("incidents", "failed")}
    numbers = {
        "mean_second": second["incidents"],
        "mean_burned": second["failed"] / BUDGET,
        "told": 100 * trace["customer_share"][12:52:13].mean(),
        "false_pages": trace["false_pages"][-1].mean() / (UNTIL / MONTH),
    }
    return Picture({"band": {"time": trace.time / WEEK, "low": low, "high": high}}, numbers)


def burned_second(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the second year's harm in monthly budgets, mean over the band's 32 teams, one number a setting.

    One team's worst incident weighs so much that a mean over four showed an island of theirs in the map.
    """
    p = parameters(values)
    record = Record(("failed",), every=YEAR_TWO * WEEK)
    failed = simulate(p, seed + np.arange(SEEDS)[:, None], until=UNTIL, record=record)["failed"]
    return ((failed[1] - failed[0]) / BUDGET).mean(axis=0)


MAP = PhaseMap("page_burn", "completion", burned_second, "second year (budgets)", low=0.0, high=24.0, weight=16)


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: incidents so far, open items, and the phase map."""
    return [_incident_chart(), _item_chart(),
            map_chart(MAP, *PANEL.map_titles(log="page_burn"), log_ticks=(1, 3, 10, 30, 100))]  # fmt: skip


def _weeks() -> alt.X:
    return style.time_axis(WEEKS, "time (weeks)").axis(values=list(range(0, 105, 13)))


def _incident_chart() -> alt.LayerChart:
    top, title = 300.0, "incidents so far"
    layers: list[Any] = [
        style.band(
            "band",
            "time",
            "low",
            "high",
            "defended",
            x=_weeks(),
            y=style.amount_axis("low", f"{title} (incidents)", top),
        )
    ]
    for name, (_, role) in NAMES.items():
        y = style.amount_axis(name, f"{title} (incidents)", top)
        layers.append(style.line("run", "time", name, role, x=_weeks(), y=y))
    said = "Incidents so far over two years of a team whose items lie, and of the same team with these settings."
    labels = style.plateau_labels("run", NAMES, WEEKS, top, height=230)
    return alt.layer(*layers, *labels).properties(height=230, description=said)


def _item_chart() -> alt.LayerChart:
    top, roles = 120.0, {"open": ("open", "fourth"), "taken": ("taken on, not finished", "third")}
    lines = [
        style.line("items", "time", name, role, x=_weeks(), y=style.amount_axis(name, "items (items)", top))
        for name, (_, role) in roles.items()
    ]
    said = "Action items of the team with these settings over two years: open, and of these taken on and not finished."
    labels = style.plateau_labels("items", roles, WEEKS, top, height=150, rim=2)
    return alt.layer(*lines, *labels).properties(height=150, description=said)


PANEL = Panel(
    title="One team, two years, the same luck",
    description=(
        "Above, over 104 weeks, incidents so far of a team whose items lie and of the same team with these settings; "
        "below, its open items; beside them a map of the second year's harm against completion and paging threshold."
    ),
    controls=(
        Slider.of(Parameters, "page_burn", "page at a burn of",
                  values=(1.0, 2.0, 3.0, 6.0, 10.0, 14.4, 20.0, 36.0, 100.0)),
        Slider.of(Parameters, "completion", "items taken on", low=0.0, high=1.0, step=0.05),
        Slider("review_weeks", "reviews every", values=(1, 2, 4, 8, 13, 26), unit="weeks", group=DEFENCES,
               hint="between two reviews; what happened since is on the table"),
        Slider.of(Parameters, "small_reviewed", "small ones reviewed", low=0.0, high=1.0, step=0.1),
        Slider.of(Parameters, "items_each", "items of a review", low=1, high=12, step=1, more=True),
        Slider.of(Parameters, "capacity", "the team finishes", values=(1.0, 2.0, 4.0, 6.0, 10.0, 20.0), more=True),
        Slider("fix_weeks", "an item takes", values=(2, 4, 6.5, 9, 13, 26), unit="weeks", group=DEFENCES, more=True,
               hint="mean time that an item takes while there are hands for all"),
        Slider.of(Parameters, "effectiveness", "items that work", low=0.1, high=1.0, step=0.1, more=True),
        Switch("verified", "closed only after a drill", more=True),
        Choice("near_misses", "near misses", ("unseen", "seen"), ("nobody notes them", "reviewed as small ones are"),
               more=True),
        Choice("aim", "items are to", ("prevent", "detect", "mitigate"),
               ("remove the cause", "find it within a minute", "mitigate it in a quarter of the time"), more=True),
        Slider.of(Parameters, "incident_rate", "incidents", values=(1.0, 2.0, 3.0, 5.0, 8.0), more=True),
    ),
    presets={
        "storm": {"review_weeks": 1, "fix_weeks": 6.5},
        "healthy": {"incident_rate": 2.0, "verified": True},
        "cliff edge": {"capacity": 4.0, "items_each": 8},
        "fixed": {"verified": True, "small_reviewed": 1.0},
        "over-fixed": {"page_burn": 1.0, "small_reviewed": 1.0, "near_misses": "seen", "items_each": 12},
    },
    captions={
        "storm": "five incidents a month; reviews write four items, of which nine in ten are finished, or none",
        "healthy": "two incidents a month, and an item is closed when a drill has shown that it works",
        "cliff edge": "eight items from each review, hands for four a month",
        "fixed": "every small incident is reviewed, and every fix is tried",
        "over-fixed": "everything is reviewed, each review writes twelve items, and a burn of 1 pages",
    },
    default="storm",
    base=TEAM,
    run=run,
    spread=spread,
    charts=charts,
    phase_map=MAP,
    readouts=(
        Readout("lie_second", "second year, items lie", "incidents"),
        Readout("done_second", "with these settings", "incidents"),
        Readout("mean_second", "mean of 32 such teams", "incidents"),
        Readout("mean_burned", "their harm, second year", "monthly budgets"),
        Readout("waiting", "taken on, not finished", "items", digits=2),
        Readout("told", "customers tell first, year one", "%"),
        Readout("false_pages", "pages for nothing", "a month", digits=2),
    ),
    challenges=(
        Challenge(
            "Customers tell of fewer than 30 % of the first year's incidents: see what it does to the harm",
            lambda now: now["told"] < 30,
            example={"page_burn": 2.0},
        ),
        Challenge(
            "A team that finishes two items a month: on average fewer than 25 incidents in the second year",
            lambda now: now["capacity"] == 2 and now["incident_rate"] == 5 and now["mean_second"] < 25,
            example={"capacity": 2.0, "items_each": 2},
        ),
        Challenge(
            "Three items in ten work: on average fewer than 20 incidents in the second year",
            lambda now: now["effectiveness"] == 0.3 and now["incident_rate"] == 5 and now["mean_second"] < 20,
            example={"effectiveness": 0.3, "verified": True, "small_reviewed": 1.0, "items_each": 1},
        ),
    ),
    assumptions=(
        "20 causes, the busiest bringing 28 % of the incidents; error ratios from 0.1 % to 1; 100 requests/s at 99.9 %",
        "an incident that takes a fifth of a month's budget is always reviewed",
        "one item of a review addresses the cause; the others take hands as well; what is not taken on lies for good",
        "six new causes a year, if all are removed; a quarter's luck varies, so the band is wide",
        "a week is a tick; the band is the middle 80 % of 32 teams, and the map is a mean over them",
    ),
    units={**dict.fromkeys(NAMES, "incidents"), **dict.fromkeys(("open", "taken"), "items"), "time": "weeks"},
)  # fmt: skip


# -- pictures without sliders ----------------------------------------------------------------------------------------


def teams(count: int = SEEDS, seed: int = 7, **changes: Any) -> dict[str, float]:
    """Return means over some teams: incidents and harm (in monthly budgets) of each year, and who told first.

    Parameters
    ----------
    count, seed : int
    **changes
        Parameters that differ from the default.
    """
    kept = ("incidents", "failed", "customer_share", "false_pages", "open_items")
    p = TEAM.replace(**changes)
    trace = simulate(p, seed + np.arange(count), until=UNTIL, record=Record(kept, every=WEEK))
    found = {}
    for name, scale in (("incidents", 1.0), ("failed", BUDGET)):
        found[f"{name} 1"] = float(trace[name][YEAR_TWO - 1].mean() / scale)
        found[f"{name} 2"] = float(trace[name][-1].mean() / scale) - found[f"{name} 1"]
    told = float(100 * trace["customer_share"][12:52:13].mean())
    pages = float(trace["false_pages"][-1].mean() / (UNTIL / MONTH))
    return found | {"told": told, "pages": pages, "open": float(trace["open_items"][-1].mean())}


def two_years(seed: int = 7) -> ShownChart:
    """Show the default picture: incidents so far of one team whose items lie, and of the same whose are finished."""
    p = TEAM.replace(completion=np.array([0.0, 0.9]))
    trace = simulate(p, seed, until=UNTIL, record=Record(("incidents", "resolve_time"), every=WEEK))
    incidents, left = trace["incidents"], []
    some = incidents > np.concatenate([np.zeros((13, 2)), incidents[:-13]])  # a quarter without one has no mean
    values = {"incidents": incidents, "resolve_time": np.where(some, trace["resolve_time"] / 3600, np.nan)}
    data: dict[str, Any] = {"regions": {"kind": [0.0], "start": [0.0], "end": [13.0]}}
    for signal, title, top in (
        ("incidents", "incidents so far (incidents)", 150.0),
        ("resolve_time", "time to resolve (h)", 30.0),
    ):
        columns = {name: values[signal][:, i] for i, name in enumerate(NAMES)}
        data[signal] = {"time": trace.time / WEEK, **columns}
        layers: list[Any] = [style.regions(labels={0: "quarter 1" if signal == "incidents" else ""})]
        for name, (_, role) in NAMES.items():
            y = style.amount_axis(name, title, top)
            layers.append(style.line(signal, "time", name, role, x=_weeks(), y=y))
        if signal == "incidents":
            layers += [
                style.end_label(signal, "time", n, f"{t}: {data[signal][n][-1]:.0f}", r) for n, (t, r) in NAMES.items()
            ]
        left.append(alt.layer(*layers).properties(width=430, height=220 if signal == "incidents" else 120))
    ends = {name: float(data["incidents"][name][-1]) for name in NAMES}
    said = "Two years of one team, the same luck. Above, incidents so far: " + "; ".join(
        f"{text}: {ends[name]:.0f}" for name, (text, _) in NAMES.items()
    )
    said += (
        ". Below, the mean time to resolve of the last quarter, in hours, of both: it wanders, tells neither apart, "
        "and has a gap where a quarter had no incident."
    )
    units = dict.fromkeys(NAMES, "incidents; h")
    return show(alt.vconcat(*left, spacing=12), data, said, units=units)


def repeats(teams_: int = 1000) -> ShownChart:
    """Show how many incidents come before the fix, against how long it takes: simulated points on the closed form."""
    days = np.array([10, 20, 30, 45, 60, 90.0])
    p = Parameters(causes=1, known=1.0, small_reviewed=0.0, big_above=1e6, new_causes=0.0, dispersion=np.inf, dt=DAY,
                   completion=1.0, capacity=1e6, incident_rate=1.0, effectiveness=1.0, fix_time=days * DAY)  # fmt: skip
    until = 420 * DAY
    record = Record(("repeats",), every=until)
    seen = simulate(p, np.arange(teams_)[:, None], until=until, record=record)["repeats"][-1]
    fine = np.linspace(1, 100, 100)
    data = {
        "theory": {"days": fine, "mean": learning.repeats_before_fix(1 / 30, 1 / fine),
                   "some": 100 * learning.chance_of_repeat(1 / 30, 1 / fine)},
        "run": {"days": days, "mean": seen.mean(axis=0), "some": 100 * (seen > 0).mean(axis=0)},
    }  # fmt: skip
    x = alt.X("days", type="quantitative", title="mean time until the item is finished (days)",
              scale=alt.Scale(domain=[0, 100], nice=False))  # fmt: skip
    sides = []
    for name, title, top, role in (("mean", "repeats before the fix (incidents)", 3.5, "naive"),
                                   ("some", "at least one repeat (%)", 100.0, "defended")):  # fmt: skip
        y = style.amount_axis(name, title, top)
        dot = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, filled=True, size=55)
        line = style.line("theory", "days", name, role, x=x, y=y)
        sides.append(alt.layer(line, dot.encode(x=x, y=y)).properties(width=235, height=190))
    said = (
        "Against the mean time until an item is finished, for a cause that comes once in 30 days: repeats before the "
    )
    said += "fix, 1.5 at 45 days, and the chance of at least one, 60 % at 45 days. Points are simulated."
    return show(alt.hconcat(*sides, spacing=26), data, said, units={"mean": "incidents", "some": "%"})


def windows() -> ShownChart:
    """Show when each of three windows fires, against the error ratio, on logarithmic scales."""
    e = np.geomspace(0.0005, 1.0, 240)
    rules = {"hour": ("1 h at 14.4", 3600.0, 14.4, "naive"), "six": ("6 h at 6", 21_600.0, 6.0, "defended"),
             "days": ("3 d at 1", 259_200.0, 1.0, "third")}  # fmt: skip
    data: dict[str, Any] = {}
    layers: list[Any] = []
    x = alt.X("ratio", type="quantitative", title="error ratio (%, log scale)",
              scale=alt.Scale(type="log", domain=[0.03, 100], nice=False),
              axis=alt.Axis(values=[0.1, 1, 10, 100]))  # fmt: skip
    y = alt.Y("minutes", type="quantitative", title="until it fires (min, log scale)",
              scale=alt.Scale(type="log", domain=[0.5, 6000], nice=False),
              axis=alt.Axis(values=[1, 10, 60, 360, 4320], format="d"))  # fmt: skip
    for name, (text, long, burn, role) in rules.items():
        minutes = detection.time_to_alert(e, 0.999, long, burn) / 60
        known = np.isfinite(minutes)
        data[name] = {"ratio": 100 * e[known], "minutes": minutes[known]}
        data[f"{name} end"] = {"ratio": 100 * e[known][:1], "minutes": minutes[known][:1]}
        layers.append(style.line(name, "ratio", "minutes", role, x=x, y=y))
        mark = alt.Chart(alt.NamedData(f"{name} end"))
        layers.append(mark.mark_point(color=style.SERIES[role].colour, filled=True, size=60).encode(x=x, y=y))
        # To the left of where the line begins: above it another line comes down.
        word = mark.mark_text(text=text, align="right", dx=2, dy=14, fontWeight="bold", color=style.SERIES[role].word)
        layers.append(word.encode(x=x, y=y))
    said = (
        "Minutes until each window fires against the error ratio, both logarithmic, for 99.9 %. Each line begins at a "
    )
    said += (
        "limit below which it never fires: 1.44 % for one hour at 14.4, 0.6 % for six hours at 6, 0.1 % for three days."
    )
    return show(
        alt.layer(*layers).properties(width=470, height=240), data, said, units={"ratio": "%", "minutes": "min"}
    )


def burn_table(slo: float) -> Any:
    """Return the usual windows for an objective: what each needs, when it pages, and when it is quiet again.

    Returns
    -------
    pandas Styler

    Raises
    ------
    ValueError
        One of them could never page for this objective; the message says which, and why.
    """
    import pandas as pd

    rows = []
    for alert in detection.burn_alerts(slo):
        long, short, burn = alert.pair.long, alert.pair.short, alert.factor
        after = detection.time_to_alert(np.array([1.0, 0.1, 0.02]), slo, long, burn)
        rows.append({
            "windows": f"{_spelt(long)}, {_spelt(short)}", "to": alert.pair.action, "burn above": f"{burn:.3g}",
            "errors above": f"{alert.threshold:.2%}",
            **{f"at {e} %": "never" if np.isinf(t) else _spelt(t) for e, t in zip((100, 10, 2), after, strict=True)},
            "budget spent": f"{float(detection.budget_spent_at_alert(long, burn)):.0%}",
            "quiet after": _spelt(float(detection.reset_time(1.0, slo, short, burn))),
        })  # fmt: skip
    return listing.whole(pd.DataFrame(rows))


def _spelt(seconds: float) -> str:
    """A time to three digits, in the unit that suits it."""
    sizes = (("d", DAY), ("h", 3600.0), ("min", 60.0))
    unit, size = next((one for one in sizes if seconds >= 0.999 * one[1]), ("s", 1.0))
    return f"{seconds / size:.3g} {unit}"


def means_of_ten(seed: int = 7, draws: int = 4000) -> ShownChart:
    """Show mean times to resolve of ten incidents: of a team, and of one that is really twice as fast."""
    slow, fast, wrong = mean_times(seed, draws)
    bins = np.arange(0, 301, 10.0)
    data: dict[str, Any] = {"run": {"minutes": bins[:-1] + 5.0}}
    for name, values in (("slow", slow), ("fast", fast)):
        data["run"][name] = 100 * np.histogram(values, bins)[0] / draws
    x = alt.X("minutes", type="quantitative", title="mean time to resolve of ten incidents (min)",
              scale=alt.Scale(domain=[0, 300], nice=False))  # fmt: skip
    layers: list[Any] = []
    names = {"slow": ("this team", "naive", 85.0), "fast": ("twice as fast", "defended", 35.0)}
    for name, (text, role, at) in names.items():
        y = style.amount_axis(name, "of groups of ten (%)", 32.0)
        layers.append(style.line("run", "minutes", name, role, x=x, y=y))
        peak = alt.Chart(alt.NamedData("run")).transform_filter(f"datum.minutes == {at}")
        word = peak.mark_text(text=text, dx=8, dy=-8, align="left", fontWeight="bold", color=style.SERIES[role].word)
        layers.append(word.encode(x=x, y=y))
    said = (
        f"How mean times of ten incidents scatter: wide hills that overlap. In {wrong:.0%} of pairs the team that is "
    )
    said += "really twice as fast has the longer mean."
    return show(alt.layer(*layers).properties(width=470, height=190), data, said, units=dict.fromkeys(names, "%"))


def mean_times(seed: int = 7, draws: int = 4000) -> tuple[NDArray[Any], NDArray[Any], float]:
    """Return means of ten lognormal times, min, of a team and of one twice as fast; how often they tell it wrong."""
    random = np.random.default_rng(seed)
    slow, fast = (random.lognormal(np.log(median), 1.2, (draws, 10)).mean(axis=1) for median in (40.0, 20.0))
    return slow, fast, float((fast > slow).mean())


def counts(seed: int = 7, teams_: int = 600) -> ShownChart:
    """Show incidents of a quarter over many teams that are all alike: the model, the gamma-mixed form, and Poisson."""
    p = TEAM.replace(completion=0.0, new_causes=0.0)
    record = Record(("incidents",), every=13 * WEEK)
    seen = simulate(p, seed + np.arange(teams_), until=13 * WEEK, record=record)["incidents"][-1]
    mean, number = 5.0 * 13 * WEEK / MONTH, np.arange(46)
    forms = {name: np.array([learning.chance_of_count(int(k), mean, shape) for k in number])
             for name, shape in (("mixed", 4.0), ("poisson", np.inf))}  # fmt: skip
    data: dict[str, Any] = {
        "theory": {"count": number, **{name: 100 * values for name, values in forms.items()}},
        "run": {"count": number, "seen": 100 * np.bincount(seen.astype(np.int64), minlength=200)[:46] / teams_},
    }
    x = alt.X("count", type="quantitative", title="incidents in a quarter (incidents)",
              scale=alt.Scale(domain=[0, 45], nice=False))  # fmt: skip
    layers: list[Any] = []
    for name, text, role, at in (("mixed", "rates that vary", "defended", 27), ("poisson", "Poisson", "naive", 18)):
        y = style.amount_axis(name, "of quarters (%)", 12.0)
        layers.append(style.line("theory", "count", name, role, x=x, y=y))
        spot = alt.Chart(alt.NamedData("theory")).transform_filter(f"datum.count == {at}")
        word = spot.mark_text(text=text, dx=8, dy=-8, align="left", fontWeight="bold", color=style.SERIES[role].word)
        layers.append(word.encode(x=x, y=y))
    dots = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES["defended"].colour, filled=True, size=40)
    layers.append(dots.encode(x=x, y=alt.Y("seen", type="quantitative")))
    said = "How many of 600 equal teams have so many incidents in a quarter: simulated points follow the wide hill of "
    said += "rates that vary, and not the narrow one of Poisson."
    return show(alt.layer(*layers).properties(width=470, height=190), data, said,
                units=dict.fromkeys(("mixed", "poisson", "seen"), "%"))  # fmt: skip


# -- the lesson's tables ---------------------------------------------------------------------------------------------

WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "items lie": ("nothing but the reviews", {}),
    "page at a burn of 2": ("eight pages a month for nothing", dict(page_burn=2.0)),
    "items that find it in a minute": ("a rule for each cause, for ever", dict(aim="detect", completion=0.9)),
    "items that mitigate it sooner": ("runbooks and switches to keep", dict(aim="mitigate", completion=0.9)),
    "one item in five is finished": ("the other four were written, too", dict(completion=0.2)),
    "nine in ten": ("about three items a month", dict(completion=0.9)),
    "only the big are reviewed": ("small ones go on", dict(completion=0.9, small_reviewed=0.0)),
    "reviews twice a year": ("few meetings", dict(completion=0.9, review_every=26 * WEEK)),
    "near misses are reviewed": ("twice the reviews", dict(completion=0.9, near_misses="seen")),
    "each fix is tried in a drill": ("items take longer", dict(completion=0.9, verified="on")),
    "twelve items from each review": ("longer documents", dict(completion=0.9, items_each=12)),
}
"""What a team may change, alone or beside finished items: its price, and its parameters."""


def ways_out(count: int = SEEDS, seed: int = 7) -> Any:
    """Return a table of what each way does to the second year, means over teams.

    Returns
    -------
    pandas Styler
        One row a way, most harm first.
    """
    import pandas as pd

    changes = [change for _, change in WAYS_OUT.values()]
    p = comparison.alone(TEAM.replace(completion=0.0), changes)
    kept = Record(("incidents", "failed"), every=YEAR_TWO * WEEK)
    trace = simulate(p, seed + np.arange(count)[:, None], until=UNTIL, record=kept)
    second = {name: (trace[name][1] - trace[name][0]).mean(axis=0) for name in ("incidents", "failed")}
    table = pd.DataFrame(
        {
            "team": list(WAYS_OUT),
            "incidents": [f"{n:.0f}" for n in second["incidents"]],
            "harm (monthly budgets)": [f"{n / BUDGET:.1f}" for n in second["failed"]],
            "price": [price for price, _ in WAYS_OUT.values()],
        }
    )
    order = np.argsort(-second["failed"], kind="stable")
    return listing.whole(table.iloc[order].reset_index(drop=True))
