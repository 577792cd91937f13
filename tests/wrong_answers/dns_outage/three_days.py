"""Plausible mistakes in `three_days`, one a function."""

import numpy as np


def a_week(outage, availability, failover, denial, takeover, caches, capacity):
    """Rides out everything."""
    least = np.ceil(4 * caches / capacity)
    return np.full(least.shape, 604_800.0), least, takeover - least


def a_second(outage, availability, failover, denial, takeover, caches, capacity):
    """As agile as can be: its load breaks the authority."""
    least = np.ceil(4 * caches / capacity)
    return np.ones(least.shape), least, takeover - 1


def stale_for_ever(outage, availability, failover, denial, takeover, caches, capacity):
    """Serve-stale without a limit: a hijacked address stays."""
    least = np.ceil(4 * caches / capacity)
    return least, least, np.full(least.shape, 1e8)


def stale_for_the_takeover(outage, availability, failover, denial, takeover, caches, capacity):
    """Forgets that a stale answer was fresh for a TTL first."""
    least = np.ceil(4 * caches / capacity)
    return least, least, takeover + least


def no_stale(outage, availability, failover, denial, takeover, caches, capacity):
    """Nothing but a TTL."""
    least = np.ceil(4 * caches / capacity)
    return np.minimum(failover, takeover), least, 0 * least


def negative_of_an_hour(outage, availability, failover, denial, takeover, caches, capacity):
    """As RFC 2308 finds it works well."""
    least = np.ceil(4 * caches / capacity)
    return least, 3600 + 0 * least, takeover - least


def negative_of_a_minute(outage, availability, failover, denial, takeover, caches, capacity):
    """A minute for every denial, whatever the objective."""
    least = np.ceil(4 * caches / capacity)
    return least, 60 + 0 * least, takeover - least


def negative_of_a_second(outage, availability, failover, denial, takeover, caches, capacity):
    """Believes no denial, and asks for it all the time."""
    least = np.ceil(4 * caches / capacity)
    return least, 1 + 0 * least, takeover - least


def stale_for_the_outage(outage, availability, failover, denial, takeover, caches, capacity):
    """As long as the outage, whatever a takeover may last."""
    least = np.ceil(4 * caches / capacity)
    return least, least, outage


def full_load(outage, availability, failover, denial, takeover, caches, capacity):
    """Uses all of the authority's capacity."""
    least = np.ceil(4 * caches / capacity)
    return np.ceil(least / 2), least, takeover - np.ceil(least / 2)


def half_the_stale(outage, availability, failover, denial, takeover, caches, capacity):
    """Gives away half of what may be served stale."""
    least = np.ceil(4 * caches / capacity)
    return least, least, (takeover - least) / 2


def failover_is_half(outage, availability, failover, denial, takeover, caches, capacity):
    """Takes the failover for half a TTL, its mean."""
    least = np.ceil(4 * caches / capacity)
    return np.minimum(2 * failover, takeover - 1), least, np.maximum(takeover - 2 * failover, 0)


def constants_of_the_visible_seed(outage, availability, failover, denial, takeover, caches, capacity):
    """What is right at home, copied."""
    return (
        np.resize([6, 6, 28, 5, 6, 6, 5, 6], np.shape(outage)),
        np.resize([6, 6, 28, 5, 6, 6, 5, 6], np.shape(outage)),
        np.resize([48, 147, 212, 187, 154, 382, 136, 128], np.shape(outage)),
    )


def constants_tuned_on_other_seeds(outage, availability, failover, denial, takeover, caches, capacity):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([10, 10, 11, 7, 10], np.shape(outage)),
        np.resize([10, 10, 11, 7, 10], np.shape(outage)),
        np.resize([178, 253, 124, 180, 189], np.shape(outage)),
    )


def to_the_nearest_second(outage, availability, failover, denial, takeover, caches, capacity):
    """Rounds a TTL down where that is nearer."""
    ttl = np.round(4 * caches / capacity)
    return ttl, np.ceil(4 * caches / capacity), takeover - ttl


def negative_to_the_nearest_second(outage, availability, failover, denial, takeover, caches, capacity):
    """Rounds the negative TTL down where that is nearer."""
    least = 4 * caches / capacity
    return np.ceil(least), np.round(least), takeover - np.ceil(least)


def stale_before_rounding(outage, availability, failover, denial, takeover, caches, capacity):
    """Takes the TTL from the takeover before it is rounded up: together they last a part of a second too long."""
    least = 4 * caches / capacity
    return np.ceil(least), np.ceil(least), takeover - least


def a_second_more_of_denial(outage, availability, failover, denial, takeover, caches, capacity):
    """Believes a denial for a second longer than it may."""
    ttl = np.ceil(4 * caches / capacity)
    return ttl, denial + 1, takeover - ttl


def half_way_to_the_failover(outage, availability, failover, denial, takeover, caches, capacity):
    """A TTL in the middle of what it may be, at the cost of what may be stale."""
    least = np.ceil(4 * caches / capacity)
    ttl = np.round((least + failover) / 2)
    return ttl, least, np.maximum(takeover - ttl, 0)


def stale_for_the_share(outage, availability, failover, denial, takeover, caches, capacity):
    """A stale limit of availability times outage, whatever a takeover may last."""
    least = np.ceil(4 * caches / capacity)
    return least, least, availability * outage


def not_whole(outage, availability, failover, denial, takeover, caches, capacity):
    """TTLs that are no whole seconds, which no record can hold."""
    least = 4 * caches / capacity
    return least, least, takeover - np.ceil(least)


def negative_not_whole(outage, availability, failover, denial, takeover, caches, capacity):
    """A negative TTL that is no whole seconds."""
    least = 4 * caches / capacity
    return np.ceil(least), least, takeover - np.ceil(least)
