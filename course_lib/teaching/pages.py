"""The instructor's pages: ``python -m course_lib.teaching.pages`` writes ``docs/teaching/``, a test says if it is old.

Objectives are the manifest's, likely bugs are the known wrong answers, what the panel shows is run, and every figure of
the notes is computed (`figures`). So a page changes when the course does.
"""

from __future__ import annotations

import functools
import importlib
import math
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from course_lib import manifest
from course_lib.grading import kill_table
from course_lib.manifest import Course, Module
from course_lib.teaching import figures

FOLDER = Path("docs") / "teaching"
NOTES = Path(__file__).with_name("notes.toml")
LETTERS = "ABCD"
#: Wrong answers that every task has and that tell an instructor nothing.
_COPIED = ("copied", "on another seed", "always the first")
_BUGS = 6  # a task
PEER = "Peer question"
#: Minutes, and what is done in them; the plans add up to their names. The peer question moves to behind its station.
PLANS = {
    50: (
        (5, "The incident, Recall", "Read the incident aloud. Three questions, answered by hands."),
        (9, "Predict, Watch it fail", "Everybody commits, with how sure they are; then the picture, without a word."),
        (10, "Take it apart", "The two equations, each said in one sentence by somebody in the room."),
        (8, PEER, "Straight after *{after}*: vote, two minutes in pairs, vote again."),
        (9, "Explore", "Pairs try the first challenge; the map for those who are done."),
        (6, "Detect it", "The rule, the false reading, the twin."),
        (3, "Recap", "On Monday: each writes down one thing. Leave out: {cut}."),
    ),
    80: (
        (5, "The incident, Recall", "Read the incident aloud. Three questions, answered by hands."),
        (10, "Predict, Watch it fail", "Everybody commits, with how sure they are; then the picture, without a word."),
        (12, "Take it apart", "The two equations, and the model's source for those who read code."),
        (10, PEER, "Straight after *{after}*: vote, three minutes in pairs, vote again; ask for wrong ones' reasons."),
        (12, "Explore", "Pairs try all three challenges."),
        (12, "Defend", "Each defence by one pair, in a minute; then when it bites back."),
        (6, "Detect it", "The rule, the false reading, the twin."),
        (8, "Graded lab cell", "Begun in the room; the lab is for home."),
        (5, "Discussion, Recap", "One of the three questions below."),
    ),
}


class Peer(BaseModel):
    """A question for two votes: four options, each with who chooses it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: str
    question: str
    right: str = Field(pattern=f"^[{LETTERS}]$")
    options: list[tuple[str, str]] = Field(min_length=4, max_length=4)


class Notes(BaseModel):
    """What is ours to say of a module; figures stand in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: str
    cut: str
    misconceptions: list[str] = Field(min_length=3, max_length=4)
    discussion: list[str] = Field(min_length=3, max_length=3)
    peer: Peer


@functools.cache
def notes() -> dict[str, Notes]:
    """Return the notes by module."""
    return {slug: Notes(**entry) for slug, entry in tomllib.loads(NOTES.read_text(encoding="utf-8")).items()}


def page(module: Module, panel: bool = True) -> str:
    """Return an instructor's page as Markdown.

    Parameters
    ----------
    module : Module
    panel : bool
        Run the panel's presets for the table of what they show; it is left out otherwise.
    """
    said, known = notes()[module.slug], figures.of(module.slug)
    tell = functools.partial(_filled, known=known)
    parts = [_head(module), *_plans(said), *_peer(said.peer, tell), *_prediction(module, known["truth"])]
    parts += ["## Misconceptions\n", _list(said.misconceptions), "## Expected pictures\n", tell(said.picture) + "\n"]
    parts += [*(_readouts(module) if panel else ()), *_challenges(module), *_bugs(module)]
    return "\n".join([*parts, "## Discussion\n", _list(said.discussion)])


def plan(minutes: int, after: str) -> list[tuple[int, str, str]]:
    """Return the rows of a plan, the peer question's behind the one with the station that it follows."""
    others = [row for row in PLANS[minutes] if row[1] != PEER]
    place = 1 + next(place for place, (_, stations, _) in enumerate(others) if after in stations)
    return [*others[:place], *(row for row in PLANS[minutes] if row[1] == PEER), *others[place:]]


def peer_slide(module: Module) -> str:
    """Return a module's peer question as Markdown for the projector: without the right answer."""
    peer, tell = notes()[module.slug].peer, functools.partial(_filled, known=figures.of(module.slug))
    answers = "\n".join(
        f"- **{letter}** {tell(answer)}" for letter, (answer, _) in zip(LETTERS, peer.options, strict=True)
    )
    return f"## Which is it?\n\n{tell(peer.question)}\n\n{answers}\n"


def path(module: Module) -> Path:
    """Where a module's page lies."""
    return module.root / FOLDER / f"{module.name}.md"


def _head(module: Module) -> str:
    folders = {"Lesson": "notebooks", "lab": "labs", "solution": "solutions"}
    links = ", ".join(f"[{word}](../../{folder}/{module.name}.ipynb)" for word, folder in folders.items())
    line = f"{links}; [how to grade](../teaching.md). Made by `python -m course_lib.teaching.pages`."
    objectives = "\n".join(f"- {objective}" for objective in module.objectives)
    return (
        f"# {module.number:02d} · {module.title}: for whoever teaches it\n\n{line}\n\n## Objectives\n\n{objectives}\n"
    )


def _plans(said: Notes) -> Iterator[str]:
    tell = functools.partial(str.format, cut=said.cut, after=said.peer.after)
    for minutes in PLANS:
        yield f"## {minutes} minutes\n\n| min | station | what is done |\n|---|---|---|"
        rows = plan(minutes, said.peer.after)
        yield "\n".join(f"| {each} | {station} | {tell(what)} |" for each, station, what in rows) + "\n"


def _peer(peer: Peer, tell: Callable[[str], str]) -> Iterator[str]:
    yield f"## Peer question\n\nAfter *{peer.after}*. Two votes; the right answer is {peer.right}.\n"
    yield f"> {tell(peer.question)}\n"
    yield "| | answer | who chooses it, and why |\n|---|---|---|"
    for letter, (answer, why) in zip(LETTERS, peer.options, strict=True):
        shown = f"**{tell(answer)}**" if letter == peer.right else tell(answer)
        yield f"| {letter} | {shown} | {tell(why)} |"
    yield ""


def _prediction(module: Module, truth: float) -> Iterator[str]:
    from course_lib.recall.cards import asked

    ((question, unit),) = asked(module).values()
    answer = "never" if math.isnan(truth) else f"{truth:,.0f} {unit}"
    yield f"## The prediction\n\n> {question}\n\nThe model says **{answer}**, with the lesson's seed. " + (
        "Ask the most certain ones for their reasons before you run it.\n"
    )


def _readouts(module: Module) -> Iterator[str]:
    """What the panel says at each preset."""
    panel = importlib.import_module(f"course_lib.lessons.{module.slug}").PANEL
    rows = {preset: _facts(panel, preset) for preset in panel.presets}
    yield f"The panel, with seed {panel.seed}:\n\n| | {' | '.join(rows)} |\n|---|{'---|' * len(rows)}"
    for readout in panel.readouts:
        yield f"| {readout.label} | {' | '.join(readout.text(row[readout.name]) for row in rows.values())} |"
    yield ""


def _facts(panel: Any, preset: str) -> dict[str, float]:
    settings = panel.settings(preset)
    found = panel.facts(settings, panel.pictures([settings]), panel.full(settings))
    return {readout.name: float(np.ravel(found[readout.name])[0]) for readout in panel.readouts}


def _challenges(module: Module) -> Iterator[str]:
    panel = importlib.import_module(f"course_lib.lessons.{module.slug}").PANEL
    labels = {control.name: control.label for control in panel.controls}
    yield "The challenges, and one way each:\n"
    for number, challenge in enumerate(panel.challenges, start=1):
        moved = ", ".join(f"*{labels[name]}* {_value(value)}" for name, value in challenge.example.items())
        yield f"{number}. {challenge.text}: {moved}"
    yield ""


def _value(value: Any) -> str:
    return (
        ("off", "on")[value]
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, int | float)
        else str(value)
    )


def _bugs(module: Module) -> Iterator[str]:
    """The first few known mistakes of each task, in its author's words."""
    yield "## Likely bugs\n"
    yield "Each is a known wrong answer that the check catches; [the kill table](../kill-table.md) has them all.\n"
    found = kill_table.wrong_answers(module.root, [module.slug])
    for task in [*module.lesson_points, *module.lab_points]:
        said = [wrong.what for wrong in found if wrong.task == task and not any(word in wrong.what for word in _COPIED)]
        yield f"- `{task}`: {' '.join(list(dict.fromkeys(said))[:_BUGS])}"
    yield ""


def _filled(text: str, known: figures.Figures) -> str:
    return text.format(**known)


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) + "\n"


def main() -> int:
    """Write the pages of all modules, or of those named."""
    course: Course = manifest.load()
    wanted = [course.module(key) for key in sys.argv[1:]] or course.built
    (course.root / FOLDER).mkdir(exist_ok=True)
    for module in wanted:
        path(module).write_text(page(module), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
