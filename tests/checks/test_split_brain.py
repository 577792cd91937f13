"""What module 03's checks lay out: placements, ballots, trials, arrivals, keys and objectives of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import split_brain as checks
from course_lib.checks.task import draws
from course_lib.theory import quorum

FEW = [seed * 7919 + 1 for seed in range(4)]


@pytest.mark.parametrize("seed", FEW)
def test_every_kind_of_placement_is_there_and_two_can_elect_only_below_a_majority(seed):
    (placement, part, needed), kind = checks._placements(seed)
    assert (np.bincount(kind) == 4).all() and (part[kind == 2] < 0).any(axis=1).all()
    votes = np.stack([np.where(part == p, placement, 0).sum(axis=1) for p in range(3)])
    twice = (votes >= needed).sum(axis=0) > 1
    lost = np.where(part < 0, placement, 0).sum(axis=1)
    assert (lost >= needed).any() and ((votes >= needed).sum(axis=0) == 3).any()
    assert ((2 * needed <= placement.sum(axis=1)) & ~twice).any(), "half is enough, and one part alone has it"
    assert (twice == (kind >= 4)).all() and (2 * needed[twice] <= placement[twice].sum(axis=1) + 1).all()


@pytest.mark.parametrize("seed", FEW)
def test_ballots_tie_and_tell_old_from_new(seed):
    votes, old, new = checks._ballots(draws(seed, "may_lead"))
    assert len(votes) == 2 ** len(old) and (old == 0).any() and (new == 0).any()
    assert (2 * (votes * old).sum(axis=1) == old.sum()).any() and old.sum() != new.sum()
    odd = checks._odd(votes, old, new)
    most = [2 * (votes @ weight) - weight.sum() for weight in odd]
    for one, other in (most, most[::-1]):
        assert ((one == 1) & (other > 0)).any(), "some lead with half a vote more than half"


def test_a_rule_of_at_least_half_elects_two_in_some_of_the_partitions():
    """The proof's planted failure: 10,000 partitions are enough to find what one character does."""
    half = lambda votes, old, new: (2 * votes @ old >= old.sum()) & (2 * votes @ new >= new.sum())  # noqa: E731
    text = checks.may_lead.judge({"may_lead": half}, 7).text
    assert "miss  does not lead with half" in text
    assert "miss  elects no two leaders in one term in 10,000 random partitions : saw two in" in text


@pytest.mark.parametrize("seed", FEW)
@pytest.mark.parametrize("sort", range(6))
def test_the_broken_trial_comes_after_many_in_which_one_part_has_half_or_at_once(seed, sort):
    weights, part, right = checks._trials(draws(seed, "broken_trial"), sort)
    held = np.stack([np.where(part == p, weights, 0).sum(axis=1) for p in range(3)])
    half = (2 * held >= weights.sum()).sum(axis=0)
    assert (half[: right if right >= 0 else None] < 2).all() and ((half[:20] == 1).any() or right == 0)
    assert (half[right] == 2) if right >= 0 else (weights.sum() % 2 == 0) == (sort == 2)
    heads = (2 * np.stack([(part == p).sum(axis=1) for p in range(3)]) >= part.shape[1]).sum(axis=0)
    assert sort % 3 != 1 or heads[right] < 2, "who counts nodes must find another"


@pytest.mark.parametrize("seed", FEW)
def test_old_tokens_come_on_paths_that_have_seen_the_new_one_and_on_others(seed):
    token, store, path = checks._arrivals(seed)
    newest, by_path = checks._newest(token, store), checks._newest(token, store * 10 + path)
    late = token < newest
    assert (late & (token < by_path)).sum() > 5 and (late & (token >= by_path)).sum() > 5
    assert (token < checks._newest(token, 0 * store))[~late].any()


@pytest.mark.parametrize("seed", FEW)
def test_keys_clash_only_where_both_wrote(seed):
    (base, near, far, near_wrote, _, counts, least), kind = checks._keys(seed)
    spent = kind == 6
    assert (near + far - base >= 0)[spent].all() and (base[counts] % 1 == 0).all() and (base[~counts] % 1 > 0).all()
    assert (near + far - base < least)[spent].all() and (near >= least)[spent].all() and (far >= least)[spent].all()
    assert (near + far - base >= least)[(kind == 5) | (kind == 9)].all()
    assert (near + far - base == least)[kind == 9].all() and ((near == base) & near_wrote)[kind == 8].all()


@pytest.mark.parametrize("seed", FEW)
def test_objectives_are_met_with_room_or_missed_by_a_margin(seed):
    (loss, heartbeat, error, promotion, objective, quiet), fits = checks._objectives(seed)
    misses = checks._fewest(loss, heartbeat, quiet)
    away = quorum.lease_wait(misses * heartbeat, error) + promotion
    assert (away[fits] < 0.995 * objective[fits]).all() and (away[~fits] > 1.001 * objective[~fits]).all()
    alarm, before = (quorum.false_alarm_time(loss, count, heartbeat) for count in (misses, misses - 1))
    assert (alarm > 1.002 * quiet).all() and (before < 0.9 * quiet).all() and (misses[fits] == 1).any()
    one_clock = misses * heartbeat / (1 - error) + promotion
    assert (one_clock < objective)[~fits].any() and (heartbeat / loss**misses < quiet)[fits].any()


def test_who_finds_nothing_that_will_do_is_told_so_once():
    text = checks.patience.judge({"patience": lambda loss, *_: (0 * loss, 0 * loss)}, 7).text
    assert (
        text.count("  miss  ") == 1 and "is 0 and 0 exactly where nothing meets the objectives : saw misses 0" in text
    )
