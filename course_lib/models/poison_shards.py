"""One customer's messages kill whatever worker takes them: who else is on those workers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.models.exact import FloatArray
from course_lib.models.simulation import Batch
from course_lib.theory import rollouts

SHARDINGS = ("all", "cells", "shuffle")
ALL, CELLS, SHUFFLE = range(3)


class Poison:
    """Workers that are down, and requests that are lost with them; rows are ticks."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch = batch
        self.size = np.minimum(batch.shard_size, batch.workers)
        self.pool = np.where(batch.sharding == ALL, batch.workers, self.size)
        edges = np.arange(ticks + 1)[:, None] * batch.dt
        self.down = self._course(edges, lambda since: np.minimum(np.maximum(since / self.fills, 0.0), 1.0))
        seconds = self._course(edges, self._filled)
        self.lost = self._lost(np.minimum(np.maximum(np.diff(seconds, axis=0), 0.0) / batch.dt, 1.0))

    @property
    def fills(self) -> FloatArray:
        """Seconds in which the first messages take down as many workers as there will be."""
        deaths = self.batch.poison_rate * self.batch.deliveries
        return np.minimum(self.batch.restart_time, self.pool / np.maximum(deaths, 1e-12))

    def _filled(self, since: FloatArray) -> FloatArray:
        """The integral of a share that rises evenly while it fills, and stays."""
        since = np.maximum(since, 0.0)
        ramp = np.minimum(since, self.fills)
        return ramp * ramp / (2.0 * self.fills) + (since - ramp)

    def _course(self, time: FloatArray, rise: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Share of the pool that is down: it fills as messages come, and stays as long as any is left."""
        b = self.batch
        wanted = b.poison_rate * b.deliveries * b.restart_time / self.pool
        since, stays = time - b.poison_start, b.poison_duration * np.maximum(wanted, 1.0)
        return np.minimum(wanted, 1.0) * np.maximum(rise(since) - rise(since - stays), 0.0)

    def _lost(self, down: FloatArray) -> FloatArray:
        """Share of all requests whose every try meets a dead worker."""
        b = self.batch
        own = self._all_dead(down * self.pool, self.pool)
        shuffled = np.zeros(1)
        if (b.sharding == SHUFFLE).any():
            for j, chance in enumerate(self._overlaps()):
                shuffled = shuffled + chance * self._all_dead(j * down, self.size)
        part = np.where(b.sharding == CELLS, self.size / b.workers, 1.0)
        return np.minimum(np.where(b.sharding == SHUFFLE, shuffled, part * own), 1.0)

    def _all_dead(self, dead: FloatArray, of: FloatArray) -> FloatArray:
        chance = np.ones(1)
        for i in range(int(np.max(self.batch.tries))):
            one = np.minimum(np.maximum((dead - i) / np.maximum(of - i, 1.0), 0.0), 1.0)
            chance = chance * np.where((i < self.batch.tries) & (i < of), one, 1.0)
        return chance

    def _overlaps(self) -> FloatArray:
        """Chance that a customer shares 0, 1, ... workers with the poison's shard, (sizes, members)."""
        workers, sizes = np.broadcast_arrays(self.batch.workers, self.size)
        pairs, place = np.unique(np.stack([workers, sizes]), axis=1, return_inverse=True)
        table = np.zeros((int(sizes.max()) + 1, pairs.shape[1]))
        for column, (n, k) in enumerate(pairs.T.astype(np.int64).tolist()):
            table[: k + 1, column] = rollouts.overlap(n, k)
        return table[:, place.ravel()]

    def dark(self) -> FloatArray:
        """Share of customers all of whose workers are down, at the end of each tick and before the first."""
        b = self.batch
        whole = np.minimum(np.maximum(self.down * self.pool - (self.pool - 1.0), 0.0), 1.0)
        part = np.where(b.sharding == CELLS, self.size / b.workers, 1.0)
        if (b.sharding == SHUFFLE).any():
            table = self._overlaps()
            sizes = np.broadcast_to(self.size, (table.shape[1],)).astype(np.int64)
            full = np.take_along_axis(table, sizes[None, :], axis=0)[0]
            part = np.where(b.sharding == SHUFFLE, full, part)
        return part * whole

    def of_all(self) -> FloatArray:
        """Share of all workers that is down, as `dark`."""
        return np.minimum(self.down * self.pool / self.batch.workers, 1.0)
