"""What a cell leaves behind: widgets that go when it runs again, and words for a page that has lost its kernel.

A run that was shown live leaves widgets in the kernel. When its cell runs again they are of no use, but would be saved
with the notebook (*Save Widget State*) and kept in memory; so they are closed first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from course_lib.view.static import cell_id

_LEFT: dict[str, list[Callable[[], None]]] = {}

LATER = """<style class="course-later">
.jp-OutputArea-child:has(style.course-later) { display: none; }
.jp-OutputArea:has(style.course-later) .jp-OutputArea-output.lm-Panel:not(:has(*)) { font-size: 0; }
.jp-OutputArea:has(style.course-later) .jp-OutputArea-output.lm-Panel:not(:has(*))::after {
  animation: course-later 0s 3s both; content: "Run this cell to make it live."; font-size: 13px; }
.jp-OutputArea:has(style.course-later) .jp-OutputArea-output.lm-Panel:has(.jupyter-widgets-error-widget)::before,
.jp-OutputArea:has(style.course-later) .jp-OutputArea-output.lm-Panel:has(> .lm-Widget:empty)::before {
  animation: course-stuck 0s 10s both; content: "This did not become live: most often the page's security policy "
    "forbids blob: scripts. What stands above stays as it is."; font-size: 13px; }
@keyframes course-later { from { visibility: hidden; } to { visibility: visible; } }
@keyframes course-stuck { from { position: absolute; visibility: hidden; } to { visibility: visible; } }
</style>"""
"""Takes the place of JupyterLab's "Error displaying widget" where the kernel no longer knows the widget. Speaks, too,
where the page lets no widget start: there it has an empty place, or "Click to show javascript error"."""


def promise() -> None:
    """Display, unseen, what a reader without the kernel is told in place of a live chart or question."""
    from IPython.display import display

    display({"text/html": LATER, "text/plain": ""}, raw=True)


def closes(close: Callable[[], None]) -> None:
    """Call `close` when the cell that is running now runs again; never outside a notebook."""
    if cell := cell_id():
        _attend()
        _LEFT.setdefault(cell, []).append(close)


def close_all(widgets: Iterable[Any]) -> None:
    """Close widgets, their layout and style too."""
    for widget in widgets:
        for part in (getattr(widget, "layout", None), getattr(widget, "style", None), widget):
            if hasattr(part, "close"):
                part.close()


@functools.cache
def _attend() -> None:
    """Have the kernel tell when a cell is about to run."""
    from IPython import get_ipython

    get_ipython().events.register("pre_run_cell", _before)


def _before(_info: Any = None) -> None:
    for close in _LEFT.pop(cell_id() or "", ()):
        close()
