"""JUnit XML: a suite for each lesson or lab, a case for each learner's task."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from course_lib.grading.book.marks import Mark, TaskMark
from course_lib.grading.exports.book import Book

#: What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ERRORS = ("crashed", "timed out", "refused")


def document(book: Book) -> str:
    """The whole document."""
    root = ElementTree.Element("testsuites")
    for lab in book.used_labs:
        marks = [mark for mark in book.marks if mark.lab == lab]
        tasks = [(mark, task) for mark in marks for task in mark.tasks]
        states = [task.state for _, task in tasks]
        suite = ElementTree.SubElement(root, "testsuite", name=lab, tests=str(len(tasks)))
        suite.set("failures", str(states.count("wrong")))
        suite.set("errors", str(sum(state in _ERRORS for state in states)))
        suite.set("skipped", str(states.count("not attempted")))
        for mark, task in tasks:
            suite.append(_case(lab, mark, task))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(lab: str, mark: Mark, task: TaskMark) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=_clean(f"{lab}.{mark.learner}"), name=task.task)
    if task.state != "right":
        kind = {"wrong": "failure", "not attempted": "skipped"}.get(task.state, "error")
        message = f"{task.state}, {task.points:g} of {task.max_points:g} points"
        told = ElementTree.SubElement(case, kind, message=message)
        told.text = _clean("\n".join(mark.record.tasks[task.task].lines))
    return case


def _clean(text: str) -> str:
    return _NOT_XML.sub("?", text)
