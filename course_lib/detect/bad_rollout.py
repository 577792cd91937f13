"""Rules for bad rollouts."""

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table
from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.models.schedule import window

RULES = {
    "first": Rule(  # a difference, not a level: whatever ails everybody ails the control, too
        signal="canary_excess",
        above=0.005,
        window=60.0,
        hold=120.0,
        says="the canary fails more often than its control: take the change back, then ask why",
    ),
    "false_reading": Rule(  # an average over the fleet: late in a rollout, and blind to who has the change
        signal="error_ratio",
        above=0.004,
        window=60.0,
        hold=120.0,
        says="errors of the whole service are up while something is being deployed: roll back the last deploy",
    ),
    "twin": Rule(  # a change harms requests, whoever sends them; a poison message kills workers, whatever they run
        signal="workers_down",
        above=0.05,
        hold=60.0,
        says="workers crash again and again: find the message that was delivered to all of them, and its sender",
    ),
    "page": Rule(signal="error_ratio", above=0.01, hold=120.0, says="one request in a hundred fails"),
}

WEATHER = Parameters(fault_share=0.0, baseline=window(1200.0, 900.0, 0.02, 0.001))  # ails everybody alike

DAYS = {
    "incident": Parameters(gate="none"),
    "quiet": Parameters(fault_share=0.0),
    "twin": Parameters(fault_share=0.0, poison_rate=0.05, deliveries=3, poison_start=4000.0, poison_duration=1200.0),
    "gated": Parameters(rollback_time=600.0),
    "weather": WEATHER,
    "lookalike": WEATHER,
}

NAMES = {"incident": "bad change", "quiet": "good change", "twin": "poison message", "lookalike": "weather"}
TABLE = Table(simulate, 7200.0, DAYS, RULES, NAMES, twin_starts=4000.0)
