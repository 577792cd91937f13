"""Module 01: what the graded cell of the lesson and the five tasks of the lab demand.

The lesson's budget is tried on the retry storm itself; the lab's answers first by the numbers they return and then
inside the chain of three services, on scenarios drawn from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import Answer, Answers, Curve, Demand, demand, draws, expect_array, lineup, task
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


# -- the lesson: how large may a budget be ---------------------------------------------------------------------------


@task(
    "safe_budget",
    answers=("safe_budget(arrival_rate, service_rate, timeout, backlog, deadline)",),
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
    ratio, best = answers.safe_budget.array(*rates), _largest_ratio(*rates)
    example, hopeless = answers.safe_budget.example, best == 0
    yield demand("is never below 0", ok=ratio >= 0, seen=example(rates, ratio, best, ratio >= 0))
    refused = (ratio == 0) | ~hopeless
    yield demand("is 0 where not even a service without retries would recover in time", ok=refused,
                 seen=example(rates, ratio, best, refused))  # fmt: skip
    allowed = rates[4] * 1.1 + 6.0
    took = _time_to_recover(storms, seed, ratio, float(allowed.max()))
    late = np.where(hopeless, -np.inf, took - rates[4])
    worst = answers.safe_budget.worst(rates, late, _lateness(late))
    yield demand("brings every storm back by its deadline (give or take a tenth and 6 s)", essential=True, weight=2,
                 ok=(took <= allowed) | hopeless, seen=worst)  # fmt: skip
    share = np.where(hopeless, 1.0, ratio / np.where(hopeless, 1.0, best))
    yield demand("grants at least 80 % of the retries that are safe", ok=share >= 0.8, essential=True, weight=2,
                 seen=example(rates, ratio, best, share >= 0.8))  # fmt: skip
    numbers = [float(rate[0]) for rate in rates]
    single = answers.safe_budget.array(*numbers, shape=())
    yield demand("takes plain numbers too: one service alone", ok=np.isclose(single, ratio[0]),
                 seen=example(numbers, single, ratio[0]))  # fmt: skip


@lru_cache(maxsize=4)
def _storms(seed: int) -> tuple[retry_storm.Parameters, tuple[FloatArray, ...]]:
    """Brownouts under a 10 % budget, and what the answer is told of each: rates, timeout, backlog, deadline.

    At least one deadline is too short for any budget, and one service has room for more than a retry a request.
    """
    random = draws(seed, "safe_budget")
    case = lineup(random, 7)
    count, hopeless = len(case), case == 5
    arrival = random.uniform(2400, 3600, count)  # large enough that chance is a matter of seconds
    service = arrival / np.where(case == 6, 0.25, random.uniform(0.55, 0.75, count))
    timeout = np.array([0.5, 1.0, 2.0, 2.0, 3.0, 1.0, 1.0])[case]
    storms = retry_storm.Parameters(
        arrival_rate=arrival, service_rate=service, timeout=timeout, brownout_start=10.0, brownout_duration=20.0,
        brownout_capacity=np.where(case == 6, 0.1, random.uniform(0.15, 0.3, count)), budget="first_attempts",
        budget_ratio=0.1,
    )  # fmt: skip
    record = Record(("queue_depth",), every=TRIGGER_END)
    backlog = retry_storm.simulate(storms, seed, until=TRIGGER_END, record=record)["queue_depth"][-1]
    part = np.array([0.6, 0.5, 0.45, 0.3, 0.25, 0.0, 0.6])[case] * random.uniform(0.9, 1.1, count)
    deadline = np.ceil(retries.drain_time(backlog, arrival, service, timeout, part * (service / arrival - 1.0)))
    deadline[hopeless] = np.floor(deadline[hopeless] / 2)
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
    return "no recovery" if np.isinf(late.max()) else "{:.0f} s after it"


# -- lab 1: amplification --------------------------------------------------------------------------------------------


@task(
    "amplification",
    answers=("amplification(failure_probability, max_retries, layers)",),
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
    random = draws(seed, "amplification")
    p = random.permutation(np.concatenate([[0.0, 0.5, 1.0], random.uniform(0.05, 0.95, random.integers(5, 8))]))
    settings = [(3, 3), (0, 2), (int(random.integers(1, 5)), 1), (int(random.integers(1, 5)), 4), (2, 3)]
    found = [_amplification(answers, p, r, layers) for r, layers in settings]
    wanted = [retries.chain_amplification(p, r, layers) for r, layers in settings]
    half = float(found[0][-1, p == 0.5][0])
    yield demand("is 2.00 at the bottom for p = 1/2, 3 retries, 3 layers", ok=abs(half - 2.0) < 5e-3, essential=True,
                 seen=f"{half:.3f}")  # fmt: skip
    top = found[0][:, p == 1.0].ravel()
    yield demand("is 4, 16, 64 for p = 1: the ceiling (1 + r)**k", ok=np.isclose(top, [4, 16, 64]),
                 seen=" ".join(f"{value:.4g}" for value in top))  # fmt: skip
    idle = np.append(np.isclose(found[0][:, p == 0.0], 1.0), np.isclose(found[1], 1.0))
    yield demand("is 1 everywhere where nothing fails or nobody retries", ok=idle,
                 seen=answers.amplification.example((p, 0, 2), found[1], 1.0) or "others at p = 0")  # fmt: skip
    right = [np.isclose(a, b, rtol=1e-6) for a, b in zip(found, wanted, strict=True)]
    first = min(range(len(settings)), key=lambda n: (right[n].all(), settings[n][1]))
    yield demand("is right for any p, any retries and one to four layers", ok=all(one.all() for one in right), weight=2,
                 seen=answers.amplification.example((p, *settings[first]), found[first], wanted[first]))  # fmt: skip
    between = (p > 0) & (p < 1) & (p != 0.5)
    measured, said = _measured(seed, p[between], 2), found[4][:, between]
    yield demand("agrees with the chain as measured, within 5 %", ok=np.abs(said / measured - 1.0) < 0.05,
                 seen=f"off by {np.max(np.abs(said / measured - 1.0)):.1%} at worst")  # fmt: skip


def _amplification(answers: Answers, p: FloatArray, max_retries: int, layers: int) -> FloatArray:
    value = answers.amplification(p, max_retries, layers)
    return expect_array(value, (layers, len(p)), "amplification")


def _measured(seed: int, p: FloatArray, max_retries: int) -> FloatArray:
    """Calls per request in a chain that never overloads, shape (3, len(p))."""
    parameters = retry_chain.Parameters(**UNBOUNDED, arrival_rate=1000.0, error_share=p, max_retries=max_retries)
    return retry_chain.calls_per_request(retry_chain.simulate(parameters, seed, until=25), 8, 25)


# -- lab 2: full jitter ----------------------------------------------------------------------------------------------


@task(
    "full_jitter",
    answers=("full_jitter(retry, base, cap, uniform)",),
    hints=(
        "The ceiling of the wait doubles with every retry until it meets the cap. Where below the ceiling a client "
        "lands is up to its own draw.",
        "ceiling = np.minimum(cap, base * 2.0**retry), retry counted from 0. Use 2.0, not 2: whole numbers overflow.",
        "Full jitter is uniform * ceiling: from 0 up to the ceiling, not a little more or less than it.",
    ),
)
def full_jitter(answers: Answers, seed: int) -> Iterator[Demand]:
    """Waits before a retry: uniform below a ceiling that doubles."""
    random = draws(seed, "full_jitter")
    base, cap = float(random.uniform(0.05, 0.2)), float(random.uniform(5.0, 9.0))
    draw = (random.permuted(np.tile(np.arange(500), (12, 1)), axis=1) + random.uniform(0.3, 0.7)) / 500
    order = random.permutation(draw.size)  # retries come mixed
    told = (np.repeat(np.arange(12), 500)[order], base, cap, draw.ravel()[order])
    ceiling, wait = np.minimum(cap, base * 2.0 ** told[0]), answers.full_jitter.array(*told)
    part = np.empty(draw.size)
    part[order] = wait / ceiling
    part = part.reshape(draw.shape)
    below = (wait >= 0) & (wait <= 1.0001 * ceiling)
    yield demand("waits between 0 and min(cap, base * 2**retry), retry 0 first", ok=below,
                 seen=answers.full_jitter.example(told, wait, told[3] * ceiling, below))  # fmt: skip
    mean = part.mean(axis=1)
    yield demand("waits half the ceiling on average, before every retry", ok=np.abs(mean - 0.5) < 0.02, essential=True,
                 seen=f"{mean.min():.2f} to {mean.max():.2f} of it")  # fmt: skip
    low, high = part.min(axis=1).max(), part.max(axis=1).min()
    yield demand("uses the whole range: some hardly wait, some wait nearly the ceiling", ok=[low < 0.02, high > 0.98],
                 essential=True, seen=f"waits from {low:.2f} to {high:.2f} of the ceiling")  # fmt: skip
    many = np.array([40, 63, 64, 500, 5000])
    late = (many, base, cap, np.full(5, 0.5))
    high = answers.full_jitter.array(*late, finite=False)
    yield demand("stays at the cap however many retries there were (up to 5000)", ok=np.isclose(high, cap / 2),
                 seen=answers.full_jitter.example(late, high, cap / 2))  # fmt: skip
    rise = np.arange(17)
    steep = [(rise, 0.01, 60.0, np.full(17, 0.5)), (rise, 2 * cap, cap, np.full(17, 0.5))]
    waits = [answers.full_jitter.array(*one) for one in steep]
    wanted = [0.5 * np.minimum(most, first * 2.0**rise) for _, first, most, _ in steep]
    seen = (answers.full_jitter.example(*one) for one in zip(steep, waits, wanted, strict=True))
    yield demand("doubles from 10 ms right up to a cap of a minute, and not at all from a base above the cap",
                 ok=np.isclose(waits, wanted), seen=next(filter(None, seen), ""))  # fmt: skip
    busiest, curve = _busiest(answers, seed)
    yield demand("sends at most 230 of 1000 clients' retries in the busiest 100 ms after a 1 s outage", weight=2,
                 ok=0 < busiest <= 230, seen=f"{busiest:.0f}", curve=curve)  # fmt: skip


def _busiest(answers: Answers, seed: int) -> tuple[float, Curve]:
    """Most retries in 100 ms once the outage is over, and the whole course of them."""

    def waits(retry: NDArray[Any], base: float, cap: float, draw: FloatArray) -> FloatArray:
        return answers.full_jitter.array(retry, base, cap, draw)

    yours, reference = retry_chain.herd(waits, seed), retry_chain.herd(retry_chain.jittered, seed)
    time = (np.arange(len(yours)) + 1) / 10
    curve = Curve("Retries after an outage of 1 s", time, yours, reference, y_title="Retries per 100 ms")
    return float(yours[10:].max()), curve


# -- lab 3: retry budget ---------------------------------------------------------------------------------------------

CALM = 20  # ticks of a phase


@task(
    "retry_budget",
    answers=("retry_budget(tokens, first_attempts, wanted, ratio, burst) -> granted, tokens",),
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
    random = draws(seed, "retry_budget")
    case = lineup(random, 4)
    first = np.array([0.0, 2.0, 10.0, 50.0])[case] * random.uniform(0.9, 1.1, len(case))
    ratio, burst = float(random.uniform(0.08, 0.25)), float(random.uniform(30.0, 50.0))
    wanted = np.repeat([0.0, 1000.0, 0.0, 1000.0], CALM)[:, None] + 0.0 * first
    granted, tokens = _spend(answers, first, wanted, ratio, burst)
    yield demand("grants no more than is wanted, and never less than 0", ok=(granted >= 0) & (granted <= wanted + 1e-9),
                 seen=f"{np.max(granted - wanted):.3g} too many, {granted.min():.3g} at least")  # fmt: skip
    yield demand("keeps between 0 and `burst` tokens", ok=(tokens > -1e-9) & (tokens <= burst + 1e-9),
                 seen=f"{tokens.min():.3g} to {tokens.max():.3g}, burst {burst:.4g}")  # fmt: skip
    earned, storm = ratio * first, granted[CALM : 2 * CALM].sum(axis=0)
    off = storm - (burst + CALM * earned)
    yield demand("grants the burst and then ratio x first attempts while all want more", essential=True, weight=2,
                 ok=np.abs(off) <= earned + 1e-6, seen=_excess(off, first, ratio, burst))  # fmt: skip
    again = granted[3 * CALM :].sum(axis=0) - (np.minimum(burst, CALM * earned) + CALM * earned)
    yield demand("earns again in quiet times, up to the burst", ok=np.abs(again) <= earned + 1e-6,
                 seen=_excess(again, first, ratio, burst))  # fmt: skip
    few = 0.5 * earned * np.ones((CALM, 1))
    paid = _spend(answers, first, few, ratio, burst)[0]
    yield demand("grants all that is wanted while there are tokens", ok=np.isclose(paid, few), essential=True,
                 seen=f"{paid.sum() / few.sum():.0%} of it")  # fmt: skip
    yield _takes_out(answers.retry_budget, random, ratio, burst)
    calls, recovered, curve = _chain_under_budget(answers, seed)
    yield demand("holds the chain at 1.2 to 1.4 calls per request while everything fails", ok=1.2 <= calls <= 1.4,
                 weight=2, seen=f"{calls:.2f}", curve=curve)  # fmt: skip
    yield demand("lets the chain recover within 30 s", ok=recovered <= 30, seen=_seconds(recovered))


def _spend(
    answers: Answers, first: FloatArray, wanted: FloatArray, ratio: float, burst: float
) -> tuple[FloatArray, FloatArray]:
    """Feed buckets tick by tick; return what was granted and left in each, shape ``wanted.shape``."""
    tokens, rows = np.full(len(first), burst), []
    for want in wanted:
        granted, tokens = answers.retry_budget.several(tokens.astype(float), first, want, ratio, burst)
        rows.append((granted, tokens))
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


def _takes_out(retry_budget: Answer, random: np.random.Generator, ratio: float, burst: float) -> Demand:
    """In buckets neither empty nor full, in an array of two axes."""
    tokens, first, wanted = (random.uniform(low, high, (2, 25)) for low, high in ((10, 20), (0, 20), (1, 9)))
    told = (tokens, first, wanted, ratio, burst)
    granted, left = retry_budget.several(*told)
    ok = np.isclose(tokens - left, granted - ratio * first) | np.isclose(tokens - left, granted)  # earned now, or later
    right = np.abs((tokens + ratio * first - left).sum() / max(granted.sum(), 1e-9) - 1.0) < 1e-6
    seen = f"tokens left: {retry_budget.example(told, left, tokens + ratio * first - granted, ok)}"
    return demand("takes out of the bucket exactly what it grants", ok=right, seen=seen)


def _excess(off: FloatArray, first: FloatArray, ratio: float, burst: float) -> str:
    place = int(np.argmax(np.abs(off)))
    how = "many" if off[place] > 0 else "few"
    told = f"first_attempts = {first[place]:.3g}, ratio = {ratio:.3g}, burst = {burst:.4g}"
    return f"{abs(off[place]):.3g} too {how} in {CALM} ticks for {told}"


def _chain_under_budget(answers: Answers, seed: int) -> tuple[float, float, Curve]:
    """Calls at inventory per request while it answers nothing but errors, and the time to recover."""
    drill = retry_chain.Parameters(**SHORT, error_share=1.0, budget="first_attempts")

    def step(tokens: FloatArray, first: FloatArray, wanted: FloatArray, ratio: FloatArray, burst: FloatArray) -> Any:
        yours = answers.retry_budget.several(tokens[:, :1].astype(float), first[:, :1], wanted[:, :1], ratio, burst)
        reference = retry_chain.bucket(tokens[:, 1:], first[:, 1:], wanted[:, 1:], ratio, burst)
        return np.concatenate([np.stack(yours), np.stack(reference)], axis=-1)

    run = retry_chain.simulate(drill, _yours_and_reference(seed), until=66, retry_budget=step)
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
    answers=("breaker(state, age, failed, calls, threshold, min_calls, open_time)",),
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
    random = draws(seed, "breaker")
    # In sixteenths, so that a share is at the threshold whether it is multiplied or divided.
    limits = int(random.integers(7, 11)) / 16, float(random.integers(15, 30)), float(random.uniform(4, 8))
    rules = _breaker_rules(random, *limits)
    asked = [(*columns, *limits) for _, *columns, _ in rules]
    found = [answers.breaker.array(*told) for told in asked]
    known = np.isin(np.concatenate(found), list(STATES))
    yield demand("returns CLOSED, OPEN or HALF_OPEN", ok=known, essential=True,
                 seen=f"{np.concatenate(found)[np.argmin(known)]:g}")  # fmt: skip
    for (text, *_, wanted), told, got in zip(rules, asked, found, strict=True):
        yield demand(text, ok=got == wanted, seen=answers.breaker.example(told, got, wanted, words=STATES))
    order = random.permutation(sum(len(rule[1]) for rule in rules))
    mixed = [np.concatenate([rule[n] for rule in rules])[order] for n in range(1, 5)]
    wanted = np.repeat([rule[5] for rule in rules], [len(rule[1]) for rule in rules])[order]
    together = answers.breaker.array(*mixed, *limits)
    yield demand("treats each breaker by itself when all states come mixed", ok=together == wanted,
                 seen=answers.breaker.example((*mixed, *limits), together, wanted, words=STATES))  # fmt: skip
    run, curve = _chain_under_breaker(answers, seed)
    refused = float(run["refused_rate"][run.time <= 10, 0].max())
    yield demand("refuses no call while inventory is healthy", ok=refused == 0, seen=f"{refused:.3g} calls/s")
    took = _recovery(run)
    yield demand("brings the chain with naive retries back within 35 s", ok=took <= 35, essential=True, weight=2,
                 seen=_seconds(took), curve=curve)  # fmt: skip


STATES = {CLOSED: "closed", OPEN: "open", HALF_OPEN: "half-open"}


def _breaker_rules(
    random: np.random.Generator, threshold: float, min_calls: float, open_time: float
) -> list[tuple[Any, ...]]:
    """Each rule in words, with states, ages, failed calls and calls that try it, and the state it leads to."""
    count = int(random.integers(6, 10))
    enough = random.integers(min_calls, 900, count).astype(float)
    few = np.append([0.0, 0.0, 1.0, min_calls - 1], random.integers(1, min_calls, count - 4)).astype(float)
    little, much = random.uniform(0.0, 0.9, count) * threshold, threshold + random.uniform(0.05, 0.35, count)
    enough[0], much[0] = min_calls, threshold  # just enough calls, just at the threshold
    ended = np.concatenate([few[:3], enough[3:]])  # an open breaker may still hear of calls from before
    early, late, any_age = (random.uniform(a, b, count) * open_time for a, b in ((0.02, 0.96), (1.04, 12), (0.02, 12)))
    is_in = {state: np.full(count, state) for state in (CLOSED, OPEN, HALF_OPEN)}
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


def _chain_under_breaker(answers: Answers, seed: int) -> tuple[Any, Curve]:
    drill = retry_chain.Parameters(**SHORT, breaker="on")

    def step(state: NDArray[Any], age: FloatArray, failed: FloatArray, calls: FloatArray, *limits: Any) -> NDArray[Any]:
        yours = answers.breaker.array(state[:1], age[:1], failed[:1], calls[:1], *limits)
        return np.concatenate([yours, retry_chain.breaking(state[1:], age[1:], failed[1:], calls[1:], *limits)])

    run = retry_chain.simulate(drill, _yours_and_reference(seed), until=70, breaker=step)
    return run, _curve("Requests answered", run, "goodput")


# -- lab 5: the sweet spot -------------------------------------------------------------------------------------------


@task(
    "sweet_spot",
    answers=("sweet_spot(arrival_rate, service_rate) -> layers, max_retries, ratio",),
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
    told = (drill.arrival_rate, drill.service_rate)
    layers, max_retries, ratio = answers.sweet_spot.several(*told)
    set_up = drill.replace(layers=layers, max_retries=max_retries, budget_ratio=ratio)
    run = retry_chain.simulate(set_up, seed, until=75)
    room = drill.service_rate / drill.arrival_rate
    calls = retry_chain.calls_per_request(run, 10, 30)[-1] / room
    worst = answers.sweet_spot.worst
    yield demand("asks no more of inventory than 98 % of what it can do, while it errs", ok=calls <= 0.98, weight=2,
                 seen=worst(told, calls, "{:.0%}"))  # fmt: skip
    took = np.nan_to_num(run.events["recovered"] - 30.0, nan=np.inf)
    yield demand("recovers within 40 s of the last error", ok=took <= 40, essential=True,
                 seen=worst(told, took, "no recovery" if np.isinf(took.max()) else "{:.0f} s"))  # fmt: skip
    possible = np.minimum(retries.success_probability(drill.error_share, 3), room * (1.0 - drill.error_share))
    answered = (1.0 - retry_chain.lost_share(run, 10, 30)) / possible
    yield demand("answers at least 80 % of the requests that could be answered, while inventory errs", weight=2,
                 ok=answered >= 0.80, essential=True, seen=worst(told, answered, "{:.0%}", least=True))  # fmt: skip


def _drills(seed: int) -> retry_chain.Parameters:
    """Services from one with room for every retry to one with room for hardly any, in any order."""
    random = draws(seed, "sweet_spot")
    count = int(random.integers(5, 8))
    used = np.linspace(0.42, 0.8, count) + random.uniform(-0.02, 0.02, count)
    share = np.full(count, 0.5) + random.uniform(-0.01, 0.01, count)
    share[0] += 0.04  # asks for more than one retry
    order = random.permutation(count)
    arrival = random.uniform(150, 400, count)
    service = arrival / used[order]
    return retry_chain.Parameters(
        **SHORT, arrival_rate=arrival, service_rate=service, queue_limit=4 * service, error_share=share[order],
        budget="first_attempts", budget_burst=0.3 * arrival,
    )  # fmt: skip
