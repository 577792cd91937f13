"""Broken files in a class: each gets its zero and a plain reason, and the good one after it its full marks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from grading import kit

from course_lib.grading.command import GradingError, Options, grade

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("isolation_level")]
FULL, NOTHING = dict(kit.POINTS), dict.fromkeys(kit.POINTS, 0)


def text(content: str | bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def edited(edit: Callable[[dict], None]) -> Callable[[Path], None]:
    """A good notebook as plain JSON, changed in one way."""
    notebook = json.loads(json.dumps(kit.submission({})))
    edit(notebook)
    return text(json.dumps(notebook))


def cell(notebook: dict, id_: str) -> dict:
    return next(c for c in notebook["cells"] if c["id"] == id_)


def answered(**answers: str) -> Callable[[Path], None]:
    return text(json.dumps(kit.submission(answers)))


def linked(path: Path) -> None:
    good = path.parent.parent.parent / "good.ipynb"
    good.write_text(json.dumps(kit.submission({})))
    path.symlink_to(good)


GOOD = json.dumps(kit.submission({}))
#: name: (how the file is made, what it earns, words of the reason)
FAULTS: dict[str, tuple[Callable[[Path], object], dict, str]] = {
    "empty": (text(""), NOTHING, "is empty"),
    "cut-short": (text(GOOD[: len(GOOD) // 2]), NOTHING, "not JSON"),
    "binary": (text(bytes(range(256)) * 10), NOTHING, "not JSON"),
    "utf-16": (text(GOOD.encode("utf-16")), FULL, ""),
    "windows-1252": (text((GOOD[:-1] + ', "x": "caf\u00e9"}').encode("cp1252")), FULL, ""),
    "with-byte-order-mark": (text(b"\xef\xbb\xbf" + GOOD.encode()), FULL, ""),
    "a-folder": (Path.mkdir, NOTHING, "is a folder"),
    "a-link": (linked, NOTHING, "a link"),
    "a-dangling-link": (lambda path: path.symlink_to("/nowhere"), NOTHING, "a link"),
    "a-pipe": (os.mkfifo, NOTHING, "not a regular file"),
    "too-large": (text(GOOD[:-1] + ' , "x": "' + "x" * 4_100_000 + '"}'), FULL, ""),
    "too-large-for-anything": (text(GOOD[:-1] + ' , "x": "' + "x" * 20_000_000 + '"}'), NOTHING, "larger than 20 MB"),
    "cells-too-large": (
        edited(lambda n: n["cells"].append({"cell_type": "markdown", "source": "x" * 4_000_000})),
        NOTHING,
        "more than 4 MB of code and text",
    ),
    "millions-of-parts": (text('{"cells": [' + "0," * 2_000_000 + "0]}"), NOTHING, "more parts or levels"),
    "deep": (text('{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}"), NOTHING, "more parts or levels"),
    "unended-string": (text('{"cells": "' + '\\"' * 1_000_000), NOTHING, "not JSON"),
    "key-twice": (text(GOOD[:-1] + ', "cells": []}'), NOTHING, "a key occurs twice"),
    "not-a-number": (text(GOOD[:-1] + ', "x": NaN}'), FULL, ""),
    "a-huge-number": (text(GOOD[:-1] + ', "x": ' + "9" * 5_000 + "}"), NOTHING, "not JSON"),
    "a-list": (text("[1, 2]"), NOTHING, "not a notebook"),
    "cells-are-text": (text('{"cells": "all right"}'), NOTHING, "no list of cells"),
    "many-cells": (edited(lambda n: n["cells"].extend(n["cells"][:1] * 500)), NOTHING, "at most 500"),
    "old-format": (text('{"nbformat": 3, "worksheets": [{"cells": []}]}'), NOTHING, "none of its cells"),
    "without-ids": (edited(lambda n: [c.pop("id") for c in n["cells"]]), FULL, ""),
    "another-notebook": (
        edited(lambda n: [c.update(id=c["id"] + "-x", metadata={}, source="1") for c in n["cells"]]),
        NOTHING,
        "none of its cells",
    ),
    "cell-missing": (edited(lambda n: n["cells"].remove(cell(n, "running-answer"))), FULL | {"running": 0}, "no cell"),
    "cell-twice": (
        edited(lambda n: n["cells"].append(cell(n, "running-answer") | {"source": "def running_max(x): return x"})),
        FULL | {"running": 0},
        "delete all but one",
    ),
    "cell-is-prose": (
        edited(lambda n: cell(n, "double-answer").update(cell_type="markdown")),
        FULL | {"double": 0},
        "no longer code",
    ),
    "source-is-a-number": (
        edited(lambda n: cell(n, "double-answer").update(source=7)),
        FULL | {"double": 0},
        "not text",
    ),
    "source-too-long": (answered(double="#" * 60_000), FULL | {"double": 0}, "at most 50000"),
    "source-with-zero-byte": (answered(double="x\0"), FULL | {"double": 0}, "not text"),
    "source-with-half-a-character": (answered(double="'\ud800'"), FULL | {"double": 0}, "not text"),
    "source-as-lines": (
        edited(lambda n: cell(n, "double-answer").update(source=["def double(x):\r\n", "    return 2 * x"])),
        FULL,
        "",
    ),
    "cells-that-are-no-objects": (edited(lambda n: n["cells"].extend([None, 3, "x", {"id": 5}])), FULL, ""),
    "syntax-error": (
        answered(double="def double(x) return 2"),
        FULL | {"double": 0},
        "SyntaxError: expected ':' (line 1)",
    ),
    "name-error": (
        answered(double="def double(x):\n    return twice(x)"),
        FULL | {"double": 0},
        "NameError: name 'twice'",
    ),
    "still-blank": (answered(**kit.BLANK), NOTHING, "as released"),
    "emptied": (answered(double="", running="  \n"), FULL | {"double": 0, "running": 0}, "as released"),
    "comment-only": (answered(double="# to do"), FULL | {"double": 0}, "not defined"),
    "kernel-unknown": (edited(lambda n: n["metadata"].update(kernelspec={"name": "cobol"})), FULL, ""),
    "no-metadata": (edited(lambda n: n.pop("metadata")), FULL, ""),
}
ODD_NAMES = ("=cmd|'C calc'!A0", "Zoë 🐙 O'Neil", "n" * 200, "..hidden", "a,b;c", "<b>bold", "-1", "(reference)")


def test_broken_files_cost_themselves_alone(tmp_path):
    course = kit.course(tmp_path / "course")
    folder = tmp_path / "submissions"
    for n, (name, (make, _, _)) in enumerate(FAULTS.items()):
        path = folder / f"{n:02d}-{name}" / "01_kit.ipynb"
        path.parent.mkdir(parents=True)
        make(path)
        kit.save(folder / f"{n:02d}-then-a-good-one" / "01_kit.ipynb", kit.submission({}))
    for name in ODD_NAMES:
        kit.save(folder / name / "01_kit.ipynb", kit.submission({}))
    (folder / "linked-folder").symlink_to(folder / "00-then-a-good-one")

    batch = grade(folder, tmp_path / "out", course, Options(limits=kit.LIMITS, live_every=0))

    assert batch.exit_code == 0 and len(FAULTS) >= 20, batch.not_graded
    book = json.loads((tmp_path / "out" / "gradebook.json").read_text(encoding="utf-8"))
    marks = {mark["learner"]: mark for mark in book["marks"]}
    earned = {name: {t["task"]: t["points"] for t in mark["tasks"]} for name, mark in marks.items()}
    wrong = {
        name: (earned[f"{n:02d}-{name}"], _reasons(marks[f"{n:02d}-{name}"]))
        for n, (name, (_, points, reason)) in enumerate(FAULTS.items())
        if earned[f"{n:02d}-{name}"] != points or reason not in _reasons(marks[f"{n:02d}-{name}"])
    }
    assert wrong == {}
    assert [name for name in earned if name.endswith("good-one") and earned[name] != FULL] == []
    assert [name for name in ODD_NAMES[:3] + ODD_NAMES[4:] if earned[name] != FULL] == []
    assert {entry["learner"]: entry["reason"] for entry in book["unread"]}["linked-folder"].startswith(
        "the file is a link"
    )
    assert all(
        path.parent == tmp_path / "out" / "feedback"
        for path in (tmp_path / "out").rglob("*.html")
        if path.name != "report.html"
    )


def test_what_is_odd_about_names_and_attempts_costs_nobody(tmp_path):
    course, folder, out = kit.course(tmp_path / "course"), tmp_path / "submissions", tmp_path / "out"
    kit.save(folder / "ada" / "1" / "01_kit.ipynb", kit.submission({}))
    kit.save(folder / "ada" / "2" / "01_kit.ipynb", GOOD[:500])
    kit.save(folder / "bob" / "LAB.IPYNB", kit.submission({}))
    # Local ten o'clock in summer is before half past eight of Greenwich.
    for name, stamp, answers in (("1", "2026-03-29T10:00+02:00", kit.BLANK), ("2", "2026-03-29T08:30+00:00", {})):
        kit.save(folder / "cyd" / name / "lab.ipynb", kit.submission(answers))
        kit.save(folder / "cyd" / name / "timestamp.txt", stamp)
    twins = (b"Zo\xeb", b"Zo\xe9") if sys.platform == "linux" else (b"n\nb", b"n?b")
    for name in twins:
        kit.save(folder / os.fsdecode(name) / "lab.ipynb", kit.submission({}))
    kit.save(out / "policy.yaml", "attempt: last")

    batch = grade(folder, out, course, Options(limits=kit.LIMITS, live_every=0))

    earned = kit.points(out)
    assert batch.exit_code == 0 and len(earned) == 5
    assert [name for name in earned if earned[name] != FULL] == []
    assert len(list((out / "feedback").glob("*.html"))) == 5
    book = json.loads((out / "gradebook.json").read_text(encoding="utf-8"))
    assert [entry["file"] for entry in book["unread"]] == ["ada/2/01_kit.ipynb"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("roster.csv", "learner,name\nbob,Zo\xeb\n"),
        ("manual.csv", "learner,lab,task,points,comment\nbob,01_kit/lab,double,3,Zo\xeb\n"),
        ("policy.yaml", "extensions: {Zo\xeb: {}}"),
        ("policy.yaml", "late: {grace_minutes: .inf}"),
        ("policy.yaml", "labs: {01_kit/lab: {due: 2026-02-30}}"),
    ],
)
def test_a_mistake_in_the_instructors_files_is_one_line_before_anything_is_graded(tmp_path, file, content):
    kit.save(tmp_path / "submissions" / "bob" / "lab.ipynb", kit.submission({}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / file).write_bytes(content.encode("latin-1"))
    with pytest.raises(GradingError, match=rf"out/{file}") as told:
        grade(tmp_path / "submissions", tmp_path / "out", kit.course(tmp_path / "course"), Options(limits=kit.LIMITS))
    assert "\n" not in str(told.value) and not (tmp_path / "out" / "verdicts.jsonl").exists()


def _reasons(mark: dict) -> str:
    return " ".join(line for task in mark["tasks"] if task["state"] != "right" for line in task["message"])
