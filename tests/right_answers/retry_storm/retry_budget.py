"""Right answers to `retry_budget` of another style than the solution's."""

import numpy as np


def capped_after_spending(tokens, first_attempts, wanted, ratio, burst):
    """The cap after spending."""
    tokens = tokens + ratio * first_attempts
    granted = np.minimum(wanted, tokens)
    return granted, np.minimum(tokens - granted, burst)


def earned_after_spending(tokens, first_attempts, wanted, ratio, burst):
    """Earns for the next step."""
    granted = np.clip(wanted, 0, tokens)
    return granted, np.clip(tokens - granted + ratio * first_attempts, 0, burst)


def written_into_its_input(tokens, first_attempts, wanted, ratio, burst):
    """In place, on its own copy."""
    tokens += ratio * first_attempts
    np.minimum(tokens, burst, out=tokens)
    granted = np.minimum(wanted, tokens)
    tokens -= granted
    return granted, tokens
