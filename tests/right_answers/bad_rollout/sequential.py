"""Right answers to `sequential` of another style than the solution's."""

import math

import numpy as np


def look_by_look(canary, control, worse_by, false_alarm):
    """Walks through the looks, and keeps who has been stopped."""
    stopped = np.full(canary.shape[1], -1)
    for look in range(len(canary)):
        likelier = canary[look] * np.log(worse_by / (1 + worse_by) / 0.5)
        likelier = likelier + control[look] * np.log(1 / (1 + worse_by) / 0.5)
        stopped[(stopped < 0) & (likelier >= -np.log(false_alarm))] = look
    return stopped


def canary_by_canary(canary, control, worse_by, false_alarm):
    """One canary after the other, in plain Python."""
    found = []
    for one, other, ratio, alarm in zip(canary.T.tolist(), control.T.tolist(), worse_by, false_alarm, strict=True):
        says = [
            (x + y) * math.log(2 / (1 + ratio)) + x * math.log(ratio) >= math.log(1 / alarm)
            for x, y in zip(one, other, strict=True)
        ]
        found.append(says.index(True) if True in says else -1)
    return np.array(found)
