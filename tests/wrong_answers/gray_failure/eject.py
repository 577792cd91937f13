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


def constants_of_the_visible_seed(sent, bad, out, cap):
    """What is right at home, copied."""
    places = [[], [], [7, 10, 15], [12, 13], [], [5], [10], [], [], [10], [4, 10, 12, 17], []]
    return np.array([np.isin(np.arange(sent.shape[1]), one) for one in places])[: len(sent)]


def constants_tuned_on_other_seeds(sent, bad, out, cap):
    """What is right on another seed, copied."""
    places = [[23], [2, 11, 16, 18], [], [10], [], [], [20], [11, 18, 19, 22], [11, 19], [], [], []]
    return np.array([np.isin(np.arange(sent.shape[1]), one) for one in places])[: len(sent)]
