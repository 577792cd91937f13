"""The record of a class: what is not believed, and a disk that is full."""

from __future__ import annotations

import errno
import os

import pytest

from course_lib.grading.book import journal
from course_lib.grading.book.journal import FILE, Journal, JournalError
from course_lib.grading.book.record import Record

KEY = bytes(32)


def test_lines_that_nest_are_not_believed_and_cost_no_other(tmp_path):
    with Journal(tmp_path, KEY) as record:
        record.append(Record(key="a"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b"[" * 50_000 + b"]" * 50_000 + b'\n{"key": ' + b"[" * 900 + b"]" * 900 + b"}\n")
    with Journal(tmp_path, KEY) as record:
        assert set(record.records) == {"a"} and record.doubted == 2


@pytest.mark.parametrize("short", [False, True])
def test_a_full_disk_leaves_whole_lines_and_one_plain_word(tmp_path, monkeypatch, short):
    with Journal(tmp_path, KEY) as record:
        record.append(Record(key="a"))
        before = (tmp_path / FILE).read_bytes()
        write = os.write

        def full(fd, data):
            if not short:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(fd, data[:20])

        monkeypatch.setattr(journal.os, "write", full)
        with pytest.raises(JournalError, match="make room and run again; what it holds is kept"):
            record.append(Record(key="b"))
        monkeypatch.undo()
        assert (tmp_path / FILE).read_bytes() == before
        record.append(Record(key="c"))
    with Journal(tmp_path, KEY) as record:
        assert set(record.records) == {"a", "c"} and record.doubted == 0
