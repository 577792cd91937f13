"""Cache stampede: the model against SimPy and a plain-Python event loop on one scenario, in one run.

    python -m benchmarks.cache_stampede

The scenario is a brownout without defences, 180 s: the same readers, keys, workers and patience in all three. Beside
the times stand the means that must agree; a fast wrong answer is no result.
"""

from __future__ import annotations

import bisect
import random

import numpy as np

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.cache_stampede import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import cache_stampede_oracle as oracle

UNTIL, TRIGGER = 180.0, dict(trigger="brownout")


def with_simpy(seed: int) -> dict[str, float]:
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
    return {"goodput before": float(np.mean(good[20:60])), "goodput after": float(np.mean(good[120:180]))}


def with_loop(seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    run = oracle.run(oracle.Setting(**TRIGGER), seed, UNTIL)
    return {"goodput before": run.total("good", 20, 60) / 40, "goodput after": run.total("good", 120, 180) / 60}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    time, goodput = trace.time, trace["goodput"]
    before = goodput[(time > 20) & (time <= 60)].mean()
    return {"goodput before": before, "goodput after": goodput[time > 120].mean()}


EVERYTHING = dict(
    coalescing="fleet", beta=1.0, stale_while_revalidate=30.0, stale_if_error=60.0, ttl_jitter=0.1, warmup_ramp=30.0
)
BENCH = Bench(
    slug="cache_stampede",
    simulate=simulate,
    scenarios={"brownout": Scenario({"SimPy": with_simpy, "event loop": with_loop}, Parameters(**TRIGGER), UNTIL, see)},
    panel={
        "no defence": Parameters(),
        "fleet lock": Parameters(coalescing="fleet"),
        "every defence": Parameters(**EVERYTHING),
    },
    panel_until=UNTIL,
    signals=("goodput",),
    grid=Parameters(ttl=np.geomspace(5, 120, 40)[:, None, None], arrival_rate=np.linspace(100, 1000, 40)[:, None]),
    grid_until=UNTIL,
)

if __name__ == "__main__":
    measure(BENCH)
