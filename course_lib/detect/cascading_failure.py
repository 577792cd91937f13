"""Rules for cascading failures."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.cascading_failure import Parameters, simulate
from course_lib.models.schedule import Schedule

RULES = {
    "first": Rule(  # the last tier of the chain that is full, whoever complains
        signal="database_utilisation",
        above=0.95,
        window=5.0,
        hold=5.0,
        says="the database has no worker to spare, and it calls nobody: refuse at the gateway what it cannot do",
    ),
    "false_reading": Rule(  # fires on both days: whoever stands in front is full in the end, whoever is ill
        signal="gateway_utilisation",
        above=0.95,
        window=5.0,
        hold=5.0,
        says="the gateway has no worker to spare: start more of them",
    ),
    "twin": Rule(  # one page in eight asks for the reviews, and takes them for ever
        signal="reviews_held",
        above=90.0,
        window=5.0,
        hold=5.0,
        says="a third of the gateway waits for the reviews: leave them out, and ask who wants them so often",
    ),
    "errors": Rule(
        signal="error_ratio", above=0.05, window=5.0, hold=10.0, says="one user in twenty fails: something is wrong"
    ),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(slowdown=1.0),
    "twin": Parameters(trigger="feature", feature_share=0.12, trigger_duration=1000.0),
    "lookalike": Parameters(slowdown=1.0, arrival_rate=Schedule(100.0, ((30.0, 115.0), (90.0, 100.0)))),  # a busy hour
}

NAMES = {"incident": "slow database", "quiet": "quiet day", "twin": "reviews flooded", "lookalike": "busy hour"}
TABLE = Table(simulate, 150.0, DAYS, RULES, NAMES)
