"""How fast a model is, beside SimPy and a plain event loop on the same scenario, in one run; the same for every module.

A module's file declares a `Bench` and calls `measure`. Beside the times stands what each engine saw: a fast wrong
answer is no result. A panel is timed in CPU seconds, so that a busy machine changes little.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.measuring import keep, machine, seconds
from course_lib.models.parameters import ParameterSet
from course_lib.models.trace import Record, Trace

BATCH = 512
SWEEP_SEEDS = 8
Seen = Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One scenario that every engine runs.

    Parameters
    ----------
    engines : mapping of str to callable(seed) -> mapping of name to number
        What each of the others sees, such as its goodput; timed.
    parameters : ParameterSet
        The same for the model.
    until : float
        Seconds.
    see : callable(trace) -> mapping of name to number
        The same of a trace.
    seeds : int
        Runs of each engine.
    """

    engines: Mapping[str, Callable[[int], Seen]]
    parameters: ParameterSet
    until: float
    see: Callable[[Trace], Seen]
    seeds: int = 4


@dataclasses.dataclass(frozen=True)
class Bench:
    """What is measured of a module.

    Parameters
    ----------
    slug : str
    simulate : callable
        The model's own.
    scenarios : mapping of str to Scenario
    panel : mapping of str to ParameterSet
        What the lesson's panel asks for, by name.
    panel_until : float
        Seconds of a panel's run.
    signals : sequence of str
        Signals that the panel reads.
    grid : ParameterSet
        40 by 40 settings, with a first axis for the seeds.
    grid_until : float
    """

    slug: str
    simulate: Callable[..., Trace]
    scenarios: Mapping[str, Scenario]
    panel: Mapping[str, ParameterSet]
    panel_until: float
    signals: Sequence[str]
    grid: ParameterSet
    grid_until: float


def measure(bench: Bench) -> None:
    """Measure, print and keep; ``--quick`` runs each engine once, sweeps nothing and keeps nothing."""
    parser = argparse.ArgumentParser(description=f"How fast {bench.slug} is.")
    parser.add_argument("--quick", action="store_true", help="one run an engine, no sweep, nothing kept")
    quick = parser.parse_args().quick
    result: dict[str, Any] = {"machine": machine(), "panel, CPU ms": panel(bench)}
    if not quick:
        result["sweep of 40 x 40 x 8"] = sweep(bench)
    for name, scenario in bench.scenarios.items():
        result[name] = compare(bench, scenario, 1 if quick else scenario.seeds)
    if quick:
        print(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        keep(bench.slug, result)


def compare(bench: Bench, scenario: Scenario, runs: int) -> dict[str, Any]:
    """Return seconds a run, ratios, and what each engine saw."""
    took, seen = {}, {}
    for name, engine in scenario.engines.items():
        start = time.perf_counter()
        found = [engine(seed) for seed in range(runs)]
        took[name] = (time.perf_counter() - start) / runs
        seen[name] = {key: round(float(np.mean([one[key] for one in found])), 2) for key in found[0]}

    def model(seeds: Any, **more: Any) -> Trace:
        return bench.simulate(scenario.parameters, seeds, until=scenario.until, **more)

    seen["model"] = {key: round(float(value), 2) for key, value in scenario.see(model(np.arange(32))).items()}
    first = bench.signals[0]
    took["model, one run"] = seconds(lambda: model(0)[first])
    record = Record((first,), every=scenario.until)
    took["model, in a batch"] = seconds(lambda: model(np.arange(BATCH), record=record), 3) / BATCH
    faster = {
        f"{old} ÷ {new}": _rounded(took[old] / took[new])
        for old in scenario.engines
        for new in ("model, one run", "model, in a batch")
    }
    return {"seconds a run": took, "times faster": faster, "seen": seen}


def _rounded(ratio: float) -> float:
    """Whole above ten; below it one would read 0 for 0.4, and 1 for 1.4."""
    return round(ratio) if ratio >= 10 else round(ratio, 1)


def panel(bench: Bench) -> dict[str, float]:
    """Return CPU milliseconds of what a panel asks for: one seed and 32."""
    found = {}
    for name, parameters in bench.panel.items():
        for seeds in (1, 32):
            found[f"{name}, {seeds} seed{'s' * (seeds > 1)}"] = round(
                1e3 * _cpu(bench, parameters, np.arange(seeds)), 1
            )
    return found


def _cpu(bench: Bench, parameters: ParameterSet, seeds: np.ndarray, repeats: int = 7) -> float:
    """Return the median CPU seconds of a run and the signals that the panel reads."""
    took = []
    for _ in range(repeats):
        start = time.process_time()
        trace = bench.simulate(parameters, seeds, until=bench.panel_until)
        for signal in bench.signals:
            trace[signal]
        took.append(time.process_time() - start)
    return float(np.median(took))


def sweep(bench: Bench) -> dict[str, float]:
    """Return seconds and memory of 40 x 40 settings and 8 seeds."""
    start, cpu = time.perf_counter(), time.process_time()
    record = Record((bench.signals[0],), every=bench.grid_until)
    trace = bench.simulate(bench.grid, np.arange(SWEEP_SEEDS), until=bench.grid_until, record=record)
    assert trace.shape == (40, 40, SWEEP_SEEDS), f"the grid is {trace.shape}, not 40 x 40 settings and 8 seeds"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {
        "s": round(time.perf_counter() - start, 2),
        "CPU s": round(time.process_time() - cpu, 2),
        "peak MB": round(peak),
    }
