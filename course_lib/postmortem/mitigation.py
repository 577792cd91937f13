"""M: what ended it, what else was tried, what is still to be mended, and would it have ended by itself."""

from __future__ import annotations

import re

from course_lib.postmortem import claims
from course_lib.postmortem.document import Document
from course_lib.postmortem.facts import Facts, distinctive
from course_lib.postmortem.finding import Finding, Judged, judged

_ENDED = re.compile(
    r"end(?:ed|s|ing)?\b|stopp|finish|mitigat|restor|fix(?:ed)?\b|brought|worked|help(?:ed|s)\b|"
    r"recover|drain|cut |resol",
    re.I,
)
_NO_USE = re.compile(
    r"(?:did|does|had|has|made|makes|brought|changed|showed)(?: not|n['’]t)?\b[^.]{0,40}\b(?:no|not|nothing|"
    r"n['’]t|little|worse)\b|"
    r"did(?: not|n['’]t) (?:help|change|matter|work)|no (?:effect|difference|change|use)|without (?:effect|"
    r"any effect)|worse|"
    r"in vain|useless|not (?:needed|necessary)|unnecessary|harm|cost (?:users|another)|added|prolonged|"
    r"lengthened|red herring|"
    r"made (?:it|things)|ineffective|by then|already",
    re.I,
)
_LASTING = re.compile(
    r"permanent|long[- ]term|lasting|follow[- ]up|action items?|\bA\d\b|still (?:open|to be|to do)|remains|"
    r"stop-?gap|workaround|"
    r"temporar|for (?:now|the time being)|until",
    re.I,
)
_TRIGGER_OVER = re.compile(
    r"trigger (?:had |has |was |is )?(?:ended|ends|over|gone|passed)|after the (?:trigger|"
    r"\w+(?: \w+)?) (?:had )?(?:ended|ends|was over|"
    r"finished|passed|recovered)|once the trigger|metastab|by itself|on its own|without (?:us|intervention|"
    r"help)|outlast|\b(?:down|back|up) alone\b",
    re.I,
)
_STAYED = re.compile(
    r"stay|remain|did(?: not|n['’]t) (?:fall|recover|end|drop|come down|drain)|kept|persist|sustain|not (?:fall|"
    r"recover|end)|still|"
    r"metastab|never|went on|continued|nothing|held|outlast|would(?: not|n['’]t)",
    re.I,
)
_FELL = re.compile(
    r"\b(?:fell|falls|fall|drained|recovered|came (?:back|down)|returned|dropped|ended by itself|by itself|"
    r"on its own|not metastab)",
    re.I,
)


def names(text: str, id_: str, facts: Facts) -> bool:
    """Whether a text speaks of an action of the log: by its id, or by words of its name."""
    words = facts.names.get(id_, frozenset())
    return bool(re.search(rf"\b{id_}\b", text)) or len(distinctive(text) & words) >= min(2, len(words))


def m1(document: Document, facts: Facts) -> Judged:
    """The action that ended the impact."""
    section = document.section("response")
    if not facts.ended_by:
        ok = re.search(
            r"\bby itself|on its own|no action|not (?:ended|over)|nothing (?:we|that)|none of", section.text, re.I
        )
        said = Finding(
            "M1",
            section.line,
            "no action of the log ended it, and this is not said",
            "say that it ended, or not, by itself",
        )
        return judged("M1", *([] if ok else [said]))
    for _, text in claims.statements(section):
        if any(names(text, id_, facts) for id_ in facts.ended_by) and _ENDED.search(text):
            return judged("M1")
    said = "does not name the action that ended the impact" if section.words else "the section is empty"
    return judged("M1", Finding("M1", section.line, said, "write “turning … off (L007) ended it”, with its log id"))


def m2(document: Document, facts: Facts) -> Judged:
    """What else was tried, and what came of it."""
    section, told = document.section("response"), []
    tried = [*facts.harmful, *facts.useless]
    for id_ in tried:
        said = [text for _, text in claims.statements(section) if names(text, id_, facts)]
        if not said:
            told.append(Finding("M2", section.line, f"{id_} ({_label(id_, facts)}) was tried and is left out", _HONEST))
        elif id_ in facts.harmful and not any(_NO_USE.search(text) for text in said):
            told.append(
                Finding("M2", section.line, f"{id_} ({_label(id_, facts)}) did harm, and this is not said", _HONEST)
            )
    if not tried:
        return judged("M2", share=1.0 if section.words > 10 else 0.0)
    return judged("M2", *told, share=1 - len(told) / len(tried))


_HONEST = "write what was expected of it, and what the telemetry showed: the next responder will think of it, too"


def _label(id_: str, facts: Facts) -> str:
    return facts.evidence[id_].text[:50] if id_ in facts.evidence else id_


def m3(document: Document, facts: Facts) -> Judged:
    """What ended it is told apart from what is still to be mended."""
    section = document.section("response")
    if _LASTING.search(section.text):
        return judged("M3")
    mend = "say which lever was put back, and which action item is the lasting change"
    return judged("M3", Finding("M3", section.line, "mitigation and lasting repair are not told apart", mend))


def m4(document: Document, facts: Facts) -> Judged:
    """Whether load fell once the trigger was over."""
    if facts.trigger_ends is None:
        return judged("M4", share=float(bool(document.section("response").words)))
    told = []
    for key in ("response", "factors", "lessons"):
        told += [(line, text) for line, text in claims.statements(document.section(key)) if _TRIGGER_OVER.search(text)]
    line = told[0][0] if told else document.section("response").line
    if not told:
        mend = "write whether load fell once the trigger was over: if it did not, something else kept it up"
        return judged("M4", Finding("M4", line, "does not say what load did after the trigger ended", mend))
    right = _FELL if facts.by_itself else _STAYED
    if any(right.search(text) for _, text in told):
        return judged("M4")
    said = "load did fall" if facts.by_itself else "load did not fall by itself"
    return judged(
        "M4", Finding("M4", line, f"{said} after the trigger ended, and this says otherwise", "look at the run again")
    )


RULES = (m1, m2, m3, m4)
