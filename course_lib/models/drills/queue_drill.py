"""The lab's queue: that of `queue_overload`, in which the learner decides who pauses and how many consumers work.

The two policies take arrays, one entry a queue, and are called as the model runs: `pause` once a tick, with what
producers see (the wait as it was `pressure_delay` ago), `scale` at every look of the autoscaler. Consumers come
`startup` after they were asked for, at most `max_consumers`, and no more of them work than there are partitions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from course_lib.models import queue_overload, simulation
from course_lib.models.queue_overload import Parameters
from course_lib.models.queue_parts import Policies
from course_lib.models.trace import Record, State, Trace


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
    **policies: Callable[..., Any],
) -> Trace:
    """Run a queue under somebody's policies for `until` seconds; see `simulation.simulate` for batches and records.

    Parameters
    ----------
    **policies
        `pause` or `scale`, in place of the model's own rules; see `queue_parts.Policies`.

    Examples
    --------
    >>> import numpy as np
    >>> calm = simulate(Parameters(), seed=[7], until=200, pause=lambda wait: np.clip(wait / 4 - 0.5, 0, 1))
    >>> bool(calm["oldest_age"].max() < 10)
    True
    """
    given = Parameters() if parameters is None else parameters
    model = queue_overload.with_policies(Policies(**policies))
    return simulation.simulate(model, given, seed, until=until, state=state, record=record)
