"""The Makefile's manners, with a stand-in for Python that installs nothing and writes down what it was asked."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: A file that asks what walls there are has tests that run where some are missing, or grades the same behind any.
WALLS = re.compile("isolation_level|COURSE_REQUIRE_SANDBOX")
THE_SAME = {"test_innocent.py", "test_kill_table.py", "test_faults.py", "test_download.py"}
ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    os.name != "posix" or shutil.which("make") is None, reason="Windows has the README's lines in make's place"
)
STAND_IN = """#!/bin/sh
echo "$*" >> "$COURSE_TEST_LOG"
case "$*" in
  *print*version_info*) echo 3.{minor} ;;
  *sys.exit*version_info*) [ {minor} -ge 11 ] ;;
  *ensurepip*) exit {ensurepip} ;;
  "-m venv --clear .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  "-m pip install"*) echo "ERROR: no such package"; exit ${{FAKE_PIP:-0}} ;;
  "-m pytest"*) echo "FAKE pytest"; exit ${{FAKE_PYTEST:-0}} ;;
esac
"""


@pytest.fixture
def house(tmp_path):
    """A clone with a space in its path, and a folder of Pythons that stands alone on the path."""
    folder, tools = tmp_path / "a course", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    for name in ("sh", "make", "cksum", "cut", "grep", "tail", "touch", "rm", "mkdir", "cp", "echo"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    return House(folder, tools)


class House:
    """A clone of the course, and the machine it stands on."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder, self.tools, self.log = folder, tools, tools.parent / "log"

    def python(self, name: str, minor: int, ensurepip: int = 0) -> None:
        """Put a Python on the machine."""
        path = self.tools / name
        path.write_text(STAND_IN.format(minor=minor, ensurepip=ensurepip), encoding="utf-8")
        path.chmod(0o755)

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run make and forget what was asked before."""
        self.log.write_text("", encoding="utf-8")
        env = {"PATH": str(self.tools), "COURSE_TEST_LOG": str(self.log), **environment}
        command = [str(self.tools / "make"), *arguments]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)

    def asked(self, what: str) -> list[str]:
        """What Python was asked that contains a word."""
        return [line for line in self.log.read_text(encoding="utf-8").splitlines() if what in line]


def our_lines(ran: subprocess.CompletedProcess) -> list[str]:
    """What is on stderr, without make's own closing line."""
    return [line for line in ran.stderr.splitlines() if "***" not in line]


def test_lab_installs_at_the_tested_versions_and_opens(house):
    house.python("python3", 11)
    ran = house.make("lab", "ARGS=--no-browser --port 8899")
    assert ran.returncode == 0, ran.stderr
    (install,) = house.asked("pip install")
    assert "-c constraints.txt -e ." in install
    assert house.asked("course_lib.cli") == ["-m course_lib.cli lab --no-browser --port 8899"]


def test_the_second_time_nothing_is_installed(house):
    house.python("python3", 11)
    house.make("test")
    for target in ("test", "lab"):
        assert house.make(target).returncode == 0
        assert house.asked("pip") == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_other_versions_are_installed_when_the_pins_or_ranges_change(house, name):
    house.python("python3", 11)
    house.make("lab")
    stamp = max(path.stat().st_mtime for path in (house.folder / ".venv").glob("ready-*"))
    os.utime(house.folder / name, (stamp + 5, stamp + 5))
    house.make("lab")
    assert len(house.asked("pip install")) == 1
    assert house.asked("venv") == []


def test_a_course_that_was_moved_installs_itself_again(house):
    house.python("python3", 11)
    house.make("lab")
    house.folder = house.folder.rename(house.folder.with_name("moved course"))
    house.make("lab")
    assert len(house.asked("pip install")) == 1


def test_an_environment_whose_python_is_gone_is_made_anew(house):
    house.python("python3", 11)
    house.make("lab")
    (house.folder / ".venv/bin/python").unlink()
    assert house.make("lab").returncode == 0
    assert len(house.asked("venv")) >= 1
    assert len(house.asked("pip install")) == 1


def test_a_python_too_old_is_one_line(house):
    house.python("python3", 9)
    ran = house.make("lab")
    assert ran.returncode != 0
    (line,) = our_lines(ran)
    assert line.startswith("make: the course needs Python 3.11 or newer, python3 is 3.9; ")
    assert "PYTHON=" in line
    assert ran.stdout == ""


def test_no_python_at_all_is_one_line(house):
    (line,) = our_lines(house.make("test"))
    assert "and no Python was found" in line


def test_a_python_without_venv_is_one_line(house):
    house.python("python3", 12, ensurepip=1)
    (line,) = our_lines(house.make("lab"))
    assert "python3 has no venv (Debian, Ubuntu: apt install python3-venv)" in line


def test_a_newer_python_beside_an_old_one_is_taken(house):
    house.python("python3", 9)
    house.python("python3.12", 12)
    assert house.make("lab").returncode == 0


def test_the_python_that_is_named_is_taken_also_with_a_space(house):
    house.python("python3", 12)
    (house.tools.parent / "my tools").mkdir()
    named = house.tools.parent / "my tools" / "python3.13"
    house.python("python3.13", 13)
    (house.tools / "python3.13").rename(named)
    assert house.make("lab", f"PYTHON={named}").returncode == 0
    assert "3.13" in (house.folder / ".venv/bin/python").read_text(encoding="utf-8")
    old = house.tools / "python3.8"
    house.python(old.name, 8)
    shutil.rmtree(house.folder / ".venv")
    assert f"{old} is 3.8" in our_lines(house.make("lab", f"PYTHON={old}"))[0]
    assert ", no-such-python does not run; " in our_lines(house.make("lab", "PYTHON=no-such-python"))[0]


def test_a_step_that_fails_is_one_line_and_is_tried_again(house):
    house.python("python3", 11)
    ran = house.make("lab", FAKE_PIP="1")
    assert ran.returncode != 0
    (line,) = our_lines(ran)
    assert line == "make: cannot install: ERROR: no such package (all of it: .venv/install.log)"
    assert house.make("lab").returncode == 0
    assert len(house.asked("pip install")) == 1


@pytest.mark.parametrize(("code", "why"), [("1", "tests failed"), ("5", "no test ran")])
@pytest.mark.parametrize("target", ["test", "check"])
def test_failing_or_missing_tests_fail_the_command(house, target, code, why):
    house.python("python3", 11)
    assert house.make(target).returncode == 0
    assert house.make(target, FAKE_PYTEST=code).returncode != 0, why


def test_what_make_check_runs_is_there():
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    paths = re.search(r"^QUICK := (.*)", text, re.MULTILINE)[1].split()
    assert len(paths) > 10 and [path for path in paths if not (ROOT / path).exists()] == []


def test_clean_leaves_the_learners_work(house):
    house.python("python3", 11)
    house.make("lab")
    (house.folder / "work").mkdir()
    assert house.make("clean").returncode == 0
    assert not (house.folder / ".venv").exists()
    assert (house.folder / "work").exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("code", ["0", "1", "5"])
def test_the_ci_script_ends_as_the_tests_do_and_demands_the_browser_and_then_does_without_walls(house, code):
    (house.folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", house.folder / ".ci/run")
    for name, script in {
        "chromium": "#!/bin/sh\n",
        "bwrap": "#!/bin/sh\n",
        "promtool": "#!/bin/sh\n",
        "ldconfig": "#!/bin/sh\necho 'libseccomp.so.2 (libc6) => /lib/libseccomp.so.2'\n",
        "make": f'#!/bin/sh\necho "make $* browser=$COURSE_REQUIRE_BROWSER"\nexit {code}\n',
        "sudo": '#!/bin/sh\nexec "$@"\n',
        "readlink": '#!/bin/sh\necho "$2"\n',
        "unshare": '#!/bin/sh\necho "without $COVERED sandbox=$COURSE_REQUIRE_SANDBOX"\nshift\nexec "$@"\n',
        "mount": "#!/bin/sh\n",
    }.items():
        (house.tools / name).unlink(missing_ok=True)
        (house.tools / name).write_text(script, encoding="utf-8")
        (house.tools / name).chmod(0o755)
    for name in ("dirname", "sed", "head", "env", "bash", "grep"):
        if not (house.tools / name).exists():
            (house.tools / name).symlink_to(shutil.which(name))
    command = [shutil.which("bash"), ".ci/run"]
    env = {"PATH": str(house.tools)}
    ran = subprocess.run(command, cwd=house.folder, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ran.returncode == int(code)
    bwrap = house.tools / "bwrap"
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "tests/grading").glob("test_*.py")}
    assert {name for name in texts if WALLS.search(texts[name]) and "mark.walls" not in texts[name]} == THE_SAME
    apart = "-m walls tests/grading"
    lines = [
        "make test browser=1",
        f"without {bwrap} sandbox=1",
        f"make test ARGS={apart} browser=1",
        f"without {bwrap} /lib/libseccomp.so.2 sandbox=",
        f"make test ARGS={apart} browser=1",
    ]
    assert ran.stdout.splitlines() == (lines if code == "0" else lines[:1])


DIES = """import os, pytest
@pytest.mark.parametrize("number", range(40))
def test_one(number):
    if number == 10:
        os._exit(1)
"""


def test_a_worker_that_dies_ends_the_tests_red_instead_of_hanging(tmp_path):
    """With a new worker in its place pytest-xdist waits for ever for those of the old one."""
    options = re.search(r"-m pytest (.*) \$\(ARGS\)", (ROOT / "Makefile").read_text(encoding="utf-8"))[1]
    (tmp_path / "test_dies.py").write_text(DIES, encoding="utf-8")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", *options.replace("$(WORKERS)", "2").split(), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "crashed while running" in done.stdout
