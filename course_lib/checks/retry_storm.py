"""Module 01: what the graded cell of the lesson and the five tasks of the lab demand.

The lesson's budget is tried on the retry storm itself; the lab's answers first by the numbers they return and then
inside the chain of three services, on scenarios drawn from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import Answers, Curve, Demand, demand, expect_array, task
from course_lib.models import retry_storm
from course_lib.models.drills import retry_chain
from course_lib.models.drills.retry_chain import CLOSED, HALF_OPEN, OPEN
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record
from course_lib.theory import retries

FloatArray = NDArray[np.float64]
TRIGGER_END = 30.0  # seconds
UNBOUNDED = dict(service_rate=1e6, queue_limit=np.inf, errors_start=0.0, errors_duration=1e5)
SHORT = dict(errors_start=10.0, errors_duration=20.0)  # a drill that fits a check


def _random(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, stream])


def _worst(values: Any) -> str:
    return f"{np.max(values):.3g} at worst"


def _pair(value: Any, shapes: tuple[tuple[int, ...], tuple[int, ...]], name: str) -> tuple[FloatArray, FloatArray]:
    """Two arrays that an answer returns as a tuple."""
    parts = value if isinstance(value, tuple) else (value,)
    count = expect_array(len(parts), (), f"number of results of {name}")
    if count != 2:
        expect_array(parts[0], (2,), f"{name} (two results, as in return granted, tokens)")
    return tuple(expect_array(part, shape, name) for part, shape in zip(parts, shapes, strict=True))


# -- the lesson: how large may a budget be ---------------------------------------------------------------------------


@task(
    "safe_budget",
    answers=("safe_budget",),
    hints=(
        "After the trigger the queue shrinks at the service rate less the rate of attempts. With a budget ratio b that "
        "first attempts earn, and everything timing out, attempts arrive at (1 + b) times the arrival rate.",
        "Not the whole backlog has to go: requests are answered in time again once the wait, queue / service_rate, is "
        "below the timeout.",
        "Set (backlog - service_rate * timeout) / (service_rate - (1 + b) * arrival_rate) equal to the deadline, solve "
        "for b, and let np.maximum keep it at 0 or above.",
    ),
)
def safe_budget(answers: Answers, seed: int) -> Iterator[Demand]:
    """Largest budget ratio with which a service recovers within a deadline."""
    storms, rates = _storms(seed)
    ratio = expect_array(answers.safe_budget(*rates), rates[0].shape, "safe_budget")
    best = _largest_ratio(*rates)
    yield demand("is never below 0", ok=ratio >= 0, seen=f"{ratio.min():.3g}")
    hopeless = best == 0
    yield demand("is 0 where not even a service without retries would recover in time", ok=ratio[hopeless] == 0,
                 seen=_worst(ratio[hopeless]))  # fmt: skip
    allowed = rates[4] * 1.1 + 4.0
    took = _time_to_recover(storms, seed, ratio, float(allowed.max()))
    late = (took - rates[4])[~hopeless]
    yield demand("brings every storm back by its deadline (give or take a tenth and 4 s)", essential=True, weight=2,
                 ok=(took <= allowed)[~hopeless], seen=_lateness(late))  # fmt: skip
    share = np.min(ratio[~hopeless] / best[~hopeless])
    yield demand("grants at least 80 % of the retries that are safe", ok=share >= 0.8, essential=True, weight=2,
                 seen=f"{share:.0%} in the most cautious case")  # fmt: skip
    single = expect_array(answers.safe_budget(*(float(rate[0]) for rate in rates)), (), "safe_budget of single numbers")
    yield demand("gives one service the same ratio alone as among others", ok=np.isclose(single, ratio[0]),
                 seen=f"{single:.4g} and {ratio[0]:.4g}")  # fmt: skip


def _storms(seed: int) -> tuple[retry_storm.Parameters, tuple[FloatArray, ...]]:
    """Six brownouts under a 10 % budget, and what the answer is told of each: rates, timeout, backlog, deadline.

    The last one's deadline is too short for any budget.
    """
    random = _random(seed, 1)
    arrival = random.uniform(2400, 3600, 6)  # large enough that chance is a matter of seconds
    service = arrival / random.uniform(0.55, 0.75, 6)
    timeout = np.array([0.5, 1.0, 2.0, 2.0, 3.0, 1.0])
    storms = retry_storm.Parameters(
        arrival_rate=arrival, service_rate=service, timeout=timeout, brownout_start=10.0, brownout_duration=20.0,
        brownout_capacity=random.uniform(0.15, 0.3, 6), budget="first_attempts", budget_ratio=0.1,
    )  # fmt: skip
    record = Record(("queue_depth",), every=TRIGGER_END)
    backlog = retry_storm.simulate(storms, seed, until=TRIGGER_END, record=record)["queue_depth"][-1]
    ratio = np.array([0.6, 0.5, 0.45, 0.3, 0.25, 0.0]) * random.uniform(0.9, 1.1, 6) * (service / arrival - 1.0)
    deadline = np.ceil(retries.drain_time(backlog, arrival, service, timeout, ratio))
    deadline[-1] = np.floor(deadline[-1] / 2)
    return storms, (arrival, service, timeout, backlog, deadline)


def _largest_ratio(
    arrival: FloatArray, service: FloatArray, timeout: FloatArray, backlog: FloatArray, deadline: FloatArray
) -> FloatArray:
    """Inverse of `theory.retries.drain_time`."""
    return np.maximum((service - (backlog - service * timeout) / deadline) / arrival - 1.0, 0.0)


def _time_to_recover(storms: retry_storm.Parameters, seed: int, ratio: FloatArray, horizon: float) -> FloatArray:
    """Seconds from the trigger's end, when the ratio is set; infinite for never."""
    changed = storms.replace(budget_ratio=Schedule(0.1, ((TRIGGER_END, np.clip(ratio, 0.0, 10.0)),)))
    run = retry_storm.simulate(changed, seed, until=TRIGGER_END + horizon + 6.0, record=Record())
    return np.nan_to_num(run.events["recovered"] - TRIGGER_END, nan=np.inf)


def _lateness(late: FloatArray) -> str:
    never = int(np.isinf(late).sum())
    return f"{never} of {len(late)} that do not" if never else f"{late.max():.0f} s after it"


# -- lab 1: amplification --------------------------------------------------------------------------------------------


@task(
    "amplification",
    answers=("amplification",),
    hints=(
        "One caller that retries r times makes 1 + p + p**2 + … + p**r calls. Which p does the caller above it see?",
        "Orders' own call fails only if all of its r + 1 calls of inventory fail: with p**(r + 1). The layer above "
        "sees that to the power r + 1 again.",
        "Collect one factor a layer, from the bottom up, with p replaced by p**(r + 1) after each; turn them round and "
        "multiply on: np.cumprod(factors[::-1], axis=0). A sum needs no division, so p = 1 is no special case.",
    ),
)
def amplification(answers: Answers, seed: int) -> Iterator[Demand]:
    """Calls per request at each service of a chain, top first."""
    random = _random(seed, 2)
    p = np.concatenate([[0.0, 0.5, 1.0], random.uniform(0.05, 0.95, 5)])
    settings = [(3, 3), (0, 2), (int(random.integers(1, 5)), 1), (int(random.integers(1, 5)), 4), (2, 3)]
    found = [_amplification(answers, p, r, layers) for r, layers in settings]
    wanted = [retries.chain_amplification(p, r, layers) for r, layers in settings]
    half = float(found[0][-1, 1])
    yield demand("is 2.00 at the bottom for p = 1/2, 3 retries, 3 layers", ok=abs(half - 2.0) < 5e-3, essential=True,
                 seen=f"{half:.3f}")  # fmt: skip
    top = found[0][:, 2]
    yield demand("is 4, 16, 64 for p = 1: the ceiling (1 + r)**k", ok=np.isclose(top, [4, 16, 64]),
                 seen=" ".join(f"{value:.4g}" for value in top))  # fmt: skip
    yield demand("is 1 everywhere where nothing fails or nobody retries",
                 ok=[*np.isclose(found[0][:, 0], 1.0), *np.isclose(found[1], 1.0).ravel()], seen="more")  # fmt: skip
    off = max(np.max(np.abs(a / b - 1.0)) for a, b in zip(found, wanted, strict=True))
    yield demand("is right for any p, any retries and one to four layers", ok=off < 1e-6, weight=2,
                 seen=f"off by {off:.1%} at worst")  # fmt: skip
    measured, said = _measured(seed, p[3:6], 2), found[4][:, 3:6]
    off = np.max(np.abs(said / measured - 1.0))
    yield demand("agrees with the chain as measured, within 5 %", ok=off < 0.05, seen=f"off by {off:.1%} at worst")


def _amplification(answers: Answers, p: FloatArray, max_retries: int, layers: int) -> FloatArray:
    value = answers.amplification(p, max_retries, layers)
    if isinstance(value, tuple):
        value = np.stack(value)
    return expect_array(value, (layers, len(p)), "amplification")


def _measured(seed: int, p: FloatArray, max_retries: int) -> FloatArray:
    """Calls per request in a chain that never overloads, shape (3, len(p))."""
    parameters = retry_chain.Parameters(**UNBOUNDED, arrival_rate=1000.0, error_share=p, max_retries=max_retries)
    return retry_chain.calls_per_request(retry_chain.simulate(parameters, seed, until=25), 8, 25)


# -- lab 2: full jitter ----------------------------------------------------------------------------------------------


@task(
    "full_jitter",
    answers=("full_jitter",),
    hints=(
        "The ceiling of the wait doubles with every retry until it meets the cap. Where below the ceiling a client "
        "lands is up to its own draw.",
        "ceiling = np.minimum(cap, base * 2.0**retry), retry counted from 0. Use 2.0, not 2: whole numbers overflow.",
        "Full jitter is uniform * ceiling: from 0 up to the ceiling, not a little more or less than it.",
    ),
)
def full_jitter(answers: Answers, seed: int) -> Iterator[Demand]:
    """Waits before a retry: uniform below a ceiling that doubles."""
    random = _random(seed, 3)
    base, cap = float(random.uniform(0.05, 0.2)), float(random.uniform(5.0, 9.0))
    retry = np.repeat(np.arange(12), 500)
    draw = np.tile((random.permutation(500) + 0.5) / 500, 12)
    wait = _wait(answers, retry, base, cap, draw)
    ceiling = np.minimum(cap, base * 2.0**retry)
    part = (wait / ceiling).reshape(12, 500)
    yield demand("waits between 0 and min(cap, base * 2**retry), retry 0 first", ok=(part >= 0) & (part <= 1.0001),
                 seen=f"{part.min():.3g} to {part.max():.3g} of it")  # fmt: skip
    mean = part.mean(axis=1)
    yield demand("waits half the ceiling on average, before every retry", ok=np.abs(mean - 0.5) < 0.02, essential=True,
                 seen=f"{mean.min():.2f} to {mean.max():.2f} of it")  # fmt: skip
    low, high = part.min(axis=1).max(), part.max(axis=1).min()
    yield demand("uses the whole range: some hardly wait, some wait nearly the ceiling", ok=[low < 0.02, high > 0.98],
                 seen=f"waits from {low:.2f} to {high:.2f} of the ceiling")  # fmt: skip
    again = _wait(answers, retry, base, cap, draw)
    yield demand("takes its chance from `uniform`: the same draws give the same waits", ok=again == wait,
                 seen="other waits the second time")  # fmt: skip
    many = np.array([40, 63, 64, 500, 5000])
    high = _wait(answers, many, base, cap, np.full(5, 0.5), finite=False)
    yield demand("stays at the cap however many retries there were (up to 5000)", ok=np.isclose(high, cap / 2),
                 seen=" ".join(f"{value:.3g}" for value in high))  # fmt: skip
    busiest, curve = _busiest(answers, seed)
    yield demand("sends at most 200 of 1000 clients' retries in the busiest 100 ms after a 1 s outage", weight=2,
                 ok=0 < busiest <= 200, seen=f"{busiest:.0f}", curve=curve)  # fmt: skip


def _wait(answers: Answers, retry: NDArray[Any], base: float, cap: float, draw: FloatArray, **how: bool) -> FloatArray:
    return expect_array(answers.full_jitter(retry, base, cap, draw), retry.shape, "full_jitter", **how)


def _busiest(answers: Answers, seed: int) -> tuple[float, Curve]:
    """Most retries in 100 ms once the outage is over, and the whole course of them."""

    def waits(retry: NDArray[Any], base: float, cap: float, draw: FloatArray) -> FloatArray:
        return _wait(answers, retry, base, cap, draw)

    yours, reference = retry_chain.herd(waits, seed), retry_chain.herd(retry_chain.jittered, seed)
    time = (np.arange(len(yours)) + 1) / 10
    curve = Curve("Retries after an outage of 1 s", time, yours, reference, y_title="Retries per 100 ms")
    return float(yours[10:].max()), curve


# -- lab 3: retry budget ---------------------------------------------------------------------------------------------

CALM, BURST = 20, 40.0  # ticks of a phase, tokens a bucket holds


@task(
    "retry_budget",
    answers=("retry_budget",),
    hints=(
        "Three steps, each one line: first attempts earn, the bucket overflows, retries spend.",
        "Earn ratio * first_attempts, whatever is wanted; np.minimum(…, burst) is the overflow; what is granted is the "
        "smaller of what is wanted and what the bucket holds.",
        "tokens = np.minimum(tokens + ratio * first_attempts, burst); granted = np.minimum(wanted, tokens); return "
        "granted and tokens - granted.",
    ),
)
def retry_budget(answers: Answers, seed: int) -> Iterator[Demand]:
    """One step of a token bucket for many clients."""
    random = _random(seed, 4)
    first, ratio = np.array([0.0, 2.0, 10.0, 50.0]) * random.uniform(0.9, 1.1, 4), float(random.uniform(0.08, 0.25))
    wanted = np.repeat([0.0, 1000.0, 0.0, 1000.0], CALM)[:, None] + np.zeros(4)
    granted, tokens = _spend(answers, first, wanted, ratio)
    yield demand("grants no more than is wanted, and never less than 0", ok=(granted >= 0) & (granted <= wanted + 1e-9),
                 seen=f"{np.max(granted - wanted):.3g} too many, {granted.min():.3g} at least")  # fmt: skip
    yield demand("keeps between 0 and `burst` tokens", ok=(tokens > -1e-9) & (tokens <= BURST + 1e-9),
                 seen=f"{tokens.min():.3g} to {tokens.max():.3g}, burst {BURST:g}")  # fmt: skip
    earned, storm = ratio * first, granted[CALM : 2 * CALM].sum(axis=0)
    off = storm - (BURST + CALM * earned)
    yield demand("grants the burst and then ratio x first attempts while all want more", essential=True, weight=2,
                 ok=np.abs(off) <= earned + 1e-6, seen=_excess(off))  # fmt: skip
    again = granted[3 * CALM :].sum(axis=0) - (np.minimum(BURST, CALM * earned) + CALM * earned)
    yield demand("earns again in quiet times, up to the burst", ok=np.abs(again) <= earned + 1e-6, seen=_excess(again))
    few = 0.5 * earned * np.ones((CALM, 1))
    paid = _spend(answers, first, few, ratio)[0]
    yield demand("grants all that is wanted while there are tokens", ok=np.isclose(paid, few), essential=True,
                 seen=f"{paid.sum() / few.sum():.0%} of it")  # fmt: skip
    took = _taken_out(answers, random, ratio)
    yield demand("takes out of the bucket exactly what it grants", ok=np.isclose(took, 1.0),
                 seen=f"{took:.3g} times as much")  # fmt: skip
    alone = _one_by_one(answers, random, ratio)
    yield demand("treats each client by itself, whatever the shape of the arrays", ok=alone < 1e-9,
                 seen=f"results that differ by {alone:.3g}")  # fmt: skip
    calls, recovered, curve = _chain_under_budget(answers, seed)
    yield demand("holds the chain at 1.2 to 1.4 calls per request while everything fails", ok=1.2 <= calls <= 1.4,
                 weight=2, seen=f"{calls:.2f}", curve=curve)  # fmt: skip
    yield demand("lets the chain recover within 20 s", ok=recovered <= 20, seen=_seconds(recovered))


def _spend(answers: Answers, first: FloatArray, wanted: FloatArray, ratio: float) -> tuple[FloatArray, FloatArray]:
    """Feed buckets tick by tick; return what was granted and left in each, shape ``wanted.shape``."""
    tokens, rows = np.full(len(first), BURST), []
    for want in wanted:
        granted, tokens = _budget_step(answers, tokens, first, want, ratio, BURST)
        rows.append((granted, tokens))
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


def _budget_step(answers: Answers, tokens: FloatArray, *rest: Any) -> tuple[FloatArray, FloatArray]:
    value = answers.retry_budget(tokens.astype(float), *rest)
    return _pair(value, (tokens.shape, tokens.shape), "retry_budget")


def _taken_out(answers: Answers, random: np.random.Generator, ratio: float) -> float:
    """Tokens that go per retry granted, in buckets neither empty nor full."""
    tokens, first, wanted = random.uniform(10, 20, 50), random.uniform(0, 20, 50), random.uniform(1, 9, 50)
    granted, left = _budget_step(answers, tokens, first, wanted, ratio, BURST)
    return float((tokens + ratio * first - left).sum() / max(granted.sum(), 1e-9))


def _one_by_one(answers: Answers, random: np.random.Generator, ratio: float) -> float:
    """Largest difference between a (2, 3) array of clients and each of them alone."""
    tokens, first, wanted = (random.uniform(0, high, (2, 3)) for high in (BURST, 50, 60))
    together = np.stack(_budget_step(answers, tokens, first, wanted, ratio, BURST))
    alone = [
        np.stack(_budget_step(answers, tokens[place], first[place], wanted[place], ratio, BURST))
        for place in (np.s_[:1, :1], np.s_[1:, 2:], np.s_[1:, :1])
    ]
    picked = (together[:, :1, :1], together[:, 1:, 2:], together[:, 1:, :1])
    return float(max(np.abs(a - b).max() for a, b in zip(alone, picked, strict=True)))


def _excess(off: FloatArray) -> str:
    worst = off[np.argmax(np.abs(off))]
    return f"{abs(worst):.3g} too {'many' if worst > 0 else 'few'} for one client"


def _chain_under_budget(answers: Answers, seed: int) -> tuple[float, float, Curve]:
    """Calls at inventory per request while it answers nothing but errors, and the time to recover."""
    drill = retry_chain.Parameters(**SHORT, error_share=1.0, budget="first_attempts")

    def step(tokens: FloatArray, first: FloatArray, wanted: FloatArray, ratio: FloatArray, burst: FloatArray) -> Any:
        yours = _budget_step(answers, tokens[:, :1], first[:, :1], wanted[:, :1], ratio, burst)
        reference = retry_chain.bucket(tokens[:, 1:], first[:, 1:], wanted[:, 1:], ratio, burst)
        return np.concatenate([np.stack(yours), np.stack(reference)], axis=-1)

    run = retry_chain.simulate(drill, _yours_and_reference(seed), until=55, retry_budget=step)
    calls = retry_chain.calls_per_request(run, 10, 30)[-1, 0]
    return float(calls), _recovery(run), _curve("Calls at inventory", run, "inventory_rate")


def _yours_and_reference(seed: int) -> NDArray[np.int64]:
    """Two members of one run on the same noise: the answer decides for the first, the model itself for the second."""
    return np.array([seed, seed])


def _recovery(run: Any) -> float:
    return float(np.nan_to_num(run.events["recovered"] - run.events["trigger_ends"], nan=np.inf)[0])


def _seconds(time: float) -> str:
    return f"{time:.0f} s" if np.isfinite(time) else "no recovery"


def _curve(title: str, run: Any, signal: str) -> Curve:
    """A signal second by second, the answer's beside the reference's."""
    yours, wanted = run[signal].reshape(-1, 10, 2).mean(axis=1).T
    return Curve(title, run.time[9::10], yours, wanted, y_title=f"{title} ({run.units[signal]})")


# -- lab 4: breaker --------------------------------------------------------------------------------------------------


@task(
    "breaker",
    answers=("breaker",),
    hints=(
        "Write one rule a state: when is a closed breaker opened, an open one half-opened, a half-open one closed or "
        "opened again?",
        "Closed and half-open ask the same question, once calls >= min_calls: is failed / calls at the threshold? "
        "Open asks for its age alone.",
        "judged = calls >= min_calls; bad = failed >= threshold * calls. Not open: np.where(judged, np.where(bad, "
        "OPEN, CLOSED), state). Open: HALF_OPEN once age >= open_time. Choose with np.where(state == OPEN, …, …).",
    ),
)
def breaker(answers: Answers, seed: int) -> Iterator[Demand]:
    """One step of a circuit breaker for many clients."""
    random = _random(seed, 5)
    for text, state, age, failed, calls, wanted in _breaker_rules(random):
        found = _breaker_step(answers, state, age, failed, calls)
        yield demand(text, ok=found == wanted, seen=_first_difference(found, wanted))
    mixed = [np.concatenate(column) for column in zip(*(rule[1:5] for rule in _breaker_rules(random)), strict=True)]
    order = random.permutation(len(mixed[0]))
    together = _breaker_step(answers, *(column[order] for column in mixed))
    alone = [_breaker_step(answers, *(column[[place]] for column in mixed))[0] for place in order]
    yield demand("treats each breaker by itself when all states come mixed", ok=together == alone,
                 seen=_first_difference(together, np.array(alone)))  # fmt: skip
    run, curve = _chain_under_breaker(answers, seed)
    refused = float(run["refused_rate"][run.time <= 10, 0].max())
    yield demand("refuses no call while inventory is healthy", ok=refused == 0, seen=f"{refused:.3g} calls/s")
    took = _recovery(run)
    yield demand("brings the chain with naive retries back within 20 s", ok=took <= 20, essential=True, weight=2,
                 seen=_seconds(took), curve=curve)  # fmt: skip


LIMITS = (0.5, 20.0, 5.0)  # threshold, min_calls, open_time of the rules below


def _breaker_rules(random: np.random.Generator) -> list[tuple[Any, ...]]:
    """Each rule in words, with states, ages, failed calls and calls that try it, and the state it leads to."""
    enough, few = random.integers(25, 900, 6).astype(float), np.array([0.0, 0.0, 1.0, 7.0, 15.0, 19.0])
    little, much = random.uniform(0.0, 0.45, 6), random.uniform(0.55, 1.0, 6)
    enough[0], much[0] = LIMITS[1], LIMITS[0]  # just enough calls, just at the threshold
    ended = np.concatenate([few[:3], enough[3:]])  # an open breaker may still hear of calls from before
    early, late, any_age = random.uniform(0.1, 4.8, 6), random.uniform(5.2, 60, 6), random.uniform(0.1, 60, 6)
    is_in = {state: np.full(6, state) for state in (CLOSED, OPEN, HALF_OPEN)}
    return [
        ("closed: stays closed below the threshold", is_in[CLOSED], any_age, little * enough, enough, CLOSED),
        ("closed: opens at the threshold", is_in[CLOSED], any_age, much * enough, enough, OPEN),
        ("closed: does not judge by fewer than min_calls calls", is_in[CLOSED], any_age, few, few, CLOSED),
        ("open: stays open until open_time has passed", is_in[OPEN], early, little * ended, ended, OPEN),
        ("open: is half-open after open_time", is_in[OPEN], late, much * ended, ended, HALF_OPEN),
        ("half-open: waits for min_calls probes", is_in[HALF_OPEN], any_age, few / 2, few, HALF_OPEN),
        ("half-open: closes when the probes do well", is_in[HALF_OPEN], any_age, little * enough, enough, CLOSED),
        ("half-open: opens again when the probes fail", is_in[HALF_OPEN], any_age, much * enough, enough, OPEN),
    ]


def _breaker_step(
    answers: Answers, state: NDArray[Any], age: FloatArray, failed: FloatArray, calls: FloatArray, *limits: Any
) -> NDArray[Any]:
    value = answers.breaker(state, age, failed, calls, *(limits or LIMITS))
    return expect_array(value, state.shape, "breaker")


def _first_difference(found: NDArray[Any], wanted: Any) -> str:
    wanted = np.broadcast_to(wanted, found.shape)
    if (found == wanted).all():
        return ""
    names, place = {CLOSED: "closed", OPEN: "open", HALF_OPEN: "half-open"}, int(np.argmax(found != wanted))
    return f"{names.get(float(found[place]), found[place])}, not {names[int(wanted[place])]}"


def _chain_under_breaker(answers: Answers, seed: int) -> tuple[Any, Curve]:
    drill = retry_chain.Parameters(**SHORT, breaker="on")

    def step(state: NDArray[Any], age: FloatArray, failed: FloatArray, calls: FloatArray, *limits: Any) -> NDArray[Any]:
        yours = _breaker_step(answers, state[:1], age[:1], failed[:1], calls[:1], *limits)
        return np.concatenate([yours, retry_chain.breaking(state[1:], age[1:], failed[1:], calls[1:], *limits)])

    run = retry_chain.simulate(drill, _yours_and_reference(seed), until=55, breaker=step)
    return run, _curve("Requests answered", run, "goodput")


# -- lab 5: the sweet spot -------------------------------------------------------------------------------------------


@task(
    "sweet_spot",
    answers=("sweet_spot",),
    hints=(
        "What retries add must fit between what users ask for and what inventory can do. How many calls a request is "
        "that?",
        "A budget in k layers lets (1 + ratio)**k calls through, however many retries are allowed. Retry in one layer, "
        "the one above the failing service, and the power is gone.",
        "layers 1, max_retries 3, ratio = 0.9 * service_rate / arrival_rate - 1, not below 0: a tenth of inventory "
        "stays free to work off a queue.",
    ),
)
def sweet_spot(answers: Answers, seed: int) -> Iterator[Demand]:
    """Settings that answer most requests without overloading the bottom of the chain."""
    drill = _drills(seed)
    layers, max_retries, ratio = _settings(answers, drill.arrival_rate, drill.service_rate)
    set_up = drill.replace(layers=layers, max_retries=max_retries, budget_ratio=ratio)
    run = retry_chain.simulate(set_up, seed, until=65)
    room = drill.service_rate / drill.arrival_rate
    calls = retry_chain.calls_per_request(run, 10, 30)[-1] / room
    yield demand("asks no more of inventory than 98 % of what it can do, while it errs", ok=calls <= 0.98, weight=2,
                 seen=_percent(calls.max()))  # fmt: skip
    took = np.nan_to_num(run.events["recovered"] - 30.0, nan=np.inf)
    yield demand("recovers within 20 s of the last error", ok=took <= 20, essential=True, seen=_lateness_of(took))
    possible = np.minimum(retries.success_probability(drill.error_share, 3), room * (1.0 - drill.error_share))
    answered = (1.0 - retry_chain.lost_share(run, 10, 30)) / possible
    yield demand("answers at least 80 % of the requests that could be answered, while inventory errs", weight=2,
                 ok=answered >= 0.80, essential=True, seen=_percent(answered.min()))  # fmt: skip


def _drills(seed: int) -> retry_chain.Parameters:
    """Four services, from one with room for every retry to one with room for hardly any."""
    random = _random(seed, 6)
    arrival = random.uniform(150, 400, 4)
    service = arrival / (np.array([0.42, 0.55, 0.68, 0.8]) + random.uniform(-0.02, 0.02, 4))
    share = np.array([0.54, 0.5, 0.5, 0.5]) + random.uniform(-0.01, 0.01, 4)  # the first asks for more than one retry
    return retry_chain.Parameters(
        **SHORT, arrival_rate=arrival, service_rate=service, queue_limit=4 * service, error_share=share,
        budget="first_attempts", budget_burst=0.3 * arrival,
    )  # fmt: skip


def _settings(answers: Answers, arrival: FloatArray, service: FloatArray) -> tuple[NDArray[Any], ...]:
    value = answers.sweet_spot(arrival, service)
    parts = value if isinstance(value, tuple) else tuple(np.atleast_1d(value))
    if len(parts) != 3:
        expect_array(len(parts), (3,), "sweet_spot (three results: layers, max_retries, ratio)")
    shared = [np.broadcast_to(part, arrival.shape) if np.ndim(part) == 0 else part for part in parts]
    return tuple(expect_array(part, arrival.shape, "sweet_spot") for part in shared)


def _percent(share: float) -> str:
    return f"{share:.0%} in the worst case"


def _lateness_of(took: FloatArray) -> str:
    never = int(np.isinf(took).sum())
    return f"{never} of {len(took)} that do not recover" if never else f"{took.max():.0f} s in the worst case"
