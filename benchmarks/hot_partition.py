"""How fast the hot-partition model is, against SimPy and a plain-Python event loop on the same scenario, in one run.

    python -m benchmarks.hot_partition [--quick]

The three run the same fleet: 8 partitions of 100 operations/s, 500 requests/s, three in ten of them to one viral key
from 20 to 80 s, three retries. What they say of the time while the key is viral stands beside how long they took.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import resource
import time

import numpy as np
import simpy

from benchmarks.measuring import keep, machine
from benchmarks.measuring import seconds as seconds_of
from course_lib.models import hot_partition
from course_lib.models.trace import Record
from tests.models.hot_partition_oracle import JITTER, Loop, Scenario, measure

BEGIN, END = 35.0, 80.0
COMPARED = ("goodput", "attempt_rate", "hot_error_ratio", "throttled_share")


class InSimPy:
    """The scenario as one would write it in SimPy: a process for each operation, a store for each partition."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw, self.env = scenario, random.Random(seed), simpy.Environment()
        self.fleet = Loop(scenario, seed)  # for where keys live
        self.lines = [simpy.Store(self.env) for _ in range(scenario.partitions)]
        self.waiting = [0] * scenario.partitions
        self.spent = [0.0] * scenario.partitions
        self.count = dict.fromkeys(("good", "failed", "hot_good", "hot_failed", "attempts", "refused"), 0)

    def run(self) -> dict[str, float]:
        """Run it and return means while the key is viral."""
        for site in range(self.s.partitions):
            self.env.process(self.server(site))
        self.env.process(self.clients())
        self.env.run(until=END)
        c = self.count
        return {
            "goodput": c["good"] / (END - BEGIN),
            "attempt_rate": c["attempts"] / (END - BEGIN),
            "hot_error_ratio": c["hot_failed"] / max(c["hot_failed"] + c["hot_good"], 1),
            "throttled_share": c["refused"] / max(c["attempts"], 1),
        }

    def clients(self):
        """Issue one request after the other."""
        s = self.s
        while True:
            yield self.env.timeout(self.draw.expovariate(s.arrival_rate))
            hot = self.env.now >= s.viral_start and self.draw.random() < s.viral_share
            self.env.process(self.operation(self.fleet.viral_home if hot else self.fleet._ordinary(), hot))

    def operation(self, site: int, hot: bool):
        """Try, and try again after a pause."""
        for number in range(self.s.max_retries + 1):
            self._tick("attempts")
            if self.waiting[site] < self.s.queue_limit:
                self.waiting[site] += 1
                self.lines[site].put(None)
                self._tick("good", "hot_good" if hot else "")
                return
            self._tick("refused")
            self.spent[site] += self.s.rejection_cost / self.s.partition_capacity
            if number < self.s.max_retries:
                yield self.env.timeout(self.s.retry_delay * 2**number + self.draw.uniform(-JITTER, JITTER))
        self._tick("failed", "hot_failed" if hot else "")

    def server(self, site: int):
        """Serve, then make good the time that rejecting took."""
        while True:
            yield self.lines[site].get()
            yield self.env.timeout(self.draw.expovariate(self.s.partition_capacity))
            while self.spent[site] > 1e-9:
                lost, self.spent[site] = self.spent[site], 0.0
                yield self.env.timeout(lost)
            self.waiting[site] -= 1

    def _tick(self, *names: str) -> None:
        if self.env.now >= BEGIN:
            for name in filter(None, names):
                self.count[name] += 1


def compare(seeds: int) -> dict[str, object]:
    """Seconds a run and what each engine saw."""
    scenario = Scenario(until=END)
    settings = dataclasses.asdict(scenario)
    until, seen, seconds = settings.pop("until"), {}, {}
    parameters, many = hot_partition.Parameters(**settings), np.arange(512)
    for name, engine in (
        ("SimPy", lambda seed: InSimPy(scenario, seed).run()),
        ("event loop", lambda seed: measure(Loop(scenario, seed).run(), scenario, BEGIN, END)),
    ):
        start = time.perf_counter()
        runs = [engine(seed) for seed in range(seeds)]
        seconds[name] = (time.perf_counter() - start) / seeds
        seen[name] = {signal: float(np.mean([run[signal] for run in runs])) for signal in COMPARED}
    trace = hot_partition.simulate(parameters, np.arange(seeds), until=until)
    rows = trace.time > BEGIN
    seen["model"] = {signal: float(trace[signal][rows].mean()) for signal in COMPARED}
    seconds["model, one run"] = seconds_of(lambda: hot_partition.simulate(parameters, 7, until=until), 7)
    record = Record(("goodput",), every=5.0)
    batch = seconds_of(lambda: hot_partition.simulate(parameters, many, until=until, record=record), 3)
    seconds["model, in a batch"] = batch / len(many)
    return {"seconds a run": seconds, "while viral": seen}


def panel() -> dict[str, float]:
    """Milliseconds of what a panel asks for: 300 s, one seed and 32, the main signals read."""
    every = dict(salts=16, cache_ttl=5.0, bounded_load=1.5, split="on")
    signals = ("goodput", "hottest_utilisation", "mean_utilisation", "imbalance", "hot_error_ratio", "reads_per_read")
    found = {}
    for name, settings in (("default", {}), ("salted", dict(salts=16)), ("every defence", every)):
        for seeds in (7, np.arange(32)):

            def run(settings=settings, seeds=seeds):
                trace = hot_partition.simulate(hot_partition.Parameters(**settings), seeds, until=300)
                return [trace[signal] for signal in signals]

            found[f"{name}, {np.size(seeds)} seed{'s' * (np.size(seeds) > 1)}"] = 1e3 * seconds_of(run, 7)
    trace = hot_partition.simulate(seed=7, until=300)
    found["heat map of one run"] = 1e3 * seconds_of(lambda: hot_partition.partitions(trace), 5)
    return found


def sweep() -> dict[str, float]:
    """A map of 40 x 40 settings and 8 seeds."""
    grid = hot_partition.Parameters(
        viral_share=np.linspace(0, 0.2, 40)[:, None, None], zipf_exponent=np.linspace(0, 1.2, 40)[:, None]
    )
    start, cpu = time.perf_counter(), time.process_time()
    hot_partition.simulate(grid, np.arange(8), until=300, record=Record(("goodput",), every=10.0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"s": time.perf_counter() - start, "cpu s": time.process_time() - cpu, "peak MB": peak}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer seeds, no sweep")
    quick = parser.parse_args().quick
    result = {"machine": machine(), **compare(2 if quick else 6), "panel, ms": panel()}
    seconds = result["seconds a run"]
    result["times faster"] = {
        f"{engine} ÷ {ours}": seconds[engine] / seconds[ours]
        for engine in ("SimPy", "event loop")
        for ours in ("model, one run", "model, in a batch")
    }
    if quick:
        print(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        keep("hot_partition", result | {"sweep of 40 x 40 x 8": sweep()})


if __name__ == "__main__":
    main()
