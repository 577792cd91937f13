"""Plausible mistakes in `triage`, one a function."""

import numpy as np


def drops_all_that_is_old(age, deadline, service_time, deliveries, may_expire):
    """Over-fixed: a minute is old, whatever the message's own deadline."""
    return np.where(deliveries >= 5, 2, np.where(may_expire & (age > 60), 1, 0))


def at_the_deadline(age, deadline, service_time, deliveries, may_expire):
    """Forgets the time it takes: what is begun just before its deadline is done after it."""
    return np.where(deliveries >= 5, 2, np.where(may_expire & (age > deadline), 1, 0))


def not_just_in_time(age, deadline, service_time, deliveries, may_expire):
    """Drops what is done just at its deadline."""
    late = may_expire & (age + service_time >= deadline)
    return np.where(deliveries >= 5, 2, np.where(late, 1, 0))


def half_a_deadline(age, deadline, service_time, deliveries, may_expire):
    """Over-fixed: drops what has used up half of its deadline and is still worth something."""
    return np.where(deliveries >= 5, 2, np.where(may_expire & (age + service_time > deadline / 2), 1, 0))


def drops_payments(age, deadline, service_time, deliveries, may_expire):
    """Forgets that some messages may not expire."""
    return np.where(deliveries >= 5, 2, np.where(age + service_time > deadline, 1, 0))


def drops_poison(age, deadline, service_time, deliveries, may_expire):
    """Drops before it looks at deliveries: poison that is late is never seen again."""
    return np.where(may_expire & (age + service_time > deadline), 1, np.where(deliveries >= 5, 2, 0))


def serves_all(age, deadline, service_time, deliveries, may_expire):
    """Every message is worth the work."""
    return np.zeros(len(age), dtype=int)


def one_delivery_early(age, deadline, service_time, deliveries, may_expire):
    """Gives up on a message that has failed four times."""
    return np.where(deliveries >= 4, 2, np.where(may_expire & (age + service_time > deadline), 1, 0))


def dead_letters_the_late(age, deadline, service_time, deliveries, may_expire):
    """Puts the late with the dead: nobody finds the poison among them."""
    return np.where((deliveries >= 5) | (may_expire & (age + service_time > deadline)), 2, 0)


def in_whole_seconds(age, deadline, service_time, deliveries, may_expire):
    """Rounds down: what is late by a part of a second is in time."""
    return np.where(deliveries >= 5, 2, np.where(may_expire & (np.floor(age + service_time) > deadline), 1, 0))


def one_more_try_however_late(age, deadline, service_time, deliveries, may_expire):
    """Serves what has failed four times, also after its deadline."""
    late = may_expire & (age + service_time > deadline) & (deliveries != 4)
    return np.where(deliveries >= 5, 2, np.where(late, 1, 0))


def more_than_five(age, deadline, service_time, deliveries, may_expire):
    """Tries what has failed five times once more."""
    return np.where(deliveries > 5, 2, np.where(may_expire & (age + service_time > deadline), 1, 0))


def the_fifth_alone(age, deadline, service_time, deliveries, may_expire):
    """Dead-letters what has failed five times, and not what has failed six."""
    return np.where(deliveries == 5, 2, np.where(may_expire & (age + service_time > deadline), 1, 0))


def constants_of_the_visible_seed(age, deadline, service_time, deliveries, may_expire):
    """What is right at home, copied."""
    return np.resize(
        [0, 2, 1, 0, 0, 0, 1, 1, 2, 0, 2, 1, 0, 2, 0, 2, 2, 0, 2, 0, 1, 0, 0, 1, 2, 1, 0, 0, 0, 1, 0, 2, 2],
        np.shape(age),
    )


def constants_tuned_on_other_seeds(age, deadline, service_time, deliveries, may_expire):
    """The median of what is right on seven other seeds, copied."""
    return np.resize(
        [0, 0, 0, 1, 2, 0, 1, 1, 2, 0, 2, 2, 0, 2, 1, 1, 0, 2, 0, 1, 0, 0, 1, 1, 2, 0, 0, 0, 0], np.shape(age)
    )
