"""Write the site: a page a lesson, a page a lab, and an index, with what they share beside them.

The lessons run in scratch copies, so the notebooks in git stay clean. Several run at once, each in a kernel of its own.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jinja2

from course_lib import notebook_file
from course_lib.manifest import Course, Module
from course_lib.notebook_file import NotebookError
from course_lib.website import assets, notebook_page
from course_lib.website.notebook_page import TEMPLATES, Content

ASSETS, DATA = "assets", "data"


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
        A page per lesson that is built, and one per lab; beside them is ``index.html``.

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
        for page in [*pages, _index(course)]:
            page.write(course, fresh)
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
        if self.content.places:
            data = f"{DATA}/{Path(self.name).stem}.js"
            (folder / DATA).mkdir(exist_ok=True)
            (folder / data).write_text(notebook_page.data_script(self.content.places), encoding="utf-8")
        html = (
            _templates()
            .get_template("frame.html.j2")
            .render(course=course, page=self, html=self.content.html, data=data, assets=ASSETS)
        )
        (folder / self.name).write_text(html, encoding="utf-8")


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
