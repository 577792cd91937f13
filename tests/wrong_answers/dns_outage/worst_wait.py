"""Plausible mistakes in `worst_wait`, one a function."""

import numpy as np

_part = lambda i, timeout, servers: np.where(i < servers, np.maximum(timeout * 2**i // servers, 1), 0)  # noqa: E731
_parts = lambda timeout, servers: (_part(1, timeout, servers), _part(2, timeout, servers))  # noqa: E731


def attempts_are_retries(timeout, attempts, servers):
    """Counts the first round apart: attempts are rounds in all."""
    second, third = _parts(timeout, servers)
    nobody = (attempts + 1) * (timeout + second + third)
    return nobody, np.where(servers > 1, timeout, nobody)


def first_is_divided(timeout, attempts, servers):
    """Shares the timeout of the first server, too."""
    second, third = _parts(timeout, servers)
    nobody = attempts * (np.maximum(timeout // servers, 1) + second + third)
    return nobody, np.where(servers > 1, timeout, nobody)


def flat(timeout, attempts, servers):
    """The manual's words: timeout for each server."""
    nobody = attempts * timeout * servers
    return nobody, np.where(servers > 1, timeout, nobody)


def not_divided(timeout, attempts, servers):
    """Doubles from server to server and divides by nothing."""
    nobody = attempts * timeout * (2**servers - 1)
    return nobody, np.where(servers > 1, timeout, nobody)


def no_least(timeout, attempts, servers):
    """Lets a server have no time at all."""
    second, third = timeout * 2 // servers * (servers > 1), timeout * 4 // servers * (servers > 2)
    nobody = attempts * (timeout + np.where(second > 0, second, -1) + third)
    return nobody, np.where(servers > 1, timeout, nobody)


def not_rounded(timeout, attempts, servers):
    """Exact fractions, where glibc divides whole seconds."""
    second = np.where(servers > 1, np.maximum(timeout * 2 / servers, 1), 0)
    nobody = attempts * (timeout + second + np.where(servers > 2, np.maximum(timeout * 4 / servers, 1), 0))
    return nobody, np.where(servers > 1, timeout, nobody)


def one_round(timeout, attempts, servers):
    """Forgets the rounds."""
    second, third = _parts(timeout, servers)
    nobody = timeout + second + third
    return nobody, np.where(servers > 1, timeout, nobody)


def all_at_once(timeout, attempts, servers):
    """That is musl."""
    return timeout + 0 * servers, timeout + 0 * servers


def dead_in_each_round(timeout, attempts, servers):
    """Meets the dead server in every round, though the second answers in the first."""
    second, third = _parts(timeout, servers)
    return attempts * (timeout + second + third), attempts * timeout


def constants_of_the_visible_seed(timeout, attempts, servers):
    """What is right at home, copied."""
    return (
        np.resize([5, 8, 9, 30, 29, 10, 6, 58, 4, 30, 18, 15], np.shape(timeout)),
        np.resize([5, 2, 3, 30, 10, 10, 6, 10, 1, 5, 3, 15], np.shape(timeout)),
    )


def constants_tuned_on_other_seeds(timeout, attempts, servers):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([6, 15, 18, 10, 9, 12, 10, 6, 15, 9, 9, 6], np.shape(timeout)),
        np.resize([6, 10, 3, 5, 9, 3, 3, 5, 5, 3, 5, 5], np.shape(timeout)),
    )
