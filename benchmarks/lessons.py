"""How long each lesson and lab takes from top to bottom under papermill; the bar for a lesson is ten seconds.

    python -m benchmarks.lessons

Writes the run-time table `docs/run-times.md` beside the kept result: what a learner waits for in all, and what a CI job
pays.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import keep, machine
from course_lib import manifest
from course_lib.manifest import PARTS

BAR = 10.0
PAGE = "docs/run-times.md"
HEAD = """# Run times

Each notebook from top to bottom under papermill, the kernel's start included, the median of three; a lesson's bar is
{bar:g} s on a quiet machine. Made by `make bench ARGS=lessons`.

Measured on {machine}{busy}.

| | lesson, s | lab, s |
|---|---|---|
"""


def seconds(path: Path, runs: int = 3) -> float:
    """Return the median time of a run."""
    took = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(path), f"{folder}/out.ipynb"]
            start = time.perf_counter()
            if subprocess.run(command, capture_output=True).returncode:
                raise SystemExit(f"{path.name} does not run to its end: see {' '.join(command[:3])} {path}")
            took.append(time.perf_counter() - start)
    return round(sorted(took)[runs // 2], 1)


def busy() -> str:
    """Say so where others used the machine meanwhile: these times are then too long."""
    load = os.getloadavg()[1] if hasattr(os, "getloadavg") else 0.0
    return f": it was busy, {load:.0f} processes for {os.cpu_count()} cores" if load > (os.cpu_count() or 1) else ""


def main() -> None:
    """Measure, print, keep, and write the table."""
    course, found = manifest.load(), {}
    for module in course.built:
        found[module.name] = {part: seconds(module.pristine(part)) for part in PARTS}
    result = {"machine": machine(), "bar, s": BAR, "seconds": found}
    rows = [f"| {name} | {times['lesson']} | {times['lab']} |\n" for name, times in found.items()]
    page = HEAD.format(bar=BAR, machine=result["machine"], busy=busy()) + "".join(rows)
    (course.root / PAGE).write_text(page, encoding="utf-8")
    keep("lessons", result)


if __name__ == "__main__":
    main()
