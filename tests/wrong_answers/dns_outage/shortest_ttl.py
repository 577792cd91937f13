"""Plausible mistakes in `shortest_ttl`, one a function."""

import numpy as np

_short = lambda left, lost: 2 * (left - lost)  # noqa: E731
_long = lambda left, lost: left**2 / (2 * np.maximum(lost, 1e-9))  # noqa: E731
_either = lambda left, lost: np.where(_short(left, lost) <= left, _short(left, lost), _long(left, lost))  # noqa: E731
_right = lambda outage, wanted, stale, failover: _none(  # noqa: E731
    np.maximum(np.ceil(_either(np.maximum(outage - stale, 0), (1 - wanted) * outage)), 1), failover
)
_none = lambda ttl, failover: np.where(ttl <= failover, ttl, 0)  # noqa: E731


def a_week(outage, availability, stale_limit, failover):
    """Rides out any outage, and follows nothing."""
    return np.full(np.shape(outage), 604_800.0)


def a_second(outage, availability, stale_limit, failover):
    """As short as can be, for the failover."""
    return np.ones(np.shape(outage))


def as_long_as_it_may(outage, availability, stale_limit, failover):
    """The longest TTL that still fails over in time, not the shortest that will do."""
    return np.where(_right(outage, availability, stale_limit, failover) > 0, np.floor(failover), 0)


def as_long_as_the_outage(outage, availability, stale_limit, failover):
    """The rule of thumb: TTL = outage."""
    return np.where(outage <= failover, outage, 0)


def not_at_the_objective(outage, availability, stale_limit, failover):
    """Takes a TTL just as long as the failover may take for too long."""
    ttl = _right(outage, availability, stale_limit, np.inf)
    return np.where(ttl < failover, ttl, 0)


def in_fractions(outage, availability, stale_limit, failover):
    """Not in whole seconds."""
    left = np.maximum(outage - stale_limit, 0)
    return _none(np.maximum(_either(left, (1 - availability) * outage), 1), failover)


def never_none(outage, availability, stale_limit, failover):
    """Takes what is too long for the failover all the same."""
    return _right(outage, availability, stale_limit, np.inf)


def no_stale(outage, availability, stale_limit, failover):
    """Takes no notice of serve-stale."""
    return _right(outage, availability, 0 * stale_limit, failover)


def one_regime(outage, availability, stale_limit, failover):
    """H / 2T, whatever the TTL."""
    left, lost = np.maximum(outage - stale_limit, 0), (1 - availability) * outage
    ttl = np.maximum(np.ceil(left**2 / (2 * np.maximum(lost, 1e-9))), 1)
    return np.where(ttl <= failover, ttl, 0)


def other_regime(outage, availability, stale_limit, failover):
    """1 - T / 2H, whatever the TTL."""
    left, lost = np.maximum(outage - stale_limit, 0), (1 - availability) * outage
    ttl = np.maximum(np.ceil(2 * (left - lost)), 1)
    return np.where(ttl <= failover, ttl, 0)


def of_what_is_left(outage, availability, stale_limit, failover):
    """Grants the losses on what serve-stale leaves of the outage, not on the whole of it."""
    left = np.maximum(outage - stale_limit, 0)
    return _right(left, availability, 0 * left, failover)


def rounded_down(outage, availability, stale_limit, failover):
    """A second short."""
    ttl = _right(outage, availability, stale_limit, failover)
    return np.where(ttl > 1, ttl - 1, ttl)


def uniform_end(outage, availability, stale_limit, failover):
    """Takes the availability at the end of the outage for the mean over it."""
    left = np.maximum(outage - stale_limit, 0)
    ttl = np.maximum(np.ceil(left / np.maximum(1 - availability, 1e-9)), 1)
    return np.where(ttl <= failover, ttl, 0)


def next_whole_second(outage, availability, stale_limit, failover):
    """Rounds up what is whole already: a second too long."""
    left, lost = np.maximum(outage - stale_limit, 0), (1 - availability) * outage
    return _none(np.where(left <= lost, 1, np.floor(_either(left, lost)) + 1), failover)


def nothing_lost_is_none(outage, availability, stale_limit, failover):
    """Gives up where nothing may be lost, though stale answers carry the whole outage."""
    return np.where(availability < 1, _right(outage, availability, stale_limit, failover), 0)


def no_stale_in_the_last_second(outage, availability, stale_limit, failover):
    """Trusts a stale limit only where it is longer than the outage, not just as long."""
    left = np.where(stale_limit >= outage, stale_limit <= outage, np.maximum(outage - stale_limit, 0))
    return _right(left + stale_limit, 1 - (1 - availability) * outage / (left + stale_limit), stale_limit, failover)


def more_lost_than_is_left(outage, availability, stale_limit, failover):
    """Takes the distance between what is left and what may be lost, where it may well be the smaller."""
    left, lost = np.maximum(outage - stale_limit, 0), (1 - availability) * outage
    ttl = np.where(2 * (left - lost) <= left, 2 * np.abs(left - lost), _long(left, lost))
    return _none(np.where(left == 0, 1, np.maximum(np.ceil(ttl), 1)), failover)


def a_second_at_least(outage, availability, stale_limit, failover):
    """Gives a second also where there is no time at all to fail over in."""
    return _right(outage, availability, stale_limit, np.maximum(failover, 1))


def constants_of_the_visible_seed(outage, availability, stale_limit, failover):
    """What is right at home, copied."""
    return np.resize([0, 80, 203, 1, 417, 322, 1, 1, 53, 0, 0, 560], np.shape(outage))


def constants_tuned_on_other_seeds(outage, availability, stale_limit, failover):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([1, 315, 268, 1, 1, 103, 66, 116, 120, 62, 1, 229], np.shape(outage))
