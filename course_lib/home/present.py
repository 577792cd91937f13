"""A lesson for the projector: large type, code folded, one station open at a time, the panels live.

It is a copy in ``work/present/``. Answer and check cells stay out of it; the instructor's peer question stands where
its page says.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib import notebook_file
from course_lib.home import work
from course_lib.manifest import Course, Module
from course_lib.teaching import pages

FOLDER = "present"
LOOK = "presenter-look"
_LEFT_OUT = {"answer", "check"}
_COLLAPSED = "jp-MarkdownHeadingCollapsed"
#: A cell draws it, so that the view needs no setting of JupyterLab's and leaves none behind.
_STYLE = """from IPython.display import HTML

HTML('''<style>
.jp-Notebook { --jp-content-font-size1: 21px; --jp-code-font-size: 17px; }
.jp-Notebook .jp-RenderedHTMLCommon { line-height: 1.5; }
.jp-Notebook .jp-RenderedHTMLCommon table { font-size: 17px; }
.jp-Notebook :is(.jp-CodeCell .jp-InputPrompt, .jp-OutputPrompt, .jp-Placeholder) { display: none; }
.jp-Notebook .jp-MarkdownCell .jp-InputPrompt { flex: 0 0 28px; min-width: 28px; }
.jp-Notebook .jp-MarkdownCell .jp-collapseHeadingButton { display: flex; }
.jp-Notebook .course-panel { font-size: 17px; }
.jp-Notebook .course-panel :is(.course-title, h4, .course-assumptions, table) { font-size: 15px; }
.jp-Notebook .course-card .course-title { font-size: 19px; }
.jp-Notebook .course-live:not(:has(.noUi-handle)) .course-chart { zoom: 1.4; }
.jp-Notebook .course-card { max-width: 760px; }
</style>''')"""
_HOW = """# {title}

Choose *Run All Cells* once, before the class comes in. Then open one station after another by the arrow beside its
heading.
Code is folded: *View, Expand Selected Code* shows a cell's. A prediction committed here counts as your own.
"""


def lay_out(course: Course, module: Module) -> Path:
    """Write the projector's copy of a lesson anew, and return where it lies.

    Parameters
    ----------
    course : Course
    module : Module
        A built one.
    """
    path = course.root / work.FOLDER / FOLDER / f"{module.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook_file.write(notebook(work.fresh(module, "lesson"), module), path)
    return path


def notebook(lesson: NotebookNode, module: Module) -> NotebookNode:
    """Turn a lesson into its projector's copy, in place."""
    shown = [cell for cell in lesson.cells if not _LEFT_OUT & set(cell.metadata.get("tags", []))]
    kept = [part for cell in shown for part in _parts(cell)]
    for cell in kept:
        _prepare(cell)
    look = nbformat.v4.new_code_cell(_STYLE, id=LOOK)
    _prepare(look)
    how = nbformat.v4.new_markdown_cell(_HOW.format(title=module.title), id="presenter-how")
    lesson.cells = [how, look, *_with_peer(kept, module)]
    return lesson


def _parts(cell: NotebookNode) -> list[NotebookNode]:
    """Return a station's heading and text as cells of their own: JupyterLab folds what is below a heading's cell."""
    heading, _, text = cell.source.partition("\n")
    if not (_begins_station(cell) and text.strip()):
        return [cell]
    cell.source = heading
    below = nbformat.v4.new_markdown_cell(text.strip("\n"), id=f"{cell.id}-text", metadata=deepcopy(cell.metadata))
    return [cell, below]


def _begins_station(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and cell.source.startswith("## ")


def _prepare(cell: NotebookNode) -> None:
    """Fold a cell's code, and the station that begins with it."""
    station = _begins_station(cell)
    if cell.cell_type == "code":
        cell.metadata["jupyter"] = {"source_hidden": True}
        cell.outputs, cell.execution_count = [], None
    elif station:
        cell.metadata[_COLLAPSED] = True
    cell.metadata["slideshow"] = {"slide_type": "slide" if station else "fragment"}


def _with_peer(cells: list[NotebookNode], module: Module) -> list[NotebookNode]:
    """Put the peer question behind the station that its page names."""
    asked = _parts(nbformat.v4.new_markdown_cell(pages.peer_slide(module), id="presenter-peer"))
    for cell in asked:
        _prepare(cell)
    stations = [place for place, cell in enumerate(cells) if _begins_station(cell)]
    named = next(p for p in stations if cells[p].source.startswith(f"## {pages.notes()[module.slug].peer.after}"))
    then = next((place for place in stations if place > named), len(cells))
    return [*cells[:then], *asked, *cells[then:]]
