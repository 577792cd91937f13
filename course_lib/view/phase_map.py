"""Phase map: one outcome against two sliders, with a marker at "you are here".

The map is one vectorised sweep over the positions of two sliders, all other controls as they stand. It is computed in
pieces while the learner is at rest, filed under the other controls' positions, and faded while it is out of date.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from course_lib.view import style

MOST_CELLS_A_SIDE = 25
OVERLAP = 0.1
LONGEST_LABEL = 24  # characters that fit over the map
LONGEST_TITLE = 34  # characters that fit centred under it; a longer title ends where the axis does


@dataclasses.dataclass(frozen=True)
class PhaseMap:
    """An outcome to sweep over two sliders.

    Parameters
    ----------
    x, y : str
        Names of two sliders.
    outcome : callable(values, seed) -> array (settings,)
        Pure and vectorised; ``values`` as a panel's `run` gets them.
    label : str
        What the colour means, with its unit in brackets; at most 24 characters.
    low, high : float
        Ends of the colour scale, fixed so that a colour keeps its meaning.
    weight : int
        As many of the panel's settings take as long as one outcome: so many fewer are computed at a time.
    """

    x: str
    y: str
    outcome: Callable[[Mapping[str, Any], int], NDArray[Any]]
    label: str
    low: float = 0.0
    high: float = 1.0
    weight: int = 1

    def __post_init__(self) -> None:
        if len(self.label) > LONGEST_LABEL:
            raise ValueError(f"phase map label {self.label!r}: only {LONGEST_LABEL} characters fit, make it shorter")


def grid(x: Sequence[float], y: Sequence[float]) -> list[tuple[int, int]]:
    """Return the cells of the map as pairs of slider positions, at most 25 a side, evenly picked."""
    across, up = (np.unique(np.linspace(0, len(v) - 1, min(len(v), MOST_CELLS_A_SIDE)).round()) for v in (x, y))
    return [(int(i), int(j)) for j in up for i in across]


def edges(positions: Sequence[float], kept: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return lower and upper edge of the cells around the kept positions: halfway to the neighbours."""
    values = np.asarray(positions, float)[kept]
    middle = (values[1:] + values[:-1]) / 2
    first, last = values[0] - (middle[0] - values[0]), values[-1] + (values[-1] - middle[-1])
    bounds = np.concatenate([[first], middle, [last]])
    return bounds[:-1].copy(), bounds[1:].copy()


def columns(x: Sequence[float], y: Sequence[float], outcome: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return the map as the columns of the dataset ``"map"``: x, x2, y, y2 (cell edges) and outcome, one row a cell."""
    cells = np.array(grid(x, y))
    kept_x, kept_y = np.unique(cells[:, 0]), np.unique(cells[:, 1])
    (left, right), (low, high) = edges(x, kept_x), edges(y, kept_y)
    i, j = np.searchsorted(kept_x, cells[:, 0]), np.searchsorted(kept_y, cells[:, 1])
    # The next cell is painted over the overlap, so that no seam shows between two.
    right[:-1] += OVERLAP * (right - left)[:-1]
    high[:-1] += OVERLAP * (high - low)[:-1]
    return {"x": left[i], "x2": right[i], "y": low[j], "y2": high[j], "outcome": np.asarray(outcome, float)}


def chart(
    phase_map: PhaseMap,
    x_title: str,
    y_title: str,
    *,
    width: int = 280,
    height: int = 250,
    scheme: str = "cividis",
    log_ticks: Sequence[float] = (),
) -> alt.LayerChart:
    """Return the chart of a map: cells, and a ring with a cross at the current settings.

    Parameters
    ----------
    phase_map : PhaseMap
    x_title, y_title : str
        Axis titles with units in brackets.
    width, height : int
        Pixels, axes included.
    log_ticks : sequence of float
        Ticks of a logarithmic x axis; none for an even one.
    scheme : str
        A Vega colour scheme that rises evenly in lightness, so that it reads without colour.
    """
    anchor = {"titleAnchor": "end"} if len(x_title) > LONGEST_TITLE else {}
    at = {"values": list(log_ticks), "format": "~g"} if log_ticks else {"tickCount": max(2, width // 70)}
    ticks = alt.Axis(**at, **anchor)
    across = alt.Scale(type="log", nice=False) if log_ticks else alt.Scale(nice=False, zero=False)
    x = alt.X("x:Q", title=x_title, axis=ticks, scale=across)
    y = alt.Y("y:Q", title=y_title, scale=alt.Scale(nice=False, zero=False))
    scale = alt.Scale(domain=[phase_map.low, phase_map.high], clamp=True, scheme=scheme)
    colour = alt.Color("outcome:Q", title=phase_map.label, scale=scale, legend=alt.Legend(gradientLength=width - 90))
    cells = alt.Chart(alt.NamedData("map")).mark_rect()
    cells = cells.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour)
    here = alt.Chart(alt.NamedData("here")).encode(x=f"{phase_map.x}:Q", y=f"{phase_map.y}:Q")
    halo = here.mark_point(size=210, strokeWidth=5, color=style.PAPER, shape="circle", opacity=1)
    ring = here.mark_point(size=210, strokeWidth=2.2, color=style.INK, shape="circle", opacity=1)
    cross = here.mark_point(size=60, strokeWidth=2.2, color=style.INK, shape="cross", filled=True, opacity=1)
    placed = {"text": "you are here", "fontWeight": "bold", **_towards_the_middle(phase_map)}
    words = here.mark_text(color=style.INK, **placed)
    back = here.mark_text(color=style.PAPER, stroke=style.PAPER, strokeWidth=4, **placed)
    said = f"Map of {phase_map.label} against {x_title} and {y_title}; a ring marks where the sliders stand."
    layers = alt.layer(cells, halo, ring, cross, back, words)
    return layers.properties(width=width, height=height, description=said)


def _towards_the_middle(phase_map: PhaseMap) -> dict[str, alt.ExprRef]:
    """Return where the marker's label goes: always inwards, so that no edge of the map cuts it off."""
    right = f"scale('x', datum['{phase_map.x}']) > range('x')[1] / 2"  # in pixels, so that a log axis counts too
    above = f"scale('y', datum['{phase_map.y}']) < range('y')[0] / 2"
    expressions = {"align": f"{right} ? 'right' : 'left'", "dx": f"{right} ? 6 : -6", "dy": f"{above} ? 19 : -17"}
    return {name: alt.ExprRef(text) for name, text in expressions.items()}
