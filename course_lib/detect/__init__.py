"""Detection: alert rules as data, the evaluator that runs them over any trace, and one table of both a module.

In files of their own: rules of a learner's (`rule_file`), tournaments (`contest`).
"""

from course_lib.detect.contest import Tournament, tournament
from course_lib.detect.evaluator import firing, first_alarm, pages, read, told
from course_lib.detect.rule import Rule
from course_lib.detect.table import Table, table

__all__ = [
    "Rule",
    "Table",
    "Tournament",
    "firing",
    "first_alarm",
    "pages",
    "read",
    "table",
    "told",
    "tournament",
]
