"""Each right answer passes in at least three different wordings, and a wrong one in the same words does not."""

import dataclasses

import pytest

from course_lib.postmortem import causes, detection, document, impact, mitigation, structure, timeline
from tests.postmortem import kit

pytestmark = pytest.mark.xdist_group("postmortem")  # plays the same runs
HEAD = "---\ntitle: x\nimpact_start: 2026-03-06T23:19:03Z\n---\n\n"


@pytest.fixture(scope="module")
def facts():
    return kit.known("checkout_a").facts


def share(rule, heading, text, facts):
    return rule(document.parse(f"{HEAD}## {heading}\n\n{text}\n"), facts).share


WORDINGS = [
    (
        impact.i1,
        "Impact",
        ["217,000 requests failed, that is 92 %.", "We lost 217k calls (91.8 per cent of all).",
         "217'000 requests from the shop, 91,8 %, was not succeed.",
         "| What | n "
        "|\n|-|-|\n| Failed | 217 254 |\n| Share of failures | 91.8% |"],
        "120,000 requests failed, that is 60 %.",
    ),
    (
        impact.i2,
        "Impact",
        ["Duration: 4 min 13 s.", "It went on for 253 seconds.", "The impact lasted four minutes and 13 "
        "seconds, 0:04:13."],
        "Duration: 3 min 46 s.",
    ),
    (
        impact.i3,
        "Impact",
        ["9.3 % of the error budget is gone.", "It eat 9,3 % of error budget.", "Error budget burned: 9.3 %.",
         "It cost us 9.5 per cent of this "
        "month's budget."],
        "Error budget burned: 14 %.",
    ),
    (
        causes.c2,
        "Contributing factors",
        [
            "- **Trigger:** slow disks\n- **Amplifier:** retries\n- **Missing defence:** a retry budget",
            "| Id | Kind | Factor |\n|-|-|-|\n| F1 | trigger | storage brownout of 45 s |\n| F2 | amplifier | "
            "every client tries again, attempts per request went up |\n| F3 | missing defence | nobody had "
            "given clients any back-off |",
            "### What set it off\n\nCapacity fell to a third during an update.\n\n### What kept it "
            "going\n\nClients retried what had failed.\n\n### What was missing\n\nA breaker in the clients.",
        ],
        "- **Trigger:** the retries of the clients\n- **Amplifier:** slow disks\n- **Missing defence:** faster disks",
    ),
    (
        causes.c5,
        "Contributing factors",
        ["Amplification reached 4.0.", "At the worst there were 4.1 attempts per request.", "Load rose to four "
        "times the requests."],
        "Amplification reached 2.9.",
    ),
    (
        causes.c6,
        "Contributing factors",
        [
            "This was a retry storm. The first hypothesis was queue overload.",
            "At first we took it for an overloaded queue; it was retry amplification.",
            "Retry storm, initially diagnosed as queue_overload.",
        ],
        "This was a cache stampede. The first hypothesis was a bad rollout.",
    ),
    (
        detection.d2,
        "Detection",
        ["The alert came 27 s after users were hit.", "Time to detect: 27 seconds.", "Half a minute passed "
        "between the first failure and the page."],
        "The alert came 3 minutes after users were hit.",
    ),
    (
        detection.d5,
        "Detection",
        ["No customer had told us before.", "Users called later.", "The page came before any user complained."],
        "The page came.",
    ),
    (
        mitigation.m1,
        "Mitigation",
        ["L006 ended it.", "L006 has finish the problem.",
        "Switching the clients' retries off restored service.",
         "What stopped the failures "
        "was the clients' retry switch, by remote configuration."],
        "The restart (L003) ended it.",
    ),
    (
        mitigation.m4,
        "Mitigation",
        ["Load stayed high after the trigger had ended.", "The load not go down alone, it "
        "stay high.", "Once the trigger was over, nothing got better.", "It "
        "did not recover by itself."],
        "Once the trigger had ended the load fell by itself.",
    ),
    (
        structure.s4,
        "Summary",
        [
            "23:19 UTC almost all user cannot pay, it is a retry storm; we switch off retry, then it finish. Customers "
            "can pay again.",
            "On 6 March from 23:19 UTC payments of all users failed until retries were switched off.",
            "Checkout was down for shoppers at 23:19 UTC; turning retries off restored it.",
            "From 23:19 to 23:23 UTC customers could not pay and saw errors. It was mitigated by a switch.",
        ],
        "Something happened at 23:19 UTC.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "heading", "right", "wrong"), WORDINGS, ids=[one[0].__name__ for one in WORDINGS])
def test_three_wordings_pass_and_a_wrong_one_does_not(rule, heading, right, wrong, facts):
    assert len(right) >= 3
    assert [text for text in right if share(rule, heading, text, facts) < 1] == []
    assert share(rule, heading, wrong, facts) < 1


@pytest.mark.parametrize(
    ("owner", "one"),
    [
        ("payments on-call lead", True),
        ("Ops lead", True),
        ("engineering manager", True),
        ("head of engineering", True),
        ("the ops team's lead", True),
        ("ops", False),
        ("Engineering", False),
        ("the payments team", False),
        ("Ops lead and engineering manager", False),
    ],
)
def test_a_role_is_an_owner_whatever_group_it_leads(owner, one):
    assert structure.is_owner(owner) is one


@pytest.mark.parametrize(
    "row",
    [
        "| 2026-03-06T23:19:52Z | On-call acknowledges | L001 |",
        "| 2026-03-06 23:19:52 UTC | ack | L001 |",
        "| 2026-03-07T00:19:52+01:00 | The page is picked up | L001 |",
        "| 23:19:52 | acked | L001 |",
        "| 23:19 | acknowledged | L001 |",
    ],
)
def test_a_time_is_read_as_people_write_it(row, facts):
    text = f"| Time (UTC) | Event | Evidence |\n|-|-|-|\n{row}\n"
    (entry,) = timeline.entries(document.parse(f"{HEAD}## Timeline\n\n{text}"), facts)
    assert not entry.problem
    assert abs(facts.second(entry.when) - 172) <= entry.slack
    assert "acknowledged_at" in timeline.shown(entry, facts)


def test_a_clock_that_goes_past_midnight_is_followed(facts):
    late = dataclasses.replace(facts, started=facts.started.replace(hour=23, minute=59))
    text = "| Time (UTC) | Event |\n|-|-|\n| 23:59:30 | one |\n| 00:01:10 | two |\n"
    first, second = timeline.entries(document.parse(f"{HEAD}## Timeline\n\n{text}"), late)
    assert (second.when - first.when).total_seconds() == 100
