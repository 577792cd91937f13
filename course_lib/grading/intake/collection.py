"""What was handed in: who, which lesson or lab, when; one folder or file per learner.

Accepted layouts, mixed as one likes::

    SUBMISSIONS/<learner>/01_retry_storm.ipynb
    SUBMISSIONS/<learner>/<anything>/<anything>.ipynb     each file an attempt
    SUBMISSIONS/<learner>.ipynb

A learner is called as the folder is, with accents composed (NFC); what cannot be printed is shown as ``?``, and a
digest keeps such names apart. Which lesson or lab a file answers is read from its answer cells. The time is the first
line of a ``timestamp.txt`` beside the file (ISO 8601, as nbgrader writes it), else the file's modification time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from course_lib.grading.intake import files as intake
from course_lib.grading.intake.files import IntakeError, Submission, plain_name
from course_lib.grading.intake.pristine import Lab

TIMESTAMP = "timestamp.txt"
SUFFIX = ".ipynb"
_DEEPEST = 4
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".7z", ".rar")
#: A learner with more files than this is told, and of no learner are more oddities told than that.
MANY_FILES = 50
_MOST_TOLD = 5
_MOST_FOLDERS = 2000


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
        Why nothing of the file can be graded, else empty; `lab` is then a guess by its name, or empty: where the
        name says nothing, and where the learner has a file for it that could be read.
    """

    learner: str
    lab: str
    file: str
    submitted: str
    answers: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

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
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder of submissions")
    attempts = []
    for learner, path in sorted(_files(folder)):
        attempts += _attempts(folder, learner, path, labs)
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
        A line for each learner's folder without a notebook, for each file that looks like one and was not read, and
        for each learner with more than `MANY_FILES` files.
    """
    told: dict[str, list[str]] = {}
    for one in attempts:
        if one.trouble:
            told.setdefault(one.learner, []).append(f"{one.file}: {one.trouble}")
    files = {(one.learner, one.file) for one in attempts}
    learners = {learner for learner, _ in files}
    for entry in _entries(folder):
        learner = plain_name(entry.name)
        odd = [f"{_where(folder, path)}: {why}" for path, why in _odd_files(folder, entry)]
        if entry.is_dir(follow_symlinks=False) and learner not in learners:
            odd.append(f"{learner}: nothing in this folder was read as a notebook")
        if odd:
            told.setdefault(learner, []).extend(odd)
    lines = [line for learner in sorted(told) for line in _first(learner, told[learner])]
    counts = sorted(Counter(learner for learner, _ in files).items())
    return lines + [f"{learner}: {count} files; each is graded" for learner, count in counts if count > MANY_FILES]


def _first(learner: str, lines: list[str]) -> list[str]:
    rest = len(lines) - _MOST_TOLD
    # The last line may say that there is nothing else.
    return [*lines[: _MOST_TOLD - 1], f"{learner}: {rest} more like these", lines[-1]] if rest > 0 else lines


def _odd_files(folder: Path, entry: os.DirEntry[str]) -> Iterator[tuple[Path, str]]:
    """Files of one learner's that look like a notebook and are not read as one, and what to do about it."""
    if not entry.is_dir(follow_symlinks=False):
        if not _is_notebook(entry.name) and not entry.is_symlink() and (why := _looks_like(entry.name)):
            yield Path(entry.path), why
        return
    read = set(_notebooks(Path(entry.path), _DEEPEST))
    for path in _everything(Path(entry.path)):
        if path not in read and (why := _looks_like(path.name)):
            yield path, why


def _everything(top: Path) -> Iterator[Path]:
    """Files below a folder in the order of names, of so many folders at most; however deep, nothing here recurses.

    A folder called like a notebook is given as the file it should have been.
    """
    waiting = [top]
    for _ in range(_MOST_FOLDERS):
        if not waiting:
            return
        try:
            entries = _entries(waiting.pop())
        except OSError:  # such as a path longer than the system opens
            continue
        below = [Path(one.path) for one in entries if one.is_dir(follow_symlinks=False) and not _is_notebook(one.name)]
        waiting += reversed(below)
        yield from (Path(one.path) for one in entries if Path(one.path) not in below)


def _looks_like(name: str) -> str:
    if _is_notebook(name):
        return f"not read, as it lies more than {_DEEPEST} folders down; move it up"
    if SUFFIX in name.lower():
        return f"not read; rename it so that it ends in {SUFFIX}"
    return "an archive, not read; unpack it" if name.lower().endswith(_ARCHIVES) else ""


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from ((entry.name, path) for path in _notebooks(Path(entry.path), _DEEPEST))
        elif _is_notebook(entry.name):
            yield entry.name[: -len(SUFFIX)], Path(entry.path)
        elif entry.is_symlink():
            yield entry.name, Path(entry.path)


def _notebooks(folder: Path, levels: int) -> Iterator[Path]:
    """Files named as notebooks, whatever they are; links to folders are not followed."""
    try:
        entries = _entries(folder)
    except OSError:
        return
    for entry in entries:
        if _is_notebook(entry.name):
            yield Path(entry.path)
        elif entry.is_dir(follow_symlinks=False) and levels:
            yield from _notebooks(Path(entry.path), levels - 1)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _is_notebook(name: str) -> bool:
    return name.lower().endswith(SUFFIX)


def _attempts(folder: Path, learner: str, path: Path, labs: Mapping[str, Lab]) -> Iterator[Attempt]:
    where, when = _where(folder, path), _submitted(path)
    learner = plain_name(learner)
    known = {cell for lab in labs.values() for cell in lab.answer_cells.values()}
    try:
        submission = intake.read(path, known)
    except IntakeError as error:
        yield Attempt(learner, next(iter(_named(where, labs)), ""), where, when, trouble=str(error))
        return
    for key, lab in labs.items():
        mine = _part(submission, set(lab.answer_cells.values()))
        if mine.answers or mine.refused:
            yield Attempt(learner, key, where, when, mine.answers, mine.refused)


def _part(submission: Submission, cells: set[str]) -> Submission:
    return Submission(
        {id_: source for id_, source in submission.answers.items() if id_ in cells},
        {id_: reason for id_, reason in submission.refused.items() if id_ in cells},
    )


def _submitted(path: Path) -> str:
    try:
        stamp = intake.read_text(path.parent / TIMESTAMP).splitlines()[0].strip()
        told = datetime.fromisoformat(stamp.removesuffix(" UTC"))
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).isoformat()
    except (IntakeError, IndexError, ValueError):
        try:
            return datetime.fromtimestamp(int(path.lstat().st_mtime), UTC).isoformat()
        # An archive can give a file a date beyond the calendar.
        except (OSError, OverflowError, ValueError):
            return datetime.fromtimestamp(0, UTC).isoformat()


def _where(folder: Path, path: Path) -> str:
    return "/".join(plain_name(part) for part in path.relative_to(folder).parts)
