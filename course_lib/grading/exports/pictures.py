"""A learner's curve beside the reference as inline SVG: two lines, two axes, readable without colour.

Altair draws the lessons; here a page a learner and a small, steady grader ask for less: a picture of two lines is a few
hundred bytes of SVG, where a renderer costs a second and 200 MB.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 480, 250, 62, 40, 12
_REFERENCE = 'stroke="#555" stroke-width="2" stroke-dasharray="6 4"'
_YOURS = 'stroke="#0068b5" stroke-width="2.5"'


def curve_picture(curve: Mapping[str, Any]) -> str:
    """Draw a recorded curve.

    Parameters
    ----------
    curve : mapping
        As `judging.curve_fields` makes it.

    Returns
    -------
    str
        Markup in which everything is a number or escaped.
    """
    span_x = _span([curve["x"]])
    span_y = _span([curve["yours"], curve["reference"]])
    lines = [
        _line(curve["x"], curve["reference"], span_x, span_y, _REFERENCE),
        _line(curve["x"], curve["yours"], span_x, span_y, _YOURS),
    ]
    title = escape(curve["title"])
    label = f"{title}: your curve, solid, beside the reference, dashed"
    body = "".join([_axes(curve, span_x, span_y), *lines, _legend()])
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg role="img" aria-label="{label}" {size}>{body}</svg>'


def _span(columns: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    values = [v for column in columns for v in column if v is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _place(value: float, span: tuple[float, float], start: float, end: float) -> float:
    return start + (value - span[0]) / (span[1] - span[0]) * (end - start)


def _line(
    xs: Sequence[Any], ys: Sequence[Any], span_x: tuple[float, float], span_y: tuple[float, float], look: str
) -> str:
    """A polyline for each stretch without gaps."""
    stretches: list[list[str]] = [[]]
    for x, y in zip(xs, ys, strict=False):
        if x is None or y is None:
            stretches.append([])
            continue
        px = _place(x, span_x, LEFT, WIDTH - 8)
        py = _place(y, span_y, HEIGHT - BOTTOM, TOP)
        stretches[-1].append(f"{px:.1f},{py:.1f}")
    return "".join(f'<polyline fill="none" {look} points="{" ".join(s)}"/>' for s in stretches if s)


def _axes(curve: Mapping[str, Any], span_x: tuple[float, float], span_y: tuple[float, float]) -> str:
    base = HEIGHT - BOTTOM
    frame = f'<path fill="none" stroke="#888" d="M{LEFT},{TOP} V{base} H{WIDTH - 8}"/>'
    ends = [
        (LEFT, base + 14, "start", _number(span_x[0])),
        (WIDTH - 8, base + 14, "end", _number(span_x[1])),
        (LEFT - 5, base, "end", _number(span_y[0])),
        (LEFT - 5, TOP + 8, "end", _number(span_y[1])),
        ((LEFT + WIDTH) / 2, HEIGHT - 8, "middle", str(curve["x_title"])),
    ]
    words = "".join(_text(*end) for end in ends)
    middle = (TOP + base) / 2
    side = f'<g transform="rotate(-90 12 {middle})">{_text(12, middle, "middle", str(curve["y_title"]))}</g>'
    return frame + words + side


def _legend() -> str:
    y = HEIGHT - BOTTOM + 14
    return _text(WIDTH / 2 + 30, y, "middle", "solid: yours, dashed: reference")


def _text(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="11" text-anchor="{anchor}" fill="currentColor">{escape(words)}</text>'


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "?"
