"""What came of a tournament of rules: who paged on which days, and what another threshold would have done."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from course_lib import detect
from course_lib.detect import contest, rule_file
from course_lib.detect.table import known
from course_lib.view import style
from course_lib.view.single_chart import ShownChart, show

CELL, ROW, CURVE = 66, 30, 240  # pixels: width and height of a cell, width of the curve
HEADINGS = ("score", "page after")
SEEDS = range(8)


def tournament(
    slug: str, rules: detect.Rule | Mapping[str, detect.Rule] | str | Path | None = None, seeds: Iterable[int] = SEEDS
) -> ShownChart:
    """Show how rules do on seeded incidents, look-alikes, attacks and days of nothing; ours beside yours.

    Parameters
    ----------
    slug : str
        The module.
    rules : Rule, mapping of str to Rule, or path, optional
        Yours: one, several by name, or a file of them.
    seeds : iterable of int
        Five days a seed, two of them nothing at all.

    Returns
    -------
    ShownChart
        Its ``result`` is the `detect.Tournament`, with ``result.frame``.
    """
    finds: Mapping[str, str] = {}
    if isinstance(rules, str | Path):
        book = rule_file.load(Path(rules), {slug: known(slug)}, slug)
        rules, finds = book.rules, book.finds
    result = detect.tournament(slug, rules, seeds, finds)
    name = next(iter(result.rules))
    data = {"cells": _cells(result), "notes": _notes(result), **_curve(result, name)}
    charts = {"hconcat": [_table(result), _threshold(result, name)], "spacing": 24}
    shown = show(charts, data, _words(result))
    shown.result = result
    return shown


def _cells(result: detect.Tournament) -> dict[str, list[float]]:
    """A row for each rule and kind of day: what share was paged, and whether that is wanted."""
    rows = [
        (at, kind, result.scores[name].paged[day], day == result.finds.get(name, "incident"))
        for at, name in enumerate(result.frame.rule)
        for kind, day in enumerate(contest.KINDS)
    ]
    return dict(zip(("rule", "kind", "share", "wanted"), map(list, zip(*rows, strict=True)), strict=True))


def _notes(result: detect.Tournament) -> dict[str, list[float]]:
    scores = [result.scores[name] for name in result.frame.rule]
    second = result.days.table.clock[1]
    return {
        "rule": list(range(len(scores))) * 2,
        "kind": [len(contest.KINDS)] * len(scores) + [len(contest.KINDS) + 1] * len(scores),
        "value": [score.score for score in scores] + [score.to_detect / second for score in scores],
    }


def _curve(result: detect.Tournament, name: str) -> dict[str, dict[str, Any]]:
    curve = result.curve(name)
    unit = _scale(result.rules[name], result)
    columns = {"threshold": curve.threshold / unit, "found": 100 * curve.recall, "false": 100 * curve.false_share}
    return {"curve": columns, "own": {"threshold": [result.rules[name].threshold / unit]}}


def _table(result: detect.Tournament) -> dict[str, Any]:
    names = result.days.table.names
    heads = [names.get(kind, kind) for kind in contest.KINDS] + list(HEADINGS)
    y = _words_on(alt.Y, "rule", list(result.frame.rule), labelPadding=8)
    x = _words_on(alt.X, "kind", heads, orient="top", labelPadding=18)
    cells, notes = (alt.Chart(alt.NamedData(name)) for name in ("cells", "notes"))
    colour = alt.condition("datum.wanted", alt.value(style.PALETTE["blue"]), alt.value(style.PALETTE["vermilion"]))
    share = alt.Opacity("share", type="quantitative", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.55]), legend=None)
    per_cent = cells.transform_calculate(text="format(datum.share, '.0%')")
    clock = result.days.table.clock[0]
    unit = f"datum.kind == {len(contest.KINDS)} ? format(datum.value, '.0f') : format(datum.value, '.0f') + ' {clock}'"
    note = notes.transform_calculate(text=f"isValid(datum.value) ? {unit} : 'never'")
    layers = [
        cells.mark_rect(width=CELL - 4, height=ROW - 4).encode(x=x, y=y, color=colour, opacity=share),
        per_cent.mark_text(color=style.INK).encode(x=x, y=y, text=alt.Text("text", type="nominal")),
        note.mark_text(color=style.INK).encode(x=x, y=y, text=alt.Text("text", type="nominal")),
    ]
    size = {"width": CELL * len(heads), "height": ROW * len(result.frame)}
    title = {"text": "days on which each rule paged (%)", "offset": 8}
    return {"layer": [style.part(layer) for layer in layers], **size, "title": title}


def _words_on(channel: Any, field: str, words: list[str], **axis: Any) -> Any:
    """An axis whose whole numbers stand for words."""
    lines = words if field == "rule" else [textwrap.wrap(word, 11) for word in words]
    bare = {"labelExpr": f"{lines!r}[datum.value]", "ticks": False, "domain": False, "grid": False, "labelAngle": 0}
    scale = alt.Scale(domain=list(range(len(words))))
    return channel(field, type="ordinal", title=None, axis=alt.Axis(**bare, labelOverlap=False, **axis), scale=scale)


def _threshold(result: detect.Tournament, name: str) -> dict[str, Any]:
    rule = result.rules[name]
    unit = result.days.table.clock[0] if _scale(rule, result) != 1 else _unit(rule, result)
    title = f"threshold on {rule.signal.replace('_', ' ')} ({unit})"
    scale = alt.Scale(zero=False, nice=False)
    x = alt.X("threshold", type="quantitative", title=title, axis=alt.Axis(tickCount=4), scale=scale)
    own = alt.Chart(alt.NamedData("own")).mark_rule(color=style.INK, strokeDash=[4, 3]).encode(x=x)
    layers = [own]
    for column, role, words in (("found", "defended", "found"), ("false", "naive", "other days")):
        y = style.amount_axis(column, "days that page (%)", 105)
        layers.append(style.line("curve", "threshold", column, role, x=x, y=y))
        layers.append(style.end_label("curve", "threshold", column, words, role, dy=-8 if column == "found" else 8))
    height = max(ROW * len(result.frame), 120)
    title = {"text": f"{name}, at other thresholds", "subtitle": "dashed upright: its own"}
    return {"layer": [style.part(layer) for layer in layers], "width": CURVE, "height": height, "title": title}


def _unit(rule: detect.Rule, result: detect.Tournament) -> str:
    if rule.reading == "time to full":
        return "s to full"
    if rule.per or rule.baseline or rule.ago:
        return "times"
    return result.days.traces["incident"].units[rule.signal] + ("/s" if rule.reading == "change" else "")


def _scale(rule: detect.Rule, result: detect.Tournament) -> float:
    """What a threshold is divided by, to be shown: seconds go by the table's clock."""
    return result.days.table.clock[1] if _unit(rule, result) == "s" else 1.0


def _words(result: detect.Tournament) -> str:
    """What the chart shows, for those who hear it."""
    names = result.days.table.names
    clock, second = result.days.table.clock
    clock = "seconds" if clock == "s" else clock
    rows = []
    for row in result.frame.itertuples():
        shares = ", ".join(
            f"{names.get(kind, kind)} {result.scores[row.rule].paged[kind]:.0%}" for kind in contest.KINDS
        )
        when = "never" if np.isnan(row.to_detect) else f"page after {row.to_detect / second:.0f} {clock}"
        rows.append(f"{row.rule}: score {row.score:.0f}, {when}, paged on {shares}")
    return f"A tournament of rules over {result.days.count} days. {'; '.join(rows)}."
