"""I: how many, how large a share, how long, how much of the budget; each number against the run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from course_lib.postmortem import claims
from course_lib.postmortem.document import Document
from course_lib.postmortem.facts import Facts
from course_lib.postmortem.finding import Finding, Judged, judged

WITHIN = 0.05
#: More different numbers for one thing than this are no answer.
_MOST_CLAIMS = 4
_FAILED = re.compile(
    r"fail|lost|missed|error|unserved|not (?:be )?(?:served|answered|confirmed|succe)|unsuccess|"
    r"refus|reject|affected|time[d]? ?out|dropp",
    re.I,
)
_BUDGET = re.compile(r"budget", re.I)
_TIME = re.compile(r"\d|minute|second|hour", re.I)
_OTHER_TIME = re.compile(
    r"detect|acknowledg|user[- ]minutes|gap|until (?:the )?(?:page|alert)|before (?:the|any)", re.I
)
_VAGUE = re.compile(
    r"\b(?:many|some|several|a lot of?|lots of|a few|numerous|most|a (?:small|large|significant|"
    r"considerable) (?:number|share|"
    r"part|portion|amount)|a while|a short (?:time|while)|significant(?:ly)?|considerable|a handful|countless|various) "
    r"(?:of (?:the |our )?)?(?:users?|customers?|requests?|calls?|orders?|checkouts?|messages?|sessions?|people|"
    r"traffic|errors?|"
    r"minutes?|hours?|time|impact|failures?|pages?|lookups?|writes?)\b",
    re.I,
)


def _about(document: Document, wanted: re.Pattern[str], without: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Sentences of the section on something, less their clauses on something else."""
    for line, text in claims.statements(document.section("impact")):
        if wanted.search(text) and (kept := [part for part in claims.clauses(text) if not without.search(part)]):
            yield line, " ; ".join(kept)


def _budgets(document: Document) -> Iterator[tuple[int, str]]:
    """What is said of the budget: the clause that names it, and where that has no number, its whole sentence."""
    for line, text in claims.statements(document.section("impact")):
        if _BUDGET.search(text):
            named = " ; ".join(part for part in claims.clauses(text) if _BUDGET.search(part))
            yield line, named if claims.shares(named) else text


def _claimed(
    told: list[tuple[int, str]], read: Callable[[str], list[float]], truths: tuple[float, ...], absolute: float = 0.0
) -> tuple[float, int, str]:
    """How much of a claim is right: share, where it stands, and the numbers that were read."""
    values = sorted({value for _, text in told for value in read(text)})
    if not values:
        return 0.0, told[0][0] if told else 0, ""
    hit = next((line for line, text in told if any(claims.near(read(text), t, WITHIN, absolute) for t in truths)), 0)
    seen = ", ".join(f"{value:g}" for value in values[:_MOST_CLAIMS])
    if not hit or len(values) > _MOST_CLAIMS:
        line = next(line for line, text in told if read(text))
        return 0.0, line, seen + (f" and {len(values) - _MOST_CLAIMS} more" if len(values) > _MOST_CLAIMS else "")
    return 1.0, hit, seen


def i1(document: Document, facts: Facts) -> Judged:
    """Failed requests and their share."""
    told = list(_about(document, _FAILED, _BUDGET))
    section, found, right = document.section("impact"), [], 0.0
    asked: list[tuple[str, Callable[[str], list[float]], tuple[float, ...]]] = [
        ("failed requests (or user-minutes)", claims.counts, (facts.failed, facts.user_minutes)),
        ("the share of requests that failed", claims.shares, (facts.share, facts.peak_share)),
    ]
    for what, read, truths in asked:
        share, line, seen = _claimed(told, read, truths, 0.002 if read is claims.shares else 0.0)
        right += share / 2
        if not share:
            said = f"{what}: the run does not have {seen}" if seen else f"{what}: no figure"
            mend = "count it from the run: rate × seconds, from the start of the impact to its end; within 5 %"
            found.append(Finding("I1", line or section.line, said, mend, false=bool(seen)))
    return judged("I1", *found, share=right)


def i2(document: Document, facts: Facts) -> Judged:
    """Duration, from the start of the impact to its end."""
    told = list(_about(document, _TIME, _OTHER_TIME))
    section = document.section("impact")
    if facts.duration is None:
        open_end = re.search(
            r"not (?:over|ended|resolved)|still|ongoing|did not end|never (?:ended|recovered)", section.text, re.I
        )
        if open_end:
            return judged("I2")
        return judged(
            "I2", Finding("I2", section.line, "the run ended with users still hit", "say that it had not ended")
        )
    share, line, seen = _claimed(told, claims.durations, (facts.duration,), facts.tick)
    if share:
        return judged("I2")
    since = facts.moments["resolved_at"] - facts.moments.get("detected_at", 0.0)
    values = [value for _, text in told for value in claims.durations(text)]
    wrong = (
        "it is counted from detection"
        if claims.near(values, since, WITHIN, facts.tick)
        else f"the run does not have {seen} s"
    )
    mend = "resolved minus impact start: users were hit before anybody knew"
    said = f"duration: {wrong if seen else 'no figure'}"
    return judged("I2", Finding("I2", line or section.line, said, mend, false=bool(seen)))


def i3(document: Document, facts: Facts) -> Judged:
    """How much of the error budget it burned."""
    told = list(_budgets(document))
    share, line, seen = _claimed(told, claims.shares, (facts.budget,), 0.001)
    if share:
        return judged("I3")
    said = f"error budget: the run does not have {seen}" if seen else "error budget: no figure"
    mend = "failed requests ÷ those that the objective allows in 30 days"
    return judged("I3", Finding("I3", line or document.section("impact").line, said, mend, false=bool(seen)))


def i4(document: Document, facts: Facts) -> Judged:
    """No quantity without a number."""
    section = document.section("impact")
    found = [
        Finding("I4", line, f"“{vague[0]}” is no quantity", "write the number, and how it was counted")
        for line, text in claims.statements(section)
        if (vague := _VAGUE.search(text)) and not re.search(r"\d", text[max(0, vague.start() - 30) : vague.end() + 30])
    ]
    return judged("I4", *found, share=None if claims.counts(section.text) or claims.shares(section.text) else 0.0)


RULES = (i1, i2, i3, i4)
