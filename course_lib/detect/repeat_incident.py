"""Rules for incidents that come back: they read the loop of learning, in weeks, not the service, in minutes."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.repeat_incident import DAY, WEEK, Parameters, simulate
from course_lib.models.schedule import window

HALF = 52 * WEEK  # s: when a second year begins

RULES = {
    "first": Rule(  # what will come back is what nobody has finished: months before the second incident counts
        signal="item_age",
        above=60 * DAY,
        window=WEEK,
        hold=4 * WEEK,
        says="open items are older than two months: finish the oldest, or close it and say that you accept the risk",
    ),
    "false_reading": Rule(  # a mean of a few heavy-tailed times, of incidents that are all that ever come
        signal="resolve_time",
        above=2 * DAY,
        window=WEEK,
        hold=4 * WEEK,
        says="incidents take longer to resolve than they used to: the team must respond faster",
    ),
    "twin": Rule(  # a rule that should have paged and did not: somebody silenced it
        signal="missed_share",
        above=0.1,
        window=WEEK,
        hold=2 * WEEK,
        says="customers told of what an alert should have found: see who silenced it, and keep the audit log elsewhere",
    ),
    "repeats": Rule(
        signal="repeat_share",
        above=0.7,
        window=WEEK,
        hold=4 * WEEK,
        says="most incidents of the year had happened before: look at the loop, and not at the last of them",
    ),
}

#: A team that finishes what it takes on, within days.
DILIGENT = Parameters(completion=1.0, fix_time=10 * DAY, capacity=60.0, verified="on", incident_rate=3.0)

DAYS = {
    "incident": Parameters(completion=0.0),
    "quiet": DILIGENT,
    "twin": DILIGENT.replace(muted=window(HALF, HALF, 1.0, 0.0)),
    "lookalike": DILIGENT.replace(incident_rate=window(26 * WEEK, 13 * WEEK, 9.0, 3.0)),
}

NAMES = {
    "incident": "items lie",
    "quiet": "items are finished",
    "twin": "alerts silenced",
    "lookalike": "a busy launch",
}
TABLE = Table(simulate, 2 * HALF, DAYS, RULES, NAMES, twin_starts=HALF, clock=("days", DAY))
