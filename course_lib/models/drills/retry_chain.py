"""A chain of three services in which every caller retries: the lab of module 01.

An app calls the gateway, the gateway calls orders, orders calls inventory, and each of the three callers retries what
failed. Only inventory fails by itself: for a while a share of its answers are errors. It has a queue and a capacity, so
the retries of all layers together can overload it; then calls time out, more is retried, and inventory goes on working
on calls whose caller has left. That keeps the outage alive after the errors have stopped.

How it is computed. Time runs in ticks. A call at inventory carries three digits: which attempt it is of the app, of the
gateway and of orders. A failed call moves the last digit on; where orders has no retry left, or no token, its own call
has failed and the gateway's digit moves, and so on up. Inventory's queue holds live calls by age, behind the dead ones
it has yet to work through. What the three layers decide (waits, tokens, breaker) are functions of arrays, which may be
given from outside: the model calls them once a tick for all layers and members.

Assumptions. A fluid with Poisson noise on arrivals and service; one fast server (a wait counts, a service time does
not); an error costs inventory as much work as an answer; a failure is seen one tick later by orders and one more tick
later by each layer above; only orders' call has a timeout, the layers above wait for it to end; what a breaker refuses
is final for all layers; each layer has one bucket and the last has one breaker, as a fleet's average does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise, simulation
from course_lib.models.exact import TINY, accumulate, ratio, total
from course_lib.models.parameters import ParameterSet, choice, fixed, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

SERVICES = ("gateway", "orders", "inventory")
CLOSED, OPEN, HALF_OPEN = 0, 1, 2
STRATA = 20  # evenly spaced draws that stand for the distribution of a wait
LONGEST_WAIT = 10.0  # seconds; what a policy returns beyond it is cut


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the chain; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = swept(100.0, "requests/s", 0, 1e5, "λ",
        "requests that users make of the app", "chosen")
    service_rate: Any = swept(150.0, "calls/s", 0, 1e7, "μ",
        "calls that inventory works through", "chosen: utilisation 0.67, so that twice the load is too much")
    timeout: Any = fixed(1.0, "s", 0.1, 10, "τ",
        "how long orders waits for inventory", "Hystrix default, 1000 ms", by="operator")
    queue_limit: Any = swept(600.0, "calls", 1, np.inf, "q̂",
        "calls that inventory's queue holds; more are rejected at once",
        "chosen: four seconds of work, longer than the timeout", by="operator")
    max_retries: Any = swept(3, "retries", 0, 5, "r",
        "tries after the first, at each layer that retries",
        "SRE book ch. 22: three layers with three retries, 64 calls", integer=True, by="operator")
    layers: Any = swept(3, "layers", 0, 3, "k",
        "callers that retry, counted from orders upwards", "a chain of three calls", integer=True)
    errors_start: Any = swept(30.0, "s", 0, 1e5, "t₀",
        "when inventory starts to err", "chosen")
    errors_duration: Any = swept(30.0, "s", 0, 1e6, "d",
        "how long inventory errs", "chosen: half a minute")
    error_share: Any = swept(0.5, "of answers", 0, 1, "p",
        "share of inventory's answers that are errors", "chosen")
    backoff: Any = choice("none", ("none", "full_jitter"),
        "wait before a retry", "AWS architecture blog's full jitter")
    backoff_base: Any = fixed(0.1, "s", 0, 5, "b₀",
        "first ceiling", "gRPC proposal A6, example: 0.1 s", by="operator")
    backoff_cap: Any = fixed(2.0, "s", 0.1, 5, "b₁",
        "highest ceiling", "chosen: two timeouts", by="operator")
    budget: Any = choice("none", ("none", "first_attempts"),
        "what earns retry tokens, at each layer", "Finagle")
    budget_ratio: Any = swept(0.1, "tokens per first attempt", 0, 10, "b",
        "tokens earned", "SRE book ch. 21: 10 %", by="operator")
    budget_burst: Any = swept(20.0, "tokens", 0, 1e6, "B",
        "tokens a layer's bucket holds; more than a tick earns", "chosen: 2 s of earnings", by="operator")
    breaker: Any = choice("off", ("off", "on"),
        "circuit breaker in orders, on its calls of inventory", "resilience4j")
    breaker_window: Any = fixed(10.0, "s", 1, 60, "w",
        "window of the failed share", "Hystrix: 10 s", by="operator")
    breaker_threshold: Any = swept(0.7, "failed share", 0.01, 1, "θ",
        "failed share that opens the breaker",
        "chosen: above the injected half; resilience4j and Hystrix: 50 %", by="operator")
    breaker_min_calls: Any = swept(10.0, "calls", 1, 1e4, "n",
        "calls it takes to judge", "resilience4j: 10 probe calls", by="operator")
    breaker_open_time: Any = swept(5.0, "s", 0.1, 300, "s",
        "how long an open breaker refuses everything", "Hystrix: 5 s", by="operator")
    breaker_probe_share: Any = swept(0.1, "of calls", 0.001, 1, "q",
        "share let through while half-open", "chosen", by="operator")
    dt: Any = fixed(0.1, "s", 0.01, 0.5, "Δ",
        "length of a tick", "a tenth of a timeout")
    # fmt: on


def bucket(
    tokens: FloatArray, first_attempts: FloatArray, wanted: FloatArray, ratio: FloatArray, burst: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return retries granted and tokens left: first attempts earn, the burst caps, retries spend."""
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted


def jittered(retry: NDArray[Any], base: float, cap: float, uniform: FloatArray) -> FloatArray:
    """Return waits uniform below ``min(cap, base 2^retry)``; retry 0 is the first one."""
    return uniform * np.minimum(cap, base * 2.0 ** np.minimum(retry, 60))


def breaking(
    state: NDArray[np.int64],
    age: FloatArray,
    failed: FloatArray,
    calls: FloatArray,
    threshold: FloatArray,
    min_calls: FloatArray,
    open_time: FloatArray,
) -> NDArray[np.int64]:
    """Return the breaker's next state from its state, seconds in it, and what it saw in it over its window."""
    judged, bad = calls >= min_calls, failed >= threshold * calls
    after_open = np.where(age >= open_time, HALF_OPEN, OPEN)
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    return np.where(state == OPEN, after_open, after_calls)


@dataclasses.dataclass(frozen=True)
class Policies:
    """The three decisions of the callers; each takes arrays and returns arrays.

    Parameters
    ----------
    full_jitter : callable
        (retry, base, cap, uniform) -> waits in s; shape (retries, `STRATA`); called once a run.
    retry_budget : callable
        (tokens, first_attempts, wanted, ratio, burst) -> (granted, tokens), shape (3, members), top layer first; called
        every tick.
    breaker : callable
        (state, age, failed, calls, threshold, min_calls, open_time) -> state, shape (members,); called every tick.
    """

    full_jitter: Callable[..., Any] = jittered
    retry_budget: Callable[..., Any] = bucket
    breaker: Callable[..., Any] = breaking


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
    **policies: Callable[..., Any],
) -> Trace:
    """Run the chain for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Parameters
    ----------
    **policies
        `full_jitter`, `retry_budget` or `breaker`, to take the place of the model's own where the parameters switch
        them on; see `Policies`.

    Examples
    --------
    >>> naive = simulate(Parameters(), seed=7, until=180)
    >>> bool(np.isnan(naive.events["recovered"])), calls_per_request(naive, 80, 180).round().tolist()
    (True, [4.0, 16.0, 64.0])
    """
    model = Model("retry_chain", lambda batch, ticks: _curves(batch, ticks, Policies(**policies)), SIGNALS, _events)
    return simulation.simulate(
        model, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


def calls_per_request(trace: Trace, start: float, end: float) -> FloatArray:
    """Calls that reach gateway, orders and inventory per request, between two times.

    A ratio of totals: the mean of a ratio taken tick by tick would lean upwards, since quiet ticks weigh as much.

    Parameters
    ----------
    trace : Trace
        From `simulate`.
    start, end : float
        Seconds.

    Returns
    -------
    ndarray, shape (3, *batch)
    """
    during = (trace.time > start) & (trace.time <= end + 1e-9)
    calls = np.stack([trace[f"{service}_rate"][during].sum(axis=0) for service in SERVICES])
    return calls / np.maximum(trace["offered_rate"][during].sum(axis=0), TINY)


def lost_share(trace: Trace, start: float, end: float) -> FloatArray:
    """Share of the requests between two times that were not answered, shape ``batch``."""
    during = (trace.time > start) & (trace.time <= end + 1e-9)
    good, offered = (trace[name][during].sum(axis=0) for name in ("goodput", "offered_rate"))
    return 1.0 - good / np.maximum(offered, TINY)


def herd(
    full_jitter: Callable[..., Any],
    seed: int = 0,
    *,
    clients: int = 1000,
    outage: float = 1.0,
    base: float = 0.1,
    cap: float = 2.0,
    attempts: int = 12,
    until: float = 6.0,
) -> FloatArray:
    """Retries per 100 ms of clients whose calls all failed at time 0 and go on failing until the outage ends.

    Parameters
    ----------
    full_jitter : callable
        (retry, base, cap, uniform) -> waits in s, shape (clients,); called once a retry, retry 0 first.
    seed : int
    clients, attempts : int
        How many fail together, and after how many retries each gives up.
    outage, base, cap, until : float
        Seconds.

    Returns
    -------
    ndarray, shape (10 * until,)
        Retries sent in each 100 ms from the start of the outage.
    """
    time, failing, sent = np.zeros(clients), np.ones(clients, dtype=bool), np.zeros(round(10 * until))
    for retry in range(attempts):
        draw = noise.uniform([seed], f"herd, retry {retry}", clients)[:, 0]
        wait = np.asarray(full_jitter(np.full(clients, retry), base, cap, draw), dtype=float)
        time = time + np.maximum(wait, 0.0)
        bins = np.minimum(np.where(failing, time, np.inf), until) * 10
        sent += np.bincount(bins.astype(np.int64), minlength=len(sent) + 1)[: len(sent)]
        failing &= time < outage
    return sent


class Run:
    """One batch on its way through time; calls have the shape (app, gateway, orders attempt, member)."""

    def __init__(self, batch: Batch, ticks: int, policies: Policies) -> None:
        self.batch, self.ticks, self.policies = batch, ticks, policies
        self.retries = int(batch.highest("max_retries"))
        self.digits = (self.retries + 1,) * 3 + (batch.size,)
        self.waits = self._waits()
        self.due = np.zeros((len(self.waits) + 1, *self.digits))
        self.live = np.zeros((int(batch.ticks_in(batch.timeout)[0]), *self.digits))
        self.waiting = np.zeros((len(self.live), batch.size))  # live calls by age, whatever their digits
        self.dead, self.admits = np.zeros(batch.size), np.ones(batch.size)
        self.failed_gateway_calls, self.failed_orders_calls = np.zeros(self.digits[2:]), np.zeros(self.digits[1:])
        self.tokens = np.zeros((3, batch.size)) + batch.budget_burst
        self.state, self.age = np.zeros(batch.size, dtype=np.int64), np.zeros(batch.size, dtype=np.int64)
        self._draw_noise()
        self._set_retrying()
        self.flows = {name: np.zeros((ticks + 1, batch.size)) for name in (*FLOWS, *LEVELS)}
        self.flows["tokens"][0] = self.tokens[2]
        self.seen, self.went_wrong = np.zeros((ticks + 1, batch.size)), np.zeros((ticks + 1, batch.size))

    def _waits(self) -> FloatArray:
        """Share of a layer's retries that wait 0, 1, ... ticks, shape (ticks, retries, members)."""
        batch, draws = self.batch, (np.arange(STRATA) + 0.5) / STRATA
        numbers, draws = np.broadcast_arrays(np.arange(self.retries)[:, None], draws)
        wait = np.zeros(numbers.shape)
        if (batch.backoff == 1).any() and self.retries:
            given = self.policies.full_jitter(numbers.copy(), *self._backoff_range(), draws.copy())
            wait = wait + np.clip(np.asarray(given, dtype=float), 0.0, LONGEST_WAIT)
        late = np.round(wait / batch.dt).astype(np.int64)
        rows = np.arange(late.max(initial=0) + 1)[:, None, None]
        shares = (late == rows).mean(axis=2)[:, :, None]
        return np.where(batch.backoff == 1, shares, rows == 0) + np.zeros(batch.size)

    def _backoff_range(self) -> tuple[float, float]:
        return float(self.batch.backoff_base[0]), float(self.batch.backoff_cap[0])

    def _draw_noise(self) -> None:
        batch, time = self.batch, np.arange(self.ticks) * self.batch.dt
        self.offered = noise.counts(batch.seeds, "arrivals", batch.arrival_rate[None] * batch.dt, self.ticks)
        self.able = noise.counts(batch.seeds, "service", batch.service_rate[None] * batch.dt, self.ticks)
        self.errors = window(batch.errors_start, batch.errors_duration, batch.error_share, 0.0).at(time)

    def _set_retrying(self) -> None:
        """Which attempts may be followed by another, at app, gateway and orders: shape (3, retries, members)."""
        in_use = np.array([2, 1, 0])[:, None, None] < self.batch.layers
        self.may_retry = in_use & (np.arange(self.retries)[:, None] < self.batch.max_retries)

    def go(self) -> Run:
        """Run all ticks."""
        for tick in range(self.ticks):
            self.advance(tick)
        return self

    def advance(self, tick: int) -> None:
        """Advance one tick: who calls, what inventory takes, answers and gives up on, who retries."""
        calls, refused = self._calls(tick)
        rejected = self._enqueue(calls, self.able[tick])
        answered = self._serve(self.able[tick])
        late = self._time_out()
        failed = answered * self.errors[tick] + late + rejected
        self._note(tick, good=_total(answered * (1.0 - self.errors[tick])), refused=refused)
        gave_up = self._retry(tick, calls, failed)
        self._note(tick, failed=gave_up + refused, tokens=self.tokens[2], queue=self.dead + _total(self.waiting))
        self._watch(tick, _total(answered) + _total(late) + _total(rejected), _total(failed))

    def _note(self, tick: int, **amounts: Any) -> None:
        for name, amount in amounts.items():
            self.flows[name][tick + 1] = amount

    # -- inventory ---------------------------------------------------------------------------------------------------

    def _calls(self, tick: int) -> tuple[FloatArray, FloatArray]:
        """Calls that reach inventory in this tick, by digits, and how many the breaker refused."""
        slot = self.due[tick % len(self.due)]
        calls = slot.copy()
        slot[...] = 0.0
        calls[0, 0, 0] += self.offered[tick]
        refused = _total(calls * (1.0 - self.admits))
        calls *= self.admits
        self._note(tick, offered=self.offered[tick], gateway=_total(calls[:, 0, 0]), orders=_total(calls[:, :, 0]))
        self._note(tick, inventory=_total(calls))
        return calls, refused

    def _enqueue(self, calls: FloatArray, able: FloatArray) -> FloatArray:
        """Let in what the queue has room for; return the calls rejected."""
        self.live[1:], self.waiting[1:] = self.live[:-1], self.waiting[:-1]
        queue, total = self.dead + _total(self.waiting[1:]), _total(calls)
        room = np.maximum(self.batch.queue_limit + able - queue, 0.0)
        fits = np.minimum(room / np.maximum(total, TINY), 1.0)
        self.live[0], self.waiting[0] = calls * fits, total * fits
        return calls * (1.0 - fits)

    def _serve(self, able: FloatArray) -> FloatArray:
        """Work off the dead calls, then the live ones, oldest first; return the calls answered in time."""
        worked = np.minimum(self.dead, able)
        self.dead = self.dead - worked
        reached = np.minimum(np.add.accumulate(self.waiting[::-1], axis=0), able - worked)
        taken = np.diff(reached, axis=0, prepend=0.0)[::-1]
        share = np.minimum(taken / np.maximum(self.waiting, TINY), 1.0)
        answered = self.live * share[:, None, None, None]
        self.live -= answered
        self.waiting = np.maximum(self.waiting - taken, 0.0)
        return total(answered)

    def _time_out(self) -> FloatArray:
        """Orders gives up on the oldest calls; to inventory they are work like any other."""
        self.dead = self.dead + self.waiting[-1]
        self.waiting[-1] = 0.0
        return self.live[-1].copy()

    # -- the callers -------------------------------------------------------------------------------------------------

    def _retry(self, tick: int, calls: FloatArray, failed: FloatArray) -> FloatArray:
        """Grant retries at each layer, hand what is left to the layer above; return requests that failed for good."""
        at_app, at_gateway = self.failed_gateway_calls, self.failed_orders_calls
        may, last = self.may_retry, self.retries
        wants = (at_app[:last] * may[0], at_gateway[:, :last] * may[1], failed[:, :, :last] * may[2])
        share = self._granted_share(calls, np.stack([_total(want) for want in wants]))
        app, gateway, orders = (want * part for want, part in zip(wants, share, strict=True))
        if last:
            self._schedule(tick, app, gateway, orders)
        self.failed_gateway_calls = _left(at_gateway, gateway, axis=1)
        self.failed_orders_calls = _left(failed, orders, axis=2)
        return _left(at_app, app, axis=0)

    def _granted_share(self, calls: FloatArray, wanted: FloatArray) -> FloatArray:
        """Share of the wanted retries each layer's bucket pays for, shape (3, members)."""
        batch = self.batch
        if not batch.budget.any():
            return np.ones_like(wanted)
        first = np.stack([calls[0, 0, 0], _total(calls[:, 0, 0]), _total(calls[:, :, 0])])
        limits = batch.budget_ratio, batch.budget_burst
        granted, left = self.policies.retry_budget(self.tokens, first, wanted, *limits)
        share = np.clip(granted, 0.0, wanted) / np.maximum(wanted, TINY)
        self.tokens = np.where(batch.budget == 1, left, self.tokens)
        return np.where(batch.budget == 1, share, 1.0)

    def _schedule(self, tick: int, app: FloatArray, gateway: FloatArray, orders: FloatArray) -> None:
        """Let granted retries call when their wait is over; a retry higher up begins with first attempts below."""
        slots = (tick + 1 + np.arange(len(self.waits))) % len(self.due)
        self.due[slots, :, :, 1:] += self.waits[:, None, None] * orders
        self.due[slots, :, 1:, 0] += self.waits[:, None] * gateway
        self.due[slots, 1:, 0, 0] += self.waits * app

    def _watch(self, tick: int, seen: FloatArray, went_wrong: FloatArray) -> None:
        """Keep what the breaker has seen since it came into its state, and let it decide."""
        batch = self.batch
        if not batch.breaker.any():
            return
        self.seen[tick + 1], self.went_wrong[tick + 1] = self.seen[tick] + seen, self.went_wrong[tick] + went_wrong
        self.age = self.age + 1
        since = tick + 1 - np.minimum(self.age, batch.ticks_in(batch.breaker_window))
        members = np.arange(batch.size)
        failed, calls = (total[tick + 1] - total[since, members] for total in (self.went_wrong, self.seen))
        limits = (batch.breaker_threshold, batch.breaker_min_calls, batch.breaker_open_time)
        state = self.policies.breaker(self.state, self.age * batch.dt, failed, calls, *limits)
        state = np.where(batch.breaker == 1, state, CLOSED).astype(np.int64)
        self.age = np.where(state == self.state, self.age, 0)
        self.state = state
        self.admits = np.select([state == CLOSED, state == HALF_OPEN], [1.0, batch.breaker_probe_share], 0.0)
        self._note(tick, breaker=state)


def _total(calls: FloatArray) -> FloatArray:
    """Sum over all but the members."""
    return total(calls.reshape(-1, calls.shape[-1]))


def _left(failed: FloatArray, granted: FloatArray, axis: int) -> FloatArray:
    """Failed calls of a layer less its retries, by the digits of the layers above: these fail one layer up."""
    rest = failed.copy()
    rest[(slice(None),) * axis + (slice(granted.shape[axis]),)] -= granted
    return np.maximum(np.add.accumulate(rest, axis=axis).take(-1, axis=axis), 0.0)


# -- what a run shows ------------------------------------------------------------------------------------------------

FLOWS = ("offered", *SERVICES, "good", "failed", "refused")
LEVELS = ("queue", "tokens", "breaker")


def _curves(batch: Batch, ticks: int, policies: Policies) -> Curves:
    flows = Run(batch, ticks, policies).go().flows
    return Curves(batch.dt, {n: accumulate(np.add, flow) if n in FLOWS else flow for n, flow in flows.items()})


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Start and end of the errors; recovered when in each of five seconds 95 % of the requests offered are answered."""
    starts = batch.errors_start + np.zeros(batch.size)
    ends = starts + batch.errors_duration
    return trigger_events(starts, ends, curves["good"], curves["offered"], step=curves.step, share=0.95, seconds=5.0)


def _per_request(service: str) -> Callable[[Curves], FloatArray]:
    return lambda c: ratio(c.rate(service), c.rate("offered"), 1.0)


SIGNALS = {
    "offered_rate": Signal("requests/s", "requests that users make", lambda c: c.rate("offered")),
    **{
        f"{name}_rate": Signal("calls/s", f"calls that reach {name}", lambda c, name=name: c.rate(name))
        for name in SERVICES
    },
    "gateway_amplification": Signal("calls per request", "gateway calls ÷ requests", _per_request("gateway")),
    "orders_amplification": Signal("calls per request", "orders calls ÷ requests", _per_request("orders")),
    "amplification": Signal("calls per request", "inventory calls ÷ requests", _per_request("inventory")),
    "goodput": Signal("requests/s", "requests answered", lambda c: c.rate("good")),
    "failed_rate": Signal("requests/s", "requests that failed for good", lambda c: c.rate("failed")),
    "error_ratio": Signal(
        "of ended requests",
        "requests that failed for good",
        lambda c: ratio(c.rate("failed"), c.rate("failed") + c.rate("good")),
    ),
    "refused_rate": Signal("calls/s", "calls the breaker refuses", lambda c: c.rate("refused")),
    "queue_depth": Signal("calls", "calls in inventory's queue", lambda c: c.level("queue")),
    "tokens": Signal("tokens", "retry tokens that orders holds", lambda c: c.level("tokens")),
    "breaker_state": Signal("0 closed, 1 open, 2 half-open", "circuit breaker in orders", lambda c: c.level("breaker")),
}
