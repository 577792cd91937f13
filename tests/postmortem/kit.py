"""Runs to calibrate on, of shortened scenarios that do not change as those of the course may."""

import functools
import json
from pathlib import Path

from course_lib.incidents import scenario, seal
from course_lib.incidents.truth import Run
from course_lib.postmortem import actions, check, detection, document, replay, rubric

HERE = Path(__file__).parent


@functools.lru_cache
def sealed(name):
    plain = json.loads((HERE / "runs" / f"{name}.json").read_text(encoding="utf-8"))
    of = scenario.load(HERE / "scenarios" / plain["scenario"])
    run = Run(of, plain["seed"], seal.read_log(plain["log"], of), plain["learner"])
    return replay.Sealed(run, seal.seal(run), known=True)


@functools.lru_cache
def known(name):
    """The run's plays, which all documents on it share."""
    return replay.known(sealed(name))


@functools.cache
def _examined(name, told):
    items, rule = json.loads(told)
    return replay.examine(sealed(name), items, rule, known(name))


def examined(name, items, rule=None):
    """What is true of a run, with items and a rule replayed on it: once, for most documents change neither."""
    return _examined(name, json.dumps([items, rule]))


@functools.cache
def report(text, name):
    """A document graded against one of the runs; the same text once."""
    paper = document.parse(text)
    rule = detection.proposal(paper)[1]
    return check.Report(paper, facts := examined(name, actions.effects(paper), rule), rubric.grade(paper, facts))
