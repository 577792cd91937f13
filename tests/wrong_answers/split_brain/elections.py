"""Plausible mistakes in `elections`, one a function."""

import numpy as np

_votes = lambda placement, part: np.stack([np.where(part == p, placement, 0).sum(axis=1) for p in range(3)])  # noqa: E731


def counts_sites(placement, part, needed):
    """Counts sites in place of voters."""
    sites = np.stack([((part == p) & (placement > 0)).sum(axis=1) for p in range(3)])
    able = (2 * sites > (placement > 0).sum(axis=1)).sum(axis=0)
    return able >= 1, able >= 2


def of_those_left(placement, part, needed):
    """Asks for a majority of those that are left."""
    votes = _votes(placement, part)
    able = (votes >= np.minimum(needed, votes.sum(axis=0) // 2 + 1)).sum(axis=0)
    return able >= 1, able >= 2


def the_lost_vote(placement, part, needed):
    """Lets the lost sites' voters vote with the largest part."""
    votes = _votes(placement, part)
    lost = np.where(part < 0, placement, 0).sum(axis=1)
    able = (votes + lost * (votes == votes.max(axis=0)) >= needed).sum(axis=0)
    return able >= 1, able >= 2


def more_than_needed(placement, part, needed):
    """Asks for one vote more than is needed."""
    able = (_votes(placement, part) > needed).sum(axis=0)
    return able >= 1, able >= 2


def two_parts(placement, part, needed):
    """Knows two parts only."""
    able = (_votes(placement, part)[:2] >= needed).sum(axis=0)
    return able >= 1, able >= 2


def never_twice(placement, part, needed):
    """Believes that a quorum is a quorum, whatever its size."""
    can = (_votes(placement, part) >= needed).any(axis=0)
    return can, np.zeros_like(can)


def all_must_agree(placement, part, needed):
    """Over-fixed: elects with every voter, or not at all."""
    able = (_votes(placement, part) >= placement.sum(axis=1)).sum(axis=0)
    return able >= 1, able >= 2


def exactly_once(placement, part, needed):
    """Takes a part that can elect for the only one where it is one of two."""
    able = (_votes(placement, part) >= needed).sum(axis=0)
    return able == 1, able >= 2


def half_is_twice(placement, part, needed):
    """Fears two leaders wherever half of the voters are enough, be they in one part."""
    return (_votes(placement, part) >= needed).any(axis=0), 2 * needed <= placement.sum(axis=1)


def two_and_no_more(placement, part, needed):
    """Two parts that can elect, and not three."""
    able = (_votes(placement, part) >= needed).sum(axis=0)
    return able >= 1, able == 2


def the_lost_are_a_part(placement, part, needed):
    """Lets the lost sites elect among themselves."""
    able = (np.stack([np.where(part == p, placement, 0).sum(axis=1) for p in (-1, 0, 1, 2)]) >= needed).sum(axis=0)
    return able >= 1, able >= 2


def constants_of_the_visible_seed(placement, part, needed):
    """What is right at home, copied."""
    return np.resize([1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0], len(needed)), np.resize(
        [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0], len(needed)
    )


def constants_tuned_on_other_seeds(placement, part, needed):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0], len(needed)), np.resize(
        [0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0], len(needed)
    )
