"""Write files so that a reader never sees half of one, under names that stay in their folder."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_UNSAFE = re.compile(r"[^\w.@+ -]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step; line ends are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode("utf-8", "replace"))
    os.replace(beside, path)


def write_json(path: Path, data: Any) -> None:
    """Replace a JSON file."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def file_name(name: str) -> str:
    """A learner's name as a file name: no separators, no leading dot; a changed one is kept apart by a digest."""
    safe = _UNSAFE.sub("_", name).lstrip(".")[:80]
    return safe if safe == name != "" else f"{safe}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """CSV as learning management systems read it: CRLF, and no cell that is a formula to a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _guarded(cell: Any) -> str:
    if isinstance(cell, int | float):
        return f"{cell:g}"
    text = str(cell)
    return f"'{text}" if len(text) > 1 and text.lstrip(" ").startswith(_FORMULA) else text
