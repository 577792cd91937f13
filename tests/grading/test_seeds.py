"""The key, the seeds and signatures that come from it, and the record that is signed."""

import stat

import pytest

from course_lib.grading.book.journal import FILE, Journal, JournalError
from course_lib.grading.book.record import Record
from course_lib.grading.judging.seeds import KeyFileError, is_ours, load_key, seed, signed

KEY, OTHER = b"k" * 32, b"o" * 32


def test_seeds_differ_by_everything_they_are_made_of_and_are_the_same_each_time():
    made = {seed(*which) for which in [
        (KEY, "ada", "lab", "judge"), (OTHER, "ada", "lab", "judge"), (KEY, "bob", "lab", "judge"),
        (KEY, "ada", "lesson", "judge"), (KEY, "ada", "lab", "notebook"), (KEY, "ada\0lab", "", "judge"),
        (KEY, "ada", "lab", "judge", "one answer"), (KEY, "ada", "lab", "judge", "another"),
    ]}  # fmt: skip
    assert len(made) == 8 and all(0 <= value < 2**31 for value in made)
    assert seed(KEY, "ada", "lab", "judge") == seed(KEY, "ada", "lab", "judge")


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "key"
    assert load_key(path) == load_key(path) and len(load_key(path)) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("c0ffee")
    with pytest.raises(KeyFileError, match="not a course key"):
        load_key(path)


def test_a_signature_covers_every_entry_and_one_key():
    record = signed(KEY, {"points": 3, "tasks": {"a": [1.5]}})
    assert is_ours(KEY, record) and not is_ours(OTHER, record)
    assert not is_ours(KEY, record | {"points": 30}) and not is_ours(KEY, record | {"more": 1})
    assert not is_ours(KEY, {"points": 3})


def test_the_record_keeps_whole_signed_lines_and_drops_the_rest(tmp_path):
    with Journal(tmp_path, KEY) as journal:
        journal.append(Record(key="a", seconds=1))
        journal.append(Record(key="b", seconds=2))
        with pytest.raises(JournalError, match="another grader"):
            Journal(tmp_path, KEY)
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'not json\n[1]\n{"key":"c","n":3}\n{"key":"torn')
    with Journal(tmp_path, KEY) as journal:
        assert {k: r.seconds for k, r in journal.records.items()} == {"a": 1, "b": 2} and journal.doubted == 4
        journal.append(Record(key="d"))
    with Journal(tmp_path, KEY) as journal:
        assert sorted(journal.records) == ["a", "b", "d"]
    with Journal(tmp_path, OTHER) as journal:
        assert journal.records == {}
