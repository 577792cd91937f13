"""Right answers to `doubling` of another style than the solution's."""

from course_lib.models.hot_partition import Parameters, simulate


def in_a_loop(partitions, viral_share, seed):
    """One run a number of partitions."""
    runs = [simulate(Parameters(partitions=n, viral_share=viral_share, viral_start=0.0), seed, until=120)
            for n in partitions.tolist()]  # fmt: skip
    return [run["hot_error_ratio"][60:120].mean() for run in runs]
