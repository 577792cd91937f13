"""Instances and what the registry says of them: the fixed part of a run of the discovery failure, closed over time.

Arrays are (instances, members). The first rows are the fleet at time 0, one a slot; then come the replacements, in the
order in which they are born, and last the addresses that somebody forges. Chance is drawn by slot and generation.
"""

from __future__ import annotations

import numpy as np

from course_lib.models import noise
from course_lib.models.exact import FloatArray
from course_lib.models.simulation import Batch

SLOTS = 512  # draws of one generation
DEAD, LATE, EMPTY, DEAF, CHECKS, HOSTS, FORGED = range(7)  # in the order of the choice `trigger`
NEVER = np.inf


def after(time: FloatArray, phase: FloatArray, period: FloatArray) -> FloatArray:
    """First of the instants ``phase + k period`` at or after `time`; `time` itself where there is no period."""
    safe = np.where(period > 0, period, 1.0)
    with np.errstate(invalid="ignore"):
        found = phase + np.ceil((time - phase) / safe - 1e-9) * safe
    return np.where((period > 0) & np.isfinite(time), found, time)


class Fleet:
    """Who lives when: every departure is replaced at once, by an instance with an address of its own."""

    def __init__(self, batch: Batch, until: float) -> None:
        self.batch, self.until = batch, until
        self.width = max(batch.size, 2)  # numpy adds up a lone column in another order
        self.count = int(batch.highest("instances"))
        self.seeds, column = np.unique(batch.seeds, return_inverse=True)  # few are drawn, and then dealt out
        self.column = np.broadcast_to(column.ravel(), self.width)
        self.start = batch.outage_start
        self.end = self.start + batch.outage_duration
        self._draw()
        self._forge()

    def _draw(self) -> None:
        born, dies = self._generations()
        rows = np.arange(len(born))
        slot, born = np.broadcast_arrays((rows % self.count)[:, None], born)
        there = (born < self.until) & (slot < self.batch.instances)
        later = np.argsort(np.where(there, born, NEVER)[self.count :], axis=0, kind="stable")
        later = self.count + later[: there[self.count :].sum(axis=0).max(initial=0)]
        order = np.concatenate([np.broadcast_to(rows[: self.count, None], (self.count, self.width)), later])
        pick = lambda values: np.take_along_axis(values, order, axis=0)  # noqa: E731
        self.here, self.slot, self.born, self.dies = pick(there), pick(slot), pick(born), pick(dies)
        deployed = np.tile(self.deployed, (len(rows) // self.count, 1)) == dies
        self.said_goodbye = pick(deployed | (self._chance("goodbye", len(rows)) >= self.batch.crash_share))
        phase = pick(self._chance("heartbeat", len(rows)))
        self.first_beat = np.maximum(self.born, 0.0) + phase * self.batch.heartbeat
        self.forged = np.zeros((1, 1), dtype=bool)

    def _chance(self, stream: str, rows: int) -> FloatArray:
        """Uniform draws (rows, width) by generation and slot."""
        return self._by_slot(noise.uniform, stream, rows // self.count)

    def _by_slot(self, kind: object, stream: str, generations: int) -> FloatArray:
        drawn = kind(self.seeds, f"discovery {stream}", generations * SLOTS)
        drawn = drawn.reshape(generations, SLOTS, -1)[:, : self.count].reshape(generations * self.count, -1)
        return drawn.take(self.column, axis=1)

    def _generations(self) -> tuple[FloatArray, FloatArray]:
        """Birth and death of every generation of every slot, until all have outlived the run."""
        rate = self.batch.churn / 3600.0
        self.deployed, most = self._deployed(), 2
        while True:
            gaps = self._by_slot(noise.exponential, "life", most).reshape(most, self.count, -1)
            with np.errstate(divide="ignore"):
                dies = np.add.accumulate(np.where(rate > 0, gaps / np.where(rate > 0, rate, 1.0), 1e18), axis=0)
            if dies[-1].min() > self.until:
                break
            most *= 2
        dies = np.sort(np.concatenate([dies, self.deployed[None]]), axis=0)
        born = np.concatenate([np.full((1, *dies.shape[1:]), -NEVER), dies[:-1]])
        return born.reshape(-1, self.width), dies.reshape(-1, self.width)

    def _deployed(self) -> FloatArray:
        """When the deploy replaces each slot, shape (count, width); a frozen deploy waits for the registry."""
        batch = self.batch
        draws = np.where(np.arange(self.count)[:, None] < batch.instances, self._by_slot(noise.uniform, "turn", 1), 2.0)
        rank = np.argsort(np.argsort(draws, axis=0, kind="stable"), axis=0, kind="stable")
        when = batch.deploy_start + (rank + 0.5) / batch.instances * batch.deploy_duration
        frozen = (batch.deploy_freeze > 0) & (batch.trigger == DEAD)
        begun = (batch.deploy_start < self.start) & (when >= self.start)
        waits = np.where(begun, batch.outage_duration, 0.0)
        later = (self.start <= batch.deploy_start) & (batch.deploy_start < self.end)
        with np.errstate(invalid="ignore"):
            waits = np.where(later, self.end - batch.deploy_start, waits)
        return np.where(frozen, when + waits, when) + np.zeros(self.width)

    def _forge(self) -> None:
        """Rows for addresses that nobody of ours has."""
        batch = self.batch
        if not (batch.trigger == FORGED).any():
            return
        row = np.arange(self.count)[:, None]
        there = (batch.trigger == FORGED) & (row < np.round(batch.failing_share * batch.instances))
        there = there & np.ones(self.width, dtype=bool)
        add = lambda name, one: setattr(self, name, np.concatenate([getattr(self, name), there * 0 + one]))  # noqa: E731
        self.forged = np.concatenate([np.zeros(self.here.shape, dtype=bool), there])
        self.here = np.concatenate([self.here, there])
        add("slot", SLOTS)
        add("born", -NEVER)
        add("dies", -NEVER)
        add("first_beat", NEVER)
        self.said_goodbye = np.concatenate([self.said_goodbye, np.zeros_like(there)])

    # -- heartbeats

    def last_beat(self, time: FloatArray) -> FloatArray:
        """Last heartbeat at or before `time`; the registration, if none was sent."""
        period = self.batch.heartbeat
        with np.errstate(invalid="ignore"):
            found = self.first_beat + np.floor((time - self.first_beat) / period + 1e-9) * period
        return np.where(np.isfinite(time), np.maximum(found, self.born), time)

    def next_beat(self, time: FloatArray) -> FloatArray:
        """First heartbeat at or after `time`."""
        return np.maximum(after(time, self.first_beat, self.batch.heartbeat), self.first_beat)

    def within(self, time: FloatArray) -> np.ndarray:
        """Whether it lies in the outage."""
        return (time >= self.start) & (time < self.end)

    @property
    def hit(self) -> np.ndarray:
        """Whether the failing checks, or the failure, are an instance's own."""
        return self.slot < np.round(self.batch.failing_share * self.batch.instances)


class Registry:
    """When answers list an instance: from `come` to `go`, and after an interruption from `back` to `out`.

    `forget` and `forgotten` say until when a client that doubts knows it still. Seconds, (instances, width).
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.batch = fleet, fleet.batch
        self.kind = self.batch.trigger
        phase = lambda name: noise.uniform(self.batch.seeds, f"discovery {name}", 1)  # noqa: E731
        self.sweep_phase = phase("sweep") * self.batch.sweep
        self.cache_phase = phase("cache") * self.batch.response_cache
        come = self._registered()
        gone, told = self._removed()
        self._interrupt(come, gone)
        self._answer()
        self._remember(told)

    def _hears(self, time: FloatArray) -> np.ndarray:
        return ~(((self.kind == DEAD) | (self.kind == DEAF)) & self.fleet.within(time))

    def _registered(self) -> FloatArray:
        fleet = self.fleet
        heard = self._hears(fleet.born)
        come = np.where(heard, fleet.born, fleet.next_beat(fleet.end + np.zeros_like(fleet.born)))
        return np.where(fleet.forged, fleet.start, np.where(come < fleet.dies, come, NEVER))

    def _swept(self, time: FloatArray) -> FloatArray:
        """First sweep at or after `time` that is carried out."""
        fleet, batch = self.fleet, self.batch
        found = after(time, self.sweep_phase, batch.sweep)
        preserved = (self.kind == DEAF) & (batch.self_preservation > 0)
        until = np.where(preserved, fleet.end + batch.heartbeat, fleet.end)
        off = (preserved | (self.kind == DEAD)) & (found >= fleet.start) & (found < until)
        return np.where(off, after(until + np.zeros_like(found), self.sweep_phase, batch.sweep), found)

    def _removed(self) -> tuple[FloatArray, np.ndarray]:
        """When an instance is struck off, and whether it had said goodbye."""
        fleet, batch = self.fleet, self.batch
        told = fleet.said_goodbye & self._hears(fleet.dies)
        deaf, dead = self.kind == DEAF, self.kind == DEAD
        renewed = fleet.last_beat(fleet.dies)
        renewed = np.where(deaf & fleet.within(renewed), fleet.last_beat(fleet.start), renewed)
        gone = self._swept(renewed + batch.lease)
        kept = (
            dead & (fleet.dies < NEVER) & (after(renewed + batch.lease, self.sweep_phase, batch.sweep) >= fleet.start)
        )
        grace = self._swept(np.maximum(renewed, fleet.end) + batch.lease)
        gone = np.where(kept & (renewed < fleet.end), grace, gone)
        gone = np.where(told, fleet.dies, gone)
        return np.where(fleet.forged, fleet.end, gone), told

    def _interrupt(self, come: FloatArray, gone: FloatArray) -> None:
        """Cut the time on the list in two where the trigger does."""
        fleet, batch, kind = self.fleet, self.batch, self.kind
        again = fleet.next_beat(fleet.end + np.zeros_like(come))
        cut, back = np.full(come.shape, NEVER), np.full(come.shape, NEVER)
        lost = (kind == DEAD) & (batch.catalogue > 0) & (come < fleet.end) & (fleet.start < fleet.end)
        cut, back = np.where(lost, fleet.start, cut), np.where(lost, again, back)
        evicted = self._swept(fleet.last_beat(fleet.start) + batch.lease)
        deaf = (kind == DEAF) & (fleet.born < fleet.start) & (evicted < again)
        cut, back = np.where(deaf, evicted, cut), np.where(deaf, again, back)
        ill = fleet.next_beat(fleet.start + np.zeros_like(come))
        unwell = ((kind == CHECKS) | (kind == HOSTS)) & fleet.hit & (ill < fleet.end)
        unwell &= ill < fleet.dies  # who is dead reports no illness: it stays listed until its lease has run out
        cut, back = np.where(unwell, ill, cut), np.where(unwell, again, back)
        self.go = np.minimum(np.maximum(cut, come), gone)
        self.come = np.where(self.go > come, come, NEVER)
        self.go = np.where(self.go > come, self.go, NEVER)
        cut_off = (cut < gone) & (fleet.dies > back)
        self.back = np.where(cut_off, np.maximum(back, come), NEVER)
        self.out = np.where(cut_off, np.maximum(gone, self.back), NEVER)

    def _answer(self) -> None:
        """From the registry's own list to its answers: the response cache, late answers, empty ones."""
        fleet, batch, kind = self.fleet, self.batch, self.kind
        for name in ("come", "go", "back", "out"):
            seen = after(getattr(self, name), self.cache_phase, batch.response_cache)
            late = np.minimum(seen + batch.answer_delay, fleet.end)
            setattr(self, name, np.where((kind == LATE) & fleet.within(seen), late, seen))
        empty = kind == EMPTY
        open_again = np.maximum(self.come, fleet.end)
        self.back = np.where(empty, np.where(self.go > open_again, open_again, NEVER), self.back)
        self.out = np.where(empty, np.where(self.back < NEVER, self.go, NEVER), self.out)
        self.go = np.where(empty, np.minimum(self.go, fleet.start), self.go)
        self.come = np.where(empty & (self.come >= fleet.start), NEVER, self.come)
        nobody = ~fleet.here
        for name in ("come", "back"):
            setattr(self, name, np.where(nobody, NEVER, getattr(self, name)))

    def _remember(self, told: np.ndarray) -> None:
        """Until when a client knows what was listed: it was last told half a poll before, and goodbyes are told too."""
        batch = self.batch
        keep = np.maximum(batch.cache_life - batch.poll_interval / 2.0, 0.0)
        farewell = np.where(told, self.fleet.dies + batch.poll_interval / 2.0, NEVER)
        self.forget = np.minimum(np.minimum(self.go + keep, self.back), np.maximum(farewell, self.go))
        self.forgotten = np.minimum(self.out + keep, np.maximum(farewell, self.out))
