"""Module 04: what the graded cell of the lesson and the four tasks of the lab demand.

Fleets are drawn from the seed. Rates come from the model, so that what an answer makes of them is tried on partitions
whose ordinary keys lie as unevenly as they do in the lab.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import (
    WRONG,
    AnswerError,
    Answers,
    Curve,
    Demand,
    demand,
    draws,
    expect_array,
    lineup,
    task,
)
from course_lib.models.hot_partition import Parameters, partitions, simulate
from course_lib.models.partition_parts import VIRAL_KEY, partition_shares
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record
from course_lib.theory import hashing

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def _whole(value: Any, shape: tuple[int | None, ...], name: str) -> IntArray:
    """An answer's numbers of things: whole, and not too large to be told apart."""
    array = expect_array(value, shape, name)
    if array.dtype.kind in "iu" and array.max(initial=0) < 2**63:
        return array.astype(np.int64)
    array = array.astype(float)
    if np.abs(array).max(initial=0.0) >= 2.0**53 or (array != np.round(array)).any():
        told = f"{name} returns whole numbers, below 2**53 if they are floats"
        raise AnswerError(WRONG, f"{told} : saw {array.max():.6g} at most")
    return array.astype(np.int64)


# -- the lesson: how many partitions are enough ----------------------------------------------------------------------


@task(
    "enough_partitions",
    answers=("enough_partitions(arrival_rate, key_share, partition_capacity, target)",),
    hints=(
        "The hottest partition takes the key's whole rate and its part of everybody else's. Which of the two shrinks "
        "when partitions are added?",
        "Set key_share * arrival_rate + (1 - key_share) * arrival_rate / P equal to target * partition_capacity and "
        "solve for P. It has no solution where the key alone asks for that much.",
        "room = target * partition_capacity - key_share * arrival_rate; np.where(room > 0, np.ceil((1 - key_share) * "
        "arrival_rate / np.maximum(room, 1e-9)), 0).",
    ),
)
def enough_partitions(answers: Answers, seed: int) -> Iterator[Demand]:
    """Fewest partitions that keep the hottest one within its target, and 0 where no number does."""
    fleets = _fleets(seed)
    rate, share, capacity, target = fleets
    value = answers.enough_partitions.array(*fleets, finite=False)
    count = _whole(np.where(np.isfinite(value), value, -1), rate.shape, "enough_partitions")
    hopeless = share * rate >= target * capacity
    best = np.where(hopeless, 0.0, np.maximum(np.ceil(_fewest(*fleets)), 1.0))
    example = answers.enough_partitions.example
    agreed = (count == 0) == hopeless
    yield demand("is 0 exactly where no number of partitions is enough", ok=agreed, essential=True,
                 seen=example(fleets, value, best, agreed))  # fmt: skip
    used = lambda n: hashing.hot_share(share, np.maximum(n, 1)) * rate / capacity / target  # noqa: E731
    within = hopeless | (used(count) <= 1 + 1e-9)
    yield demand("keeps the hottest partition within its target", ok=within, weight=2, essential=True,
                 seen=example(fleets, count, best, within))  # fmt: skip
    needed = hopeless | ((count > 0) & ((count <= 1) | (used(count - 1) > 1)))
    yield demand("uses no partition more than it needs", ok=needed, weight=2, essential=True,
                 seen=example(fleets, count, best, needed))  # fmt: skip
    busy = np.where(hopeless, 0.0, _hottest(seed, *fleets, count))
    yield demand("keeps it there in a simulated fleet, too, give or take 12 %", ok=busy <= 1.12,
                 seen=answers.enough_partitions.worst(fleets, busy, "{:.0%} of the target"))  # fmt: skip
    place = int(np.argmax(best == 1))
    numbers = tuple(float(x[place]) for x in fleets)
    single = answers.enough_partitions.array(*numbers, shape=())
    yield demand("takes plain numbers too: one fleet alone", ok=single == count[place],
                 seen=example(numbers, single, count[place]))  # fmt: skip


def _fleets(seed: int) -> tuple[FloatArray, ...]:
    """Arrival rates, key shares, capacities and targets of fleets in any order.

    Some have no hot key, some fit on one partition, others need a few to very many, and some ask for what no number of
    partitions can give (of these some by a hair's breadth). One meets its target exactly, and one key fills its target,
    in powers of two, so that whoever multiplies and whoever divides find the same.
    """
    random = draws(seed, "enough_partitions")
    case = lineup(random, 10)
    size = len(case)
    share = np.array([0.0, 0.3, 0.12, 0.05, 0.03, 0.02, 0.1, 0.04, 0, 0])[case] * random.uniform(0.8, 1.2, size)
    up_and_down = np.array([0.2, 0.5, 0.8, 0.2, 0.8, 0.2, 0.5, 0.5, 0, 0])[case]
    part = up_and_down + random.uniform(-0.05, 0.05, size)
    exact = np.floor(np.array([7, 0, 2, 11, 45, 150, 1, 1, 1, 1])[case] * random.uniform(1.0, 1.5, size)) + part
    capacity, target = random.uniform(500, 2000, size).round(), random.uniform(0.5, 0.9, size).round(2)
    rate = exact * target * capacity / (1.0 - share + share * exact)
    too_much = np.where(case == 6, random.uniform(1.1, 1.5, size), 1.01)
    beyond = (case == 6) | (case == 7)
    rate[beyond] = (target * capacity * too_much)[beyond] / share[beyond]
    power, whole, even = 0.5 ** random.integers(2, 5, size), 16.0 * random.integers(400, 1000, size), case >= 8
    rate, share, target = np.where(even, [whole, power, np.full(size, 0.5)], [rate, share, target])
    capacity = np.where(even, 2 * power * whole * np.where(case == 8, 2, 1), capacity)  # of 1 / power - 1 partitions
    return rate, share, capacity, target


def _fewest(rate: FloatArray, share: FloatArray, capacity: FloatArray, target: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return (1.0 - share) * rate / (target * capacity - share * rate)


def _hottest(
    seed: int, rate: FloatArray, share: FloatArray, capacity: FloatArray, target: FloatArray, count: IntArray
) -> FloatArray:
    """What the hottest partition of each simulated fleet is asked for, of its target; infinite beyond the model."""
    drill = Parameters(
        arrival_rate=rate, viral_share=share, viral_start=0.0, partition_capacity=capacity, zipf_exponent=0.0,
        partitions=np.clip(count, 1, 512),
    )  # fmt: skip
    asked = np.nanmax(partitions(simulate(drill, seed, until=20))["demand"].mean(axis=0), axis=0)
    return np.where((count >= 1) & (count <= 512), asked / capacity / target, np.inf)


# -- lab 1: hot key --------------------------------------------------------------------------------------------------

HEAVY = 24  # ordinary keys that must not share the hot key's partition: its sample shall tell them apart
ORDINARY = 5000  # keys


@task(
    "hot_key",
    answers=("hot_key(before, during, sample, homes) -> partition, key, share",),
    whole=("hot_key",),
    hints=(
        "Total traffic may have grown, and ordinary keys are unequal. What changes only for the hot key's partition is "
        "its share of all requests.",
        "w0 and w1, each partition's share before and during: the partition is where w1 - w0 is largest, and the key "
        "is the one sampled most often *there*. The partition keeps (1 - s) of what it had: w1 = s + (1 - s) * w0.",
        "w0 = before.mean(axis=0) / before.mean(axis=0).sum(), w1 alike; p = np.argmax(w1 - w0); keys, counts = "
        "np.unique(sample[homes == p], return_counts=True); s = (w1[p] - w0[p]) / (1 - w0[p]).",
    ),
)
def hot_key(answers: Answers, seed: int) -> Iterator[Demand]:
    """The hot key, its partition and its share, from rates before and during and a sample of requests."""
    scenes = [_scene(seed, place) for place in draws(seed, "hot_key").permutation(len(SCENES))]
    found = [answers.hot_key.several(*scene[:4], shape=()) for scene in scenes]
    where, key, share = np.array(found, float).T
    home, hot, truth = (np.array([scene[i] for scene in scenes], float) for i in (4, 5, 6))
    yield demand("finds the partition that a key made hot, also where another is busier", ok=where == home,
                 essential=True, weight=2, seen=_first_miss(scenes, where, home, where == home))  # fmt: skip
    yield demand("finds the key, also where another is sampled more often", ok=key == hot, weight=2,
                 seen=_first_miss(scenes, key, hot, key == hot))  # fmt: skip
    close = np.abs(share / truth - 1.0) < 0.03
    yield demand("estimates the key's share of the requests to within 3 %", ok=close, essential=True, weight=2,
                 seen=_first_miss(scenes, share, truth, close))  # fmt: skip


def _first_miss(scenes: list[tuple[Any, ...]], got: FloatArray, wanted: FloatArray, ok: NDArray[np.bool_]) -> str:
    """The scene of the fewest partitions that fails."""
    if ok.all():
        return ""
    place = min(np.flatnonzero(~ok), key=lambda n: scenes[n][0].shape[1])
    before, during = scenes[place][:2]
    sizes = f"{before.shape[1]} partitions, {before.sum(1).mean():.6g} requests/s before and {during.sum(1).mean():.6g}"
    return f"{got[place]:.6g}, not {wanted[place]:.6g}, for {sizes} during"


SCENES = (
    (8, 0.6, 0.1, 1.0, False),
    (32, 1.0, 0.045, 1.0, True),
    (48, 0.8, 0.2, 1.4, False),
    (16, 1.0, 0.05, 2.4, True),
    (24, 0.9, 0.05, 1.2, True),
)
"""Partitions, Zipf exponent, viral share, growth of the total, and whether another partition stays busier.

Where the total more than doubles, another partition gains more requests than the hot one, too.
"""


@lru_cache(maxsize=16)
def _scene(seed: int, place: int) -> tuple[Any, ...]:
    """What an answer is told (rates before and during, sampled keys and their homes), and home, key and share."""
    count, exponent, share, growth, busier = SCENES[place]
    random = draws(seed, f"hot_key {place}")
    share = float(share * random.uniform(0.95, 1.15))
    hashed = _hash_seed(random, count, exponent, share, growth, busier)
    rate = Schedule(20_000.0, ((30.0, 20_000.0 * growth),))
    drill = Parameters(arrival_rate=rate, partitions=count, zipf_exponent=exponent, keys=ORDINARY, viral_share=share,
                       viral_start=30.0, viral_duration=60.0)  # fmt: skip
    rates = partitions(simulate(drill, hashed, until=90))["demand"]
    odds = np.append((1.0 - share) * hashing.zipf_shares(ORDINARY, exponent), share)
    drawn = random.choice(ORDINARY + 1, size=700, p=odds)
    homes = hashing.partition_of(hashing.slot_of(_named(drawn), hashed), count)
    names = random.choice(10**6, size=ORDINARY + 1, replace=False).astype(np.int64)
    home = int(hashing.partition_of(hashing.slot_of(VIRAL_KEY, hashed), count)[0])
    return rates[:30], rates[30:], names[drawn], homes, home, int(names[-1]), share


def _named(drawn: IntArray) -> IntArray:
    return np.where(drawn == ORDINARY, VIRAL_KEY, drawn)


def _hash_seed(
    random: np.random.Generator, count: int, exponent: float, share: float, growth: float, busier: bool
) -> int:
    """A placement without heavy keys beside the hot one, and with a busier partition elsewhere where wanted."""
    while True:
        seed = int(random.integers(1 << 31))
        home = hashing.partition_of(hashing.slot_of(VIRAL_KEY, seed), count)[0]
        beside = hashing.partition_of(hashing.slot_of(np.arange(HEAVY), seed), count) == home
        if beside.any():
            continue
        had = partition_shares(seed, exponent, ORDINARY, count)
        has = (1.0 - share) * had + share * (np.arange(count) == home)
        gained = growth * has - had
        rival, hot = np.delete(has, home).max(), has[home]
        if growth > 2 and np.delete(gained, home).max() < 1.1 * gained[home]:
            continue
        if rival > 1.1 * hot if busier else hot > 1.1 * rival:
            return seed


# -- lab 2: doubling -------------------------------------------------------------------------------------------------

SPAN = (60, 120)  # seconds over which the lab measures
#: An answer makes the very run that it is compared with. One second more in the mean moves it by 0.0008 at most, and
#: one run for each number of partitions by 0.0001, over twelve seeds: forgiven.
SAME_RUN = 0.0015


@task(
    "doubling",
    answers=("doubling(partitions, viral_share, seed)",),
    hints=(
        "One call of simulate takes the whole array of partition counts. Which signal tells about the hot key alone?",
        "Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0), simulated until 120 s; the "
        "signal is hot_error_ratio.",
        "trace = simulate(Parameters(…), seed, until=120); return trace['hot_error_ratio'][60:].mean(axis=0): one row "
        "a second, one column a partition count.",
    ),
)
def doubling(answers: Answers, seed: int) -> Iterator[Demand]:
    """Share of the hot key's requests that fail, against the number of partitions."""
    random = draws(seed, "doubling")
    counts = int(random.integers(20, 28)) * 2 ** np.arange(random.integers(3, 5))
    random.shuffle(counts)
    share, run = float(random.uniform(0.08, 0.14)), int(random.integers(1 << 30))
    told, wanted = (counts, share, run), _failing(counts, share, run)
    found, example = answers.doubling.array(*told), answers.doubling.example
    inside = (found >= 0) & (found <= 1)
    yield demand("is a share from 0 to 1", ok=inside, seen=example(told, found, wanted, inside))
    order, close = np.argsort(counts), np.abs(found - wanted) < SAME_RUN
    curve = Curve("Hot key's requests that fail", counts[order].astype(float), found[order], wanted[order],
                  "partitions", "share")  # fmt: skip
    yield demand("is the hot key's failing share in the simulation, for every number of partitions", essential=True,
                 ok=close, weight=3, curve=curve, seen=example(told, found, wanted, close))  # fmt: skip
    milder = [(counts[:1], float(share), run) for share in np.array([0.005, 0.03]) * random.uniform(0.9, 1.1, 2)]
    milder.append((counts[:1], share, int(random.integers(1 << 30))))  # now and then two runs come to much the same
    mild = [answers.doubling.array(*one) for one in milder]
    true = [_failing(*one) for one in milder]
    seen = [example(*one, np.abs(one[1] - one[2]) < SAME_RUN) for one in zip(milder, mild, true, strict=True)]
    ok = np.abs(np.subtract(mild, true)) < SAME_RUN
    yield demand("follows the viral share, down to one that harms nobody", ok=ok, weight=2,
                 seen=next(filter(None, seen), ""))  # fmt: skip


def _failing(counts: IntArray, share: float, seed: int) -> FloatArray:
    drill = Parameters(partitions=counts, viral_share=share, viral_start=0.0)
    record = Record(("hot_error_ratio",), every=float(SPAN[1] - SPAN[0]), start=float(SPAN[0]))
    return simulate(drill, seed, until=SPAN[1], record=record)["hot_error_ratio"][-1]


# -- lab 3: the salt -------------------------------------------------------------------------------------------------

FEW = 20  # ordinary keys
MOST_SALTS = 512  # as in the lab
MOST_LOOKUPS = 4096


@task(
    "salt",
    answers=("write_key(key, hot, salts, draw)", "read_keys(key, hot, salts)"),
    whole=("read_keys",),
    hints=(
        "A hot key's write picks one of `salts` sub-keys by its draw; its read asks for all of them. An ordinary key "
        "has one sub-key, number 0. No two keys may ever share a sub-key.",
        "Number the sub-keys key * MOST_SALTS + i: the multiplier must not change when `salts` does. i is "
        "floor(draw * salts) for a hot key, 0 for another.",
        "write_key: i = np.where(hot, np.floor(draw * salts), 0), and return (key * MOST_SALTS + i).astype(np.int64). "
        "read_keys: return key * MOST_SALTS + np.arange(salts if hot else 1, dtype=np.int64).",
    ),
)
def salt(answers: Answers, seed: int) -> Iterator[Demand]:
    """Sub-keys for writes, and the sub-keys a read must ask."""
    random = draws(seed, "salt")
    hot, keys = _some_keys(random)
    now, earlier = (int(n) for n in random.choice([[16, 4], [12, 5], [20, 6], [24, 8]]))
    reads = {key: _read(answers, key, key in hot, now) for key in random.permutation(keys).tolist()}
    writes = _writes(answers, random, hot, keys, now)
    lost = {key: 1.0 - np.isin(writes[key], reads[key]).mean() for key in hot}
    yield demand("a read of a hot key finds every write", ok=[not part for part in lost.values()], essential=True,
                 weight=3, seen=_lost(lost, now))  # fmt: skip
    met = [(key, other, now) for key in keys for other in keys
           if other != key and np.isin(writes[other], reads[key]).any()]  # fmt: skip
    met += _met_elsewhere(answers, hot[0], now)
    seen = "a read of key = {} finds a write of key = {}, salts = {}".format(*min(met)) if met else ""
    yield demand("a read finds no other key's writes", ok=not met, essential=True, weight=2, seen=seen)
    counts = [np.unique(writes[key], return_counts=True)[1] for key in hot]
    most = max(count.max() / count.sum() for count in counts) * now
    yield demand("a hot key's writes are spread evenly over all its sub-keys", essential=True, weight=2,
                 ok=most < 1.03, seen=f"{most:.2f} times the fair part on one, for salts = {now}")  # fmt: skip
    lookups = [len(reads[key]) for key in hot]
    yield demand("a read of a hot key asks each of its sub-keys once", ok=np.array(lookups) == now,
                 seen=f"{max(lookups)} lookups, not {now}, for hot = True, salts = {now}")  # fmt: skip
    yield from _ordinary(writes, reads, [key for key in keys if key not in hot])
    yield from _earlier(answers, random, hot, earlier, now)
    told = (np.array([7, 7]), np.array([True, True]), now, np.array([0.0, 1.0 - 2**-40]))
    ends, read = _whole(answers.write_key(*told), (2,), "write_key"), _read(answers, 7, True, now)
    found = np.isin(ends, read)
    yield demand("draws of 0 and just below 1 land on a sub-key that is read, too", ok=found,
                 seen=answers.write_key.example(told, ends, [read.min(), read.max()], found))  # fmt: skip


def _met_elsewhere(answers: Answers, hot: int, salts: int) -> list[tuple[int, int, int]]:
    """Reads of a hot key that find another's writes: its neighbours' at the most sub-keys, or its sub-keys' own.

    Whoever leaves ordinary keys their numbers must keep sub-keys out of these: so what a read asks is made a key.
    """
    found, asked = [], _read(answers, hot, True, salts)
    its_own = asked[(asked != hot) & (asked >= 0) & (asked < 2**31)]
    for many, others in ((MOST_SALTS, np.array([hot - 1, hot + 1], dtype=np.int64)), (salts, its_own)):
        if len(others):
            told = (others, np.zeros(len(others), dtype=bool), many, np.full(len(others), 0.5))
            wrote = _whole(answers.write_key(*told), others.shape, "write_key")
            met = np.isin(wrote, _read(answers, hot, True, many))
            found += [(hot, other, many) for other in others[met].tolist()]
    return found


def _lost(lost: dict[int, float], salts: int) -> str:
    worst = max(lost, key=lambda key: lost[key])
    return f"{lost[worst]:.1%} not found for key = {worst}, hot = True, salts = {salts}"


def _some_keys(random: np.random.Generator) -> tuple[list[int], list[int]]:
    """Hot keys (two of them neighbours), and all keys, below 2**31: the hot, those that might meet them, and others."""
    first = int(random.integers(1000, 2 * 10**6))  # times 512 or 1000 it is still a key's number
    hot = [first, first + 1, int(random.integers(10**8, 10**9))]
    near = [first + step for step in (2, 12, 16, 17, 20, 24, 512, 1000, 1024, 2**16, 10**6, 2**20)]
    near += [first * 16, (first + 1) * 16, first * 12, hot[2] + 1, 0]
    others = random.integers(17 * 10**8, 2**31, FEW).tolist()
    return hot, list(dict.fromkeys([*hot, *near, *others]))


def _writes(
    answers: Answers, random: np.random.Generator, hot: list[int], keys: list[int], salts: int, told: bool = True
) -> dict[int, IntArray]:
    """Sub-keys of many writes by key, all asked for in one call; `told` says whether the hot ones count as hot yet."""
    each = 40 * salts
    key = np.repeat(np.array(keys, dtype=np.int64), each)
    draw = np.concatenate([(random.permutation(each) + random.uniform(0.01, 0.99)) / each for _ in keys])
    order = random.permutation(len(key))
    is_hot = np.isin(key, hot) & told
    found = _whole(answers.write_key(key[order], is_hot[order], salts, draw[order]), key.shape, "write_key")
    return {one: found[key[order] == one] for one in keys}


def _read(answers: Answers, key: int, hot: bool, salts: int) -> IntArray:
    value = answers.read_keys(key, hot, salts)
    asked = _whole(value if isinstance(value, tuple) else np.atleast_1d(value), (None,), "read_keys")
    if len(asked) > MOST_LOOKUPS:
        raise AnswerError(WRONG, f"read_keys returns at most {MOST_LOOKUPS} sub-keys : saw {len(asked)}")
    return asked


def _ordinary(writes: dict[int, IntArray], reads: dict[int, IntArray], keys: list[int]) -> Iterator[Demand]:
    """Over-fixing: what is not hot stays whole."""
    parts, lookups = max(len(np.unique(writes[key])) for key in keys), max(len(reads[key]) for key in keys)
    yield demand("an ordinary key stays whole: one sub-key, one lookup", ok=parts == 1 and lookups == 1, essential=True,
                 seen=f"{parts} sub-keys and {lookups} lookups")  # fmt: skip
    found = all(np.isin(writes[key], reads[key]).all() for key in keys)
    yield demand("a read of an ordinary key finds every write", ok=found, essential=True, seen="writes not found")


def _earlier(answers: Answers, random: np.random.Generator, hot: list[int], earlier: int, now: int) -> Iterator[Demand]:
    """What was written before the key was hot, and when it had fewer sub-keys."""
    for text, salts, told in (
        ("a read finds what was written before the key went hot", now, False),
        ("a read finds what was written when the key had fewer sub-keys", earlier, True),
    ):
        writes = _writes(answers, random, hot, hot, salts, told)
        lost = max(1.0 - np.isin(writes[key], _read(answers, key, True, now)).mean() for key in hot)
        yield demand(text, ok=lost == 0, seen=f"{lost:.0%} not found of what was written with hot = {told}, "
                     f"salts = {salts} and read with salts = {now}")  # fmt: skip


# -- lab 4: the smallest number of salts -----------------------------------------------------------------------------


@task(
    "smallest_salts",
    answers=("smallest_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective) -> salts, cost",),
    hints=(
        "With N sub-keys a partition that holds one takes rest_rate, one N-th of the key's writes, and *all* of its "
        "reads. Its p99 is 4.6 / (capacity - load) seconds while it has room.",
        "Try all N at once: n = np.arange(1, 65)[:, None] gives one row a number of sub-keys, one column a service. "
        "No more sub-keys than partitions: n <= partitions.",
        "load = rest_rate + hot_rate * (write_share / n + 1 - write_share); fits = (n <= partitions) & "
        "(capacity - load >= 4.6 / objective); salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0); cost = "
        "write_share + (1 - write_share) * salts, and 0 where nothing fits.",
    ),
)
def smallest_salts(answers: Answers, seed: int) -> Iterator[Demand]:
    """Fewest sub-keys that keep the hot key's p99 within an objective, and what they cost."""
    told, best, hashed = _services(seed)
    writes, objective, fits = told[2], told[5], best > 0
    salts, cost = answers.smallest_salts.several(*told)
    salts, cost = _whole(salts, best.shape, "smallest_salts (salts)"), cost.astype(float)
    example = answers.smallest_salts.example
    agreed = ((salts > 0) == fits) & (fits | (cost == 0))
    yield demand("is 0, at cost 0, exactly where no number of sub-keys meets the objective", essential=True, ok=agreed,
                 seen=example(told, salts, best, agreed))  # fmt: skip
    slow = np.where(fits, _measured_p99(told, salts, hashed) / objective, 0.0)
    seen = answers.smallest_salts.worst(told, slow, "{:.1f} times the objective")
    yield demand("keeps the hot key's p99 within the objective in the simulation (give or take a quarter)",
                 ok=slow <= 1.25, essential=True, weight=3, seen=seen)  # fmt: skip
    few = ~fits | (salts <= np.floor(1.25 * best) + 1)
    yield demand("uses at most a quarter more sub-keys than it needs, plus one", essential=True, weight=3, ok=few,
                 seen=example(told, salts, best, few))  # fmt: skip
    wanted = np.where(salts > 0, writes + (1.0 - writes) * salts, 0.0)
    stated = np.isclose(cost, wanted, rtol=0.005)
    yield demand("states the cost of its choice: operations per request of the key", weight=2, ok=stated,
                 seen=f"cost {example(told, cost, wanted, stated)}")  # fmt: skip


def _services(seed: int) -> tuple[tuple[NDArray[Any], ...], IntArray, int]:
    """What an answer is told of services in any order, the fewest sub-keys of each, and the seed of their placement.

    Some are read so much that no number of sub-keys helps, and some would need more than they have partitions, by one.
    Others need every partition, or are well as they are, or have so much room below capacity that one sub-key too few,
    whoever rounds, overloads it.
    """
    random = draws(seed, "smallest_salts")
    case = lineup(random, 10)
    size = len(case)
    count = np.select([case == 5, case == 6, case == 7], [7, 48, 6], random.choice([24, 28, 32, 36, 40], size))
    needs, round_down = np.array([3, 5, 7, 9, 12, 8, 1, 6, 1, 3])[case], case == 9
    best = np.where((case == 5) | (case == 6), 0, needs)
    writes = np.array([0.97, 0.95, 0.95, 0.94, 0.94, 0.94, 0.3, 0.95, 0.9, 0.97])[case]
    writes = writes + random.uniform(-0.01, 0.01, size)
    capacity, objective = random.uniform(900, 1500, size).round(), random.choice([0.03, 0.04, 0.05], size)
    capacity, objective = np.where(round_down, 1500, capacity), np.where(round_down, 0.05, objective)
    rest = np.where(round_down, 0.4, random.uniform(0.4, 0.6, size)) * capacity
    exact = needs - np.where(round_down, random.uniform(0.6, 0.7, size), random.uniform(0.3, 0.7, size))
    hot = (capacity - 4.6 / objective - rest) / (writes / exact + 1.0 - writes)
    hot = np.where(case == 6, 3.0 * capacity, hot)
    return (hot, rest, writes, count, capacity, objective), best, int(random.integers(1 << 30))


def _measured_p99(told: tuple[NDArray[Any], ...], salts: IntArray, seed: int) -> FloatArray:
    """The hot key's p99 in the simulation, mean over a minute; infinite beyond the model."""
    hot, rest, writes, count, capacity, _ = told
    busiest = np.array([partition_shares(seed, 0.0, 100_000, int(p)).max() for p in count])
    total = hot + rest / busiest
    drill = Parameters(
        arrival_rate=total, viral_share=hot / total, viral_start=0.0, write_share=writes, partitions=count,
        partition_capacity=capacity, queue_limit=capacity, zipf_exponent=0.0, salts=np.clip(salts, 1, 512),
    )  # fmt: skip
    record = Record(("latency_p99_hot",), start=20.0)
    found = simulate(drill, seed, until=80.0, record=record)["latency_p99_hot"].mean(axis=0)
    return np.where((salts >= 1) & (salts <= 512), found, np.inf)
