"""What a panel draws lies on its axes, wherever its sliders stand; a line that may leave them says how far it goes."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import numpy as np
import vl_convert

from course_lib.view import static, style
from course_lib.view.controls import Slider
from course_lib.view.panel import Panel
from tests.browser.stand_in_panel import INSTANT
from tests.view.test_contract import PANELS, panel_of

WEEKLY = bool(os.environ.get("COURSE_WEEKLY"))
DRAWS, TOGETHER = (10, 4) if WEEKLY else (1, 3)


def views(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield each view of a specification: what shares its axes."""
    own = spec.get("resolve", {}).get("scale", {}).get("y") == "independent"
    parts = [part for key in ("hconcat", "vconcat", *["layer"] * own) for part in spec.get(key, ())]
    if parts:
        for part in parts:
            yield from views(part)
    else:
        yield spec


def layers(view: Mapping[str, Any], data: str = "") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the name, the dataset and the encoding of each layer of a view."""
    data = view.get("data", {}).get("name", data)
    if "layer" not in view:
        yield view.get("name", ""), data, view.get("encoding", {})
    for layer in view.get("layer", ()):
        yield from layers(layer, data)


def domain(encoding: Mapping[str, Any], channel: str) -> list[float] | None:
    """Return the ends of the axis that a layer asks for, in numbers, or nothing; a clamped one holds whatever comes."""
    scale = encoding.get(channel, {}).get("scale", {})
    ends = [-np.inf, np.inf] if scale.get("clamp") else scale.get("domain")
    return ends if ends and all(isinstance(end, int | float) for end in ends) else None


def ends_of(spec: Mapping[str, Any]) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return the ends of the axis on which a specification draws each column: by dataset, column and channel."""
    found = {}
    for view in views(spec):
        every = list(layers(view))
        told = {name for name, _, _ in every}
        for channel in "xy":
            shared = next((ends for _, _, encoding in every if (ends := domain(encoding, channel))), None)
            for _, data, encoding in every:
                ends = domain(encoding, channel) or shared
                for key in (channel, f"{channel}2") if ends else ():
                    if field := encoding.get(key, {}).get("field"):
                        most = np.inf if channel == "y" and f"beyond_{data}_{field}" in told else max(ends)
                        found[data, field, channel] = (min(ends), most)
    return found


def off_axis(panel: Panel, draws: int, together: int, seed: int = 1) -> tuple[set[tuple[str, str]], int]:
    """Return which columns leave their axes at settings that are drawn, and how many were looked at.

    Every other slider stands at an end. Settings that are drawn together share choices and switches: one model call.
    """
    chance = random.Random(seed)
    ends = {key: at for spec in panel.specs for key, at in ends_of(spec).items()}
    found, looked = set(), set()
    for _ in range(draws):
        fixed = {c.name: chance.choice(list(c.positions)) for c in panel.controls if not isinstance(c, Slider)}
        several = [panel.settings(**fixed, **_moved(panel, chance)) for _ in range(together)]
        drawn = panel.pictures(several).data
        for (data, field, _), (least, most) in ends.items():
            if field in drawn.get(data, ()):
                values = np.asarray(drawn[data][field], float)
                looked.add((data, field))
                if (values < least - 1e-6).any() or (values > most + 1e-6).any():
                    found.add((data, field))
    return found, len(looked)


def _moved(panel: Panel, chance: random.Random) -> dict[str, Any]:
    """Return a value for each slider: at one of its ends, or anywhere."""
    sliders = [c for c in panel.controls if isinstance(c, Slider)]
    return {c.name: chance.choice(c.positions if chance.random() < 0.5 else c.positions[::len(c.positions) - 1])
            for c in sliders}  # fmt: skip


@PANELS
def test_what_is_drawn_lies_on_its_axes(slug, name):
    off, looked = off_axis(panel_of(slug, name), DRAWS, TOGETHER)
    assert looked > 1
    assert off == set()


def test_a_column_that_leaves_its_axis_is_found_unless_its_chart_says_so():
    def narrow(*more):
        x, y = style.time_axis(300), style.amount_axis("naive", "rate (1/s)", top=20)
        return dataclasses.replace(INSTANT, charts=lambda: [alt.layer(line(x, y), *more)])

    line = lambda x, y: style.line("run", "time", "naive", "naive", x=x, y=y)  # noqa: E731
    assert off_axis(narrow(), 1, 2)[0] == {("run", "naive")}
    assert off_axis(narrow(*style.beyond("run", "naive", "", "naive", 20, x=("time", 300))), 1, 2)[0] == set()


def words(svg: str) -> dict[str, tuple[float, float, float, float]]:
    """Return the box of each bold text of a drawn chart, and of a rule's name: left, right, upper and lower end."""
    found = {}
    for look, anchor, x, y, more, word in re.findall(
        r'<text([^>]*)text-anchor="(\w+)" transform="translate\(([-\d.]+),([-\d.]+)\)"([^>]*)>([^<]+)<', svg
    ):
        if "axis" not in look and ('"bold"' in more or word.startswith("TTL =")):
            wide = 7.4 * len(word)  # letters of 12 pixels in the widest of the fonts
            left = float(x) - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
            found[word] = (left, left + wide, float(y) - 9, float(y) + 2)
    return found


def test_names_of_two_points_on_one_upright_lie_off_each_other_and_on_the_plot():
    """As module 06's lower chart has them, beside a rule's: sliders drive them into each other, and to all rims."""
    panel, chance = panel_of("dns_outage", "PANEL"), random.Random(1)
    spec = next(spec for spec in panel.specs if "yours" in style.named_data(spec))
    ttls, lengths = (next(c.positions for c in panel.controls if c.name == name) for name in ("ttl", "outage_duration"))
    for number in range(100 if WEEKLY else 6):
        ttl = chance.choice(ttls[:: len(ttls) - 1] if number < 4 else ttls)
        here = {"sampled": ttl, "kept": chance.choice([0.0, 100.0, 100 * chance.random()]), "follow": 0.99 * ttl}
        data = {"curves": [], "yours": [here], "edge": [{"sampled": chance.choice(lengths[1:])}]}
        narrow = {"width": chance.choice([430, style.WIDTH]), "datasets": data}
        svg = vl_convert.vegalite_to_svg(json.dumps(static.on_paper({**spec, **narrow})), vl_version="6.4")
        wide, high = map(float, re.search(r'class="background"[^>]*d="M0,0h([\d.]+)v([\d.]+)h', svg).groups())
        at = words(svg)
        assert set(at) == {"answered, here", "new address, here", "TTL = outage length"}
        for word, (left, right, upper, lower) in at.items():
            assert left >= -1 and right <= wide + 1, (here, at)
            assert (lower <= 0) if "TTL" in word else (upper >= 0 and lower <= high), (here, at)
        for one, other in itertools.combinations(at.values(), 2):
            assert min(one[1], other[1]) <= max(one[0], other[0]) or min(one[3], other[3]) <= max(one[2], other[2]), at
