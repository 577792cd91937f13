"""Module 06: what the graded cell of the lesson and the five tasks of the lab demand.

Services are drawn from the seed. What an answer chooses for them is tried in the model, on the days that it is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import Answers, Curve, Demand, demand, draws, lineup, task
from course_lib.models.dns_outage import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record, Trace
from course_lib.theory import dns

FloatArray = NDArray[np.float64]
START = 60.0  # when a day goes wrong
LONGEST = 604_800.0  # s: the longest TTL that the model takes
BRIEF = 5.0  # s: below it a TTL matters little over minutes, and costs the simulation much

# -- the lesson: the shortest TTL that will do -----------------------------------------------------------------------


@task(
    "shortest_ttl",
    answers=("shortest_ttl(outage, availability, stale_limit, failover)",),
    hints=(
        "Serve-stale shifts everything: for the first stale_limit seconds of an outage nothing is lost. What is left "
        "is an outage of outage - stale_limit seconds, without it.",
        "With B = max(outage - stale_limit, 0), what may be lost is L = (1 - availability) * outage. A TTL up to B "
        "loses B - T/2, a longer one B**2 / (2 T).",
        "Where B <= L: 1 s. Else where 2 * (B - L) <= B: T = 2 * (B - L). Else T = B**2 / (2 L). Round up, and return "
        "0 where the result is above failover.",
    ),
)
def shortest_ttl(answers: Answers, seed: int) -> Iterator[Demand]:
    """Shortest TTL that meets both objectives, and 0 where none does."""
    told = _objectives(seed)
    outage, wanted, stale, failover = told
    found = answers.shortest_ttl.array(*told)
    exact = _needed(outage, wanted, stale)
    best = np.where(np.ceil(exact) <= failover, np.maximum(np.ceil(exact), 1.0), 0.0)
    example = answers.shortest_ttl.example
    agreed = (found == 0) == (best == 0)
    yield demand("is 0 exactly where no TTL meets both objectives", ok=agreed, essential=True,
                 seen=example(told, found, best, agreed))  # fmt: skip
    kept = lambda ttl: 1.0 - dns.lost_in_outage(outage, np.maximum(ttl, 1e-3), np.inf, stale) / outage  # noqa: E731
    enough = (best == 0) | (kept(found) >= wanted - 1e-9)
    yield demand("answers what the objective asks for in the outage", ok=enough, weight=2, essential=True,
                 seen=example(told, found, best, enough))  # fmt: skip
    needed = (best == 0) | ((found > 0) & ((found <= 1) | (kept(found - 1) < wanted)) & (found == np.round(found)))
    yield demand("is no second longer than it needs to be, in whole seconds", weight=2, essential=True,
                 ok=needed, seen=example(told, found, best, needed))  # fmt: skip
    simulated = np.where(best == 0, 1.0, _simulated(told, found, seed) - wanted)
    yield demand("does so in simulated caches, too, give or take 3 %", ok=simulated >= -0.03,
                 seen=answers.shortest_ttl.worst(told, simulated, "{:+.1%} beside it", least=True))  # fmt: skip
    place = int(np.argmax(best > 1))
    numbers = tuple(float(x[place]) for x in told)
    single = answers.shortest_ttl.array(*numbers, shape=())
    yield demand("takes plain numbers too: one service alone", ok=single == found[place],
                 seen=example(numbers, single, found[place]))  # fmt: skip


def _needed(outage: FloatArray, wanted: FloatArray, stale: FloatArray) -> FloatArray:
    bitten, allowed = np.maximum(outage - stale, 0.0), (1.0 - wanted) * outage
    short = 2.0 * (bitten - allowed)
    return np.where(bitten <= allowed, 1.0, np.where(short <= bitten, short, bitten**2 / 2.0 / allowed))


def _objectives(seed: int) -> tuple[FloatArray, ...]:
    """Outages, availabilities, stale limits and failover objectives of services in any order.

    Some need a TTL below their outage and some above it, some are carried by stale answers alone, for some the TTL that
    will do is the longest that fails over in time, and for some none will do (of these one by a second). At the edges:
    a TTL that is a whole number as it stands, in numbers that no rounding touches; stale answers that last just as long
    as the outage, of which nothing may be lost, or leave less than may be lost; and no time at all to fail over in.
    """
    random = draws(seed, "shortest_ttl")
    case = lineup(random, 13)
    size = len(case)
    outage = random.integers(12, 46, size) * 10.0
    stale = np.array([0, 0, 0.4, 1.5, 0, 0.4, 0, 0, 0, 0, 1.0, 0.6, 1.5])[case] * outage
    bitten = np.maximum(outage - stale, 0.0)
    share = np.array([0.4, 2.5, 0.6, 0.0, 1.8, 1.9, 0.7, 0.5, 0.8, 1, 0, 0, 0])[case]
    ttl = np.floor(share * random.uniform(0.85, 1.15, size) * bitten) + random.uniform(0.3, 0.7, size)
    ttl = np.where(share > 0, ttl, 1.0)
    lost = dns.lost_in_outage(outage, ttl, np.inf, stale)
    wanted = np.where(share > 0, 1.0 - lost / outage, random.uniform(0.9, 0.99, size))
    exact = random.choice([0.25, 0.5, 0.75], size)  # TTLs of half the outage, of all of it, and of twice as long
    wanted = np.select([case == 9, case == 10, case == 11], [exact, 1.0, random.uniform(0.3, 0.5, size)], wanted)
    ttl = np.where(case == 9, np.ceil(_needed(outage, exact, stale)), ttl)
    room = np.where(case == 6, 0.5, np.where(case == 8, 1.0, random.uniform(1.2, 2.0, size)))
    failover = np.where(case == 7, np.ceil(ttl) - 1, np.where(share == 0, 30.0, np.ceil(ttl * room)))
    return outage, wanted, stale, np.where(case == 12, 0.0, failover)


def _simulated(told: tuple[FloatArray, ...], ttl: FloatArray, seed: int) -> FloatArray:
    """Share of lookups that caches answer in the outage, when failures are forgotten at once."""
    outage, _, stale, _ = told
    drill = Parameters(
        ttl=np.clip(np.nan_to_num(ttl), BRIEF, LONGEST), outage_duration=outage, stale_limit=stale, caches=5000,
        authority_capacity=np.inf,
    )  # fmt: skip
    return answered(simulate(drill, seed, until=START + outage.max(), record=Record(("availability",))), outage)


def answered(trace: Trace, outage: FloatArray) -> FloatArray:
    """Mean availability while the authority is out, one value a member."""
    seen = trace["availability"]
    rows = (trace.time > START)[:, None] & (trace.time[:, None] <= START + np.ravel(outage))
    rows = np.broadcast_to(rows.reshape(len(trace.time), *(1,) * (seen.ndim - 2), -1), seen.shape)
    return np.where(rows, seen, 0.0).sum(axis=0) / np.maximum(rows.sum(axis=0), 1)


# -- lab 1: how long a lookup hangs ----------------------------------------------------------------------------------


@task(
    "worst_wait",
    answers=("worst_wait(timeout, attempts, servers) -> nobody, first_dead",),
    hints=(
        "Server 0 gets timeout seconds. Servers 1 and 2 get a part that depends on how many there are, rounded down, "
        "and at least one second. A server that is not there gets none.",
        "The part of server i is max(1, timeout * 2**i // servers). nobody is the sum over the servers that there are, "
        "times attempts. With one server, first dead means nobody answers.",
        "second = np.where(servers > 1, np.maximum(timeout * 2 // servers, 1), 0); third = np.where(servers > 2, "
        "np.maximum(timeout * 4 // servers, 1), 0); nobody = attempts * (timeout + second + third).",
    ),
)
def worst_wait(answers: Answers, seed: int) -> Iterator[Demand]:
    """Seconds that a glibc client waits when nobody answers, and when the first server alone is dead."""
    random = draws(seed, "worst_wait")
    timeout, attempts, servers = (grid.ravel() for grid in np.meshgrid([1, 2, 3, 5, 10], [1, 2, 3], [1, 2, 3]))
    order = random.permutation(len(timeout))[: int(random.integers(36, 46))]
    told = (timeout[order], attempts[order], servers[order])
    nobody, first = answers.worst_wait.several(*told)
    worst = dns.worst_wait(*told)
    dead = np.where(told[2] > 1, told[0], worst)
    example = answers.worst_wait.example
    one, many = told[2] == 1, told[2] > 1
    yield demand("waits timeout for a single server, in every round", ok=(nobody == worst) | many, weight=2,
                 seen=example(told, nobody, worst, (nobody == worst) | many))  # fmt: skip
    yield demand("gives each further server its own part, at least a second", ok=(nobody == worst) | one, weight=3,
                 essential=True, seen=example(told, nobody, worst, (nobody == worst) | one))  # fmt: skip
    yield demand("tells what a dead first server costs each lookup", ok=first == dead, weight=2,
                 seen=example(told, first, dead))  # fmt: skip


# -- lab 2: what a name costs ----------------------------------------------------------------------------------------


@task(
    "query_cost",
    answers=("lookup_queries(dots, place, ndots, search)", "best_ndots(dots, place, rate, search)"),
    whole=("best_ndots",),
    hints=(
        "A lookup tries candidates one after the other until one exists, two queries each. `dots < ndots` decides only "
        "whether the name as written is tried last or first.",
        "Searched first: place + 1 candidates (the name as written is at place `search`). Written first: one candidate "
        "where place == search, else place + 2.",
        "lookup_queries: 2 * np.where(dots < ndots, place + 1, np.where(place == search, 1, place + 2)). best_ndots: "
        "the sum of rate times that for ndots 1 to 15, and 1 + np.argmin of the fifteen sums.",
    ),
)
def query_cost(answers: Answers, seed: int) -> Iterator[Demand]:
    """Queries of one lookup by resolv.conf, and the ndots under which a service's names cost least."""
    random = draws(seed, "query_cost")
    told = _some_names(random)
    cost = answers.lookup_queries.array(*told)
    wanted = _tried(*told)
    dots, place, ndots, search = told
    example = answers.lookup_queries.example
    for text, kind in {
        "counts a name that exists only as it is written": place == search,
        "counts a short name that the search list completes": (place < search) & (dots < ndots),
        "counts a short name that is first tried as it is written": (place < search) & (dots >= ndots),
    }.items():
        ok = ~kind | (cost == wanted)
        yield demand(text, ok=ok, weight=2, essential=True, seen=example(told, cost, wanted, ok))
    services = [_service(random, case) for case in random.permutation(len(SERVICES))]
    chosen = [float(answers.best_ndots.array(*service, shape=())) for service in services]
    ranks = [_totals(*service) for service in services]
    best = [1 + int(np.argmin(total)) for total in ranks]
    least = [1 <= n <= 15 and n == int(n) and total[int(n) - 1] <= total.min() * (1 + 1e-9)
             for n, total in zip(chosen, ranks, strict=True)]  # fmt: skip
    missed = [place for place, ok in enumerate(least) if not ok]
    said = "".join(_service_words(services[place], chosen[place], best[place]) for place in missed[:1])
    yield demand("chooses an ndots under which the names cost least", ok=least, weight=3, essential=True, seen=said)
    tied = [place for place, ok in enumerate(least) if ok and chosen[place] != best[place]]
    said = "".join(_service_words(services[place], chosen[place], best[place]) for place in tied[:1])
    yield demand("takes the smallest of those that cost the same", ok=not tied, seen=said)


def _service_words(service: tuple[Any, ...], chosen: float, best: int) -> str:
    dots, place, _, search = service
    return f"ndots {chosen:g}, not {best}, for dots {dots.tolist()}, places {place.tolist()}, {search} suffixes"


def _tried(dots: NDArray[Any], place: NDArray[Any], ndots: Any, search: Any) -> NDArray[Any]:
    return 2 * np.where(dots < ndots, place + 1, np.where(place == search, 1, place + 2))


def _some_names(random: np.random.Generator) -> tuple[NDArray[np.int64], ...]:
    """Names of every kind, in any order."""
    dots, ndots, search = (grid.ravel() for grid in np.meshgrid(np.arange(4), [1, 2, 3, 5], np.arange(5)))
    place = random.integers(0, search + 1)
    place = np.where(random.random(len(dots)) < 0.4, search, place)
    order = random.permutation(len(dots))[: int(random.integers(56, 70))]
    return dots[order], place[order], ndots[order], search[order]


def _totals(dots: NDArray[Any], place: NDArray[Any], rate: FloatArray, search: int) -> FloatArray:
    """Queries/s of all names together under ndots 1 to 15."""
    return np.array([(rate * _tried(dots, place, ndots, search)).sum() for ndots in range(1, 16)])


SERVICES = (
    ((0, 0, 2, 3), (0, 1, 9, 9), (5, 5, 40, 20)),  # mostly names of the outside world: 1
    ((0, 1, 2, 2), (0, 1, 9, 2), (20, 90, 5, 5)),  # names of a neighbour's namespace: 2
    ((1, 2, 3, 4), (1, 2, 9, 9), (20, 90, 30, 10)),  # with the cluster's third level: 3
    ((3, 2, 4, 1), (0, 9, 9, 9), (200, 10, 5, 1)),  # names below the first suffix: 4
    ((2, 2, 1), (9, 9, 9), (1, 1, 1)),  # whatever is below: all the same from 1 dot on
    ((1, 1, 1, 1), (0, 9, 9, 9), (40, 20, 20, 20)),  # the most asked for is outvoted: 1
    ((0, 0, 2), (9, 9, 9), (90, 10, 5)),  # 0 would search for nothing, and is too low: 1
    ((14, 14, 2), (0, 1, 9), (70, 20, 5)),  # so many dots that only the highest searches for them: 15
)
"""Dots, place (9: as it is written) and rate of the names of services."""


def _service(random: np.random.Generator, case: int) -> tuple[Any, ...]:
    dots, place, rate = (np.array(part) for part in SERVICES[case])
    search = int(random.integers(3, 5))
    order = random.permutation(len(dots))
    rate = rate * random.uniform(0.9, 1.1, len(dots)).round(3)
    return dots[order], np.where(place == 9, search, place)[order], rate[order], search


# -- lab 3: both days ------------------------------------------------------------------------------------------------


@task(
    "two_days",
    answers=("two_days(ttl, outage, seed) -> answered, follow",),
    hints=(
        "Two runs, each of them over the whole array of TTLs: one with an outage and no change of address, one with a "
        "change and no outage.",
        "The first is Parameters(ttl=ttl, outage_duration=outage), until 60 + outage: the mean of availability[60:]. "
        "The second is Parameters(ttl=ttl, outage_duration=0, change_time=60): its event failed_over, less 60.",
        "answered = simulate(…, seed, until=60 + outage)['availability'][60:].mean(axis=0); follow = simulate(…, seed, "
        "until=120 + ttl.max()).events['failed_over'] - 60.",
    ),
)
def two_days(answers: Answers, seed: int) -> Iterator[Demand]:
    """What is answered in an outage, and how long a failover takes, against the TTL."""
    random = draws(seed, "two_days")
    ttl = random.permutation(np.array([10, 40, 120, 300, 600]) + random.integers(0, 9, 5))
    ttl = ttl[: int(random.integers(4, 6))].astype(float)
    outage, run = float(random.integers(10, 40) * 10), int(random.integers(1 << 30))
    outage = 240.0 if outage == 300.0 else outage  # not the lab's own, which an answer may have fixed
    told = (ttl, outage, run)
    kept, follow = answers.two_days.several(*told)
    day, other = _both(*told)
    example = answers.two_days.example
    order = np.argsort(ttl)
    curve = Curve("Answered in the outage", ttl[order], kept[order], day[order], "TTL (s)", "share")
    close = np.abs(kept - day) < 0.005
    yield demand("is the share answered while the authority is dead, in the simulation", ok=close, weight=3,
                 essential=True, curve=curve, seen=example(told, kept, day, close))  # fmt: skip
    near = np.abs(follow - other) < 0.5
    yield demand("is the time from the change until the new address is everywhere", ok=near, weight=3, essential=True,
                 seen=example(told, follow, other, near))  # fmt: skip
    mirrored = np.abs((1.0 - kept) * outage + follow / 2 - outage)[ttl < outage] < 0.12 * outage
    yield demand("shows that up to the outage's length one day gains what the other loses", ok=mirrored,
                 seen="the losses of the two days do not add up to the outage")  # fmt: skip


def _both(ttl: FloatArray, outage: float, seed: int) -> tuple[FloatArray, FloatArray]:
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=START + outage)
    moved = Parameters(ttl=ttl, outage_duration=0.0, change_time=START)
    events = simulate(moved, seed, until=120.0 + ttl.max(), record=Record(())).events
    return dead["availability"][int(START) :].mean(axis=0), events["failed_over"] - START


# -- lab 4: what may be served stale ---------------------------------------------------------------------------------

NOTHING, FAILURE, DENIED, ADDRESS = range(4)
HEARD = {0: "nothing yet", 1: "failure", 2: "no such name", 3: "an address"}
TIMER = 1.8  # s, RFC 8767


@task(
    "serve_stale",
    answers=("serve_stale(expired_for, heard, waited, limit, withdrawn)",),
    hints=(
        "Stale answers stand in for an answer that does not come. Which of the four things that a refresh may have "
        "brought is no answer?",
        "A failure is none, and nothing yet is none once the client has waited 1.8 s. 'No such name' is an answer. And "
        "whatever was heard: not past the limit, and never what its owner has withdrawn.",
        "silent = (heard == 1) | ((heard == 0) & (waited >= 1.8)); return silent & (expired_for < limit) & ~withdrawn.",
    ),
)
def serve_stale(answers: Answers, seed: int) -> Iterator[Demand]:
    """Which expired entries may be served to whom."""
    told = _expired(seed)
    age, heard, waited, limit, withdrawn = told
    serves = answers.serve_stale.array(*told).astype(float)
    silent = (heard == FAILURE) | ((heard == NOTHING) & (waited >= TIMER))
    wanted = (silent & (age < limit) & ~withdrawn).astype(float)
    example, sound = answers.serve_stale.example, (age < limit) & ~withdrawn
    kinds = {
        "serves what it has where the refresh has failed": (heard == FAILURE) & sound,
        "serves a client that has waited 1.8 s, and lets the others wait": (heard == NOTHING) & sound,
        "passes on what the authority says, also that there is no such name": np.isin(heard, [DENIED, ADDRESS]),
        "serves nothing at or past its limit": age >= limit,
        "serves nothing that its owner has withdrawn": withdrawn,
    }
    for text, kind in kinds.items():
        ok = ~kind | (serves == wanted)
        yield demand(text, ok=ok, weight=2, essential=True, seen=example(told, serves, wanted, ok))
    dead, hijacked = _days_of_a_rule(answers, seed)
    yield demand("rides out an outage in the simulation, up to the limit", ok=abs(dead) < 0.03,
                 seen=f"{dead:+.0%} beside what the limit allows")  # fmt: skip
    yield demand("keeps a hijacked address no longer than the limit", ok=hijacked < 0.005,
                 seen=f"{hijacked:.0%} of lookups get it after that")  # fmt: skip


def _expired(seed: int) -> tuple[NDArray[Any], ...]:
    """Expired entries, clients and refreshes of every kind, with the ends of limit and timer among them."""
    random = draws(seed, "serve_stale")
    heard, place, timer, gone = (g.ravel() for g in np.meshgrid(range(4), range(5), range(3), range(4)))
    limit = random.choice([30.0, 300.0, 3600.0, 86_400.0], len(heard))
    inside = random.uniform(0.1, 0.95, len(heard)) * limit
    age = np.choose(place, [0.0 * limit, inside, limit - 0.5, limit, 2.5 * limit])
    early = np.where(heard == FAILURE, 0.0, np.choose(place, [1.75, 1.5, 1.0, 1.75, 0.0]))
    waited = np.choose(timer, [early, np.full(len(heard), TIMER), limit * 0 + 4.0])
    limit, age = np.where(gone == 3, 0.0, limit), np.where(gone == 3, age * 0, age)  # a limit of 0: never
    order = random.permutation(len(heard))[: int(random.integers(190, 220))]
    told = (age, heard, waited, limit, gone == 0)
    return tuple(part[order] for part in told)


def _days_of_a_rule(answers: Answers, seed: int) -> tuple[float, float]:
    """A rule's own limit, tried on an outage and on a hijack that ends with the zone shut down.

    Its limit is how old it still serves an entry whose refresh has failed, for a stated limit of four minutes.
    """
    stated, ages = 240.0, np.arange(0.0, 1200.0, 20.0)
    same = np.ones(len(ages))
    served = answers.serve_stale.array(ages, FAILURE * same.astype(np.int64), 9 * same, stated * same, same < 0)
    own = float(20.0 * np.count_nonzero(served.astype(float) > 0.5))
    p = Parameters(stale_limit=own, ttl=60.0, outage_duration=600.0, dt=5.0)
    kept = 1.0 - dns.lost_in_outage(600.0, 60.0, p.lookup_rate, stated) / 600.0
    run = int(draws(seed, "rule's days").integers(1 << 30))
    out = simulate(p, run, until=660.0)["availability"][12:].mean() - kept
    taken = p.replace(outage=Schedule("wrong", ((180.0, "dead"),)), outage_duration=900.0)
    wrong = simulate(taken, run, until=900.0)["wrong_share"][int(180 + 60 + stated + 10) // 5 :].max()
    return float(out), float(wrong)


# -- lab 5: three days -----------------------------------------------------------------------------------------------

TROUBLE = 120.0  # s for which a hijacked record is published, and at most about one that is empty


@task(
    "three_days",
    answers=(
        "three_days(outage, availability, failover, denial, takeover, caches, capacity) -> ttl, negative_ttl, "
        "stale_limit",
    ),
    hints=(
        "Each day bounds something from above: the failover the TTL, the denial the negative TTL, the takeover TTL and "
        "stale limit together. The authority bounds both TTLs from below.",
        "Along ttl + stale_limit = takeover an outage loses H - takeover + ttl / 2: the stale limit is worth more than "
        "the TTL. So make the TTL as short as the authority carries, and stale the rest.",
        "ttl = np.ceil(4 * caches / capacity); negative_ttl = the same; stale_limit = takeover - ttl. Both TTLs are "
        "below failover and denial then.",
    ),
)
def three_days(answers: Answers, seed: int) -> Iterator[Demand]:
    """TTL, negative TTL and stale limit for an outage, a failover and a wrong record, judged in the model."""
    told, runs = _services(seed)
    outage, wanted, failover, denial, takeover, caches, capacity = told
    found = answers.three_days.several(*told)
    inside = [
        (part >= low) & (part <= high) for part, low, high in zip(found, (1, 1, 0), (LONGEST, 86_400, 1e9), strict=True)
    ]
    usable = np.logical_and.reduce(inside)
    example = answers.three_days.example
    yield demand("is at least a second for either TTL, and at least 0 for the stale limit", ok=usable, essential=True,
                 seen=example(told, found[0], 1.0, usable))  # fmt: skip
    for name, part in (("TTL", found[0]), ("negative TTL", found[1])):
        whole = part == np.round(part)
        yield demand(f"gives the {name} in whole seconds, as a record holds it", ok=whole, essential=True,
                     seen=example(told, part, np.ceil(part), whole))  # fmt: skip
    ttl, negative, stale = (
        np.clip(part, low, high) for part, low, high in zip(found, (1, 1, 0), (LONGEST, 86_400, 1e9), strict=True)
    )
    base = Parameters(ttl=ttl, negative_ttl=negative, stale_limit=stale, caches=caches, authority_capacity=capacity)
    worst = answers.three_days.worst
    busy = _load(base, runs) / capacity
    yield demand("leaves the authority at least half of its capacity, on all days, give or take 1 %", ok=busy <= 0.51,
                 weight=2, essential=True, seen=worst(told, busy, "{:.1%} of it in use"))  # fmt: skip
    kept = _outage_day(base, outage, runs) - wanted
    yield demand("outage: answers as much as its objective says, give or take 2 %", ok=kept >= -0.02, weight=2,
                 essential=True, seen=worst(told, kept, "{:+.1%} beside it", least=True))  # fmt: skip
    late = _failover_day(base, failover, runs) - failover
    yield demand("failover: has the new address everywhere in time, give or take 2 s", ok=late <= 2.0, weight=2,
                 essential=True, seen=worst(told, late, "{:+.0f} s beside its objective"))  # fmt: skip
    stuck = _denial_day(base, denial, runs)
    yield demand("wrong record, empty: is believed no longer than its objective", ok=stuck <= 0.01, weight=2,
                 essential=True, seen=worst(told, stuck, "{:.0%} of caches believe it after that"))  # fmt: skip
    misled = _takeover_day(base, takeover, runs)
    yield demand("wrong record, hijacked: is served no longer than its objective", ok=misled <= 0.01, weight=2,
                 essential=True, seen=worst(told, misled, "{:.0%} of lookups get it after that"))  # fmt: skip


def _services(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64]]:
    """Objectives of services in any order, each of which can be met, and the seeds of their days."""
    random = draws(seed, "three_days")
    case = lineup(random, 5)
    size = len(case)
    caches = random.choice([100.0, 150.0, 200.0, 300.0], size)
    least = random.integers(4, 12, size) + random.uniform(0.2, 0.8, size)  # s: what the authority carries
    # One that is too much for it, by 5 % or more, with the TTL to the nearest second.
    least = np.where(case == 0, random.integers(4, 6, size) + random.uniform(0.4, 0.48, size), least)
    outage = random.integers(12, 37, size) * 10.0
    # One with a weak authority: its TTL answers so much that a stale limit of availability times outage is too long.
    weak = case == 2
    caches, least = np.where(weak, 300.0, caches), np.where(weak, least + 16.0, least)
    outage = np.where(weak, np.maximum(outage, 240.0), outage)
    capacity = (4.0 * caches / least).round(1)
    failover = np.ceil(least) + np.where(case == 1, 60, 0) + random.integers(8, 60, size)  # once half of it is much
    denial = np.ceil(least) + (np.array([8, 20, 40, 65, 90])[case] * random.uniform(0.7, 1.1, size)).round()
    part = np.array([0.3, 0.5, 0.7, 0.9, 1.4])[case] * random.uniform(0.95, 1.05, size)
    takeover = np.ceil(part * outage) + np.ceil(least) + 5
    ttl = np.ceil(least)
    kept = 1.0 - dns.lost_in_outage(outage, ttl, 10.0, takeover - ttl) / outage
    wanted = np.minimum(kept - 0.01, 0.985).round(4)
    told = (outage, wanted, failover, denial, takeover, caches, capacity)
    return told, random.integers(1 << 30, size=2)


def _outage_day(base: Parameters, outage: FloatArray, runs: NDArray[np.int64]) -> FloatArray:
    day = base.replace(outage_duration=outage)
    trace = simulate(day, runs[:, None], until=START + outage.max(), record=Record(("availability",)))
    return answered(trace, outage).min(axis=0)


def _failover_day(base: Parameters, failover: FloatArray, runs: NDArray[np.int64]) -> FloatArray:
    day = base.replace(outage_duration=0.0, change_time=START)
    events = simulate(day, runs[:, None], until=START + failover.max() + 60, record=Record(())).events
    return np.nan_to_num(events["failed_over"] - START, nan=1e9).max(axis=0)


def _denial_day(base: Parameters, denial: FloatArray, runs: NDArray[np.int64]) -> FloatArray:
    # It is repaired as soon as all caches have learnt it, the last of them in its last second: after two minutes, one
    # kept for 60 s would run out just then.
    trouble = np.minimum(base.ttl, TROUBLE)
    day = base.replace(outage="empty", outage_duration=trouble)
    until = float((START + trouble + denial).max() + 30)
    trace = simulate(day, runs[:, None], until=until, record=Record(("negative_share",)))
    return _after(trace, "negative_share", START + trouble + denial)


def _takeover_day(base: Parameters, takeover: FloatArray, runs: NDArray[np.int64]) -> FloatArray:
    until = START + TROUBLE + takeover.max() + 30
    day = base.replace(outage=Schedule("wrong", ((START + TROUBLE, "dead"),)), outage_duration=until)
    trace = simulate(day, runs[:, None], until=until, record=Record(("wrong_share",)))
    return _after(trace, "wrong_share", START + TROUBLE + takeover)


def _load(base: Parameters, runs: NDArray[np.int64]) -> FloatArray:
    """Queries/s at the authority on a quiet day, and on one on which the name is denied."""
    found = []
    for mode, length in (("dead", 0.0), ("empty", 600.0)):
        day = base.replace(outage=mode, outage_duration=length, authority_capacity=np.inf)
        trace = simulate(day, runs[:, None], until=360.0, record=Record(("upstream_rate",), every=120.0, start=120.0))
        found.append(trace["upstream_rate"].mean(axis=0).max(axis=0))
    return np.maximum(*found)


def _after(trace: Trace, signal: str, since: FloatArray) -> FloatArray:
    late = trace.time[:, None, None] > since
    return np.where(late, trace[signal], 0.0).max(axis=(0, 1))
