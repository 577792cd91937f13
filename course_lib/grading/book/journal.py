"""The record of a class: one signed JSON line per verdict, appended and synced, never changed.

A grader killed at any moment leaves whole lines and perhaps one torn one, which is dropped on the next start. Marks,
pages and exports are all computed from here.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib.grading.judging.seeds import is_ours, signed

FILE = "verdicts.jsonl"


class JournalError(RuntimeError):
    """Why the record cannot be used, in one line."""


class Journal:
    """Append-only verdicts of one gradebook folder; one grader at a time.

    Parameters
    ----------
    folder : Path
    key : bytes
        Signs new lines; lines signed otherwise are not believed.

    Attributes
    ----------
    records : dict of str to dict
        The latest believed record by its ``key``.
    doubted : int
        Lines that are torn or whose signature is not ours.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._key, self._path = key, folder / FILE
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._lock()
        self.records: dict[str, dict[str, Any]] = {}
        self.doubted = 0
        self._read()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        """Sign, write and sync one record; it must have a ``key``."""
        whole = signed(self._key, record)
        line = json.dumps(whole, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        end = os.fstat(self._fd).st_size
        try:
            written = os.write(self._fd, line)
            os.fsync(self._fd)
        except OSError as error:
            written, why = 0, error.strerror
        else:
            why = "the disk is full"
        if written < len(line):
            os.ftruncate(self._fd, end)  # half a line is no verdict
            told = f"{self._path} cannot be written ({why}): make room and run again; what it holds is kept"
            raise JournalError(told)
        self.records[whole["key"]] = whole
        return whole

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise JournalError(f"another grader is writing to {self._path.parent}; wait for it to end") from None

    def _read(self) -> None:
        for line in self._lines():
            try:
                record = json.loads(line)
                believed = is_ours(self._key, record)
                key = str(record["key"])
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                believed = False
            if believed:
                self.records[key] = record
            else:
                self.doubted += 1

    def _lines(self) -> Iterator[bytes]:
        data = self._path.read_bytes()
        whole, newline, torn = data.rpartition(b"\n")
        if torn:
            # A line cut short by a kill would swallow the next one: it ends here.
            os.ftruncate(self._fd, len(whole) + len(newline))
            self.doubted += 1
        yield from (line for line in whole.split(b"\n") if line)
