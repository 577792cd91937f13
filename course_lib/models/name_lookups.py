"""What lookups get, given what caches know: shares of a tick's lookups, queries, waits, and what a resolver drops."""

from __future__ import annotations

import functools

import numpy as np

from course_lib.models.exact import TINY, FloatArray, Lag, cumulative, ratio, total
from course_lib.models.name_caches import ADDRESSES, AGE, FAILED, KNOWN, NEW, NONE, OLD, STALE, WRONG, Caches, added
from course_lib.theory import dns

HIT = 0.001  # seconds until a cache answers from what it has
POINTS = (np.arange(8) + 0.5)[:, None] / 8  # of a wait that is uniform


class Lookups:
    """Shares of the lookups in each tick, (ticks, members) unless said otherwise; by address: (ticks, 3, members).

    Lookups come at any time, so they see each state as often as caches are in it; those that find a cache ready to ask
    are the ones that ask.
    """

    def __init__(self, caches: Caches) -> None:
        self.caches, self.day = caches, caches.day
        self.batch, self.time = self.day.batch, self.day.time
        self.offered = self.day.lookups * self.batch.caches  # lookups, not a share
        levels = cumulative(caches.landed - caches.due[:-1, :FAILED])
        levels[:, OLD] += caches.holding[0]
        failed = cumulative(caches.asked[:, FAILED] - caches.due[:-1, FAILED])
        parts = [levels, failed[:, None], cumulative(caches.asked[:, :FAILED] - caches.landed)]
        held, quiet, waiting = (np.maximum(_middle(part), 0.0) for part in parts)
        asks = ratio(caches.asked, self.day.lookups[:, None])
        seen = added(held) + quiet[:, 0] + added(waiting) + added(asks)
        whole = 1.0 / np.maximum(seen, TINY)  # a mean over a tick in which much changes is a little off
        self.asks, self.waiting = asks * whole[:, None], waiting * whole[:, None]  # by kind; waiting for a slow answer
        self.held, self.denied = held[:, :ADDRESSES] * whole[:, None], held[:, NONE] * whole
        self.holding = np.minimum(added(self.held), 1.0)
        self.quiet = quiet[:, 0] * whole  # waiting for a refresh that will fail, or in the time after
        self.failing = self.quiet + self.asks[:, FAILED]

    def at(self, name: str) -> FloatArray:
        """A scheduled field, (ticks or 1, members or 1)."""
        return self.batch.at(name, self.time)

    # -- what is remembered ------------------------------------------------------------------------------------------

    @functools.cached_property
    def usable(self) -> FloatArray:
        """Of caches that lack an answer, those with an address within the stale limit, by address."""
        if not self.caches.remembers:
            return np.zeros((1, ADDRESSES, 1))
        return _part(_middle(self.caches.memory[:, STALE]), _middle(self.caches.bare)[:, None])

    @functools.cached_property
    def stale(self) -> FloatArray:
        """Lookups that are answered from what has run out."""
        return self.failing * added(self.usable) * self.heard

    @functools.cached_property
    def age(self) -> FloatArray:
        """Seconds since the TTL of what is served stale, mean."""
        mass, when = (_middle(rows) for rows in (added(self.caches.memory[:, STALE]), self.caches.memory[:, AGE]))
        return np.maximum(self.time[:, None] - ratio(when, mass), 0.0) * (mass > 0)

    @functools.cached_property
    def saved(self) -> FloatArray:
        """Lookups that fail, of clients that go on with the last good address, by address."""
        keep = self.at("last_known_good")
        if not self.caches.remembers:
            return np.zeros((1, ADDRESSES, 1))
        memory, lacking = self.caches.memory, 1.0 - _middle(self.caches.holding)
        left = np.maximum(_middle(memory[:, KNOWN] - memory[:, STALE]), 0.0)
        rest = np.maximum(lacking - added(_middle(memory[:, STALE])), 0.0)
        return (keep * self.without)[:, None] * _part(left, np.maximum(rest, added(left))[:, None])

    # -- what lookups bring ------------------------------------------------------------------------------------------

    @functools.cached_property
    def without(self) -> FloatArray:
        """Lookups that bring no address."""
        unknown = self.failing * (1.0 - np.minimum(added(self.usable), 1.0))
        return unknown + self.denied + self.asks[:, NONE] + self.waiting[:, NONE]

    @functools.cached_property
    def addresses(self) -> FloatArray:
        """Lookups that bring an address, by address."""
        fresh = self.held + self.asks[:, :ADDRESSES] + self.waiting[:, :ADDRESSES]
        return (fresh + self.failing[:, None] * self.usable) * self.heard[:, None] + self.saved

    @functools.cached_property
    def right(self) -> FloatArray:
        """Lookups that bring the address that serves."""
        return np.minimum(np.where(self.day.moved, self.addresses[:, NEW], self.addresses[:, OLD]), 1.0)

    @property
    def wrong(self) -> FloatArray:
        """Lookups that bring an address that never was right."""
        return np.minimum(self.addresses[:, WRONG], 1.0)

    @property
    def misled(self) -> FloatArray:
        """Lookups that bring an address that does not serve."""
        stale = np.where(self.day.moved, self.addresses[:, OLD], self.addresses[:, NEW])
        return np.minimum(stale + self.addresses[:, WRONG], 1.0 - self.right)

    @property
    def failed(self) -> FloatArray:
        """Lookups that bring nothing."""
        return np.maximum(1.0 - self.right - self.misled, 0.0)

    # -- queries, and what an overloaded resolver drops --------------------------------------------------------------

    @property
    def upstream(self) -> FloatArray:
        """Queries to the authority in a tick: of both types, and repeated where nothing comes back."""
        asked = self.caches.asked
        tried = added(asked[:, :FAILED]) + asked[:, FAILED] * self.batch.upstream_tries
        return dns.TYPES * self.batch.caches * tried

    @functools.cached_property
    def _costs(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Queries of a lookup that is answered, that fails, and that is told there is no such name."""
        batch, again = self.batch, 1.0 + self.batch.app_retries
        each = dns.queries(batch.dots, batch.ndots, batch.search)
        tries = batch.attempts * batch.servers
        return each, (each - dns.TYPES + dns.TYPES * tries) * again, each * again

    @property
    def queries(self) -> FloatArray:
        """Queries for the name that clients send in a tick."""
        each, failed, denied = self._costs
        none = self.denied + self.asks[:, NONE] + self.waiting[:, NONE]
        fails = self.failing * (1.0 - np.minimum(added(self.usable), 1.0))
        return self.offered * (each * np.maximum(1.0 - none - fails, 0.0) + failed * fails + denied * none)

    @functools.cached_property
    def _kinds(self) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        """Caches that answer, fail, deny: their share, what they drop, how busy their resolver is."""
        asked, other, capacity = (self.at(name) for name in ("lookup_rate", "other_rate", "resolver_capacity"))
        each, failed, denied = self._costs
        fails = self.failing * (1.0 - np.minimum(added(self.usable), 1.0))
        shares = (np.maximum(1.0 - fails - self.denied, 0.0), fails, self.denied)
        loads = ((0.0 * asked, asked + other), (asked * failed, other), (asked * denied, other))
        found = []
        for share, (fixed, first) in zip(shares, loads, strict=True):
            heard = dns.served_share(fixed, first * each, capacity, self.batch.attempts)
            busy = np.where(heard < 1, 1.0, np.minimum((fixed + first * each) / capacity, 1.0))
            found.append((share, 1.0 - heard, busy))
        return found

    @property
    def busy(self) -> FloatArray:
        """How busy the resolvers are."""
        return np.minimum(_weighted([(share, busy) for share, _, busy in self._kinds]), 1.0)

    @functools.cached_property
    def heard(self) -> FloatArray:
        """Lookups at caches that answer which are not dropped, whatever they try."""
        return 1.0 - dns.lost_share(1.0 - self._kinds[0][1], self.batch.attempts)

    @property
    def other(self) -> FloatArray:
        """Lookups of other names in a tick."""
        return self.at("other_rate") * self.batch.caches * self.day.dt

    @property
    def other_lost(self) -> FloatArray:
        """Of those, the ones that fail."""
        lost = [(share, dns.lost_share(1.0 - dropped, self.batch.attempts)) for share, dropped, _ in self._kinds]
        return np.minimum(_weighted(lost), 1.0)

    @property
    def dropped(self) -> FloatArray:
        """Lookups of the name whose first query is dropped."""
        return np.minimum(_weighted([(share, dropped) for share, dropped, _ in self._kinds]), 1.0)


def wait(seen: Lookups, q: float) -> FloatArray:
    """Quantile of the seconds until a lookup is answered or has failed, in each tick.

    A client's wait for what is under way is uniform, and told to a sixteenth of the longest; one whose query is dropped
    waits for one timeout.
    """
    batch, caches = seen.batch, seen.caches
    pending = cumulative(caches.asked[:, FAILED])
    pending = _middle(
        np.maximum(pending - Lag(batch.patience + np.zeros(seen.day.size), seen.day.dt).shifted(pending), 0.0)
    )
    pending, stale = np.minimum(pending, seen.quiet), np.minimum(added(seen.usable), 1.0)
    late = added(seen.asks[:, :FAILED]) * (seen.day.delay > 0)
    slow = added(seen.waiting) + late
    asks, gives_up = (
        seen.asks[:, FAILED],
        dns.worst_wait(batch.client_timeout, batch.attempts, batch.servers, _stub(seen)),
    )
    spread = batch.patience * POINTS
    groups = [
        (batch.slow_answer * POINTS, slow - late), (batch.slow_answer[None], late),
        (np.minimum(spread, batch.stale_timer), pending * stale),
        (np.minimum(spread, gives_up), pending * (1.0 - stale)),
        (np.minimum(batch.patience, batch.stale_timer)[None], asks * stale),
        (np.minimum(batch.patience, gives_up)[None], asks * (1.0 - stale)),
    ]  # fmt: skip
    at_once = np.maximum(1.0 - total(np.stack([weight + 0 * asks for _, weight in groups])), 0.0)
    groups.append((np.full((1, 1), HIT), at_once))
    groups = [(value, weight * (1.0 - seen.dropped)) for value, weight in groups]
    groups.append((batch.client_timeout[None], seen.dropped))
    lost = dns.dead_server_wait(
        batch.client_timeout, batch.servers, np.minimum(batch.dead_servers, batch.servers - 1), _stub(seen)
    )
    return (_quantile(groups, q, seen.day.size) + lost) * (seen.day.lookups > 0)


def _stub(seen: Lookups) -> np.ndarray:
    return np.where(seen.batch.stub == 1, "musl", "glibc")


def _quantile(groups: list[tuple[FloatArray, FloatArray]], q: float, members: int) -> FloatArray:
    """Weighted quantile of groups of values (points, members), each group's weight shared among its points."""
    values = np.concatenate([value + np.zeros(members) for value, _ in groups])
    weights = [np.repeat((weight / len(value))[:, None], len(value), axis=1) for value, weight in groups]
    order = np.argsort(values, axis=0, kind="stable")
    sorted_weights = np.take_along_axis(np.concatenate(weights, axis=1), order[None], axis=1)
    up_to = np.add.accumulate(sorted_weights, axis=1)
    place = np.minimum(np.count_nonzero(up_to < q * up_to[:, -1:], axis=1), len(values) - 1)
    return np.take_along_axis(np.take_along_axis(values, order, axis=0), place, axis=0)


def _weighted(parts: list[tuple[FloatArray, FloatArray]]) -> FloatArray:
    return total(np.stack(np.broadcast_arrays(*(share * value for share, value in parts))))


def _middle(level: FloatArray) -> FloatArray:
    """Mean of a level over each tick."""
    return (level[:-1] + level[1:]) / 2.0


def _part(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Parts (ticks, 3, members) of a whole, together at most 1 whatever rounding did."""
    part = np.maximum(part, 0.0)
    return ratio(part, np.maximum(whole, added(part)[:, None]))
