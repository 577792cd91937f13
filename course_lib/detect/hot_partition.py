"""Rules for hot partitions."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.hot_partition import Parameters, partitions, simulate
from course_lib.models.schedule import Schedule

QUIET = (0.0, 60.0)  # seconds before anything happens

TWIN = Rule(  # a key that goes viral takes users from other keys, a hammered key adds traffic
    signal="offered_rate",
    above=1.05,
    keep=120.0,
    baseline=QUIET,
    says="5 % more requests than usual: ask who sends them",
)

RULES = {
    "first": Rule(  # the busiest partition against its *own* capacity: no mean, so nothing can hide behind one
        signal="hottest_utilisation",
        above=0.8,
        says="one partition uses more than 80 % of its own capacity: find its heaviest key before adding partitions",
    ),
    "false_reading": Rule(  # silent while a partition melts, and its advice would not help
        signal="mean_utilisation",
        above=0.8,
        says="the fleet uses more than 80 % of its capacity: scale the cluster",
    ),
    "twin": TWIN,
    "alert": Rule(  # the first, once it is known that nobody sends more than usual
        signal="hottest_utilisation",
        above=0.8,
        hold=75.0,
        unless=(TWIN,),
        says="one partition uses more than 80 % of its own capacity: find its heaviest key before adding partitions",
    ),
    "risen": Rule(
        signal="imbalance",
        above=1.5,
        baseline=QUIET,
        says="the busiest partition has more than 1.5 times its usual lead: look for a key that went hot",
    ),
    "peers": Rule(  # the same, of any fleet: no capacity need be known
        signal="partition_utilisation",
        peers=True,
        above=0.3,
        says="one partition is 30 points busier than the median one: find its heaviest key",
    ),
    "fixed": Rule(  # a ratio without a baseline fires on healthy traffic whose keys are merely unequal
        signal="imbalance", above=2.0, says="the busiest partition has more than twice the mean load"
    ),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(viral_share=0.0),
    "twin": Parameters(viral_share=1 / 11, arrival_rate=Schedule(20_000, ((60, 22_000), (240, 20_000)))),
    "lookalike": Parameters(viral_share=0.003),  # a post that many like, and no partition minds
    "skewed": Parameters(viral_share=0.0, zipf_exponent=1.0, arrival_rate=6000.0),
}

NAMES = {"incident": "viral key", "quiet": "quiet day", "twin": "hammered key", "lookalike": "popular key"}
TABLE = Table(
    simulate,
    300.0,
    DAYS,
    RULES,
    NAMES,
    extra={"partition_utilisation": ("of capacity", lambda trace: partitions(trace)["utilisation"])},
)
