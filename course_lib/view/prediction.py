"""Predict, then reveal: a learner commits to a number or a curve before anything is plotted.

Nothing here blocks "run all". In a front end nothing is chosen beforehand, and what gives the answer away is drawn only
after a commit or a skip. Where nobody can answer (papermill, nbconvert, tests) a default prediction stands in and says
so. Committed predictions go into a small file of the learner's own, from which the start page draws.
"""

from __future__ import annotations

import contextlib
import json
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from course_lib.manifest import ManifestError, find_root
from course_lib.view import published, rerun, static, style
from course_lib.view.controls import number_text
from course_lib.view.single_chart import ShownChart, show

CONFIDENCE = ("a guess", "fairly sure", "certain")
NOBODY = "a stored default; nobody predicted here"
ANSWER, WHO, HOW = "{answer}", "{who}", "{how}"
"""What a published page fills in where the words about a learner's answer stand."""
TURN = 0.7  # of the scale: up to here an answer's words fit right of its rule
WORDS = 0.2  # of the scale: about as long as an answer's words beside its rule
BEYOND = " of the other"
_OTHER = {"predicted": "truth", "truth": "predicted"}
_writing = threading.Lock()


def learner_folder() -> Path:
    """Return the folder of the learner's own files: ``.course`` in the course's root, else where the notebook runs."""
    try:
        return find_root() / ".course"
    except ManifestError:
        return Path.cwd() / ".course"


def predictions_path() -> Path:
    """Return the file that holds this learner's predictions."""
    return learner_folder() / "predictions.json"


def write_whole(path: Path, text: str) -> None:
    """Write one of the learner's files whole or not at all; a folder that can't be written is left in peace."""
    partial = path.with_suffix(".partial")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)


def predictions() -> dict[str, dict[str, Any]]:
    """Return all stored predictions by name.

    Returns
    -------
    dict
        Each with ``value`` (a number, a curve's letter, or the word for "never"), ``unit``, ``confidence`` (1 to 3),
        ``at`` (ISO 8601, UTC) and, once revealed, ``truth`` (alike) and ``near`` (whether the answer was near it). A
        file that cannot be read counts as empty.
    """
    try:
        stored = json.loads(predictions_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def remember(name: str, **facts: Any) -> None:
    """Add facts to one stored prediction."""
    with _writing:
        stored = predictions()
        stored[name] = {**stored.get(name, {}), **facts}
        write_whole(predictions_path(), json.dumps(stored, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


class Prediction:
    """One question, and what the learner said.

    Attributes
    ----------
    value : float or str
        The committed prediction, or the default.
    confidence : int
        1 to 3; 0 when nobody committed.
    committed : bool
        False while the default stands in.
    """

    def __init__(self, name: str, question: str, default: Any, about: Mapping[str, Any]) -> None:
        self.name, self.question, self.default, self.about = name, question, default, dict(about)
        self.value, self.confidence, self.committed, self.skipped = default, 0, False, False
        self._waiting: list[Callable[[], None]] = []
        self._open = False
        if static.is_live():
            self._recall()

    def _recall(self) -> None:
        stored = predictions().get(self.name, {})
        if stored.get("confidence") in (1, 2, 3) and self._valid(stored.get("value")):
            self.value, self.confidence, self.committed = stored["value"], stored["confidence"], True

    def _valid(self, value: Any) -> bool:
        raise NotImplementedError

    def _near(self, truth: Any) -> bool:
        raise NotImplementedError

    def text(self, value: Any) -> str:
        """Return an answer as a reader sees it."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        """What was predicted, in words, and by whom."""
        how = f"you, {CONFIDENCE[self.confidence - 1]}" if self.committed else NOBODY
        return f"predicted {self.answer} ({HOW if self._open else how})"

    @property
    def answer(self) -> str:
        """The prediction as a reader sees it."""
        return ANSWER if self._open else self.text(self.value)

    @contextlib.contextmanager
    def left_open(self, value: Any) -> Iterator[None]:
        """Stand as if `value` had been answered, with words that a published page fills in."""
        before, self.value, self._open = self.value, value, True
        try:
            yield
        finally:
            self.value, self._open = before, False

    def samples(self, truth: Any) -> tuple[list[Any], list[tuple[float, int]]]:
        """Return an answer for each way in which its reveal may have to be laid out.

        Parameters
        ----------
        truth : float or str
            What the model says.

        Returns
        -------
        answers : list
        spans : list of (float, int)
            Of numbers, in order: from which number on which of the answers is laid out as that number needs.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{self.question} {self.said}>"

    def commit(self, value: Any, confidence: int) -> None:
        """Take the learner's answer, store it, and draw what waited for it.

        Raises
        ------
        ValueError
            A value or confidence that the question does not offer.
        """
        if not self._valid(value) or confidence not in (1, 2, 3):
            raise ValueError(f"{self.name}: {value!r} with confidence {confidence!r} is not among the answers")
        self.value, self.confidence, self.committed, self.skipped = value, confidence, True, False
        at = datetime.now(UTC).isoformat(timespec="seconds")
        remember(self.name, value=value, unit=self.about.get("unit", ""), confidence=confidence, at=at)
        self._draw_waiting()

    def skip(self) -> None:
        """Reveal without predicting."""
        self.skipped = True
        self._draw_waiting()

    def _revealed_by(self, draw: Callable[[], None]) -> None:
        """Let `draw` show what is true: at once where there is an answer, and after each commit or skip."""
        self._waiting = [draw]  # a cell that ran again has a new place on the page
        if self.committed or self.skipped:
            draw()

    def _draw_waiting(self) -> None:
        for draw in self._waiting:
            draw()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not static.is_live():
            if static.is_published():
                published.place(published.question(self))
            display({"text/plain": f"{self.question}\n{self.said}"}, raw=True)
            return
        from course_lib.view.prediction_card import PredictionCard

        value = self.value if self.committed else None
        card = PredictionCard(about=self.about, value=value, confidence=self.confidence, committed=self.committed)
        card.on_msg(self._heard)
        rerun.closes(lambda: rerun.close_all([card]))
        rerun.promise()
        display({**card._repr_mimebundle_()[0], "text/plain": f"{self.question} {self.said}"}, raw=True)

    def _heard(self, _card: Any, message: Mapping[str, Any], _buffers: Any) -> None:
        if message.get("type") == "commit":
            self.commit(message["value"], message["confidence"])
        elif message.get("type") == "skip":
            self.skip()

    def _reveal(self, truth: Any, chart: Callable[[], ShownChart], says: str) -> Reveal:
        def draw() -> ShownChart:
            if self.committed:
                remember(self.name, truth=truth, near=self._near(truth))
            return chart()

        return Reveal(self, truth, draw, says)


class Reveal:
    """Prediction and truth together; in a front end it waits for the prediction, and draws itself once that is there.

    Parameters
    ----------
    prediction : Prediction
    truth : float or str
        What the model says.
    chart : callable() -> ShownChart
        Called when it is to be drawn, with the prediction as it then stands.
    says : str
        Markdown to stand below the chart: what follows from the answer, and so may not be read before it.
    """

    def __init__(self, prediction: Prediction, truth: Any, chart: Callable[[], ShownChart], says: str = "") -> None:
        self.prediction, self.truth, self.chart, self.says = prediction, truth, chart, says

    def __repr__(self) -> str:
        return f"<{self.chart().description}>"

    def _ipython_display_(self) -> None:
        from IPython.display import Markdown, display

        if not static.is_live():
            if static.is_published():
                published.place(published.reveal(self))
            self.chart()._ipython_display_()
            if self.says:
                display(Markdown(self.says))
            return
        self._show_when_answered()

    def _show_when_answered(self) -> None:
        """Draw now if there is an answer, and again whenever the learner commits anew."""
        from IPython.display import display

        asking = {"text/plain": "Commit to your prediction above, or skip it: what happens is drawn here then."}
        places = [display(part, raw=True, display_id=True) for part in (asking, {"text/plain": ""}, {"text/plain": ""})]

        def draw() -> None:
            chart = self.chart()
            bundle, metadata = static.png_bundle(chart.png(), chart.description)
            places[0].update(bundle, raw=True, metadata=metadata)
            places[1].update(chart.live_bundle(), raw=True)
            if self.says:
                places[2].update({"text/markdown": self.says, "text/plain": self.says}, raw=True)

        self.prediction._revealed_by(draw)


class NumberPrediction(Prediction):
    """A number on a scale, or the word that says there is none ("never")."""

    def _valid(self, value: Any) -> bool:
        if isinstance(value, str):
            return value == self.about["missing"] != ""
        return isinstance(value, int | float) and not isinstance(value, bool) and self._on_scale(value)

    def _on_scale(self, value: float) -> bool:
        return self.about["low"] <= value <= self.about["high"]

    def _near(self, truth: float | str) -> bool:
        """Whether the answer lies within a tenth of the scale of the truth; "never" is near itself alone."""
        if isinstance(truth, str) or isinstance(self.value, str):
            return truth == self.value
        return abs(truth - self.value) <= 0.1 * (self.about["high"] - self.about["low"])

    def samples(self, truth: float | str) -> tuple[list[float | str], list[tuple[float, int]]]:
        """Return one number for each pair of sides on which both answers' words may stand, and the word for none."""
        low, high, step = (self.about[name] for name in ("low", "high", "step"))
        first: dict[tuple[str, ...], float] = {}
        spans: list[tuple[float, int]] = []
        for place in range(round((high - low) / step) + 1):
            value = low + place * step
            sides = tuple(self._sides(value, truth))
            first.setdefault(sides, value)
            which = list(first).index(sides)
            if not spans or spans[-1][1] != which:
                spans.append((value, which))
        return [*first.values(), *filter(None, [self.about["missing"]])], spans

    def text(self, value: Any) -> str:
        """Return a number with its unit, or the word for none."""
        return value if isinstance(value, str) else number_text(float(value), self.about["unit"])

    def reveal(
        self,
        truth: float,
        charts: Any = None,
        data: Mapping[str, Any] | None = None,
        *,
        axis: str = "x",
        zero: float = 0.0,
        says: str = "",
    ) -> Reveal:
        """Show prediction and truth together.

        Parameters
        ----------
        truth : float
            What the model says, in the question's unit; NaN where it is what `missing` says.
        charts : altair chart, optional
            The real picture instead of a plain scale: both answers are marked in it.
        data : mapping, optional
            The datasets of `charts`, as for `single_chart.show`.
        axis : {"x", "y"}
            Axis of `charts` on which the answers lie.
        zero : float
            Where on that axis the question's zero is, such as the end of the trigger.
        says : str
            Markdown that follows from the answer; it stands below the chart, never before it.
        """
        answer = float(truth) if np.isfinite(truth) else self.about["missing"] or "no number"
        return self._reveal(answer, lambda: self._chart(answer, charts, data or {}, axis, zero), says)

    def _chart(self, truth: float | str, charts: Any, data: Mapping[str, Any], axis: str, zero: float) -> ShownChart:
        words = f"{self.said}; the model says {self.text(truth)}"
        answers = {"predicted": [self._place(self.value, zero)], "truth": [self._place(truth, zero)]}
        if charts is None:
            drawn = _scale(self.about, words, self._marks("x", truth, _answer_title(self.about)))
        else:
            marks = self._marks(axis, truth, _axis_title(charts.to_dict(), axis))
            drawn = alt.layer(charts, *marks).properties(title=_title(words))
        return show(drawn, {**data, "prediction": answers}, f"{self.question} {words}.")

    def _place(self, value: float | str, zero: float) -> float:
        return float("nan") if isinstance(value, str) else float(value) + zero

    def _marks(self, axis: str, truth: float | str, title: str) -> list[alt.Chart]:
        """Return both answers as rules, and above these their words: at the far end of one that is no number."""
        who = WHO if self._open else "you" if self.committed else "default"
        both = (
            ("predicted", self.value, f"{who}: {self.answer}", "prediction", 12),
            ("truth", truth, f"model: {self.text(truth)}", "truth", 28),
        )
        numbers = [(field, role) for field, answer, _, role, _ in both if not isinstance(answer, str)]
        rules = [_rule(field, role, axis, title) for field, role in numbers]
        sides = self._sides(self.value, truth)
        words = [
            _words(field, words, role, y, axis, title, side)
            for (field, _, words, role, y), side in zip(both, sides, strict=True)
        ]
        return [*rules, *(layer for layers in words for layer in layers)]

    def _sides(self, *answers: float | str) -> list[str]:
        """Where the words of two answers stand: of close ones away from each other, lest one's rule cross them.

        At an end of the scale there is no room for that: there the outer one's words stand beyond the other's rule.
        """
        sides = [self._side(answer) for answer in answers]
        if any(isinstance(answer, str) for answer in answers) or answers[0] == answers[1]:
            return sides
        low, span = self.about["low"], self.about["high"] - self.about["low"]
        lower = int(answers[1] < answers[0])
        if abs(answers[1] - answers[0]) < WORDS * span:
            sides[lower] = "left" if answers[lower] > low + WORDS * span else sides[lower]
            sides[1 - lower] = "right" if answers[1 - lower] < low + (1 - WORDS) * span else sides[1 - lower]
            if sides[0] == sides[1]:
                sides[lower if sides[0] == "right" else 1 - lower] += BEYOND
        return sides

    def _side(self, value: float | str) -> str:
        """Where an answer's words stand: right or left of its rule, or at the far end where it is no number."""
        if isinstance(value, str):
            return "end"
        low, high = self.about["low"], self.about["high"]
        return "right" if value <= low + TURN * (high - low) else "left"


class CurvePrediction(Prediction):
    """One of several curves."""

    def _valid(self, value: Any) -> bool:
        return value in self.curves

    def _near(self, truth: str) -> bool:
        return bool(truth) and self.value == truth

    def samples(self, truth: Any) -> tuple[list[str], list[tuple[float, int]]]:
        """Return each curve's letter."""
        return list(self.curves), []

    def text(self, value: Any) -> str:
        """Return a curve's letter and caption."""
        return f"{value} ({self.about['captions'][value]})"

    @property
    def curves(self) -> dict[str, np.ndarray]:
        """The curves on offer, by letter."""
        return self.about["curves"]

    def _ipython_display_(self) -> None:
        letters = list(self.curves)
        columns = {"x": self.about["x"], **self.curves}
        show(_choices(self.about, letters), {"run": columns}, f"{self.question} {self._captions()}")._ipython_display_()
        super()._ipython_display_()

    def _captions(self) -> str:
        return "; ".join(f"{letter}: {caption}" for letter, caption in self.about["captions"].items())

    def reveal(self, truth: ArrayLike, nearest: str = "", *, says: str = "") -> Reveal:
        """Show the chosen curve and the true one together.

        Parameters
        ----------
        truth : array_like (rows,)
            On the question's x.
        nearest : str
            Letter of the curve that comes nearest, if one does.
        says : str
            Markdown that follows from the answer; it stands below the chart, never before it.
        """
        return self._reveal(nearest, lambda: self._chart(np.asarray(truth, float), nearest), says)

    def _chart(self, truth: np.ndarray, nearest: str) -> ShownChart:
        words = self.said + (f"; nearest is {self.text(nearest)}" if nearest else "")
        data = {"run": {"x": self.about["x"], "predicted": self.curves[self.value], "truth": truth}}
        return show(_comparison(self.about, words), data, f"{self.question} {words}.")


def predict(
    name: str, question: str, *, low: float, high: float, step: float, unit: str, default: float, missing: str = ""
) -> NumberPrediction:
    """Ask for a number. Display the result, and reveal it in a later cell with ``.reveal(truth)``.

    Parameters
    ----------
    name : str
        Unique over the course, such as ``"retry_storm.recovery"``: what it is stored under.
    question : str
    low, high, step : float
        The scale, in `unit`.
    unit : str
    default : float
        Stands in where nobody answers: the usual wrong guess makes the better picture.
    missing : str
        The answer that is no number, such as "never": offered beside the scale, and what a truth of NaN reads as.

    Raises
    ------
    ValueError
        The default lies off the scale.
    """
    if not low <= default <= high:
        raise ValueError(f"{name}: the default {default:g} lies outside {low:g} to {high:g} {unit}")
    about = dict(kind="number", question=question, low=low, high=high, step=step, unit=unit, missing=missing)
    return NumberPrediction(name, question, default, about)


def predict_curve(
    name: str,
    question: str,
    *,
    x: ArrayLike,
    curves: Mapping[str, ArrayLike],
    default: str,
    x_title: str,
    y_title: str,
) -> CurvePrediction:
    """Ask which of several curves comes true.

    Parameters
    ----------
    name, question : str
    x : array_like (rows,)
    curves : mapping of caption to array_like (rows,)
        Up to four; shown as A, B, C, D in this order.
    default : str
        Caption of the curve that stands in where nobody answers.
    x_title, y_title : str
        Axis titles with units in brackets.

    Raises
    ------
    ValueError
        More than four curves, or a default that is none of them.
    """
    if not 2 <= len(curves) <= 4 or default not in curves:
        raise ValueError(f"{name}: give two to four curves, and one of their captions as the default")
    captions = dict(zip("ABCD", curves, strict=False))
    letters = {letter: np.asarray(curves[caption], float) for letter, caption in captions.items()}
    about = dict(kind="curve", question=question, captions=captions, x=np.asarray(x, float), curves=letters)
    about |= {"x_title": x_title, "y_title": y_title}
    standing = next(letter for letter, caption in captions.items() if caption == default)
    return CurvePrediction(name, question, standing, about)


def _scale(about: Mapping[str, Any], words: str, marks: list[alt.Chart]) -> alt.LayerChart:
    """Return a plain scale with two marks: what was predicted, what is true."""
    scale = alt.Scale(domain=[about["low"], about["high"]])
    ends = [alt.XDatum(about[end], title=_answer_title(about), scale=scale) for end in ("low", "high")]
    axis = [alt.Chart(alt.NamedData("prediction")).mark_rule(opacity=0).encode(x=end) for end in ends]
    return alt.layer(*axis, *marks).properties(height=130, title=_title(words))


def _answer_title(about: Mapping[str, Any]) -> str:
    return f"answer ({about['unit']})"


def _axis_title(spec: Mapping[str, Any], axis: str) -> str:
    """Return the first title that a chart's layers give an axis: a layer of another title would be added to it."""
    own = spec.get("encoding", {}).get(axis, {}).get("title")
    inner = (_axis_title(layer, axis) for layer in spec.get("layer", ()))
    return own or next((title for title in inner if title), "")


def _rule(field: str, role: str, axis: str, title: str) -> alt.Chart:
    """Return an answer's rule on an axis of a chart."""
    stroke = style.SERIES[role]
    mark = {"color": stroke.colour, "strokeDash": stroke.dash, "strokeWidth": 3, "clip": True}
    return alt.Chart(alt.NamedData("prediction")).mark_rule(**mark).encode(**_at(field, axis, title))


def _words(field: str, words: str, role: str, y: int, axis: str, title: str, side: str) -> list[alt.Chart]:
    """Return an answer's words and the halo behind them, inside the plot and clear of both axes."""
    if side == "end":
        where, place = {"align": "right", "dx": -6}, {"x": alt.value("width"), "y": alt.value(y)}
    elif axis == "y":
        where, place = {"align": "left", "dy": -9}, {"x": alt.value(12 if role == "prediction" else 170)}
        place |= _at(field, axis, title)
    else:
        where = {"align": "left", "dx": 6} if side.startswith("right") else {"align": "right", "dx": -6}
        place = _at(_OTHER[field] if side.endswith(BEYOND) else field, axis, title) | {"y": alt.value(y)}
    base, mark = alt.Chart(alt.NamedData("prediction")), {"text": words, "fontWeight": "bold", **where}
    halo = base.mark_text(color=style.PAPER, stroke=style.PAPER, strokeWidth=4, **mark)
    return [layer.encode(**place) for layer in (halo, base.mark_text(color=style.SERIES[role].word, **mark))]


def _at(field: str, axis: str, title: str) -> dict[str, alt.X | alt.Y]:
    return {axis: (alt.X if axis == "x" else alt.Y)(f"{field}:Q", title=title)}


def _title(words: str) -> alt.TitleParams:
    """Return a title that is broken into lines no wider than the chart."""
    return alt.Title(textwrap.wrap(words, 72), fontWeight="normal")


def _choices(about: Mapping[str, Any], letters: list[str]) -> alt.LayerChart:
    """Return all curves on offer, each with its letter at its end."""
    roles = dict(zip(letters, ("naive", "defended", "third", "fourth"), strict=False))
    x = alt.X("x:Q", title=about["x_title"])
    y = {letter: alt.Y(f"{letter}:Q", title=about["y_title"]) for letter in letters}
    lines = [style.line("run", "x", letter, roles[letter], x=x, y=y[letter]) for letter in letters]
    shifts = style.apart([about["curves"][letter][-1] for letter in letters], span=_span(about["curves"]), height=180)
    ends = [style.end_label("run", "x", k, k, roles[k], dy=dy) for k, dy in zip(letters, shifts, strict=True)]
    return alt.layer(*lines, *ends).properties(height=220, title=_title(about["question"]))


def _span(curves: Mapping[str, np.ndarray]) -> float:
    """Return how much of its axis a set of curves covers, counted from zero."""
    return float(max(0.0, *(np.nanmax(curve) for curve in curves.values())))


def _comparison(about: Mapping[str, Any], words: str) -> alt.LayerChart:
    """Return the chosen curve and the true one on the same axes."""
    x, y = alt.X("x:Q", title=about["x_title"]), alt.Y("truth:Q", title=about["y_title"])
    layers = [
        style.line("run", "x", "predicted", "prediction", x=x),
        style.line("run", "x", "truth", "truth", x=x, y=y),
        style.end_label("run", "x", "predicted", "predicted", "prediction"),
        style.end_label("run", "x", "truth", "the model", "truth"),
    ]
    return alt.layer(*layers).properties(height=220, title=_title(words))
