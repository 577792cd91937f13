"""What was handed in: who, which lesson or lab, when; one folder or file per learner.

Accepted layouts, mixed as one likes::

    SUBMISSIONS/<learner>/01_retry_storm.ipynb
    SUBMISSIONS/<learner>/<anything>/<anything>.ipynb     each file an attempt
    SUBMISSIONS/<learner>.ipynb

A learner is called as the folder is, with accents composed (NFC); what cannot be printed is shown as ``?``, and a
digest keeps such names apart. Which lesson or lab a file answers is read from its answer cells. When it was handed in
and by whose word: `stamps`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from course_lib import submission
from course_lib.grading.intake import stamps
from course_lib.grading.intake.files import plain_name
from course_lib.grading.intake.pristine import Lab
from course_lib.submission import SubmissionError

SUFFIX = ".ipynb"
_DEEPEST = 4
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".7z", ".rar")
#: Left behind by programs, and nobody's work.
_NOBODYS = (".ipynb_checkpoints", "__MACOSX", ".git", ".course", ".Trash", ".venv", "__pycache__")
#: A learner with more files than this is told, and of no learner are more oddities told than that.
MANY_FILES = 50
_MOST_TOLD = 5
#: Entries of one learner's folder that are looked at; below this depth nothing is.
_MOST_ENTRIES, _DEEPEST_LOOK = 5_000, 20


@dataclass(frozen=True)
class Attempt:
    """One file's answers to one lesson or lab.

    Attributes
    ----------
    learner, lab, file : str
        `file` is relative to the folder of submissions.
    submitted : str
        ISO 8601 with zone.
    answers, refused : dict of str to str
        By cell id.
    trouble : str
        Why nothing of the file can be graded, else empty; `lab` is then read from what can be made out of it, or
        empty: where that says nothing, and where the learner has a file for it that could be read.
    stamp : str
        By whose word `submitted` is: see `stamps`.
    notes : tuple of str
        What was read in an unusual way or not at all, with what to do; for learner and instructor.
    """

    learner: str
    lab: str
    file: str
    submitted: str
    answers: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    stamp: str = stamps.DATE
    notes: tuple[str, ...] = ()

    def key(self, lab_digest: str) -> str:
        """The same for the same answers to the same released lab, whenever graded."""
        content = json.dumps([self.learner, self.lab, self.file, self.answers, self.refused, self.trouble, lab_digest])
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def collect(folder: Path, labs: Mapping[str, Lab]) -> list[Attempt]:
    """Read every submission below `folder`.

    Raises
    ------
    NotADirectoryError
        When there is no such folder.
    StampError
        When the instructor's ``timestamps.csv`` cannot be read.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder of submissions")
    stamped, attempts = stamps.book(folder), []
    for learner, path in sorted(_files(folder)):
        attempts += _attempts(folder, learner, path, labs, stamped)
    answered = {(one.learner, one.lab) for one in attempts if not one.trouble}
    return [_set_aside(one, labs, answered) for one in attempts]


def _set_aside(attempt: Attempt, labs: Mapping[str, Lab], answered: set[tuple[str, str]]) -> Attempt:
    """Of no lab, where an unreadable file may be another attempt at what the learner has answered readably."""
    if attempt.trouble and any((attempt.learner, lab) in answered for lab in _named(attempt.file, labs)):
        return replace(attempt, lab="")
    return attempt


def _named(file: str, labs: Mapping[str, Lab]) -> list[str]:
    """Lessons and labs that a file may be, by its name."""
    return [key for key in sorted(labs) if key.split("/")[0] in file.rsplit("/", 1)[-1].lower()]


def unread(folder: Path, attempts: Sequence[Attempt]) -> list[str]:
    """What is in the folder and was not graded, and why.

    Parameters
    ----------
    folder : Path
    attempts : sequence of Attempt
        As `collect` found them there.

    Returns
    -------
    list of str
        A line for each learner's folder without a notebook, for each file that looks like one and was not read, for
        what of a file was read in an unusual way or not at all, and for each learner with more than `MANY_FILES`
        files.
    """
    told: dict[str, list[str]] = {}
    for one in attempts:
        lines = [one.trouble] if one.trouble else [*one.notes, *(f"{id_}: {why}" for id_, why in one.refused.items())]
        told.setdefault(one.learner, []).extend(f"{one.file}: {line}" for line in lines)
    files = {(one.learner, one.file) for one in attempts}
    learners = {learner for learner, _ in files}
    for entry in entries(folder):
        learner = plain_name(entry.name)
        odd = [f"{_where(folder, path)}: {why}" for path, why in _odd_files(folder, entry)]
        if entry.is_dir(follow_symlinks=False) and learner not in learners and not entry.name.startswith("."):
            more = "" if odd else _instead(Path(entry.path))
            odd.append(f"{learner}: nothing in this folder was read as a notebook{more}")
        if odd:
            told.setdefault(learner, []).extend(odd)
    lines = [line for learner in sorted(told) for line in _first(learner, told[learner])]
    counts = sorted(Counter(learner for learner, _ in files).items())
    lines = list(dict.fromkeys(lines))  # a file may answer lesson and lab
    return lines + [f"{learner}: {count} files; each is graded" for learner, count in counts if count > MANY_FILES]


def _instead(folder: Path) -> str:
    """What a folder holds in place of a notebook, which a browser may have renamed or a learner have exported."""
    names = [plain_name(one.name) for _, one in walk(folder, _DEEPEST) if one.is_file(follow_symlinks=False)][:3]
    return f"; it holds {', '.join(names)}, and a notebook's name ends in {SUFFIX}" if names else ""


def _first(learner: str, lines: list[str]) -> list[str]:
    rest = len(lines) - _MOST_TOLD
    # The last line may say that there is nothing else.
    return [*lines[: _MOST_TOLD - 1], f"{learner}: {rest} more like these", lines[-1]] if rest > 0 else lines


def _odd_files(folder: Path, entry: os.DirEntry[str]) -> Iterator[tuple[Path, str]]:
    """Files of one learner's that look like a notebook and are not read as one, and what to do about it."""
    if not entry.is_dir(follow_symlinks=False):
        if not _is_notebook(entry.name) and not entry.is_symlink() and (why := looks_like(entry.name)):
            yield Path(entry.path), why
        return
    read = set(_notebooks(Path(entry.path)))
    for depth, one in walk(Path(entry.path), _DEEPEST_LOOK):
        path = Path(one.path)
        if one.is_dir(follow_symlinks=False):
            if depth == _DEEPEST_LOOK:
                yield path, f"lies {depth} folders down, and below it nothing was looked at; move up what shall be read"
        elif path not in read and (why := looks_like(one.name)):
            hidden = next((part for part in path.relative_to(folder).parts if part.startswith(".")), "")
            yield path, f"not read, as {hidden!r} begins with a dot; rename it" if hidden else why


def looks_like(name: str) -> str:
    """Why a file that may be a notebook is not read as one, and what to do; empty where it is nothing of the kind."""
    if _is_notebook(name):
        return f"not read, as it lies more than {_DEEPEST} folders down; move it up"
    if SUFFIX in name.lower():
        return f"not read; rename it so that it ends in {SUFFIX}"
    return "an archive, not read; unpack it" if name.lower().endswith(_ARCHIVES) else ""


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for entry in entries(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from ((entry.name, path) for path in _notebooks(Path(entry.path)))
        elif _is_notebook(entry.name):
            yield entry.name[: -len(SUFFIX)], Path(entry.path)
        elif entry.is_symlink():
            yield entry.name, Path(entry.path)


def _notebooks(folder: Path) -> Iterator[Path]:
    """Files named as notebooks, whatever they are; links to folders are not followed."""
    for _, entry in walk(folder, _DEEPEST):
        inside = Path(entry.path).relative_to(folder.parent).parts
        if _is_notebook(entry.name) and not any(part.startswith(".") for part in inside):
            yield Path(entry.path)


def walk(folder: Path, deepest: int, most: int | None = None) -> Iterator[tuple[int, os.DirEntry[str]]]:
    """Entries below a folder with their depth, without recursion and within bounds; `x.ipynb/` is one entry."""
    left, waiting = most or _MOST_ENTRIES, [(0, str(folder))]
    while waiting:
        depth, where = waiting.pop()
        try:
            here = entries(Path(where))
        except OSError:  # not to be read, or a path longer than the system takes
            continue
        folders = []
        for entry in here:
            if left <= 0:
                return
            left -= 1
            yield depth, entry
            if entry.is_dir(follow_symlinks=False) and not _is_notebook(entry.name) and depth < deepest:
                folders.append((depth + 1, entry.path))
        waiting += reversed(folders)


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name; what programs leave behind is left out."""
    with os.scandir(folder) as here:
        found = [entry for entry in here if entry.name not in _NOBODYS and not entry.name.startswith("._")]
        return sorted(found, key=lambda entry: entry.name)


def _is_notebook(name: str) -> bool:
    return name.lower().endswith(SUFFIX)


def _attempts(
    folder: Path, learner: str, path: Path, labs: Mapping[str, Lab], stamped: Mapping[tuple[str, str], datetime]
) -> Iterator[Attempt]:
    top = folder / path.relative_to(folder).parts[0]
    learner, where = plain_name(learner), _where(folder, path)
    when = stamps.of(path, top, learner, where.removeprefix(f"{learner}/"), stamped)
    noted = (when.note,) if when.note else ()
    about = Attempt(learner, "", where, when.at.isoformat(), stamp=when.source, notes=noted)
    try:
        document = submission.read(path)
    except SubmissionError as error:
        yield replace(about, lab=_made_out(path, where, labs), trouble=f"the file {error}")
        return
    found = {key: submission.pick(document, lab.reads) for key, lab in labs.items()}
    found = {key: mine for key, mine in found.items() if not mine.empty}
    if not found:
        told = "none of its cells is an answer cell of the course; was it made from another notebook?"
        yield replace(about, lab=_made_out(path, where, labs), trouble=told)
    for key, mine in found.items():
        yield replace(about, lab=key, answers=mine.answers, refused=mine.refused, notes=(*noted, *mine.notes))


def _made_out(path: Path, where: str, labs: Mapping[str, Lab]) -> str:
    """The lab that an unreadable file most likely answers, by the cells named in it, else by its name; or nothing.

    A lesson that cannot be read must not stand as a zero for the lab of the same name.
    """
    text, named = submission.head(path, submission.MAX_CELL_BYTES), _named(where, labs)
    ids = {key: [f'"{id_}"'.encode() for id_ in labs[key].answer_cells.values()] for key in named or labs}
    told = [key for key, mine in ids.items() if any(id_ in text for id_ in mine)] or named
    return told[0] if len(told) == 1 else ""


def _where(folder: Path, path: Path) -> str:
    return "/".join(plain_name(part) for part in path.relative_to(folder).parts)
