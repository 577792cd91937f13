"""A learner's file, read for the sources of its answer cells and for nothing else: one reader, at home and for a class.

A submission is untrusted bytes: nothing but a regular file is read, its size, depth and number of parts are capped
before anything is built of it, and no Python of a learner's is parsed here. It is also what editors, converters and
learning management systems made of a notebook: cell ids may be lost, cells split, merged, copied or deleted, the text
in another encoding. Whatever is not read as it stands is told in a note that says what to do.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_lib.notebook_file import ANSWER, CHECK, tagged

#: Outputs and widget state are not read, but they are what a file's size comes from.
MAX_FILE_BYTES = 20_000_000
MAX_CELL_BYTES, MAX_CELLS, MAX_SOURCE, MAX_DEPTH, MAX_PARTS = 4_000_000, 500, 50_000, 100, 2_000_000
#: A command that leaves behind all that is not an answer.
MEND = "`course reset {file} --keep-answers` carries your answers into a fresh copy"
_MOST_NOTES, _MOST_NAMES = 8, 5
# Possessive, and an unended string runs to the end: linear on any input.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_CHECK_CALL = re.compile(r"^[^\S\n]*\w*checks?\.(\w+)\(", re.MULTILINE)
_BINDS = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^([\w, \t]{1,120}?)(?::[^=\n]{1,120})?=(?!=)", re.MULTILINE)
_IMPORTS = re.compile(r"^(?:from\s+\S+\s+)?import\s+([^\n#]+)", re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*")


def mend(name: str) -> str:
    """What to do with a file whose answers are good and whose rest is not."""
    return MEND.format(file=shlex.quote(name))


class SubmissionError(ValueError):
    """Why nothing in a file can be read, and the mend, in one line that goes after the file's name."""


@dataclass(frozen=True)
class Cell:
    """A cell as the file has it.

    Attributes
    ----------
    id, kind : str
        `id` is empty where the file has none.
    source : str or None
        None where it is not text.
    answer : bool
        Whether it carries the tag.
    task : str
        Of a check cell, by its metadata or by what it calls; else empty.
    number : int
        Place in the file, from 1.
    """

    id: str
    kind: str
    source: str | None
    answer: bool
    task: str
    number: int


@dataclass(frozen=True)
class Document:
    """A file that is a notebook.

    Attributes
    ----------
    cells : tuple of Cell
    notes : tuple of str
        What was unusual in the file itself.
    name : str
        Of the file.
    """

    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    name: str = "FILE"


@dataclass(frozen=True)
class Released:
    """What the reader knows of a released lesson or lab.

    Attributes
    ----------
    answers : dict of str to str
        The blank source of each answer cell, by id, in order.
    names : dict of str to tuple of str
        The names each must define, by id.
    given : dict of str to str
        Sources of the other code cells, by id.
    solution : tuple of str
        What the course's own solution holds around its answers.
    """

    answers: dict[str, str]
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    solution: tuple[str, ...] = ()

    @classmethod
    def of(cls, notebook: NotebookNode, solution: NotebookNode | None = None) -> Released:
        """From the released notebook and its solution, where there is one."""
        answers = {id_: cell.source for id_, cell in tagged(notebook, ANSWER).items()}
        checks = tagged(notebook, CHECK)
        names = {_answer_id(cell.metadata["course"]["task"]): _passed(cell.source) for cell in checks.values()}
        code = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}
        given = {id_: source for id_, source in code.items() if id_ not in answers and id_ not in checks}
        mine = [] if solution is None else [cell for cell in solution.cells if cell.cell_type == "code"]
        around = tuple(cell.source for cell in mine if cell.id not in tagged(notebook, ANSWER))
        return cls(answers, names, given, around)

    @cached_property
    def given_sources(self) -> frozenset[str]:
        """All that the course's own cells hold, to know a cell by where it has lost its id."""
        return frozenset(source.strip() for source in (*self.given.values(), *self.solution))


@dataclass(frozen=True)
class Submission:
    """What is kept of a file for one released notebook.

    Attributes
    ----------
    answers : dict of str to str
        Sources by id of the released answer cell.
    refused : dict of str to str
        Answer cells that cannot be used, and why.
    notes : tuple of str
        What was found in an unusual way or not read, with what to do.
    exact : int
        Answers that were found by their ids.
    """

    answers: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    exact: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing of the released notebook was found."""
        return not self.answers and not self.refused


def read(path: Path, *, follow: bool = False, most: int = MAX_FILE_BYTES, most_cells: int = MAX_CELLS) -> Document:
    """Read a notebook file.

    Parameters
    ----------
    path : Path
    follow : bool
        Whether a link is followed: one's own may be, a stranger's never.
    most, most_cells : int
        Bytes and cells above which the file is refused.

    Raises
    ------
    SubmissionError
    """
    text, notes = read_text(path, follow=follow, most=most)
    document = parse(text, path.name, most_cells)
    return replace(document, notes=(*notes, *document.notes))


def read_text(path: Path, *, follow: bool = False, most: int = MAX_FILE_BYTES) -> tuple[str, tuple[str, ...]]:
    """The text of a regular file within the size limit, and notes on its encoding."""
    data = _read_bytes(path, follow, most)
    wide = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"{\0": "utf-16-le", b"\0{": "utf-16-be"}
    if encoding := wide.get(data[:2]):
        try:
            return data.decode(encoding), ()
        except UnicodeDecodeError:
            raise SubmissionError("is not text; save it again in JupyterLab and hand in that file") from None
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        told = "was not saved as UTF-8 and was read as Windows-1252: letters beyond ASCII may differ"
        return data.decode("cp1252", "replace"), (told,)


def head(path: Path, most: int) -> bytes:
    """The first bytes of a regular file; nothing of anything else."""
    with contextlib.suppress(SubmissionError), _opened(path, follow=False) as file:
        return file.read(most)
    return b""


def _read_bytes(path: Path, follow: bool, most: int) -> bytes:
    with _opened(path, follow) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise SubmissionError(f"is larger than {most / 1e6:.0f} MB; {mend(path.name)}, to hand in instead")
    return data


def _opened(path: Path, follow: bool) -> Any:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(path, flags | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    except FileNotFoundError:
        raise SubmissionError("there is no such file") from None
    except OSError as error:
        if path.is_dir() and not path.is_symlink():
            raise SubmissionError("is a folder, not a notebook") from None
        kind = "is a link" if path.is_symlink() else f"cannot be read ({error.strerror})"
        raise SubmissionError(f"{kind}; hand in the notebook itself") from None
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(fd, "rb")
    os.close(fd)
    folder = stat.S_ISDIR(mode)
    raise SubmissionError("is a folder, not a notebook" if folder else "is not a regular file; hand in the notebook")


def parse(text: str, name: str = "FILE", most_cells: int = MAX_CELLS) -> Document:
    """A notebook of its JSON text: no repeated keys, bounded in depth and in the number of its parts.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for what to do.
    most_cells : int
        Cells above which it is refused.

    Raises
    ------
    SubmissionError
    """
    if not text.strip():
        raise SubmissionError("is empty; save the notebook again and hand in that file")
    frame = _STRING.sub("", text)
    if sum(map(frame.count, ",[{")) > MAX_PARTS or _depth(frame) > MAX_DEPTH:
        raise SubmissionError(f"has more parts or levels than a notebook's; {mend(name)}")
    try:
        data = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise SubmissionError(f"is not JSON as a notebook is: {_json_trouble(text, error)}") from None
    cells = _raw_cells(data)
    if len(cells) > most_cells:
        raise SubmissionError(f"has {len(cells)} cells, and at most {most_cells} are read; {mend(name)}")
    found = tuple(_cell(cell, number) for number, cell in enumerate(cells, start=1) if isinstance(cell, dict))
    if sum(len(cell.source or "") for cell in found) > MAX_CELL_BYTES:
        raise SubmissionError(f"has more than {MAX_CELL_BYTES / 1e6:.0f} MB of code and text; {mend(name)}")
    return Document(found, name=name)


def _json_trouble(text: str, error: Exception) -> str:
    if re.search(r"^<{7} ", text, re.MULTILINE):
        return "it holds the marks of a Git conflict; settle it, or hand in the file from before the merge"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {error.msg}; save it again in JupyterLab and hand in that file"
    return str(error)[:100] or type(error).__name__


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in one object; save it again in JupyterLab and hand in that file")
    return found


def _depth(frame: str) -> int:
    deepest = depth = 0
    for bracket in _BRACKET.finditer(frame):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            break
    return deepest


def _raw_cells(data: Any) -> list[Any]:
    """The cells of format 4, or of format 3, where they lie in worksheets."""
    if isinstance(data, dict) and isinstance(data.get("worksheets"), list):
        sheets = [sheet["cells"] for sheet in data["worksheets"] if isinstance(sheet, dict) and "cells" in sheet]
        data = {"cells": [cell for cells in sheets if isinstance(cells, list) for cell in cells]}
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise SubmissionError("is JSON but not a notebook: it has no list of cells")
    return data["cells"]


def _cell(raw: Mapping[str, Any], number: int) -> Cell:
    metadata = raw.get("metadata") if isinstance(raw.get("metadata"), dict) else {}
    source = raw.get("source", raw.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        source = None
    tags = metadata.get("tags")
    tags = tags if isinstance(tags, list) else []
    id_, kind = raw.get("id"), raw.get("cell_type")
    kind = kind if isinstance(kind, str) else ""
    task = _task(metadata, source) if kind == "code" and ANSWER not in tags else ""
    return Cell(id_ if isinstance(id_, str) else "", kind, source, ANSWER in tags, task, number)


def _task(metadata: Mapping[str, Any], source: str | None) -> str:
    """The task that a cell checks, by its metadata, else by what it calls."""
    told = metadata.get("course")
    if isinstance(told, dict) and isinstance(told.get("task"), str):
        return told["task"]
    calls = _CHECK_CALL.findall(source or "")
    return calls[0] if len(calls) == 1 else ""


def pick(document: Document, released: Released) -> Submission:
    """The answers in a file to one released notebook.

    An answer cell is known by its id. Where ids were lost, by its tag and the check that follows it; where the tags
    were lost too, by the names that the check is given. What a split cell or a copy of one holds is added only where
    the cell alone is not the whole answer.

    Parameters
    ----------
    document : Document
    released : Released
    """
    by_id = {id_: [cell for cell in document.cells if cell.id == id_] for id_ in released.answers}
    tasks = {_answer_id(cell.task) for cell in document.cells}
    strays = _strays(document, released)
    answers, refused, notes, used = {}, {}, list(document.notes), set()
    for id_ in released.answers:
        mine, more = by_id[id_], strays.get(id_, [])
        if not mine and not more:
            if id_ in tasks:
                notes.append(f"the answer cell {id_!r} was deleted; {mend(document.name)}, with the cell")
            continue
        try:
            answers[id_], told, parts = _joined(id_, mine, more, released)
            used |= {cell.number for cell in parts}
            notes += told
        except SubmissionError as error:
            refused[id_] = str(error)
    known = any(by_id.values()) or bool(tasks & set(released.answers))
    if not known:
        return Submission()
    notes += _outside(document, released, answers, used)
    exact = sum(map(bool, by_id.values()))
    return Submission(answers, refused, tuple(dict.fromkeys(notes))[:_MOST_NOTES], exact)


def _strays(document: Document, released: Released) -> dict[str, list[Cell]]:
    """Cells that belong to an answer but do not carry its id, by that id."""
    found: dict[str, list[Cell]] = {}
    stretch: list[Cell] = []
    for cell in document.cells:
        if cell.kind != "code" or cell.id in released.answers:
            continue
        merged = {_answer_id(name) for name in _CHECK_CALL.findall(cell.source or "")} if cell.answer else set()
        if len(own := merged & set(released.answers)) == 1:
            found.setdefault(own.pop(), []).append(cell)
        elif (id_ := _answer_id(cell.task)) in released.answers:
            tagged_ = [one for one in stretch if one.answer and not one.id.endswith(f"-{ANSWER}")]
            there = any(one.id == id_ for one in document.cells)
            if stray := tagged_ or ([] if there else _defining(stretch, released, id_)):
                found.setdefault(id_, []).extend(stray)
            stretch = []
        else:
            stretch.append(cell)
    return found


def _defining(stretch: Sequence[Cell], released: Released, id_: str) -> list[Cell]:
    """The cells before a check that define what it is given, where nothing else tells which they are."""
    wanted = set(released.names.get(id_, ()))
    given = released.given_sources
    return [one for one in stretch if wanted & _binds(one.source) and (one.source or "").strip() not in given]


def _joined(
    id_: str, mine: Sequence[Cell], more: Sequence[Cell], released: Released
) -> tuple[str, list[str], list[Cell]]:
    """An answer's source, what to tell of where it was found, and the cells that it was made of."""
    own = list({_source(cell): cell for cell in mine}.values())
    if len(own) > 1:
        places = " and ".join(str(cell.number) for cell in own)
        raise SubmissionError(f"cells {places} differ and both have the id {id_!r}; delete all but one")
    if not own:
        text = "\n".join(_source(cell) for cell in more)
        return _capped(text), [f"the answer {id_!r} had lost its id and was found before its check"], list(more)
    alone = _source(own[0])
    whole = set(released.names.get(id_, ())) <= _binds(alone) and alone.strip() != released.answers[id_].strip()
    if not more or (whole and not any(_source(cell)[:1].isspace() for cell in more)):
        told = [f"cell {cell.number} is a second answer cell for {id_!r} and was not read" for cell in more]
        return _capped(alone), told, [*own, *more]
    parts = sorted([*own, *more], key=lambda cell: cell.number)
    told = [f"the answer {id_!r} is split over cells {', '.join(str(cell.number) for cell in parts)}; they were joined"]
    return _capped("\n".join(_source(cell) for cell in parts)), told, parts


def _source(cell: Cell) -> str:
    if cell.kind != "code":
        raise SubmissionError(f"the answer cell (cell {cell.number}) is no longer code; set its type back to Code")
    if cell.source is None:
        raise SubmissionError("the answer cell's source is not text; write it anew")
    return cell.source


def _capped(source: str) -> str:
    if len(source) > MAX_SOURCE:
        raise SubmissionError(f"the answer has {len(source)} characters, and at most {MAX_SOURCE} are read; shorten it")
    if "\0" in source or not _encodes(source):
        raise SubmissionError("the answer cell holds characters that are not text; write it anew")
    return source


def _outside(document: Document, released: Released, answers: Mapping[str, str], used: set[int]) -> Iterator[str]:
    """Code that is not read though an answer uses what it defines. By the text alone: it need not be Python."""
    blank = released.answers
    mine = [source for id_, source in answers.items() if source.strip() != blank[id_].strip()]
    words = {word for source in mine for word in _WORD.findall(source)} - set().union(*map(_binds, mine), set())
    for cell in document.cells:
        if cell.kind != "code" or cell.number in used or cell.id in blank or cell.task:
            continue
        if (cell.source or "").strip() in released.given_sources:
            continue
        named = sorted(words & _binds(cell.source))[:_MOST_NAMES]
        if named and cell.id in released.given:
            yield f"the given cell {cell.id!r} (cell {cell.number}) was changed, and only the released one is read"
        elif named:
            what = ", ".join(named)
            yield f"cell {cell.number} is no answer cell and is not read; answers use its {what}: move it into them"


def _binds(source: str | None) -> set[str]:
    """Names that lines of a text bind at its left edge."""
    text = source or ""
    bound = {name for line in _BINDS.findall(text) for name in _WORD.findall(line[0] or line[1])}
    for line in _IMPORTS.findall(text):
        bound |= {part.split(" as ")[-1].strip(" ()").split(".")[0] for part in line.split(",")}
    return bound


def _passed(call: str) -> tuple[str, ...]:
    """Names that a released check cell passes to its check."""
    calls = [node for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Call)]
    return tuple(arg.id for arg in calls[0].args if isinstance(arg, ast.Name)) if calls else ()


def _answer_id(task: str) -> str:
    return f"{task}-{ANSWER}" if task else ""


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
