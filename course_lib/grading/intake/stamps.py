"""When something was handed in, and by whose word.

A stamp is the instructor's or the learning management system's: a row of ``timestamps.csv`` beside the learners'
folders, which `course collect` writes from a download. A ``timestamp.txt`` beside a notebook, or the file's own date,
may be the learner's own work: they count only where the policy says so, and are shown otherwise.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from course_lib import submission
from course_lib.grading.book import by_hand
from course_lib.grading.intake.files import plain_name, printable

FILE = "timestamps.csv"
COLUMNS = ("learner", "file", "submitted")
BESIDE = "timestamp.txt"
#: By whose word: the instructor's or the system's, a file beside the notebook, the notebook's own date.
BOOK, NOTE, DATE = "stamp", BESIDE, "file date"
EXAMPLE = "2026-03-08T09:00:00+01:00"
_HOURS = {"CET": 1, "CEST": 2, "BST": 1, "WET": 0, "WEST": 1, "EET": 2, "EEST": 3, "MEZ": 1, "MESZ": 2}
_HOURS |= {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9, "AEST": 10}
_ZONES = {name: timezone(timedelta(hours=hours), name) for name, hours in _HOURS.items()}
_BOTH_WAYS = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.]\d{2,4}\b")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_LONGEST = 80


class StampError(ValueError):
    """What is wrong in ``timestamps.csv``, in one line."""


@dataclass(frozen=True)
class Stamp:
    """A time of handing in.

    Attributes
    ----------
    at : datetime, with zone
    source : str
        `BOOK`, `NOTE` or `DATE`.
    note : str
        What to tell of it; mostly empty.
    """

    at: datetime
    source: str
    note: str = ""


def parse(text: str) -> datetime | None:
    """A time as people and systems write it; None where it is none, or could be two.

    Parameters
    ----------
    text : str
        ISO 8601, RFC 2822, seconds since 1970, or words such as Moodle's; with an offset, UTC, GMT, a common
        abbreviation or a name such as Europe/Berlin. Without a zone it is UTC.
    """
    text = " ".join(text.split())[:_LONGEST]
    if re.fullmatch(r"\d{10}(?:\.\d+)?|\d{13}", text):
        return datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC)
    words, zone = _named_zone(text)
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        found = _in_words(words)
    if found is None:
        return None
    return found.replace(tzinfo=found.tzinfo or zone or UTC)


def _named_zone(text: str) -> tuple[str, ZoneInfo | timezone | None]:
    """A text without the name of a zone at its end, and the zone."""
    words, _, last = text.rpartition(" ")
    last = last.strip("()")
    if last.upper() in ("UTC", "GMT", "Z"):
        return words, UTC
    if last.upper() in _ZONES:
        return words, _ZONES[last.upper()]
    try:
        return (words, ZoneInfo(last)) if re.fullmatch(r"\w+/[\w/+-]+", last) else (text, None)
    except (KeyError, ValueError, OSError):
        return text, None


def _in_words(text: str) -> datetime | None:
    from dateutil import parser

    both = _BOTH_WAYS.search(text)
    if not _YEAR.search(text) or (both and both[1] != both[2] and int(both[1]) < 13 and int(both[2]) < 13):
        return None  # 03/04 is in March or in April
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a zone that is not known would be passed over
            return parser.parse(text, tzinfos=_ZONES)
    except (ValueError, OverflowError, TypeError, AttributeError, Warning):
        return None


def book(folder: Path) -> dict[tuple[str, str], datetime]:
    """The instructor's stamps by learner and file; the file is empty in a row that stands for all of a learner's.

    Parameters
    ----------
    folder : Path
        Of the submissions.

    Raises
    ------
    StampError
        Naming the line.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    columns, rows = by_hand.rows(path, StampError)
    if not {"learner", "submitted"} <= set(columns) <= set(COLUMNS):
        raise StampError(f"{path}: the first line must be {','.join(COLUMNS)}")
    found = {}
    for number, row in rows:
        at = parse(row["submitted"])
        if at is None:
            raise StampError(f"{path}, line {number}: {row['submitted']!r} is no time; write it as {EXAMPLE}")
        found[plain_name(row["learner"]), "/".join(map(plain_name, row.get("file", "").split("/")))] = at
    return found


def of(path: Path, top: Path, learner: str, file: str, stamps: Mapping[tuple[str, str], datetime]) -> Stamp:
    """When a file was handed in, by the best word there is.

    Parameters
    ----------
    path : Path
    top : Path
        The learner's folder, or the file itself: no further up a ``timestamp.txt`` is looked for.
    learner, file : str
        As called in the gradebook.
    stamps : mapping
        As from `book`.
    """
    for key in ((learner, file), (learner, file.rpartition("/")[2]), (learner, "")):
        if key in stamps:
            return Stamp(stamps[key], BOOK)
    note = ""
    for folder in (path.parent, *path.parent.parents) if path != top else ():
        told = _beside(folder)
        if isinstance(told, datetime):
            return Stamp(told, NOTE)
        note = note or told
        if folder == top:
            break
    return Stamp(_date(path), DATE, note)


def _beside(folder: Path) -> datetime | str:
    """What a folder's ``timestamp.txt`` says, or why it says nothing; empty where there is none."""
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.name.lower() == BESIDE)
    except OSError:
        return ""
    for name in names[:1]:
        try:
            text, _ = submission.read_text(folder / name, most=10_000)
        except submission.SubmissionError as error:
            return f"{BESIDE} {error}"
        line = next((line.strip() for line in text.splitlines() if line.strip()), "")
        shown = printable(line[:40])
        return parse(line) or f"{BESIDE} says {shown!r}, which is not read as a time; write it as {EXAMPLE}"
    return ""


def _date(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(int(path.lstat().st_mtime), UTC)
    # An archive can give a file a date beyond the calendar.
    except (OSError, OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC)
