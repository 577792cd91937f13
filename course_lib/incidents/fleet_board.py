"""A class's fleet as one page for the projector: three charts and the table, everything it needs inside."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from course_lib.incidents import fleet
from course_lib.incidents.fleet import Vote
from course_lib.models.drills.retry_commons import LASTS, TRIGGER
from course_lib.view import static, style

WIDTH, HEIGHT, CELL = 560, 260, 18
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A class as a fleet</title>
<style>body{{font:20px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:1200px;padding:0 1rem;color:#24292f;
background:#fff}} table{{border-collapse:collapse;font-size:17px}} th,td{{text-align:left;padding:.2rem .8rem;
border-bottom:1px solid #ccc}} figure{{display:inline-block;margin:1rem 1.5rem 1rem 0;vertical-align:top}}</style>
</head><body><h1>A class as a fleet</h1>{body}</body></html>
"""


def write(votes: Sequence[Vote], path: Path) -> None:
    """Write the page of one vote, or of two beside each other; pictures are inside, nothing is fetched."""
    body = [f"<p>{html.escape(line)}</p>" for line in _words(votes)]
    body += [_figure(spec) for spec in specs(votes)]
    body += [_table(fleet.HEADINGS, fleet.table(votes[-1]))]
    path.write_text(PAGE.format(body="\n".join(body)), encoding="utf-8")


def _words(votes: Sequence[Vote]) -> Iterable[str]:
    yield from fleet.lines(votes[-1])
    if len(votes) > 1:
        yield from fleet.compared(*votes)


def specs(votes: Sequence[Vote]) -> list[dict[str, Any]]:
    """The charts: what failed over time, who harmed whom, and how many must hold back."""
    harmed = votes[-1].harm.sum() >= 1
    return [_over_time(votes), _ladder(votes), *([_harm(votes[-1])] if harmed else [])]


def _figure(spec: dict[str, Any]) -> str:
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(static.on_paper(spec))
    return f'<figure role="img" aria-label="{html.escape(spec["description"])}">{drawn}</figure>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = lambda row, tag: "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in row)  # noqa: E731
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{cells(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _roles(votes: Sequence[Vote]) -> list[tuple[str, str]]:
    """Names and looks of the lines: the last vote is what the class has now."""
    if len(votes) > 1:
        return [("first vote", "naive"), ("second vote", "defended")]
    return [("your vote", "naive")]


def _over_time(votes: Sequence[Vote]) -> dict[str, Any]:
    until = float(votes[0].time[-1])
    shown = [(*look, vote.failed_share) for look, vote in zip(_roles(votes), votes, strict=True)]
    shown.append(("nobody retries", "third", votes[-1].spared))
    ends = [100 * float(values[-50:].mean()) for *_, values in shown]
    shifts = style.apart(ends, 100.0, HEIGHT - 40)
    layers: list[Any] = [_trigger()]
    for (name, role, values), end, dy in zip(shown, ends, shifts, strict=True):
        rows = [
            {"time": float(t), "failed": 100 * float(v)} for t, v in zip(*_thinned(votes[0].time, values), strict=True)
        ]
        layers += _line(rows, name, role, (until, end), dy)
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title="Requests that fail")
    return style.themed(chart, "Share of all requests that fail over time: " + ", ".join(name for name, *_ in shown))


def _thinned(time: Any, values: Any, every: int = 10) -> tuple[Any, Any]:
    rows = len(values) // every * every
    return time[every - 1 : rows : every], values[:rows].reshape(-1, every).mean(axis=1)


def _line(rows: list[dict[str, float]], name: str, role: str, end: tuple[float, float], dy: int) -> list[Any]:
    stroke = style.SERIES[role]
    x = alt.X("time:Q", title="time (s)", scale=alt.Scale(domain=[0, end[0] * 1.35], nice=False))
    y = alt.Y("failed:Q", title="failed requests (%)", scale=alt.Scale(domain=[0, 100]))
    line = alt.Chart(alt.Data(values=rows)).mark_line(
        color=stroke.colour, strokeDash=stroke.dash, strokeWidth=stroke.width
    )
    word = alt.Chart(alt.Data(values=[{"time": end[0], "failed": end[1]}])).mark_text(
        align="left", dx=6, dy=dy - 16, text=name, color=stroke.word, fontWeight="bold"
    )
    return [line.encode(x=x, y=y), word.encode(x=x, y=y)]


def _trigger() -> Any:
    data = alt.Data(values=[{"from": TRIGGER, "to": TRIGGER + LASTS, "top": 100, "word": "backend slow"}])
    base = alt.Chart(data)
    x, y = alt.X("from:Q", title="time (s)"), alt.Y("top:Q", title="failed requests (%)")
    shade = base.mark_rect(opacity=0.15, color=style.INK).encode(x=x, x2="to:Q")
    word = base.mark_text(align="left", dx=3, dy=8, color=style.INK, text="backend slow").encode(x=x, y=y)
    return shade + word


def _ladder(votes: Sequence[Vote]) -> dict[str, Any]:
    layers = []
    most = max(len(vote.fleet) for vote in votes)
    shifts = style.apart([100 * float(vote.ladder[0]) for vote in votes], 100.0, HEIGHT - 40)
    for (name, role), vote, dy in zip(_roles(votes), votes, shifts, strict=True):
        stroke = style.SERIES[role]
        rows = [{"held": k, "failed": 100 * float(v)} for k, v in enumerate(vote.ladder)]
        x = alt.X("held:Q", title="services that do not retry, the greediest first", scale=alt.Scale(domain=[0, most]),
                  axis=alt.Axis(tickMinStep=1))  # fmt: skip
        y = alt.Y("failed:Q", title="failed requests (%)", scale=alt.Scale(domain=[0, 100]))
        line = alt.Chart(alt.Data(values=rows)).mark_line(
            point={"color": stroke.colour}, color=stroke.colour, strokeDash=stroke.dash
        )
        first = alt.Chart(alt.Data(values=rows[:1])).mark_text(
            align="left", dx=6, dy=dy - max(shifts) - 10, text=name, color=stroke.word, fontWeight="bold"
        )
        layers += [line.encode(x=x, y=y), first.encode(x=x, y=y)]
    chart = alt.layer(*layers).properties(width=WIDTH * 0.75, height=HEIGHT, title="How many must hold back")
    return style.themed(chart, "Share of all requests that fail where the greediest so many services do not retry.")


def _harm(vote: Vote) -> dict[str, Any]:
    names, harm = list(vote.fleet), np.maximum(vote.harm, 0.0)
    np.fill_diagonal(harm, 0.0)
    rows = [
        {"by": a, "to": b, "lost": float(harm[i, j])}
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j
    ]
    order = vote.greediest
    size = (CELL if len(names) > 12 else 2 * CELL) * len(names)
    names_at = lambda angle: alt.Axis(labelAngle=angle, labelOverlap=False)  # noqa: E731 - every name, not every other
    colour = alt.Color("lost:Q", title="requests", scale=alt.Scale(scheme="oranges", domainMin=0), legend=alt.Legend())
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_rect()
        .encode(
            x=alt.X(
                "to:N", title="requests of … that failed", sort=order, axis=alt.Axis(labelAngle=-60, labelOverlap=False)
            ),
            y=alt.Y("by:N", title="because of the retries of …", sort=order, axis=names_at(0)),
            color=colour,
        )
        .properties(width=size, height=size, title="Who harmed whom (requests)")
    )
    spec = style.themed(chart, "For each two services, how many requests of one failed because of the other's retries.")
    return {**spec, "autosize": "pad"}
