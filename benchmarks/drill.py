"""Drills: what a simulated minute costs, a whole run, and the debrief with all its counterfactual runs.

    python -m benchmarks.drill

CPU time, the median of three, for every scenario. The bars: 50 ms a simulated minute, whatever the tiers; half a second
for a whole run, which is thirty simulated minutes at most; two seconds for the debrief of a drill in which the
reference was played, its chart and score included.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks import measuring
from course_lib.incidents import engine, scenario
from course_lib.incidents.debrief_board import Debrief
from course_lib.incidents.session import Session
from course_lib.incidents.world import World

BARS = {"ms a minute": 50.0, "s, run": 0.5, "s, debrief": 2.0}
SEED = 7


def cpu_seconds(call: Callable[[], Any], repeats: int = 3) -> float:
    """Return the median CPU time of a call, after one to warm up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def measure(name: str) -> dict[str, float]:
    """Return what a minute, a run to the scenario's horizon and a debrief cost."""
    of = scenario.load(name)
    run = cpu_seconds(lambda: engine.play(of, of.reference, SEED))
    log = [{"id": f"L{n:03d}", **entry.model_dump(exclude_defaults=True)} for n, entry in enumerate(of.reference, 1)]
    kinds = [{**line, "kind": entry.kind, "at": entry.at} for line, entry in zip(log, of.reference, strict=True)]
    debrief = cpu_seconds(lambda: Debrief(Session(World(of, SEED), 15, log=kinds, now=of.until, ended=True)).page(), 1)
    return {
        "ms a minute": round(1000 * run / (of.until / 60), 1),
        "s, run": round(run, 3),
        "minutes": of.until / 60,
        "s, debrief": round(debrief, 2),
    }


def main() -> None:
    """Measure all, and say which miss a bar."""
    found = {name: measure(name) for name in scenario.names()}
    over = {bar: sorted(n for n, one in found.items() if one[bar] > most) for bar, most in BARS.items()}
    worst = {bar: max(one[bar] for one in found.values()) for bar in BARS}
    measuring.keep("drill", {"machine": measuring.machine(), "bars": BARS, "worst": worst, "over": over, **found})


if __name__ == "__main__":
    main()
