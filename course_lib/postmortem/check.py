"""``course postmortem check``: a document against its sealed run, and the report that a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib import progress
from course_lib.manifest import Course
from course_lib.postmortem import actions, detection, document, replay, rubric, shipped
from course_lib.postmortem.document import Document
from course_lib.postmortem.facts import Facts
from course_lib.postmortem.finding import WARN, Finding
from course_lib.postmortem.rubric import Grade

_MOST_OF_A_RULE = 4


@dataclass(frozen=True)
class Report:
    """A graded document, and what it was held against."""

    document: Document
    facts: Facts
    grade: Grade

    @property
    def finished(self) -> bool:
        """Whether it has as many points as a finished one."""
        return self.grade.total >= progress.FINISHED


def check(path: Path, run: Path) -> Report:
    """Grade a post-mortem.

    Parameters
    ----------
    path : Path
        The document.
    run : Path
        Its sealed run.

    Raises
    ------
    DocumentError, RunError
        In one line, what cannot be read.
    """
    paper = document.load(path)
    return against(paper, replay.load(run))


def against(paper: Document, sealed: replay.Sealed, before: replay.Known | None = None) -> Report:
    """Grade a document that was read against a run that was, and that may have been played before."""
    _, rule, _ = detection.proposal(paper)
    facts = replay.examine(sealed, actions.effects(paper), rule, before)
    return Report(paper, facts, rubric.grade(paper, facts))


def note(course: Course, report: Report, run: Path) -> None:
    """Keep a learner's points, unless it is of the exercise's run, of which everybody has a finished one.

    Raises
    ------
    ProgressError
        When they cannot be written.
    """
    if shipped.is_of_exercise(run):
        return
    text = "\n".join(report.document.lines)
    progress.record_paper(course, report.grade.total, text)


def lines(report: Report) -> Iterator[str]:
    """The report in lines: points by group, what took them, what the items are worth, objections."""
    grade = report.grade
    yield f"{report.document.name}: {grade.total:g} of 100 points"
    for group, (earned, of) in grade.points.items():
        yield f"  {group} {rubric.GROUPS[group]:<24} {earned:5.1f} of {of:g}"
    yield from (f"  {line}" for line in (*_scaled(grade), *_outcomes(report.facts), *_rule(report.facts)))
    for finding in shortened(grade.findings):
        yield from _told(f"{report.document.name}:{finding.line}", finding)
    yield from _objections(report)


def by_group(report: Report) -> dict[str, list[str]]:
    """What there is to tell of each group of rules, in lines: what took points, what items and rule did in the replay.

    What scales all points stands in the first group, and objections in that of language.
    """
    told: dict[str, list[str]] = {group: [] for group in rubric.GROUPS}
    told["S"] += _scaled(report.grade)
    told["A"] += _outcomes(report.facts)
    told["D"] += _rule(report.facts)
    for finding in shortened(report.grade.findings):
        told[finding.rule[0]] += _told(f"line {finding.line}", finding)
    if report.document.objections:
        told["L"] += [line.strip() for line in _objections(report)]
    return told


def plain(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    grade = report.grade
    return {
        "file": report.document.name,
        "points": grade.total,
        "groups": {group: {"earned": earned, "of": of} for group, (earned, of) in grade.points.items()},
        "rules": grade.rules,
        "held": grade.held,
        "false": grade.false,
        "findings": [asdict(finding) for finding in grade.findings],
        "items": {id_: asdict(one) | {"net": one.net, "cut": one.cut} for id_, one in report.facts.items.items()},
        "rule": asdict(report.facts.proposed) if report.facts.proposed else None,
        "objections": [asdict(one) for one in report.document.objections],
    }


def shortened(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """The first few findings of each rule: the twentieth of a kind teaches nothing."""
    seen: dict[str, int] = {}
    for finding in findings:
        seen[finding.rule] = seen.get(finding.rule, 0) + 1
        if seen[finding.rule] <= _MOST_OF_A_RULE:
            yield finding


def _scaled(grade: Grade) -> Iterator[str]:
    if grade.scale < 1:
        yield (
            f"{grade.held:.0%} of its times are this run's, and {grade.false} of its figures are not: "
            f"a document that is not about its run is worth little, so all points count {grade.scale:.0%}."
        )


def _told(where: str, finding: Finding) -> Iterator[str]:
    mark = " (costs nothing)" if finding.level == WARN else ""
    yield f"{where}: {finding.rule}{mark}: {finding.reason}"
    yield f"      → {finding.rewrite}"
    if finding.objection:
        yield f"      objected: {finding.objection}"


def _outcomes(facts: Facts) -> Iterator[str]:
    for id_, one in facts.items.items():
        if one.problem:
            yield f"{id_} replayed: {one.problem}"
            continue
        cost = f", costs {one.quiet_cost:,.0f} on a quiet day" if one.quiet_cost >= 1 else ", costs a quiet day nothing"
        saved = one.before - one.after
        yield f"{id_} replayed: saves {saved:,.0f} of {one.before:,.0f} user-minutes{cost}: {one.cut:.0%} net"


def _rule(facts: Facts) -> Iterator[str]:
    if facts.proposed and not facts.proposed.problem:
        fires, calm = facts.proposed.fires_at, facts.proposed.fires_when_quiet
        told = "stays silent" if fires is None else f"fires at {facts.clock(fires):%H:%M:%S}"
        yield f"The proposed rule {told} on this run, and {'is silent' if calm is None else 'fires'} on a quiet day."


def _objections(report: Report) -> Iterator[str]:
    counted = rubric.counted(report.document)
    every = report.document.objections
    if every:
        used = sum(bool(finding.objection) for finding in report.grade.findings)
        yield f"  {len(every)} objections, {len(counted)} with a reason that counts, {used} findings they speak to:"
        yield from (f"    line {one.line}: {one.reason or '(no reason)'}" for one in every)
    elif report.grade.findings:
        yield "  A finding is wrong? Write <!-- lint-ok: your reason --> on its line, or alone on the line above."
