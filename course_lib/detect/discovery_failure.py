"""Rules for service-discovery failures."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.discovery_failure import Parameters, simulate

QUIET = (100.0, 300.0)  # seconds before anything happens

RULES = {
    "first": Rule(  # what nobody has confirmed is old before it is wrong: this speaks before the first attempt fails
        signal="endpoint_age",
        above=90.0,
        says="clients have had no answer from the registry for three polls: freeze deploys, keep what is known",
    ),
    "false_reading": Rule(  # fires when the damage is done, on either day, and points at the newcomers
        signal="new_success",
        below=0.9,
        says="one connection in ten goes to nobody: the last deploy is bad, roll it back",
    ),
    "twin": Rule(  # an outage takes addresses away, a forger adds some
        signal="listed",
        above=1.2,
        baseline=QUIET,
        says="a fifth more addresses than usual, and nobody has scaled up: ask who registered them",
    ),
    "existing": Rule(  # what most dashboards show: requests on connections that are open
        signal="existing_success",
        below=0.95,
        says="one request in twenty fails on an open connection: look at the instances",
    ),
    "errors": Rule(signal="error_ratio", above=0.05, says="one user in twenty fails: something is badly wrong"),
}

DAYS = {
    "incident": Parameters(catalogue="lost"),
    "quiet": Parameters(outage_duration=0.0),
    "twin": Parameters(trigger="forged"),
    "lookalike": Parameters(outage_duration=0.0, deploy_start=300.0, deploy_duration=300.0),  # a brisk deploy
}

NAMES = {"incident": "registry down", "quiet": "quiet day", "twin": "forged addresses", "lookalike": "deploy"}
TABLE = Table(simulate, 1200.0, DAYS, RULES, NAMES)
