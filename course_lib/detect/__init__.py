"""Detection: alert rules as data, and the evaluator that runs them over any trace."""

from course_lib.detect.rule import Rule, firing, first_alarm

__all__ = ["Rule", "firing", "first_alarm"]
