"""A panel: sliders, presets, readouts, challenges and charts of one model, built from data alone.

A module's view file declares one `Panel`; the lesson shows it with one call. Worked example, complete:

>>> import altair as alt
>>> import numpy as np
>>> from course_lib.view import style
>>> def run(values, seed):                    # values: one array (settings,) a slider; seed: an int
...     time = np.arange(300.0)               # shared by all settings: shape (rows,)
...     noise = np.random.default_rng(seed).normal(0, 1, 300)[:, None]
...     queue = np.maximum(0, time[:, None] * (values["load"] - 1) + noise)        # (rows, settings)
...     return Picture({"run": {"time": time, "queue": queue}}, {"peak": queue.max(axis=0)})
>>> def spread(values, seeds):                # values: one number a control; seeds: (32,) ints
...     queues = [run({"load": np.array([values["load"]])}, seed).data["run"]["queue"][:, 0] for seed in seeds]
...     low, high = np.quantile(queues, [0.1, 0.9], axis=0)
...     return Picture({"band": {"time": np.arange(300.0), "low": low, "high": high}})
>>> def charts():
...     x, y = style.time_axis(300), style.amount_axis("queue", "queue (requests)", top=300)
...     return [alt.layer(style.band("band", "time", "low", "high", "naive", x=x),
...                       style.line("run", "time", "queue", "naive", x=x, y=y))]
>>> PANEL = Panel(
...     title="A queue and its load",
...     description="Queue length over 300 s.",
...     controls=(Slider("load", "load", 0.5, 2.0, 0.05, "erlang"),),
...     presets={"healthy": {"load": 0.8}, "cliff edge": {"load": 1.0}, "storm": {"load": 1.6}},
...     default="storm",
...     run=run, spread=spread, charts=charts,
...     readouts=(Readout("peak", "longest queue", "requests"),),
...     challenges=(Challenge("Keep the queue below 10", lambda now: now["peak"] < 10, {"load": 0.9}),),
...     assumptions=("Arrivals are a fluid.",),
... )
>>> PANEL.values("cliff edge")
{'load': 1.0}

In the lesson: ``queue.PANEL.show()``. `corners.examine` finds what is wrong with it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.view import style
from course_lib.view.controls import DAY, DEFENCES, Choice, Control, Slider, Switch, number_text, position_of
from course_lib.view.phase_map import PhaseMap
from course_lib.view.picture import Picture

__all__ = [
    "DAY",
    "DEFENCES",
    "Challenge",
    "Choice",
    "Panel",
    "PhaseMap",
    "Picture",
    "Readout",
    "Settings",
    "Slider",
    "Switch",
]

MOST_OPEN_SLIDERS = 4
SEEDS = 32

Values = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Readout:
    """One number that matters, shown beside the chart.

    Parameters
    ----------
    name : str
        A key of the `Picture.numbers` that `run` or `spread` returns. Those of `run` follow the drag; those of
        `spread` come at rest.
    label, unit : str
    digits : int
        Significant digits.
    missing : str
        What NaN reads as.
    """

    name: str
    label: str
    unit: str = ""
    digits: int = 3
    missing: str = "never"

    def text(self, value: float) -> str:
        """Return the value as shown."""
        return number_text(value, self.unit, self.digits, self.missing)


@dataclasses.dataclass(frozen=True)
class Challenge:
    """A goal inside the panel that ticks itself off, and stays ticked.

    Parameters
    ----------
    text : str
        What to reach, with its numbers.
    test : callable
        Gets one mapping with every control's value and every number of the full picture; returns True when reached. A
        NaN ("never") compares as False.
    at : str
        A preset whose day must stand: the challenge counts only while every control of the group `DAY` is where that
        preset has it.
    but : mapping of str to value
        What of that day differs in this challenge ("the storm, but a flush").
    example : mapping of str to value
        Settings, from the default preset, that reach it. Tests go there: a challenge must be within reach, and not
        reached before anyone has moved a slider.
    """

    text: str
    test: Callable[[Mapping[str, Any]], bool]
    example: Values = dataclasses.field(default_factory=dict)
    at: str = ""
    but: Values = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, order=True)
class Settings:
    """Where all controls of a panel stand: one position (an index) each, and the seed."""

    positions: tuple[int, ...]
    seed: int

    @property
    def key(self) -> str:
        """Name under which browser and kernel file this picture; `live.js` builds the same."""
        return ",".join(map(str, self.positions)) + f"|{self.seed}"

    def moved(self, control: int, position: int) -> Settings:
        """Return the settings with one control elsewhere."""
        return Settings((*self.positions[:control], position, *self.positions[control + 1 :]), self.seed)


@dataclasses.dataclass(frozen=True, eq=False)
class Panel:
    """Everything a panel is made of; see the module's docstring for a worked example.

    Parameters
    ----------
    title, description : str
        Heading, and what the charts show in one sentence (the aria-label).
    controls : tuple of Slider, Choice or Switch
        At most four sliders without ``more=True``.
    presets : mapping of str to mapping
        Named settings; a control that a preset leaves out stands as in the default preset.
    default : str
        Preset shown first. It must tell the story without a click, and must name every control; those that it leaves
        out stand as in `base`.
    run : callable(values, seed) -> Picture
        Pure, vectorised. ``values[name]`` is an array ``(settings,)`` for a slider, one plain value for a choice or
        switch; seed is an int. The same settings give the same bits alone and in a batch.
    charts : callable() -> sequence of altair charts
        On named data: the datasets of `run` and `spread`, ``"here"`` (one row with every slider's value) and ``"map"``.
    readouts : tuple of Readout
    challenges : tuple of Challenge
    assumptions : tuple of str
        What the model leaves out; listed beside the plot.
    spread : callable(values, seeds) -> Picture, optional
        The full picture at rest: ``values[name]`` is one number, seeds an int array ``(32,)``. Its datasets are empty
        while a slider moves.
    together : int
        How many settings `spread` takes in one call, too: then ``values[name]`` of a slider is an array
        ``(settings, 1)``, and its curves are ``(rows, settings)``. A published page is made of some hundreds.
    phase_map : PhaseMap, optional
        Outcome against two sliders, with "you are here".
    seed : int
        First seed; "surprise me" draws another.
    base : Parameters, optional
        The model's parameters that the panel starts from; `parameters` puts the controls' values into them.
    captions : mapping of str to str
        What each preset is, in a few words with its numbers ("a 5 % budget"); shown while its settings stand.
    units : mapping of str to str
        Units of the data columns, for the table under the chart.

    Raises
    ------
    ValueError
        A preset off the controls' positions, an unknown name, too many open sliders.
    """

    title: str
    description: str
    controls: tuple[Control, ...]
    presets: Mapping[str, Values]
    default: str
    run: Callable[[Values, int], Picture]
    charts: Callable[[], Sequence[Any]]
    readouts: tuple[Readout, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    assumptions: tuple[str, ...] = ()
    spread: Callable[[Values, NDArray[np.int64]], Picture] | None = None
    together: int = 1
    phase_map: PhaseMap | None = None
    seed: int = 7
    base: Any = None
    captions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.default not in self.presets:
            raise ValueError(f"panel {self.title!r}: the default preset {self.default!r} is not among the presets")
        if self.base is not None:
            first = {**self._base_values(), **self.presets[self.default]}
            object.__setattr__(self, "presets", {**self.presets, self.default: first})
        missing = sorted({control.name for control in self.controls} - set(self.presets[self.default]))
        if missing:
            raise ValueError(f"panel {self.title!r}: the default preset leaves out {missing[0]!r}")
        if len(self.main_sliders) > MOST_OPEN_SLIDERS:
            raise ValueError(
                f"panel {self.title!r}: {len(self.main_sliders)} open sliders, at most {MOST_OPEN_SLIDERS}"
            )
        for preset in self.presets:
            self.settings(preset)
        for challenge in self.challenges:
            if challenge.at and challenge.at not in self.presets:
                raise ValueError(f"panel {self.title!r}: a challenge is set at {challenge.at!r}, which is no preset")

    def _base_values(self) -> dict[str, Any]:
        """Return where the controls stand in the model's own parameters: a switch is "on" there, or not."""
        known = {
            control: getattr(self.base, control.name) for control in self.controls if hasattr(self.base, control.name)
        }
        return {c.name: value == "on" if isinstance(c, Switch) else _plain(value) for c, value in known.items()}

    def group(self, control: Control) -> str:
        """Return a control's group: its own, or by who changes it in the model; nothing when neither says."""
        fields = dataclasses.fields(self.base) if self.base is not None else ()
        about = {field.name: field.metadata for field in fields}
        by = about.get(control.name, {}).get("by", "")
        return control.group or {"world": DAY, "operator": DEFENCES}.get(by, "")

    def parameters(self, values: Values) -> Any:
        """Return the base parameters with some controls' values, as the model takes them: a switch as "on" or "off"."""
        switches = {control.name for control in self.controls if isinstance(control, Switch)}
        words = {name: ("on" if value else "off") if name in switches else value for name, value in values.items()}
        return self.base.replace(**words)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the controls, in order."""
        return tuple(control.name for control in self.controls)

    @property
    def main_sliders(self) -> tuple[int, ...]:
        """Indices of the sliders in the open: those whose pictures are computed ahead of a drag."""
        return tuple(i for i, control in enumerate(self.controls) if isinstance(control, Slider) and not control.more)

    def settings(self, preset: str | None = None, seed: int | None = None, **values: Any) -> Settings:
        """Return where the controls stand in a preset (the default one without a name), some of them moved.

        Raises
        ------
        ValueError
            Unknown preset or control, or a value that is none of the control's positions.
        """
        preset = self.default if preset is None else preset
        if preset not in self.presets:
            raise ValueError(f"no preset {preset!r}: choose one of {', '.join(self.presets)}")
        wanted = {**self.presets[self.default], **self.presets[preset], **values}
        unknown = sorted(set(wanted) - set(self.names))
        if unknown:
            raise ValueError(f"no control {unknown[0]!r}: the panel has {', '.join(self.names)}")
        positions = tuple(position_of(control, wanted[control.name]) for control in self.controls)
        return Settings(positions, self.seed if seed is None else seed)

    def values(self, settings: Settings | str | None = None) -> dict[str, Any]:
        """Return each control's value under some settings or a preset."""
        at = settings if isinstance(settings, Settings) else self.settings(settings)
        return {c.name: c.positions[i] for c, i in zip(self.controls, at.positions, strict=True)}

    def batch(self, several: Sequence[Settings]) -> dict[str, Any]:
        """Return the values of several settings as `run` gets them; they must agree on choices and switches."""
        rows = [self.values(settings) for settings in several]
        return {control.name: control.batch([row[control.name] for row in rows]) for control in self.controls}

    def pictures(self, several: Sequence[Settings]) -> Picture:
        """Return the run pictures of several settings that share seed, choices and switches: one model call."""
        return self.run(self.batch(several), several[0].seed)

    def full(self, settings: Settings) -> Picture:
        """Return what comes at rest: the spread over 32 seeds (the first is the seed on show), or nothing."""
        if self.spread is None:
            return Picture({})
        return self.spread(self.values(settings), settings.seed + np.arange(SEEDS))

    def fulls(self, several: Sequence[Settings]) -> list[Picture]:
        """Return what comes at rest of several settings that share seed, choices and switches, one picture each."""
        if self.together == 1:
            return [self.full(settings).at(0) for settings in several]
        some, others = several[: self.together], several[self.together :]
        sliders = {c.name for c in self.controls if isinstance(c, Slider)}
        values = {name: v[:, None] if name in sliders else v for name, v in self.batch(some).items()}
        picture = self.spread(values, some[0].seed + np.arange(SEEDS))
        return [*(picture.at(i) for i in range(len(some))), *(self.fulls(others) if others else ())]

    def facts(self, settings: Settings, run: Picture, full: Picture) -> dict[str, Any]:
        """Return all that a challenge may ask about: control values and numbers of both pictures."""
        return {**self.values(settings), **run.numbers, **full.numbers}

    def stands_at(self, settings: Settings, preset: str, **but: Any) -> bool:
        """Return whether all controls of the group `DAY` stand where a preset has them, but for some."""
        there = self.settings(preset, **but).positions
        pairs = zip(self.controls, settings.positions, there, strict=True)
        return all(now == then for control, now, then in pairs if self.group(control) == DAY)

    def reached(self, settings: Settings, run: Picture, full: Picture) -> list[bool]:
        """Return which challenges some settings reach."""
        facts = self.facts(settings, run, full)
        return [bool(c.test(facts)) and (not c.at or self.stands_at(settings, c.at, **c.but)) for c in self.challenges]

    def here(self, settings: Settings) -> dict[str, float]:
        """Return the sliders' values: the row of the dataset ``"here"``."""
        values = self.values(settings)
        return {c.name: float(values[c.name]) for c in self.controls if isinstance(c, Slider)}

    def map_titles(self, log: str = "") -> tuple[str, str]:
        """Return the titles of the phase map's axes: label and unit of its two controls.

        Parameters
        ----------
        log : str
            Name of the control whose axis is logarithmic: its title says so.
        """
        controls = {control.name: control for control in self.controls}
        return tuple(_title(controls[name], name == log) for name in (self.phase_map.x, self.phase_map.y))

    @functools.cached_property
    def specs(self) -> list[dict[str, Any]]:
        """The charts' Vega-Lite specifications in the course's look, built once."""
        return [style.themed(chart, self.description) for chart in self.charts()]

    def show(self, preset: str | None = None, **values: Any) -> Any:
        """Show the panel: a picture first, for readers without a kernel, then the live one.

        Parameters
        ----------
        preset : str, optional
            Where to start instead of the default.
        **values
            Controls to start elsewhere.

        Returns
        -------
        course_lib.view.live_panel.LivePanel
            Displays itself; its ``values`` and ``numbers`` can be read in the next cell.
        """
        from course_lib.view.live_panel import LivePanel

        return LivePanel(self, self.settings(preset, **values))

    def png(self, preset: str | None = None, **values: Any) -> bytes:
        """Return the panel's charts at some settings as a PNG: for READMEs and pages."""
        from course_lib.view.live_panel import twin

        return twin(self, self.settings(preset, **values))

    def _ipython_display_(self) -> None:
        self.show()._ipython_display_()


def _title(control: Control, log: bool) -> str:
    notes = ", ".join([control.unit.strip("()") or "number", *(["log scale"] if log else [])])
    return f"{control.label} ({notes})"


def _plain(value: Any) -> Any:
    """Return a parameter that holds one number as that number; a schedule stands as it begins."""
    value = getattr(value, "initial", value)
    return value.item() if isinstance(value, np.ndarray | np.generic) else value
