"""Services like that of the scenario `queue_overload`, drawn: another deadline, another burst, and a busy day.

What a lab asks of incidents must hold for more than one of them. Each is the course's own scenario, in which the world
does something else.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.incidents import engine
from course_lib.incidents.engine import Played
from course_lib.incidents.scenario import Entry, Fault, Scenario, load

START = 120.0  # s: when the burst begins
WINDOW = 10.0  # s over which the edge counts
TOLERANCE = 0.01  # of requests: more is an incident
UNTIL = 900.0  # s
CAPACITY = 1000.0  # messages/s of ten workers


@dataclasses.dataclass(frozen=True)
class Days:
    """One service: its incident, a busy day on which nobody need get up, and a seed.

    Attributes
    ----------
    late : float
        When the first order of the incident is late, s, if nobody does anything.
    """

    deadline: float
    incident: Scenario
    busy: Scenario
    seed: int
    late: float


@functools.cache
def base() -> Scenario:
    """The scenario that all of them are made of."""
    return load("queue_overload")


def varied(deadline: float, usual: float, burst: float, lasts: float, after: float = 900.0) -> Scenario:
    """The scenario with another deadline, s, and a burst of so many messages/s from `START` on for a while."""
    own = base()
    faults = tuple(
        Fault(at=at, parameter="orders", value=value) for at, value in ((START, burst), (START + lasts, after))
    )
    inputs = {**own.inputs, "orders": own.inputs["orders"].model_copy(update={"value": usual})}
    baseline = {**own.baseline, "deadline": deadline, "dt": 1.0}
    return own.model_copy(update={"faults": faults, "inputs": inputs, "baseline": baseline, "until": UNTIL})


def drawn(random: np.random.Generator, *, quiet: bool = False) -> Scenario:
    """A service with an incident, or with a day on which hardly anything happens."""
    usual = float(random.integers(600, 850))
    deadline, lasts = float(random.integers(8, 13)), float(random.integers(100, 180))
    burst = 0.98 * CAPACITY if quiet else float(random.integers(1500, 2000))
    return varied(deadline, usual, burst, lasts)


def days(random: np.random.Generator, deadline: float, storm: float | None = None) -> Days:
    """A service's incident, its burst drawn or given, and its busy day: two fifths of the deadline wait."""
    usual = float(random.integers(650, 850))
    drawn_burst, lasts = float(random.integers(1700, 2100)), max(float(random.integers(140, 200)), 2.2 * deadline)
    burst = storm or drawn_burst
    extra = random.uniform(0.38, 0.43) * deadline  # s of work that wait at the busiest moment
    busy = varied(deadline, usual, CAPACITY + CAPACITY * extra / 60.0, 60.0, after=usual)
    late = START + deadline / (burst / CAPACITY - 1.0) + deadline
    return Days(deadline, varied(deadline, usual, burst, lasts), busy, int(random.integers(1 << 30)), late)


def windows(played: Played) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """What the edge counts: end of each window of ten seconds, requests in it, and those that failed; whole numbers."""
    per = round(WINDOW / played.step)
    rows = len(played.time) // per * per
    counted = [np.round(part[:rows].reshape(-1, per).sum(axis=1) * played.step) for part in (played.all, played.failed)]
    return played.time[per - 1 : rows : per], counted[0], np.minimum(counted[1], counted[0])


@dataclasses.dataclass(frozen=True)
class Play:
    """One run of one service: see `engine.play`."""

    scenario: Scenario
    seed: int
    log: tuple[Entry, ...] = ()
    day: str = "incident"
    improved: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def together(plays: Sequence[Play]) -> list[Played]:
    """Play runs of several services as one batch: each is what `engine.play` gives."""
    every = [engine.changes(one.scenario, one.log, one.day, one.improved) for one in plays]
    until = max(engine.horizon(one.scenario, one.day) for one in plays)
    seeds = np.array([one.seed for one in plays])
    time, signals = engine._run(base(), every, seeds, until)  # type: ignore[arg-type]
    return [
        Played(one.scenario, one.seed, one.log, one.day, time, own, signals, i)
        for i, (one, own) in enumerate(zip(plays, every, strict=True))
    ]
