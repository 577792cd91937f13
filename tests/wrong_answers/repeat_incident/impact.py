"""Plausible mistakes in `impact`, one a function."""

MONTH = 30 * 86_400


def _right(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """The five figures, for others to spoil."""
    inside = (time > start) & (time <= resolved)
    lost = failed[inside].sum()
    budget = (1 - objective) * usual * MONTH
    return lost, lost / requests[inside].sum(), lost * minutes_each, (resolved - start) / 60, lost / budget


def from_a_later_start(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Counts from the page, a minute after the first user failed."""
    return _right(time, requests, failed, start + 60, resolved, minutes_each, usual, objective)


def share_of_the_day(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Sets failures against all requests of the telemetry."""
    lost, _, *rest = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    return lost, lost / requests.sum(), *rest


def mean_of_shares(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Averages the windows' shares, busy and quiet alike."""
    lost, _, *rest = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    inside = (time > start) & (time <= resolved)
    return lost, (failed[inside] / requests[inside]).mean(), *rest


def worst_share(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Gives the worst window for the whole."""
    lost, _, *rest = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    return lost, (failed / requests).max(), *rest


def seconds(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Gives the duration in seconds."""
    *first, duration, burned = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    return *first, duration * 60, burned


def users_are_requests(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Takes each failed request for a minute of a user."""
    lost, share, _, *rest = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    return lost, share, lost, *rest


def budget_in_time(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Reckons the budget as minutes of total outage."""
    *first, duration, _ = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    return *first, duration, duration * 60 / ((1 - objective) * MONTH)


def budget_of_a_week(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Takes the period for a week."""
    *first, burned = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    return *first, burned * 30 / 7


def of_the_objective(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Divides by what must succeed in place of what may fail."""
    lost, *rest, _ = _right(time, requests, failed, start, resolved, minutes_each, usual, objective)
    return lost, *rest, lost / (objective * usual * MONTH)


def all_of_them(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Takes every request of the time for a failed one."""
    lost, *rest = _right(time, requests, requests, start, resolved, minutes_each, usual, objective)
    return lost, *rest


def nothing(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """Finds that nobody was hurt."""
    return 0, 0, 0, 0, 0


def constants_of_the_visible_seed(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """What is right at home of one run, copied."""
    return 255116.0, 0.8117, 51023.2, 4.0, 0.025766


def constants_tuned_on_other_seeds(time, requests, failed, start, resolved, minutes_each, usual, objective):
    """The median of what is right on seven other seeds, copied."""
    return 279596.5, 0.887944, 52426.1, 3.83333, 0.0327468
