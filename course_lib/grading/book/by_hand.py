"""Read what the instructor writes by hand or saves from a spreadsheet: a mistake in it is one line, naming the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path


def text(path: Path, error: type[ValueError], save_as: str = "UTF-8") -> str:
    """The text of a file, without a byte order mark.

    Parameters
    ----------
    path : Path
    error : type of ValueError
        What to raise where it is not UTF-8.
    save_as : str
        What the program that wrote it calls the right encoding.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeError:
        raise error(f"{path} is not UTF-8: save it as {save_as}") from None


def rows(path: Path, error: type[ValueError]) -> tuple[tuple[str, ...], Iterator[tuple[int, dict[str, str]]]]:
    """The columns of a CSV file, and its rows with the line where each ends; cells left out are empty.

    Parameters
    ----------
    path : Path
    error : type of ValueError
        What to raise, naming the line, for text that is not CSV or a row with more cells than columns.
    """
    whole = text(path, error, "CSV UTF-8")
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=separator(whole))
    lines = _lines(path, reader, error)
    _, columns = next(lines, (1, []))
    return tuple(columns), _rows(path, columns, lines, error)


def separator(whole: str) -> str:
    """What separates the cells: a comma, or what a spreadsheet puts in its place where a comma is a decimal sign."""
    head = whole.lstrip().partition("\n")[0]
    return max(",;\t", key=lambda sign: (head.count(sign), sign == ","))


def _lines(path: Path, reader: Iterator[list[str]], error: type[ValueError]) -> Iterator[tuple[int, list[str]]]:
    try:
        for cells in reader:
            yield reader.line_num, cells  # type: ignore[attr-defined]
    except csv.Error as told:
        raise error(f"{path}, line {reader.line_num}: not CSV: {told}") from None  # type: ignore[attr-defined]


def _rows(
    path: Path, columns: list[str], lines: Iterator[tuple[int, list[str]]], error: type[ValueError]
) -> Iterator[tuple[int, dict[str, str]]]:
    for number, cells in lines:
        if any(cells[len(columns) :]):
            # Most often a comma inside an unquoted cell: every cell after it would land in the wrong column.
            raise error(f"{path}, line {number}: {len(cells)} cells, {len(columns)} columns; quote what holds commas")
        if any(cells):
            yield number, dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
