"""Downloads of learning management systems, sorted into a folder for each learner: ``course collect``.

Known are Canvas's flat names, ``lovelaceada_101_90001_lab-1.ipynb``; Moodle's,
``Ada Lovelace_55_assignsubmission_file_`` as a folder or before the file's name; Gradescope's folders with
``submission_metadata.yml``; Blackboard's ``Lab 1_ada_attempt_2026-03-07-22-59-00_lab.ipynb``; and Brightspace's
``1234-5678 - Ada Lovelace - Mar 7, 2026 1059 PM - lab.ipynb``, as a folder too. Whose a file is, its name tells by
number or in words, and the roster which learner that is. Of several attempts at one file the last is kept.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from course_lib.grading.exports.files import csv_text, file_name
from course_lib.grading.intake import stamps
from course_lib.grading.intake.collection import looks_like, walk
from course_lib.grading.intake.files import printable
from course_lib.grading.intake.roster import Person, alike, name_key
from course_lib.submission import MAX_FILE_BYTES

UNPLACED = ".unplaced"
SYSTEMS = "Canvas, Moodle, Gradescope, Blackboard or Brightspace"
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<canvas_id>\d+)_(?P<number>\d+)_(?P<file>.+)")
_MOODLE = re.compile(r"(?P<name>[^/]+?)_(?P<moodle_id>\d+)_assignsubmission_[a-z]+_?/?(?P<file>.*)")
#: The first that fits: what a learner calls a file comes after it, and may look like another's.
_BLACKBOARD = re.compile(r".+?_(?P<login>[^_]+)_attempt_(?P<at>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)")
_BRIGHTSPACE = re.compile(
    r"\d+-\d+ - (?P<name>.+?) - (?P<at>[A-Z][a-z]{2} \d{1,2}, \d{4} \d{3,4} [AP]M)(?: - |/)(?P<file>.+)"
)
_GRADESCOPE, _METADATA = re.compile(r"submission_(?P<number>\d+)"), "submission_metadata.yml"
#: Of a run, retry_storm-12.json, the number is the seed.
_AGAIN = re.compile(r"-\d+(?=\.(?:ipynb|md)$)| ?\(\d+\)(?=\.(?:ipynb|md|json)$)", re.IGNORECASE)
_WANTED = (".ipynb", ".md", ".json")
_LEFT_BEHIND = ("__MACOSX", ".ipynb_checkpoints", ".DS_Store")
_MOST_FILES, _MOST_TOLD = 50_000, 20


class DownloadError(ValueError):
    """Why a download cannot be sorted, in one line."""


@dataclass(frozen=True)
class Handed:
    """One file of a download.

    Attributes
    ----------
    path : str
        In the download.
    file : str
        As the learner called it.
    number : int
        Grows with each attempt.
    known : dict of str to str
        What tells whose it is: fields of `Person`.
    late : bool
        Whether the system says so without a time.
    submitted : str
        As the system tells it; empty where it does not.
    local : bool
        Whether its name tells a time, but not in which zone.
    """

    path: str
    file: str
    number: int = 0
    known: dict[str, str] = field(default_factory=dict)
    late: bool = False
    submitted: str = ""
    local: bool = False


@dataclass
class Sorted:
    """What became of a download.

    Attributes
    ----------
    learners : dict of str to list of str
        Files kept, by learner.
    notices : list of str
        What was left out or could not be placed.
    """

    learners: dict[str, list[str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def sort_into(download: Path, out: Path, people: Iterable[Person], parts: Callable[[bytes], frozenset[str]]) -> Sorted:
    """Sort a download into folders that `course grade` reads.

    Parameters
    ----------
    download : Path
        A ZIP archive, or the folder it was unpacked to.
    out : Path
        Made anew; must not hold anything.
    people : iterable of Person
        The roster; without one, learners are called as the system's names and numbers say.
    parts : callable
        The lessons and labs that a file answers.

    Raises
    ------
    DownloadError
    """
    if out.exists() and any(out.iterdir()):
        raise DownloadError(f"{out} is not empty; name a new folder, so that nothing of yours is written over")
    people = list(people)
    with _opened(download) as source:
        found, notices = _files(source), []
        result = Sorted(notices=notices)
        placed: dict[str, dict[tuple[str, frozenset[str]], Handed]] = defaultdict(dict)
        for one in sorted(found.handed, key=lambda one: one.number):
            learner = _whose(one, people)
            if learner is None:
                notices.append(f"{printable(one.path)}: nobody in the roster has its {_told(one)}; put into {UNPLACED}")
                _write(source, one, out / UNPLACED / file_name(one.path.replace("/", "_")), notices)
                continue
            # lab-1 may be a second try at lab, or the first of two labs: what it answers tells.
            what = parts(source.read(one.path))
            placed[learner][_AGAIN.sub("", one.file).casefold(), what] = one
        rows = [list(stamps.COLUMNS)]
        for learner, files in sorted(placed.items()):
            for one in files.values():
                if _write(source, one, out / file_name(learner) / file_name(one.file), notices):
                    result.learners.setdefault(learner, []).append(one.file)
                if one.submitted:
                    rows.append([learner, file_name(one.file), one.submitted])
                elif one.late:
                    notices.append(f"{learner}: {one.file} is marked late without a time; write it into {stamps.FILE}")
        if any(one.local for one in found.handed):
            notices.append(
                f"the times in the files' names have no zone and are not used; write late ones into {stamps.FILE}"
            )
        notices += found.notices
    if not result.learners:
        raise DownloadError(f"{download}: no notebook in it is named as {SYSTEMS} name them")
    if len(rows) > 1:
        (out / stamps.FILE).write_bytes(csv_text(rows).encode())
    return result


@dataclass
class _Found:
    handed: list[Handed] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class _Archive:
    """A ZIP archive, with the folder's interface below; some programs of Windows part its folders by backslashes."""

    def __init__(self, path: Path) -> None:
        self._infos: dict[str, zipfile.ZipInfo] = {}
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise DownloadError(f"{path} cannot be read as a ZIP archive: {error}") from None

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *exc: object) -> None:
        self._zip.close()

    def names(self) -> Iterator[str]:
        """Regular files, in the archive's order."""
        for info in self._zip.infolist()[:_MOST_FILES]:
            mode, name = info.external_attr >> 16, info.filename.replace("\\", "/")
            if not name.endswith("/") and (not mode or not stat.S_IFMT(mode) or stat.S_ISREG(mode)):
                self._infos[name] = info
                yield name

    def read(self, name: str) -> bytes:
        """At most one byte more than is allowed."""
        with self._zip.open(self._infos[name]) as file:
            return file.read(MAX_FILE_BYTES + 1)


class _Folder:
    """An archive that was unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def names(self) -> Iterator[str]:
        """Regular files in the order of names."""
        found = (one for _, one in walk(self._path, _MOST_FILES, _MOST_FILES) if one.is_file(follow_symlinks=False))
        for path in sorted(Path(one.path) for one in found):
            yield path.relative_to(self._path).as_posix()

    def read(self, name: str) -> bytes:
        """At most one byte more than is allowed."""
        with (self._path / name).open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)


def _opened(download: Path) -> _Archive | _Folder:
    if not download.exists():
        raise DownloadError(f"{download}: there is no such file")
    return _Folder(download) if download.is_dir() else _Archive(download)


def _files(source: _Archive | _Folder) -> _Found:
    found, names = _Found(), list(source.names())
    told = _gradescope(source, names)
    for name in names:
        path = PurePosixPath(name)
        if path.name == _METADATA or any(part in _LEFT_BEHIND or part.startswith("._") for part in path.parts):
            continue
        if (receipt := _BLACKBOARD.fullmatch(path.name)) and not receipt["file"]:
            continue
        one = _recognised(path, told)
        if one and not one.file.lower().endswith(_WANTED) and (why := looks_like(one.file)):
            found.notices.append(f"{printable(name)}: {why}")
        elif one is None or not one.file.lower().endswith(_WANTED):
            found.notices.append(f"{printable(name)}: nothing to grade whose learner its name tells, left out")
        else:
            found.handed.append(one)
    if (rest := len(found.notices) - _MOST_TOLD) > 0:
        found.notices = [*found.notices[:_MOST_TOLD], f"{rest} more files were left out"]
    return found


def _recognised(path: PurePosixPath, gradescope: Mapping[str, Any]) -> Handed | None:
    """A file by the system's way of naming, wherever it lies in the download."""
    for depth, part in enumerate(path.parts):
        rest = "/".join(path.parts[depth:])
        if (found := _GRADESCOPE.fullmatch(part)) and part in gradescope:
            known, submitted = gradescope[part]
            return Handed(str(path), path.name, int(found["number"]), known, submitted=submitted)
        if found := _MOODLE.fullmatch(rest):
            file = PurePosixPath(found["file"]).name
            return Handed(str(path), file, 0, {"moodle_id": found["moodle_id"], "name": found["name"]})
        if found := _BRIGHTSPACE.fullmatch(rest):
            file = PurePosixPath(found["file"]).name
            return Handed(str(path), file, _order(found["at"]), {"name": found["name"]}, local=True)
    if found := _BLACKBOARD.fullmatch(path.name):
        known = {"login": found["login"], "learner": found["login"]}
        return Handed(str(path), found["file"], int(found["at"].replace("-", "")), known, local=True)
    if found := _CANVAS.fullmatch(path.name):
        known = {"canvas_id": found["canvas_id"], "name": found["name"]}
        return Handed(str(path), found["file"], int(found["number"]), known, late=bool(found["late"]))
    return None


def _order(at: str) -> int:
    """Grows with the time of a Brightspace name, Mar 7, 2026 1059 PM, where hours have no leading zero."""
    day, clock, half = at.rsplit(" ", 2)
    try:
        return int(datetime.strptime(f"{day} {clock:0>4} {half}", "%b %d, %Y %I%M %p").strftime("%Y%m%d%H%M"))
    except ValueError:  # 31 February
        return 0


def _gradescope(source: _Archive | _Folder, names: Iterable[str]) -> dict[str, tuple[dict[str, str], str]]:
    """Gradescope's submissions: whose each is, and when it was handed in."""
    import yaml

    found = {}
    for name in (name for name in names if PurePosixPath(name).name == _METADATA):
        try:
            told = yaml.load(source.read(name), yaml.BaseLoader)  # everything is text
        except yaml.YAMLError as error:
            raise DownloadError(f"{name} is not YAML: {' '.join(str(error).split())[:150]}") from None
        for folder, entry in told.items() if isinstance(told, dict) else ():
            who = (entry.get(":submitters") or [{}])[0] if isinstance(entry, dict) else {}
            keys = {"sis_id": ":sid", "email": ":email", "name": ":name"}
            known = {field_: who.get(key, "") for field_, key in keys.items()}
            at = stamps.parse(str(entry.get(":created_at", ""))) if isinstance(entry, dict) else None
            found[folder] = {k: v for k, v in known.items() if v}, at.isoformat() if at else ""
    return found


def _whose(one: Handed, people: list[Person]) -> str | None:
    """The learner a file is of: by number or address, else by a name that nobody else has."""
    if not people:
        told = dict.fromkeys((one.known.get("name", ""), next(iter(one.known.values()), "")))
        return "-".join(filter(None, told)) or None
    for field_, value in one.known.items():
        if field_ != "name":
            fit = [person for person in people if getattr(person, field_).casefold() == value.casefold()]
            if len(fit) == 1:
                return fit[0].learner
    name = one.known.get("name", "")
    fit = [p for p in people if name and _same_name(name, p) and not _another(one, p)]
    return fit[0].learner if len(fit) == 1 else None


def _same_name(name: str, person: Person) -> bool:
    """Canvas writes last and first names in one word."""
    whole = name_key(person.name or person.learner)
    first, _, last = whole.rpartition(" ")
    return name_key(name) == whole or alike(name) in {alike(f"{last}{first}"), alike(whole), alike(person.learner)}


def _another(one: Handed, person: Person) -> bool:
    """Whether the roster gives a person another number than the file has."""
    return any(getattr(person, field_) not in ("", value) for field_, value in one.known.items() if field_ != "name")


def _told(one: Handed) -> str:
    return ", ".join(f"{field_} {printable(value)}" for field_, value in one.known.items()) or "owner"


def _write(source: _Archive | _Folder, one: Handed, path: Path, notices: list[str]) -> bool:
    try:
        data = source.read(one.path)
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        notices.append(f"{printable(one.path)}: cannot be taken out: {error}")
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True
