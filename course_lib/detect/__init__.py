"""Detection: alert rules as data, the evaluator that runs them over any trace, and one table of both a module."""

from course_lib.detect.evaluator import firing, first_alarm, pages, read, told
from course_lib.detect.rule import Rule
from course_lib.detect.table import Table, table

__all__ = ["Rule", "Table", "firing", "first_alarm", "pages", "read", "table", "told"]
