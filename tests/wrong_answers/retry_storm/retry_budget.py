"""Plausible mistakes in `retry_budget`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def all_or_nothing(tokens, first_attempts, wanted, ratio, burst):
    """Grants all or nothing: the last tokens are of no use to anyone."""
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    granted = np.where(wanted <= tokens, wanted, 0)
    return granted, tokens - granted


def copied_ratio(tokens, first_attempts, wanted, ratio, burst):
    """The lab's 10 % and 20 tokens, copied instead of passed."""
    tokens = np.minimum(tokens + 0.1 * first_attempts, 20)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted


def earned_by_all_attempts(tokens, first_attempts, wanted, ratio, burst):
    """Wrong base: all attempts earn, so a storm pays for itself."""
    tokens = np.minimum(tokens + ratio * (first_attempts + wanted), burst)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted


def earned_by_retries(tokens, first_attempts, wanted, ratio, burst):
    """Wrong base: the retries that are wanted earn the tokens."""
    tokens = np.minimum(tokens + ratio * wanted, burst)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted


def grants_its_own_tokens(tokens, first_attempts, wanted, ratio, burst):
    """In place: what is granted and what is left are the same array."""
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    granted = tokens
    np.minimum(granted, wanted, out=granted)
    tokens -= granted
    return granted, tokens


def half(tokens, first_attempts, wanted, ratio, burst):
    """Over-fixed: only half of the tokens earn their place."""
    tokens = np.minimum(tokens + 0.5 * ratio * first_attempts, burst)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted


def into_debt(tokens, first_attempts, wanted, ratio, burst):
    """Grants all while there is a token left, and goes into debt."""
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    granted = np.where(tokens > 0, wanted, 0)
    return granted, tokens - granted


def never_refilled(tokens, first_attempts, wanted, ratio, burst):
    """Never refilled: the burst is all there ever is."""
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted


def never_spends(tokens, first_attempts, wanted, ratio, burst):
    """Grants from the bucket but takes nothing out."""
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    return np.minimum(wanted, tokens), tokens


def no_burst_cap(tokens, first_attempts, wanted, ratio, burst):
    """No cap: quiet hours save up for a storm without limit."""
    tokens = tokens + ratio * first_attempts
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted


def one_bucket_for_all(tokens, first_attempts, wanted, ratio, burst):
    """One bucket for all clients: the busy pay with the tokens of the quiet."""
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    share = np.minimum(tokens.sum() / np.maximum(wanted.sum(), 1e-9), 1)
    return wanted * share, np.maximum(tokens - wanted * share, 0)


def one_result(tokens, first_attempts, wanted, ratio, burst):
    """Returns what is granted and forgets the tokens."""
    return np.minimum(wanted, np.minimum(tokens + ratio * first_attempts, burst))


def over_fixed(tokens, first_attempts, wanted, ratio, burst):
    """Over-fixed: no retry is ever granted."""
    return 0 * wanted, np.minimum(tokens + ratio * first_attempts, burst)


def ratio_of_now(tokens, first_attempts, wanted, ratio, burst):
    """No bucket: a share of this very moment's first attempts, nothing saved."""
    return np.minimum(wanted, ratio * first_attempts), tokens


def refilled_at_once(tokens, first_attempts, wanted, ratio, burst):
    """Full again at every step, whatever was earned."""
    granted = np.minimum(wanted, burst)
    return granted, burst - granted


def scalar_only(tokens, first_attempts, wanted, ratio, burst):
    """Not vectorised: the built-in min cannot compare arrays."""
    tokens = min(tokens + ratio * first_attempts, burst)
    granted = min(wanted, tokens)
    return granted, tokens - granted


def spends_twice(tokens, first_attempts, wanted, ratio, burst):
    """Changes its input in place and then subtracts again through the second name."""
    left = tokens
    left += ratio * first_attempts
    np.minimum(left, burst, out=left)
    granted = np.minimum(wanted, left)
    left -= granted
    return granted, np.maximum(tokens - granted, 0)


def constants_of_the_visible_seed(tokens, first_attempts, wanted, ratio, burst):
    """What is right at home, copied."""
    return (np.resize([0, 0, 0, 0, 0], np.shape(tokens)), np.resize([33.7, 33.7, 33.7, 33.7, 33.7], np.shape(tokens)))


def constants_tuned_on_other_seeds(tokens, first_attempts, wanted, ratio, burst):
    """The median of what is right on seven other seeds, copied."""
    return (np.resize([0, 0, 0, 0], np.shape(tokens)), np.resize([36.9, 36.9, 36.9, 36.9], np.shape(tokens)))
