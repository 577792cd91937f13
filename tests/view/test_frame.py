"""Trace to table, thinned rows, and bands."""

import types

import numpy as np
import pytest

from course_lib import view
from course_lib.view.frame import frame, spread, thin


def trace(*batch):
    signals = {
        name: np.arange(4 * int(np.prod(batch, dtype=int))).reshape(4, *batch) * k for k, name in enumerate("ab")
    }
    made = types.SimpleNamespace(time=np.arange(4.0) + 1, signals=tuple(signals), units={"a": "1/s", "b": "s"})
    made_class = type("Trace", (), {**made.__dict__, "__getitem__": lambda self, name: signals[name]})
    return made_class()


def test_one_run_is_one_row_a_time():
    table = frame(trace())
    assert list(table.columns) == ["time", "a", "b"]
    assert table["b"].tolist() == [0, 1, 2, 3]
    assert table.attrs["units"] == {"time": "s", "a": "1/s", "b": "s"}


def test_a_batch_is_tidy_with_its_labels():
    table = frame(trace(2, 3), ["b"], load=np.array([[10], [20]]), seed=np.arange(3))
    assert list(table.columns) == ["time", "load", "seed", "b"]
    row = table[(table.time == 3) & (table.load == 20) & (table.seed == 1)]
    assert row["b"].tolist() == [2 * 6 + 4]
    assert list(frame(trace(2)).columns) == ["time", "member", "a", "b"]


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="broadcast"):
        frame(trace(2), load=np.arange(3))


def test_the_name_frame_means_the_function():

    assert view.frame is frame
    assert view.thin is thin
    assert callable(view.predict) and view.Panel.__name__ == "Panel"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        view.nonsense  # noqa: B018


def test_thinning_keeps_means_peaks_and_dates():
    values = np.arange(10.0)
    assert thin(values, 5).tolist() == [0.5, 2.5, 4.5, 6.5, 8.5]
    assert thin(values, 4, "max").tolist() == [2, 5, 8, 9]
    assert thin(values, 4).tolist() == [1, 4, 7, 9]
    assert thin(values, 4, "last").tolist() == [2, 5, 8, 9]
    assert thin(values[:, None] * [1, 2], 5).shape == (5, 2)
    assert thin(values, 300) is not None and thin(values, 300).tolist() == values.tolist()


def test_a_band_holds_its_share_of_seeds():
    values = np.random.default_rng(1).normal(size=(3, 10_000))
    low, high = spread(values, inner=0.8)
    inside = ((values >= low[:, None]) & (values <= high[:, None])).mean(axis=1)
    np.testing.assert_allclose(inside, 0.8, atol=0.001)


def test_thinning_nothing_leaves_nothing():
    assert thin(np.zeros(0)).shape == (0,)
