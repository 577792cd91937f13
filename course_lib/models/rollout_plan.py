"""Who has the new version when, and whom its fault harms: integrals over time, exact at any moment."""

from __future__ import annotations

import functools

import numpy as np

from course_lib.models import noise
from course_lib.models.exact import FloatArray, share
from course_lib.models.simulation import Batch

FAULTS = ("at_once", "load", "leak", "latent", "skew")
AT_ONCE, LOAD, LEAK, LATENT, SKEW = range(5)
STAGES = ("canary_share", "second_share", "third_share")
SLACK = 1e-9


class Plan:
    """Shares and times of the four stages, shape (size,) or (1,) each; a stage that adds nothing takes no time."""

    def __init__(self, batch: Batch) -> None:
        self.push, begins, before = batch.push_time, batch.rollout_start, np.zeros(1)
        self.shares: list[FloatArray] = []  # of the fleet, once a stage's push is over
        self.adds: list[FloatArray] = []  # what the stage adds
        self.begins: list[FloatArray] = []  # s
        self.compared: list[np.ndarray] = []  # whether there is a canary and a control
        for wanted in (*(getattr(batch, name) for name in STAGES), np.ones(1)):
            whole = np.minimum(np.ceil(wanted * batch.cells - SLACK) / batch.cells, 1.0)
            after = np.maximum(before, np.where(batch.cells > 1, whole, wanted))
            adds, ends = after - before, after < 1.0
            self.shares.append(after)
            self.adds.append(adds)
            self.begins.append(begins)
            self.compared.append((adds > 0) & ends)
            begins = begins + np.where((adds > 0) & ends, adds * self.push + batch.bake_time, 0.0)
            before = after
        self.delivered = self.begins[3] + self.adds[3] * self.push
        reaches = [after >= 1.0 for after in self.shares[:3]]
        for done, begin, adds in zip(reversed(reaches), self.begins[2::-1], self.adds[2::-1], strict=True):
            self.delivered = np.where(done, begin + adds * self.push, self.delivered)

    def share(self, time: FloatArray) -> FloatArray:
        """Share of the fleet that has the new version, if nobody stops it."""
        whole = np.zeros(1)
        for begins, adds in zip(self.begins, self.adds, strict=True):
            ramp = np.minimum(np.maximum(time - begins, 0.0) / np.where(self.push > 0, self.push, 1.0), adds)
            whole = whole + np.where(self.push > 0, ramp, np.where(time >= begins, adds, 0.0))
        return np.minimum(whole, 1.0)

    def integral(self, time: FloatArray) -> FloatArray:
        """Seconds of the whole fleet on the new version since time 0: the integral of `share`."""
        whole = np.zeros(1)
        for begins, adds in zip(self.begins, self.adds, strict=True):
            since = np.maximum(time - begins, 0.0)
            if not self.push.any():
                whole = whole + adds * since
                continue
            ramp = np.minimum(since, adds * self.push)
            whole = whole + ramp * ramp / np.where(self.push > 0, 2.0 * self.push, 1.0) + adds * (since - ramp)
        return whole

    def squared(self, time: FloatArray) -> FloatArray:
        """The integral of `share` squared."""
        whole, before = np.zeros(1), np.zeros(1)
        ends = [*self.begins[1:], np.full(1, np.inf)]
        for begins, end, adds, after in zip(self.begins, ends, self.adds, self.shares, strict=True):
            lasts = np.where(after >= 1.0, np.inf, end - begins)
            since = np.where(adds > 0, np.minimum(np.maximum(time - begins, 0.0), lasts), 0.0)
            ramp = np.minimum(since, adds * self.push)
            now = before + np.where(self.push > 0, ramp / np.where(self.push > 0, self.push, 1.0), 0.0)
            whole = whole + ramp * (now * now + now * before + before * before) / 3.0 + after * after * (since - ramp)
            before = after
        return whole

    def reaches(self, needed: FloatArray) -> FloatArray:
        """When the share first comes to what is needed."""
        when, before = np.full(1, np.inf), np.zeros(1)
        for begins, adds, after in zip(self.begins, self.adds, self.shares, strict=True):
            first = (adds > 0) & (after >= needed) & np.isinf(when)
            when = np.where(first, begins + np.maximum(needed - before, 0.0) * self.push, when)
            before = after
        return when


class Course:
    """What has happened of a plan that is stopped at some time, or never; rows are ticks."""

    def __init__(self, batch: Batch, plan: Plan, ticks: int, stopped: FloatArray) -> None:
        self.batch, self.plan, self.stopped = batch, plan, stopped
        self.edges = np.arange(ticks + 1)[:, None] * batch.dt
        self.end = (ticks + 1) * batch.dt
        self.back = stopped + batch.rollback_time
        self.frozen = plan.share(stopped)
        whole = self._mean(self.integral(self.edges))
        self.exposed = np.minimum(whole, 1.0)  # mean over the tick, of the fleet
        self.inside, self.outside = by_region(batch, self.exposed)  # of the region, and of the rest
        self.awake = self._awake(whole)  # of the exposed, those whom the fault can harm
        self.bad = self._bad()

    def _mean(self, integral: FloatArray) -> FloatArray:
        return np.maximum(np.diff(integral, axis=0), 0.0) / self.batch.dt

    def _held(self, time: FloatArray) -> FloatArray:
        """Seconds since the plan was stopped and before it was taken back."""
        return np.minimum(np.maximum(time - self.stopped, 0.0), self.batch.rollback_time)

    def integral(self, time: FloatArray) -> FloatArray:
        """Seconds of the whole fleet on the new version."""
        return self.plan.integral(np.minimum(time, self.stopped)) + self.frozen * self._held(time)

    def _awake(self, exposed: FloatArray) -> FloatArray:
        fault, b = self.batch.fault, self.batch
        wakes = np.where(fault == LATENT, b.rollout_start + b.onset * noise.exponential(b.seeds, "wakes", 1)[0], 0.0)
        loaded = self.plan.reaches(b.load_needed)
        loaded = np.where((loaded > self.stopped) & np.isfinite(self.stopped), np.inf, loaded)
        wakes = np.where((fault == LOAD) & (b.cells == 1), loaded, wakes)
        wakes = np.minimum(wakes, self.end)
        shift = np.where(fault == LEAK, b.onset, 0.0)
        time = np.minimum(self.edges, self.back) - shift
        harmful = self._mean(self.integral(np.maximum(time, wakes)) - self.integral(wakes))
        return share(harmful, np.maximum(exposed - harmful, 0.0))

    @functools.cached_property
    def crossed(self) -> FloatArray:
        """Share of two-hop calls that cross versions; none where calls stay in a cell."""
        squared = self.plan.squared(np.minimum(self.edges, self.stopped))
        squared = squared + self.frozen * self.frozen * self._held(self.edges)
        mean = self._mean(2.0 * (self.integral(self.edges) - squared))
        return np.where(self.batch.cells > 1, 0.0, np.minimum(mean, 0.5))

    def _bad(self) -> FloatArray:
        """Share of all requests that the change harms."""
        b = self.batch
        here = np.where(b.fault_place == 1, b.region_share * self.inside, self.exposed) * self.awake
        return b.fault_share * (np.where(b.fault == SKEW, self.crossed, here) if (b.fault == SKEW).any() else here)

    def canary_harm(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Share of requests harmed: of the canary's in the region, of its in the rest, and of the control's."""
        b = self.batch
        own = b.fault_share * np.where(b.fault == SKEW, self._calls(1.0 - self.exposed), self.awake)
        rest = np.where((b.fault_place == 1) & (b.fault != SKEW), 0.0, own)
        return own, rest, np.where(b.fault == SKEW, b.fault_share * self._calls(self.exposed), 0.0)

    def _calls(self, across: FloatArray) -> FloatArray:
        return np.where(self.batch.cells > 1, 0.0, across)


def by_region(batch: Batch, exposed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of a region's requests, and of the rest's, that meet the new version."""
    r = batch.region_share
    some = np.where(r > 0, r, 1.0)
    least = np.maximum(exposed - (1.0 - r), 0.0) / some
    inside = np.where(r > 0, np.minimum(np.maximum(least, exposed * batch.canary_mix / some), 1.0), 0.0)
    rest = np.where(r < 1, (exposed - r * inside) / np.where(r < 1, 1.0 - r, 1.0), 0.0)
    return inside, np.minimum(np.maximum(rest, 0.0), 1.0)
