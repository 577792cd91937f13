"""A panel over a small stand-in model (a fluid queue with retries), for tests of the view and the latency benchmark.

One call costs about 20 ms for any count of settings up to a few dozen, as a real model's does: it steps through time in
Python and over settings in numpy. `INSTANT` is the same panel over a model that costs nothing.
"""

import dataclasses

import altair as alt
import numpy as np

from course_lib.view import style
from course_lib.view.panel import DEFENCES, Challenge, Choice, Panel, PhaseMap, Picture, Readout, Slider, Switch
from course_lib.view.phase_map import chart as map_chart

TICKS, ROWS, STEP = 600, 300, 0.5
SERVICE = 100.0


def simulate(load, retries, depth, budget, seed):
    """Return time (rows,), goodput and queue (rows, members) of a service with a brownout from 60 s to 90 s."""
    load, retries, depth, budget, seed = np.broadcast_arrays(*map(np.atleast_1d, (load, retries, depth, budget, seed)))
    noise = {int(one): np.random.default_rng(int(one)).normal(1, 0.05, TICKS) for one in np.unique(seed)}
    chance = np.stack([noise[int(one)] for one in seed], axis=1)
    queue, failing = np.zeros(load.shape), np.zeros(load.shape)
    out = np.empty((2, TICKS, *load.shape))
    for tick in range(TICKS):
        capacity = SERVICE * np.where((tick * STEP >= 60) & (tick * STEP < 90), depth, 1.0)
        extra = np.minimum(retries * failing, budget * 1.0)
        arriving = load * chance[tick] * (1 + extra)
        served = np.minimum(queue / STEP + arriving, capacity)
        queue = np.maximum(0.0, queue + (arriving - served) * STEP)
        failing += (np.clip(queue / 200, 0, 1) - failing) * 0.1
        out[:, tick] = served * (1 - failing), queue
    thin = out.reshape(2, ROWS, TICKS // ROWS, -1).mean(axis=2)
    return np.arange(ROWS) + 1.0, thin[0], thin[1]


def run(values, seed):
    """Return naive and defended goodput of several settings."""
    naive = simulate(values["load"], values["max_retries"], values["depth"], 10.0, seed)
    budget = values["budget"] if values["defended"] else 10.0
    defended = simulate(values["load"], values["max_retries"], values["depth"], budget, seed)
    shape = np.broadcast_shapes(naive[1].shape, defended[1].shape)
    wide = lambda array: np.broadcast_to(array, shape)  # noqa: E731
    data = {"time": naive[0], "naive": wide(naive[1]), "defended": wide(defended[1])}
    regions = {"start": [60.0, 90.0], "end": [90.0, 300.0], "kind": [0.0, 1.0]}
    numbers = {
        "goodput": wide(naive[1])[-60:].mean(axis=0),
        "recovered": recovered(naive[0], wide(naive[1]), values["load"]),
    }
    return Picture({"run": data, "regions": regions}, numbers)


def recovered(time, goodput, load):
    """Return the seconds after the trigger until goodput is back at 95 % of the load; NaN for never."""
    fine = goodput[90:] >= 0.95 * np.minimum(load, SERVICE)
    return np.where(fine.any(axis=0), fine.argmax(axis=0) * 1.0, np.nan)


def spread(values, seeds):
    """Return the band of naive goodput over seeds."""
    time, goodput, _ = simulate(values["load"], values["max_retries"], values["depth"], 10.0, seeds)
    low, high = np.quantile(goodput, [0.1, 0.9], axis=1)
    share = 100 * (goodput[-60:].mean(axis=0) > 0.9 * values["load"]).mean()
    return Picture({"band": {"time": time, "low": low, "high": high}}, {"share": share})


def outcome(values, seed):
    """Return the share of load served at the end."""
    _, goodput, _ = simulate(values["load"], values["max_retries"], values["depth"], 10.0, seed)
    return goodput[-60:].mean(axis=0) / values["load"]


def charts():
    """Return goodput over time, and the phase map."""
    x, y = style.time_axis(300), style.amount_axis("naive", "goodput (requests/s)", top=120)
    lines = alt.layer(
        style.regions(labels={0: "brownout", 1: "trigger over"}),
        style.band("band", "time", "low", "high", "naive", x=x),
        style.line("run", "time", "naive", "naive", x=x, y=y),
        style.line("run", "time", "defended", "defended", x=x),
        *style.plateau_labels("run", {"naive": ("naive", "naive"), "defended": ("defended", "defended")}, 300, 120),
    )
    return [lines, map_chart(PHASES, *PANEL.map_titles(), width=270, height=230)]


PHASES = PhaseMap("load", "max_retries", outcome, "served (share of load)")

PANEL = Panel(
    title="A brownout and its retries",
    description="Goodput over 300 s of a naive and a defended client; capacity falls from 60 s to 90 s.",
    controls=(
        Slider("load", "load", 20, 120, 2, "requests/s", hint="Requests that clients want each second."),
        Slider("max_retries", "retries", 0, 10, 1, "per call"),
        Slider("depth", "brownout leaves", 0.0, 1.0, 0.05, "of capacity"),
        Slider("budget", "retry budget", unit="per call", values=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)),
        Switch("defended", "budget in use", more=True, group=DEFENCES),
        Choice("backoff", "backoff", ("none", "fixed", "full jitter"), more=True),
    ),
    presets={
        "healthy": {"load": 50, "max_retries": 0},
        "cliff edge": {"load": 70, "max_retries": 2},
        "storm": {"load": 80, "max_retries": 3, "depth": 0.3, "budget": 0.1, "defended": True, "backoff": "none"},
        "fixed": {"max_retries": 1, "budget": 0.05},
        "over-fixed": {"max_retries": 0, "budget": 0.01},
    },
    captions={
        "healthy": "a load of 50 and no retries",
        "cliff edge": "a load of 70 and 2 retries",
        "storm": "a load of 80 and 3 retries",
        "fixed": "1 retry and a budget of 5 %",
        "over-fixed": "no retries",
    },
    default="storm",
    run=run,
    spread=spread,
    charts=charts,
    readouts=(
        Readout("goodput", "goodput at the end", "requests/s"),
        Readout("recovered", "back to normal after", "s"),
        Readout("share", "seeds that recover", "%"),
    ),
    challenges=(
        Challenge(
            "Find a load at which the naive client recovers", lambda now: now["recovered"] < 200, {"max_retries": 0}
        ),
        Challenge(
            "Recover in every seed at 90 requests/s or more",
            lambda now: now["share"] == 100 and now["load"] >= 90,
            {"load": 90, "depth": 0.9, "max_retries": 0},
        ),
        Challenge("Keep at least 85 requests/s at the end", lambda now: now["goodput"] >= 85),
    ),
    assumptions=(
        "Arrivals are a fluid with 5 % noise.",
        "Every caller waits without limit.",
        "Retries follow at once.",
    ),
    phase_map=PHASES,
    units={"time": "s", "naive": "requests/s", "defended": "requests/s"},
)


def instant_run(values, seed):
    """Return two straight lines at the height of load and retries: a model of 0 ms."""
    time = np.arange(ROWS) + 1.0
    level = np.atleast_1d(np.asarray(values["load"], float)) + 0 * np.asarray(values["max_retries"])
    ramp = np.linspace(0, 1, ROWS)[:, None]
    return Picture(
        {"run": {"time": time, "naive": level * ramp, "defended": level * (1 - ramp / 2)}}, {"goodput": level}
    )


def instant_charts():
    """Return the two lines alone."""
    x, y = style.time_axis(300), style.amount_axis("naive", "goodput (requests/s)", top=120)
    lines = (
        style.line("run", "time", "naive", "naive", x=x, y=y),
        style.line("run", "time", "defended", "defended", x=x),
    )
    return [alt.layer(*lines)]


INSTANT = dataclasses.replace(
    PANEL,
    title="A model of 0 ms",
    run=instant_run,
    spread=None,
    phase_map=None,
    charts=instant_charts,
    readouts=PANEL.readouts[:1],
    challenges=(),
)
