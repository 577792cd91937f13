"""Two leaders at once: a partition, a failover that asks nobody, and a leader that does not know its time is over.

Nodes hold copies of one history of writes. One of them leads: it takes clients' writes, and acknowledges each as soon
as `min_acks` nodes have it. Followers who hear no heartbeat for a while choose another. Clients write to the leader
they can reach. What is chosen when stands in `leader_elections`; here it is counted what that comes to.

How it is computed. Everything is closed over time. O_k(t) counts the writes that clients of side k have sent (Poisson,
piecewise linear within a tick); what a leader took between a and b, of them, is clip(O_k(t), O_k(a), O_k(b)) - O_k(a).
For a cut from t0 to t1, the old leader in group o, a new one chosen in group w at E and at work from S:

    taken      A(t) = near and far clients' writes within [.., t0), the old leader's [t0, stop), the new ones' [S, ..)
    divergent  D(t) = the old leader's in [t0, stop) + what was not copied, of [t0 - lag, t0)     from E on; no w: none
    lost       L(t) = D(t1 + d) from t1 + d on             the newest leader's history is kept, the others' are dropped
    conflicts  K (1 - e^(-D / K)) (1 - e^(-B / K))         B: the new leader's own writes until then
    leaders    = [old believes at t] + [new ones, from E until they yield]

The old leader stops when a message with a newer term arrives, when its lease ends on its slow clock, when an operator
switches it off, or at `t1 + d`. It takes no write while fewer than `min_acks` nodes answer it. A leader that was
*paused* works off what has waited for `grip` seconds before it looks at its clock or its mail: a lease does not stop
it, only a storage that compares tokens does (`fencing`: the share of its paths that do).

Assumptions. Message delays are equal and constant; a call for votes that is under way when links are back is withdrawn
unless it has a majority (pre-vote). Without a vote, whoever notices first in a group leads it, and within a group
nobody else; of several with the same term the last group's wins. Storage `shared`: one store that everybody reaches,
writes are in it at once, so that only those of a leader that has been replaced are divergent; two leaders of one term
bear one token, and no check tells them apart. After a pause, or when a site is lost, all clients reach the others.
`recovered` is when writes are taken again; what was lost does not recover.

How far it can be trusted. Against an event loop (tests/models) of single nodes, messages and writes: writes taken,
refused and lost within 0.5 %, conflicting keys and elections within 1 %, times within 2 s, give or take the scatter of
who notices first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import noise, simulation
from course_lib.models.exact import FloatArray, cumulative, ratio
from course_lib.models.leader_elections import (
    ALL,
    MOST,
    MOST_NODES,
    PAUSE,
    SITE,
    THREE_WAY,
    TRIGGERS,
    Episode,
    episodes,
)
from course_lib.models.parameters import OPERATOR, ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, Record, Signal, State, Trace
from course_lib.theory import quorum


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the split brain; see each field's metadata for range, unit and source."""

    # fmt: off
    write_rate: Any = scheduled(300.0, "writes/s", 0, 1e6, "λ",
        "writes that clients send", "chosen")
    near_open: Any = scheduled(1.0, "of writes", 0, 1, "a",
        "writes of the near side's clients that reach a database: its door, which an operator may close",
        "open by default", by=OPERATOR)
    far_share: Any = swept(0.5, "of clients", 0, 1, "1 − n",
        "clients beyond the cut", "chosen: two coasts")
    nodes: Any = swept(5, "nodes", 1, MOST_NODES, "N",
        "nodes that hold a copy and vote", "five: two may fail", integer=True, by=OPERATOR)
    near_nodes: Any = swept(2, "nodes", 1, MOST_NODES, "m",
        "where the partition cuts: nodes on the leader's side", "chosen", integer=True)
    third_nodes: Any = swept(1, "nodes", 0, MOST_NODES, "m₃",
        "nodes of a third group, when the network falls into three", "chosen", integer=True)
    trigger: Any = choice("cut", TRIGGERS,
        "cut in two; in three; the leader hears nothing; the leader is not heard; its site is lost; it is paused",
        "GitHub 2012 and 2018; a pause: Kleppmann 2016", by="world")
    cut_start: Any = swept(40.0, "s", 0, 1e5, "t₀",
        "when it begins", "chosen")
    cut_duration: Any = swept(43.0, "s", 0, 1e5, "d",
        "for how long", "GitHub, 21 October 2018: 43 s")
    flaps: Any = swept(1, "cuts", 1, 6, "c",
        "how often", "1: it does not flap", integer=True)
    flap_gap: Any = swept(30.0, "s", 1, 1e5, "G",
        "from the end of one cut to the next", "chosen")
    heartbeat: Any = swept(0.5, "s", 0.05, 0.5, "h",
        "between two heartbeats of the leader", "chosen; etcd: 0.1 s", by=OPERATOR)
    election_timeout: Any = swept(10.0, "s", 1, 3600, "T",
        "silence after which a node acts: drawn between T and 2 T", "chosen; etcd: 1 s, Patroni: 30 s", by=OPERATOR)
    message_delay: Any = swept(0.05, "s", 0, 0.2, "δ",
        "one message, one way", "chosen: two coasts")
    promotion_time: Any = swept(2.0, "s", 0, 3600, "P",
        "from being chosen to taking writes", "chosen", by=OPERATOR)
    failover: Any = choice("first", ("first", "majority", "manual"),
        "who leads when the leader is silent: the first to notice, whom a majority elects, whom an operator promotes",
        "first: pairs of servers with heartbeats")
    operator_delay: Any = swept(900.0, "s", 0, 1e5, "T_o",
        "until an operator acts, if it lasts", "chosen: paged, awake, looked", by=OPERATOR)
    min_acks: Any = choice("one", ("one", "majority", "all"),
        "nodes, the leader among them, that must have a write before it is acknowledged", "one: asynchronous")
    lease: Any = swept(np.inf, "s", 1, np.inf, "L",
        "how long a leader serves after a majority last answered it", "none; Kubernetes: 15 s", by=OPERATOR)
    clock_error: Any = swept(200e-6, "", 0, 0.1, "e",
        "how fast or slow a clock may be, as a share of elapsed time", "chosen: 200 ppm, a poor crystal")
    successor: Any = choice("at_once", ("at_once", "waits", "waits_for_drift"),
        "a new leader begins at once; waits for the old one's lease on its own clock; allows for both clocks' errors",
        "the rule of leases")
    grip: Any = swept(2.0, "s", 0, 60, "g",
        "how long a leader that was paused writes before it looks at its clock", "Kubernetes retries every 2 s")
    fencing: Any = swept(0.0, "of storage paths", 0, 1, "f",
        "storage paths that refuse a token older than the newest they have seen", "none", by=OPERATOR)
    storage: Any = choice("replicas", ("replicas", "shared"),
        "each node has its own copy, or all write to one store that both sides reach", "both are met", by="world")
    replication_lag: Any = swept(1.0, "s", 0, 3600, "ℓ",
        "how far the copies are behind, where nobody waits for them", "chosen", by="world")
    keys: Any = swept(1e5, "keys", 1, 1e9, "K",
        "keys that are written to, all alike", "chosen")
    dt: Any = fixed(0.5, "s", 0.05, 5, "Δ",
        "length of a tick", "a heartbeat")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a split brain for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> cut = simulate(Parameters(failover=["first", "majority"], min_acks=["one", "majority"]), seed=7, until=180)
    >>> [bool(lost > 0) for lost in cut["lost"][-1]], cut["leaders_in_term"].max(axis=0).tolist()
    ([True, False], [1.0, 1.0])
    """
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


class Run:
    """One batch: the writes that were sent, and window by window who took them."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks = batch, ticks
        self.time = np.arange(ticks + 1)[:, None] * batch.dt
        shares = {"near": 1.0 - batch.far_share, "far": batch.far_share}
        counts = {side: self._counts(side, share) for side, share in shares.items()}
        self.sent = {side: cumulative(count) for side, count in counts.items()}
        door = batch.at("near_open", self.time[:-1, 0])
        self.let = self.sent | {"near": cumulative(counts["near"] * door)}  # what reaches a database
        self.taken = {side: np.zeros((ticks + 1, batch.size)) for side in self.sent}
        zeros = lambda: np.zeros((ticks + 1, batch.size))  # noqa: E731
        self.divergent, self.lost, self.conflicts, self.refused, self.rounds = (zeros() for _ in range(5))
        self.leaders, self.same_term, self.failover, self.reached = (zeros() for _ in range(4))
        self.story = episodes(batch)

    def _counts(self, side: str, share: FloatArray) -> FloatArray:
        mean = self.batch.at("write_rate", self.time[:-1, 0]) * share * self.batch.dt
        return noise.counts(self.batch.seeds, side, mean, self.ticks) + np.zeros(self.batch.size)

    def at(self, curve: FloatArray, when: FloatArray) -> FloatArray:
        """A cumulative curve at one moment of each member; after the run, as at its end."""
        place = np.clip(np.where(np.isfinite(when), when, self.ticks * self.batch.dt) / self.batch.dt, 0, self.ticks)
        row = np.minimum(place.astype(np.int64), self.ticks - 1)
        member = np.arange(self.batch.size)
        before, after = curve[row, member], curve[row + 1, member]
        return np.minimum(before + (place - row) * (after - before), after)

    def within(self, curve: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
        """What a cumulative curve gained between two moments, so far, (rows, members)."""
        low = self.at(curve, start)
        return np.clip(curve, low, np.maximum(self.at(curve, end), low)) - low

    def go(self) -> Run:
        """All cuts, one after the other."""
        batch, since = self.batch, np.zeros(self.batch.size)
        ready, out_of_reach = since, self.reached
        for made in self.story:
            for side in self.sent:
                self.taken[side] += self.within(self.let[side], ready, np.maximum(made.starts, ready))
            self._serve(made, ready)
            since = self._lead(made, since)
            out_of_reach += self._unreached(made)
            ready = np.where(np.isfinite(made.starts), made.resumes, np.inf)
            for called in made.rounds:
                self.rounds += self.time >= called
        for side in self.sent:  # who has fewer cuts than others has been served since the last of them
            self.taken[side] += self.within(self.let[side], ready, np.full(batch.size, np.inf))
        self._believe(since, np.full(batch.size, np.inf))
        return self

    # -- who serves whom -----------------------------------------------------------------------------------------------

    def _serve(self, made: Episode, ready: FloatArray) -> None:
        """Windows of the old leader and of the new ones, side by side, during and after one cut."""
        batch = self.batch
        whole = (batch.trigger == SITE) | (batch.trigger == PAUSE)
        shared = batch.storage > 0
        wanted = np.select(
            [batch.min_acks == MOST, batch.min_acks == ALL], [quorum.majority(batch.nodes), batch.nodes], 1
        )
        able = np.where(shared, 1.0, made.sizes >= wanted)
        begins = np.maximum(made.starts, ready)
        replaced = np.where(shared, np.min(made.serves, axis=0), np.inf)
        old, new, stray = self._nothing(), self._nothing(), self._nothing()
        for side in self.sent:
            for group in range(3):
                share = np.where(whole, 1.0, self._share(side, group, made.sizes))
                sent, leads = self.let[side], made.lead == group
                weight = np.where(leads, share * able[group], 0.0)
                first = weight * self.within(sent, begins, np.minimum(made.stops, replaced))
                later = weight * self.within(sent, np.maximum(begins, np.minimum(replaced, made.stops)), made.stops)
                stale = later * (1.0 - batch.fencing)
                wins = made.winner == group
                ends = np.where(wins, made.resumes, made.ends + batch.message_delay)
                chosen = np.where(np.isfinite(made.elected[group]), share * able[group], 0.0)
                own = chosen * self.within(sent, made.serves[group], ends)
                self.taken[side] += first + stale + own
                self.refused += later - stale
                old += np.where(shared, stale, first + stale)
                new += np.where(wins, own, 0.0)
                stray += np.where(wins, 0.0, self._apart(own, chosen, sent, made, group, ends))
        self._part(made, ready, old + stray, new)

    def _apart(
        self, own: FloatArray, chosen: FloatArray, sent: FloatArray, made: Episode, group: int, ends: FloatArray
    ) -> FloatArray:
        """A losing leader's writes: all of them, or in a shared store those while another one leads, too."""
        if not (self.batch.storage > 0).any():
            return own
        both = np.maximum(made.serves[group], made.of(made.serves, made.winner))
        return np.where(self.batch.storage > 0, chosen * self.within(sent, both, ends), own)

    def _nothing(self) -> FloatArray:
        return np.zeros((self.ticks + 1, self.batch.size))

    def _share(self, side: str, group: int, sizes: FloatArray) -> FloatArray:
        """Share of a side's clients that are in a group."""
        if side == "near":
            return np.full(self.batch.size, float(group == 0))
        third = np.where((self.batch.trigger == THREE_WAY) & (sizes[2] > 0), 0.5, 0.0)
        return (0.0 * third, 1.0 - third, third)[group] * (sizes[group] > 0)

    def _part(self, made: Episode, ready: FloatArray, apart: FloatArray, new: FloatArray) -> None:
        """What belongs to a history that is not the newest leader's, while it lasts and once it is dropped."""
        batch, time, everything = self.batch, self.time, self.let["near"] + self.let["far"]
        behind = np.maximum(made.starts - batch.replication_lag, ready)
        lag = self.at(everything, made.starts) - self.at(everything, np.minimum(behind, made.starts))
        lag = np.where((batch.storage > 0) | (made.copied > 0), 0.0, lag)
        woken, refused = self._woken(made, everything)
        self.refused += refused
        chosen = made.of(made.elected, made.winner)
        known = made.happens & (time >= np.where(made.happens, chosen, np.inf))
        apart = np.where(known, lag + apart + woken, 0.0)
        over = time >= made.joined
        self.divergent += np.where(over, 0.0, apart)
        self.lost += np.where(over, apart, 0.0)
        alone = made.of(made.serves, made.winner)
        elsewhere = (batch.trigger == SITE) | (batch.trigger == PAUSE)
        new = np.where(elsewhere & made.happens, self.within(everything, alone, made.joined), new)
        both = quorum.conflicting_keys(batch.keys, apart, np.where(known, new, 0.0))
        self.conflicts += np.where(known, both, 0.0)
        length = np.where(made.happens, alone - np.where(np.isfinite(made.starts), made.starts, 0.0), 0.0)
        self.failover = np.where(made.happens & (time >= alone), length, self.failover)

    def _woken(self, made: Episode, everything: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What a leader writes when it wakes from a pause: what has waited, at the pace at which it came."""
        batch = self.batch
        paused = (batch.trigger == PAUSE) & made.happens
        if not paused.any():
            return self._nothing(), self._nothing()
        alone, starts = (np.where(paused, when, 0.0) for when in (made.of(made.serves, made.winner), made.starts))
        waited = np.minimum(np.minimum(batch.grip, batch.cut_duration), alone - starts)
        wakes = np.where(paused, made.ends, np.inf)
        backlog = self.at(everything, made.starts + waited) - self.at(everything, made.starts)
        done = np.clip((self.time - wakes) / np.where(waited > 0, waited, 1.0), 0.0, 1.0)
        written = np.where(paused, backlog, 0.0) * done
        return written * (1.0 - batch.fencing), written * batch.fencing

    # -- who believes to lead ------------------------------------------------------------------------------------------

    def _believe(self, start: FloatArray, end: FloatArray) -> FloatArray:
        now = (self.time >= start) & (self.time < end)
        self.leaders += now
        return now

    def _lead(self, made: Episode, since: FloatArray) -> FloatArray:
        """Count the leaders of one cut; since when the one that is left believes it leads."""
        batch, paused = self.batch, self.batch.trigger == PAUSE
        here = np.isfinite(made.starts)
        down = paused | ((batch.trigger == SITE) & (made.lead == 0))
        gone = here & (made.happens | (made.resumes > made.ends) | down)
        self._believe(since, np.where(gone, made.stops, since))
        woken = np.where(down & made.happens, made.ends, np.inf)
        self._believe(woken, woken + np.where(paused, batch.grip, batch.message_delay))
        chosen = made.of(made.elected, made.winner)
        yields = made.ends + batch.message_delay
        together = self._nothing()
        for group in range(3):
            other = np.isfinite(made.elected[group]) & (made.winner != group)
            start = np.where(other, made.elected[group], np.inf)
            now = self._believe(start, np.where(other, yields, np.inf))
            together += now & (self.time >= chosen)
        self.same_term = np.maximum(self.same_term, together)
        kept = np.where(here & gone, np.where(down, made.ends, made.resumes), since)
        return np.where(made.happens, chosen, kept)

    def _unreached(self, made: Episode) -> FloatArray:
        """Share of the nodes that the leader cannot reach, or the newest once there is one."""
        during = (self.time >= made.starts) & (self.time < made.ends)
        newest = self.time >= np.where(made.happens, made.of(made.elected, made.winner), np.inf)
        own = np.where(newest, made.of(made.sizes, made.winner), made.of(made.sizes, made.lead))
        return np.where(during, 1.0 - own / self.batch.nodes, 0.0)


# -- what a run shows --------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks).go()
    curves = Curves(batch.dt, {f"{side}_sent": sent for side, sent in run.sent.items()})
    for side, taken in run.taken.items():
        curves[f"{side}_taken"] = np.minimum(taken, run.sent[side])
    curves["sent"] = curves["near_sent"] + curves["far_sent"]
    curves["taken"] = curves["near_taken"] + curves["far_taken"]
    levels = ("divergent", "lost", "conflicts", "refused", "rounds", "leaders", "failover")
    for name in levels:
        curves[name] = getattr(run, name)
    curves["same_term"] = np.maximum.accumulate(np.where(run.leaders > 0, 1.0 + run.same_term, 0.0), axis=0)
    curves["unreached"] = run.reached
    known = dict(curves)  # what names the curves themselves is let go by the collector alone
    curves.make["waiting"] = lambda: _waiting(known, run.time)
    curves.story = run.story
    return curves


def _waiting(curves: Mapping[str, FloatArray], time: FloatArray) -> FloatArray:
    """For how long the clients of some side have been without an answer."""
    longest = np.zeros_like(curves["taken"])
    for side in ("near", "far"):
        sent, taken = (np.diff(curves[f"{side}_{what}"], axis=0, prepend=0.0) for what in ("sent", "taken"))
        served = (taken > 0.01 * sent) | (sent <= 0)
        since = np.maximum.accumulate(np.where(served, time, 0.0), axis=0)
        longest = np.maximum(longest, time - since)
    return longest


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """The trigger, the first new leader, the old one's last write, and when writes are taken again.

    Recovered when in each of ten seconds 99 % of the writes are acknowledged. That says nothing of what was lost.
    """
    starts = batch.cut_start + np.zeros(batch.size)
    ends = starts + batch.flaps * batch.cut_duration + (batch.flaps - 1.0) * batch.flap_gap
    first, over = curves.story[0], curves.step * (len(curves["sent"]) - 1)
    chosen, serves = (first.of(rows, first.winner) for rows in (first.elected, first.serves))
    past = lambda when: np.where(first.happens & (when <= over), when, np.nan)  # noqa: E731
    named = {"elected": past(chosen), "new_leader": past(serves), "old_stops": past(first.stops)}
    return named | trigger_events(
        starts, ends, curves["taken"], curves["sent"], step=curves.step, share=0.99, seconds=10.0
    )


def _failed(part: str, whole: str) -> Any:
    return lambda c: np.clip(1.0 - ratio(c.rate(part), c.rate(whole), 1.0), 0.0, 1.0)


def _rate(name: str) -> Any:
    return lambda c: np.maximum(c.rate(name), 0.0)


def _level(name: str) -> Any:
    return lambda c: c.level(name)


SIGNALS = {
    "offered_rate": Signal("writes/s", "writes that clients send", _rate("sent")),
    "goodput": Signal("writes/s", "writes acknowledged, on whatever side", _rate("taken")),
    "error_ratio": Signal("of writes", "writes not acknowledged", _failed("taken", "sent")),
    "near_rate": Signal("writes/s", "writes acknowledged to the near side's clients", _rate("near_taken")),
    "far_rate": Signal("writes/s", "writes acknowledged to the far side's clients", _rate("far_taken")),
    "near_errors": Signal("of writes", "of the near side's, not acknowledged", _failed("near_taken", "near_sent")),
    "far_errors": Signal("of writes", "of the far side's, not acknowledged", _failed("far_taken", "far_sent")),
    "waiting": Signal("s", "for how long the clients of some side have had no answer", _level("waiting")),
    "leaders": Signal("nodes", "nodes that believe they lead, and run", _level("leaders")),
    "leaders_in_term": Signal("nodes", "most that ever led in one term together, so far", _level("same_term")),
    "elections": Signal("elections", "calls for votes, and promotions without, so far", _level("rounds")),
    "divergent": Signal("writes", "taken, and not in the newest leader's history", _level("divergent")),
    "lost": Signal("writes", "dropped when histories were made one, so far", _level("lost")),
    "conflicting_keys": Signal("keys", "written to in both histories, so far; mean", _level("conflicts")),
    "refused_rate": Signal("writes/s", "refused by the storage for their old token", _rate("refused")),
    "failover_time": Signal("s", "from the last cut's start until a new leader took writes", _level("failover")),
    "unreached": Signal("of nodes", "nodes that the newest leader does not reach", _level("unreached")),
}

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="waiting", saturation="unreached")
MODEL = Model("split_brain", _curves, SIGNALS, _events, GOLDEN)
