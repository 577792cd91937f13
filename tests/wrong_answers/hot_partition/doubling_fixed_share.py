"""The lab's share, whatever is asked."""

from course_lib.models.hot_partition import Parameters, simulate

KILLED_BY = "doubling"


def doubling(partitions, viral_share, seed):
    drill = Parameters(partitions=partitions, viral_share=0.1, viral_start=0.0)
    return simulate(drill, seed, until=120)["hot_error_ratio"][60:].mean(axis=0)
