"""Each part of a score, one change at a time; over all scenarios see test_physics."""

import itertools

import pytest

from course_lib.incidents import scenario, score
from course_lib.incidents.scenario import Entry
from course_lib.incidents.truth import Run

QUEUE, NIGHT = scenario.load("queue_overload"), scenario.load("night_batch")
FULL = {"impact": 35, "diagnosis": 15, "detection": 10, "acknowledge": 5, "communication": 15, "safety": 10}
FULL |= {"verification": 10, "wrong actions": 0}


def entry(at, kind, **facts):
    return Entry(at=at, kind=kind, **facts)


def without(log, *kinds):
    return tuple(one for one in log if one.kind not in kinds)


def changed(log, kind, **facts):
    return tuple(one.model_copy(update=facts) if one.kind == kind else one for one in log)


def sorted_log(*log):
    return tuple(sorted(log, key=lambda one: one.at))


REFERENCE = QUEUE.reference
TOLD, ANSWER = (next(e for e in REFERENCE if e.kind == kind) for kind in ("diagnosis", "update"))
LATER = TOLD.model_copy(update={"at": 275.0})
UNTOLD = {**ANSWER.facts, "when the next update comes": " "}


def said(**facts):
    return changed(REFERENCE, "diagnosis", **facts)


def moved(kind, at):
    return sorted_log(*changed(REFERENCE, kind, at=float(at)))


def acted(*acts):
    return sorted_log(*REFERENCE, *(entry(at, "action", action=name) for at, name in acts))


GUESS = entry(185, "diagnosis", mode="dns_outage", evidence=("depth",))
EARLY = entry(240, "verify", signals=("depth",))
EVERYTHING = tuple(t.signal for t in QUEUE.telemetry)
AFTERWARDS = sorted_log(*without(REFERENCE, "diagnosis"), LATER)
CORRECTED = sorted_log(*said(mode="nothing", cause="x"), LATER)
AT_ONCE = acted((206, "bound"), (207, "pause_producers"))
# what is other than in the reference: the part, the points it comes to, what its reason says, the log
CHANGES = {
    "nothing": ("communication", 15, "early", REFERENCE),
    "another mode": ("diagnosis", 9, "it was no cache stampede", said(mode="cache_stampede")),
    "the loudest victim": ("diagnosis", 11, "workers is where it shows", said(cause="workers")),
    "no cause": ("diagnosis", 11, "was not named", said(cause=None)),
    "evidence that tells nothing": ("diagnosis", 12, "none of the evidence", said(evidence=("cpu",))),
    "the alert as evidence": ("diagnosis", 10, "none of the evidence", said(evidence=("E001",))),
    "everything as evidence": ("diagnosis", 12, "all at once", said(evidence=EVERYTHING)),
    "said after acting": ("diagnosis", 5, "no evidence before", AFTERWARDS),
    "put right after acting": ("diagnosis", 10, "said after acting", CORRECTED),
    "one guess before": ("detection", 7, "and 1 other guess", sorted_log(GUESS, *REFERENCE)),
    "never named": ("detection", 0, "never named", said(mode="dns_outage")),
    "acknowledged before it fired": ("acknowledge", 0, "no page", moved("ack", 150)),
    "a late acknowledgement": ("acknowledge", 3, "2 min 5 s", moved("ack", 305)),
    "no word": ("communication", 0, "no update", without(REFERENCE, "update")),
    "a late word": ("communication", 7, "came 7 min", moved("update", 610)),
    "silence": ("communication", 12, "nothing was heard for", moved("verify", 1150)),
    "a promise": ("communication", 13, "promised", changed(REFERENCE, "update", text="It will be fixed by 18:30.")),
    "a fact is missing": ("communication", 13.3, "was not told when", changed(REFERENCE, "update", facts=UNTOLD)),
    "no answer": ("communication", 10, "got no answer in time", changed(moved("verify", 700), "update", inject=None)),
    "no confirmation": ("verification", 0, "nobody confirmed", without(REFERENCE, "verify")),
    "called over too early": ("verification", 0, "before it was", moved("verify", 240)),
    "too early, then rightly": ("verification", 8, "before it was", sorted_log(*REFERENCE, EARLY)),
    "confirmed by nothing": ("verification", 0, "before it was", changed(REFERENCE, "verify", signals=())),
    "said to be nothing": ("verification", 0, "before it was", changed(REFERENCE, "verify", mode="nothing")),
    "a limit left past its bound": ("verification", 7, "is left at 60", acted((400, "many_consumers"))),
    "too dear": ("safety", 7, "it costs 220 an hour where 20", acted((400, "many_consumers"))),
    "four changes at once": ("safety", 6, "4 changes were under way", AT_ONCE),
    "done for good": ("safety", 7, "cannot be taken back", acted((500, "restart"))),
    "harm": ("wrong actions", -1, "users paid for: Restart", acted((500, "restart"))),
    "nobody acts": ("impact", 0, "0 % of what the reference spares", ()),
    "words alone": ("safety", 0, "nothing was done", without(REFERENCE, "action")),
}


@pytest.fixture(scope="module")
def scored():
    logs = {what: log for what, (*_, log) in CHANGES.items()}
    return dict(zip(logs, score.many([Run(QUEUE, 0, log) for log in logs.values()]), strict=True))


def part(scored, name):
    return next(part for part in scored.parts if part.name == name)


def test_the_parts_make_a_hundred(scored):
    assert {name: most for name, (_, most) in scored["nothing"].vector.items()} == FULL
    assert sum(FULL.values()) == 100 == scored["nothing"].sum


@pytest.mark.parametrize("what", CHANGES)
def test_one_change_costs_what_it_should_and_says_so(scored, what):
    name, have, says, _ = CHANGES[what]
    found = part(scored[what], name)
    near = 1.0 if name == "wrong actions" else 0.05
    assert found.have == pytest.approx(have, abs=near) and says in found.why


def test_a_safeguard_gone_round_costs_all_of_safety():
    around = tuple(a.model_copy(update={"bypasses": "authorisation"}) if a.id == "expire" else a for a in QUEUE.actions)
    found = part(score.score(Run(QUEUE.model_copy(update={"actions": around}), 0, REFERENCE)), "safety")
    assert (found.have, found.why) == (0, "went round authorisation: that is never worth it")


def test_where_nothing_is_wrong_saying_so_is_the_answer():
    said = [e.model_copy(update={"mode": "nothing"}) for e in without(NIGHT.reference, "ack", "update")]
    silence, restart = (entry(250, "action", action=name) for name in ("silence", "restart"))
    logs = [
        (),
        said,
        NIGHT.reference,
        (silence,),
        sorted_log(*NIGHT.reference, restart),
        without(NIGHT.reference, "verify"),
    ]
    sums = [one.sum for one in score.many([Run(NIGHT, 0, tuple(log)) for log in logs])]
    nothing, alone, whole, silenced, restarted, open_end = sums
    assert nothing == silenced == 0
    assert whole == 100 and alone == 85
    assert open_end == 87, "nobody confirmed it, and nothing was heard until the end"
    assert restarted < 60


def test_a_page_that_clears_by_itself_is_taken_by_the_first_word():
    log = without(NIGHT.reference, "ack")
    assert part(score.score(Run(NIGHT, 0, log)), "acknowledge").have == 5
    assert part(score.score(Run(NIGHT, 0, without(log, "diagnosis", "update"))), "acknowledge").have == 0


def test_a_batch_scores_as_each_run_alone():
    logs = [REFERENCE, (), without(REFERENCE, "diagnosis")]
    runs = [Run(QUEUE, 5, log) for log in logs]
    assert score.many(runs) == [score.score(run) for run in runs]


def test_handing_over_early_owes_nobody_an_answer():
    """A message that comes in the last minute, or after it, is not held against anybody."""
    log = without(REFERENCE, "update")
    word = entry(260, "update", text="Since 18:02 mails are late for 3,000 buyers. Next update at 18:15.")
    run = Run(QUEUE, 0, sorted_log(*log, word))
    short, long = (part(score.score(run, end), "communication") for end in (600.0, 1200.0))
    assert "got no answer in time" in long.why
    early = Run(QUEUE, 0, tuple(e for e in run.log if e.at < 300))
    assert part(score.score(early, 320.0), "communication").have == 15
    assert short.have == long.have < 15


def test_points_never_fall_below_none():
    restarts = tuple(entry(200 + 120 * i, "action", action="restart") for i in range(6))
    assert score.score(Run(QUEUE, 0, restarts)).sum >= 0


def test_steps_go_down_in_time():
    for steps in (score.DETECTED, score.ACKNOWLEDGED, score.FIRST_UPDATE):
        assert all(a[0] < b[0] and a[1] > b[1] for a, b in itertools.pairwise(steps))
