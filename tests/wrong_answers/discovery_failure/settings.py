"""Plausible mistakes in `settings`, one a function."""

import numpy as np

_strange = lambda life, c, r: 1 - (r * np.exp(-c * life) - c * np.exp(-r * life)) / (r - c)  # noqa: E731


def for_ever(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Keeps everything for a week."""
    return np.full(np.shape(outage), 604_800.0), utilisation


def outage_alone(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Forgets that a list is up to a poll old when the registry goes."""
    fits = _strange(outage + poll_interval, churn, reuse) <= strangers
    return outage * fits, utilisation * fits


def two_polls(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Adds two polls, and gives up where only one has room."""
    life = outage + 2 * poll_interval
    share = 1 - (reuse * np.exp(-churn * life) - churn * np.exp(-reuse * life)) / (reuse - churn)
    return np.where(share <= strangers, life, 0), np.where(share <= strangers, utilisation, 0)


def no_strangers(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Never asks who sits at the old addresses."""
    return outage + poll_interval, utilisation


def the_dead_are_strangers(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Takes every dead address for a stranger's."""
    life = outage + poll_interval
    fits = 1 - np.exp(-churn * life) <= strangers
    return life * fits, utilisation * fits


def reused_at_once(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Counts reuse from the start, as if every instance left at once."""
    life = outage + poll_interval
    fits = 1 - np.exp(-reuse * life) <= strangers
    return life * fits, utilisation * fits


def threshold_of_all(outage, poll_interval, churn, reuse, strangers, utilisation):
    """A threshold of 100 %."""
    life = outage + poll_interval
    fits = _strange(life, churn, reuse) <= strangers
    return life * fits, 1.0 * fits


def threshold_of_half(outage, poll_interval, churn, reuse, strangers, utilisation):
    """The proxy's default."""
    life = outage + poll_interval
    fits = _strange(life, churn, reuse) <= strangers
    return life * fits, 0.5 * fits


def twice_as_long(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Twice the outage, to be safe."""
    life = outage + poll_interval
    fits = _strange(life, churn, reuse) <= strangers
    return 2 * life * fits, utilisation * fits


def as_long_as_allowed(outage, poll_interval, churn, reuse, strangers, utilisation):
    """As long as strangers stay few, also where that is shorter than the outage."""
    lives = np.geomspace(60, 1e5, 400)[:, None]
    fits = _strange(lives, churn, reuse) <= strangers
    return lives[np.maximum(fits.sum(axis=0) - 1, 0), 0], utilisation


def three_polls(outage, poll_interval, churn, reuse, strangers, utilisation):
    """Three polls, whatever the outage."""
    fits = _strange(outage + poll_interval, churn, reuse) <= strangers
    return 3 * poll_interval * fits, utilisation * fits


def threshold_without_a_life(outage, poll_interval, churn, reuse, strangers, utilisation):
    """A threshold where there is no life."""
    life = outage + poll_interval
    fits = _strange(life, churn, reuse) <= strangers
    return life * fits, utilisation


def constants_of_the_visible_seed(outage, poll_interval, churn, reuse, strangers, utilisation):
    """What is right at home, copied."""
    return np.resize([0.0, 1652.0, 1781.0, 346.0, 0.0, 1801.0, 916.0], np.shape(outage)), np.resize(
        [0.0, 0.35, 0.5, 0.49, 0.0, 0.8, 0.34], np.shape(outage)
    )


def constants_tuned_on_other_seeds(outage, poll_interval, churn, reuse, strangers, utilisation):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([875.0, 836.0, 0.0, 0.0, 954.0, 1010.0], np.shape(outage)), np.resize(
        [0.52, 0.53, 0.0, 0.0, 0.61, 0.78], np.shape(outage)
    )
