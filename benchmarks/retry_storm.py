"""Retry storm: the model against SimPy and a plain-Python event loop on one scenario, in one run.

    python -m benchmarks.retry_storm

All three run the same 300 s: 250 requests/s on 300/s, three retries, a brownout to 30 % from 60 to 90 s. Beside the
times stands what each of them saw.
"""

from __future__ import annotations

import random

import numpy as np

from benchmarks.model import Bench, Scenario, measure
from course_lib.models.retry_storm import Parameters, simulate
from course_lib.models.trace import Trace
from tests.models import retry_storm_oracle as oracle

UNTIL, SCALE = 300.0, dict(arrival_rate=250.0, service_rate=300.0)
CASES = {"no retries": 0, "three retries": 3}
EVERYTHING = dict(
    deadline_propagation="on", queue_limit=900, breaker="on", throttle="on", budget="successes", backoff="full_jitter"
)


def with_simpy(retries: int, seed: int) -> dict[str, float]:
    """The scenario as one would write it in SimPy: attempts in all, and goodput before the brownout."""
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
    return {"attempts": count["attempts"], "goodput before": count["good"] / 60}


def with_loop(retries: int, seed: int) -> dict[str, float]:
    """The tests' own event loop."""
    result = oracle.Loop(oracle.Scenario(**SCALE, max_retries=retries), seed).run()
    return {"attempts": len(result.attempts), "goodput before": sum(when < 60 for when in result.good) / 60}


def see(trace: Trace) -> dict[str, float]:
    """The same of the model."""
    before = trace["goodput"][trace.time <= 60].mean()
    return {"attempts": trace["attempt_rate"].mean() * UNTIL, "goodput before": before}


def scenario(retries: int) -> Scenario:
    """One retry limit, for all three engines."""
    engines = {"SimPy": lambda seed: with_simpy(retries, seed), "event loop": lambda seed: with_loop(retries, seed)}
    return Scenario(engines, Parameters(**SCALE, max_retries=retries), UNTIL, see, seeds=2)


BENCH = Bench(
    slug="retry_storm",
    simulate=simulate,
    scenarios={name: scenario(retries) for name, retries in CASES.items()},
    panel={
        "retries": Parameters(),
        "retries and a budget": Parameters(budget="first_attempts"),
        "every defence": Parameters(**EVERYTHING),
    },
    panel_until=UNTIL,
    signals=("goodput",),
    grid=Parameters(max_retries=(np.arange(40) // 7)[:, None, None], arrival_rate=np.linspace(200, 1100, 40)[:, None]),
    grid_until=UNTIL,
)

if __name__ == "__main__":
    measure(BENCH)
