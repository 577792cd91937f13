"""Rules for DNS outages."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.dns_outage import Parameters, simulate
from course_lib.models.schedule import Schedule

QUIET = (0.0, 60.0)  # seconds before anything happens

RULES = {
    "first": Rule(  # caches that get no answer ask again and again, whether their clients notice or not
        signal="upstream_rate",
        per="offered_rate",
        above=3.0,
        baseline=QUIET,
        says="caches ask upstream three times as often per lookup: look at the authority before the applications do",
    ),
    "false_reading": Rule(  # looks at servers, not at answers; what is down costs a resolver hardly anything
        signal="resolver_utilisation",
        above=0.8,
        says="the resolvers are more than 80 % busy: add resolvers",
    ),
    "twin": Rule(  # every lookup is answered at once: compare what is answered with what was published
        signal="wrong_share",
        above=0.01,
        says="1 % of lookups bring an address that nobody published: treat the zone, or a cache, as taken over",
    ),
    "errors": Rule(  # what a user would notice; silent while stale answers last
        signal="error_ratio", above=0.01, says="1 % of lookups fail: find out which name, and who serves its zone"
    ),
    "denied": Rule(  # an empty answer is an answer, so nobody asks again
        signal="negative_share",
        above=0.05,
        says='5 % of caches hold "no such name" for a name that exists: publish it, then flush what can be flushed',
    ),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(outage_duration=0.0),
    "twin": Parameters(outage="wrong"),
    "lookalike": Parameters(outage_duration=0.0, lookup_rate=Schedule(10.0, ((60.0, 25.0),))),  # growth
    "stale": Parameters(stale_limit=86_400.0),
    "empty": Parameters(outage="empty"),
}

NAMES = {"incident": "authority dead", "quiet": "quiet day", "twin": "hijacked answers", "lookalike": "growth"}
TABLE = Table(simulate, 600.0, DAYS, RULES, NAMES)
