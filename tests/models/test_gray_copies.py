"""Copies of slow calls: how many there are at the others, step by step."""

import numpy as np
import pytest

from course_lib.models.gray_copies import MOST_KIN, Copies, Kin

STEPS, LASTS = 12, 8  # steps: in all, and of a call
ENDS = np.append(1.0, np.zeros(STEPS))  # all last alike


def told(copies, calls, when=0.5, kin=4.0):
    """Copies at each of the others in each step, of calls that begin in it in times of balance."""
    model, found = Kin(copies, kin, 1.0, 1.0, float(LASTS), ENDS, STEPS), []
    for number, begun in enumerate(calls):
        model.end(number - LASTS)
        for guess in model.guesses():
            found.append(model.there(*guess))
            model.told(begun, begun * when)
        model.note()
    return np.array(found[-len(calls) :]) if not model.twice else np.array(found[1::2])


def test_a_copy_is_there_a_while_after_its_call_and_as_long():
    burst = [float(LASTS)] + [0.0] * (STEPS - 1)
    found = told(Copies(delay=1.5), burst)  # from the middle of the first step to the beginning of the third
    np.testing.assert_allclose(found, [0.0, 0.0] + [4.0] * LASTS + [0.0] * 2, atol=1e-12)
    found = told(Copies(delay=1.75), burst)
    np.testing.assert_allclose(found[[1, 2, 3, 9, 10, 11]], [0.0, 3.0, 4.0, 4.0, 1.0, 0.0], atol=1e-12)


def test_a_copy_that_is_sent_at_once_is_there_in_the_step_of_its_call():
    """As the second look at it knows: for three quarters of it, if it comes after a quarter."""
    found = told(Copies(), [float(LASTS)] + [0.0] * 3, when=0.25)
    np.testing.assert_allclose(found, [3.0, 4.0, 4.0, 4.0], atol=1e-12)


def test_where_calls_come_evenly_there_are_as_many_copies_as_in_balance():
    for copies in (Copies(), Copies(delay=0.3, own=0.1, others=0.5, again=0.2), Copies(delay=2.6, paid=0.7, slow=0.4)):
        found = told(copies, [1.0] * STEPS)
        np.testing.assert_allclose(found[-1], 4.0, rtol=1e-5)
        assert found[0] < 1.0 and (np.diff(found[:LASTS]) > -1e-12).all() and found.max() < 4.1


def test_waves_never_lift_the_others_by_more_than_twice_as_many_copies():
    assert max(told(Copies(), [50.0, 0.0, 0.0])) == 4.0 * MOST_KIN


def test_hosts_that_draw_many_calls_get_many_of_their_own_copies_back():
    """A quarter of all copies in balance: so of four times as many calls no copy goes to the others."""
    assert Copies(again=0.25).elsewhere(4.0) == 0.0 and Copies(again=0.25).elsewhere(1.0) == 1.0
    found = told(Copies(again=0.25), [2.0] + [0.0] * 3, when=0.0)
    assert found[-1] == pytest.approx(4.0 * 2.0 / LASTS * (1 - 0.5) / (1 - 0.25))
    few, many = (Copies(own=0.2).calls(1.0, sent) for sent in (4.0, 0.0))  # copies take places, too
    assert few == pytest.approx(1.2 / 1.8) and many == pytest.approx(1.2)


def test_of_a_burst_a_budget_pays_for_what_it_has_saved():
    """Twice as many as are wanted in balance, of a step; ten times as many are wanted at once, for a tenth of it."""
    saves = Copies(paid=2.0, slow=1.0, saved=0.5)
    assert saves.sent(10.0, 1.0, 1.0) == pytest.approx(2.5) and saves.sent(10.0, 1.0, 0.1) == pytest.approx(0.7)
    spends = Copies(paid=0.5, slow=1.0, saved=0.5)  # and so has saved nothing
    assert spends.sent(10.0, 1.0, 1.0) == pytest.approx(1.0) and spends.sent(10.0, 1.0, 0.1) == pytest.approx(0.1)


def test_while_these_hosts_draw_others_want_fewer_copies():
    """They draw twice a quarter of all calls: of as many copies as are paid for more are left for these."""
    few = Copies(paid=0.5, slow=0.1, again=0.25)
    assert few.sent(2.0, 1.0, 1.0) == pytest.approx(2.0 / (0.9 * 0.5 / 0.75 + 0.2))
