"""A teacher's own exports from a learning management system, read to be filled in."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from course_lib.grading.book.by_hand import separator

FOLDER = "templates"
Template = list[list[str]]


class TemplateError(ValueError):
    """What is wrong with a template, in one line."""


def read(path: Path, columns: Sequence[str]) -> Template | None:
    """Rows of a template, the columns' names first, each as long as that one; None where there is no template.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Those that tell whose a row is; one must be there.

    Raises
    ------
    TemplateError
        Naming the file and the mend.
    """
    if not path.exists():
        return None
    try:
        whole = path.read_bytes().decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(whole, newline=""), delimiter=separator(whole)) if row]
    except UnicodeDecodeError:
        raise TemplateError(f"{path}: not UTF-8 text; save it as 'CSV UTF-8' and run again") from None
    except csv.Error as error:
        raise TemplateError(f"{path}: not CSV ({error}); export it anew and run again") from None
    if not rows:
        return None
    head = [name.strip() for name in rows[0]]
    if not set(columns) & set(head):
        told = ", ".join(columns)
        raise TemplateError(f"{path}: none of the columns {told}; export it anew, in English")
    return [head, *((row + [""] * len(head))[: len(head)] for row in rows[1:])]
