"""Predictions without a browser: defaults that say so, storage, and answers that are none."""

import json

import numpy as np
import pytest

from course_lib.view import prediction
from course_lib.view.prediction import predict, predict_curve, predictions


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text("")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setenv("COURSE_VIEW", "static")
    return tmp_path


def number(**changes):
    scale = {"low": 0, "high": 300, "step": 5, "unit": "s", "default": 30, **changes}
    return predict("test.number", "How long?", **scale)


def curves():
    x = np.arange(5.0)
    return predict_curve("test.curve", "Which?", x=x, curves={"up": x, "down": -x}, default="down",
                         x_title="time (s)", y_title="goodput (requests/s)")  # fmt: skip


def test_nobody_there_means_the_default_and_says_so(capsys):
    guess = number()
    guess._ipython_display_()
    guess.reveal(float("nan"))._ipython_display_()
    said = capsys.readouterr().out
    assert "predicted 30 s (a stored default; nobody predicted here)" in said
    assert "the model says never" in said
    assert predictions() == {}, "a default is nobody's prediction"


def test_a_commit_is_stored_with_its_truth(own_folder):
    guess = number()
    guess.commit(120, confidence=3)
    guess.reveal(45.0)
    stored = json.loads((own_folder / ".course" / "predictions.json").read_text())["test.number"]
    assert (stored["value"], stored["confidence"], stored["unit"], stored["truth"]) == (120, 3, "s", 45.0)
    assert guess.said == "predicted 120 s (you, certain)"


def test_two_predictions_live_in_one_file():
    number().commit(120, 1)
    curves().commit("A", 2)
    assert {name: one["value"] for name, one in predictions().items()} == {"test.number": 120, "test.curve": "A"}


def test_a_front_end_recalls_what_was_committed(monkeypatch):
    number().commit(200, 2)
    assert number().value == 30, "a program always shows the default"
    monkeypatch.setenv("COURSE_VIEW", "live")
    again = number()
    assert (again.value, again.committed) == (200, True)
    assert number(high=150).value == 30, "an answer off a changed scale is dropped"


@pytest.mark.parametrize(
    ("value", "confidence"), [(301, 2), ("x", 2), (True, 2), (30, 0), (None, 1), (float("nan"), 1)]
)
def test_answers_that_are_none_are_refused(value, confidence):
    with pytest.raises(ValueError, match=r"test\.number"):
        number().commit(value, confidence)


def test_questions_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="the default 400 lies outside 0 to 300 s"):
        number(default=400)
    with pytest.raises(ValueError, match="two to four curves"):
        predict_curve("c", "?", x=[0], curves={"a": [0]}, default="a", x_title="", y_title="")


def test_a_damaged_or_read_only_file_harms_nobody(own_folder, monkeypatch):
    prediction.predictions_path().parent.mkdir()
    prediction.predictions_path().write_text("{")
    assert predictions() == {}
    blocked = own_folder / "file"
    blocked.write_text("")
    monkeypatch.setattr(prediction, "learner_folder", lambda: blocked)
    number().commit(30, 1)


def test_the_reveal_draws_both():
    revealed = curves().reveal([1, 2, 3, 4, 5], nearest="A").chart()
    run = revealed.picture.data["run"]
    assert run["predicted"].tolist() == [0, -1, -2, -3, -4] and run["truth"].tolist() == [1, 2, 3, 4, 5]
    assert "nearest is A (up)" in revealed.description
    both = number().reveal(45.0).chart().picture.data["prediction"]
    assert both == {"predicted": [30.0], "truth": [45.0]}
