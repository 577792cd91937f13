"""Runbooks that look right and are not: each dies at the line at which it goes wrong."""

from pathlib import Path

import pytest

from course_lib.incidents import scenario
from course_lib.runbooks import executor, page
from course_lib.runbooks.page import PageError
from course_lib.runbooks.world import Drill

FOLDER = Path(__file__).parents[1] / "wrong_runbooks"

#: File, incident, what stands in the line at which it is refused, and what is said of it.
REFUSED = [
    ("ambiguous_threshold", "queue_overload", "a few seconds", "ambiguous threshold 'a few seconds' of oldest_age"),
    ("threshold_in_another_unit", "queue_overload", "depth < 10 s", "depth is in messages, not s"),
    ("impossible_threshold", "bad_rollout", "canary_excess > 5 for", "canary_excess is a share, at most 1; write 5 %"),
    ("unknown_signal", "dns_outage", "servfail_ratio", "nobody sees a signal 'servfail_ratio'"),
    ("unknown_action", "gray_failure", "drain_host_17", "nobody knows an action 'drain_host_17'"),
    ("wrong_role", "bad_rollout", "payments team`", "payments team may not do take_back: that is for release team"),
    ("step_without_an_action", "queue_overload", "depth > 20,000", "step 1 has a `when` and no action"),
    ("never_at_once", "gray_failure", "slow_pages < 10 %", "can never fire: no value is both"),
    ("leads_nowhere", "dns_outage", "go to 9", "there is no step 9"),
    ("no_verification", "bad_rollout", "do take_back", "nothing verifies `do take_back as release team`"),
]

#: File, incident, day, outcome, what stands in the line named, and what is said of it.
DIE = [
    ("restart_first", "metastable_failure", "incident", executor.WORSENED, "do restart", "things got worse"),
    ("restart_before_the_cause_is_gone", "metastable_failure", "incident", executor.STUCK, "verify", "did not come"),
    ("half_measure", "metastable_failure", "incident", executor.STUCK, "verify", "nothing says what to do then"),
    ("comes_back", "metastable_failure", "again", executor.FAILING, "`stop`: it is well", "the same trigger"),
    ("never_opened", "dns_outage", "incident", executor.FAILING, "100,000", "the page is never opened"),
    ("nothing_next", "gray_failure", "incident", executor.STUCK, "verify", "nothing says what to do then"),
]


def line_of(name: str, part: str) -> int:
    lines = (FOLDER / f"{name}.md").read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, start=1) if part in line)


def test_each_wrong_runbook_is_asked_for():
    named = {row[0] for row in (*REFUSED, *DIE)}
    assert named == {path.stem for path in FOLDER.glob("*.md")}


@pytest.mark.parametrize(("name", "incident", "part", "says"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_carried_out_is_refused_at_its_line(name, incident, part, says):
    drill = Drill(scenario.load(incident))
    with pytest.raises(PageError) as raised:
        page.check(page.load(FOLDER / f"{name}.md"), drill.units, drill.roles, drill.until)
    message = str(raised.value)
    assert message.startswith(f"{name}.md:{line_of(name, part)}: ") and says in message and "\n" not in message


@pytest.mark.parametrize(("name", "incident", "day", "outcome", "part", "says"), DIE, ids=[row[0] for row in DIE])
def test_what_goes_wrong_dies_at_its_line(name, incident, day, outcome, part, says):
    report = executor.run(FOLDER / f"{name}.md", Drill(scenario.load(incident), day), 7)
    assert (report.outcome, report.line) == (outcome, line_of(name, part)), report.why
    assert report.why.startswith(f"{name}.md:{report.line}: ") and says in report.why and not report.well
