"""What a drill asks of the engine: what happens, given the log; kept until the log's actions change."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from course_lib import manifest
from course_lib.incidents import engine, seal
from course_lib.incidents.scenario import ATTACK, NOTHING, Action, Entry, Scenario

USERS_EVERY, USERS_LATE = 5.0, 10.0
"""Users' requests are counted at the front door: every so many seconds, so many seconds late."""

Line = dict[str, Any]


class World:
    """A scenario and a seed.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario, self.seed = scenario, seed
        self.signals = {shown.signal: shown for shown in scenario.telemetry}
        self.alerts = {alert.id: alert for alert in scenario.alerts}
        self.injects = {inject.id: inject for inject in scenario.injects}
        self._actions = {action.id: action for action in scenario.actions}
        self._played: tuple[Any, engine.Played] | None = None
        self._events: tuple[Any, list[Line]] | None = None

    # ---- what is fixed ---------------------------------------------------------------------------------------------

    @functools.cached_property
    def modes(self) -> dict[str, str]:
        """What one may answer: the course's failure modes, an attack, and that nothing is wrong."""
        slugs = [module.slug for module in manifest.load().modules]
        others = {ATTACK: "attack", NOTHING: "nothing wrong"}
        return {**{slug: slug.replace("_", " ").replace("dns", "DNS") for slug in slugs}, **others}

    @functools.cached_property
    def started(self) -> datetime:
        """Time of day at second 0, drawn by the seed."""
        return seal.started(self.seed)

    @functools.cached_property
    def woken(self) -> float:
        """When the responder is woken: the first alert, or else the first message."""
        return engine.woken(self.scenario, self.played([]))

    def horizon(self, size: int) -> float:
        """When a drill of `size` minutes ends."""
        return engine.over(self.scenario, self.woken, size)

    def iso(self, at: float) -> str:
        """A simulated second as ISO 8601, UTC."""
        return seal.iso(self.started + timedelta(seconds=at))

    def action(self, name: str) -> Action | None:
        """An action by its id."""
        return self._actions.get(name)

    # ---- what follows from a log -----------------------------------------------------------------------------------

    def played(self, log: Sequence[Mapping[str, Any]]) -> engine.Played:
        """The models' run under the log's actions."""
        return self.played_entries(entry_of(line) for line in log)

    def played_entries(self, log: Iterable[Entry]) -> engine.Played:
        """The same, for entries as the engine reads them."""
        taken = tuple(entry for entry in log if entry.kind == "action")
        if self._played is None or self._played[0] != taken:
            self._played = taken, engine.play(self.scenario, taken, self.seed)
        return self._played[1]

    def events(self, log: Sequence[Mapping[str, Any]]) -> list[Line]:
        """All that the timeline writes by itself under a log, to the horizon, in the order of time."""
        played = self.played(log)
        if self._events is None or self._events[0] is not played:
            found = seal.events(self.scenario, played, engine.NEVER)
            told = [{**event, "text": self._told(event)} for event in found]
            self._events = played, sorted([*self._changes(), *self._worn_off(played.log), *told], key=lambda e: e["at"])
        return self._events[1]

    def _told(self, event: Line) -> str:
        if event["kind"] == "cleared":
            return f"cleared: {self.alerts[event['of']].says}"
        over = {"applied": "in force: ", "undone": "taken back: "}.get(event["kind"], "")
        return over + event["text"]

    def _changes(self) -> Iterable[Line]:
        for number, change in enumerate(self.scenario.changes, start=1):
            line = {"id": f"C{number:03d}", "at": change.at, "time": self.iso(change.at)}
            yield {**line, "kind": "change", "text": change.text, "of": ""}

    def _worn_off(self, log: Iterable[Entry]) -> Iterable[Line]:
        for number, entry in enumerate(log, start=1):
            action = self._actions[entry.action or ""]
            if action.lasts_s and action.changes and not entry.undo:
                at = entry.at + action.delay_s + action.lasts_s
                line = {"id": f"W{number:03d}", "at": at, "time": self.iso(at)}
                yield {**line, "kind": "undone", "text": f"worn off: {action.label}", "of": action.id}

    def shown(self, log: Sequence[Mapping[str, Any]], now: float) -> dict[str, dict[str, Any]]:
        """Telemetry as it is seen at `now`: columns ``time`` and ``value`` by signal, without gaps."""
        seen = engine.shown(self.scenario, self.played(log), now)
        there = {name: np.isfinite(values) for name, values in seen.signals.items()}
        return {name: {"time": seen.time[there[name]], "value": seen[name][there[name]]} for name in there}

    def users(self, log: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any]:
        """Users' requests as counted up to `now`: columns ``time``, ``failed`` and ``all`` (per second), ``share``."""
        played = self.played(log)
        every = max(round(USERS_EVERY / played.step), 1)
        rows = int(max(now - USERS_LATE, 0.0) / (every * played.step) + 1e-9)
        rows = min(rows, len(played.time) // every)
        means = {
            k: v[: rows * every].reshape(rows, every).mean(axis=1)
            for k, v in (("failed", played.failed), ("all", played.all))
        }
        share = np.divide(means["failed"], means["all"], out=np.zeros(rows), where=means["all"] > 0)
        return {"time": np.arange(1, rows + 1) * every * played.step, **means, "share": share}


def entry_of(line: Mapping[str, Any]) -> Entry:
    """A line of a log as the engine reads it: what it does not ask for is left out."""
    return Entry(**{name: line[name] for name in Entry.model_fields if name in line})
