"""Plausible mistakes in `breaker`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)
CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def above_the_threshold(state, age, failed, calls, threshold, min_calls, open_time):
    """Opens only above the threshold."""
    judged, bad = calls >= min_calls, failed > threshold * calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def always_open(state, age, failed, calls, threshold, min_calls, open_time):
    """Over-fixed: open from the start, so nothing can overload."""
    return OPEN + 0 * state


def backwards(state, age, failed, calls, threshold, min_calls, open_time):
    """Compares the wrong way round: opens when most calls succeed."""
    judged, bad = calls >= min_calls, failed <= threshold * calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def copied_threshold(state, age, failed, calls, threshold, min_calls, open_time):
    """The lab's limits, copied instead of passed."""
    judged, bad = calls >= 10, failed >= 0.7 * calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    return np.where(state == OPEN, np.where(age >= 5.0, HALF_OPEN, OPEN), after_calls)


def counts_failures(state, age, failed, calls, threshold, min_calls, open_time):
    """Counts failures instead of their share: busy services trip it when healthy."""
    bad, judged = failed >= min_calls, calls >= min_calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def half_open_closes_at_once(state, age, failed, calls, threshold, min_calls, open_time):
    """Half-open closes at once, whatever the probes say."""
    judged, bad = calls >= min_calls, failed >= threshold * calls
    after_calls = np.where(judged & bad, OPEN, CLOSED)
    after_calls = np.where(state == HALF_OPEN, CLOSED, after_calls)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def judges_by_one_call(state, age, failed, calls, threshold, min_calls, open_time):
    """Ignores min_calls: one failed call opens it."""
    bad = (calls > 0) & (failed >= threshold * calls)
    after_calls = np.where(calls > 0, np.where(bad, OPEN, CLOSED), state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def never_closes(state, age, failed, calls, threshold, min_calls, open_time):
    """Never closes again: half-open is as good as it gets."""
    judged, bad = calls >= min_calls, failed >= threshold * calls
    after_calls = np.where(judged & bad, OPEN, state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def never_half_opens(state, age, failed, calls, threshold, min_calls, open_time):
    """Never half-opens: once open, open for good."""
    judged, bad = calls >= min_calls, failed >= threshold * calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    return np.where(state == OPEN, OPEN, after_calls)


def never_opens(state, age, failed, calls, threshold, min_calls, open_time):
    """Never opens."""
    return CLOSED + 0 * state


def no_patience(state, age, failed, calls, threshold, min_calls, open_time):
    """Ignores open_time: half-opens at the next step."""
    judged, bad = calls >= min_calls, failed >= threshold * calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    return np.where(state == OPEN, HALF_OPEN, after_calls)


def one_for_all(state, age, failed, calls, threshold, min_calls, open_time):
    """One decision for all: the worst breaker opens every other."""
    judged, bad = (calls >= min_calls).all(), (failed >= threshold * calls).any()
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def scalar_only(state, age, failed, calls, threshold, min_calls, open_time):
    """Not vectorised: `if` cannot ask an array."""
    if state == OPEN:
        return HALF_OPEN if age >= open_time else OPEN
    if calls < min_calls:
        return state
    return OPEN if failed >= threshold * calls else CLOSED


def skips_half_open(state, age, failed, calls, threshold, min_calls, open_time):
    """Closes as soon as the time is over, without a probe."""
    judged, bad = calls >= min_calls, failed >= threshold * calls
    after_calls = np.where(judged & bad, OPEN, CLOSED)
    after_time = np.where(age >= open_time, CLOSED, OPEN)
    return np.where(state == OPEN, after_time, after_calls)


def constants_of_the_visible_seed(state, age, failed, calls, threshold, min_calls, open_time):
    """What is right at home, copied."""
    return np.resize([0, 0, 0, 0, 0, 0, 0, 0], np.shape(state))


def constants_tuned_on_other_seeds(state, age, failed, calls, threshold, min_calls, open_time):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 0, 0, 0, 0, 0], np.shape(state))
