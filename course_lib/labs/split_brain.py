"""The charts and tables of lab 03: what the learner's rules say of cuts, partitions, tokens, logs and objectives.

A learner's answer may still be blank. Then its part is left out and the table or title says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.split_brain import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import quorum
from course_lib.view import style
from course_lib.view.blank import StillBlank, asking, titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
UNTIL = 140.0
SERVICE = Parameters(replication_lag=3.0)
PAUSED = Parameters(
    trigger="pause", failover="majority", min_acks="majority", lease=8.0, successor="waits_for_drift", cut_duration=30.0
)
TRIALS = 10_000


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        return asking("", answer)(*arguments)
    except StillBlank:
        return None


def counted(divergence: Answer, seed: int) -> Any:
    """Return a table of cuts: what the learner's formula says is lost, and what the model loses.

    Parameters
    ----------
    divergence : callable
    seed : int
    """
    import pandas as pd

    cuts, lags, keys = np.array([10.0, 43.0, 60.0]), np.array([3.0, 3.0, 0.0]), np.array([1e5, 1e5, 3e3])
    p = SERVICE.replace(cut_duration=cuts, replication_lag=lags, keys=keys)
    trace = simulate(p, seed, until=UNTIL, record=Record(("lost", "conflicting_keys"), every=UNTIL))
    takeover = np.nan_to_num(trace.events["new_leader"] - 40.0, nan=99.0)
    found = asked(divergence, *(0.0 * cuts + x for x in (300.0, 0.5, lags, cuts, takeover, keys)))
    rows = []
    for n, cut in enumerate(cuts):
        yours = ["blank", "blank"] if found is None else [f"{np.ravel(part)[n]:,.0f}" for part in found]
        seen = [f"{trace[name][-1, n]:,.0f}" for name in ("lost", "conflicting_keys")]
        rows.append([f"{cut:.0f} s", f"{lags[n]:.0f} s", f"{keys[n]:,.0f}", yours[0], seen[0], yours[1], seen[1]])
    columns = ["cut", "lag", "keys", "lost: yours", "lost: model", "conflicts: yours", "conflicts: model"]
    return pd.DataFrame(rows, columns=columns).style.hide(axis="index")


def partitions(nodes: int, seed: int, parts: int = 3, trials: int = TRIALS) -> NDArray[np.int64]:
    """Return random partitions, shape (trials, nodes): the part into which each node falls."""
    return np.random.default_rng([seed, nodes, parts]).integers(0, parts, (trials, nodes))


def at_least_half(votes: NDArray[Any], old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.bool_]:
    """The rule that is wrong by one character."""
    return (2 * (votes * old).sum(axis=1) >= old.sum()) & (2 * (votes * new).sum(axis=1) >= new.sum())


def elected(rule: Answer, part: NDArray[np.int64], old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
    """Return how many parts of each partition may lead, under a rule."""
    return np.sum([np.asarray(rule(part == p, old, new)).astype(np.int64) for p in range(int(part.max()) + 1)], axis=0)


CLUSTERS = {
    "five nodes": ([1] * 5, [1] * 5),
    "six nodes": ([1] * 6, [1] * 6),
    "one with three votes": ([3, 1, 1, 1, 1, 1], [3, 1, 1, 1, 1, 1]),
    "three become five": ([1, 1, 1, 0, 0], [1] * 5),
}


def proved(may_lead: Answer, seed: int) -> Any:
    """Return a table of clusters: in how many of 10,000 random partitions each rule elects none, one, and two leaders.

    Parameters
    ----------
    may_lead : callable
    seed : int
    """
    import pandas as pd

    rows = []
    for name, (old, new) in CLUSTERS.items():
        old, new = np.array(old), np.array(new)
        part = partitions(len(old), seed)
        blank = asked(may_lead, part[:1] == 0, old, new) is None
        for rule, words in ((may_lead, "yours"), (at_least_half, "at least half")):
            if rule is may_lead and blank:
                rows.append([name, words, "blank", "", ""])
                continue
            count = elected(rule, part, old, new)
            rows.append([name, words, *(f"{(count == k).sum():,}" for k in (0, 1)), f"{(count > 1).sum():,}"])
    columns = ["cluster", "rule", "no leader", "one", "two or more"]
    return pd.DataFrame(rows, columns=columns).style.hide(axis="index")


def shown_trial(broken_trial: Answer, seed: int) -> str:
    """Return the learner's trial in words: who is where."""
    weights = np.array([3, 1, 1, 1, 1, 1])
    part = partitions(len(weights), seed, trials=1000)
    found = asked(broken_trial, weights, part)
    if found is None:
        return "broken_trial is still blank"
    if int(found) < 0:
        return "no trial elects two"
    sides = [f"part {p} holds {weights[part[int(found)] == p].sum()} of {weights.sum()} votes" for p in range(3)]
    return f"trial {int(found)}: " + ", ".join(sides)


def tokens(accepted: Answer, seed: int) -> ShownChart:
    """Show the writes of a paused leader and of its successor, by what the learner's storage does with them."""
    random = np.random.default_rng([seed, 3])
    time = np.sort(random.uniform(0, 60, 90))
    awake = (time < 12) | ((time > 42) & (random.random(90) < 0.35))
    late = (time > 42) & awake
    token = np.where(time < 12, 33, np.where(late, 33, 34))
    token, time = token[(time < 12) | (time > 25)], time[(time < 12) | (time > 25)]
    path = random.integers(0, 3, len(token))
    found = asked(accepted, token, np.zeros(len(token), int), path)
    kind = np.full(len(token), 2.0) if found is None else np.where(np.asarray(found).astype(bool), 0.0, 1.0)
    x = style.time_axis(60.0)
    y = alt.Y("path", type="quantitative", title="path to the storage (number)",
              scale=alt.Scale(domain=[-0.6, 2.6], nice=False), axis=alt.Axis(values=[0, 1, 2], format="d"))  # fmt: skip
    layers: list[Any] = [style.regions(labels={0: "leader 33 is paused", 2: ""})]
    for sort, role, shape in ((0, "defended", "circle"), (1, "naive", "cross"), (2, "third", "square")):
        base = alt.Chart(alt.NamedData("run")).transform_filter(f"datum.kind == {sort}")
        mark = base.mark_point(color=style.SERIES[role].colour, shape=shape, filled=sort != 1, size=55, opacity=0.8)
        layers.append(mark.encode(x=x, y=y))
        text = alt.Chart(alt.NamedData("run")).transform_filter(f"datum.kind == {sort} && datum.old == 1")
        word = text.mark_text(text="33", dy=-11, color=style.SERIES[role].word, fontWeight="bold")
        layers.append(word.encode(x=x, y=y))
    data = {
        "run": {"time": time, "path": path + 0.0, "kind": kind, "old": ((token == 33) & (time > 42)).astype(float)},
        "regions": {"kind": [0.0], "start": [12.0], "end": [42.0]},
    }
    chart = alt.layer(*layers)
    chart = titled(chart, ["accepted is still blank"]) if found is None else chart
    return show(chart, data, "Writes on three paths over 60 s: taken (dots) or refused (crosses); 33 marks late ones.")


KEYS = {
    "house number of customer 1": ("far side moved it", 10, 10, 17, False, True, False),
    "house number of customer 2": ("both, to different streets", 20, 21, 27, True, True, False),
    "e-mail of customer 3": ("both, to the same", 30, 33, 33, True, True, False),
    "house number of customer 4": ("moved, and moved back", 40, 40, 46, True, True, False),
    "visits of page 5": ("9 here, 4 there", 100, 109, 104, True, True, True),
    "tickets left of show 6": ("7 sold here, 2 there", 10, 3, 8, True, True, True),
    "tickets left of show 7": ("7 sold here, 6 there", 10, 3, 4, True, True, True),
}


def merged(reconcile: Answer) -> Any:
    """Return a table of keys after a cut: what happened to each, and what the learner's rule makes of it."""
    import pandas as pd

    columns = list(zip(*(row[1:] for row in KEYS.values()), strict=True))
    numbers, flags = (np.array(columns[:3], float), np.array(columns[3:], bool))
    found = asked(reconcile, *numbers, *flags, np.zeros(len(KEYS)))
    rows = []
    for n, (name, row) in enumerate(KEYS.items()):
        if found is None:
            said = "blank"
        else:
            said = "ask somebody" if bool(np.ravel(found[1])[n]) else f"{np.ravel(found[0])[n]:g}"
        rows.append([name, row[0], *(f"{value:g}" for value in row[1:4]), said])
    table = pd.DataFrame(rows, columns=["key", "what happened", "before", "near side", "far side", "yours"])
    return table.style.hide(axis="index")


NETWORK = dict(loss=0.02, heartbeat=2.0, clock_error=0.05, promotion=3.0, objective=15.0, quiet=604_800.0)


def tried(patience: Answer) -> Any:
    """Return a table of settings for one network: how often a false alarm, how late a new leader, and the learner's."""
    import pandas as pd

    found = asked(patience, *(np.array([value]) for value in NETWORK.values()))
    ways: dict[str, tuple[float, float]] = {
        "two misses, their lease": (2.0, 4.0),
        "ten misses, their lease": (10.0, 20.0),
        "five misses, an hour": (5.0, 3600.0),
    }
    if found is not None:
        ways["yours"] = tuple(float(np.ravel(part)[0]) for part in found)
    rows = []
    for name, (misses, lease) in ways.items():
        days = quorum.false_alarm_time(NETWORK["loss"], max(misses, 1), NETWORK["heartbeat"]) / 86_400
        away = quorum.lease_wait(lease, NETWORK["clock_error"]) + NETWORK["promotion"]
        rows.append([name, f"{misses:.0f}", f"{lease:.0f} s", _every(float(days)), f"{away:,.0f} s"])
    if found is None:
        rows.append(["yours", "patience is still blank", "", "", ""])
    columns = [
        "settings",
        "misses",
        "lease",
        "one false alarm in (objective 7 days)",
        "new leader after (objective 15 s)",
    ]
    return pd.DataFrame(rows, columns=columns).style.hide(axis="index")


def _every(days: float) -> str:
    """How often, in words."""
    if days > 1e6:
        return "never"
    return f"{24 * days:.1f} hours" if days < 1 else f"{days:,.0f} days"


def woken(seed: int) -> dict[str, Trace]:
    """Return three days of a leader that is paused for 30 s: no path checks tokens, one of two does, all do."""
    ways = {"no path checks": 0.0, "every other one": 0.5, "all check": 1.0}
    return {name: simulate(PAUSED.replace(fencing=share), seed, until=UNTIL) for name, share in ways.items()}
