"""Rules for a split brain."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.split_brain import Parameters, simulate

RULES = {
    "first": Rule(  # more than one for more than a heartbeat or two: nothing else means this
        signal="leaders",
        above=1.5,
        window=1.0,
        hold=2.0,
        says="two nodes claim to lead: stop the writes of the older one, then look why",
    ),
    "false_reading": Rule(  # true on every cut, and its advice is what makes the second leader
        signal="far_errors",
        above=0.9,
        window=2.0,
        hold=5.0,
        says="the far side's database is down: promote a node there by hand",
    ),
    "twin": Rule(  # a cable breaks once; who drops heartbeats does it again, with all other traffic passing
        signal="elections",
        above=2.5,
        window=1.0,
        hold=2.0,
        says="three elections within minutes, and the nodes are well: ask who can drop or forge heartbeats",
    ),
    "minority": Rule(  # what the leader itself can know, long before there is another
        signal="unreached",
        above=0.5,
        window=1.0,
        hold=3.0,
        says="the leader does not reach a majority: it must stop taking writes",
    ),
    "errors": Rule(signal="error_ratio", above=0.2, window=2.0, hold=5.0, says="one write in five fails: look"),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(cut_duration=0.0),
    "twin": Parameters(trigger="mute", flaps=5, cut_duration=26.0, flap_gap=6.0),
    "lookalike": Parameters(cut_duration=8.0),  # a switch restarts
}

NAMES = {"incident": "network cut", "quiet": "quiet day", "twin": "heartbeats dropped", "lookalike": "brief cut"}
TABLE = Table(simulate, 240.0, DAYS, RULES, NAMES)
