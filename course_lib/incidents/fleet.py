"""A class as a fleet: each learner owns one service's retry policy, and all of them share one backend.

All questions are members of one batch of `retry_commons`: the class as it voted; nobody retrying; each service without
its retries; everybody with the policy of one; and the greediest restrained, one after the other.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from course_lib.models.drills import retry_commons
from course_lib.models.drills.retry_commons import BACKOFFS, FloatArray, Policies

COLUMNS = ("service", "retries", "backoff", "budget")
UNTIL, LAST = 240.0, 20.0  # s: how long a fleet runs, and the end of it in which it must be well to count as over
WELL = 0.05  # of requests: what may fail at the end where the storm is over
MOST = 100  # services that are run at once
LARGEST = 100_000  # bytes of a file that anybody reads
_NAME = re.compile(r"[\w .'-]{1,40}")


class FleetError(ValueError):
    """Why a file of policies cannot be used: its name, the line, and what to mend."""


@dataclasses.dataclass(frozen=True)
class Policy:
    """What a service does when a call fails.

    Attributes
    ----------
    max_retries : int
    backoff : {"none", "fixed", "exponential", "full_jitter"}
    budget : float
        Retries for each first attempt, infinite for no budget.
    """

    max_retries: int
    backoff: str
    budget: float

    @property
    def greed(self) -> float:
        """Retries for each first attempt when all calls fail: what it asks of the others at worst."""
        return min(self.max_retries, self.budget)

    def __str__(self) -> str:
        pause = {"none": "at once", "fixed": "after a pause", "exponential": "backing off", "full_jitter": "jittered"}
        if not self.max_retries:
            return "no retries"
        tries = f"{self.max_retries} retr{'y' if self.max_retries == 1 else 'ies'} {pause[self.backoff]}"
        return tries + (f", budget {100 * self.budget:g} %" if np.isfinite(self.budget) else "")


def read(path: Path) -> dict[str, Policy]:
    """The policies in a CSV, by service.

    Raises
    ------
    FleetError
        In one line, with the file's name and the line's number.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise FleetError(f"{path.name}: larger than {LARGEST // 1000} kB: one line a service is enough")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise FleetError(f"{path.name}: not text in UTF-8; save it as CSV UTF-8") from None
    except OSError as error:
        raise FleetError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    return _fleet(path.name, lines)


def _fleet(file: str, lines: Sequence[str]) -> dict[str, Policy]:
    # Where a comma is the decimal mark, spreadsheets part columns by semicolons.
    mark = ";" if ";" in "".join(lines[:1]) else ","
    rows = csv.reader(lines, skipinitialspace=True, delimiter=mark)
    columns = [name.strip().lower() for name in next(rows, [])]
    if lacking := [name for name in COLUMNS if name not in columns]:
        raise FleetError(f"{file}:1: lacks the column {lacking[0]!r}: the first line is {','.join(COLUMNS)}")
    fleet: dict[str, Policy] = {}
    for row in rows:
        if not any(field.strip() for field in row):
            continue
        where = f"{file}:{rows.line_num}"
        if len(row) != len(columns):
            raise FleetError(f"{where}: has {len(row)} fields where the first line has {len(columns)} (1,5 is two)")
        fields = {name: field.strip() for name, field in zip(columns, row, strict=True)}
        if mark == ";":
            fields |= {name: fields[name].replace(",", ".") for name in ("retries", "budget")}
        name = fields["service"]
        if not _NAME.fullmatch(name):
            raise FleetError(f"{where}: service {name[:40]!r}: give a name of letters, digits and spaces, 40 at most")
        if name in fleet:
            raise FleetError(f"{where}: the service {name!r} stands here twice")
        fleet[name] = _policy(where, fields)
    if not 2 <= len(fleet) <= MOST:
        raise FleetError(f"{file}: holds {len(fleet)} services: a fleet has 2 to {MOST}")
    return fleet


def _policy(where: str, fields: Mapping[str, str]) -> Policy:
    retries = _number(where, "retries", fields["retries"])
    if retries != round(retries) or not 0 <= retries <= 10:
        raise FleetError(f"{where}: retries = {fields['retries']}: give a whole number from 0 to 10")
    backoff = fields["backoff"].lower().replace(" ", "_") or "none"
    if backoff not in BACKOFFS:
        raise FleetError(f"{where}: backoff = {fields['backoff'][:40]!r}: choose one of {', '.join(BACKOFFS)}")
    told = fields["budget"].lower().removesuffix("%").strip()
    budget = np.inf if told in ("", "none") else _number(where, "budget", told)
    if not 0 <= budget <= 1000 and np.isfinite(budget):
        raise FleetError(f"{where}: budget = {fields['budget']}: give 0 to 1000 per cent, or none")
    return Policy(int(retries), backoff, budget / 100)


def _number(where: str, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise FleetError(f"{where}: {name} = {text[:40]!r}: is not a number")
    return number


@dataclasses.dataclass(frozen=True)
class Vote:
    """What came of a fleet.

    Attributes
    ----------
    fleet : mapping of str to Policy
    time, failed_share : ndarray, shape (ticks,)
        Failing share of all requests, as the class voted.
    spared : ndarray, shape (ticks,)
        The same had nobody retried.
    attempts, failed : ndarray, shape (services,)
        Calls for each request; share of the service's requests that failed.
    harm : ndarray, shape (services, services)
        Requests of each (column) that failed because anybody retried, laid at the door of each (row) by its share of
        all retries.
    alone : ndarray, shape (services,)
        Requests of the others that would have been answered, had this service alone not retried.
    alike : ndarray, shape (services,)
        Share of all requests that fails where everybody does as this service does.
    ladder : ndarray, shape (services + 1,)
        Share of all requests that fails where the greediest so many do not retry.
    enough : int or None
        How many of the greediest must not retry for the storm to be over at the end; None where that is never so.
    """

    fleet: Mapping[str, Policy]
    time: FloatArray
    failed_share: FloatArray
    spared: FloatArray
    attempts: FloatArray
    failed: FloatArray
    harm: FloatArray
    alone: FloatArray
    alike: FloatArray
    ladder: FloatArray
    enough: int | None

    @property
    def lost(self) -> float:
        """Share of all requests that fails, as the class voted."""
        return float(self.ladder[0])

    @property
    def greediest(self) -> list[str]:
        """Services by what their policies ask of the others at worst."""
        return sorted(self.fleet, key=lambda name: -self.fleet[name].greed)


def run(fleet: Mapping[str, Policy], seed: int = 0) -> Vote:
    """Run a fleet, and all that one could ask about it, in one batch.

    Examples
    --------
    >>> calm = {name: Policy(0, "none", float("inf")) for name in "ab"}
    >>> storm = {**calm, "b": Policy(3, "none", float("inf"))}
    >>> bool(run(storm).lost > run(calm).lost)
    True
    """
    names, policies = list(fleet), list(fleet.values())
    n, distinct = len(names), list(dict.fromkeys(policies))
    order = sorted(range(n), key=lambda i: -policies[i].greed)
    without = [{i} for i in range(n)] + [set(order[:k]) for k in range(n + 1)]
    members = [[_without(p, i in out) for i, p in enumerate(policies)] for out in without]
    members += [[policy] * n for policy in distinct]
    flows = retry_commons.simulate(_policies(members), seed, until=UNTIL)
    lost = flows.failed.sum(axis=0) / flows.offered.sum(axis=0)
    own, ladder = n, slice(n, 2 * n + 1)  # the ladder's first rung is the class as it voted, its last nobody retrying
    extra = (flows.attempts - flows.offered)[:, own]
    caused = np.maximum(flows.failed[:, own] - flows.failed[:, 2 * n], 0.0)
    spared = flows.failed[:, own, None] - flows.failed[:, :n]
    over = flows.failed_share[flows.time > UNTIL - LAST].mean(axis=0) < WELL
    rungs = np.flatnonzero(over[ladder])
    return Vote(
        fleet=dict(fleet),
        time=flows.time,
        failed_share=flows.failed_share[:, own],
        spared=flows.failed_share[:, 2 * n],
        attempts=(flows.attempts / flows.offered)[:, own],
        failed=(flows.failed / flows.offered)[:, own],
        harm=np.outer(extra / max(extra.sum(), 1.0), caused),
        alone=spared.sum(axis=0) - np.diag(spared),
        alike=lost[[2 * n + 1 + distinct.index(policy) for policy in policies]],
        ladder=lost[ladder],
        enough=int(rungs[0]) if len(rungs) else None,
    )


def _without(policy: Policy, restrained: bool) -> Policy:
    return dataclasses.replace(policy, max_retries=0) if restrained else policy


def _policies(members: Sequence[Sequence[Policy]]) -> Policies:
    columns = zip(*members, strict=True)
    rows = [[(p.max_retries, BACKOFFS.index(p.backoff), p.budget) for p in row] for row in columns]
    retries, backoff, budget = np.moveaxis(np.array(rows, dtype=float), 2, 0)
    return Policies(retries, backoff, budget)


# -- in words ---------------------------------------------------------------------------------------------------------


def lines(vote: Vote) -> Iterator[str]:
    """What the class did to itself, in a few sentences."""
    yield (
        f"{len(vote.fleet)} services share one backend. At {retry_commons.TRIGGER:.0f} s it is down to "
        f"{100 * retry_commons.LEFT:.0f} % for {retry_commons.LASTS:.0f} s. {_per_cent(vote.lost)} of all requests "
        f"fail within {UNTIL / 60:.0f} minutes; had nobody retried, {_per_cent(vote.ladder[-1])}."
    )
    yield _over(vote)
    others = vote.harm.sum(axis=1) - np.diag(vote.harm)
    if others.max() < 1:
        return
    worst = int(others.argmax())
    name, share = list(vote.fleet)[worst], vote.harm[worst].sum() / vote.harm.sum()
    yield f"Of all retries {_per_cent(share)} are {name}'s: that share cost the others {others[worst]:,.0f} requests."
    if vote.alone.max() < 0.01 * others.sum():
        yield "No one could have changed that alone: had any single service held back, as much would have failed."


def _over(vote: Vote) -> str:
    if vote.enough == 0:
        return "The storm is over at the end, as you voted."
    if vote.enough is None:
        return "Even with no retries at all it is not over at the end."
    who = f"the {vote.enough} greediest" if vote.enough > 1 else "the greediest one"
    return f"It is not over at the end. It would be, if {who} did not retry: {100 * vote.ladder[vote.enough]:.0f} %."


def compared(first: Vote, second: Vote) -> Iterator[str]:
    """What a second vote changed."""
    yield f"First vote: {100 * first.lost:.0f} % of all requests failed. Second vote: {100 * second.lost:.0f} %."
    both = [name for name in second.fleet if name in first.fleet]
    less = [name for name in both if second.fleet[name].greed < first.fleet[name].greed]
    more = [name for name in both if second.fleet[name].greed > first.fleet[name].greed]
    yield f"{len(less)} of {len(both)} ask less of the others than before, {len(more)} ask more."
    own = dict(zip(first.fleet, first.failed, strict=True)), dict(zip(second.fleet, second.failed, strict=True))
    worse = [name for name in less if own[1][name] > own[0][name] + 0.005]
    if worse:
        others = f" and {len(worse) - 5} more" if len(worse) > 5 else ""
        yield f"Restraint did not pay for {', '.join(worse[:5])}{others}: their own requests fail more than before."
    elif less:
        yield "Nobody who asked for less lost by it."


def table(vote: Vote) -> list[list[str]]:
    """For each service, the most harmful first: its policy, and what it did."""
    others = vote.harm.sum(axis=1) - np.diag(vote.harm)
    numbers = (vote.attempts, vote.failed, others, vote.alone, vote.alike)
    rows = zip(vote.fleet, vote.fleet.values(), *numbers, strict=True)
    return [
        [
            name,
            str(policy),
            f"{tries:.2f}",
            _per_cent(failed),
            f"{round(harm):,}",
            f"{round(alone):,}",
            _per_cent(alike),
        ]
        for name, policy, tries, failed, harm, alone, alike in sorted(rows, key=lambda row: -row[4])
    ]


def _count(number: float) -> str:
    return f"{round(number):,}"


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"


HEADINGS = ("service", "policy", "calls each", "own failed", "cost others", "it alone could spare", "if all did so")
