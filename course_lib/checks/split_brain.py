"""Module 03: what the graded cell of the lesson and the six tasks of the lab demand.

Placements, partitions, logs and tokens are drawn from the seed. A rule for who may lead is tried on ten thousand
partitions: there, and nowhere else, it shows whether it can elect twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import Answers, Demand, demand, draws, lineup, task
from course_lib.theory import quorum

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
PARTS = 3
TRIALS = 10_000


def _first(fails: BoolArray, words: list[str], told: str = "") -> str:
    """What the first that fails came to."""
    place = int(np.argmax(fails))
    return f"{words[place]}{told}" if fails.any() else ""


def _shown(values: NDArray[Any]) -> str:
    return "[" + " ".join(f"{value:g}" for value in values) + "]"


# -- the lesson: who can elect, and who twice ------------------------------------------------------------------------


@task(
    "elections",
    answers=("elections(placement, part, needed) -> can, twice",),
    rows={"elections": ("placement", "part", "needed")},
    hints=(
        "Votes count, sites don't, and whoever is lost does not vote. How many votes does each part hold?",
        "For each part 0, 1 and 2 add up the voters of the sites that lie in it. A part can elect if that is at least "
        "`needed`; count the parts that can.",
        "votes = np.stack([np.where(part == p, placement, 0).sum(axis=1) for p in range(3)]); able = (votes >= "
        "needed).sum(axis=0); return able >= 1, able >= 2.",
    ),
)
def elections(answers: Answers, seed: int) -> Iterator[Demand]:
    """Which placements and cuts leave a part that can elect, and which leave two."""
    told, kind = _placements(seed)
    placement, part, needed = told
    can, twice = (one.astype(bool) for one in answers.elections.several(*told, shape=needed.shape))
    votes = np.stack([np.where(part == p, placement, 0).sum(axis=1) for p in range(PARTS)])
    able = (votes >= needed).sum(axis=0)
    words = [
        f"{'can' if c else 'cannot'}{', twice' if t else ''}, for voters {_shown(v)} in parts {_shown(p)}, {n} needed"
        for c, t, v, p, n in zip(can, twice, placement, part, needed, strict=True)
    ]
    for place, text in enumerate(PLACEMENTS):
        wrong = (kind == place) & ((can != (able >= 1)) | (twice != (able >= 2)))
        yield demand(text, ok=~wrong, essential=True, weight=1.5, seen=_first(wrong, words))
    majority = 2 * needed > placement.sum(axis=1)
    yield demand("never lets two parts elect where more than half of all voters are needed", ok=~(twice & majority),
                 essential=True, seen=_first(twice & majority, words))  # fmt: skip


PLACEMENTS = (
    "finds the part that holds a majority of the voters, wherever most sites are",
    "finds none where no part does",
    "counts no voter of a lost site",
    "lets nobody elect with a majority of those that are left",
    "finds two where half of the voters are enough",
    "finds two where one voter is enough",
)
"""Kinds of placements and cuts: what is demanded of each."""


def _placements(seed: int) -> tuple[tuple[IntArray, IntArray, IntArray], IntArray]:
    """Voters of each site, the part each site is in (-1: lost) and the votes needed; every kind, in any order."""
    random = draws(seed, "elections")
    kind = np.concatenate([lineup(random, len(PLACEMENTS), extra=0) for _ in range(4)])
    rows = [_placement(random, int(sort), n // len(PLACEMENTS) % 2 == 1) for n, sort in enumerate(kind)]
    placement, part, needed = (np.array(column) for column in zip(*rows, strict=True))
    return (placement, part, needed), kind


def _placement(random: np.random.Generator, kind: int, rare: bool) -> tuple[IntArray, IntArray, int]:
    """One of a kind, found by drawing until it is.

    A rare one holds its majority where half would do, has lost as many as are needed, or lets all three parts elect.
    """
    while True:
        sites = 6
        placement = random.integers(0, 5, sites)
        part = random.integers(-1 if kind in (2, 3) else 0, PARTS, sites)
        whole = int(placement.sum())
        needed = {0: (whole + 1) // 2 if rare else whole // 2 + 1, 4: (whole + 1) // 2, 5: 1}.get(kind, whole // 2 + 1)
        votes = np.array([placement[part == p].sum() for p in range(PARTS)])
        lost, able, many = int(placement[part < 0].sum()), int((votes >= needed).sum()), votes.argmax()
        fewer_sites = (part == many).sum() < max((part == p).sum() for p in range(PARTS))
        alone = int((2 * votes > whole - lost).sum())
        if (
            whole > 5
            and {
                0: able == 1 and fewer_sites and 2 * votes.max() > whole and (whole % 2 == 0 or not rare),
                1: able == 0 and lost == 0,
                2: lost > 2 and able == 0 and votes.max() + lost >= needed and (lost >= needed) == rare,
                3: lost > 0 and able == 0 and alone == 1,
                4: able == 2 and whole % 2 == 0,
                5: able == (3 if rare else 2) and (votes == votes.max()).sum() == 1,
            }[kind]
        ):
            return placement, part, needed


# -- lab 1: what a failover loses ------------------------------------------------------------------------------------


@task(
    "divergence",
    answers=("divergence(write_rate, near_share, lag, cut, takeover, keys) -> lost, conflicts",),
    hints=(
        "Two kinds of writes are in the old leader's log alone: some from before the cut, some from during it. And if "
        "the cut is over before anybody has taken over?",
        "lost = write_rate * (lag + near_share * cut) if takeover < cut, else none. The far side wrote write_rate * (1 "
        "- near_share) * (cut - takeover). A key is hit by a writes with probability 1 - exp(-a / keys).",
        "over = takeover < cut; a = np.where(over, write_rate * (lag + near_share * cut), 0); b = np.where(over, "
        "write_rate * (1 - near_share) * (cut - takeover), 0); return a, keys * (1 - np.exp(-a / keys)) * (1 - "
        "np.exp(-b / keys)).",
    ),
)
def divergence(answers: Answers, seed: int) -> Iterator[Demand]:
    """Writes lost by a failover to the far side, and keys that both sides wrote."""
    told, case = _failovers(seed)
    rate, near, lag, cut, takeover, keys = told
    lost, conflicts = answers.divergence.several(*told)
    over = takeover < cut
    true = np.where(over, quorum.failover_loss(rate, near, lag, cut), 0.0)
    both = quorum.conflicting_keys(keys, true, np.where(over, rate * (1 - near) * (cut - takeover), 0.0))
    example = answers.divergence.example
    for text, cases in (
        ("loses nothing where the cut is over before anybody takes over", np.isin(case, (3, 5))),
        ("counts the near side's writes of the whole cut, and what was not copied before it", case <= 2),
        ("counts what was not copied where no client is near", case == 4),
    ):
        right = ~cases | (np.abs(lost - true) <= 0.01 * true + 0.5)
        yield demand(text, ok=right, essential=True, weight=1.5, seen=f"lost {example(told, lost, true, right)}")
    for text, cases in (
        ("says how many keys both sides wrote, where there are many keys", case != 1),
        ("and where there are so few that both hit most of them", case == 1),
    ):
        right = ~cases | (np.abs(conflicts - both) <= 0.02 * both + 0.02)
        yield demand(text, ok=right, essential=True, seen=f"conflicts {example(told, conflicts, both, right)}")


def _failovers(seed: int) -> tuple[tuple[FloatArray, ...], IntArray]:
    """Cuts and failovers: usual, few keys, hardly any lag, too late, nobody near, and late by no second."""
    random = draws(seed, "divergence")
    case = lineup(random, 6)
    size = len(case)
    near = np.where(case == 4, 0.0, random.uniform(0.2, 0.8, size).round(2))
    cut = random.uniform(30, 120, size).round()
    takeover = (cut * np.where(case == 3, random.uniform(1.1, 2.0, size), random.uniform(0.2, 0.6, size))).round()
    takeover = np.where(case == 5, cut, takeover)
    lag = np.where(case == 2, 0.1, random.uniform(1.0, 9.0, size).round(1))
    rate = random.uniform(100, 600, size).round()
    keys = (rate * cut * np.where(case == 1, random.uniform(0.2, 0.4, size), random.uniform(2, 20, size))).round()
    return (rate, near, lag, cut, takeover, keys), case


# -- lab 2: who may lead ---------------------------------------------------------------------------------------------


@task(
    "may_lead",
    answers=("may_lead(votes, old, new)",),
    rows={"may_lead": ("votes",)},
    hints=(
        "Half is not more than half. Half of what: of the votes that came, or of all there are?",
        "(votes * old).sum(axis=1) is the weight of those who voted; it must be more than half of old.sum(). The same "
        "for the new weights, and both together.",
        "return (2 * (votes * old).sum(axis=1) > old.sum()) & (2 * (votes * new).sum(axis=1) > new.sum()).",
    ),
)
def may_lead(answers: Answers, seed: int) -> Iterator[Demand]:
    """Whether votes are a majority by weight, of the old configuration and of the new one."""
    random = draws(seed, "may_lead")
    votes, old, new = _ballots(random)
    polls = [_polled(answers, votes, *weights) for weights in ((old, new), _odd(votes, old, new))]
    leads, *sums = (np.concatenate(part) for part in list(zip(*polls, strict=True))[:3])
    words = [text for *_, texts in polls for text in texts]
    both, tie = (sums[0] > 0) & (sums[1] > 0), (sums[0] == 0) | (sums[1] == 0)
    for text, wrong in (
        ("leads with more than half of the weight, old and new", both & ~leads),
        ("does not lead with half", tie & ~both & leads),
        ("does not lead with a majority of the old weights alone", (sums[0] > 0) & (sums[1] < 0) & leads),
        ("does not lead with a majority of the new weights alone", (sums[1] > 0) & (sums[0] < 0) & leads),
        ("does not lead with a minority of both, however many nodes", (sums[0] < 0) & (sums[1] < 0) & leads),
    ):
        yield demand(text, ok=~wrong, essential=True, weight=1.5, seen=_first(wrong, words))
    twice = sum(_elected_twice(answers, random, *weights) for weights in ((old, new), (old, old)))
    yield demand("elects no two leaders in one term in 10,000 random partitions", ok=twice == 0, weight=3,
                 essential=True, seen=f"two in {twice} of them")  # fmt: skip


def _ballots(random: np.random.Generator) -> tuple[BoolArray, IntArray, IntArray]:
    """Every set of votes of six to eight nodes, and weights, even in sum, of which some are nothing."""
    nodes = int(random.integers(6, 9))
    while True:
        old, new = (random.integers(0, 5, nodes) for _ in range(2))
        even = old.sum() % 2 == new.sum() % 2 == 0
        if even and old.sum() != new.sum() and min(old.sum(), new.sum()) > 8 and (old == 0).any() and (new == 0).any():
            votes = (np.arange(2**nodes)[:, None] >> np.arange(nodes)) % 2 == 1
            held = [2 * (votes * weight).sum(axis=1) - weight.sum() for weight in (old, new)]
            heads = 2 * votes.sum(axis=1) > nodes
            seen = ((held[0] == 0) & (held[1] > 0), (held[1] == 0) & (held[0] > 0), (held[0] > 0) & (held[1] < 0),
                    (held[0] < 0) & (held[1] > 0), (held[0] < 0) & (held[1] < 0) & heads)  # fmt: skip
            if all(one.any() for one in seen):
                return random.permutation(votes), old, new


def _polled(
    answers: Answers, votes: BoolArray, old: IntArray, new: IntArray
) -> tuple[BoolArray, IntArray, IntArray, list[str]]:
    """Who leads, by how much each is above half of the old weights and of the new, twice, and all that in words."""
    leads = answers.may_lead.array(votes, old, new, shape=(len(votes),)).astype(bool)
    held = [votes @ weight for weight in (old, new)]
    words = [f"{'leads' if one else 'does not lead'}, with {was} of {old.sum()} by the old weights and {now} of "
             f"{new.sum()} by the new" for one, was, now in zip(leads, *held, strict=True)]  # fmt: skip
    return leads, 2 * held[0] - old.sum(), 2 * held[1] - new.sum(), words


def _odd(votes: BoolArray, old: IntArray, new: IntArray) -> tuple[IntArray, IntArray]:
    """Weights, odd in sum, by which some lead with half a vote more than half: in a tie one voter weighs more."""
    held = [2 * (votes @ weight) - weight.sum() for weight in (old, new)]
    tie = [votes[int(np.argmax((held[i] == 0) & (held[1 - i] > 0)))] for i in (0, 1)]
    return tuple(weight + (np.arange(len(weight)) == row.argmax()) for weight, row in zip((old, new), tie, strict=True))


def _elected_twice(answers: Answers, random: np.random.Generator, old: IntArray, new: IntArray) -> int:
    """In how many random partitions more than one part may lead."""
    part = random.integers(0, PARTS, (TRIALS // 2, len(old)))
    votes = np.concatenate([part == p for p in range(PARTS)])
    leads = answers.may_lead.array(votes, old, new, shape=(len(votes),)).astype(bool)
    return int((leads.reshape(PARTS, -1).sum(axis=0) > 1).sum())


# -- lab 3: the trial that breaks a rule -----------------------------------------------------------------------------


@task(
    "broken_trial",
    answers=("broken_trial(weights, part)",),
    whole=("broken_trial",),
    hints=(
        "What must be true of a partition for two of its parts to hold at least half each?",
        "Add up the weights of each part in each trial; count the parts with 2 * weight >= total; the first trial in "
        "which that count is 2 or more.",
        "held = np.stack([np.where(part == p, weights, 0).sum(axis=1) for p in range(3)]); twice = (2 * held >= "
        "weights.sum()).sum(axis=0) > 1; return int(twice.argmax()) if twice.any() else -1.",
    ),
)
def broken_trial(answers: Answers, seed: int) -> Iterator[Demand]:
    """The first partition in which a rule that asks for at least half elects two."""
    random = draws(seed, "broken_trial")
    rows: dict[int, list[tuple[int, int]]] = {0: [], 1: [], 2: []}
    sorts = lineup(random, 6, extra=0)
    for sort in np.roll(
        sorts, -int((sorts % 3 < 2).argmax())
    ):  # one that has an answer first: whoever forgets -1 is told
        weights, part, right = _trials(random, int(sort))
        rows[int(sort) % 3].append((int(answers.broken_trial.array(weights, part, shape=())), right))
    for sort, text in enumerate(
        (
            "finds the first trial that elects two, where every node has one vote",
            "finds it where votes have weights",
            "returns -1 where no trial does",
        )
    ):
        wrong = [f"{got}, not {right}" for got, right in rows[sort] if got != right]
        yield demand(text, ok=not wrong, essential=True, seen=", ".join(wrong))


def _halved(weights: IntArray, part: IntArray) -> BoolArray:
    """Whether two parts hold half of the weight each."""
    held = np.stack([np.where(part == p, weights, 0).sum(axis=1) for p in range(PARTS)])
    return (2 * held == weights.sum()).sum(axis=0) == 2


def _trials(random: np.random.Generator, sort: int) -> tuple[IntArray, IntArray, int]:
    """Weights, partitions, and the first in which two parts hold half each; before it many in which one part does.

    Sorts are nodes of one vote, weights, and no such trial; then the same with the first at once, and an odd number.
    """
    nodes, weighs = 2 * int(random.integers(3, 5)), sort % 3 == 1
    if sort == 5:
        return np.ones(nodes - 1, int), random.integers(0, PARTS, (300, nodes - 1)), -1
    broken = np.zeros(0)
    while len(broken) < 10:  # weights that nobody can halve, such as five threes and a one, are drawn anew
        weights = random.integers(1, 4, nodes) if weighs else np.ones(nodes, int)
        part = random.integers(0, PARTS, (4000, nodes))
        halved, heads = _halved(weights, part), _halved(np.ones(nodes, int), part)
        calm, broken = part[~halved], part[halved & ~(heads & weighs)]
    if sort == 2:
        return weights, calm[:300], -1
    right = int(random.integers(20, 250)) if sort < 3 else 0
    return weights, np.concatenate([calm[:right], broken[:1], random.permutation(part)[:300]]), right


# -- lab 4: the check at the storage ---------------------------------------------------------------------------------


@task(
    "accepted",
    answers=("accepted(token, store, path)",),
    whole=("accepted",),
    hints=(
        "The storage has to remember one number. One for each path, one for all, or one for each store?",
        "For each store keep the highest token seen so far, on any path. A write is accepted if its token is not below "
        "that; then it may raise it.",
        "ok = np.zeros(len(token), bool); for s in np.unique(store): mine = store == s; ok[mine] = token[mine] >= "
        "np.maximum.accumulate(token[mine]); return ok.",
    ),
)
def accepted(answers: Answers, seed: int) -> Iterator[Demand]:
    """Which writes a storage takes, in the order in which they arrive, by token, store and path."""
    told = _arrivals(seed)
    token, store, path = told
    ok = answers.accepted.array(*told).astype(bool)
    newest, by_path, anywhere = (_newest(token, group) for group in (store, store * 10 + path, 0 * store))
    right = token >= newest
    words = [
        f"write {n} {'taken' if took else 'refused'}: token {t} on path {p} of store {s}, whose newest is {new}"
        for n, (took, t, p, s, new) in enumerate(zip(ok, token, path, store, newest, strict=True))
    ]
    for text, wrong in (
        ("takes every write of the newest leader, again and again", right & ~ok & (token == newest)),
        ("refuses an older token on the path that the newer one took", ~right & (token < by_path) & ok),
        ("refuses it on every other path as well", ~right & (token >= by_path) & ok),
        ("takes a token that is older than another store's newest", right & (token < anywhere) & ~ok),
    ):
        yield demand(text, ok=~wrong, essential=True, weight=1.5, seen=_first(wrong, words))


def _newest(token: IntArray, group: IntArray) -> IntArray:
    """The highest token of each write's group, up to that write."""
    newest = np.zeros_like(token)
    for one in np.unique(group):
        newest[group == one] = np.maximum.accumulate(token[group == one])
    return newest


def _arrivals(seed: int) -> tuple[IntArray, IntArray, IntArray]:
    """Writes of leaders that come and go, and of those that wake up after their time."""
    random = draws(seed, "accepted")
    size = int(random.integers(200, 260))
    store, path = random.integers(0, 3, size), random.integers(0, 3, size)
    newest = random.integers(3, 30, 3)
    token = np.zeros(size, int)
    for n in range(size):
        event = random.random()
        newest[store[n]] += int(random.integers(1, 4)) * (event < 0.15)
        late = int(random.integers(1, 4)) * (event > 0.7)
        token[n] = newest[store[n]] - late
    return token, store, path


# -- lab 5: two logs, one history ------------------------------------------------------------------------------------


@task(
    "reconcile",
    answers=("reconcile(base, near, far, near_wrote, far_wrote, counts, least) -> value, conflict",),
    hints=(
        "Most keys were written on one side at most: these are easy. Of those written on both, which can be added up, "
        "and which needs somebody who knows what they mean?",
        "One side wrote: its value. Both wrote: a count is base + (near - base) + (far - base), unless that is below "
        "`least`; any other key is its value if both wrote the same. All else is a conflict, and keeps `base`.",
        "both = near_wrote & far_wrote; total = near + far - base; one = np.where(near_wrote, near, "
        "np.where(far_wrote, far, base)); value = np.where(both & counts, total, one); conflict = both & "
        "np.where(counts, total < least, near != far); return np.where(conflict, base, value), conflict.",
    ),
)
def reconcile(answers: Answers, seed: int) -> Iterator[Demand]:
    """One value a key from two histories, and which keys nobody can merge by rule."""
    told, kind = _keys(seed)
    base, near, far, near_wrote, far_wrote, counts, least = told
    value, conflict = answers.reconcile.several(*told)
    total, both = near + far - base, near_wrote & far_wrote
    clash = both & np.where(counts, total < least, near != far)
    merged = np.where(both & counts, total, np.where(near_wrote, near, np.where(far_wrote, far, base)))
    merged = np.where(clash, base, merged)
    example = answers.reconcile.example
    for text, places in MERGES:
        here = np.isin(kind, places)
        said = ~here | (conflict.astype(bool) == clash)
        kept = ~here | (np.abs(value - merged) < 1e-9)
        what = f"value {example(told, value, merged, kept)}" if said.all() else ""
        seen = what or f"conflict {example(told, conflict.astype(float), clash.astype(float), said)}"
        yield demand(text, ok=said & kept, essential=True, weight=1.5, seen=seen)


MERGES = (
    ("keeps what nobody has touched, and takes what one side wrote", (0, 1, 2, 7)),
    ("takes what both sides wrote alike", (3,)),
    ("reports what they wrote differently, and keeps the last common value", (4,)),
    ("reports it, too, where one side wrote the old value again", (8,)),
    ("adds up both sides' changes to a count, down to the least that may be", (5, 9)),
    ("reports a count that was spent twice", (6,)),
)
"""What is demanded, and of which kinds of keys."""


def _keys(seed: int) -> tuple[tuple[NDArray[Any], ...], IntArray]:
    """Keys of every kind, in any order; see `MERGES`."""
    random = draws(seed, "reconcile")
    kind = np.concatenate([lineup(random, 10) for _ in range(3)])
    size = len(kind)
    counts = np.isin(kind, (5, 6, 7, 9)) | ((kind < 3) & (random.random(size) < 0.5))
    base = random.integers(40, 90, size) + np.where(counts, 0.0, random.integers(1, 4, size) / 4)  # a price, say
    least = random.integers(0, 30, size).astype(float)
    least = np.where(kind == 6, np.floor(base * random.uniform(0.55, 0.75, size)), least)  # nothing falls below 0 there
    up = lambda: random.integers(1, 30, size).astype(float)  # noqa: E731
    room = base - least
    spent = np.ceil(room * random.uniform(0.55, 0.95, size))  # once it can be spent, twice it cannot
    split = np.floor(room * random.uniform(0.3, 0.7, size))
    near_wrote, far_wrote = ~np.isin(kind, (0, 2)), ~np.isin(kind, (0, 1, 7))
    near = np.select([kind == 6, kind == 9, kind == 8], [base - spent, base - split, base], base + up())
    far = np.select([kind == 3, kind == 6, kind == 9], [near, base - spent, base - (room - split)], base - up())
    far = np.where((kind == 5) & (near + far - base < least), base + 1, far)
    near, far = np.where(near_wrote, near, base), np.where(far_wrote, far, base)
    return (base, near, far, near_wrote, far_wrote, counts, least), kind


# -- lab 6: detection and lease --------------------------------------------------------------------------------------


@task(
    "patience",
    answers=("patience(loss, heartbeat, clock_error, promotion, objective, quiet) -> misses, lease",),
    hints=(
        "Two things push up, one pushes down. Which number is bounded by false alarms, which by the objective?",
        "misses is the smallest m with heartbeat * (1 - loss**m) / ((1 - loss) * loss**m) >= quiet. The shortest lease "
        "that may be is misses * heartbeat; does lease * (1 + e) / (1 - e) + promotion fit into the objective?",
        "m = np.arange(1, 31)[:, None]; alarm = heartbeat * (1 - loss**m) / ((1 - loss) * loss**m); misses = 1 + "
        "(alarm < quiet).sum(axis=0); lease = misses * heartbeat; fits = lease * (1 + clock_error) / (1 - clock_error) "
        "+ promotion <= objective; return np.where(fits, misses, 0), np.where(fits, lease, 0).",
    ),
)
def patience(answers: Answers, seed: int) -> Iterator[Demand]:
    """Heartbeats that may be missed, and a lease, for objectives; 0 and 0 where nothing meets them."""
    told, fits = _objectives(seed)
    loss, heartbeat, error, promotion, objective, quiet = told
    misses, lease = (one.astype(float) for one in answers.patience.several(*told))
    fewest, example = _fewest(loss, heartbeat, quiet), answers.patience.example
    agreed = np.where(fits, (misses > 0) & (lease > 0), (misses == 0) & (lease == 0))
    yield demand("is 0 and 0 exactly where nothing meets the objectives", ok=agreed, essential=True,
                 seen=f"misses {example(told, misses, fewest * fits, agreed)}")  # fmt: skip
    whole = (misses == np.round(misses)) & (misses >= 0)
    yield demand("counts whole heartbeats", ok=whole, essential=True, seen=example(told, misses, fewest, whole))
    with np.errstate(over="ignore", divide="ignore"):
        calm = (
            ~fits
            | (misses == 0)
            | (quorum.false_alarm_time(loss, np.clip(misses, 1, 60), heartbeat) >= quiet * (1 - 1e-9))
        )
    yield demand("raises false alarms no more often than is wanted", ok=calm, weight=2, essential=True,
                 seen=f"misses {example(told, misses, fewest, calm)}")  # fmt: skip
    holds = ~fits | (lease >= misses * heartbeat * (1 - 1e-9))
    yield demand("keeps a leader's lease as long as nobody would act against it", ok=holds, weight=2, essential=True,
                 seen=f"lease {example(told, lease, fewest * heartbeat, holds)}")  # fmt: skip
    away = np.where(lease > 0, quorum.lease_wait(np.minimum(lease, 1e9), error), 0.0) + promotion
    soon = ~fits | (away <= objective * (1 + 1e-9))
    yield demand("has a new leader within the objective, on the clocks that err most", ok=soon, weight=2,
                 essential=True, seen=f"lease {example(told, lease, fewest * heartbeat, soon)}")  # fmt: skip


def _fewest(loss: FloatArray, heartbeat: FloatArray, quiet: FloatArray) -> FloatArray:
    """The fewest misses that are quiet enough."""
    alarm = quorum.false_alarm_time(loss, np.arange(1, 31)[:, None], heartbeat)
    return 1.0 + (alarm < quiet).sum(axis=0)


def _objectives(seed: int) -> tuple[tuple[FloatArray, ...], BoolArray]:
    """Networks, clocks and objectives: some roomy, some tight, some only if a clock were right, or promotion free."""
    random = draws(seed, "settings")
    case = lineup(random, 6)
    size = len(case)
    loss = random.uniform(0.01, 0.1, size).round(3)
    heartbeat = random.uniform(0.5, 3.0, size).round(1)
    misses = np.where(case == 2, 1, random.integers(2, 7, size))
    # The tight one is quiet enough by less than what a shorter formula, h / p^m, leaves out.
    enough = np.where(case == 1, 1.0 - 0.5 * loss, random.uniform(0.3, 0.8, size))
    quiet = (quorum.false_alarm_time(loss, misses, heartbeat) * enough).round()
    misses = _fewest(loss, heartbeat, quiet)
    error = random.uniform(0.05, 0.1, size).round(3)
    promotion = (misses * heartbeat * random.uniform(0.5, 1.0, size)).round(1)
    shortest = quorum.lease_wait(misses * heartbeat, error)
    slack = np.array([1.3, 1.04, 1.1, 0.0, 0.0, 0.7])[case]
    objective = shortest * slack + promotion
    one_clock = 0.5 * (
        1.0 / (1.0 - error) + (1.0 + error) / (1.0 - error)
    )  # enough if only one of the two clocks erred
    objective = np.where(case == 3, misses * heartbeat * one_clock + promotion, objective)
    objective = np.where(case == 4, shortest + 0.5 * promotion, objective)  # if promotion took no time
    return (loss, heartbeat, error, promotion, objective.round(2), quiet), case < 3
