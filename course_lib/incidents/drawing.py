"""Which scenario a seed draws: of all drills that one can draw, a third are pages with nothing behind them."""

from __future__ import annotations

import functools

from course_lib.incidents import scenario as scenarios
from course_lib.incidents.scenario import Scenario
from course_lib.models import noise

NOOPS = 1 / 3


def drawn(seed: int, size: int = 15) -> Scenario:
    """The scenario that a seed draws among those that fit into `size` minutes."""
    first, second = noise.uniform([seed], "drill drawn", 2)[:, 0]
    fits = [one for one in _every() if size in one.sizes] or list(_every())
    pile = [one for one in fits if one.noop == (first < NOOPS)] or fits
    return pile[int(second * len(pile))]


@functools.cache
def _every() -> tuple[Scenario, ...]:
    return tuple(map(scenarios.load, scenarios.names()))
