"""Plausible mistakes in `two_days`, one a function."""

import numpy as np

from course_lib.models.dns_outage import Parameters, simulate


def at_the_end(ttl, outage, seed):
    """What is answered in the last second, not over the outage."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"][-1], moved.events["failed_over"] - 60


def at_the_same_time(ttl, outage, seed):
    """One run with both: after the outage all caches ask anew together, so the failover is another one."""
    both = simulate(Parameters(ttl=ttl, outage_duration=outage, change_time=60 + outage), seed, until=2000)
    answered = both["availability"][60 : 60 + int(outage)].mean(axis=0)
    return answered, both.events["failed_over"] - 60 - outage


def from_the_start(ttl, outage, seed):
    """Averages over the quiet minute as well."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"].mean(axis=0), moved.events["failed_over"] - 60


def fixed_outage(ttl, outage, seed):
    """Five minutes, whatever is asked."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=300), seed, until=360)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"][60:].mean(axis=0), moved.events["failed_over"] - 60


def half_way(ttl, outage, seed):
    """The time until half of the lookups have the new address."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"][60:].mean(axis=0), np.argmax(moved["availability"][60:] > 0.5, axis=0)


def lost(ttl, outage, seed):
    """What is lost, not what is answered."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["error_ratio"][60:].mean(axis=0), moved.events["failed_over"] - 60


def on_the_clock(ttl, outage, seed):
    """The second at which it happens, not how long it takes."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"][60:].mean(axis=0), moved.events["failed_over"]


def rule_of_thumb(ttl, outage, seed):
    """The failover takes a TTL, and the outage is lost."""
    return np.where(ttl >= outage, 1.0, 0.0), ttl


def stale(ttl, outage, seed):
    """Another experiment: with serve-stale nothing is lost."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage, stale_limit=3600), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"][60:].mean(axis=0), moved.events["failed_over"] - 60


def swapped(ttl, outage, seed):
    """The results in the other order."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=0, change_time=60), seed, until=120 + ttl.max())
    return moved.events["failed_over"] - 60, dead["availability"][60:].mean(axis=0)


def constants_of_the_visible_seed(ttl, outage, seed):
    """What is right at home, copied."""
    return (
        np.resize([0.07518, 0.5909, 0.2325, 0.02251], np.shape(ttl)),
        np.resize([40, 300, 122, 12], np.shape(ttl)),
    )


def constants_tuned_on_other_seeds(ttl, outage, seed):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([0.1892, 0.2088, 0.2431, 0.5149], np.shape(ttl)),
        np.resize([43, 119, 123, 303], np.shape(ttl)),
    )


def outage_on_both_days(ttl, outage, seed):
    """Leaves the default outage in on the day that the name moves."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, change_time=60), seed, until=120 + ttl.max())
    return dead["availability"][60:].mean(axis=0), moved.events["failed_over"] - 60


def its_outage_on_both_days(ttl, outage, seed):
    """Leaves the outage of the other day in on the day that the name moves."""
    dead = simulate(Parameters(ttl=ttl, outage_duration=outage), seed, until=60 + outage)
    moved = simulate(Parameters(ttl=ttl, outage_duration=outage, change_time=60), seed, until=520 + ttl.max())
    return dead["availability"][60:].mean(axis=0), moved.events["failed_over"] - 60
