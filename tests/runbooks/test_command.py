"""``course runbook`` in a terminal: what was done line by line, an exit code, and one line where it cannot be."""

import pytest
from typer.testing import CliRunner

from course_lib import cli
from course_lib.runbooks import page

RUN = CliRunner()


def test_check_says_how_many_steps():
    ran = RUN.invoke(cli.app, ["runbook", "check", "queue_overload"])
    assert (ran.exit_code, ran.output.count("\n")) == (0, 1)
    assert "5 steps, all of which can be carried out in queue_overload" in ran.output


def test_the_day_that_looks_like_it_leaves_the_page_shut():
    ran = RUN.invoke(cli.app, ["runbook", "run", "queue_overload", "--day", "quiet", "--seed", "3"])
    assert (ran.exit_code, ran.output) == (0, "nothing to do: nothing on the page came true: it stayed closed\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.md"], "nowhere.md: no such runbook: give a file, or one of "),
        (["queue_overload", "--scenario", "nix"], "no scenario 'nix'"),
        (["queue_overload", "--day", "holiday"], "--day holiday: give one of incident, quiet, again"),
        (["queue_overload", "--scenario", "retry_storm"], "queue_overload.md:"),
    ],
)
def test_wrong_words_get_one_line(words, says):
    ran = RUN.invoke(cli.app, ["runbook", "run", *words])
    assert type(ran.exception).__module__.startswith("course_lib.")
    assert says in str(ran.exception) and "\n" not in str(ran.exception)


def test_a_page_of_ones_own(tmp_path):
    own = tmp_path / "mine.md"
    text = (page.FOLDER / "queue_overload.md").read_text(encoding="utf-8")
    own.write_text(text.replace("do expire", "do restart"), encoding="utf-8")
    ran = RUN.invoke(cli.app, ["runbook", "run", str(own), "--scenario", "queue_overload"])
    assert ran.exit_code == 1
    assert "platform: " not in ran.output and "mine.md:" in str(ran.exception or ran.output)
