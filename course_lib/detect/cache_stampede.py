"""Rules for cache stampedes."""

from course_lib.detect.rule import Rule

RECOMPUTES_PER_KEY = Rule(
    signal="recomputes_hottest",
    above=20.0,
    window=10.0,
    hold=10.0,
    says="one key is being computed more than 20 times at once: look for a stampede before blaming the database",
)
"""In flight *for one key*: the same work, done many times over. Behind a fleet-wide lock it stays near 1."""

ORIGIN_WAIT = Rule(
    signal="origin_wait",
    above=1.0,
    window=10.0,
    hold=10.0,
    says="the database makes its callers wait: tune it, or buy a larger one",
)
"""The classic false reading: the origin is slow because it is asked the same question a hundred times."""
