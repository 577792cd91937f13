"""Cells of the phase map: edges meet, few enough, outcome in the right cell."""

import numpy as np
import pytest

from course_lib.view import phase_map


def test_cells_meet_halfway_between_positions():
    left, right = phase_map.edges([0, 1, 3], np.arange(3))
    assert left.tolist() == [-0.5, 0.5, 2.0]
    assert right.tolist() == [0.5, 2.0, 4.0]


def test_many_positions_are_thinned_and_keep_their_ends():
    cells = phase_map.grid(range(101), range(11))
    across = sorted({i for i, _ in cells})
    assert len(across) == 25 and across[0] == 0 and across[-1] == 100
    assert len(cells) == 25 * 11


def test_each_outcome_lands_in_its_own_cell():
    x, y = [10, 20, 30], [0, 1]
    outcome = np.array([x[i] + 100 * y[j] for i, j in phase_map.grid(x, y)])
    made = phase_map.columns(x, y, outcome)
    for left, right, low, high, value in zip(*made.values(), strict=True):
        assert left < value % 100 <= right and low <= value // 100 <= high
    bare = [phase_map.edges(values, np.arange(len(values))) for values in (x, y)]
    assert (made["x2"][:2] > bare[0][1][:2]).all(), "cells overlap a little, so that no seam shows"
    assert made["x"][1] == bare[0][0][1], "but stay where they are"


def test_a_label_that_would_be_cut_off_is_refused():
    with pytest.raises(ValueError, match=r"'answered at the end \(share\)': only 24 characters fit"):
        phase_map.PhaseMap("ttl", "beta", None, "answered at the end (share)")


@pytest.mark.parametrize(
    ("title", "anchor"), [("load (requests/s)", None), ("page at a burn of (× budget, log scale)", "end")]
)
def test_a_title_too_long_to_be_centred_under_the_map_ends_with_its_axis(title, anchor):
    outcome = phase_map.PhaseMap("load", "max_retries", lambda values, seed: values["load"], "load")
    cells = phase_map.chart(outcome, title, "retries (per call)").to_dict()["layer"][0]
    assert cells["encoding"]["x"]["axis"].get("titleAnchor") == anchor
