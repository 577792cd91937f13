"""The charts and tables of lab 11: canaries that are watched, regions, shards, and a plan tried on four days.

A learner's answer may still be blank. Then its part is left out and the chart or table says so, so that the lab runs
from top to bottom at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.models.trace import Record
from course_lib.theory import rollouts
from course_lib.view import listing, style
from course_lib.view.blank import titled
from course_lib.view.single_chart import ShownChart, show

Answer = Callable[..., Any]
FloatArray = NDArray[np.float64]
LOOKS, BUILT_FOR, ALARM = 60, 3.0, 0.05
USUAL = 2.0  # errors of an arm between two looks
REGIONS = ("north", "south", "east", "west")

SERVICE = dict(rate=40.0, usual=0.002, worse=0.006, onset=2400.0, exposure=0.06, delivery=3000.0, metrics=8.0,
               spurious=0.1, power=0.9)  # fmt: skip
"""The lab's last service, as `plan` is told of it."""


def asked(answer: Answer, *arguments: Any) -> Any:
    """Return what a learner's function says, or None while it is blank."""
    try:
        found = answer(*arguments)
    except NotImplementedError:
        return None
    return None if found is Ellipsis else found


# -- canaries that are watched ---------------------------------------------------------------------------------------


def watched(seed: int, canaries: int, ratio: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Return errors so far at each look, of canaries and of their controls, each (looks, canaries).

    Examples
    --------
    >>> canary, control = watched(7, 3)
    >>> canary.shape, bool((np.diff(canary, axis=0) >= 0).all())
    ((60, 3), True)
    """
    random = np.random.default_rng([seed, round(100 * ratio)])
    return tuple(random.poisson(USUAL * r, (LOOKS, canaries)).cumsum(axis=0).astype(float) for r in (ratio, 1.0))


def z_of(canary: FloatArray, control: FloatArray) -> FloatArray:
    """Return how far each canary is above its control, in standard deviations, as a dashboard would show it."""
    return (canary - control) / np.sqrt(np.maximum(canary + control, 1.0))


def walks(seed: int, sequential: Answer | None = None) -> ShownChart:
    """Show what a dashboard shows of seven canaries, look by look, and where the learner's test stops them."""
    good, bad = watched(seed, 6), watched(seed, 1, 2.5)
    canary, control = (np.concatenate([one, other], axis=1) for one, other in zip(good, bad, strict=True))
    z = z_of(canary, control)
    same = np.full(7, BUILT_FOR), np.full(7, ALARM)
    stops = None if sequential is None else asked(sequential, canary, control, *same)
    data: dict[str, Any] = {"run": {"look": np.arange(1, LOOKS + 1), **{f"c{i}": z[:, i] for i in range(7)}},
                            "stops": {"look": [], "z": []}}  # fmt: skip
    if stops is not None:
        at = [(int(look) + 1, float(z[int(look), i])) for i, look in enumerate(np.ravel(stops)) if 0 <= look < LOOKS]
        data["stops"] = {"look": [look for look, _ in at], "z": [value for _, value in at]}
    x = alt.X("look", type="quantitative", title="look (minutes)", scale=alt.Scale(domain=[0, LOOKS], nice=False))
    scale, layers = alt.Scale(domain=[-4, 9]), []
    for i in range(7):
        y = alt.Y(f"c{i}", type="quantitative", title="z (standard deviations)", scale=scale)
        line = style.line("run", "look", f"c{i}", "third", x=x, y=y)
        layers.append(line.properties() if i == 6 else line)
    rule = alt.Chart(alt.NamedData("bound")).mark_rule(color=style.INK, strokeDash=style.DASHES["dashed"])
    layers.append(rule.encode(y="z:Q"))
    mark = alt.Chart(alt.NamedData("stops")).mark_point(color=style.SERIES["fourth"].colour, size=130, strokeWidth=3)
    layers.append(mark.encode(x=x, y=alt.Y("z", type="quantitative", scale=scale)))
    data["bound"] = {"z": [float(rollouts.normal_quantile(0.95))]}
    blank = ["sequential is still blank"] if sequential is not None and stops is None else []
    words = "Seven canaries over sixty looks: how far each is above its control, in standard deviations. A dashed line "
    words += "at 1.64 is what one test of 5 % allows. " + (
        f"Rings mark where your test stops: {len(data['stops']['look'])} of seven." if sequential is not None else ""
    )
    chart = titled(alt.layer(*layers), blank).properties(width=480, height=240)
    return show(chart, data, words)


def peeked(seed: int, sequential: Answer | None = None, count: int = 2000) -> Any:
    """Return a table of what three rules do to good changes and to bad ones.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    good, bad = watched(seed, count), watched(seed, count, BUILT_FOR)
    limit = float(rollouts.normal_quantile(1 - ALARM))

    def fixed(canary: FloatArray, control: FloatArray) -> NDArray[Any]:
        return np.where(z_of(canary, control)[-1] > limit, LOOKS - 1, -1)

    def every(canary: FloatArray, control: FloatArray) -> NDArray[Any]:
        said = z_of(canary, control) > limit
        return np.where(said.any(axis=0), said.argmax(axis=0), -1)

    rows = {"one look, at the end": fixed, "the same at every look": every}
    table: dict[str, list[str]] = {"rule": [], "good changes stopped": [], "bad ones stopped": [], "after": []}
    for name, rule in rows.items():
        _row(table, name, rule(*good), rule(*bad))
    if sequential is not None:
        same = np.full(count, BUILT_FOR), np.full(count, ALARM)
        own = [asked(sequential, *arms, *same) for arms in (good, bad)]
        if own[0] is None or own[1] is None:
            table = {name: [*column, "still blank" if name != "rule" else "yours"] for name, column in table.items()}
        else:
            _row(table, "yours", *(np.asarray(part) for part in own))
    return listing.whole(pd.DataFrame(table))


def _row(table: dict[str, list[str]], name: str, good: NDArray[Any], bad: NDArray[Any]) -> None:
    found = bad[bad >= 0]
    after = f"{np.median(found) + 1:.0f} min" if len(found) else "-"
    for column, text in zip(table, (name, f"{(good >= 0).mean():.0%}", f"{(bad >= 0).mean():.0%}", after), strict=True):
        column_list = table[column]
        column_list.append(text)


# -- regions ---------------------------------------------------------------------------------------------------------

CANARIES = ("a", "b", "c", "d")


def by_place() -> tuple[FloatArray, ...]:
    """Return four canaries' requests and errors, and their controls', each (regions, canaries)."""
    control = np.repeat(np.array([[40_000.0], [30_000.0], [20_000.0], [10_000.0]]), 4, axis=1)
    canary = control * 0.5
    canary[:, 1] = [2000.0, 1500.0, 1000.0, 15_000.0]  # b: nearly all from the west
    usual = np.repeat(np.array([[0.002], [0.002], [0.003], [0.03]]), 4, axis=1)
    errors, others = canary * usual, control * usual
    errors[1, 2] *= 2.6  # c: something is wrong in the south
    errors[:, 3] *= 1.9  # d: something is wrong everywhere
    errors[3, 2] *= 0.85
    return canary, np.round(errors), control, np.round(others)


def regions(by_region: Answer | None = None, false_alarm: float = 0.01) -> Any:
    """Return a table of four canaries: their shares of errors all together, and what the learner's gate says.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    told = by_place()
    n, x, m, y = (part.sum(axis=0) for part in told)
    table = {
        "canary": list(CANARIES),
        "fails": [f"{share:.2%}" for share in x / n],
        "its control fails": [f"{share:.2%}" for share in y / m],
    }
    if by_region is not None:
        found = asked(by_region, *told, np.full(4, false_alarm))
        words = ["still blank"] * 4 if found is None else ["stop" if one else "go on" for one in np.ravel(found)]
        table["your gate"] = words
    return listing.whole(pd.DataFrame(table))


def region_table() -> Any:
    """Return the four canaries region by region: share of errors, canary and control.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    canary, errors, control, others = by_place()
    table: dict[str, list[str]] = {"region": list(REGIONS)}
    for i, name in enumerate(CANARIES):
        pairs = zip(errors[:, i] / canary[:, i], others[:, i] / control[:, i], canary[:, i], strict=True)
        table[f"{name}: canary / control"] = [f"{one:.2%} / {other:.2%}  ({n:,.0f})" for one, other, n in pairs]
    return listing.whole(pd.DataFrame(table))


# -- shards ----------------------------------------------------------------------------------------------------------

FLEET = dict(workers=20, size=4, customers=50, overlap=2)


def fates(deal: Answer | None = None) -> Any:
    """Return a table of what one poison customer does to the others: by cells, by chance, by the learner's shards.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    workers, size, customers = FLEET["workers"], FLEET["size"], FLEET["customers"]
    chance = np.argsort(np.random.default_rng(3).random((customers, workers)), axis=1)[:, :size]
    cells = (np.arange(customers) % (workers // size))[:, None] * size + np.arange(size)
    rows: dict[str, Any] = {"cells of four": cells, "shards by chance": chance}
    if deal is not None:
        rows["yours"] = asked(deal, *FLEET.values())
    table: dict[str, list[str]] = {"workers": [], "most in common": [], "left with no worker": [], "lose something": []}
    for name, shards in rows.items():
        cells_of = ["still blank"] * 3 if shards is None else _fate(np.asarray(shards, dtype=np.int64))
        for column, text in zip(table, (name, *cells_of), strict=True):
            table[column].append(text)
    return listing.whole(pd.DataFrame(table))


def _fate(shards: NDArray[np.int64]) -> list[str]:
    rows = np.zeros((len(shards), FLEET["workers"]))
    np.put_along_axis(rows, np.clip(shards, 0, FLEET["workers"] - 1), 1.0, axis=1)
    shared = rows @ rows.T
    np.fill_diagonal(shared, 0)
    dark = (shared >= FLEET["size"]).sum(axis=1)
    return [f"{shared.max():.0f}", f"up to {dark.max()} of {len(shards) - 1}", f"{(shared > 0).sum(axis=1).mean():.0f}"]


# -- a plan ----------------------------------------------------------------------------------------------------------


def chosen(plan: Answer) -> tuple[float, float, float] | None:
    """Return the learner's cells, bake time and false alarms for the lab's service; None while they are blank."""
    found = asked(plan, *(np.array([value]) for value in SERVICE.values()))
    if found is None:
        return None
    cells, bake, alarm = (float(np.ravel(part)[0]) for part in found)
    return float(np.clip(round(cells), 1, 1000)), max(bake, 60.0), float(np.clip(alarm, 1e-9, 0.4))


AS_IT_WAS = (1.0, 600.0, 0.05)  # nobody had cells; ten minutes on 5 % of the hosts; 5 % for each metric


def planned(plan: Answer, seed: int) -> Any:
    """Return a table of the lab's service: what was asked for, as it was, and under the learner's plan.

    Returns
    -------
    pandas Styler
    """
    import pandas as pd

    s, found = SERVICE, chosen(plan)
    table = {
        "what": ["a good change is everywhere after", "good changes stopped", "smallest fault stopped in the canary",
                 "customers hit by a slow fault", "customers hit by a fault of load"],
        "asked for": [f"{s['delivery']:,.0f} s or less", f"{s['spurious']:.0%} or less", f"{s['power']:.0%} or more",
                      f"{s['exposure']:.0%} or less", f"{s['exposure']:.0%} or less"],
        "as it was": _days(AS_IT_WAS, seed),
        "yours": ["still blank"] * 5 if found is None else _days(found, seed),
    }  # fmt: skip
    return listing.whole(pd.DataFrame(table))


def _days(settings: tuple[float, float, float], seed: int, runs: int = 300) -> list[str]:
    bake, day = settings[1], _day(settings)
    seeds, until = np.arange(runs) + seed, 180.0 + bake
    small = (SERVICE["worse"] - SERVICE["usual"]) / (1 - SERVICE["usual"])
    stopped = []
    for share in (0.0, small):
        events = simulate(day.replace(fault_share=share), seeds, until=until, record=Record((), every=60.0)).events
        stopped.append(np.isfinite(events["gate_fired"]).mean())
    hit = [hit_by(fault, settings, seed) for fault in ("leak", "load")]
    return [f"{bake:,.0f} s", *(f"{share:.0%}" for share in (*stopped, *hit))]


def hit_by(fault: str, settings: tuple[float, float, float], seed: int) -> float:
    """Return the share of the service's customers whom a fault that sleeps at first hits under a plan."""
    slow = _day(settings).replace(fault=fault, onset=SERVICE["onset"], fault_share=0.9, load_needed=0.5, metrics=1)
    until = 3600.0 + settings[1] + SERVICE["onset"]
    return float(simulate(slow, seed, until=until, record=Record(("customers_hit",), every=60.0))["customers_hit"][-1])


def _day(settings: tuple[float, float, float]) -> Parameters:
    cells, bake, alarm = settings
    return Parameters(
        dt=60.0, arrival_rate=SERVICE["rate"], baseline=SERVICE["usual"], region_baseline=SERVICE["usual"],
        cells=int(cells), canary_share=0.05 if cells == 1 else 1.0 / cells, second_share=1.0, third_share=1.0,
        bake_time=bake, gate="fixed", false_alarm=alarm, metrics=int(SERVICE["metrics"]), rollout_start=60.0,
        customers=100, alarm_above=1.0, assign="customers",
    )  # fmt: skip
