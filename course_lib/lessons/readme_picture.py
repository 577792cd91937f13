"""The moving picture at the top of the README: ``make picture`` writes it."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from course_lib.lessons import retry_storm
from course_lib.view.picture import Picture
from course_lib.view.single_chart import ShownChart

FRAMES, EACH = 20, 250  # pictures, and milliseconds that one is seen
PATH = "docs/retry_storm.png"


def main(arguments: list[str]) -> int:
    """Write the default picture of lesson 01, second by second, to the file named, or to ``docs/retry_storm.png``."""
    path = Path(arguments[0] if arguments else PATH)
    if not path.parent.is_dir():
        print(f"{path.parent} is not a folder: run this in the course's root, or name another file", file=sys.stderr)
        return 2
    whole = retry_storm.before_after()
    drawn = [Image.open(io.BytesIO(until(whole, step / FRAMES).png())).convert("RGB") for step in range(1, FRAMES + 1)]
    colours = drawn[-1].quantize(128, Image.Quantize.MAXCOVERAGE)  # one table for all, so that only what moves differs
    # The whole picture comes first, for whoever sees the first alone, and stays once it has been played.
    first, *rest = [one.quantize(palette=colours, dither=Image.Dither.NONE) for one in (drawn[-1], *drawn)]
    first.save(path, save_all=True, append_images=rest, duration=EACH, loop=1, default_image=True)
    print(f"wrote {path}")
    return 0


def until(chart: ShownChart, share: float) -> ShownChart:
    """Return the chart as it stands when a share of its time is over: what comes later is not there yet."""
    end = share * max(np.max(table["time"]) for table in chart.picture.data.values() if "time" in table)
    data = {name: _cut(table, end) for name, table in chart.picture.data.items()}
    return ShownChart(chart.specs, Picture(data, chart.picture.numbers), chart.description, chart.units)


def _cut(table: Mapping[str, ArrayLike], end: float) -> dict[str, ArrayLike]:
    """A line's values after the end are gone; a shaded stretch reaches no further."""
    if "time" in table:
        over = np.asarray(table["time"]) > end
        return {name: column if name == "time" else np.where(over, np.nan, column) for name, column in table.items()}
    return {name: np.minimum(column, end) if name in ("start", "end") else column for name, column in table.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
