"""Plausible mistakes in `runbook`, one a function."""

import numpy as np

PAGE = """# Orders confirmed too late

Meaning: more orders come than can be done, and each waits behind those whose time is over.

Impact: orders are confirmed too late or not at all, and stay so after the burst.

## How it looks
- `when {opens} for 20 s`

## Immediate actions
{actions}

## How to know it worked
{verify}

## Recovery
{recovery}

## Afterwards
- Keep the expiry.

## Security check
- Few messages that are delivered many times have a sender: find it.
"""
RIGHT = dict(
    opens="oldest_age > {half:g} s",
    actions="1. `do expire as queue team`\n2. `do more_consumers as platform`",
    verify="3. `verify oldest_age < {all:g} s and error_ratio < 5 % for 1 min within 10 min` `else go to 4` `stop`",
    recovery="4. `do close_door as front team` `wait 1 min` `do open_door as front team` `go to 3`",
)


def _page(deadline, **changes):
    """The page's bytes, some of its lines changed."""
    lines = {name: text.format(half=deadline / 2, all=deadline) for name, text in (RIGHT | changes).items()}
    return np.frombuffer(PAGE.format(**lines).encode(), np.uint8)


def the_courses_own_page(deadline):
    """The thresholds of a service with a deadline of ten seconds."""
    return _page(deadline, opens="oldest_age > 5 s", verify=RIGHT["verify"].replace("{all:g}", "10"))


def a_minute_for_all(deadline):
    """One threshold for all services, and it is a late one."""
    return _page(deadline, opens="oldest_age > 60 s")


def opened_by_length(deadline):
    """Opened by the alert on the queue's length."""
    return _page(deadline, opens="depth > 3,000")


def opened_by_cpu(deadline):
    """Opened when workers are busy, as they are on any busy day."""
    return _page(deadline, opens="cpu > 90 %")


def opened_at_a_tenth(deadline):
    """Opened as soon as anything waits."""
    return _page(deadline, opens="oldest_age > {half:g} s".replace("{half:g}", f"{deadline / 10:g}"))


def restart_first(deadline):
    """Restarts the workers, for CPU is at 100 %."""
    return _page(deadline, actions="1. `do restart as platform`\n2. `do more_consumers as platform`")


def roll_back(deadline):
    """Takes the last release back, and is done."""
    return _page(deadline, actions="1. `do roll_back as workers' team`\n2. `wait 2 min`",
                recovery="4. `call workers' team` `stop`")  # fmt: skip


def door_alone(deadline):
    """Turns every buyer away, and leaves it so."""
    return _page(deadline, actions="1. `do close_door as front team`\n2. `wait 1 min`", recovery="4. `stop`")


def no_word_on_failure(deadline):
    """Says what to check, for longer than it can hold, and not what to do if it fails."""
    return _page(deadline, verify="3. `verify producer_rate < 10 for 1 min within 5 min`")


def a_role_that_is_not_there(deadline):
    """Asks somebody who may not."""
    return _page(deadline, actions="1. `do expire as everybody`\n2. `do more_consumers as platform`")


def prose(deadline):
    """A page for people with common sense."""
    return _page(deadline, actions="Drop what is late, and add workers.")


def opened_and_left(deadline):
    """Looks, and does nothing."""
    return _page(deadline, actions="1. `wait 1 min`\n2. `wait 1 min`", recovery="4. `stop`")


def workers_alone(deadline):
    """Starts as many workers as can read, and waits until they have served those who have left."""
    return _page(deadline, actions="1. `do more_consumers as platform`\n2. `wait 10 s`")


def constants_of_the_visible_seed(deadline):
    """The page of one service at home, copied."""
    return _page(46.0)


def constants_tuned_on_other_seeds(deadline):
    """The page for a service in the middle of many, copied."""
    return _page(54.0)
