"""The reader carries out what is written and nothing else, and names the line at which that goes wrong."""

import pytest

from course_lib.runbooks import executor, page
from tests.runbooks.toy import PAGE, Toy


def run(text: str = PAGE, world: Toy | None = None, seed: int = 0):
    return executor.run(page.parse(text, "toy.md"), world or Toy(), seed)


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), start=1) if part in line)


def test_a_right_page_recovers_and_says_what_it_did():
    report = run()
    assert (report.outcome, report.line) == (executor.RECOVERED, 0)
    assert [taken.action for taken in report.log] == ["mend"]
    assert report.log[0].at == 95.0  # looks saw it fail from 65 s on, for half a minute
    assert report.harm < 0.3 * report.harm_of_nothing
    assert [said.line for said in report.said] == [line_of(PAGE, p) for p in ("for 30 s", "mender", "verify", "`stop`")]


def test_it_does_nothing_where_nothing_is_wrong():
    world = Toy(fails=0.01)
    report = run(world=world)
    assert (report.outcome, report.log, report.said) == (executor.NOTHING, (), ())


def test_a_page_that_stays_shut_while_users_fail_is_no_good():
    text = PAGE.replace("error_ratio > 5 %", "error_ratio > 50 %")
    report = run(text)
    assert (report.outcome, report.line, report.log) == (executor.FAILING, line_of(text, "50 %"), ())
    assert "never opened" in report.why and not report.well


def test_many_days_are_played_together():
    world = Toy()
    reports = executor.run_many(page.parse(PAGE, "toy.md"), world, range(20))
    assert {report.outcome for report in reports} == {executor.RECOVERED}
    assert [report.seed for report in reports] == list(range(20))
    assert world.plays == 3  # the day, the day with the action, and without it
    assert (reports[3].said, reports[3].log) == (run(seed=3).said, run(seed=3).log)


def test_prose_is_not_carried_out():
    text = PAGE.replace("`do mend as operator`: the mender mends it.", "Mend it. `do look as operator`")
    report = run(text)
    assert (report.outcome, report.line) == (executor.FAILING, line_of(text, "`stop`"))
    assert [taken.action for taken in report.log] == ["look"]


def test_no_word_on_what_to_do_when_it_did_not_work():
    text = PAGE.replace("`do mend as operator`", "`do look as operator`").replace(" `else go to 3`", "")
    report = run(text)
    assert (report.outcome, report.line) == (executor.STUCK, line_of(text, "verify"))
    assert f"toy.md:{report.line}: `verify error_ratio < 1 % for 60 s within 5 min` did not come true" in report.why


def test_an_action_that_does_harm_is_named():
    text = PAGE.replace("1. `do mend as operator`", "1. `do restart as commander` `wait 5 min` `do mend as operator`")
    report = run(text)
    assert (report.outcome, report.line) == (executor.WORSENED, line_of(text, "restart"))
    assert "things got worse" in report.why


def test_waiting_for_what_never_comes():
    text = PAGE.replace("1. `do mend", "1. `when load > 1000 for 30 s` `do mend")
    report = run(text)
    assert (report.outcome, report.line, report.log) == (executor.STUCK, line_of(text, "load > 1000"), ())
    assert "until the end of the day" in report.why


@pytest.mark.parametrize(("limit", "line"), [("load > 50", "`do mend"), ("load > 200", "`do look")])
def test_else_leads_elsewhere(limit, line):
    text = PAGE.replace(
        "1. `do mend as operator`: the mender mends it.\n",
        f"1. `when {limit} for 30 s within 1 min` `else go to 3`\n2. `do mend as operator`: the mender. `go to 4`\n"
        "3. `do look as operator`\n",
    )
    text = text.replace("2. `verify", "4. `verify").replace("`else go to 3`\n\n## Rec", "`else go to 5`\n\n## Rec")
    text = text.replace("3. `stop`", "5. `stop`")
    assert [said.line for said in run(text).said if said.text.startswith("do")] == [line_of(text, line)]


def test_a_page_that_goes_in_circles_stops():
    text = PAGE.replace("3. `stop`", "3. `go to 2`").replace("`do mend", "`do look")
    text = text.replace("60 s within 5 min", "5 s within 5 s")
    report = run(text)
    assert report.outcome == executor.STUCK
    assert "circles" in report.why or "the day is over" in report.why


def test_verify_counts_from_when_it_is_read():
    text = PAGE.replace("5 % for 30 s", "5 % for 30 s").replace("error_ratio < 1 % for 60 s", "load < 200 for 60 s")
    report = run(text)
    verified = report.said[2].at
    assert verified - report.log[0].at == pytest.approx(Toy.delays["mend"] + 65.0)
