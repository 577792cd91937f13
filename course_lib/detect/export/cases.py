"""Tests for ``promtool test rules``: our seeded days as input, and what our evaluator says of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from course_lib.detect.evaluator import firing, first_alarm, meets, read
from course_lib.detect.export.clock import SEED, Array, Scraped, as_evaluated, every, scraped
from course_lib.detect.export.promql import Alert, Names, annotations, is_counter, metric, span
from course_lib.detect.table import DAYS


def document(slug: str, alerts: list[Alert], names: Names, base: str = "..") -> dict[str, Any]:
    """Return a module's tests: each alert on each day, with labels and texts."""
    time = names.time
    history = any(rule.ago for alert in alerts for rule in every(alert.rule))
    days = {day: scraped(time, time.table.run(day, SEED), wanted(alerts), history=history) for day in DAYS}
    return {
        "rule_files": [f"../rules/{slug}.yaml"],
        "evaluation_interval": span(time.interval),
        "tests": [case(day, seen, alerts, names, base) for day, seen in days.items()],
    }


def wanted(alerts: list[Alert]) -> frozenset[str]:
    """Return all signals that some alerts read."""
    return frozenset().union(*(alert.rule.signals for alert in alerts))


def case(day: str, seen: Scraped, alerts: list[Alert], names: Names, base: str = "..") -> dict[str, Any]:
    """One day: what is scraped, and what each alert makes of it."""
    interval, service = names.time.interval, names.slug.replace("_", "-")
    inputs = [
        {"series": f'{metric(names.slug, name, seen.units[name])}{{service="{service}"}}',
         "values": series(seen[name], is_counter(seen.units[name]), interval)}
        for name in sorted(seen)
    ]  # fmt: skip
    fired, silent = [], []
    for alert in alerts:
        when = float(first_alarm(as_evaluated(alert.rule, names.time), seen))
        if np.isnan(when):
            silent.append(_never(alert, float(seen.time[-1]), names))
        else:
            fired += _fires(alert, when, seen, names, base)
    return {"name": f"{names.time.table.names.get(day, day)} ({day})", "interval": span(interval),
            "input_series": inputs, "alert_rule_test": fired, "promql_expr_test": silent}  # fmt: skip


def _fires(alert: Alert, when: float, seen: Scraped, names: Names, base: str) -> list[dict[str, Any]]:
    """Silent until an interval before our evaluator fires, and firing an interval after."""
    interval, rule = names.time.interval, as_evaluated(alert.rule, names.time)
    at = int(np.argmax(seen.time >= when))
    at += int(firing(rule, seen)[at : at + 2][-1])
    at = min(at, len(seen.time) - 1)
    held = np.flatnonzero(meets(rule, seen)[: at + 1])[
        -1
    ]  # a page that is kept shows the last value that called for it
    later, value = float(seen.time[at]), read(rule, seen)[held]
    service = names.slug.replace("_", "-")
    expected = {
        "exp_labels": {"severity": alert.severity, "service": service},
        "exp_annotations": annotations(alert, names, service, f"{value:.3g}", base),
    }
    return [
        {"alertname": alert.name, "eval_time": span(max(when - 2 * interval, 0.0)), "exp_alerts": []},
        {"alertname": alert.name, "eval_time": span(later), "exp_alerts": [expected]},
    ]


def _never(alert: Alert, end: float, names: Names) -> dict[str, Any]:
    """Silent from the first to the last scrape of the day; the quiet hours before it are no part of it."""
    day = names.time.table.until * names.time.slower
    series = f'ALERTS{{alertname="{alert.name}",alertstate="firing"}}'
    return {"expr": f"count_over_time({series}[{span(min(day, end))}])", "eval_time": span(end), "exp_samples": []}


def series(values: Array, counter: bool, interval: float) -> str:
    """Values as promtool reads them, from the first scrape on; runs are written short.

    Examples
    --------
    >>> import numpy as np
    >>> series(np.array([3.0, 3.0, 3.0, np.nan]), False, 15.0), series(np.array([2.0, 2.0, 1.0]), True, 15.0)
    ('_ 3x2 _', '0+30x2 75')
    """
    if counter:
        return _counted(np.nan_to_num(values) * interval)
    words = ["_"]
    for start, end in _runs(values):
        word = "_" if np.isnan(values[start]) else f"{values[start]:.6g}"
        words.append(word if end - start == 1 else f"{word}x{end - start - 1}")
    return " ".join(words)


def _counted(increases: Array) -> str:
    """A counter from its increases: one that stays the same for a while is one word."""
    total, words = 0.0, []
    for start, end in _runs(increases):
        first, rest = total + increases[start], end - start - 1
        if not words:
            words.append("0" if not rest else f"0+{increases[start]:.12g}x{end - start}")
            words += [] if rest else [f"{first:.12g}"]
        else:
            words.append(f"{first:.12g}+{increases[start]:.12g}x{rest}" if rest else f"{first:.12g}")
        total += increases[start] * (end - start)
    return " ".join(words)


def _runs(values: Array) -> list[tuple[int, int]]:
    """Where equal values begin and end."""
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    edges = [0, *(np.flatnonzero(~same) + 1).tolist(), len(values)]
    return list(itertools.pairwise(edges))
