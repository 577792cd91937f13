"""Which ways of answering each drill pass and which fail: ``python -m course_lib.incidents.kill_table``.

Writes ``docs/drills.md``. A test holds the page to what the models say.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from course_lib.incidents import outcome, scenario
from course_lib.incidents.outcome import Outcome, Report

PAGE = Path(__file__).parents[2] / "docs" / "drills.md"
HEAD = """# What passes a drill, and what does not

A log passes when users are spared at least half of what the reference spares them, when the service is well at the end
and stays so as the same trigger comes once more, when no limit is left past its bound, and when no safeguard was gone
round. Where nothing is wrong, a log passes when it costs nobody anything. All of it is what the models say, with seed
0; this page is written by `python -m course_lib.incidents.kill_table`, and a test refuses it when it is out of date. A
scenario whose claims the models do not bear out is refused, too (`tests/incidents/test_physics.py`).
"""


@functools.lru_cache
def report(name: str) -> Report:
    """What the models say of a scenario of the course, worked out once."""
    return outcome.examine(scenario.load(name))


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for name in scenario.names() for line in _section(name))])


def write() -> Path:
    """Write the page and return its path."""
    PAGE.write_text(page(), encoding="utf-8")
    return PAGE


def _section(name: str) -> Iterator[str]:
    of, ends = scenario.load(name), report(name)
    says = {f"the way {way.id}": way.says for way in of.ways} | {f"the tempting {w.id}": w.says for w in of.tempting}
    yield f"## {of.title} (`{of.id}`)\n"
    yield "| way | passes | users spared | why |\n|---|---|---|---|"
    for what, end in [*ends.right.items(), *ends.wrong.items()]:
        yield _row(what, end, says.get(what, ""), of.noop)
    yield ""


def _row(what: str, end: Outcome, says: str, noop: bool) -> str:
    spared = "" if noop else f"{100 * end.spared:.0f} %"
    why = "; ".join(end.against) if end.against else says
    return f"| {what} | {'yes' if end.passes else 'no'} | {spared} | {why} |"


if __name__ == "__main__":
    print(write())
