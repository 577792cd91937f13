"""Take a learner's file apart and keep nothing but the sources of known answer cells.

A submission is untrusted bytes: no symlink is followed, nothing but a regular file is read, sizes are capped before
reading, JSON is strict. Everything a learner could say besides an answer is left behind here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib.notebook_file import MAX_BYTES, MAX_CELLS

MAX_SOURCE = 50_000
MAX_DEPTH = 40
# Possessive, and an unended string runs to the end: linear on any input.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


class IntakeError(ValueError):
    """Why a file cannot be graded, in one line."""


@dataclass(frozen=True)
class Submission:
    """What is kept of a file.

    Attributes
    ----------
    answers : dict of str to str
        Sources by cell id.
    refused : dict of str to str
        Answer cells that cannot be used, and why.
    """

    answers: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def plain_name(name: str) -> str:
    """A learner's or a file's name as it is called everywhere: composed (NFC), printable, no lone surrogates.

    What had to be changed beyond composing is kept apart by a digest of the name: two folders are never one learner.
    """
    composed = unicodedata.normalize("NFC", name)
    shown = "".join(c if c.isprintable() else "?" for c in composed)
    if shown == composed:
        return composed
    return f"{shown}-{hashlib.sha256(composed.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def read(path: Path, known: Iterable[str]) -> Submission:
    """Read a submission.

    Parameters
    ----------
    path : Path
    known : iterable of str
        Ids of answer cells; other cells are not looked at.

    Raises
    ------
    IntakeError
        In one line, why nothing in the file can be graded.
    """
    return pick(parse(read_text(path)), known)


def read_text(path: Path) -> str:
    """The text of a regular file within the size limit."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        kind = "a link" if path.is_symlink() else f"unreadable ({error.strerror})"
        raise IntakeError(f"the file is {kind}; hand in the notebook itself") from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise IntakeError("this is not a regular file; hand in the notebook itself")
    with os.fdopen(fd, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise IntakeError(f"the file is larger than {MAX_BYTES / 1e6:.0f} MB; clear its outputs and save")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise IntakeError("the file is not UTF-8 text, so not a notebook") from None


def parse(text: str) -> dict[str, Any]:
    """Strict JSON: no repeated keys, no NaN, no nesting beyond `MAX_DEPTH`."""
    if _depth(text) > MAX_DEPTH:
        raise IntakeError(f"the file nests deeper than {MAX_DEPTH} levels, so it is not a notebook")
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise IntakeError(f"the file is not JSON as a notebook should be: {str(error)[:100]}") from None
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise IntakeError("the file is JSON but not a notebook: it has no list of cells")
    if len(data["cells"]) > MAX_CELLS:
        raise IntakeError(f"the notebook has {len(data['cells'])} cells; at most {MAX_CELLS} are read")
    return data


def pick(data: Mapping[str, Any], known: Iterable[str]) -> Submission:
    """The sources of known answer cells; a repeated or odd one is refused.

    Raises
    ------
    IntakeError
        When none of the known cells is there.
    """
    wanted, answers, refused = set(known), {}, {}
    for cell in data["cells"]:
        id_ = cell.get("id") if isinstance(cell, dict) else None
        if not isinstance(id_, str) or id_ not in wanted:
            continue
        if id_ in answers or id_ in refused:
            refused[id_] = f"the notebook has several cells with the id {id_!r}; keep one"
            continue
        try:
            answers[id_] = _source(cell)
        except IntakeError as error:
            refused[id_] = str(error)
    for id_ in refused:
        answers.pop(id_, None)
    if not answers and not refused:
        raise IntakeError("none of its cells is an answer cell of the course; was it made from another notebook?")
    return Submission(answers, refused)


def _source(cell: Mapping[str, Any]) -> str:
    if cell.get("cell_type") != "code":
        raise IntakeError("the answer cell is no longer code; set its type back to Code")
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise IntakeError("the answer cell's source is not text")
    if len(source) > MAX_SOURCE:
        raise IntakeError(f"the answer cell has {len(source)} characters; at most {MAX_SOURCE} are read")
    if "\0" in source or not _encodes(source):
        raise IntakeError("the answer cell holds characters that are not text")
    return source


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _depth(text: str) -> int:
    deepest = depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
