"""One pass over all answers that are known: wrong ones are caught, right ones pass, and the published table says so."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from course_lib.grading import kill_table
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef

ROOT = Path(__file__).parents[2]
COURSE = CourseRef(str(ROOT))
LABS = pristine.labs(COURSE)
TASKS = [pytest.param(lab, name, id=f"{lab.slug}-{name}") for lab in LABS.values() for name in lab.tasks]
#: All but these are judged on 20 seeds at each commit, these on five: each takes 70 to 230 ms an answer. Once a week
#: all are judged on 200 (`python -m course_lib.grading.kill_table 200`).
DEAR = {"sweet_spot", "freshest_ttl", "objectives", "timeline", "impact", "items", "runbook", "next_load", "valve"}
DEAREST = {"next_load", "valve"}  # on four seeds: a sixth of all that module 09 costs, each
WEEKLY = bool(os.environ.get("COURSE_WEEKLY"))
MANY = [seed * 7919 + 1 for seed in range(12 if WEEKLY else 3)]
PUBLISHED = (ROOT / kill_table.PAGE).read_text(encoding="utf-8")
#: Doing nothing, and overdoing it: these do not even earn a part of the points.
OVERDONE = {
    "retry_storm": {
        "safe_budget/always_zero",
        "retry_budget/over_fixed",
        "breaker/always_open",
        "sweet_spot/no_retries",
    },
    "cache_stampede": {
        "freshest_ttl/an_hour",
        "lock/for_ever",
        "refresh_early/always",
        "refresh_early/never",
        "serve/stale_for_ever",
        "serve/no_stale",
        "objectives/beta_twenty",
        "objectives/lock_never_lapses",
        "objectives/stale_for_an_hour",
        "objectives/fresh_at_any_price",
    },
    "hot_partition": {"salt/every_key", "smallest_salts/one_per_partition", "enough_partitions/over_fixed"},
    "queue_overload": {
        "plan_queue/bound_of_one",
        "plan_queue/all_the_partitions",
        "pause/never",
        "pause/at_the_first_message",
        "scale/one_a_message",
        "scale/by_cpu",
        "triage/drops_all_that_is_old",
        "choose/no_queue_at_all",
        "choose/for_the_peak",
    },
    "dns_outage": {
        "shortest_ttl/a_week",
        "shortest_ttl/a_second",
        "query_cost/always_one",
        "query_cost/fifteen",
        "serve_stale/ever",
        "serve_stale/never",
        "three_days/a_week",
        "three_days/a_second",
        "three_days/stale_for_ever",
        "three_days/negative_of_a_second",
    },
    "discovery_failure": {
        "panic_threshold/over_fixed",
        "panic_threshold/never",
        "accept/always",
        "accept/never_shrinks",
        "route/over_fixed",
        "admission/all_at_once",
        "admission/over_fixed",
        "settings/for_ever",
        "settings/threshold_of_all",
    },
    "metastable_failure": {
        "safe_load/over_fixed",
        "safe_load/advertised_alone",
        "next_load/a_tenth",
        "fewest_copies/over_fixed",
        "valve/always_open",
        "valve/a_tenth",
        "valve/for_ten_minutes",
        "valve/restores_at_once",
        "fix/over_fixed",
    },
    "gray_failure": {
        "hedge_delay/at_once",
        "limping/over_fixed",
        "eject/half_the_fleet",
        "eject/never",
        "copies/at_once",
        "copies/never",
        "weights/over_fixed",
        "weights/round_robin",
        "precautions/hedge_everything",
        "precautions/eject_half",
        "precautions/nothing",
    },
    "bad_rollout": {
        "bake/a_week",
        "bake/three_over_p",
        "sequential/never",
        "sequential/ten_times_surer",
        "by_region/always",
        "by_region/never",
        "deal/everybody_on_all",
        "plan/a_week",
        "plan/a_minute",
        "plan/nothing_ships",
        "plan/everything_ships",
        "plan/a_thousand_cells",
    },
    "repeat_incident": {
        "items/a_minute_for_all",
        "items/a_second_for_all",
        "items/nobody_more",
        "items/due_in_a_year",
        "runbook/opened_and_left",
        "runbook/door_alone",
    },
}


def known(lab, name, folder):
    return [one for one in kill_table.wrong_answers(ROOT, [lab.slug], folder) if one.task == name]


def seeds(name):
    """Those on which right answers are tried: of a dear task one at each commit."""
    return MANY if WEEKLY or name not in DEAR else MANY[:1]


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "name"), TASKS)
def test_every_wrong_answer_is_caught_and_the_table_says_by_what(lab, name):
    """By the demand it misses first; once a week the whole page, with how many more it misses and the points left."""
    some = kill_table.SEEDS[: 4 if name in DEAREST else 5 if name in DEAR else None]
    wrong = known(lab, name, "wrong_answers")
    overdone = [one for one in wrong if f"{name}/{one.name}" in OVERDONE.get(lab.slug, ())]
    earning = kill_table.kills(COURSE, overdone, some[:1])
    assert [kill.answer.name for kill in earning if kill.points] == []
    found = kill_table.kills(COURSE, wrong, some, whole=WEEKLY)
    assert [(kill.answer.name, kill.seed, kill.state, kill.points) for kill in found if not kill.killed] == []
    assert len(found) == len(wrong) * len(some)
    first = [kill for kill in found if kill.seed == some[0]]
    fresh = [kill_table.table(name, first)] if WEEKLY else [kill_table.caught_by(kill) for kill in first]
    assert [part for part in fresh if part not in PUBLISHED] == [], "run python -m course_lib.grading.kill_table"


def test_a_page_that_names_another_demand_is_stale():
    lab = next(iter(LABS.values()))
    (kill,) = kill_table.kills(COURSE, known(lab, next(iter(lab.tasks)), "wrong_answers")[:1], whole=False)
    assert kill_table.caught_by(kill) in PUBLISHED
    other = dataclasses.replace(kill, missed=("another demand", *kill.missed))
    assert kill_table.caught_by(other) not in PUBLISHED


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "name"), TASKS)
def test_the_solution_is_right_on_many_seeds_with_one_text(lab, name):
    right, task = kill_table.answers_here(lab, name, pristine.solution(COURSE, lab)), lab.tasks[name]
    texts = {task.judge(right, seed).text for seed in seeds(name)}
    assert len(texts) == 1 and texts.pop().startswith(f"Task {name}: right")


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "name"), TASKS)
def test_right_answers_of_another_style_pass_too(lab, name):
    for one in known(lab, name, "right_answers"):
        answers = kill_table.answers_here(lab, name, {lab.answer_cells[name]: one.source})
        misses = [v.text for seed in seeds(name) if (v := lab.tasks[name].judge(answers, seed)).state != "right"]
        assert misses == [], one.name


def test_the_table_lists_every_wrong_answer_and_no_other():
    listed = [line.split(" | ")[0].removeprefix("| ") for line in PUBLISHED.splitlines() if line.startswith("| ")]
    assert [one for one in listed if one != "Wrong answer"] == [one.name for one in kill_table.wrong_answers(ROOT)]
    assert "**not caught**" not in PUBLISHED
    names = {f"{one.slug}/{one.task}/{one.name}" for one in kill_table.wrong_answers(ROOT)}
    assert {f"{slug}/{one}" for slug, several in OVERDONE.items() for one in several} <= names
