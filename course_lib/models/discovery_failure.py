"""Service discovery fails: what clients know grows old, and what the registry says when it is back is worse.

Instances come and go; each has an address of its own, sends heartbeats to a registry, and is replaced at once when it
goes. Clients poll the registry for the list of addresses. Each holds one connection, over which its share of the
requests flows; the connection ends after a while, or with its instance, and then the client picks an address.

How it is computed. Everything about instances, registry and lists is closed over time (`discovery_fleet`,
`discovery_views`). In tick n of Delta, at instance i, of all clients taken together:

    picked    s_i[n] = integral of [i was listed at x] / n(x) over the clients' last answers x
    chance    p[n]   = 1 - d (d - 1) ... / n (n - 1) ...   of n addresses d are dead; 1 + k picks, all dead
    open      o[n]   = w_1 + w_2 + ... over the living     w_i: share of clients connected to i
    gained    g[n]   = a[n] + b[n] o[n]                    of clients with a list; exact for a p that stands still
    now       w_i    = w_i exp(-Delta / l) + g s_i / (s_1 + s_2 + ... over the living)
    answered  G[n]   = sum of min(lambda v_i, c)           where servers collapse, of lambda v_i if that is <= c;
                                                           v_i: w_i, mean over the tick

A client without a connection tries once a second on average. A client that *doubts* uses every address it still knows
when the list it is given has less than `panic_threshold` of them.

Assumptions. Clients are many, their polls evenly spread; requests are a fluid, instances are single. A connection to
a living instance opens at once, to a dead address it fails at once. Delisting closes no connection. A host that
accepts and fails (trigger `hosts`) is not ejected. Ejection is the sidecar's: a dead address is skipped once it is
known to be dead, which takes no time here, up to the cap. Where picks are told apart from each other (`other_hosts`,
`ejection_cap`), a client's list is the mean one. A goodbye is known to all who poll after it.

How far it can be trusted. Against an event loop (tests/models) of single clients, 200 runs of each of 21 days:
connections within 0.5 %, requests answered, lists and attempts within 1 %, the few dead addresses and all that is on
its way within 5 %, give or take those runs' scatter. The fluid knows no chance among clients: with 150 a host, as by
default, that is nothing to see, with 40 it takes up to 16 of 1,200 requests/s where hosts are near their limits. In the
minute of the return from a deploy without a registry it answers 429 for 446 requests/s, give or take 13.

Polls are finer than ticks (`discovery_views`): lists are told to the middle of a tick, and whoever lives there is
picked. What a tick still blurs is a crowd. When a registry is back with nothing, lists of 40 hold 3.2 addresses in the
first seconds, 2.9 by ticks of half a second; of the requests in the five minutes after that 30 % fail, 31 % by those:
the crowd at the very first to register again is spread over those of the same tick.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import simulation
from course_lib.models.discovery_fleet import HOSTS, Fleet, Registry
from course_lib.models.discovery_views import Polls, Residents, Views, all_dead
from course_lib.models.exact import FloatArray, cumulative, ratio
from course_lib.models.parameters import OPERATOR, WORLD, ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, Record, Signal, State, Trace

BLOCK = 65536  # ticks x slots x members that are looked at together, so that they stay in a core's cache
RETRY = 1.0  # seconds, mean, between two tries of a client without a connection
TINY = 1e-300
NOBODY = 1e-12  # of clients: fewer than these are what running sums have rounded off
LONGEST = 60.0  # seconds: no wait for a connection is shown as longer


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the discovery failure; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = scheduled(2400.0, "requests/s", 0, 1e6, "λ",
        "requests that users send, over all clients' connections", "chosen: 60 % of what 40 instances can do")
    instances: Any = swept(40, "instances", 1, 512, "N",
        "instances of the service; whoever goes is replaced at once", "chosen", integer=True, by=OPERATOR)
    instance_capacity: Any = scheduled(100.0, "requests/s", 1, 1e5, "c",
        "what one instance can answer", "chosen", by=OPERATOR)
    overload: Any = choice("shed", ("shed", "collapse"),
        "an instance asked for more than it can answers what it can, or nothing", "both are met in practice", by=WORLD)
    churn: Any = swept(1.0, "per hour", 0, 60, "C",
        "how often an instance is replaced: 1 per hour is a mean life of an hour", "chosen: a fleet on spot machines")
    crash_share: Any = swept(0.1, "of departures", 0, 1, "x",
        "instances that go without a goodbye: the registry learns it when their lease runs out", "chosen")
    deploy_start: Any = swept(np.inf, "s", 0, np.inf, "t_D",
        "when a rolling deploy begins to replace every instance", "none")
    deploy_duration: Any = swept(600.0, "s", 1, 1e5, "T_D",
        "how long it takes", "chosen")
    deploy_freeze: Any = choice("off", ("off", "on"),
        "deploys wait while the registry is dead", "static stability: change nothing that needs the registry")
    trigger: Any = choice("dead", ("dead", "late", "empty", "deaf", "checks", "hosts", "forged"),
        "registry dead; late; answers an empty list; hears no heartbeats; checks fail on healthy hosts; hosts fail; "
        "forged addresses", "Roblox 2021, Monzo 2017, Slack 2022, and an attacker", by=WORLD)
    outage_start: Any = swept(300.0, "s", 0, 1e5, "t₀",
        "when the trigger begins", "chosen")
    outage_duration: Any = swept(600.0, "s", 0, 1e5, "d",
        "for how long", "chosen")
    failing_share: Any = swept(0.6, "of instances", 0, 1, "1 − h",
        "instances whose checks fail, or that fail; forged addresses per instance", "chosen")
    answer_delay: Any = swept(120.0, "s", 0, 1e5, "D",
        "how old the answers of a late registry are at most", "chosen")
    catalogue: Any = choice("kept", ("kept", "lost"),
        "a dead registry comes back with its list, or with none until instances register again",
        "lost: registries in memory", by=WORLD)
    heartbeat: Any = swept(30.0, "s", 1, 600, "H",
        "between two heartbeats of an instance", "Netflix Eureka: 30 s", by=OPERATOR)
    lease: Any = swept(90.0, "s", 1, 3600, "L",
        "silence after which an instance is struck off", "Netflix Eureka: 90 s", by=OPERATOR)
    sweep: Any = swept(60.0, "s", 0, 3600, "E",
        "between two looks for leases that have run out", "Netflix Eureka: 60 s", by=OPERATOR)
    self_preservation: Any = choice("off", ("off", "on"),
        "a registry that hears no heartbeats strikes nobody off", "Netflix Eureka")
    response_cache: Any = swept(3.0, "s", 0, 3600, "R",
        "between two looks of the registry's answers at its own list", "chosen; Netflix Eureka: 30 s", by=OPERATOR)
    poll_interval: Any = swept(30.0, "s", 1, 3600, "P",
        "between two polls of a client", "Netflix Eureka: 30 s", by=OPERATOR)
    cache_life: Any = swept(300.0, "s", 1, np.inf, "T",
        "how long a client uses, or remembers, what the registry said", "chosen: five minutes", by=OPERATOR)
    panic_threshold: Any = scheduled(0.0, "of known addresses", 0, 1, "θ",
        "a list with less of the addresses that a client knows is doubted: it uses all of them",
        "0: never; Envoy's panic threshold: 0.5", by=OPERATOR)
    other_hosts: Any = scheduled(0, "hosts", 0, 5, "k",
        "other addresses that a failed attempt tries at once", "0: none", integer=True, by=OPERATOR)
    ejection_cap: Any = scheduled(0.0, "of the list", 0, 1, "e",
        "most of a list that outlier detection may skip", "0: off; Envoy: 0.1", by=OPERATOR)
    connection_life: Any = swept(300.0, "s", 5, 1e5, "ℓ",
        "how long a connection is used", "chosen: a common maximum age", by=OPERATOR)
    clients: Any = swept(6000, "clients", 1, 1e7, "S",
        "subscribers of the registry", "chosen", integer=True)
    snapshot_rate: Any = swept(1000.0, "answers/s", 1, 1e6, "r",
        "whole lists that the registry can send: bandwidth ÷ size", "chosen", by=OPERATOR)
    admission_rate: Any = swept(900.0, "clients/s", 0.1, np.inf, "u",
        "clients that a registry lets in after an outage; the others wait", "chosen; inf: all at once", by=OPERATOR)
    answer_timeout: Any = swept(5.0, "s", 0.1, 600, "τ",
        "how long a client waits for a list before it asks anew", "chosen", by=OPERATOR)
    address_reuse: Any = swept(0.5, "per hour", 0, 60, "a",
        "how soon an address that is free is given to another service", "chosen: a busy address range")
    dt: Any = fixed(3.0, "s", 0.5, 10, "Δ",
        "length of a tick", "a tenth of a poll interval")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a discovery failure for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> outage = simulate(Parameters(cache_life=[60, 3600]), seed=7, until=600)
    >>> outage["new_success"][-1].round(1).tolist(), outage["existing_success"][-1].tolist()
    ([0.0, 0.9], [1.0, 1.0])
    """
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


class Run:
    """One batch on its way through time."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, self.dt = batch, ticks, batch.dt
        self.fleet = fleet = Fleet(batch, ticks * batch.dt)
        self.width = fleet.width
        self.polls = Polls(batch, ticks, self.width)
        self.views = Views(fleet, Registry(fleet), self.polls)
        self.residents = Residents(self.views)
        self.time = np.arange(ticks) * batch.dt
        self.seen: dict[str, FloatArray] = {}
        there = np.arange(fleet.count)[:, None] < batch.instances
        self.connections = np.where(there, 1.0 / batch.instances, 0.0) + np.zeros(self.width)  # to each slot
        self.able, self.unable = np.ones(self.width), np.zeros(self.width)  # open, of clients with and without a list

    def go(self) -> Run:
        """All ticks, block by block."""
        parts: dict[str, list[FloatArray]] = {}
        views, doubting = self.views, self.views.doubting
        remember = views.recalled > 0
        self.have = views.over("believed") + np.where(remember, doubting, 0.0)
        self.listed = views.over("length") + doubting * views.recalled
        doubting = views.over("doubting", end=True)
        self.have_then = views.over("believed", end=True) + np.where(remember, doubting, 0.0)
        self.listed_then = views.over("length", end=True) + doubting * views.recalled
        for rows in self.blocks(self.fleet.count):
            for name, values in self.advance(rows).items():
                parts.setdefault(name, []).append(values)
        self.seen = {name: np.concatenate(values)[:, : self.batch.size] for name, values in parts.items()}
        return self

    def blocks(self, wide: int) -> Iterator[slice]:
        """Stretches of ticks small enough to be looked at together, with so many rows a tick."""
        length = max(BLOCK // (wide * self.width), 4)
        return (slice(now, min(now + length, self.ticks)) for now in range(0, self.ticks, length))

    def at(self, name: str, rows: slice) -> FloatArray:
        """A scheduled field in some ticks, shape (rows or 1, size or 1)."""
        return self.batch.at(name, self.time[rows])

    def advance(self, rows: slice) -> dict[str, FloatArray]:
        """Some ticks: whom clients pick, who of them finds somebody, and what their connections carry."""
        found, moved = self.residents.picks(rows)
        living = np.add.reduce(found, axis=1)
        seen = self._success(rows, living)
        carries, tries = self._connect(rows, found, living, moved, np.minimum(self.have[rows], 1.0), seen.pop("chance"))
        seen |= self._serve(rows, carries, tries["connected"] / self.dt) | tries
        seen["unlisted"] = np.maximum(self.batch.instances - (self.listed_then[rows] - seen.pop("dead_then")), 0.0)
        seen["length"] = self.listed_then[rows] + 0.0
        return seen

    def _success(self, rows: slice, living: FloatArray) -> dict[str, FloatArray]:
        """Chance that an attempt finds a living instance, in a tick's middle; what there is to find, at its end."""
        all_picks = self.have[rows]
        astray = all_picks - living
        dead_share = ratio(np.where(astray > NOBODY, astray, 0.0), all_picks)
        each = ratio(self.listed[rows], self.have[rows])
        dead = dead_share * each
        ejected = np.minimum(dead, self.at("ejection_cap", rows) * each)
        failing = all_dead(dead - ejected, each - ejected, self.at("other_hosts", rows))
        then = ratio(self.listed_then[rows], self.have_then[rows])
        have = np.minimum(self.have_then[rows], 1.0)
        return {
            "chance": np.where(living > 0, 1.0 - failing, 0.0),
            "have": have,
            "valid": np.where(all_picks > 0, 1.0 - dead_share, 0.0),
            "listed_dead": np.minimum(dead * np.minimum(all_picks, 1.0), self.listed_then[rows]),
            "dead_then": dead_share * then * have,
            "ejected": np.minimum(ratio(ejected, each), 1.0),
        }

    def _connect(
        self,
        rows: slice,
        found: FloatArray,
        living: FloatArray,
        moved: Mapping[int, tuple[np.ndarray, np.ndarray]],
        have: FloatArray,
        chance: FloatArray,
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Connections, mean over each tick, (ticks, slots, width), and attempts per client, made and successful.

        Clients with a list and clients without are told apart, for those without can but wait.
        """
        keep, _, level, slows = settles = self._pace(have, chance)
        again, stays = level * (1.0 - slows), slows * (1.0 - chance)
        broken_again, each = slows * chance, ratio(np.ones_like(living), living)
        get, lose = self._changes(rows, have)
        changes = (get + lose).any(axis=1)
        begun, more = np.empty((len(found) + 1, *self.connections.shape)), np.empty_like(self.connections)
        with_list, without, there = (np.empty_like(have) for _ in range(3))
        able, unable, begun[0] = self.able, self.unable, self.connections
        for i in range(len(found)):
            with_list[i], without[i], w = able, unable, begun[i]
            if rows.start + i in moved:
                w[moved[rows.start + i]] = 0.0
            left = np.add.reduce(w, axis=0, out=there[i])
            stay = np.minimum(left / np.maximum(able + unable, TINY), 1.0)
            able = again[i] + able * (broken_again[i] + stays[i] * stay)
            unable = unable * (stay * keep)
            gained = np.maximum(able + unable - left * keep, 0.0)
            if changes[i]:
                turn = get[i] * unable - lose[i] * able
                able, unable = able + turn, unable - turn
            w = np.multiply(w, keep, out=begun[i + 1])
            w += np.multiply(found[i], gained * each[i], out=more)
        self.able, self.unable, self.connections = able, unable, begun[-1].copy()
        tries = self._attempts(have, chance, settles, with_list, without, there)
        lasting = self.batch.connection_life * (1.0 - keep) / self.dt  # of a connection, the mean over a tick
        begun = begun[:-1]
        begun *= lasting
        found *= (np.maximum(tries["connected"] / self.dt - there * lasting, 0.0) * each)[:, None]
        begun += found
        return begun, tries

    def _pace(self, have: FloatArray, chance: FloatArray) -> tuple[FloatArray, ...]:
        """What a tick leaves of connections, how fast clients with a list settle, at what level, and what is left."""
        life = self.batch.connection_life
        pace = (1.0 - chance) / life + chance / RETRY
        return np.exp(-self.dt / life), pace, have * chance / RETRY / pace, np.exp(-pace * self.dt)

    def _attempts(
        self,
        have: FloatArray,
        chance: FloatArray,
        settles: tuple[FloatArray, ...],
        with_list: FloatArray,
        without: FloatArray,
        there: FloatArray,
    ) -> dict[str, FloatArray]:
        """Attempts to connect in each tick, per client, made and successful, and seconds connected."""
        life, dt = self.batch.connection_life, self.dt
        keep, pace, level, slows = settles
        begun = with_list * np.minimum(there / np.maximum(with_list + without, TINY), 1.0)
        broken = with_list - begun
        first = begun + broken * chance
        time_open = np.clip(level * dt + (first - level) * (1.0 - slows) / pace, 0.0, have * dt)
        tried = time_open / life + (have * dt - time_open) / RETRY + broken
        idle = np.maximum(there - begun, 0.0) * life * (1.0 - keep)  # seconds open, of those without a list
        vain = idle / life + np.maximum((1.0 - have) * dt - idle, 0.0) / RETRY + np.maximum(without - there + begun, 0)
        connected = np.minimum(time_open + idle, dt)
        return {"tried": tried + vain, "found": np.minimum(tried * chance, tried), "connected": connected}

    def _changes(self, rows: slice, have: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of those without a list, who gets one during each tick; of those with one, who loses it."""
        later = np.minimum(self.have[rows.start + 1 : rows.stop + 1], 1.0)
        more = later - have
        return ratio(np.maximum(more, 0.0), 1.0 - have), ratio(np.maximum(-more, 0.0), have)

    def _serve(self, rows: slice, carries: FloatArray, there: FloatArray) -> dict[str, FloatArray]:
        """What is answered of the requests that found a connection."""
        batch = self.batch
        rate, most = self.at("arrival_rate", rows), self.at("instance_capacity", rows)
        asked = carries * rate[:, None]
        busiest = np.maximum.reduce(asked, axis=1)
        over = asked > (most * (1 + 1e-12))[:, None] if (batch.overload > 0).any() else None
        served = np.minimum(asked, most[:, None], out=asked)
        if over is not None:
            served[over & (batch.overload > 0)] = 0.0
        if (batch.trigger == HOSTS).any():
            ill = (batch.trigger == HOSTS) & self.fleet.within(self.time[rows][:, None])
            hit = np.arange(self.fleet.count)[:, None] < np.round(batch.failing_share * batch.instances)
            served = np.where(ill[:, None] & hit, 0.0, served)
        carried = there * rate
        return {
            "offered": rate * self.dt + np.zeros_like(there),
            "carried": carried * self.dt,
            "good": np.minimum(np.add.reduce(served, axis=1), carried) * self.dt,
            "busiest": np.minimum(busiest / most, 1.0),
        }

    def strangers(self) -> FloatArray:
        """Share of first picks that reach somebody else, (ticks, size): at addresses given away since, or forged."""
        rate, views = self.batch.address_reuse / 3600.0, self.views
        dies = np.where((rate > 0) & ~self.fleet.forged, self.fleet.dies, 0.0)  # never times nought is no number
        ours = np.where(self.fleet.forged, 0.0, np.exp(np.minimum(rate * dies, 700.0)))
        parts = []
        for rows in self.blocks(len(ours)):
            dead = views.picks(rows, views.listing, views.memory) * ~views.alive(rows)
            still = ours * np.exp(-rate * self.time[rows][:, None, None])
            parts.append(np.add.reduce(dead * np.maximum(1.0 - still, 0.0), axis=1))
        return np.minimum(np.concatenate(parts), 1.0)[:, : self.batch.size]


# -- what a run shows --------------------------------------------------------------------------------------------------

COUNTS = ("offered", "good", "carried", "connected", "tried", "found")
LEVELS = ("have", "valid", "listed_dead", "ejected", "unlisted", "length", "busiest")


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks).go()
    curves = Curves(batch.dt, {name: cumulative(run.seen[name]) for name in COUNTS})
    for name in LEVELS:
        curves[name] = _from_start(run.seen[name])
    closed = {"age": run.views.age, "load": run.views.load, "doubting": lambda: run.views.doubting}
    curves.make = {name: lambda make=make: make()[:, : batch.size] + 0.0 for name, make in closed.items()}
    later = {"strangers": run.strangers, "capacity": functools.partial(_capacity, run)}
    curves.make |= {name: _made(make) for name, make in later.items()}
    return curves


def _made(make: Callable[[], FloatArray]) -> Callable[[], FloatArray]:
    return lambda: _from_start(make())


def _from_start(levels: FloatArray) -> FloatArray:
    """One row more: at time 0 it is as in the first tick."""
    return np.concatenate([levels[:1], levels])


def _capacity(run: Run) -> FloatArray:
    """What the living among the listed can answer, requests/s."""
    living = np.maximum(run.batch.instances - run.seen["unlisted"], 0.0)
    return living * run.batch.at("instance_capacity", run.time)


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """When the trigger begins and ends, and when all is well again.

    Recovered when in each of ten seconds 99 % of the requests are answered.
    """
    starts = batch.outage_start + np.zeros(batch.size)
    ends, step = starts + batch.outage_duration, curves.step
    return trigger_events(starts, ends, curves["good"], curves["offered"], step=step, share=0.99, seconds=10.0)


def _part(part: str, whole: str, empty: float = 0.0) -> Any:
    return lambda c: np.minimum(ratio(c.rate(part), c.rate(whole), empty), 1.0)


def _failed(curves: Curves) -> FloatArray:
    return np.clip(1.0 - ratio(curves.rate("good"), curves.rate("offered"), 1.0), 0.0, 1.0)


def _wait(curves: Curves) -> FloatArray:
    success = np.minimum(ratio(curves.rate("found"), curves.rate("tried")), 1.0)
    return np.minimum(RETRY * ratio(1.0 - success, success, LONGEST), LONGEST)


def _of(name: str) -> Any:
    return lambda c: c.level(name)


SIGNALS = {
    "offered_rate": Signal("requests/s", "requests that users send", lambda c: c.rate("offered")),
    "goodput": Signal("requests/s", "requests answered", lambda c: c.rate("good")),
    "error_ratio": Signal("of requests", "requests not answered, for whatever reason", _failed),
    "existing_success": Signal(
        "of requests", "those answered, of requests on an open connection", _part("good", "carried", 1.0)
    ),
    "new_success": Signal("of attempts", "attempts to connect that find a living instance", _part("found", "tried")),
    "connect_rate": Signal("attempts per client and s", "attempts to connect", lambda c: c.rate("tried")),
    "connect_wait": Signal("s", "mean wait for a connection at this success, at most a minute", _wait),
    "open_share": Signal("of clients", "clients with a connection", lambda c: np.minimum(c.rate("connected"), 1.0)),
    "valid_share": Signal("of addresses", "of the addresses that clients use, those that are alive", _of("valid")),
    "listed": Signal("addresses", "addresses that a client uses, mean over clients", _of("length")),
    "listed_dead": Signal("addresses", "of these, the dead or forged", _of("listed_dead")),
    "unlisted_alive": Signal("instances", "living instances that clients do not use", _of("unlisted")),
    "visible_capacity": Signal("requests/s", "what the living among the used can answer", _of("capacity")),
    "busiest_utilisation": Signal("of capacity", "requests at the busiest instance, at most 1", _of("busiest")),
    "ejected_share": Signal("of addresses", "addresses that outlier detection skips", _of("ejected")),
    "empty_share": Signal("of clients", "clients that have no address at all", lambda c: 1.0 - c.level("have")),
    "doubting_share": Signal(
        "of clients", "clients that use what they knew instead of what they are told",
        lambda c: np.minimum(c.level("doubting"), 1.0),
    ),
    "stranger_share": Signal("of attempts", "first picks that reach somebody else's address", _of("strangers")),
    "registry_load": Signal("requests/s", "what the registry is asked: polls, heartbeats, the herd", _of("load")),
    "endpoint_age": Signal("s", "since a client's last answer from the registry, mean", _of("age")),
}  # fmt: skip

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="connect_wait", saturation="busiest_utilisation")
MODEL = Model("discovery_failure", _curves, SIGNALS, _events, GOLDEN, chunk=1024)
