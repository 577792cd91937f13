"""The tournament: what a rule earns, that paging always and never earn nothing, and the curve over thresholds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib import detect, manifest
from course_lib.detect import Rule, contest

BUILT = [module.slug for module in manifest.load().built]


class Made(dict):
    """Days made by hand, at 1 s: a column a day; something begins at second 2."""

    def __init__(self, *days):
        super().__init__(load=np.array(days, dtype=float).T)
        self.time = np.arange(1.0, len(self["load"]) + 1)
        self.shape = (len(days),)
        self.events = {"trigger_starts": np.full(len(days), 2.0)}


@pytest.fixture
def made():
    table = dataclasses.replace(detect.table("retry_storm"), until=10.0, twin_starts=2.0)
    calm = [0.0] * 10
    return contest.Days(
        table,
        {
            "incident": Made([0, 0, 0, 0, 3, 3, 3, 3, 3, 3], [0, 0, 0, 9, 0, 9, 0, 0, 0, 0]),
            "lookalike": Made([0, 0, 0, 5, 5, 5, 0, 0, 0, 0], calm),
            "twin": Made(calm, calm),
            "quiet": Made(calm, calm, calm, [7, *calm[1:]]),
        },
    )


def rule(**changes):
    return Rule(**(dict(signal="load", window=1.0, hold=0.0, above=1.0, says="") | changes))


def test_a_score_is_counted_by_hand(made):
    score = contest.judge(rule(), made)
    assert score.paged == {"incident": 1.0, "lookalike": 0.5, "twin": 0.0, "quiet": 0.25}
    assert (score.recall, score.precision) == (1.0, 2 / 4)
    assert score.to_detect == np.median([3.0, 2.0])
    assert score.pages_an_incident == np.mean([1, 2])
    assert score.false_pages_a_week == pytest.approx(1 * 604_800 / 40 + 7 * 0.5)
    assert score.score == pytest.approx(100 * (np.mean([5 / 8, 6 / 8]) - np.mean([0.5, 0.0, 0.25])))


def test_a_hold_loses_the_one_and_spares_the_other(made):
    score = contest.judge(rule(hold=4.0), made)
    assert (score.recall, score.precision, score.paged["quiet"]) == (0.5, 1.0, 0.0)


def test_a_rule_for_the_twin_is_right_on_the_twin_alone(made):
    score = contest.judge(rule(), made, "twin")
    assert (score.recall, score.precision, score.score) == (0.0, 0.0, 0.0)
    assert np.isnan(score.to_detect)


def test_the_curve_holds_the_rules_own_point_and_runs_from_all_to_nothing(made):
    curve, own = contest.curve(rule(), made), contest.judge(rule(), made)
    at = int(np.flatnonzero(curve.threshold == 1.0)[0])
    assert (curve.recall[at], curve.precision[at], curve.to_detect[at]) == (own.recall, own.precision, own.to_detect)
    assert (np.diff(curve.recall) <= 0).all() and (np.diff(curve.false_share) <= 0).all()
    assert curve.recall[0] == 1.0 and curve.recall[-1] == 0.0  # above the wildest reading nothing is


@pytest.mark.parametrize("slug", BUILT)
def test_always_and_never_score_low_and_our_alert_wins(slug):
    result = detect.tournament(slug, seeds=range(3))
    scores = {name: score.score for name, score in result.scores.items()}
    assert scores["always page"] < 5 and scores["never page"] < 5
    assert scores["our alert"] > 60 and result.frame.rule[0] == "our alert"
    quiet = result.days.traces["quiet"].shape[0]
    assert quiet >= result.days.count / 3
    always, never = result.scores["always page"], result.scores["never page"]
    assert (always.recall, never.recall) == (1.0, 0.0) and min(always.paged.values()) == 1.0


def test_a_rule_that_pages_early_and_wrongly_does_not_win():
    eager = Rule(signal="attempt_rate", above=850.0, hold=0.0, says="")
    result = detect.tournament("retry_storm", eager, seeds=range(2))
    assert result.scores["yours"].recall == 1.0 and result.scores["yours"].score < 5


def test_rules_for_both_days_meet_ours_of_both():
    table = detect.table("retry_storm")
    mine = {"storm": table.rules["first"], "flood": table.rules["twin"]}
    result = detect.tournament("retry_storm", mine, range(2), {"flood": "twin"})
    assert result.scores["flood"] == result.scores["our twin"] and result.scores["flood"].recall == 1.0
    assert result.scores["storm"] == result.scores["our alert"]


def test_the_same_seeds_give_the_same_scores_and_others_are_drawn_for_quiet_days():
    first, again = (detect.tournament("split_brain", seeds=range(2)).frame for _ in range(2))
    assert first.equals(again)
    seeds = contest.days("split_brain", range(3)).traces["quiet"].seed
    assert len(np.unique(seeds)) == len(seeds) == 6


def test_a_tournament_of_no_seeds_is_refused():
    with pytest.raises(ValueError, match="at least one seed"):
        detect.tournament("split_brain", seeds=[])
