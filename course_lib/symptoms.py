"""The symptom index: from what somebody sees to the lesson, and to what else looks like it.

The entries are data (``symptoms.toml``). There are three ways to look at each failure mode: a metric, what users say,
what whoever is on call sees. Start page, site and the ``course symptom`` command draw from it.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from course_lib.manifest import Course, Module

FILE = Path(__file__).with_name("symptoms.toml")
Look = Literal["metric", "users", "on-call"]
LOOKS: tuple[Look, ...] = get_args(Look)
#: What each way of looking is called above a list.
HEADINGS: dict[Look, str] = {
    "metric": "What a metric does",
    "users": "What users say",
    "on-call": "What whoever is on call sees",
}
#: How alike two words must be for one to be a misspelling of the other, from 0 to 1.
_ALIKE = 0.84
#: Words shorter than this are matched whole; longer ones also by their beginnings.
_STEM = 4
#: An entry below this part of the best one's score is not shown.
_WORTH = 0.5
_EMPTY = frozenset(
    "a all am an and any are as at be been but by do does for from get gets go goes has have i in is it its me my not "
    "of on one only or our out so than that the their then there these they this to too up us was we were what when "
    "while who with you your".split()
)


class SymptomError(ValueError):
    """What is wrong with ``symptoms.toml``, or with a question, in one line."""


class Symptom(BaseModel):
    """One way in which a failure shows.

    Attributes
    ----------
    slug : str
        Module that teaches it.
    look : {"metric", "users", "on-call"}
        Who sees it, or where.
    says : str
        What is seen, in the words of whoever sees it.
    like : str
        What it is confused with: a module's slug, or something that has none, in words.
    apart : str
        What tells the two apart, in a sentence.
    words : str
        More words to find it by.
    signal, moves : str
        A metric's signal in the module's model, and where it goes: ``"rises"`` or ``"falls"``. Empty for other looks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: str
    look: Look
    says: str = Field(min_length=1, pattern=r"^[^\n]+[^\n.]$")
    like: str = Field(min_length=1)
    apart: str = Field(min_length=1, pattern=r"^[^\n]+\.$")
    words: str = ""
    signal: str = ""
    moves: Literal["rises", "falls", ""] = ""


def read(path: Path = FILE) -> tuple[Symptom, ...]:
    """Read all entries, in the order of the file.

    Raises
    ------
    SymptomError
        An entry that is not whole, with what it lacks.
    """
    try:
        return tuple(Symptom(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["symptom"])
    except (tomllib.TOMLDecodeError, ValidationError, KeyError, TypeError) as error:
        raise SymptomError(f"{path.name}: {' '.join(str(error).split())}") from None


def load(course: Course) -> tuple[Symptom, ...]:
    """Return the entries of the modules that are built."""
    built = {module.slug for module in course.built}
    return tuple(entry for entry in read() if entry.slug in built)


def contradictions(course: Course, entries: Sequence[Symptom]) -> Iterable[str]:
    """Yield what is wrong with the index as a whole: strangers, gaps, an entry that is like itself."""
    known = {module.slug for module in course.modules}
    for entry in entries:
        if entry.slug not in known:
            yield f"there is no module {entry.slug!r}"
        if entry.like == entry.slug:
            yield f"{entry.says!r} is said to look like itself"
        if "_" in entry.like and entry.like not in known:
            yield f"{entry.says!r} is like {entry.like!r}, which is no module"
        if (entry.look == "metric") != bool(entry.signal and entry.moves):
            yield f"{entry.says!r}: a metric, and nothing else, names a signal and where it moves"
    seen = {(entry.slug, entry.look) for entry in entries}
    for module in course.modules:
        yield from (f"{module.slug} has no look of kind {look!r}" for look in LOOKS if (module.slug, look) not in seen)


def find(entries: Sequence[Symptom], question: str, most: int = 4) -> list[Symptom]:
    """Return the entries that fit a question, best first.

    A rare word counts more than one that many entries have; beginnings of words and slight misspellings count, too.

    Parameters
    ----------
    entries : sequence of Symptom
    question : str
        A few words, such as ``"p99 high on one shard"``.
    most : int
        How many entries at most.

    Returns
    -------
    list of Symptom
        Empty where nothing fits.

    Raises
    ------
    SymptomError
        A question without a word that tells anything.
    """
    asked = _words(question)
    if not asked:
        raise SymptomError("say what you see in a few words, such as: p99 high on one shard only")
    texts = [_text(entry) for entry in entries]
    spread = Counter(word for text in texts for word in text)
    scores = [_score(asked, text, spread, len(entries)) for text in texts]
    best = max(scores, default=0.0)
    ranked = sorted(zip(scores, range(len(entries)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return [entries[place] for score, place in ranked[:most] if score > 0 and score >= _WORTH * best]


def like_words(course: Course, entry: Symptom) -> str:
    """Return what an entry is confused with, as texts say it: ``gray failures and tail latency (10)``."""
    module = like_module(course, entry)
    if module is None:
        return entry.like.replace("_", " ")
    name = module.title if module.title[1].isupper() else module.title[0].lower() + module.title[1:]  # DNS stays DNS
    return f"{name} ({module.number:02d})"


def like_module(course: Course, entry: Symptom) -> Module | None:
    """Return the module that an entry is confused with; None where it has none."""
    return next((module for module in course.modules if module.slug == entry.like), None)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z0-9_]+", text.lower()) if word not in _EMPTY]


@functools.cache
def _text(entry: Symptom) -> dict[str, float]:
    """What each word of an entry counts: those that are seen more than those that only help to find it."""
    weights = dict.fromkeys(_words(entry.words), 1.0)
    return weights | dict.fromkeys(_words(f"{entry.says} {entry.slug.replace('_', ' ')}"), 1.5)


def _score(asked: Sequence[str], text: dict[str, float], spread: Counter[str], count: int) -> float:
    total = 0.0
    for word in asked:
        hits = [(_alike(word, own) * weight * math.log1p(count / spread[own])) for own, weight in text.items()]
        total += max(hits, default=0.0)
    return total


@functools.cache
def _alike(word: str, own: str) -> float:
    """How well a word that was asked for fits one of an entry, from 0 to 1."""
    if word == own:
        return 1.0
    short, long = sorted((word, own), key=len)
    if len(short) < _STEM:
        return 0.0
    if long.startswith(short.rstrip("s")):
        return 0.8
    likeness = difflib.SequenceMatcher(None, word, own).ratio()
    return likeness * 0.7 if likeness >= _ALIKE else 0.0
