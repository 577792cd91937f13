"""Rules for metastable failures."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.metastable_failure import Parameters, simulate
from course_lib.models.schedule import Schedule

MORNING = Schedule(600.0, ((60.0, 1200.0), (120.0, 1800.0)))  # requests/s: the day's load comes in two steps

TWIN = Rule(  # an accident takes capacity away, a burst brings requests
    signal="offered_rate",
    above=2500.0,
    window=5.0,
    hold=3.0,
    keep=600.0,
    says="more requests than ever for some seconds, and a long outage behind them: ask who sent them",
)

RULES = {
    "first": Rule(  # a standing line, not an alarm of failure: it speaks while every user is served
        signal="load_ratio",
        above=1.0,
        hold=20.0,
        says="the load is above the hidden capacity: we would not come back; limit retries or take users elsewhere",
    ),
    "false_reading": Rule(  # silent all through: the workers have never done so much, and nobody wants it any more
        signal="throughput",
        below=0.7,
        hold=20.0,
        baseline=(150.0, 240.0),
        says="the workers do much less than usual: restart them",
    ),
    "twin": TWIN,
    "alert": Rule(  # the sustained state itself: work is done, and nobody waits for it any more
        signal="goodput_share",
        below=0.5,
        hold=20.0,
        floor=("attempt_rate", 100.0),
        unless=(TWIN,),
        says="the workers are busy for callers who have left, and it keeps itself going: cut retries, let fewer in",
    ),
    "full": Rule(  # true, and no help: a third more workers would be as full
        signal="utilisation",
        above=0.95,
        hold=20.0,
        says="the workers are full: order a third more",
    ),
    "errors": Rule(signal="error_ratio", above=0.05, says="one user in twenty fails: something is badly wrong"),
}

DAYS = {
    "incident": Parameters(arrival_rate=MORNING, trigger_start=240.0),
    "quiet": Parameters(arrival_rate=600.0, trigger_size=0.0),
    "twin": Parameters(arrival_rate=MORNING, trigger_start=240.0, trigger="spike", trigger_duration=5.0),
    "lookalike": Parameters(arrival_rate=600.0, trigger_start=240.0),  # a deploy: ten seconds without capacity
}

NAMES = {"incident": "capacity lost", "quiet": "quiet day", "twin": "a burst", "lookalike": "deploy"}
TABLE = Table(simulate, 480.0, DAYS, RULES, NAMES)
