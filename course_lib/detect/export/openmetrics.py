"""Days as OpenMetrics text, for one's own Prometheus: ``promtool tsdb create-blocks-from openmetrics``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_lib.detect.export.clock import Scraped
from course_lib.detect.export.promql import is_counter, metric

START = 1_772_323_200  # 2026-03-01 00:00 UTC: the first scrape of every day


def text(slug: str, seen: Scraped, meanings: Mapping[str, str]) -> str:
    """Return a day, each signal a family, ready to be read in."""
    service, lines = slug.replace("_", "-"), []
    for name in sorted(seen):
        counter = is_counter(seen.units[name])
        full = metric(slug, name, seen.units[name])
        family = full.removesuffix("_total") if counter else full
        lines += [f"# HELP {family} {meanings.get(name, name)}", f"# TYPE {family} {'counter' if counter else 'gauge'}"]
        lines += [f'{full}{{service="{service}"}} {value:.12g} {time}' for time, value in _samples(seen, name, counter)]
    return "\n".join([*lines, "# EOF", ""])


def _samples(seen: Scraped, name: str, counter: bool) -> list[tuple[str, float]]:
    values, interval = seen[name], seen.time[0]
    if counter:
        values = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values) * interval)])
        times = np.concatenate([[0.0], seen.time])
    else:
        times = seen.time
    return [(f"{START + time:.3f}", value) for time, value in zip(times, values, strict=True) if np.isfinite(value)]
