"""The sweep that travels ahead of the drag.

A slider's positions are known, and a model takes many settings in one call. So while the learner is at rest the kernel
computes the pictures of every position of every open slider and hands them to the browser, which then draws a drag
from what it has at hand, without asking. What it lacks (a far jump, a control moved a moment ago) is computed first;
the full picture follows at rest, then the sweep, then the phase map, all in pieces, so that nothing urgent waits longer
than one.

`Planner` decides what comes next and knows neither threads nor widgets; `Forerunner` is the one thread that computes.
Results leave in the order in which they were asked for, each filed under its own settings, so that a late one can never
pass for a newer one.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable

from course_lib.view import phase_map
from course_lib.view.panel import Panel, Settings
from course_lib.view.picture import Picture

REST = 0.07
"""Seconds without a change after which the learner counts as at rest."""
PIECE = 0.04
"""Seconds that one piece of the sweep should take."""
RUN_UP = 8
"""Positions further on in the direction of a drag that come along when the browser lacks the present one."""
MOST_FRAMES = 2500
"""Pictures kept in the browser before it is told to start afresh (about 10 kB each)."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One piece of work: ``"frame"`` (asked for now), ``"full"`` (at rest), ``"ahead"`` (sweep) or ``"map"``."""

    kind: str
    settings: tuple[Settings, ...]


Send = Callable[[Job, Picture], None]
Fail = Callable[[Job, Exception], None]


class Planner:
    """What to compute next for one panel, given where its controls stand and what the browser holds.

    Parameters
    ----------
    panel : Panel
    settings : Settings
        Where the controls stand at the start.
    rest : float
        Seconds without change that count as rest.
    """

    def __init__(self, panel: Panel, settings: Settings, rest: float = REST) -> None:
        self.panel, self.settings, self.rest = panel, settings, rest
        self.framed: set[Settings] = set()
        self.filled: set[Settings] = set()
        self.mapped: set[Settings] = set()
        self.spoiled: set[Settings] = set()
        self.attended = panel.main_sliders[:1]
        self.told = 0  # how often the page was taken to hold nothing
        self.came_from = settings
        self.changed_at = float("-inf")
        self.seconds_each = PIECE / 8

    def change(self, settings: Settings, now: float) -> None:
        """Take note that the controls stand elsewhere."""
        if settings != self.settings:
            self.came_from, self.settings, self.changed_at = self.settings, settings, now

    def attend(self, control: int) -> None:
        """Sweep this control first: the pointer is over it, or it has the focus."""
        if control in self.panel.main_sliders:
            self.attended = (control,)

    def forget(self) -> None:
        """Take note that the browser holds nothing (any more)."""
        self.framed, self.filled, self.mapped, self.spoiled = set(), set(), set(), set()
        self.told += 1

    def wait(self, now: float) -> float | None:
        """Return the seconds until `job` may have something to do, None when only a change can bring that."""
        left = self.changed_at + self.rest - now
        return left if left > 0 else None

    def job(self, now: float) -> Job | None:
        """Return the most urgent piece of work, None when there is none now."""
        if self.settings not in self.framed:
            return Job("frame", (self.settings, *self._run_up()))
        if now < self.changed_at + self.rest:
            return None
        if self.settings not in self.filled:
            return Job("full", (self.settings,))
        return self._ahead() or self._map()

    def done(self, job: Job, seconds: float) -> None:
        """Take note that a job's result was sent, and how long it took."""
        target = {"full": self.filled, "map": self.mapped}.get(job.kind, self.framed)
        target.update(job.settings)
        if job.kind == "ahead":
            self.seconds_each = 0.5 * self.seconds_each + 0.5 * max(seconds, 1e-6) / len(job.settings)

    def failed(self, job: Job) -> bool:
        """Take note that the model refused a job; return whether that concerns what the learner asked for.

        One setting that is refused spoils its batch. The others are not swept again, but computed alone when asked for.
        """
        if job.kind == "ahead" or len(job.settings) > 1:
            self.spoiled.update(job.settings)
            return False
        self.done(job, PIECE)
        if job.kind == "frame":  # what has no run has no spread either: trying would hide the first reason
            self.filled.update(job.settings)
        return job.kind in ("frame", "full")

    @property
    def piece(self) -> int:
        """Settings that one piece of the sweep may hold."""
        return int(min(64, max(4, PIECE / self.seconds_each)))

    def _run_up(self) -> list[Settings]:
        """Return where the drag is heading: a batch costs little more than its first member."""
        if self.settings in self.spoiled:
            return []
        pairs = enumerate(zip(self.came_from.positions, self.settings.positions, strict=True))
        moved = [(control, old, new) for control, (old, new) in pairs if old != new]
        if len(moved) != 1 or moved[0][0] not in self.panel.main_sliders:
            return []
        control, old, new = moved[0]
        last = len(self.panel.controls[control].positions) - 1
        path = range(new + 1, last + 1) if new > old else range(new - 1, -1, -1)
        ahead = [self.settings.moved(control, position) for position in path[:RUN_UP]]
        return [settings for settings in ahead if self._is_new(settings)]

    def _is_new(self, settings: Settings) -> bool:
        return settings not in self.framed and settings not in self.spoiled

    def _ahead(self) -> Job | None:
        for control in dict.fromkeys((*self.attended, *self.panel.main_sliders)):
            missing = [settings for settings in self._nearest_first(control) if self._is_new(settings)]
            if missing:
                return Job("ahead", tuple(missing[: self.piece]))
        missing = [settings for settings in self._presets() if self._is_new(settings)]
        return Job("ahead", (missing[0],)) if missing else None

    def _nearest_first(self, control: int) -> list[Settings]:
        here = self.settings.positions[control]
        order = sorted(range(len(self.panel.controls[control].positions)), key=lambda position: abs(position - here))
        return [self.settings.moved(control, position) for position in order]

    def _presets(self) -> list[Settings]:
        return [self.panel.settings(preset, seed=self.settings.seed) for preset in self.panel.presets]

    def _map(self) -> Job | None:
        if self.panel.phase_map is None or map_base(self.panel, self.settings) in self.mapped:
            return None
        return Job("map", (map_base(self.panel, self.settings),))


def map_controls(panel: Panel) -> tuple[int, ...]:
    """Return the indices of the phase map's two sliders, x first; nothing without a map."""
    if panel.phase_map is None:
        return ()
    return panel.names.index(panel.phase_map.x), panel.names.index(panel.phase_map.y)


def map_base(panel: Panel, settings: Settings) -> Settings:
    """Return the settings with the map's two sliders at their first position: what a map is filed under."""
    for control in map_controls(panel):
        settings = settings.moved(control, 0)
    return settings


class MapSweep:
    """A phase map in the making: computed a piece at a time, dropped when the controls have moved on.

    Parameters
    ----------
    panel : Panel
        With a phase map.
    base : Settings
        What the map is filed under.
    """

    def __init__(self, panel: Panel, base: Settings) -> None:
        across, up = map_controls(panel)
        self.panel, self.base = panel, base
        self.axes = panel.controls[across].positions, panel.controls[up].positions
        self.cells = [base.moved(across, i).moved(up, j) for i, j in phase_map.grid(*self.axes)]
        self.outcomes: list[float] = []

    def advance(self, count: int) -> bool:
        """Compute `count` more cells; return True when the map is whole."""
        batch = self.cells[len(self.outcomes) :][:count]
        if batch:
            self.outcomes.extend(self.panel.phase_map.outcome(self.panel.batch(batch), self.base.seed).tolist())
        return len(self.outcomes) == len(self.cells)

    def picture(self) -> Picture:
        """Return the whole map as the dataset ``"map"``."""
        return Picture({"map": phase_map.columns(*self.axes, self.outcomes)})


class Forerunner:
    """The one thread in which a panel's model runs once its browser is there.

    Parameters
    ----------
    planner : Planner
    send : callable(Job, Picture)
        Takes each result; called in this thread.
    fail : callable(Job, Exception)
        Told when the model refuses the settings that the learner asked for; they are not tried again.
    overflow : callable()
        Told when the page holds so much that it must start afresh.
    """

    def __init__(self, planner: Planner, send: Send, fail: Fail, overflow: Callable[[], None] = lambda: None) -> None:
        self.planner, self.send, self.fail = planner, send, fail
        self._woken = threading.Condition()
        self._watchers = 0
        self._thread: threading.Thread | None = None
        self._map: MapSweep | None = None
        self._told = planner.told
        self.overflow = overflow

    def tell(self, what: Callable[[Planner], None]) -> None:
        """Change the planner under its lock and wake the thread."""
        with self._woken:
            what(self.planner)
            self._woken.notify()

    def watch(self) -> None:
        """Take note of one more page that shows the panel and holds no picture yet; start computing."""
        with self._woken:
            self._watchers += 1
            self.planner.forget()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="course-forerunner", daemon=True)
                self._thread.start()
            self._woken.notify()

    def unwatch(self) -> None:
        """Take note that a page is gone; the last one ends the thread."""
        with self._woken:
            self._watchers = max(0, self._watchers - 1)
            self._woken.notify()

    def stop(self) -> None:
        """End the thread for good: no page will show the panel again."""
        with self._woken:
            self._watchers = 0
            self._woken.notify()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._do(job)
            except Exception as error:
                self._refused(job, error)

    def _refused(self, job: Job, error: Exception) -> None:
        with self._woken:
            asked_for = self.planner.failed(job)
        if asked_for:
            self.fail(job, error)

    def _next(self) -> Job | None:
        with self._woken:
            while self._watchers:
                now = (
                    time.monotonic()
                )  # once: between two looks the rest may have come, and nobody would wake us for it
                if (job := self.planner.job(now)) is not None:
                    self._told = self.planner.told
                    return job
                self._woken.wait(self.planner.wait(now))
            self._thread = None
            return None

    def _do(self, job: Job) -> None:
        started = time.perf_counter()
        picture = self._map_picture(job) if job.kind == "map" else self._picture(job)
        if picture is not None:
            self.send(job, picture)
            self.tell(lambda planner: self._done(planner, job, time.perf_counter() - started))

    def _done(self, planner: Planner, job: Job, seconds: float) -> None:
        """Take note of what was sent, unless meanwhile a page came that has not heard it."""
        if self._told == planner.told:
            planner.done(job, seconds)
        if len(planner.framed) > MOST_FRAMES:
            planner.forget()
            self.overflow()

    def _picture(self, job: Job) -> Picture:
        panel = self.planner.panel
        return panel.full(job.settings[0]) if job.kind == "full" else panel.pictures(job.settings)

    def _map_picture(self, job: Job) -> Picture | None:
        if self._map is None or self._map.base != job.settings[0]:
            self._map = MapSweep(self.planner.panel, job.settings[0])
        count = max(1, 2 * self.planner.piece // self._map.panel.phase_map.weight)
        return self._map.picture() if self._map.advance(count) else None
