"""Write the site: a page a lesson, a page a lab, and an index, with what they share beside them.

The lessons run in scratch copies, so the notebooks in git stay clean. Several run at once, each in a kernel of its own.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jinja2
from nbformat.v4 import new_markdown_cell, new_notebook

from course_lib import notebook_file
from course_lib.manifest import Course, Module
from course_lib.notebook_file import NotebookError
from course_lib.website import assets, documents, notebook_page, search
from course_lib.website.notebook_page import TEMPLATES, Content

ASSETS, DATA, INDEX = "assets", "data", "data/search.js"
DOCUMENTS = (
    ("symptoms.html", "From the symptom", documents.symptom_index),
    ("twelve.html", "The twelve, side by side", documents.side_by_side),
    ("runbooks.html", "Runbooks", documents.runbooks),
    ("glossary.html", "Glossary", documents.glossary),
)
"""Pages that are neither lesson nor lab: file, title in the contents, and what writes them."""


def build(course: Course, out: Path) -> list[Path]:
    """Write the site.

    Parameters
    ----------
    course : Course
    out : Path
        The folder; pages of an earlier build in it are replaced.

    Returns
    -------
    list of Path
        A page per lesson that is built, one per lab, and `DOCUMENTS`; beside them is ``index.html``.

    Raises
    ------
    NotebookError
        A lesson that does not run, or an equation that cannot be drawn.
    """
    with tempfile.TemporaryDirectory(prefix="course-site-") as scratch:
        fresh = Path(scratch) / "site"
        fresh.mkdir()
        assets.write(fresh / ASSETS)
        with ThreadPoolExecutor(os.cpu_count()) as several:
            lessons = list(several.map(_lesson, course.built))
        pages = [_lesson_page(course, *both) for both in zip(course.built, lessons, strict=True)]
        pages += [_lab_page(course, module) for module in course.built]
        pages += [_document(name, title, text(course)) for name, title, text in DOCUMENTS]
        for page in [*pages, _index(course)]:
            page.write(course, fresh)
        (fresh / INDEX).write_text(search.script(page.sections for page in pages), encoding="utf-8")
        _replace(out, fresh)
    return [out / page.name for page in pages]


@dataclasses.dataclass(frozen=True)
class Page:
    """One page of the site.

    Parameters
    ----------
    name : str
        Its file.
    title : str
    content : Content
    around : dict
        ``previous``, ``next`` and ``other`` (a lesson's lab, a lab's lesson): ``{"href": …, "title": …}`` or None.
    """

    name: str
    title: str
    content: Content
    around: dict[str, Any] = dataclasses.field(default_factory=dict)

    def write(self, course: Course, folder: Path) -> None:
        """Write the page, and its data beside it."""
        data = ""
        (folder / DATA).mkdir(exist_ok=True)
        if self.content.places:
            data = f"{DATA}/{Path(self.name).stem}.js"
            (folder / data).write_text(notebook_page.data_script(self.content.places), encoding="utf-8")
        known = dict(course=course, page=self, data=data, assets=ASSETS, index=INDEX, documents=DOCUMENTS)
        html = _templates().get_template("frame.html.j2").render(html=self.content.html, **known)
        (folder / self.name).write_text(html, encoding="utf-8")

    @property
    def sections(self) -> list[dict[str, str]]:
        """What search knows of the page."""
        return search.sections(self.name, self.title, self.content.html)


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)


def _lesson(module: Module) -> Content:
    return notebook_page.content(notebook_page.run(module), module.lesson.parent)


def _lesson_page(course: Course, module: Module, content: Content) -> Page:
    around = _neighbours(course.built, module) | {"other": {"href": _lab_name(module), "title": "The lab"}}
    return Page(f"{module.name}.html", module.title, content, around)


def _lab_page(course: Course, module: Module) -> Page:
    lesson = {"href": f"{module.name}.html", "title": "The lesson"}
    content = notebook_page.content(notebook_file.read(module.lab), module.lab.parent)
    return Page(_lab_name(module), f"{module.title}: lab", content, {"other": lesson})


def _document(name: str, title: str, text: str) -> Page:
    """Return a page of Markdown; its headings are those of a notebook's text."""
    content = notebook_page.content(new_notebook(cells=[new_markdown_cell(text)]))
    return Page(name, title, dataclasses.replace(content, html=f'<div class="document">{_headed(content.html)}</div>'))


def _headed(html: str) -> str:
    """Write the head of its column into each cell of a table: a phone shows cells one below the other."""

    def filled(table: re.Match[str]) -> str:
        heads = itertools.cycle(re.findall(r"<th\b[^>]*>(.*?)</th>", table[0]))
        return re.sub(r"<td\b", lambda cell: f'{cell[0]} data-head="{next(heads)}"', table[0])

    return re.sub(r"<table\b.*?</table>", filled, html, flags=re.S)


def _index(course: Course) -> Page:
    """Return the page of the table of all modules."""
    html = _templates().get_template("contents.html.j2").render(course=course)
    return Page("index.html", course.title, Content(html, []))


def _lab_name(module: Module) -> str:
    return f"{module.name}_lab.html"


def _neighbours(modules: Sequence[Module], module: Module) -> dict[str, Any]:
    place = modules.index(module)
    entries = [{"href": f"{m.name}.html", "title": m.title} for m in modules]
    return {
        "previous": entries[place - 1] if place else None,
        "next": entries[place + 1] if place + 1 < len(entries) else None,
    }


def _replace(out: Path, fresh: Path) -> None:
    """Put a finished build in the place of the old one, which stays if the build had failed."""
    if out.exists() and not (out / "index.html").is_file() and any(out.iterdir()):
        raise NotebookError(f"{out}: is not a site that was built here, so it is not replaced; name another folder")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(fresh, out)
