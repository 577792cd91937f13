"""What a graded cell demands: one file a module, on the framework in `task`.

A notebook does ``from course_lib.checks import retry_storm as checks`` and calls ``checks.budget(retry_budget,
seed=seed)``; the grader calls the same task's `judge` with proxies in place of the learner's functions.
"""
