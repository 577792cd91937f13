"""X: was security looked at, and what do customers read."""

from __future__ import annotations

import re

from course_lib.postmortem.document import Document
from course_lib.postmortem.facts import Facts
from course_lib.postmortem.finding import Finding, Judged, judged

_LEAST_WORDS = 4
_REVIEW = re.compile(
    r"secur|attack|access|authori[sz]|bypass|credential|data|audit|review|exploit|abuse|"
    r"malicious",
    re.I,
)
_HOST = re.compile(
    r"\b(?:\d{1,3}(?:\.\d{1,3}){3}|[\w-]+(?:\.[\w-]+)*\.(?:internal|local|lan|corp|svc)\b|[a-z]+(?:-[a-z0-9]+)*-\d+\b"
    r"|(?:db|web|app|redis|cache|node|host|srv|pod)-?\d+\b)",
    re.I,
)
_PROMISE = re.compile(
    r"\b(?:will|shall|'ll|going to) (?:be )?(?:fixed|resolved|restored|back|available|repaired|up|solved|"
    r"work(?:ing)?)[^.]*\b(?:by|in|within|at|before)\b"
    r"[^.]*\d|never happen again|will not happen again|won['’]t happen again|guarantee",
    re.I,
)
_OUTAGE = re.compile(r"\boutage\b", re.I)


def x1(document: Document, facts: Facts) -> Judged:
    """An explicit line on security."""
    section = document.section("security")
    if section.words >= _LEAST_WORDS and _REVIEW.search(section.text):
        return judged("X1")
    mend = "say what was looked at: was it an attack, did a lever go round a check, who was let through meanwhile"
    return judged("X1", Finding("X1", section.line, "no line says what the security review found", mend))


def x2(document: Document, facts: Facts) -> Judged:
    """What customers read tells no host, promises no time, and says no "outage" unless everything was down."""
    section = document.section("message")
    if section.words < 8:
        return judged(
            "X2", Finding("X2", section.line, "there is no message to customers", "what, when, for whom, what now")
        )
    told = []
    looks = [
        (_HOST, "names an internal host", "leave it out"),
        (_PROMISE, "promises what nobody can", "say when you write next"),
    ]
    if not facts.total:
        looks.append((_OUTAGE, "says “outage”, and not every request failed", "write what failed, and for how many"))
    for piece in section.pieces:
        for pattern, said, mend in looks:
            if found := pattern.search(piece.text):
                line = piece.line_at(found.start())
                told.append(Finding("X2", line, f"“{' '.join(found[0].split())[:60]}” {said}", mend))
    return judged("X2", *told, share=1 - len(told) / len(looks))


RULES = (x1, x2)
