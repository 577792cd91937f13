"""What a lesson's live parts leave in a page that has neither kernel nor server: whole sweeps as data.

Where the notebook is run for the site (``COURSE_VIEW=site``), a panel computes each control moved alone from each
preset, with bands, challenges and a map a preset, and emits all of it as one output of a type of its own; a prediction
emits its question, and its reveal the chart with the answer left open. In the page `page.js` then plays the kernel's
part for `live.js` and `prediction.js`.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from course_lib.view.coding import coded
from course_lib.view.controls import Slider, singular
from course_lib.view.forerun import MapSweep, map_base
from course_lib.view.panel import Panel, Settings
from course_lib.view.picture import Picture
from course_lib.view.single_chart import KEY

if TYPE_CHECKING:
    from course_lib.view.prediction import Prediction, Reveal

PLACE = "application/vnd.course.place+json"
"""Type of the output that marks a live part's place in a page and holds its data."""
FOR_THE_NOTEBOOK = "(takes several controls at once: for the notebook)"
BATCH = 16
"""Settings computed by one call of the model."""
FEW = 8
"""So few batches are computed in this process."""

Held = tuple[dict[Settings, Picture], dict[Settings, Picture], dict[str, int], dict[str, str]]
_SHARED: dict[str, Panel] = {}  # of a forked process: what it computes


def place(data: Mapping[str, Any]) -> None:
    """Display a live part's place, unseen but by the site."""
    from IPython.display import display

    display({PLACE: dict(data), "text/plain": ""}, raw=True)


# ---- predictions -----------------------------------------------------------------------------------------------------


def question(prediction: Prediction) -> dict[str, Any]:
    """Return a question as its card shows it, JSON-ready."""
    from course_lib.view.prediction_card import shown

    return {"kind": "question", "name": prediction.name, "question": shown(prediction.about)}


def reveal(shown: Reveal) -> dict[str, Any]:
    """Return the charts of a reveal, JSON-ready: one for each way in which an answer may have to be laid out.

    Returns
    -------
    dict
        ``kind``, ``name``, ``default`` (the answer of those who skip), ``unit`` and ``one`` (the unit after 1),
        ``samples``: a list of answers that stood in, each with its ``caption``, ``specs``, ``units`` and ``pictures``,
        and ``spans``: of numbers, from which on which sample is laid out as they need.
    """
    prediction, unit = shown.prediction, shown.prediction.about.get("unit", "")
    answers, spans = prediction.samples(shown.truth)
    asked = {"default": prediction.default, "unit": unit, "one": singular(unit)}
    samples = [_sample(shown, value) for value in answers]
    return {"kind": "reveal", "name": prediction.name, **asked, "samples": samples, "spans": spans}


def _sample(shown: Reveal, value: Any) -> dict[str, Any]:
    """Return the chart of one answer, with the words left open that say which it is."""
    with shown.prediction.left_open(value):
        chart = shown.chart()
    pictures = coded({"frame": {KEY: chart.picture.at(0)}})
    about = {"value": value, "caption": shown.prediction.text(value), "units": dict(chart.units)}
    return {**about, "specs": chart.specs, "pictures": pictures}


# ---- panels ----------------------------------------------------------------------------------------------------------


def sweep(panel: Panel, start: Settings) -> dict[Settings, None]:
    """Return where a published panel can go, in order: each control moved alone from each preset and from its start."""
    bases = dict.fromkeys([start, *(panel.settings(preset) for preset in panel.presets)])
    return dict.fromkeys(settings for base in bases for settings in around(panel, base))


def around(panel: Panel, base: Settings) -> Iterator[Settings]:
    """Yield some settings and all others that one control alone leads to."""
    yield base
    for index, control in enumerate(panel.controls):
        yield from (base.moved(index, position) for position in range(len(control.positions)))


def moving_panel(panel: Panel, start: Settings, layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a page needs to move a panel, JSON-ready.

    Parameters
    ----------
    panel : Panel
    start : Settings
        Where its controls stand when the page opens.
    layout : dict
        From `live_panel.page`.

    Returns
    -------
    dict
        ``kind``, ``layout``, ``specs``, ``start`` (positions), ``pictures`` (frames, full pictures and maps, from
        `coding.coded`), ``reached`` (by key: a bit for each challenge that the settings reach) and ``refused`` (by key:
        what the model says of settings that it refuses).
    """
    frames, fulls, reached, refused = {}, {}, {}, {}
    for some in _each(panel, list(_batches(panel, sweep(panel, start)))):
        for whole, part in zip((frames, fulls, reached, refused), some, strict=True):
            whole.update(part)
    shelves = {"frame": frames, "full": fulls, "map": _maps(panel, start)}
    return {
        "kind": "panel",
        "layout": {**layout, "words": _words(panel, reached)},
        "specs": panel.specs,
        "start": list(start.positions),
        "pictures": coded({kind: {s.key: picture for s, picture in some.items()} for kind, some in shelves.items()}),
        "reached": reached,
        "refused": refused,
    }


def _words(panel: Panel, reached: Mapping[str, int]) -> dict[str, Any]:
    """Return what a page without a kernel says otherwise; the second challenge and the third take several controls."""
    within = [any(bits >> i & 1 for bits in reached.values()) for i in range(len(panel.challenges))]
    return {"map": "a map of the preset", "challenges": ["" if can else FOR_THE_NOTEBOOK for can in within]}


def _each(panel: Panel, batches: Sequence[list[Settings]]) -> list[Held]:
    """Compute all batches, on each core where a process may be forked: a panel holds functions, and can't be sent."""
    if sys.platform != "linux" or len(batches) < FEW:
        return [_held(panel, batch) for batch in batches]
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(mp_context=fork, initializer=_SHARED.update, initargs=({"panel": panel},)) as cores:
        return list(cores.map(_held_here, batches))


def _held_here(batch: list[Settings]) -> Held:
    return _held(_SHARED["panel"], batch)


def _held(panel: Panel, batch: list[Settings]) -> Held:
    """Return of a batch: runs, what comes at rest, which challenges are reached (by key), what is refused (by key)."""
    frames, refused = _frames(panel, batch)
    fulls = dict(zip(frames, panel.fulls(list(frames)), strict=True)) if frames else {}
    reached = {}
    for settings, frame in frames.items():
        bits = sum(done << i for i, done in enumerate(panel.reached(settings, frame, fulls[settings])))
        if bits:
            reached[settings.key] = bits
    return frames, fulls, reached, refused


def _frames(panel: Panel, batch: list[Settings]) -> tuple[dict[Settings, Picture], dict[str, str]]:
    """Return the run of each setting, and why the model refuses the others."""
    refused: dict[str, str] = {}
    try:
        drawn = panel.pictures(batch)
        return {settings: drawn.at(i) for i, settings in enumerate(batch)}, refused
    except ValueError:
        return _alone(panel, batch, refused), refused


def _alone(panel: Panel, batch: Sequence[Settings], refused: dict[str, str]) -> dict[Settings, Picture]:
    """Return those of a batch that the model takes, and add its words about the others."""
    taken = {}
    for settings in batch:
        try:
            taken[settings] = panel.pictures([settings]).at(0)
        except ValueError as error:
            refused[settings.key] = str(error)
    return taken


def _batches(panel: Panel, several: Iterable[Settings]) -> Iterator[list[Settings]]:
    """Yield the settings in batches that share choices and switches, as one call of the model takes them."""
    words = [i for i, control in enumerate(panel.controls) if not isinstance(control, Slider)]
    groups: dict[tuple[int, ...], list[Settings]] = {}
    for settings in several:
        groups.setdefault(tuple(settings.positions[i] for i in words), []).append(settings)
    for group in groups.values():
        yield from (group[i : i + BATCH] for i in range(0, len(group), BATCH))


def _maps(panel: Panel, start: Settings) -> dict[Settings, Picture]:
    """Return the phase map of each preset, by what it is filed under."""
    if panel.phase_map is None:
        return {}
    bases = dict.fromkeys(map_base(panel, s) for s in (start, *(panel.settings(preset) for preset in panel.presets)))
    maps = {}
    for base in bases:
        made = MapSweep(panel, base)
        made.advance(len(made.cells))
        maps[base] = made.picture()
    return maps
