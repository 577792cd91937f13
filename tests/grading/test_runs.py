"""Whole runs: killed and resumed, repeated, regraded, on a Dask cluster, without a wall, with broken surroundings."""

from __future__ import annotations

import collections
import contextlib
import csv
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from grading import kit

from course_lib.grading import command, schedulers, worker
from course_lib.grading.book.journal import FILE, Journal, JournalError
from course_lib.grading.book.record import Record
from course_lib.grading.command import GradingError, Options, grade, latest, summary
from course_lib.grading.intake.pristine import labs
from course_lib.grading.judging.jobs import Job
from course_lib.grading.judging.seeds import load_key
from course_lib.grading.sandbox.isolation import LAYERS, Limits

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("isolation_level")]
QUICK = Options(limits=kit.LIMITS, live_every=0)
WRONG = {"double": "def double(x):\n    return 3 * x"}
TESTS = Path(__file__).resolve().parents[1]


def class_of(folder: Path, count: int) -> None:
    """Learners of whom every third is wrong at `double`."""
    for n in range(count):
        kit.save(folder / f"learner-{n:03d}" / "01_kit.ipynb", kit.submission({} if n % 3 else WRONG))


@pytest.fixture
def small(tmp_path):
    """A course and three learners."""
    class_of(tmp_path / "submissions", 3)
    return kit.course(tmp_path / "course"), tmp_path / "submissions", tmp_path / "out"


def outputs(out: Path) -> dict[str, bytes]:
    """Everything handed out, by name; the record and the key apart."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name not in (FILE, ".course-key")]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def verdict_lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / FILE).read_text().splitlines()]


@pytest.mark.walls
def test_killed_with_signal_nine_and_resumed_nothing_is_lost_or_graded_twice(tmp_path):
    course, folder, out = kit.course(tmp_path / "course"), tmp_path / "submissions", tmp_path / "out"
    class_of(folder, 24)
    script = tmp_path / "run.py"
    script.write_text(
        f"import sys; sys.path[:0] = {[str(TESTS.parent), str(TESTS)]!r}\n"
        "from pathlib import Path\nfrom grading import kit\nfrom course_lib.grading.command import Options, grade\n"
        "if __name__ == '__main__':\n"
        f"    grade(Path({str(folder)!r}), Path({str(out)!r}), kit.course(Path({str(tmp_path / 'course')!r})),"
        " Options(limits=kit.LIMITS, live_every=0))\n"
    )
    process = subprocess.Popen([sys.executable, str(script)])
    while not (out / FILE).exists() or (out / FILE).read_bytes().count(b"\n") < 6:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with (out / FILE).open("ab") as file:
        file.write(b'{"key": "torn')  # as a kill in the middle of a write leaves it
    before = [line["key"] for line in verdict_lines_so_far(out)]

    batch = grade(folder, out, course, QUICK)

    keys = [line["key"] for line in verdict_lines(out)]
    assert keys[: len(before)] == before and len(keys) == len(set(keys)) == 24
    assert batch.kept == len(before) and batch.graded == 24 - batch.kept
    assert {name: earned["double"] for name, earned in kit.points(out).items()} == {
        f"learner-{n:03d}": 10 if n % 3 else 0 for n in range(24)
    }
    assert "1 recorded lines were torn" in " ".join(summary(batch, out))
    assert eventually_no_process_mentions(str(tmp_path))


def verdict_lines_so_far(out: Path) -> list[dict]:
    whole, _, _ = (out / FILE).read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def eventually_no_process_mentions(words: str) -> bool:
    """Whether, within seconds, no other process has these words on its command line."""
    for _ in range(300):
        others = (path for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.name != str(os.getpid()))
        if not any(words.encode() in line_of(path) for path in others):
            return True
        time.sleep(0.1)
    return False


def line_of(path: Path) -> bytes:
    """The command line of a process, which may end meanwhile."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return path.read_bytes()
    return b""


def test_a_repeated_run_grades_nothing_and_writes_the_same(small):
    course, folder, out = small
    grade(folder, out, course, QUICK)
    first, recorded = outputs(out), (out / FILE).read_bytes()
    batch = grade(folder, out, course, QUICK)
    assert (batch.graded, batch.kept) == (0, 3) and outputs(out) == first and (out / FILE).read_bytes() == recorded


def test_two_gradebooks_of_one_class_and_key_agree(small, tmp_path):
    course, folder, out = small
    key = tmp_path / "key"
    grade(folder, out, course, replace(QUICK, key=key))
    grade(folder, tmp_path / "again", course, replace(QUICK, key=key, workers=1))
    ours, theirs = (json.loads((o / "gradebook.json").read_text()) for o in (out, tmp_path / "again"))
    for book in (ours, theirs):
        for mark in book["marks"]:
            mark.pop("signature")  # of a record that holds the seconds it took
    assert ours == theirs


def test_a_changed_submission_is_a_new_attempt_and_the_best_counts(small):
    course, folder, out = small
    grade(folder, out, course, QUICK)
    assert kit.points(out)["learner-000"]["double"] == 0
    kit.save(folder / "learner-000" / "01_kit.ipynb", kit.submission({}))
    batch = grade(folder, out, course, QUICK)
    assert (batch.graded, batch.kept) == (1, 2) and kit.points(out)["learner-000"]["double"] == 10
    kit.save(folder / "learner-000" / "01_kit.ipynb", kit.submission({"running": "def running_max(x):\n    return x"}))
    grade(folder, out, course, QUICK)
    assert kit.points(out)["learner-000"] == {"double": 10, "running": 20, "policy": 30}
    assert len(verdict_lines(out)) == 5


def test_a_lab_released_anew_is_graded_anew(small):
    course, folder, out = small
    grade(folder, out, course, QUICK)
    lab = Path(course.root) / "labs" / "01_kit.ipynb"
    lab.write_text(lab.read_text().replace("# Kit", "# Kit, second edition"))
    labs.cache_clear()
    batch = grade(folder, out, course, QUICK)
    assert (batch.graded, batch.kept) == (3, 0) and len(kit.points(out)) == 3


def test_new_points_are_a_new_release_and_an_old_release_comes_back_with_its_marks(small):
    course, folder, out = small
    manifest = Path(course.root) / "course.toml"
    first = manifest.read_text()
    graded = []
    for text in (first, first.replace("double = 10", "double = 15"), first):
        manifest.write_text(text)
        labs.cache_clear()
        batch = grade(folder, out, course, QUICK)
        graded.append((batch.graded, {line.released for line in shown(out, course)}))
    assert [count for count, _ in graded] == [3, 3, 0]
    assert graded[0][1] == graded[2][1] != graded[1][1] and len(graded[1][1]) == 1


def shown(out: Path, course) -> list[Record]:
    """The records that the gradebook is made of."""
    return latest(
        [Record.model_validate(line) for line in verdict_lines(out)],
        {name: lab.digest for name, lab in labs(course).items()},
    )


def test_a_hand_in_time_that_was_mended_counts_though_the_verdict_is_kept(small):
    course, folder, out = small
    out.mkdir()
    (out / "policy.yaml").write_text(
        f"labs: {{{kit.LAB}: {{due: 2026-03-01T00:00+00:00}}}}\n"
        "late: {percent_per_day: 50, cap_percent: 50, stamps: files}\n"
    )
    seen = []
    for time_ in ("2026-03-09T10:00:00+00:00", "2026-02-09T10:00:00+00:00"):
        (folder / "learner-001" / "timestamp.txt").write_text(time_)
        batch = grade(folder, out, course, QUICK)
        seen.append((batch.graded, marks_of(out, "learner-001")))
    assert seen == [(3, 30.0), (0, 60.0)]


def marks_of(out: Path, learner: str) -> float:
    rows = csv.DictReader((out / "gradebook.csv").read_text(encoding="utf-8").splitlines())
    return next(float(row["total"]) for row in rows if row["learner"] == learner)


@pytest.mark.parametrize("fault", [RecursionError("1,100 folders deep"), OSError("no such device")])
def test_a_look_at_the_submissions_that_fails_costs_no_gradebook(small, monkeypatch, fault):
    course, folder, out = small

    def fail(*_):
        raise fault

    monkeypatch.setattr(command.guesses, "collect", fail)
    monkeypatch.setattr(command.collection, "unread", fail)
    batch = grade(folder, out, course, QUICK)
    assert kit.points(out)["learner-001"] == kit.POINTS
    told = [line for line in batch.notices if line.endswith(f"among the submissions could not be looked at: {fault}")]
    assert len(told) == 2


def test_a_run_that_fails_half_way_writes_the_gradebook_of_what_it_has_decided(small, monkeypatch):
    course, folder, out = small
    append, count = Journal.append, []

    def full(self, record):
        count.append(1)
        if len(count) == 3:
            raise JournalError("verdicts.jsonl cannot be written (No space left on device): make room and run again")
        return append(self, record)

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(GradingError, match="make room and run again"):
        grade(folder, out, course, QUICK)
    assert len(kit.points(out)) == 2
    monkeypatch.undo()
    assert grade(folder, out, course, QUICK).graded == 1 and len(kit.points(out)) == 3


def test_a_file_that_went_away_still_counts_and_is_told(small):
    course, folder, out = small
    grade(folder, out, course, QUICK)
    (folder / "learner-001" / "01_kit.ipynb").unlink()
    batch = grade(folder, out, course, QUICK)
    assert "no longer in the folder, still counted: learner-001: " in " ".join(batch.notices)
    assert kit.points(out)["learner-001"]["double"] == 10


@pytest.fixture
def scratch():
    """A folder with a short name: sockets live in TMPDIR, and their paths may not be long."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.mark.walls
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind_after_an_interruption(tmp_path, scratch, how):
    folder = tmp_path / "submissions"
    for name, answers in (("ada", {}), ("bob", {"double": "def double(x):\n    while True: pass"})):
        kit.save(folder / name / "01_kit.ipynb", kit.submission(answers))
    script = tmp_path / "run.py"
    script.write_text(
        f"import signal, sys; sys.path[:0] = {[str(TESTS.parent), str(TESTS)]!r}\n"
        "from pathlib import Path\nfrom grading import kit\nfrom course_lib.grading.command import Options, grade\n"
        "from course_lib.grading.sandbox.isolation import Limits\nif __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored\n"
        f"    where = Path({str(tmp_path)!r})\n"
        "    grade(where / 'submissions', where / 'out', kit.course(where / 'course'),"
        " Options(limits=Limits(cells_s=300, call_s=300, total_s=900, cpu_s=900), live_every=0))\n"
    )
    environment = os.environ | {"TMPDIR": str(scratch)}
    process = subprocess.Popen([sys.executable, str(script)], env=environment, stderr=subprocess.DEVNULL)
    for _ in range(1200):
        if (tmp_path / "out" / FILE).exists() and (tmp_path / "out" / FILE).read_bytes():
            break
        assert process.poll() is None, "the run ended before it could be interrupted"
        time.sleep(0.05)
    time.sleep(0.5)  # the first has been judged, the endless answer is at work
    process.send_signal(how)
    try:
        process.wait(60)
    finally:
        process.kill()
    assert eventually_no_process_mentions(str(tmp_path))
    assert list(scratch.glob("course-*")) == []


def test_marks_set_by_hand_stay(small):
    course, folder, out = small
    grade(folder, out, course, QUICK)
    (out / "manual.csv").write_text(
        f"learner,lab,task,points,comment\nlearner-000,{kit.LAB},double,7,a slip of the pen\n", encoding="utf-8"
    )
    grade(folder, out, course, QUICK)
    kit.save(folder / "learner-009" / "01_kit.ipynb", kit.submission({}))
    grade(folder, out, course, QUICK)
    assert kit.points(out)["learner-000"]["double"] == 7
    assert "a slip of the pen" in (out / "feedback" / "learner-000.html").read_text()


UNCOUNTED = """
import os
def double(x):
    try:
        os.close(os.memfd_create("course-attack"))
    except PermissionError:
        return 2 * x
    return 3 * x
"""


@pytest.mark.walls
def test_nbval_agrees_live_and_recorded(small, isolation_level):
    course, folder, out = small
    # What nbval reads in a learner's comments is no order.
    skipped = {task: f"# NBVAL_SKIP\n# NBVAL_RAISES_EXCEPTION\n{source}" for task, source in kit.RIGHT.items()}
    kit.save(folder / "learner-001" / "01_kit.ipynb", kit.submission(skipped))
    # Memory that no limit counts is refused to a real kernel, too.
    kit.save(folder / "learner-002" / "01_kit.ipynb", kit.submission({"double": UNCOUNTED}))
    batch = grade(folder, out, course, replace(QUICK, limits=Limits(), live_every=1))
    assert batch.disagreements == [] and batch.exit_code == 0
    live = () if any("nbval (live) was left out" in notice for notice in batch.notices) else ("live",)
    assert live or isolation_level != "full"
    for line in verdict_lines(out):
        right = {t: told["state"] == "right" for t, told in line["tasks"].items()}
        for kind in ("recorded", *live):
            assert {t: s == "passed" for t, s in line["nbval"][kind].items()} == right


def test_a_disagreement_is_reported_and_the_verdict_counts(small):
    course, folder, out = small
    # Right wherever it is judged, but what it prints shows in the notebook's check cell at import time only there.
    chatty = (
        "def double(x):\n    if 'seed' in globals() and 'checks' in globals():\n        return 3 * x\n    return 2 * x"
    )
    kit.save(folder / "learner-000" / "01_kit.ipynb", kit.submission({"double": chatty}))
    batch = grade(folder, out, course, QUICK)
    assert kit.points(out)["learner-000"]["double"] == 10
    assert [line for line in batch.disagreements if line.startswith("learner-000, 01_kit/lab: double: verdict right")]


@pytest.mark.walls
def test_without_a_wall_the_level_is_strong_and_said(small):
    course, folder, out = small
    batch = grade(folder, out, course, replace(QUICK, wall=False))
    assert batch.level == "strong" and "not enforced: namespaces" in " ".join(summary(batch, out))
    assert kit.points(out)["learner-001"] == kit.POINTS
    assert {line["isolation"]["level"] for line in verdict_lines(out)} == {"strong"}


@pytest.mark.walls
def test_weak_isolation_is_refused_unless_told_otherwise(small, monkeypatch):
    course, folder, out = small
    monkeypatch.setattr(worker, "level_of", lambda layers: "basic")  # whatever holds here
    with pytest.raises(worker.WeakIsolationError, match=r"isolation here is only .*--unsafe"):
        worker.Bench(worker.Setup(course, kit.LIMITS))
    worker.Bench(worker.Setup(course, kit.LIMITS, least_level="none")).close()
    monkeypatch.setattr(schedulers, "work", _refuse)
    with pytest.raises(GradingError, match="only 'basic'"):
        grade(folder, out, course, QUICK)


def _refuse(setup: worker.Setup, job: Job) -> dict:
    raise worker.WeakIsolationError("isolation here is only 'basic'")


def test_a_reference_that_is_not_right_stops_the_batch(small):
    course, folder, out = small
    kit.save(Path(course.root) / "solutions" / "01_kit.ipynb", kit.notebook([kit.answer("double", WRONG["double"])]))
    for _ in range(2):  # and every time, not only the first
        with pytest.raises(GradingError, match="the reference solution of 01_kit/lab is not right here"):
            grade(folder, out, course, QUICK)
    assert not (out / "gradebook.csv").exists()


def test_a_forged_record_is_not_believed(small):
    course, folder, out = small
    grade(folder, out, course, QUICK)
    lines = (out / FILE).read_text().replace('"state":"wrong","points":0.0', '"state":"right","points":10.0')
    (out / FILE).write_text(lines)
    batch = grade(folder, out, course, QUICK)
    assert batch.graded == 1 and kit.points(out)["learner-000"]["double"] == 0
    assert "not believed" in " ".join(batch.notices)


def test_only_one_grader_writes_at_a_time(small, tmp_path):
    course, folder, out = small
    with Journal(out, load_key(tmp_path / "key")), pytest.raises(GradingError, match="another grader is writing"):
        grade(folder, out, course, QUICK)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("policy.yaml", "atempt: last", "policy.yaml: atempt"),
        ("policy.yaml", "late: [", "is not YAML"),
        ("policy.yaml", "labs: {01_kit/lab: {due: tomorrow}}", "due"),
        ("manual.csv", "learner,points\na,1\n", "first line must be"),
        ("manual.csv", "learner,lab,task,points,comment\na,b,c,lots,\n", "line 2: points 'lots'"),
        ("roster.csv", "name,shoe size\n", "columns must be"),
        (".course-key", "secret", "is not a course key"),
    ],
)
def test_a_mistake_in_a_setting_is_one_clear_line(small, name, content, words):
    course, folder, out = small
    out.mkdir()
    (out / name).write_text(content)
    with pytest.raises(GradingError) as raised:
        grade(folder, out, course, QUICK)
    assert words in str(raised.value) and "\n" not in str(raised.value)


def test_no_folder_of_submissions_is_one_clear_line(small):
    course, folder, out = small
    with pytest.raises(GradingError, match="is not a folder of submissions"):
        grade(folder / "nowhere", out, course, QUICK)


@pytest.mark.walls
def test_a_worker_that_dies_costs_nothing(small):
    course, _, _ = small
    lab = labs(course)[kit.LAB]
    sources = {lab.answer_cells[task]: source for task, source in kit.RIGHT.items()}
    jobs = [Job(f"learner-{n}", kit.LAB, sources, n, n) for n in range(6)]
    with schedulers.Cores(2) as cores:
        results = cores.run(worker.Setup(course, kit.LIMITS, compare=False), jobs)
        done = [next(results)]
        for process in list(cores._pool._processes.values()):
            process.kill()
        done += list(results)
    assert sorted(job.learner for job, _ in done) == sorted(job.learner for job in jobs)
    assert all(result["tasks"]["policy"].state == "right" for _, result in done)


@pytest.mark.walls
def test_a_job_that_kills_every_worker_is_given_up_and_the_rest_are_graded(small, monkeypatch):
    course, _, _ = small
    jobs = [Job(name, kit.LAB, {}, 0, 0) for name in ("good-1", "deadly", "good-2", "good-3")]
    monkeypatch.setattr(schedulers, "work", _die_if_deadly)
    with schedulers.Cores(2) as cores:
        results = {job.learner: result for job, result in cores.run(worker.Setup(course), jobs)}
    assert isinstance(results.pop("deadly"), Exception) and len(results) == 3
    assert all(result == {"fine": True} for result in results.values())


def _die_if_deadly(setup: worker.Setup, job: Job) -> dict:
    if job.learner == "deadly":
        os._exit(1)
    return {"fine": True}


@pytest.mark.walls
def test_a_job_that_holds_its_worker_in_c_code_is_given_up_and_the_rest_are_graded(small, monkeypatch):
    course, _, _ = small
    setup = worker.Setup(course, Limits(total_s=0.2), patience_s=0.6)
    jobs = [Job(name, kit.LAB, {}, 0, 0) for name in ("good-1", "stuck", "good-2", "good-3")]
    monkeypatch.setattr(schedulers, "work", _stuck_if_told)
    with schedulers.Cores(2) as cores:
        results = {job.learner: result for job, result in cores.run(setup, jobs)}
    assert str(results.pop("stuck")) == "the grader did not end within 1.2 s"
    assert [result["fine"] for result in results.values()] == [True] * 3


def _stuck_if_told(setup: worker.Setup, job: Job) -> dict:
    """A worker's grading, with a loop in place of the judging that neither a signal nor another thread gets into."""

    def judge(*_):
        if job.learner == "stuck":
            collections.deque(itertools.repeat(None), maxlen=0)
        return SimpleNamespace(layers={}, to_record=lambda lab: {"fine": True})

    bench = object.__new__(worker.Bench)
    bench.setup, bench.labs, bench.layers = setup, {kit.LAB: None}, dict.fromkeys(LAYERS, "held")
    bench.sandbox = bench.reader = bench.comparer = None
    with mock.patch.object(worker.judging, "grade", judge):
        return bench.grade(job)


@pytest.mark.walls
def test_a_sandbox_that_dies_is_started_anew(small):
    course, _, _ = small
    bench = worker.Bench(worker.Setup(course, kit.LIMITS, compare=False))
    sources = {f"{task}-answer": source for task, source in kit.RIGHT.items()}
    try:
        bench.sandbox._process.kill()
        bench.sandbox._process.wait()
        told = bench.grade(Job("a", kit.LAB, sources, 1, 2))
        assert {t.state for t in told["tasks"].values()} == {"right"}
    finally:
        bench.close()


@pytest.mark.weekly
def test_on_a_dask_cluster_with_a_worker_killed_nothing_is_lost(tmp_path):
    distributed = pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    course, folder, out = kit.course(tmp_path / "course"), tmp_path / "submissions", tmp_path / "out"
    class_of(folder, 12)
    with distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            victim = next(iter(client.run(os.getpid).values()))
        killer = subprocess.Popen(
            [sys.executable, "-c", _KILL_AFTER_FIRST_VERDICTS, str(out / FILE), str(victim)], stdin=subprocess.DEVNULL
        )
        batch = grade(folder, out, course, replace(QUICK, scheduler=cluster.scheduler_address))
        assert killer.wait(120) == 0
    assert (batch.graded, batch.exit_code) == (12, 0)
    assert len(verdict_lines(out)) == 12
    assert sum(earned["double"] for earned in kit.points(out).values()) == 80


_KILL_AFTER_FIRST_VERDICTS = """
import os, signal, sys, time
from pathlib import Path
record, victim = Path(sys.argv[1]), int(sys.argv[2])
for _ in range(12000):
    if record.exists() and record.read_bytes().count(b"\\n") >= 3:
        os.kill(victim, signal.SIGKILL)
        raise SystemExit(0)
    time.sleep(0.01)
raise SystemExit(1)
"""


def test_no_cluster_at_the_address_is_one_clear_line(small, monkeypatch):
    pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    monkeypatch.setattr(schedulers, "_PATIENCE_S", 1)
    course, folder, out = small
    with pytest.raises(GradingError, match="no Dask scheduler answers"):
        grade(folder, out, course, replace(QUICK, scheduler="tcp://127.0.0.1:9"))


@pytest.mark.parametrize("address", ["127.0.0.1", "foo://x:1", "tcp://head:notaport"])
def test_what_is_no_address_of_a_scheduler_is_one_clear_line(small, address):
    course, folder, out = small
    with pytest.raises(GradingError, match="is no scheduler's address, such as tcp://head:8786") as caught:
        grade(folder, out, course, replace(QUICK, scheduler=address))
    assert "\n" not in str(caught.value)
