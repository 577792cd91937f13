"""The instructor's page and the CI samples say what works: each command is run as printed."""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from course_lib.cli import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "teaching.md"
SAMPLES = sorted((ROOT / "docs" / "ci").glob("*.yml"))


COMMANDS = ("grade", "collect", "reset", "check")


def commands() -> list[str]:
    return re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_every_command_on_the_page_runs_as_printed_in_that_order(tmp_path, isolation_level):
    for name in ("notebooks", "labs", "solutions"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "course.toml", tmp_path)
    (tmp_path / "bin").mkdir()
    course = tmp_path / "bin" / "course"
    course.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m course_lib.cli "$@"\n')
    course.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{course.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COURSE_ROOT": str(tmp_path),
    }
    blocks = commands()
    assert len(blocks) >= 6
    for block in blocks:
        done = subprocess.run(
            ["bash", "-e", "-c", block], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, (block, done.stdout, done.stderr)
    with (tmp_path / "gradebook" / "gradebook.csv").open(newline="") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    # Ada's lab came two days late; Bob's task was marked by hand.
    assert float(rows["ada"]["01_retry_storm/lab total"]) == 80
    assert float(rows["bob"]["01_retry_storm/lab total"]) == 7
    told = {path.name for path in (tmp_path / "gradebook").iterdir()}
    assert {"report.html", "canvas.csv", "junit.xml", "moodle-01_retry_storm-lab.csv"} <= told


def test_the_files_and_options_that_the_page_names_exist():
    text = PAGE.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([\w/.-]+)\)", text):
        assert (PAGE.parent / link).is_file(), link
    pages = (CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}) for name in COMMANDS)
    usage = "".join(page.output for page in pages)
    for option in set(re.findall(r"(?<![\w-])(--[a-z]+(?:-[a-z]+)*)", text)) - {"--nworkers", "--nthreads"}:
        assert option in usage, option


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_ci_sample_is_yaml_and_its_commands_are_ours(path):
    sample = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(sample, dict)
    lines = re.findall(r"bin/course (.*)", path.read_text(encoding="utf-8"))
    assert lines
    for line in lines:
        words = shlex.split(line)
        usage = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
        assert usage.exit_code == 0
        assert [word for word in words if word.startswith("--") and word not in usage.output] == []


def test_there_is_a_sample_for_each_system():
    assert {path.stem for path in SAMPLES} == {"github-actions", "github-classroom", "gitlab-ci"}
