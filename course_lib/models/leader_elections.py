"""Who leads, from when and until when, while links fail: elections, leases, and what a leader does not know.

All of it is arithmetic on a few times a member: nothing here ticks. An `Episode` is one cut (or pause, or loss of a
site), from its start to its end; the nodes fall into up to three groups, the near one first. The last axis is members.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from course_lib.models import noise
from course_lib.models.exact import FloatArray
from course_lib.models.simulation import Batch
from course_lib.theory import quorum

MOST_NODES = 15
DRAWN = 4  # rounds of an election whose timeouts are drawn at once
TRIGGERS = ("cut", "three_way", "deaf", "mute", "site", "pause")
CUT, THREE_WAY, DEAF, MUTE, SITE, PAUSE = range(len(TRIGGERS))
FIRST, MAJORITY, MANUAL = range(3)
AT_ONCE, WAITS, WAITS_FOR_DRIFT = range(3)
ONE, MOST, ALL = range(3)
NOBODY = -1


@dataclasses.dataclass
class Episode:
    """What happens around one cut; every array has members on its last axis, three groups on its first."""

    starts: FloatArray
    ends: FloatArray
    sizes: FloatArray  # nodes of each group, (3, members)
    lead: FloatArray  # group of the leader when it starts
    elected: FloatArray  # when a group's new leader has been chosen, (3, members); inf: never
    serves: FloatArray  # when it takes writes, (3, members)
    winner: FloatArray  # group whose new leader is the one in the end; NOBODY: the old one stays
    stops: FloatArray  # when the old leader serves no more: steps down, loses its lease, freezes
    resumes: FloatArray  # from when on one leader serves everybody
    joined: FloatArray  # when histories have been made one
    copied: FloatArray  # whether the new leader has all that was acknowledged before
    rounds: list[FloatArray]  # when nodes called for votes

    @property
    def happens(self) -> FloatArray:
        """Members whose leader changes."""
        return self.winner != NOBODY

    def of(self, rows: FloatArray, group: FloatArray) -> FloatArray:
        """Each member's own group's value."""
        return np.choose(np.maximum(group, 0).astype(np.int64), list(rows))


def episodes(batch: Batch) -> list[Episode]:
    """All cuts of all members, one after the other; a member with fewer of them has empty ones at the end of time."""
    found: list[Episode] = []
    lead = np.zeros(batch.size)
    for place in range(int(np.max(batch.flaps))):
        starts = batch.cut_start + place * (batch.cut_duration + batch.flap_gap) + np.zeros(batch.size)
        starts = np.where(place < batch.flaps, starts, np.inf)
        found.append(_episode(batch, place, starts, lead))
        lead = np.where(found[-1].happens & (batch.trigger != PAUSE), found[-1].winner, lead)
    return found


def _episode(batch: Batch, place: int, starts: FloatArray, lead: FloatArray) -> Episode:
    ends = starts + batch.cut_duration
    lead = np.where(batch.trigger == PAUSE, 0.0, lead)
    sizes = group_sizes(batch) + np.zeros(batch.size)
    phase, pick = noise.uniform(batch.seeds, f"heartbeats {place}", 2)
    heard = starts - phase * batch.heartbeat + batch.message_delay  # of the last heartbeat that arrives
    elected, rounds = _elected(batch, place, starts, ends, sizes, lead, heard)
    winner = np.max(np.where(np.isfinite(elected), np.arange(3.0)[:, None], NOBODY), axis=0)
    serves = np.maximum(elected + batch.promotion_time, _allowed(batch, heard))
    serves = np.where(np.isfinite(elected), serves, np.inf)
    made = Episode(starts, ends, sizes, lead, elected, serves, winner, starts, ends, ends, starts, rounds)
    _hand_over(batch, made, phase)
    made.copied = _copied(batch, made, pick)
    return made


def group_sizes(batch: Batch) -> FloatArray:
    """Nodes of the near, the far and the third group, (3, 1 or members)."""
    near = np.where(batch.trigger == PAUSE, 1.0, np.minimum(batch.near_nodes, batch.nodes))
    third = np.where(batch.trigger == THREE_WAY, np.minimum(batch.third_nodes, batch.nodes - near), 0.0)
    return np.stack(np.broadcast_arrays(near, batch.nodes - near - third, third))


def _elected(
    batch: Batch,
    place: int,
    starts: FloatArray,
    ends: FloatArray,
    sizes: FloatArray,
    lead: FloatArray,
    heard: FloatArray,
) -> tuple[FloatArray, list[FloatArray]]:
    """When each group has chosen a new leader, and the rounds it took."""
    node, groups = np.arange(float(MOST_NODES))[:, None], np.arange(3.0)[:, None]
    group = (node >= sizes[0]).astype(float) + (node >= sizes[0] + sizes[1]) + 9.0 * (node >= batch.nodes)
    silent = (group != lead) & (group < 3)  # who hears nothing of the leader
    silent &= ~((batch.trigger == SITE) & (group == 0)) & (batch.trigger != DEAF)
    silent &= ~((batch.trigger == SITE) & (lead != 0))
    timeout = batch.election_timeout
    due = np.where(silent, heard + timeout * (1.0 + _drawn(batch, place, 0)), np.inf)
    notices = np.stack([np.min(np.where(group == g, due, np.inf), axis=0) for g in range(3)])
    first = np.where((batch.failover == FIRST) & (notices < ends), notices, np.inf)
    need = quorum.majority(batch.nodes).astype(float)
    able = (batch.failover == MAJORITY) & np.stack(
        [np.add.reduce(silent & (group == g), axis=0) >= need for g in range(3)]
    )
    voting = silent & np.logical_or.reduce([able[g] & (group == g) for g in range(3)])
    won, rounds = _rounds(batch, place, np.where(voting, due, np.inf), ends, need)
    voted = np.where(able, won + 2.0 * batch.message_delay, np.inf)
    by_hand = _by_hand(batch, starts, ends, sizes, lead, need)
    rounds = [*rounds, *np.where(np.isfinite(first), first, np.inf), np.min(by_hand, axis=0)]
    return np.minimum(np.minimum(first, voted), by_hand) + 0.0 * groups, rounds


def _by_hand(
    batch: Batch, starts: FloatArray, ends: FloatArray, sizes: FloatArray, lead: FloatArray, need: FloatArray
) -> FloatArray:
    """When an operator promotes somebody in the largest other group, having switched off the old leader."""
    called, groups = starts + batch.operator_delay, np.arange(3.0)[:, None]
    there = np.where((groups == lead) | ((batch.trigger == SITE) & (groups == 0)), 0.0, sizes)
    down = ((batch.trigger == SITE) & (lead == 0)) | (batch.trigger == PAUSE)
    few = np.choose(lead.astype(np.int64), list(sizes)) < need
    acts = (batch.failover == MANUAL) & (called < ends) & (few | down) & (np.max(there, axis=0) > 0)
    return np.where(acts & (groups == np.argmax(there, axis=0)), called, np.inf)


def _drawn(batch: Batch, place: int, turn: int) -> FloatArray:
    """Uniform draws for every node in one round of one election, (nodes, seeds)."""
    rows = noise.uniform(batch.seeds, f"timeouts {place} {turn // DRAWN}", DRAWN * (MOST_NODES + 1))
    return rows[turn % DRAWN * (MOST_NODES + 1) :][:MOST_NODES]


def _rounds(
    batch: Batch, place: int, due: FloatArray, ends: FloatArray, need: FloatArray
) -> tuple[FloatArray, list[FloatArray]]:
    """Elections by vote: when the call went out that won, and when every call went out.

    The first to stand gets all votes but those of the nodes that stood before its call reached them. Without a
    majority all wait anew: who stood since then, who voted since the call arrived.
    """
    delay, timeout = batch.message_delay, batch.election_timeout
    voters, voting = np.add.reduce(np.isfinite(due), axis=0), np.isfinite(due)
    won, calls = np.full(due.shape[1], np.inf), []
    open_ = voters >= need
    turn = 0
    while True:
        first = np.min(due, axis=0)
        stood = voting & ((due < first + delay) | (due == first))
        open_ = open_ & (first < ends)
        if not open_.any():
            return won, calls
        calls.append(np.where(open_, first, np.inf))
        enough = open_ & (voters - np.add.reduce(stood, axis=0) + 1 >= need)
        won = np.where(enough, first, won)
        open_ = open_ & ~enough
        turn += 1
        since = np.where(stood, due, first + delay)
        due = np.where(voting & open_, since + timeout * (1.0 + _drawn(batch, place, turn)), np.inf)


def _allowed(batch: Batch, heard: FloatArray) -> FloatArray:
    """From when on a successor may serve: it waits for the lease it last heard of, on a clock that is fast."""
    wait = np.where(batch.successor == WAITS, batch.lease, quorum.lease_wait(batch.lease, batch.clock_error))
    held = np.isfinite(batch.lease) & (batch.successor != AT_ONCE)
    return np.where(held, heard + np.where(held, wait, 0.0) / (1.0 + batch.clock_error), -np.inf)


def _hand_over(batch: Batch, made: Episode, phase: FloatArray) -> None:
    """When the old leader stops, when one leader serves everybody, and when histories are one."""
    delay, happens = batch.message_delay, made.happens
    own = np.choose(made.lead.astype(np.int64), list(made.sizes))
    few = own < quorum.majority(batch.nodes)
    unheard = np.where(phase * batch.heartbeat < delay, batch.heartbeat, 0.0)  # the last was not answered in time
    renewed = made.starts - phase * batch.heartbeat - unheard
    lease_end = np.where(few & np.isfinite(batch.lease), renewed + batch.lease / (1.0 - batch.clock_error), np.inf)
    down = (batch.trigger == PAUSE) | ((batch.trigger == SITE) & (made.lead == 0))
    chosen = np.min(made.elected, axis=0)
    told = np.where(batch.trigger == MUTE, chosen + delay, np.inf)
    told = np.minimum(told, np.where(batch.failover == MANUAL, chosen, np.inf))
    until = np.where(happens, made.ends + delay, made.ends)
    made.stops = np.where(down, made.starts, np.maximum(np.minimum(np.minimum(until, lease_end), told), made.starts))
    lapsed = ~down & (lease_end < made.ends)
    alone = made.of(made.serves, made.winner)
    after = np.where(down, alone, np.maximum(made.ends + delay, alone))
    made.resumes = np.where(happens, after, np.where(lapsed, made.ends + 2.0 * delay, made.ends))
    grip = np.where(batch.trigger == PAUSE, batch.grip, delay)
    made.joined = np.where(happens, made.ends + grip, np.inf)


def _copied(batch: Batch, made: Episode, pick: FloatArray) -> FloatArray:
    """Whether the new leader holds every write that was acknowledged before the cut."""
    size = made.of(made.sizes, made.winner)
    need = quorum.majority(batch.nodes)
    wanted = np.choose(batch.min_acks.astype(np.int64), [np.ones(1), need, batch.nodes])
    copies = np.maximum(wanted - (batch.nodes - size), 0.0)  # those at the near nodes come first
    by_luck = pick * size < copies
    asked = np.choose(batch.failover.astype(np.int64), [np.ones(1), need, size])
    return np.where(batch.failover == FIRST, by_luck, copies + asked > size)
