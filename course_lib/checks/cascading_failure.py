"""Module 08: what the graded cell of the lesson and the six tasks of the lab demand.

Metrics, pools, pages and fleets are drawn from the seed. What can be tried in the model is: a restart by the fleet that
takes the admitted load, the last task's settings by what users get on three days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import Answers, Demand, demand, draws, lineup, task
from course_lib.models import cascading_failure as chain
from course_lib.models.drills import replica_fleet
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


# -- the lesson: who was first, and who is to blame ------------------------------------------------------------------

TICKS, BEGIN = 120, 40


@task(
    "blame",
    answers=("blame(used, took) -> first, guilty",),
    hints=(
        "A call to a tier takes as long as the tier's own part and the call it makes below. Which tier's own part has "
        "grown, although nothing below it has?",
        "own = took less took of the tier below (the last keeps all of its own). Compare its mean over the last ten "
        "ticks with that over the first ten; of the tiers where it more than doubled, the deepest is to blame.",
        "own = took - np.concatenate([took[:, 1:], 0 * took[:, :1]], axis=1); grew = own[-10:].mean(0) > 2 * "
        "own[:10].mean(0); guilty = np.where(grew, np.arange(5)[:, None], -1).max(0). For first: the tick at which "
        "each tier is first at 0.95 is (used >= 0.95).argmax(0), where there is one.",
    ),
)
def blame(answers: Answers, seed: int) -> Iterator[Demand]:
    """Which of five tiers was full first, and whose own time grew with nothing below it to blame."""
    told, case, first, guilty = _metrics(seed)
    named, blamed = (one.astype(float) for one in answers.blame.several(*told, shape=case.shape))
    right, full, grew = named == first, _full_from(told[0]), _grew(told[1])
    yield demand("names the tier whose pool was full first", ok=right, weight=2, essential=True,
                 seen=_day_seen("first", named, first, right, "used is 0.95 in tick (-1: never)", full))  # fmt: skip
    for text, cases in (
        ("blames the last tier where it is slow, whoever is full", (0, 4)),
        ("blames a tier in the middle, although a smaller pool above it was full first", (1, 5)),
        ("blames the front where the time is its own", (2,)),
        ("blames nobody on a day when all is as usual, however busy", (3,)),
    ):
        ok = ~np.isin(case, cases) | (blamed == guilty)
        yield demand(text, ok=ok, weight=2, essential=True,
                     seen=_day_seen("guilty", blamed, guilty, ok, "own times grew by a factor of", grew))  # fmt: skip


def _day_seen(name: str, got: FloatArray, wanted: IntArray, ok: NDArray[np.bool_], what: str, tiers: FloatArray) -> str:
    """What was said of the first day that is wrong, and what decides it, from the front to the last tier."""
    day = int((~ok).argmax())
    decides = ", ".join(f"{one:.3g}" for one in tiers[:, day])
    return f"{name} = {got[day]:g}, not {wanted[day]}, where {what} [{decides}]"


def _full_from(used: FloatArray) -> FloatArray:
    """The tick from which each pool is full; -1 where it never is."""
    full = used >= 0.95
    return np.where(full.any(axis=0), full.argmax(axis=0), -1).astype(float)


def _grew(took: FloatArray) -> FloatArray:
    """By how much each tier's own time has grown between the first ten ticks and the last ten."""
    own = took - np.concatenate([took[:, 1:], 0 * took[:, :1]], axis=1)
    return own[-10:].mean(axis=0) / own[:10].mean(axis=0)


def _metrics(seed: int) -> tuple[tuple[FloatArray, FloatArray], IntArray, IntArray, IntArray]:
    """Pools and times of five tiers on several days; what is full first and loudest is not always what is ill."""
    random = draws(seed, "blame")
    case = lineup(random, 6)
    size, tier = len(case), np.arange(5)[:, None]
    guilty = np.choose(case, [4, random.integers(2, 4, size), 0, -1, 4, random.integers(1, 3, size)])
    order = random.permuted(np.tile(np.arange(5)[:, None], (1, size)), axis=0)
    front = np.where(case == 0, 4, np.where(case == 4, 0, np.maximum(guilty - 1, 0)))  # who is full first
    rank = np.where(tier == front, -1, order)
    full_at = BEGIN + 15 + 7 * (rank + 1) + random.integers(0, 5, (5, size))
    affected = (tier <= guilty) & ~((case == 1) & (tier == guilty))  # in case 1 the guilty one is slow, but not full
    tick = np.arange(TICKS)[:, None, None]
    usual = random.uniform(0.2, 0.6, (5, size))
    usual = np.where((tier == 4) & np.isin(case, (3, 5)), 0.9, usual)
    rises = np.clip((tick - BEGIN) / np.maximum(full_at - BEGIN, 1), 0, 1)
    used = np.where(affected, np.where(tick >= full_at, 0.98, usual + (0.92 - usual) * rises), usual)
    used = used + random.uniform(-0.01, 0.01, used.shape)
    own = np.array([0.01, 0.02, 0.03, 0.05, 0.12])[:, None] * random.uniform(0.8, 1.25, (5, size))
    ill = random.uniform(4, 8, size) * (tier == guilty) * np.clip((tick - BEGIN) / 10, 0, 1)
    waits = np.where(affected & (tier != guilty), random.uniform(20, 60, (5, size)), 0.0)
    own = own * (1 + ill + waits * np.clip((tick - full_at) / 40, 0, 1)) * random.uniform(0.98, 1.02, used.shape)
    took = np.add.accumulate(own[:, ::-1], axis=1)[:, ::-1]
    filled = np.where(affected, full_at, TICKS)
    first = np.where(affected.any(axis=0), filled.argmin(axis=0), -1)
    return (used, took), case, first, guilty


# -- lab 1: when each pool is full -----------------------------------------------------------------------------------


@task(
    "fill_times",
    answers=("fill_times(workers, held, arrival_rate, capacity, patience)",),
    hints=(
        "What comes in and does not come out stays, one worker each. At which rate does that happen, and how many can "
        "there be at most, if each leaves after its patience?",
        "Held workers grow by arrival_rate - capacity each second, from held to workers. They can be at most "
        "arrival_rate * patience (Little); a larger pool is never full.",
        "extra = arrival_rate - capacity; fills = (extra > 0) & (arrival_rate * patience >= workers); return "
        "np.where(fills, (workers - held) / np.where(extra > 0, extra, 1), np.inf).",
    ),
)
def fill_times(answers: Answers, seed: int) -> Iterator[Demand]:
    """Seconds from the trouble until each tier's pool is full, infinity where it never is."""
    told, case, right = _pools(seed)
    found = answers.fill_times.array(*told, finite=False).astype(float)
    example = answers.fill_times.example
    for text, places in (
        ("says when a pool is full that fills up", (0, 3)),
        ("says never where the database can do what is asked of it", (1,)),
        ("says never where callers give up before the pool is full", (2, 4)),
    ):
        ends = np.isfinite(right)
        near = np.isclose(found, np.where(ends, right, 0.0), rtol=0.01, atol=0.0)
        ok = ~np.isin(case, places) | np.where(ends, near, found == np.inf)
        yield demand(text, ok=ok, weight=2, essential=True, seen=example(told, found, right, ok))


def _pools(seed: int) -> tuple[tuple[FloatArray, ...], IntArray, FloatArray]:
    """Pools, one a member, above a slow database: some fill, some are spared by its capacity, some by patience.

    In case 3 the pool is just as large as patience allows; in case 4 it is larger, by less than a good day holds.
    """
    random = draws(seed, "fill_times")
    case = np.concatenate([lineup(random, 5, extra=2), lineup(random, 3, extra=2)])
    size = len(case)
    rate = random.uniform(80, 200, size).round()
    capacity = (rate * np.where(case == 1, random.uniform(1.02, 1.4, size), random.uniform(0.5, 0.9, size))).round()
    patience = random.uniform(2, 10, size).round(1)
    patience = np.where(case == 3, patience.round(), patience)  # whole, so that no way of rounding decides
    most = rate * patience
    # One pool in two that fill would not, if Little's law held with the database's rate.
    share = np.where(np.cumsum(case == 0) % 2 == 1, random.uniform(0.93, 0.98, size), random.uniform(0.3, 0.48, size))
    held = (rate * random.uniform(0.05, 0.15, size)).round()
    workers = (most * np.where(case == 2, random.uniform(1.1, 1.8, size), share)).round()
    workers = np.select([case == 3, case == 4], [most, np.floor(most + random.uniform(0.5, 0.9, size) * held)], workers)
    fills = np.isin(case, (0, 3))
    right = np.where(fills, (workers - held) / np.where(fills, rate - capacity, 1.0), np.inf)
    return (workers, held, rate, capacity, patience), case, right


# -- lab 2: bulkheads ------------------------------------------------------------------------------------------------


@task(
    "bulkheads",
    answers=("bulkheads(rate, latency, workers)",),
    hints=(
        "How many calls to each dependency are in flight on a good day? Twice as many should fit. And if one of them "
        "hangs and fills its bulkhead, what must be left for the others?",
        "need = 2 * rate * latency, rounded up. If all needs together fit into the pool, each may have its need: then "
        "no one of them can take what the others need. If they do not fit, no sizes will do: 0 for all.",
        "need = np.ceil(2 * rate * latency); return np.where(need.sum(axis=0) <= workers, need, 0).",
    ),
)
def bulkheads(answers: Answers, seed: int) -> Iterator[Demand]:
    """Sizes of the bulkheads of several dependencies of one pool, shape (dependencies, services)."""
    (rate, latency, workers), fits = _dependencies(seed)
    told = (rate, latency, workers)
    size = answers.bulkheads.array(*told, shape=rate.shape).astype(float)
    need = 2 * rate * latency
    example = answers.bulkheads.example
    yield demand("gives whole numbers", ok=size == np.round(size), essential=True, seen=f"{size.ravel()[0]:g}")
    none = fits | (size == 0)
    yield demand("says 0 for all where the pool is too small for any sizes", ok=none, weight=2, essential=True,
                 seen=example(told, size, np.where(fits, need, 0.0), none))  # fmt: skip
    good = ~fits | (size >= need - 1e-6)
    yield demand("leaves each dependency twice what a good day needs", ok=good, weight=2, essential=True,
                 seen=example(told, size, np.ceil(need - 1e-9), good))  # fmt: skip
    others = np.ceil(need - 1e-9).sum(axis=0) - np.ceil(need - 1e-9)
    spares = ~fits | (size + others <= workers + 1e-6)
    yield demand("leaves the others what they need when any one hangs", ok=spares, weight=2, essential=True,
                 seen=example(told, size, workers - others, spares))  # fmt: skip


def _dependencies(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.bool_]]:
    """Services of four dependencies each; for some the pool is too small, if only just.

    Where it is just enough, one need is a whole number as it is. No other is near one: rounding must not decide.
    """
    random = draws(seed, "bulkheads")
    case = lineup(random, 5)
    size = len(case)
    exact, drawn = (case == 1) & (np.arange(4)[:, None] == random.integers(4)), False
    while not drawn:
        rate = (10 ** random.uniform(0, 2.3, (4, size))).round(1)
        latency = random.uniform(0.02, 0.6, (4, size)).round(2)
        rate, latency = np.where(exact, 4 * np.ceil(rate / 4), rate), np.where(exact, 0.25, latency)
        need = 2 * rate * latency
        needs = np.ceil(need).sum(axis=0)
        # Rounding afterwards must not fit where rounding each does not, nor before doubling where all is just enough.
        drawn = (need.sum(axis=0) <= needs - 1)[case == 4].all() and (
            (2 * np.ceil(rate * latency)).sum(axis=0) > needs)[case == 1].all() and (
            exact | (np.abs(need - np.round(need)) > 1e-6)).all()  # fmt: skip
    roomy = needs * random.uniform(1.05, 1.6, size)
    workers = np.choose(case, [roomy, needs, needs * random.uniform(0.55, 0.9, size), roomy, needs - 1]).round()
    return (rate, latency, workers), needs <= workers


# -- lab 3: whom to refuse -------------------------------------------------------------------------------------------


@task(
    "shed",
    answers=("shed(offered, capacity)",),
    hints=(
        "Serve the most critical class first, and the next with what is left. How much is left for a class when all "
        "more critical ones have been let in?",
        "before = what the classes above have asked for: a running sum along the first axis, less the class's own. A "
        "class gets what capacity leaves after that, at least nothing and at most what it offers.",
        "before = np.cumsum(offered, axis=0) - offered; return np.clip(capacity - before, 0, offered).",
    ),
)
def shed(answers: Answers, seed: int) -> Iterator[Demand]:
    """Requests/s to admit of each class, the most critical first; shape (classes, moments)."""
    told = offered, capacity = _classes(seed)
    admitted = answers.shed.array(*told, shape=offered.shape).astype(float)
    before = np.cumsum(offered, axis=0) - offered
    right = np.clip(capacity - before, 0, offered)
    example, near = answers.shed.example, 1e-6 * capacity + 1e-9
    some = (admitted >= 0) & (admitted <= offered + near)
    yield demand("admits of each class between nothing and what it offers", ok=some, essential=True,
                 seen=example(told, admitted, right, some))  # fmt: skip
    total = admitted.sum(axis=0)
    held = total <= capacity + near
    yield demand("admits no more than can be served", ok=held, weight=2, essential=True,
                 seen=example(told, total, capacity, held))  # fmt: skip
    used = total >= np.minimum(capacity, offered.sum(axis=0)) - near
    yield demand("refuses nobody while there is room", ok=used, weight=2, essential=True,
                 seen=example(told, total, np.minimum(capacity, offered.sum(axis=0)), used))  # fmt: skip
    first = np.abs(admitted - right) <= near
    yield demand("refuses the least critical first, and the next only when none of them is left", ok=first, weight=3,
                 essential=True, seen=example(told, admitted, right, first))  # fmt: skip


def _classes(seed: int) -> tuple[FloatArray, FloatArray]:
    """Moments with room to spare, with the cut in each of the classes, between two of them, and with no capacity."""
    random = draws(seed, "shed")
    case = lineup(random, 7)
    size = len(case)
    offered = random.uniform(20, 200, (4, size)).round()
    ends = np.concatenate([np.zeros((1, size)), np.cumsum(offered, axis=0)])
    part, member = random.uniform(0.2, 0.8, size), np.arange(size)
    cut = np.clip(case, 0, 3)
    within = ends[cut, member] + part * offered[cut, member]
    capacity = np.select([case < 4, case == 4, case == 5], [within, ends[2], 0.0], ends[4] * 1.3)
    return offered, capacity.round(1)


# -- lab 4: what a page does about each dependency -------------------------------------------------------------------

CALL, LEAVE_OUT, FAIL = range(3)


@task(
    "page",
    answers=("page(state, room, optional, probe)",),
    hints=(
        "Whether a dependency may be called depends on its breaker, on the room in its bulkhead and, while the breaker "
        "is trying, on whether this is the probe. What then happens depends on whether the page can do without.",
        "may = room > 0 and the breaker closed, or trying and this the probe. Else an optional one is left out. If any "
        "required one may not be called, the page fails: then call nobody.",
        "may = ((state == 0) | ((state == 2) & probe)) & (room > 0); action = np.where(may, 0, np.where(optional, 1, "
        "2)); return np.where((action == 2).any(axis=0), 2, action).",
    ),
)
def page(answers: Answers, seed: int) -> Iterator[Demand]:
    """0 to call a dependency, 1 to leave it out, 2 to fail; shape (dependencies, pages)."""
    told, case, right = _pages(seed)
    found = answers.page.array(*told, shape=right.shape).astype(float)
    for text, place in (
        ("calls everybody when all is well", 0),
        ("leaves out what is optional and open, and shows the page all the same", 1),
        ("leaves out what is optional and has no room", 2),
        ("fails at once, and calls nobody, when a required one is open", 3),
        ("fails at once, and calls nobody, when a required one has no room", 4),
        ("lets the probe through while a breaker is trying", (5, 8)),
        ("lets nobody but the probe through while a breaker is trying", 6),
        ("keeps the probe back, too, where there is no room", 7),
    ):
        ok = ~np.isin(case, place) | (found == right)
        yield demand(text, ok=ok, essential=True, weight=1.0 + (place in (3, (5, 8))),
                     seen=answers.page.example(told, found, right, ok))  # fmt: skip


def _pages(seed: int) -> tuple[tuple[NDArray[Any], ...], IntArray, IntArray]:
    """Pages of four dependencies in any state; the designed one is any of them."""
    random = draws(seed, "page")
    case = lineup(random, 9, extra=4)
    size, number = len(case), np.arange(4)[:, None]
    state, room = np.zeros((4, size), dtype=np.int64), random.integers(1, 30, (4, size))
    probe = np.where(np.isin(case, (3, 5, 8)), True, np.where(np.isin(case, (1, 6)), False, random.random(size) < 0.5))
    optional = random.random((4, size)) < 0.5
    special = random.integers(0, 4, size)
    here = number == special
    state = np.where(here & np.isin(case, (1, 3)), 1, np.where(here & np.isin(case, (5, 6, 7, 8)), 2, state))
    room = np.where(here, np.select([np.isin(case, (2, 4, 7)), case == 0], [0, 1], room), room)
    either = np.isin(case, (6, 7)) & (random.random(size) < 0.5)
    optional = np.where(here, np.isin(case, (1, 2, 5)) | either, optional)
    probe = np.where(case == 7, True, probe)
    # Beside a required one that is open, one that is open too and could be left out.
    other = (case == 3) & (number == (special + random.integers(1, 4, size)) % 4)
    state, optional = np.where(other, 1, state), optional | other
    may = ((state == 0) | ((state == 2) & probe)) & (room > 0)
    action = np.where(may, CALL, np.where(optional, LEAVE_OUT, FAIL))
    return (state, room, optional, probe), case, np.where((action == FAIL).any(axis=0), FAIL, action)


# -- lab 5: restarting a fleet ---------------------------------------------------------------------------------------

EVERY, AGES = 5.0, 24  # s between two looks at the clock, and how many
FLEETS = 4


@task(
    "restart",
    answers=("restart(replicas, utilisation, cold, warmup, age) -> admitted, batch",),
    hints=(
        "How much can a replica do at its age? Admit so much of the load that nobody gets more. And on a good day: how "
        "many replicas may be away at once before the others are above their capacity?",
        "Warm share: cold + (1 - cold) * age / warmup, at most 1. The load is a share `utilisation` of what the warm "
        "fleet can do. At once: replicas * (1 - utilisation), rounded down.",
        "warm = np.minimum(1, cold + (1 - cold) * age / warmup); return np.minimum(1, warm / utilisation), "
        "np.floor(replicas * (1 - utilisation) + 1e-9).",
    ),
)
def restart(answers: Answers, seed: int) -> Iterator[Demand]:
    """Share of the load to admit after a whole fleet has restarted, and how many to restart at once on a good day."""
    told, warm = _fleets(seed)
    replicas, rho = told[:2]
    admitted, batch = (one.astype(float) for one in answers.restart.several(*told))
    example, best = answers.restart.example, np.minimum(1.0, warm / rho)
    some = (admitted >= 0) & (admitted <= 1)
    yield demand("admits a share of the load", ok=some, essential=True,
                 seen=f"admitted {example(told, admitted, best, some)}")  # fmt: skip
    safe = admitted <= best + 0.005
    yield demand("never admits more than the fleet can do at that age", ok=safe, weight=2, essential=True,
                 seen=f"admitted {example(told, admitted, best, safe)}")  # fmt: skip
    much = admitted >= best - 0.02
    yield demand("admits what it can", ok=much, weight=2, essential=True,
                 seen=f"admitted {example(told, admitted, best, much)}")  # fmt: skip
    most = np.floor(replicas * (1 - rho) + 1e-9)
    right = batch == most
    yield demand("restarts as many at once as the others can stand in for", ok=right, weight=2, essential=True,
                 seen=f"batch {example(told, batch, most, right)}")  # fmt: skip
    felled, kept = _brought_back(told, np.clip(admitted, 0.0, 1.0), best)
    yield demand("brings a simulated fleet back without felling it again", ok=~felled, essential=True,
                 seen=f"{int(felled.sum())} of {FLEETS} fleets felled")  # fmt: skip
    yield demand("answers nearly all that could be answered meanwhile", ok=kept > 0.95, weight=2,
                 seen=f"{kept.min():.0%} of it")  # fmt: skip


def _fleets(seed: int) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """Four fleets at ages from 0 to two minutes, one member each, in any order."""
    random = draws(seed, "restart")
    replicas = random.integers(6, 30, FLEETS).astype(float)
    rho, cold = random.uniform(0.6, 0.95, FLEETS).round(2), random.uniform(0.1, 0.4, FLEETS).round(2)
    warmup = random.uniform(40, 100, FLEETS).round()
    spare = replicas * (1 - rho)  # never so near a whole number that rounding decides
    rho = np.where(np.abs(spare - spare.round()) < 1e-6, rho - 0.005, rho)
    whole = random.integers(FLEETS)  # but in one fleet it is one, in eighths, and more than 1
    replicas[whole], rho[whole] = 8.0 * random.integers(1, 4), random.choice([0.625, 0.75])
    none = whole - 1  # and in another it is most of one, which is none
    replicas[none] = random.integers(6, 12)
    rho[none] = (1.0 - random.uniform(0.6, 0.9) / replicas[none]).round(3)
    fleet = np.repeat(np.arange(FLEETS), AGES)
    age = np.tile(EVERY * np.arange(AGES), FLEETS)
    told = (replicas[fleet], rho[fleet], cold[fleet], warmup[fleet], age)
    return told, np.minimum(1.0, told[2] + (1 - told[2]) * age / told[3])


def _brought_back(
    told: tuple[FloatArray, ...], admitted: FloatArray, best: FloatArray
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Whether each fleet fell again, and what it answered, as a share of what the best admission would have offered."""
    replicas, _, cold, warmup, _ = (one.reshape(FLEETS, AGES)[:, 0] for one in told)
    load = (admitted * told[1]).reshape(FLEETS, AGES)
    begin = 30.0  # gone at 10 s, back after 10 s more, up 10 s later
    steps = tuple((begin + EVERY * k, load[:, k]) for k in range(AGES))
    drill = replica_fleet.Parameters(
        replicas=replicas.astype(np.int64), utilisation=Schedule(0.0, steps), cold=cold, warmup=warmup, crash_load=1.15,
        lost=replicas.astype(np.int64), trigger_start=10.0, trigger_duration=10.0, restart_time=10.0, patience=10.0,
        capacity=100.0,
    )  # fmt: skip
    until = begin + EVERY * AGES
    trace = replica_fleet.simulate(
        drill, until=until, record=Record(("goodput", "survivors"), every=EVERY, start=begin)
    )
    could = (best * told[1]).reshape(FLEETS, AGES).sum(axis=1) * replicas * 100.0
    return (trace["survivors"] < replicas).any(axis=0), trace["goodput"].sum(axis=0) / could


# -- lab 6: two numbers for three days -------------------------------------------------------------------------------


@task(
    "limits",
    answers=("limits(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers) -> threshold, retries",),
    hints=(
        "Between which two numbers of requests in the gateway must the limit lie: what a good day holds, and what a "
        "slow database can still answer in time? And which day needs a retry?",
        "A good day holds arrival_rate * healthy_time. In time is what is within slow_rate * (timeout - query_time) of "
        "the head of the queue. Take a number well between the two, as a share of the workers. One reply in a hundred "
        "is lost: with one retry hardly anybody sees it.",
        "low, high = arrival_rate * healthy_time, slow_rate * (timeout - query_time); threshold = np.sqrt(low * high) "
        "/ workers; retries = 1 for all.",
    ),
)
def limits(answers: Answers, seed: int) -> Iterator[Demand]:
    """A shed threshold and retries for services that have a good day, a slow day, and a day of lost replies."""
    told, drill = _services(seed)
    threshold, retries = (one.astype(float) for one in answers.limits.several(*told))
    rate, _, slow = told[:3]
    inside = (threshold >= 0.01) & (threshold < 1) & np.isin(retries, range(5))
    yield demand("is a share from 0.01 to below 1, and 0 to 4 retries", ok=inside, essential=True,
                 seen=f"threshold {threshold[~inside][:1]}, retries {retries[~inside][:1]}")  # fmt: skip
    if not inside.all():
        return
    good, lost, during, after = _days(drill, threshold, retries, seed)
    _, _, could, _ = _days(drill, np.sqrt(rate * told[1] * slow * (told[4] - told[3])) / told[5], retries * 0 + 1, seed)
    worst = answers.limits.worst
    for text, least, got, weight in (
        ("answers everybody on a good day", 0.995, good, 2),
        ("hides one lost reply in a hundred", 0.995, lost, 2),
        ("answers what a slow database can do", 0.95, during / could, 3),
        ("is well as soon as the database is", 0.98, after, 2),
    ):
        yield demand(text, ok=got > least, weight=weight, essential=True,
                     seen=worst(told, got, "{:.1%} answered", least=True))  # fmt: skip


def _services(seed: int) -> tuple[tuple[FloatArray, ...], chain.Parameters]:
    """Services of different load, database, patience and pool; no one share or number fits the first three kinds."""
    random = draws(seed, "settings")
    case = lineup(random, 5, extra=2)
    size = len(case)
    wide, narrow, large = case == 0, case == 1, case == 2
    rate = np.select([wide, narrow, large], [random.uniform(100, 120, size), random.uniform(160, 180, size),
                     random.uniform(700, 800, size)], random.uniform(100, 180, size)).round()  # fmt: skip
    workers = np.select([wide, narrow, large], [900, 150, 2000], random.integers(250, 600, size))
    database = np.ceil(rate * 0.08 / random.uniform(0.6, 0.75, size)).astype(np.int64)
    slowdown = np.where(wide, 2.8, random.uniform(2.0, 2.8, size).round(1))
    timeout = np.where(wide, 3.0, random.uniform(2.5, 4.5, size).round())
    drill = chain.Parameters(arrival_rate=rate, gateway_workers=workers, database_workers=database, slowdown=slowdown,
                             stock_timeout=timeout, shop_workers=2000, stock_workers=2000)  # fmt: skip
    query = 0.08 * slowdown
    return (rate, np.full(size, 0.15), database / query, query, timeout, workers.astype(float)), drill


def _days(drill: chain.Parameters, threshold: FloatArray, retries: FloatArray, seed: int) -> tuple[FloatArray, ...]:
    """Share of the users' requests answered: on a good day, on one of lost replies, while slow, and after that."""
    day = np.arange(3)[:, None]
    three = drill.replace(
        slowdown=np.where(day == 2, drill.slowdown, 1.0), error_share=np.where(day == 1, 0.01, 0.0),
        shed_threshold=threshold, max_retries=retries.astype(np.int64), trigger_start=10.0, trigger_duration=40.0,
        reload_share=0.0,
    )  # fmt: skip
    record = Record(("goodput", "offered_rate"), every=5.0)
    trace = chain.simulate(three, seed % 1000, until=90.0, record=record)

    def share(begin: int, end: int, of: int) -> FloatArray:
        got, wanted = (trace[name][begin // 5 : end // 5, of].sum(axis=0) for name in ("goodput", "offered_rate"))
        return got / np.maximum(wanted, 1e-9)

    return share(5, 90, 0), share(5, 90, 1), share(15, 50, 2), share(60, 90, 2)
