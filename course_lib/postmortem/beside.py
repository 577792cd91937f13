"""Which run a document tells of: the one of its name, the one of its scenario and seed, or the only one beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.incidents.drill_file import folder as drills
from course_lib.postmortem import document
from course_lib.postmortem.replay import RunError

SUFFIX = ".json"
#: Bytes of a run that is looked at; those of the course's drills have 20,000.
MOST_BYTES = 1_000_000
#: Where the run lies that comes with a lab.
LABS = Path(__file__).parents[1] / "labs"
_HEAD_LINES = 60
_FRONT = re.compile(r"\s*---[ \t]*$", re.M)


@dataclass(frozen=True)
class Candidate:
    """A file that may be a document's run; `plain` is empty where it is no JSON."""

    path: Path
    text: str
    plain: Mapping[str, Any]


def candidate(path: Path, text: str) -> Candidate:
    """A file's text, read as JSON where it is."""
    try:
        plain = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        plain = {}
    return Candidate(path, text, plain if isinstance(plain, dict) else {})


def has_front(text: str) -> bool:
    """Whether a text begins as a post-mortem does."""
    return bool(_FRONT.match(text))


def fit(paper: Path, text: str, runs: Sequence[Candidate]) -> list[Candidate]:
    """The runs that a document may tell of; more than one where nothing says which.

    Parameters
    ----------
    paper : Path
    text : str
        Of the document.
    runs : sequence of Candidate
    """
    found = [run for run in runs if same_name(run.path, paper)]
    found = found or [run for run in runs if _tells_of(text, run)] or list(runs)
    return list({run.text: run for run in found}.values())


def same_name(run: Path, paper: Path) -> bool:
    """Whether a run is called as a document is."""
    return run.stem.casefold() == paper.stem.casefold()


def _tells_of(text: str, run: Candidate) -> bool:
    """Whether a document's first lines name a run's scenario and seed."""
    first = "\n".join(text.split("\n", _HEAD_LINES)[:_HEAD_LINES])
    wanted = (("scenario", run.plain.get("scenario")), ("seed", run.plain.get("seed")))
    return all(re.search(rf"^{name}:\s*{re.escape(str(value))}\s*$", first, re.M) for name, value in wanted)


def run_of(paper: Path) -> Path:
    """The run of a document of one's own: beside it, among one's drills, or that which comes with a lab.

    Raises
    ------
    DocumentError
        The document cannot be read.
    RunError
        No run, or no single one, can be found.
    """
    text = "\n".join(document.load(paper).lines)
    beside = fit(paper, text, _runs(paper.parent))
    played = [run for run in (*_runs(drills()), *_runs(LABS)) if _tells_of(text, run)]
    found = beside if len(beside) == 1 else played
    if len(found) == 1:
        return found[0].path
    said = "several runs may be meant" if beside or played else "no run lies beside it"
    raise RunError(f"{paper}: {said}; name the one that it tells of with --run, or call it {paper.stem}{SUFFIX}")


def _runs(folder: Path) -> list[Candidate]:
    """Files of a folder that hold a sealed run."""
    paths = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    small = (path for path in paths if path.is_file() and path.stat().st_size <= MOST_BYTES)
    found = (candidate(path, path.read_bytes().decode("utf-8", "replace")) for path in small)
    return [run for run in found if {"scenario", "seed", "log"} <= set(run.plain)]


def papers(folders: Iterable[Path]) -> list[Path]:
    """Post-mortems in some folders: Markdown that begins as one does."""
    found = (path for folder in folders if folder.is_dir() for path in sorted(folder.glob(f"*{document.SUFFIX}")))
    return [path for path in found if path.is_file() and _begins_as_one(path)]


def _begins_as_one(path: Path) -> bool:
    with path.open("rb") as file:
        return has_front(file.read(200).decode("utf-8-sig", "replace"))
