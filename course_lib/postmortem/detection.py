"""D: who noticed, how late, and a rule that would have told sooner, run on the run's own telemetry."""

from __future__ import annotations

import re
from typing import Any

from course_lib.postmortem import claims, plain_yaml
from course_lib.postmortem.document import Document
from course_lib.postmortem.facts import Facts
from course_lib.postmortem.finding import Finding, Judged, judged
from course_lib.postmortem.plain_yaml import PlainYamlError

_SOURCE = {
    "alert": r"alert|page|alarm|pager|monitor",
    "customer": r"customer|user (?:report|complain|call)|support",
    "human": r"\b(?:engineer|on-?call|responder|somebody|someone|we)\b.*\b(?:saw|noticed|looked|watch)|"
    r"dashboard|by hand|by eye",
}
_LEAST_TICK = 10.0
_GAP = re.compile(
    r"after|later|gap|took|delay|before|late\b|time to detect|between|lag|earlier|within|minus|−|\bfrom\b", re.I
)
_WHO_FIRST = re.compile(
    r"\b(?:users?|customers?|shoppers?|support)\b[^.]*\b(?:first|before|earlier|ahead|after|told|report|call|"
    r"not|no|none|only)"
    r"|\b(?:users?|customers?)\b[^.]*\b(?:later|afterwards|called)|\bno (?:user|customer)|before any (?:user|"
    r"customer)|\b(?:owner|shops?|callers?|buyers?)\b[^.]*\b(?:later|"
    r"afterwards|before)",
    re.I,
)


_USERS_FIRST = re.compile(
    r"(?<!no )(?<!No )\b(?:customers?|users?) (?:had |have )?(?:already )?(?:called|told|reported|"
    r"complained)[^.]{0,20}\b"
    r"(?:before|first)\b",
    re.I,
)


def proposal(document: Document) -> tuple[int, dict[str, Any] | None, str]:
    """The proposed rule: line, its fields, or why there are none."""
    section = document.section("detection")
    fences = [one for one in section.fences if one.language in ("yaml", "yml", "")]
    if not fences:
        return section.line, None, "no rule is proposed in a block of YAML"
    fences.sort(key=lambda one: not one.language)  # one that says it is YAML, where there is one
    try:
        fields, _ = plain_yaml.read(fences[0].text)
    except PlainYamlError as error:
        return fences[0].line + error.line, None, f"the rule: {error}"
    if isinstance(fields, dict) and isinstance(fields.get("rule"), dict):
        fields = fields["rule"]
    if not isinstance(fields, dict) or not all(isinstance(name, str) for name in fields):
        return fences[0].line, None, "the rule is no list of `name: value` lines"
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    return fences[0].line, given or None, "" if given else "the rule is empty"


def d1(document: Document, facts: Facts) -> Judged:
    """Who or what told first."""
    section = document.section("detection")
    if re.search(_SOURCE[facts.source], section.text, re.I | re.S):
        return judged("D1")
    said = "does not say what told first" if section.words else "the section is empty"
    mend = "write which alert fired, or who called, with its id"
    return judged("D1", Finding("D1", section.line, said, mend))


def d2(document: Document, facts: Facts) -> Judged:
    """Seconds from the start of the impact to its detection."""
    section = document.section("detection")
    if facts.gap is None:
        return judged("D2")
    found = [
        (line, v) for line, text in claims.statements(section) if _GAP.search(text) for v in claims.durations(text)
    ]
    tick = min(facts.tick, max(_LEAST_TICK, facts.gap / 2))
    if any(abs(value - facts.gap) <= tick for _, value in found) and len({value for _, value in found}) <= 5:
        return judged("D2")
    said = (
        f"the gap is not {found[0][1]:g} s in this run"
        if found
        else "does not say how long users were hit before it was told"
    )
    mend = "detected minus impact start, in seconds"
    return judged("D2", Finding("D2", found[0][0] if found else section.line, said, mend, false=bool(found)))


def d3(document: Document, facts: Facts) -> Judged:
    """A signal and a threshold that would have halved the gap."""
    line, fields, why = proposal(document)
    if fields is not None and fields.get("signal") and ("above" in fields or "below" in fields):
        return judged("D3")
    text = document.section("detection").text.lower()
    named = any(re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)[^.\n]*\d", text) for name in facts.signals)
    mend = "write the rule as a block of YAML: signal, above or below, window, hold"
    told = Finding("D3", line, why or "the rule has no signal, or no threshold", mend)
    return judged("D3", told, share=0.5 if named else 0.0)


def d4(document: Document, facts: Facts) -> Judged:
    """The rule, run: earlier than the run's own alarm, and silent on a quiet day."""
    line, fields, why = proposal(document)
    outcome = facts.proposed
    if fields is None or outcome is None or outcome.problem:
        reason = why or (outcome.problem if outcome else "") or "it could not be replayed"
        return judged("D4", Finding("D4", line, reason, "name a signal of the run's telemetry, and a threshold"))
    told = []
    if outcome.fires_when_quiet is not None:
        said = f"fires at {outcome.fires_when_quiet:g} s of a quiet day"
        told.append(Finding("D4", line, said, "raise the threshold, or hold it longer"))
    told += [Finding("D4", line, said, mend) for said, mend in _too_late(outcome.fires_at, facts)]
    return judged("D4", *told)


def _too_late(fires: float | None, facts: Facts) -> list[tuple[str, str]]:
    detected, trigger = facts.moments.get("detected_at"), facts.trigger_at
    if fires is None:
        return [("stays silent on this run", "lower the threshold, or read a signal that moves first")]
    if trigger is not None and fires < trigger:
        return [(f"fires at {fires:g} s, before anything was wrong", "raise the threshold, or hold it longer")]
    if detected is not None and fires >= detected:
        return [
            (
                f"fires at {fires:g} s, and the run's alarm did at {detected:g} s",
                "shorten window and hold, or read another signal",
            )
        ]
    return []


def d5(document: Document, facts: Facts) -> Judged:
    """Whether a user found it first."""
    section = document.section("detection")
    text = " ".join(section.text.split())
    if facts.source != "customer" and (claimed := _USERS_FIRST.search(text)):
        said = f"“{claimed[0]}”: in this run nobody of them told before the alert"
        return judged("D5", Finding("D5", section.line, said, "look at when the first message came in"))
    if _WHO_FIRST.search(text):
        return judged("D5")
    mend = "write whether users told before the alert did"
    return judged("D5", Finding("D5", section.line, "does not say whether a user found it first", mend))


RULES = (d1, d2, d3, d4, d5)
