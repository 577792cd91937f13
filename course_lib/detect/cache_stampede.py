"""Rules for cache stampedes."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.cache_stampede import Parameters, simulate
from course_lib.models.schedule import Schedule

RULES = {
    "first": Rule(  # for one key: the same work, done many times over; behind a fleet-wide lock it stays near 1
        signal="recomputes_hottest",
        above=20.0,
        hold=10.0,
        keep=60.0,  # an entry lives for half of that: the next stampede is the same one
        says="one key is being computed more than 20 times at once: look for a stampede before blaming the database",
    ),
    "false_reading": Rule(  # the origin is slow because it is asked the same question a hundred times
        signal="origin_wait",
        above=1.0,
        hold=10.0,
        says="the database makes its callers wait: tune it, or buy a larger one",
    ),
    "twin": Rule(  # cache busting asks for keys that nobody has asked for before
        signal="recompute_rate_hottest",
        per="origin_load",
        below=0.005,
        window=60.0,  # longer than an entry lives: in a stampede the key comes round again
        hold=10.0,
        floor=("origin_load", 200.0),
        says="the origin is busy, and hardly with the hottest key: look for requests that are made to miss",
    ),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(trigger="none"),
    "twin": Parameters(coalescing="fleet", trigger="none", background_rate=Schedule(10, ((60, 510),))),
    # every night somebody reads what nobody reads by day
    "lookalike": Parameters(coalescing="fleet", trigger="none", background_rate=Schedule(10, ((60, 60), (120, 10)))),
}

NAMES = {"incident": "stampede", "quiet": "quiet day", "twin": "cache busting", "lookalike": "nightly batch"}
TABLE = Table(simulate, 180.0, DAYS, RULES, NAMES, twin_starts=60.0)
