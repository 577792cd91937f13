"""Right answers to `hedge_delay` of another style than the solution's."""

import numpy as np


def every_delay(latency, survival, fan_out, objective, budget):
    """Tries all delays of the table and takes one in the middle of those that will do."""
    found = []
    for tail, n, goal, most in zip(survival, fan_out, objective, budget, strict=True):
        late = np.interp(goal, latency, tail) * np.interp(goal - latency, latency, tail, left=1.0)
        fits = (tail <= most) & (1 - (1 - late) ** n <= 0.001)
        found.append(np.median(latency[fits]) if fits.any() else 0.0)
    return np.array(found)


def between_the_points(latency, survival, fan_out, objective, budget):
    """Takes the delay at which just the budget is sent, between the points of the table."""
    delay = np.array([np.interp(-most, -tail, latency) for tail, most in zip(survival, budget, strict=True)])
    late = [
        np.interp([goal, goal - d], latency, tail, left=1.0).prod()
        for goal, d, tail in zip(objective, delay, survival, strict=True)
    ]
    return np.where((1 - np.array(late)) ** fan_out >= 0.999, delay, 0)
