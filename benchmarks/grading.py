"""The class grader beside nbgrader and Otter: the same 30 submissions, one run, one machine.

    python -m benchmarks.grading                        # ours, nbgrader and Otter; three rounds each
    python -m benchmarks.grading --peers none           # ours alone
    python -m benchmarks.grading --class-size 1000      # also a large class: faults, speed and memory
    python -m benchmarks.grading --peers none --rounds 1 --copies 30      # the course's own lessons and labs, 30 copies

Method. One lab of three numpy tasks; 20 right submissions and 10 wrong ones. The peers are installed into a throw-away
environment (`--peer-venv` keeps it) and run as their manuals say: `nbgrader autograde` in a folder prepared by
`nbgrader generate_assignment`, Otter's `grade_submission` on an autograder made by `otter assign`. The rounds of the
tools take turns, so that a disturbance hits all; medians are shown. Neither peer isolates or runs in parallel: "two
cores to itself" halves its time, as if it did. Memory is the largest single process of each tool, and all of them.
The course's own lessons and labs are graded too, copies of their solutions, with where the time went: reading the
answers, judging them (the checks' own models among it), asking them again, and nbval.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from course_lib import notebook_file
from course_lib.grading.command import Options, grade
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.sandbox.isolation import Limits
from tests.grading import kit

RESULTS = Path(__file__).parent / "results" / "grading.json"
RIGHT, WRONG = 20, 10
#: Seconds a submission may take on two quiet cores, where nbgrader takes 1.16.
BARS = {"recorded": 0.060, "live": 0.120, "memory_mb": 200}
PEERS = ("nbgrader==0.9.6", "otter-grader==7.0.0", "ipykernel", "numpy")
ANSWERS = {
    "double": "def double(x):\n    return {}",
    "running": "def running_max(x):\n    return np.maximum.accumulate(x, axis=-1)",
    "policy": "limit = 30.0\n\ndef backoff(attempt):\n    return np.minimum(base ** attempt, limit)",
}
TESTS = {
    "double": [
        "x = np.linspace(-5, 5, 43)\nassert np.allclose(double(x), 2 * x)",
        "assert np.allclose(double(x / 2), x)",
    ],
    "running": [
        "y = np.random.default_rng(1).normal(-50, 3, (4, 60))\n"
        "assert np.allclose(running_max(y), np.maximum.accumulate(y, axis=-1))"
    ],
    "policy": [
        "assert 10 <= limit <= 60",
        "a = np.arange(12)\nassert all(np.allclose(backoff(a), np.minimum(2.0 ** a, limit)) for _ in range(20))",
    ],
}


def answers(learner: int) -> dict[str, str]:
    """A learner's sources; the last ten get the first task wrong."""
    return {task: source.format("2 * x" if learner < RIGHT else "2.5 * x") for task, source in ANSWERS.items()}


class Memory:
    """Peak memory of the processes below this one, sampled: the largest, and all together, in MB.

    Parameters
    ----------
    within : callable
        Which of the processes count, by command line.
    """

    def __init__(self, within: Callable[[str], bool] = lambda line: True) -> None:
        self.largest = self.together = 0.0
        self._within, self._stop = within, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            sizes = [size for size in map(self._size, psutil.Process().children(recursive=True)) if size]
            self.largest, self.together = max([self.largest, *sizes]), max(self.together, sum(sizes))

    def _size(self, process: psutil.Process) -> float:
        try:
            return process.memory_info().rss / 1e6 if self._within(" ".join(process.cmdline())) else 0.0
        except psutil.Error:
            return 0.0


@contextmanager
def watched(told: dict, *, within: Callable[[str], bool] = lambda line: True) -> Iterator[None]:
    """Note seconds and memory of what runs inside."""
    started = time.perf_counter()
    with Memory(within) as memory:
        yield
    told["seconds"] = time.perf_counter() - started
    told["largest_mb"], told["together_mb"] = memory.largest, memory.together


# -- ours ------------------------------------------------------------------------------------------------------------


def ours(folder: Path, count: int, live_every: int, *, wall: bool = True) -> dict:
    """Grade a class in a process of its own, as `course grade` does."""
    for n in range(count):
        kit.save(folder / f"submissions/learner-{n:04d}/01_kit.ipynb", kit.submission(answers(n % (RIGHT + WRONG))))
    kit.course(folder / "course")
    told: dict = {}
    command = [sys.executable, "-c", AS_GRADER, str(folder), str(kit.CHECKS), str(live_every), str(int(wall))]
    # Trusted processes are the grader's own; what stands behind the wall is the learners'.
    with watched(told, within=lambda line: "zygote" not in line and "bwrap" not in line):
        result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    batch = json.loads(result.stdout.splitlines()[-1])
    points = kit.points(folder / "out")
    right = sum(sum(earned.values()) == 60 for earned in points.values())
    assert batch["graded"] == count and right == sum(n % 30 < RIGHT for n in range(count)), (batch, right)
    shutil.rmtree(folder)
    return told | batch


#: What `course grade` does, in a process that has loaded nothing else.
AS_GRADER = """
import json, sys
from pathlib import Path
from course_lib.grading.command import Options, grade
from course_lib.grading.intake.pristine import CourseRef
folder, checks, live_every, wall = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "1"
course = CourseRef(str(folder / "course"), "{slug}_checks", (checks,))
batch = grade(folder / "submissions", folder / "out", course, Options(live_every=live_every, wall=wall))
told = {"graded": batch.graded, "level": batch.level, "not_graded": batch.not_graded, "longest": max(batch.seconds)}
print(json.dumps(told | {"disagreements": batch.disagreements}))
"""


def of_the_course(folder: Path, copies: int) -> dict[str, dict]:
    """Grade copies of each lesson's and lab's solution; milliseconds each, in all and by stage."""
    root = Path(__file__).resolve().parents[1]
    course, told = CourseRef(str(root)), {}
    for key, lab in pristine.labs(course).items():
        solved = notebook_file.transplant(lab.notebook, pristine.solution(course, lab))
        for n in range(copies):
            kit.save(folder / key / f"submissions/learner-{n:04d}/lab.ipynb", solved)
        for live_every in (0, 20):
            out = folder / key / f"out-{live_every}"
            started = time.perf_counter()
            batch = grade(folder / key / "submissions", out, course, Options(live_every=live_every))
            each = (time.perf_counter() - started) / copies
            assert batch.graded == copies and not batch.not_graded, batch.not_graded
            told[f"{key}, live on {'1 in 20' if live_every else 'none'}"] = {"ms_each": 1000 * each, **_stages(out)}
        shutil.rmtree(folder / key)
    return told


def _stages(out: Path) -> dict[str, float]:
    """Mean milliseconds of each stage of a submission, from the record; workers run side by side."""
    spent = [json.loads(line)["spent"] for line in (out / "verdicts.jsonl").read_text().splitlines()]
    stages = sorted({stage for one in spent for stage in one})
    return {stage: 1000 * statistics.mean(one.get(stage, 0.0) for one in spent) for stage in stages}


def longest(folder: Path) -> float:
    """Seconds of the longest single submission, one that loops without end, over its limit."""
    limits = Limits(cells_s=3, call_s=3, total_s=5)
    loops = dict.fromkeys(kit.RIGHT, "while True:\n    pass")
    kit.save(folder / "submissions/endless/01_kit.ipynb", kit.submission(loops))
    batch = grade(
        folder / "submissions", folder / "out", kit.course(folder / "course"), Options(limits=limits, live_every=0)
    )
    shutil.rmtree(folder)
    return batch.seconds[0] - limits.total_s


# -- the peers -------------------------------------------------------------------------------------------------------


def install(venv: Path) -> Path:
    """The peers' environment; returns its Python."""
    python = venv / "bin" / "python"
    if not python.exists():
        print(f"installing {' '.join(PEERS)} into {venv}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEERS], check=True, stderr=subprocess.DEVNULL)
    return python


def run(python: Path, words: list[str], folder: Path) -> None:
    """Run one of the peers' programs in its environment, quietly."""
    environment = os.environ | {"PATH": f"{python.parent}:{os.environ['PATH']}", "VIRTUAL_ENV": str(python.parents[1])}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)[:80]} failed: {done.stderr[-800:]}")


def with_nbgrader(python: Path, folder: Path) -> dict:
    """Time `nbgrader autograde` over the class."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'kit'\n")
    source = folder / "source/ps1"
    source.mkdir(parents=True)
    nbformat.write(_nbgrader_lab(answers(0)), source / "lab.ipynb")
    tool = str(python.parent / "nbgrader")
    run(python, [tool, "generate_assignment", "ps1", "--force"], folder)
    for n in range(RIGHT + WRONG):
        there = folder / f"submitted/learner{n:02d}/ps1"
        there.mkdir(parents=True)
        nbformat.write(_nbgrader_lab(answers(n)), there / "lab.ipynb")
    told: dict = {}
    with watched(told):
        run(python, [tool, "autograde", "ps1", "--force"], folder)
    shutil.rmtree(folder)
    return told


def _nbgrader_lab(sources: dict[str, str]) -> nbformat.NotebookNode:
    cells = [new_code_cell("import numpy as np\nbase = 2.0")]
    for task, source in sources.items():
        cells.append(_nbgrader_cell(f"### BEGIN SOLUTION\n{source}\n### END SOLUTION", task, solution=True))
        cells += [_nbgrader_cell(test, f"{task}-{n}", points=10) for n, test in enumerate(TESTS[task])]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def _nbgrader_cell(source: str, name: str, *, solution: bool = False, points: int = 0) -> nbformat.NotebookNode:
    marks = {"grade": not solution, "grade_id": name, "locked": not solution, "solution": solution, "task": False}
    marks |= {"schema_version": 3, "cell_type": "code"} | ({} if solution else {"points": points})
    return new_code_cell(source, metadata={"nbgrader": marks})


def with_otter(python: Path, folder: Path) -> dict:
    """Time Otter's `grade_submission` over the class, in one process."""
    folder.mkdir(parents=True)
    nbformat.write(_otter_master(), folder / "lab.ipynb")
    run(python, [str(python.parent / "otter"), "assign", "lab.ipynb", "dist", "--no-run-tests"], folder)
    for n in range(RIGHT + WRONG):
        nbformat.write(_otter_submission(folder, answers(n)), folder / f"learner{n:02d}.ipynb")
    (folder / "all.py").write_text(
        textwrap.dedent(
            """
            import glob
            from otter.api import grade_submission
            package = glob.glob("dist/autograder/*.zip")[0]
            for path in sorted(glob.glob("learner*.ipynb")):
                grade_submission(path, package, quiet=True)
            """
        )
    )
    told: dict = {}
    with watched(told):
        run(python, [str(python), "all.py"], folder)
    shutil.rmtree(folder)
    return told


def _otter_master() -> nbformat.NotebookNode:
    cells = [
        new_raw_cell("# ASSIGNMENT CONFIG\ngenerate:\n  show_stdout: false"),
        new_code_cell("import numpy as np\nbase = 2.0"),
    ]
    for task, source in answers(0).items():
        cells += [new_raw_cell(f"# BEGIN QUESTION\nname: {task}\npoints: 10"), new_markdown_cell(task)]
        cells += [new_raw_cell("# BEGIN SOLUTION"), new_code_cell(source), new_raw_cell("# END SOLUTION")]
        cells += [new_raw_cell("# BEGIN TESTS"), *map(new_code_cell, TESTS[task]), new_raw_cell("# END TESTS")]
        cells.append(new_raw_cell("# END QUESTION"))
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def _otter_submission(folder: Path, sources: dict[str, str]) -> nbformat.NotebookNode:
    """The released notebook with a learner's answers in place of the reference's."""
    whole = nbformat.read(folder / "dist/autograder/lab.ipynb", as_version=4)
    for cell in whole.cells:
        for task, source in answers(0).items():
            if cell.cell_type == "code" and cell.source.strip().startswith(source.split("(")[0].split(" =")[0]):
                cell.source = sources[task]
    return whole


# -- the table -------------------------------------------------------------------------------------------------------


def rounds(tools: dict[str, Callable[[Path], dict]], count: int, scratch: Path) -> dict[str, dict]:
    """Let the tools take turns; medians of what each round told."""
    told: dict[str, list[dict]] = {name: [] for name in tools}
    for n in range(count):
        for name, tool in tools.items():
            told[name].append(tool(scratch / f"{name.replace(' ', '-')}-{n}"))
            print(f"  round {n + 1}: {name}: {told[name][-1]['seconds']:.1f} s", flush=True)
    return {name: _median(results) for name, results in told.items()}


def _median(results: list[dict]) -> dict:
    numbers = {key for key, value in results[0].items() if isinstance(value, float)}
    return results[0] | {key: statistics.median(result[key] for result in results) for key in numbers}


def show(table: dict[str, dict], count: int) -> None:
    """Print the table; ratios are to nbgrader with two cores to itself."""
    ideal = table["nbgrader"]["seconds"] / count / 2 if "nbgrader" in table else None
    print(f"\n{'':36s}{'ms each':>9s}{'largest MB':>12s}{'together MB':>13s}{'x ideal nbgrader':>18s}")
    for name, told in table.items():
        each = told["seconds"] / count
        ratio = f"{ideal / each:.1f}" if ideal else ""
        print(f"{name:36s}{1000 * each:9.0f}{told['largest_mb']:12.0f}{told['together_mb']:13.0f}{ratio:>18s}")


def main() -> None:
    """Measure and print; the figures go to `benchmarks/results/grading.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default="nbgrader,otter", help="any of nbgrader,otter; or none")
    parser.add_argument("--peer-venv", type=Path)
    parser.add_argument("--class-size", type=int, default=0)
    parser.add_argument("--copies", type=int, default=10, help="of each of the course's own solutions; 0: none")
    how = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="course-bench-") as scratch:
        measure(how, Path(scratch))


def measure(how: argparse.Namespace, scratch: Path) -> None:
    """Everything, in a scratch folder."""
    count = RIGHT + WRONG
    tools: dict[str, Callable[[Path], dict]] = {
        "ours, nbval recorded": lambda folder: ours(folder, count, 0),
        "ours, nbval live on 1 in 20": lambda folder: ours(folder, count, 20),
        "ours without namespaces": lambda folder: ours(folder, count, 0, wall=False),
    }
    if how.peers != "none":
        python = install(how.peer_venv or scratch / "peers")
        peers = {"nbgrader": with_nbgrader, "otter": with_otter}
        tools |= {name: lambda folder, peer=peers[name]: peer(python, folder) for name in how.peers.split(",")}
    table = rounds(tools, how.rounds, scratch)
    show(table, count)
    told: dict = {"machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"}
    told |= {"load": os.getloadavg()[2], "submissions": count, "tools": table, "bars": BARS}
    if how.copies:
        told["of_the_course"] = of_the_course(scratch / "course", how.copies)
        print(f"\nthe course's own, {how.copies} copies each, ms a submission; then by stage, workers side by side")
        for name, parts in told["of_the_course"].items():
            print(f"{name:44s}" + "  ".join(f"{part} {ms:.0f}" for part, ms in parts.items()))
    told["endless_over_its_limit_s"] = longest(scratch / "endless")
    print(f"\nan endless submission ended {told['endless_over_its_limit_s']:.2f} s after its limit")
    if how.class_size:
        told["large_class"] = ours(scratch / "large", how.class_size, 0)
        each = told["large_class"]["seconds"] / how.class_size
        peak, missed = told["large_class"]["largest_mb"], told["large_class"]["not_graded"]
        print(
            f"{how.class_size} submissions: {1000 * each:.0f} ms each, largest process {peak:.0f} MB, missed: {missed}"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
