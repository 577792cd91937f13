"""The look: contrast on both themes, colours that colour-blind readers can tell apart, dashes, axes with units."""

import functools
import itertools
import re

import altair as alt
import numpy as np
import pytest

from course_lib.view import style

LIGHT_PAGE, DARK_PAGE = "#ffffff", "#111111"
# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
SEEN_BY = {
    "everyone": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("page", [LIGHT_PAGE, DARK_PAGE])
@pytest.mark.parametrize("name", style.PALETTE)
def test_colours_stand_out_on_both_themes(name, page):
    assert contrast(style.PALETTE[name], page) >= 3.0


@pytest.mark.parametrize(("ground", "page"), [("light", LIGHT_PAGE), ("dark", DARK_PAGE)])
def test_words_are_read_on_both_themes(ground, page):
    assert min(contrast(colour, page) for colour in style.WORDS[ground].values()) >= 4.5
    assert set(style.WORDS[ground]) == set(style.PALETTE)


def test_the_strokes_would_be_too_faint_for_words():
    assert min(contrast(colour, LIGHT_PAGE) for colour in style.PALETTE.values()) < 4.5


@pytest.mark.parametrize("eye", SEEN_BY)
def test_colours_stay_apart_for_every_eye(eye):
    seen = [lab(np.array(SEEN_BY[eye]) @ linear(colour)) for colour in style.PALETTE.values()]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 12


def test_a_pair_that_fails_would_be_seen():
    red, olive = (lab(np.array(SEEN_BY["deuteranopes"]) @ linear(colour)) for colour in ("#D9541E", "#A8830A"))
    assert np.linalg.norm(red - olive) < 12


def test_roles_that_meet_differ_in_dash_too():
    for group in (("naive", "defended", "third", "fourth"), ("demand", "capacity"), ("prediction", "truth")):
        assert len({tuple(style.SERIES[role].dash) for role in group}) == len(group)


def test_an_axis_without_a_unit_is_refused():
    with pytest.raises(ValueError, match="'goodput' has no unit: write it in brackets"):
        style.amount_axis("y", "goodput")


def test_a_themed_chart_carries_ink_size_and_words():
    spec = style.themed(style.line("run", "time", "y", "naive"), "Goodput over time.")
    assert spec["description"] == "Goodput over time."
    assert {param["name"] for param in spec["params"]} == {"ink", "paper", *(f"word_{name}" for name in style.PALETTE)}
    assert (
        spec["usermeta"]["flexible"]
        and not style.themed(alt.hconcat(style.line("run", "time", "y", "naive")), "One.")["usermeta"]["flexible"]
    )
    assert (spec["width"], spec["height"]) == (style.WIDTH, style.HEIGHT)
    assert spec["config"]["background"] == "transparent"
    assert "datasets" not in spec, "rows travel apart"


def test_data_names_are_found_at_any_depth():
    deep = alt.vconcat(alt.layer(style.line("run", "x", "y", "naive"), style.band("band", "x", "a", "b", "naive")),
                       style.regions(labels={0: "x"}))  # fmt: skip
    assert style.named_data(deep.to_dict()) == {"run", "band", "regions"}


def test_lines_are_named_where_they_lie_apart():
    """A line that leaves and comes back: its name is where it was away, not at the end, where both are one."""
    import json

    import vl_convert

    time = np.arange(1.0, 601.0)
    away = np.where((time > 300) & (time <= 400), 10.0, 80.0)
    rows = [{"time": t, "one": 80.0, "two": two} for t, two in zip(time, away, strict=True)]
    x, y = style.time_axis(600), style.amount_axis("one", "rate (1/s)", top=100)
    names = {"one": ("upper", "naive"), "two": ("lower", "defended")}
    chart = alt.layer(
        style.line("run", "time", "one", "naive", x=x, y=y), *style.plateau_labels("run", names, 600, 100)
    )
    spec = {**style.themed(chart, "Two lines."), "datasets": {"run": rows}}
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")
    at = {word: re.search(rf"translate\(([\d.]+),([\d.]+)\)[^>]*>{word}<", svg).groups() for word in ("upper", "lower")}
    middle = style.WIDTH / 2
    assert all(abs(float(x) - middle) < 0.2 * style.WIDTH for x, _ in at.values()), at
    assert float(at["lower"][1]) - float(at["upper"][1]) > 100


def test_names_of_two_lines_near_the_floor_do_not_cover_each_other():
    import json

    import vl_convert

    x, y = style.time_axis(600), style.amount_axis("one", "items (items)", top=100)
    names = {"one": ("upper", "naive"), "two": ("lower", "defended")}
    chart = alt.layer(
        style.line("run", "time", "one", "naive", x=x, y=y), *style.plateau_labels("run", names, 600, 100, height=150)
    ).properties(height=150)
    for upper in (1.0, 6.0, 14.0, 26.0, 34.0):
        rows = [{"time": float(t), "one": upper, "two": 1.0} for t in range(1, 601, 20)]
        spec = {**style.themed(chart, "Two lines."), "datasets": {"run": rows}}
        svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")
        at = {w: float(re.search(rf"translate\([\d.]+,([\d.]+)\)[^>]*>{w}<", svg)[1]) for w in ("upper", "lower")}
        assert at["lower"] - at["upper"] >= 13
        plot = float(re.search(r'class="background"[^>]*d="M[\d.]+,[\d.]+h[\d.]+v([\d.]+)h', svg)[1])
        for level in (upper, 1.0):  # a name's letters reach from 9 pixels above its base to 2 below
            line = plot * (1 - level / 100)
            assert all(line < base - 9 or line > base + 2 for base in at.values()), (upper, at, line)


def test_names_of_three_lines_that_are_one_stand_below_each_other():
    """As "in time" and "done" are where nothing is late: one lay over the other."""
    import json

    import vl_convert

    names = {"one": ("first", "naive"), "two": ("second", "defended"), "three": ("third", "third")}
    cases = [(80, 80, 80), (80, 50, 50), (2, 2, 2), (80, 2, 2), (80, 17, 0), (9, 6, 0), (24, 17, 0)]
    charts, data = [], {}
    for number, levels in enumerate(cases):
        rows = [{"time": float(t), **dict(zip(names, levels, strict=True))} for t in range(1, 601, 20)]
        data[f"run{number}"] = rows
        x, y = style.time_axis(600), style.amount_axis("one", "items (items)", top=100)
        line = style.line(f"run{number}", "time", "one", "naive", x=x, y=y)
        labels = style.plateau_labels(f"run{number}", names, 600, 100, height=240)
        charts.append(alt.layer(line, *labels).properties(height=190))
    spec = {**style.themed(alt.vconcat(*charts), "Three lines."), "datasets": data}
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")
    found = re.findall(r"translate\([\d.]+,(-?[\d.]+)\)[^>]*>(first|second|third)<", svg)
    assert len(found) == 6 * len(cases), "each has a halo"
    for number, levels in enumerate(cases):
        at = {word: float(place) for place, word in found[6 * number : 6 * number + 6]}
        assert min(np.diff(sorted(at.values()))) >= 12, (levels, at)


@pytest.mark.parametrize(("when", "anchor", "side"), [(50, "start", 0.0), (550, "end", 1.0), (350, "middle", 7 / 12)])
def test_a_name_at_the_rim_of_a_plot_ends_with_it(when, anchor, side):
    """A plot may be narrower than twice the name: centred on its last part, the name would be cut."""
    import json

    import vl_convert

    rows = [{"time": float(t), "one": 80.0 - (abs(t - when) <= 50) * 60.0, "two": 80.0} for t in range(1, 601)]
    x, y = style.time_axis(600), style.amount_axis("one", "rate (1/s)", top=100)
    names = {"one": ("items are finished", "naive"), "two": ("all", "defended")}
    chart = alt.layer(
        style.line("run", "time", "one", "naive", x=x, y=y), *style.plateau_labels("run", names, 600, 100)
    )
    spec = {**style.themed(chart, "Two lines."), "datasets": {"run": rows}, "width": 200}
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")
    found = re.search(r'text-anchor="(\w+)" transform="translate\(([\d.]+),[^>]*>items are finished<', svg)
    plot = float(re.search(r'class="background"[^>]*d="M[\d.]+,[\d.]+h([\d.]+)', svg)[1])
    assert found[1] == anchor and float(found[2]) == pytest.approx(plot * side, abs=1)


def test_end_labels_keep_apart():
    shifts = style.apart([50, 51, 52, 10], span=100, height=200)
    at = sorted(200 * (1 - end / 100) + shift for end, shift in zip([50, 51, 52, 10], shifts, strict=True))
    assert min(np.diff(at)) >= 13
    assert shifts[3] == 0


def nested():
    """Charts side by side, one of them in layers, as a lesson's picture holds them."""
    line = style.line("run", "time", "one", "naive", x=style.time_axis(60), y=style.amount_axis("one", "rate (1/s)"))
    layered = style.part(alt.layer(style.regions(labels={0: "outage"}), line))
    return style.themed({"hconcat": [layered, {"vconcat": [style.part(line)]}]}, "Two lines.")


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("hconcat", 0),
        ("hconcat", 0, "layer", 0),
        ("hconcat", 0, "layer", 0, "layer", 1),
        ("hconcat", 0, "layer", 1),
        ("hconcat", 1),
        ("hconcat", 1, "vconcat", 0),
    ],
)
def test_a_fault_at_any_depth_is_no_vega_lite(path):
    spec = nested()
    assert style.invalid(spec) == ""
    part = functools.reduce(lambda whole, key: whole[key], path, spec)
    part["colour"] = "blue"
    assert style.invalid(spec) == "Additional properties are not allowed ('colour' was unexpected)"
    if "encoding" in part:
        del part["colour"]
        next(iter(part["encoding"].values()))["type"] = "number"
        assert "'number' is not one of" in style.invalid(spec)


def test_a_line_that_leaves_its_plot_is_named_at_the_rim_with_how_far_it_goes():
    import json

    import vl_convert

    rows = [{"time": float(t), "one": 80.0 if t < 300 else 1234.0, "two": 20.0 + 90 * (t == 90)} for t in range(1, 601)]
    x, y = style.time_axis(600), style.amount_axis("one", "items (items)", top=100)
    names = {"one": ("upper", "naive"), "two": ("lower", "defended")}
    labels = style.plateau_labels("run", names, 600, 100, rim=style.RIM)
    chart = alt.layer(style.line("run", "time", "one", "naive", x=x, y=y), *labels)
    for kept, upper, lower in ((600, "upper ↑ to 1,234", "lower ↑ to 110"), (80, "upper", "lower")):
        spec = {**style.themed(chart, "Two lines."), "datasets": {"run": rows[:kept]}}
        svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")
        found = re.findall(r"translate\(([\d.]+),([\d.]+)\)[^>]*>([a-z][^<]*)<", svg.replace("&uarr;", "↑"))
        words = {word: (float(x), float(y)) for x, y, word in found if word.startswith(("upper", "lower"))}
        assert set(words) == {upper, lower, "lower"}, "the lower one leaves for a second and is named below, too"
        assert all(0 <= x <= style.WIDTH for x, _ in words.values())


def test_a_name_near_the_floor_of_a_small_plot_stands_above_its_line():
    """As "failing probes" does at 12 %: 12 pixels below the line is the axis."""
    import json

    import vl_convert

    rows = [{"time": float(t), "one": 90.0, "two": 15.0} for t in range(1, 601)]
    x, y = style.time_axis(600), style.amount_axis("one", "checks (%)", top=125)
    names = {"one": ("upper", "naive"), "two": ("lower", "defended")}
    for height in (140, 300):
        labels = style.plateau_labels("run", names, 600, 125, height=height)
        chart = alt.layer(style.line("run", "time", "one", "naive", x=x, y=y), *labels).properties(height=height)
        spec = {**style.themed(chart, "Two lines."), "datasets": {"run": rows}}
        svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")
        at = {w: float(re.search(rf"translate\([\d.]+,([\d.]+)\)[^>]*>{w}<", svg)[1]) for w in ("upper", "lower")}
        floor = at["upper"] + 9 + (90 / 125) * float(re.search(r'class="background"[^>]*v([\d.]+)h', svg)[1])
        assert floor - at["lower"] > 8, "on the axis"
