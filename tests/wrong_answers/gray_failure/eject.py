"""Plausible mistakes in `eject`, one a function."""

import numpy as np

_rank = lambda those, share: np.argsort(np.argsort(np.where(those, -share, 9.0), axis=1), axis=1)  # noqa: E731
_worst = lambda those, share, room: those & (_rank(those, share) < room[:, None])  # noqa: E731
_share = lambda sent, bad, judged: np.where(judged, bad / np.maximum(sent, 1), np.nan)  # noqa: E731
_worse = lambda share: share > np.nanmedian(share, axis=1, keepdims=True) + 0.05  # noqa: E731


def half_the_fleet(sent, bad, out, cap):
    """Over-fixed: ejects whatever is above the median."""
    share = bad / np.maximum(sent, 1)
    return ~out & (share > np.median(share, axis=1, keepdims=True))


def without_a_cap(sent, bad, out, cap):
    """Takes out all that are bad."""
    return _worse(_share(sent, bad, ~out & (sent >= 100)))


def absolute(sent, bad, out, cap):
    """More than 5 % bad, whoever the peers: on a bad day of all it ejects as many as the cap lets it."""
    share = np.where(~out & (sent >= 100), bad / np.maximum(sent, 1), np.nan)
    return _worst(share > 0.05, share, np.floor(cap * sent.shape[1]) - out.sum(axis=1))


def no_minimum(sent, bad, out, cap):
    """Judges by a dozen calls."""
    share = np.where(~out, bad / np.maximum(sent, 1), np.nan)
    worse = share > np.nanmedian(share, axis=1, keepdims=True) + 0.05
    return _worst(worse, share, np.floor(cap * sent.shape[1]) - out.sum(axis=1))


def forgets_who_is_out(sent, bad, out, cap):
    """Fills the cap anew each time."""
    share = _share(sent, bad, ~out & (sent >= 100))
    return _worst(_worse(share), share, np.floor(cap * sent.shape[1]))


def ejects_again(sent, bad, out, cap):
    """Does not look who is out already."""
    share = np.where(sent >= 100, bad / np.maximum(sent, 1), np.nan)
    worse = share > np.nanmedian(share, axis=1, keepdims=True) + 0.05
    return _worst(worse, share, np.floor(cap * sent.shape[1]))


def first_come(sent, bad, out, cap):
    """Fills the cap from the left, not with the worst."""
    worse = _worse(_share(sent, bad, ~out & (sent >= 100)))
    room = np.floor(cap * sent.shape[1]) - out.sum(axis=1)
    return worse & (np.cumsum(worse, axis=1) <= room[:, None])


def by_number(sent, bad, out, cap):
    """The most bad calls, not the largest share."""
    worse = _worse(_share(sent, bad, ~out & (sent >= 100)))
    return _worst(worse, bad / 1e6, np.floor(cap * sent.shape[1]) - out.sum(axis=1))


def never(sent, bad, out, cap):
    """Ejects nobody."""
    return np.zeros(sent.shape, dtype=bool)


def one_for_all_fleets(sent, bad, out, cap):
    """Takes the median over all fleets together."""
    share = np.where(~out & (sent >= 100), bad / np.maximum(sent, 1), np.nan)
    return _worst(share > np.nanmedian(share) + 0.05, share, np.floor(cap * sent.shape[1]) - out.sum(axis=1))


def _ejected(sent, bad, out, cap, least=100, by=0.05, usual=None, room=None):
    """The rule, with other numbers, another median or another room."""
    share = _share(sent, bad, ~out & (sent >= least))
    usual = np.nanmedian(share, axis=1, keepdims=True) if usual is None else usual
    room = np.floor(cap * sent.shape[1]) - out.sum(axis=1) if room is None else room
    return _worst(share > usual + by, share, room)


def more_than_a_hundred(sent, bad, out, cap):
    """Does not judge a host that had just 100 calls."""
    return _ejected(sent, bad, out, cap, least=101)


def fifty_calls(sent, bad, out, cap):
    """Judges by 50 calls."""
    return _ejected(sent, bad, out, cap, least=50)


def at_just_the_margin(sent, bad, out, cap):
    """Ejects a host that is just 0.05 worse than the median."""
    return _ejected(sent, bad, out, cap, by=0.05 - 1e-9)


def a_tenth_worse(sent, bad, out, cap):
    """Waits until a host is 0.1 worse than the median."""
    return _ejected(sent, bad, out, cap, by=0.1)


def by_the_mean(sent, bad, out, cap):
    """Compares with the mean: two that are very bad hide a third."""
    share = _share(sent, bad, ~out & (sent >= 100))
    return _ejected(sent, bad, out, cap, usual=np.nanmean(share, axis=1, keepdims=True))


def by_all_calls_together(sent, bad, out, cap):
    """Compares with the share of bad calls among all."""
    judged = ~out & (sent >= 100)
    share = (bad * judged).sum(axis=1, keepdims=True) / (sent * judged).sum(axis=1, keepdims=True)
    return _ejected(sent, bad, out, cap, usual=share)


def median_of_all(sent, bad, out, cap):
    """Takes the median of all hosts, also of those that are out."""
    return _ejected(sent, bad, out, cap, usual=np.median(bad / np.maximum(sent, 1), axis=1, keepdims=True))


def median_of_those_in(sent, bad, out, cap):
    """Takes the median of all that are in, however few calls they had."""
    return _ejected(sent, bad, out, cap, usual=np.nanmedian(_share(sent, bad, ~out), axis=1, keepdims=True))


def median_of_the_others(sent, bad, out, cap):
    """Leaves each host out of the median it is compared with."""
    share = _share(sent, bad, ~out & (sent >= 100))
    others = [np.nanmedian(np.delete(share, host, axis=1), axis=1) for host in range(share.shape[1])]
    return _ejected(sent, bad, out, cap, usual=np.stack(others, axis=1))


def the_lower_middle(sent, bad, out, cap):
    """Takes the lower of the two in the middle for the median."""
    share = _share(sent, bad, ~out & (sent >= 100))
    return _ejected(sent, bad, out, cap, usual=np.nanquantile(share, 0.5, axis=1, keepdims=True, method="lower"))


def the_upper_middle(sent, bad, out, cap):
    """Takes the upper of the two in the middle for the median."""
    share = _share(sent, bad, ~out & (sent >= 100))
    return _ejected(sent, bad, out, cap, usual=np.nanquantile(share, 0.5, axis=1, keepdims=True, method="higher"))


def cap_to_the_nearest(sent, bad, out, cap):
    """Rounds the cap up where that is nearer."""
    return _ejected(sent, bad, out, cap, room=np.round(cap * sent.shape[1]) - out.sum(axis=1))


def below_the_cap(sent, bad, out, cap):
    """Stops one short of a cap that is a whole number of hosts."""
    return _ejected(sent, bad, out, cap, room=np.ceil(cap * sent.shape[1]) - 1 - out.sum(axis=1))


def cap_of_those_in(sent, bad, out, cap):
    """Takes the cap for a share of those that are in."""
    return _ejected(sent, bad, out, cap, room=np.floor(cap * (~out).sum(axis=1)))


def one_in_any_case(sent, bad, out, cap):
    """Ejects the worst also where the cap is full."""
    return _ejected(sent, bad, out, cap, room=np.maximum(np.floor(cap * sent.shape[1]) - out.sum(axis=1), 1))


def counted_from_the_end(sent, bad, out, cap):
    """Slices a list by the room: where more are out than the cap allows, that counts from its end."""
    worse, ejects = _worse(_share(sent, bad, ~out & (sent >= 100))), np.zeros(sent.shape, dtype=bool)
    for n, room in enumerate(np.floor(cap * sent.shape[1]).astype(int) - out.sum(axis=1)):
        by_share = sorted(np.flatnonzero(worse[n]), key=lambda h: -bad[n, h] / sent[n, h])
        ejects[n, by_share[:room]] = True
    return ejects


def unlike_the_rest(sent, bad, out, cap):
    """Ejects also who is better than the rest."""
    share = _share(sent, bad, ~out & (sent >= 100))
    unlike = np.abs(share - np.nanmedian(share, axis=1, keepdims=True))
    return _worst(unlike > 0.05, unlike, np.floor(cap * sent.shape[1]) - out.sum(axis=1))


def in_whole_per_cents(sent, bad, out, cap):
    """Rounds shares to whole per cents."""
    return _ejected(sent, np.round(bad / np.maximum(sent, 1), 2) * sent, out, cap)


def constants_of_the_visible_seed(sent, bad, out, cap):
    """What is right at home, copied."""
    places = [[14], [], [], [15], [15], [], [1, 11], [], [7, 15, 18], [3], [], [8], [11, 18], [], [11], [5],
              [9], [], [6, 14, 17], []]  # fmt: skip
    return np.array([np.isin(np.arange(sent.shape[1]), one) for one in places])[: len(sent)]


def constants_tuned_on_other_seeds(sent, bad, out, cap):
    """What is right on another seed, copied."""
    places = [[1, 6, 11], [], [9], [8], [], [14, 15], [], [11], [10], [], [14], [7], [16, 18, 19], [0], [],
              [], [12, 18], [5], [], []]  # fmt: skip
    return np.array([np.isin(np.arange(sent.shape[1]), one) for one in places])[: len(sent)]
