"""The static twin of every chart, and the one place that decides whether a live one follows it.

A notebook is read in four ways: in a front end with a kernel, in one without, as HTML or on GitHub, and under a program
(papermill, nbconvert, nbval). Only the first can show a live chart. So every display emits a PNG first; the live widget
follows only when a person's front end asked for the cell, and hides the PNG once it has drawn itself.
"""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.view import style
from course_lib.view.picture import Picture

ENVIRONMENT = "COURSE_VIEW"
SITE = "site"
STACKED = "course_stacked"
"""Key of an output's metadata under which a page for a phone finds the same charts one below the other."""
SCALE = 2
"""PNG pixels per chart pixel: crisp on a laptop's screen."""
COLOURS = 256
"""Colours of the PNG's palette: a chart needs no more, and it makes the file about eight times smaller."""


def is_live() -> bool:
    """Return whether a live chart should follow the picture.

    ``COURSE_VIEW=live`` or ``COURSE_VIEW=static`` decides when set; ``COURSE_VIEW=bare`` leaves the picture out, too.
    Otherwise it is live when the running cell was sent by a notebook front end, which names the cell in the request;
    papermill, nbconvert, nbval and consoles do not, and what they save should hold pictures, not the state of widgets
    that nobody can move.
    """
    wanted = os.environ.get(ENVIRONMENT, "")
    if wanted in ("live", "bare", "static"):
        return wanted != "static"
    return bool(cell_id()) or "google.colab" in sys.modules


def is_published() -> bool:
    """Return whether the notebook is run for the site, whose pages move without a kernel (`published.py`)."""
    return os.environ.get(ENVIRONMENT) == SITE


def cell_id() -> str | None:
    """Return the id of the cell that a notebook front end has sent and that runs now, None outside one."""
    return _request_metadata().get("cellId")


def _request_metadata() -> Mapping[str, Any]:
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    return kernel.get_parent().get("metadata", {}) if kernel is not None else {}


class Drawn(bytes):
    """A PNG of charts side by side, which may carry the same charts one below the other."""

    stacked: bytes = b""


def filled(spec: Mapping[str, Any], pictures: Sequence[Picture]) -> dict[str, Any]:
    """Return a specification with the rows of its named datasets written into it.

    Parameters
    ----------
    spec : dict
        From `style.themed`.
    pictures : sequence of Picture
        Of one setting each; later ones win.
    """
    rows = {name: table for picture in pictures for name, table in picture.rows().items()}
    return {**spec, "datasets": {name: rows.get(name, []) for name in sorted(style.named_data(spec))}}


def on_paper(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a specification with the light theme's ink on a white ground: readable on any page."""
    config = {**spec["config"], "background": style.LIGHT["paper"]}
    return {**spec, "config": config, "padding": 8}


def png(specs: Sequence[Mapping[str, Any]]) -> bytes:
    """Return charts drawn side by side as one small PNG (a few dozen kB).

    Parameters
    ----------
    specs : sequence of dict
        Specifications with their data, from `filled`.

    Notes
    -----
    For the published pages (``COURSE_VIEW=site``) the result is a `Drawn` that carries the stacked picture, too.
    """
    if os.environ.get(ENVIRONMENT) in ("none", "bare"):  # the grader's sandbox, for one, has no drawing engine
        return b""
    drawn = Drawn(_png(beside(specs)))
    if is_published() and len(specs) > 1:
        drawn.stacked = _png(beside(specs, "vconcat"))
    return drawn


def _png(spec: Mapping[str, Any]) -> bytes:
    import vl_convert
    from PIL import Image

    drawn = Image.open(io.BytesIO(vl_convert.vegalite_to_png(on_paper(spec), scale=SCALE)))
    small = io.BytesIO()
    drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def beside(specs: Sequence[Mapping[str, Any]], how: str = "hconcat") -> dict[str, Any]:
    """Return one specification that shows several side by side (``"vconcat"``: stacked), each with its own scales."""
    if len(specs) == 1:
        return dict(specs[0])
    shared = ("$schema", "config", "params", "datasets", "autosize", "usermeta", "padding")
    parts = [{key: value for key, value in spec.items() if key not in shared} for spec in specs]
    params = {param["name"]: param for spec in specs for param in spec["params"]}
    datasets = {name: rows for spec in specs for name, rows in spec["datasets"].items()}
    head = {key: specs[0][key] for key in ("$schema", "config", "description") if key in specs[0]}
    own_scales = {"scale": {"color": "independent"}, "legend": {"color": "independent"}}
    both = {"params": list(params.values()), "datasets": datasets}
    return {**head, **both, how: parts, "spacing": 24, "resolve": own_scales}


def png_bundle(image: bytes, description: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return a picture as an output bundle and its metadata, the description as the alternative text."""
    width = round(int.from_bytes(image[16:20], "big") / SCALE)
    metadata = {"image/png": {"width": width, "alt": description}, "alt": description, "needs_background": "light"}
    return {"image/png": base64.b64encode(image).decode(), "text/plain": description}, metadata


def show_png(image: bytes, description: str) -> None:
    """Display a picture as a cell's output, at its size in CSS pixels."""
    if not image:
        return
    from IPython.display import display

    bundle, metadata = png_bundle(image, description)
    if isinstance(image, Drawn) and image.stacked:
        metadata[STACKED] = base64.b64encode(image.stacked).decode()
    display(bundle, raw=True, metadata=metadata)
