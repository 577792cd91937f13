"""What the grader tells of a document: which rule, where, why, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARN = "error", "warn"


@dataclass(frozen=True)
class Finding:
    """One rule that a document misses at one place.

    Attributes
    ----------
    rule : str
        Such as ``T2``.
    line : int
    reason : str
        What was seen, in one line.
    rewrite : str
        What to write instead.
    level : {"error", "warn"}
        A warning costs nothing.
    objection : str
        What the writer says against it; empty where nothing.
    false : bool
        Whether it is about a figure that is stated and is not the run's.
    """

    rule: str
    line: int
    reason: str
    rewrite: str
    level: str = ERROR
    objection: str = ""
    false: bool = False


@dataclass(frozen=True)
class Judged:
    """What one rule says of a document.

    Attributes
    ----------
    rule : str
    share : float
        Of its points, in [0, 1].
    findings : tuple of Finding
    """

    rule: str
    share: float
    findings: tuple[Finding, ...] = ()


def judged(rule: str, *findings: Finding, share: float | None = None) -> Judged:
    """A rule's verdict: all of its points without an error, none with one, unless a share is given."""
    failed = any(one.level == ERROR for one in findings)
    return Judged(rule, (0.0 if failed else 1.0) if share is None else min(max(share, 0.0), 1.0), tuple(findings))
