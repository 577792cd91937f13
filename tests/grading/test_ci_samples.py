"""The instructor's page and each CI sample, run as printed from a clone; the samples once a week.

The page and the samples of GitLab and Classroom run with the powers of a default container and no more. That each
sample is read, and its commands and options are the course's, is in `test_teaching_page.py`, each time.

What a runner brings is stood in for: ``apt-get`` does nothing, ``sudo`` runs what it is given, and the environment that
``python -m venv`` makes is the suite's own, with the clone's code.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from grading.test_walls import AS_IN_A_CONTAINER, ROOT

from course_lib import notebook_file

COURSE = Path(__file__).parents[2]
CI = COURSE / "docs" / "ci"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.walls,
    pytest.mark.skipif(sys.platform != "linux", reason="runners are Linux"),
    pytest.mark.skipif(shutil.which("git") is None or not (COURSE / ".git").exists(), reason="needs a clone to clone"),
]
CONTAINED = AS_IN_A_CONTAINER if os.geteuid() == 0 and shutil.which("setpriv") else []
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"]
STUBS = {
    "apt-get": "exit 0",
    "sudo": 'exec "$@"',
    "python": f"""
[ "$1 $2" = "-m venv" ] || exec "{sys.executable}" "$@"
mkdir -p "$3/bin"
printf '#!/bin/sh\\n[ "$2" = pip ] && exit 0\\nPYTHONPATH="%s" exec "{sys.executable}" "$@"\\n' "$PWD" > "$3/bin/python"
printf '#!/bin/sh\\nPYTHONPATH="%s" exec "{sys.executable}" -m course_lib.cli "$@"\\n' "$PWD" > "$3/bin/course"
chmod +x "$3/bin/python" "$3/bin/course"
""",
}


def git(where: Path, *words: str | Path) -> str:
    return subprocess.run([*GIT, *map(str, words)], cwd=where, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def place():
    """A folder that a throw-away user can read, as a checkout's is; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="course-ci-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def origin(place):
    """A repository with the course as it is here."""
    made = place / "origin"
    for name in git(COURSE, "ls-files", "-co", "--exclude-standard").splitlines():
        if (COURSE / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(COURSE / name, made / name)
    git(made, "init", "-q")
    return commit(made)


def commit(where: Path) -> Path:
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "work")
    return where


@pytest.fixture
def stubs(place):
    folder = place / "stubs"
    folder.mkdir(exist_ok=True)
    for name, text in STUBS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


def clone(origin: Path, name: str) -> Path:
    git(origin.parent, "clone", "-q", origin, origin.parent / name)
    return origin.parent / name


def run(where: Path, stubs: Path, script: str, before: Sequence[str] = (), **environment: str) -> tuple[int, str]:
    """Run a step as a runner would: its exit code and all that it printed."""
    around = {name: os.environ[name] for name in ("HOME", "LANG", "COURSE_REQUIRE_SANDBOX") if name in os.environ}
    around |= {"PATH": f"{stubs}:{os.environ['PATH']}", "USER": "root", **environment}
    told = [*before, "bash", "-e", "-o", "pipefail", "-c", script]
    done = subprocess.run(told, cwd=where, env=around, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def class_of_two(where: Path) -> None:
    for name, folder in (("ada", "solutions"), ("bob", "labs")):
        (where / "submissions" / name).mkdir(parents=True)
        shutil.copy(where / folder / "01_retry_storm.ipynb", where / "submissions" / name)
    (where / "submissions" / ".gitkeep").touch()


def totals(where: Path) -> dict[str, str]:
    with (where / "gradebook" / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        return {row["learner"]: row["01_retry_storm/lab total"] for row in csv.DictReader(file)}


def test_every_command_of_the_instructors_page_runs_as_printed_in_that_order(origin, stubs, isolation_level):
    where = clone(origin, "page")
    assert run(where, stubs, "python -m venv .venv")[0] == 0
    text = (where / "docs" / "teaching.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    path = f"{where / '.venv' / 'bin'}:{stubs}:{os.environ['PATH']}"
    for block in blocks:
        code, told = run(where, stubs, block, CONTAINED, PATH=path)
        assert code == 0, (block, told)
    # Ada's lab came two days late; Bob's task was marked by hand.
    assert totals(where) == {"ada": "80", "bob": "7"}
    made = {path.name for path in (where / "gradebook").iterdir()}
    assert {"report.html", "canvas.csv", "junit.xml", "moodle-01_retry_storm-lab.csv"} <= made


@pytest.mark.weekly  # the page above grades a class in the same container
@ROOT
def test_gitlabs_sample_grades_a_class_in_a_default_container(origin, stubs, isolation_level):
    where = clone(origin, "gitlab")
    class_of_two(where)
    (where.parent / "key").write_text("ab" * 32 + "\n")
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text(encoding="utf-8"))["grade"]
    script = "\n".join([*job["before_script"], *job["script"]])
    code, told = run(where, stubs, script, AS_IN_A_CONTAINER, COURSE_KEY=str(where.parent / "key"))
    assert code == 0, told
    assert totals(where) == {"ada": "100", "bob": "0"}
    assert "isolation: strong; not enforced: namespaces" in told and "nbval (live) was left out" in told
    assert (where / job["artifacts"]["reports"]["junit"]).is_file()


@pytest.mark.weekly
def test_github_actions_sample_grades_a_class(origin, stubs, isolation_level):
    where = clone(origin, "actions")
    class_of_two(where)
    steps = yaml.safe_load((CI / "github-actions.yml").read_text(encoding="utf-8"))["jobs"]["grade"]["steps"]
    around = {
        "RUNNER_TEMP": str(where.parent),
        "GITHUB_STEP_SUMMARY": str(where.parent / "summary"),
        "COURSE_KEY": "cd" * 32,
    }
    for step in (step for step in steps if "run" in step):
        code, told = run(where, stubs, step["run"], **around)
        assert code == 0, (step["name"], told)
    assert totals(where) == {"ada": "100", "bob": "0"}
    assert "ada" in (where.parent / "summary").read_text() and not (where.parent / "key").exists()


def handed_in(template: Path, name: str, stubs: Path) -> Path:
    """A learner's clone of the template: the lab and lesson solved in work/, committed; as the runner checks it out."""
    mine = clone(template, f"{name}-learner")
    install = "python -m venv .venv\n.venv/bin/course reset 01\n.venv/bin/course reset 01 --lesson"
    assert run(mine, stubs, install)[0] == 0
    answers = notebook_file.answers(notebook_file.read(mine / "solutions" / "01_retry_storm.ipynb"))
    for path in (mine / "work").rglob("01_retry_storm.ipynb"):
        notebook_file.write(notebook_file.transplant(notebook_file.read(path), answers), path)
    git(mine, "add", "-A")
    git(mine, "commit", "-q", "--allow-empty", "-m", "my answers")
    return clone(mine, f"{name}-runner")


@pytest.mark.weekly
@ROOT
def test_classrooms_sample_checks_what_a_learner_pushes_and_not_without_its_first_step(origin, stubs):
    text = (CI / "github-classroom.yml").read_text(encoding="utf-8")
    (first,) = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#     ")]
    steps = {step.get("name"): step for step in yaml.safe_load(text)["jobs"]["check"]["steps"]}
    script = steps["Install the course"]["run"] + steps["Retry storms"]["with"]["command"]

    mounts = "unshare --mount true"
    assert run(origin, stubs, mounts)[0] == 0 != run(origin, stubs, mounts, CONTAINED)[0]
    forgetful = handed_in(origin, "forgetful", stubs)
    code, told = run(forgetful, stubs, script, CONTAINED)
    assert code == 2 and "module 01 has no copy in work/ yet" in told

    template = clone(origin, "template")
    assert run(template, stubs, first)[0] == 0
    code, told = run(handed_in(commit(template), "careful", stubs), stubs, script, CONTAINED)
    assert code == 0, told
    assert "100 of 100 points" in told
