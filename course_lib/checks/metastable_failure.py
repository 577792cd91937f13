"""Module 09: what the graded cell of the lesson and the four tasks of the lab demand.

Systems are drawn from the seed and run in the model: experiments tip them or not, a valve brings them back or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import Answers, Curve, Demand, demand, draws, lineup, task
from course_lib.models import simulation
from course_lib.models.metastable_failure import Parameters, simulate, with_valve
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record, Trace
from course_lib.theory import metastable

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


# -- the lesson: the highest safe load -------------------------------------------------------------------------------


@task(
    "safe_load",
    answers=("safe_load(kick, service_rate, max_retries, deadline)",),
    hints=(
        "Take many values of x from 0 to service_rate at once. Of which load is each the fixed point, and of which is "
        "x + kick?",
        "load(x) = x / (1 + f + ... + f**R) with f = exp(-(mu - x) D). From x + kick attempts fall back to x where "
        "x + kick is below mu and load(x + kick) is above load(x). The best such load counts, and never less than "
        "mu / (R + 1), from which everything comes back.",
        "x = np.linspace(0, 1, 2001)[:, None] * mu; stands = (x + kick < mu) & (load(x + kick) > load(x)); return "
        "np.maximum(np.where(stands, load(x), 0).max(axis=0), mu / (R + 1)).",
    ),
)
def safe_load(answers: Answers, seed: int) -> Iterator[Demand]:
    """The highest load that a kick does not tip."""
    told, case = _kicked(seed)
    kick, rate, retries, deadline = told
    found = answers.safe_load.array(*told, shape=kick.shape).astype(float)
    best, example = metastable.safe_load(*told), answers.safe_load.example
    for text, places in (
        ("hardly a kick: nearly the advertised capacity", case == 0),
        ("a small kick: less than that", case == 1),
        ("a kick of a third of the service rate", case == 2),
        ("a kick that nothing stands: the hidden capacity", case == 3),
        ("no retries: every load up to the capacity comes back", case == 4),
        ("one retry, and hardly a kick", case == 5),
    ):
        right = ~places | (np.abs(found / best - 1.0) < 0.015)
        yield demand(text, ok=right, essential=True, seen=example(told, found, best, right))
    gap = metastable.tipping_distance(0.98 * found, rate, retries, deadline)
    stands = gap >= kick * 0.98
    missing = np.where(stands, 0.0, kick - gap)
    yield demand("a load 2 % lower stands the kick", ok=stands, essential=True,
                 seen=answers.safe_load.worst(told, missing, "{:.3g} attempts/s too close"))  # fmt: skip


def _kicked(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64]]:
    """Stations and kicks of every size, in any order.

    One has one retry and a short deadline: many are late at the best load, and it matters how often they try again.
    """
    random = draws(seed, "safe_load")
    case = lineup(random, 6)
    size = len(case)
    rate = random.uniform(60, 400, size).round()
    retries = np.where(case == 4, 0, np.where(case == 5, 1, random.integers(2, 6, size)))
    deadline = (random.uniform(np.where(case == 5, 4, 8), np.where(case == 5, 5, 25)) / rate).round(3)
    share = np.array([0.02, 0.12, 0.33, 2.0, 0.5, 0.02])[case] * random.uniform(0.9, 1.1, size)
    return ((share * rate).round(), rate, retries.astype(float), deadline), case


# -- lab 1: where to try next ----------------------------------------------------------------------------------------

MOST, WIDTH = (
    10,
    0.05,
)  # experiments there is room for; width of the bracket, of the advertised capacity, that is enough


@task(
    "next_load",
    answers=("next_load(tried, answered, advertised)",),
    hints=(
        "Of all loads tried so far, which is the highest that came back, and which the lowest that did not? The order "
        "in which they were tried does not matter.",
        "healed = answered > 0.5 (NaN compares as False). low = the highest tried load that healed, 0 where none did; "
        "high = the lowest that did not, advertised where none. Try the middle; 0 once they are 5 % apart.",
        "back, down = answered > 0.5, answered <= 0.5; low = np.where(back, tried, 0).max(axis=0); high = "
        "np.where(down, tried, advertised).min(axis=0); return np.where(high - low <= 0.05 * advertised, 0, "
        "(low + high) / 2).",
    ),
)
def next_load(answers: Answers, seed: int) -> Iterator[Demand]:
    """Which load to try next on systems whose hidden capacity nobody knows; 0 for enough."""
    yield from _handed_over(answers, seed)
    p, advertised = _unknown(seed)
    size = len(advertised)
    tried, seen = np.full((MOST, size), np.nan), np.full((MOST, size), np.nan)
    outside, useless, low, high = np.zeros(size, bool), np.zeros(size, bool), np.zeros(size), advertised.copy()
    for round_ in range(MOST):
        told = (tried.copy(), seen.copy(), advertised)
        load = answers.next_load.array(*told, shape=(size,)).astype(float)
        stops, wide = load <= 0, high - low > WIDTH * advertised * 1.001
        outside |= ~stops & ((load <= low) | (load >= high))
        useless |= ~stops & ~wide
        if stops.all():
            break
        there = ~stops & (load <= advertised)
        came = np.where(there, _experiment(p, np.where(there, load, 1.0), seed + round_), np.nan)
        tried[round_], seen[round_] = np.where(there, load, np.nan), came
        low = np.where(there & (came > 0.5), np.maximum(low, load), low)
        high = np.where(there & (came <= 0.5), np.minimum(high, load), high)
    yield demand("tries only loads between the highest that came back and the lowest that did not", ok=~outside,
                 essential=True, seen=f"{outside.sum()} of {size} systems tried elsewhere")  # fmt: skip
    close = high - low <= WIDTH * advertised * 1.001
    yield demand("knows each hidden capacity to 5 % of the advertised one", ok=close, weight=2, essential=True,
                 seen=f"a bracket of {np.max((high - low) / advertised):.0%}")  # fmt: skip
    spent = np.isfinite(tried).sum(axis=0)
    yield demand("needs at most seven experiments a system", ok=spent <= 7, weight=2, essential=True,
                 seen=f"{spent.max()} experiments")  # fmt: skip
    yield demand("stops as soon as it knows enough: each experiment is downtime", ok=~useless, essential=True,
                 seen=f"{useless.sum()} of {size} systems were knocked over once more")  # fmt: skip
    stuck = (seen <= 0.5).sum(axis=0)
    yield demand("gets stuck at most five times a system", ok=stuck <= 5, seen=f"{stuck.max()} times")


def _handed_over(answers: Answers, seed: int) -> Iterator[Demand]:
    """What to try after experiments that others made, at loads and in an order of their own."""
    random = draws(seed, "next_load begun")
    case = lineup(random, 6)
    size = len(case)
    advertised = 100.0 * random.integers(15, 60, size)
    # Highest share of the advertised capacity that came back, lowest that did not; 0 and 1 where none did.
    width = np.array([0.053, 0.047, 0.05, 0.4, 0.045, 0.058])[case]
    low = np.where(case == 2, 0.0, np.where(case == 4, 0.955, random.uniform(0.2, 0.5, size)))
    high = np.where(case == 4, 1.0, low + width)
    count = random.integers(1, 3, size)  # further experiments, below and above
    tried, seen = np.full((MOST, size), np.nan), np.full((MOST, size), np.nan)
    for i in range(size):
        below = low[i] * random.uniform(0.3, 0.9, count[i])
        above = high[i] + (1 - high[i]) * random.uniform(0.2, 0.9, count[i])
        back = np.concatenate([low[i : i + 1], below])[: None if low[i] else 0]  # the nearest is not the last
        down = np.concatenate([high[i : i + 1], above])[: None if high[i] < 1.0 else 0]
        mine = np.concatenate([back, down]) * advertised[i]
        came = np.concatenate([random.uniform(0.97, 1.0, len(back)), np.zeros(len(down))])
        tried[: len(mine), i], seen[: len(mine), i] = mine, came
    told = (tried, seen, advertised)
    load = answers.next_load.array(*told, shape=(size,)).astype(float)
    example, enough = answers.next_load.example, np.isin(case, (1, 2, 4))
    stops, inside = load <= 0, (load > low * advertised) & (load < high * advertised)
    yield demand("stops where the two are at most 5 % apart, whoever found out", ok=~enough | stops, essential=True,
                 seen=example(told, load, 0.0 * load, ~enough | stops))  # fmt: skip
    middle = (low + high) / 2 * advertised
    yield demand("goes on between them where they are further apart", ok=enough | inside, essential=True,
                 seen=example(told, load, middle, enough | inside))  # fmt: skip


def _unknown(seed: int) -> tuple[Parameters, FloatArray]:
    """Systems of several sizes, retries, budgets and heaps, and what a load test says they can do.

    One has no retries and comes back from whatever it carries: who aims low needs many experiments there.
    """
    random = draws(seed, "next_load")
    case = lineup(random, 7)
    size = len(case)
    workers, retries = random.integers(20, 60, size), np.array([1, 2, 4, 6, 3, 0, 0])[case]
    budget = np.where(case == 4, random.uniform(0.3, 0.8, size).round(2), np.inf)
    lost = np.where(case == 5, random.uniform(0.5, 0.7, size), np.where(case == 1, 0.3, 0.0)).round(2)
    deadline = random.uniform(0.1, 0.2, size).round(3)
    p = Parameters(workers=workers, max_retries=retries, retry_budget=budget, degradation=lost, deadline=deadline,
                   trigger_start=10.0, trigger_duration=20.0, retry_delay=4.0, dt=1.0)  # fmt: skip
    grid = np.linspace(0.0, 100.0, 201)[:, None]
    up, _ = metastable.hysteresis(grid[:, 0], 100.0, retries, deadline, budget)
    return p, (workers * np.where(up >= 0.95 * grid, grid, 0.0).max(axis=0)).round()


def _experiment(p: Parameters, load: FloatArray, seed: int) -> FloatArray:
    """Share of the requests answered two minutes after a total outage of twenty seconds; 0 if it is not back by then.

    Who is on the way back is taken down and restarted, as everything that is down: no answer hangs on a half.
    """
    told = Record(("goodput", "offered_rate"), every=15.0)
    run = simulate(p.replace(arrival_rate=load), seed, until=150.0, record=told)
    share = np.minimum(run["goodput"][-1] / np.maximum(run["offered_rate"][-1], 1.0), 1.0)  # of those that came
    return np.where(share > 0.9, share, 0.0)


# -- lab 2: how many copies ------------------------------------------------------------------------------------------


@task(
    "fewest_copies",
    answers=("fewest_copies(healed, demand, peak, lost) -> number, load",),
    hints=(
        "On the worst day there are fewer copies, and more users. Which load may each of those that are left have?",
        "demand * peak must fit into (number - lost) copies at no more than `healed` each. The load that is asked for "
        "is that of an ordinary day, on all copies.",
        "number = np.ceil(demand * peak / healed) + lost; return number, demand / number.",
    ),
)
def fewest_copies(answers: Answers, seed: int) -> Iterator[Demand]:
    """The fewest copies of a system that come back on the worst day, and their load on an ordinary one."""
    told, p = _demands(seed)
    healed, load, peak, lost = told
    number, ordinary = (one.astype(float) for one in answers.fewest_copies.several(*told))
    fewest, example = np.ceil(load * peak / healed - 1e-9) + lost, answers.fewest_copies.example
    whole = (number >= lost + 1) & (number == np.round(number))
    yield demand("is a whole number, more than may be lost", ok=whole, essential=True,
                 seen=f"number {example(told, number, fewest, whole)}")  # fmt: skip
    left = np.maximum(number - lost, 1.0)
    safe = load * peak / left <= healed * (1 + 1e-9)
    yield demand("keeps every copy within what it comes back from, at the peak, with some copies lost", ok=safe,
                 weight=2, essential=True, seen=f"number {example(told, number, fewest, safe)}")  # fmt: skip
    thrifty = number <= fewest
    yield demand("buys no copy more than that takes", ok=thrifty, weight=2, essential=True,
                 seen=f"number {example(told, number, fewest, thrifty)}")  # fmt: skip
    right = np.abs(ordinary * np.maximum(number, 1.0) / load - 1.0) < 1e-6
    yield demand("says the load of a copy on an ordinary day", ok=right, essential=True,
                 seen=f"load {example(told, ordinary, load / np.maximum(number, 1.0), right)}")  # fmt: skip
    back = _experiment(p, np.maximum(load * peak / left, 1.0), seed)
    lost_for_good = answers.fewest_copies.worst(told, 1.0 - back, "{:.0%} of its requests lost for good")
    yield demand("on the worst day a copy that is knocked over comes back", ok=back > 0.5, seen=lost_for_good)


def _demands(seed: int) -> tuple[tuple[FloatArray, ...], Parameters]:
    """Systems with what they came back from, a little below their hidden capacity, and what is asked of them.

    Half a copy and more is needed beyond whole ones, or less, or just nothing: twice a multiple of `healed`.
    """
    random = draws(seed, "fewest_copies")
    case = lineup(random, 5)
    size = len(case)
    workers, retries = random.integers(20, 60, size), np.array([1, 2, 3, 4, 2])[case]
    healed = (0.93 * metastable.hidden_capacity(100.0 * workers, retries)).round()
    peak, lost = random.uniform(1.2, 2.0, size).round(2), random.integers(1, 4, size)
    need = np.array([0.6, 3.25, 7.7, 12.5, 4.0])[case] + random.uniform(-0.2, 0.2, size)
    even = case == 4
    peak, need = np.where(even, 2.0, peak), np.where(even, 2.0 * random.integers(2, 6, size), need)
    p = Parameters(workers=workers, max_retries=retries, trigger_start=10.0, trigger_duration=20.0, retry_delay=4.0,
                   dt=1.0)  # fmt: skip
    return (healed, (need * healed / peak).round(), peak, lost.astype(float)), p


# -- lab 3: the valve ------------------------------------------------------------------------------------------------

FIRST, MANNED, AGAIN, END = 40.0, 100.0, 240.0, 400.0  # seconds: the trigger, somebody at the valve, the trigger again
OLD = 3.0  # seconds: how old is what the valve sees


@task(
    "valve",
    answers=("valve(admitted, failing, attempts, load, hidden, capacity)",),
    hints=(
        "What comes to the workers are users *and* retries. When `failing` has become small, how many retries are "
        "still on their way, and what happens if all users come back at that moment?",
        "While more than a fifth of the attempts fail, let nobody in, or far less than hidden / load. Then open by a "
        "few per cent a second, and only while the attempts leave a third of the capacity free.",
        "return np.where(failing > 0.2, 0.0, np.where(attempts < 0.65 * capacity, np.minimum(admitted + 0.05, 1), "
        "admitted)).",
    ),
)
def valve(answers: Answers, seed: int) -> Iterator[Demand]:
    """The share of users to let in, second by second, that ends a storm and does not bring it back."""
    states = _states(seed)
    admitted, failing, _, load, hidden, _ = states
    share = answers.valve.array(*states).astype(float)
    example = answers.valve.example
    inside = (share >= 0) & (share <= 1)
    yield demand("is a share from 0 to 1", ok=inside, essential=True,
                 seen=example(states, share, np.clip(share, 0, 1), inside))  # fmt: skip
    sick = failing > 0.5
    bound = ~sick | (share * load <= hidden * (1 + 1e-9))
    yield demand("while most attempts fail, lets in no more than the hidden capacity", ok=bound, essential=True,
                 seen=example(states, share, np.minimum(hidden / load, 1.0), bound))  # fmt: skip
    calm = (failing < 0.005) & (admitted == 1)
    open_ = ~calm | (share == 1)
    yield demand("stays open while all is well", ok=open_, essential=True, seen=example(states, share, 1.0, open_))
    run, usual = (_drilled(decide, seed) for decide in (answers.valve.array, _reference))
    for text, begin, end in (
        ("drill: ends the storm, at most 25 s later than a good valve", MANNED, AGAIN),
        ("drill: survives the same trigger once more, at most 25 s later", AGAIN + 15.0, END),
    ):
        late = _back(run, begin, end) - _back(usual, begin, end)
        yield demand(text, ok=late <= 25.0, weight=2, essential=True, curve=_answered(run, usual),
                     seen="one never came back" if np.isinf(late).any() else f"{late.max():.0f} s later")  # fmt: skip
    shut = np.maximum(_shuts_again(run, MANNED, AGAIN), _shuts_again(run, AGAIN + 15.0, END))
    yield demand("drill: opens for good: who was let back in is not turned away again", ok=shut <= 0.25, weight=2,
                 essential=True, seen=f"a valve that went back by {shut.max():.0%} of the users")  # fmt: skip
    lost = run["dropped"][-1] / usual["dropped"][-1]
    yield demand("drill: costs at most a fifth more requests than a good valve", ok=lost <= 1.2, weight=2,
                 essential=True, seen=f"{lost.max():.2f} times as many")  # fmt: skip


def _reference(*state: FloatArray) -> FloatArray:
    admitted, failing, attempts, _, _, capacity = state
    return np.where(failing > 0.2, 0.0, np.where(attempts < 0.65 * capacity, np.minimum(admitted + 0.05, 1), admitted))


def _states(seed: int) -> tuple[FloatArray, ...]:
    """What a valve may see, in any order: calm and open or half open, failing and open or shut, most just failing."""
    random = draws(seed, "valve states")
    case = lineup(random, 5)
    size = len(case)
    capacity = random.uniform(1000, 6000, size).round()
    retries, part = np.where(case == 2, 4, random.integers(2, 5, size)), random.uniform(0.5, 0.6, size)
    hidden, load = (capacity / (1 + retries)).round(), (part * capacity).round()
    failing = np.array([0.0, 0.0, 1.0, 0.9, 0.51])[case]
    failing = failing + np.array([0.002, 0.002, 0.0, 0.08, 0.03])[case] * random.random(size)
    admitted = np.array([1.0, 0.5, 1.0, 0.0, 1.0])[case]
    attempts = np.where(case < 2, admitted * load, load * (1 + retries * np.where(case == 2, 1.0, 0.5))).round()
    return admitted, failing, attempts, load, hidden, capacity


def _fleets(seed: int) -> Parameters:
    """Fleets in the vulnerable band that lose everything for some seconds, twice.

    Half of them are loaded high and retry late: what they have free now is spoken for by retries that nobody sees yet.
    Of these the one with most retries and a queue that is soon empty falls again in each of 197 runs in which users
    come back in four seconds, in 14 of them in which they do in ten, and in none in which they do in twenty.
    """
    random = draws(seed, "valve")
    case = lineup(random, 6)
    size = len(case)
    workers, retries = random.integers(20, 60, size), np.array([2, 3, 4, 2, 3, 4])[case]
    over, late = random.integers(8, 15, size), case >= 3
    worst = case == 5
    load, delay = random.uniform(np.where(late, 56, 50), 60), random.uniform(np.where(late, 12, 8), 12 + 2 * late)
    load = np.where(worst, random.uniform(58, 60, size), load)
    delay = np.where(worst, random.uniform(13, 14, size), delay)
    limit = np.where(worst, random.uniform(2.0, 2.7, size), random.uniform(1.6, 4.0, size))
    dips = ((FIRST, 0.0), (FIRST + over, 1.0), (AGAIN, 0.0), (AGAIN + over, 1.0))
    return Parameters(
        workers=workers, max_retries=retries, arrival_rate=(workers * load).round(),
        retry_delay=delay.round(1), queue_limit=limit.round(1),
        capacity=Schedule(1.0, dips), trigger_size=0.0, trigger_start=0.0, trigger_duration=0.0, dt=1.0,
    )  # fmt: skip


def _drilled(decide: Any, seed: int) -> Trace:
    record = Record(("goodput", "offered_rate", "admitted_rate", "dropped"), every=1.0)
    model = with_valve(decide, since=MANNED, delay=OLD)
    return simulation.simulate(model, _fleets(seed), seed, until=END, record=record)


def _back(run: Trace, begin: float, end: float) -> FloatArray:
    """First second from which all users are let in and answered for ten seconds; infinite for never."""
    well = (run["goodput"] >= 0.95 * run["offered_rate"]) & (run["admitted_rate"] >= 0.99 * run["offered_rate"])
    well = well[int(begin) : int(end)]
    count = np.add.accumulate(np.concatenate([np.zeros((1, well.shape[1])), well]), axis=0)
    lasts = count[10:] - count[:-10] == 10
    return np.where(lasts.any(axis=0), lasts.argmax(axis=0).astype(float), np.inf)


def _shuts_again(run: Trace, begin: float, end: float) -> FloatArray:
    """The most by which a valve goes back after it has been at its lowest."""
    share = (run["admitted_rate"] / np.maximum(run["offered_rate"], 1.0))[int(begin) : int(end)]
    most = np.zeros(share.shape[1])
    for i in range(share.shape[1]):
        rest = share[share[:, i].argmin() :, i]
        most[i] = (np.maximum.accumulate(rest) - rest).max()
    return most


def _answered(run: Trace, usual: Trace) -> Curve:
    one, other = (100 * trace["goodput"][:, 0] / np.maximum(trace["offered_rate"][:, 0], 1.0) for trace in (run, usual))
    return Curve("Requests answered by one fleet", run.time, one, other, y_title="Answered (% of requests)")


# -- lab 4: what a budget buys ---------------------------------------------------------------------------------------


@task(
    "fix",
    answers=("fix(load, capacity, degradation, max_retries, margin) -> budget, hidden",),
    hints=(
        "Write down the hidden capacity with a budget b. Which b makes it just `margin` times the load?",
        "capacity * (1 - degradation) / (1 + b) = margin * load, solved for b; never above max_retries, where it does "
        "nothing. Below 0 no budget will do: both answers are 0.",
        "b = capacity * (1 - degradation) / (margin * load) - 1; b = np.minimum(b, max_retries); hidden = capacity * "
        "(1 - degradation) / (1 + b); return np.where(b < 0, 0, b), np.where(b < 0, 0, hidden).",
    ),
)
def fix(answers: Answers, seed: int) -> Iterator[Demand]:
    """The largest retry budget whose hidden capacity is a margin above the load, and that hidden capacity."""
    told, p = _broken(seed)
    load, capacity, lost, retries, margin = told
    budget, hidden = (one.astype(float) for one in answers.fix.several(*told))
    best = capacity * (1 - lost) / (margin * load) - 1.0
    fits, example = best >= 0, answers.fix.example
    best = np.minimum(best, retries)
    none = fits | ((budget == 0) & (hidden == 0))
    yield demand("is 0 and 0 where no budget will do", ok=none, essential=True,
                 seen=f"hidden {example(told, hidden, 0.0 * hidden, none)}")  # fmt: skip
    some, buys = ~fits | (hidden > 0), capacity * (1 - lost) / (1 + np.maximum(best, 0))
    yield demand("finds a budget wherever there is one", ok=some, essential=True,
                 seen=f"hidden {example(told, hidden, buys, some)}")  # fmt: skip
    small = ~fits | ((budget <= best + 1e-6) & (budget >= 0))
    yield demand("leaves the margin between load and hidden capacity", ok=small, weight=2, essential=True,
                 seen=f"budget {example(told, budget, best, small)}")  # fmt: skip
    large = ~fits | (budget >= best - 0.01)
    yield demand("allows all the retries that fit: they hide passing errors", ok=large, weight=2, essential=True,
                 seen=f"budget {example(told, budget, best, large)}")  # fmt: skip
    told_right = ~fits | (np.abs(hidden * (1 + np.minimum(budget, retries)) / (capacity * (1 - lost)) - 1) < 0.005)
    yield demand("says the hidden capacity that this buys", ok=told_right, weight=2, essential=True,
                 seen=f"hidden {example(told, hidden, buys, told_right)}")  # fmt: skip
    back = np.where(fits, _experiment(p.replace(retry_budget=np.maximum(budget, 0.0)), load, seed), 1.0)
    yield demand("the same trigger once more: the fleet comes back by itself", ok=back > 0.9,
                 seen=answers.fix.worst(told, 1.0 - back, "{:.0%} of its requests lost for good"))  # fmt: skip


def _broken(seed: int) -> tuple[tuple[FloatArray, ...], Parameters]:
    """Fleets above their hidden capacity, some of which no budget helps, and one that needs none.

    Just none leaves one of them its margin; another keeps its load, and no margin; of one, a rounded budget is too
    large.
    """
    random = draws(seed, "fix")
    case = lineup(random, 8)
    size = len(case)
    workers, retries = random.integers(20, 60, size), np.array([3, 2, 4, 3, 1, 3, 2, 3])[case]
    lost = np.where(np.isin(case, (1, 3)), random.uniform(0.2, 0.3, size), 0.0).round(2)
    part = np.array([0.5, 0.5, 0.6, 0.75, 0.35, 0.8, 0.9, 0.3])[case]
    part = part + np.where(case == 5, 0.0, random.uniform(-0.02, 0.02, size))
    capacity, margin = 100.0 * workers, random.uniform(1.15, 1.3, size).round(2)
    margin = np.where(case == 5, 1.25, margin)
    neat = np.floor(100.0 * ((1 - lost) / (margin * part) - 1.0)) / 100.0 + 0.007
    load = np.where(case == 0, (capacity / (margin * (1.0 + neat))), part * capacity).round()
    p = Parameters(workers=workers, max_retries=retries, degradation=lost, deadline=0.2, trigger_start=10.0,
                   trigger_duration=20.0, retry_delay=4.0, dt=1.0)  # fmt: skip
    return (load, capacity, lost, retries.astype(float), margin), p
