"""Rules for hot partitions."""

from course_lib.detect.rule import Rule

HOTTEST_PARTITION = Rule(
    signal="hottest_utilisation",
    above=0.8,
    window=10.0,
    hold=60.0,
    says="one partition uses more than 80 % of its own capacity: find its heaviest key before adding partitions",
)
"""The busiest partition against its *own* capacity: no mean, so nothing can hide behind one."""

MEAN_UTILISATION = Rule(
    signal="mean_utilisation",
    above=0.8,
    window=10.0,
    hold=60.0,
    says="the fleet uses more than 80 % of its capacity: scale the cluster",
)
"""The classic false reading: it stays silent while a partition melts, and its advice would not help."""

FIXED_IMBALANCE = Rule(
    signal="imbalance",
    above=2.0,
    window=10.0,
    hold=60.0,
    says="the busiest partition has more than twice the mean load",
)
"""A ratio without a baseline: it fires on healthy traffic whose keys are merely unequal."""

REQUEST_RATE = Rule(
    signal="offered_rate",
    above=21_000.0,
    window=10.0,
    hold=60.0,
    says="5 % more requests than usual: ask who sends them",
)
"""The security twin's mark: a key that goes viral takes users from other keys, a hammered key adds traffic."""

RISE = 1.5  # times the baseline


def imbalance_above(baseline: float) -> Rule:
    """Return the rule on busiest ÷ mean that compares a service with its own quiet hours.

    Parameters
    ----------
    baseline : float
        Busiest ÷ mean on an ordinary day.

    Examples
    --------
    >>> imbalance_above(1.2).above
    1.8
    """
    return Rule(
        signal="imbalance",
        above=round(RISE * baseline, 6),
        window=10.0,
        hold=60.0,
        says=f"the busiest partition has more than {RISE:g} times its usual lead: look for a key that went hot",
    )
