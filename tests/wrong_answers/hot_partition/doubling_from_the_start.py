"""Averages over the quiet beginning as well."""

from course_lib.models.hot_partition import Parameters, simulate

KILLED_BY = "doubling"


def doubling(partitions, viral_share, seed):
    drill = Parameters(partitions=partitions, viral_share=viral_share)
    return simulate(drill, seed, until=120)["hot_error_ratio"].mean(axis=0)
