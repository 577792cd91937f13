"""What ``course detect export`` and ``course detect traces`` write."""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from course_lib.detect.evaluator import first_alarm
from course_lib.detect.export import cases, openmetrics, pages, wrappers
from course_lib.detect.export.clock import Scraped, as_evaluated, clock, every, scraped, slowed
from course_lib.detect.export.promql import PREFIX, Alert, ExportError, Names, camel, group
from course_lib.detect.table import DAYS, table, units

HERE = Path(__file__).parent
SLOWEST = 60.0  # seconds between two scrapes
TOGETHER = 50  # days simulated at once
KEY = ("file", "day", "seed", "begins_s", "our_alert_s", "our_twin_s")


def alerts_of(slug: str) -> list[Alert]:
    """Return the alerts of a module: the twin first, for the other may wait for it."""
    own, time = table(slug), clock(slug)
    name = f"{PREFIX}{camel(slug)}"
    return [
        Alert(f"{name}SecurityTwin", slug, slowed(own.rules["twin"], time), "warning", "twin"),
        Alert(name, slug, slowed(own.alert, time), "critical", "incident"),
    ]


def services(slugs: Iterable[str]) -> list[str]:
    """Return those whose signals a service shows by the minute; what is read in weeks is a report, and pages nobody."""
    return [slug for slug in slugs if clock(slug).interval <= SLOWEST]


def names_of(slug: str) -> Names:
    """Return the recording rules of a module, none yet."""
    return Names(slug, units(slug), clock(slug))


def write(folder: Path, slugs: Iterable[str], base: str = "..") -> list[Path]:
    """Write rules, their tests, runbook pages, maps, wrappers and Sigma rules of some modules.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of the same names are written over.
    slugs : iterable of str
    base : str
        What runbooks and dashboards are found under: an address, or ``..``, from the rules' own folder.

    Returns
    -------
    list of Path
        All that was written.

    Raises
    ------
    ExportError
        A module has no runbook, or a rule that Prometheus cannot have.
    OSError
        The folder cannot be written.
    """
    slugs = list(slugs)
    files: dict[str, str] = {}
    groups = []
    for slug in slugs:
        alerts, names = alerts_of(slug), names_of(slug)
        made = group(slug, alerts, names, base)
        groups.append(made)
        sections = pages.runbook(slug)
        files |= {f"runbooks/{alert.name}.md": pages.page(alert, sections) for alert in alerts}
        files[f"rules/{slug}.yaml"] = dumped({"groups": [made]})
        files[f"tests/{slug}.test.yaml"] = dumped(cases.document(slug, alerts, names, base))
        files[f"operator/{slug}.yaml"] = dumped(wrappers.prometheus_rule(slug, made))
        files[f"dashboards/{slug}.json"] = json.dumps(wrappers.dashboard(slug, made), indent=1) + "\n"
        files[f"sigma/{slug}.yml"] = (HERE / "sigma" / f"{slug}.yml").read_text(encoding="utf-8")
    files["mixin/mixin.libsonnet"] = json.dumps(wrappers.mixin(groups), indent=1) + "\n"
    files |= {f"map/{path.name}": path.read_text(encoding="utf-8") for path in sorted((HERE / "map").glob("*.yaml"))}
    return [_written(folder / name, text) for name, text in files.items()]


def write_traces(folder: Path, slugs: Iterable[str], seeds: Iterable[int]) -> list[Path]:
    """Write days as OpenMetrics text, a folder a kind of day; what each holds stands in ``key/`` alone.

    Parameters
    ----------
    folder : Path
    slugs : iterable of str
    seeds : iterable of int
        One day of each kind a seed.
    """
    written, seeds = [], list(seeds)
    for slug in slugs:
        rows = []
        for day in DAYS:
            for seed, seen, begins in _days(slug, day, seeds):
                name = f"{slug}/{day}/{seed:04d}.om"
                meanings = importlib.import_module(f"course_lib.models.{slug}").MODEL.signals
                told = {signal: meanings[signal].meaning for signal in seen if signal in meanings}
                written.append(_written(folder / name, openmetrics.text(slug, seen, told)))
                rows.append((name, day, seed, begins, *_alarms(slug, seen)))
        written.append(_written(folder / "key" / f"{slug}.csv", _table(rows)))
    return written


def _days(slug: str, day: str, seeds: list[int]) -> Iterator[tuple[int, Scraped, float]]:
    """Each seed's day as it is scraped, and when it begins; some are simulated together."""
    time, golden = clock(slug), importlib.import_module(f"course_lib.models.{slug}").MODEL.golden
    names = frozenset(golden.values()).union(*(alert.rule.signals for alert in alerts_of(slug)))
    for first in range(0, len(seeds), TOGETHER):
        some = seeds[first : first + TOGETHER]
        trace = time.table.run(day, np.array(some))
        begins = time.table.starts(day, trace) if day in ("incident", "twin") else np.full(len(some), np.nan)
        for member, seed in enumerate(some):
            yield seed, scraped(time, trace, names, member), float(begins[member] * time.slower)


def _alarms(slug: str, seen: Scraped) -> list[float]:
    """When our alert and our twin's page; days are handed out without the quiet hours that baselines need."""
    rules = [as_evaluated(alert.rule, clock(slug)) for alert in reversed(alerts_of(slug))]
    return [np.nan if any(part.ago for part in every(rule)) else float(first_alarm(rule, seen)) for rule in rules]


def _table(rows: list[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(KEY)
    lines.writerows([[("" if value != value else f"{value:g}") if isinstance(value, float) else value for value in row]
                     for row in rows])  # fmt: skip
    return out.getvalue()


def dumped(document: dict[str, Any]) -> str:
    """YAML as people write it: in order, long lines left whole."""
    return yaml.safe_dump(document, sort_keys=False, width=4096, allow_unicode=True)


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


__all__ = ["ExportError", "alerts_of", "names_of", "services", "write", "write_traces"]
