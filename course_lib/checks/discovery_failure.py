"""Module 07: what the graded cell of the lesson and the five tasks of the lab demand.

Fleets, snapshots and updates are drawn from the seed. What can be tried in the model is: a threshold by what its fleet
answers, a cache life by whether its clients run out of addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import WRONG, AnswerError, Answers, Demand, demand, draws, lineup, task
from course_lib.models.discovery_failure import Parameters, simulate
from course_lib.models.trace import Record
from course_lib.theory import discovery

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


# -- the lesson: the panic threshold of a fleet ----------------------------------------------------------------------


@task(
    "panic_threshold",
    answers=("panic_threshold(arrival_rate, hosts, capacity, collapse)",),
    hints=(
        "Ask at which share of healthy hosts the healthy ones can no longer carry the load. What happens to them below "
        "that, if they shed, and if they collapse?",
        "The load needs a share arrival_rate / (hosts * capacity) of the hosts. Below it hosts that collapse answer "
        "nothing, so all of them are better; hosts that shed answer what they can, which is always more.",
        "np.where(collapse, np.minimum(arrival_rate / (hosts * capacity), 1), 0).",
    ),
)
def panic_threshold(answers: Answers, seed: int) -> Iterator[Demand]:
    """The threshold below which using every host answers more than using the healthy ones."""
    fleets = _fleets(seed)
    rate, hosts, capacity, collapse = fleets
    threshold = answers.panic_threshold.array(*fleets).astype(float)
    example, rho = answers.panic_threshold.example, rate / hosts / capacity
    best = np.where(collapse, np.minimum(rho, 1.0), 0.0)
    inside = (threshold >= 0) & (threshold <= 1)
    yield demand("is a share from 0 to 1", ok=inside, essential=True, seen=example(fleets, threshold, best, inside))
    step = 1.2 / hosts
    few = ~collapse | (rho >= 1) | (threshold > best - step)
    yield demand("uses every host before the last healthy ones collapse", ok=few, weight=2, essential=True,
                 seen=example(fleets, threshold, best, few))  # fmt: skip
    many = ~collapse | (rho >= 1) | (threshold < best + step)
    yield demand("sends nothing to failing hosts while the healthy ones can carry the load", ok=many, weight=2,
                 essential=True, seen=example(fleets, threshold, best, many))  # fmt: skip
    never = collapse | (threshold <= 0.02)
    yield demand("leaves hosts that shed alone: there the healthy ones always answer more", ok=never, weight=2,
                 essential=True, seen=example(fleets, threshold, best, never))  # fmt: skip
    lost = _lost(fleets, threshold)
    yield demand("answers as much as can be in a simulated fleet, whatever share is healthy", ok=lost < 0.02,
                 seen=answers.panic_threshold.worst(fleets, lost, "{:.0%} of the requests lost"))  # fmt: skip
    numbers = tuple(one[0].item() for one in fleets)
    single = answers.panic_threshold.array(*numbers, shape=())
    yield demand("takes plain numbers too: one fleet alone", ok=np.isclose(single, threshold[0]),
                 seen=example(numbers, single, threshold[0]))  # fmt: skip


def _fleets(seed: int) -> tuple[NDArray[Any], ...]:
    """Loads, hosts, capacities, and whether hosts collapse; some are nearly idle, some nearly full, one is over."""
    random = draws(seed, "panic_threshold")
    case = lineup(random, 6)
    hosts = random.integers(24, 61, len(case))
    rho = np.array([0.25, 0.62, 0.85, 0.4, 0.75, 1.3])[case] * random.uniform(0.95, 1.05, len(case))
    capacity = random.uniform(50, 300, len(case)).round()
    return (rho * hosts * capacity).round(), hosts, capacity, np.isin(case, (0, 1, 2, 5))


def _lost(fleets: tuple[NDArray[Any], ...], threshold: FloatArray) -> FloatArray:
    """What a threshold loses against the better of the two ways, at two shares of healthy hosts beside the load."""
    rate, hosts, capacity, collapse = fleets
    healthy = np.clip(np.round(rate / capacity * np.array([0.85, 1.15])[:, None]), 1, hosts - 1) / hosts
    rho = rate / hosts / capacity
    drill = Parameters(
        arrival_rate=rate, instances=hosts, instance_capacity=capacity, overload=np.where(collapse, "collapse", "shed"),
        panic_threshold=np.clip(threshold, 0, 1), failing_share=1 - healthy, trigger="hosts", outage_start=30.0,
        outage_duration=1e4, cache_life=1e5, churn=0.0, connection_life=15.0,
    )  # fmt: skip
    got = simulate(drill, until=390, record=Record(("existing_success",), every=30.0))["existing_success"][-1]
    ways = [np.where(collapse, *(discovery.answered(healthy, rho, panic, collapse=c) for c in (True, False)))
            for panic in (True, False)]  # fmt: skip
    return np.maximum(np.maximum(*ways) - got, 0.0).max(axis=0)


# -- lab 1: what a snapshot is worth ---------------------------------------------------------------------------------


@task(
    "snapshot",
    answers=("snapshot(age, life, deployed_for, deploy_duration, tries) -> valid, failing",),
    hints=(
        "An instance must have survived two things: its own fate, at a rate of 1 / life, and the deploy, which has "
        "replaced a part of all of them. What share survives each?",
        "exp(-age / life) survive their fate; 1 - deployed_for / deploy_duration have not been replaced yet, never "
        "fewer than none. An attempt fails when every one of its tries hits a dead address.",
        "valid = np.exp(-age / life) * np.maximum(0, 1 - deployed_for / deploy_duration); failing = (1 - valid) ** "
        "tries.",
    ),
)
def snapshot(answers: Answers, seed: int) -> Iterator[Demand]:
    """The share of a snapshot that is alive, and the share of attempts that find nobody."""
    told, fates = _snapshots(seed)
    valid, failing = answers.snapshot.several(*told)
    age, life, deployed, duration, tries = told
    true = discovery.valid_share(age, 1 / life) * discovery.valid_in_deploy(deployed, duration)
    example = answers.snapshot.example
    for text, cases in (
        ("says what is left of a snapshot while instances come and go", fates == 0),
        ("says what is left while a deploy replaces everything", fates == 1),
        ("says what is left when both happen", fates == 2),
        ("says that nothing is left once the deploy is through", fates == 3),
    ):
        right = ~cases | (np.abs(valid - true) < 0.01)
        yield demand(text, ok=right, essential=True, seen=f"valid {example(told, valid, true, right)}")
    none = np.abs(failing - (1 - true) ** tries) < 0.01
    yield demand("says how many attempts find nobody, with one try and with several", ok=none, weight=2, essential=True,
                 seen=f"failing {example(told, failing, (1 - true) ** tries, none)}")  # fmt: skip


def _snapshots(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64]]:
    """Snapshots in any order, and the fate of each: churn, a deploy, both, a deploy that is through."""
    random = draws(seed, "snapshot")
    case = lineup(random, 8)
    size, fate = len(case), case % 4
    life = np.where(fate == 1, 1e7, random.uniform(600, 7200, size)).round()
    age = np.where(fate == 1, 600.0, life * random.uniform(0.2, 1.2, size)).round()
    duration = random.uniform(300, 900, size).round()
    ran = np.array([0.0, 0.6, 0.4, 1.7])[fate] * random.uniform(0.8, 1.2, size)
    age = np.maximum(age, (ran * duration).round())
    return (age, life, (ran * duration).round(), duration, 1.0 + (case + case // 4) % 3), fate


# -- lab 2: which update to refuse -----------------------------------------------------------------------------------


@task(
    "accept",
    answers=("accept(known, kept, added, answering)",),
    hints=(
        "Two updates that drop the same number of addresses can mean opposite things. What do the connections that you "
        "still hold to the dropped ones tell you?",
        "dropped = known - kept. Refuse an update with no address at all; refuse one that drops more than half of what "
        "is known while more than a tenth of the dropped still answer; accept every other.",
        "dropped = known - kept; return (kept + added > 0) & ((dropped <= known / 2) | (answering <= dropped / 10)).",
    ),
)
def accept(answers: Answers, seed: int) -> Iterator[Demand]:
    """Whether to believe an update of the registry's, from counts of addresses."""
    told, kind, wanted = _updates(seed)
    found = answers.accept.array(*told).astype(float)
    example = answers.accept.example
    for place, text in enumerate(UPDATES):
        right = (kind != place) | (found == wanted)
        yield demand(text, ok=right, essential=True, weight=1.0 + (place in (2, 3)),
                     seen=example(told, found, wanted, right, {0: "refused", 1: "accepted"}))  # fmt: skip


UPDATES = (
    "accepts the everyday: some come, some go",
    "refuses an empty list, whoever answers",
    "refuses a list that drops most addresses while they answer",
    "accepts a true scale-down: most are dropped, and they are gone",
    "refuses a list as long as ever whose addresses are others, while the old ones answer",
    "accepts a scale-down of which a straggler or two still answer",
    "accepts the first list, where nothing was known",
    "accepts a small drop although the dropped still answer: they drain",
    "while the dropped answer: accepts a drop of just half, and refuses one address more",
    "beyond half: accepts while just a tenth of the dropped answer, and refuses when one more does",
    "accepts a list of new addresses alone, where the old ones are gone",
)
"""Kinds of updates: what is demanded."""


def _updates(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64], FloatArray]:
    """Known, kept, added and answering addresses of updates of every kind, in any order; which, and if to accept it."""
    random = draws(seed, "accept")
    kind = np.concatenate([lineup(random, len(UPDATES), extra=0) for _ in range(3)])
    size, round_ = len(kind), np.repeat(np.arange(3), len(UPDATES))
    known = random.integers(40, 400, size).astype(float)
    known = np.where(
        kind >= 8, np.floor(known / 20) * 20, known
    )  # half of it, and a tenth of what is dropped, are whole
    line = (kind == 8) | (kind == 9)
    beyond = line & (round_ > 0)  # one address on the other side of the line
    odd = line & (round_ == 2)  # or half of one: neither half nor tenth is whole
    known = known + (odd & (kind == 8))
    part = lambda low, high: np.floor(known * random.uniform(low, high, size))  # noqa: E731
    kept = np.choose(kind, [part(0.7, 1.0), 0 * known, part(0.1, 0.35), part(0.1, 0.35), part(0.0, 0.2),
                            part(0.1, 0.35), 0 * known, part(0.6, 0.9), np.floor(known / 2) - (beyond & ~odd),
                            np.maximum(10 * np.floor(part(0.1, 0.45) / 10), 10) + 5 * odd, 0 * known])  # fmt: skip
    known = np.where((kind == 6) | (kind == 1) & (round_ == 1), 0.0, known)
    dropped = known - kept
    some = lambda low, high: np.floor(dropped * random.uniform(low, high, size))  # noqa: E731
    answering = np.choose(kind, [some(0.0, 1.0), some(0.0, 1.0), some(0.3, 1.0), 0 * known, some(0.3, 1.0),
                                 np.maximum(some(0.02, 0.08), 1.0), 0 * known, some(0.5, 1.0), dropped,
                                 np.floor(dropped / 10) + beyond, 0 * known])  # fmt: skip
    few = (round_ == 0) & np.isin(kind, (2, 4))
    answering = np.where(few, some(0.25, 0.4), answering)  # fewer than half of all that are known
    gone = (round_ == 0) & (kind == 1)  # one empty list of addresses that are all gone
    added = np.choose(kind, [part(0.0, 0.3), 0 * known, part(0.0, 0.1), part(0.0, 0.1), dropped, part(0.0, 0.1),
                             np.where(round_ == 0, 1.0, random.integers(2, 50, size)), part(0.0, 0.1), part(0.0, 0.1),
                             part(0.0, 0.1), dropped])  # fmt: skip
    wanted = ~np.isin(kind, (1, 2, 4)) & ~beyond
    return (known, kept, added, np.where(gone, 0.0, answering)), kind, wanted.astype(float)


# -- lab 3: whom to send to ------------------------------------------------------------------------------------------


@task(
    "route",
    answers=("route(known, healthy, threshold)",),
    rows={"route": ("known", "healthy", "threshold")},
    hints=(
        "Count per client: the hosts it knows, and of those the ones that look healthy. A host that it does not know "
        "counts for nothing, whatever its health says.",
        "good = known & healthy. Where good.sum(axis=1) is less than threshold * known.sum(axis=1), use all that is "
        "known, else the good ones; each client's row of weights is even and adds up to 1.",
        "good = known & healthy; panic = good.sum(1) < threshold * known.sum(1); used = np.where(panic[:, None] | "
        "(good.sum(1) == 0)[:, None], known, good); return used / np.maximum(used.sum(1, keepdims=True), 1).",
    ),
)
def route(answers: Answers, seed: int) -> Iterator[Demand]:
    """Weights by which clients spread their requests: over healthy hosts, or in panic over all that they know."""
    told, kind = _clients(seed)
    known, healthy = told[:2]
    weights = answers.route.array(*told).astype(float)
    good, total = known & healthy, weights.sum(axis=1)
    something = known.any(axis=1)
    yield demand("each client's weights are never negative and add up to 1", essential=True,
                 ok=(weights >= 0).all() and np.allclose(total[something], 1), seen=_first(~np.isclose(total, 1) &
                 something, [f"{x:.3g} in all" for x in total], told))  # fmt: skip
    stray = np.where(known, 0.0, weights).sum(axis=1)
    yield demand("sends nothing to a host that the client does not know", ok=stray < 1e-9, essential=True,
                 seen=_first(stray > 1e-9, [f"{x:.0%} sent there" for x in stray], told))  # fmt: skip
    for text, places, used in (
        ("enough look healthy: the healthy ones alone, evenly", kind == 0, good),
        ("too few look healthy: all that are known, evenly", kind == 1, known),
        ("as many as the threshold says are enough", kind == 2, good),
        ("none looks healthy: all that are known, whatever the threshold", kind == 3, known),
    ):
        wanted = used / np.maximum(used.sum(axis=1, keepdims=True), 1)
        off = np.abs(weights - wanted).max(axis=1) * places
        yield demand(text, ok=off < 1e-6, essential=True, weight=1.5,
                     seen=_first(off > 1e-6, _shown(weights, good, known), told))  # fmt: skip
    empty = ~something
    yield demand("a client that knows nobody sends nothing", ok=(weights[empty] == 0).all(),
                 seen=f"weights up to {np.abs(weights[empty]).max(initial=0):.3g}")  # fmt: skip
    yield demand("no host is asked for more than it can while hosts have room", ok=_load(weights, told, kind) <= 1.001,
                 seen=f"{_load(weights, told, kind):.2f} times its capacity")  # fmt: skip


def _shown(weights: FloatArray, good: BoolArray, known: BoolArray) -> list[str]:
    parts = zip((weights * good).sum(axis=1), (weights * (known & ~good)).sum(axis=1), strict=True)
    return [f"{healthy:.0%} to healthy hosts and {ill:.0%} to the others" for healthy, ill in parts]


def _first(fails: BoolArray, words: list[str], told: tuple[NDArray[Any], ...]) -> str:
    """What the client with the fewest known hosts got, of those that fail."""
    if not fails.any():
        return ""
    known, healthy, threshold = told
    place = min(np.flatnonzero(fails), key=lambda n: known[n].sum())
    counts = f"{known[place].sum()} known, {(known & healthy)[place].sum()} of them healthy"
    return f"{words[place]}, for {counts}, threshold = {threshold[place]:g}"


def _clients(seed: int) -> tuple[tuple[NDArray[Any], ...], NDArray[np.int64]]:
    """Masks (clients, hosts) and thresholds: enough healthy, too few, just enough, none, and nobody known."""
    random = draws(seed, "route")
    kind = np.concatenate([lineup(random, 5, extra=0) for _ in range(3)])
    hosts = int(random.integers(48, 64))
    known, healthy = np.zeros((len(kind), hosts), bool), random.random((len(kind), hosts)) < 0.5
    threshold = np.repeat([0.4, 0.5, 0.6], 5)
    healthy[kind == 1] = True  # strangers: who counts them sees no reason for panic
    for n, sort in enumerate(kind):
        count = 0 if sort == 4 else 11 if sort == 1 else 10 * int(random.integers(1, 5))
        mine = random.permutation(hosts)[:count]
        known[n, mine] = True
        just = round(float(threshold[n]) * count)
        few = int(threshold[n] * count) - n // 5  # too few, the first by less than a host
        well = (min(just + random.integers(1, 4), count), few, just, 0, 0)[sort]
        healthy[n, mine] = False
        healthy[n, mine[: int(well)]] = True
    threshold[np.argmax(kind == 3)] = 0.0
    return (known, healthy, threshold), kind


def _load(weights: FloatArray, told: tuple[NDArray[Any], ...], kind: NDArray[np.int64]) -> float:
    """The busiest host's load, of its capacity, where each client asks for threshold x known hosts' worth."""
    known, _, threshold = told
    asked = threshold * known.sum(axis=1)
    return float((weights.max(axis=1) * asked)[kind != 4].max())


# -- lab 4: letting the herd in --------------------------------------------------------------------------------------


@task(
    "admission",
    answers=("admission(clients, list_rate, poll_rate, timeout) -> rate, seconds",),
    hints=(
        "Polls go on all the time and take their part of what the registry can send. What is left for the herd?",
        "room = list_rate - poll_rate. Admitted no faster than that, nobody waits and the last comes after clients / "
        "room. Faster, transfers overlap and are given up before their end, unless the whole herd fits into a timeout.",
        "room = np.maximum(list_rate - poll_rate, 0); return room, np.where(room > 0, clients / np.maximum(room, "
        "1e-9), 0).",
    ),
)
def admission(answers: Answers, seed: int) -> Iterator[Demand]:
    """The rate at which a registry that is back lets its clients in, and when the last has its list."""
    told, room = _herds(seed)
    clients, _, _, timeout = told
    rate, seconds = answers.admission.several(*told)
    example, free = answers.admission.example, room > 0
    agreed = np.where(free, rate > 0, (rate == 0) & (seconds == 0))
    late = ~agreed & ~free & (rate == 0)
    seen = f"seconds {example(told, seconds, 0, ~late)}" if late.any() else example(told, rate, room * free, agreed)
    yield demand("is 0 and 0 where polls leave no room", ok=agreed, essential=True, seen=seen)
    safe, usable = np.where(free, room, 1.0), np.where(free, np.maximum(rate, 1e-9), 1.0)
    last = np.where(free, discovery.reconnect_time(clients, safe, usable, timeout), 0.0)
    through = np.isfinite(last)
    yield demand("lets nobody in so fast that transfers are given up before their end", ok=through, weight=2,
                 essential=True, seen=example(told, rate, np.maximum(room, 0), through))  # fmt: skip
    swift = ~free | (last <= 1.05 * clients / safe)
    yield demand("is as fast as the room allows, give or take 5 %", ok=swift, weight=2, essential=True,
                 seen=example(told, rate, np.maximum(room, 0), swift))  # fmt: skip
    told_right = np.isclose(seconds, np.where(through, last, 0.0), rtol=0.02)
    yield demand("says when the last client has its list", ok=told_right, weight=2, essential=True,
                 seen=f"seconds {example(told, seconds, last, told_right)}")  # fmt: skip


def _herds(seed: int) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """Herds of every size, one of which fits into a timeout, and the room that polls leave; two have none."""
    random = draws(seed, "admission")
    case = lineup(random, 7)
    size = len(case)
    rate, timeout = random.uniform(200, 900, size).round(), random.uniform(5, 20, size).round()
    polls = (rate * np.array([0.1, 0.3, 0.6, 0.4, 1.0, 1.2, 0.5])[case]).round()
    room = rate - polls
    clients = np.maximum(room, 100) * timeout * np.array([3.0, 8.0, 5.0, 20.0, 4.0, 4.0, 0.6])[case]
    return ((clients * random.uniform(0.9, 1.1, size)).round(), rate, polls, timeout), room


# -- lab 5: cache life and threshold ---------------------------------------------------------------------------------


@task(
    "settings",
    answers=("settings(outage, poll_interval, churn, reuse, strangers, utilisation) -> cache_life, threshold",),
    hints=(
        "When the registry goes, the newest list is already up to one poll old. How long must it last, and who may sit "
        "at its addresses by then?",
        "The life must be at least outage + poll_interval. The formula above says which share of the addresses belongs "
        "to strangers by then; if that is above the limit, no life will do.",
        "t = outage + poll_interval; strange = 1 - (reuse * np.exp(-churn * t) - churn * np.exp(-reuse * t)) / (reuse "
        "- churn); ok = strange <= strangers; return np.where(ok, t, 0), np.where(ok, utilisation, 0).",
    ),
)
def settings(answers: Answers, seed: int) -> Iterator[Demand]:
    """A cache life and a panic threshold for services whose hosts collapse, or 0 and 0 where no life will do."""
    told, fits = _services(seed)
    outage, poll, churn, reuse, limit, rho = told
    life, threshold = (one.astype(float) for one in answers.settings.several(*told))
    example, needs = answers.settings.example, outage + poll
    agreed = ((life > 0) == fits) & (fits | (threshold == 0))
    yield demand("is 0 and 0 exactly where no cache life will do", ok=agreed, essential=True,
                 seen=example(told, life, needs * fits, agreed))  # fmt: skip
    long = ~fits | (life >= needs - 1e-6)
    yield demand("keeps lists for the whole outage, also those that were a poll old", ok=long, weight=2, essential=True,
                 seen=f"cache_life {example(told, life, needs, long)}")  # fmt: skip
    with np.errstate(over="ignore"):
        strange = discovery.reused_share(np.maximum(life, 0.0), churn, reuse)
    few = ~fits | (strange <= limit + 1e-6)
    yield demand("keeps none so long that more than the limit belong to strangers", ok=few, weight=2, essential=True,
                 seen=f"cache_life {example(told, life, needs, few)}")  # fmt: skip
    near = ~fits | (np.abs(threshold - rho) <= 0.03)
    yield demand("doubts where the healthy few would collapse, and no sooner", ok=near, weight=2, essential=True,
                 seen=f"threshold {example(told, threshold, rho, near)}")  # fmt: skip
    empty = np.where(fits, _empty(told, life), 0.0)
    yield demand("no client runs out of addresses in a simulated outage", ok=empty < 0.01,
                 seen=answers.settings.worst(told, empty, "{:.0%} of the clients without"))  # fmt: skip


def _services(seed: int) -> tuple[tuple[FloatArray, ...], BoolArray]:
    """Outages to ride out, and what may go wrong; for some services every life that is long enough is too long."""
    random = draws(seed, "settings")
    case = lineup(random, 6)
    size = len(case)
    outage = (np.array([300, 900, 1800, 1800, 3600, 600])[case] * random.uniform(0.9, 1.1, size)).round()
    poll = random.choice([10.0, 30.0, 60.0], size)
    churn = 1 / random.uniform(1800, 5000, size).round()
    reuse = 1 / random.uniform(6000, 14_400, size).round()
    share = discovery.reused_share(outage + poll, churn, reuse)
    limit = np.where(case < 4, share * random.uniform(1.05, 1.5, size), share * random.uniform(0.5, 0.9, size))
    limit = np.where(
        case == 3, discovery.reused_share(outage + 1.3 * poll, churn, reuse), limit
    )  # no room for two polls
    return (outage, poll, churn, reuse, limit, random.uniform(0.3, 0.85, size).round(2)), case < 4


def _empty(told: tuple[FloatArray, ...], life: FloatArray) -> FloatArray:
    """The most clients without an address, just before each outage ends."""
    outage, poll = told[:2]
    if not np.isfinite(life).all():
        raise AnswerError(WRONG, "settings returns finite numbers")
    drill = Parameters(outage_start=120.0, outage_duration=outage, poll_interval=poll, cache_life=np.maximum(life, 1.0),
                       instances=8, churn=0.0, dt=10.0)  # fmt: skip
    empty = simulate(drill, until=float(outage.max()) + 240, record=Record(("empty_share",), every=10.0))["empty_share"]
    time = 10.0 * (1 + np.arange(len(empty)))[:, None]
    return np.where((time > 120) & (time <= 100 + outage), empty, 0.0).max(axis=0)
