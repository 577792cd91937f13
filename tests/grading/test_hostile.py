"""Hostile submissions, each a real notebook, with good ones among them, graded in one batch."""

from __future__ import annotations

import hashlib
import json
import os
import site
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from grading import hostile_class, kit

import course_lib
from course_lib.grading.command import Options, grade
from course_lib.grading.sandbox.box import uid_range

pytestmark = [pytest.mark.slow, pytest.mark.walls, pytest.mark.usefixtures("isolation_level")]
MARK = "course-attack"
#: Short, so that the endless ones end soon; what is not endless takes a tenth of it at most.
LIMITS = replace(kit.LIMITS, cells_s=2.5, call_s=1.5, total_s=7.0, cpu_s=7)


def test_none_earns_a_point_it_did_not_deserve_and_none_harms_the_next(tmp_path, isolation_level):
    course = kit.course(tmp_path / "course")
    hostile = hostile_class.everybody()
    good = hostile_class.write(tmp_path / "submissions", hostile)
    before = _state_of_the_host(tmp_path)

    batch = grade(tmp_path / "submissions", tmp_path / "out", course, Options(limits=LIMITS, live_every=0))

    assert len(hostile) >= 40 and batch.level == isolation_level and batch.exit_code == 0, batch.not_graded
    points = kit.points(tmp_path / "out")
    undeserved = [
        (one.name, task, points[f"{n:03d}-{one.name}"][task])
        for n, one in enumerate(hostile)
        for task in kit.POINTS
        if not one.deserves(task, points[f"{n:03d}-{one.name}"][task])
    ]
    assert undeserved == []
    assert [name for name in good if points[name] != kit.POINTS] == []
    assert len(good) >= 25 and len(points) == len(good) + len(hostile)
    assert max(batch.seconds) < 2 * LIMITS.total_s
    assert _state_of_the_host(tmp_path) == before
    assert _processes_left_behind() == set()
    _pages_are_inert(tmp_path / "out")


def _state_of_the_host(tmp_path: Path) -> dict[str, object]:
    """What an attack could have changed: the grader, the packages, the released course, and anything with its mark."""
    grader = Path(course_lib.__file__).parent / "grading"
    site_packages = [Path(folder) for folder in site.getsitepackages()]
    marked = [tempfile.gettempdir(), "/dev/shm", "/var/tmp", str(Path.home()), "/", *map(str, site_packages)]
    return {
        "grader": _digest(grader),
        "released": _digest(tmp_path / "course"),
        "packages": sorted(name for folder in site_packages for name in os.listdir(folder)),
        "marked": sorted(name for folder in marked for name in os.listdir(folder) if MARK in name),
    }


def _digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return hashlib.sha256(b"".join(str(p).encode() + p.read_bytes() for p in files)).hexdigest()


def _processes_left_behind() -> set[str]:
    """Processes of throw-away users that go on; those of another test's batch, graded at the same time, soon end."""
    left = _processes_of_throw_away_users()
    for _ in range(200):
        left &= _processes_of_throw_away_users()
        if not left:
            break
        time.sleep(0.1)
    return left


def _processes_of_throw_away_users() -> set[str]:
    uids, found = uid_range(), set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            uid = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("Uid:"))
        except OSError:
            continue
        if int(uid) in uids:
            found.add(str(status))
    return found


def _pages_are_inert(out: Path) -> None:
    """Nothing a learner wrote is markup, a formula or an odd character in what is handed out."""
    pages = [*(out / "feedback").glob("*.html"), out / "report.html", out / "junit.xml"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text and "<img" not in text and "\x1b" not in text and "\x00" not in text, page.name
    for table in out.glob("*.csv"):
        assert not [
            cell for line in table.read_text().split("\n") for cell in line.split(",") if cell and cell[0] in "=+@"
        ]
    json.loads((out / "gradebook.json").read_text(encoding="utf-8"))
