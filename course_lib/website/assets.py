"""The scripts and styles that all pages share: Vega once, the live parts' scripts once, one style sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import altair as alt
from pygments.formatters import HtmlFormatter

from course_lib.notebook_file import NotebookError
from course_lib.view.live import HERE as VIEW
from course_lib.view.live import bundle_source, script

HERE = Path(__file__).parent
LIGHT_CODE, DARK_CODE = "default", "github-dark"
_EXPORTED_VEGA = re.compile(r"export\s*\{\s*([\w$]+) as vegaEmbed\s*\};?\s*$")
_EXPORTED_VIEW = re.compile(r"export default \{ (?:initialize, )?render \};")


def write(folder: Path) -> None:
    """Write all shared files into a folder."""
    folder.mkdir()
    made = {"vega.js": vega(), "course.js": course(), "live.css": _text(VIEW / "live.css"), "site.css": style()}
    made |= {"search.js": _text(HERE / "search.js"), "lunr.js": _text(HERE / "vendored" / "lunr.min.js")}
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def vega() -> str:
    """Return Vega as a plain script: a page that was opened as a file may not load modules.

    Raises
    ------
    NotebookError
        The bundle does not end as known.
    """
    source, found = re.subn(_EXPORTED_VEGA, _known_as, bundle_source())
    if not found:
        raise NotebookError("the Vega bundle of this vl-convert does not end with its export of vegaEmbed")
    return _closed(source) + ";\n"


def _known_as(exported: re.Match[str]) -> str:
    """Return how `charts.js` finds what a bundle exports: under the version of its specifications."""
    return f"\nglobalThis.__courseVega = new Map([[{json.dumps(alt.SCHEMA_URL)}, {{ vegaEmbed: {exported[1]} }}]]);"


def course() -> str:
    """Return the scripts of panel, cards and page as one plain script."""
    card = f"const courseCard = {_closed(_unexported(_text(VIEW / 'prediction.js')), 'return { render };')};"
    return _closed(card, _unexported(script(VIEW / "live.js")), _text(HERE / "page.js")) + ";\n"


def _closed(*sources: str) -> str:
    """Return scripts as one function that is called at once: their names stay their own."""
    return "\n".join(["(() => {", *sources, "})()"])


def _unexported(source: str) -> str:
    source, found = re.subn(_EXPORTED_VIEW, "", source)
    if found != 1:
        raise NotebookError(f"a script of the view does not end with {_EXPORTED_VIEW.pattern!r}")
    return source


def style() -> str:
    """Return the pages' style sheet with the colours of code, light and dark."""
    light, dark = (_code(name) for name in (LIGHT_CODE, DARK_CODE))
    return f"{_text(HERE / 'site.css')}\n{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _code(name: str) -> str:
    """Return the colours of code; its ground is the page's business."""
    rules = HtmlFormatter(style=name, nobackground=True).get_style_defs(".highlight")
    return "\n".join(rule for rule in rules.splitlines() if "linenos" not in rule and "line-height" not in rule)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
