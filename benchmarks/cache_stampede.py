"""Cache stampede: the model against SimPy and a plain-Python event loop on one scenario, in one run.

    python -m benchmarks.cache_stampede

The scenario is a brownout without defences, 180 s: the same readers, keys, workers and patience in all three. Beside
the times stand the means that must agree; a fast wrong answer is no result.
"""

from __future__ import annotations

import bisect
import random
import resource
import time

import numpy as np

from benchmarks.measuring import keep, machine, seconds
from course_lib.models import cache_stampede
from course_lib.models.trace import Record
from tests.models import cache_stampede_oracle as oracle

UNTIL, TRIGGER = 180.0, dict(trigger="brownout")
SEEDS = 4


def with_simpy(seed: int) -> tuple[float, float]:
    """Goodput before and after the brownout, idiomatic SimPy: a process per miss, a `Resource` for the workers."""
    import simpy

    s, rng, env = oracle.Setting(**TRIGGER), random.Random(seed), simpy.Environment()
    weights = np.cumsum(np.arange(1, s.keys + 1.0) ** -s.zipf_exponent)
    cumulative = (weights / weights[-1]).tolist()
    expiry = [rng.random() * s.ttl for _ in range(s.keys)]
    workers = simpy.PriorityResource(env, round(s.origin_capacity * s.recompute_time))
    good = [0] * int(UNTIL + 1)

    def recompute(key, began):
        if len(workers.queue) >= s.queue_limit:
            return
        with workers.request(priority=1) as turn:
            yield turn
            yield env.timeout(s.recompute_time)
        if key is not None and env.now - began <= s.client_timeout:
            good[int(env.now)] += 1
            if expiry[key] <= env.now:
                expiry[key] = env.now + s.ttl

    def readers():
        while True:
            yield env.timeout(rng.expovariate(s.arrival_rate))
            key = min(bisect.bisect(cumulative, rng.random()), s.keys - 1)
            if expiry[key] > env.now:
                good[int(env.now)] += 1
            else:
                env.process(recompute(key, env.now))

    def background():
        while True:
            yield env.timeout(rng.expovariate(s.background_rate))
            env.process(recompute(None, env.now))

    def slow_worker():
        with workers.request(priority=0) as turn:
            yield turn
            yield env.timeout(s.trigger_start + s.trigger_duration - env.now)

    def brownout():
        yield env.timeout(s.trigger_start)
        for _ in range(round(workers.capacity * (1 - s.brownout_capacity))):
            env.process(slow_worker())

    for process in (readers, background, brownout):
        env.process(process())
    env.run(UNTIL)
    return float(np.mean(good[20:60])), float(np.mean(good[120:180]))


def with_event_loop(seed: int) -> tuple[float, float]:
    run = oracle.run(oracle.Setting(**TRIGGER), seed, UNTIL)
    return run.total("good", 20, 60) / 40, run.total("good", 120, 180) / 60


def with_model(seeds: np.ndarray) -> tuple[float, float]:
    record = Record(("goodput",), every=20.0, start=20.0)
    goodput = cache_stampede.simulate(cache_stampede.Parameters(**TRIGGER), seeds, until=UNTIL, record=record)[
        "goodput"
    ]
    return float(goodput[:2].mean()), float(goodput[5:].mean())


PANEL = {
    "no defence": {},
    "fleet lock": dict(coalescing="fleet"),
    "every defence": dict(
        coalescing="fleet", beta=1.0, stale_while_revalidate=30.0, stale_if_error=60.0, ttl_jitter=0.1, warmup_ramp=30.0
    ),
}


def compare() -> dict[str, object]:
    """Return seconds a run, ratios and what was seen."""
    took, seen = {}, {}
    for name, run in (("SimPy", with_simpy), ("event loop", with_event_loop)):
        start = time.perf_counter()
        seen[name] = np.mean([run(seed) for seed in range(SEEDS)], axis=0).round(1).tolist()
        took[name] = (time.perf_counter() - start) / SEEDS
    seen["model"] = [round(value, 1) for value in with_model(np.arange(32))]
    took["model, one run"] = seconds(lambda: with_model(np.arange(1)))
    took["model, in a batch"] = seconds(lambda: with_model(np.arange(512)), 3) / 512
    faster = {f"{old} ÷ {new}": round(took[old] / took[new]) for old in list(took)[:2] for new in list(took)[2:]}
    return {"seconds a run": took, "times faster": faster, "goodput 20-60 s, 120-180 s": seen}


def panel() -> dict[str, float]:
    """Return milliseconds of what a panel asks for: 180 s, one seed and 32."""
    cases = {}
    for name, change in PANEL.items():
        for seeds in (np.arange(1), np.arange(32)):
            p = cache_stampede.Parameters(**change)
            cases[f"{name}, {seeds.size} seeds"] = lambda p=p, s=seeds: cache_stampede.simulate(p, s, until=UNTIL)[
                "goodput"
            ]
    return {name: round(1e3 * seconds(call), 1) for name, call in cases.items()}


def sweep() -> dict[str, float]:
    """Return seconds and memory of 40 x 40 settings and 8 seeds, 180 s."""
    grid = cache_stampede.Parameters(
        ttl=np.geomspace(5, 120, 40)[:, None, None], arrival_rate=np.linspace(100, 1000, 40)[:, None]
    )
    start = time.perf_counter()
    cache_stampede.simulate(grid, np.arange(8), until=UNTIL, record=Record(("goodput",), every=10.0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"s": round(time.perf_counter() - start, 2), "peak MB": round(peak)}


def main() -> None:
    """Measure, print and keep."""
    result = {"machine": machine(), "sweep of 40 x 40 x 8": sweep(), "panel, ms": panel()}
    keep("cache_stampede", result | {"brownout": compare()})


if __name__ == "__main__":
    main()
