"""Right answers to `deal` of another style than the solution's."""

import itertools
import random

import numpy as np


def with_sets(workers, size, customers, overlap):
    """Sets in plain Python: of forty shards of the least loaded, one that fits."""
    draw, dealt, load = random.Random(3), [], [0] * workers
    while len(dealt) < customers:
        tries = []
        for _ in range(40):
            shard = frozenset(draw.sample(range(workers), size))
            if all(len(shard & other) <= overlap for other in dealt):
                tries.append((sum(load[w] ** 2 for w in shard), sorted(shard)))
        if tries:
            best = min(tries)[1]
            dealt.append(frozenset(best))
            for worker in best:
                load[worker] += 1
    return np.array([sorted(shard) for shard in dealt])


def by_rounds(workers, size, customers, overlap):
    """Shuffled workers with the least loaded first; takes what fits, and loosens the order where nothing does."""
    generator, rows, loose = np.random.default_rng(5), [], 0.5
    load = np.zeros(workers)
    while len(rows) < customers:
        shard = np.argsort(load + loose * generator.random(workers))[:size]
        if all(np.intersect1d(shard, other).size <= overlap for other in rows):
            rows.append(shard)
            load[shard] += 1
            loose = 0.5
        else:
            loose = min(loose * 1.1, 4.0)
    return np.stack(rows)


def in_order_of_load(workers, size, customers, overlap):
    """The first hand that fits, in order of what workers carry; tuples."""
    rows, load = [], [0] * workers
    while len(rows) < customers:
        order = sorted(range(workers), key=load.__getitem__)
        hands = itertools.combinations(order, size)
        rows.append(next(hand for hand in hands if all(len({*hand} & {*other}) <= overlap for other in rows)))
        for worker in rows[-1]:
            load[worker] += 1
    return tuple(rows)
