"""Plausible mistakes in `safe_load`, one a function."""

import numpy as np

_late = lambda x, mu, deadline: np.exp(-np.maximum(mu - x, 0) * deadline)  # noqa: E731
_load = lambda x, mu, r, d: x / (1 + sum(np.where(k <= r, _late(x, mu, d) ** k, 0) for k in range(1, 8)))  # noqa: E731
_kept = lambda x, kick, mu, r, d: (x + kick < mu) & (_load(x + kick, mu, r, d) > _load(x, mu, r, d))  # noqa: E731
_stands = lambda x, kick, *rest: np.where(_kept(x, kick, *rest), _load(x, *rest), 0).max(axis=0)  # noqa: E731


def hidden_alone(kick, service_rate, max_retries, deadline):
    """Safe from everything, whatever the kick."""
    return service_rate / (max_retries + 1)


def advertised_alone(kick, service_rate, max_retries, deadline):
    """What the load test says."""
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    return _load(x, service_rate, max_retries, deadline).max(axis=0)


def advertised_less_the_kick(kick, service_rate, max_retries, deadline):
    """Subtracts the kick from the advertised capacity."""
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    return np.maximum(
        _load(x, service_rate, max_retries, deadline).max(axis=0) - kick, service_rate / (max_retries + 1)
    )


def room_to_the_capacity(kick, service_rate, max_retries, deadline):
    """Takes the service rate for the point of no return."""
    return np.maximum(service_rate - kick, service_rate / (max_retries + 1))


def no_floor(kick, service_rate, max_retries, deadline):
    """Forgets that below the hidden capacity everything comes back."""
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    return _stands(x, kick, service_rate, max_retries, deadline)


def one_retry_less(kick, service_rate, max_retries, deadline):
    """Counts the first attempt among the retries."""
    fewer = np.maximum(max_retries - 1, 0)
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    return np.maximum(_stands(x, kick, service_rate, fewer, deadline), service_rate / (fewer + 1))


def twice_the_kick(kick, service_rate, max_retries, deadline):
    """Takes half of what could be had, to be safe."""
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    return np.maximum(_stands(x, 2 * kick, service_rate, max_retries, deadline), service_rate / (max_retries + 1))


def over_fixed(kick, service_rate, max_retries, deadline):
    """A tenth of the service rate."""
    return 0.1 * service_rate


def attempts_for_load(kick, service_rate, max_retries, deadline):
    """Returns the attempts at the safe load, and not the load."""
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    kept = (x + kick < service_rate) & (
        _load(x + kick, service_rate, max_retries, deadline) > _load(x, service_rate, max_retries, deadline)
    )
    return np.maximum(np.where(kept, x, 0).max(axis=0), service_rate / (max_retries + 1))


def constants_of_the_visible_seed(kick, service_rate, max_retries, deadline):
    """What is right at home, copied."""
    return np.resize([201.0, 48.8, 223.055, 237.653, 164.051, 168.178], np.shape(kick))


def constants_tuned_on_other_seeds(kick, service_rate, max_retries, deadline):
    """The median of what is right on other seeds, copied."""
    return np.resize([64.0, 105.657, 114.21, 191.0, 208.842], np.shape(kick))
