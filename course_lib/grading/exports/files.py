"""Write files so that a reader never sees half of one, under names that stay in their folder."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_UNSAFE = re.compile(r"[^\w.@+ -]")
#: What begins a formula in some spreadsheet, full-width forms among them: some programs narrow them as they read.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", *"\uff1d\uff0b\uff0d\uff20")
#: The same within a cell, after what ends one where commas do not: quotes hold only in a line's first cell there.
_LATER_FORMULA = re.compile("([;\t\r\n]\\s*)(?=[=+@|%\uff1d\uff0b\uff0d\uff20-])")
#: File systems count bytes, 255 to a name; this leaves room for a digest, a suffix and what `write_text` adds.
_NAME_BYTES = 120
#: Windows opens a device for these, whatever follows the first dot.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


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
    """A learner's name as a file name: no separators, no leading dot, not too long; changed ones are told apart."""
    whole = _UNSAFE.sub("_", name).lstrip(".")
    safe = whole.encode("utf-8")[:_NAME_BYTES].decode("utf-8", "ignore")
    plain = safe == name != "" and name.split(".")[0].casefold() not in _DEVICES
    return safe if plain else f"{safe}-{_digest(name)}"


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A file name for each name, different ones even where capitals or accents' forms do not count."""
    found = {name: file_name(name) for name in names}
    times = Counter(map(_alike, found.values()))
    return {name: safe if times[_alike(safe)] == 1 else f"{safe}-{_digest(name)}" for name, safe in found.items()}


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def _digest(name: str) -> str:
    # Undecodable bytes of a folder's name are lone surrogates here, each a different one.
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """CSV as learning management systems read it: CRLF, text in quotes, and no cell that is a formula."""
    buffer = io.StringIO()
    # A program that separates by semicolons would cut a text without quotes in two.
    writer = csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _guarded(cell: Any) -> str | float:
    if isinstance(cell, int | float):
        plain = float(f"{cell:.10g}")
        return int(plain) if plain.is_integer() else plain
    text = _LATER_FORMULA.sub(r"\1'", str(cell))
    risky = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if risky and len(text) > 1 else text
