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


def _with(held, kick, mu, r):
    x = np.linspace(0, 1, 2001)[:, None] * mu
    kept = (x + kick < mu) & (held(x + kick) > held(x))
    return np.maximum(np.where(kept, held(x), 0).max(axis=0), mu / (r + 1))


def retries_without_end(kick, service_rate, max_retries, deadline):
    """Sums the series to infinity, 1 / (1 - f)."""

    def held(x):
        late = _late(x, service_rate, deadline)
        return np.where(max_retries > 0, x * (1 - late), x)

    return _with(held, kick, service_rate, max_retries)


def a_power_too_many(kick, service_rate, max_retries, deadline):
    """Sums up to f^(R + 1)."""
    return _with(lambda x: _load(x, service_rate, max_retries + 1, deadline), kick, service_rate, max_retries)


def a_power_too_few(kick, service_rate, max_retries, deadline):
    """Sums up to f^(R - 1)."""
    return _with(lambda x: _load(x, service_rate, max_retries - 1, deadline), kick, service_rate, max_retries)


def all_retries_at_once(kick, service_rate, max_retries, deadline):
    """R f for the sum: a second retry whether or not the first was late."""
    return _with(lambda x: x / (1 + max_retries * _late(x, service_rate, deadline)), kick, service_rate, max_retries)


def kicks_the_load(kick, service_rate, max_retries, deadline):
    """Adds the kick to the load, and not to the attempts that it makes."""
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    load = _load(x, service_rate, max_retries, deadline)
    kept = (x + kick < service_rate) & (_load(load + kick, service_rate, max_retries, deadline) > load)
    return np.maximum(np.where(kept, load, 0).max(axis=0), service_rate / (max_retries + 1))


def beyond_the_capacity(kick, service_rate, max_retries, deadline):
    """Compares the held loads above the service rate, too, where attempts stay although they fall."""
    x = np.linspace(0, 1, 2001)[:, None] * service_rate
    load = _load(x, service_rate, max_retries, deadline)
    kept = _load(x + kick, service_rate, max_retries, deadline) > load
    return np.maximum(np.where(kept, load, 0).max(axis=0), service_rate / (max_retries + 1))


def constants_of_the_visible_seed(kick, service_rate, max_retries, deadline):
    """What is right at home, copied."""
    return np.resize([201.0, 40.667, 160.906, 301.127, 88.667, 118.062, 244.393], np.shape(kick))


def constants_tuned_on_other_seeds(kick, service_rate, max_retries, deadline):
    """The median of what is right on other seeds, copied."""
    return np.resize([46.014, 67.667, 79.0, 112.963, 142.553, 182.11], np.shape(kick))
