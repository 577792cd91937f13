"""Numbers as people write them: what a sentence or a row of a table claims, in which unit.

>>> durations("It lasted 14 min 20 s, or 0:14:20.")
[860.0, 860.0]
>>> counts("41'200 of 133 000 requests failed, 1.2 million in all")
[41200.0, 133000.0, 1200000.0]
>>> counts("30.2 % in 30 s")
[]
>>> shares("31 % of requests, at worst 0,4 per cent of the rest")
[0.31, 0.004]
>>> durations("Five minutes in total, and half a minute before")
[300.0, 30.0]
>>> factors("2.7× the requests, 3.1 attempts per request, twofold")
[2.7, 3.1, 2.0]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from course_lib.postmortem.document import Section

_NUMBER = r"(?<![\w.:,-])\d{1,3}(?:[,'’\u202f\u00a0 ]\d{3})+(?:\.\d+)?|(?<![\w.:,-])\d+(?:\.\d+)?"
_UNIT = {"h": 3600.0, "m": 60.0, "s": 1.0}
_SPAN = re.compile(
    r"(?<![\w.:,])(?:(?P<h>\d+(?:\.\d+)?) ?(?:h|hours?|hrs?)(?![a-z])(?: and)?,? ?)?"
    r"(?:(?P<m>\d+(?:\.\d+)?) ?(?:min(?:ute)?s?|m)(?![a-z])(?: and)?,? ?)?"
    r"(?:(?P<s>\d+(?:[ ,]\d{3})*(?:\.\d+)?) ?(?:s(?:ec(?:ond)?s?)?)(?![a-z]))?",
    re.I,
)
_CLOCKED = re.compile(r"(?<![\d:T])(\d{1,2}):(\d\d):(\d\d)(?![\d:Z])(?! ?(?:UTC|Z))")
_SHARE = re.compile(rf"({_NUMBER}) ?(?:%|per ?cent\b)", re.I)
_COUNT = re.compile(
    rf"({_NUMBER})(?!\d| ?(?:%|per ?cent|×|[hms]\b|min|sec|hours?\b|-fold)|[.:]\d) ?(k\b|thousand|million|M\b)?", re.I
)
_FACTOR = re.compile(
    rf"(?:factor (?:of )?(?:about )?({_NUMBER}))|({_NUMBER}) ?(?:×|x\b|times\b|-?fold\b|(?:attempts?|calls?|"
    rf"tries|copies|"
    rf"requests?|messages?|queries|lookups?|recomput\w+) (?:per|for each|a|for every|each)\b)|(?:×|"
    rf"\bx) ?({_NUMBER})|amplif\w+"
    rf"(?: factor)?(?: was| is| of| to| by| reached| peaked at| about| around| at| \||:|=|,)*"
    rf" ?({_NUMBER})|\b(two|three|four|five|ten)fold\b",
    re.I,
)
_WORDS = {"two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "ten": 10.0}
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_IN_WORDS = re.compile(
    rf"\b(?:{'|'.join(_NUMBERS)})\b(?=[ -](?:hours?|min|sec|times|attempts?|calls?|tries|"
    rf"per ?cent))",
    re.I,
)
_MULTIPLE = {"k": 1e3, "thousand": 1e3, "million": 1e6, "m": 1e6}
_SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=[A-Z0-9“\"(])|\n\n")


def _digits(text: str) -> str:
    """The text with small numbers before a unit written in digits, and "half a minute" in seconds."""
    plain = re.sub(r"\bhalf a minute\b", "30 s", text, flags=re.I)
    plain = re.sub(r"\b(?:a|one) minute\b", "1 min", plain, flags=re.I)
    return _IN_WORDS.sub(lambda found: str(_NUMBERS.index(found[0].lower()) + 1), plain)


def number(text: str) -> float:
    """A number with or without separators of thousands."""
    return float(re.sub(r"[,'’\u202f\u00a0 ]", "", text))


def durations(text: str) -> list[float]:
    """Lengths of time, in seconds."""
    found, text = [], _digits(text)
    for span in _SPAN.finditer(text):
        if span[0].strip() and any(span.group(*_UNIT)):
            found.append(sum(number(span[unit]) * worth for unit, worth in _UNIT.items() if span[unit]))
    for clock in _CLOCKED.finditer(text):
        found.append(3600.0 * int(clock[1]) + 60.0 * int(clock[2]) + int(clock[3]))
    return found


def counts(text: str) -> list[float]:
    """Plain numbers: of requests, users, sessions."""
    found = _COUNT.finditer(re.sub(r"\d{4}-\d\d-\d\d(?:T\S+)?|\b[LEF]\d{1,4}\b", " ", text))
    return [number(one[1]) * _MULTIPLE.get((one[2] or "").lower(), 1.0) for one in found]


def shares(text: str) -> list[float]:
    """Percentages, as shares; the comma of 9,3 % is a decimal one."""
    plain = re.sub(r"(?<![\w.:,-])(\d{1,3}),(\d{1,2})(?= ?(?:%|per ?cent\b))", r"\1.\2", _digits(text), flags=re.I)
    return [number(found[1]) / 100.0 for found in _SHARE.finditer(plain)]


def factors(text: str) -> list[float]:
    """How many times something was multiplied."""
    found = (next(part for part in one.groups() if part) for one in _FACTOR.finditer(_digits(text)))
    return [_WORDS[one.lower()] if one.lower() in _WORDS else number(one) for one in found]


def statements(section: Section) -> Iterator[tuple[int, str]]:
    """Sentences of a section, and the rows of its tables, each with its line."""
    for piece in section.pieces:
        if piece.kind not in ("cell", "heading"):
            at = 0
            for sentence in _SENTENCE.split(piece.text):
                place = piece.text.find(sentence, at)
                at = place + len(sentence)
                yield piece.line + piece.text.count("\n", 0, place), " ".join(sentence.split())
    for table in section.tables:
        yield from ((row.line, row.text) for row in table.rows)


def clauses(text: str) -> list[str]:
    """Parts of a sentence, between commas and semicolons."""
    return re.split(r"[;,] |\s\|\s", text)


def near(values: Iterable[float], truth: float, relative: float, absolute: float = 0.0) -> bool:
    """Whether one of the values is the truth, within a share of it or so much."""
    return any(abs(value - truth) <= max(relative * abs(truth), absolute) for value in values)
