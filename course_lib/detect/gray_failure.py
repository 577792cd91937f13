"""Rules for gray failures."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.gray_failure import Parameters, simulate

TWIN = Rule(  # a limping host answers in the end; one that drops calls leaves no trace but at its callers
    signal="client_errors",
    above=0.003,
    hold=20.0,
    keep=120.0,
    unless=(Rule(signal="server_errors", above=0.001, hold=0.0, says="hosts report errors: look at their logs"),),
    says="calls get no answer and no host reports an error: ask who can read, or drop, what they carry",
)

RULES = {
    "first": Rule(  # either observer alone is green, or cannot say where
        signal="disagreement",
        above=0.02,
        window=2.0,
        hold=0.0,
        says="callers complain of hosts that pass their checks: take these out and keep them for whoever looks",
    ),
    "false_reading": Rule(  # what pages most teams; it stays silent, and a silent page is read as health
        signal="red_share",
        above=0.02,
        hold=20.0,
        says="a host fails its checks: replace it",
    ),
    "twin": TWIN,
    "alert": Rule(  # the first, once calls without an answer would have shown
        signal="disagreement",
        above=0.02,
        window=2.0,
        hold=20.0,
        unless=(TWIN,),
        says="callers complain of hosts that pass their checks: take these out and keep them for whoever looks",
    ),
    "fast": Rule(
        signal="leaf_p50", above=0.015, hold=10.0, says="half of the calls are slow: the service is overloaded"
    ),
    "users": Rule(signal="slow_pages", above=0.05, hold=10.0, says="one page in twenty is slow: something is wrong"),
    "servers": Rule(signal="server_errors", above=0.001, hold=10.0, says="hosts report errors: look at their logs"),
}

DAYS = {
    "incident": Parameters(),
    "quiet": Parameters(fault_duration=0.0),
    "twin": Parameters(fault="lossy"),
    "lookalike": Parameters(fault="heavy", impaired_hosts=40, work_factor=2.0),  # a batch: all hosts are slower, alike
}

NAMES = {
    "incident": "two hosts limp",
    "quiet": "quiet day",
    "twin": "two hosts drop calls",
    "lookalike": "nightly batch",
}
TABLE = Table(simulate, 300.0, DAYS, RULES, NAMES)
