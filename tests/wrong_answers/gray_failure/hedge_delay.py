"""Plausible mistakes in `hedge_delay`, one a function."""

import numpy as np

_late = lambda t, latency, tail: np.interp(t, latency, tail, left=1.0)  # noqa: E731


_each = lambda latency, rule, *told: np.array([rule(latency, *one) for one in zip(*told)], dtype=float)  # noqa: E731, B905


def at_once(latency, survival, fan_out, objective, budget):
    """Over-fixed: a copy of nearly every call."""
    return np.full(len(fan_out), 0.001)


def the_p95(latency, survival, fan_out, objective, budget):
    """The usual advice, for every service."""
    return _each(latency, (lambda x, tail, n, o, b: x[tail <= 0.05][0]), survival, fan_out, objective, budget)


def one_call(latency, survival, fan_out, objective, budget):
    """Asks for a p99.9 of the calls, and forgets that a page waits for many."""

    def rule(x, tail, n, o, b):
        d = x[tail <= b][0]
        return d if _late(o, x, tail) * _late(o - d, x, tail) <= 0.001 else 0.0

    return _each(latency, rule, survival, fan_out, objective, budget)


def never_none(latency, survival, fan_out, objective, budget):
    """The shortest delay the budget allows, whether it meets the objective or not."""
    return _each(latency, (lambda x, tail, n, o, b: x[tail <= b][0]), survival, fan_out, objective, budget)


def copy_starts_at_zero(latency, survival, fan_out, objective, budget):
    """Gives the copy the whole objective, as if it were sent at once."""

    def rule(x, tail, n, o, b):
        d = x[tail <= b][0]
        return d if _late(o, x, tail) ** 2 <= 1 - 0.999 ** (1 / n) else 0.0

    return _each(latency, rule, survival, fan_out, objective, budget)


def no_budget(latency, survival, fan_out, objective, budget):
    """Any delay that meets the objective, however many copies it takes."""

    def rule(x, tail, n, o, b):
        for d in x[1::10]:
            if _late(o, x, tail) * _late(o - d, x, tail) <= 1 - 0.999 ** (1 / n):
                return d
        return 0.0

    return _each(latency, rule, survival, fan_out, objective, budget)


def half_the_objective(latency, survival, fan_out, objective, budget):
    """A rule of thumb."""
    return objective / 2


def _shortest(latency, told, budget=lambda b, n: b, late=lambda n: 1 - 0.999 ** (1 / n)):
    """The shortest delay that a budget allows, where the calls that may be late allow it."""

    def rule(x, tail, n, o, b):
        d = x[np.argmax(tail <= budget(b, n))]
        return d if _late(o, x, tail) * _late(o - d, x, tail) <= late(n) else 0.0

    return _each(latency, rule, *told)


def ninety_nine_per_cent(latency, survival, fan_out, objective, budget):
    """Has 99 % of the pages in time, not 99.9 %."""
    return _shortest(latency, (survival, fan_out, objective, budget), late=lambda n: 1 - 0.99 ** (1 / n))


def the_other_calls(latency, survival, fan_out, objective, budget):
    """Counts a call fewer than the page makes."""
    return _shortest(latency, (survival, fan_out, objective, budget), late=lambda n: 1 - 0.999 ** (1 / max(n - 1, 1)))


def one_call_more(latency, survival, fan_out, objective, budget):
    """Over-careful: counts a copy as a call that the page waits for."""
    return _shortest(latency, (survival, fan_out, objective, budget), late=lambda n: 1 - 0.999 ** (1 / (n + 1)))


def half_the_budget(latency, survival, fan_out, objective, budget):
    """Over-careful: keeps half of the budget, and finds no delay where there is one."""
    return _shortest(latency, (survival, fan_out, objective, budget), budget=lambda b, n: b / 2)


def budget_of_pages(latency, survival, fan_out, objective, budget):
    """Takes the budget for a share of the pages."""
    return _shortest(latency, (survival, fan_out, objective, budget), budget=lambda b, n: 1 - (1 - b) ** (1 / n))


def constants_of_the_visible_seed(latency, survival, fan_out, objective, budget):
    """What is right at home, copied."""
    return np.resize([0.055, 0.0, 0.138, 0.0, 0.0, 0.066, 0.0, 0.055, 0.112, 0.0], len(fan_out))


def constants_tuned_on_other_seeds(latency, survival, fan_out, objective, budget):
    """What is right on another seed, copied."""
    return np.resize([0.0, 0.085, 0.084, 0.07, 0.05, 0.149, 0.1, 0.0, 0.0], len(fan_out))
