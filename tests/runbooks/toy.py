"""A small world in which a page can be carried out: a service fails from 60 s until its cause is mended."""

import numpy as np

from course_lib.runbooks import executor
from course_lib.runbooks.executor import EVERY, Played

UNTIL = 1200.0


class Toy:
    """A tenth of the users fail by the cause; a restart doubles that while the cause is there; a look costs nothing."""

    name = "toy"
    units = {"error_ratio": "of requests", "load": "requests/s", "delay": "s"}
    roles = {"mend": "operator", "restart": "commander", "look": "operator"}
    delays = {"mend": 30.0, "restart": 10.0, "look": 0.0}
    until = UNTIL

    def __init__(self, *, fails: float = 0.1) -> None:
        self.fails, self.plays = fails, 0

    def play(self, logs, seeds, until, *, looking=True):
        self.plays += 1
        time = executor.looks(int(until / EVERY))[:, None]
        mended, restarted = (self._when(logs, action) for action in ("mend", "restart"))
        ill = (time > 60.0) & (time <= mended)
        failing = np.where(ill, np.where((time > restarted), 2.0, 1.0) * self.fails, 0.001)
        load = 100.0 + np.asarray(seeds, dtype=float) + 0 * failing
        return Played(
            {"error_ratio": failing, "load": load, "delay": 0.1 + failing},
            failing[-1] < 0.01,
            (failing > 0.01).any(axis=0),
            failing.sum(axis=0) * 100.0,
            np.zeros(len(seeds)),
        )

    def _when(self, logs, action):
        times = [[taken.at + self.delays[action] for taken in log if taken.action == action] for log in logs]
        return np.array([min(found, default=np.inf) for found in times])[None, :]


PAGE = """# Toy failure

Meaning: a cause is there.

Impact: a tenth of the users fail.

## How it looks
- `when error_ratio > 5 % for 30 s`. Mistaken for growth.

## Immediate actions
1. `do mend as operator`: the mender mends it.

## How to know it worked
2. `verify error_ratio < 1 % for 60 s within 5 min` `else go to 3`

## Recovery
3. `stop`

## Afterwards
- Say what happened.

## Security check
- Ask who did it.
"""
