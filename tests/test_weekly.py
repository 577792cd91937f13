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


def folders(root: Path) -> set[str]:
    """Folders of tests that hold some for once a week."""
    words = ("COURSE_WEEKLY", "mark.weekly")
    found = (
        path for path in root.rglob("test_*.py") if any(word in path.read_text(encoding="utf-8") for word in words)
    )
    return {path.relative_to(root).parts[0] for path in found}


def test_the_workflow_asks_for_it_where_such_tests_are(tmp_path):
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"] if step.get("env", {}).get("COURSE_WEEKLY")]
    asked = {word for step in steps for word in step["run"].replace('"', " ").replace("ARGS=", " ").split()}
    assert {f"tests/{name}" for name in folders(ROOT / "tests") - {Path(__file__).name}} <= asked
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "test_it.py").write_text("@pytest.mark.weekly\ndef test_it(): ...\n", encoding="utf-8")
    assert folders(tmp_path) == {"nowhere"} and "tests/nowhere" not in asked


def test_what_shares_a_fixture_of_its_file_is_in_one_group_and_the_browser_in_its_own(request):
    for item in request.session.items:
        groups = [mark.args[0] for mark in item.iter_markers("xdist_group")]
        shares = any(found[-1].scope == "module" for found in item._fixtureinfo.name2fixturedefs.values())
        assert len(groups) <= 1 and (groups or not shares), item.nodeid
        assert groups == ["browser"] or "tests/browser" not in item.path.as_posix(), item.nodeid
