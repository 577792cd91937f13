"""The lessons, and the labs' texts, as static pages that need neither kernel nor network.

Each lesson is run in a scratch copy, so the notebooks in git stay clean. Of its outputs the pictures and texts are kept
and the widgets dropped; equations become MathML, which browsers draw themselves. A lab is shown as it is released: its
answers are the learner's to write.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from latex2mathml.converter import convert as latex_to_mathml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from course_lib import notebook_file
from course_lib.manifest import FOLDERS, Course, Module
from course_lib.notebook_file import NotebookError

WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT = 120
_TEMPLATES = Path(__file__).parent / "site_templates"
_LINK = re.compile(r'<a\b[^>]*\bhref="(?P<target>[^"#]+)(?P<part>#[^"]*)?"[^>]*>(?P<text>.*?)</a>', re.S)
#: Where a page's template leaves room for its list of contents.
_CONTENTS = "<!-- contents -->"
_ELSEWHERE = re.compile(r"[a-z]+:|.*\.html$")
#: A command or an alignment mark that the converter passed through.
_LEFT_OVER = re.compile(r">\s*(?:\\|&(?!#?\w+;))")
#: Environments that the converter knows only by their numbered siblings' names.
_SIBLINGS = {"aligned": "align*", "gathered": "align*", "equation": "align*", "equation*": "align*"}


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
        names = [_write_page(course, module, fresh).name for module in course.built]
        names += [_write_lab(module, fresh).name for module in course.built]
        (fresh / "index.html").write_text(contents_page(course), encoding="utf-8")
        _replace(out, fresh)
    return [out / name for name in names]


def contents_page(course: Course) -> str:
    """Return the HTML of the table of all modules."""
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True)
    return templates.get_template("contents.html.j2").render(course=course)


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
            return client.execute(stderr=subprocess.DEVNULL, env={**os.environ, "COURSE_VIEW": "site"})
        except CellExecutionError as error:
            raise NotebookError(f"{module.lesson.name}: stops with {error.ename}: {error.evalue}") from None


def without_widgets(notebook: NotebookNode) -> NotebookNode:
    """Drop the outputs that only a kernel could draw, in place; the pictures beside them stay."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    return notebook


def to_html(notebook: NotebookNode, name: str, links: dict[str, Any], folder: Path | str = ".") -> str:
    """Turn a notebook that was run into one self-contained page.

    Parameters
    ----------
    notebook : NotebookNode
    name : str
        Title of the page.
    links : dict
        ``previous``, ``next`` and ``other`` (the module's lab, or its lesson): ``{"href": …, "title": …}`` or None.
    folder : Path
        Where pictures that the text names are looked for.
    """
    exporter = _Exporter(
        template_name="lab",
        template_file="lesson_page.html.j2",
        extra_loaders=[jinja2.FileSystemLoader(_TEMPLATES)],
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    resources = {"metadata": {"name": name, "path": str(folder)}, "course": links}
    html, _ = exporter.from_notebook_node(notebook, resources=resources)
    return _with_contents(_LINK.sub(_link_for_readers, html))


def _with_contents(html: str) -> str:
    """Fill the page's list of contents with its second-level headings."""
    found = re.findall(r'<h2 id="(?P<id>[^"]+)">(?P<text>.*?)<', html)
    entries = "".join(f'<li><a href="#{anchor}">{text}</a></li>' for anchor, text in found)
    return html.replace(_CONTENTS, f"<ol>{entries}</ol>" if entries else "", 1)


def mathml(latex: str, display: str) -> str:
    """Turn an equation into MathML.

    Parameters
    ----------
    latex : str
        Without its dollar signs.
    display : {"inline", "block"}

    Raises
    ------
    NotebookError
        With the equation, where the converter left part of it as LaTeX.
    """
    for name, sibling in _SIBLINGS.items():
        latex = latex.replace(f"{{{name}}}", f"{{{sibling}}}")
    try:
        drawn = latex_to_mathml(latex.strip(), display=display)
    except Exception as error:  # the converter has many ways to fail on what it does not know
        raise NotebookError(f"an equation cannot be drawn ({type(error).__name__}): {latex.strip()}") from None
    if _LEFT_OVER.search(drawn):
        raise NotebookError(f"an equation cannot be drawn in full: {latex.strip()}")
    return drawn


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


def _write_page(course: Course, module: Module, folder: Path) -> Path:
    page = folder / f"{module.name}.html"
    notebook = without_widgets(run(module))
    links = _neighbours(course.built, module) | {"other": {"href": _lab_page(module), "title": "The lab"}}
    page.write_text(to_html(notebook, module.title, links, module.lesson.parent), encoding="utf-8")
    return page


def _write_lab(module: Module, folder: Path) -> Path:
    page = folder / _lab_page(module)
    lesson = {"href": f"{module.name}.html", "title": "The lesson"}
    links = {"previous": None, "next": None, "other": lesson}
    notebook = without_widgets(notebook_file.read(module.lab))
    page.write_text(to_html(notebook, f"{module.title}: lab", links, module.lab.parent), encoding="utf-8")
    return page


def _lab_page(module: Module) -> str:
    return f"{module.name}_lab.html"


def _neighbours(modules: Sequence[Module], module: Module) -> dict[str, Any]:
    place = modules.index(module)
    entries = [{"href": f"{m.name}.html", "title": m.title} for m in modules]
    return {
        "previous": entries[place - 1] if place else None,
        "next": entries[place + 1] if place + 1 < len(entries) else None,
    }


def _link_for_readers(link: re.Match[str]) -> str:
    """Point to the page of a lesson or lab. Documents have no page here, so of a link to one the text stays."""
    if _ELSEWHERE.match(link["target"]):
        return link[0]
    folder, name = Path(link["target"]).parent.name, Path(link["target"])
    if name.suffix != ".ipynb" or folder not in ("", *FOLDERS.values()):
        return link["text"]
    lab = "_lab" if folder == FOLDERS["lab"] else ""
    return f'<a href="{name.stem}{lab}.html{link["part"] or ""}">{link["text"]}</a>'


def _replace(out: Path, fresh: Path) -> None:
    """Put a finished build in the place of the old one, which stays if the build had failed."""
    if out.exists() and not (out / "index.html").is_file() and any(out.iterdir()):
        raise NotebookError(f"{out}: is not a site that was built here, so it is not replaced; name another folder")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(fresh, out)
