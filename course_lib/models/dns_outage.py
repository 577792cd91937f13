"""DNS outages: the authority of one name fails, and caches first hide it, then pass it on, then keep it alive.

Clients look up one name at many caches. A cache that holds a live answer gives it; one that does not asks the
authority at the next lookup and keeps what it hears for its TTL. While the authority is dead, caches fall silent one
by one as their entries run out; when the name moves to a new address, they follow one by one, for the same reason.

How it is computed. Caches are a mass of 1; in ticks of Δ = one second, with e what falls due in a tick n:

    asks       x[n]  = R[n] + e[n] − R[n + 1]                   e = live entries, denials and failures that run out
    ready      R[n + 1] = R[n] e^(−λΔ) + e[n] (1 − e^(−λΔ))/(λΔ)    exact for lookups that come at any time in the tick
    answered   a[n]  = min(x[n], capacity), by what the authority says: old, new or wrong address, or none
    falls due  e[n + T] += a[n],   e[n + T⁻] += denied,   e[n + w + F] += x[n] − a[n]
    remembered M[n + 1] = (M[n] + e[n] − over the stale limit) (1 − heard ÷ lacking)
    lookups    share of caches in each state, which is what Poisson lookups see; those that ask are the x[n]

No lookup changes what the authority says, so all else (who is misled, what is served stale, queries, waits, what an
overloaded resolver drops) is read off these shares afterwards. `name_caches` owns what is remembered.

Assumptions. Lookups are Poisson and as many whatever comes of them. A cache keeps A and AAAA as one; one resolver
stands for one cache, its clients for one stub. TTLs are whole ticks. A refresh waits `patience` for a dead authority;
then the failure is kept for `failure_ttl`, or the authority counts as down for `down_ttl` (unbound's `infra-host-ttl`
without `infra-keep-probing`). A wrong answer is kept like any other. A denial wipes out what was stale (RFC 8767). An
overloaded resolver has no queue: it drops what is above its capacity at once, with retries at their mean rate, whatever
the name; the asks of caches that are overloaded are not slowed down. Capacity of the authority that nobody uses is not
saved up: one that may save a second's worth answers so much more, once, as a rush begins. Nobody flushes a cache.
Clients keep no names of their own (a JVM's cache or a connection pool adds its own TTL to a failover), except those
that keep the last good address. After an outage all caches ask anew at once, so their entries run out together from
then on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import simulation
from course_lib.models.exact import cumulative, ratio
from course_lib.models.name_caches import Caches, Day
from course_lib.models.name_lookups import Lookups, wait
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import recovered, trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

OUTAGES = ("dead", "slow", "empty", "wrong", "none")


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the DNS outage; see each field's metadata for range, unit and source."""

    # fmt: off
    lookup_rate: Any = scheduled(10.0, "lookups/s", 0, 1e4, "λ",
        "lookups of the name at one cache, by all its clients", "chosen: a busy node")
    caches: Any = swept(100, "caches", 1, 10_000, "C",
        "caches with an entry each: node-local caches, resolvers", "chosen", integer=True)
    phase_spread: Any = swept(1.0, "of a cycle", 0, 1, "φ",
        "how far the caches' entries lie apart at the start; 0: filled together, as after a restart", "chosen")
    ttl: Any = scheduled(60.0, "s", 1, 604_800, "T",
        "how long an answer may be kept", "Route 53 alias records, and many services: 60 s", by="operator")
    negative_ttl: Any = scheduled(900.0, "s", 1, 86_400, "T⁻",
        "how long \"no such name\" may be kept", "chosen; RFC 2308: 1 to 3 h work well", by="operator")
    failure_ttl: Any = scheduled(5.0, "s", 1, 300, "F",
        "how long a failed refresh is kept", "CoreDNS: 5 s; RFC 9520: 1 s to 5 min", by="operator")
    down_ttl: Any = swept(0.0, "s", 0, 3600, "F₂",
        "how long a silent authority counts as down and is not asked", "unbound's infra-host-ttl: 900 s",
        by="operator")
    patience: Any = swept(5.0, "s", 0.1, 60, "w",
        "how long a cache waits for the authority before it gives up", "chosen: one client timeout", by="operator")
    stale_limit: Any = swept(0.0, "s", 0, np.inf, "S",
        "how long after its TTL an entry may be served while its refresh fails",
        "off by default; RFC 8767: 1 to 3 days; CoreDNS: 1 h", by="operator")
    stale_timer: Any = swept(1.8, "s", 0, 60, "s",
        "how long a client waits before it gets a stale answer", "RFC 8767: 1.8 s", by="operator")
    last_known_good: Any = scheduled(0.0, "of clients", 0, 1, "g",
        "clients that go on with the last good address when a lookup fails", "static stability; off by default",
        by="operator")
    outage: Any = choice("dead", OUTAGES,
        "what the authority does in the outage: nothing, late answers, \"no such name\", a wrong address; all is well",
        "Dyn 2016: dead; AWS 2025: empty", kind="scheduled", by="world")
    outage_start: Any = swept(60.0, "s", 0, 1e6, "t₀",
        "when the authority fails", "chosen")
    outage_duration: Any = swept(300.0, "s", 0, 1e6, "H",
        "for how long", "chosen")
    slow_answer: Any = swept(3.0, "s", 0.1, 600, "δ",
        "what an answer takes when the authority is slow", "chosen: within a cache's patience")
    change_time: Any = swept(np.inf, "s", 0, np.inf, "t₁",
        "when the name moves to a new address and the old one stops serving; infinite: never", "chosen")
    authority_capacity: Any = scheduled(100.0, "queries/s", 0.1, np.inf, "c",
        "queries for this name that the authority can answer", "chosen: thirty times what a TTL of 60 s asks",
        by="operator")
    upstream_tries: Any = swept(3, "tries", 1, 20, "k",
        "queries of each type that a cache sends before it gives up on a refresh", "chosen", integer=True,
        by="operator")
    other_rate: Any = scheduled(20.0, "lookups/s", 0, 1e5, "λₒ",
        "lookups of other, healthy names at one cache", "chosen: twice the name's")
    resolver_capacity: Any = scheduled(400.0, "queries/s", 1, np.inf, "μ",
        "queries that one cache's resolver works through", "chosen: 60 % busy in health", by="operator")
    servers: Any = swept(1, "servers", 1, 3, "n",
        "name servers in resolv.conf", "resolv.h: at most 3", integer=True, by="operator")
    dead_servers: Any = swept(0, "servers", 0, 2, "d",
        "of these, dead ones at the head of the list (one always lives)", "none by default", integer=True)
    client_timeout: Any = swept(5.0, "s", 1, 30, "τ",
        "how long a client waits for a name server", "resolv.conf: timeout 5", by="operator")
    attempts: Any = swept(2, "rounds", 1, 5, "A",
        "rounds through the list of name servers, the first included", "resolv.conf: attempts 2", integer=True,
        by="operator")
    stub: Any = choice("glibc", ("glibc", "musl"),
        "resolver library: servers one after the other, or all at once", "glibc's res_send.c; musl")
    app_retries: Any = swept(0, "retries", 0, 10, "R",
        "times an application repeats a failed lookup at once", "none by default", integer=True, by="operator")
    dots: Any = swept(2, "dots", 0, 10, "dots",
        "dots in the name as the application writes it", "chosen: payments.example.com", integer=True, by="operator")
    ndots: Any = swept(5, "dots", 0, 15, "ndots",
        "names with fewer dots are first tried with each search suffix", "Kubernetes: 5; resolv.conf: 1",
        integer=True, by="operator")
    search: Any = swept(3, "suffixes", 0, 6, "L",
        "suffixes in the search list", "Kubernetes: 3", integer=True, by="operator")
    dt: Any = fixed(1.0, "s", 0.1, 10, "Δ",
        "length of a tick", "one second: TTLs are whole seconds")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a name and its caches for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> dead = simulate(Parameters(ttl=[60, 600]), seed=7, until=360)
    >>> dead["availability"][60:].mean(axis=0).round(1).tolist()
    [0.1, 0.8]
    """
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    day = Day(batch, ticks)
    seen = Lookups(Caches(day).go())
    curves = Curves(batch.dt, make={name: lambda name=name: cumulative(_flow(seen, name)) for name in FLOWS})
    curves.seen = seen
    return curves


FLOWS: dict[str, Callable[[Lookups], FloatArray]] = {
    "offered": lambda s: s.offered,
    "good": lambda s: s.offered * s.right,
    "misled": lambda s: s.offered * s.misled,
    "failed": lambda s: s.offered * s.failed,
    "stale": lambda s: s.offered * s.stale,
    "stale_age": lambda s: s.offered * s.stale * s.age,
    "wrong": lambda s: s.offered * s.wrong,
    "denied": lambda s: s.denied * s.day.dt,
    "holding": lambda s: s.holding * s.day.dt,
    "upstream": lambda s: s.upstream,
    "queries": lambda s: s.queries,
    "busy": lambda s: s.busy * s.day.dt,
    "other": lambda s: s.other,
    "other_failed": lambda s: s.other * s.other_lost,
}


def _flow(seen: Lookups, name: str) -> FloatArray:
    return FLOWS[name](seen) + np.zeros((seen.day.ticks, seen.day.size))


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """When the authority fails and is back, when clients are well again, and when they have followed the name.

    Recovered when in each of five seconds 99 % of the lookups bring the right address; failed over when in each of five
    seconds addresses are given out, 99 % of them the right one.
    """
    starts = batch.outage_start + np.zeros(batch.size)
    ends = starts + batch.outage_duration
    good, offered, step = curves["good"], curves["offered"], curves.step
    moved = np.where(np.isfinite(batch.change_time), batch.change_time, np.nan) + np.zeros(batch.size)
    moved = np.where(moved < step * (len(good) - 1), moved, np.nan)
    given = good + curves["misled"]
    silent = np.where(np.diff(given, axis=0) > 0, 0.0, np.diff(offered, axis=0))  # lookups while nobody is answered
    whole = given + np.concatenate([0 * given[:1], np.add.accumulate(silent, axis=0)])
    followed = recovered(good, whole, moved, step=step, share=0.99, seconds=5.0)
    return {
        **trigger_events(starts, ends, good, offered, step=step, share=0.99, seconds=5.0),
        "changed": moved,
        "failed_over": np.where(np.isfinite(moved), followed, np.nan),
    }


def _of(part: str, whole: str) -> Callable[[Curves], FloatArray]:
    return lambda c: np.minimum(ratio(c.rate(part), c.rate(whole)), 1.0)


SIGNALS = {
    "offered_rate": Signal("lookups/s", "lookups of the name, at all caches", lambda c: c.rate("offered")),
    "goodput": Signal("lookups/s", "lookups that bring the right address", lambda c: c.rate("good")),
    "availability": Signal("of lookups", "lookups that bring the right address", _of("good", "offered")),
    "error_ratio": Signal("of lookups", "lookups that bring no address", _of("failed", "offered")),
    "misled_share": Signal(
        "of lookups", "lookups that bring an address that no longer serves, or never did", _of("misled", "offered")
    ),
    "wrong_share": Signal("of lookups", "lookups that bring an address that was never right", _of("wrong", "offered")),
    "stale_share": Signal("of lookups", "lookups answered from an entry past its TTL", _of("stale", "offered")),
    "stale_age": Signal(
        "s", "mean time since its TTL of what is served stale", lambda c: ratio(c.rate("stale_age"), c.rate("stale"))
    ),
    "holding_share": Signal(
        "of caches", "caches with a live address", lambda c: np.minimum(c.rate("holding"), 1.0)
    ),
    "negative_share": Signal(
        "of caches", "caches that know the name does not exist", lambda c: np.minimum(c.rate("denied"), 1.0)
    ),
    "upstream_rate": Signal("queries/s", "queries that all caches send to the authority", lambda c: c.rate("upstream")),
    "query_rate": Signal("queries/s", "queries for it that clients send to all caches", lambda c: c.rate("queries")),
    "resolver_utilisation": Signal(
        "of capacity", "how busy the caches' resolvers are", lambda c: np.minimum(c.rate("busy"), 1.0)
    ),
    "other_error_ratio": Signal(
        "of lookups", "lookups of other, healthy names that fail", _of("other_failed", "other")
    ),
    "lookup_p50": Signal(
        "s", "median wait for a lookup's outcome", lambda c: wait(c.seen, 0.5), full=True
    ),
    "lookup_p99": Signal("s", "99th percentile of it", lambda c: wait(c.seen, 0.99), full=True),
}  # fmt: skip

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="lookup_p99", saturation="resolver_utilisation")
MODEL = Model("dns_outage", _curves, SIGNALS, _events, GOLDEN)
