"""What a drill came to: seven parts that make 100 together, less what wrong actions cost users.

A part is points, how many there were, and why; the sum comes last and says least. Times count in steps, so that haste
earns nothing within one. What users lost, what an action cost them, when it was over: the models say so, and they are
asked once more with the same trigger. Words count for what they hold, never for how many there are; who says nothing
and does nothing earns nothing, on a day with nothing behind it, too.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.incidents import engine, outcome, truth
from course_lib.incidents.engine import Entry, Played
from course_lib.incidents.outcome import Outcome
from course_lib.incidents.refusals import RECOVERED
from course_lib.incidents.scenario import NOTHING, Action, Inject, Scenario, rule_of, rule_signals
from course_lib.incidents.session import duration
from course_lib.incidents.truth import Run, Truth
from course_lib.incidents.updates import missing, promises

TODAY, NEXT_TIME = 25.0, 10.0  # points for users spared today, and for those spared as the same trigger comes once more
MODE, CAUSE, EVIDENCE = 6.0, 4.0, 5.0
DETECTED = ((120.0, 10.0), (240.0, 7.0), (480.0, 4.0), (math.inf, 2.0))  # seconds, and points up to there
ACKNOWLEDGED = ((120.0, 5.0), (300.0, 3.0), (600.0, 1.0))
GONE = 60.0  # seconds within which an alert clears that nobody need have caught
FIRST_UPDATE = ((300.0, 5.0), (600.0, 2.0))
CADENCE = 660.0  # seconds between two updates: ten minutes, and one to write it in
REGULAR, FACTS, NO_PROMISE = 3.0, 5.0, 2.0
CHEAP, ONE_AT_A_TIME, REVERSIBLE = 3.0, 4.0, 3.0
CONFIRMED, RESTORED, STAYED = 4.0, 3.0, 3.0
WRONG = 3.0  # points that an action loses which costs users `ENOUGH_HARM` of what doing nothing costs them, or more
ENOUGH_HARM = 0.1


@dataclasses.dataclass(frozen=True)
class Part:
    """Points for one thing, how many there were, and why."""

    name: str
    have: float
    most: float
    why: str


@dataclasses.dataclass(frozen=True)
class Score:
    """A drill's parts; the last one, wrong actions, only loses points."""

    parts: tuple[Part, ...]

    @property
    def vector(self) -> dict[str, tuple[float, float]]:
        """Points, and how many there were, by what they are for."""
        return {part.name: (part.have, part.most) for part in self.parts}

    @property
    def sum(self) -> float:
        """Points of 100, never less than none."""
        return max(round(sum(part.have for part in self.parts), 1), 0.0)

    def lines(self) -> list[str]:
        """One line a part, as a terminal shows them."""
        return [f"{part.name:<14} {points(part.have, part.most):>8}  {part.why}" for part in self.parts]


def points(have: float, most: float) -> str:
    """Points in words.

    >>> points(31.5, 35.0), points(-3.0, 0.0)
    ('31.5/35', '-3')
    """
    return f"{have:g}/{most:g}" if most else f"{have:g}"


@dataclasses.dataclass(frozen=True)
class Case:
    """All that a score rests on.

    Attributes
    ----------
    run, true
        What was done, and what really happened.
    ends
        How it ends, by `outcome`.
    plays
        The run's own, that of no log, and that of the reference, each with the same trigger once more.
    page, end
        When the responder was woken, and when they handed over, s.
    """

    run: Run
    true: Truth
    ends: Outcome
    plays: tuple[Played, Played, Played]
    page: float
    end: float

    @property
    def scenario(self) -> Scenario:
        """What was played."""
        return self.run.scenario

    def said(self, kind: str) -> list[Entry]:
        """Entries of a kind, oldest first."""
        return [entry for entry in self.run.log if entry.kind == kind]

    @property
    def taken(self) -> list[tuple[Entry, Action]]:
        """Actions as they were taken, and taken back."""
        return [(entry, self.scenario.action(entry.action or "")) for entry in self.said("action")]

    @property
    def nothing_said(self) -> bool:
        """Whether the last diagnosis, or the last confirmation, is that nothing was wrong."""
        return NOTHING in [said[-1].mode for kind in ("diagnosis", "verify") if (said := self.said(kind))]

    def right(self, entry: Entry) -> bool:
        """Whether a diagnosis names what it is."""
        return entry.mode in ((NOTHING,) if self.scenario.noop else self.scenario.modes)


def score(run: Run, end: float | None = None) -> Score:
    """Play a run and score it.

    Parameters
    ----------
    run : Run
    end : float, optional
        When the responder handed over, s; by default with the last entry where that confirms how it stands, or else
        when the scenario ends.

    Examples
    --------
    >>> from course_lib.incidents import scenario
    >>> queue = scenario.load("queue_overload")
    >>> score(Run(queue, 0, ())).sum, score(Run(queue, 0, queue.reference)).sum > 85
    (0.0, True)
    """
    plays = outcome.play(run.scenario, truth.logs(run), run.seed)
    return of(run, plays, truth.of(run, incident(plays)), end)


class Batch:
    """Logs of one scenario and seed, all played in one batch: an `outcome.Player` of what it knows."""

    def __init__(self, scenario: Scenario, logs: Iterable[Sequence[Entry]], seed: int = 0) -> None:
        distinct = {_acts(log): log for log in logs}
        played = outcome.play(scenario, list(distinct.values()), seed)
        self._known = dict(zip(distinct, played, strict=True))

    def __call__(self, scenario: Scenario, logs: Iterable[Sequence[Entry]], seed: int = 0) -> list[Played]:
        """The runs of some of the logs; words make no difference to the models."""
        return [self._known[_acts(log)] for log in logs]


def many(runs: Sequence[Run]) -> list[Score]:
    """Scores of runs of one scenario and seed, from one batch."""
    scenario, seed = runs[0].scenario, runs[0].seed
    batch = Batch(scenario, (log for run in runs for log in truth.logs(run)), seed)
    return [of_batch(run, batch) for run in runs]


def of_batch(run: Run, batch: Batch) -> Score:
    """The score of a run from a batch that has `truth.logs` of it."""
    plays = batch(run.scenario, truth.logs(run))
    return of(run, plays, truth.of(run, incident(plays)))


def _acts(log: Iterable[Entry]) -> tuple[Any, ...]:
    """What of a log the models see."""
    return tuple((entry.at, entry.action, entry.undo) for entry in log if entry.kind == "action")


def incident(plays: Iterable[Played]) -> list[Played]:
    """The same up to the end of the incident, as `truth.of` takes them."""
    return [one.incident for one in plays]


def of(run: Run, plays: Sequence[Played], true: Truth, end: float | None = None) -> Score:
    """The score from runs that `outcome.play` gave for `truth.logs`, and the truth that follows from them."""
    own, nothing, reference = plays[:3]
    [ends] = outcome.judge([own], nothing, reference)
    case = Case(run, true, ends, (own, nothing, reference), engine.woken(run.scenario, nothing), _end(run, end))
    return Score(tuple(part(case) for part in PARTS))


def _end(run: Run, end: float | None) -> float:
    last = run.log[-1] if run.log else None
    if end is None:
        end = last.at if last and last.kind == "verify" else run.scenario.until
    return max(end, last.at if last else 0.0)


def _part(name: str, most: float, found: Iterable[tuple[float, str]], well: str = "") -> Part:
    """A part from its pieces: points, and a reason where some are missing; what to say where none are."""
    pieces = list(found)
    have = round(min(max(sum(have for have, _ in pieces), 0.0), most), 1)
    return Part(name, have, most, "; ".join(why for _, why in pieces if why) or well)


def _step(seconds: float, steps: Sequence[tuple[float, float]], skip: int = 0) -> float:
    """Points of the first step that is long enough, some steps further down."""
    reached = [points for limit, points in steps if seconds <= limit]
    return reached[skip] if skip < len(reached) else 0.0


# -- impact -----------------------------------------------------------------------------------------------------------


def _impact(case: Case) -> Part:
    most = TODAY + NEXT_TIME
    if case.scenario.noop:
        return Part("impact", *_kept_well(case, most))
    s = case.scenario
    today = _share(*(engine.harm(s, one.incident) for one in case.plays))
    again = _share(*(engine.harm(s, one, s.second) for one in case.plays))
    why = f"{100 * today:.0f} % of what the reference spares users, {100 * again:.0f} % as the same trigger comes again"
    return Part("impact", round(TODAY * today + NEXT_TIME * again, 1), most, why)


def _share(own: float, nothing: float, reference: float) -> float:
    could = nothing - reference
    return min(max((nothing - own) / could, 0.0), 1.0) if could > 0 else float(own <= nothing)


def _kept_well(case: Case, most: float) -> tuple[float, float, str]:
    hurt = [line for line in case.ends.against if line.startswith("users lose")]
    if hurt:
        return 0.0, most, hurt[0]
    if not case.nothing_said:
        return 0.0, most, "nobody was hurt, and nobody said so"
    return most, most, "nothing was wrong, and users were left in peace"


# -- diagnosis, detection, acknowledgement ----------------------------------------------------------------------------


def _diagnosis(case: Case) -> Part:
    said = case.said("diagnosis")
    if not said:
        return Part("diagnosis", 0.0, MODE + CAUSE + EVIDENCE, "nobody said what it was")
    acted = next((i for i, e in enumerate(case.run.log) if e.kind == "action" and _changes(case, e)), None)
    before = said if acted is None else [e for e in case.run.log[:acted] if e.kind == "diagnosis"]
    first = list(_named(case, before[-1])) if before else []
    last = [(have / 2, why or "said after acting") for have, why in _named(case, said[-1])]
    named = max(first, last, key=lambda pieces: sum(have for have, _ in pieces))
    cited = _evidence(case, before[-1]) if before else (0.0, "no evidence before the first action")
    return _part("diagnosis", MODE + CAUSE + EVIDENCE, [*named, cited], "named, and shown before anything was changed")


def _named(case: Case, entry: Entry) -> Iterator[tuple[float, str]]:
    right, about = case.right(entry), case.scenario.debrief
    wrong = "something was wrong" if entry.mode == NOTHING else f"it was no {(entry.mode or '').replace('_', ' ')}"
    yield (MODE, "") if right else (0.0, wrong)
    if case.scenario.noop:
        yield CAUSE * right, ""
    elif entry.cause == about.cause:
        yield CAUSE, ""
    elif entry.cause and entry.cause == about.victim:
        yield 0.0, f"{entry.cause} is where it shows, not where it starts"
    else:
        yield 0.0, "where it starts was not named"


def _evidence(case: Case, entry: Entry) -> tuple[float, str]:
    """Points for pointing at what tells; at everything is at nothing, and the alert stands there from the start."""
    s, cited = case.scenario, set(entry.evidence)
    shown = cited & {t.signal for t in s.telemetry}
    telling = {name for e in s.reference if e.kind == "diagnosis" for name in e.evidence}
    telling |= set(rule_signals(rule_of(s.tells, s.title))) if s.tells else set()
    if not cited & telling:
        return 2.0 * bool(shown), "none of the evidence tells this from what looks like it"
    if len(shown) > max(len(s.telemetry) / 2, 4):
        return 2.0, "all at once is no evidence"
    return EVIDENCE, ""


def _changes(case: Case, entry: Entry) -> bool:
    return case.scenario.action(entry.action or "").changes


def _detection(case: Case) -> Part:
    most, said = DETECTED[0][1], case.said("diagnosis")
    wrong = next((i for i, entry in enumerate(said) if case.right(entry)), None)
    if wrong is None:
        return Part("detection", 0.0, most, "it was never named")
    since = case.page if math.isnan(case.true.first_signal) else max(case.page, case.true.first_signal)
    late = max(said[wrong].at - since, 0.0)
    have = _step(late, DETECTED, wrong)
    guesses = f" and {wrong} other guess{'es' * (wrong > 1)}" if wrong else ""
    return Part("detection", have, most, f"named {duration(late)}{guesses} after the signal could tell")


def _acknowledge(case: Case) -> Part:
    fired = {name: math.floor(at) for at, kind, name in reversed(_alarms(case)) if kind == "alert"}
    at = [e.at for e in case.said("ack") if fired.get(e.alert or "", math.inf) <= e.at]
    if not at:  # a page that has cleared by itself cannot be acknowledged: then the first word counts
        over = [at for at, kind, _ in _alarms(case) if kind == "cleared" and at <= case.page + GONE]
        at = [e.at for e in case.run.log if over and e.kind in ("diagnosis", "update") and e.at >= over[0]]
    most = ACKNOWLEDGED[0][1]
    if not at:
        return Part("acknowledge", 0.0, most, "no page was acknowledged")
    late = max(at[0] - case.page, 0.0)
    return Part("acknowledge", _step(late, ACKNOWLEDGED), most, f"{duration(late)} after the page")


def _alarms(case: Case) -> list[tuple[float, str, str]]:
    s = case.scenario
    return engine.alarms(s, case.plays[0].incident, s.until)


# -- communication ----------------------------------------------------------------------------------------------------


def _communication(case: Case) -> Part:
    most = FIRST_UPDATE[0][1] + REGULAR + FACTS + NO_PROMISE
    return _part("communication", most, _said(case, case.said("update")), "early, regular, with what was asked for")


def _said(case: Case, updates: Sequence[Entry]) -> Iterator[tuple[float, str]]:
    if not updates:
        yield 0.0, "no update went out"
        return
    late = updates[0].at - case.page
    have = _step(late, FIRST_UPDATE)
    yield have, "" if have == FIRST_UPDATE[0][1] else f"the first update came {duration(late)} after the page"
    confirmed = [entry.at for entry in case.said("verify")]
    last = max(confirmed[-1] if confirmed else case.end, updates[-1].at)
    gap = float(np.diff([*(entry.at for entry in updates), last]).max())
    yield (REGULAR, "") if gap <= CADENCE else (0.0, f"nothing was heard for {duration(gap)}")
    yield _facts(case, updates)
    promise = any(promises(text) for entry in updates for text in (entry.text, *entry.facts.values()))
    yield (0.0, "an end was promised") if promise else (NO_PROMISE, "")


def _facts(case: Case, updates: Sequence[Entry]) -> tuple[float, str]:
    """Points for facts that those who asked were told in time; where nobody had asked yet, for those all ask for."""
    asked = [inject for inject in case.scenario.injects if not inject.secret and _was_due(case, inject)]
    if not asked:
        lines = missing(updates[0].text)
        return FACTS * (1.0 - len(lines) / 4.0), lines[0] if lines else ""
    told = {inject.sender: _told(case, inject) for inject in asked}
    share = [sum(facts.values()) / len(facts) for facts in told.values()]
    late = [f"{who} got no answer in time" for who, facts in told.items() if not any(facts.values())]
    lacking = [
        f"{who} was not told {need}" for who, facts in told.items() for need, there in facts.items() if not there
    ]
    return FACTS * sum(share) / len(share), [*late, *lacking, ""][0]


def _was_due(case: Case, inject: Inject) -> bool:
    answered = any(entry.inject == inject.id for entry in case.run.log)
    return inject.at <= case.end and (answered or inject.at + inject.answer_within_s <= case.end)


def _told(case: Case, inject: Inject) -> dict[str, bool]:
    """For each fact that somebody asked for, whether the first answer in time has it."""
    until = inject.at + inject.answer_within_s
    answers = [entry.facts for entry in case.run.log if entry.inject == inject.id and inject.at <= entry.at <= until]
    facts = answers[0] if answers else {}
    return {need: bool(facts.get(need, "").strip()) for need in inject.needs or ("an answer",)}


# -- safety -----------------------------------------------------------------------------------------------------------


def _safety(case: Case) -> Part:
    most = CHEAP + ONE_AT_A_TIME + REVERSIBLE
    around = dict.fromkeys(action.bypasses for entry, action in case.taken if action.bypasses and not entry.undo)
    changes = [(entry, action) for entry, action in case.taken if _changes(case, entry)]
    if around:
        return Part("safety", 0.0, most, f"went round {', '.join(around)}: that is never worth it")
    if not changes and not case.scenario.noop:
        return Part("safety", 0.0, most, "nothing was done")
    if not changes and not case.nothing_said:
        return Part("safety", 0.0, most, "nobody said that nothing is wrong")
    well = "cheap, one thing at a time, what can be taken back first" if changes else "nothing was changed"
    return _part("safety", most, _careful(case.scenario, case.taken, changes), well)


Taken = Sequence[tuple[Entry, Action]]


def _careful(s: Scenario, taken: Taken, changes: Taken) -> Iterator[tuple[float, str]]:
    """What was risked, beside what the ways out that the scenario calls right risk."""
    right = [[(e, s.action(e.action or "")) for e in log if e.kind == "action"] for log in outcome.right(s).values()]
    cost, enough = _cost(taken), max(map(_cost, right))
    yield (CHEAP, "") if cost <= enough else (0.0, f"it costs {cost:g} an hour where {enough:g} are enough")
    at_once = _under_way(changes)
    alone = at_once <= max(1, *map(_under_way, right))
    yield (ONE_AT_A_TIME, "") if alone else (0.0, f"{at_once} changes were under way at once: which one did it?")
    rash = _rash(changes, right)
    yield (0.0, f"'{rash}' cannot be taken back, and other ways out can") if rash else (REVERSIBLE, "")


def _cost(taken: Taken) -> float:
    return sum(action.cost for entry, action in taken if not entry.undo)


def _rash(changes: Taken, right: Sequence[Taken]) -> str:
    """What was done for good where no way out does it, or does it first."""
    known = {action.id for log in right for _, action in log}
    first = {action.id for log in right for _, action in log[:1]}
    rash = [action.label for _, action in changes if not action.reversible and action.id not in known]
    rash += [action.label for _, action in changes[:1] if not action.reversible and action.id not in first]
    return rash[0] if rash else ""


def _under_way(changes: Taken) -> int:
    """How many changes were decided and not yet in force at the same time, at most."""
    spans = [(entry.at, entry.at + max(action.delay_s, 1.0)) for entry, action in changes]
    return max((sum(a <= at < b for a, b in spans) for at, _ in spans), default=0)


# -- verification and wrong actions -----------------------------------------------------------------------------------


def _verification(case: Case) -> Part:
    most, claims = CONFIRMED + RESTORED + STAYED, case.said("verify")
    if not claims:
        return Part("verification", 0.0, most, "nobody confirmed how it stands")
    return _part("verification", most, _verified(case, claims), "confirmed when it was so, and it stays so")


def _verified(case: Case, claims: Sequence[Entry]) -> Iterator[tuple[float, str]]:
    true = [_is_so(case, claim) for claim in claims]
    early = "it was called over before it was" if not case.scenario.noop else "it was not said that nothing is wrong"
    yield CONFIRMED if true[0] else CONFIRMED / 2 * any(true), "" if true[0] else early
    if not any(true):
        return
    played = case.plays[0].incident
    left = [*outcome.left_past_bounds(case.scenario, played)]
    left += [line for line in case.ends.against if line.startswith("the next page")]
    yield (0.0, left[0]) if left else (RESTORED, "")
    back = [line for line in case.ends.against if line.startswith("the same trigger")]
    back += ["it came back after it was over"] * (_times_hurt(played) > 1)
    yield (0.0, back[0]) if back else (STAYED, "")


def _is_so(case: Case, claim: Entry) -> bool:
    """Whether it stands as somebody says, shown by a signal."""
    if not set(claim.signals) & {t.signal for t in case.scenario.telemetry}:
        return False
    if case.scenario.noop:
        return claim.mode == NOTHING or (claim.mode is None and case.nothing_said)
    return claim.mode in (None, RECOVERED) and claim.at >= case.true.resolved


def _times_hurt(played: Played) -> int:
    """How often users were hurt, with a minute of peace between."""
    bad = played.time[engine.smoothed(played, truth.WINDOW) > played.scenario.harm.tolerance]
    return int(len(bad) > 0) + int((np.diff(bad) > truth.SETTLED).sum())


def _wrong(case: Case) -> Part:
    scale = ENOUGH_HARM * max(case.true.user_minutes_of_nothing, case.true.user_minutes, 1e-9)
    harmed = [effect for effect in case.true.effects if effect.harmed]
    lost = sum(WRONG * min(-effect.saved / scale, 1.0) for effect in harmed)
    labels = dict.fromkeys(case.scenario.action(effect.action).label for effect in harmed)
    why = f"users paid for: {', '.join(labels)}" if harmed else "no action cost users anything"
    return Part("wrong actions", -round(lost, 1) if lost else 0.0, 0.0, why)


PARTS: tuple[Callable[[Case], Part], ...] = (
    _impact, _diagnosis, _detection, _acknowledge, _communication, _safety, _verification, _wrong,
)  # fmt: skip
