"""Rules for overloaded queues."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.queue_overload import Parameters, simulate
from course_lib.models.schedule import Schedule

WORTH = 10_000.0  # messages: a deadline of ten seconds, at 1,000/s; more than that and the next arrival is doomed

TWIN = Rule(  # few messages that cost many deliveries each
    signal="redelivered_rate",
    per="throughput",
    above=0.05,
    hold=20.0,
    keep=120.0,
    says="one delivery in twenty failed and comes again: look who sends those, and quarantine the sender",
)

RULES = {
    "first": Rule(  # a trend speaks while the level still looks like nothing
        signal="depth",
        reading="time to full",
        full=WORTH,
        below=60.0,
        hold=10.0,
        says="in less than a minute the queue holds more than a deadline of work: shed or slow producers down now",
    ),
    "false_reading": Rule(  # a tenth of what the broker can hold, and the limit is never reached
        signal="depth",
        above=100_000.0,
        says="the queue holds more than 100,000 messages: give the broker more memory",
    ),
    "twin": TWIN,
    "alert": Rule(  # the first, and not the flood of messages that fail
        signal="depth",
        reading="time to full",
        full=WORTH,
        below=60.0,
        hold=10.0,
        unless=(TWIN,),
        says="in less than a minute the queue holds more than a deadline of work: shed or slow producers down now",
    ),
    "age": Rule(
        signal="oldest_age",
        above=5.0,
        hold=10.0,
        says="the oldest message has used up half of its deadline: shed, or slow producers down",
    ),
    "length": Rule(  # the same queue, seen by its length: it pages when the burst is over
        signal="depth", above=50_000.0, says="the queue holds more than 50,000 messages: add consumers"
    ),
    "cpu": Rule(signal="cpu", above=0.9, says="consumers use more than 90 % of their CPU: add consumers"),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(burst_rate=800.0),
    "twin": Parameters(burst_rate=900.0, poison_share=Schedule(0.0, ((60.0, 0.11), (180.0, 0.0)))),
    "lookalike": Parameters(burst_rate=950.0),  # a busy hour, and consumers that can
    "blocked": Parameters(downstream_rate=Schedule(1e4, ((60.0, 600.0), (180.0, 1e4))), burst_rate=800.0),
}

NAMES = {"incident": "burst", "quiet": "quiet day", "twin": "poison flood", "lookalike": "busy hour"}
TABLE = Table(simulate, 300.0, DAYS, RULES, NAMES, twin_starts=60.0)
