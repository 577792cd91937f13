"""Pictures as one string: what comes back is what went in, to a pixel."""

import numpy as np
import pytest

from course_lib.view import coding
from course_lib.view.coding import coded, decoded, rounded
from course_lib.view.picture import Picture


def picture(scale, rows=40):
    time = np.linspace(0, 1, rows) / 3
    return Picture({"run": {"time": time, "queue": scale * np.exp(time)}}, {"peak": scale / 7})


def test_what_is_shared_and_the_readouts_come_back_exactly_and_the_rest_to_a_pixel():
    several = {f"{i}|7": picture(10.0**i) for i in range(-3, 4)}
    back = decoded(coded({"frame": several, "full": {"0|7": picture(2.0, rows=3)}}))
    assert list(back["frame"]) == list(several) and list(back["full"]) == ["0|7"]
    for key, one in several.items():
        queue, there = one.data["run"]["queue"], back["frame"][key]
        assert there.data["run"]["time"].tolist() == one.data["run"]["time"].astype("f4").tolist()
        assert np.abs(there.data["run"]["queue"] / queue - 1).max() <= 2.0**-13
        assert there.numbers["peak"] == np.float32(one.numbers["peak"])


def test_pictures_of_several_shapes_keep_their_own():
    several = {"0|7": picture(1.0), "1|7": picture(2.0, rows=5), "2|7": picture(3.0)}
    back = decoded(coded({"frame": several}))["frame"]
    assert {key: len(one.data["run"]["queue"]) for key, one in back.items()} == {"0|7": 40, "1|7": 5, "2|7": 40}


def test_gaps_and_ends_of_the_range_stay_what_they_are():
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 3.4e38, -1e-40], "f4")
    assert np.array_equal(rounded(odd)[:5], odd[:5], equal_nan=True)
    assert np.isfinite(rounded(odd)[5:]).all()


def test_a_part_that_is_lost_is_missed():
    code = coded({"frame": {"0|7": picture(1.0)}, "full": {"0|7": picture(2.0)}})
    with pytest.raises(ValueError, match="the parts hold 81 numbers of 162"):
        decoded({**code, "parts": code["parts"][:1]})


def test_fewer_bits_would_be_seen(monkeypatch):
    monkeypatch.setattr(coding, "FRACTION_BITS", 4)
    with pytest.raises(AssertionError):
        test_what_is_shared_and_the_readouts_come_back_exactly_and_the_rest_to_a_pixel()
