"""Blameless language, rules L1 to L10: what a sentence does to the people in it, read by patterns alone.

Words of the trade that look like blame are let through: lazy loading, ``git blame``, disaster recovery, a Kubernetes
operator, a cache that missed, a page fault. So are systems that fail to do something, and a sentence that denies what
the pattern is after ("this was not human error").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from course_lib.postmortem.document import Document, Piece, Section
from course_lib.postmortem.finding import ERROR, WARN, Finding

#: Words for people in an incident; whatever else is the subject of a verb is taken to be a system.
PEOPLE = (
    r"he|she|they|somebody|someone|"
    r"(?:\w+[ -])?(?:engineer|developer|dev|admin|administrator|responder|commander|scribe|on-?call|sre|intern|manager|"
    r"colleague|reviewer|author|technician|contractor|staff|person|team|dba)s?"
    r"(?: on (?:call|duty|shift))?|operators? on (?:call|duty|shift)"
)
_PERSONS = re.compile(rf"\b(?:{PEOPLE.removeprefix('he|she|they|')})\b", re.I)
_THINGS = re.compile(
    r"\b(?:replica|node|pod|client|server|worker|broker|retr(?:y|ie)|cache|shard|probe|alert|request|resolver|instance|"
    r"follower|leader|connection|check|host|job|service|process|container|thread|queue|call|response|deploy)(?:e?s)\b",
    re.I,
)
_THING_MANAGER = re.compile(
    r"(?:task|cluster|resource|queue|lock|node|transaction|package|password|account|memory|connection)[ -]manager", re.I
)
_ADVERBS = r"(?:\w+ly |also |again |then |had |has |have |just |never |once )*"
_NEGLECTS = (
    r"failed to|forgot(?:ten)?(?: to| about)?|neglected|ignored|overlooked|didn['’]?t bother|did not bother|"
    r"missed (?:the|an?|this|that|it|every|all)|made (?:a|the) mistake"
)
_PARTICIPLE = r"been|gone|known|seen|caught|found|done|made|taken|led|had|kept|read|set|put|told|thought|\w{2,}ed|\w+en"
_DENIED = re.compile(
    r"\b(?:nobody is to|no one is to|nobody was|not|never|no|nor|wasn['’]t|isn['’]t|without|rather than|"
    r"instead of|is no such thing as)\s+"
    r"(?:(?:a |an |the |any |of |due to |caused by |about |to |who is |who was |case of |matter of )*)$",
    re.I,
)
_QUOTED = re.compile(r'"[^"\n]{0,200}"|“[^”\n]{0,200}”')
#: Sections that describe what happened, where other worlds have no place.
_DESCRIBES = ("summary", "timeline", "factors")


@dataclass(frozen=True)
class Rule:
    """One rule of language.

    Attributes
    ----------
    id : str
    pattern : Pattern
    reason, rewrite : str
    level : {"error", "warn"}
    sections : tuple of str
        Where it holds; everywhere if empty.
    """

    id: str
    pattern: re.Pattern[str]
    reason: str
    rewrite: str
    level: str = ERROR
    sections: tuple[str, ...] = ()


def _rule(id: str, pattern: str, reason: str, rewrite: str, level: str = ERROR, *sections: str) -> Rule:
    return Rule(id, re.compile(pattern, re.I), reason, rewrite, level, sections)


RULES = (
    _rule(
        "L1",
        r"\b(?:human|operator|user|engineer|pilot)[ -]errors?\b|\bfat[- ]?finger",
        "ends the inquiry at a person",
        "say what made the action reasonable or possible: what the tool showed, what it let pass",
    ),
    _rule(
        "L2",
        r"\b(?:careless|negligen|inattentive|not paying attention|incompeten|sloppy|sloppi|reckless|stupid|"
        r"ignoran|inexcusabl|irresponsib|thoughtless"
        r")\w*"
        r"|\blazy\b(?![ -](?:load|expir|init|eval|delet|free|fetch|bind|replic|sync|valid|repair|connect|cache))",
        "judges a person",
        "write what was known at that time, and what was done",
    ),
    _rule(
        "L3",
        rf"\b(?:should|could|would|might|ought to)(?:n['’]?t| not)?(?: \w+ly)? have (?:\w+ly )?(?:{_PARTICIPLE})\b"
        r"|\bif only\b",
        "tells of a world that was not there",
        "write what happened and what was seen; what to change goes into Detection, Lessons or Action items",
        ERROR,
        *_DESCRIBES,
    ),
    _rule(
        "L4",
        r"(?<!git )\b(?:blam(?:e|ed|es|ing)\b(?!less)|at fault\b|(?:the )?fault of (?=the (?:on-?call|engineer|team|"
        r"dev)|[A-Z])|guilty\b)|\bresponsible for (?:the|this) (?:incident|outage|failure)"
        rf"|\b(?:his|her|their|whose) (?:fault|mistake)\b|\bfault (?:lies|lay) with (?:the )?(?:{PEOPLE})",
        "looks for whom to accuse",
        "name the condition that let it happen, and what would have caught it",
    ),
    _rule("L4", r"\bculprits?\b", "a culprit is a person", "name the component and what it did", WARN),
    _rule(
        "L5",
        rf"\b(?:{PEOPLE}) {_ADVERBS}(?:{_NEGLECTS})\b",
        "tells what somebody left undone, which nobody could see as such then",
        "write what they did and what they saw; say of the system what it did not show",
    ),
    _rule(
        "L7",
        r"\bthe (?:single |one |true |real |only )?root cause (?:was|is|of)\b",
        "an incident has several causes, and each lacked a defence",
        "list the contributing factors: trigger, amplifier, missing defence",
        WARN,
    ),
    _rule(
        "L8",
        r"(?<!-)\b(?:obviously|clearly(?! (?:marked|labelled|named|visible|defined|stated))|simply(?!-)"
        r"|of course|needless to say|evidently)\b",
        "is known only afterwards",
        "leave the word out, or say which signal showed it, and when",
        WARN,
    ),
    _rule(
        "L9",
        r"!{2,}|\b(?:ridiculous|insane|insanity|nightmare|horrible|horrific|unbelievabl[ey]|miracles?|miraculously"
        r"|heroic(?:ally)?|catastroph(?:e|ic(?!ally)))\b|\bdisaster\b(?![ -]recovery)|\bdisastrous\b",
        "raises its voice",
        "give the number that would make a reader say it",
    ),
)
#: What each rule demands, in a line.
SAYS = {
    "L1": "No human error as a cause.",
    "L2": "No judgement of a person.",
    "L3": "No world that was not there, in what describes the incident.",
    "L4": "Nobody accused.",
    "L5": "Nobody told of by what they left undone.",
    "L6": "Roles in place of names.",
    "L7": "No single root cause.",
    "L8": "No word of hindsight.",
    "L9": "No raised voice.",
    "L10": "No outage where some requests were answered.",
}
ROSTER = Rule(
    "L6",
    re.compile(r"(?!)"),
    "names a person in the account of what happened",
    "write the role, such as “the on-call engineer”; who is to be thanked by name has a place in Lessons",
    ERROR,
    ("summary", "timeline", "factors", "response"),
)
OUTAGE = _rule(
    "L10",
    r"\b(?<!partial )(?<!DNS )outages?\b(?! of one| window)",
    "is the word for everything down, and not everything was",
    "write “incident” or “degradation”, with the share of requests that failed",
    WARN,
)


def check(document: Document, *, total: bool | None = None) -> list[Finding]:
    """All that the rules find in a document, in order of its lines.

    Parameters
    ----------
    document : Document
    total : bool, optional
        Whether every request failed at the worst; unknown without it, and then "outage" is let through.
    """
    rules = [*RULES, *_roster(people(document))] + ([OUTAGE] if total is False else [])
    found = [one for section in document.sections for one in _in_section(section, rules)]
    return sorted(found, key=lambda one: (one.line, one.rule))


def told(sentence: str, section: str = "summary", names: Iterable[str] = ()) -> list[str]:
    """Rules that one sentence misses.

    Examples
    --------
    >>> told("The outage was caused by human error.")
    ['L1']
    >>> told("The health check failed to notice, so this was not human error.")
    []
    """
    rules = [*RULES, *_roster(names)]
    return [one.rule for one in _in_piece(Piece(1, "paragraph", sentence, sentence), section, rules)]


def people(document: Document) -> list[str]:
    """Names of persons among owner and contributors; roles are none."""
    listed = [document.front.owner, *document.front.contributors]
    bare = [re.sub(r"\(.*?\)", "", name).strip() for name in listed]
    return [name for name in bare if re.fullmatch(r"[A-Z][\w'’-]+(?: [A-Z][\w'’.-]+)+", name) and not _is_role(name)]


def _is_role(name: str) -> bool:
    return bool(re.search(rf"\b(?:{PEOPLE}|lead|owner|head|liaison|rota|operations)\b", name, re.I))


def _roster(names: Iterable[str]) -> Iterator[Rule]:
    """Rules on the names of those who took part: their names, and what the rule on neglect says of them."""
    for name in names:
        parts = [re.escape(part) for part in name.split()]
        any_of = rf"\b(?:{' '.join(parts)}|{parts[0]}|{parts[-1]})\b"
        yield replace(ROSTER, pattern=re.compile(any_of))
        neglect = next(rule for rule in RULES if rule.id == "L5")
        yield replace(neglect, pattern=re.compile(rf"{any_of} {_ADVERBS}(?:{_NEGLECTS})\b"))


def _in_section(section: Section, rules: Iterable[Rule]) -> Iterator[Finding]:
    for piece in section.pieces:
        if not piece.quoted:
            yield from _in_piece(piece, section.key, rules)


def _in_piece(piece: Piece, section: str, rules: Iterable[Rule]) -> Iterator[Finding]:
    text = _QUOTED.sub(lambda found: " " * len(found[0]), piece.prose)
    for rule in rules:
        if rule.sections and section not in rule.sections:
            continue
        allowed = _ALLOWED.get(rule.id, _never)
        for found in rule.pattern.finditer(text):
            before = re.sub(r"\s+", " ", text[max(0, found.start() - 60) : found.start()])
            if not _DENIED.search(before) and not allowed(found[0], before):
                reason = f"“{' '.join(found[0].split())}” {rule.reason}"
                yield Finding(rule.id, piece.line_at(found.start()), reason, rule.rewrite, rule.level)
                break


def _never(said: str, before: str) -> bool:
    return False


def _by_a_system(said: str, before: str) -> bool:
    """Whether a neglect is a thing's: a lock manager's, or that of "they" where replicas were spoken of before."""
    if _THING_MANAGER.match(said) or _THING_MANAGER.search(f"{before} {said.split()[0]}"):
        return True
    return said.lower().startswith("they ") and bool(_THINGS.search(before)) and not _PERSONS.search(before)


_ALLOWED: dict[str, Callable[[str, str], bool]] = {"L5": _by_a_system}
