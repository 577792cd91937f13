"""What a rule sees of somebody's own data: reading, threshold and the pages there would have been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from course_lib import detect
from course_lib.detect import own_data as data
from course_lib.detect import rule_file
from course_lib.view import style
from course_lib.view.frame import thin
from course_lib.view.single_chart import ShownChart, show

ROWS, MOST = 600, 4  # points of a line; series that are told apart
ROLES = ("defended", "naive", "third", "fourth")
CLOCKS = ((2 * 86_400.0, 86_400.0, "days"), (2 * 3600.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


def own_data(rules: detect.Rule | str | Path, *files: str | Path, counters: tuple[str, ...] = ()) -> ShownChart:
    """Show when a rule would have paged on your own history.

    Parameters
    ----------
    rules : Rule or path
        One rule, or a file of them, of which the first is drawn.
    *files : str or Path
        Saved ``query_range`` answers (JSON) or CSVs; ``"signal=file"`` where it is not clear which is which.
    counters : tuple of str
        Signals that are counters, whatever their names.

    Returns
    -------
    ShownChart
        Its ``report`` says the same in lines.
    """
    name, rule = ("rule", rules) if isinstance(rules, detect.Rule) else next(
        iter(rule_file.load(Path(rules)).rules.items())
    )  # fmt: skip
    history = data.load([data.source(str(file)) for file in files], rule.signals, frozenset(counters))
    lines = data.report({name: rule}, history)
    shown = _drawn(name, rule, history, ". ".join(line.strip() for line in lines))
    shown.report = lines
    return shown


def _drawn(name: str, rule: detect.Rule, history: data.History, words: str) -> ShownChart:
    size, unit = next((size, unit) for least, size, unit in CLOCKS if history.span >= least)
    seen = detect.read(rule, history)
    seen = seen[:, None] if seen.ndim == 1 else seen
    top = 1.1 * max(float(np.nanmax(seen, initial=0.0)), rule.threshold)
    low = min(0.0, float(np.nanmin(seen, initial=0.0)), rule.threshold)
    x = style.time_axis(float(history.time[-1]) / size, f"time since {data.when(history.start)} ({unit})")
    y = style.amount_axis("seen", f"{rule.signal.replace('_', ' ')} (as the rule reads it)", top, nice=False)
    y = y.scale(domain=[low, top])
    columns: dict[str, dict[str, Any]] = {
        "limit": {"seen": [rule.threshold]},
        "pages": _pages(name, rule, history, size),
    }
    layers = [style.regions("pages", labels={1: ""})]
    for n in range(min(seen.shape[1], MOST)):
        columns[f"line {n}"] = _line(history.time / size, seen[:, n])
        layers.append(style.line(f"line {n}", "time", "seen", ROLES[n], x=x, y=y))
    limit = alt.Chart(alt.NamedData("limit")).mark_rule(color=style.INK, strokeDash=[4, 3])
    layers.append(limit.encode(y=alt.Y("seen", type="quantitative")))
    title = {
        "text": f"{name}: {rule.wants} {f'for {rule.hold:g} s' if rule.hold else 'at any moment'}",
        "subtitle": "dashed: threshold; shaded: it would page",
    }
    return show(alt.layer(*layers).properties(title=title), columns, words)


def _line(time: Any, seen: Any) -> dict[str, Any]:
    known = np.isfinite(seen)
    how = "max" if np.nanmax(seen, initial=0.0) > 0 else "mean"  # a spike that pages must not be thinned away
    return {"time": thin(time[known], ROWS, "last"), "seen": thin(seen[known], ROWS, how)}


def _pages(name: str, rule: detect.Rule, history: data.History, size: float) -> dict[str, Any]:
    found = data.run({name: rule}, history)
    begins, ends = (np.concatenate([getattr(p, side) for p in found]) for side in ("begins", "ends"))
    at = [(moment - history.start) / size for moment in (begins, ends)]
    return {"kind": np.ones(len(begins)), "start": at[0], "end": at[1]}
