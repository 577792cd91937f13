"""The share answered, not the share that fails."""

from course_lib.models.hot_partition import Parameters, simulate

KILLED_BY = "doubling"


def doubling(partitions, viral_share, seed):
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    return 1 - simulate(drill, seed, until=120)["hot_error_ratio"][60:].mean(axis=0)
