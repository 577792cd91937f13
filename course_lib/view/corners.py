"""The places where a panel's sums may break: every preset, each control's ends, corners of the open sliders.

The contract's tests call `examine` on every panel; a finding is one line that names the settings and what is wrong.
Of the corners every other one is taken, so that any three sliders meet in each of their eight ways, of the folded
controls the choices alone, and of single moves, which must not reach a challenge, the ends; all with
``COURSE_WEEKLY=1``. The run is computed at all of these places; its spread over seeds, which costs ten times as much
and comes of the same model, at the presets and where all open sliders are low or high together, weekly everywhere.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.view import style
from course_lib.view.controls import Slider
from course_lib.view.forerun import MapSweep, map_base
from course_lib.view.panel import Panel, Settings
from course_lib.view.picture import Picture, pack

ALWAYS = ("here", "map")


def corners(panel: Panel) -> Iterator[Settings]:
    """Yield the presets, each choice, corners of the open sliders, and weekly every control at both ends."""
    whole = bool(os.environ.get("COURSE_WEEKLY"))
    yield from (panel.settings(name) for name in panel.presets)
    start = panel.settings()
    ends = _ends(panel)
    for index, control in enumerate(panel.controls):
        places = range(len(control.positions)) if not isinstance(control, Slider) else ends[index] if whole else ()
        yield from (start.moved(index, position) for position in places)
    sides = itertools.product((0, 1), repeat=len(panel.main_sliders))
    for high in sides:
        if whole or sum(high) % 2 == 0 or all(high):
            yield _corner(panel, [ends[index][side] for index, side in zip(panel.main_sliders, high, strict=True)])


def spread_at(panel: Panel) -> set[Settings]:
    """Return where the spread over seeds is examined, too."""
    if os.environ.get("COURSE_WEEKLY"):
        return set(corners(panel))
    ends = _ends(panel)
    together = (_corner(panel, [ends[index][side] for index in panel.main_sliders]) for side in (0, 1))
    return {*(panel.settings(name) for name in panel.presets), *together}


def _ends(panel: Panel) -> list[tuple[int, int]]:
    return [(0, len(control.positions) - 1) for control in panel.controls]


def _corner(panel: Panel, positions: Sequence[int]) -> Settings:
    """Return the default with the open sliders at some positions."""
    settings = panel.settings()
    for index, position in zip(panel.main_sliders, positions, strict=True):
        settings = settings.moved(index, position)
    return settings


def examine(panel: Panel) -> None:
    """Check a panel whole: numbers, warnings, batches, charts, challenges and map.

    Raises
    ------
    AssertionError
        Lists every finding, one a line.
    """
    findings, whole, panel = [], spread_at(panel), Remembering(panel)
    for settings in dict.fromkeys(corners(panel)):
        findings += findings_at(panel, settings, spread=settings in whole)
    findings += [
        *_charts(panel),
        *_sweeps(panel),
        *_together(panel),
        *_map(panel),
        *_challenges(panel),
        *_easy(panel),
        *_words(panel),
    ]
    assert not findings, f"panel {panel.title!r}:\n  " + "\n  ".join(findings)


class Remembering:
    """A panel that computes the run and the spread of one place once, however many ask."""

    def __init__(self, panel: Panel) -> None:
        self.panel, self.full = panel, functools.cache(panel.full)
        self._alone = functools.cache(lambda settings: panel.pictures([settings]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.panel, name)

    def pictures(self, several: Sequence[Settings]) -> Picture:
        """Compute several together, one from memory."""
        return self._alone(several[0]) if len(several) == 1 else self.panel.pictures(several)


def findings_at(panel: Panel, settings: Settings, spread: bool = False) -> Iterator[str]:
    """Yield what is wrong at one place: an error, a warning, infinity, a missing readout, a challenge that fails."""
    where = ", ".join(f"{name}={value}" for name, value in panel.values(settings).items())
    try:
        run, full = _strictly(panel, settings, spread)
        if spread:
            panel.reached(settings, run, full)
    except Exception as error:
        yield f"at {where}: {type(error).__name__}: {error}"
        return
    for picture in (run, full):
        yield from (f"at {where}: {what}" for what in _infinite(picture))
    there = {**run.numbers, **full.numbers}
    missing = [readout.name for readout in panel.readouts if spread and readout.name not in there]
    yield from (f"at {where}: nothing computes the readout {name!r}" for name in missing)


@contextlib.contextmanager
def _strict() -> Iterator[None]:
    """Make an error of whatever numpy would only warn of."""
    with warnings.catch_warnings(), np.errstate(divide="raise", invalid="raise", over="raise"):
        warnings.simplefilter("error")
        yield


def _strictly(panel: Panel, settings: Settings, spread: bool) -> tuple[Picture, Picture]:
    """Return both pictures of some settings."""
    with _strict():
        pictures = panel.pictures([settings]), panel.full(settings) if spread else Picture({})
        for picture in pictures:
            pack([settings.key], picture)
        return pictures[0].at(0), pictures[1].at(0)


def _infinite(picture: Picture) -> Iterator[str]:
    for name, columns in picture.data.items():
        for key, column in columns.items():
            if np.isinf(column).any():
                yield f"{name}.{key} is infinite"
            elif name == "run" and np.isnan(column).all():
                yield f"{name}.{key} has no number in it"
    yield from (f"the number {name} is infinite" for name, value in picture.numbers.items() if np.isinf(value))


def idle(panel: Panel) -> Iterator[str]:
    """Yield each open slider that changes neither run nor spread, dragged from the start to its farther end."""
    start = panel.settings()
    for index in panel.main_sliders:
        last = len(panel.controls[index].positions) - 1
        far = start.moved(index, 0 if start.positions[index] > last / 2 else last)
        drawn = (lambda one: panel.pictures([one]).at(0)), (lambda one: panel.full(one).at(0))
        if all(same(draw(start), draw(far)) for draw in drawn):
            yield f"{panel.controls[index].name} changes nothing"


def _sweeps(panel: Panel) -> Iterator[str]:
    """Yield each open slider whose batch differs by a bit from the same settings taken alone."""
    start = panel.settings()
    for index in panel.main_sliders:
        count = len(panel.controls[index].positions)
        several = [start.moved(index, position) for position in sorted({0, count // 2, count - 1})]
        yield from (f"{panel.controls[index].name}: {what}" for what in company(panel, several))


def _together(panel: Panel) -> Iterator[str]:
    """Say where a spread of several settings differs by a bit from that of each."""
    if panel.together > 1:
        start, index = panel.settings(), panel.main_sliders[0]
        several = [start, start.moved(index, 0 if start.positions[index] else 1)]
        if not all(
            same(one, panel.full(settings).at(0)) for one, settings in zip(panel.fulls(several), several, strict=True)
        ):
            yield "a spread of several settings gives other numbers than that of each"


def company(panel: Panel, several: Sequence[Settings]) -> Iterator[str]:
    """Yield what is wrong where settings of one seed are computed together: a bit that differs from each one alone."""
    batch = panel.pictures(several)
    alone = [panel.pictures([settings]).at(0) for settings in several]
    if not all(same(batch.at(i), one) for i, one in enumerate(alone)):
        yield "a batch gives other numbers than its settings alone"


def same(one: Picture, other: Picture) -> bool:
    """Return whether two one-setting pictures agree to the bit, as the browser gets them."""
    return pack(["same"], one) == pack(["same"], other)


def _charts(panel: Panel) -> Iterator[str]:
    """Yield each dataset that a chart draws from and nothing computes, each that is none, each without titles."""
    start = panel.settings()
    known = {*ALWAYS, *panel.pictures([start]).data, *panel.full(start).data}
    for spec in panel.specs:
        yield from (f"a chart draws from {name!r}, which nothing computes" for name in style.named_data(spec) - known)
        if fault := style.invalid(spec):
            yield f"a chart is no Vega-Lite: {fault}"
        if not any(_titles(spec)):
            yield "a chart has no axis title with a unit in brackets"


def _titles(spec: Any) -> Iterator[bool]:
    if isinstance(spec, dict):
        title = spec.get("title")
        if "field" in spec and isinstance(title, str):
            yield "(" in title
        yield from itertools.chain.from_iterable(_titles(part) for part in spec.values())
    elif isinstance(spec, list):
        yield from itertools.chain.from_iterable(_titles(part) for part in spec)


def _challenges(panel: Panel) -> Iterator[str]:
    """Yield each challenge that is reached before anything moved, and each whose example does not reach it."""
    for number, challenge in enumerate(panel.challenges):
        try:
            if reached(panel, panel.settings())[number]:
                yield f"the challenge {challenge.text!r} is reached from the start"
            if challenge.example and not reached(panel, panel.settings(**challenge.example))[number]:
                yield f"the challenge {challenge.text!r} is not reached by its example"
        except Exception as error:
            yield f"the challenge {challenge.text!r}: {type(error).__name__}: {error}"


def reached(panel: Panel, settings: Settings) -> list[bool]:
    """Return which challenges are reached somewhere; the spread is computed only where one asks for it."""
    return _reached(panel, settings, panel.pictures([settings]).at(0))


def _reached(panel: Panel, settings: Settings, run: Picture) -> list[bool]:
    try:
        return panel.reached(settings, run, Picture({}))
    except KeyError:
        return panel.reached(settings, run, panel.full(settings).at(0))


FREE = 1
"""Challenges at the head of the list that one control may reach; the others ask for thought."""


def _tried(positions: int) -> Sequence[int]:
    """All positions of a control; every day its ends."""
    return range(positions) if os.environ.get("COURSE_WEEKLY") else sorted({0, positions - 1})


def single_moves(panel: Panel) -> Iterator[tuple[str, list[Settings]]]:
    """Yield, by what was moved, settings that a learner reaches with one click or one control."""
    for name in panel.presets:
        yield f"the preset {name!r}", [panel.settings(name)]
    start = panel.settings()
    for index, control in enumerate(panel.controls):
        moved = [start.moved(index, position) for position in _tried(len(control.positions))]
        together = [moved] if isinstance(control, Slider) else [[one] for one in moved]
        yield from ((control.name, batch) for batch in together)


def _easy(panel: Panel) -> Iterator[str]:
    """Yield each challenge after the first that a preset or a single control reaches."""
    try:
        for by, batch in single_moves(panel) if len(panel.challenges) > FREE else ():
            run = panel.pictures(batch)
            for index, settings in enumerate(batch):
                for number in _met(panel, settings, run.at(index)):
                    yield f"the challenge {panel.challenges[number].text!r} falls to {by}: {panel.values(settings)}"
    except Exception as error:
        yield f"single moves: {type(error).__name__}: {error}"


def _met(panel: Panel, settings: Settings, run: Picture) -> list[int]:
    """Return which challenges after the first are met."""
    return [number for number, met in enumerate(_reached(panel, settings, run)) if met and number >= FREE]


def _words(panel: Panel) -> Iterator[str]:
    """Yield each preset without a caption, and charts that are described alike."""
    yield from (f"the preset {name!r} has no caption" for name in panel.presets if name not in panel.captions)
    yield from (f"the caption {name!r} belongs to no preset" for name in panel.captions if name not in panel.presets)
    said = [spec["description"] for spec in panel.specs]
    yield from (f"two charts are described alike: {text!r}" for text in sorted(set(said)) if said.count(text) > 1)


def _map(panel: Panel) -> Iterator[str]:
    if panel.phase_map is None:
        return
    yield from _map_axes(panel)
    sweep = MapSweep(panel, map_base(panel, panel.settings()))
    sweep.advance(len(sweep.cells))
    outcomes = np.asarray(sweep.outcomes)
    if not np.isfinite(outcomes).all():
        yield "the phase map has cells that are no numbers"
    elif np.ptp(outcomes) == 0:
        yield "the phase map is the same everywhere: it tells nothing"


def _map_axes(panel: Panel) -> Iterator[str]:
    """Yield map axes that are logarithmic and not called so, the other way round, or that have a 0 to draw."""
    controls = {control.name: control for control in panel.controls}
    cells = [layer["encoding"] for spec in panel.specs for layer in spec.get("layer", ()) if _draws_the_map(layer)]
    for encoding, axis in itertools.product(cells, "xy"):
        name, log = getattr(panel.phase_map, axis), encoding[axis].get("scale", {}).get("type") == "log"
        if log != ("log scale" in encoding[axis]["title"]):
            yield f"the map's axis of {name} is {'' if log else 'not '}logarithmic, and its title says otherwise"
        if log and min(controls[name].positions) <= 0:
            yield f"{name} reaches 0, which the map's logarithmic axis has no place for"


def _draws_the_map(layer: dict[str, Any]) -> bool:
    return layer.get("data") == {"name": "map"} and "x2" in layer["encoding"]
