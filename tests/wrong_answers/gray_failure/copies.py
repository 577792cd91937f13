"""Plausible mistakes in `copies`, one a function."""

import numpy as np

_rank = lambda late, age: np.argsort(np.argsort(np.where(late, -age, np.inf), axis=1), axis=1)  # noqa: E731
_oldest = lambda late, age, count: late & (_rank(late, age) < count[:, None])  # noqa: E731


def at_once(age, copied, tokens, delay):
    """Over-fixed: a copy of everything that has none."""
    return ~copied


def no_budget(age, copied, tokens, delay):
    """Every late call, whatever it costs."""
    return (age >= delay[:, None]) & ~copied


def the_youngest(age, copied, tokens, delay):
    """Spends its tokens on the calls that have waited least."""
    late = (age >= delay[:, None]) & ~copied
    rank = np.argsort(np.argsort(np.where(late, age, np.inf), axis=1), axis=1)
    return late & (rank < np.floor(tokens)[:, None])


def again_and_again(age, copied, tokens, delay):
    """Sends a second copy of what has one."""
    return _oldest(age >= delay[:, None], age, np.floor(tokens))


def part_of_a_token(age, copied, tokens, delay):
    """Rounds tokens up."""
    return _oldest((age >= delay[:, None]) & ~copied, age, np.ceil(tokens))


def strictly_later(age, copied, tokens, delay):
    """Not at the delay, but after it."""
    return _oldest((age > delay[:, None]) & ~copied, age, np.floor(tokens))


def one_budget_for_all(age, copied, tokens, delay):
    """The smallest purse decides for everybody."""
    return _oldest((age >= delay[:, None]) & ~copied, age, np.full(len(tokens), np.floor(tokens.min())))


def copies_use_up_tokens_first(age, copied, tokens, delay):
    """Ranks late calls that have a copy, too."""
    late = age >= delay[:, None]
    return _oldest(late, age, np.floor(tokens)) & ~copied


def from_the_left(age, copied, tokens, delay):
    """The first in the list, not the oldest."""
    late = (age >= delay[:, None]) & ~copied
    return late & (np.cumsum(late, axis=1) <= np.floor(tokens)[:, None])


def never(age, copied, tokens, delay):
    """Sends nothing."""
    return np.zeros(age.shape, dtype=bool)


def to_the_nearest(age, copied, tokens, delay):
    """Rounds tokens to the nearest: four fifths of one are none."""
    return _oldest((age >= delay[:, None]) & ~copied, age, np.round(tokens))


def never_the_last_token(age, copied, tokens, delay):
    """Stops while there is a whole token."""
    return _oldest((age >= delay[:, None]) & ~copied, age, np.ceil(tokens) - 1)


def all_for_none(age, copied, tokens, delay):
    """Slices from the end: the last none of a list are all of it."""
    sends = np.zeros(age.shape, dtype=bool)
    for n, late in enumerate((age >= delay[:, None]) & ~copied):
        places = np.flatnonzero(late)
        sends[n, places[np.argsort(age[n, places])][-int(tokens[n]) :]] = True
    return sends


def in_milliseconds(age, copied, tokens, delay):
    """Rounds ages to milliseconds: a copy a little before the delay."""
    return _oldest((np.round(age, 3) >= delay[:, None]) & ~copied, age, np.floor(tokens))


def pays_for_old_copies(age, copied, tokens, delay):
    """Takes a token for each copy that is under way."""
    return _oldest((age >= delay[:, None]) & ~copied, age, np.floor(tokens) - copied.sum(axis=1))


def one_purse(age, copied, tokens, delay):
    """Puts all tokens together, for the oldest calls of all clients."""
    late = (age >= delay[:, None]) & ~copied
    rank = np.argsort(np.argsort(np.where(late, -age, np.inf), axis=None)).reshape(age.shape)
    return late & (rank < np.floor(tokens.sum()))


def all_or_none(age, copied, tokens, delay):
    """Sends nothing where tokens are short."""
    late = (age >= delay[:, None]) & ~copied
    return late & (late.sum(axis=1) <= tokens)[:, None]


def constants_of_the_visible_seed(age, copied, tokens, delay):
    """What is right at home, copied."""
    places = [[3, 11, 16, 18], [9, 10, 20], [], [], [], [1, 7, 19, 23], [10, 12, 24, 26], [], [1, 4, 19, 22], [], [],
              [0, 12, 16, 24]]  # fmt: skip
    return np.array([np.isin(np.arange(age.shape[1]), one) for one in places])[: len(age)]


def constants_tuned_on_other_seeds(age, copied, tokens, delay):
    """As many as are right on average, always the first."""
    return np.repeat(np.arange(age.shape[1])[None] < 2, len(age), axis=0)
