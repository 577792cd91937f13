"""A class as a fleet: the commons against the lesson's model, what is said of a vote, and one line for a broken CSV."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from course_lib import cli
from course_lib.incidents import fleet, fleet_board
from course_lib.incidents.fleet import FleetError, Policy
from course_lib.models import retry_storm
from course_lib.models.drills import retry_commons
from course_lib.models.drills.retry_commons import Policies

NONE = float("inf")
GREEDY, CALM, BUDGET = Policy(3, "none", NONE), Policy(0, "none", NONE), Policy(3, "full_jitter", 0.1)
FIRST = {f"greedy {i}": GREEDY for i in range(6)} | {"calm": CALM}
AGAIN = dict.fromkeys(FIRST, BUDGET)


@pytest.fixture(scope="module")
def votes():
    return fleet.run(FIRST), fleet.run(AGAIN)


# ---- the model -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        (GREEDY, {}),
        (CALM, {"max_retries": 0}),
        (Policy(2, "exponential", NONE), {"max_retries": 2, "backoff": "exponential", "backoff_base": 1.0}),
        (Policy(3, "none", 0.1), {"budget": "first_attempts", "budget_burst": 900}),
    ],
)
def test_services_of_one_mind_are_the_crowd_of_lesson_01(policy, settings):
    """Same rates, same trigger: what a retry storm answers and sends, within 3 %."""
    backoff = retry_commons.BACKOFFS.index(policy.backoff)
    flows = retry_commons.simulate(Policies(np.full(5, policy.max_retries), backoff, policy.budget), until=240)
    storm = retry_storm.simulate(retry_storm.Parameters(dt=retry_commons.DT, **settings), until=240)
    offered = flows.offered.sum()
    assert flows.answered.sum() / offered == pytest.approx(
        storm["goodput"].mean() / storm["offered_rate"].mean(), abs=0.03
    )
    sent = storm["attempt_rate"].mean() / storm["offered_rate"].mean()
    assert flows.attempts.sum() / offered == pytest.approx(sent, rel=0.03)


def test_what_is_offered_is_answered_failed_or_under_way():
    mixed = Policies([0, 3, 10, 2], [0, 1, 2, 3], [NONE, 0.2, NONE, 0.0])
    flows = retry_commons.simulate(mixed, seed=3, until=120)
    under_way = flows.offered - flows.answered - flows.failed
    assert (under_way > -1e-6).all()
    longest = (retry_commons.TIMEOUT * 11 + retry_commons.CAP * 10) * retry_commons.ARRIVAL_RATE / 4
    assert (under_way <= longest).all()
    assert (
        flows.attempts[1] <= flows.offered[1] * 1.2 + 0.2 * retry_commons.ARRIVAL_RATE / 4 * retry_commons.BURST
    ).all()
    assert flows.attempts[3] == pytest.approx(flows.offered[3]), "a budget of nothing is no retry"


def test_a_fleet_of_a_batch_is_that_fleet_alone():
    retries, budgets = np.array([[3, 0], [1, 2]]), np.array([[0.1, NONE], [NONE, 0.3]])
    both = retry_commons.simulate(Policies(retries, 3, budgets), until=90)
    for m in range(2):
        alone = retry_commons.simulate(Policies(retries[:, m], 3, budgets[:, m]), until=90)
        assert both.failed[:, m] == pytest.approx(alone.failed[:, 0], rel=1e-9)


# ---- what is said of a vote ------------------------------------------------------------------------------------------


def test_greed_costs_all_of_them_and_restraint_ends_it(votes):
    first, second = votes
    assert first.lost > 0.6 and second.lost < 0.5
    assert first.enough not in (0, None) and second.enough == 0
    assert first.ladder[-1] == pytest.approx(fleet.run(dict.fromkeys(FIRST, CALM)).lost)
    assert first.ladder[first.enough] < first.ladder[first.enough - 1]


def test_harm_is_laid_at_the_doors_of_those_who_retry(votes):
    first, _ = votes
    calm = list(FIRST).index("calm")
    assert first.harm[calm].sum() == 0 and first.harm[:, calm].sum() > 1000
    caused = (first.lost - first.ladder[-1]) * retry_commons.ARRIVAL_RATE * fleet.UNTIL
    assert first.harm.sum() == pytest.approx(caused, rel=0.02)
    assert fleet.table(first)[-1][0] == "calm"


def test_a_second_vote_is_compared_with_the_first(votes):
    said = " ".join(fleet.compared(*votes))
    assert f"First vote: {100 * votes[0].lost:.0f} %" in said and "6 of 7 ask less" in said and "1 ask more" in said
    assert "not over at the end" in " ".join(fleet.lines(votes[0])) and "is over at the end" in " ".join(
        fleet.lines(votes[1])
    )


def test_the_page_has_all_it_needs_inside(votes, tmp_path):
    fleet_board.write(votes, tmp_path / "fleet.html")
    page = (tmp_path / "fleet.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3 and "Who harmed whom" in page and "nobody retries" in page
    assert not re.findall(r"<script|(?:src|href)=\"http", page)


# ---- the file --------------------------------------------------------------------------------------------------------

HEAD = "service,retries,backoff,budget\n"
BROKEN = {
    "": "1: lacks the column 'service'",
    "service;retries;backoff\nAda;3;none\n": "1: lacks the column 'budget'",
    "service;retries;backoff;budget\nAda;1,5;none;none\n": "2: retries = 1.5: give a whole number",
    "service,retries,backoff\nAda,3,none\n": "1: lacks the column 'budget'",
    HEAD + "Ada,three,none,none\nBob,1,none,none\n": "2: retries = 'three': is not a number",
    HEAD + "Ada,3,none,none\nBob,1.5,none,none\n": "3: retries = 1.5: give a whole number",
    HEAD + "Ada,99,none,none\n": "2: retries = 99: give a whole number from 0 to 10",
    HEAD + "Ada,nan,none,none\n": "2: retries = 'nan': is not a number",
    HEAD + "Ada,3,hope,none\n": "2: backoff = 'hope': choose one of none, fixed",
    HEAD + "Ada,3,none,lots\n": "2: budget = 'lots': is not a number",
    HEAD + "Ada,3,none,-5\n": "2: budget = -5: give 0 to 1000 per cent",
    HEAD + "Ada,3,none,0,5\n": "2: has 5 fields where the first line has 4",
    HEAD + "Ada,3,none,10\nAda,3,none,10\n": "3: the service 'Ada' stands here twice",
    HEAD + "<script>,3,none,10\n": "2: service '<script>': give a name",
    HEAD + "Ada,3,none,10\n": "holds 1 services: a fleet has 2 to 100",
    HEAD + "\n".join(f"s{i},0,none,none" for i in range(101)): "holds 101 services",
}


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_gets_one_line(tmp_path, content):
    (tmp_path / "P.csv").write_text(content, encoding="utf-8")
    with pytest.raises(FleetError) as caught:
        fleet.read(tmp_path / "P.csv")
    assert str(caught.value).startswith("P.csv:") and BROKEN[content] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files_get_one_line_too(tmp_path):
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + "Jürgen,3,none,10\n".encode("latin-1"))
    for name, says in (("latin.csv", "not text in UTF-8"), ("none.csv", "no such file"), (".", "directory")):
        with pytest.raises(FleetError, match=says):
            fleet.read(tmp_path / name)


def test_semicolons_and_decimal_commas_of_a_spreadsheet_are_read(tmp_path):
    lines = "service;retries;backoff;budget\r\nAda;3;Full Jitter;12,5 %\r\nBob;1,0;none;\r\n;;;\r\n"
    (tmp_path / "P.csv").write_bytes(f"\ufeff{lines}".encode())
    assert fleet.read(tmp_path / "P.csv") == {"Ada": Policy(3, "full_jitter", 0.125), "Bob": Policy(1, "none", NONE)}


def test_the_command_prints_projects_and_compares(tmp_path):
    """As spreadsheets save it: with a mark in front, spaces, per cents and an empty line."""
    (tmp_path / "A.csv").write_text("\ufeff" + HEAD + "Ada, 3, Full Jitter, 10 %\nJürgen,3,none,\n\n", encoding="utf-8")
    (tmp_path / "B.csv").write_text(HEAD + "Ada,0,none,none\nJürgen,0,none,none\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("A.csv", "B.csv", "fleet.html")]
    ran = CliRunner().invoke(cli.app, ["fleet", *files[:2], "--out", files[2]])
    assert ran.exit_code == 0, ran.exception
    assert "First vote:" in ran.output and "Jürgen" in ran.output and (tmp_path / "fleet.html").exists()
