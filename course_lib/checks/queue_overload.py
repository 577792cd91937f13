"""Module 05: what the graded cell of the lesson and the five tasks of the lab demand.

Queues are drawn from the seed. What an answer chooses is tried in the model: a bound or a number of consumers under a
burst, a policy inside the running queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import Answers, Curve, Demand, demand, draws, lineup, task
from course_lib.models.drills import queue_drill
from course_lib.models.queue_overload import Parameters, simulate
from course_lib.models.trace import Record, Trace
from course_lib.theory import queueing

FloatArray = NDArray[np.float64]
MARGIN = 0.9  # of a deadline's work: what chance leaves of it
MOST = 64  # consumers that are tried


# -- the lesson: how many consumers, and how much room ---------------------------------------------------------------


@task(
    "plan_queue",
    answers=("plan_queue(arrival_rate, service_rate, wait, quantile, deadline, partitions) -> consumers, bound",),
    hints=(
        "Two questions. How many consumers keep the wait short on an ordinary day? And how many messages can so many "
        "consumers do within a deadline?",
        "In a loop over c from 1 to 64, carry B along, compute C and the share that waits longer than `wait`, and "
        "keep the first c > load for which it is at most 1 - quantile. The bound is 90 % of c * service_rate * "
        "deadline.",
        "for c in range(1, 65): b = load * b / (c + load * b); busy = b / (1 - np.minimum(load / c, 1) * (1 - b)); "
        "fits = (busy * np.exp(-(c * service_rate - arrival_rate) * wait) <= 1 - quantile) & (c > load) & (c <= "
        "partitions) & (consumers == 0); consumers = np.where(fits, c, consumers).",
    ),
)
def plan_queue(answers: Answers, seed: int) -> Iterator[Demand]:
    """Fewest consumers that keep a wait at a quantile, and the largest bound whose messages are still in time."""
    told, best = _services(seed)
    rate, mu, wait, quantile, deadline, _ = told
    consumers, bound = (part.astype(float) for part in answers.plan_queue.several(*told, shape=best.shape))
    example = answers.plan_queue.example
    hopeless = best == 0
    agreed = (consumers == 0) == hopeless
    yield demand("is 0 consumers exactly where no number within the partitions is enough", ok=agreed, essential=True,
                 seen=example(told, consumers, best, agreed))  # fmt: skip
    count = np.clip(np.nan_to_num(consumers), 0, MOST)
    seen = np.where(count > 0, queueing.wait_quantile(quantile, rate, mu, np.maximum(count, 1)), 0.0)
    within = hopeless | (seen <= wait * (1 + 1e-9))
    yield demand("keeps the stated share of the waits within the stated time", ok=within, essential=True, weight=2,
                 seen=example(told, consumers, best, within))  # fmt: skip
    few = consumers <= best
    yield demand("uses no consumer more than it needs", ok=few, essential=True, weight=2,
                 seen=example(told, consumers, best, few))  # fmt: skip
    worth = MARGIN * count * mu * deadline
    useful = np.abs(bound - worth) <= 0.01 * worth + 1.0
    yield demand("sets the bound to 90 % of what its consumers do within a deadline", ok=useful, weight=2,
                 essential=True, seen=example(told, bound, worth, useful))  # fmt: skip
    late = np.where(hopeless, 0.0, _late_share(told, best, bound, seed))
    yield demand("answers next to nobody late in a simulated burst of twice the capacity", ok=late < 0.02,
                 seen=answers.plan_queue.worst(told, late, "{:.0%} of what is done"))  # fmt: skip
    alone = tuple(float(x[0]) for x in told)
    single = answers.plan_queue.several(*alone)
    same = [np.ravel(one)[0] == many[0] for one, many in zip(single, (consumers, bound), strict=True)]
    yield demand("takes plain numbers too: one queue alone", ok=same,
                 seen=f"{np.ravel(single)}, not [{consumers[0]:g} {bound[0]:g}]")  # fmt: skip


def _services(seed: int) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """What an answer is told of queues in any order, and the fewest consumers of each, 0 where none will do.

    Some are nearly full all day, some have waits counted in fractions of a service time, some too few partitions.
    """
    random = draws(seed, "plan_queue")
    case = lineup(random, 6)
    size = len(case)
    mu = random.uniform(60, 150, size).round()
    work = np.array([4.0, 9.0, 17.0, 30.0, 9.0, 22.0])[case] * random.uniform(0.9, 1.1, size)
    rate = (work * mu).round()
    quantile = np.array([0.95, 0.99, 0.9, 0.99, 0.99, 0.999])[case]
    wait = np.array([2.0, 0.5, 4.0, 0.2, 1.0, 1.0])[case] / mu
    deadline = random.uniform(6, 20, size)
    n = np.arange(1, MOST + 1)[:, None]
    fits = queueing.wait_quantile(quantile, rate, mu, n) <= wait
    best = fits.argmax(axis=0) + 1.0
    # Whole ticks of the model, and so much work that chance stays within the tenth.
    deadline = np.ceil(np.maximum(deadline, 6000 / (best * mu)))
    partitions = np.where(case == 4, best - 1, best + np.array([0, 2, 8, 4, 0, 30])[case])
    return (rate, mu, wait, quantile, deadline, partitions), np.where(case == 4, 0.0, best)


def _late_share(told: tuple[FloatArray, ...], consumers: FloatArray, bound: FloatArray, seed: int) -> FloatArray:
    """Of what is done in a burst, the share that is late, with the answer's bound; infinite beyond the model."""
    rate, mu, _, _, deadline, _ = told
    able = np.maximum(consumers, 1) * mu
    p = Parameters(
        producer_rate=rate, burst_rate=2 * able, burst_start=10.0, burst_duration=60.0, service_rate=mu,
        consumers=np.maximum(consumers, 1), partitions=np.maximum(consumers, 1), deadline=deadline,
        bound=np.maximum(np.nan_to_num(bound) / able, 0.1),
    )  # fmt: skip
    trace = simulate(p, seed, until=100.0, record=Record(("late_rate", "throughput"), every=100.0))
    return np.ravel(trace["late_rate"] / np.maximum(trace["throughput"], 1e-9))


# -- lab 1: the forecast ---------------------------------------------------------------------------------------------


@task(
    "forecast",
    answers=("forecast(depth, service_rate, deadline, bound) -> full, doomed",),
    hints=(
        "How fast does the queue grow *now*? Its growth since the start of the record is another number. And which "
        "depth dooms the next arrival?",
        "growth = (depth[-1] - depth[-31]) / 30. A queue dooms what arrives once it holds service_rate * deadline. "
        "Both answers are room left ÷ growth: 0 where there is no room left, np.inf where the queue does not grow.",
        "left = np.maximum(limit - depth[-1], 0); np.where(left == 0, 0.0, np.where(growth > 0, left / "
        "np.maximum(growth, 1e-9), np.inf)), with limit = bound, and with limit = service_rate * deadline.",
    ),
)
def forecast(answers: Answers, seed: int) -> Iterator[Demand]:
    """Seconds until a queue is full, and until the first message arrives that will be late."""
    depth, told, growth = _histories(seed)
    mu, deadline, bound = told
    full, doomed = answers.forecast.several(depth, *told, shape=mu.shape, finite=False)
    names = (("full", full, bound), ("doomed", doomed, mu * deadline))
    now = depth[-1]
    for name, got, limit in names:
        there = now >= limit
        yield demand(f"{name}: is 0 where it has come to that already", ok=got[there] == 0, essential=True,
                     seen=f"{got[there].max(initial=0.0):.4g} s")  # fmt: skip
        shrinks = ~there & (growth <= 0)
        yield demand(f"{name}: is infinite where the queue does not grow", ok=np.isposinf(got[shrinks]), essential=True,
                     seen=f"{np.min(got[shrinks], initial=np.inf):.4g} s, not inf")  # fmt: skip
        grows = ~there & (growth > 0)
        wanted = (limit - now)[grows] / growth[grows]
        off = np.abs(got[grows] / wanted - 1.0)
        worst = int(np.argmax(np.where(np.isfinite(off), off, np.inf)))
        yield demand(f"{name}: tells when it will, to within a quarter", ok=off < 0.25, essential=True, weight=3,
                     seen=f"{got[grows][worst]:.4g} s, not {wanted[worst]:.4g} s")  # fmt: skip


def _histories(seed: int) -> tuple[FloatArray, tuple[FloatArray, ...], FloatArray]:
    """Depth over two minutes (seconds, queues) of queues in any order; rate, deadline, bound; and each one's growth.

    Bursts begin at different times, so that the growth of the whole record is not that of its end; some are over. The
    depth is counted every other second, so that the last second's growth is not that of now. One of those that shrink
    holds just its bound, and one queue has been empty all along.
    """
    random = draws(seed, "forecast")
    case = lineup(random, 9)
    size = len(case)
    able = random.uniform(900, 1100, size).round()
    excess = np.array([300, 400, 600, 500, 400, 500, 700, 500, 400])[case] * random.uniform(0.95, 1.05, size)
    start = np.array([75, 60, 40, 10, 20, 5, 30, 5, 20])[case] + random.integers(0, 5, size)
    over = np.isin(case, (4, 5, 7))
    p = Parameters(
        producer_rate=0.7 * able, burst_rate=able + excess, burst_start=start,
        burst_duration=np.where(over, 80 - start, 200), service_rate=able / 10,
    )  # fmt: skip
    depth = simulate(p, int(random.integers(1 << 30)), until=120.0)["depth"]
    second = np.arange(len(depth))
    depth = np.where(case == 8, 0.0, depth[second - (second[-1] - second) % 2])
    growth = np.select([case == 8, over], [0.0, -0.3 * able], excess)
    now = depth[-1]
    deadline = np.array([2.0, 1.35, 0.5, 0.6, 2.0, 0.5, 3.0, 2.0, 0.0])[case] * now / able
    bound = np.array([3.0, 2.0, 2.5, 0.9, 3.0, 0.8, 1.6, 1.0, 0.0])[case] * now
    deadline, bound = np.where(case == 8, 10.0, deadline.round(2)), np.where(case == 8, 5000.0, bound.round())
    return depth, (able, deadline, np.where(case == 7, now, bound)), growth


# -- lab 2: back-pressure --------------------------------------------------------------------------------------------


@task(
    "pause",
    answers=("pause(wait, deadline, delay)",),
    hints=(
        "What producers see is old: by the time they act the queue has grown, and when they stop it goes on shrinking. "
        "Where between 0 and the deadline is there room on both sides?",
        "Nobody pauses below a low wait, all do above a high one, and in between a share that rises with the wait. "
        "Keep both away from 0 and from the deadline by more than the delay.",
        "low, high = 0.25 * deadline, 0.7 * deadline; return np.clip((wait - low) / (high - low), 0, 1).",
    ),
)
def pause(answers: Answers, seed: int) -> Iterator[Demand]:
    """Share of the producers that pause, by a wait that is some seconds old."""
    p = _pressed(seed)
    deadline, delay = np.asarray(p.deadline), np.asarray(p.pressure_delay)
    share = answers.pause.array(0.02 * deadline, deadline, delay, shape=deadline.shape)
    yield demand("lets everybody send while next to nothing waits", ok=share == 0, essential=True,
                 seen=answers.pause.example((0.02 * deadline, deadline, delay), share, 0.0 * share))  # fmt: skip
    lifted = np.array([answers.pause.array(x * deadline, deadline, delay, shape=deadline.shape)
                       for x in np.linspace(0, 2, 9)])  # fmt: skip
    yield demand("is a share from 0 to 1 that never falls as the wait rises", essential=True,
                 ok=(lifted >= 0).all() and (lifted <= 1).all() and (np.diff(lifted, axis=0) >= -1e-12).all(),
                 seen=f"shares from {lifted.min():.3g} to {lifted.max():.3g}")  # fmt: skip
    run = _paused(p, seed, lambda wait: answers.pause.array(wait, deadline, delay, shape=deadline.shape))
    late = run["late_rate"].sum(axis=0) / np.maximum(run["throughput"].sum(axis=0), 1.0)
    told = (deadline, deadline, delay)
    yield demand("drill: no message of the burst is late", ok=late == 0, essential=True, weight=3,
                 curve=_waits(run, deadline), seen=answers.pause.worst(told, late, "{:.1%} late"))  # fmt: skip
    used = run["utilisation"][BURST].mean(axis=0)
    yield demand("drill: the consumers are busy all through the burst", ok=used >= 0.97, essential=True, weight=3,
                 seen=answers.pause.worst(told, used, "{:.0%} busy", least=True))  # fmt: skip


BURST = slice(70, 150)  # seconds of the drill in which the burst has come to its level


def _pressed(seed: int) -> Parameters:
    """Queues with short and long deadlines, before a burst of twice their capacity that is seen late."""
    random = draws(seed, "pause")
    case = lineup(random, 5)
    deadline = np.array([8.0, 10.0, 15.0, 30.0, 40.0])[case]
    delay = np.array([1.0, 2.0, 2.0, 5.0, 8.0])[case]
    return Parameters(burst_rate=2000.0, burst_start=30.0, deadline=deadline, pressure_delay=delay)


def _paused(p: Parameters, seed: int, policy: Any) -> Trace:
    return queue_drill.simulate(p, seed, until=190.0, pause=policy)


def _waits(run: Trace, deadline: FloatArray) -> Curve:
    """The wait of the shortest deadline's queue, beside its deadline."""
    place = int(np.argmin(deadline))
    return Curve("Wait in the queue", run.time, run["wait"][:, place], np.full(len(run.time), deadline[place]),
                 y_title="Wait (s)")  # fmt: skip


# -- lab 3: scaling --------------------------------------------------------------------------------------------------

BASE = 10.0


@task(
    "scale",
    answers=("scale(backlog, cpu, service_rate, deadline, partitions, database_rate)",),
    hints=(
        "How many consumers would work this backlog off within half a deadline? And what is the largest number of "
        "which each still has something to do?",
        "A consumer without a partition reads nothing, and one beyond what the database does waits for it. The CPU "
        "tells neither. With no backlog the ten that are always there are enough.",
        "wanted = np.ceil(backlog / (service_rate * deadline / 2)); ceiling = np.minimum(partitions, "
        "np.ceil(database_rate / service_rate)); return np.maximum(np.minimum(wanted, ceiling), 10).",
    ),
)
def scale(answers: Answers, seed: int) -> Iterator[Demand]:
    """Consumers that a backlog calls for: no more than partitions and database have work for."""
    told, need = _backlogs(seed)
    backlog, _, mu, _, partitions, database = told
    wanted = answers.scale.array(*told, shape=backlog.shape)
    example = answers.scale.example
    ceiling = np.maximum(np.minimum(partitions, np.ceil(database / mu)), BASE)
    whole = wanted == np.round(wanted)
    yield demand("wants whole numbers of consumers", ok=whole, essential=True,
                 seen=example(told, wanted, np.ceil(wanted), whole))  # fmt: skip
    within = wanted <= ceiling
    yield demand("wants no more than there are partitions, and than keep the database busy", ok=within, essential=True,
                 weight=2, seen=example(told, wanted, ceiling, within))  # fmt: skip
    calm = (backlog > 0) | (wanted == BASE)
    yield demand("wants the ten that are always there while nothing waits, whatever the CPU says", ok=calm,
                 essential=True, seen=example(told, wanted, np.full(len(wanted), BASE), calm))  # fmt: skip
    least = np.minimum(need, np.maximum(np.floor(np.minimum(partitions, database / mu)), BASE))
    enough = wanted >= least
    yield demand("wants enough to work a backlog off within a deadline, as far as there is a use for them", weight=2,
                 essential=True, ok=enough, seen=example(told, wanted, least, enough))  # fmt: skip
    run, reference = _scaled(answers, seed)
    back, usual = (np.ravel(trace.events["recovered"]) for trace in (run, reference))
    slow = np.where(np.isnan(back), np.inf, back) - usual
    yield demand("drill: is in time again as soon as a scaler that knows the limits, give or take 20 s", weight=2,
                 ok=slow <= 20.0, essential=True, curve=_ages(run, reference),
                 seen=f"{np.max(slow):.0f} s later")  # fmt: skip
    spent, fair = (trace["consumers"].sum(axis=0) for trace in (run, reference))
    dear = spent / fair
    yield demand("drill: pays for at most a tenth more consumer-seconds than that", ok=dear <= 1.1, essential=True,
                 weight=2, seen=f"{np.max(dear):.2f} times")  # fmt: skip


def _backlogs(seed: int) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """States of queues in any order, and the consumers that would do each backlog within its deadline."""
    random = draws(seed, "scale")
    case = lineup(random, 7)
    size = len(case)
    mu, deadline = random.uniform(60, 140, size).round(), random.uniform(8, 30, size).round()
    need = np.array([0, 13, 30, 40, 6, 0, 40])[case] * random.uniform(0.9, 1.1, size)
    need = np.where(case == 1, np.floor(need) + 0.3, need)  # the nearest number is too few
    backlog = (need * mu * deadline).round()
    cpu = np.array([0.97, 0.99, 0.95, 0.35, 0.9, 0.5, 0.35])[case] + random.uniform(-0.02, 0.02, size)
    partitions = np.array([24, 24, 16, 60, 24, 24, 60])[case] + random.integers(0, 4, size)
    database = (np.array([90, 90, 90, 18.5, 90, 90, 18])[case] * mu).round()  # the last keeps just 18 busy
    return (backlog, cpu, mu, deadline, partitions.astype(float), database), np.ceil(backlog / (mu * deadline) - 1e-9)


def _scaled(answers: Answers, seed: int) -> tuple[Trace, Trace]:
    """Bursts under the answer's policy and under one that knows the limits: free, before 16 partitions, a database.

    And a fourth queue whose burst is so small that the usual ten are never half a deadline behind.
    """
    partitions, database = np.array([24.0, 16.0, 40.0, 24.0]), np.array([1e4, 1e4, 1350.0, 1e4])
    p = Parameters(
        burst_rate=np.array([1700.0, 1700.0, 1700.0, 1010.0]), burst_duration=np.array([120.0, 120.0, 120.0, 240.0]),
        partitions=partitions, downstream_rate=database, max_consumers=60, startup=30.0, cooldown=60.0, deadline=12.0,
    )  # fmt: skip
    mu, deadline = np.full(4, 100.0), np.full(4, 12.0)

    def given(backlog: FloatArray, working: FloatArray, coming: FloatArray) -> FloatArray:
        able = working * mu
        cpu = np.minimum(np.where(backlog > 0, np.minimum(able, database), 800.0) / able, 1.0)
        asked = answers.scale.array(backlog, cpu, mu, deadline, partitions, database, shape=(4,))
        return np.clip(asked, 0.0, 1e6)

    def known(backlog: FloatArray, working: FloatArray, coming: FloatArray) -> FloatArray:
        ceiling = np.minimum(partitions, np.ceil(database / mu))
        return np.minimum(np.ceil(backlog / (mu * deadline / 2)), ceiling)

    run, reference = (queue_drill.simulate(p, seed, until=600.0, scale=policy) for policy in (given, known))
    return run, reference


def _ages(run: Trace, reference: Trace) -> Curve:
    return Curve("Age of the oldest message", run.time, run["oldest_age"][:, 0], reference["oldest_age"][:, 0],
                 y_title="Age (s)")  # fmt: skip


# -- lab 4: triage ---------------------------------------------------------------------------------------------------

SERVE, DROP, DEAD = 0, 1, 2


@task(
    "triage",
    answers=("triage(age, deadline, service_time, deliveries, may_expire)",),
    hints=(
        "Three questions a message, in this order: has it failed too often? Would it come too late, and may it? Else?",
        "Dead-letter what was delivered five times. Drop what may expire and would be done after its own deadline: age "
        "+ service_time > deadline. Serve everything else, however old.",
        "np.where(deliveries >= 5, 2, np.where(may_expire & (age + service_time > deadline), 1, 0)).",
    ),
)
def triage(answers: Answers, seed: int) -> Iterator[Demand]:
    """What becomes of each message as its turn comes: 0 serve, 1 drop, 2 dead-letter."""
    told, wanted, case = _messages(seed)
    got = answers.triage.array(*told, shape=wanted.shape)
    words = {SERVE: "serve", DROP: "drop", DEAD: "dead-letter"}
    for text, which in (
        ("serves what is fresh", case == 0),
        ("serves what is old and still in time: each message has a deadline of its own", case == 1),
        ("serves what may not expire, however late", case == 2),
        ("drops what would be done after its deadline, also if it is not over yet", np.isin(case, (3, 4))),
        ("dead-letters what has failed five times, whatever its age", np.isin(case, (5, 6, 7))),
        ("gives a message that has failed four times, and is in time, one more try", case == 8),
    ):
        ok = ~which | (got == wanted)
        yield demand(text, ok=ok, essential=True, seen=answers.triage.example(told, got, wanted, ok, words))


def _messages(seed: int) -> tuple[tuple[NDArray[Any], ...], NDArray[np.int64], NDArray[np.int64]]:
    """Messages in any order, what each deserves, and which case each is."""
    random = draws(seed, "triage")
    case = np.concatenate([lineup(random, 9) for _ in range(3)])
    size = len(case)
    first = lambda one: (case == one) & (np.cumsum(case == one) == 1)  # noqa: E731
    deadline = np.where(first(4), 5.0, random.choice([5.0, 30.0, 600.0, 3600.0], size))  # late by a part of a second
    service_time = deadline * random.uniform(0.02, 0.1, size)
    part = np.array([0.1, 0.85, 4.0, 1.5, 0.97, 0.1, 3.0, 3.0, 0.5])[case] * random.uniform(0.97, 1.0, size)
    service_time = np.where(case == 4, 0.12 * deadline, np.where(case == 1, 0.05 * deadline, service_time))
    just = first(1)  # done at its deadline, in numbers that add up exactly
    service_time, part = np.where(just, deadline / 16, service_time), np.where(just, 15 / 16, part)
    deliveries = np.where(np.isin(case, (5, 6, 7)), 5 + random.integers(0, 2, size), random.integers(0, 3, size))
    deliveries = np.where((case == 8) | first(3), 4, deliveries)
    may_expire = np.where(np.isin(case, (2, 7)), False, True)
    wanted = np.array([SERVE, SERVE, SERVE, DROP, DROP, DEAD, DEAD, DEAD, SERVE])[case]
    return (part * deadline, deadline, service_time, deliveries, may_expire), wanted, case


# -- lab 5: the settings ---------------------------------------------------------------------------------------------


@task(
    "choose",
    answers=("choose(burst_rate, burst_duration, service_rate, partitions, objective, refused) -> consumers, bound",),
    hints=(
        "With c consumers the burst leaves (burst_rate - c * service_rate) * burst_duration messages too many. The "
        "bound holds some of them, the rest is refused. Which number of consumers makes that rest small enough?",
        "bound = 0.9 * c * service_rate * objective. Refused: np.maximum(excess - bound, 0), at most refused * "
        "burst_rate * burst_duration. Try n = np.arange(1, 65)[:, None] and take the first that fits, n <= partitions.",
        "n = np.arange(1, 65)[:, None]; bounds = 0.9 * n * service_rate * objective; over = np.maximum((burst_rate - n "
        "* service_rate) * burst_duration - bounds, 0); fits = (over <= refused * burst_rate * burst_duration) & (n <= "
        "partitions); consumers = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0).",
    ),
)
def choose(answers: Answers, seed: int) -> Iterator[Demand]:
    """Fewest consumers, and their bound, that keep the oldest message young and refuse at most a stated share."""
    told, best = _objectives(seed)
    objective, refused = told[4:]
    consumers, bound = (part.astype(float) for part in answers.choose.several(*told, shape=best.shape))
    example, hopeless = answers.choose.example, best == 0
    agreed = (consumers == 0) == hopeless
    yield demand("is 0 consumers exactly where the partitions allow no number that is enough", essential=True,
                 ok=agreed, seen=example(told, consumers, best, agreed))  # fmt: skip
    none = ~hopeless | (bound == 0)
    yield demand("sets a bound of 0 for these", ok=none, essential=True, seen=example(told, bound, 0.0, none))
    oldest, turned_away = _tried(told, consumers, bound, seed)
    old = np.where(hopeless, 0.0, oldest / objective)
    yield demand("keeps the oldest message of a simulated burst within the objective", ok=old <= 1.0, essential=True,
                 weight=3, seen=answers.choose.worst(told, old, "{:.2f} times the objective"))  # fmt: skip
    over = np.where(hopeless, 0.0, turned_away / refused)
    yield demand("refuses at most the stated share of the burst, give or take a tenth", ok=over <= 1.1, weight=3,
                 essential=True, seen=answers.choose.worst(told, over, "{:.2f} times that"))  # fmt: skip
    few = consumers <= best
    yield demand("pays for no consumer more than it needs", ok=few, essential=True, weight=2,
                 seen=example(told, consumers, best, few))  # fmt: skip


def _objectives(seed: int) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """Bursts and objectives in any order, and the fewest consumers of each, well away from the next number."""
    random = draws(seed, "choose")
    case = lineup(random, 6)
    size = len(case)
    mu = random.uniform(80, 120, size).round()
    best = np.array([9, 14, 20, 30, 12, 25])[case] + random.integers(0, 3, size)
    objective = np.array([6.0, 10.0, 20.0, 8.0, 10.0, 15.0])[case]
    duration = np.array([60.0, 120.0, 120.0, 90.0, 60.0, 180.0])[case]
    refused = np.array([0.2, 0.1, 0.15, 0.1, 0.12, 0.08])[case]
    # With c consumers a burst of rate x is just met: x (1 - r) d = c mu (d + 0.9 A); aim between two numbers.
    short = np.where(case == 0, 0.25, np.where(case == 1, 0.6, random.uniform(0.35, 0.65, size)))
    met = (best - short) * mu * (duration + MARGIN * objective)
    rate = (met / ((1.0 - refused) * duration)).round()
    partitions = np.where(case == 4, best - 1.0, best + np.array([0, 3, 6, 20, 0, 1])[case])
    return (rate, duration, mu, partitions, objective, refused), np.where(case == 4, 0.0, best)


def _tried(
    told: tuple[FloatArray, ...], consumers: FloatArray, bound: FloatArray, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Age of the oldest message, and share of the burst refused, with the answer's settings."""
    rate, duration, mu, _, objective, _ = told
    count = np.clip(np.nan_to_num(consumers), 1, MOST)
    able = count * mu
    p = Parameters(
        producer_rate=0.5 * able, burst_rate=rate, burst_start=10.0, burst_duration=duration, consumers=count,
        service_rate=mu, partitions=count, deadline=np.maximum(objective, 1.0),
        bound=np.maximum(np.nan_to_num(bound, posinf=np.inf) / able, 0.1),
    )  # fmt: skip
    trace = simulate(p, seed, until=220.0, record=Record(("oldest_age", "rejected_rate"), every=1.0))
    return trace["oldest_age"].max(axis=0), trace["rejected_rate"].sum(axis=0) / (rate * duration)
