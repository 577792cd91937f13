"""Module 12: what the graded cell of the lesson and the four tasks of the lab demand.

Incidents are played by the engine on services drawn from the seed: the lab's scenario with another deadline and another
burst. Action items are replayed on them, and a runbook is carried out word by word.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import WRONG, AnswerError, Answers, Demand, demand, draws, lineup, task
from course_lib.incidents import engine, service
from course_lib.runbooks import executor, page
from course_lib.runbooks.services import Services
from course_lib.runbooks.world import Drill
from course_lib.theory import detection

FloatArray = NDArray[np.float64]
PERIOD = detection.PERIOD

# -- the lesson: which windows page in time, and which never ---------------------------------------------------------

TEXTS = (
    "pages in time in a total outage",
    "pages in time where a part of the requests fails",
    "knows a window that fires when the budget is gone",
    "counts the time that people take, too",
    "never pages below a window's limit",
    "never pages where the objective is so low that no outage burns fast enough",
    "spends the same budget until it fires, however bad it is",
)


@task(
    "windows",
    answers=("windows(error_ratio, slo, long, burn, left, react) -> seconds, in_time",),
    hints=(
        "A window fires when the mean error ratio over it is above a limit. Which limit, and how long does it take "
        "until a window that was clean is that full of errors?",
        "limit = burn * (1 - slo); it fires after long * limit / error_ratio seconds, if error_ratio is above the "
        "limit. Until somebody acts, (seconds + react) * error_ratio of 30 days * (1 - slo) is spent.",
        "fires = error_ratio > limit; seconds = np.where(fires, long * limit / error_ratio, -1); in_time = fires & "
        "((seconds + react) * error_ratio <= left * (1 - slo) * 30 * 86400).",
    ),
)
def windows(answers: Answers, seed: int) -> Iterator[Demand]:
    """When a window pages, and whether some budget is left when somebody has acted."""
    told, kind = _burning(seed)
    e, slo, long, burn, left, react = told
    seconds, in_time = answers.windows.several(*told)
    limit = burn * (1.0 - slo)
    fires = e > limit
    wanted = np.where(fires, long * limit / e, -1.0)
    timely = fires & ((wanted + react) * e <= left * (1.0 - slo) * PERIOD)
    close = np.abs(seconds - wanted) <= 0.001 * np.abs(wanted) + 0.01
    example = answers.windows.example
    for number, text in enumerate(TEXTS):
        there = kind == number
        ok = ~there | (close & (in_time.astype(float) == timely))
        late, wrong = example(told, seconds, wanted, ~there | close), example(told, in_time != 0, timely, ok)
        seen = f"seconds = {late}" if late else f"in_time = {wrong}"
        yield demand(text, ok=ok, weight=2, essential=True, seen=seen)
    one = answers.windows(*(float(part[0]) for part in told))
    plain = isinstance(one, tuple) and len(one) == 2 and all(np.size(part) == 1 for part in one)
    ok = plain and bool(np.isclose(float(np.ravel(one[0])[0]), seconds[0], rtol=1e-6))
    yield demand("takes plain numbers too: one window alone", ok=ok, seen="something else than in company")


def _burning(seed: int) -> tuple[tuple[FloatArray, ...], NDArray[np.int64]]:
    """Windows and incidents of seven kinds, in any order, none of them near a limit."""
    random = draws(seed, "windows")
    kind = lineup(random, 7, 4)
    size = len(kind)
    slo = random.choice([0.995, 0.999, 0.9995], size)
    long = random.choice([3600.0, 7200.0, 21_600.0], size)
    share = random.uniform(0.02, 0.06, size)
    slo = np.where(kind == 5, random.choice([0.75, 0.8], size), slo)
    long = np.where(kind == 5, 3600.0, long)
    burn = (share * PERIOD / long).round(2)
    limit = burn * (1 - slo)
    above = np.exp(random.uniform(np.log(1.3), np.log(4.0), size)) * limit
    e = np.where(kind == 0, 1.0, np.minimum(above, 0.9))
    e = np.where(kind == 4, limit * random.uniform(0.5, 0.95, size), e)
    e = np.where(kind == 5, random.uniform(0.5, 1.0, size), e).round(6)
    spent = np.where(e > limit, limit * long / ((1 - slo) * PERIOD), 0.5)  # of the month's budget, when it fires
    react = random.uniform(120.0, 900.0, size).round()
    with_react = spent + react * e / ((1 - slo) * PERIOD)
    # In a total outage and in a part of one it is just enough, so that a shorter month would not do.
    left = with_react * np.where(kind < 2, random.uniform(1.02, 1.05, size), random.uniform(1.2, 3.0, size))
    left = np.where(kind == 2, spent * random.uniform(0.3, 0.8, size), left)
    between = spent + (with_react - spent) * random.uniform(0.3, 0.7, size)
    left = np.where(kind == 3, between, left)
    return (e, slo, long, burn, left.round(7), react), kind


# -- the lab: runs that were played ----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Case:
    """One run, as task 1 and 2 are told of it: counts in windows of ten seconds, pages, and what people said when."""

    time: FloatArray
    requests: FloatArray
    failed: FloatArray
    paged: FloatArray
    spoke: FloatArray

    @property
    def told(self) -> tuple[FloatArray, ...]:
        """As the answers are passed it."""
        return self.time, self.requests, self.failed, self.paged, self.spoke


KINDS = ("somebody is paged and ends it", "customers tell before any alert", "nobody says a word",
         "it may not be over yet", "nothing happens", "it looks over, and comes back")  # fmt: skip


@functools.lru_cache(maxsize=8)
def cases(seed: int, name: str) -> tuple[list[Case], NDArray[np.int64]]:
    """Runs of six kinds in any order, and which kind each is."""
    random = draws(seed, name)
    kind = random.permutation(6)
    plays = [
        service.Play(service.drawn(random, quiet=one == 4), int(random.integers(1 << 30)), tuple(_log(random, one)))
        for one in kind
    ]
    runs = service.together(plays)
    return [_case(random, int(one), run) for one, run in zip(kind, runs, strict=True)], kind


def _case(random: np.random.Generator, kind: int, played: engine.Played) -> Case:
    """What is told of a run."""
    day = played.scenario
    time, requests, failed = service.windows(played)
    if kind == 4:
        failed = np.minimum(failed, 0.008 * requests).round()
    if kind == 5:
        failed[19:23] = requests[19], 0.0, 0.0, 0.0  # in the middle of it, after the worst
        half = (
            np.flatnonzero(failed > 0.5 * requests)[-1] + 1
        )  # and at its end a window that is half as bad, and no worse
        requests[half] = 2.0 * np.ceil(requests[half] / 2.0)
        failed[half] = 0.5 * requests[half]
    if kind == 3:  # the last five windows are good, and what came after is not told
        end = min(int(np.flatnonzero(failed > service.TOLERANCE * requests)[-1]), len(time) - 6)
        time, requests, failed = (part[: end + 6] for part in (time, requests, failed))
        failed[-5:] = 0.0
    failed = np.maximum(failed, np.ceil(requests * random.uniform(0.0005, 0.008, len(requests))))  # as on any day
    bad = np.flatnonzero(failed > service.TOLERANCE * requests)
    if kind == 0:  # a few per cent fail before and after: who waits for a tenth is late, and half over is not over
        rim = bad[[0, -1, -1]] + [-1, 1, 2]
        failed[rim] = np.round(0.03 * requests[rim])
    if kind == 4:  # one window in which just as many fail as are tolerated
        requests[15] = np.ceil(requests[15] / 100) * 100
        failed[15] = 0.01 * requests[15]
    if kind == 2:  # a minute after the last bad window: just enough to call it over
        time, requests, failed = (part[: bad[-1] + 7] for part in (time, requests, failed))
    paged = np.array([at for at, what, _ in engine.alarms(day, played, day.until) if what == "alert"])
    paged = paged[paged <= time[-1]]
    if kind == 5:  # an alert may come before the first user is hurt
        paged = np.concatenate([[time[bad[0]] - 30.0], paged])
    spoke = np.array(sorted(entry.at for entry in played.log))
    if kind == 1:
        spoke = np.concatenate([[service.START + random.integers(16, 24)], spoke])
    if kind == 2:
        spoke = np.zeros(0)
    return Case(time, requests, failed, paged, spoke.astype(float))


def _log(random: np.random.Generator, kind: int) -> list[engine.Entry]:
    """What was done: the right thing, a while after the page; nothing; or the door, shut and opened again too soon."""
    at = float(random.integers(230, 330))
    if kind in (3, 4):
        return [engine.Step(at, "roll_back")] if kind == 3 else []
    if kind == 5:
        return [engine.Step(at, "close_door"), engine.Step(at + float(random.integers(90, 130)), "open_door"),
                engine.Step(at + float(random.integers(260, 330)), "expire")]  # fmt: skip
    return [engine.Step(at, "more_consumers"), engine.Step(at + float(random.integers(20, 60)), "expire")]


def moments(case: Case) -> tuple[float, float, float, float, float]:
    """Start, detected, acknowledged, mitigated, resolved of a run; -1 for what did not happen."""
    share = case.failed / np.maximum(case.requests, 1.0)
    over = share > service.TOLERANCE
    half = share > share.max() / 2.0
    start = float(case.time[over.argmax()] - service.WINDOW) if over.any() else -1.0
    said = min(case.spoke, default=np.inf)
    first = min(min(case.paged, default=np.inf), said)
    ends = [_ended(case.time, high) if over.any() else -1.0 for high in (half, over)]
    return start, first if first < np.inf else -1.0, said if said < np.inf else -1.0, ends[0], ends[1]


def _ended(time: FloatArray, high: NDArray[np.bool_]) -> float:
    last = float(time[len(high) - 1 - high[::-1].argmax()])
    return last if time[-1] - last >= 60.0 else -1.0


# -- lab 1: the timeline ---------------------------------------------------------------------------------------------


@task(
    "timeline",
    answers=("timeline(time, requests, failed, paged, spoke) -> start, detected, acknowledged, mitigated, resolved",),
    whole=("timeline",),
    hints=(
        "Write down each moment's sentence first. Which of them does the telemetry decide, and which the log?",
        "start: the first window over 1 % begins 10 s before its time. detected: the earliest of all pages and words. "
        "mitigated and resolved: the time of the last window above half of the worst share, and above 1 %.",
        "high = share > limit; last = time[np.flatnonzero(high)[-1]]; it counts if time[-1] - last >= 60, else -1. "
        "np.concatenate([paged, spoke]) may be empty: then -1.",
    ),
)
def timeline(answers: Answers, seed: int) -> Iterator[Demand]:
    """The named moments of six runs."""
    runs, kind = cases(seed, "timeline")
    found = np.array([answers.timeline.several(*run.told, shape=()) for run in runs], dtype=float)
    wanted = np.array([moments(run) for run in runs])
    names = ("start", "detected", "acknowledged", "mitigated", "resolved")
    texts = (
        "dates the impact from the first window in which users fail",
        "is detected by the first page or the first word, whichever came first",
        "is acknowledged by the first word",
        "is mitigated when the worst half is over for good",
        "is resolved when users are well for good",
    )
    for column, (name, text) in enumerate(zip(names, texts, strict=True)):
        ok = np.abs(found[:, column] - wanted[:, column]) <= 1e-6
        yield demand(text, ok=ok, weight=2, essential=True, seen=_run_seen(name, found, wanted, ok, kind, column))


def _run_seen(name: str, found: Any, wanted: Any, ok: NDArray[np.bool_], kind: Any, column: int) -> str:
    if ok.all():
        return ""
    row = int((~ok).argmax())
    return f"{name} = {found[row, column]:g}, not {wanted[row, column]:g}, in the run in which {KINDS[kind[row]]}"


# -- lab 2: impact ---------------------------------------------------------------------------------------------------


@task(
    "impact",
    answers=(
        "impact(time, requests, failed, start, resolved, minutes_each, usual, objective) "
        "-> lost, share, user_minutes, duration, burned",
    ),
    whole=("impact",),
    hints=(
        "From when to when does an incident last: from the page, or from the first user who failed?",
        "Count the windows with start < time <= resolved. duration = resolved - start. The month's budget is a number "
        "of requests: (1 - objective) * usual * 30 * 86400.",
        "inside = (time > start) & (time <= resolved); lost = failed[inside].sum(); share = lost / "
        "requests[inside].sum(); lost * minutes_each; (resolved - start) / 60; lost / ((1 - objective) * usual * "
        "2592000).",
    ),
)
def impact(answers: Answers, seed: int) -> Iterator[Demand]:
    """What users lost, in five figures, of several runs."""
    random = draws(seed, "impact's objectives")
    runs, kind = cases(seed, "impact")
    found, wanted, rows = [], [], []
    for run, one in zip(runs, kind, strict=True):
        start, *_, resolved = moments(run)
        if start < 0 or resolved < 0:
            continue
        each, objective = float(random.choice([0.1, 0.2, 0.5])), float(random.choice([0.99, 0.995, 0.999]))
        usual = float(run.requests[:6].mean() / service.WINDOW)
        found.append(answers.impact.several(run.time, run.requests, run.failed, start, resolved, each, usual, objective,
                                            shape=()))  # fmt: skip
        inside = (run.time > start) & (run.time <= resolved)
        lost, every = run.failed[inside].sum(), run.requests[inside].sum()
        budget = (1 - objective) * usual * PERIOD
        wanted.append((lost, lost / every, lost * each, (resolved - start) / 60.0, lost / budget))
        rows.append(one)
    got, right = np.array(found, dtype=float), np.array(wanted)
    names = ("lost", "share", "user_minutes", "duration", "burned")
    texts = (
        "counts the requests that failed from the first to the last",
        "sets them against all requests of that time",
        "says how many user-minutes that is",
        "lasts from the first user who failed, in minutes, not from the page",
        "says which share of a month's budget is gone",
    )
    for column, (name, text) in enumerate(zip(names, texts, strict=True)):
        ok = np.abs(got[:, column] - right[:, column]) <= 0.002 * np.abs(right[:, column])
        yield demand(text, ok=ok, weight=2, essential=True, seen=_run_seen(name, got, right, ok, rows, column))


# -- lab 3: action items ---------------------------------------------------------------------------------------------

FEWEST = 10  # workers that the service has


@task(
    "items",
    answers=("items(deadline, partitions, price, money, takes, chance) -> bound, workers, due",),
    hints=(
        "One item bounds the queue, one gives workers, and each has a date. What does a queue that is too long do, and "
        "what one that is too short?",
        "An order that waits longer than its deadline is lost, and a bound far below it refuses orders on a busy day. "
        "Workers: ten, and what the money buys, but no more than there are partitions. A date: takes is a mean.",
        "bound = 0.75 * deadline; workers = np.minimum(partitions, 10 + np.floor(money / price)); due = np.ceil(-takes "
        "* np.log(1 - chance)).",
    ),
)
def items(answers: Answers, seed: int) -> Iterator[Demand]:
    """Three action items for each service, replayed on its incident, its second trigger and a busy day."""
    told, days = _services(seed)
    _, partitions, price, money, takes, chance = told
    bound, workers, due = answers.items.several(*told)
    usable = (bound >= 1) & (bound <= 60) & (workers >= 1) & (workers <= 100) & (workers == np.round(workers))
    usable &= due == np.round(due)
    named = (("bound", bound), ("workers", workers), ("due", due))
    example, worst = answers.items.example, answers.items.worst
    yield demand("sets a bound of 1 to 60 s, and whole workers and days", ok=usable, essential=True,
                 seen=", ".join(f"{name} = {part[~usable][:1]}" for name, part in named))  # fmt: skip
    allowed = np.minimum(partitions, FEWEST + np.floor(money / price + 1e-9))
    ok = workers == allowed
    yield demand("buys the workers that money and partitions allow, and no more", ok=ok, weight=2, essential=True,
                 seen=f"workers = {example(told, workers, allowed, ok)}")  # fmt: skip
    first, second, busy = _replayed(days, np.clip(bound, 1, 60), np.clip(workers, 1, 16))
    for kept, most, text in ((first, 0.25, "leaves a quarter of the harm of the same incident, replayed"),
                             (second, 0.5, "leaves half of it when the trigger comes again")):  # fmt: skip
        yield demand(text, ok=kept <= most, weight=2, essential=True,
                     seen=worst(told, kept, "{:.0%} of the failed orders are left"))  # fmt: skip
    yield demand("refuses next to nothing on a busy day", ok=busy <= 0.001, weight=2, essential=True,
                 seen=worst(told, busy, "{:.1%} of the orders fail"))  # fmt: skip
    wanted = np.ceil(-takes * np.log1p(-chance) - 1e-9)
    early, late = due < wanted, due > wanted
    yield demand("gives a date by which the item is finished with the chance that is asked for", ok=~early, weight=2,
                 essential=True, seen=f"due = {example(told, due, wanted, ~early)}")  # fmt: skip
    yield demand("gives no later date than that", ok=~late, weight=2, essential=True,
                 seen=f"due = {example(told, due, wanted, ~late)}")  # fmt: skip


def _services(seed: int) -> tuple[tuple[FloatArray, ...], list[service.Days]]:
    """Services in any order: each with a deadline, a burst, and a busy day that a queue may take."""
    random = draws(seed, "items")
    case = lineup(random, 5, 2)
    size = len(case)
    deadline = (np.array([6.0, 10.0, 16.0, 26.0, 40.0])[case] * random.uniform(0.9, 1.1, size)).round(1)
    partitions = random.permutation(np.resize([11.0, 12.0, 14.0, 16.0], size))
    price, money = random.integers(10, 30, size) * 1.0, random.integers(0, 150, size) * 1.0
    takes, chance = random.integers(10, 46, size) * 1.0, random.choice([0.5, 0.7, 0.8, 0.9], size)
    days = [service.days(random, float(d)) for d in deadline]
    poor, rich = random.permutation(size)[:2]  # one that can pay for nobody, one that could for more than can be used
    money[poor], money[rich] = price[poor] - 1.0, price[rich] * (partitions[rich] - 8.0)
    return (deadline, partitions, price, money, takes, chance), days


def _replayed(days: list[service.Days], bound: FloatArray, workers: FloatArray) -> tuple[FloatArray, ...]:
    """Harm that is left of each incident and of its second trigger, and what fails on a busy day."""
    given = [{"bound": float(b), "max_consumers": float(w)} for b, w in zip(bound, workers, strict=True)]
    pairs = list(zip(days, given, strict=True))
    runs = service.together(
        [service.Play(one.incident, one.seed, day="again") for one in days]
        + [service.Play(one.incident, one.seed, day="again", improved=better) for one, better in pairs]
        + [service.Play(one.busy, one.seed, improved=better) for one, better in pairs]
    )
    nothing, done, busy = (runs[i * len(days) : (i + 1) * len(days)] for i in range(3))
    again = service.base().again_at or 0.0
    left = [
        np.array([_harm(d, *span) / max(_harm(n, *span), 1e-9) for n, d in zip(nothing, done, strict=True)])
        for span in ((0.0, again), (again, np.inf))
    ]
    return left[0], left[1], np.array([run.failed.sum() / run.all.sum() for run in busy])


def _harm(played: engine.Played, start: float, end: float) -> float:
    rows = (played.time > start) & (played.time <= end)
    return float(played.failed[rows].sum())


# -- lab 4: the runbook ----------------------------------------------------------------------------------------------


@task(
    "runbook",
    answers=("runbook(deadline)",),
    whole=("runbook",),
    hints=(
        "Whoever reads the page knows nothing else. When is it opened, who does what, how does one know that it "
        "worked, and what if not?",
        "Open it by the age of the oldest message, at half of the deadline, held for 20 s. `do expire as queue team`, "
        "then `verify oldest_age < ... and error_ratio < 5 % for 1 min within 10 min` with an `else`.",
        "course_lib/runbooks/queue_overload.md is such a page for a deadline of 10 s. Write its 5 s as {deadline / 2:g}"
        " s and its 10 s as {deadline:g} s in an f-string, and end with np.frombuffer(text.encode(), np.uint8).",
    ),
)
def runbook(answers: Answers, seed: int) -> Iterator[Demand]:
    """A page for each of several services, carried out literally on its incident and on a busy day."""
    services, world = _paged(seed)
    pages = [_page(answers, days.deadline) for days in services]
    wrong = [one for one in pages if isinstance(one, str)]
    yield demand("is a page that can be carried out", ok=not wrong, essential=True, seen=wrong[0] if wrong else "")
    if wrong:
        return
    count = len(services)
    at, busy = np.split(executor.opened(pages * 2, world, range(2 * count)), 2)
    yield _of_services("stays closed on a busy day on which every order is in time", services, np.isinf(busy),
                       ["it is opened"] * count)  # fmt: skip
    soon = at <= [days.late + 60.0 for days in services]
    yield _of_services("is opened in the incident, within a minute of the first late order", services, soon,
                       [f"opened at {second:g} s, when orders are late from {days.late:g} s on"
                        for second, days in zip(at, services, strict=True)])  # fmt: skip
    done = executor.run_each(pages, world, range(count))
    left = np.array([one.harm / max(one.harm_of_nothing, 1e-9) for one in done])
    yield _of_services("leaves users well, read word by word, without a step that makes it worse", services,
                       [one.outcome == executor.RECOVERED for one in done], [one.why for one in done])  # fmt: skip
    yield _of_services("saves at least half of the user-minutes", services, left <= 0.5,
                       [f"{part:.0%} are left" for part in left])  # fmt: skip


def _of_services(text: str, services: list[service.Days], ok: Any, lines: list[str]) -> Demand:
    """A demand on each of the services; what was seen is the first's that misses it."""
    misses = (f"{line}, for deadline = {days.deadline:g}"
              for line, days, good in zip(lines, services, ok, strict=True) if not good)  # fmt: skip
    return demand(text, ok=ok, weight=2, essential=True, seen=next(misses, ""))


STORM = 2500.0  # orders/s: sixteen workers, and more cannot read, do 1,600


@functools.lru_cache(maxsize=2)
def _paged(seed: int) -> tuple[list[service.Days], Services]:
    """Services with deadlines from a few to many seconds; and all their incidents, then all their busy days, to play.

    They are kept with their runs, for a learner asks again and again on one seed.
    """
    random = draws(seed, "runbook")
    ends = np.array([random.uniform(18.0, 22.0), random.uniform(110.0, 130.0)])
    between = np.exp(random.uniform(np.log(24.0), np.log(100.0), 3))
    deadline = random.permutation(np.concatenate([ends, between])).round()
    days = [service.days(random, float(d), STORM if d == deadline.min() else None) for d in deadline]
    seeds = [one.seed for one in days]
    return days, Services([one.incident for one in days] + [one.busy for one in days], seeds * 2)


def _page(answers: Answers, deadline: float) -> page.Page | str:
    """The page that an answer's bytes are, or why they are none."""
    value = answers.runbook.array(deadline, shape=(None,))
    if value.size > 20_000 or value.size < 10 or value.dtype.kind not in "iu" or value.min() < 0 or value.max() > 255:
        raise AnswerError(
            WRONG, f"runbook returns a page's bytes, from 10 to 20,000 of them : saw {value.size} numbers"
        )
    try:
        read = page.parse(bytes(value.astype(np.uint8)).decode("utf-8"), "runbook.md")
        page.check(read, *_there())
    except UnicodeDecodeError:
        return "bytes that are no text"
    except page.PageError as error:
        return str(error)
    return read


def _there() -> tuple[Any, Any, float]:
    drill = Drill(service.base())
    return drill.units, drill.roles, drill.until
