"""What is true of the incident that a document tells of, as the rules need it."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import yaml

PARTS = ("trigger", "amplifier", "defence")
_COMMON = set(
    "the and that with from for was were are not its their this which one all more than into when while there been had "
    "have has but who what service requests request users user seconds minutes each every after before because".split()
)


@dataclass(frozen=True)
class Evidence:
    """A line of the run's log, or an event of its timeline.

    Attributes
    ----------
    at : float
        Seconds.
    kind : str
        Of the log: action, ack, diagnosis, update, verify, note; of the events: alert, cleared, inject, applied, …
    text : str
    """

    at: float
    kind: str
    text: str = ""


@dataclass(frozen=True)
class Replayed:
    """One action item, replayed on the incident, on its second trigger and on a quiet day.

    Attributes
    ----------
    before, after : float
        Failed user-minutes of incident and second trigger, without the item and with it.
    quiet_cost : float
        User-minutes that it costs on a quiet day.
    problem : str
        Why it could not be replayed; empty if it was.
    """

    before: float = 0.0
    after: float = 0.0
    quiet_cost: float = 0.0
    problem: str = ""

    @property
    def net(self) -> float:
        """User-minutes saved, less what a quiet day costs."""
        return self.before - self.after - self.quiet_cost

    @property
    def cut(self) -> float:
        """Share of the impact that it saves, net."""
        return self.net / self.before if self.before > 0 else 0.0


@dataclass(frozen=True)
class Proposed:
    """A proposed rule, replayed on the telemetry of the run and of a quiet day.

    Attributes
    ----------
    fires_at : float or None
        Second of the run.
    fires_when_quiet : float or None
    problem : str
        Why it could not be replayed; empty if it was.
    """

    fires_at: float | None = None
    fires_when_quiet: float | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The truth of one sealed run.

    Attributes
    ----------
    scenario : str
    seed : int
    started : datetime
        With zone; second 0 of the run.
    tick : float
        Seconds that a time may be off: how finely the run was shown.
    until : float
        Seconds that the run lasts.
    moments : mapping of str to float
        Seconds of impact_start, detected_at, acknowledged_at, mitigated_at, resolved_at; those that came.
    trigger_at, trigger_ends : float or None
    failed, share, peak_share, user_minutes : float
        Failed requests; of all while users were hit; at worst; failed user-minutes.
    budget : float
        Share of the error budget of 30 days that was burned.
    amplification : float or None
    modes, wrong_modes : tuple of str
        Failure modes that were at work, and those that the log took it for before.
    ended_by, helped, useless, harmful : tuple of str
        Ids of log entries: actions that ended the impact, that helped, did nothing, or did harm.
    by_itself : bool
        Whether load fell by itself once the trigger was over.
    source : str
        Who told first: ``alert``, ``customer`` or ``human``.
    closed_at : float or None
        When the responder said that it was over.
    items : mapping of str to Replayed
        What the action items did when they were replayed, by id.
    proposed : Proposed or None
        What the proposed rule did on the run's telemetry.
    evidence : mapping of str to Evidence
        By id.
    signals : frozenset of str
        Names of what the responder could see.
    names : mapping of str to frozenset of str
        Words for each action, by the id of the log entry.
    debrief : mapping of str to str
        The scenario's own words for trigger, amplifier and missing defence.
    """

    scenario: str
    seed: int
    started: datetime
    tick: float
    until: float
    moments: Mapping[str, float]
    trigger_at: float | None
    trigger_ends: float | None
    failed: float
    share: float
    peak_share: float
    user_minutes: float
    budget: float
    amplification: float | None
    modes: tuple[str, ...]
    wrong_modes: tuple[str, ...] = ()
    ended_by: tuple[str, ...] = ()
    helped: tuple[str, ...] = ()
    useless: tuple[str, ...] = ()
    harmful: tuple[str, ...] = ()
    by_itself: bool = False
    source: str = "alert"
    closed_at: float | None = None
    items: Mapping[str, Replayed] = field(default_factory=dict)
    proposed: Proposed | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    signals: frozenset[str] = frozenset()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    debrief: Mapping[str, str] = field(default_factory=dict)

    def clock(self, at: float) -> datetime:
        """The time of day of a second of the run."""
        return self.started + timedelta(seconds=at)

    def second(self, when: datetime) -> float:
        """The second of the run at a time of day."""
        return (when - self.started).total_seconds()

    @property
    def actions(self) -> dict[str, Evidence]:
        """Actions of the log, by id, in order."""
        taken = {id_: one for id_, one in self.evidence.items() if one.kind == "action"}
        return dict(sorted(taken.items(), key=lambda item: item[1].at))

    @property
    def total(self) -> bool:
        """Whether every request failed at the worst."""
        return self.peak_share >= 0.995

    @property
    def duration(self) -> float | None:
        """Seconds of impact, from its start to the end; None where it did not end."""
        if "impact_start" not in self.moments or "resolved_at" not in self.moments:
            return None
        return self.moments["resolved_at"] - self.moments["impact_start"]

    @property
    def gap(self) -> float | None:
        """Seconds from the start of the impact to its detection."""
        if "impact_start" not in self.moments or "detected_at" not in self.moments:
            return None
        return self.moments["detected_at"] - self.moments["impact_start"]

    def says(self, part: str, text: str) -> bool:
        """Whether a text names the trigger, the amplifier or the missing defence of this incident."""
        if any(re.search(terms(mode)[part], text, re.I) for mode in self.modes if terms(mode)):
            return True
        own = distinctive(self.debrief.get(part, ""))
        return len(own & distinctive(text)) >= min(2, max(len(own), 1))


@functools.lru_cache(maxsize=1)
def _all_terms() -> dict[str, dict[str, str]]:
    return yaml.safe_load(importlib.resources.files(__package__).joinpath("terms.yaml").read_text(encoding="utf-8"))


def terms(mode: str) -> dict[str, str]:
    """How people name a failure mode and its parts, as patterns; nothing for one that the course does not know."""
    return _all_terms().get(mode, {})


def modes_named(text: str) -> set[str]:
    """Failure modes that a text names."""
    plain = text.lower()
    return {
        mode
        for mode, words in _all_terms().items()
        if re.search(rf"\b(?:{words['name']})", plain, re.I) or mode in plain or mode.replace("_", " ") in plain
    }


def distinctive(text: str) -> set[str]:
    """Words of a text that say something, cut to their first six letters, so that endings do not matter."""
    return {word[:6] for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in _COMMON}
