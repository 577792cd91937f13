"""The rubric: a hundred points by rule, what takes them, and what holds the whole together.

Form is worth something only on paper that is about this incident, and two things tell whether it is. The times: where
less than two fifths of them are the run's, all points are scaled down, to nothing where none is. The figures: two may
be miscounted; more that are stated and are not the run's take all points down, too. So a document copied from another
run, or about none, earns next to nothing however tidy it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from course_lib.postmortem import actions, causes, detection, impact, language, message, mitigation, structure, timeline
from course_lib.postmortem.document import Document, Objection
from course_lib.postmortem.facts import Facts
from course_lib.postmortem.finding import ERROR, Finding, Judged

GROUPS = {
    "S": "Structure",
    "T": "Timeline",
    "I": "Impact",
    "C": "Causes",
    "D": "Detection",
    "M": "Response and mitigation",
    "L": "Language",
    "A": "Action items",
    "X": "Security and message",
}
POINTS = {
    "S1": 3,
    "S2": 1,
    "S3": 2,
    "S4": 2,
    "T1": 1,
    "T2": 2,
    "T3": 1,
    "T4": 1,
    "T5": 4,
    "T6": 3,
    "T7": 1,
    "T8": 3,
    "I1": 4,
    "I2": 2,
    "I3": 2,
    "I4": 2,
    "C1": 2,
    "C2": 4,
    "C3": 2,
    "C4": 1,
    "C5": 3,
    "C6": 4,
    "D1": 1,
    "D2": 3,
    "D3": 2,
    "D4": 3,
    "D5": 1,
    "M1": 3,
    "M2": 2,
    "M3": 1,
    "M4": 2,
    "A1": 0,
    "A2": 1,
    "A3": 2,
    "A4": 2,
    "A5": 2,
    "A6": 0.5,
    "A7": 0.5,
    "A8": 0.5,
    "A9": 2,
    "A10": 2,
    "A11": 0.5,
    "A12": 0,
    "A13": 5,
    "X1": 1,
    "X2": 3,
}
LANGUAGE_POINTS = 10
#: Points that one blameful place takes.
_PER_ERROR = 2.5
#: Share of the times that must be right.
ENOUGH = 0.4
#: Figures that may be wrong, those beyond them that take the most, and what that is.
_MISCOUNTED, _INVENTED, _TAKEN = 2, 3, 0.75
#: Objections that count; who objects to more than these should change the text.
MOST_OBJECTIONS = 5
_LEAST_REASON = 3
#: Rules of wording, which an objection can lift; numbers cannot be argued with.
OPEN = ("S2", "T7", "I4", "C4", "A7", "A8", "X2", "L")

Rule = Callable[[Document, Facts], Judged]
RULES: tuple[Rule, ...] = tuple(
    rule
    for group in (structure, timeline, impact, causes, detection, mitigation, actions, message)
    for rule in group.RULES
)


@dataclass(frozen=True)
class Grade:
    """What a document earns.

    Attributes
    ----------
    points : dict of str to (earned, of)
        By group.
    rules : dict of str to float
        Share that each rule earned, in [0, 1]; of a language rule 0 or 1.
    findings : tuple of Finding
        In the order of their lines.
    held : float
        Share of the times that are this run's.
    false : int
        Figures that are stated and are not this run's.
    """

    points: dict[str, tuple[float, float]]
    rules: dict[str, float]
    findings: tuple[Finding, ...]
    held: float
    false: int

    @property
    def scale(self) -> float:
        """What all points are multiplied by."""
        return scaled(self.held, self.false)

    @property
    def total(self) -> float:
        """Points of a hundred."""
        return round(sum(earned for earned, _ in self.points.values()), 1)


def worth(group: str) -> float:
    """Points of a group of rules.

    >>> worth("T"), sum(map(worth, GROUPS))
    (16.0, 100.0)
    """
    rest = float(LANGUAGE_POINTS) if group == "L" else 0.0
    return rest + sum(points for rule, points in POINTS.items() if rule[0] == group)


def rules(group: str) -> dict[str, str]:
    """What each rule of a group demands, in a line, by its id.

    >>> rules("T")["T3"]
    'In the order of time.'
    """
    if group == "L":
        return dict(language.SAYS)
    return {rule.__name__.upper(): _first_line(rule) for rule in RULES if rule.__name__[0].upper() == group}


def _first_line(rule: Rule) -> str:
    return (rule.__doc__ or "").strip().splitlines()[0]


def scaled(held: float, false: int) -> float:
    """What points are multiplied by, for a share of right times and a number of wrong figures.

    >>> scaled(1.0, 2), scaled(0.2, 0), scaled(1.0, 5)
    (1.0, 0.5, 0.25)
    """
    invented = min(max(false - _MISCOUNTED, 0) / _INVENTED, 1.0)
    return min(1.0, held / ENOUGH) * (1.0 - _TAKEN * invented)


def grade(document: Document, facts: Facts) -> Grade:
    """Grade a document against what is true of its run."""
    judged = [_heard(rule(document, facts), document) for rule in RULES]
    shares = {one.rule: one.share for one in judged}
    told, lost = _language(document, facts)
    held, false = shares["T8"], sum(finding.false for one in judged for finding in one.findings)
    scale = scaled(held, false)
    points = {group: _sum(group, shares, scale) for group in GROUPS if group != "L"}
    points["L"] = (round(scale * max(LANGUAGE_POINTS - lost, 0.0), 2), float(LANGUAGE_POINTS))
    findings = sorted([*told, *(f for one in judged for f in one.findings)], key=lambda f: (f.line, f.rule))
    shares |= {f"L{n}": float(all(f.rule != f"L{n}" or f.objection for f in told)) for n in range(1, 11)}
    return Grade({group: points[group] for group in GROUPS}, shares, tuple(findings), held, false)


def _sum(group: str, shares: dict[str, float], scale: float) -> tuple[float, float]:
    mine = {rule: worth for rule, worth in POINTS.items() if rule[0] == group}
    earned = sum(shares[rule] * worth for rule, worth in mine.items())
    return round(scale * earned, 2), float(sum(mine.values()))


def _language(document: Document, facts: Facts) -> tuple[Sequence[Finding], float]:
    """Findings on language, and the points they take; a document without sentences has none to give."""
    told = [_objected(one, document) for one in language.check(document, total=facts.total)]
    lost = _PER_ERROR * sum(one.level == ERROR and not one.objection for one in told)
    prose = sum(document.section(key).words for key in ("summary", "factors", "response", "lessons"))
    return told, lost + LANGUAGE_POINTS * max(0.0, 1.0 - prose / 60.0)


def _heard(one: Judged, document: Document) -> Judged:
    """A rule's verdict once objections are heard: where every finding was lifted, all its points."""
    heard = tuple(_objected(finding, document) for finding in one.findings)
    errors = [finding for finding in heard if finding.level == ERROR]
    if errors and _open(one.rule) and all(finding.objection for finding in errors):
        return Judged(one.rule, 1.0, heard)
    return replace(one, findings=heard)


def _open(rule: str) -> bool:
    return rule in OPEN or rule[0] in OPEN


def _objected(finding: Finding, document: Document) -> Finding:
    """The finding with what the writer says against it, where its rule can be argued with."""
    for objection in counted(document):
        if objection.line == finding.line and objection.rule in ("", finding.rule):
            return replace(finding, objection=objection.reason)
    return finding


def counted(document: Document) -> list[Objection]:
    """The objections that count: the first few, each with a reason of some words."""
    real = [one for one in document.objections if len(one.reason.split()) >= _LEAST_REASON]
    return real[:MOST_OBJECTIONS]
