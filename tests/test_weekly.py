"""What runs once a week is left out otherwise, and the workflow asks for it."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_what_is_marked_weekly_runs_when_it_is_asked_for(request):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "--co", "-p", "no:cacheprovider", "tests/notebooks/test_runs.py"]
    told = subprocess.run(command, cwd=ROOT, env=plain | {"COURSE_WEEKLY": "1"}, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "test_solved_notebook_passes[01_retry_storm-lesson]" in told.stdout
    if not os.environ.get("COURSE_WEEKLY"):
        assert [item.name for item in request.session.items if item.get_closest_marker("weekly")] == []


def test_the_workflow_asks_for_it_where_such_tests_are():
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"] if step.get("env", {}).get("COURSE_WEEKLY")]
    asked = " ".join(step["run"] for step in steps)
    marked = {
        path.relative_to(ROOT / "tests").parts[0]
        for path in (ROOT / "tests").rglob("test_*.py")
        if "COURSE_WEEKLY" in path.read_text(encoding="utf-8") or "mark.weekly" in path.read_text(encoding="utf-8")
    } - {Path(__file__).name}
    assert {name for name in marked if f"tests/{name}" not in asked} == set()
