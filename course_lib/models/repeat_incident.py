"""Repeat incidents: a cause brings incidents until an action item that works removes it.

A team's service has causes, few of which bring most incidents. Alerts or customers find one; people acknowledge and
mitigate it. Reviews are held at intervals, of all big incidents and of a share of the small ones and of near misses.
Each writes items, of which one addresses the cause. A share of them is taken on; the team's hands bound how fast.

How it is computed. In a tick of Δ (a week), with a cause's rate λ_k, the quarter's luck G and x_k = 1 while it is there

    happened   n_k     = Poisson(λ_k G Δ) x_k                                     G: gamma of mean 1 and shape r
    found      t_d     = min(t_alert, exponential / (λ e_k p))                    alert: `incident_response`
    lost       h_k     = n_k λ e_k (t_d + t_ack (1 + pages / fatigue) + m exp(σ z))
    finishing  q       = Δ min(1 / τ, c / N)                                      N: items taken on and not finished
    removed    x_k     = 0 with chance q and, of those, η;  1 again with chance 1 - exp(-ν Δ)
    written    open_k  = at a review: the cause happened (big, or chosen), and no item of it is in work
    taken on           = with chance `completion`; the others lie in the tracker for good
    N        <- N - finished + taken on, and with them the review's other items

Draws belong to (seed, tick, cause), so two settings see the same luck: what happens to one happens to the other, as
long as its cause is there. A quarter of a year shares one G, so counts are negative binomial.

Assumptions. Causes are independent, and each has an error ratio of its own, log-uniform. Incidents of one cause in one
tick share their times. An incident's whole harm counts in its tick. An item's time in work is exponential; all items in
work share the team's hands evenly. Its mean is exact at any tick, the chance that nothing happens before it is finished
is, at a tick of a week and a month between incidents, up to 0.03 too small; at a tick of a day, 0.005. What a review
writes besides is a fluid. A removed cause leaves room for a new one, with the same rate and error ratio.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import noise, simulation
from course_lib.models.exact import FloatArray, cumulative, ratio, share, total
from course_lib.models.incident_response import ALERTS, Response
from course_lib.models.parameters import OPERATOR, WORLD, ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, Record, Signal, State, Trace

DAY = 86_400.0
WEEK, MONTH, QUARTER, YEAR = 7 * DAY, 30 * DAY, 91.25 * DAY, 365 * DAY  # s
MOST_SHAPE = 64  # of the gamma: drawn as a sum of exponentials, of so many also where the shape is larger
AIMS = ("prevent", "detect", "mitigate")


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of repeat incidents; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = swept(100.0, "requests/s", 0.1, 1e6, "λ",
        "requests that users send", "chosen")
    causes: Any = fixed(20, "causes", 1, 200, "K",
        "what may go wrong again", "chosen", integer=True)
    incident_rate: Any = scheduled(5.0, "incidents/month", 0, 1000, "Λ",
        "incidents in 30 days, while every cause is there", "chosen: one or two a week")
    skew: Any = swept(1.0, "", 0, 3, "s",
        "how unevenly causes share the incidents; the k-th has a part as 1 / k^s", "Zipf")
    dispersion: Any = swept(4, "", 1, np.inf, "r",
        "shape of the gamma by which a quarter's luck varies; inf: never", "negative binomial, FACTS 12b13",
        integer=True)
    least_error: Any = swept(0.001, "of requests", 1e-6, 1, "e₀",
        "smallest error ratio of a cause; they lie evenly between it and 1 on a logarithmic scale", "chosen")
    slo: Any = swept(0.999, "of requests", 0.5, 0.99999, "s",
        "objective: requests that must succeed over 30 days", "SRE Workbook ch. 5")
    alerts: Any = choice("fast and slow", ALERTS,
        "none; 1 h at the threshold; also 6 h at a burn of 6", "SRE Workbook ch. 5")
    page_burn: Any = scheduled(14.4, "× budget", 0.1, 1000, "B",
        "burn rate above which an hour pages", "SRE Workbook ch. 5: 14.4", by=OPERATOR)
    usual_errors: Any = swept(0.0002, "of requests", 0, 1, "b",
        "requests that fail in a median hour without an incident", "chosen: a fifth of the budget")
    restless: Any = swept(1.0, "", 0, 3, "σ_b",
        "how much that varies from hour to hour: log standard deviation", "chosen")
    muted: Any = scheduled(0.0, "of incidents", 0, 1, "u",
        "incidents whose alert somebody has silenced", "chosen: none")
    report_share: Any = swept(1e-4, "of failed requests", 1e-9, 1, "p",
        "failed requests that make a customer complain", "chosen: one in ten thousand")
    ack_time: Any = swept(300.0, "s", 0, 1e5, "t_a",
        "from the page until somebody looks, where pages are rare", "chosen: five minutes")
    fatigue: Any = swept(10.0, "pages/week", 0.1, np.inf, "f",
        "false pages a week at which that takes twice as long", "chosen: about two a shift", by=WORLD)
    mitigate_time: Any = swept(2400.0, "s", 1, 1e6, "m",
        "median time from there until the incident is mitigated", "chosen: 40 min")
    spread: Any = swept(1.2, "", 0, 3, "σ",
        "log standard deviation of that: durations have a heavy tail", "VOID: durations are skewed")
    near_miss_ratio: Any = swept(3.0, "per incident", 0, 100, "ω",
        "near misses of a cause for each of its incidents", "chosen")
    near_misses: Any = choice("unseen", ("unseen", "seen"),
        "whether anybody notes what nearly happened", "chosen")
    big_above: Any = swept(0.2, "of the budget", 0, 1e6, "H",
        "harm, of the 30-day budget, above which an incident is reviewed in any case", "chosen", by=OPERATOR)
    small_reviewed: Any = scheduled(0.5, "of small incidents", 0, 1, "v",
        "small incidents, and near misses where they are seen, that are reviewed", "chosen", by=OPERATOR)
    review_every: Any = swept(WEEK, "s", DAY, YEAR, "T",
        "between two reviews; what happened since is on the table", "chosen: a week", by=OPERATOR)
    items_each: Any = swept(4, "items", 1, 50, "g",
        "action items that a review writes; one of them addresses the cause", "chosen", integer=True, by=OPERATOR)
    completion: Any = scheduled(0.9, "of items", 0, 1, "κ",
        "items that somebody takes on; the others lie", "chosen", by=OPERATOR)
    capacity: Any = scheduled(6.0, "items/month", 0, 1e6, "c",
        "items that the team can finish in 30 days, whoever wants them", "chosen", by=OPERATOR)
    fix_time: Any = swept(45 * DAY, "s", DAY, 10 * YEAR, "τ",
        "mean time that an item takes while there are hands for all", "FACTS 12b8: 45 days")
    due_time: Any = swept(30 * DAY, "s", 0, YEAR, "t_due",
        "after which an open item is overdue", "in use: 2 to 8 weeks", by=OPERATOR)
    effectiveness: Any = scheduled(0.8, "of items", 0, 1, "η",
        "finished items that do what they are for", "FACTS 12b9", by=OPERATOR)
    aim: Any = choice("prevent", AIMS,
        "what items do: remove the cause; find it within a minute; mitigate it sooner", "chosen")
    relief: Any = swept(0.25, "of the time", 0, 1, "ρ",
        "time to mitigate that an item of that aim leaves", "chosen", by=OPERATOR)
    verified: Any = choice("off", ("off", "on"),
        "whether an item stays in work until a drill has shown that it works", "chosen")
    new_causes: Any = swept(6.0, "a year", 0, 1e4, "ν",
        "causes that changes bring back in a year, if all are removed", "chosen: one every two months", by=WORLD)
    known: Any = swept(0.0, "of causes", 0, 1, "k₀",
        "causes that have happened before the start, and whose item was written then", "chosen")
    dt: Any = fixed(WEEK, "s", 3600, WEEK, "Δ",
        "length of a tick", "a week, as teams plan")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a team for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> teams = Parameters(completion=np.array([0.0, 0.9]))
    >>> simulate(teams, 7, until=2 * YEAR)["incidents"][-1].tolist()
    [131.0, 48.0]
    """
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


# -- what chance brings ----------------------------------------------------------------------------------------------


class Luck:
    """What would happen if no cause were ever removed; each array (ticks, causes, members or 1)."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, self.many = batch, ticks, int(batch.causes[0])
        self.time = np.arange(ticks) * batch.dt
        mean = self._mean()
        self.count = self._counted(mean)
        seen = (batch.near_misses == 1) * batch.near_miss_ratio * batch.at("small_reviewed", self.time)
        self.near = self.draws("near misses") < -np.expm1(-mean * seen[:, None])
        self.small = self.draws("small ones") < batch.at("small_reviewed", self.time)[:, None]
        self.taken = self.draws("taken on") < batch.at("completion", self.time)[:, None]
        self.works = self.draws("works") < batch.at("effectiveness", self.time)[:, None]
        self.finish = self.draws("finished")
        new = -np.expm1(-batch.new_causes / YEAR / self.many * batch.dt)
        self.back = self.draws("new causes") < new

    def draws(self, stream: str, kind: str = "uniform", rows: int | None = None) -> FloatArray:
        """Draws for each tick and cause, shape (ticks, causes, members)."""
        rows = self.ticks if rows is None else rows
        return getattr(noise, kind)(self.batch.seeds, stream, rows * self.many).reshape(rows, self.many, -1)

    def part(self) -> FloatArray:
        """Each cause's part of the incidents, shape (causes, members or 1)."""
        rank = np.log(np.arange(1.0, self.many + 1.0))[:, None]
        weight = np.exp(-self.batch.skew * rank)
        return weight / total(weight)

    def error_ratio(self) -> FloatArray:
        """Each cause's error ratio, shape (causes, members)."""
        return np.exp(self.draws("error ratios", rows=1)[0] * np.log(self.batch.least_error))

    def _mean(self) -> FloatArray:
        b = self.batch
        rate = b.at("incident_rate", self.time) / MONTH * b.dt
        return rate[:, None] * self.part() * self._quarters()[:, None]

    def _quarters(self) -> FloatArray:
        """Gamma of mean 1 for each tick's quarter, shape (ticks, members)."""
        b, quarter = self.batch, np.floor(self.time / QUARTER + 1e-9).astype(np.int64)
        drawn = noise.exponential(b.seeds, "quarters", (quarter[-1] + 1) * MOST_SHAPE)
        sums = np.add.accumulate(drawn.reshape(quarter[-1] + 1, MOST_SHAPE, -1), axis=1)
        shape = np.minimum(b.dispersion, MOST_SHAPE) + np.zeros(drawn.shape[1])
        luck = np.take_along_axis(sums, shape.astype(np.int64)[None, None] - 1, axis=1)[:, 0] / shape
        return np.where(np.isinf(b.dispersion), 1.0, luck)[quarter]

    def _counted(self, mean: FloatArray) -> FloatArray:
        """Poisson counts; members that share seed and rates are counted once."""
        b = self.batch
        alike = all(np.size(x) == 1 for x in (b.skew, b.dispersion)) and b.at("incident_rate", self.time).shape[1] == 1
        first, column = np.unique(b.seeds, return_index=True, return_inverse=True)[1:]
        if not alike or len(first) == b.size:
            return noise.poisson(self.draws("incidents", "normal"), mean)
        drawn = noise.normal(b.seeds[first], "incidents", self.ticks * self.many).reshape(self.ticks, self.many, -1)
        return noise.poisson(drawn, mean[..., first])[..., column.ravel()]


# -- a team at work --------------------------------------------------------------------------------------------------


class Team:
    """Two years of a team, tick by tick: only what one week decides for the next stands in the loop.

    Attributes
    ----------
    there, seen, working : ndarray of bool, shape (ticks + 1, causes, members)
        As each tick began: the cause has not been removed, has happened before, has an item in work.
    lying, since : ndarray, shape (ticks + 1, causes, members)
        Items of it that nobody took on; tick at which the oldest of its open items was written.
    helps : ndarray of bool
        An item that finds or mitigates it works.
    others, idle : ndarray, shape (ticks + 1, members)
        Other items, in work and lying.
    written, finished : ndarray, shape (ticks, members)
    """

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.b, self.ticks, self.luck = batch, ticks, Luck(batch, ticks)
        self.response = Response(batch, self.luck.draws, self.luck.error_ratio(), self.luck.time)
        shape = (ticks + 1, self.luck.many, batch.size)
        self.there, self.seen, self.working, self.helps = (np.zeros(shape, bool) for _ in range(4))
        self.lying, self.since = np.zeros(shape), np.zeros(shape)
        self.others, self.idle = np.zeros((2, ticks + 1, batch.size))
        self.written, self.finished = np.zeros((2, ticks, batch.size))
        self.limit = batch.big_above * (1.0 - batch.slo) * MONTH  # seconds of a total outage
        self.some = self.luck.count > 0
        self.listed = (self.some & (self._big(slice(None), self.response.base) | self.luck.small)) | self.luck.near
        self._run()

    def _big(self, tick: int | slice, lasted: FloatArray) -> np.ndarray:
        return self.luck.count[tick] * self.response.error_ratio * lasted > self.limit

    def _run(self) -> None:
        b, luck = self.b, self.luck
        self.there[0] = True
        self.seen[0] = luck.draws("known", rows=1)[0] < b.known
        funded = luck.draws("known, taken on", rows=1)[0] < b.at("completion", np.zeros(1))
        self.working[0], self.lying[0] = self.seen[0] & funded, self.seen[0] & ~funded
        held = np.floor(np.arange(self.ticks + 1)[:, None] * b.dt / b.review_every + 1e-9)
        meeting = np.broadcast_to(held[1:] > held[:-1], (self.ticks, b.size))
        hands, completion = b.at("capacity", luck.time) / MONTH, b.at("completion", luck.time)
        waiting = np.zeros(self.there.shape[1:], bool)  # on the next review's list
        for t in range(self.ticks):
            for state in (self.there, self.seen, self.working, self.helps, self.lying, self.since):
                state[t + 1] = state[t]
            waiting |= self._listed(t) & self.there[t]
            self.seen[t + 1] |= self.some[t] & self.there[t]
            self._finish(t, hands[min(t, len(hands) - 1)])
            self.idle[t + 1] = self.idle[t]
            if meeting[t].any():
                self._review(t, waiting & meeting[t] & self.there[t + 1], completion[min(t, len(completion) - 1)])
                waiting &= ~meeting[t]
            waiting &= self.there[t]  # what was removed and is back in the same tick is another cause

    def _listed(self, t: int) -> np.ndarray:
        """Causes that are put on the next review's list, if they are there."""
        if not self.helps[t].any():
            return self.listed[t]
        big = self._big(t, self.response.seconds(t, self.helps[t]))
        return (self.some[t] & (big | self.luck.small[t])) | self.luck.near[t]

    def _finish(self, t: int, hands: FloatArray) -> None:
        """Finish items in work, find out whether they do what they are for, and let new causes come."""
        b = self.b
        in_work = self.working[t].sum(axis=0) + self.others[t]
        pace = np.minimum(1.0 / b.fix_time, hands / np.maximum(in_work, 1e-9))
        chance = np.minimum(pace * b.dt, 1.0)
        done = self.working[t] & (self.luck.finish[t] < chance)
        self.finished[t] = self.others[t] * chance
        self.others[t + 1] = self.others[t] * (1.0 - chance)
        if done.any():
            self._close(t + 1, done, done & self.luck.works[t])
        back = self.luck.back[t] & ~self.there[t]
        self.there[t + 1] |= back
        self.seen[t + 1] &= ~back

    def _close(self, after: int, done: np.ndarray, works: np.ndarray) -> None:
        closed = np.where(self.b.verified == 1, works, done)
        self.working[after] &= ~closed
        self.finished[after - 1] += closed.sum(axis=0)
        self.there[after] &= ~(works & (self.b.aim == 0))
        self.helps[after] |= works & (self.b.aim > 0)
        self.lying[after][works] = 0.0

    def _review(self, t: int, listed: np.ndarray, completion: FloatArray) -> None:
        """Write items for what is on the list and has none in work; some are taken on."""
        after = t + 1
        new = listed & ~self.working[after] & ~self.helps[after]
        if not new.any():
            return
        self.since[after] = np.where(new & (self.lying[after] == 0), float(after), self.since[after])
        taken = new & self.luck.taken[t]
        self.working[after] |= taken
        self.lying[after] += new & ~taken
        count = new.sum(axis=0)
        more = count * (self.b.items_each - 1.0)
        self.others[after] += more * completion
        self.idle[after] += more * (1.0 - completion)
        self.written[t] = count + more

    def items(self) -> dict[str, FloatArray]:
        """Open items at the end of each tick, and the age of each cause's oldest; shape (ticks + 1, members)."""
        is_open = self.working | (self.lying > 0)
        count, ticks = is_open.sum(axis=1), np.arange(self.ticks + 1.0)[:, None, None]
        age = np.where(is_open, ticks - self.since, 0.0)
        return {
            "in_work": self.working.sum(axis=1) + self.others,
            "lying": self.lying.sum(axis=1) + self.idle,
            "age": ratio(age.sum(axis=1), count) * self.b.dt,
            "overdue": ratio((age * self.b.dt > self.b.due_time).sum(axis=1), count),
            "there": self.there.sum(axis=1) + 0.0,
        }


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    team = Team(batch, ticks)
    found, there, helped = team.response, team.there[:-1], team.helps[:-1]
    happened = team.luck.count * there
    lasted = found.base
    if helped.any():
        lasted = np.stack([np.broadcast_to(found.seconds(t, helped[t]), there[t].shape) for t in range(ticks)])
    asked = np.zeros((ticks, batch.size)) + batch.arrival_rate * batch.dt

    def lost() -> FloatArray:
        return np.minimum(total(happened * found.error_ratio * lasted, axis=1) * batch.arrival_rate, asked)

    flows = {
        "offered": lambda: asked,
        "failed": lost,
        "good": lambda: asked - lost(),
        "incidents": lambda: total(happened, axis=1),
        "repeats": lambda: total(np.where(team.seen[:-1], happened, np.maximum(happened - 1.0, 0.0)), axis=1),
        "told": lambda: total(happened * found.by_customer(helped), axis=1),
        "missed": lambda: total(happened * found.missed(), axis=1),
        "resolving": lambda: total(happened * lasted, axis=1),
        "false": lambda: found.false_pages(ticks),
        "written": lambda: team.written,
        "finished": lambda: team.finished,
    }
    items = functools.cache(team.items)
    return Curves(
        batch.dt,
        make={name: lambda flow=flow: cumulative(flow()) for name, flow in flows.items()}
        | {name: lambda name=name: items()[name] for name in ("in_work", "lying", "age", "overdue", "there")},
    )


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """When something first happened again, when a month's budget was first spent, and from when alerts are silenced."""
    spent = _within(curves, "failed", MONTH) / (batch.arrival_rate * (1.0 - batch.slo) * MONTH)
    silenced = np.broadcast_to(batch.at("muted", np.arange(len(spent)) * curves.step) > 0, spent.shape)
    return {
        "first_repeat": _first(curves["repeats"][1:] > 0, curves.step),
        "budget_gone": _first(spent > 1, curves.step),
        "silenced": np.where(silenced.any(axis=0), silenced.argmax(axis=0) * curves.step, np.nan),
        "trigger_starts": np.zeros(batch.size),  # the machine is running from the start
    }


def _first(happens: np.ndarray, step: float) -> FloatArray:
    return np.where(happens.any(axis=0), (happens.argmax(axis=0) + 1) * step, np.nan)


def _within(curves: Curves, name: str, seconds: float) -> FloatArray:
    """How much of a count falls into the last `seconds`, or since the start; shape (ticks, members)."""
    rows, back = curves[name], max(round(seconds / curves.step), 1)
    return rows[1:] - rows[np.maximum(np.arange(1, len(rows)) - back, 0)]


def _share(part: str, whole: str, seconds: float) -> Any:
    def read(curves: Curves) -> FloatArray:
        some, all_ = _within(curves, part, seconds), _within(curves, whole, seconds)
        return share(some, all_ - some)

    return read


def _error_ratio(curves: Curves) -> FloatArray:
    return np.clip(ratio(curves.rate("failed"), curves.rate("offered")), 0.0, 1.0)


def _resolving(curves: Curves) -> FloatArray:
    return ratio(_within(curves, "resolving", QUARTER), _within(curves, "incidents", QUARTER))


def _precision(curves: Curves) -> FloatArray:
    real = _within(curves, "incidents", QUARTER) - _within(curves, "told", QUARTER)
    return share(real, _within(curves, "false", QUARTER), empty=1.0)


def _of(name: str) -> Any:
    return lambda c: c.level(name) + 0.0


SIGNALS = {
    "offered_rate": Signal("requests/s", "requests that users send", lambda c: c.rate("offered")),
    "goodput": Signal("requests/s", "requests answered", lambda c: c.rate("good")),
    "error_ratio": Signal("of requests", "requests that incidents fail", _error_ratio),
    "failed": Signal("requests", "requests that incidents have failed, so far", _of("failed")),
    "incidents": Signal("incidents", "incidents so far", _of("incidents")),
    "repeats": Signal("incidents", "of these, whose cause had happened before, so far", _of("repeats")),
    "incidents_a_month": Signal(
        "incidents/month", "incidents of the last quarter, a third of them",
        lambda c: _within(c, "incidents", QUARTER) / 3.0, full=True,
    ),
    "repeat_share": Signal(
        "of incidents", "repeats, in the last year", _share("repeats", "incidents", YEAR), full=True
    ),
    "customer_share": Signal(
        "of incidents", "that a customer told of, in the last quarter", _share("told", "incidents", QUARTER), full=True
    ),
    "missed_share": Signal(
        "of incidents", "whose alert was silenced and would have been first, in the last quarter",
        _share("missed", "incidents", QUARTER), full=True,
    ),
    "resolve_time": Signal("s", "mean time from start to mitigation, in the last quarter", _resolving, full=True),
    "open_items": Signal(
        "items", "action items in work or lying", lambda c: c.level("in_work") + c.level("lying")
    ),
    "waiting_items": Signal("items", "of these, items taken on", _of("in_work")),
    "item_age": Signal("s", "mean age of open items, the oldest of each cause", _of("age")),
    "overdue_share": Signal("of causes with open items", "whose oldest item is overdue", _of("overdue")),
    "finished": Signal("items", "items finished so far", _of("finished")),
    "written": Signal("items", "items written so far", _of("written")),
    "causes_there": Signal("causes", "causes that have not been removed", _of("there")),
    "false_pages": Signal("pages", "pages about nothing, so far", _of("false")),
    "precision": Signal("of pages", "that were about an incident, in the last quarter", _precision, full=True),
}  # fmt: skip

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="resolve_time", saturation="open_items")
MODEL = Model("repeat_incident", _curves, SIGNALS, _events, GOLDEN)
