"""What a learner sees of a retry storm: the default picture, the panel, its challenges, and the phase map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.retry_storm import BACKOFFS, Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import retries
from course_lib.view import comparison, style
from course_lib.view.frame import spread as middle
from course_lib.view.listing import whole
from course_lib.view.panel import Challenge, Choice, Panel, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import PhaseMap
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.single_chart import ShownChart, show

UNTIL = 300.0  # seconds shown
TRIGGER = 60.0  # second at which the brownout starts
TOP = 4500.0  # requests/s: all axes that are compared share it
HIGHEST = 5000.0  # end of the panel's, so that the storm's attempts are named below the words above them
CAPACITY = 1200.0  # attempts/s of the healthy service
LABELS = 2.0  # second at which the two levels are named
LOW = alt.ExprRef("datum.offered < 500 ? -9 : 9")  # first attempts are named below, unless the floor is near
LOST = 0.01  # of replies: what retries are good for on a quiet day
NAIVE = Parameters(reply_loss=LOST)
DEFENDED = NAIVE.replace(budget="first_attempts", budget_ratio=0.05)
SHOWN = ("goodput", "attempt_rate", "offered_rate")
WHAT_FOLLOWS = "Nothing inside the system will ever bring it back. Somebody has to change something."
"""What follows from the prediction's answer: kept out of the notebook's cells, where it could be read before it."""
REGIONS = {0: "brownout", 1: "trigger over, still failing"}
NAMES = {"attempts": ("attempts", "naive"), "goodput": ("answered in time", "defended")}


def parameters(values: Mapping[str, Any]) -> Parameters:
    """Return the model's parameters for a panel's control values; a budget without limit is no budget."""
    ratio = np.asarray(values["budget_ratio"], dtype=float) / 100
    limited = np.isfinite(ratio)
    budget = {"budget": np.where(limited, values["budget"], "none"), "budget_ratio": np.where(limited, ratio, 0.0)}
    return PANEL.parameters({**values, **budget}).replace(backoff_base=1.0, throttle_window=10.0)


def run(values: Mapping[str, Any], seed: int) -> Picture:
    """Return the curves and numbers of several settings, one seed; see `Panel`."""
    trace = simulate(parameters(values), seed, until=UNTIL, record=Record(SHOWN, every=1.0))
    goodput, attempts, offered = (_columns(trace[name]) for name in SHOWN)
    settings = goodput.shape[1]
    recovered = np.broadcast_to(np.ravel(trace.events["recovered"]), (settings,))
    ends = TRIGGER + np.broadcast_to(np.ravel(values["brownout_duration"]), (settings,)).astype(float)
    data = {
        "run": {"time": trace.time, "goodput": goodput, "attempts": attempts},
        "regions": _regions(ends, recovered),
        "levels": {"time": np.array([0.0, UNTIL]), "offered": np.tile(offered.mean(axis=0), (2, 1))},
    }
    return Picture(data, _numbers(trace.time, goodput, attempts, offered, recovered - ends, ends))


def _columns(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(len(values), -1)


def _regions(ends: NDArray[Any], recovered: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Two stretches a setting: the trigger, and what outlives it (none where the service is back at once)."""
    back = np.where(np.isnan(recovered), UNTIL, recovered)
    start = np.stack([np.full_like(ends, TRIGGER), ends])
    return {"kind": np.array([0.0, 1.0]), "start": start, "end": np.stack([ends, np.maximum(back, ends)])}


def _numbers(
    time: NDArray[Any],
    goodput: NDArray[Any],
    attempts: NDArray[Any],
    offered: NDArray[Any],
    took: NDArray[Any],
    ends: NDArray[Any],
) -> dict[str, Any]:
    after = time[:, None] > ends
    calm = (time > 10) & (time <= TRIGGER)
    share = lambda part, whole, rows: 100 * (part * rows).sum(axis=0) / (whole * rows).sum(axis=0)  # noqa: E731
    return {
        "recovery": took,
        "amplification": (_summed(attempts[60:]) / _summed(offered[60:])).max(axis=0),
        "served_after": np.minimum(share(goodput, offered, after), 100.0),
        "failed_before": np.maximum(100 - share(goodput, offered, calm[:, None]), 0.0).round(3),
    }


def _summed(rate: NDArray[Any], seconds: int = 20) -> NDArray[Any]:
    """Sums over `seconds`: in a single second few first attempts are luck, and the ratio passes its ceiling."""
    total = np.cumsum(np.concatenate([np.zeros((1, rate.shape[1])), rate]), axis=0)
    return total[seconds:] - total[:-seconds]


def spread(values: Mapping[str, Any], seeds: NDArray[Any]) -> Picture:
    """Return what 32 seeds do under one setting: the band of goodput, and how many recover."""
    trace = simulate(parameters(values), seeds, until=UNTIL, record=Record(("goodput",), every=1.0))
    low, high = middle(trace["goodput"])
    back = 100 * np.isfinite(trace.events["recovered"]).mean(axis=-1)
    return Picture({"band": {"time": trace.time, "low": low, "high": high}}, {"recover_share": back})


def served_after(values: Mapping[str, Any], seed: int) -> NDArray[Any]:
    """Return the share of requests answered in the last two minutes, one a setting: 1 healthy, 0 down."""
    record = Record(("goodput", "offered_rate"), every=120.0, start=UNTIL - 120.0)
    trace = simulate(parameters(values), seed, until=UNTIL, record=record)
    return np.ravel(trace["goodput"][-1] / np.maximum(trace["offered_rate"][-1], 1e-9))


MAP = PhaseMap("arrival_rate", "max_retries", served_after, "answered (share)")


def charts() -> Sequence[alt.TopLevelMixin]:
    """Return the panel's charts: the run, and the phase map."""
    return [_run_chart(), map_chart(MAP, *PANEL.map_titles())]


def _run_chart() -> alt.LayerChart:
    x, y = style.time_axis(UNTIL), style.amount_axis("attempts", "rate (requests/s)", top=HIGHEST)
    capacity = alt.Chart(alt.NamedData("levels"))
    rule = {"strokeDash": style.DASHES["dashed"], "color": style.INK, "opacity": 0.7}
    return alt.layer(
        style.regions(labels=REGIONS),
        style.band(
            "band", "time", "low", "high", "defended", x=x, y=style.amount_axis("low", "rate (requests/s)", top=HIGHEST)
        ),
        style.line(
            "levels", "time", "offered", "demand", x=x, y=style.amount_axis("offered", "rate (requests/s)", top=HIGHEST)
        ),
        style.line("run", "time", "attempts", "naive", x=x, y=y),
        style.line(
            "run", "time", "goodput", "defended", x=x, y=style.amount_axis("goodput", "rate (requests/s)", top=HIGHEST)
        ),
        capacity.mark_rule(**rule).encode(y=alt.datum(CAPACITY)),
        _level_name(f"capacity {CAPACITY:,.0f}", alt.datum(CAPACITY), -7),
        _level_name(
            "first attempts", alt.Y("offered", type="quantitative"), alt.ExprRef("datum.offered < 500 ? -9 : 9")
        ),
        *style.plateau_labels("run", NAMES, UNTIL, HIGHEST, rim=style.RIM),
    )


def _level_name(text: str, y: Any, dy: Any) -> alt.Chart:
    """Name a level on the quiet minute before the brownout, where no line is named."""
    mark = {"align": "left", "dy": dy, "color": style.INK, "fontSize": style.FONT_SIZE - 1}
    first_row = alt.Chart(alt.NamedData("levels")).transform_filter("datum.time == 0")
    return first_row.mark_text(text=text, **mark).encode(x=alt.datum(LABELS), y=y)


PANEL = Panel(
    title="A retry storm",
    description=(
        "Attempts and requests answered in time over 300 seconds, with a brownout from second 60; beside it a map of "
        "which arrival rates and retry limits leave the service down."
    ),
    controls=(
        Slider.of(Parameters, "max_retries", "max retries", low=0, high=6, step=1),
        Slider.of(Parameters, "timeout", "timeout", low=0.2, high=5.0, step=0.2),
        Slider.of(Parameters, "brownout_capacity", "capacity left in the brownout", low=0.0, high=1.0, step=0.05),
        Slider.of(
            Parameters,
            "budget_ratio",
            "retry budget",
            values=(0.0, 2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0, float("inf")),
            unit="%",
            hint="retries that each hundred earning calls pay for",
        ),
        Slider.of(Parameters, "arrival_rate", "arrival rate", low=200, high=1200, step=50, more=True),
        Slider.of(Parameters, "brownout_duration", "length of the brownout", low=0, high=60, step=5, more=True),
        Slider.of(
            Parameters,
            "queue_limit",
            "queue bound",
            values=(10.0, 100.0, 300.0, 600.0, 900.0, 1200.0, 2400.0, 6000.0, float("inf")),
            more=True,
        ),
        Choice(
            "backoff",
            "backoff (first wait 1 s)",
            BACKOFFS,
            tuple(word.replace("_", " ") for word in BACKOFFS),
            more=True,
        ),
        Choice(
            "budget", "budget earned by", ("first_attempts", "successes"), ("first attempts", "successes"), more=True
        ),
        Switch("deadline_propagation", "deadline propagation", more=True),
        Slider.of(
            Parameters,
            "deadline_margin",
            "dropped before its deadline by",
            values=(0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8),
            more=True,
        ),
        Switch("breaker", "circuit breaker", more=True),
        Switch("throttle", "client throttling (10 s window)", more=True),
    ),
    presets={
        "storm": {"budget_ratio": float("inf"), "budget": "first_attempts"},  # no limit: no budget
        "healthy": {"brownout_capacity": 1.0},
        "cliff edge": {"brownout_capacity": 0.6, "brownout_duration": 5},
        "fixed": {"budget_ratio": 5.0},
        "over-fixed": {"max_retries": 0, "queue_limit": 10.0},
    },
    captions={
        "storm": "3 retries without a budget; the brownout leaves 30 % of the capacity for 30 s",
        "healthy": "no brownout",
        "cliff edge": "a brownout of 5 s that leaves 60 %: luck decides",
        "fixed": "a budget of 5 retries per 100 calls",
        "over-fixed": "no retries and a queue bound of 10",
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
        Readout("amplification", "worst amplification, over 20 s", "times"),
        Readout("served_after", "answered after the trigger", "%"),
        Readout("failed_before", "failed on the quiet minute before", "%"),
        Readout("recover_share", "seeds that recover, of 32", "%"),
    ),
    challenges=(
        Challenge(
            "Bring it down for good with at least 70 % of capacity left",
            lambda now: now["brownout_capacity"] >= 0.7 and np.isnan(now["recovery"]),
            example={"brownout_capacity": 0.7},
        ),
        Challenge(
            "Storm: recover within 60 s by the retry budget alone, though it grants at least 20 tokens per 100 calls, "
            "and fail less than 0.1 % on the quiet minute before",
            lambda now: _budget_alone(now) and now["recovery"] <= 60 and now["failed_before"] < 0.1,
            example={"budget": "successes", "budget_ratio": 20.0},
            at="storm",
        ),
        Challenge(
            "Storm: answer 99.9 % after the trigger, never send more than 1.2 attempts per request, and fail less than "
            "0.1 % on the quiet minute before",
            lambda now: now["served_after"] >= 99.9 and now["amplification"] <= 1.2 and now["failed_before"] < 0.1,
            example={"deadline_propagation": True, "budget_ratio": 5.0, "deadline_margin": 0.05},
            at="storm",
        ),
    ),
    assumptions=(
        "open loop: clients keep coming at the arrival rate, whatever happens",
        "one FIFO queue; 12 servers do 1,200 attempts/s, 10 ms each; 1 % of replies get lost",
        "the whole fleet shares one budget, one breaker and one throttle",
        "the band is the middle 80 % of 32 seeds",
    ),
)


def _budget_alone(now: Mapping[str, Any]) -> bool:
    """Return whether no other defence is in use and the budget lets through 20 retries per 100 calls."""
    others = now["deadline_propagation"] or now["breaker"] or now["throttle"] or np.isfinite(now["queue_limit"])
    return not others and 20 <= now["budget_ratio"] < np.inf


# -- pictures without sliders ----------------------------------------------------------------------------------------


def compare(
    traces: Mapping[str, Trace], signal: str = "goodput", *, title: str = "", top: float | None = None
) -> ShownChart:
    """Show one signal of up to four runs, the trigger shaded; see `comparison.compare`."""
    return comparison.compare(traces, signal, trigger="brownout", title=title, top=top)


def answered(trace: Trace) -> tuple[alt.LayerChart, dict[str, Any]]:
    """Return the chart of a run's answered requests and its data, for a prediction to be drawn into."""
    goodput = comparison.per_second(trace, "goodput")
    y = style.amount_axis("goodput", "answered in time (requests/s)", top=TOP / 3)
    line = style.line("run", "time", "goodput", "defended", x=style.time_axis(UNTIL), y=y)
    data = {"run": {"time": np.arange(1, len(goodput) + 1), "goodput": goodput}, "regions": comparison.shaded(trace)}
    return alt.layer(style.regions(labels={0: "brownout"}), line), data


def before_after(seed: int = 7) -> ShownChart:
    """Show the default picture: the same brownout, the same seed, without and with a 5 % retry budget."""
    cases = {
        "naive: 3 retries": comparison.Case(simulate(NAIVE, seed, until=UNTIL), REGIONS),
        "defended: 5 % budget": comparison.Case(simulate(DEFENDED, seed, until=UNTIL), {0: "brownout", 1: "draining"}),
    }
    lines = {"attempt_rate": ("attempts", "naive"), "goodput": ("answered in time", "defended")}
    words = (
        "Two charts on the same axes. Naive: after the brownout attempts stay near 3,600 per second and "
        "almost no request is answered in time. Defended by a 5 % retry budget: the service is back about a minute "
        "after the brownout."
    )
    return comparison.before_after(cases, lines, words, title="rate (requests/s)", top=TOP)


# -- the lesson's tables and its check against theory ----------------------------------------------------------------

WAYS_BACK: dict[str, tuple[str, dict[str, Any]]] = {
    "deadlines, dropped 50 ms early": (
        "needs plumbing through every hop",
        dict(deadline_propagation="on", deadline_margin=0.05),
    ),
    "queue bound of 900": ("rejects bursts it could have served", dict(queue_limit=900)),
    "circuit breaker": ("refuses everything for 5 s at a time", dict(breaker="on")),
    "throttle, 10 s window": ("refuses some on a bad minute", dict(throttle="on", throttle_window=10.0)),
    "throttle, 2 min window": ("remembers the outage long after", dict(throttle="on")),
    "no retries": ("every lost reply is a user's error", dict(max_retries=0)),
    "20 % budget, successes": ("few retries when they'd help most", dict(budget="successes", budget_ratio=0.2)),
    "10 % budget, first attempts": ("adds 10 % load while it lasts", dict(budget="first_attempts", budget_ratio=0.1)),
    "20 % budget, first attempts": (
        "adds 20 % load: here, all there is",
        dict(budget="first_attempts", budget_ratio=0.2),
    ),
    "deadlines, dropped when due": ("nearly all it starts ends too late", dict(deadline_propagation="on")),
    "one retry": ("doubles the load", dict(max_retries=1)),
    "exponential backoff": ("same work, later", dict(backoff="exponential", backoff_base=1.0)),
    "full jitter": ("same work, spread", dict(backoff="full_jitter", backoff_base=1.0)),
    "nothing": ("", {}),
}
"""Each defence alone at 1,000 requests/s on 1,200: what it costs, and its parameters."""


def ways_back(seeds: int = 32, until: float = 1800.0) -> Any:
    """Return a table of single defences: seconds from the trigger's end to recovery, mean over seeds.

    Returns
    -------
    pandas Styler
        One row a defence, fastest first, with as many digits as the seeds' scatter allows.
    """
    import pandas as pd

    took = {name: _seconds_back(change, seeds, until) for name, (_, change) in WAYS_BACK.items()}
    names = sorted(took, key=lambda name: np.nan_to_num(took[name].mean(), nan=np.inf))
    rows = [(name, mean_in_words(took[name]), WAYS_BACK[name][0]) for name in names]
    return whole(pd.DataFrame(rows, columns=["alone", "back after", "price"]))


def _seconds_back(change: Mapping[str, Any], seeds: int, until: float) -> NDArray[Any]:
    """Seconds to recovery by seed; what is still held back after a short run gets a longer one."""
    parameters = Parameters(arrival_rate=1000.0).replace(**change)
    for end in (160.0, 400.0, until):
        run = simulate(parameters, np.arange(seeds), until=end, record=Record(("attempt_rate",), every=50.0))
        took = run.events["recovered"] - run.events["trigger_ends"]
        if np.isfinite(took).all() or run["attempt_rate"][-1].mean() > 0.98 * CAPACITY:
            break  # all back, or as many attempts as the service can do: nothing will change
    return took


def mean_in_words(seconds: NDArray[Any]) -> str:
    """Return a mean over seeds to the digits that twice its standard error leaves.

    >>> mean_in_words(np.array([60.0, 71.0, 66.0, 79.0])), mean_in_words(np.array([90.0, 91.0, 90.0, 91.0]))
    ('70 s', '90 s')
    >>> mean_in_words(np.array([0.0, 0.0])), mean_in_words(np.array([np.nan, np.nan]))
    ('at once', 'never')
    """
    if np.isnan(seconds).any():
        return "never" if np.isnan(seconds).all() else "sometimes"
    error = 2 * seconds.std() / np.sqrt(len(seconds))
    unit = 10.0 ** np.round(np.log10(max(error, 1.0)))
    return f"{round(seconds.mean() / unit) * unit:,.0f} s" if seconds.mean() >= 0.5 else "at once"


def drains(ratios: Sequence[float] = (0.05, 0.1, 0.15, 0.2), seeds: int = 8) -> Any:
    """Return a table for budgets earned by first attempts: what is queued as the trigger ends, and how long it drains.

    Returns
    -------
    pandas Styler
        The queue is the model's, mean over seeds; the seconds are the closed form's.
    """
    import pandas as pd

    busy = Parameters(arrival_rate=1000.0, budget="first_attempts", budget_ratio=np.array(ratios))
    queue = simulate(busy, np.arange(seeds)[:, None], until=90.0)["queue_depth"][-1].mean(axis=0)
    took = retries.drain_time(queue, 1000.0, CAPACITY, 1.0, np.array(ratios))
    spare = CAPACITY - retries.budgeted_load(1000.0, ratios)
    columns = {
        "budget": [f"{ratio:.0%}".replace("%", " %") for ratio in ratios],
        "queued at second 90": [f"{round(attempts, -2):,.0f}" for attempts in queue],
        "drained by": [f"{rate:.0f}/s" for rate in spare],
        "back after": ["never" if np.isinf(seconds) else f"{round(seconds, -1):.0f} s" for seconds in took],
    }
    return whole(pd.DataFrame(columns))


def hiccup(margins: Sequence[float] = (0.05, 0.8), seeds: int = 8) -> NDArray[Any]:
    """Return the requests that fail, mean over seeds, when a healthy service stops for half a second.

    Parameters
    ----------
    margins : sequence of float
        Seconds before its deadline at which work is dropped.
    """
    stop = dict(brownout_start=20.0, brownout_duration=0.5, brownout_capacity=0.0, max_retries=0)
    p = Parameters(**stop, deadline_propagation="on", deadline_margin=np.array(margins))
    run = simulate(p, np.arange(seeds)[:, None], until=30.0)
    return ((run["offered_rate"] - run["goodput"]).sum(axis=0) * p.dt).mean(axis=0)


def threshold(seed: int = 7) -> ShownChart:
    """Show the collapsed share against load for 0 to 3 retries, simulated, over the closed form's bounds."""
    rate = np.linspace(200.0, 1150.0, 20)
    limits = np.array([0, 1, 2, 3])
    p = Parameters(arrival_rate=rate, max_retries=limits[:, None], brownout_capacity=0.05, brownout_duration=10.0)
    trace = simulate(p, seed, until=900.0, record=Record(("goodput", "offered_rate"), every=100.0))
    share = trace["goodput"][-1] / trace["offered_rate"][-1]
    low, _ = retries.vulnerable_band(1200.0, limits)
    roles = ("demand", "third", "defended", "naive")
    x = alt.X(
        "rate", type="quantitative", title="arrival rate (requests/s)", scale=alt.Scale(domain=[200, 1300], nice=False)
    )
    layers: list[Any] = []
    for limit, role in zip(limits, roles, strict=True):
        y = style.amount_axis(f"retries{limit}", "answered, 13 minutes later (share)", top=1.05)
        layers.append(style.line("run", "rate", f"retries{limit}", role, x=x, y=y))
    bounds = alt.Chart(alt.NamedData("bounds"))
    layers.append(bounds.mark_rule(color=style.INK, strokeDash=[2, 2], opacity=0.8).encode(x="low:Q"))
    text = {"align": "right", "dx": -4, "fontWeight": "bold", "color": style.INK}
    words = "'R = ' + format(datum.limit, 'd')"
    layers.append(
        bounds.transform_calculate(words=words).mark_text(**text).encode(x="low:Q", y="height:Q", text="words:N")
    )
    data = {
        "run": {"rate": rate, **{f"retries{limit}": share[i] for i, limit in enumerate(limits)}},
        "bounds": {"low": low, "limit": limits, "height": np.full(4, 0.08)},
    }
    said = (
        "Share of requests answered long after a brownout, against arrival rate, for 0, 1, 2 and 3 retries: each curve "
        "drops from 1 to 0 at the closed form's bound, service rate over retries plus one."
    )
    return show(alt.layer(*layers), data, said)


def herd(seed: int = 7) -> ShownChart:
    """Show the retries of clients that a total outage of 2 s has synchronised: fixed backoff against full jitter."""
    p = Parameters(
        arrival_rate=400.0, backoff=np.array(["fixed", "full_jitter"]), backoff_base=4.0, max_retries=2,
        brownout_start=10.0, brownout_duration=2.0, brownout_capacity=0.0, queue_limit=50,
    )  # fmt: skip
    attempts = simulate(p, seed, until=30.0, record=Record(("attempt_rate",), every=0.5))["attempt_rate"]
    time = np.arange(1, len(attempts) + 1) * 0.5
    x, top = style.time_axis(30.0), 1.1 * float(attempts.max())
    layers: list[Any] = [style.regions(labels={0: "outage"})]
    for i, (name, role) in enumerate((("fixed 4 s", "naive"), ("full jitter", "defended"))):
        y = style.amount_axis(f"line{i}", "attempts (attempts/s)", top=top)
        layers += [style.line("run", "time", f"line{i}", role, x=x, y=y)]
        layers += [style.end_label("run", "time", f"line{i}", name, role, dy=10 - 20 * i)]
    data = {
        "run": {"time": time, "line0": attempts[:, 0], "line1": attempts[:, 1]},
        "regions": {"kind": np.array([0.0]), "start": np.array([10.0]), "end": np.array([12.0])},
    }
    words = (
        "Attempts per second after a total outage of two seconds: with a fixed backoff they come back as echoes, with "
        "full jitter they are spread out."
    )
    return show(alt.layer(*layers), data, words)
