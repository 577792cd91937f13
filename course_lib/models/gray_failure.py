"""Gray failures and tail latency: a fleet that passes its checks, and pages that wait for the slowest of many calls.

A page makes `fan_out` calls at once and is done when the last is answered. A call goes to one of the hosts that hold
its data and are in rotation; some hosts are *impaired* for a while: they limp (a share of the calls takes long), lose
calls, fail at once (a sinkhole), or need more work for each. Checks probe every host; callers count what they got.

How it is computed. How long calls take is a closed form (`gray_latency`); only who is in rotation (`gray_watch`) and
how long queues are remembers the moment before. In tick n of Delta, kinds x of host: healthy, impaired

    share     w[n]      of calls to the impaired: even, or as calls outstanding / tau as far as a look at k hosts goes
    tries     S_x(t)  = (1 - p) F(t - W_x) + p H(t - W_x)        F, H: log-normal; p > 0 at impaired hosts only
    calls     L_x(t)  = S_x(t) (1 - g + g S'(t - d))             S': another host's; a slow copy may share the cause
    copies    c[n]    = sum of w_x S_x(d), g: `token_bucket`     no more than the budget
    load      u_x     = calls and copies a host x work / workers
    wait      W_x    += (u_x - 1) Delta, never below 0
    pages     P(t)    = 1 - (1 - sum of w_x L_x(t))^n
    watch     who is in rotation, from probes in a row and from calls that were bad

Assumptions. Waiting starts where a kind of host has more work than it can do; the little that chance makes wait before
that is left out (with 16 workers at 70 % one call in eight waits, for a fifth of its own work). Work is what holds a
worker; the long time of a slow call is waiting for something else and holds none. A call waits as at the mean host of
its kind. Calls are counted as if they came one by one: the burst that a page's make at once is left out. Nobody cancels
a copy that has begun; a tied copy waits in a second queue, and the first to begin removes the other. Where a balancer
counts, `gray_balance` says how many calls and copies are outstanding, as if copies came by chance, too, and
`gray_gather` how slow calls gather and go. A call is known to be bad once its objective is over. Replicas of a host
that is out are made elsewhere. A failed call counts as one that took its timeout, and a page with one has failed.

Where that shows. Against an event loop to which calls come one by one (tests/models) means agree within 1 %, or what
eight runs scatter, of 900 settings drawn from the panel's whole range in all but two. In both half of the fleet draws 3
to 4 % too many of the least busy's calls: it limps, and every copy shares the cause of a slow call and is sent after
0.3 s; it loses calls, and copies are sent at once, every other is paid for, and four in five share the cause. Where a
budget pays for a part of the copies that all calls want, many runs show up to 1.4 %. What slow hosts draw while calls
gather and once they are well agrees within 5 % over ten seconds, but in two of these settings after the fault; in the
first two seconds in all but four, and in the two after the fault one in 25 is off by more (`gray_gather`). Of a dozen
hosts means agree so in all but one of 200 settings, of six in seven of eight: others are off by 2 to 14 %. So a verdict
that hangs on a hundred calls comes when it does in the loop but for luck. It is another matter if the calls of a page
come within a second: more at one time, fewer at another, and errors with them; pages that begin within a second before
a verdict meet hosts of after it. Of the least busy, hosts whose calls count for seconds draw up to 5 % more then, and
up to 4 % fewer pages fail than of as many calls one by one.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise, simulation, token_bucket
from course_lib.models.exact import FloatArray, cumulative, total
from course_lib.models.gray_balance import ROWS, least_busy
from course_lib.models.gray_gather import Gathering
from course_lib.models.gray_latency import (
    LEAST,
    ROUND_ROBIN,
    TWO,
    Calls,
    Laws,
    below_limit,
    outstanding,
    pages_late,
    per,
    quick_ones,
    reach,
    remembered,
    shares,
)
from course_lib.models.gray_watch import SLOTS, Watch
from course_lib.models.parameters import OPERATOR, WORLD, ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, Record, Signal, State, Trace


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the gray failure; see each field's metadata for range, unit and source."""

    # fmt: off
    request_rate: Any = scheduled(100.0, "pages/s", 0, 1e5, "λ",
        "pages that users ask for; each makes `fan_out` calls", "chosen")
    fan_out: Any = swept(100, "calls", 1, 2000, "n",
        "calls that a page makes, all at once", "Dean and Barroso 2013: 100 leaves", integer=True)
    hosts: Any = swept(40, "hosts", 1, SLOTS, "N",
        "hosts that answer calls", "chosen", integer=True, by=OPERATOR)
    replicas: Any = swept(SLOTS, "hosts", 1, SLOTS, "k",
        "hosts that hold the data of one call; all of them, if the fleet is smaller", "any host", integer=True,
        by=OPERATOR)
    workers: Any = swept(16, "workers", 1, 1e4, "c",
        "calls that a host works on at once", "chosen: a healthy host is a fifth busy", integer=True, by=OPERATOR)
    median_time: Any = swept(0.01, "s", 1e-4, 10, "m",
        "median time of a call at a healthy host", "convention: 10 ms")
    spread: Any = swept(0.5, "", 0.05, 1.5, "σ",
        "log-normal spread of it", "convention: 0.5 to 1")
    fault: Any = choice("limping", ("limping", "lossy", "sinkhole", "heavy"),
        "impaired hosts answer some calls late; lose them; fail all at once; need more work for each",
        "Cloudflare 2020, Slack 2021, and any overload", by=WORLD)
    fault_start: Any = swept(60.0, "s", 0, 1e5, "t₀",
        "when hosts become impaired", "chosen")
    fault_duration: Any = swept(180.0, "s", 0, 1e5, "D",
        "for how long", "chosen")
    faulty: Any = scheduled(1, "0 or 1", 0, 1, "on",
        "whether impaired hosts are impaired in that time: a fault may come and go", "without a pause", integer=True)
    impaired_hosts: Any = swept(2, "hosts", 0, SLOTS, "f",
        "hosts that are impaired; all of them is a bad day for everyone", "chosen", integer=True)
    slow_fraction: Any = swept(0.2, "of calls", 0, 1, "p",
        "of the calls to a limping (lossy) host, those that are slow (lost)", "chosen: one in a hundred of all calls")
    slow_time: Any = swept(1.0, "s", 1e-3, 60, "s",
        "median time of a slow call", "convention: 1 s")
    work_factor: Any = swept(4.0, "times", 1, 100, "h",
        "work of a call at a heavy host, compared with a healthy one", "chosen")
    fail_time: Any = swept(0.0001, "s", 1e-6, 1, "τ_f",
        "how fast a sinkhole fails", "chosen: 100 times faster than an answer")
    dependence: Any = swept(0.0, "of slow calls", 0, 1, "κ",
        "slow calls whose cause their copy shares: the same key, disk or network", "0: independent")
    balancer: Any = choice("round_robin", ("round_robin", "least_outstanding", "two_choices"),
        "each in turn; the host with the fewest calls outstanding; the better of two random ones",
        "all three are common")
    error_penalty: Any = swept(0.0, "s", 0, 60, "e",
        "a failed call counts as outstanding for so long", "0: until it has failed", by=OPERATOR)
    hedge: Any = choice("hedged", ("hedged", "tied"),
        "a copy is sent if there is no answer yet; if the call has not begun yet, and the two are tied",
        "Dean and Barroso 2013")
    hedge_delay: Any = scheduled(np.inf, "s", 1e-4, np.inf, "d",
        "how long a call may take before a copy is sent to another host", "inf: never; usual: the p95", by=OPERATOR)
    hedge_budget: Any = scheduled(1.0, "of calls", 0, 1, "b",
        "most copies, compared with calls", "1: no limit; usual: 0.05", by=OPERATOR)
    ejection_cap: Any = scheduled(0.0, "of hosts", 0, 1, "x",
        "most hosts that outlier ejection may take out; at least one", "0: off; Envoy: 0.1", by=OPERATOR)
    ejection_rule: Any = choice("peers", ("peers", "absolute"),
        "bad is a share of bad calls this much above the median host's, or above nothing", "Envoy has both")
    outlier_share: Any = swept(0.05, "of calls", 0, 1, "o",
        "how much", "chosen", by=OPERATOR)
    ejection_volume: Any = swept(100.0, "calls", 0, 1e6, "v",
        "calls without which a host is not judged", "Envoy: 100", by=OPERATOR)
    ejection_interval: Any = swept(10.0, "s", 0.5, 600, "J",
        "between two judgements", "Envoy: 10 s", by=OPERATOR)
    ejection_time: Any = swept(30.0, "s", 0, 1e4, "E",
        "how long a host is out, times how often it was", "Envoy: 30 s", by=OPERATOR)
    probation: Any = swept(0.1, "of choices", 0, 1, "π",
        "choices in which a host is among those to choose from that is back and not yet judged again", "chosen",
        by=OPERATOR)
    check_depth: Any = swept(0.0, "of probes", 0, 1, "δ",
        "probes that do what a call does; the others find that the process answers", "0: shallow", by=OPERATOR)
    check_interval: Any = swept(10.0, "s", 0.5, 600, "I",
        "between two probes of a host", "Kubernetes: 10 s", by=OPERATOR)
    check_failures: Any = swept(3, "probes", 1, 20, "r",
        "failures in a row that take a host out of rotation; one success brings it back", "Kubernetes: 3",
        integer=True, by=OPERATOR)
    check_timeout: Any = swept(1.0, "s", 0.001, 60, "τ_c",
        "how long a probe waits", "Kubernetes: 1 s", by=OPERATOR)
    objective: Any = swept(0.5, "s", 0.001, 60, "t",
        "a page that takes longer is slow, and so is a call", "chosen")
    timeout: Any = swept(5.0, "s", 0.01, 600, "τ",
        "how long a caller waits", "chosen", by=OPERATOR)
    dt: Any = fixed(2.0, "s", 0.5, 10, "Δ",
        "length of a tick", "a fifth of a check interval")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a gray failure for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> fleet = simulate(Parameters(), seed=7, until=120)
    >>> fleet["slow_pages"][[20, 50]].round(2).tolist(), fleet["red_share"].max().item()
    ([0.0, 0.6], 0.0)
    """
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


SETTLED = ("ill", "share", "from_healthy", "from_ill", "granted", "granted_ill", "there", "copies", "work_healthy",
           "work_ill", "red", "ejected", "disagree", "per_healthy", "per_ill", "probes")  # fmt: skip
MOVING = ("wait_healthy", "wait_ill", "moved", "load_healthy", "load_ill")
TURNED = ("hedge_delay", "hedge_budget", "ejection_cap")
AGREED = 12  # rounds until calls and copies agree: where all copies share the cause each leaves most of what is off
KNOWN: dict[tuple[bytes, bool], FloatArray] = {}  # see `Run._uneven`: other seeds ask for the same
MOST_KNOWN = 4096
RUSH, RUSHES, ON_TOP, RARE = 0.13, 0.43, 0.3, 0.06  # fitted to simulated balancers: see `Run._granted`
SELDOM = 1e-3  # calls/s below which nothing is ever outstanding


class Run:
    """One batch on its way through time."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, self.dt = batch, ticks, batch.dt
        self.time = np.arange(ticks) * batch.dt
        self.laws, self.watch = Laws(batch), Watch(batch, ticks)
        self.gathering = Gathering(self.laws, batch.dt, ticks)
        end = batch.fault_start + batch.fault_duration
        row = self.time[:, None]
        self.ill = (row >= batch.fault_start - 5e-7) & (row < end - 5e-7) & (batch.impaired_hosts > 0)
        self.ill = self.ill & (batch.at("faulty", self.time) > 0)
        well = np.where(self.ill, ticks, np.arange(ticks)[:, None]) + np.zeros(batch.size, dtype=np.int64)
        self.end = np.minimum.accumulate(well[::-1])[::-1]  # of the impairment
        self.at = {name: batch.at(name, self.time) for name in (*TURNED, "request_rate")}
        pages = noise.counts(batch.seeds, "gray pages", self.at["request_rate"] * batch.dt, ticks)
        self.pages = pages + np.zeros(batch.size)
        self.calls = self.pages / batch.dt * batch.fan_out
        self.most = float(self.calls.max(initial=0.0))
        self.waits = np.zeros((2, batch.size))
        self.two = (batch.balancer == TWO) | (batch.replicas == 2)  # who looks at two hosts
        self.counts = bool((batch.balancer != ROUND_ROBIN).any())  # whether anybody counts calls outstanding
        self.fresh = self._changes()
        self.settled: list[tuple[Any, ...]] = []
        self.which = np.zeros(ticks, dtype=np.int64)
        self.moving: dict[int, tuple[FloatArray, ...]] = {}

    def _changes(self) -> np.ndarray:
        """Ticks at which something given changes for some member."""
        changes = np.zeros(self.ticks, dtype=bool)
        names = (*TURNED, "request_rate") if self.counts else TURNED
        for values in (self.ill, *(self.at[name] for name in names)):
            if len(values) > 1:
                changes[1:] |= (values[1:] != values[:-1]).any(axis=1)
        changes[0] = True
        return changes

    def now(self, name: str, tick: int) -> FloatArray:
        """A scheduled field in one tick, shape (size or 1,)."""
        values = self.at[name]
        return values[tick if len(values) > 1 else 0]

    def go(self) -> Run:
        """All ticks: look at the hosts where somebody is due to, then let pages come."""
        turned = True  # whether others are in rotation than before
        for tick in range(self.ticks):
            probed = Calls(self.ill[tick], 0.0, 0.0, 0.0, (self.waits[0], self.waits[1]), (0.0, 0.0), 0.0)
            turned |= self.watch.check(tick, self.laws, probed)
            turned |= self.watch.judge(tick, self.now("ejection_cap", tick))
            if turned:
                self.turn()
            if turned or self.fresh[tick] or self.busy:
                self.settle(tick)
            elif self.gathering.turns[tick]:
                self.draw(tick)
            elif self.watch.news:
                self.note()
            self.advance(tick)
            turned = False
        return self

    def delay(self, tick: int) -> FloatArray:
        """How long a call may take before a copy is sent; a copy after the timeout is none."""
        return np.minimum(self.now("hedge_delay", tick), self.batch.timeout)

    def turn(self) -> None:
        """Who is in rotation, until that changes."""
        watch = self.watch
        before = watch.weight > 0
        full, trial = watch.rotation()
        left = np.add.reduce(before & watch.ill & (watch.weight == 0), axis=0, dtype=np.int64)
        if left.any():
            self.gathering.leave(left / np.maximum(np.add.reduce(before & watch.ill, axis=0, dtype=np.int64), 1))
        self.weight, self.hosts = watch.weight, (full + trial).astype(float)
        self.whole = full + self.batch.probation * trial  # as many hosts that are in every choice
        self.looked_at = np.where(trial > 0, per(self.whole, self.hosts), 1.0)  # chance that a choice is among it
        self.reach = reach(self.batch, full, trial)
        count = self.hosts[0] + self.hosts[1]
        self.enough, self.there = np.minimum(self.batch.replicas, count) >= 2.0, count > 0
        self.looks = [watch.of_hosts(which) for which in (watch.red, watch.until >= 0)]

    def note(self) -> None:
        """Callers think otherwise of somebody, and nothing else changes."""
        place = SETTLED.index("disagree")
        last = self.settled[-1]
        self.settled.append((*last[:place], self.watch.of_hosts(self.watch.disagree), *last[place + 1 :]))

    def settle(self, tick: int) -> None:
        """Where calls and copies go, until something changes."""
        batch = self.batch
        zero = np.zeros(batch.size)
        calls = Calls(
            self.ill[tick] & (zero == 0), zero, zero, zero, (self.waits[0], self.waits[1]), (zero, zero), zero
        )
        delay, budget = self.delay(tick), self.now("hedge_budget", tick)
        self.able = (delay < batch.timeout) & self.enough
        uneven, copied = np.zeros((2, batch.size)), np.zeros((2, batch.size))
        self.kin, self.again, self.called = copied, zero + np.nan, np.zeros((ROWS, batch.size))
        self.lean, self.meets, self.busier = np.zeros((2, batch.size)), np.zeros((2, batch.size)), zero + 1.0
        if self.counts and not self.able.any():
            uneven = self._uneven(tick, dataclasses.replace(calls, waits=(zero, zero)), copied)
        elif self.counts:
            uneven, copied = self._with_copies(tick, dataclasses.replace(calls, waits=(zero, zero)), delay, budget)
        self._place(calls, uneven, copied)
        if self.counts:
            self._gather(tick, calls, copied)
        self.balance, self.even_share = calls, calls.share
        self.draw(tick)

    def _gather(self, tick: int, calls: Calls, copied: FloatArray) -> None:
        """What impaired hosts draw from now on, until it is as they do in balance."""
        to_ill = calls.share + copied[0] * calls.copy_from_healthy + copied[1] * calls.copy_from_ill
        drawn = self.asked(tick) * to_ill
        alone = np.minimum(per(drawn * self.reach[0], calls.share), drawn)
        asked = np.maximum(self.asked(tick) * (1.0 + total(copied)), SELDOM)
        around = np.stack([
            asked,
            self.hosts[1],
            self.two + np.zeros(self.batch.size),
            self.hosts[0] + self.hosts[1],
            per(np.maximum(asked - drawn, 0.0) * outstanding(self.laws, calls, self.kin)[0], self.hosts[0]),
            *self._of_slow(tick, calls, copied),
        ])  # fmt: skip
        self.gathering.settle(
            tick, self.end[tick], calls, self.kin, drawn, alone, np.concatenate([self.called, around])
        )
        self.watch.trains = self.gathering.trains()

    def _of_slow(self, tick: int, calls: Calls, copied: FloatArray) -> tuple[FloatArray, ...]:
        """What is to be known of copies of impaired hosts' slow calls: see `gray_copies.Copies`."""
        laws, delay, budget = self.laws, self.delay(tick), self.now("hedge_budget", tick)
        tries = laws.tries(delay, calls)
        wanted = self._wanted(calls, list(laws.mixed(tries, calls)))
        asked, slow = self._asked(calls, wanted), laws.hit * calls.ill
        late = per(slow * tries[3], wanted[1])  # of the copies of impaired hosts' calls
        own = per(copied[1] * late, calls.share * slow) * calls.copy_from_ill
        others = copied[0] * calls.copy_from_healthy + copied[1] * (1.0 - late) * calls.copy_from_ill
        return (
            delay + np.zeros(self.batch.size),
            np.where(budget < 1.0, per(budget, asked), np.inf),
            per(calls.share * wanted[1] * late, asked),
            per(token_bucket.HOLDS, np.maximum(self.asked(tick) * asked, SELDOM)),
            own * (self.batch.dependence + (1.0 - self.batch.dependence) * slow),
            per(others, calls.share),
            calls.copy_from_ill + np.zeros(self.batch.size),
        )

    def draw(self, tick: int) -> None:
        """The same, where impaired hosts draw as many as they do in this tick."""
        batch, laws, calls = self.batch, self.laws, dataclasses.replace(self.balance)
        delay, budget = self.delay(tick), self.now("hedge_budget", tick)
        if self.counts:
            share = self.even_share * self.gathering.part[tick]
            calls.share = np.minimum(np.maximum(share, self.reach[0]), self.reach[1])
            calls.copy_from_healthy, calls.copy_from_ill = self._elsewhere(calls.share)
        times = np.empty((2, batch.size))
        times[0], times[1] = delay, batch.objective
        tries = laws.tries(times, calls)
        unanswered = laws.mixed(tries, calls)
        wanted = self._wanted(calls, [late[0] for late in unanswered])
        calls.granted = self._granted(tick, calls, wanted, budget)
        self.calls_now = calls
        self.copies = total(np.stack([1.0 - calls.share, calls.share]) * np.stack(wanted) * np.stack(calls.granted))
        self.budget_left = np.where(budget < 1.0, np.maximum(budget - self.copies, 0.0), 1.0)
        self._tries(wanted, [late[1] for late in unanswered])

    def _place(
        self,
        calls: Calls,
        uneven: FloatArray,
        copied: FloatArray,
        times: tuple[FloatArray, FloatArray] | None = None,
    ) -> None:
        """Where calls, and copies of them, go; given the copies of each kind's calls, where a balancer counts both."""
        times = outstanding(self.laws, calls, self.kin) if times is None else times
        drawn = shares(times, *self.hosts, uneven)
        to_ill = self._elsewhere(drawn)
        both = drawn * (1.0 + copied[0] + copied[1])  # of calls and copies, those that impaired hosts draw
        drawn = per(both, 1.0 + per(copied[0] * to_ill[0] + copied[1] * to_ill[1], drawn) / self.busier**ON_TOP)
        calls.share = np.minimum(np.maximum(drawn, self.reach[0]), self.reach[1])
        calls.copy_from_healthy, calls.copy_from_ill = self._elsewhere(calls.share)

    def _elsewhere(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of the copies of each kind's calls, which go to another host, those to impaired ones."""
        healthy, ill = per(1.0 - share, self.hosts[0]), per(share, self.hosts[1])  # of all calls, what one host gets
        healthy = np.where(np.isnan(self.again), healthy, self.again)
        from_ill = np.minimum(np.maximum(per(share - ill, 1.0 - ill), 0.0), 1.0)
        more = 1.0 + total(self.lean * self.meets)
        from_healthy = per(share, 1.0 - healthy) * (1.0 + self.lean[0])
        return np.minimum(from_healthy * self.busier, 1.0), np.minimum(from_ill * more * self.busier, 1.0)

    def _with_copies(
        self, tick: int, free: Calls, delay: FloatArray, budget: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Calls and copies outstanding that are uneven, and copies of each kind's calls; if nobody waited.

        Where hosts fail at once, or copies share the cause, copies are few or many as impaired hosts draw calls, and
        these draw calls as hosts are busy with copies. There it is found roughly without copies and with those that
        would be then, and once more with those that would be on the line through both.
        """
        laws, none = self.laws, np.zeros((2, self.batch.size))
        tries = laws.tries(delay, free)
        wanted = self._wanted(free, list(laws.mixed(tries, free)))
        slow = per(laws.hit * free.ill * tries[3], wanted[1])  # of copies of ill hosts' calls
        self.meets, kin = np.stack([1.0 - slow, slow * remembered(laws, delay)]), slow * self.batch.dependence
        linked = ((laws.sinkhole & free.ill) | (kin > 0)) & self.able & (self.hosts[1] > 0)
        times = None if kin.any() else outstanding(laws, free, none)

        def agreed(copied: FloatArray, uneven: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
            known, whole, ways = total(copied), (1.0 + total(copied)) * uneven, uneven
            for _ in range(AGREED):
                more = total(copied)
                ways = np.where(linked, (whole + slope * (more - known)) / (1.0 + more), uneven)
                self.kin = self._kin(free, copied, kin) if times is None else none
                self._place(free, ways, copied, times)
                copied = np.where(linked, self._copied(tick, free, wanted, budget), copied)
            return copied, ways

        alone, slope = none, none
        if linked.any():
            alone = self._uneven(tick, free, none, linked & (kin == 0))
        self._place(free, alone, none)
        copied = self._copied(tick, free, wanted, budget)
        if linked.any():
            copied, _ = agreed(copied, alone, slope)
            beside = self._uneven(tick, free, copied, linked)
            slope = per((1.0 + total(copied)) * beside - alone, total(copied)) * (kin == 0)
            copied, _ = agreed(copied, beside, slope)
        uneven = self._uneven(tick, free, copied)
        return agreed(copied, uneven, slope)[::-1] if linked.any() else (uneven, copied)

    def _granted(
        self, tick: int, placed: Calls, wanted: tuple[FloatArray, FloatArray], budget: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Share of the copies that are wanted which the budget pays for, by the kind of host that the call went to.

        Where all hosts are looked at a slow one gets its calls when many come. So do they want their copies then, and
        as many tokens as ever are there; and as it is calls that bring tokens, copies come when many calls do.
        """
        if not self.able.any():
            return np.zeros(self.batch.size), np.zeros(self.batch.size)
        asked = self._asked(placed, wanted)
        part = token_bucket.granted(budget, asked, self.asked(tick) * np.minimum(self.delay(tick), self.batch.timeout))
        part = np.where(self.able, np.where(budget < 1.0, part, 1.0), 0.0)
        least = (self.batch.balancer == LEAST) & ~self.two & (self.hosts > 0).all(axis=0)
        fewer = per(per(placed.share, self.hosts[1]), per(1.0 - placed.share, self.hosts[0]))
        power, fewer = RUSH * asked**RUSHES, np.where(least & self.able, np.clip(fewer, SELDOM, 1.0), 1.0)
        self.busier = np.maximum(fewer, RARE) ** (-0.5 * power * (1.0 - part**2))
        fewer = fewer ** (power * (1.0 - part**4))
        whole = 1.0 - per(placed.share * wanted[1], asked) * (1.0 - fewer)
        return np.minimum(part / whole, 1.0), np.minimum(part * fewer / whole, 1.0)

    def _copied(
        self, tick: int, placed: Calls, wanted: tuple[FloatArray, FloatArray], budget: FloatArray
    ) -> FloatArray:
        """Copies of each kind's calls, compared with all calls, of those that a balancer counts."""
        part = np.stack(self._granted(tick, placed, wanted, budget))
        first = np.stack([1.0 - placed.share, placed.share])
        return np.where(self.batch.balancer != ROUND_ROBIN, first * np.stack(wanted) * part, 0.0)

    def _kin(self, placed: Calls, copied: FloatArray, slow: FloatArray) -> FloatArray:
        """Of the calls and copies at each kind of host, the copies that share the cause of a slow call."""
        kin, to_ill = copied[1] * slow, copied[0] * placed.copy_from_healthy + copied[1] * placed.copy_from_ill
        tries = 1.0 - placed.share + total(copied) - to_ill, placed.share + to_ill
        return np.stack([per(kin * (1.0 - placed.copy_from_ill), tries[0]), per(kin * placed.copy_from_ill, tries[1])])

    @staticmethod
    def _asked(calls: Calls, wanted: tuple[FloatArray, FloatArray]) -> FloatArray:
        """Copies that calls want, compared with calls."""
        return (1.0 - calls.share) * wanted[0] + calls.share * wanted[1]

    def _uneven(
        self, tick: int, free: Calls, copied: FloatArray, roughly: NDArray[np.bool_] | None = None
    ) -> FloatArray:
        """Of the calls outstanding at a host of each kind, what is beyond an equal count, per call a second.

        As without queues: what they add, they add to both kinds. Found once for each rate and whoever is in rotation;
        and only `roughly`, if at all, where that says which members.
        """
        batch, size = self.batch, self.batch.size
        found, copies = np.zeros((5 + ROWS, size)), total(copied)
        found[4] = np.nan
        quick = quick_ones(self.laws, free, self.kin).reshape(6, size)
        rate = np.maximum(self.asked(tick) * (1.0 + copies), SELDOM)
        times = outstanding(self.laws, free, self.kin)
        given = (rate, *times, *self.hosts, *self.looked_at, *(copied / (1.0 + copies)), self.two, *quick)
        rows = np.stack([values + np.zeros(size) for values in given])
        differ = (rows[1] != rows[2]) | (rows[5:7] < 1.0).any(axis=0)
        differ = differ if roughly is None else differ & roughly
        some = np.flatnonzero((batch.balancer != ROUND_ROBIN) & (rows[3:5] > 0).all(axis=0) & differ)
        keys = [(row.tobytes(), roughly is None) for row in np.ascontiguousarray(rows[:, some].T)]
        if len(KNOWN) > MOST_KNOWN:
            KNOWN.clear()
        new = {key: place for place, key in zip(some, keys, strict=True) if key not in KNOWN}
        if new:
            rate, times, hosts, *more, two, quick = np.split(rows[:, list(new.values())], (1, 3, 5, 7, 9, 10))
            pace, rest = hosts / times, (two[0] > 0, quick.reshape(3, 2, -1), *more)
            calls, leans, same, called = least_busy(rate[0], times, hosts, *rest, roughly=roughly is not None)
            beyond = calls / rate - 1.0 / (pace[0] + pace[1])
            KNOWN.update(zip(new, np.stack([*beyond, *leans, same, *called], axis=1), strict=True))
        for place, key in zip(some, keys, strict=True):
            found[:, place] = KNOWN[key]
        self.lean, self.again, self.called = found[2:4], found[4], found[5:]
        return found[:2]

    def asked(self, tick: int) -> FloatArray:
        """Calls/s that pages make on average, without chance."""
        return self.now("request_rate", tick) * self.batch.fan_out

    def _wanted(self, calls: Calls, late: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Of calls to each kind of host, those that want a copy; of tied ones, those that were lost on the way.

        An error is an answer: nobody sends a copy then.
        """
        laws = self.laws
        lost = np.where(laws.lossy, laws.hit * calls.ill, 0.0)
        ill = np.where(laws.sinkhole & calls.ill, 0.0, np.where(laws.tied, lost, late[1]))
        return np.where(laws.tied, 0.0, late[0]), ill

    def _tries(self, wanted: tuple[FloatArray, FloatArray], bad: list[FloatArray]) -> None:
        """Tries and work that one call makes, by kind of host, and the bad ones among them."""
        laws, calls, batch, hosts = self.laws, self.calls_now, self.batch, self.hosts
        first = (1.0 - calls.share, calls.share)
        copies = [first[x] * wanted[x] * calls.granted[x] for x in (0, 1)]
        to_ill = copies[0] * calls.copy_from_healthy + copies[1] * calls.copy_from_ill
        to_healthy = np.maximum(copies[0] + copies[1] - to_ill, 0.0)
        tries = (np.where(hosts[0] > 0, first[0] + to_healthy, 0.0), np.where(hosts[1] > 0, first[1] + to_ill, 0.0))
        reached = np.where(calls.ill, np.where(laws.sinkhole, 0.0, np.where(laws.lossy, 1.0 - laws.hit, 1.0)), 1.0)
        factor = np.where(calls.ill, laws.factor, 1.0)
        self.per_host = [per(tries[x], self.whole[x]) for x in (0, 1)]
        self.work = [self.per_host[0] * laws.work / batch.workers,
                     self.per_host[1] * laws.work * factor * reached / batch.workers]  # fmt: skip
        self.busy = self.watch.queues.any() or self.most * max(self.work[0].max(), self.work[1].max()) > 1.0
        self.pull = self.weight * np.where(self.watch.ill, self.per_host[1], self.per_host[0])
        self.bad_pull = self.pull * np.where(self.watch.ill, bad[1], bad[0])
        row = (calls.ill, calls.share, calls.copy_from_healthy, calls.copy_from_ill, *calls.granted, self.there,
               self.copies, *self.work, *self.looks, self.watch.of_hosts(self.watch.disagree), *self.per_host,
               self.watch.failing(laws, calls)[1])  # fmt: skip
        self.settled.append(row)

    def advance(self, tick: int) -> None:
        """One tick: queues grow or shrink, callers count what they got."""
        rate, dt = self.calls[tick], self.dt
        self.which[tick] = len(self.settled) - 1
        if self.busy:
            load = [rate * one for one in self.work]
            moved = self._move(tick, load)
            each = self.watch.weight * np.where(self.watch.ill, load[1], load[0])
            waits = self.watch.work_off(each, dt)
            self.moving[tick] = (*(0.5 * (waits[:2] + waits[2:])), moved, *load)
            self.waits = waits[2:]
        attempts = rate * dt
        self.watch.count_calls(self.pull * attempts, self.bad_pull * attempts)

    def _move(self, tick: int, load: list[FloatArray]) -> FloatArray:
        """Of the calls in impaired hosts' queues, those that begin elsewhere first: as many as even out the queues."""
        laws, calls, dt = self.laws, self.calls_now, self.dt
        ahead = [self.waits[x] + dt * (load[x] - 1.0) for x in (0, 1)]
        relief = per(self.whole[1], self.whole[0]) / np.where(calls.ill, laws.factor, 1.0)  # a healthy host is quicker
        gap = ahead[1] - self.delay(tick)
        idle = per(gap, dt * load[1])  # the healthy have no queue then, or have one as long as the others' beyond d
        even = per(gap - ahead[0], dt * load[1] * (1.0 + relief))
        share = np.maximum(np.minimum(idle, even), 0.0)
        share = np.minimum(np.minimum(share, 1.0), per(self.budget_left, calls.share))
        share = np.where(laws.tied & self.able & (self.hosts[0] > 0), share, 0.0)
        load[0], load[1] = load[0] + share * load[1] * relief, load[1] * (1.0 - share)
        return share

    def seen(self) -> dict[str, FloatArray]:
        """All levels, tick by tick, shape (ticks, size)."""
        found = {}
        for place, name in enumerate(SETTLED):
            kept = np.stack([np.broadcast_to(row[place], (self.batch.size,)) for row in self.settled])
            found[name] = kept[self.which] + 0.0
        for name in MOVING[:3]:
            found[name] = np.zeros((self.ticks, self.batch.size))
        found["load_healthy"], found["load_ill"] = (self.calls * found[f"work_{kind}"] for kind in ("healthy", "ill"))
        for tick, row in self.moving.items():
            for name, values in zip(MOVING, row, strict=True):
                found[name][tick] = values
        found["copies"] = found["copies"] + found["share"] * found["moved"]
        if self.moving and self.laws.tied.any():
            rate = per(found["load_ill"], found["work_ill"]) * found["per_ill"]  # a second, to one host
            limit = np.minimum(self.at["hedge_delay"], self.batch.timeout)
            below = below_limit(self.laws, found["ill"] > 0, per(rate, 1.0 - found["moved"]), limit)
            found["wait_ill"] = np.maximum(found["wait_ill"] - np.where(found["moved"] > 0, below, 0.0), 0.0)
        return found


# -- what a run shows --------------------------------------------------------------------------------------------------


class Shown:
    """What callers and users see of a run, from the levels it kept: survival at a time, and quantiles."""

    def __init__(self, run: Run) -> None:
        self.batch, self.laws, self.seen = run.batch, run.laws, run.seen()
        seen = self.seen
        self.calls = Calls(
            seen["ill"] > 0, seen["share"], seen["from_healthy"], seen["from_ill"],
            (seen["wait_healthy"], seen["wait_ill"]), (seen["granted"], seen["granted_ill"]), seen["moved"],
        )  # fmt: skip
        self.shape, self.there = seen["share"].shape, seen["there"] > 0
        self.delay = np.minimum(run.at["hedge_delay"], run.batch.timeout) + np.zeros(self.shape)
        self.levels = [seen[name] for name in (*SETTLED[:7], *MOVING[:3])]

    def late(self, time: Any) -> FloatArray:
        """Share of calls without a good answer by then, tick by tick."""
        return np.where(self.there, self.laws.late(time, self.calls, self.delay), 1.0)

    @functools.cached_property
    def alike(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Ticks and members that differ in what decides, and for each tick and member which of these it is like."""
        size = self.shape[1]
        columns = [*self.levels, self.delay]
        if any(np.size(value) > 1 for value in self.batch._values.values() if not hasattr(value, "changes")):
            columns.append(np.broadcast_to(np.arange(size) + 0.0, self.shape))
        table = np.ascontiguousarray(np.stack(columns, axis=-1).reshape(self.shape[0] * size, -1) + 0.0)
        keys = table.view(np.dtype((np.void, table.itemsize * table.shape[1]))).ravel()
        _, first, like = np.unique(keys, return_index=True, return_inverse=True)
        return first, like.reshape(self.shape)

    def quantile(self, share: float, *, pages: bool) -> FloatArray:
        """Seconds by which a share of the pages, or of the calls, is answered; the timeout where that never is."""
        first, like = self.alike
        ticks, members = np.divmod(first, self.shape[1])
        laws = self.laws.picked(members)
        fan_out = laws.batch.fan_out if pages else 1.0
        wanted = np.exp(np.log(share) / fan_out) + np.zeros(len(first))
        found = laws.quantile(wanted, self.calls.rows((ticks, members)), self.delay[ticks, members])
        patience = laws.batch.timeout + np.zeros(len(first))
        return np.where(self.there, found[like], patience[like])


QUANTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks).go()
    shown = Shown(run)
    seen = shown.seen
    slow = pages_late(shown.late(batch.objective), batch.fan_out)
    curves = Curves(batch.dt, {"pages": cumulative(run.pages), "good": cumulative(run.pages * (1.0 - slow))})
    levels = {
        "slow": slow,
        "share": seen["share"] * seen["there"],
        "copies": seen["copies"] * seen["there"],
        "red": seen["red"],
        "probes": seen["probes"],
        "ejected": seen["ejected"],
        "disagree": seen["disagree"],
        "busiest": np.maximum(seen["load_healthy"], seen["load_ill"]),
        "wait": np.maximum(seen["wait_healthy"], seen["wait_ill"]),
        "per_healthy": seen["per_healthy"],
        "per_ill": seen["per_ill"],
    }
    for name, values in levels.items():
        curves[name] = _from_start(values)
    later: dict[str, Callable[[], FloatArray]] = {
        "lost": lambda: shown.late(batch.timeout),
        "errors": lambda: pages_late(shown.late(batch.timeout), batch.fan_out),
        "refused": lambda: _refused(run.laws, seen),
    }
    for word, share in QUANTILES.items():
        for kind in ("page", "leaf"):
            later[f"{kind}_{word}"] = functools.partial(shown.quantile, share, pages=kind == "page")
    curves.make = {name: _made(make) for name, make in later.items()}
    return curves


def _made(make: Callable[[], FloatArray]) -> Callable[[], FloatArray]:
    return lambda: _from_start(make())


def _from_start(levels: FloatArray) -> FloatArray:
    """One row more: at time 0 it is as in the first tick."""
    return np.concatenate([levels[:1], levels])


def _refused(laws: Laws, seen: dict[str, FloatArray]) -> FloatArray:
    """Of calls and copies, those that a host answers with an error at once; nobody copies one that failed."""
    drawn = per(seen["share"] + seen["copies"] * seen["from_healthy"], 1.0 + seen["copies"])
    return np.where(laws.sinkhole & (seen["ill"] > 0), drawn * seen["there"], 0.0)


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """When the fault begins and ends, and when all is well again.

    Recovered when in each of ten seconds 95 % of the pages are answered within the objective.
    """
    starts = batch.fault_start + np.zeros(batch.size)
    ends, step = starts + batch.fault_duration, curves.step
    return trigger_events(starts, ends, curves["good"], curves["pages"], step=step, share=0.95, seconds=10.0)


def _of(name: str) -> Any:
    return lambda c: c.level(name)


def _at_most_1(name: str) -> Any:
    return lambda c: np.minimum(c.level(name), 1.0)


SIGNALS = {
    "request_rate": Signal("pages/s", "pages that users ask for", lambda c: c.rate("pages")),
    "goodput": Signal("pages/s", "pages answered within the objective", lambda c: c.rate("good")),
    "slow_pages": Signal("of pages", "pages slower than the objective, or failed", _at_most_1("slow")),
    "page_errors": Signal("of pages", "pages of which a call failed", _at_most_1("errors")),
    "page_p50": Signal("s", "time in which half of the pages are answered", _of("page_p50")),
    "page_p99": Signal("s", "time in which 99 % of the pages are answered", _of("page_p99")),
    "page_p999": Signal("s", "time in which 99.9 % of the pages are answered", _of("page_p999")),
    "leaf_p50": Signal("s", "time in which half of the calls are answered", _of("leaf_p50")),
    "leaf_p99": Signal("s", "time in which 99 % of the calls are answered", _of("leaf_p99")),
    "leaf_p999": Signal("s", "time in which 99.9 % of the calls are answered", _of("leaf_p999")),
    "client_errors": Signal("of calls", "calls that fail, as their callers see it", _at_most_1("lost")),
    "server_errors": Signal("of calls", "tries that a host answers with an error, as hosts see it", _of("refused")),
    "impaired_share": Signal("of calls", "calls that go to an impaired host first", _at_most_1("share")),
    "healthy_host_share": Signal("of calls", "tries that one healthy host gets, per call", _at_most_1("per_healthy")),
    "impaired_host_share": Signal("of calls", "tries that one impaired host gets, per call", _at_most_1("per_ill")),
    "hedge_share": Signal("of calls", "copies, compared with calls", _at_most_1("copies")),
    "ejected_share": Signal("of hosts", "hosts that outlier ejection has taken out", _of("ejected")),
    "red_share": Signal("of hosts", "hosts whose health checks fail", _of("red")),
    "probe_failures": Signal("of probes", "probes of an impaired host that fail", _at_most_1("probes")),
    "disagreement": Signal("of hosts", "hosts on which checks and callers are of two minds", _of("disagree")),
    "utilisation": Signal("of capacity", "work at the busier kind of host, at most 1", _at_most_1("busiest")),
    "wait": Signal("s", "time in the queue of the busier kind of host", _of("wait")),
}  # fmt: skip

GOLDEN = dict(traffic="request_rate", errors="page_errors", latency="page_p99", saturation="utilisation")
MODEL = Model("gray_failure", _curves, SIGNALS, _events, GOLDEN)
