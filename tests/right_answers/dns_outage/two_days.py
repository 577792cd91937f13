"""Right answers to `two_days` of another style than the solution's."""

import numpy as np

from course_lib.models.dns_outage import Parameters, simulate


def in_a_loop(ttl, outage, seed):
    """One TTL after the other, and the failover read off the availability."""
    answered, follow = [], []
    for one in ttl.tolist():
        dead = simulate(Parameters(ttl=one, outage_duration=outage), seed, until=60 + outage)
        answered.append(dead["availability"][60:].mean())
        moved = simulate(Parameters(ttl=one, outage_duration=0, change_time=60), seed, until=100 + one)
        follow.append(np.argmax(moved["availability"][60:] >= 0.99))
    return answered, follow


def longer_runs(ttl, outage, seed):
    """Runs that go on for longer, cut to what counts."""
    end = 60 + int(outage)
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=end + 300)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=2000)
    return 1 - dead["error_ratio"][60:end].mean(axis=0), moved.events["failed_over"] - moved.events["changed"]
