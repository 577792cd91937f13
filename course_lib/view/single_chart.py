"""A chart without sliders, shown as a panel is: a picture first, then the live chart that follows the theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.view import rerun, static, style
from course_lib.view.picture import Picture

KEY = "|0"
"""What the only picture of a chart without controls is filed under: no positions, seed 0."""


class ShownChart:
    """Charts with their data, ready to be displayed.

    Parameters
    ----------
    specs : list of dict
        From `style.themed`.
    picture : Picture
    description : str
    units : mapping of str to str
        Units of the columns, for the table below.
    """

    def __init__(
        self, specs: list[dict[str, Any]], picture: Picture, description: str, units: Mapping[str, str]
    ) -> None:
        self.specs, self.picture, self.description, self.units = specs, picture, description, units

    def __repr__(self) -> str:
        return "Run this cell to make the chart live."

    def png(self) -> bytes:
        """Return the static twin."""
        return static.png([static.filled(spec, [self.picture]) for spec in self.specs])

    def live_bundle(self) -> dict[str, Any]:
        """Make the live chart and return its output bundle."""
        from course_lib.view.live import LiveChart, first_picture

        about = {"units": dict(self.units), "datasets": sorted(self.picture.data)}
        first = [first_picture("frame", KEY, self.picture)]
        self.chart = LiveChart(specs=self.specs, layout_data=about, controls=[], seed=0, first=first)
        rerun.closes(lambda chart=self.chart: rerun.close_all([chart]))
        return {**self.chart._repr_mimebundle_()[0], "text/plain": repr(self)}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if static.is_live():
            rerun.promise()
        static.show_png(self.png(), self.description)
        if static.is_live():
            display(self.live_bundle(), raw=True)


def show(
    charts: Any, data: Mapping[str, Any], description: str, *, units: Mapping[str, str] | None = None
) -> ShownChart:
    """Return a chart (or several) on named data for display as a cell's last line.

    Parameters
    ----------
    charts : altair chart, specification or sequence of them
        On named data, in the course's strokes (`style.line` and its kin).
    data : mapping of str to columns
        Datasets by name, each a mapping of column to ``(rows,)`` array or a DataFrame of numbers. The dataset ``"run"``
        is offered as a table.
    description : str
        What the chart shows, for screen readers.
    units : mapping of str to str, optional
        Units of the columns, for the table.

    Raises
    ------
    ValueError
        A chart draws from a dataset that `data` does not hold.
    """
    several = charts if isinstance(charts, Sequence) else [charts]
    specs = [style.themed(chart, description) for chart in several]
    lacking = sorted(set().union(*map(style.named_data, specs)) - set(data))
    if lacking:
        raise ValueError(f"the chart draws from {lacking[0]!r}, but the data hold {', '.join(data) or 'nothing'}")
    columns = {name: {key: table[key] for key in table} for name, table in data.items()}
    return ShownChart(specs, Picture(columns), description, units or {})
