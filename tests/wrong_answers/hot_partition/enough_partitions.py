"""Plausible mistakes in `enough_partitions`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def counts_the_key_twice(arrival_rate, key_share, partition_capacity, target):
    """Spreads all the load and adds the key on top."""
    room = target * partition_capacity - key_share * arrival_rate
    return np.where(room > 0, np.ceil(arrival_rate / np.maximum(room, 1e-9)), 0)


def doubles(arrival_rate, key_share, partition_capacity, target):
    """Doubles until it fits: up to twice too many."""
    counts = 2.0 ** np.arange(10)[:, None]
    fits = (key_share + (1 - key_share) / counts) * arrival_rate <= target * partition_capacity
    return np.where(fits.any(axis=0), 2 ** fits.argmax(axis=0), 0)


def mean(arrival_rate, key_share, partition_capacity, target):
    """Looks at the mean alone: total load over capacity."""
    return np.ceil(arrival_rate / (target * partition_capacity))


def negative(arrival_rate, key_share, partition_capacity, target):
    """The formula without its condition: negative where no number is enough."""
    room = target * partition_capacity - key_share * arrival_rate
    return np.ceil((1 - key_share) * arrival_rate / room)


def never_gives_up(arrival_rate, key_share, partition_capacity, target):
    """A number where none is enough."""
    room = np.maximum(target * partition_capacity - key_share * arrival_rate, 1.0)
    return np.ceil((1 - key_share) * arrival_rate / room)


def no_target(arrival_rate, key_share, partition_capacity, target):
    """Fills the hottest partition to the brim."""
    room = partition_capacity - key_share * arrival_rate
    fewest = np.ceil((1 - key_share) * arrival_rate / np.maximum(room, 1e-9))
    return np.where(room > 0, fewest, 0)


def one_to_spare(arrival_rate, key_share, partition_capacity, target):
    """One more than needed, to be safe."""
    room = target * partition_capacity - key_share * arrival_rate
    fewest = np.ceil((1 - key_share) * arrival_rate / np.maximum(room, 1e-9)) + 1
    return np.where(room > 0, fewest, 0)


def over_fixed(arrival_rate, key_share, partition_capacity, target):
    """The most partitions the model has, always."""
    return np.full(np.shape(arrival_rate), 512)


def rounds_down(arrival_rate, key_share, partition_capacity, target):
    """Rounds to the nearest whole number."""
    room = target * partition_capacity - key_share * arrival_rate
    fewest = np.round((1 - key_share) * arrival_rate / np.maximum(room, 1e-9))
    return np.where(room > 0, np.maximum(fewest, 1), 0)


def scalar_only(arrival_rate, key_share, partition_capacity, target):
    """One fleet at a time."""
    room = target * partition_capacity - key_share * arrival_rate
    return int(np.ceil((1 - key_share) * arrival_rate / room)) if room > 0 else 0


def target_for_the_key_only(arrival_rate, key_share, partition_capacity, target):
    """Grants the key the target and the rest the whole capacity."""
    room = partition_capacity - key_share * arrival_rate / target
    fewest = np.ceil((1 - key_share) * arrival_rate / np.maximum(room, 1e-9))
    return np.where(room > 0, fewest, 0)


def below_the_target(arrival_rate, key_share, partition_capacity, target):
    """Keeps the hottest partition below its target, which it may use up."""
    room = target * partition_capacity - key_share * arrival_rate
    fewest = np.floor((1 - key_share) * arrival_rate / np.maximum(room, 1e-9)) + 1
    return np.where(room > 0, fewest, 0)


def room_for_nothing(arrival_rate, key_share, partition_capacity, target):
    """Some number even where the key alone fills the target."""
    room = target * partition_capacity - key_share * arrival_rate
    return np.where(room >= 0, np.ceil((1 - key_share) * arrival_rate / np.maximum(room, 1e-9)), 0)


def constants_of_the_visible_seed(arrival_rate, key_share, partition_capacity, target):
    """What is right at home, copied."""
    return np.resize([3, 0, 1, 0, 14, 9, 14, 59], np.shape(arrival_rate))


def constants_tuned_on_other_seeds(arrival_rate, key_share, partition_capacity, target):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([16, 11, 3, 15, 1, 3, 3, 9], np.shape(arrival_rate))
