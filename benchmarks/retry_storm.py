"""Retry storm: the model against SimPy and a plain-Python event loop on one scenario, in one run.

    python -m benchmarks.retry_storm

All three run the same 300 s: 250 requests/s on 300/s, three retries, a brownout to 30 % from 60 to 90 s. Beside the
times stands what each of them saw.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable

import numpy as np

from benchmarks.measuring import keep, machine, seconds
from course_lib.models.retry_storm import Parameters, simulate
from course_lib.models.trace import Record
from tests.models.retry_storm_oracle import Loop, Scenario

UNTIL, SCALE = 300.0, dict(arrival_rate=250.0, service_rate=300.0)
CASES = {"no retries": 0, "three retries": 3}
EVERYTHING = dict(
    deadline_propagation="on", queue_limit=900, breaker="on", throttle="on", budget="successes", backoff="full_jitter"
)


def with_simpy(retries: int, seed: int) -> tuple[float, float]:
    """Run the scenario as one would write it in SimPy; return attempts, and goodput before the brownout."""
    import simpy

    env, rng, count = simpy.Environment(), random.Random(seed), {"attempts": 0, "good": 0}
    server, rate = simpy.Resource(env), [SCALE["service_rate"]]

    def work(request, answered):
        yield request
        yield env.timeout(rng.expovariate(rate[0]))
        server.release(request)
        if not answered.triggered:
            answered.succeed()

    def client():
        for _ in range(retries + 1):
            count["attempts"] += 1
            answered = env.event()
            env.process(work(server.request(), answered))
            yield answered | env.timeout(1.0)
            if answered.triggered:
                count["good"] += env.now < 60
                return

    def arrivals():
        while True:
            yield env.timeout(rng.expovariate(SCALE["arrival_rate"]))
            env.process(client())

    def brownout():
        yield env.timeout(60)
        rate[0] *= 0.3
        yield env.timeout(30)
        rate[0] /= 0.3

    env.process(arrivals())
    env.process(brownout())
    env.run(until=UNTIL)
    return count["attempts"], count["good"] / 60


def with_loop(retries: int, seed: int) -> tuple[float, float]:
    """Run the tests' own event loop."""
    result = Loop(Scenario(**SCALE, max_retries=retries), seed).run()
    return len(result.attempts), sum(when < 60 for when in result.good) / 60


def with_model(retries: int, seeds: np.ndarray) -> tuple[float, float]:
    """Run the model, all seeds in one call."""
    record = Record(("attempt_rate", "goodput"), every=60.0)
    trace = simulate(Parameters(**SCALE, max_retries=retries), seeds, until=UNTIL, record=record)
    return float(trace["attempt_rate"].sum(axis=0).mean() * 60), float(trace["goodput"][0].mean())


def compare(retries: int) -> dict[str, object]:
    """Return seconds a run, ratios and what was seen, for one retry limit."""
    took, seen = {}, {}
    for name, run, seeds in (("SimPy", with_simpy, 1), ("event loop", with_loop, 4)):
        start = time.perf_counter()
        seen[name] = np.mean([run(retries, seed) for seed in range(seeds)], axis=0).round(1).tolist()
        took[name] = (time.perf_counter() - start) / seeds
    seen["model"] = [round(value, 1) for value in with_model(retries, np.arange(32))]
    took["model, one run"] = seconds(lambda: with_model(retries, np.arange(1)))
    took["model, in a batch"] = seconds(lambda: with_model(retries, np.arange(512)), 3) / 512
    faster = {f"{old} ÷ {new}": round(took[old] / took[new]) for old in list(took)[:2] for new in list(took)[2:]}
    return {"seconds a run": took, "times faster": faster, "attempts, goodput before": seen}


def panel() -> dict[str, float]:
    """Return milliseconds of what a panel asks for: 300 s, one seed and 32."""
    settings = {"retries": {}, "retries and a budget": dict(budget="first_attempts"), "every defence": EVERYTHING}
    cases: dict[str, Callable[[], object]] = {}
    for name, change in settings.items():
        for seeds in (np.arange(1), np.arange(32)):
            parameters = Parameters(**change)
            cases[f"{name}, {seeds.size} seeds"] = lambda p=parameters, s=seeds: simulate(p, s, until=UNTIL)["goodput"]
    return {name: round(1e3 * seconds(call), 1) for name, call in cases.items()}


def sweep() -> dict[str, float]:
    """Return seconds and memory of 40 x 40 settings and 8 seeds."""
    grid = Parameters(max_retries=(np.arange(40) // 7)[:, None, None], arrival_rate=np.linspace(200, 1100, 40)[:, None])
    start = time.perf_counter()
    simulate(grid, np.arange(8), until=UNTIL, record=Record(("goodput",), every=10.0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"s": round(time.perf_counter() - start, 2), "peak MB": round(peak)}


def main() -> None:
    """Measure, print and keep."""
    result = {"machine": machine()}
    result |= {"sweep of 40 x 40 x 8": sweep(), "panel, ms": panel()}
    keep("retry_storm", result | {name: compare(retries) for name, retries in CASES.items()})


if __name__ == "__main__":
    main()
