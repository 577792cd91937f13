"""What the shared pictures are made of: stocks by their maximum, single ways, before and after."""

import numpy as np
import pytest

from course_lib.models import discovery_failure
from course_lib.models.retry_storm import Parameters, simulate
from course_lib.view import comparison


@pytest.fixture(scope="module")
def storm():
    return simulate(Parameters(), 7, until=100)


def test_a_stock_is_shown_by_its_maximum_and_a_rate_by_its_mean(storm):
    queue, rate = (storm[name].reshape(-1, 10) for name in ("queue_depth", "attempt_rate"))
    np.testing.assert_array_equal(comparison.per_second(storm, "queue_depth"), queue.max(axis=1))
    np.testing.assert_array_equal(comparison.per_second(storm, "attempt_rate"), rate.mean(axis=1))
    assert (queue.max(axis=1) > queue.mean(axis=1)).any(), "the two differ here"


def test_each_way_alone_changes_its_own_fields():
    swept = comparison.alone(Parameters(), [{"max_retries": 0}, {"queue_limit": 900.0, "timeout": 2.0}, {}])
    assert swept.max_retries.tolist() == [0, 3, 3]
    assert swept.queue_limit.tolist() == [np.inf, 900.0, np.inf]
    assert swept.timeout.tolist() == [1.0, 2.0, 1.0]


def test_before_and_after_share_axes_and_name_their_lines(storm):
    cases = {"one": comparison.Case(storm, {0: "brownout"}), "two": comparison.Case(storm, {0: "brownout"})}
    lines = {"attempt_rate": ("attempts", "naive"), "goodput": ("answered", "defended")}
    shown = comparison.before_after(cases, lines, "Twice the same.", title="rate (requests/s)", top=4500)
    assert [spec["title"] for spec in shown.specs] == ["one", "two"]
    assert str(shown.specs[0]["layer"]).replace("case0", "case1") == str(shown.specs[1]["layer"])
    assert shown.picture.data["case0 regions"]["end"].tolist() == [90.0, 100.0], "still failing at the end"
    assert shown.png()[:4] == b"\x89PNG"


def test_a_run_in_steps_longer_than_a_second_keeps_its_clock():
    slow = discovery_failure.simulate(discovery_failure.Parameters(), 7, until=60)
    shown = comparison.compare({"one": slow}, "goodput", trigger="none")
    assert shown.picture.data["run"]["time"].tolist() == slow.time.tolist()
