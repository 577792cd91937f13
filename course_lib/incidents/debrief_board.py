"""The debrief on the page: what each step saved or cost users, drawn over the timeline beside what could have been."""

from __future__ import annotations

import itertools
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from course_lib import progress
from course_lib.incidents import outcome, score, truth
from course_lib.incidents.boards import AMOUNT, clock_axis, timed
from course_lib.incidents.scenario import NOTHING, Scenario
from course_lib.incidents.score import Part
from course_lib.incidents.screen import count, sure
from course_lib.incidents.session import Session, duration
from course_lib.incidents.truth import Truth
from course_lib.view import style
from course_lib.view.picture import Picture, pack

POINTS = 240
HEIGHT, WIDTH = 260, 520
LEAST, EARLY = 1.0, 0.5
"""Minutes that the axis covers at least, and the share of the time up to which a hand-over is early."""
LINES = {"nothing": ("doing nothing", "naive"), "yours": ("you", "defended"), "reference": ("reference", "third")}
MONTHS = "of a month's error budget"
WIDE, HIGH = 1 / 24, 1 / 12
"""What a numbered mark takes of the chart's width and height; where it would lie on another it stands off the line."""


class Debrief:
    """What a drill came to, worked out once: all its counterfactual runs in one batch.

    Parameters
    ----------
    session : Session
        A drill that is over.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        run = session.run()
        plays = outcome.play(run.scenario, truth.logs(run), run.seed)
        self.plays = score.incident(plays)
        self.true = truth.of(run, self.plays)
        self.score = score.of(run, plays, self.true, session.now)

    def page(self) -> dict[str, Any]:
        """All that `console.js` shows, ready for JSON but for the numbers' buffer."""
        session, true = self.session, self.true
        header, buffer = pack(["|0"], _picture(session, self.plays, true))
        return {
            "title": f"Debrief: {session.world.scenario.title}",
            "spec": _spec(session, true),
            "header": header,
            "buffer": buffer,
            "lines": list(filter(None, _lines(session, true))),
            "actions": _rows(session, true),
            "question": session.world.scenario.debrief.question,
            "score": [*map(_points, self.score.parts), ["in all", f"{self.score.sum:g} of 100", ""]],
        }

    def note(self, where: Path) -> None:
        """Keep what the drill came to for `course list`."""
        progress.note_drill(self.session.world.scenario.id, self.score.vector, where)


def _points(part: Part) -> list[str]:
    have = f"{part.have:g} of {part.most:g}" if part.most else f"{part.have:g}"
    return [part.name, have, part.why]


# ---- the chart -------------------------------------------------------------------------------------------------------


def _picture(session: Session, plays: list[Any], true: Truth) -> Picture:
    yours, nothing, reference = plays[:3]
    every = max(len(yours.time) // POINTS, 1)
    time = yours.time[::every]
    lost = {
        name: _lost(one)[::every] for name, one in (("yours", yours), ("nothing", nothing), ("reference", reference))
    }
    took = [(effect.at, session.world.action(effect.action)) for effect in true.effects]
    at = np.array([when + action.delay_s for when, action in took if action.changes])
    top = max(LEAST, *(float(values[-1]) for values in lost.values()))
    level = _stacked(at, np.interp(at, time, lost["yours"]) if len(at) else at, float(time[-1]), top)
    said = {"time": [true.first_signal, min(session.now, float(time[-1]))], "kind": [0.0, 1.0]}
    return Picture({
        "lost": {"time": time, **lost},
        "acts": {"time": at, "level": level, "number": np.arange(1.0, len(at) + 1)},
        "moments": said,
    })  # fmt: skip


def _stacked(at: Any, level: Any, until: float, top: float) -> Any:
    """Where marks stand so that none hides another: on the line, or above it, or below where that is high.

    >>> at = np.array([300.0, 320.0, 900.0])
    >>> _stacked(at, np.zeros(3), 1200.0, 120.0).tolist(), _stacked(at, np.full(3, 90.0), 1200.0, 120.0).tolist()
    ([0.0, 10.0, 0.0], [90.0, 80.0, 90.0])
    """
    stands = list(level)
    for i, when in enumerate(at):
        near = [stands[j] for j in range(i) if abs(when - at[j]) < WIDE * until]
        step = HIGH * top * (-1 if stands[i] > top / 2 else 1)
        while hidden := [other for other in near if abs(stands[i] - other) < 0.99 * HIGH * top]:
            stands[i] = hidden[0] + step
    return np.array(stands)


def _lost(played: Any) -> Any:
    """Failed user-minutes so far, at the end of each tick."""
    users = played.scenario.users
    if users.count is not None:
        return np.cumsum(played.share) * played.step * users.count / 60.0
    return np.cumsum(played.failed) * played.step * (users.per_request or 0.0)


def _spec(session: Session, true: Truth) -> dict[str, Any]:
    start = session.world.started
    ends = [true.user_minutes_of_nothing, true.user_minutes, true.user_minutes_of_reference]
    shifts = _above(style.apart(ends, max(*ends, LEAST), HEIGHT - 60))
    layers = [layer for name, dy in zip(LINES, shifts, strict=True) for layer in _line(name, start, dy)]
    moments = timed(alt.Chart(alt.NamedData("moments")), start).transform_filter("isValid(datum.time)")
    told_at, over_at = 6, 22  # the second rule begins beneath the first one's words, lest it cross them
    rules = [
        moments.transform_filter(f"datum.kind == {kind}")
        .mark_rule(color=style.INK, strokeDash=style.DASHES["dotted"])
        .encode(x=_x(start), y=alt.value(top), y2=alt.value("height"))
        for kind, top in enumerate((0, over_at - 8))
    ]
    # Where no line is named: lines are at their ends, on the right.
    early = session.now < EARLY * session.world.scenario.until
    aside = ("left", 4) if early else ("right", -4)
    told, over = (
        moments.transform_filter(f"datum.kind == {kind}")
        .mark_text(align=align, dx=dx, dy=dy, color=style.INK, y=0, text=words)
        .encode(x=_x(start))
        for kind, align, dx, dy, words in (
            (0, "left", 4, told_at, "the signal could have told"),
            (1, *aside, over_at, "you handed over"),
        )
    )
    acts = timed(alt.Chart(alt.NamedData("acts")), start)
    dots = acts.mark_circle(size=170, color=style.PALETTE["blue"], opacity=1).encode(x=_x(start), y="level:Q")
    numbers = acts.mark_text(color="white", fontWeight="bold", fontSize=11).encode(
        x=_x(start), y="level:Q", text="number:Q"
    )
    chart = alt.layer(*layers, *rules, told, over, dots, numbers)
    return style.themed(chart.properties(width=WIDTH, height=HEIGHT), _described(true))


def _above(shifts: list[int]) -> list[int]:
    """The same distances with none downwards, where its own line would cross a label.

    >>> _above([-7, 7, 0]), _above([0, 0, 0])
    ([-14, 0, -7], [0, 0, 0])
    """
    return [shift - max(shifts) for shift in shifts]


def _x(start: datetime) -> alt.X:
    axis = clock_axis(start, "time (UTC)", 6)
    axis.scale = alt.Scale(type="utc", nice=False)
    return axis


def _line(name: str, start: datetime, dy: int) -> list[alt.Chart]:
    words, role = LINES[name]
    stroke = style.SERIES[role]
    base = timed(alt.Chart(alt.NamedData("lost")), start)
    scale = alt.Scale(domain={"unionWith": [0, LEAST]})
    y = alt.Y(f"{name}:Q", title="failed user-minutes (minutes)", scale=scale, axis=alt.Axis(labelExpr=AMOUNT))
    line = base.mark_line(color=stroke.colour, strokeDash=stroke.dash, strokeWidth=stroke.width).encode(
        x=_x(start), y=y
    )
    last = base.transform_window(last="last_value(time)", frame=[None, None]).transform_filter(
        "datum.time == datum.last"
    )
    label = last.mark_text(align="right", dx=-4, dy=dy - 11, fontWeight="bold", color=stroke.word, text=words)
    return [line, label.encode(x=_x(start), y=y)]


def _described(true: Truth) -> str:
    return f"Failed user-minutes over time: {_lost_in_words(true)}."


# ---- the words -------------------------------------------------------------------------------------------------------


def _lines(session: Session, true: Truth) -> list[str]:
    scenario = session.world.scenario
    said = session.done("diagnosis")
    modes = [session.world.modes[mode] for mode in true.modes] or [session.world.modes[NOTHING]]
    first = said[0] if said else None
    yours = (
        f"You said: {session.world.modes.get(first['mode'], first['mode'])}{sure(first)}."
        if first
        else "You did not say what it was."
    )
    about = scenario.debrief
    kept = "" if scenario.noop else f"Kept going by: {about.amplifier} "  # nothing did
    return [
        f"It was: {', then '.join(modes)}. {yours}",
        f"Set off by: {about.trigger} {kept}Missing: {about.missing_defence}",
        f"Failed user-minutes: {_lost_in_words(true)}. Yours are {100 * true.budget_burned:.1f} % {MONTHS}.",
        _together(true),
        _told(session, true),
        _page(scenario),
        about.lesson,
    ]


def _page(scenario: Scenario) -> str:
    """The runbook that would have helped, and how old it was in this story."""
    if scenario.noop or not scenario.runbook:
        return ""
    read = f", last read {scenario.runbook_reviewed}" if scenario.runbook_reviewed else ""
    return f"The page for it{read}: course runbook run {scenario.runbook}"


def _lost_in_words(true: Truth) -> str:
    yours, nothing, reference = true.user_minutes, true.user_minutes_of_nothing, true.user_minutes_of_reference
    return (
        f"{count(yours)} in your run, {count(nothing)} had nobody done anything, {count(reference)} with the reference"
    )


def _together(true: Truth) -> str:
    """Said where actions stand in for each other: without any one of them, the others would have done."""
    saved = true.user_minutes_of_nothing - true.user_minutes
    if any(e.helped for e in true.effects) or saved <= truth.MATTERS * true.user_minutes_of_nothing or not true.effects:
        return ""
    return (
        f"Together your actions saved {count(saved)} user-minutes; without any one of them, the others would have done."
    )


def _told(session: Session, true: Truth) -> str:
    """The first moment at which the signal could have told, beside when somebody said so."""
    if math.isnan(true.first_signal):
        return ""
    line = f"The signal could have told at {session.clock(true.first_signal)}"
    said = [entry["at"] for entry in session.done("diagnosis") if entry["mode"] in true.modes]
    if not said:
        return f"{line}; in this run nobody named it."
    ahead = said[0] - true.first_signal
    return f"{line}, {duration(ahead)} before you named it." if ahead > 0 else f"{line}; you had named it by then."


def _rows(session: Session, true: Truth) -> list[list[str]]:
    """One line for each action; those that stand on the chart have its number."""
    numbers = itertools.count(1)
    return [
        [str(next(numbers)) if session.world.action(effect.action).changes else "", *_row(session, effect)]
        for effect in true.effects
    ]


def _row(session: Session, effect: Any) -> list[str]:
    action = session.world.action(effect.action)
    if effect.helped:
        did = f"saved {count(effect.saved)}"
    else:
        did = f"cost {count(-effect.saved)}" if effect.harmed else "without it, the same"
    return [session.clock(effect.at), action.label, did, action.feedback]
