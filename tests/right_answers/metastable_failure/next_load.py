"""Right answers to `next_load` of another style than the solution's."""

import numpy as np


def system_by_system(tried, answered, advertised):
    """A loop over systems."""
    loads = np.zeros(len(advertised))
    for i, most in enumerate(advertised):
        mine, share = tried[:, i], answered[:, i]
        done = ~np.isnan(mine)
        back, down = mine[done & (share > 0.7)], mine[done & (share <= 0.7)]
        low, high = max(back, default=0.0), min(down, default=most)
        loads[i] = 0 if high - low <= 0.05 * most else (low + high) / 2
    return loads


def rather_low(tried, answered, advertised):
    """A little below the middle: getting stuck is dear."""
    with np.errstate(invalid="ignore"):
        low = np.nanmax(np.where(answered > 0.5, tried, 0.0), axis=0, initial=0.0)
        high = np.nanmin(np.where(answered <= 0.5, tried, np.inf), axis=0, initial=np.inf)
    high = np.minimum(high, advertised)
    return np.where(high - low > 0.05 * advertised, low + 0.45 * (high - low), 0.0)


def whole_requests(tried, answered, advertised):
    """Whole requests/s, a list; goes through all experiments with two bounds."""
    loads = []
    for mine, share, most in zip(tried.T, answered.T, advertised, strict=True):
        low, high = 0.0, most
        for load, well in zip(mine, share, strict=True):
            if well > 0.5:
                low = max(low, load)
            elif well <= 0.5:
                high = min(high, load)
        loads.append(0 if high - low <= 0.05 * most else round((low + high) / 2))
    return loads
