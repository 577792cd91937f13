"""Rules over many traces: 200 traces by 12 rules, beside the same rules run over one trace after the other.

    python -m benchmarks.detection

The traces are the days of a module's table, 50 seeds of four; the rules are the table's own, with other thresholds to
make twelve. The bar is two seconds for all of them; signals are read once a trace, as a tournament reads them.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from benchmarks import measuring
from course_lib.detect import table
from course_lib.detect.evaluator import firing
from course_lib.detect.rule import Rule

BAR = 2.0  # seconds
SEEDS, DAYS, RULES = 50, ("incident", "quiet", "lookalike", "twin"), 12
MODULES = ("retry_storm", "queue_overload", "hot_partition")


def rules(slug: str) -> list[Rule]:
    """Return twelve rules: the table's own, and then the same with thresholds a little off."""
    own = list(table(slug).rules.values())
    return [_moved(own[n % len(own)], 1.0 + 0.1 * (n // len(own))) for n in range(RULES)]


def _moved(rule: Rule, by: float) -> Rule:
    side = "below" if rule.above is None else "above"
    return dataclasses.replace(rule, **{side: rule.threshold * by})


def measure(slug: str) -> dict[str, float]:
    """Return seconds for all traces and rules at once, and times the same one trace after the other."""
    days = [table(slug).run(day, np.arange(SEEDS)) for day in DAYS]
    twelve = rules(slug)
    for rule in twelve:  # signals are computed when first asked for, and that is the model's time
        firing(rule, days[0])
    batch = measuring.seconds(lambda: [firing(rule, day) for rule in twelve for day in days])
    one = table(slug).run("incident", 0)
    alone = measuring.seconds(lambda: [firing(rule, one) for rule in twelve])
    return {
        "seconds": round(batch, 3),
        "bar, seconds": BAR,
        "times one after the other": round(alone * SEEDS * len(DAYS) / batch, 1),
    }


if __name__ == "__main__":
    measuring.keep("detection", {"machine": measuring.machine(), **{slug: measure(slug) for slug in MODULES}})
