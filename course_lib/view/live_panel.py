"""A panel on the page: the widget, the thread that computes ahead of it, and the learner's way to read it."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.view import published, rerun, static, style
from course_lib.view.controls import Slider, number_text, position_of, singular
from course_lib.view.forerun import Forerunner, Job, MapSweep, Planner, map_base, map_controls
from course_lib.view.live import LiveChart, first_picture
from course_lib.view.panel import Panel, Settings
from course_lib.view.picture import Picture


class LivePanel:
    """One display of a panel. Read ``values`` and ``numbers`` in the next cell; both follow the sliders.

    Parameters
    ----------
    panel : Panel
    settings : Settings
        Where its controls start.
    """

    def __init__(self, panel: Panel, settings: Settings) -> None:
        self.panel, self._settings = panel, settings
        self._runs: dict[Settings, Mapping[str, float]] = {}
        self._fulls: dict[Settings, Mapping[str, float]] = {}
        self.reached = [False] * len(panel.challenges)
        self.chart: LiveChart | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Each control's value now."""
        return self.panel.values(self._settings)

    @property
    def numbers(self) -> dict[str, float]:
        """The readouts now, by name: those of `run`, and those of `spread` when at rest."""
        settings = self._settings
        run = self._runs.get(settings) or self.panel.pictures([settings]).at(0).numbers
        return {**run, **self._fulls.get(settings, {})}

    def __repr__(self) -> str:
        return f"{self.panel.title}: run this cell to make it live."

    def _ipython_display_(self) -> None:
        from IPython.display import display

        pictures = _start_pictures(self.panel, self._settings)
        self._note(self._settings, pictures["frame"])
        if static.is_live():
            rerun.promise()
        if static.is_published():
            published.place(published.moving_panel(self.panel, self._settings, page(self.panel)))
        static.show_png(twin(self.panel, self._settings), self.describe())
        if static.is_live():
            self._open(pictures)
            display({**self.chart._repr_mimebundle_()[0], "text/plain": repr(self)}, raw=True)

    def describe(self) -> str:
        """Return the charts in words: what they show, and the readouts."""
        shown = [f"{r.label} {r.text(self.numbers[r.name])}" for r in self.panel.readouts if r.name in self.numbers]
        return f"{self.panel.title}. {self.panel.description} " + "; ".join(shown)

    def _open(self, pictures: Mapping[str, Picture]) -> None:
        settings, panel = self._settings, self.panel
        self._widgets = [c.widget(i) for c, i in zip(panel.controls, settings.positions, strict=True)]
        self._forerunner = Forerunner(Planner(panel, settings), self._send, self._refused, self._forget)
        keys = dict.fromkeys(pictures, settings.key) | {"map": _map_key(panel, settings)}
        self.chart = LiveChart(
            specs=panel.specs,
            layout_data=page(panel),
            controls=self._widgets,
            seed=settings.seed,
            first=[first_picture(kind, keys[kind], picture) for kind, picture in pictures.items()],
        )
        self.chart.on_msg(self._heard)
        self.chart.observe(self._moved, "seed")
        for widget in self._widgets:
            widget.observe(self._moved, "value")
        rerun.closes(self.close)

    def close(self) -> None:
        """End the panel's thread and close its widgets: its cell runs anew."""
        self._forerunner.stop()
        rerun.close_all([*self._widgets, self.chart])

    def _moved(self, _change: Any) -> None:
        """Take note of a control's new value; called in whichever thread the message came in."""
        try:
            self._forerunner.tell(self._take_positions)
        except ValueError as error:
            self._complain([self._settings], error)

    def _take_positions(self, planner: Planner) -> None:
        """Read the controls under the planner's lock: of two threads that come here, the later one reads last."""
        values = zip(self.panel.controls, self._widgets, strict=True)
        positions = tuple(position_of(control, widget.value) for control, widget in values)
        self._settings = Settings(positions, self.chart.seed)
        planner.change(self._settings, time.monotonic())

    def _heard(self, _widget: Any, message: Mapping[str, Any], _buffers: Any) -> None:
        """Answer the page: "open" (it holds nothing yet), "closed", "attend" (a control is about to be moved)."""
        if message.get("type") == "open":
            self._forerunner.watch()
        elif message.get("type") == "closed":
            self._forerunner.unwatch()
        elif message.get("type") == "attend":
            self._forerunner.tell(lambda planner: planner.attend(message.get("control")))

    def _send(self, job: Job, picture: Picture) -> None:
        more = {"reached": self._judge(job.settings[0], picture)} if job.kind == "full" else {}
        if job.kind in ("frame", "ahead"):
            for index, settings in enumerate(job.settings):
                self._note(settings, picture.at(index))
        key = _map_key if job.kind == "map" else (lambda _panel, settings: settings.key)
        self.chart.send_picture(job.kind, [key(self.panel, s) for s in job.settings], picture, **more)

    def _forget(self) -> None:
        """Let page and kernel start afresh, before either holds too much."""
        self._runs, self._fulls = {}, {}
        self.chart.send({"type": "forget"})

    def _note(self, settings: Settings, picture: Picture) -> None:
        self._runs[settings] = picture.numbers

    def _judge(self, settings: Settings, full: Picture) -> list[bool]:
        """Tick the challenges that the picture at rest reaches; what was reached stays."""
        self._fulls[settings] = full.at(0).numbers
        run = Picture({}, self._runs.get(settings) or self.panel.pictures([settings]).at(0).numbers)
        now = self.panel.reached(settings, run, full.at(0))
        self.reached = [was or is_now for was, is_now in zip(self.reached, now, strict=True)]
        return self.reached

    def _refused(self, job: Job, error: Exception) -> None:
        self._complain(job.settings, error)

    def _complain(self, about: Sequence[Settings], error: Exception) -> None:
        text = f"The model refuses these settings: {error}"
        self.chart.send({"type": "problem", "keys": [settings.key for settings in about], "text": text})


def _map_key(panel: Panel, settings: Settings) -> str:
    """Return the name that a map is filed under."""
    return map_base(panel, settings).key


@functools.lru_cache(maxsize=16)
def _start_pictures(panel: Panel, settings: Settings) -> dict[str, Picture]:
    """Return all that a panel shows at first, computed once per kernel: frame, full picture and map."""
    pictures = {"frame": panel.pictures([settings]).at(0), "full": panel.full(settings).at(0)}
    if panel.phase_map is not None:
        sweep = MapSweep(panel, settings)
        sweep.advance(len(sweep.cells))
        pictures["map"] = sweep.picture()
    return pictures


@functools.lru_cache(maxsize=16)
def twin(panel: Panel, settings: Settings) -> bytes:
    """Return the static picture of a panel at some settings."""
    here = Picture({"here": {name: [value] for name, value in panel.here(settings).items()}})
    pictures = [*_start_pictures(panel, settings).values(), here]
    return static.png([static.filled(spec, pictures) for spec in panel.specs])


def page(panel: Panel) -> dict[str, Any]:
    """Return all that the page shows besides charts, JSON-ready."""
    return {
        "title": panel.title,
        "controls": [_control(control, panel.group(control)) for control in panel.controls],
        "presets": {name: panel.settings(name).positions for name in panel.presets},
        "start": panel.settings().positions,
        "seed": panel.seed,
        "captions": dict(panel.captions),
        "readouts": [{**dataclasses.asdict(readout), "one": singular(readout.unit)} for readout in panel.readouts],
        "challenges": [challenge.text for challenge in panel.challenges],
        "assumptions": list(panel.assumptions),
        "units": dict(panel.units),
        "map_controls": list(map_controls(panel)),
        "datasets": sorted(set().union(*(style.named_data(spec) for spec in panel.specs))),
    }


def _control(control: Any, group: str) -> dict[str, Any]:
    about = {"name": control.name, "label": control.label, "hint": control.hint}
    about["more"] = (group or "more") if control.more else None
    # JSON knows no infinity; a slider's "no limit" has no place on a chart's axis either.
    values = [v if not isinstance(v, float) or math.isfinite(v) else None for v in control.positions]
    return {**about, **control.traits(), "texts": control.texts, "ends": _ends(control), "values": values}


def _ends(control: Any) -> list[str]:
    """Return a slider's first and last position without the unit: the value beside it has that."""
    places = (control.positions[0], control.positions[-1])
    numbers = isinstance(control, Slider)
    return [number_text(float(place), digits=6, missing="no limit") if numbers else str(place) for place in places]
