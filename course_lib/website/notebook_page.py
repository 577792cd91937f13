"""A notebook as a page: run in a scratch folder, its live parts taken out as data, the rest as HTML.

A lab is shown as it is released: its answers are the learner's to write.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import jinja2
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib import notebook_file
from course_lib.manifest import FOLDERS, Module
from course_lib.notebook_file import NotebookError
from course_lib.view import static
from course_lib.view.published import PLACE
from course_lib.website.equations import mathml

WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT = 600
"""Seconds: the panel's cell computes some hundreds of settings."""
TEMPLATES = Path(__file__).parent / "templates"
_LINK = re.compile(r'<a\b[^>]*\bhref="(?P<target>[^"#]+)(?P<part>#[^"]*)?"[^>]*>(?P<text>.*?)</a>', re.S)
_ELSEWHERE = re.compile(r"[a-z]+:|.*\.html$")
_HEADING = re.compile(r'<h2 id="(?P<anchor>[^"]+)">(?P<text>.*?)<a class="anchor-link"', re.S)


@dataclasses.dataclass(frozen=True)
class Content:
    """What a page shows in its middle.

    Parameters
    ----------
    html : str
    headings : list of (str, str)
        Anchor and text of each second-level heading.
    places : dict
        Data of the live parts by the name of their place.
    """

    html: str
    headings: list[tuple[str, str]]
    places: dict[str, Any] = dataclasses.field(default_factory=dict)


def run(module: Module) -> NotebookNode:
    """Run a lesson in a scratch folder and return it with its outputs.

    Raises
    ------
    NotebookError
        Naming the lesson and the error, when a cell stops.
    """
    notebook = notebook_file.read(module.lesson)
    with tempfile.TemporaryDirectory(prefix="course-run-") as scratch:
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            store_widget_state=False,
            resources={"metadata": {"path": scratch}},
        )
        try:
            return client.execute(stderr=subprocess.DEVNULL, env={**os.environ, static.ENVIRONMENT: static.SITE})
        except CellExecutionError as error:
            raise NotebookError(f"{module.lesson.name}: stops with {error.ename}: {error.evalue}") from None


def content(notebook: NotebookNode, folder: Path | str = ".") -> Content:
    """Turn a notebook into what a page shows in its middle.

    Parameters
    ----------
    notebook : NotebookNode
        As it was run; its outputs that only a kernel could draw are dropped, in place.
    folder : Path
        Where pictures that the text names are looked for.
    """
    _drop_widgets(notebook)
    places = _take_places(notebook)
    exporter = _Exporter(
        template_name="lab",
        template_file="cells.html.j2",
        extra_loaders=[jinja2.FileSystemLoader(TEMPLATES)],
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": "page", "path": str(folder)}})
    html = _LINK.sub(_link_for_readers, html)
    return Content(html, [(found["anchor"], found["text"]) for found in _HEADING.finditer(html)], places)


def data_script(places: dict[str, Any]) -> str:
    """Return a page's data as a script: a page that was opened as a file may load scripts and nothing else."""
    return f"globalThis.courseData = {json.dumps(_plain(places), ensure_ascii=False, allow_nan=False)};\n"


def _plain(part: Any) -> Any:
    """Return data without the numbers that JSON lacks."""
    if isinstance(part, dict):
        return {key: _plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_plain(value) for value in part]
    return None if isinstance(part, float) and part != part else part


def _drop_widgets(notebook: NotebookNode) -> None:
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]


def _take_places(notebook: NotebookNode) -> dict[str, Any]:
    """Put an empty element where a live part stands, and return the parts' data by the elements' names."""
    places: dict[str, Any] = {}
    for cell in notebook.cells:
        for index, output in enumerate(cell.get("outputs", ())):
            if data := output.get("data", {}).get(PLACE):
                name = f"{data['kind']}-{len(places)}"
                places[name] = data
                html = f'<div class="course-place" data-place="{name}"></div>'
                cell.outputs[index] = new_output("display_data", {"text/html": html})
    return places


class _Renderer(IPythonRenderer):
    """Markdown with its equations as MathML."""

    def block_html(self, html: str) -> str:
        # nbconvert's own parses each block by itself, which would close <details> before the answer it folds.
        return html + "\n"

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")


class _Exporter(HTMLExporter):
    """nbconvert's exporter with our renderer of markdown."""

    @jinja2.pass_context
    def markdown2html(self, context: jinja2.runtime.Context, source: str) -> str:
        renderer = _Renderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=True,
            path=context["resources"]["metadata"].get("path", ""),
            anchor_link_text=self.anchor_link_text,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def _link_for_readers(link: re.Match[str]) -> str:
    """Point to the page of a lesson or lab. Documents have no page here, so of a link to one the text stays."""
    if _ELSEWHERE.match(link["target"]):
        return link[0]
    folder, name = Path(link["target"]).parent.name, Path(link["target"])
    if name.suffix != ".ipynb" or folder not in ("", *FOLDERS.values()):
        return link["text"]
    lab = "_lab" if folder == FOLDERS["lab"] else ""
    return f'<a href="{name.stem}{lab}.html{link["part"] or ""}">{link["text"]}</a>'
