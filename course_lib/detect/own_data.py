"""Somebody's own history, as rules can read it: a saved ``query_range`` answer of Prometheus, or a CSV.

What real data have and models have not is dealt with here: gaps, counters that start anew, NaN, times out of order or
twice. What cannot be dealt with is refused in one line.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.detect.evaluator import firing, read
from course_lib.detect.rule import Rule
from course_lib.detect.soundness import closest

Array = NDArray[np.float64]
COUNTERS = ("_total", "_count", "_sum", "_bucket")  # by Prometheus's conventions, what only ever grows
LONGEST = 2_000_000  # steps of a history
WEEK = 604_800.0
FINER = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # from where on a time is in ns, µs, ms: no date in seconds is so large
MISSING = ("", "nan", "null", "none", "na", "n/a", "undefined", "-")
LATEST = 2.5e11  # Unix seconds; the calendar ends with the year 9999
METRIC = re.compile(r"(?P<name>[A-Za-z_:][\w:]*)?\{(?P<labels>.*)\}")  # what Grafana calls a column


class DataError(ValueError):
    """Data that cannot be read, in one line with the file's name."""


@dataclasses.dataclass(frozen=True)
class Series:
    """One series as it was found.

    Parameters
    ----------
    name : str
        Of the metric or the column; empty after a query that drops it.
    labels : str
        What tells it from its neighbours, as one would type it.
    time, values : ndarray (samples,)
        Unix seconds and values; NaN where there is none.
    """

    name: str
    labels: str
    time: Array
    values: Array


class History(Mapping):
    """Signals on one clock, each of shape (steps, series).

    Parameters
    ----------
    signals : mapping of str to ndarray (steps, series)
    time : ndarray (steps,)
        Seconds since the first sample.
    start : float
        The first sample, in Unix seconds.
    labels : list of str
        What tells the series apart.
    notes : list of str
        What was found and dealt with.
    """

    def __init__(
        self, signals: Mapping[str, Array], time: Array, start: float, labels: list[str], notes: list[str]
    ) -> None:
        self.signals, self.time, self.start = dict(signals), time, start
        self.labels, self.notes = labels, notes

    @property
    def span(self) -> float:
        """Seconds from the first sample to the last."""
        return float(self.time[-1] - self.time[0])

    def __getitem__(self, name: str) -> Array:
        if name not in self.signals:
            raise DataError(f"there is no signal {name!r} in these data; {closest(name, self.signals)}")
        return self.signals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.signals)

    def __len__(self) -> int:
        return len(self.signals)


@dataclasses.dataclass(frozen=True)
class Paged:
    """When a rule would have paged on one series.

    Parameters
    ----------
    rule, labels : str
    begins, ends : ndarray (pages,)
        Unix seconds.
    nearest : float
        The reading that came nearest to the threshold, or went farthest beyond it; NaN: there was nothing to compare.
    """

    rule: str
    labels: str
    begins: Array
    ends: Array
    nearest: float


def run(rules: Mapping[str, Rule], history: History) -> list[Paged]:
    """Say when rules would have paged: for each rule and series, in order."""
    found = []
    for name, rule in rules.items():
        fires, seen = firing(rule, history), read(rule, history)
        members = [(fires, seen, "of them all")] if rule.peers else [
            (fires[:, n], seen[:, n], label) for n, label in enumerate(history.labels)
        ]  # fmt: skip
        found += [_paged(name, rule, label, on, values, history) for on, values, label in members]
    return found


def _paged(name: str, rule: Rule, labels: str, fires: NDArray[np.bool_], seen: Array, history: History) -> Paged:
    edges = np.diff(np.concatenate([[False], fires, [False]]).astype(np.int64))
    step = history.time[1] - history.time[0]
    begins, ends = (history.start + history.time[0] + step * np.flatnonzero(edges == way) for way in (1, -1))
    known = seen[np.isfinite(seen)]
    nearest = np.nan if not len(known) else known.max() if rule.above is not None else known.min()
    return Paged(name, labels, begins, ends, float(nearest))


# -- reading files ---------------------------------------------------------------------------------------------------


def load(paths: Iterable[tuple[str, Path]], wanted: frozenset[str], counters: frozenset[str] = frozenset()) -> History:
    """Read files onto one clock.

    Parameters
    ----------
    paths : iterable of (str, Path)
        The signal that a file holds, empty to tell by itself, and the file: JSON of Prometheus, or CSV.
    wanted : frozenset of str
        The signals that rules read.
    counters : frozenset of str
        Signals that are counters whatever their names.

    Raises
    ------
    DataError
    """
    named: dict[str, list[Series]] = {}
    notes: list[str] = []
    for given, path in paths:
        found = _series(path, notes)
        for signal, series in _named(given, path, found, wanted, notes):
            counter = signal in counters or series.name.endswith(COUNTERS)
            named.setdefault(signal, []).append(_clean(series, f"{path}", counter, notes))
    if strange := sorted(counters - set(named)):
        raise DataError(f"{strange[0]} is to be a counter, and no rule reads it; {closest(strange[0], named)}")
    lacking = sorted(wanted - set(named))
    if lacking:
        raise DataError(f"the rules read {', '.join(lacking)}, and no file holds it; {closest(lacking[0], named)}")
    return _on_one_clock(named, notes)


def _named(
    given: str, path: Path, found: list[Series], wanted: frozenset[str], notes: list[str]
) -> Iterator[tuple[str, Series]]:
    """Which signal each series is: as told, as its name says, or the only one there is."""
    names = {series.name for series in found}
    known = names & wanted
    if given and len(names) > 1:  # columns that are told apart by their heads alone
        found = [dataclasses.replace(series, labels=series.labels or series.name) for series in found]
    alone = len(wanted) == 1 and not known and len(names) == 1
    if alone and not given and (name := min(names)):
        notes.append(f"{path}: {name} is read as {min(wanted)}")
    for series in found:
        if given or alone:
            yield given or next(iter(wanted)), series
        elif series.name in wanted:
            yield series.name, series
        elif not known:
            heads = sorted(names - {""})
            holds = f"it holds {', '.join(heads)}" if heads else "its series have no name"
            raise DataError(f"{path}: which signal is this? The rules read {', '.join(sorted(wanted))}, and {holds}; "
                            "write SIGNAL=FILE")  # fmt: skip


def _series(path: Path, notes: list[str]) -> list[Series]:
    """What a file holds, whatever it is called: an answer in JSON, or columns."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not text (UTF-8)") from None
    if path.suffix.lower() == ".json" or text.lstrip()[:1] in ("{", "["):
        return _prometheus(path, text)
    return _columns(path, text, notes)


def _prometheus(path: Path, text: str) -> list[Series]:
    try:
        answer = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON: {error}".splitlines()[0]) from None
    if not isinstance(answer, dict) or "status" not in answer:
        raise DataError(f"{path}: is no answer of Prometheus; save what /api/v1/query_range returns")
    if answer["status"] != "success":
        raise DataError(f"{path}: Prometheus answered {answer.get('error', answer['status'])!r}")
    data = answer.get("data")
    if not isinstance(data, dict):
        raise DataError(f"{path}: is no answer of Prometheus: its data are missing")
    if data.get("resultType") != "matrix":
        kind = data.get("resultType", "nothing")
        raise DataError(f"{path}: holds {kind!r}, not a range; ask query_range in place of query")
    if not isinstance(data.get("result"), list) or not data["result"]:
        raise DataError(f"{path}: holds no series; the query matched nothing in that range")
    return [_matrix(path, n, entry) for n, entry in enumerate(data["result"])]


def _matrix(path: Path, number: int, entry: Any) -> Series:
    metric = entry.get("metric") if isinstance(entry, dict) else None
    labels = dict(metric) if isinstance(metric, dict) else {}
    name = labels.pop("__name__", "")
    words = ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    try:
        pairs = [(_seconds(str(at)), float(value)) for at, value in entry["values"]]
    except (KeyError, TypeError, ValueError):
        kind = "is a native histogram" if isinstance(entry, dict) and "histograms" in entry else "has no values"
        raise DataError(f"{path}: series {number + 1} {kind}; give one of numbers at times") from None
    times, values = np.array(pairs, dtype=float).reshape(-1, 2).T
    return Series(name, words, times, values)


def _columns(path: Path, text: str, notes: list[str]) -> list[Series]:
    rows = _rows(text)
    if not rows:
        raise DataError(f"{path}: is empty")
    heads = [cell.strip() for cell in rows[0][1]]
    if _is_time(heads[0]):
        heads = ["time", *[""] * (len(heads) - 1)]
    else:
        rows = rows[1:]
    if len(heads) < 2:
        raise DataError(f"{path}:1: one column alone; give a time and a value, apart by a comma")
    wrong = next((n for n, row in rows if len(row) != len(heads)), None)
    if wrong:
        raise DataError(f"{path}:{wrong}: as many cells as the first line, please: {len(heads)}")
    if twice := next((head for n, head in enumerate(heads) if head and head in heads[:n]), ""):
        raise DataError(f"{path}:1: two columns are both called {twice!r}; give them names that tell them apart")
    times = np.array([_time(path, n, row[0]) for n, row in rows])
    if any(_has_no_zone(row[0]) for _, row in rows):
        notes.append(f"{path}: times without a zone are taken for UTC")
    return [
        _column(head, times, np.array([_number(path, n, row[place]) for n, row in rows]))
        for place, head in enumerate(heads[1:], 1)
        if head or place == 1 or any(row[place].strip() for _, row in rows)  # a comma at each line's end is no column
    ]


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Rows that hold anything, with their line numbers; Grafana's ``sep=;`` for Excel is none."""
    lines = text.splitlines()
    first = 1 if lines and re.fullmatch(r'"?sep=(.)"?', lines[0].strip(), re.IGNORECASE) else 0
    while first < len(lines) and lines[first].lstrip().startswith("#"):
        first += 1
    return [
        (n, row)
        for n, row in enumerate(csv.reader(lines[first:], _dialect(lines[first:])), first + 1)
        if any(map(str.strip, row))
    ]


def _dialect(lines: list[str]) -> type[csv.Dialect]:
    heads = re.sub(r'"[^"]*"', "", lines[0]) if lines else ""  # labels have commas of their own

    class Found(csv.excel):
        delimiter = max(",;\t", key=heads.count)

    return Found


def _column(head: str, times: Array, values: Array) -> Series:
    """A column by its head: a name, or a name and labels as Grafana writes them."""
    metric = METRIC.fullmatch(head)
    return Series(metric["name"] or "", metric["labels"], times, values) if metric else Series(head, "", times, values)


def _is_time(cell: str) -> bool:
    try:
        _seconds(cell)
    except ValueError:
        return False
    return True


def _seconds(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        at = datetime.fromisoformat(_iso(cell))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    value /= next((finer for least, finer in FINER if value > least), 1.0)
    if not abs(value) < LATEST:
        raise ValueError(cell)
    return value


def _iso(cell: str) -> str:
    """A date as `datetime.fromisoformat` wants it: databases write a zone's name, or a blank before its offset."""
    return re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", re.sub(r"\s*(UTC|GMT)$", "Z", cell.strip()))


def _has_no_zone(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return datetime.fromisoformat(_iso(cell)).tzinfo is None
    return False


def _time(path: Path, line: int, cell: str) -> float:
    try:
        return _seconds(cell)
    except ValueError:
        raise DataError(f"{path}:{line}: {cell!r} is no time; the first column holds Unix seconds, or "
                        "2026-03-01T18:04:00Z") from None  # fmt: skip


def _number(path: Path, line: int, cell: str) -> float:
    cell = cell.strip()
    if cell.lower() in MISSING:
        return np.nan
    try:
        return float(cell)
    except ValueError:
        raise DataError(f"{path}:{line}: {cell!r} is no number; write it plainly, such as 1234.5") from None


# -- dealing with what real data have --------------------------------------------------------------------------------


def _clean(series: Series, where: str, counter: bool, notes: list[str]) -> Series:
    """In order, each time once, counters as rates; what was done goes into the notes."""
    what = f"{where}: {series.name or 'values'}{'{' + series.labels + '}' if series.labels else ''}"
    time, values = series.time, np.where(np.isinf(series.values), np.nan, series.values)
    order = np.argsort(time, kind="stable")
    if (np.diff(order) < 0).any():
        notes.append(f"{what}: times were out of order, and are sorted")
    time, values = time[order], values[order]
    again = np.flatnonzero(np.diff(time) == 0)
    same = (values[again] == values[again + 1]) | (np.isnan(values[again]) & np.isnan(values[again + 1]))
    if not same.all():
        at = again[~same][0]
        raise DataError(
            f"{what}: two values at {when(time[at])}, {values[at]:g} and {values[at + 1]:g}; keep one of them"
        )
    if len(again):
        notes.append(f"{what}: {_some(len(again), 'sample')} stood there twice")
        time, values = np.delete(time, again), np.delete(values, again)
    there = np.isfinite(values)
    if there.sum() < 2:
        raise DataError(f"{what}: has {_some(there.sum(), 'value')}; two at least are needed")
    if (~there).any():
        notes.append(f"{what}: {_some((~there).sum(), 'sample')} without a number, taken as gaps")
    time, values = time[there], values[there]
    return Series(series.name, series.labels, *(_rates(time, values, what, notes) if counter else (time, values)))


def _rates(time: Array, values: Array, what: str, notes: list[str]) -> tuple[Array, Array]:
    """A counter as a rate per second; one that falls has begun anew, from zero."""
    change = np.diff(values)
    if (change < 0).any():
        notes.append(f"{what}: the counter began anew {_some((change < 0).sum(), 'time')}")
    increase = np.where(change < 0, values[1:], change)
    return time[1:], increase / np.diff(time)


def _on_one_clock(named: Mapping[str, list[Series]], notes: list[str]) -> History:
    everything = [series for found in named.values() for series in found]
    step = max(float(np.median(np.diff(series.time))) if len(series.time) > 1 else 0.0 for series in everything)
    start, end = min(s.time[0] for s in everything), max(s.time[-1] for s in everything)
    steps = 1 if step <= 0 else round((end - start) / step) + 1
    if step <= 0 or steps > LONGEST:
        raise DataError(
            f"{steps:,} steps of {step:g} s: more than {LONGEST:,}; ask for a shorter range or a longer step"
        )
    labels = sorted({s.labels for found in named.values() if len(found) > 1 for s in found}) or [""]
    signals = {name: _placed(name, found, labels, start, step, steps) for name, found in named.items()}
    _note_gaps(signals, step, notes)
    return History(signals, step * np.arange(1, steps + 1), start - step, labels, notes)


def _placed(name: str, found: list[Series], labels: list[str], start: float, step: float, steps: int) -> Array:
    """A signal's series as columns, each sample at the nearest step; one alone stands for all."""
    by_label = {series.labels: series for series in found}
    if len(by_label) != len(found):
        twice = next(s.labels for n, s in enumerate(found) if s.labels in {other.labels for other in found[:n]})
        raise DataError(f"{name}: two series are both {{{twice}}}; add a label to the query that tells them apart")
    columns = np.full((steps, len(labels)), np.nan)
    for n, label in enumerate(labels):
        series = found[0] if len(found) == 1 else by_label.get(label)
        if series is None:
            raise DataError(f"{name}: has no series {{{label}}}, but others have; ask for the same labels everywhere")
        columns[np.round((series.time - start) / step).astype(np.int64), n] = series.values
    return _bridged(columns)


def _bridged(columns: Array) -> Array:
    """One step without a sample takes the value before it: scrapes come a little early or late."""
    lone = np.isnan(columns)
    lone[1:] &= ~np.isnan(columns[:-1])
    lone[:-1] &= ~np.isnan(columns[1:])
    lone[0] = lone[-1] = False
    return np.where(lone, np.roll(columns, 1, axis=0), columns)


def _note_gaps(signals: Mapping[str, Array], step: float, notes: list[str]) -> None:
    for name, columns in signals.items():
        longest = max(_longest(np.isnan(column)) for column in columns.T)
        if longest:
            notes.append(f"{name}: gaps, the longest {spell(longest * step)}; a hold begins anew after one")


def _longest(gaps: NDArray[np.bool_]) -> int:
    edges = np.diff(np.concatenate([[False], gaps, [False]]).astype(np.int64))
    return int(np.max(np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1), initial=0))


# -- words -----------------------------------------------------------------------------------------------------------


def when(seconds: float) -> str:
    """Return a moment as one would write it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def spell(seconds: float) -> str:
    """Return a span of time in its largest unit of which there are two.

    Examples
    --------
    >>> spell(90.0), spell(-7200.0)
    ('90 s', '-2 h')
    """
    size, unit = next(
        ((s, u) for s, u in ((86_400, "days"), (3600, "h"), (60, "min")) if abs(seconds) >= 2 * s), (1, "s")
    )
    return f"{seconds / size:.3g} {unit}"


def report(rules: Mapping[str, Rule], history: History, most: int = 20) -> list[str]:
    """Say in lines when rules would have paged, and what was made of the data."""
    lines = [f"note: {note}" for note in history.notes]
    for paged in run(rules, history):
        rule, over = rules[paged.rule], spell(history.span)
        name = f"{paged.rule}, {paged.labels}" if paged.labels else paged.rule
        if not len(paged.begins):
            near = "saw nothing to compare" if math.isnan(paged.nearest) else f"came as near as {paged.nearest:.4g}"
            lines.append(f"{name}: silent in {over}; {near}, and wants {rule.wants}")
            continue
        pages = _some(len(paged.begins), "page")
        weekly = len(paged.begins) * WEEK / history.span
        rate = f", {weekly:,.0f} a week" if history.span >= WEEK / 7 else ""  # of minutes, it would mean nothing
        lines.append(f"{name}: {pages} in {over}{rate}")
        both = list(zip(paged.begins, paged.ends, strict=True))
        lines += [f"  {when(begin)} for {spell(end - begin)}" for begin, end in both[:most]]
        lines += [f"  and {len(both) - most} more"] if len(both) > most else []
    return lines


def source(text: str) -> tuple[str, Path]:
    """Return signal and file of ``SIGNAL=FILE``; of a file alone, no signal.

    Examples
    --------
    >>> source("requests=answer.json")[0], source("answer.json")[0]
    ('requests', '')
    """
    found = re.fullmatch(r"([A-Za-z_:][\w:]*)=(.+)", text)
    return (found[1], Path(found[2])) if found else ("", Path(text))
