"""Which ways of answering each drill pass and which fail: ``python -m course_lib.incidents.kill_table``.

Writes ``docs/drills.md``. A test holds the page to what the models say.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from course_lib.incidents import outcome, scenario, score, truth
from course_lib.incidents.outcome import Outcome, Report
from course_lib.incidents.score import Batch
from course_lib.incidents.truth import Run

PAGE = Path(__file__).parents[2] / "docs" / "drills.md"
HEAD = """# What passes a drill, and what does not

A log passes when users are spared at least half of what the reference spares them, when the service is well at the end
and stays so as the same trigger comes once more, when no limit is left past its bound, and when no safeguard was gone
round. Where nothing is wrong, a log passes when it costs nobody anything. All of it is what the models say, with seed
0; this page is written by `python -m course_lib.incidents.kill_table`, and a test refuses it when it is out of date. A
scenario whose claims the models do not bear out is refused, too (`tests/incidents/test_physics.py`).

## Points

A drill is scored in parts (`course_lib/incidents/score.py`); the sum comes last. Doing nothing scores none in any of
these scenarios, gaming them less than 50, and less than 65 with all that can be said beside; the reference, with its
words, more than 85.

| part | points | for |
|---|---|---|
"""
POINTS = {
    "impact": "user-minutes spared, on the scale from doing nothing to the reference: 25 today, 10 as the same trigger "
    "comes once more; where nothing is wrong, for leaving users in peace and saying so",
    "diagnosis": "what it is (6), where it starts rather than where it shows (4), evidence that tells, before anything "
    "is changed (5)",
    "detection": "named within 2 minutes of the first telling signal, or 7 within 4, 4 within 8, 2 later; each wrong "
    "guess is a step",
    "acknowledge": "the page taken within 2 minutes, or 3 within 5, 1 within 10",
    "communication": "a first update within 5 minutes (5), one every ten (3), the facts that were asked for (5), no "
    "promised end (2)",
    "safety": "no dearer than a way out needs to be (3), one change at a time (4), nothing done for good before what "
    "can be taken back (3); going round a safeguard takes all of it",
    "verification": "the recovery confirmed when it is so (4), no limit left past its bound (3), and it does not come "
    "back (3)",
    "wrong actions": "up to -3 each, by the user-minutes that the run without it would have spared",
}
"""What each part of a score is for."""


@functools.lru_cache
def report(name: str) -> Report:
    """What the models say of a scenario of the course, worked out once."""
    of = scenario.load(name)
    return outcome.examine(of, 0, batch(name))


@functools.lru_cache(maxsize=2)
def batch(name: str) -> Batch:
    """All that a scenario's report and the scores of its logs rest on, played at once."""
    of = scenario.load(name)
    scored = [*outcome.right(of).values(), *outcome.games(of).values()]
    counted = (log for acts in scored for log in truth.logs(Run(of, 0, acts)))
    return Batch(of, [(), *outcome.logs(of).values(), *counted])


def page() -> str:
    """The whole page."""
    return "\n".join([head(), *(line for name in scenario.names() for line in section(name))])


def head() -> str:
    """All before the first scenario."""
    worth = {part.name: part.most for part in score.score(Run(scenario.load("night_batch"), 0, ())).parts}
    rows = (f"| {name} | {f'{worth[name]:g}' if worth[name] else ''} | {what} |\n" for name, what in POINTS.items())
    return HEAD + "".join(rows)


def write() -> Path:
    """Write the page and return its path."""
    PAGE.write_text(page(), encoding="utf-8")
    return PAGE


def section(name: str) -> Iterator[str]:
    """The lines of one scenario."""
    of, ends = scenario.load(name), report(name)
    says = {f"the way {way.id}": way.says for way in of.ways} | {f"the tempting {w.id}": w.says for w in of.tempting}
    yield f"## {of.title} (`{of.id}`)\n"
    yield "| way | passes | users spared | why |\n|---|---|---|---|"
    for what, end in [*ends.right.items(), *ends.wrong.items()]:
        yield _row(what, end, says.get(what, ""), of.noop)
    yield ""


def _row(what: str, end: Outcome, says: str, noop: bool) -> str:
    spared = "" if noop else f"{round(100 * end.spared)} %"
    why = "; ".join(end.against) if end.against else says
    return f"| {what} | {'yes' if end.passes else 'no'} | {spared} | {why} |"


if __name__ == "__main__":
    print(write())
