"""Post-mortems that were handed in: a document ``*.md``, and beside it the sealed run ``*.json`` that it tells of.

Both are a stranger's: sizes are capped before anything is read, nothing but regular files is, and here no more is
looked at than whose they are and which belong together. What the document says is read where it is graded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from course_lib import manifest, submission
from course_lib.checks.task import Verdict
from course_lib.grading.intake import stamps
from course_lib.grading.intake.collection import Attempt, entries, walk
from course_lib.grading.intake.files import plain_name, printable
from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.intake.roster import Person, alike
from course_lib.postmortem import beside, document, rubric
from course_lib.postmortem.beside import Candidate
from course_lib.postmortem.document import DocumentError

PART = "postmortem"
DOCUMENT, RUN = "document", "run"
_SUFFIX, _RUN_SUFFIX = document.SUFFIX, beside.SUFFIX
#: Of one learner, and how many folders down.
_MOST_FILES, _DEEPEST = 20, 4
_NO_RUNS = ("predictions.json", "progress.json")
_MEND = "hand in the .json of the drill that it tells of, under the same name"


@dataclass(frozen=True)
class Group:
    """A group of the rubric's rules, which stands in the gradebook as a task does."""

    name: str
    points: float

    def stopped(self, state: str, reason: str) -> Verdict:
        """A verdict without a judgement."""
        lines = (f"{self.name}: {state}, 0 of {self.points:g} points", f"  {reason}")
        return Verdict(self.name, state, 0.0, self.points, lines)


@dataclass(frozen=True)
class Paper:
    """The post-mortem that a module asks for.

    Attributes
    ----------
    key : str
        Such as ``12_repeat_incident/postmortem``.
    title, part : str
    points : float
        Of the whole; the rubric's hundred are scaled to it.
    digest : str
        Changes with rubric, scenarios and models.
    """

    key: str
    title: str
    points: float
    digest: str = field(default="", repr=False)
    part: str = "post-mortem"

    @property
    def tasks(self) -> dict[str, Group]:
        """Groups of rules by name, in the rubric's order."""
        return {name: Group(name, self.points * worth / 100) for name, worth in worths().items()}

    @property
    def max_points(self) -> float:
        """Points of all groups."""
        return self.points


def worths() -> dict[str, float]:
    """Points of a hundred for each group of rules, by the name under which it stands in a gradebook.

    >>> worths()["timeline"]
    16.0
    """
    return {name(group): rubric.worth(group) for group in rubric.GROUPS}


def name(group: str) -> str:
    """A group's name in a gradebook, such as ``action_items`` for the rules A."""
    return rubric.GROUPS[group].lower().replace(" ", "_")


@lru_cache(maxsize=4)
def papers(course: CourseRef) -> dict[str, Paper]:
    """The post-mortem that the course asks for, by its key; none where ``course.toml`` gives no points for one."""
    asking = [module for module in manifest.load(course.root).built if module.postmortem_points]
    made = (Paper(f"{one.name}/{PART}", one.title, float(one.postmortem_points), _digest()) for one in asking)
    return {paper.key: paper for paper in made}


def _digest() -> str:
    """Of all that a verdict rests on."""
    package = Path(__file__).resolve().parents[2]
    parts = ("postmortem", "incidents", "detect", "models", "theory")
    found = (file for part in parts for ext in ("*.py", "*.yaml") for file in (package / part).rglob(ext))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(found))).hexdigest()[:16]


# -- what was handed in -----------------------------------------------------------------------------------------------


class _UnusableError(ValueError):
    """Why a document cannot be graded, in one line that goes after its name."""


def collect(folder: Path, asked: Mapping[str, Paper], known: Mapping[str, Person]) -> list[Attempt]:
    """Every post-mortem below a folder of submissions, in the layouts that `collection` describes.

    Parameters
    ----------
    folder : Path
    asked : mapping of str to Paper
        As from `papers`; without one nothing is collected.
    known : mapping of str to Person
        The roster: other names under which a learner may have played.

    Returns
    -------
    list of Attempt
        With document and run as answers; or with the trouble, for learner and instructor.
    """
    found: list[Attempt] = []
    stamped = stamps.book(folder) if asked else {}
    for entry in entries(folder) if asked else ():
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            files, learner = _below(Path(entry.path)), entry.name
        elif entry.name.lower().endswith(_SUFFIX) and not _nobodys(entry.name):
            learner = entry.name[: -len(_SUFFIX)]
            files = [Path(entry.path), *_of_that_name(folder, learner)]
        else:
            continue
        found += _learners(folder, plain_name(learner), files, next(iter(asked)), known, stamped)
    return found


def _below(folder: Path) -> list[Path]:
    """Documents and runs of one learner, in order."""
    return [
        Path(entry.path)
        for _, entry in walk(folder, _DEEPEST)
        if not any(part.startswith(".") for part in Path(entry.path).relative_to(folder).parts)
        and (_is_document(entry) or _may_be_run(entry.name))
    ]


def _is_document(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(_SUFFIX) and not _nobodys(entry.name)


def _nobodys(name: str) -> bool:
    return name.lower().startswith("readme")


def _may_be_run(name: str) -> bool:
    return name.lower().endswith(_RUN_SUFFIX) and name.lower() not in _NO_RUNS


def _of_that_name(folder: Path, stem: str) -> Iterator[Path]:
    path = folder / f"{stem}{_RUN_SUFFIX}"
    if path.is_file():
        yield path


def _learners(
    folder: Path,
    learner: str,
    files: Iterable[Path],
    key: str,
    known: Mapping[str, Person],
    stamped: Mapping[tuple[str, str], datetime],
) -> Iterator[Attempt]:
    files = list(files)
    texts = [path for path in files if path.name.lower().endswith(_SUFFIX)]
    runs = [_candidate(path) for path in files if path not in texts][:_MOST_FILES]
    names = known.get(learner, Person(learner)).identities | {learner}
    for number, path in enumerate(texts):
        about = _about(folder, learner, path, stamped)
        try:
            if number >= _MOST_FILES:
                raise _UnusableError(f"is one of {len(texts)} documents, and {_MOST_FILES} are read; hand in one")
            text, run = _pair(path, runs, about.file)
            _own(run, names)
            yield replace(about, lab=key, answers={DOCUMENT: text, RUN: run.text})
        except _UnusableError as error:
            meant = any(beside.same_name(run.path, path) for run in runs) or (len(texts) == 1 and bool(runs))
            yield replace(about, lab=key if meant else "", trouble=f"the document {error}")


def _about(folder: Path, learner: str, path: Path, stamped: Mapping[tuple[str, str], datetime]) -> Attempt:
    parts = path.relative_to(folder).parts
    where = "/".join(map(plain_name, parts))
    when = stamps.of(path, folder / parts[0], learner, where.removeprefix(f"{learner}/"), stamped)
    noted = (when.note,) if when.note else ()
    return Attempt(learner, "", where, when.at.isoformat(), stamp=when.source, notes=noted)


def _candidate(path: Path) -> Candidate:
    """A file that may be a run; one that is too large has no text."""
    data = submission.head(path, beside.MOST_BYTES + 1)
    return beside.candidate(path, data.decode("utf-8", "replace") if len(data) <= beside.MOST_BYTES else "")


def _pair(path: Path, runs: Sequence[Candidate], where: str) -> tuple[str, Candidate]:
    """A document's text and its run: the one of its name, of its scenario and seed, or the only one."""
    text = _text(path, where)
    if not beside.has_front(text):
        raise _UnusableError("has no front matter (it begins with ---), so it is not read as a post-mortem")
    fit = beside.fit(path, text, runs)
    if not fit:
        raise _UnusableError(f"has no sealed run beside it; {_MEND}")
    if len(fit) > 1:
        names = ", ".join(printable(run.path.name)[:40] for run in fit[:4])
        raise _UnusableError(f"has several runs beside it ({names}), and none by its name; {_MEND}")
    if not fit[0].plain:
        told_of = "is larger than any run" if not fit[0].text else "is no JSON"
        raise _UnusableError(f"comes with {printable(fit[0].path.name)[:60]}, which {told_of}; {_MEND}")
    return text, fit[0]


def _text(path: Path, where: str) -> str:
    data = submission.head(path, document.MAX_BYTES + 1)
    if not data:
        raise _UnusableError("is empty, or no regular file; hand in the file itself")
    try:
        return document.decoded(data, where)
    except DocumentError as error:
        raise _UnusableError(str(error).removeprefix(f"{where}: ")) from None


def _own(run: Candidate, names: set[str]) -> None:
    """Refuse a run that bears somebody else's name; one without a name may be anybody's."""
    player = run.plain.get("learner")
    if isinstance(player, str) and player and alike(player) not in {alike(name) for name in names}:
        told = printable(player)[:60]
        raise _UnusableError(f"comes with a run that {told!r} played; hand in the run that you played yourself")
