"""C: what set it off, what kept it going, which defence was missing; and what it was first taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from course_lib.postmortem import claims, language
from course_lib.postmortem.document import Document
from course_lib.postmortem.facts import PARTS, Facts, modes_named
from course_lib.postmortem.finding import Finding, Judged, judged

LEAST_FACTORS = 3
WITHIN = 0.10
_MOST_FIGURES = 4
_ID = re.compile(r"\bF\d{1,2}\b")
_EVIDENCE = re.compile(r"\b[LE]\d{3,4}\b")
_PART = {
    "trigger": re.compile(r"\b(?:trigger|what set it off|set off by)", re.I),
    "amplifier": re.compile(r"\b(?:amplif|sustain|what kept it going|feedback|propagat)", re.I),
    "defence": re.compile(
        r"\b(?:missing (?:defen[cs]e|control|safeguard|limit)|defen[cs]e|lacking|what was missing|no defen[cs]e)", re.I
    ),
}
_LABEL = re.compile(r"([A-Z][\w ()-]{3,30}|F\d+[,.:)]? [\w ]{4,30}):\s")
_PERSON = re.compile(rf"^(?:the )?(?:{language.PEOPLE})\b|\b(?:human|operator|user|engineer) (?:error|mistake)", re.I)
_FIRST = re.compile(
    r"first (?:hypothes|thought|guess|diagnos|suspic|suspect|read|assum|took|taken)|hypothes|suspect|(?:was|"
    r"were|had) (?:first )?taken for|"
    r"initial(?:ly)?|at first|we (?:believed|thought|assumed|took)|looked like|mistook|mistaken",
    re.I,
)
_NAMES = {"trigger": "the trigger", "amplifier": "the amplifier", "defence": "the missing defence"}


@dataclass(frozen=True)
class Factor:
    """One contributing factor.

    Attributes
    ----------
    line : int
    id : str
        Such as ``F1``; by its place where it has none.
    part : str
        ``trigger``, ``amplifier``, ``defence``, or "" where it does not say.
    text : str
        What it says.
    whole : str
        The same with its evidence.
    """

    line: int
    id: str
    part: str
    text: str
    whole: str


def factors(document: Document) -> list[Factor]:
    """Rows of its table, else the items of its list, else paragraphs with a bold label or a heading above."""
    found = [one for one in _raw(document) if len(one[3].split()) > 1]
    return [
        Factor(line, (_ID.findall(f"{head} {whole}") or [f"F{n}"])[0], _part(head), text, whole)
        for n, (line, head, text, whole) in enumerate(found, start=1)
    ]


def _raw(document: Document) -> Iterator[tuple[int, str, str, str]]:
    section = document.section("factors")
    table = section.table("factor", "contributing factor", "what", "kind", "type", "role")
    if table is not None:
        for row in table.rows:
            head = " ".join((row.get("id", "no"), row.get("kind", "type", "role", "part")))
            evidence = (row.get("id", "no"), row.get("kind", "type", "role", "part"), row.get("evidence", "source"))
            yield row.line, head, " ".join(text for text in row.cells.values() if text not in evidence), row.text
        return
    heading, items = "", any(piece.kind == "item" for piece in section.pieces)
    for piece in section.pieces:
        named = _LABEL.match(piece.text)
        label = piece.label or (named[1] if named else "")
        if piece.kind == "heading":
            heading = piece.text
        elif piece.kind == "item" or label or (not items and (heading or piece is section.pieces[0])):
            own = piece.kind == "item" or _part(label)
            yield piece.line, label if own else f"{label} {heading}", piece.text, piece.text
            heading = ""


def _part(head: str) -> str:
    return next((part for part, words in _PART.items() if words.search(head)), "")


def c1(document: Document, facts: Facts) -> Judged:
    """Three factors at least."""
    count = len(factors(document))
    if count >= LEAST_FACTORS:
        return judged("C1")
    said = f"{count} listed, and no incident has fewer than {LEAST_FACTORS}"
    mend = "list trigger, amplifier and missing defence apart, one line each"
    return judged("C1", Finding("C1", document.section("factors").line, said, mend), share=count / LEAST_FACTORS / 2)


def c2(document: Document, facts: Facts) -> Judged:
    """Trigger, amplifier and missing defence are told apart, and are those of the run."""
    listed, told = factors(document), []
    for part in PARTS:
        mine = [one for one in listed if one.part == part]
        if any(facts.says(part, one.text) and not _another(one, part, facts) for one in mine):
            continue
        line = mine[0].line if mine else document.section("factors").line
        told.append(Finding("C2", line, *_not_it(part, mine, facts)))
    return judged("C2", *told, share=1 - len(told) / len(PARTS))


def _another(factor: Factor, part: str, facts: Facts) -> bool:
    """Whether what is called the trigger is in its first words the amplifier."""
    start = " ".join(factor.text.split()[:16])
    return part == "trigger" and facts.says("amplifier", start) and not facts.says("trigger", start)


def _not_it(part: str, mine: list[Factor], facts: Facts) -> tuple[str, str]:
    if not mine:
        return f"no factor is called {_NAMES[part]}", f"begin one with “{_NAMES[part][4:].capitalize()}:”"
    other = next((p for p in PARTS if p != part and any(facts.says(p, one.text) for one in mine)), "")
    if other:
        return (
            f"what is called {_NAMES[part]} is {_NAMES[other]} of this incident",
            "a trigger ends; an amplifier goes on",
        )
    return f"what is called {_NAMES[part]} is not that of this run", "look at what changed first, and what stayed after"


def c3(document: Document, facts: Facts) -> Judged:
    """Each factor cites evidence."""
    listed = factors(document)
    told = []
    for one in listed:
        cited = _EVIDENCE.findall(one.whole)
        known = [id_ for id_ in cited if id_ in facts.evidence]
        signal = any(re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", one.whole.lower()) for name in facts.signals)
        if not known and not signal:
            said = f"{cited[0]} is in no line of the run" if cited else f"{one.id} cites no evidence"
            told.append(Finding("C3", one.line, said, "cite the signal, or the id of the log line, that shows it"))
    return judged("C3", *told, share=1 - len(told) / len(listed) if listed else 0.0)


def c4(document: Document, facts: Facts) -> Judged:
    """No person is a factor."""
    names = [re.escape(name) for name in language.people(document)]
    roster = re.compile(rf"\b(?:{'|'.join(names)})\b") if names else None
    told = [
        Finding("C4", one.line, f"{one.id} is a person", "name the condition that made the action look right")
        for one in factors(document)
        if _PERSON.search(_body(one.text)) or (roster and roster.search(one.text))
    ]
    return judged("C4", *told, share=None if factors(document) else 0.0)


def _body(text: str) -> str:
    return re.split(r":\s+|\|\s*", text, maxsplit=1)[-1]


def c5(document: Document, facts: Facts) -> Judged:
    """The amplification, within a tenth of the model's."""
    if facts.amplification is None:
        return judged("C5")
    found = []
    for key in ("factors", "impact", "summary", "response", "supporting"):
        section = document.section(key)
        for line, text in claims.statements(section):
            if re.search(r"amplif|attempts?|calls?|retr|multipl|times|fold|load", text, re.I):
                found += [(line, value) for value in claims.factors(text)]
    right = [line for line, value in found if claims.near([value], facts.amplification, WITHIN)]
    if right and len({value for _, value in found}) <= _MOST_FIGURES:
        return judged("C5")
    line = found[0][0] if found else document.section("factors").line
    said = f"amplification: the run does not have {found[0][1]:g}" if found else "amplification: no figure"
    mend = "attempts ÷ requests, in the worst minute, from the run's telemetry"
    return judged("C5", Finding("C5", line, said, mend, false=bool(found)))


def c6(document: Document, facts: Facts) -> Judged:
    """The failure mode by its name, and what it was first taken for."""
    told, wanted = [], 1 + bool(facts.wrong_modes)
    whole = "\n".join(document.section(key).text for key in ("summary", "factors", "response", "detection", "lessons"))
    named = modes_named(f"{document.front.title}\n{whole}")
    if not named & set(facts.modes) or len(named) > len(facts.modes) + len(facts.wrong_modes) + 2:
        said = (
            "the failure mode is not named" if not named & set(facts.modes) else f"{len(named)} failure modes are named"
        )
        told.append(
            Finding("C6", document.section("factors").line, said, "name the one that this was, such as “retry storm”")
        )
    if facts.wrong_modes and not _wrong_first(document, facts):
        said = "what it was first taken for is not told; the log has it"
        mend = "write “The first hypothesis was …”: what made it look so is what the next responder needs"
        told.append(Finding("C6", document.section("factors").line, said, mend))
    return judged("C6", *told, share=1 - len(told) / wanted)


def _wrong_first(document: Document, facts: Facts) -> bool:
    for key in ("factors", "response", "lessons", "detection", "summary", "timeline"):
        for _, text in claims.statements(document.section(key)):
            if _FIRST.search(text) and modes_named(text) & set(facts.wrong_modes):
                return True
    return False


RULES = (c1, c2, c3, c4, c5, c6)
