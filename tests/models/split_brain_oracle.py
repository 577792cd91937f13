"""Nodes that send each other messages, and clients that write: the split brain event by event.

Written from the definitions, with none of the model's code: every heartbeat, call for votes, vote and write is an
event of its own; histories are sets of writes, and what is lost is a difference of sets.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import math
import random
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Scenario:
    """What happens; names as in the model."""

    write_rate: float = 100.0
    far_share: float = 0.5
    nodes: int = 5
    near_nodes: int = 2
    third_nodes: int = 0
    trigger: str = "cut"
    cut_start: float = 40.0
    cut_duration: float = 43.0
    flaps: int = 1
    flap_gap: float = 30.0
    heartbeat: float = 0.5
    election_timeout: float = 10.0
    message_delay: float = 0.05
    promotion_time: float = 2.0
    failover: str = "first"
    operator_delay: float = 900.0
    min_acks: str = "one"
    lease: float = math.inf
    clock_error: float = 200e-6
    successor: str = "at_once"
    grip: float = 2.0
    fencing: float = 0.0
    storage: str = "replicas"
    replication_lag: float = 1.0
    keys: float = 1e4
    until: float = 110.0


class Node:
    """One node: what it believes, and the writes it has."""

    def __init__(self, name: int) -> None:
        self.name, self.role, self.term, self.ballot = name, "follower", 1, 1
        self.have: set[int] = set()
        self.timer, self.votes, self.serves, self.heard = 0, set(), math.inf, 0.0
        self.renewed, self.acks, self.frozen, self.woken, self.off = 0.0, {}, False, False, False
        self.held: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.backlog: list[tuple[float, int]] = []


class World:
    """Nodes, links and a clock."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.random, self.now = scenario, random.Random(seed), 0.0
        self.queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.count = itertools.count()
        self.nodes = [Node(i) for i in range(scenario.nodes)]
        self.cut, self.healed, self.before = False, -math.inf, 1
        self.group = [0] * scenario.nodes
        self.seen: dict[str, Any] = dict(near=0, far=0, lost=0, conflicts=0, elections=0, refused=0, most=1, term=1)
        self.seen |= dict(elected=math.nan, new_leader=math.nan)
        self.sent, self.taken = [0] * int(scenario.until + 1), [0] * int(scenario.until + 1)
        self.key: list[int] = []
        self.live: set[int] = set()  # writes taken, and not given up
        self.by: dict[int, tuple[int, int]] = {}  # which leader took a write
        self.own: dict[int, list[int]] = {}
        self.since: dict[int, set[int]] = {}  # what a leader took, by node
        self.stale: set[int] = set()
        self.newest = 1
        self.reign = 0
        self.majority = scenario.nodes // 2 + 1

    # -- the clock -----------------------------------------------------------------------------------------------------

    def after(self, delay: float, call: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self.queue, (self.now + delay, next(self.count), call, arguments))

    def run(self) -> dict[str, Any]:
        first = self.nodes[0]
        first.role, first.serves = "leader", 0.0
        self.after(self.random.random() * self.s.heartbeat, self.beat, first, 1)
        for node in self.nodes[1:]:
            self.wait(node)
        for side, share in (("near", 1 - self.s.far_share), ("far", self.s.far_share)):
            if share:
                self.after(self.random.expovariate(share * self.s.write_rate), self.write, side, share)
        for place in range(self.s.flaps):
            start = self.s.cut_start + place * (self.s.cut_duration + self.s.flap_gap)
            self.after(start, self.part)
            self.after(start + self.s.cut_duration, self.heal)
        self.after(0.5, self.look)
        while self.queue and self.queue[0][0] <= self.s.until:
            self.now, _, call, arguments = heapq.heappop(self.queue)
            call(*arguments)
        return self.seen

    # -- links ---------------------------------------------------------------------------------------------------------

    def leader(self) -> Node:
        return max((n for n in self.nodes if n.role == "leader"), key=lambda n: (n.term, n.name))

    def part(self) -> None:
        s, self.cut, self.before = self.s, True, self.newest
        lead = self.leader()
        if s.trigger == "pause":
            self.group = [0 if n is lead else 1 for n in self.nodes]
            lead.frozen = True
        else:
            third = min(s.third_nodes, s.nodes - s.near_nodes) if s.trigger == "three_way" else 0
            self.group = [0 if i < s.near_nodes else 2 if i >= s.nodes - third else 1 for i in range(s.nodes)]
        if s.trigger == "site":
            for node in self.nodes:
                node.off = self.group[node.name] == 0
        self.lead_group, self.began = self.group[lead.name], self.now
        if s.failover == "manual":
            self.after(s.operator_delay, self.by_hand, lead, self.now)

    def heal(self) -> None:
        self.cut, self.healed = False, self.now
        for node in self.nodes:
            if node.frozen:
                self.after(self.s.grip, self.wake, node)
                self.replay(node)
            node.off = False
            if node.role == "leader" and not node.frozen:
                self.tell(node)
        self.after(self.s.grip if self.s.trigger == "pause" else self.s.message_delay, self.join)

    def linked(self, a: Node, b: Node) -> bool:
        """Whether a message from a reaches b."""
        if a.off or b.off:
            return False
        if not self.cut or self.s.trigger == "pause" or self.group[a.name] == self.group[b.name]:
            return True
        if self.s.trigger == "deaf":
            return self.group[a.name] == self.lead_group
        return self.s.trigger == "mute" and self.group[b.name] == self.lead_group

    def send(self, a: Node, b: Node, call: Callable[..., None], *arguments: Any) -> None:
        if self.linked(a, b):
            self.after(self.s.message_delay, self.receive, b, call, arguments)

    def receive(self, node: Node, call: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        if node.frozen:
            node.held.append((call, arguments))
        elif not node.off:
            call(node, *arguments)

    def others(self, node: Node) -> list[Node]:
        return [n for n in self.nodes if n is not node]

    # -- heartbeats and elections --------------------------------------------------------------------------------------

    def wait(self, node: Node) -> None:
        node.timer += 1
        timeout = self.s.election_timeout * (1 + self.random.random())
        self.after(timeout, self.notice, node, node.timer)

    def beat(self, node: Node, term: int) -> None:
        if node.role != "leader" or node.term != term:
            return
        if not node.frozen and not node.off:
            self.tell(node)
        self.after(self.s.heartbeat, self.beat, node, term)

    def tell(self, node: Node) -> None:
        node.acks[self.now] = {node.name}
        for other in self.others(node):
            self.send(node, other, self.hear, node, node.term, self.now)

    def hear(self, node: Node, lead: Node, term: int, sent: float) -> None:
        newer = (term, lead.name) > (node.term, node.name) if node.role == "leader" else term >= node.term
        if not newer:
            return
        node.role, node.term, node.ballot = "follower", term, max(node.ballot, term)
        node.heard = self.now
        self.wait(node)
        self.send(node, lead, self.answered, node, sent)

    def answered(self, node: Node, other: Node, sent: float) -> None:
        if node.role == "leader":
            node.acks[sent].add(other.name)
            if len(node.acks[sent]) >= self.majority:
                node.renewed = max(node.renewed, sent)

    def notice(self, node: Node, timer: int) -> None:
        if timer != node.timer or node.role == "leader" or node.frozen or node.off or self.s.failover == "manual":
            return
        if self.s.failover == "first":
            self.seen["elections"] += 1
            self.elect(node, node.term + 1)
            return
        self.wait(node)
        node.role, node.ballot, node.votes = "candidate", node.ballot + 1, {node.name}
        if self.able(node):
            self.seen["elections"] += not self.rival(node)
        for other in self.others(node):
            self.send(node, other, self.asked, node, node.ballot)

    def able(self, node: Node) -> bool:
        return sum(self.linked(node, n) and self.linked(n, node) for n in self.others(node)) + 1 >= self.majority

    def rival(self, node: Node) -> bool:
        """Whether another one stands in the same round: one election, with two candidates."""
        return any(n.role == "candidate" and n.ballot == node.ballot for n in self.others(node))

    def asked(self, node: Node, other: Node, ballot: int) -> None:
        if ballot > node.ballot and node.role != "leader":
            node.ballot, node.role = ballot, "follower"
            self.wait(node)
            self.send(node, other, self.voted, node, ballot, frozenset(node.have))

    def voted(self, node: Node, other: Node, ballot: int, have: frozenset[int]) -> None:
        if node.role == "candidate" and ballot == node.ballot:
            node.votes.add(other.name)
            node.have |= have  # a new leader begins with all that its voters have
            if len(node.votes) >= self.majority:
                self.elect(node, ballot)

    def elect(self, node: Node, term: int) -> None:
        node.role, node.term, node.ballot = "leader", term, max(term, node.ballot)
        wait = self.s.lease
        if self.s.successor == "waits_for_drift":
            wait *= (1 + self.s.clock_error) / (1 - self.s.clock_error)
        held = math.isfinite(self.s.lease) and self.s.successor != "at_once"
        allowed = node.heard + wait / (1 + self.s.clock_error) if held else 0.0
        node.serves = max(self.now + self.s.promotion_time, allowed)
        node.renewed = self.now
        self.since[node.name] = set()
        if math.isnan(self.seen["elected"]) or (term == self.newest and node.name > self.reign):
            self.seen["elected"], self.seen["new_leader"] = self.now, node.serves
        self.newest, self.reign = max((self.newest, self.reign), (term, node.name))
        self.beat(node, term)

    def look(self) -> None:
        """Twice a second: who believes to lead."""
        self.after(0.5, self.look)
        leads = [n for n in self.nodes if n.role == "leader" and not n.off and (n.woken if n.frozen else self.holds(n))]
        self.seen["most"] = max(self.seen["most"], len(leads))
        terms = [n.term for n in leads]
        self.seen["term"] = max([self.seen["term"], *map(terms.count, terms)])

    def holds(self, node: Node) -> bool:
        return self.now < node.renewed + self.s.lease / (1 - self.s.clock_error)

    def by_hand(self, lead: Node, began: float) -> None:
        sizes = [self.group.count(g) * (g != self.group[lead.name]) for g in range(3)]
        few = self.group.count(self.group[lead.name]) < self.majority or lead.frozen or lead.off
        if self.cut and self.began == began and few and max(sizes):
            lead.role = "follower"
            self.seen["elections"] += 1
            self.elect(self.nodes[self.group.index(sizes.index(max(sizes)))], lead.term + 1)

    # -- a leader that wakes -------------------------------------------------------------------------------------------

    def replay(self, node: Node) -> None:
        replaced = any(n.role == "leader" and n.term > node.term for n in self.nodes)
        if not replaced or node.role != "leader":
            node.backlog = []
            self.wake(node)
            return
        node.woken = True
        for when, write in node.backlog:
            if when - self.began < self.s.grip:
                self.after(when - self.began, self.late, write)
        node.backlog = []

    def late(self, write: int) -> None:
        if self.random.random() < self.s.fencing:
            self.seen["refused"] += 1
        else:
            self.live.add(write)
            self.stale.add(write)
            self.since[0].add(write)

    def wake(self, node: Node) -> None:
        node.frozen = node.woken = False
        for call, arguments in node.held:
            call(node, *arguments)
        node.held = []

    # -- writes --------------------------------------------------------------------------------------------------------

    def write(self, side: str, share: float) -> None:
        self.after(self.random.expovariate(share * self.s.write_rate), self.write, side, share)
        write = len(self.key)
        self.key.append(self.random.randrange(int(self.s.keys)))
        self.sent[int(self.now)] += 1
        lead = self.reachable(side)
        frozen = next((n for n in self.nodes if n.frozen and n.role == "leader"), None)
        if frozen and self.cut and lead is None:
            frozen.backlog.append((self.now, write))
        if lead is not None and self.take(lead, write):
            self.seen[side] += 1
            self.taken[int(self.now)] += 1

    def reachable(self, side: str) -> Node | None:
        """The newest leader at work that a client of this side reaches."""
        there = [n for n in self.nodes if n.role == "leader" and self.now >= n.serves and not n.frozen and not n.off]
        parted = self.cut or (self.now < self.healed + self.s.message_delay and self.newest > self.before)
        if parted and self.s.trigger not in ("pause", "site"):
            homes = (0,) if side == "near" else (1,)
            if side == "far" and self.s.trigger == "three_way" and 2 in self.group:
                homes = (self.random.choice((1, 2)),)
            there = [n for n in there if self.group[n.name] in homes]
        there = [n for n in there if self.holds(n)]
        return max(there, key=lambda n: (n.term, n.name), default=None)

    def take(self, lead: Node, write: int) -> bool:
        if self.s.storage == "shared":
            return self.store(lead, write)
        partners = [lead, *(n for n in self.others(lead) if self.linked(lead, n) and self.linked(n, lead))]
        partners = [n for n in partners if not n.frozen and n.term <= lead.term]
        wanted = {"one": 1, "majority": self.majority, "all": self.s.nodes}[self.s.min_acks]
        if len(partners) < wanted:
            return False
        near = sorted(partners, key=lambda n: (n is not lead, n.name))
        for node in near[:wanted]:
            node.have.add(write)
        self.live.add(write)
        self.since.setdefault(lead.name, set()).add(write)
        self.after(self.s.replication_lag, self.copy, lead, write)
        return True

    def copy(self, lead: Node, write: int) -> None:
        if lead.frozen or lead.off:
            return
        for node in self.others(lead):
            if self.linked(lead, node) and node.role != "leader":
                node.have.add(write)

    def store(self, lead: Node, write: int) -> bool:
        at_work = [n for n in self.nodes if n.role == "leader" and self.now >= n.serves and n is not lead]
        if any(n.term > lead.term for n in at_work) and self.random.random() < self.s.fencing:
            self.seen["refused"] += 1
            return False
        self.live.add(write)
        if any((n.term, n.name) > (lead.term, lead.name) for n in at_work):
            self.stale.add(write)
        elif lead.term > 1:
            self.since[lead.name].add(write)
        return True

    # -- one history again ---------------------------------------------------------------------------------------------

    def join(self) -> None:
        """Links have been back for one message delay: the newest leader's history is kept."""
        for node in self.nodes:
            if node.frozen:
                self.wake(node)
        lead = self.leader()
        if lead.term == 1 or (not self.since.get(lead.name) and self.s.storage == "replicas" and not self.stale):
            lost = (self.live - lead.have) if lead.term > 1 and self.s.storage == "replicas" else set()
        elif self.s.storage == "shared":
            lost = self.stale
        else:
            lost = self.live - lead.have
        if lead.name == self.reign or lead.term > 1:
            mine = {self.key[w] for w in self.since.get(lead.name, set()) - lost - self.stale}
            self.seen["conflicts"] += len(mine & {self.key[w] for w in lost})
        self.seen["lost"] += len(lost)
        self.live -= lost
        self.stale = set()
        for node in self.nodes:
            node.have = set(lead.have)
        self.since = {node.name: set() for node in self.nodes}


def recovered(world: World) -> float:
    """The first second after the trigger from which 99 % are taken for ten seconds."""
    s = world.s
    end = s.cut_start + s.flaps * s.cut_duration + (s.flaps - 1) * s.flap_gap
    good = [t >= 0.99 * n for n, t in zip(world.sent, world.taken, strict=True)]
    for second in range(math.floor(end), int(s.until) - 9):
        if all(good[second : second + 10]):
            return max(float(second), end)
    return math.nan


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """What the tests compare."""
    world = World(scenario, seed)
    seen = world.run()
    return seen | {"recovered": recovered(world)}
