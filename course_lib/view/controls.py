"""What a learner can move: sliders, choices and switches, each with a name, a unit and a known list of positions.

Positions are discrete and known beforehand. That is what lets the kernel compute, in one vectorised call, the picture
of every position of a slider before anyone drags it (see `course_lib.view.forerun`).
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Any

import ipywidgets
import numpy as np

MOST_POSITIONS = 101
DAY, DEFENCES = "the day", "defences"
"""The two groups in which a panel folds what does not stand in the open: what happens, and what is done about it."""
NOTHING = 1e-9
"""Smaller sizes are rounding noise and read as 0, here and in `charts.js`."""


def number_text(value: float, unit: str = "", digits: int = 3, missing: str = "never") -> str:
    """Write a number as the panel does: at most `digits` significant digits, grouped, with its unit.

    >>> number_text(1234.56, "requests/s")
    '1,230 requests/s'
    >>> number_text(0.5, "%")
    '0.5 %'
    >>> number_text(1, "retries"), number_text(1, "tokens per call"), number_text(1, "requests/s")
    ('1 retry', '1 token per call', '1 request/s')
    >>> number_text(float("nan"), "s")
    'never'
    """
    if not np.isfinite(value):
        return missing
    value = 0.0 if abs(value) < NOTHING else value
    whole = 0 if value == 0 else int(np.floor(np.log10(abs(value))))
    places = max(0, digits - 1 - whole)
    text = f"{round(value, digits - 1 - whole):,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {singular(unit) if text == '1' else unit}".rstrip()


def singular(unit: str) -> str:
    """Return a unit as it is written after 1: its first word loses the plural.

    >>> [singular(unit) for unit in ("retries", "sub-keys", "times", "s", "%", "of capacity")]
    ['retry', 'sub-key', 'time', 's', '%', 'of capacity']
    """
    word = re.match(r"[a-z-]*", unit).group()
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return unit
    return (word[:-3] + "y" if word.endswith("ies") else word[:-1]) + unit[len(word) :]


@dataclasses.dataclass(frozen=True)
class Slider:
    """A number to drag.

    Parameters
    ----------
    name : str
        Name of the value; the parameter's name in the model.
    label : str
        What the learner reads.
    low, high, step : float
        Ends and step, in `unit`. Leave them out when `values` is given.
    unit : str
    values : tuple of float
        Explicit positions instead of an even grid: for logarithmic or uneven ranges.
    more : bool
        Fold it away under its group's name, or "more": at most four sliders stay in the open.
    group : str
        `DAY` for what happens to the service, `DEFENCES` for what is done about it. A panel with a `base` knows it from
        the model's parameters.
    hint : str
        One sentence shown on hover.

    Raises
    ------
    ValueError
        The range is empty, is no whole number of steps, or has more than 101 positions.
    """

    name: str
    label: str
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    unit: str = ""
    values: tuple[float, ...] = ()
    more: bool = False
    group: str = ""
    hint: str = ""

    def __post_init__(self) -> None:
        if problem := self._problem():
            raise ValueError(f"slider {self.name}: {problem}")

    def _problem(self) -> str:
        """Return what makes the positions impossible, or nothing."""
        if self.values:
            return "" if list(self.values) == sorted(set(self.values)) else "values must rise"
        if not (self.step > 0 and self.high > self.low):
            return "give low < high and a step above 0, or a tuple of values"
        steps = (self.high - self.low) / self.step
        if not np.isclose(steps, round(steps)):
            return f"{self.low:g} to {self.high:g} is no whole number of steps {self.step:g}"
        return f"{round(steps) + 1} positions; at most {MOST_POSITIONS}" if steps >= MOST_POSITIONS else ""

    @classmethod
    def of(cls, parameters: type, name: str, label: str, **settings: Any) -> Slider:
        """Return a slider that takes unit, range and hint from the model's own parameter.

        Parameters
        ----------
        parameters : type
            The model's ``Parameters``, whose fields carry the metadata ``unit``, ``low``, ``high`` and ``meaning``.
        name, label : str
        **settings
            Anything that `Slider` takes; wins over the metadata. ``step`` or ``values`` is always needed.
        """
        about = next(field for field in dataclasses.fields(parameters) if field.name == name).metadata
        known = {"unit": about["unit"], "hint": about["meaning"]}
        if "values" not in settings:
            known |= {"low": about["low"], "high": about["high"]}
        return cls(name, label, **{**known, **settings})

    @functools.cached_property
    def positions(self) -> tuple[float, ...]:
        """All values that the slider can take, rising; exact, so that equal settings compare equal."""
        if self.values:
            return self.values
        count = round((self.high - self.low) / self.step) + 1
        whole = all(float(x).is_integer() for x in (self.low, self.step))
        values = (round(self.low + i * self.step, 10) for i in range(count))
        return tuple(int(value) if whole else value for value in values)

    @property
    def texts(self) -> list[str]:
        """What the panel writes beside the slider at each position."""
        return [number_text(float(value), self.unit, digits=6, missing="no limit") for value in self.positions]

    def batch(self, values: list[Any]) -> np.ndarray:
        """Return the values of several settings as the model gets them: one array."""
        return np.asarray(values)

    def widget(self, position: int) -> ipywidgets.Widget:
        """Return the ipywidgets slider at a position; the panel writes name, value and unit around it."""
        value, common = self.positions[position], {"readout": False, "layout": {"width": "100%", "margin": "0"}}
        if self.values:
            options = list(zip(self.texts, self.positions, strict=True))
            return ipywidgets.SelectionSlider(options=options, value=value, **common)
        kind = ipywidgets.IntSlider if isinstance(value, int) else ipywidgets.FloatSlider
        return kind(value=value, min=self.positions[0], max=self.positions[-1], step=self.step, **common)

    def traits(self) -> dict[str, Any]:
        """Return how the browser reads a position off the slider's model."""
        if self.values:
            return {"kind": "index"}
        return {"kind": "linear", "low": self.positions[0], "step": self.step}


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of a few words, such as a backoff policy.

    Parameters
    ----------
    name, label : str
    options : tuple of str
        What the model gets.
    shown : tuple of str
        What the learner reads, when it differs.
    more : bool
    group : str
    hint : str
    """

    name: str
    label: str
    options: tuple[str, ...]
    shown: tuple[str, ...] = ()
    more: bool = False
    group: str = ""
    hint: str = ""
    unit: str = ""

    @property
    def positions(self) -> tuple[str, ...]:
        """All options."""
        return self.options

    @property
    def texts(self) -> list[str]:
        """What the learner reads at each position."""
        return list(self.shown or self.options)

    def batch(self, values: list[Any]) -> Any:
        """Return the one value that all settings of a batch share."""
        return values[0]

    def widget(self, position: int) -> ipywidgets.Widget:
        """Return the drop-down list at a position."""
        options = list(zip(self.texts, self.options, strict=True))
        return ipywidgets.Dropdown(options=options, index=position, layout={"width": "100%", "margin": "0"})

    def traits(self) -> dict[str, Any]:
        """Return how the browser reads a position off the widget's model."""
        return {"kind": "index"}


@dataclasses.dataclass(frozen=True)
class Switch:
    """On or off, such as a single defence.

    Parameters
    ----------
    name, label : str
    more : bool
    group : str
    hint : str
    """

    name: str
    label: str
    more: bool = False
    group: str = ""
    hint: str = ""
    unit: str = ""

    @property
    def positions(self) -> tuple[bool, ...]:
        """Off, on."""
        return (False, True)

    @property
    def texts(self) -> list[str]:
        """What the panel writes at each position."""
        return ["off", "on"]

    def batch(self, values: list[Any]) -> Any:
        """Return the one value that all settings of a batch share."""
        return values[0]

    def widget(self, position: int) -> ipywidgets.Widget:
        """Return the check box at a position."""
        return ipywidgets.Checkbox(value=bool(position), indent=False, layout={"width": "100%", "margin": "0"})

    def traits(self) -> dict[str, Any]:
        """Return how the browser reads a position off the widget's model."""
        return {"kind": "switch"}


Control = Slider | Choice | Switch


def position_of(control: Control, value: Any) -> int:
    """Return the index of a value among a control's positions.

    Raises
    ------
    ValueError
        The control has no such position; the message names some that it has.
    """
    position = _index(control).get(_rounded(value))
    if position is None:
        known = ", ".join(control.texts if len(control.texts) < 8 else [*control.texts[:3], "…", control.texts[-1]])
        raise ValueError(f"{control.name} = {value!r}: the panel's positions are {known}")
    return position


@functools.lru_cache(maxsize=256)
def _index(control: Control) -> dict[Any, int]:
    return {_rounded(value): position for position, value in enumerate(control.positions)}


def _rounded(value: Any) -> Any:
    """Return a number without the noise that a step such as 0.1 leaves on it."""
    return float(f"{value:.9g}") if isinstance(value, int | float | np.number) else value
