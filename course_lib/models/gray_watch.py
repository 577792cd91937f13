"""Who watches a fleet in a gray failure: health checks that probe each host, and a judge that counts what callers saw.

Arrays are (hosts, members); chance is drawn by round and host.
"""

from __future__ import annotations

import functools
from collections import deque

import numpy as np
from numpy.typing import NDArray

from course_lib.models import noise
from course_lib.models.exact import FloatArray, total
from course_lib.models.gray_latency import HEAVY, LIMPING, LOSSY, Calls, Laws
from course_lib.models.simulation import Batch
from course_lib.theory.tails import normal_tail

SLOTS = 128  # draws of one round
IN_ROTATION = -1.0
RARE = 1e-9  # calls that are expected to be bad, below which nobody draws: none is


class Watch:
    """Which hosts are out, and why."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch = batch
        self.count = int(batch.highest("hosts"))
        host = np.arange(self.count)[:, None]
        shape = (self.count, batch.size)
        self.here = np.broadcast_to(host < batch.hosts, shape)
        self.ill = np.broadcast_to(host < batch.impaired_hosts, shape) & self.here
        self.check_every = batch.ticks_in(batch.check_interval)
        self.judge_every = batch.ticks_in(batch.ejection_interval)
        self.luck = self._draw(noise.uniform, "check", ticks // int(self.check_every.min()) + 1)
        self.judgements = ticks // int(self.judge_every.min()) + 1
        self.rare = self._draw(noise.normal, "count", self.judgements)
        self.row, self.times, self.weight = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.sent, self.bad = np.zeros(shape), np.zeros(shape)  # calls to expect since the last judgement
        self.lag = batch.objective / batch.dt  # ticks until a call that is bad counts as bad
        most = int(np.ceil(self.lag.max()))
        self.recent: deque[FloatArray] = deque(maxlen=most)  # bad calls of each tick, last first
        self.open = np.zeros(shape)  # of them, those that did not count yet at the last judgement
        self.seen, self.seen_bad = np.zeros(shape), np.zeros(shape)  # calls counted since the last verdict
        self.trains = np.ones(batch.size)  # good calls of impaired hosts that come together
        self.until = np.full(shape, IN_ROTATION)
        self.queues = np.zeros(shape)  # seconds of work ahead of a call
        self.red, self.trial, self.blamed = (np.zeros(shape, dtype=bool) for _ in range(3))
        self.news = False

    def _draw(self, kind: object, stream: str, rounds: int) -> FloatArray:
        drawn = kind(self.batch.seeds, f"gray {stream}", rounds * SLOTS)
        return drawn.reshape(rounds, SLOTS, -1)[:, : self.count]

    @functools.cached_property
    def usual(self) -> FloatArray:
        """Draws for what is usual, where it is in doubt."""
        return self._draw(noise.normal, "usual", self.judgements)

    # -- what is in rotation

    def rotation(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many hosts of each kind get calls, those on trial apart: two rows each, the healthy and the impaired."""
        there = self.here & ~self.red & (self.until < 0)
        trial = there & self.trial & (self.batch.probation > 0)
        self.weight = np.where(there & self.trial, self.batch.probation, there.astype(float))
        kinds = ~self.ill, self.ill
        full, tried = (
            np.stack([np.add.reduce(some & kind, axis=0, dtype=np.int64) for kind in kinds])
            for some in (there & ~self.trial, trial)
        )
        return full, tried

    def of_hosts(self, which: np.ndarray) -> FloatArray:
        """Share of all hosts."""
        return np.add.reduce(which & self.here, axis=0, dtype=np.int64) / self.batch.hosts

    @property
    def disagree(self) -> np.ndarray:
        """Hosts on which the checks and the callers are of two minds."""
        return self.blamed != self.red

    # -- queues

    def work_off(self, load: FloatArray, dt: float) -> FloatArray:
        """One tick of every host's queue; the mean wait at the hosts in rotation of each kind, before it and after."""
        there = self.weight > 0
        kinds = (there & ~self.ill, there & self.ill)
        counts = [np.maximum(np.add.reduce(kind, axis=0, dtype=np.int64), 1) for kind in kinds]
        before = [total(self.queues * kind) / count for kind, count in zip(kinds, counts, strict=True)]
        self.queues = np.maximum(self.queues + dt * (load - 1.0), 0.0)
        after = [total(self.queues * kind) / count for kind, count in zip(kinds, counts, strict=True)]
        return np.stack([*before, *after])

    # -- health checks

    def check(self, tick: int, laws: Laws, calls: Calls) -> bool:
        """Probe every host of the members whose checks are due; whether that changes who is in rotation."""
        due = (tick % self.check_every == 0) & (tick > 0)
        if not due.any():
            return False
        healthy, ill = self.failing(laws, calls)
        if not (healthy.any() or ill.any() or self.row.any()):
            return False  # no probe fails, and none has failed
        luck = self._round(self.luck, tick, self.check_every)
        fails = luck < np.where(self.ill, ill, healthy)
        row = np.where(fails, self.row + 1.0, 0.0)
        red = (row >= self.batch.check_failures) | (self.red & fails)
        before, self.row, self.red = self.red, np.where(due, row, self.row), np.where(due, red, self.red)
        return bool((before != self.red).any())

    def _round(self, drawn: FloatArray, tick: int, every: np.ndarray) -> FloatArray:
        """Each member's draws for its present round."""
        rounds = tick // every
        if (rounds == rounds[0]).all():
            return drawn[rounds[0]]
        rounds = np.broadcast_to(rounds, (self.batch.size,))
        members = np.arange(self.batch.size) if drawn.shape[2] > 1 else np.zeros(self.batch.size, dtype=np.int64)
        return drawn[rounds, :, members].T

    def failing(self, laws: Laws, calls: Calls) -> tuple[FloatArray, FloatArray]:
        """Chance that a probe of a healthy, and of an impaired host fails.

        A share `check_depth` of the probes does what a call does; the others find that the process answers.
        """
        batch, patience = self.batch, self.batch.check_timeout
        depth, hit, kind = batch.check_depth, laws.hit * calls.ill, laws.kind
        factor = np.where(calls.ill, laws.factor, 1.0)
        if not depth.any():
            return depth, np.where(kind == LOSSY, hit, 0.0)
        late = lambda wait, median: np.where(  # noqa: E731
            patience > wait,
            normal_tail(np.log(np.maximum(patience - wait, 1e-300) / median) / batch.spread), 1.0,
        )  # fmt: skip
        healthy = depth * late(calls.waits[0], batch.median_time)
        real = late(calls.waits[1], batch.median_time * factor)
        slow = late(calls.waits[1], batch.slow_time)
        ill = depth * np.where(kind == LIMPING, (1.0 - hit) * real + hit * slow, real)
        ill = np.where(kind == LOSSY, hit + (1.0 - hit) * ill, ill)
        other = (kind != LIMPING) & (kind != LOSSY) & (kind != HEAVY)
        return healthy, np.where(other & calls.ill, depth, ill)

    # -- outlier ejection

    def count_calls(self, sent: FloatArray, bad: FloatArray) -> None:
        """Note what callers are to see of each host in one tick."""
        self.sent += sent
        self.bad += bad
        self.recent.appendleft(bad)

    def judge(self, tick: int, cap: FloatArray) -> bool:
        """Eject the worst of those that have had enough calls, up to the cap; take back whose time is over.

        Returns whether that changes who is in rotation; `news`, whether callers think otherwise of somebody.
        """
        self.news = False
        due = (tick % self.judge_every == 0) & (tick > 0)
        if not due.any():
            return False
        batch, now = self.batch, tick * self.batch.dt
        self._count(tick, due)
        if not (cap > 0).any() and not (self.until >= 0).any() and not self.trial.any():
            self._only_blame(due)
            return False
        back = due & (self.until >= 0) & (self.until <= now + 1e-6)
        self.until, self.trial = np.where(back, IN_ROTATION, self.until), self.trial | back
        seen = due & self.here & (self.until < 0) & ~back & (self.seen >= batch.ejection_volume)
        share = self._forget(seen | back)
        usual = np.where(batch.ejection_rule == 0, middle(share, seen), 0.0)
        blamed = seen & (share > usual + batch.outlier_share)
        out = self._worst(blamed, share, cap)
        times = np.where(out, self.times + 1.0, np.where(seen & ~blamed, np.maximum(self.times - 1.0, 0.0), self.times))
        self.until = np.where(out, now + batch.ejection_time * times, self.until)
        trial, blame = self.trial, self.blamed
        self.trial = self.trial & ~out & (~seen | blamed)
        self.times, self.blamed = times, np.where(seen, share > batch.outlier_share, self.blamed)
        self.news = bool((blame != self.blamed).any())
        return bool((back | out | (trial != self.trial)).any())

    def _only_blame(self, due: np.ndarray) -> None:
        """The same where nobody may be ejected and nobody is out: callers have an opinion, and that is all."""
        seen = due & self.here & (self.seen >= self.batch.ejection_volume)
        before, share = self.blamed, self._forget(seen)
        self.blamed = np.where(seen, share > self.batch.outlier_share, before)
        if self.times.any():
            usual = np.where(self.batch.ejection_rule == 0, middle(share, seen), 0.0)
            calm = seen & ~(share > usual + self.batch.outlier_share)
            self.times = np.where(calm, np.maximum(self.times - 1.0, 0.0), self.times)
        self.news = bool((before != self.blamed).any())

    def _count(self, tick: int, due: np.ndarray) -> None:
        """Draw what each host's callers have counted since the last judgement: good calls and bad, by chance both.

        A call is bad once its objective is over; so the bad ones of before the last judgement are not among the calls.
        Of a host that has calls enough for a verdict in any case, only the rarer of the two are drawn; good
        ones come together at some hosts, as `Gathering.trains` says.
        """
        open_still = np.zeros_like(self.bad)
        for ticks, bad in enumerate(self.recent):
            open_still += bad * np.clip(self.lag - ticks, 0.0, 1.0)
        self.bad = np.where(due, self.bad + self.open - open_still, self.bad)
        self.open = np.where(due, open_still, self.open)
        good = np.maximum(self.sent - self.bad, 0.0)
        rare, usual = np.minimum(self.bad, good), np.maximum(self.bad, good)
        some, drawn, z = rare > RARE, np.zeros(rare.shape), self._round(self.rare, tick, self.judge_every)
        bad_is_rare, together = self.bad <= good, np.where(self.ill, self.trains, 1.0)
        each = np.where(bad_is_rare, 1.0, together)
        drawn[some] = each[some] * noise.poisson(np.where(bad_is_rare, z, -z)[some], (rare / each)[some])
        doubtful = self.here & (usual > 0) & (self.seen + self.sent < 2.0 * self.batch.ejection_volume + 50.0)
        rest = usual.copy()
        if doubtful.any():
            z = self._round(self.usual, tick, self.judge_every) + np.zeros(usual.shape)
            each = np.where(bad_is_rare, together, 1.0)
            rest[doubtful] = each[doubtful] * noise.poisson(z[doubtful], (usual / each)[doubtful])
        earlier = np.maximum(self.bad - self.sent, 0.0)
        self.seen = np.where(due, self.seen + drawn + rest - earlier, self.seen)
        self.seen_bad = np.where(due, self.seen_bad + np.where(bad_is_rare, drawn, rest), self.seen_bad)
        self.sent, self.bad = np.where(due, 0.0, self.sent), np.where(due, 0.0, self.bad)

    def _forget(self, these: np.ndarray) -> FloatArray:
        """Shares of bad calls that have been counted, from now on anew at these."""
        share = self.seen_bad / np.maximum(self.seen, 1e-9)
        self.seen, self.seen_bad = np.where(these, 0.0, self.seen), np.where(these, 0.0, self.seen_bad)
        return share

    def _worst(self, blamed: np.ndarray, share: FloatArray, cap: FloatArray) -> np.ndarray:
        """Of those to blame, the worst for whom there is room under the cap."""
        most = np.where(cap > 0, np.maximum(np.floor(cap * self.batch.hosts + 1e-9), 1.0), 0.0)
        room = most - np.add.reduce(self.until >= 0, axis=0, dtype=np.int64)
        order = np.argsort(np.where(blamed, -share, 2.0), axis=0, kind="stable")
        rank = np.argsort(order, axis=0, kind="stable")
        return blamed & (rank < room)


def middle(share: FloatArray, seen: np.ndarray) -> FloatArray:
    """Median over the hosts that were seen, the lower of two; 0 where none was."""
    ordered = np.sort(np.where(seen, share, 2.0), axis=0)
    count = np.add.reduce(seen, axis=0, dtype=np.int64)
    place = np.maximum(count - 1, 0) // 2
    return np.where(count > 0, np.take_along_axis(ordered, place[None], axis=0)[0], 0.0)
