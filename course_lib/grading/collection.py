"""What was handed in: who, which lesson or lab, when; one folder or file per learner.

Accepted layouts, mixed as one likes::

    SUBMISSIONS/<learner>/01_retry_storm.ipynb
    SUBMISSIONS/<learner>/<anything>/<anything>.ipynb     each file an attempt
    SUBMISSIONS/<learner>.ipynb

Which lesson or lab a file answers is read from its answer cells. The time is the first line of a ``timestamp.txt``
beside the file (ISO 8601, as nbgrader writes it), else the file's modification time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course_lib.grading import intake
from course_lib.grading.intake import IntakeError, Submission
from course_lib.grading.pristine import Lab

TIMESTAMP = "timestamp.txt"
_DEEPEST = 4


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
        Why nothing of the file can be graded, else empty; `lab` is then a guess by its name, or empty.
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
    return attempts


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from ((entry.name, path) for path in _notebooks(Path(entry.path), _DEEPEST))
        elif entry.name.endswith(".ipynb") or entry.is_symlink():
            yield entry.name.removesuffix(".ipynb"), Path(entry.path)


def _notebooks(folder: Path, levels: int) -> Iterator[Path]:
    """Files named as notebooks, whatever they are; links to folders are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False) and levels and not entry.name.endswith(".ipynb"):
            yield from _notebooks(Path(entry.path), levels - 1)
        elif entry.name.endswith(".ipynb"):
            yield Path(entry.path)


def _attempts(folder: Path, learner: str, path: Path, labs: Mapping[str, Lab]) -> Iterator[Attempt]:
    where, when = _shown(path.relative_to(folder)), _submitted(path)
    learner = _shown(learner)
    known = {cell for lab in labs.values() for cell in lab.answer_cells.values()}
    try:
        submission = intake.read(path, known)
    except IntakeError as error:
        guess = next((key for key in sorted(labs) if key.split("/")[0] in path.name), "")
        yield Attempt(learner, guess, where, when, trouble=str(error))
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
            changed = path.lstat().st_mtime
        except OSError:
            changed = 0.0
        return datetime.fromtimestamp(int(changed), UTC).isoformat()


def _shown(name: Path | str) -> str:
    """A name fit for a report: printable, no surrogates."""
    text = str(name).encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "?" for c in text)
