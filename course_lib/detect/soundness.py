"""Rules that say nothing: signals that are none, thresholds out of reach, conditions that exclude each other."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Iterable, Iterator, Mapping

from course_lib.detect.rule import Rule

Place = tuple[str | int, ...]
"""Where in a rule a fault lies: ``("unless", 0, "above")``."""


@dataclasses.dataclass(frozen=True)
class Known:
    """What is known of the signals that rules read.

    Parameters
    ----------
    units : mapping of str to str, optional
        The signals there are, and their units; without it any name may be one, with any values.
    until : float
        Seconds that a day lasts.
    members : frozenset of str
        Signals with a value for each of several peers (partitions, hosts).
    """

    units: Mapping[str, str] | None = None
    until: float = math.inf
    members: frozenset[str] = frozenset()


ANYTHING = Known()


def faults(rule: Rule, known: Known = ANYTHING) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with a rule: where, and in one line what.

    Examples
    --------
    >>> shares = Known({"error_ratio": "of requests"})
    >>> list(faults(Rule(signal="error_ratio", above=1.5, says="..."), shares))
    [(('above',), 'above = 1.5: error_ratio is a share, at most 1; the rule can never fire')]
    >>> list(faults(Rule(signal="eror_ratio", above=0.5, says="..."), shares))
    [(('signal',), "no signal 'eror_ratio'; did you mean error_ratio?")]
    """
    units = known.units
    yield from _unknown(rule, units)
    if units is None or rule.signals <= set(units):
        yield from _out_of_reach(rule, units)
        if units is not None:
            yield from _peers(rule, known.members)
    yield from _too_long(rule, known.until)
    if not rule.either:
        yield from _contradictions(rule)
    for kind in ("both", "either", "unless"):
        for n, other in enumerate(getattr(rule, kind)):
            yield from (((kind, n, *place), what) for place, what in faults(other, known))


def _unknown(rule: Rule, units: Mapping[str, str] | None) -> Iterator[tuple[Place, str]]:
    for field, name in (("signal", rule.signal), ("per", rule.per), ("floor", rule.floor and rule.floor[0])):
        if units is not None and name and name not in units:
            yield (field,), f"no signal {name!r}; {closest(name, units)}"


def closest(name: str, names: Iterable[str]) -> str:
    """Return what somebody may have meant, in words."""
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names))}"


def _out_of_reach(rule: Rule, units: Mapping[str, str] | None) -> Iterator[tuple[Place, str]]:
    """Thresholds that no reading passes, or that each one does."""
    low, high, what = _range(rule, units)
    field, limit = ("below" if rule.above is None else "above"), rule.threshold
    if limit >= high if rule.above is not None else limit <= low:
        yield (field,), f"{field} = {limit:g}: {what}; the rule can never fire"
    elif limit < low if rule.above is not None else limit > high:
        yield (field,), f"{field} = {limit:g}: {what}; the rule always fires"
    if rule.full is not None and units is not None and _is_share(units[rule.signal]) and rule.full > 1 and not rule.per:
        yield ("full",), f"full = {rule.full:g}: {rule.signal} is a share, at most 1; the rule can never fire"
    if rule.floor and units is not None and _is_share(units[rule.floor[0]]) and rule.floor[1] > 1:
        yield ("floor",), f"floor = {rule.floor[1]:g}: {rule.floor[0]} is a share, at most 1; the rule can never fire"


def _peers(rule: Rule, members: frozenset[str]) -> Iterator[tuple[Place, str]]:
    """Peers where there are none, and signals of peers read as if they were one."""
    read = {"signal": rule.signal, "per": rule.per} if rule.per else {"signal": rule.signal}
    for field, name in read.items():
        if rule.peers and name not in members:
            there = f"; of peers there is {', '.join(sorted(members))}" if members else ""
            yield ("peers",), f"peers: {name} is one number, with none to compare it with{there}"
        elif name in members and not rule.peers:
            yield (field,), f"{name} has a value for each peer; write peers: true"
    if rule.floor and rule.floor[0] in members:
        yield ("floor",), f"floor: {rule.floor[0]} has a value for each peer; give a signal of them all"


def _range(rule: Rule, units: Mapping[str, str] | None) -> tuple[float, float, str]:
    """The values that a reading can have, ends included, and why."""
    if rule.reading == "time to full":
        return 0.0, math.inf, "a time to full is never negative"
    if units is None or rule.reading == "change":
        return -math.inf, math.inf, ""
    share = _is_share(units[rule.signal]) and not (rule.per or rule.baseline or rule.ago)
    if rule.peers:
        return (-1.0, 1.0, "two shares differ by 1 at most") if share else (-math.inf, math.inf, "")
    if share:
        return 0.0, 1.0, f"{rule.signal} is a share, {'at least 0' if rule.above is None else 'at most 1'}"
    return 0.0, math.inf, f"{rule.signal} is never negative"


def _is_share(unit: str) -> bool:
    return unit.startswith("of ")


def _too_long(rule: Rule, until: float) -> Iterator[tuple[Place, str]]:
    known_after = {"hold": rule.hold, "baseline": rule.baseline and rule.baseline[1], "ago": rule.ago and sum(rule.ago)}
    for field, seconds in known_after.items():
        if seconds and seconds >= until:
            yield (field,), f"{field}: needs {seconds:g} s, and a day has {until:g} s; the rule can never fire"


def _contradictions(rule: Rule) -> Iterator[tuple[Place, str]]:
    for n, other in enumerate(rule.both):
        if _same_reading(rule, other) and not other.either and not _overlap(rule, other):
            yield ("both", n), f"{_words(rule)} and {_words(other)} exclude each other; the rule can never fire"
    for n, other in enumerate(rule.unless):
        plain = not (other.both or other.floor or other.unless) and other.hold <= rule.hold
        if _same_reading(rule, other) and plain and _covers(other, rule):
            yield ("unless", n), f"{_words(other)} whenever {_words(rule)}; the rule can never fire"


def _same_reading(one: Rule, other: Rule) -> bool:
    what = ("signal", "per", "window", "reading", "full", "baseline", "ago", "peers")
    return all(getattr(one, field) == getattr(other, field) for field in what)


def _overlap(one: Rule, other: Rule) -> bool:
    if (one.above is None) == (other.above is None):
        return True
    lower, upper = (one, other) if one.below is None else (other, one)
    return lower.above < upper.below


def _covers(other: Rule, rule: Rule) -> bool:
    if (other.above is None) != (rule.above is None):
        return False
    return other.above <= rule.above if rule.above is not None else other.below >= rule.below


def _words(rule: Rule) -> str:
    return f"{rule.signal} {rule.wants}"
