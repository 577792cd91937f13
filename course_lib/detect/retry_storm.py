"""Rules for retry storms."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.retry_storm import Parameters, simulate
from course_lib.models.schedule import Schedule

RULES = {
    "first": Rule(  # ratio beats level: the attempt rate rises with honest traffic, too
        signal="amplification",
        above=1.1,
        says="clients send more than 1.1 attempts per request: look for a retry storm before adding capacity",
    ),
    "false_reading": Rule(  # the same picture, taken for growth
        signal="attempt_rate", above=1200.0, says="more traffic than the service can take: scale out"
    ),
    "twin": Rule(  # in a storm sessions are flat; a flood brings requests of its own
        signal="offered_rate",
        above=1.5,
        baseline=(0.0, 60.0),
        says="half as many first attempts again as usual: ask who sends them",
    ),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(brownout_duration=0.0, reply_loss=0.01),
    "twin": Parameters(max_retries=0, brownout_duration=0.0, arrival_rate=Schedule(900.0, ((60.0, 3600.0),))),
    "lookalike": Parameters(  # growth, and the capacity for it
        brownout_duration=0.0, service_rate=1800.0, arrival_rate=Schedule(900.0, ((60.0, 1100.0), (90.0, 1300.0)))
    ),
}

NAMES = {"incident": "retry storm", "quiet": "quiet day", "twin": "flood", "lookalike": "growth"}
TABLE = Table(simulate, 300.0, DAYS, RULES, NAMES)
