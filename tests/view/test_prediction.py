"""Predictions without a browser: defaults that say so, storage, and answers that are none."""

import json

import altair as alt
import numpy as np
import pytest

from course_lib.view import prediction, prediction_card, style
from course_lib.view.prediction import predict, predict_curve, predictions


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text("")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setenv("COURSE_VIEW", "static")
    return tmp_path


def number(**changes):
    scale = {"low": 0, "high": 300, "step": 5, "unit": "s", "default": 30, "missing": "never", **changes}
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
    guess.reveal(45.0).chart()
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


def stored():
    return json.loads(prediction.predictions_path().read_text(), parse_constant=pytest.fail)["test.number"]


NEVER = float("nan")


@pytest.mark.parametrize(
    ("answer", "truth", "near"),
    [("never", NEVER, True), ("never", 45.0, False), (120, NEVER, False), (60, 45.0, True), (80, 45.0, False)],
)
def test_never_is_an_answer_and_what_is_kept_is_json(answer, truth, near):
    guess = number()
    guess.commit(answer, 2)
    guess.reveal(truth).chart()
    assert (stored()["value"], stored()["near"]) == (answer, near)
    assert stored()["truth"] == ("never" if np.isnan(truth) else truth)


def test_never_is_offered_only_where_the_question_says_so():
    with pytest.raises(ValueError, match=r"test\.number"):
        number(missing="").commit("never", 1)
    assert "no number" in number(missing="").reveal(NEVER).chart().description


def words(chart):
    """Every mark's own text in a specification, with its encoding."""
    for layer in chart.get("layer", []):
        yield from words(layer)
    mark = chart.get("mark", {})
    if isinstance(mark, dict) and mark.get("text"):
        yield mark["text"], mark, chart.get("encoding", {})


def test_the_guess_is_drawn_into_the_real_chart_where_the_axis_has_its_zero():
    line = style.line("run", "t", "y", "naive", x=alt.X("t:Q", title="time (s)"))
    guess = number()
    guess.commit(165, 1)
    shown = guess.reveal(NEVER, line, {"run": {"t": [0.0, 300.0], "y": [1.0, 2.0]}}, zero=90).chart()
    assert shown.picture.data["prediction"]["predicted"] == [255.0]
    assert np.isnan(shown.picture.data["prediction"]["truth"][0])
    marks = {text: (mark, encoding) for text, mark, encoding in words(shown.specs[0])}
    assert set(marks) == {"you: 165 s", "model: never"}
    assert marks["you: 165 s"][1]["x"]["title"] == "time (s)", "another title would be added to the axis's"
    assert marks["model: never"][1]["x"] == {"value": "width"}
    assert all(encoding["y"]["value"] < 40 for _, encoding in marks.values()), "words stay clear of the axis"


def test_an_answer_near_the_end_of_the_scale_has_its_words_on_the_inner_side():
    guess = number()
    guess.commit(300, 1)
    marks = {text: mark for text, mark, _ in words(guess.reveal(10.0).chart().specs[0])}
    assert (marks["you: 300 s"]["align"], marks["model: 10 s"]["align"]) == ("right", "left")


@pytest.mark.parametrize(
    ("value", "truth", "sides"),
    [
        (120, 111, ("right left")),
        (111, 120, ("left right")),
        (230, 240, ("left left of the other")),  # no room beyond the upper one
        (10, 20, ("right of the other right")),  # nor below the lower
        (20, 10, ("right right of the other")),
        (150, 150, ("right right")),
        (100, 200, ("right right")),  # far enough apart
    ],
)
def test_words_of_close_answers_stand_away_from_each_other(value, truth, sides):
    guess = number()
    guess.commit(value, 1)
    found = guess._sides(float(value), float(truth))
    low, high = guess.about["low"], guess.about["high"]
    assert (low, high) == (0, 300) and " ".join(found) == sides


def test_where_there_is_no_room_the_outer_words_are_drawn_beyond_the_other_rule_with_a_halo():
    guess = number()
    guess.commit(0, 1)
    chart = guess.reveal(10.0).chart().specs[0]
    drawn = [(text, mark, encoding["x"]["field"]) for text, mark, encoding in words(chart)]
    assert [(text, field) for text, _, field in drawn] == [("you: 0 s", "truth")] * 2 + [("model: 10 s", "truth")] * 2
    assert all(mark["align"] == "left" for _, mark, _ in drawn)
    assert [mark.get("strokeWidth") for _, mark, _ in drawn] == [4, None, 4, None]


class Places:
    """Stands in for the page: what each place shows, in order."""

    def __init__(self, monkeypatch):
        self.shown = []
        monkeypatch.setattr("IPython.display.display", self)

    def __call__(self, bundle, **_):
        place, self.shown = len(self.shown), [*self.shown, bundle]
        return type("Place", (), {"update": lambda _, new, **__: self.shown.__setitem__(place, new)})()


def test_in_a_front_end_nothing_that_follows_from_the_answer_is_there_before_it(monkeypatch):
    guess = number()
    monkeypatch.setenv("COURSE_VIEW", "live")
    page = Places(monkeypatch)
    guess.reveal(45.0, says="**It drains.**")._ipython_display_()
    assert not any("45" in str(part) or "drains" in str(part) for part in page.shown)
    guess.commit(30, 2)
    assert "image/png" in page.shown[0] and page.shown[2]["text/markdown"] == "**It drains.**"
    guess.commit(60, 2)
    assert "predicted 60 s" in page.shown[0]["text/plain"], "a second answer is drawn, too"


def test_in_a_front_end_no_answer_is_suggested(monkeypatch):
    monkeypatch.setenv("COURSE_VIEW", "live")
    page, made, real = Places(monkeypatch), [], prediction_card.PredictionCard
    monkeypatch.setattr(prediction_card, "PredictionCard", lambda **traits: made.append(traits) or real(**traits))
    number()._ipython_display_()
    number().commit(200, 2)
    number()._ipython_display_()
    assert [(one["value"], one["confidence"]) for one in made] == [(None, 0), (200, 2)]
    assert len(page.shown) == 4  # before each card the unseen words for a page without its kernel
