"""T: the timeline, entry by entry, against the run's own log."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from course_lib.postmortem.document import Document, Section
from course_lib.postmortem.facts import Facts, terms
from course_lib.postmortem.finding import Finding, Judged, judged
from course_lib.postmortem.front_matter import MOMENTS

LEAST_ENTRIES = 8
#: Seconds that the time of a line of the log may be off; it stands in the file.
_EXACT = 2.0
#: Seconds before and after the run within which an entry may lie: a deploy, a firmware update.
_BEYOND = 4 * 3600.0
_FULL = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d?:\d\d)(:\d\d)?(?:\.\d+)? ?(Z|UTC|[+-]\d\d:?\d\d)?", re.I)
_SHORT = re.compile(r"(?<![\d:])()([0-2]?\d:[0-5]\d)(:[0-5]\d)?(?![\d:]) ?(Z\b|UTC|[+-]\d\d:?\d\d)?", re.I)
_EVIDENCE = re.compile(r"\b([LE]\d{3,4})\b")
_CAUSAL = re.compile(
    r"\b(?:because|due to|caused by|as a result of|should have|could have|therefore|led to|which made|which is why|"
    r"owing to|the reason)\b",
    re.I,
)
#: Words that tell which moment of the incident an entry is.
_WORDS = {
    "trigger": (r"\btrigger",),
    "impact_start": (
        r"impact (?:starts|begins|began|started|start)|(?:start|beginning) of (?:the )?impact|begins? to fail",
        r"users? (?:are |is )?(?:first )?(?:affected|hit|see|get|notice)|first (?:user |failed|failing|"
        r"requests? fail|errors)",
        r"(?:error|failure) (?:ratio|rate|share) (?:rises|passes|climbs|crosses|exceeds|above|goes above|leaves)",
        r"(?:requests?|checkouts?|calls?|lookups?|pages?|orders?) (?:begin|start|began|started) (?:to fail|failing)",
    ),
    "detected_at": (
        r"\b(?:alert|page|alarm|pager)\b[^.]*\b(?:fires?|fired|goes off|went off|reaches|is sent|pages|arrives|"
        r"wakes|rings)",
        r"\b(?:paged|detected|detection)\b|first (?:alert|page|alarm)|customers? (?:report|call|complain)",
    ),
    "acknowledged_at": (r"acknowledg|\backs?\b|acked|takes the page|took the page|picks up|answers the page",),
    "mitigated_at": (
        r"mitigat|impact (?:ends|over|stops)|users? (?:no longer|recover|are served|can)|stops? failing",
        r"(?:error|failure) (?:ratio|rate|share)[^.]*\b(?:back|falls?|below|under|returns|halve[sd]?)",
        r"requests? (?:succeed|are answered|work)",
    ),
    "resolved_at": (
        r"resolved|incident (?:is )?(?:closed|over)|all clear|stood down|stands? down|\bclosed\b|back to normal",
    ),
    "comms": (
        r"status page|updates? (?:is |was )?(?:sent|posted|published)|customer message|stakeholder|no update|not told",
        r"\b(?:tells?|told|informs?|informed|announce\w*|notif\w*|writes to|replies|answered)\b|support (?:desk|is)",
    ),
}
#: Words for where else something can be read: what changed, and when, is listed beside the run.
_ELSEWHERE = re.compile(r"\b(?:change (?:list|log)|list of changes|changes|deploy(?:ment)? log)\b", re.I)
_NAMED = {
    "trigger": "the trigger",
    "impact_start": "the start of the impact",
    "detected_at": "the first alert or report",
    "acknowledged_at": "who took the page, and when",
    "action": "the first action",
    "ineffective": "the action that did not help, or did harm",
    "mitigated_at": "the end of the impact (mitigated)",
    "resolved_at": "the end of the incident (resolved)",
    "comms": "what was told to others, or that nothing was",
}


@dataclass(frozen=True)
class Entry:
    """One line of a timeline.

    Attributes
    ----------
    line : int
    when : datetime or None
        In UTC; None where no time is written.
    slack : float
        Seconds that the written time leaves open: a minute without seconds.
    text : str
        Event, and moment where there is such a column.
    cited : tuple of str
        Ids that it gives as evidence.
    signals : tuple of str
        Words in it that are signals of the run.
    problem : str
        What is wrong with its time.
    """

    line: int
    when: datetime | None
    slack: float
    text: str
    cited: tuple[str, ...]
    signals: tuple[str, ...]
    problem: str = ""


def entries(document: Document, facts: Facts) -> list[Entry]:
    """Lines of the timeline: rows of its table, else the items of its list."""
    found, day = [], facts.started.date()
    for line, time, text, utc in _raw(document.section("timeline")):
        when, slack, problem = _time(time, utc, day, found[-1].when if found else None, facts)
        cited = tuple(dict.fromkeys(_EVIDENCE.findall(text)))
        found.append(Entry(line, when, slack, text, cited, _signals(text, facts), problem))
    return found


def _raw(section: Section) -> Iterator[tuple[int, str, str, bool]]:
    """Line, time, the rest, and whether the table's heading names UTC."""
    table = section.table("time", "when", "utc", "timestamp", "clock", "time utc")
    if table is not None:
        utc = bool(re.search(r"utc|zulu|gmt", " ".join(table.headings), re.I))
        for row in table.rows:
            cells = list(row.cells.items())
            time = row.get("time", "when", "utc", "timestamp", "clock", "time utc")
            yield row.line, time, " | ".join(text for _, text in cells if text is not time), utc
        return
    utc = bool(re.search(r"(?:times?|all)\b[^.\n]*\bUTC\b|\bUTC\b[^.\n]*\btimes?", section.text, re.I))
    for piece in section.pieces:
        if piece.kind == "item":
            found = _FULL.search(piece.text) or _SHORT.search(piece.text)
            time = found[0] if found else ""
            yield piece.line, time, piece.text.replace(time, "", 1), utc


def _time(text: str, utc: bool, day: date, before: datetime | None, facts: Facts) -> tuple[datetime | None, float, str]:
    """A written time, how much it leaves open, and what is wrong with it."""
    found = _FULL.search(text) or _SHORT.search(text)
    if found is None:
        return None, 0.0, "has no time" if not text.strip() else f"{text.strip()[:40]!r} is no time"
    zone = found[4] or ("UTC" if utc else "")
    lacking = "" if zone else f"{found[0].strip()!r} has no time zone"  # and is read as if it were UTC
    try:
        clock = datetime.fromisoformat(f"{found[1] or day}T{found[2]:0>5}{found[3] or ':00'}")
    except ValueError:
        return None, 0.0, f"{found[0].strip()!r} is no time"
    when = (clock - _offset(zone)).replace(tzinfo=UTC)
    if not found[1]:  # a time of day: the day nearest to the entry before, or to the run
        around = before or facts.started
        when += timedelta(days=round((around - when).total_seconds() / 86_400))
    return when, 0.0 if found[3] else 59.0, lacking


def _offset(zone: str) -> timedelta:
    signed = re.fullmatch(r"([+-])(\d\d):?(\d\d)", zone)
    if not signed:
        return timedelta(0)
    size = timedelta(hours=int(signed[2]), minutes=int(signed[3]))
    return -size if signed[1] == "-" else size


def _signals(text: str, facts: Facts) -> tuple[str, ...]:
    plain = text.lower()
    return tuple(name for name in sorted(facts.signals) if re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", plain))


# -- which moment an entry is -----------------------------------------------------------------------------------------


def shown(entry: Entry, facts: Facts) -> set[str]:
    """Moments that an entry tells of, by what it cites and by its words."""
    kinds = {facts.evidence[id_].kind for id_ in entry.cited if id_ in facts.evidence}
    found = {moment for moment, words in _WORDS.items() if any(re.search(one, entry.text, re.I) for one in words)}
    by_kind = {"alert": "detected_at", "ack": "acknowledged_at", "action": "action", "update": "comms"}
    found |= {by_kind[kind] for kind in kinds if kind in by_kind}
    if set(entry.cited) & {*facts.useless, *facts.harmful}:
        found.add("ineffective")
    if _at(entry, facts, facts.trigger_at) and any(
        re.search(terms(m)["trigger"], entry.text, re.I) for m in facts.modes
    ):
        found.add("trigger")
    return found


def _at(entry: Entry, facts: Facts, second: float | None) -> bool:
    return second is not None and entry.when is not None and _off(entry, facts, second) == 0.0


def _off(entry: Entry, facts: Facts, second: float, tick: float | None = None) -> float:
    """Seconds by which an entry's time misses a second of the run, beyond a tick."""
    late, tick = facts.second(entry.when) - second, facts.tick if tick is None else tick
    return max(late - tick, -late - entry.slack - tick, 0.0)


def needed(facts: Facts) -> list[str]:
    """Moments that the timeline of this run has to tell."""
    wanted = ["trigger"] if facts.trigger_at is not None else []
    wanted += [moment for moment in MOMENTS if moment in facts.moments]
    wanted += ["action"] if facts.actions else []
    wanted += ["ineffective"] if facts.useless or facts.harmful else []
    return [*wanted, "comms"]


# -- the rules --------------------------------------------------------------------------------------------------------


def t1(document: Document, facts: Facts) -> Judged:
    """Enough entries."""
    count = len(entries(document, facts))
    if count >= LEAST_ENTRIES:
        return judged("T1")
    mend = "take the events of the run's log one by one; people need them in order"
    told = Finding("T1", document.section("timeline").line, f"{count} entries, and {LEAST_ENTRIES} are the least", mend)
    return judged("T1", told, share=count / LEAST_ENTRIES / 2)


def t2(document: Document, facts: Facts) -> Judged:
    """Every time with its zone, in the front matter too."""
    mend = "write 2026-03-01T18:04:10Z, or a column headed “Time (UTC)”"
    told = [Finding("T2", one.line, one.problem, mend) for one in entries(document, facts) if one.problem]
    told += [Finding("T2", p.line, f"{p.field}: {p.why}", mend) for p in document.head.problems if p.field in MOMENTS]
    return judged("T2", *told, share=0.0 if told or not entries(document, facts) else 1.0)


def t3(document: Document, facts: Facts) -> Judged:
    """In the order of time."""
    timed = [one for one in entries(document, facts) if one.when]
    told = [
        Finding("T3", later.line, "is earlier than the entry above it", "put the entries in the order of their times")
        for earlier, later in itertools.pairwise(timed)
        if later.when < earlier.when
    ]
    return judged("T3", *told, share=None if timed else 0.0)


def t4(document: Document, facts: Facts) -> Judged:
    """It begins before anybody noticed."""
    timed = [one for one in entries(document, facts) if one.when]
    detected = facts.moments.get("detected_at")
    if detected is None or (timed and facts.second(min(one.when for one in timed)) < detected - facts.tick):
        return judged("T4", share=None if timed else 0.0)
    line = timed[0].line if timed else document.section("timeline").line
    return judged("T4", Finding("T4", line, "begins with the page", "begin with what changed before users were hit"))


def t5(document: Document, facts: Facts) -> Judged:
    """Each named moment is there."""
    seen = set().union(*(shown(one, facts) for one in entries(document, facts) if one.when), set())
    wanted = needed(facts)
    told = [
        Finding(
            "T5", document.section("timeline").line, f"does not tell {_NAMED[moment]}", "add its entry, with evidence"
        )
        for moment in wanted
        if moment not in seen
    ]
    return judged("T5", *told, share=1 - len(told) / len(wanted))


def t6(document: Document, facts: Facts) -> Judged:
    """Each entry cites evidence that exists."""
    listed = entries(document, facts)
    told = []
    for one in listed:
        unknown = [id_ for id_ in one.cited if id_ not in facts.evidence]
        if unknown:
            told.append(
                Finding("T6", one.line, f"{unknown[0]} is in no line of the run", "cite the id as the run has it")
            )
        elif not one.cited and not one.signals and not _ELSEWHERE.search(one.text):
            mend = "cite a log or event id of the run (L003, E002), or the signal it was read from"
            told.append(Finding("T6", one.line, "cites no evidence", mend))
    return judged("T6", *told, share=1 - len(told) / len(listed) if listed else 0.0)


def t7(document: Document, facts: Facts) -> Judged:
    """Facts alone: causes are for another section."""
    mend = "say what happened; why it did goes into Contributing factors"
    told = [
        Finding("T7", one.line, f"“{found[0]}” explains", mend)
        for one in entries(document, facts)
        if (found := _CAUSAL.search(one.text))
    ]
    return judged("T7", *told, share=None if entries(document, facts) else 0.0)


def t8(document: Document, facts: Facts) -> Judged:
    """Times are those of the run."""
    told, right = [], 0
    for line, what, off in _compared(document, facts):
        right += off == 0.0
        if off:
            mend = "take the time from the run's log, or from the first point of the signal"
            told.append(Finding("T8", line, f"{what} is {off:.0f} s or more from what the run shows", mend))
    return judged("T8", *told, share=right / max(LEAST_ENTRIES, right + len(told)))


def _compared(document: Document, facts: Facts) -> Iterator[tuple[int, str, float]]:
    """Every time that can be held against the run: where it stands, what it is of, by how many seconds it misses."""
    for moment, second in facts.moments.items():
        if (written := getattr(document.front, moment)) is not None:
            off = max(abs(facts.second(written) - second) - facts.tick, 0.0)
            yield document.head.line(moment), moment, off
    for one in entries(document, facts):
        if one.when is None:
            continue
        known = {f"the time of {id_}": facts.evidence[id_].at for id_ in one.cited if id_ in facts.evidence}
        misses = [(_off(one, facts, at, _EXACT), what) for what, at in known.items()]
        misses += [(_off(one, facts, at), f"the time of {_NAMED[what]}") for what, at in _told(one, facts)]
        if misses:
            off, what = min(misses)
            yield one.line, what, off
        elif not -_BEYOND <= facts.second(one.when) <= facts.until + _BEYOND:
            yield one.line, "the entry", abs(facts.second(one.when))


def _told(entry: Entry, facts: Facts) -> Iterator[tuple[str, float]]:
    """Moments that an entry's words tell of, each with its second."""
    known = [*facts.moments.items(), ("resolved_at", facts.closed_at), ("trigger", facts.trigger_at)]
    known.append(("trigger", facts.trigger_ends))
    words = shown(entry, facts)
    yield from ((moment, second) for moment, second in known if moment in words and second is not None)


RULES = (t1, t2, t3, t4, t5, t6, t7, t8)
