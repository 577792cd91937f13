"""A drill while it runs: the clock, the log, and what may be done next. Pure: console, class board and tests drive it.

Nothing here knows a browser. The clock moves when it is told to; each thing the responder does becomes an entry of the
log, or a `Refusal` that says why not; what follows from the entries is asked of the `World`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from course_lib.incidents import refusals
from course_lib.incidents.engine import Played
from course_lib.incidents.refusals import Refusal, fact
from course_lib.incidents.truth import Run
from course_lib.incidents.world import World, entry_of

STEPS = (15, 30, 60)
"""Seconds that the clock may be stepped by."""
SPEEDS = (1, 2, 5, 10)
"""Simulated seconds per second."""
STRIDE, PATIENCE = 5, 600
"""How finely "until something happens" looks, and how long it waits, in simulated seconds."""

Entry = dict[str, Any]
TELLING = ("alert", "cleared", "inject", "change", "applied", "undone")


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(45), duration(160), duration(120)
    ('45 s', '2 min 40 s', '2 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} min"] * (minutes > 0) + [f"{rest} s"] * (rest > 0 or minutes == 0))


@dataclasses.dataclass(frozen=True)
class KeptRun(Run):
    """A run whose world has played it already."""

    world: World | None = None

    def played(self) -> Played:
        """The models' answer to the log."""
        return self.world.played_entries(self.log) if self.world else super().played()


@dataclasses.dataclass
class Session:
    """One drill under way.

    Parameters
    ----------
    world : World
        What happens, given the log.
    size : int
        Minutes of the service's time that the drill may take.
    role : {"", "commander", "operator", "master", "board"}
        Whose console this is; empty for one person alone.
    log : list of dict
        What was done so far, oldest first.
    now : float
        Seconds of simulated time.
    ended : bool
    whole : list of dict
        Of a replay: the log to its end, from which the world follows; empty while a drill runs.
    """

    world: World
    size: int = 15
    role: str = ""
    log: list[Entry] = dataclasses.field(default_factory=list)
    now: float = -1.0
    ended: bool = False
    whole: list[Entry] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.now < 0:
            self.now = self.start

    # ---- the clock -------------------------------------------------------------------------------------------------

    @property
    def start(self) -> float:
        """When the responder is woken: the first alert or message."""
        return self.world.woken

    @property
    def horizon(self) -> float:
        """When the drill ends by itself."""
        return self.world.horizon(self.size)

    def clock(self, at: float) -> str:
        """A simulated second as the time of day."""
        return (self.world.started + timedelta(seconds=round(at))).strftime("%H:%M:%S")

    def advance(self, seconds: float) -> list[Entry]:
        """Move the clock on; return what happened meanwhile. Past the horizon the drill is over."""
        if self.ended:
            return []
        before, self.now = self.now, min(self.now + max(seconds, 0.0), self.horizon)
        self.ended = self.now >= self.horizon
        return [event for event in self.events() if event["at"] > before]

    def wait(self, patience: float = PATIENCE) -> list[Entry]:
        """Move the clock on until something happens, or `patience` seconds have passed."""
        until = self.now + patience
        while self.now < until and not self.ended:
            if happened := [event for event in self.advance(STRIDE) if event["kind"] in TELLING]:
                return happened
        return []

    # ---- what the responder does -----------------------------------------------------------------------------------

    def do(self, kind: str, **facts: Any) -> Entry:
        """Take one step: ``action``, ``ack``, ``diagnosis``, ``update``, ``verify`` or ``note``.

        Returns
        -------
        dict
            The entry, as it now stands in the log.

        Raises
        ------
        Refusal
            It may not be done now; says why, and what would have to be so.
        """
        if reason := refusals.reason(self, kind, facts):
            raise Refusal(reason)
        at = round(self.now)
        number = len(self.log) + 1
        entry = {"id": f"L{number:03d}", "at": at, "time": self.world.iso(at), "kind": kind, **facts}
        if self.role:
            entry["facts"] = {**entry.get("facts", {}), "who": self.role}
        self.log.append(entry)
        return entry

    def end(self) -> None:
        """Hand over: the drill is over for the responder.

        Raises
        ------
        Refusal
            Nothing was said yet about how it stands.
        """
        if not self.ended and not self.done("verify"):
            raise Refusal("before you hand over, confirm how it stands: recovered, or nothing was wrong")
        self.ended = True

    # ---- what is so now --------------------------------------------------------------------------------------------

    def done(self, kind: str) -> list[Entry]:
        """Entries of one kind, oldest first."""
        return [entry for entry in self.log if entry["kind"] == kind]

    def events(self) -> list[Entry]:
        """What the timeline wrote by itself so far."""
        return [event for event in self.world.events(self.whole or self.log) if event["at"] <= self.now]

    def shown(self) -> Mapping[str, Any]:
        """Telemetry as it is seen now: columns ``time`` and ``value`` by signal."""
        return self.world.shown(self.whole or self.log, self.now)

    def users(self) -> Mapping[str, Any]:
        """Users' requests as counted up to now: columns ``time``, ``failed``, ``all`` and ``share``."""
        return self.world.users(self.whole or self.log, self.now)

    def alerts(self) -> list[Entry]:
        """Alerts so far, each with ``state``: firing, acknowledged or cleared; the newest first."""
        latest: dict[str, Entry] = {}
        for event in self.events():
            if event["kind"] in ("alert", "cleared"):
                latest[event["of"]] = {**latest.get(event["of"], {}), **self._alert(event)}
        ranks = ("firing", "acknowledged", "cleared")
        return sorted(latest.values(), key=lambda a: (ranks.index(a["state"]), a["severity"] != "page", -a["at"]))

    def _alert(self, event: Entry) -> Entry:
        if event["kind"] == "cleared":
            return {"state": "cleared", "cleared": event["at"]}
        acks = [a["at"] for a in self.done("ack") if a.get("alert") == event["of"] and a["at"] >= event["at"]]
        state = "acknowledged" if acks else "firing"
        about = self.world.alerts[event["of"]]
        return {"id": about.id, "at": event["at"], "state": state, "says": about.says, "severity": about.severity}

    def injects(self) -> list[Entry]:
        """Messages so far, each with ``answered``: when the first update or reply to it went out, or None."""
        found = [event for event in self.events() if event["kind"] == "inject"]
        replies = {entry["inject"]: entry["at"] for entry in reversed(self.log) if entry.get("inject")}
        return [
            {**event, "about": self.world.injects[event["of"]], "answered": replies.get(event["of"])} for event in found
        ]

    def standing(self, action: str) -> str:
        """How an action stands: "", "under way" or "in force"."""
        taken = [entry for entry in self.done("action") if entry["action"] == action]
        if not taken or taken[-1].get("undo"):
            return ""
        about = self.world.action(action)
        since = taken[-1]["at"] + about.delay_s
        if about.lasts_s and self.now >= since + about.lasts_s:
            return ""
        return "in force" if self.now >= since else "under way"

    def orders(self) -> list[Entry]:
        """Commands that nobody has carried out yet (two people on one drill)."""
        followed = {fact(entry, "order") for entry in self.done("action")}
        return [entry for entry in self.done("note") if fact(entry, "orders") and entry["id"] not in followed]

    def run(self) -> Run:
        """The drill as the engine seals and judges it."""
        entries = tuple(map(entry_of, self.whole or self.log))
        return KeptRun(self.world.scenario, self.world.seed, entries, world=self.world)

    def timeline(self) -> list[Entry]:
        """Events and entries in the order of time; of one second, what happened before what was done."""
        both: Iterable[Entry] = [*self.events(), *self.log]
        order: Callable[[Entry], tuple[float, bool]] = lambda entry: (entry["at"], entry["id"].startswith("L"))  # noqa: E731
        return sorted(both, key=order)
