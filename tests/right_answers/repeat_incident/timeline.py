"""Right answers to `timeline` of another style than the solution's."""

import numpy as np


def window_by_window(time, requests, failed, paged, spoke):
    """A walk along the telemetry, then the log."""
    share = [f / r if r else 0.0 for f, r in zip(failed.tolist(), requests.tolist(), strict=True)]
    worst, start, half, over = max(share), -1.0, -1.0, -1.0
    for end, part in zip(time.tolist(), share, strict=True):
        if part > 0.01:
            start = end - 10 if start < 0 else start
            over = end
        if worst > 0.01 and part > worst / 2:
            half = end
    last = float(time[-1])
    said = min(spoke.tolist(), default=-1.0)
    detected = min([*paged.tolist(), *spoke.tolist()], default=-1.0)
    return [start, detected, said, half if last - half >= 60 else -1.0, over if last - over >= 60 else -1.0]


def by_suffixes(time, requests, failed, paged, spoke):
    """What is over for good: no later window is bad."""
    share = np.divide(failed, requests, out=np.zeros(len(time)), where=requests > 0)
    earliest = lambda times: float(np.min(np.append(times, np.inf)))  # noqa: E731
    moments = [earliest(time[share > 0.01]) - 10, earliest(np.r_[paged, spoke]), earliest(spoke)]
    for level in (max(share.max() / 2, 0.01), 0.01):
        bad_later = np.maximum.accumulate((share > level)[::-1])[::-1]
        ends = time[bad_later].max(initial=-1.0)
        moments.append(ends if time[-1] - ends >= 60 else -1.0)
    return tuple(moment if np.isfinite(moment) else -1.0 for moment in moments)
