"""Module 11: what the graded cell of the lesson and the four tasks of the lab demand.

Canaries, customers and services are drawn from the seed. Plans are tried in the model, against the faults they are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import WRONG, AnswerError, Answers, Curve, Demand, demand, draws, lineup, task
from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.models.trace import Record
from course_lib.theory import rollouts

FloatArray = NDArray[np.float64]
CLOSE = 0.03  # of a number of requests: forms that pool the variance differ by less
TRIALS = 4000

# -- the lesson: how many requests, and so how long ------------------------------------------------------------------


@task(
    "bake",
    answers=("bake(rate, share, usual, worse, false_alarm, power, looks, level) -> requests, seconds, spoiled",),
    hints=(
        "Two things make a sample long: how rarely the gate may be wrong, in either direction, and how small a "
        "difference it must see. And each look is one more chance to be wrong.",
        "alpha = false_alarm / looks at each look. With z the normal quantile: requests = (z(1 - alpha) + z(power))**2 "
        "* (p0 (1 - p0) + p1 (1 - p1)) / (p1 - p0)**2 in each arm.",
        "seconds = requests / (share * rate); np.ceil for the requests; p0 = usual, p1 = worse. The chances of looks "
        "add up, at most: spoiled = looks * level > false_alarm.",
    ),
)
def bake(answers: Answers, seed: int) -> Iterator[Demand]:
    """Requests an arm needs, how long a canary must bake for them, and whose looking has spoiled the promise."""
    told, looking = _gates(seed)
    rate, share, usual, worse, alarm, power, looks, _ = told
    requests, seconds, spoiled = answers.bake.several(*told)
    needed = rollouts.requests_per_arm(usual, worse, alarm / looks, power)
    example = answers.bake.example
    for text, kind in (
        ("sizes an arm for one look at its end", looks == 1),
        ("pays for every further look", looks > 1),
    ):
        ok = ~kind | (np.abs(requests / needed - 1.0) <= CLOSE)
        yield demand(text, ok=ok, weight=2, essential=True, seen=example(told, requests, needed, ok))
    wanted = requests / (share * rate)
    ok = np.abs(seconds - wanted) <= 0.002 * wanted + 1.0
    yield demand("waits until the canary's share of the traffic has brought them", ok=ok, weight=2, essential=True,
                 seen=example(told, seconds, wanted, ok))  # fmt: skip
    texts = (
        "sees that many looks at the full chance have spoiled the promise",
        "sees that looks at a smaller chance still have, if there are enough of them",
        "lets looks at an equal part of the chance, or a single one, stand",
    )
    for number, text in enumerate(texts):
        ok = (looking != number) | (spoiled == (number < 2))
        yield demand(text, ok=ok, weight=1, essential=True, seen=example(told, spoiled, number < 2, ok))
    found, false = _tried(told, np.maximum(requests, 1.0), seed)
    yield demand("finds the worse canary as often as it should, in drawn errors", ok=found >= power - 0.05,
                 seen=answers.bake.worst(told, found - power, "{:+.0%} beside the power", least=True))  # fmt: skip
    yield demand("keeps all of its looks together within its false alarms", ok=false <= alarm + 0.05,
                 seen=answers.bake.worst(told, false - alarm, "{:+.0%} beside what was promised"))  # fmt: skip
    alone = tuple(float(part[0]) for part in told)
    one = answers.bake(*alone)
    plain = isinstance(one, tuple) and len(one) == 3 and all(np.size(part) == 1 for part in one)
    ok = plain and bool(np.isclose(float(np.ravel(one[0])[0]), requests[0], rtol=1e-6))
    yield demand("takes plain numbers too: one canary alone", ok=ok, seen="something else than in company")


def _gates(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64]]:
    """Canaries of every kind, in any order; which kind of looking each has: 0 and 1 spoil the promise, 2 keeps it."""
    random = draws(seed, "bake")
    case = lineup(random, 7)
    size = len(case)
    usual = np.array([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.005])[case] * random.uniform(0.8, 1.25, size)
    worse = usual * random.uniform(1.6, 3.0, size)
    looks = np.array([1, 1, 1, 4, 12, 30, 8])[random.permutation(7)[case]]
    rate, share = 10.0 ** random.uniform(1.5, 3.5, size), random.choice([0.005, 0.01, 0.05, 0.1], size)
    alarm, power = random.choice([0.01, 0.05, 0.1], size), random.choice([0.8, 0.9, 0.95], size)
    kind = np.where(looks == 1, 2, random.integers(0, 3, size))
    many = random.permutation(np.flatnonzero(looks > 1))
    kind[many[:4]] = [0, 1, 2, 1]
    # Looks are correlated: few at a small part nearly keep the promise. But the text adds up, and this warns in time.
    part = np.choose(kind, [np.ones(size), np.where(looks < 12, 0.8, 0.4), random.choice([0.5, 1.0], size) / looks])
    part[many[3]] = 1.0 / (looks[many[3]] - 0.5)  # a little more than the promise, by the last look
    part[np.argmax(looks == 1)] = 1.0  # what adds up to just the promise keeps it
    level = np.floor(alarm * part * 1e6 + 1e-6) / 1e6  # never above its part
    return (rate.round(), share, usual.round(5), worse.round(5), alarm, power, looks, level), kind


def _tried(told: tuple[FloatArray, ...], requests: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """How often a gate of that size finds a worse canary, and stops a good one, in drawn errors."""
    _, _, usual, worse, alarm, _, looks, _ = told
    random, found, false = draws(seed, "bake's errors"), [], []
    for n, p0, p1, a, many in zip(np.minimum(requests, 1e9), usual, worse, alarm, looks.astype(np.int64), strict=True):
        limit, each = rollouts.normal_quantile(1.0 - a / many), max(round(n / many), 1)
        control, good, bad = (random.binomial(each, p, (many, TRIALS)).cumsum(axis=0) for p in (p0, p0, p1))
        size = each * np.arange(1, many + 1)[:, None]
        for list_, canary in ((false, good), (found, bad)):
            spread = canary * (1.0 - canary / size) + control * (1.0 - control / size)
            list_.append((canary - control > limit * np.sqrt(spread)).any(axis=0).mean())
    return np.array(found), np.array(false)


# -- lab 1: the sequential test --------------------------------------------------------------------------------------


@task(
    "sequential",
    answers=("sequential(canary, control, worse_by, false_alarm)",),
    hints=(
        "An error lies in the canary with chance 1/2 if both are alike, and R / (1 + R) if the canary is R times as "
        "bad. How much likelier does each error make the second?",
        "Each of the canary's errors adds ln(2 R / (1 + R)), each of the control's ln(2 / (1 + R)), which is negative. "
        "The test stops at the first look at which the sum is at least ln(1 / false_alarm).",
        "said = (canary * np.log(2 * R / (1 + R)) + control * np.log(2 / (1 + R))) >= np.log(1 / false_alarm); then "
        "np.where(said.any(axis=0), said.argmax(axis=0), -1).",
    ),
)
def sequential(answers: Answers, seed: int) -> Iterator[Demand]:
    """The first look at which a sequential test says stop."""
    told, kind = _watched(seed)
    first = answers.sequential.array(*told, shape=kind.shape)
    wanted = _first(*told)
    texts = (
        "stops a canary that is worse, at the first look that shows it",
        "stops at that look also where later ones no longer show it",
        "lets a canary go on that is no worse, or far less so than what it is built for",
        "makes nothing of errors before there are any",
        "counts errors in favour of the canary, too",
    )
    for number, text in enumerate(texts):
        ok = (kind != number) | (first == wanted)
        yield demand(text, ok=ok, weight=2, essential=True, seen=_look(told, first, wanted, int(np.argmin(ok))))
    good, bad = _long_run(answers, seed)
    yield demand("stops no more good changes than it may, however often it looks", ok=good, essential=True,
                 seen="more false alarms than promised")  # fmt: skip
    yield demand("finds a canary that is as bad as it is built for, in nearly every run", ok=bad, weight=1,
                 seen="too few of them are stopped")  # fmt: skip


def _look(told: tuple[FloatArray, ...], first: NDArray[Any], wanted: NDArray[np.int64], place: int) -> str:
    """What one canary's errors said at the look at which it was, or should have been, stopped."""
    canary, control, worse_by, alarm = (one[..., place] for one in told)
    look = int(np.clip(wanted[place] if wanted[place] >= 0 else first[place], 0, len(canary) - 1))
    own, other = rollouts.evidence(worse_by)
    factor = np.exp(np.minimum(canary[look] * own + control[look] * other, 700.0))
    errors = f"at look {look} {canary[look]:.0f} errors beside {control[look]:.0f} of the control"
    bound = f"a factor of {factor:.4g} for worse_by = {worse_by:g}, and 1 / false_alarm = {1 / alarm:g}"
    return f"{first[place]:g}, not {wanted[place]:g}, for canary {place} : {errors} make {bound}"


def _first(canary: FloatArray, control: FloatArray, worse_by: FloatArray, alarm: FloatArray) -> NDArray[np.int64]:
    own, other = rollouts.evidence(worse_by)
    said = canary * own + control * other >= np.log(1.0 / alarm)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def _watched(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64]]:
    """Errors so far at each look, (looks, canaries), of canaries of five kinds; which kind each is."""
    random = draws(seed, "sequential")
    looks, kind = int(random.integers(20, 31)), lineup(random, 5, 6)
    kind = np.concatenate([kind, random.integers(0, 5, 25)])
    size = len(kind)
    worse_by, alarm = random.choice([2.0, 3.0, 5.0, 8.0], size), random.choice([0.001, 0.01, 0.05], size)
    usual = random.uniform(1.0, 4.0, size)
    # Every other of those that may go on is worse, but too little so for a test that is built for eight times.
    mild = (kind == 2) & (np.cumsum(kind == 2) % 2 == 1)
    worse_by, alarm = np.where(mild, 8.0, worse_by), np.where(mild, 0.05, alarm)
    calm_ratio = np.where(mild, 1.4, 0.8)
    ratio = np.choose(kind, [1.6 * worse_by, 2.0 * worse_by, calm_ratio, 0 * usual, 1.0 + 0.6 * worse_by])
    control = random.poisson(usual, (looks, size))
    canary = random.poisson(usual * ratio, (looks, size))
    calm = np.arange(looks)[:, None] >= looks // 2
    canary = np.where((kind == 1) & calm, 0, canary)
    control = np.where((kind == 1) & calm, 9 + control * 3, control)
    control = np.where((kind == 3) | ((kind == 4) & (np.arange(looks)[:, None] < 3)), 0, control)
    canary = np.where(kind == 4, np.where(np.arange(looks)[:, None] < 3, 0, canary), canary)
    # A few err once a look, from some look on: the factor is (16/9)**8 = 99.8 after eight errors, and must reach 100.
    rare = (kind == 0) & (np.cumsum(kind == 0) % 3 == 1)
    worse_by, alarm = np.where(rare, 8.0, worse_by), np.where(rare, 0.01, alarm)
    start = random.integers(0, 11, size)
    start[np.argmax(rare)] = looks - 9  # so that the last look is the first that shows it
    canary = np.where(rare, np.arange(looks)[:, None] >= start, canary)
    control = np.where(rare, 0, control)
    # One is so much better at first that a test which may let go would have: its control errs more, and then hardly.
    late = np.arange(size) == np.argmax(kind == 4)
    own, other = rollouts.evidence(worse_by)
    begins = np.arange(looks)[:, None] == 0
    control = np.where(late, np.where(begins, np.ceil((np.log(1.0 / alarm) + 1.0) / -other), 0), control)
    canary = np.where(late & ~begins, np.ceil(np.log(1.0 / alarm) / own / 5.0), np.where(late, 0, canary))
    told = (canary.cumsum(axis=0).astype(float), control.cumsum(axis=0).astype(float), worse_by, alarm)
    return told, kind


def _long_run(answers: Answers, seed: int) -> tuple[bool, bool]:
    """Whether good changes are stopped rarely over many looks, and bad ones nearly always."""
    random, size = draws(seed, "long runs"), 1500
    usual = random.poisson(2.0, (2, 100, size)).cumsum(axis=1).astype(float)
    worse = random.poisson(6.0, (100, size)).cumsum(axis=0).astype(float)
    same = np.full(size, 3.0), np.full(size, 0.05)
    good = answers.sequential.array(usual[0], usual[1], *same, shape=(size,))
    bad = answers.sequential.array(worse, usual[1], *same, shape=(size,))
    return bool((good >= 0).mean() <= 0.085), bool((bad >= 0).mean() >= 0.95)


# -- lab 2: a gate that a region does not fool -----------------------------------------------------------------------

REGION_KINDS = ("like its control everywhere", "drawn from a bad region", "worse in one region", "worse everywhere",
                "not sent to one region", "better")  # fmt: skip


@task(
    "by_region",
    answers=("by_region(canary, canary_errors, control, control_errors, false_alarm)",),
    hints=(
        "Compare each region with itself. What is a canary's part of a region's errors, if it is like its control?",
        "pi = canary / (canary + control) of the region's requests. Of m errors in all, z = (canary_errors - m pi) / "
        "sqrt(m pi (1 - pi)). A region without errors, or without a canary, says nothing.",
        "limit = z(1 - false_alarm / regions), regions = len(canary); stop = (z > limit).any(axis=0). Divide where the "
        "spread is above 0 only.",
    ),
)
def by_region(answers: Answers, seed: int) -> Iterator[Demand]:
    """Which canaries to stop, from requests and errors in each region."""
    told, kind, wanted = _regions(seed)
    stops = answers.by_region.array(*told, shape=(len(kind),)).astype(float)
    z, limit = _z(*told[:4]), rollouts.normal_quantile(1.0 - told[4] / len(told[0]))
    texts = (
        "lets go what is like its control everywhere",
        "is not fooled by a canary that was drawn from a bad region",
        "stops a canary that is worse in one region only",
        "stops a canary that is worse everywhere",
        "makes nothing of a region that the canary was not sent to, or that has no errors",
        "does not stop a canary for being better",
    )
    for number, text in enumerate(texts):
        ok = (kind != number) | (stops == wanted)
        place = int(np.argmin(ok))
        reach = f"{stops[place]:g}, not {wanted[place]:g} : z up to {z[:, place].max():.3f}, limit {limit[place]:.3f}"
        yield demand(text, ok=ok, weight=2, essential=True,
                     seen=f"{reach}, {answers.by_region.at(told, place, stops.shape)}")  # fmt: skip


def _z(canary: FloatArray, errors: FloatArray, control: FloatArray, others: FloatArray) -> FloatArray:
    """How far each region's canary is above its part of the errors, in standard deviations; 0 where it says nothing."""
    part = canary / np.maximum(canary + control, 1.0)
    spread = np.sqrt((errors + others) * part * (1.0 - part))
    return np.where(spread > 0, (errors - (errors + others) * part) / np.where(spread > 0, spread, 1.0), 0.0)


def _regions(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64], FloatArray]:
    """Canaries of six kinds in several regions, those near a bound left out; their kinds, and which to stop.

    A few have so many errors in a busy region that they are just above the bound, or just below it: in two, or beside
    regions that say nothing.
    """
    random = draws(seed, "by_region")
    regions, size = int(random.integers(3, 7)), 240
    kind, edge = np.arange(size) % 6, (np.arange(size) % 24 < 6) & np.isin(np.arange(size) % 6, (0, 2, 4))
    usual = random.uniform(0.002, 0.006, (regions, size))
    bad = random.integers(0, regions, size)
    region = np.arange(regions)[:, None]
    there, beside = region == bad, region == (bad + 1) % regions
    busy = edge & ((region == (bad + 2) % regions) | (beside & (kind == 0)))
    usual = np.where(busy, 0.01, np.where(there & (kind == 1), 0.04, usual))
    larger = beside & (kind == 2) & ~edge  # who looks at the largest region finds nothing there
    control = random.integers(15_000, 40_000, (regions, size)) * np.where(busy, 5.0, np.where(larger, 3.0, 1.0))
    canary = np.round(control * random.uniform(0.25, 0.4, size))
    canary = np.where((kind == 1) & ~there, np.round(canary * 0.1), canary)
    canary = np.where(there & (kind == 4), 0.0, canary)
    times = np.where((kind == 2) & ~edge, np.where(there, random.uniform(2.0, 2.6, size), 0.9), 1.0)
    times = np.where(kind == 3, random.uniform(1.9, 2.4, size), np.where(kind == 5, 0.45, times))
    errors, others = random.poisson(canary * usual * times), random.poisson(control * usual)
    quiet = beside & (kind == 4)
    errors, others = np.where(quiet, 0, errors).astype(float), np.where(quiet, 0, others).astype(float)
    alarm = np.where(edge, 0.05, random.choice([0.001, 0.01, 0.05], size))
    limit = rollouts.normal_quantile(1.0 - alarm / regions)
    both, part = errors + others, canary / (canary + control)
    reach = limit * np.sqrt(both * part * (1 - part))
    just = np.where(kind == 2, np.ceil(both * part + 1.01 * reach), np.floor(both * part + 0.99 * reach))
    errors = np.where(busy, just, errors)
    others = both - errors
    z = _z(canary, errors, control, others)
    stop = (z > limit).any(axis=0)
    clear = (busy | (np.abs(z / limit - 1.0) > 0.12)).all(axis=0) & (stop == np.isin(kind, (2, 3)))
    every = np.flatnonzero(clear)
    enough = [random.permutation(every[kind[every] == k])[: int(random.integers(4, 8))] for k in range(6)]
    edges = [every[edge[every] & (kind[every] == k)][:3] for k in (0, 2, 4)]
    kept = random.permutation(np.unique(np.concatenate(enough + edges)))
    told = tuple(part[..., kept] for part in (canary, errors, control, others, alarm))
    return told, kind[kept], stop[kept].astype(float)


# -- lab 3: shards ---------------------------------------------------------------------------------------------------


@task(
    "deal",
    answers=("deal(workers, size, customers, overlap)",),
    whole=("deal",),
    hints=(
        "Deal one customer after the other, and look at those dealt before. What is the overlap of two shards, if each "
        "is a row of zeros and ones over the workers?",
        "Draw shards from a generator with a fixed seed; keep one if no earlier customer shares more than `overlap` "
        "workers with it. Prefer workers that have few customers yet.",
        "While fewer than `customers` are dealt: rows = 50 random shards; keep those with (rows @ dealt.T).max() "
        "<= overlap; of these take the one whose workers carry the least.",
    ),
)
def deal(answers: Answers, seed: int) -> Iterator[Demand]:
    """Shards for all customers, with little in common."""
    fleets = _fleets(seed)
    dealt = [_dealt(answers, *fleet) for fleet in fleets]
    sound = [good for good, _, _ in dealt]
    yield demand("gives every customer so many different workers of those there are", ok=sound, essential=True,
                 seen=_where(fleets, [not good for good in sound]))  # fmt: skip
    most = [2 * np.ceil(size * customers / workers) for workers, size, customers, _ in fleets]
    worst = [table.max() if len(table) > 1 else 0 for _, table, _ in dealt]
    over = [seen > fleet[3] for seen, fleet in zip(worst, fleets, strict=True)]
    yield demand("lets no two customers share more workers than allowed", weight=3, essential=True,
                 ok=[not one for one in over], seen=f"{max(worst)} in common, {_where(fleets, over)}")  # fmt: skip
    heavy = [load.max() > limit for (_, _, load), limit in zip(dealt, most, strict=True)]
    yield demand("gives no worker more than twice its even part of the customers", weight=2, essential=True,
                 ok=[not one for one in heavy], seen=_where(fleets, heavy))  # fmt: skip
    dark = [(table == fleet[1]).any(axis=0).mean() for (_, table, _), fleet in zip(dealt, fleets, strict=True)]
    yield demand("leaves nobody without a worker when any one customer's are all dead", ok=[d == 0 for d in dark],
                 seen=f"up to {max(dark):.0%} of customers are left with none")  # fmt: skip


def _where(fleets: list[tuple[int, int, int, int]], fails: list[Any]) -> str:
    bad = [fleet for fleet, fail in zip(fleets, fails, strict=True) if fail]
    if not bad:
        return ""
    workers, size, customers, overlap = bad[0]
    return f"for workers = {workers}, size = {size}, customers = {customers}, overlap = {overlap}"


def _fleets(seed: int) -> list[tuple[int, int, int, int]]:
    """Workers, size, customers and allowed overlap of some fleets; each can be dealt with room to spare."""
    random = draws(seed, "deal")
    found = []
    for size, overlap, low, high in ((3, 1, 15, 25), (4, 2, 12, 19), (4, 1, 25, 37), (5, 2, 18, 25)):
        workers = int(random.integers(low, high))
        most = _packing(workers, size, overlap)
        found.append((workers, size, int(most * random.uniform(0.30, 0.36)), overlap))
    return [found[i] for i in random.permutation(4)]


def _packing(workers: int, size: int, overlap: int) -> float:
    """No more shards than this can have so little in common (Johnson's first bound)."""
    bound = 1.0
    for i in range(overlap + 1):
        bound *= (workers - i) / (size - i)
    return bound


def _dealt(answers: Answers, workers: int, size: int, customers: int, overlap: int) -> tuple[bool, Any, Any]:
    """Whether the shards are shards; how many workers each two customers share; customers of each worker."""
    value = answers.deal.array(workers, size, customers, overlap, shape=(customers, size)).astype(float)
    whole = (value == np.round(value)) & (value >= 0) & (value < workers)
    if not whole.all():
        raise AnswerError(WRONG, f"deal returns workers from 0 to {workers - 1} : saw {value[~whole][0]:g}")
    rows = np.zeros((customers, workers))
    np.put_along_axis(rows, value.astype(np.int64), 1.0, axis=1)
    shared = (rows @ rows.T).astype(np.int64)
    np.fill_diagonal(shared, 0)
    return bool((rows.sum(axis=1) == size).all()), shared, rows.sum(axis=0)


# -- lab 4: a plan ---------------------------------------------------------------------------------------------------

SEEN = 120.0  # s that a slow fault needs to be seen, once it is there
RUNS = 250
FORMS = 0.02  # of a number of requests: at these ratios forms that pool the variance differ by less than 0.5 %


@task(
    "plan",
    answers=(
        "plan(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power) -> cells, bake, false_alarm",
    ),
    hints=(
        "One limit gives one number: exposure the cells, metrics and spurious the false alarms of one test, the rest "
        "the bake. The canary is one cell.",
        "cells = ceil(1 / exposure). 1 - (1 - false_alarm)**metrics <= spurious. The bake must outlast onset + 120 s, "
        "and bring one cell as many requests as the test needs.",
        "n = (z(1 - false_alarm) + z(power))**2 * (usual (1 - usual) + worse (1 - worse)) / (worse - usual)**2; "
        "bake = 60 * ceil(max(n * cells / rate, onset + 120) / 60).",
    ),
)
def plan(answers: Answers, seed: int) -> Iterator[Demand]:
    """Cells, bake time and false alarms of rollouts, tried in the model against small, slow and heavy faults."""
    told = _services(seed)
    rate, usual, worse, onset, exposure, delivery, metrics, spurious, power = told
    cells, bake_time, alarm = answers.plan.several(*told)
    yield from _usable(answers, told, cells, bake_time, alarm)
    cells, alarm = np.clip(np.round(cells), 1, 1000), np.clip(alarm, 1e-9, 0.4)
    lived = np.clip(bake_time, 60.0, delivery + 600.0)  # what is later than that is late, whatever it finds
    base = Parameters(
        dt=60.0, arrival_rate=rate, baseline=usual, region_baseline=usual, cells=cells, bake_time=lived,
        canary_share=1.0 / cells, second_share=1.0, third_share=1.0, gate="fixed", false_alarm=alarm, metrics=metrics,
        rollout_start=60.0, customers=100, alarm_above=1.0,
    )  # fmt: skip
    worst = answers.plan.worst
    late = bake_time - delivery
    yield demand("brings a good change to everybody in time", ok=late <= 1e-6, weight=2, essential=True,
                 seen=worst(told, late, "{:+.0f} s beside the limit"))  # fmt: skip
    yield from _reckoned(answers, told, cells, bake_time, alarm)
    runs = draws(seed, "plan's runs").integers(1 << 30, size=RUNS)
    small, good = (
        _found(base.replace(fault_share=(worse - usual) / (1 - usual)), runs),
        _found(base.replace(fault_share=0.0), runs),
    )
    yield demand("finds the smallest fault as often as it should, give or take chance", ok=small >= power - 0.14,
                 weight=2, essential=True,
                 seen=worst(told, small - power, "{:+.0%} beside the power", least=True))  # fmt: skip
    yield demand("stops no more good changes than it may, give or take chance", ok=good <= spurious + 0.13, weight=2,
                 essential=True, seen=worst(told, good - spurious, "{:+.0%} beside the limit"))  # fmt: skip
    for fault, text in (("leak", "stops a slow fault in its first cell"), ("load", "stops a fault of load there, too")):
        day = base.replace(fault=fault, onset=onset, fault_share=0.9, load_needed=0.5, metrics=1)
        hit = _hit(day, runs[:3]) - exposure
        yield demand(text, ok=hit <= 1e-6, weight=2, essential=True,
                     seen=worst(told, hit, "{:+.0%} of customers beside the limit"))  # fmt: skip
    order = np.argsort(rate)
    curve = Curve("Smallest fault found", rate[order], small[order], power[order], "requests/s", "share of runs")
    ready = bake_time >= onset + SEEN - 1e-6
    yield demand("bakes until a slow fault has had two minutes to show", ok=ready, curve=curve, essential=True,
                 seen=worst(told, bake_time - onset - SEEN, "{:+.0f} s beside it", least=True))  # fmt: skip


def _usable(answers: Answers, told: tuple[FloatArray, ...], *found: FloatArray) -> Iterator[Demand]:
    """Whether the model can take a plan: cells, bake time and false alarms."""
    cells, bake_time, alarm = found
    minutes = bake_time / 60.0
    fits = (cells >= 1) & (cells <= 1000) & (cells == np.round(cells)) & (alarm >= 1e-9) & (alarm <= 0.4)
    whole = (minutes >= 1) & (minutes <= 20_000) & (np.abs(minutes - np.round(minutes)) < 1e-6)
    example = answers.plan.example
    yield demand("is a whole number of cells up to 1,000, and a chance from 1e-9 to 0.4", essential=True, ok=fits,
                 seen=f"cells {example(told, cells, np.ceil(1 / told[4]), fits)}")  # fmt: skip
    yield demand("bakes for whole minutes, told in seconds", essential=True, ok=whole,
                 seen=f"bake {example(told, bake_time, 60 * np.ceil(minutes), whole)}")  # fmt: skip


def _reckoned(answers: Answers, told: tuple[FloatArray, ...], *found: FloatArray) -> Iterator[Demand]:
    """What needs no run: the chances of all metrics together, and the requests of the first cell."""
    rate, usual, worse, _, _, _, metrics, spurious, power = told
    cells, bake_time, alarm = found
    most = 1.0 - (1.0 - spurious) ** (1.0 / metrics)
    rare = alarm <= most * (1 + 1e-6)
    yield demand("lets each metric be wrong so rarely that all together keep the limit", weight=2, essential=True,
                 ok=rare, seen=f"false_alarm {answers.plan.example(told, alarm, most, rare)}")  # fmt: skip
    beside = bake_time * rate / cells / rollouts.requests_per_arm(usual, worse, alarm, power) - 1.0
    yield demand("bakes until one cell has the requests of the lesson's formula, give or take 2 %", weight=2,
                 essential=True, ok=beside >= -FORMS,
                 seen=answers.plan.worst(told, beside, "{:+.1%} beside them", least=True))  # fmt: skip


def _services(seed: int) -> tuple[FloatArray, ...]:
    """Services in any order, each of which has a plan."""
    random = draws(seed, "plan")
    case = lineup(random, 5)
    size = len(case)
    exposure = np.array([0.04, 0.1, 0.15, 0.07, 0.22])[case] * random.uniform(0.9, 1.1, size)
    exposure = exposure.round(4)
    usual = random.uniform(0.001, 0.004, size).round(4)
    worse = (usual * random.uniform(2.5, 4.0, size)).round(4)
    metrics, spurious = random.choice([4.0, 8.0, 16.0], size), random.choice([0.05, 0.1, 0.15], size)
    power = np.where(case == 1, 0.8, np.where(case == 3, 0.9, random.choice([0.8, 0.9], size)))
    exposure[case == 1] = 0.1  # ten cells, and no more
    exposure = np.where(case == 4, random.uniform(0.228, 0.238, size).round(4), exposure)  # five, though four is nearer
    cells = np.ceil(1.0 / exposure)
    n = rollouts.requests_per_arm(usual, worse, 1.0 - (1.0 - spurious) ** (1.0 / metrics), power)
    needs = random.uniform(1500.0, 3000.0, size)
    needs = np.where(case == 1, 60.0 * random.integers(24, 28, size) + random.uniform(50.0, 58.0, size), needs)
    needs = np.where(case == 3, 60.0 * random.integers(10, 12, size) + random.uniform(20.0, 29.0, size), needs)
    rate = np.round(n * cells / needs, 2)  # a minute less is too little, also where that is nearer
    slow = np.where(case % 2 == 0, random.uniform(1.3, 1.8, size), random.uniform(0.3, 0.6, size)) * needs
    onset = (slow // 60) * 60.0
    bake_time = 60.0 * np.ceil(np.maximum(n * cells / rate, onset + SEEN) / 60.0)
    delivery = bake_time + 120.0
    return rate, usual, worse, onset, exposure, delivery, metrics, spurious, power


def _found(day: Parameters, runs: NDArray[np.int64]) -> FloatArray:
    """Share of runs in which the change is stopped."""
    until = 180.0 + float(np.max(day.bake_time))
    trace = simulate(day, runs[:, None], until=until, record=Record((), every=60.0))
    return np.isfinite(trace.events["gate_fired"]).mean(axis=0)


def _hit(day: Parameters, runs: NDArray[np.int64]) -> FloatArray:
    """Largest share of customers that one of the runs harms, if everybody gets the change after the first cell."""
    until = 3600.0 + float(np.max(day.bake_time)) + float(np.max(day.onset))
    trace = simulate(day, runs[:, None], until=until, record=Record(("customers_hit",), every=60.0))
    return trace["customers_hit"][-1].max(axis=0)
