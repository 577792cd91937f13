"""Right answers to `query_cost` of another style than the solution's."""

import numpy as np


class by_walking:
    """Walks down the list of candidates until one exists."""

    @staticmethod
    def lookup_queries(dots, place, ndots, search):
        told = np.broadcast_arrays(dots, place, ndots, search)
        found = np.zeros(told[0].shape, dtype=int)
        for n, (has, home, least, suffixes) in enumerate(zip(*(part.ravel().tolist() for part in told), strict=True)):
            tries = [*range(suffixes), suffixes] if has < least else [suffixes, *range(suffixes)]
            found.flat[n] = 2 * (tries.index(home) + 1)
        return found

    @staticmethod
    def best_ndots(dots, place, rate, search):
        def total(ndots):
            first = dots >= ndots
            tries = np.where(first, np.where(place == search, 1, place + 2), place + 1)
            return float((tries * rate).sum())

        return min(range(1, 16), key=lambda ndots: (round(total(ndots), 9), ndots))


class in_a_table:
    """All values of ndots at once."""

    @staticmethod
    def lookup_queries(dots, place, ndots, search):
        late = (dots >= ndots) * np.where(place == search, -search, 1)
        return 2 * (place + 1 + late)

    @staticmethod
    def best_ndots(dots, place, rate, search):
        ndots = np.arange(1, 16)[:, None]
        late = (dots >= ndots) * np.where(place == search, -search, 1)
        return int(np.argmin((rate * (place + 1 + late)).sum(axis=1))) + 1
