"""What compares canary and control, and when it says stop.

In each stage the gate sees the requests and errors of both arms since the stage began. `z` is how far the canary's part
of all errors lies above its part of all requests, in standard deviations; `evidence` is the logarithm of how much
likelier the errors' places are if the canary errs `gate_ratio` times as often.
"""

from __future__ import annotations

import numpy as np

from course_lib.models import noise
from course_lib.models.exact import FloatArray, accumulate, cumulative, power, ratio
from course_lib.models.rollout_plan import SLACK, Course, Plan
from course_lib.models.simulation import Batch
from course_lib.theory.rollouts import normal_quantile

GATES = ("none", "threshold", "fixed", "peeking", "sequential")
NONE, THRESHOLD, FIXED, PEEKING, SEQUENTIAL = range(5)
FEWEST = 100.0  # requests that a threshold wants to have seen
Arms = tuple[FloatArray, FloatArray, FloatArray, FloatArray]  # canary's requests and errors, control's


class Stages:
    """Which tick belongs to which stage, and which of them are looks."""

    def __init__(self, batch: Batch, plan: Plan, ticks: int) -> None:
        starts = np.arange(ticks)[:, None] * batch.dt
        ends, every = starts + batch.dt, batch.look_every
        shape = (ticks, batch.size)
        self.within, self.first = [], []
        self.looks, self.last = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        for begins, following, compared in zip(plan.begins[:3], plan.begins[1:], plan.compared[:3], strict=True):
            inside = compared & (starts >= begins - SLACK) & (starts < following - SLACK)
            looks = np.floor((ends - begins) / every + SLACK) > np.floor((starts - begins) / every + SLACK)
            self.within.append(inside)
            self.first.append(np.minimum(np.ceil(begins / batch.dt - SLACK), ticks).astype(np.int64))
            self.looks |= inside & looks & (ends <= following + SLACK)
            self.last |= inside & (ends <= following + SLACK) & (ends + batch.dt > following + SLACK)

    def since(self, counted: FloatArray) -> FloatArray:
        """A running sum less what it was when the tick's stage began; nothing outside of stages."""
        shape = (len(counted) - 1, self.looks.shape[1])
        kept, whole = np.zeros(shape), np.broadcast_to(counted, (len(counted), shape[1]))
        for inside, first in zip(self.within, self.first, strict=True):
            row = np.broadcast_to(first, (shape[1],))[None, :]
            kept += np.where(inside, whole[1:] - np.take_along_axis(whole, row, axis=0), 0.0)
        return np.maximum(kept, 0.0)


class Gate:
    """Counts of both arms, what they come to, and the first look that says stop."""

    def __init__(self, batch: Batch, course: Course, stages: Stages) -> None:
        self.batch, self.stages = batch, stages
        self.shape = stages.looks.shape
        self.by_region = np.broadcast_to(batch.strata == 1, (batch.size,))
        parts = self._parts(course)
        self.arms = self._counted(parts)
        self.alarm = batch.false_alarm / np.where(batch.strata == 1, 2.0, 1.0)
        self.level = self._level()

    def _parts(self, course: Course) -> dict[str, Arms]:
        """Expected requests and errors in a tick, of canary and control, in the region and the rest."""
        b, shape = self.batch, self.shape
        requests = b.arrival_rate * b.dt
        spare = np.maximum(1.0 - course.exposed, 0.0)
        kept = np.minimum(ratio(b.control_ratio * course.exposed, spare + np.zeros(shape)), 1.0)
        inside, outside, against = course.canary_harm()
        usual = b.at("baseline", np.arange(shape[0]) * b.dt), b.at("region_baseline", np.arange(shape[0]) * b.dt)
        found = {}
        for name, part, exposed, base, harm in (
            ("region", b.region_share, course.inside, usual[1], inside),
            ("rest", 1.0 - b.region_share, course.outside, usual[0], outside),
        ):
            canary = requests * part * exposed + np.zeros(shape)
            control = requests * part * (1.0 - exposed) * kept
            errors = canary * (base + harm - base * harm), control * (base + against - base * against)
            found[name] = (canary, errors[0], control, errors[1])
        return found

    def _counted(self, parts: dict[str, Arms]) -> dict[str, Arms]:
        """The same with errors as they fall: of both parts together, or of each, as the gate looks at them."""
        rest, region = parts["rest"], parts["region"]
        both = tuple(one + other for one, other in zip(rest, region, strict=True))
        found: dict[str, Arms] = {}
        if self.by_region.any():
            found = {name: self._drawn(parts[name], name) for name in parts}
            summed = tuple(found["rest"][i] + found["region"][i] for i in range(4))
        if not self.by_region.all():
            drawn = self._drawn(both, "both")
            found["both"] = drawn if not found else tuple(
                np.where(self.by_region, one, other) for one, other in zip(summed, drawn, strict=True)
            )  # fmt: skip
        else:
            found["both"] = summed
        return found

    def _drawn(self, arms: Arms, name: str) -> Arms:
        """Poisson counts in place of expected errors, where anything is compared."""
        rows = np.flatnonzero(np.logical_or.reduce([one.any(axis=1) for one in self.stages.within]))
        some = slice(rows[0], rows[-1] + 1) if len(rows) else slice(0, 0)
        counts = []
        for arm, mean in (("canary", arms[1]), ("control", arms[3])):
            draw = noise.normal(self.batch.seeds, f"{arm} {name}", self.shape[0])
            drawn = np.zeros(self.shape)
            drawn[some] = noise.poisson(draw[some], mean[some])
            counts.append(drawn)
        return arms[0], counts[0], arms[2], counts[1]

    def since(self, name: str = "both") -> Arms:
        """Requests and errors of both arms since the stage began."""
        return tuple(self.stages.since(cumulative(one)) for one in self.arms[name])

    def _level(self) -> FloatArray:
        """How far each tick's statistic is on its way to the gate's bound: from 1 on it says stop."""
        gate, level = np.broadcast_to(self.batch.gate, (self.batch.size,)), np.zeros(self.shape)
        for name in self.arms:
            asked = np.where(self.by_region, name != "both", name == "both")
            for kinds, read in (((FIXED, PEEKING), self._z), ((SEQUENTIAL,), self._evidence)):
                use = asked & np.isin(gate, kinds)
                if use.any():
                    level = np.maximum(level, np.where(use, read(name), 0.0))
        if (gate == THRESHOLD).any():
            n, errors, _, _ = self.since()
            over = np.where(n >= FEWEST, ratio(errors, np.maximum(n * self.batch.gate_above, 1e-300)), 0.0)
            level = np.maximum(level, np.where(gate == THRESHOLD, over, 0.0))
        return level

    def _z(self, name: str) -> FloatArray:
        n, errors, m, others = self.since(name)
        usual = ratio(n, n + m)
        spread = np.sqrt((errors + others) * usual * (1.0 - usual))
        z = ratio(errors - (errors + others) * usual, spread)
        return np.maximum(z, 0.0) / normal_quantile(1.0 - self.alarm)

    def _evidence(self, name: str) -> FloatArray:
        n, errors, m, others = self.arms[name]
        usual = np.minimum(np.maximum(ratio(n, n + m, 0.5), SLACK), 1.0 - SLACK)
        times = self.batch.gate_ratio / (self.batch.gate_ratio * usual + 1.0 - usual)
        told = errors * np.log(times) + others * np.log(times / self.batch.gate_ratio)
        told = np.where((n > 0) & (m > 0), told, 0.0)
        return self.stages.since(cumulative(told)) / -np.log(self.alarm)

    def fires(self) -> FloatArray:
        """Seconds at which the gate says stop, infinite for never."""
        gate = self.batch.gate
        asked = np.where(gate == FIXED, self.stages.last, self.stages.looks)
        says = asked & (self.level >= np.where(gate == THRESHOLD, 1.0 + SLACK, 1.0)) & (self.level > 0)
        says |= self._others() & self.stages.last
        says &= gate != NONE
        ends = (np.arange(self.shape[0]) + 1) * self.batch.dt
        return np.where(says.any(axis=0), ends[says.argmax(axis=0)], np.inf)

    def _others(self) -> np.ndarray:
        """Whether, in a tick's stage, one of the metrics that the change leaves alone says stop; at its end only."""
        b = self.batch
        if (b.metrics == 1).all():
            return np.zeros((1, 1), dtype=bool)
        chance = 1.0 - power(1.0 - b.false_alarm, b.metrics - 1)
        draw = noise.uniform(b.seeds, "other metrics", len(self.stages.within))
        fires = [inside & (draw[i] < chance) for i, inside in enumerate(self.stages.within)]
        return np.logical_or.reduce(fires)


def running_max(values: FloatArray) -> FloatArray:
    """The largest so far."""
    return accumulate(np.maximum, values)
