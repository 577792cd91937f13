"""The charts and tables of lab 06: what clients wait, what names cost, both curves, the rule, and three days.

A learner's answer may still be blank. Then its part is left out and the chart or table says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.dns_outage import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.theory import dns
from course_lib.view import listing, style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
START = 60.0  # when a day goes wrong
TTLS = np.array([5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200.0])

CONFS = {
    "a virtual machine": "nameserver 10.0.0.2",
    "another, with a spare": "nameserver 10.0.0.2\nnameserver 10.0.0.3",
    "three, to be safe": "nameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4",
    "three, in a hurry": "nameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\noptions timeout:1 attempts:2",
    "a pod": "nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5",
}
"""Files as they are found on machines; what a file leaves out is glibc's default."""

NAMES = ("cart", "stock.warehouse", "db.internal.example.com", "api.payments.example.com")
"""What the lab's pods ask for: dots, place and lookups/s are in `asked_names`."""

SERVICE = dict(outage=300.0, availability=0.985, failover=30.0, denial=60.0, takeover=330.0, caches=200.0,
               capacity=100.0)  # fmt: skip
"""The objectives of the lab's last service, as `three_days` is told of them."""


def read(conf: str) -> dict[str, int]:
    """Return what a ``resolv.conf`` says: timeout, attempts, servers, ndots and search suffixes.

    Examples
    --------
    >>> read(CONFS["a pod"])
    {'timeout': 5, 'attempts': 2, 'servers': 1, 'ndots': 5, 'search': 3}
    """
    found = {"timeout": 5, "attempts": 2, "servers": 0, "ndots": 1, "search": 0}
    for word, *rest in (line.split() for line in conf.splitlines()):
        if word == "nameserver":
            found["servers"] += 1
        elif word == "search":
            found["search"] = len(rest)
        elif word == "options":
            found |= {name: int(value) for name, value in (option.split(":") for option in rest)}
    return found


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


def waits(worst_wait: Answer | None = None) -> Any:
    """Return a table of the lab's files, with the learner's waits where there are any.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    rows = [read(conf) for conf in CONFS.values()]
    table = {"file": list(CONFS), **{name: [row[name] for row in rows] for name in ("timeout", "attempts", "servers")}}
    told = [np.array([row[name] for row in rows]) for name in ("timeout", "attempts", "servers")]
    found = None if worst_wait is None else asked(worst_wait, *told)
    if found is not None:
        table["nobody answers"] = [f"{float(seconds):g} s" for seconds in found[0]]
        table["the first is dead"] = [f"{float(seconds):g} s" for seconds in found[1]]
    elif worst_wait is not None:
        table["worst_wait"] = ["is still blank"] * len(rows)
    return listing.whole(pd.DataFrame(table))


def asked_names() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], int]:
    """Return the lab's names as `best_ndots` is told of them: dots, place, rate (lookups/s), suffixes."""
    return np.array([0, 1, 3, 3]), np.array([0, 1, 3, 3]), np.array([40.0, 25.0, 10.0, 60.0]), 3


def costs(lookup_queries: Answer, best_ndots: Answer | None = None) -> ShownChart:
    """Show the queries/s of the lab's pod against ndots, from the learner's count, and the learner's choice."""
    dots, place, rate, search = asked_names()
    tried = np.arange(1, 9)
    found = [asked(lookup_queries, dots, place, np.full(len(dots), n), np.full(len(dots), search)) for n in tried]
    blank = ["lookup_queries is still blank"] if found[0] is None else []
    total = [] if blank else [float(np.sum(rate * np.asarray(one, dtype=float))) for one in found]
    choice = None if best_ndots is None else asked(best_ndots, dots, place, rate, search)
    data = {
        "run": {"left": tried[: len(total)] - 0.35, "right": tried[: len(total)] + 0.35, "queries": np.array(total)},
        "yours": {"ndots": [] if choice is None else [float(choice)]},
    }  # fmt: skip
    x = alt.X("left", type="quantitative", title="ndots (dots)", scale=alt.Scale(domain=[0.5, 8.5], nice=False),
              axis=alt.Axis(values=tried.tolist(), format="d"))  # fmt: skip
    y = style.amount_axis("queries", "queries at the resolver (queries/s)")
    mark = {"color": style.SERIES["naive"].colour}
    bars = alt.Chart(alt.NamedData("run")).mark_bar(**mark).encode(x=x, x2="right", y=y, y2=alt.datum(0))
    here = alt.Chart(alt.NamedData("yours")).encode(x="ndots:Q")
    rule = here.mark_rule(color=style.SERIES["fourth"].colour, strokeDash=style.SERIES["fourth"].dash, strokeWidth=2.4)
    word = here.mark_text(text="yours", y=0, dy=10, dx=24, fontWeight="bold", color=style.SERIES["fourth"].word)
    words = "Queries per second that a pod sends for its four names, against ndots from 1 to 8: "
    words += ", ".join(f"{n}: {q:g}" for n, q in zip(tried, total, strict=False)) or "still blank"
    return show(titled(alt.layer(bars, rule, word), blank), data, words, units={"queries": "queries/s"})


def curves(two_days: Answer, seed: int, outage: float = 300.0) -> ShownChart:
    """Show the learner's sweep, answered in the outage and time to fail over against the TTL, over the closed forms."""
    found = asked(two_days, TTLS, outage, seed)
    fine = np.geomspace(TTLS[0], TTLS[-1], 80)
    theory = {"kept": 100 * (1 - dns.mean_failing(outage, fine)), "follow": dns.failover_time(fine)}
    data: dict[str, Any] = {"theory": {"ttl": fine, **theory}, "run": {"ttl": [], "kept": [], "follow": []}}
    if found is not None:
        kept, follow = (np.asarray(part, dtype=float) for part in found)
        data["run"] = {"ttl": TTLS, "kept": 100 * kept, "follow": follow}
    blank = [] if found is not None else ["two_days is still blank"]
    parts = (
        ("kept", "answered in the outage (%)", "naive", 100.0),
        ("follow", "new address after (s)", "defended", 1200.0),
    )
    charts = [titled(_curve(*part), blank if part[0] == "kept" else []) for part in parts]
    words = f"Two charts against the TTL, for an outage of {outage:g} s: what is answered while the authority is dead "
    words += "rises, and so does the time until the new address is everywhere; points are the learner's sweep."
    return show([chart.properties(width=390, height=230) for chart in charts], data, words, units={"kept": "%"})


def _curve(name: str, title: str, role: str, top: float) -> alt.LayerChart:
    x = alt.X("ttl", type="quantitative", title="TTL (s, log scale)",
              scale=alt.Scale(type="log", domain=[5, 1200], nice=False),
              axis=alt.Axis(values=[5, 10, 30, 60, 100, 300, 1000], format="d"))  # fmt: skip
    y = style.amount_axis(name, title, top=top)
    points = alt.Chart(alt.NamedData("run")).mark_point(color=style.SERIES[role].colour, filled=True, size=60)
    return alt.layer(style.line("theory", "ttl", name, role, x=x, y=y), points.encode(x=x, y=y))


HEARD = {0: "nothing, for 1 s", 1: "a failure", 2: "no such name", 3: "a new address"}
AGES = {"just expired": 1.0, "an hour": 3600.0, "a day and a second": 86_401.0}


def rule(serve_stale: Answer, limit: float = 86_400.0) -> Any:
    """Return a table of what the learner's rule serves, by what a refresh brought and how old the entry is.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    heard, ages = (part.ravel() for part in np.meshgrid(list(HEARD), list(AGES.values()), indexing="ij"))
    same = np.ones(len(ages))
    found = asked(serve_stale, ages, heard.astype(np.int64), same, limit * same, same < 0)
    said = ["still blank"] * len(ages) if found is None else ["stale" if yes else "-" for yes in np.asarray(found)]
    rows = np.array(said).reshape(len(HEARD), len(AGES))
    table = {"the refresh brought": list(HEARD.values()), **{age: rows[:, i] for i, age in enumerate(AGES)}}
    return listing.whole(pd.DataFrame(table))


def chosen(three_days: Answer) -> Parameters | None:
    """Return the lab's service with the learner's settings; None while they are blank."""
    found = asked(three_days, *(np.array([value]) for value in SERVICE.values()))
    if found is None:
        return None
    ttl, negative, stale = (float(np.ravel(part)[0]) for part in found)
    told = dict(ttl=max(ttl, 1.0), negative_ttl=max(negative, 1.0), stale_limit=max(stale, 0.0))
    return service().replace(**told)


def service() -> Parameters:
    """Return the lab's last service as it was found: a TTL of a minute, nothing else."""
    return Parameters(caches=int(SERVICE["caches"]), authority_capacity=SERVICE["capacity"])


def three(three_days: Answer, seed: int) -> Any:
    """Return a table of the three days: what was asked for, what the service did as it was, and what it does now.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    found, asked_for = chosen(three_days), SERVICE
    seconds = [f"{asked_for[name]:.0f} s or less" for name in ("failover", "denial", "takeover")]
    objectives = [f"{asked_for['availability']:.1%} or more", *seconds, "50 % or less"]
    table = {
        "day": ["outage of 300 s: answered", "failover: new address everywhere after", "empty answer: believed for",
                "hijack: served after the zone was shut down for", "quiet: authority busy"],
        "objective": objectives,
        "as it was": _days(service(), seed),
        "yours": ["still blank"] * 5 if found is None else _days(found, seed),
    }  # fmt: skip
    return listing.whole(pd.DataFrame(table))


def _days(p: Parameters, seed: int) -> list[str]:
    outage, until = SERVICE["outage"], 1500.0
    dead = simulate(p.replace(outage_duration=outage), seed, until=START + outage)["availability"][int(START) :].mean()
    moved = simulate(p.replace(outage_duration=0.0, change_time=START), seed, until=until).events["failed_over"] - START
    empty = simulate(p.replace(outage="empty", outage_duration=120.0), seed, until=until)
    taken = p.replace(outage=Schedule("wrong", ((START + 120.0, "dead"),)), outage_duration=until)
    wrong = simulate(taken, seed, until=until)
    busy = (
        simulate(p.replace(outage_duration=0.0), seed, until=400.0)["upstream_rate"][100:].mean() / SERVICE["capacity"]
    )
    last = [
        _last(trace, signal) - START - 120.0 for trace, signal in ((empty, "negative_share"), (wrong, "wrong_share"))
    ]
    return [f"{dead:.1%}", f"{float(moved):.0f} s", f"{last[0]:.0f} s", f"{last[1]:.0f} s", f"{busy:.0%}"]


def _last(trace: Any, signal: str) -> float:
    """When a share was last above 1 %."""
    return float(trace.time[trace[signal] > 0.01].max(initial=START + 120.0))
