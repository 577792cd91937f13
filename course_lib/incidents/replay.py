"""A finished drill, stepped through forward and back: a file that one can send, and nothing in it to trust."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_lib.incidents import screen, seal
from course_lib.incidents.console import DrillConsole
from course_lib.incidents.drill_file import DrillFile
from course_lib.incidents.scenario import Scenario
from course_lib.incidents.session import Session
from course_lib.incidents.world import World


class ReplayConsole(DrillConsole):
    """The console over a sealed run: its clock stands at one line of the timeline after another.

    Parameters
    ----------
    path : Path
        A run file; one that is not whole is refused.
    own : Scenario, optional
        As for `seal.load`.

    Raises
    ------
    SealError
        It is no run file, or was changed after it was sealed.
    """

    def __init__(self, path: Path, own: Scenario | None = None) -> None:
        run, kept = seal.load(path, own), seal.read(path)
        world = World(run.scenario, run.seed)
        size, now, _ = seal.noted(kept)
        session = Session(world, size or 30, whole=list(kept["log"]))
        self.until = session.horizon if now is None else min(max(now, session.start), session.horizon)
        self.stops = _stops(session, self.until)
        self._attach(session, DrillFile(path))
        self.go(0)

    def go(self, stop: int) -> None:
        """Stand at one of the stops; beyond the ends, at the last one there."""
        self.stop = min(max(stop, 0), len(self.stops) - 1)
        session = self.session
        session.now = self.stops[self.stop]
        session.log = [entry for entry in session.whole if entry["at"] <= session.now]
        session.ended = self.stop == len(self.stops) - 1

    def _layout(self) -> dict[str, Any]:
        return {**screen.layout(self.session), "replay": True}

    def _screen(self) -> dict[str, Any]:
        words = screen.screen(self.session)
        return {**words, "stops": self.stops, "stop": self.stop, "guide": {"says": "", "opens": ""}}

    def _answer(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        if message.get("type") == "at" and isinstance(message.get("to"), int):
            self.go(message["to"])
        return None


def _stops(session: Session, until: float) -> list[float]:
    """When anything happened or was done, from the page to the end."""
    lines = [*session.world.events(session.whole), *session.whole]
    inside = {round(line["at"], 1) for line in lines if session.start <= line["at"] <= until}
    return sorted(inside | {session.start, until})
