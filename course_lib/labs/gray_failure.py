"""The charts of lab 10: percentiles of hosts, who is ejected, what a sinkhole draws, and the days of the fleet.

A learner's answer may still be blank. Then its part is left out and the chart's title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.gray_failure import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import tails
from course_lib.view import style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
HOSTS = 20
SERVICE = Parameters(hosts=HOSTS, impaired_hosts=1, request_rate=50.0)
"""The lab's service: 20 hosts, of which one limps; a page makes a hundred calls."""


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


def _blank(name: str, found: Any) -> list[str]:
    return [] if found is not None else [f"{name} is still blank"]


# -- the fleet's histograms ------------------------------------------------------------------------------------------


def histograms(seed: int) -> NDArray[np.float64]:
    """Return the lab fleet's calls shape (1, hosts, bins): one host limps, one has hardly any calls."""
    random = np.random.default_rng([seed, 10])
    place, other = random.permutation(HOSTS)[:2]
    counts = np.zeros((1, HOSTS, len(tails.BINS)))
    for host in range(HOSTS):
        slow = 0.04 if host in (place, other) else 0.0
        late = (1 - slow) * tails.lognormal_survival(tails.BINS, 0.01, 0.5) + slow * tails.lognormal_survival(
            tails.BINS, 1.0, 0.5
        )
        chance = np.diff(np.concatenate([[0.0], 1 - late[:-1], [1.0]]))
        counts[0, host] = random.multinomial(200 if host == other else 20_000, chance / chance.sum())
    return counts


def percentiles(counts: NDArray[np.float64], limping: Answer) -> ShownChart:
    """Show each host's p50 and p99, and whom the learner's function accuses."""
    fleet = counts[0]
    at = lambda q: tails.BINS[(fleet.cumsum(-1) >= q * fleet.sum(-1, keepdims=True)).argmax(-1)]  # noqa: E731
    found = asked(limping, counts, tails.BINS)
    host = np.arange(len(fleet))
    accused = np.full(len(fleet), 0.0) if found is None else 1.0 * (host == int(np.ravel(found)[0]))
    data = {"run": {"host": host, "p50": 1000 * at(0.5), "p99": 1000 * at(0.99), "accused": accused}}
    x = alt.X("host:O", title="host (number)", axis=alt.Axis(labelAngle=0))
    scale = alt.Scale(type="log", domain=[5, 5000], nice=False)
    base = alt.Chart(alt.NamedData("run"))
    parts = []
    for name, role, shape in (("p50", "defended", "circle"), ("p99", "naive", "triangle")):
        y = alt.Y(f"{name}:Q", title="latency (ms)", scale=scale, axis=alt.Axis(values=[10, 100, 1000], format="d"))
        stroke = style.SERIES[role]
        parts.append(base.mark_point(shape=shape, size=70, filled=True, color=stroke.colour).encode(x=x, y=y))
        first = base.transform_filter("datum.host == 0").mark_text(
            text=name, dy=-12, fontWeight="bold", color=stroke.word
        )
        parts.append(first.encode(x=x, y=y))
    word = base.transform_filter("datum.accused > 0").mark_text(
        text="accused", dy=-14, fontWeight="bold", color=style.INK
    )
    parts.append(word.encode(x=x, y=alt.Y("p99:Q", scale=scale)))
    said = "For each of 20 hosts the median and the p99 of its calls, on a logarithmic scale; two p99s stand out."
    return show(titled(alt.layer(*parts), _blank("limping", found)), data, said, units={"p50": "ms", "p99": "ms"})


# -- who is ejected, and what a sinkhole draws -----------------------------------------------------------------------


def ejected(eject: Answer, seed: int) -> ShownChart:
    """Show how many of 20 hosts a rule takes out, against how many are bad, with a cap of a quarter."""
    random = np.random.default_rng([seed, 11])
    ill = np.arange(HOSTS + 1)
    share = random.uniform(0.0, 0.01, (len(ill), HOSTS)) + 0.3 * (np.arange(HOSTS) < ill[:, None])
    sent = np.full(share.shape, 5000.0)
    found = asked(eject, sent, np.round(sent * share), np.zeros(share.shape, dtype=bool), np.full(len(ill), 0.25))
    data: dict[str, Any] = {"run": {"ill": ill.astype(float), "bad": ill.astype(float)}}
    x = alt.X("ill", type="quantitative", title="bad hosts (number)", scale=alt.Scale(domain=[0, HOSTS], nice=False))
    title = "hosts (number)"
    parts = [style.line("run", "ill", "bad", "naive", x=x, y=style.amount_axis("bad", title, top=22.0)),
             style.end_label("run", "ill", "bad", "bad", "naive")]  # fmt: skip
    if found is not None:
        data["run"]["yours"] = np.asarray(found, dtype=float).sum(axis=1)
        parts += [style.line("run", "ill", "yours", "defended", x=x, y=style.amount_axis("yours", title, top=22.0)),
                  style.end_label("run", "ill", "yours", "you eject", "defended")]  # fmt: skip
    said = "Hosts that a rule ejects against the number that are bad, 0 to 20: up to five, and none once most are bad."
    return show(titled(alt.layer(*parts), _blank("eject", found)), data, said)


def drawn(weights: Answer) -> ShownChart:
    """Show the share of calls that each of ten hosts gets, by speed alone and by the learner's weights."""
    latency = np.r_[0.001, np.linspace(0.08, 0.12, 9)][None]
    calls = np.r_[9000.0, np.full(9, 100.0)][None]
    errors = np.r_[9000.0, np.zeros(9)][None]
    found = asked(weights, latency, errors, calls, np.array([2.0]))
    speed = 100 * tails.least_outstanding_share(latency[0])
    data: dict[str, Any] = {"run": {"host": np.arange(10), "speed": speed}}
    base, x = alt.Chart(alt.NamedData("run")), alt.X("host:O", title="host (number)", axis=alt.Axis(labelAngle=0))
    shown = [("speed", "by speed alone", "naive", "triangle", 0)]
    if found is not None:
        data["run"]["yours"] = 100 * np.asarray(found, dtype=float)[0]
        shown.append(("yours", "your weights", "defended", "circle", 5))
    parts = []
    for name, words, role, shape, place in shown:
        y, stroke = style.amount_axis(name, "calls (%)", top=105.0), style.SERIES[role]
        parts.append(base.mark_point(shape=shape, size=80, filled=True, color=stroke.colour).encode(x=x, y=y))
        word = base.transform_filter(f"datum.host == {place}")
        parts.append(word.mark_text(text=words, align="left", dx=8, dy=-17, fontWeight="bold", color=stroke.word)
                     .encode(x=x, y=y))  # fmt: skip
    said = "Share of calls of ten hosts, of which host 0 fails in a millisecond: by speed alone it gets nine in ten."
    return show(titled(alt.layer(*parts), _blank("weights", found)), data, said, units={"speed": "%", "yours": "%"})


# -- three days ------------------------------------------------------------------------------------------------------

WORST = dict(fault="heavy", impaired_hosts=HOSTS, work_factor=4.0, ejection_rule="absolute", outlier_share=0.0)
"""The day when all are slow, and a rule that compares nobody with nobody."""


def days(precautions: Answer, seed: int, *, worst: bool) -> dict[str, Trace]:
    """Return runs of the lab's service on one day: with nothing, with everything at once, and as the learner says."""
    base = SERVICE.replace(probation=1.0, **(WORST if worst else {}))
    told = (0.01, 0.5, float(HOSTS), 2.0, 0.71)
    found = asked(precautions, *(np.array([number]) for number in told))
    ways = {"nothing": base}
    if found is not None:
        delay, budget, cap = (float(np.ravel(one)[0]) for one in found)
        ways["yours"] = base.replace(
            hedge_delay=max(delay, 1e-4) if delay > 0 else np.inf,
            hedge_budget=float(np.clip(budget, 0, 1)),
            ejection_cap=float(np.clip(cap, 0, 1)),
        )
    ways["everything"] = base.replace(hedge_delay=0.005, hedge_budget=1.0, ejection_cap=0.5)
    record = Record(("slow_pages", "hedge_share"), every=2.0)
    return {name: simulate(one, seed, until=300.0, record=record) for name, one in ways.items()}
