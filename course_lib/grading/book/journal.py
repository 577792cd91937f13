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

from course_lib.grading.book.record import Record
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
    records : dict of str to Record
        The latest believed record by its ``key``.
    doubted : int
        Lines that are torn, whose signature is not ours, or that are no record.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._key, self._path = key, folder / FILE
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._lock()
        self.records: dict[str, Record] = {}
        self.doubted = 0
        self._read()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def append(self, record: Record) -> Record:
        """Sign, write and sync one record, and return it with its signature."""
        whole = signed(self._key, record.plain())
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
        kept = record.but(signature=whole["signature"])
        self.records[record.key] = kept
        return kept

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise JournalError(f"another grader is writing to {self._path.parent}; wait for it to end") from None

    def _read(self) -> None:
        for line in self._lines():
            try:
                found = json.loads(line)
                # The line itself is signed, whatever a later release makes of it.
                record = Record.model_validate(found) if is_ours(self._key, found) else None
            except (ValueError, TypeError, AttributeError, RecursionError):
                record = None
            if record is None or not record.key:
                self.doubted += 1
            else:
                self.records[record.key] = record

    def _lines(self) -> Iterator[bytes]:
        data = self._path.read_bytes()
        whole, newline, torn = data.rpartition(b"\n")
        if torn:
            # A line cut short by a kill would swallow the next one: it ends here.
            os.ftruncate(self._fd, len(whole) + len(newline))
            self.doubted += 1
        yield from (line for line in whole.split(b"\n") if line)
