"""One look for every chart: sizes, palette, theme, and the shaded and labelled regions that tell the story in words.

Colours are chosen to keep a contrast of at least 3 to 1 on JupyterLab's light *and* dark background and to stay apart
for colour-blind readers (tested); each still travels with a dash of its own. Ink and paper are Vega parameters, so that
the live chart follows the reader's theme without being rebuilt.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.utils import schemapi

WIDTH = 540
"""Width of the main chart in pixels, axes included: it leaves room for a side column on a 1280 px laptop."""
HEIGHT = 300
"""Height of the main chart in pixels, axes included."""
FONT_SIZE = 12

PALETTE = {"blue": "#1F78D1", "vermilion": "#E0562B", "teal": "#12A084", "purple": "#C264B8"}
DASHES = {"solid": [1, 0], "dashed": [7, 4], "dotted": [2, 3], "dashdot": [8, 3, 2, 3]}

INK = alt.ExprRef("ink")
"""Text and rule colour that follows the theme: use it wherever a chart writes in 'black'."""
PAPER = alt.ExprRef("paper")
"""Background colour that follows the theme: for halos behind labels."""

LIGHT = {"ink": "#24292f", "paper": "#ffffff"}

WORDS = {
    "light": {"blue": "#1A69B8", "vermilion": "#BE3F17", "teal": "#0B7A64", "purple": "#A0439A"},
    "dark": {"blue": "#5AA2EC", "vermilion": "#F0764F", "teal": "#1DB897", "purple": "#D585CC"},
}
"""The palette as text wears it on each ground: letters are thin and need a contrast of at least 4.5 to 1."""


@dataclasses.dataclass(frozen=True)
class Stroke:
    """How one series is drawn: a colour and, as the second channel, a dash.

    Parameters
    ----------
    colour : str or altair.ExprRef
    dash : list of int
        On and off lengths in pixels.
    width : float
        Pixels.
    """

    colour: Any
    dash: list[int]
    width: float = 2.0

    @property
    def word(self) -> Any:
        """Colour of a label that names the line: a parameter that follows the theme."""
        name = next((name for name, colour in PALETTE.items() if colour == self.colour), None)
        return self.colour if name is None else alt.ExprRef(f"word_{name}")


SERIES = {
    "naive": Stroke(PALETTE["vermilion"], DASHES["dashed"]),
    "defended": Stroke(PALETTE["blue"], DASHES["solid"], 2.4),
    "third": Stroke(PALETTE["teal"], DASHES["dashdot"]),
    "fourth": Stroke(PALETTE["purple"], DASHES["dotted"], 2.4),
    "demand": Stroke(INK, DASHES["dotted"], 1.4),
    "capacity": Stroke(INK, DASHES["dashed"], 1.2),
    "prediction": Stroke(PALETTE["purple"], DASHES["dotted"], 2.4),
    "truth": Stroke(PALETTE["blue"], DASHES["solid"], 2.4),
}
"""The roles that recur in every module; a role looks the same in all twelve."""


def line(data: str, x: str, y: str, role: str, /, **channels: Any) -> alt.Chart:
    """Return one line of a named dataset in the stroke of its role.

    Parameters
    ----------
    data : str
        Name of a dataset of the picture, such as ``"run"``.
    x, y : str
        Column names.
    role : str
        A key of `SERIES`.
    **channels
        More encoding channels or replacements of ``x`` and ``y`` (an ``alt.X``, for a title with a unit).
    """
    stroke = SERIES[role]
    encoding = {"x": alt.X(x, type="quantitative"), "y": alt.Y(y, type="quantitative"), **channels}
    mark = {"color": stroke.colour, "strokeDash": stroke.dash, "strokeWidth": stroke.width, "clip": True}
    return alt.Chart(alt.NamedData(data)).mark_line(**mark).encode(**encoding)


def band(data: str, x: str, low: str, high: str, role: str, /, **channels: Any) -> alt.Chart:
    """Return the area between two columns: the spread over seeds, in the colour of its role."""
    encoding = {
        "x": alt.X(x, type="quantitative"),
        "y": alt.Y(low, type="quantitative"),
        "y2": alt.Y2(high),
        **channels,
    }
    mark = {"color": SERIES[role].colour, "opacity": 0.22, "clip": True}
    return alt.Chart(alt.NamedData(data)).mark_area(**mark).encode(**encoding)


def end_label(data: str, x: str, y: str, text: str, role: str, /, *, dy: int = 0, **channels: Any) -> alt.Chart:
    """Return a direct label at the last row of a line, so that no reader has to look up a legend.

    The chart needs about ``7 * len(text)`` pixels free to the right of the plot: see ``padding`` in `regions`.
    """
    encoding = {
        "x": alt.X(x, type="quantitative", aggregate="max"),
        "y": alt.Y(y, type="quantitative", aggregate={"argmax": x}),
        **channels,
    }
    mark = {"align": "left", "dx": 5, "dy": dy, "fontWeight": "bold", "color": SERIES[role].word, "clip": False}
    return alt.Chart(alt.NamedData(data)).mark_text(text=text, **mark).encode(**encoding)


def plateau_labels(
    data: str,
    names: Mapping[str, tuple[str, str]],
    until: float,
    top: float,
    *,
    height: int = HEIGHT,
    rim: int | None = None,
) -> list[alt.Chart]:
    """Return a direct label for each of some lines, where it lies farthest from the others; it moves with the data.

    The clock is cut into six; each line is named in the part in which it is flat and its mean far from its neighbour's,
    above the line when it is the upper one there, else below.

    Parameters
    ----------
    data : str
        Dataset with the column ``time``.
    names : mapping of str to (str, str)
        What each column's line is called, and its role.
    until, top : float
        Ends of the two axes.
    height : int
        Height of the chart in pixels: what is near the floor, or the rim.
    rim : int, optional
        Lines may leave the plot: each that does is named so far below its rim, with how far it goes (`beyond`).
    """
    pixel = top / (0.75 * height - 45)  # as JupyterLab shows it beside a map on a laptop; elsewhere there is more room
    inside = [layer for field in names for layer in _plateau_label(data, field, names, until, top, pixel)]
    if rim is None:
        return inside
    stay = [layer.transform_filter(f"datum.mean <= {top:g}") for layer in inside]
    rims = [
        beyond(data, field, text, role, top, x=("time", until), y=rim + 14 * number)
        for number, (field, (text, role)) in enumerate(names.items())
    ]
    return [*stay, *(layer for layers in rims for layer in layers)]


PARTS = 6
NARROW = 350
"""Pixels across the plot of a panel's chart where JupyterLab shows it beside a map on a laptop."""
RIM = 33
"""Pixels from the rim of a plot to below the words of `regions`."""


def _plateau_label(
    data: str, field: str, names: Mapping[str, tuple[str, str]], until: float, top: float, pixel: float
) -> list[alt.Chart]:
    text, role = names[field]
    gaps = [f"abs(datum.m_{field} - datum.m_{other})" for other in names if other != field]
    # Far is far enough; then rather flat than steep, late than early, and not at the rims, where it would stick out.
    half = max(3.6 * len(text) * PARTS / NARROW, 1.0) - 0.5  # of a part
    first, last = f"datum.part < {half:g}", f"datum.part > {PARTS - 1 - half:g}"
    rim = f"({first} || {last} ? {0.02 * top:g} : 0)"
    score = f"min({', '.join([*gaps, f'{0.2 * top:g}'])}) - datum.spread + datum.part * {0.0005 * top:g} - {rim}"
    base = (
        alt.Chart(alt.NamedData(data))
        .transform_calculate(part=f"min(floor(datum.time / {until:g} * {PARTS}), {PARTS - 1})")
        .transform_aggregate(
            groupby=["part"], **{f"m_{name}": f"mean({name})" for name in names}, spread=f"stdev({field})"
        )
        .transform_calculate(score=score)
        .transform_joinaggregate(best="max(score)")
        .transform_filter("datum.score == datum.best")
        .transform_calculate(
            at=f"{first} ? 0 : {last} ? {until:g} : (datum.part + 0.5) * {until / PARTS:g}",
            level=f"min(datum.m_{field}, {top:g})",
            mean=f"datum.m_{field}",
            lowest=f"min({', '.join(f'datum.m_{name}' for name in names)})",
            **_ranks(list(names), 0.004 * top),
        )
        .encode(x=alt.X("at", type="quantitative"), y=alt.Y("level", type="quantitative"))
    )
    # Near the top of the plot there is no room above, near its floor none below: there, names stand above each other.
    high, upper = f"datum.level > {top - 17.5 * pixel:g}", f"datum.r_{field} == {len(names) - 1}"
    at_floor, climb, hang = _places(field, list(names), pixel)
    dy = alt.ExprRef(f"{upper} ? ({high} ? 12 : {climb}) : {at_floor} ? {climb} : ({high} ? 14 : 0) + {hang}")
    # At the rims a label begins or ends with the plot: in a narrow one it would be cut.
    align = alt.ExprRef(f"{first} ? 'left' : {last} ? 'right' : 'center'")
    mark = {"text": text, "align": align, "dy": dy, "fontWeight": "bold", "clip": False}
    halo = base.mark_text(color=PAPER, stroke=PAPER, strokeWidth=4, opacity=0.8, **mark)
    return [halo, base.mark_text(color=SERIES[role].word, **mark)]


def _ranks(names: Sequence[str], same: float) -> dict[str, str]:
    """Return how many lines are below each, as Vega expressions; of lines that are one, the first named is upper."""
    under = {
        (one, other): f"(datum.m_{one} < datum.m_{other} {'+' if i > k else '-'} {same:g} ? 1 : 0)"
        for i, one in enumerate(names)
        for k, other in enumerate(names)
    }
    return {f"r_{name}": " + ".join(["0", *(under[one, name] for one in names if one != name)]) for name in names}


def _places(field: str, names: Sequence[str], pixel: float) -> tuple[str, str, str]:
    """Return whether a line is at the floor or just above one that is, and where its name goes there and elsewhere.

    All are Vega expressions. At the floor a name is 9 pixels above its line, and 14 above the names of lines below it;
    where lines are so close there that a name would lie on the next line, all names are above the highest of them.
    Elsewhere 12 below its line, and 14 below the names of lines above it, but for the upper one's, which is above.
    """
    near = f"datum.lowest < {(20 + 14 * max(len(names) - 2, 0)) * pixel:g}"
    floor = {name: f"{near} && datum.m_{name} < datum.lowest + {36 * pixel:g}" for name in names}
    close = [f"{floor[a]} && {floor[b]} && abs(datum.m_{a} - datum.m_{b}) < {16 * pixel:g}"
             for i, a in enumerate(names) for b in names[i + 1:]]  # fmt: skip
    highest = f"max({', '.join(f'({floor[name]} ? datum.m_{name} : 0)' for name in names)})"
    # A whole page's plot is up to half as tall again as the one that `pixel` is for: names keep apart in either.
    lifted = f"(1.5 * ({highest} - datum.m_{field}) + 0.5 * (datum.m_{field} - datum.lowest)) / {pixel:g}"
    stacked = f"9 + 14 * datum.r_{field} + {lifted}"
    climb, hang = [f"({floor[field]} && ({' || '.join(close) or 'false'}) ? {stacked} : 9)"], ["12"]
    for other in (name for name in names if name != field):
        ranks, away = f"(datum.r_{field} - datum.r_{other})", f"(datum.m_{field} - datum.m_{other}) / {pixel:g}"
        climb.append(f"({floor[other]} && {ranks} > 0 ? 9 + 14 * {ranks} - {away} : 9)")
        hung = f"{ranks} < 0 && datum.r_{other} < {len(names) - 1}"
        hang.append(f"({hung} ? 12 - 14 * {ranks} + {away} : 12)")
    return f"({floor[field]})", f"-max({', '.join(climb)})", f"max({', '.join(hang)})"


def beyond(data: str, field: str, text: str, role: str, top: float, *, x: tuple[str, float], y: int = RIM) -> list[Any]:
    """Return what is told at the upper rim of a plot that a column leaves: its name, an arrow, and how far it goes.

    Parameters
    ----------
    data, field : str
        Name of a dataset, and the column; the layer with the words is named ``beyond_…`` after both.
    text, role : str
        What is told before the arrow, and whose colour it wears.
    top : float
        End of the axis that is left.
    x : (str, float)
        Column of the other axis, and that axis' end. On ``time`` the words stand where a line first leaves, else at
        the highest value.
    y : int
        Pixels below the rim: the words of `regions` are above.
    """
    place, until = x
    row = "argmin(time)" if place == "time" else f"argmax({field})"
    words = f"{f'{text} '.lstrip() + chr(0x2191) + ' to '!r} + format(datum.most, ',.0f')"
    base = (
        alt.Chart(alt.NamedData(data))
        .transform_filter(f"datum.{field} > {top:g}")
        .transform_aggregate(row=row, most=f"max({field})")
        .transform_filter(f"datum.most > {top:g}")
        .transform_calculate(at=f"datum.row.{place}", words=words)
        .encode(x=alt.X("at", type="quantitative"), text=alt.Text("words", type="nominal"))
    )
    early, late = f"datum.at < {0.38 * until:g}", f"datum.at > {0.62 * until:g}"
    align = alt.ExprRef(f"{early} ? 'left' : {late} ? 'right' : 'center'")
    dx = alt.ExprRef(f"{early} ? 4 : {late} ? -4 : 0")
    mark = {"align": align, "dx": dx, "y": y, "baseline": "top", "fontWeight": "bold"}
    halo = base.mark_text(color=PAPER, stroke=PAPER, strokeWidth=4, opacity=0.8, **mark)
    return [halo, base.mark_text(color=SERIES[role].word, **mark).properties(name=f"beyond_{data}_{field}")]


def apart(ends: Sequence[float], span: float, height: int = HEIGHT - 50, gap: int = 14) -> list[int]:
    """Return how far to shift each end label, in pixels downwards, so that no two cover each other.

    Parameters
    ----------
    ends : sequence of float
        Last values of the labelled lines.
    span : float
        What the y axis covers, in the same unit.
    height, gap : int
        Height of the plot and distance between two labels, in pixels.

    >>> apart([80, 80, 20], span=80, height=160)
    [-7, 7, 0]
    """
    wanted = [height * (1 - end / span) if span else 0.0 for end in ends]
    order = sorted(range(len(ends)), key=wanted.__getitem__)
    placed: dict[int, float] = {}
    for group in _touching([(i, wanted[i]) for i in order], gap):
        middle = sum(at for _, at in group) / len(group)
        placed |= {i: middle + gap * (k - (len(group) - 1) / 2) for k, (i, _) in enumerate(group)}
    return [round(placed[i] - wanted[i]) for i in range(len(ends))]


def _touching(places: Sequence[tuple[int, float]], gap: int) -> list[list[tuple[int, float]]]:
    """Return rising places in groups whose members lie closer than `gap` to the one before."""
    groups: list[list[tuple[int, float]]] = []
    for place in places:
        if groups and place[1] - groups[-1][-1][1] < gap:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def regions(data: str = "regions", *, labels: Mapping[int, str], x: str = "start", x2: str = "end") -> alt.LayerChart:
    """Return shaded stretches of time, each named in words at its top.

    Parameters
    ----------
    data : str
        Dataset with the columns `x`, `x2` (seconds) and ``kind`` (a number).
    labels : mapping of int to str
        What each ``kind`` says, for instance ``{0: "brownout", 1: "trigger over, still failing"}``. Even kinds are
        shaded grey, odd ones hatched in vermilion's tint, so that the words never depend on the colour.
    """
    base = alt.Chart(alt.NamedData(data)).transform_filter(f"isValid(datum.{x2}) && datum.{x2} > datum.{x}")
    # Channels by name: Altair looks a word or a condition up among all that there are, for 10 ms each.
    grey = {"test": "datum.kind % 2 == 0", "value": "#808080"}
    shade = alt.ColorValue(PALETTE["vermilion"], condition=grey)
    rects = base.mark_rect(opacity=0.16, clip=True).encode(x=alt.X(x, type="quantitative"), x2=alt.X2(x2), color=shade)
    words = " : ".join(f"datum.kind == {kind} ? {text!r}" for kind, text in labels.items()) + " : ''"
    texts = (
        base.transform_calculate(words=words, middle=f"(datum.{x} + datum.{x2}) / 2")
        .mark_text(
            baseline="top", dy=alt.ExprRef("datum.kind % 2 == 0 ? 3 : 18"), fontSize=FONT_SIZE - 1, color=INK, y=0
        )
        .encode(x=alt.X("middle", type="quantitative"), text=alt.Text("words", type="nominal"))
    )
    return alt.layer(rects, texts)


def time_axis(until: float, title: str = "time (s)", field: str = "time") -> alt.X:
    """Return a shared clock: the same domain, in seconds, for every chart of a comparison."""
    return alt.X(field, type="quantitative", title=title, scale=alt.Scale(domain=[0, until], nice=False))


def amount_axis(field: str, title: str, top: float | None = None, **scale: Any) -> alt.Y:
    """Return a y axis from zero to `top` (or as far as the data go), its title carrying the unit in brackets."""
    if "(" not in title:
        raise ValueError(f"the axis title {title!r} has no unit: write it in brackets, as in 'goodput (requests/s)'")
    domain = {"domain": [0, top]} if top is not None else {}
    return alt.Y(field, type="quantitative", title=title, scale=alt.Scale(**domain, **scale))


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration shared by all charts."""
    ink = {"expr": "ink"}
    text = {"labelColor": ink, "titleColor": ink, "labelFontSize": FONT_SIZE, "titleFontSize": FONT_SIZE}
    axis = {**text, "domainColor": ink, "tickColor": ink, "gridColor": ink, "gridOpacity": 0.13, "titleFontWeight": 600}
    return {
        "background": "transparent",
        "font": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif",
        "axis": {**axis, "titlePadding": 8, "labelOverlap": True, "tickCount": 6},
        "legend": {**text, "orient": "top", "labelLimit": 260},
        "title": {"color": ink, "subtitleColor": ink, "anchor": "start", "fontSize": FONT_SIZE + 2},
        "header": {"labelColor": ink, "titleColor": ink},
        "text": {"fontSize": FONT_SIZE},
        "view": {"stroke": None},
        "range": {"category": list(PALETTE.values())},
        "lineBreak": "\n",
    }


def part(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """Return a chart's specification as a part of a larger one that is put together by hand.

    Altair copies every part at each level it is put into, which takes a second for a page of small charts.
    """
    return chart.to_dict(validate=False, context={"top_level": False})


def themed(chart: alt.TopLevelMixin | Mapping[str, Any], description: str) -> dict[str, Any]:
    """Return a chart's specification in the course's look.

    Parameters
    ----------
    chart : altair chart, or a specification made of several (`part`)
        On named data (`altair.NamedData`); the rows travel apart.
    description : str
        What the chart shows, for screen readers: becomes its aria-label, unless the chart has words of its own.

    Returns
    -------
    dict
        Vega-Lite specification with the parameters ``ink``, ``paper`` and ``word_…``. Its ``usermeta`` says whether the
        page may stretch it to the width of its place (a chart of one view) and which colours words take on each ground.
    """
    spec = {"$schema": alt.SCHEMA_URL, **chart} if isinstance(chart, Mapping) else chart.to_dict(validate=False)
    spec["config"] = config()
    spec.setdefault("description", description)
    words = {ground: {f"word_{name}": colour for name, colour in some.items()} for ground, some in WORDS.items()}
    first = {**LIGHT, **words["light"]}
    spec["params"] = [{"name": name, "value": value} for name, value in first.items()] + spec.get("params", [])
    spec["usermeta"] = {"themes": words, "flexible": False}
    if not {"hconcat", "vconcat", "concat", "facet", "repeat"} & set(spec):
        spec.setdefault("width", WIDTH)
        spec.setdefault("height", HEIGHT)
        spec["autosize"] = {"type": "fit", "contains": "padding"}
        spec["usermeta"] |= {"flexible": True, "width": spec["width"], "height": spec["height"]}
    return spec


#: What holds parts, and what Vega-Lite's schema calls such a specification at the top and within another.
_WHOLES = {
    "layer": ("TopLevelLayerSpec", "LayerSpec"),
    "hconcat": ("TopLevelHConcatSpec", "HConcatSpec<GenericSpec>"),
    "vconcat": ("TopLevelVConcatSpec", "VConcatSpec<GenericSpec>"),
    "concat": ("TopLevelConcatSpec", "ConcatSpec<GenericSpec>"),
}


def invalid(spec: Mapping[str, Any]) -> str:
    """Return why a specification is not Vega-Lite, or nothing.

    For tests: Altair would look at every part again at each level, which takes a third of a lesson's time. Here each
    part is looked at once, for what its keys say that it is: the schema's own way tries every kind of chart in turn.
    """
    return _part_invalid({key: value for key, value in spec.items() if key != "datasets"}, "TopLevelUnitSpec")


def _part_invalid(spec: Mapping[str, Any], unit: str) -> str:
    """Return what is wrong with a chart or, first, with its frame, and then with the charts in it."""
    inside = unit != "TopLevelUnitSpec"
    if {"facet", "repeat"} & set(spec):
        return _unlike("Spec" if inside else "TopLevelSpec", json.dumps(spec))
    holds = next((key for key in _WHOLES if key in spec), "")
    if not holds:
        return _unlike(unit, json.dumps(spec))
    inner = "UnitSpec" if holds == "layer" else "FacetedUnitSpec"
    frame = _unlike(_WHOLES[holds][inside], json.dumps({**spec, holds: []}))
    return frame or next(filter(None, (_part_invalid(part, inner) for part in spec[holds])), "")


@functools.lru_cache(maxsize=1024)  # shaded regions and the like are the same in every chart
def _unlike(kind: str, spec: str) -> str:
    """Return why a specification, as JSON, is not what the schema calls this kind, or nothing."""
    schema = {"$ref": f"#/definitions/{kind}"}
    found = schemapi.validate_jsonschema(
        json.loads(spec), schema, rootschema=alt.TopLevelSpec._rootschema, raise_error=False
    )
    return "" if found is None else found.message


def named_data(spec: Any) -> set[str]:
    """Return the names of all datasets that a specification draws from."""
    if isinstance(spec, Mapping):
        own = {spec["data"]["name"]} if isinstance(spec.get("data"), Mapping) and "name" in spec["data"] else set()
        return own.union(*(named_data(part) for key, part in spec.items() if key != "datasets"))
    if isinstance(spec, Sequence) and not isinstance(spec, str):
        return set().union(*(named_data(part) for part in spec))
    return set()
