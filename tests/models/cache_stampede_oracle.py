"""An independent cache: every request an event in a heap, plain Python, nothing shared with the model.

Readers, keys, locks, the origin's workers and its queue are all counted one by one; no fluid, no ticks.
"""

from __future__ import annotations

import bisect
import dataclasses
import heapq
import math
import random
from collections import Counter, deque


@dataclasses.dataclass
class Setting:
    """The model's parameters as plain numbers (see there); `rate` and `capacity` factors hold during the trigger."""

    arrival_rate: float = 500.0
    keys: int = 64
    zipf_exponent: float = 1.0
    ttl: float = 30.0
    ttl_jitter: float = 0.0
    recompute_time: float = 1.0
    origin_capacity: float = 60.0
    background_rate: float = 10.0
    queue_limit: float = 1000.0
    client_timeout: float = 3.0
    fill: str = "look_aside"
    coalescing: str = "none"
    processes: int = 20
    lock_expiry: float = 10.0
    crash_probability: float = 0.0
    beta: float = 0.0
    stale_while_revalidate: float = 0.0
    stale_if_error: float = 0.0
    trigger: str = "none"
    trigger_start: float = 60.0
    trigger_duration: float = 20.0
    surge_factor: float = 1.6
    flush_share: float = 1.0
    warmup_ramp: float = 0.0
    brownout_capacity: float = 0.2
    valve: tuple = (0.0, 0.0, 1.0)  # from, until, share of the requests let in
    nodes_down: tuple = (0.0, 0.0, 0.0)  # from, until, share of the keys that nothing keeps


class Job:
    """One recompute on its way: for whom, since when, and in which cycle of its key."""

    __slots__ = ("born", "crashed", "cycle", "done", "key", "process", "reader")

    def __init__(self, key, born, cycle, reader, process, crashed=False):
        self.key, self.born, self.cycle, self.reader, self.process = key, born, cycle, reader, process
        self.crashed, self.done = crashed, False


class Cache:
    """The whole system; `run` returns counts by name and second, and the samples taken on the way."""

    def __init__(self, setting: Setting, seed: int) -> None:
        s = self.s = setting
        self.random = random.Random(seed)
        weight = [k**-s.zipf_exponent for k in range(1, s.keys + 1)]
        total = sum(weight)
        self.cumulative, running = [], 0.0
        for w in weight:
            running += w / total
            self.cumulative.append(running)
        self.expiry, self.made, self.cycle = [], [], [0] * s.keys
        for w in weight:
            idle = total / (w * s.arrival_rate)
            u = self.random.random()
            life = s.ttl * (1 - s.ttl_jitter * u)
            self.expiry.append(max(u * (life + idle) - idle, 0.0))
            self.made.append(self.expiry[-1] - life)
        self.node = [self.random.random() for _ in range(s.keys)]
        self.held = [{} for _ in range(s.keys)]  # process -> time at which its claim lapses
        self.waiters = [[] for _ in range(s.keys)]
        self.queue: deque[Job] = deque()
        self.busy = 0
        self.heap: list = []
        self.serial = 0
        self.counts = {name: Counter() for name in "offered fresh stale missed good failed wanted hot".split()}
        self.latencies, self.ages, self.cycle_sizes, self.hot_since, self.leads = [], [], [], 0, []

    # -- loop ---------------------------------------------------------------------------------------------------------

    def run(self, until: float) -> Cache:
        self.at(self.random.expovariate(self.s.arrival_rate), self.arrive)
        if self.s.background_rate:
            self.at(self.random.expovariate(self.s.background_rate), self.background)
        if self.s.trigger != "none":
            self.at(self.s.trigger_start, self.strike)
            self.at(self.s.trigger_start + self.s.trigger_duration, self.start_work)
        if self.s.nodes_down[2]:
            self.at(self.s.nodes_down[0], self.lose)
        while self.heap and self.heap[0][0] < until:
            self.now, _, event, what = heapq.heappop(self.heap)
            event(*what)
        return self

    def at(self, time, event, *what):
        self.serial += 1
        heapq.heappush(self.heap, (time, self.serial, event, what))

    def count(self, name, n=1):
        self.counts[name][int(self.now)] += n

    def triggered(self, trigger):
        s = self.s
        return s.trigger == trigger and s.trigger_start <= self.now < s.trigger_start + s.trigger_duration

    def strike(self):
        s = self.s
        if s.trigger == "hot_key":
            self.expiry[0] = min(self.expiry[0], self.now)
        if s.trigger == "flush":
            for key in range(s.keys):
                if self.random.random() < s.flush_share:
                    self.expiry[key] = -math.inf

    def lose(self):
        self.expiry = [-math.inf if self.down(key) else expiry for key, expiry in enumerate(self.expiry)]

    def down(self, key):
        start, end, share = self.s.nodes_down
        return start <= self.now < end and self.node[key] < share

    # -- readers ------------------------------------------------------------------------------------------------------

    def arrive(self):
        rate = self.s.arrival_rate * (self.s.surge_factor if self.triggered("hot_key") else 1.0)
        self.at(self.now + self.random.expovariate(rate), self.arrive)
        self.count("offered")
        s = self.s
        ramp = (self.now - s.trigger_start) / s.warmup_ramp if s.warmup_ramp and self.now >= s.trigger_start else 1.0
        start, end, share = s.valve
        let_in = min(max(ramp, 0.02), 1.0) * (share if start <= self.now < end else 1.0)
        if let_in < 1.0 and self.random.random() > let_in:
            self.count("failed")
            return
        self.read(min(bisect.bisect(self.cumulative, self.random.random()), s.keys - 1))

    def read(self, key):
        s, left = self.s, self.expiry[key] - self.now
        early = left > 0 and s.beta > 0 and self.random.random() < math.exp(-left / (s.beta * s.recompute_time))
        if left > 0 and not early:
            return self.answer(key, "fresh")
        if s.stale_while_revalidate and left > -s.stale_while_revalidate:
            self.answer(key, "fresh" if left > 0 else "stale")
            holder = "fleet" if s.coalescing == "fleet" else "refresh"  # one lock a key, if there are locks
            if self.claim(key, holder):
                self.submit(self.job(key, None, holder))
            return None
        process = {"none": None, "fleet": "fleet", "process": self.random.randrange(s.processes)}[s.coalescing]
        mine = process is None or self.claim(key, process)
        if early and not mine:
            return self.answer(key, "fresh")
        self.count("missed")
        reader = [self.now, False, key, self.expiry[key], process]
        if mine and not self.submit(self.job(key, reader, process)):
            return self.fail(reader)
        if process is not None:
            self.waiters[key].append(reader)
        self.at(self.now + s.client_timeout, self.fail, reader)
        return None

    def job(self, key, reader, process):
        """A recompute; the holder of a fleet-wide lock may die, and then its lock stays until it lapses."""
        crashed = process == "fleet" and self.random.random() < self.s.crash_probability
        if crashed:
            self.held[key][process] = self.now + self.s.lock_expiry
        return Job(key, self.now, self.cycle[key], reader, process, crashed)

    def claim(self, key, process):
        """Take a lock that is free or has lapsed; it lapses at its expiry, and is let go when its holder gives up."""
        if self.held[key].get(process, -1.0) > self.now:
            return False
        self.held[key][process] = self.now + min(self.s.lock_expiry, self.s.client_timeout)
        return True

    def answer(self, key, how, age=None):
        self.count(how)
        self.count("good")
        if how == "stale":
            self.ages.append(self.now - self.expiry[key])

    def fail(self, reader):
        if reader[1]:
            return
        reader[1] = True
        born, _, _, expiry, _ = reader
        if born - expiry < self.s.stale_if_error:
            self.count("stale")
            self.count("good")
        else:
            self.count("failed")
        if self.now > born:
            self.latencies.append((self.now, self.s.client_timeout))

    def satisfy(self, reader):
        if not reader[1]:
            reader[1] = True
            self.count("good")
            self.latencies.append((self.now, self.now - reader[0]))

    # -- the origin ---------------------------------------------------------------------------------------------------

    def background(self):
        self.at(self.now + self.random.expovariate(self.s.background_rate), self.background)
        self.submit(Job(None, self.now, 0, None, None))

    def submit(self, job):
        self.count("wanted")
        if job.key == 0:
            self.count("hot")
        if len(self.queue) >= self.s.queue_limit:
            if job.process is not None and not job.crashed:
                self.held[job.key].pop(job.process, None)
            return False
        if job.key == 0:
            self.hot_since += 1
            if self.hot_since == 1:
                self.leads.append(self.expiry[0] - self.now)
        self.queue.append(job)
        self.start_work()
        return True

    def start_work(self):
        workers = round(self.s.origin_capacity * self.s.recompute_time * self.slowed())
        while self.queue and self.busy < workers:
            self.busy += 1
            self.at(self.now + self.s.recompute_time, self.finish, self.queue.popleft())

    def slowed(self):
        return self.s.brownout_capacity if self.triggered("brownout") else 1.0

    def finish(self, job):
        self.busy -= 1
        self.start_work()
        if job.key is None:
            return
        in_time = self.now - job.born <= self.s.client_timeout
        if job.crashed:
            return
        if job.reader is not None and in_time:
            self.satisfy(job.reader)
        if (in_time or self.s.fill == "read_through") and job.cycle == self.cycle[job.key]:
            self.store(job.key)
        if job.process is not None and (in_time or self.s.fill == "read_through"):
            self.share(job)

    def share(self, job):
        """A flight that lands answers those of its own process (or of the fleet) who wait on it."""
        waiting, self.waiters[job.key] = self.waiters[job.key], []
        for reader in waiting:
            if reader[4] == job.process:
                self.satisfy(reader)
            elif not reader[1]:
                self.waiters[job.key].append(reader)
        self.held[job.key].pop(job.process, None)

    def store(self, key):
        s = self.s
        self.cycle[key] += 1
        self.made[key] = self.now
        self.expiry[key] = self.now + s.ttl * (1 - s.ttl_jitter * self.random.random())
        if self.down(key):
            self.expiry[key] = -math.inf
        self.held[key].pop("fleet", None)
        self.held[key].pop("refresh", None)
        if key == 0:
            self.cycle_sizes.append(self.hot_since)
            self.hot_since = 0

    # -- reading off --------------------------------------------------------------------------------------------------

    def total(self, name, start, end):
        return sum(n for second, n in self.counts[name].items() if start <= second < end)


def run(setting: Setting, seed: int, until: float) -> Cache:
    """Run one seed."""
    return Cache(setting, seed).run(until)
