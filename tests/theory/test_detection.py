"""The closed forms of burn-rate alerts, each by other means: a window slid over seconds, counting, drawing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from course_lib.theory import detection
from course_lib.theory.detection import DAY, HOUR, MINUTE, Pair

PUBLISHED = {30: (14.4, 6.0, 3.0, 1.0), 28: (13.44, 5.6, 2.8, 0.93)}  # SRE Workbook; sloth's windows


def slid(failing: np.ndarray, slo: float, window: int, burn: float) -> np.ndarray:
    """Whether the window's mean error ratio lies above the threshold at the end of each second."""
    total = np.concatenate([np.zeros(window), np.cumsum(failing)])
    return (total[window:] - total[:-window]) / window > burn * (1 - slo) + 1e-12


def outage(error_ratio: float, seconds: int, after: int = 0) -> np.ndarray:
    return np.concatenate([np.full(seconds, error_ratio), np.zeros(after)])


@pytest.mark.parametrize("days", PUBLISHED)
def test_the_factors_are_those_of_the_published_tables(days):
    found = [alert.factor for alert in detection.burn_alerts(0.999, days * DAY)]
    assert found == pytest.approx(PUBLISHED[days], abs=0.005)
    spent = [float(detection.budget_spent_at_alert(a.pair.long, a.factor, days * DAY))
             for a in detection.burn_alerts(0.999, days * DAY)]  # fmt: skip
    assert spent == pytest.approx([pair.share for pair in detection.PAIRS])


def test_short_windows_are_5_and_30_minutes_2_and_6_hours():
    assert [pair.short / MINUTE for pair in detection.PAIRS] == pytest.approx([5, 30, 120, 360])


@pytest.mark.parametrize(
    ("window", "burn", "error_ratio"),
    [
        *itertools.product([HOUR], [14.4], [1.0, 0.1, 0.02]),
        (6 * HOUR, 6, 0.1),
        (6 * HOUR, 6, 0.02),
        (72 * HOUR, 1, 0.1),
    ],
)
def test_a_window_slid_over_an_outage_fires_when_the_form_says(window, burn, error_ratio):
    said = float(detection.time_to_alert(error_ratio, 0.999, window, burn))
    fired = 1 + int(np.argmax(slid(outage(error_ratio, int(said) + 60), 0.999, int(window), burn)))
    assert said <= fired <= said + 1.001


def test_below_its_threshold_a_window_never_fires():
    assert not slid(outage(0.0144, 8000), 0.999, 3600, 14.4).any()
    assert detection.time_to_alert([0.0144, 0.0145], 0.999, HOUR, 14.4).tolist()[0] == np.inf
    assert np.isfinite(detection.time_to_alert(0.0145, 0.999, HOUR, 14.4))
    assert detection.time_to_alert(0.0, 0.999, HOUR, 14.4) == np.inf


def test_the_figures_of_the_sheet():
    """FACTS 12b2: seconds to the page for three windows and three error ratios; 12b3; 12f."""
    table = detection.time_to_alert([[1.0], [0.1], [0.02]], 0.999, np.array([1, 6, 72]) * HOUR, np.array([14.4, 6, 1]))
    assert table == pytest.approx(np.array([[51.8, 129.6, 259], [518.4, 1296, 2592], [2592, 6480, 12960]]), rel=2e-3)
    assert detection.time_to_exhaustion([14.4, 36, 1000]) / MINUTE == pytest.approx([3000, 1200, 43.2])
    assert detection.time_to_exhaustion(0.0) == np.inf
    assert detection.time_to_alert(0.05, 0.999, HOUR, 14.4) / MINUTE == pytest.approx(17.3, abs=0.05)
    assert detection.time_to_alert(0.01, 0.999, HOUR, 14.4) == np.inf
    assert detection.time_to_alert(0.01, 0.999, 6 * HOUR, 6) / HOUR == pytest.approx(3.6)


@pytest.mark.parametrize("lasted", [150, 1800, 5000])
@pytest.mark.parametrize(("window", "burn"), [(3600, 36.0), (3600, 14.4), (300, 14.4)])
def test_a_window_goes_quiet_when_the_form_says_however_long_the_outage(lasted, window, burn):
    fires = slid(outage(1.0, lasted, after=window + 10), 0.999, window, burn)
    said = float(detection.reset_time(1.0, 0.999, window, burn))
    assert fires[:lasted].any()
    assert abs(np.flatnonzero(fires)[-1] + 1 - lasted - said) <= 1.001


def test_a_pair_fires_with_its_long_window_and_stops_with_its_short_one():
    failing = outage(0.1, 2000, after=4000)
    long, short = slid(failing, 0.999, 3600, 14.4), slid(failing, 0.999, 300, 14.4)
    on = np.flatnonzero(long & short)
    assert on[0] + 1 == pytest.approx(float(detection.time_to_alert(0.1, 0.999, 3600, 14.4)), abs=1.001)
    assert on[-1] + 1 - 2000 == pytest.approx(float(detection.reset_time(0.1, 0.999, 300, 14.4)), abs=1.001)


@pytest.mark.parametrize(
    ("slo", "says"),
    [
        (0.93, "SLO 93 %: a burn of 14.4 (2 % in 1 h) is impossible, a total outage burns 14.3; it needs more"),
        (1.0, "at 1 there is no budget to burn"),
        (0.0, "give a share between 0 and 1"),
        (np.nan, "give a share between 0 and 1"),
        (99.9, "give a share between 0 and 1"),
    ],
)  # fmt: skip
def test_an_impossible_objective_is_refused_with_its_reason(slo, says):
    with pytest.raises(ValueError) as error:
        detection.burn_alerts(slo)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_just_above_the_lowest_objective_a_total_outage_does_fire():
    only = (Pair(0.02, HOUR, "page"),)
    (alert,) = detection.burn_alerts(0.9306, pairs=only)
    assert slid(outage(1.0, 3600), 0.9306, 3600, alert.factor).any()
    assert detection.lowest_slo([14.4, 6]) == pytest.approx([0.9306, 0.8333], abs=5e-5)
    with pytest.raises(ValueError, match=r"6 \(5 % in 6 h\).*83.33 %"):
        detection.burn_alerts(0.833, pairs=(Pair(0.05, 6 * HOUR, "page"),))


@pytest.mark.parametrize("pair", [Pair(0.0, HOUR, "page"), Pair(1.2, HOUR, "page"), Pair(0.1, 40 * DAY, "ticket")])
def test_a_pair_that_is_none_is_refused(pair):
    with pytest.raises(ValueError, match="give a share up to 100 %, and a window within the period of 30 d"):
        detection.burn_alerts(0.999, pairs=(pair,))


def test_at_ten_requests_an_hour_one_failure_is_a_seventh_of_the_budget():
    """FACTS 12b5: a burn of 100, and 13.9 % of the budget; counted over the period's 7200 requests."""
    requests = 10 * 24 * 30
    assert detection.budget_of_failures(1, 10 / HOUR, 0.999) == pytest.approx(1 / (0.001 * requests), rel=1e-12)
    assert detection.burn_rate(1 / 10, 0.999) == pytest.approx(100)
    assert detection.failures_to_alert(10 / HOUR, 0.999, HOUR, 14.4) == 1
    enough = np.ceil(1 / (14.4 * 0.001))  # requests in a window at which one failure is not enough
    assert detection.failures_to_alert((enough + np.array([-1, 0])) / HOUR, 0.999, HOUR, 14.4).tolist() == [1, 2]


@pytest.mark.parametrize("least", [1, 3])
@pytest.mark.parametrize(("error_ratio", "rate"), [(0.001, 10), (0.05, 10), (0.5, 10), (0.01, 1000), (0.02, 1000)])
def test_the_chance_of_a_page_is_what_drawn_failures_show(least, error_ratio, rate):
    failures = np.random.default_rng(12).poisson(error_ratio * rate, 200_000)
    fired = (failures / rate > 14.4 * 0.001) & (failures >= least)
    said = float(detection.chance_of_alert(error_ratio, rate / HOUR, 0.999, HOUR, 14.4, least))
    assert said == pytest.approx(fired.mean(), abs=0.005)


def test_nothing_fails_and_nothing_pages():
    assert detection.chance_of_alert(0.0, 1.0, 0.999, HOUR, 14.4) == 0.0


def test_the_precision_of_a_page_is_what_counting_windows_gives():
    """FACTS 12b6: one bad window in a thousand makes eleven pages of twelve false."""
    bad, windows = 0.001, 10_000_000
    real, wrong = bad * windows * 0.95, (1 - bad) * windows * 0.01
    assert detection.page_precision(bad, 0.95, 0.01) == pytest.approx(real / (real + wrong), rel=1e-12)
    assert detection.page_precision(bad, 0.95, 0.01) == pytest.approx(0.087, abs=5e-4)
    assert detection.page_precision([0.0, 1.0], 0.95, 0.01).tolist() == [0.0, 1.0]
    assert np.isnan(detection.page_precision(0.5, 0.0, 0.0))


def test_the_allowed_outage_is_43_minutes_a_month_at_three_nines():
    assert detection.allowed_bad_time([0.999, 0.99]) / MINUTE == pytest.approx([43.2, 432])
    assert detection.burn_rate(1.0, 0.999) * detection.allowed_bad_time(0.999) == pytest.approx(30 * DAY)
