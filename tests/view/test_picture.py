"""The columnar buffer: what goes in comes out, per setting, and odd shapes are named."""

import numpy as np
import pytest

from course_lib.view.picture import Picture, pack, unpack


def pictures(settings, rows=5):
    rng = np.random.default_rng(0)
    data = {"time": np.arange(rows), "y": rng.normal(size=(rows, settings)), "z": rng.normal(size=(rows, settings))}
    return Picture({"run": data, "marks": {"at": rng.normal(size=(1, settings))}}, {"peak": data["y"].max(axis=0)})


def test_a_batch_survives_the_journey():
    batch = pictures(3)
    arrived = unpack(*pack(["a", "b", "c"], batch))
    for index, key in enumerate("abc"):
        sent, got = batch.at(index), arrived[key]
        for name, columns in sent.data.items():
            for column, values in columns.items():
                np.testing.assert_array_equal(got.data[name][column], np.asarray(values, "f4"))
        assert got.numbers["peak"] == np.float32(sent.numbers["peak"])


def test_a_buffer_has_no_more_than_its_floats():
    header, buffer = pack(["a", "b"], pictures(2))
    assert len(buffer) == 4 * (5 + 2 * 5 * 2 + 2 + 2)
    assert header["datasets"]["run"] == {"rows": 5, "shared": ["time"], "own": ["y", "z"]}


def test_one_number_for_all_settings_is_spread():
    assert [p.numbers["n"] for p in unpack(*pack(["a", "b"], Picture({}, {"n": 3.0}))).values()] == [3.0, 3.0]


@pytest.mark.parametrize(
    ("picture", "wrong"),
    [
        (Picture({"run": {"y": np.zeros((5, 3))}}), r"column run\.y has shape \(5, 3\); wanted \(5,\) or \(5, 2\)"),
        (Picture({"run": {"t": np.zeros(4), "y": np.zeros((5, 2))}}), r"column run\.t has shape \(4,\)"),
        (Picture({"run": {"t": np.zeros(2000)}}), "2000 rows"),
        (Picture({}, {"n": np.zeros(3)}), r"number 'n' has shape \(3,\)"),
    ],
)
def test_odd_shapes_are_named(picture, wrong):
    with pytest.raises(ValueError, match=wrong):
        pack(["a", "b"], picture)


def test_gaps_become_nulls_in_a_static_chart():
    rows = Picture({"run": {"t": [1.0, 2.0], "y": [np.nan, 3.0]}}).rows()
    assert rows == {"run": [{"t": 1.0, "y": None}, {"t": 2.0, "y": 3.0}]}
