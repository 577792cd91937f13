"""Each runbook of the course, carried out word by word in its incident, on the day that looks like it, and twice."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib import cli
from course_lib.incidents import scenario
from course_lib.runbooks import executor, page
from course_lib.runbooks.world import Drill

MOST_LINES = 60  # one page
HALF = 0.5  # of what doing nothing costs


def reports(slug: str, day: str, seeds: Sequence[int]) -> tuple[executor.Report, ...]:
    return executor.run_many(page.load(slug), Drill(scenario.load(slug), day), seeds)


def recovers(slug: str, day: str, seeds: Sequence[int]) -> None:
    for report in reports(slug, day, seeds):
        assert report.outcome == executor.RECOVERED, (day, report.seed, report.why)
        assert report.harm < HALF * report.harm_of_nothing, (day, report.seed)


def stays_shut(slug: str, seeds: Sequence[int]) -> None:
    for report in reports(slug, "quiet", seeds):
        assert (report.outcome, report.log) == (executor.NOTHING, ()), (report.seed, report.why)


@pytest.mark.parametrize("slug", page.names())
def test_it_recovers_its_incident_and_survives_it_a_second_time(slug):
    recovers(slug, "again", (0, 1))


@pytest.mark.parametrize("slug", page.names())
def test_it_stays_shut_on_a_day_that_looks_like_it(slug):
    stays_shut(slug, (0,))


@pytest.mark.weekly
@pytest.mark.parametrize("slug", page.names())
def test_fifty_seeds(slug):
    for day in ("incident", "again"):
        recovers(slug, day, range(50))
    stays_shut(slug, range(50))


@pytest.mark.parametrize("slug", page.names())
def test_it_is_one_page_and_says_who_may_do_what(slug):
    read = page.load(slug)
    assert len(Path(read.path).read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    for clause in read:
        if isinstance(clause, page.Do):
            assert clause.role, f"{slug}.md:{clause.line}: says nobody who may do {clause.action}"
    assert "Mistaken for" in read.texts[page.LOOKS] and all(read.texts.values())
    assert scenario.load(slug).runbook == slug


@pytest.mark.parametrize("slug", page.names())
def test_where_it_stops_and_users_still_fail_it_says_whom_to_wake(slug):
    read = page.load(slug)
    assert any(isinstance(clause, page.Wait) and clause.otherwise == "stop" for clause in read)
    assert "wake the incident commander" in read.texts[page.RECOVERY]


@pytest.mark.parametrize("slug", page.names())
def test_its_commands_run(slug):
    commands = re.findall(r"`course ([^`]+)`", page.load(slug).texts[page.AFTERWARDS])
    assert commands
    for command in commands:
        ran = CliRunner().invoke(cli.app, command.split())
        assert ran.exit_code == 0, (command, ran.output)
        assert "recovered" in ran.output
