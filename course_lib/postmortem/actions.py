"""A: the action items, field by field, and what each is worth when it is replayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from course_lib.postmortem import causes
from course_lib.postmortem.document import Document, Section
from course_lib.postmortem.facts import Facts
from course_lib.postmortem.finding import WARN, Finding, Judged, judged
from course_lib.postmortem.structure import is_owner

LEAST, MOST = 3, 7
#: Days within which what is urgent is due.
URGENT_DAYS = 56
HALF = 0.5
_TYPES = ("prevent", "detect", "mitigate", "process", "repair", "investigate")
_WANTED = ("prevent", "detect", "mitigate")
_TRACKING = re.compile(r"\b[A-Z]{2,}-\d+\b|#\d+\b")
_URGENT = re.compile(r"^P[01]$")
_VAGUE = re.compile(
    r"^(?:improve|better|enhance|consider|look (?:into|at)|explore|be (?:more )?careful|ensure|make sure|remind|"
    r"(?:re)?train"
    r"|raise awareness|double[- ]check|try to|think about|discuss|strive|work on|address|strengthen|optimi[sz]e|"
    r"educate)\b",
    re.I,
)
_NEEDS_ARTEFACT = re.compile(
    r"^(?:investigate|monitor|review|analy[sz]e|research|evaluate|"
    r"add (?:more )?monitoring)\b",
    re.I,
)
_ARTEFACT = re.compile(r"\d|report|document|decision|runbook|dashboard|alert|rule|ticket|proposal|test", re.I)
_NO_VERB = re.compile(
    r"^(?:the|a|an|we|our|it|there|more|no|all|some|this|that|retr(?:y|ies)|better|alerts|alert (?:for|is|that)|"
    r"monitoring|"
    r"documentation|runbook)\b",
    re.I,
)
_CHECKABLE = re.compile(
    r"\d|\btest\b|\btests\b|\balert\b|\brule\b|drill|config|\bset to\b|value|passes|replay|merged|deployed|"
    r"dashboard|=|≤|≥|<|>|`",
    re.I,
)
_PEOPLE = re.compile(
    r"\b(?:train|remind|careful|aware|educat|discipline|engineers? (?:must|to)|people|staff|"
    r"vigilan)",
    re.I,
)
_ACCEPTED = re.compile(r"accepted risk|risk (?:is )?accepted|we accept|accepted[:,]", re.I)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.I)


@dataclass(frozen=True)
class Item:
    """One row of the table of action items.

    Attributes
    ----------
    line : int
    id, action, type, priority, owner, due, tracking, done_when, addresses : str
    effect : dict of str to (float or str) or None
        What it sets, to be replayed.
    trouble : str
        Why its effect cannot be read.
    """

    line: int
    id: str
    action: str
    type: str
    priority: str
    owner: str
    due: str
    tracking: str
    done_when: str
    addresses: str
    effect: dict[str, Any] | None = None
    trouble: str = ""


def items(document: Document) -> list[Item]:
    """The action items, from the table of that section; without one there are none."""
    section = document.section("actions")
    table = section.table("action", "action item", "what", "item")
    if table is None:
        return []
    found = []
    for number, row in enumerate(table.rows, start=1):
        if not any(row.cells.values()):
            continue
        effect, trouble = _effect(row.get("effect", "sets", "parameter"))
        id_ = row.get("id", "no") or f"A{number}"
        found.append(
            Item(
                line=row.line,
                id=id_,
                action=row.get("action", "action item", "what", "item"),
                type=row.get("type", "kind").strip().lower(),
                priority=row.get("priority", "prio", "p").strip().upper(),
                owner=row.get("owner", "who"),
                due=row.get("due", "due date", "by", "deadline").strip(),
                tracking=row.get("tracking", "ticket", "tracking id", "issue", "bug"),
                done_when=row.get("done when", "done", "acceptance", "verified by"),
                addresses=row.get("addresses", "factor", "factors"),
                effect=effect,
                trouble=trouble,
            )
        )
    return found


def effects(document: Document) -> dict[str, dict[str, Any]]:
    """Effects to be replayed, by the item's id: of the first few items, as nobody does more."""
    return {one.id: one.effect for one in items(document)[:MOST] if one.effect}


def _effect(text: str) -> tuple[dict[str, Any] | None, str]:
    """A cell such as ``{retry_budget: 0.1}`` or ``budget = successes, budget_ratio = 0.1``."""
    plain = text.strip().strip("`").strip()
    if plain in ("", "-", "–", "—", "none", "n/a"):
        return None, ""
    inside = plain.removeprefix("effect:").strip().removeprefix("{").removesuffix("}")
    found: dict[str, Any] = {}
    for part in re.split(r"[,;]", inside):
        pair = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*[:=]\s*([^\s:={}\[\]]+)\s*", part)
        if not pair:
            return None, f"the effect {plain[:60]!r} is no `parameter: value`"
        value = pair[2].strip("'\"")
        found[pair[1]] = float(value) if _NUMBER.fullmatch(value) else value
    return found, ""


# -- the rules --------------------------------------------------------------------------------------------------------


def _each(rule: str, document: Document, wrong: Callable[[Item], str], rewrite: str) -> Judged:
    """A rule that holds for each item: its points in proportion."""
    listed = items(document)
    told = [Finding(rule, one.line, f"{one.id}: {why}", rewrite) for one in listed if (why := wrong(one))]
    return judged(rule, *told, share=_enough(listed) * (1 - len(told) / len(listed)) if listed else 0.0)


def _enough(listed: Sequence[Item]) -> float:
    return min(1.0, (len(listed) + 1) / (LEAST + 1))


def a1(document: Document, facts: Facts) -> Judged:
    """Three items at least, and no more than will be done."""
    count, line = len(items(document)), document.section("actions").line
    if LEAST <= count <= MOST:
        return judged("A1")
    said = f"{count} items" if count else _no_table(document.section("actions"))
    few = "three that are done are worth more than one: prevent, detect, mitigate"
    many = f"keep the {MOST} that matter, and record why the others were declined"
    return judged("A1", Finding("A1", line, said, few if count < LEAST else many))


def _no_table(section: Section) -> str:
    return "the section is empty" if section.words < 4 else "no table of action items is there, with a column “action”"


def a2(document: Document, facts: Facts) -> Judged:
    """Each has a type, and one each prevents, detects and mitigates."""
    listed = items(document)
    told = [
        Finding("A2", one.line, f"{one.id}: type {one.type!r} is none of {', '.join(_TYPES)}", "choose one of them")
        for one in listed
        if one.type not in _TYPES
    ]
    missing = [kind for kind in _WANTED if kind not in {one.type for one in listed}]
    line = document.section("actions").line
    told += [Finding("A2", line, f"no item is of type {kind}", "add one, or change what one does") for kind in missing]
    return judged("A2", *told, share=1 - len(missing) / len(_WANTED) if listed else 0.0)


def a3(document: Document, facts: Facts) -> Judged:
    """Each has one owner."""
    mend = "one person or role: a team owns nothing"
    return _each("A3", document, lambda one: "" if is_owner(one.owner) else f"owner {one.owner!r} is not one", mend)


def a4(document: Document, facts: Facts) -> Judged:
    """Each is due on a day, and the urgent ones soon."""
    return _each("A4", document, lambda one: _due(one, facts.started.date()), "an ISO date, such as 2026-04-15")


def _due(one: Item, day: date) -> str:
    try:
        due = date.fromisoformat(one.due)
    except ValueError:
        return f"due {one.due!r} is no ISO date" if one.due else "has no due date"
    if due <= day:
        return f"due {one.due} is not after the incident ({day})"
    if _URGENT.match(one.priority) and due > day + timedelta(days=URGENT_DAYS):
        return f"is {one.priority} and due in {(due - day).days} days; {URGENT_DAYS} are the most for it"
    return ""


def a5(document: Document, facts: Facts) -> Judged:
    """Each has a tracking id of its own."""
    ids = [found[0] for one in items(document) if (found := _TRACKING.search(one.tracking))]

    def wrong(one: Item) -> str:
        found = _TRACKING.search(one.tracking)
        if not found:
            return f"tracking {one.tracking!r} is no id" if one.tracking else "has no tracking id"
        return f"shares {found[0]} with another item" if ids.count(found[0]) > 1 else ""

    return _each(
        "A5", document, wrong, "the id of its ticket, such as PAY-123 or #45: what is not in the queue is not done"
    )


def a6(document: Document, facts: Facts) -> Judged:
    """One is urgent, and not all are alike."""
    listed = items(document)
    given = {one.priority for one in listed}
    line = document.section("actions").line
    told = []
    if not any(_URGENT.match(one) for one in given):
        told.append(Finding("A6", line, "no item is P0 or P1", "what would have kept users from harm is urgent"))
    if len(listed) > 1 and len(given) == 1:
        told.append(Finding("A6", line, f"every item is {given.pop() or 'without priority'}", "say which goes first"))
    return judged("A6", *told, share=None if listed else 0.0)


def a7(document: Document, facts: Facts) -> Judged:
    """Each begins with a verb."""
    mend = "begin with what is to be done: “Give the clients a retry budget of 10 %”"
    return _each("A7", document, lambda one: "begins with no verb" if _NO_VERB.search(one.action.strip()) else "", mend)


def a8(document: Document, facts: Facts) -> Judged:
    """None is a good intention."""
    mend = "name the change: what is set to which value, which test is written, which alert is added"

    def wrong(one: Item) -> str:
        if vague := _VAGUE.search(one.action.strip()):
            return f"“{vague[0]}” can never be finished"
        needs = _NEEDS_ARTEFACT.search(one.action.strip())
        return f"“{needs[0]}” leaves nothing behind" if needs and not _ARTEFACT.search(one.action) else ""

    return _each("A8", document, wrong, mend)


def a9(document: Document, facts: Facts) -> Judged:
    """Each says how one will see that it is done."""

    def wrong(one: Item) -> str:
        if not one.done_when.strip():
            return "does not say when it is done"
        return "" if _CHECKABLE.search(one.done_when) else f"done when “{one.done_when[:50]}”: nobody can check that"

    return _each("A9", document, wrong, "a number, a test by name, an alert, or a value of the configuration")


def a10(document: Document, facts: Facts) -> Judged:
    """Each addresses a listed factor, and each factor has an item, or an accepted risk."""
    listed, factors = items(document), causes.factors(document)
    known = {one.id for one in factors}
    told = [
        Finding(
            "A10", one.line, f"{one.id}: addresses {one.addresses!r}, which is no factor", "give the factor's id: F1"
        )
        for one in listed
        if not set(re.findall(r"\bF\d{1,2}\b", one.addresses)) & known
    ]
    addressed = {id_ for one in listed for id_ in re.findall(r"\bF\d{1,2}\b", one.addresses)}
    accepted = " ".join(
        piece.text
        for key in ("actions", "factors")
        for piece in document.section(key).pieces
        if _ACCEPTED.search(piece.text)
    )
    for one in factors:
        if one.id not in addressed and one.id not in accepted:
            said = f"{one.id} has no action item"
            told.append(Finding("A10", one.line, said, f"add one, or write “{one.id}: accepted risk, because …”"))
    return judged("A10", *told, share=1 - len(told) / (len(listed) + len(factors)) if listed and factors else 0.0)


def a11(document: Document, facts: Facts) -> Judged:
    """One item that prevents changes the system."""
    prevents = [one for one in items(document) if one.type == "prevent"]
    if any(not _PEOPLE.search(one.action) for one in prevents):
        return judged("A11")
    said = "no item that prevents changes the system" if prevents else "no item prevents"
    mend = "change what the system lets happen: a limit, a default, a guard"
    return judged("A11", Finding("A11", document.section("actions").line, said, mend))


def a12(document: Document, facts: Facts) -> Judged:
    """Five ticks an item, for the reader; they cost nothing that the rules above did not."""
    told = []
    factors = {one.id for one in causes.factors(document)}
    for one in items(document):
        ticks = {
            "owner": is_owner(one.owner),
            "due": not _due(one, facts.started.date()),
            "specific": not _VAGUE.search(one.action.strip()),
            "done-when": bool(_CHECKABLE.search(one.done_when)),
            "addresses": bool(set(re.findall(r"\bF\d{1,2}\b", one.addresses)) & factors),
        }
        if not all(ticks.values()):
            shown = " ".join(f"{'✓' if ok else '✗'} {name}" for name, ok in ticks.items())
            told.append(Finding("A12", one.line, f"{one.id}: {shown}", "make it five ticks", WARN))
    return judged("A12", *told)


def a13(document: Document, facts: Facts) -> Judged:
    """Replayed, one item at least cuts the impact by half, what it costs on a quiet day taken off."""
    told = []
    for one in items(document):
        outcome = facts.items.get(one.id)
        problem = one.trouble or (outcome.problem if outcome else "")
        if problem:
            told.append(
                Finding("A13", one.line, f"{one.id}: {problem}", "take a parameter and a value of the scenario's list")
            )
        elif outcome and outcome.net < 0:
            saved = outcome.before - outcome.after
            said = f"{one.id}: saves {saved:,.0f} user-minutes and costs {outcome.quiet_cost:,.0f} on a quiet day"
            told.append(Finding("A13", one.line, said, "too strong: choose a value between this and today's"))
    best = max((one.cut for one in facts.items.values() if not one.problem), default=0.0)
    if best < HALF:
        line = document.section("actions").line
        said = (
            f"replayed, the best item saves {max(best, 0.0):.0%} of the impact"
            if facts.items
            else "no item has an effect to replay"
        )
        told.append(Finding("A13", line, said, "give one an effect of the scenario's list that would have saved half"))
    charged = sum(one.net < 0 for one in facts.items.values() if not one.problem)
    return judged("A13", *told, share=best / HALF - charged / 2)


RULES = (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13)
