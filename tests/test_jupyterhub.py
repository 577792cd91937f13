"""The recipe for a JupyterHub: what its files name is there, and a learner's server starts on copies of their own."""

import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest
import tiny_course

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "docs" / "jupyterhub"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="a hub runs on Linux")
SERVER = """#!/bin/sh
echo "$COURSE_ROOT" "$@"
"""


def settings():
    """What the recipe's file tells the hub, by the class that it tells."""
    told = types.SimpleNamespace(ConfigurableHTTPProxy=types.SimpleNamespace(), Spawner=types.SimpleNamespace())
    path = RECIPE / "jupyterhub_config.py"
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), {"get_config": lambda: told, "__file__": str(path)})
    return told


def test_the_hub_is_told_of_what_is_there_and_of_what_the_page_installs():
    told, page = settings(), (RECIPE / "README.md").read_text(encoding="utf-8")
    shell, script = told.Spawner.cmd
    assert Path(shell).exists() and Path(script) == RECIPE / "start-course" and Path(script).is_file()
    (proxy,) = told.ConfigurableHTTPProxy.command
    prefix, package = re.search(r"npm install --prefix (\S+) (\S+)", page).groups()
    assert Path(proxy) == ROOT / prefix / "node_modules" / ".bin" / package


@pytest.fixture
def installed(tmp_path):
    """A course with the recipe, and an environment whose server only says how it was called."""
    course = tiny_course.make(tmp_path / "a course").root
    recipe, programs = course / "docs" / "jupyterhub", course / ".venv" / "bin"
    for folder in (recipe, programs, tmp_path / "home of ada"):
        folder.mkdir(parents=True)
    (recipe / "start-course").write_bytes((RECIPE / "start-course").read_bytes())
    for name, text in (("jupyterhub-singleuser", SERVER), ("python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')):
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    return recipe / "start-course", tmp_path / "home of ada"


def begun(script, home):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(["/bin/sh", script, "--port=1"], env=environment, capture_output=True, text=True, cwd=home)


def test_a_learner_gets_copies_that_later_starts_leave_alone_and_released_ones_anew(installed):
    script, home = installed
    assert begun(script, home).stdout.split("\n")[0] == f"{home / 'course'} --port=1"
    mine, released = (home / "course" / part / "01_tiny.ipynb" for part in ("work/notebooks", "notebooks"))
    assert (home / "course" / "work" / "Start.ipynb").is_file()
    for path in (mine, released):
        path.write_text("changed", encoding="utf-8")
    assert begun(script, home).returncode == 0
    assert mine.read_text(encoding="utf-8") == "changed" != released.read_text(encoding="utf-8")


def test_a_course_that_cannot_be_read_starts_no_server(installed):
    script, home = installed
    (script.parents[2] / "course.toml").write_text("title = ", encoding="utf-8")
    found = begun(script, home)
    assert found.returncode != 0 and found.stdout == "" and "course.toml" in found.stderr
