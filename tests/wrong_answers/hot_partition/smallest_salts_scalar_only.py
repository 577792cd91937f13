"""One service at a time."""

KILLED_BY = "smallest_salts"
STATE = "crashed"


def smallest_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    for n in range(1, int(partitions) + 1):
        if capacity - rest_rate - hot_rate * (write_share / n + 1 - write_share) >= 4.6 / objective:
            return n, write_share + (1 - write_share) * n
    return 0, 0
