"""The page on alert rules and runbooks: its files are what it says, and its commands run as printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib import cli
from course_lib.detect import rule_file

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/detection.md").read_text(encoding="utf-8")
BLOCKS = {kind: re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S) for kind in ("yaml", "csv", "console")}
COMMANDS = [line for block in BLOCKS["console"] for line in block.splitlines()]
SAYS = {
    "tournament": "does best: 100% found",
    "run calls.yaml": "surge: 1 page in",
    "export": "files: alerts",
    "traces": "days/key",
    "runbook run": "recovered",
    "runbook check": "retry_storm.md",
}


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with the page's files, under the names that it gives them."""
    for name, text in zip(("own.yaml", "calls.yaml"), BLOCKS["yaml"], strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "calls.csv").write_text(BLOCKS["csv"][0], encoding="utf-8")
    (tmp_path / "course_lib").symlink_to(ROOT / "course_lib")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_as_printed(there, command):
    words = shlex.split(command)
    assert words[0] == "course"
    ran = CliRunner().invoke(cli.app, words[1:])
    assert ran.exit_code == 0, ran.output or ran.exception
    (said,) = [text for part, text in SAYS.items() if part in command]
    assert said in ran.output


def test_every_field_of_a_rule_is_explained():
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE, re.M)
    told = set(re.findall(r"`(\w+)`", " ".join(rows)))
    fields = set(rule_file.Rule.__dataclass_fields__) - {"says"}
    assert told == fields
