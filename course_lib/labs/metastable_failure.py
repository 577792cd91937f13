"""The charts of lab 09: where experiments were placed, what a valve does to a storm, and what a budget buys.

A learner's answer may still be blank. Then its part is left out and the chart's title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models import simulation
from course_lib.models.metastable_failure import Parameters, simulate, with_valve
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record, Trace
from course_lib.theory import metastable
from course_lib.view import style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
MOST = 10  # experiments there is room for
HEALED, STUCK = 1.0, 10.0  # minutes of downtime that an experiment costs
LOAD = 0.57  # of capacity: what users of the lab's system ask for
CAPACITY = 3600.0  # attempts/s


def system(seed: int) -> Parameters:
    """Return the lab's system, drawn from the seed: nobody has told us its retries or what a full queue costs it."""
    random = np.random.default_rng([seed, 9])
    return Parameters(
        workers=36, max_retries=int(random.integers(2, 5)), degradation=round(random.uniform(0.0, 0.15), 2),
        arrival_rate=LOAD * CAPACITY, retry_delay=round(random.uniform(8, 11), 1), queue_limit=2.0,
        trigger_start=60.0, trigger_duration=10.0, dt=1.0,
    )  # fmt: skip


def advertised(seed: int) -> float:
    """Return what a load test says of the lab's system: the highest load that it answers if nothing ever happens."""
    p = system(seed)
    loads = np.linspace(0.5, 0.8, 31) * CAPACITY
    calm = p.replace(arrival_rate=loads, trigger_size=0.0)
    run = simulate(calm, seed, until=600, record=Record(("goodput",), every=100.0))
    return float(loads[run["goodput"][-1] >= 0.9 * loads].max().round())


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


def _blank(name: str, found: Any) -> list[str]:
    return [] if found is not None else [f"{name} is still blank"]


# -- the experiments -------------------------------------------------------------------------------------------------


def search(next_load: Answer, seed: int) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return the loads that a rule tries on the lab's system and the shares answered; None while it is blank.

    Each experiment is a minute without any worker: long enough for all retries to be under way.
    """
    most = np.array([advertised(seed)])
    tried, answered = np.full((MOST, 1), np.nan), np.full((MOST, 1), np.nan)
    for i in range(MOST):
        found = asked(next_load, tried.copy(), answered.copy(), most)
        if found is None:
            return None
        load = float(np.ravel(found)[0])
        if not 0 < load <= most[0]:
            break
        knocked = system(seed).replace(arrival_rate=load, trigger_duration=60.0)
        run = simulate(knocked, seed + i, until=300, record=Record(("goodput",), every=20.0))
        share = min(run["goodput"][-1].item() / load, 1.0)
        tried[i, 0], answered[i, 0] = load, share if share > 0.9 else 0.0
    done = ~np.isnan(tried[:, 0])
    return tried[done, 0], answered[done, 0]


def bracket(next_load: Answer, seed: int) -> tuple[float, float]:
    """Return the highest load that came back in the learner's experiments, and the lowest that did not; 0 if blank."""
    found = search(next_load, seed)
    if found is None:
        return 0.0, advertised(seed)
    tried, answered = found
    return tried[answered > 0.5].max(initial=0.0), tried[answered <= 0.5].min(initial=advertised(seed))


def experiments(next_load: Answer, seed: int) -> ShownChart:
    """Show which loads were tried on the lab's system, which came back, and how long it was down for that."""
    found = search(next_load, seed)
    tried, answered = found if found is not None else (np.zeros(0), np.zeros(0))
    back = answered > 0.5
    down = np.where(back, HEALED, STUCK).sum()
    number = 1.0 + np.arange(len(tried))
    data = {
        "back": {"number": number[back], "load": tried[back]},
        "down": {"number": number[~back], "load": tried[~back]},
        "first back": {"number": number[back][:1], "load": tried[back][:1]},
        "first down": {"number": number[~back][:1], "load": tried[~back][:1]},
        "known": {"load": np.array([advertised(seed)])},
    }
    x = alt.X("number", type="quantitative", title="experiment (number)", axis=alt.Axis(tickMinStep=1, format="d"),
              scale=alt.Scale(domain=[0.5, MOST + 0.5], nice=False))  # fmt: skip
    y = style.amount_axis("load", "load (requests/s)", top=3000.0)
    parts: list[Any] = []
    for name, role, shape, words in (
        ("back", "defended", "circle", "came back"), ("down", "naive", "cross", "stayed down"),
    ):  # fmt: skip
        base = alt.Chart(alt.NamedData(name)).encode(x=x, y=y)
        parts.append(base.mark_point(size=110, filled=True, shape=shape, color=style.SERIES[role].colour, opacity=1))
        first = alt.Chart(alt.NamedData(f"first {name}")).encode(x=x, y=y)  # one name a kind: they lie close
        parts.append(first.mark_text(text=words, dx=9, align="left", color=style.SERIES[role].word))
    rule = alt.Chart(alt.NamedData("known")).encode(y=alt.Y("load", type="quantitative"))
    parts.append(rule.mark_rule(strokeDash=[6, 4], color=style.INK))
    parts.append(rule.mark_text(text="advertised", align="left", x=4, dy=-8, color=style.INK))
    words = (
        f"{len(tried)} experiments on the lab's system, by load: circles came back, crosses stayed down; in all it was "
        f"down for {down:.0f} minutes. A dashed line marks the advertised capacity."
    )
    told = _blank("next_load", found) or [f"{len(tried)} experiments, {down:.0f} minutes of downtime"]
    return show(titled(alt.layer(*parts), told), data, words, units={"load": "requests/s"})


# -- the valve -------------------------------------------------------------------------------------------------------

MANNED, AGAIN, UNTIL = 120.0, 270.0, 420.0  # seconds: somebody at the valve; the same trigger again; the end


def twice(seed: int) -> Parameters:
    """Return the lab's system with its trigger at 60 s, and the same once more."""
    dips = ((60.0, 0.0), (70.0, 1.0), (AGAIN, 0.0), (AGAIN + 10.0, 1.0))
    return system(seed).replace(capacity=Schedule(1.0, dips), trigger_size=0.0)


def manned(valve: Answer, seed: int) -> dict[str, Trace]:
    """Return runs of the lab's system through both triggers: nobody at the valve, and the learner's from 120 s on."""
    p, record = twice(seed), Record(("goodput", "offered_rate", "dropped"), every=1.0)
    runs = {"nobody at the valve": simulate(p, seed, until=UNTIL, record=record)}
    state = (1.0, 0.0, 2000.0, 2000.0, 900.0, CAPACITY)
    if asked(valve, *(np.array([number]) for number in state)) is not None:
        model = with_valve(lambda *told: np.asarray(valve(*told), dtype=float), since=MANNED, delay=3.0)
        runs["yours"] = simulation.simulate(model, p, seed, until=UNTIL, record=record)
    return runs


# -- what a budget buys ----------------------------------------------------------------------------------------------


def repaired(fix: Answer, seed: int) -> dict[str, Trace]:
    """Return runs of the lab's system through one trigger without a valve: as it was, and with the learner's budget."""
    p, record = system(seed), Record(("goodput",), every=1.0)
    told = (LOAD * CAPACITY, CAPACITY, float(p.degradation), float(p.max_retries), 1.2)
    found = asked(fix, *(np.array([number]) for number in told))
    runs = {"as it was": simulate(p, seed, until=240.0, record=record)}
    if found is not None:
        budget = float(np.clip(np.ravel(found[0])[0], 0.0, 1e6))
        runs["yours"] = simulate(p.replace(retry_budget=budget), seed, until=240.0, record=record)
    return runs


def hidden(seed: int, budget: float = float("inf")) -> float:
    """Return the hidden capacity of the lab's system, by the formula: to compare with what was measured."""
    p = system(seed)
    return float(metastable.hidden_capacity(CAPACITY, p.max_retries, budget, p.degradation))
