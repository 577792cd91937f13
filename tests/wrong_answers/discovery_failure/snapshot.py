"""Plausible mistakes in `snapshot`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("one_result",)


def straight_line(age, life, deployed_for, deploy_duration, tries):
    """Natural churn in a straight line."""
    valid = np.maximum(0, 1 - age / life) * np.maximum(0, 1 - deployed_for / deploy_duration)
    return valid, (1 - valid) ** tries


def no_deploy(age, life, deployed_for, deploy_duration, tries):
    """Forgets the deploy."""
    valid = np.exp(-age / life)
    return valid, (1 - valid) ** tries


def deploy_by_age(age, life, deployed_for, deploy_duration, tries):
    """Lets the deploy run since the snapshot was taken."""
    valid = np.exp(-age / life) * np.maximum(0, 1 - age / deploy_duration)
    return valid, (1 - valid) ** tries


def deploy_as_churn(age, life, deployed_for, deploy_duration, tries):
    """A deploy as if it picked instances by chance."""
    valid = np.exp(-age / life - deployed_for / deploy_duration)
    return valid, (1 - valid) ** tries


def below_nothing(age, life, deployed_for, deploy_duration, tries):
    """No end at zero when the deploy is through."""
    valid = np.exp(-age / life) * (1 - deployed_for / deploy_duration)
    return valid, (1 - valid) ** tries


def the_worse_of_the_two(age, life, deployed_for, deploy_duration, tries):
    """The smaller of the two shares, as if the same instances were hit."""
    valid = np.minimum(np.exp(-age / life), np.maximum(0, 1 - deployed_for / deploy_duration))
    return valid, (1 - valid) ** tries


def one_try(age, life, deployed_for, deploy_duration, tries):
    """One try only."""
    valid = np.exp(-age / life) * np.maximum(0, 1 - deployed_for / deploy_duration)
    return valid, 1 - valid


def tries_divide(age, life, deployed_for, deploy_duration, tries):
    """Two tries fail half as often."""
    valid = np.exp(-age / life) * np.maximum(0, 1 - deployed_for / deploy_duration)
    return valid, (1 - valid) / tries


def retries_instead_of_tries(age, life, deployed_for, deploy_duration, tries):
    """One try more than there is."""
    valid = np.exp(-age / life) * np.maximum(0, 1 - deployed_for / deploy_duration)
    return valid, (1 - valid) ** (tries + 1)


def swapped(age, life, deployed_for, deploy_duration, tries):
    """The dead for the living."""
    valid = np.exp(-age / life) * np.maximum(0, 1 - deployed_for / deploy_duration)
    return 1 - valid, valid**tries


def one_result(age, life, deployed_for, deploy_duration, tries):
    """Meant for one snapshot."""
    valid = np.exp(-age / life) if deployed_for == 0 else 0
    return valid, 1 - valid


def constants_of_the_visible_seed(age, life, deployed_for, deploy_duration, tries):
    """What is right at home, copied."""
    return np.resize([0.378, 0.31, 0.37, 0.305, 0.355, 0.349, 0.0, 0.0], np.shape(age)), np.resize(
        [0.622, 0.329, 0.63, 0.484, 0.415, 0.276, 1.0, 1.0], np.shape(age)
    )


def constants_tuned_on_other_seeds(age, life, deployed_for, deploy_duration, tries):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0.365, 0.322, 0.379, 0.445, 0.301, 0.0, 0.224, 0.216], np.shape(age)), np.resize(
        [0.406, 0.577, 0.472, 0.355, 0.605, 1.0, 0.515, 0.615], np.shape(age)
    )
