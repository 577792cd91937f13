"""Plausible mistakes in `timeline`, one a function."""

import numpy as np


def _right(time, requests, failed, paged, spoke, limit=0.01, settled=60.0):
    """The moments, for others to spoil."""
    share = failed / np.maximum(requests, 1)

    def over(high):
        last = time[np.flatnonzero(high)[-1]]
        return last if time[-1] - last >= settled else -1

    hurt, said = share > limit, spoke.min() if len(spoke) else -1
    known = np.concatenate([paged, spoke])
    detected = known.min() if len(known) else -1
    if not hurt.any():
        return -1, detected, said, -1, -1
    return time[hurt.argmax()] - 10, detected, said, over(share > share.max() / 2), over(hurt)


def begins_at_the_page(time, requests, failed, paged, spoke):
    """Dates the impact from the first page."""
    _, detected, *rest = _right(time, requests, failed, paged, spoke)
    return detected, detected, *rest


def end_of_the_window(time, requests, failed, paged, spoke):
    """Dates the impact from the end of the first bad window."""
    start, *rest = _right(time, requests, failed, paged, spoke)
    return start + 10 * (start >= 0), *rest


def only_alerts(time, requests, failed, paged, spoke):
    """Leaves out that customers told first."""
    start, _, *rest = _right(time, requests, failed, paged, spoke)
    return start, paged.min() if len(paged) else -1, *rest


def only_words(time, requests, failed, paged, spoke):
    """Is detected when somebody says so."""
    start, _, said, *rest = _right(time, requests, failed, paged, spoke)
    return start, said, said, *rest


def acknowledged_by_the_page(time, requests, failed, paged, spoke):
    """Takes the page for an answer to it."""
    start, detected, _, *rest = _right(time, requests, failed, paged, spoke)
    return start, detected, detected, *rest


def first_good_window(time, requests, failed, paged, spoke):
    """Is over at the first good window, though it comes back."""
    start, detected, said, *_ = _right(time, requests, failed, paged, spoke)
    share = failed / np.maximum(requests, 1)
    ends = []
    for level in (share.max() / 2, 0.01):
        after = np.flatnonzero((share <= level) & (time > start + 10))
        ends.append(time[after[0] - 1] if len(after) and start >= 0 else -1)
    return start, detected, said, *ends


def over_at_the_end(time, requests, failed, paged, spoke):
    """Calls an incident resolved when the telemetry ends."""
    return _right(time, requests, failed, paged, spoke, settled=0.0)


def a_tenth(time, requests, failed, paged, spoke):
    """Takes a tenth of failures for the beginning."""
    return _right(time, requests, failed, paged, spoke, limit=0.1)


def any_failure(time, requests, failed, paged, spoke):
    """Takes a single failed request for an incident."""
    return _right(time, requests, failed, paged, spoke, limit=0.0)


def mitigated_is_resolved(time, requests, failed, paged, spoke):
    """Makes no difference between half over and over."""
    found = _right(time, requests, failed, paged, spoke)
    return *found[:3], found[4] - 10 * (found[4] >= 0), found[4]


def one_per_cent_itself(time, requests, failed, paged, spoke):
    """Takes a window in which just 1 % fail for a bad one."""
    return _right(time, requests, failed, paged, spoke, limit=0.01 - 1e-9)


def more_than_a_minute(time, requests, failed, paged, spoke):
    """Asks for more than 60 s of telemetry, where 60 s are enough."""
    return _right(time, requests, failed, paged, spoke, settled=60.5)


def a_window_too_few(time, requests, failed, paged, spoke):
    """Counts the last bad window among the six that must follow."""
    return _right(time, requests, failed, paged, spoke, settled=50.0)


def half_over_after_the_worst(time, requests, failed, paged, spoke):
    """Is mitigated when the share first falls to half of the worst, though it rises again."""
    start, detected, said, _, over = _right(time, requests, failed, paged, spoke)
    share = failed / np.maximum(requests, 1)
    after = np.flatnonzero((share <= share.max() / 2) & (np.arange(len(share)) > share.argmax()))
    half = time[after[0] - 1] if len(after) and start >= 0 else -1
    return start, detected, said, half if time[-1] - half >= 60 else -1, over


def half_itself(time, requests, failed, paged, spoke):
    """Takes a window that is half as bad as the worst for one above half."""
    start, detected, said, _, over = _right(time, requests, failed, paged, spoke)
    share = failed / np.maximum(requests, 1)
    half = time[np.flatnonzero(share >= share.max() / 2)[-1]] if start >= 0 else -1
    return start, detected, said, half if time[-1] - half >= 60 else -1, over


def no_page_before_the_start(time, requests, failed, paged, spoke):
    """Leaves out pages and words from before the first bad window."""
    start, _, *rest = _right(time, requests, failed, paged, spoke)
    return start, min((at for at in (*paged, *spoke) if at >= start), default=-1), *rest


def constants_of_the_visible_seed(time, requests, failed, paged, spoke):
    """What is right at home of one run, copied."""
    return 130.0, 180.0, 328.0, 390.0, 420.0


def constants_tuned_on_other_seeds(time, requests, failed, paged, spoke):
    """The median of what is right on seven other seeds, copied."""
    return 130.0, 180.0, 288.0, 340.0, 360.0
