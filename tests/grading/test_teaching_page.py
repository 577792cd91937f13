"""The instructor's page and the CI samples name what there is; `test_ci_samples` runs them as printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from course_lib.cli import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "teaching.md"
SAMPLES = sorted((ROOT / "docs" / "ci").glob("*.yml"))


COMMANDS = ("grade", "collect", "reset", "check", "postmortem exercise", "postmortem check", "postmortem review")
COMMANDS += ("drill open", "fleet", "present")


def test_the_files_and_options_that_the_page_names_exist():
    text = PAGE.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([\w/.-]+)\)", text):
        assert (PAGE.parent / link).is_file(), link
    pages = (
        CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "200", "TERM": "dumb"}) for name in COMMANDS
    )
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
