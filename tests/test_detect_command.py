"""``course detect``, as typed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from course_lib import cli
from course_lib import detect_command as command
from course_lib.detect import contest

MINE = "module: split_brain\nrules:\n  two: {signal: leaders, above: 1.5, window: 1s, hold: 2s, says: two lead}\n"


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def run(*words):
    return CliRunner().invoke(cli.app, ["detect", *map(str, words)])


def test_a_tournament_shows_yours_beside_ours(rules):
    ran = run("tournament", rules, "--seeds", "0:2")
    assert ran.exit_code == 0, ran.exception
    for line in (
        "split_brain: 10 days: 2 incidents, 2 look-alikes, 2 attacks, 4 of nothing",
        "our alert",
        "never page",
    ):
        assert line in ran.output
    assert "two: over " in ran.output and "does best" in ran.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--mode", "split_brian"], "--mode split_brian: no such module; did you mean split_brain?"),
        (["--seeds", "many"], "--seeds many: give two whole numbers, such as 0:200, or one"),
        (["--seeds", "4:4"], "--seeds 4:4: holds no seed"),
        (["--mode", "retry_storm"], "no signal 'leaders'"),
    ],
)
def test_a_call_that_makes_no_sense_is_one_line(rules, words, says):
    ran = run("tournament", rules, *words)
    assert ran.exit_code != 0 and says in str(ran.exception) and "\n" not in str(ran.exception)


def test_a_file_without_a_module_needs_a_mode(rules):
    rules.write_text(MINE.partition("\n")[2])
    assert "say whose signals these are: --mode SLUG" in str(run("tournament", rules).exception)
    assert run("tournament", rules, "--mode", "split_brain", "--seeds", "1").exit_code == 0


def test_the_best_threshold_is_the_one_with_most_found_and_fewest_false():
    result = contest.tournament("split_brain", seeds=range(2))
    assert command.best_words(result, "our alert").endswith("100% found, 0% of other days paged")


def test_a_threshold_that_no_day_reaches_is_told_with_its_line(rules):
    rules.write_text(MINE.replace("1.5", "150"))
    ran = run("tournament", rules, "--seeds", "0:1")
    assert ran.exit_code == 0 and "1 incident, 1 look-alike, 1 attack, 2 of nothing" in ran.output
    assert f"{rules}:3: rule two: no reading of any day is > 150; 2 is the nearest" in ran.output.replace("\n", "")


def test_the_best_threshold_is_found_where_days_are_years_and_spans_are_spelt_out(rules):
    """Module 12's days last so long that seconds until a page outweighed everything else."""
    rules.write_text(
        "module: repeat_incident\nrules:\n  some: {signal: incidents, above: 0.5, hold: 0s, window: 1w, says: some}\n"
    )
    ran = run("tournament", rules, "--seeds", "0:1")
    assert ran.exit_code == 0, ran.exception
    assert (
        "does best: 100% found" in ran.output
        and " days " in ran.output.partition("always page")[0].partition("false a week")[2]
    )


def test_rules_run_over_a_csv_and_over_an_answer_of_prometheus(tmp_path):
    rules = tmp_path / "own.yaml"
    rules.write_text("rules:\n  busy: {signal: load, above: 5, window: 1m, hold: 2m, says: look}\n")
    (tmp_path / "load.csv").write_text("time,load\n" + "".join(f"{60 * n},{9 if n > 3 else 1}\n" for n in range(9)))
    values = [[60 * n, "9" if n > 3 else "1"] for n in range(9)]
    result = {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
    (tmp_path / "load.json").write_text(json.dumps({"status": "success", "data": result}))
    for option in (("--csv", tmp_path / "load.csv"), ("--prometheus", f"load={tmp_path / 'load.json'}")):
        ran = run("run", rules, *option)
        assert ran.exit_code == 0 and "busy: 1 page in 8 min" in ran.output
        assert "1970-01-01 00:05:00 UTC for 4 min" in ran.output
    assert "give your data" in str(run("run", rules).exception)


def test_an_export_and_traces_are_written_for_one_module_or_all(tmp_path):
    ran = run("export", tmp_path / "out", "--mode", "split_brain", "--base-url", "https://wiki.example/")
    assert ran.exit_code == 0 and "promtool test rules" in ran.output
    assert (tmp_path / "out/rules/split_brain.yaml").is_file() and not (
        tmp_path / "out/rules/retry_storm.yaml"
    ).exists()
    ran = run("traces", tmp_path / "traces", "--mode", "split_brain", "--seeds", "0:1")
    assert ran.exit_code == 0 and (tmp_path / "traces/split_brain/incident/0000.om").is_file()
    assert "no such module" in str(run("export", tmp_path, "--mode", "nothing").exception)
    assert "no service of its own" in str(run("traces", tmp_path, "--mode", "repeat_incident").exception)
    assert "without blanks" in str(run("export", tmp_path, "--base-url", "our wiki").exception)
