"""A drill as a file that one can send: what was done, what was seen, and a chain of hashes over both.

The file holds no truth: whoever grades it works that out again from scenario, seed and log. The chain shows that a file
is whole and that scenario, seed and log give what it says was seen. It has no secret in it and proves no authorship:
somebody who plays the drill again has a file of their own.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from course_lib.incidents import engine, scenario
from course_lib.incidents.engine import Played
from course_lib.incidents.scenario import LATEST, Entry, LogError, Scenario, ScenarioError, wrong_entry
from course_lib.incidents.truth import Run
from course_lib.models import noise

FORMAT = 1
DIGITS = 6  # significant ones of telemetry in the file
CLOSE = 1e-3  # across platforms and versions of numpy a model agrees to three digits
SAMPLE = 60.0  # s; the longest step of telemetry, by which rounding elsewhere may move an alert
FIELDS = (
    "format", "course", "numpy", "scenario", "scenario_digest", "seed", "learner", "started", "log", "events",
    "telemetry", "chain",
)  # fmt: skip
_MOST = 50_000_000  # bytes of a run file that anybody reads


class SealError(ValueError):
    """A run file that is none."""


def seal(run: Run, played: Played | None = None) -> dict[str, Any]:
    """The run as a plain dictionary, ready for JSON; `played` is what its log gave, where that is known already."""
    played, begin = played or run.played(), started(run.seed)
    sealed: dict[str, Any] = {
        "format": FORMAT,
        "course": version("distributed-failures-course"),
        "numpy": np.__version__,
        "scenario": run.scenario.id,
        "scenario_digest": run.scenario.digest,
        "seed": run.seed,
        "learner": run.learner,
        "started": iso(begin),
        "log": _log(run.log, begin),
        "events": events(run.scenario, played, run.scenario.until),
        "telemetry": telemetry(run.scenario, played),
    }
    return {**sealed, "chain": chain(sealed)}


def write(run: Run, path: Path) -> dict[str, Any]:
    """Seal a run into a file."""
    sealed = seal(run)
    path.write_text(json.dumps(sealed, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return sealed


def load(path: Path, own: Scenario | None = None) -> Run:
    """The run in a sealed file; raises SealError for a file that is none, or is not whole.

    `own` is a scenario that may not be one of the course's: a file holds no more of it than its id and digest.
    """
    return opened(read(path), path.name, own)


def opened(sealed: Mapping[str, Any], name: str, own: Scenario | None = None) -> Run:
    """The run in a sealed dictionary; raises SealError, beginning with `name`, for one that is not whole."""
    for wrong in problems(sealed, replay=False, own=own):
        raise SealError(f"{name}: {wrong}")
    return _run(sealed, own)


def handed_over(path: Path) -> float | None:
    """When the responder handed over, s, where a console wrote the file; outside the chain, as the clock is."""
    return noted(read(path))[1]


def noted(sealed: Mapping[str, Any]) -> tuple[int | None, float | None, bool]:
    """What a console noted beside the chain: the drill's size, where its clock stood, s, and whether it was over."""
    about = sealed.get("console")
    about = about if isinstance(about, dict) else {}
    size, now = about.get("size"), about.get("now")
    stood = float(now) if isinstance(now, int | float) and 0 <= now <= LATEST else None
    return size if isinstance(size, int) and 0 < size <= LATEST else None, stood, bool(about.get("ended"))


def verify(path: Path, own: Scenario | None = None) -> list[str]:
    """What is wrong with a sealed file, one line each; nothing if it is as it was sealed."""
    try:
        return problems(read(path), own=own)
    except SealError as error:
        return [str(error)]


def read(path: Path) -> dict[str, Any]:
    """The file as a dictionary; raises SealError where it is no run file."""
    try:
        if path.stat().st_size > _MOST:
            raise SealError(f"{path.name}: larger than any run file, {_MOST // 1_000_000} MB")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SealError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise SealError(f"{path.name}: is not UTF-8 text; take the file as the drill wrote it") from None
    return parse(text, path.name)


def parse(text: str, name: str) -> dict[str, Any]:
    """The text of a run file as a dictionary; raises SealError, beginning with `name`, where it is none."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SealError(f"{name}{where}: no JSON") from None
    if not isinstance(plain, dict) or (lacking := [field for field in FIELDS if field not in plain]):
        raise SealError(f"{name}: no run file" + (f": it lacks {lacking[0]}" if isinstance(plain, dict) else ""))
    return plain


def problems(
    sealed: Mapping[str, Any], *, replay: bool = True, played: Played | None = None, own: Scenario | None = None
) -> list[str]:
    """What is wrong with a sealed run, one line each.

    Parameters
    ----------
    replay : bool
        Also ask whether the models say the same.
    played : Played, optional
        What they say, where that is known already.
    own : Scenario, optional
        As for `load`.
    """
    try:
        run = _run(sealed, own)
        found = _broken_header(sealed, run) or _broken_chain(sealed) or _broken_log(sealed, run)
        return found or (_differences(sealed, seal(run, played)) if replay else [])
    except (SealError, ScenarioError, LogError) as error:
        return [str(error)]
    except (TypeError, KeyError, AttributeError, ValueError, OverflowError) as error:
        return [f"not as a run file is written: {' '.join(str(error).split())[:120]}"]


def _run(sealed: Mapping[str, Any], own: Scenario | None = None) -> Run:
    if sealed["format"] != FORMAT:
        raise SealError(f"format {sealed['format']!r}: this course reads format {FORMAT}")
    seed = sealed["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise SealError(f"seed = {str(seed)[:40]}: give a whole number from 0 to {2**63 - 1}")
    if not isinstance(sealed["learner"], str):
        raise SealError(f"learner = {str(sealed['learner'])[:40]}: give a name, or nothing in quotation marks")
    played = own if own and own.id == sealed["scenario"] else scenario.load(str(sealed["scenario"]))
    if played.digest != sealed["scenario_digest"]:
        raise SealError(f"it was played on another version of the scenario {played.id}: install the course it names")
    entries = [{k: v for k, v in entry.items() if k not in ("id", "time")} for entry in sealed["log"]]
    return Run(played, seed, read_log(entries, played), sealed["learner"])


def read_log(plain: Any, of: Scenario, shown: str = "log") -> tuple[Entry, ...]:
    """Entries of an action log, in order of time.

    Raises
    ------
    LogError
        A line is no entry, goes back in time, or names what the scenario does not have; one line, with its number.
    """
    lines = plain.get("log") if isinstance(plain, dict) else plain
    if not isinstance(lines, list):
        raise LogError(f"{shown}: give a list of entries, such as {{'at': 120, 'action': '{of.actions[0].id}'}}")
    entries: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = Entry.model_validate(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise LogError(f"{shown}, entry {number}: {place + ': ' if place else ''}{first['msg'].lower()}") from None
        if message := wrong_entry(of, entry):
            raise LogError(f"{shown}, entry {number}: {message}")
        if entries and entry.at < entries[-1].at:
            raise LogError(f"{shown}, entry {number}: {entry.at:g} s is before the entry above, {entries[-1].at:g} s")
        entries.append(entry)
    return tuple(entries)


def read_log_file(path: Path, of: Scenario) -> tuple[Entry, ...]:
    """Entries of an action log in a file; raises LogError in one line."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LogError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except (ValueError, RecursionError) as error:
        where = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise LogError(f"{path.name}{where}: no JSON") from None
    return read_log(plain, of, path.name)


# -- what the file holds ----------------------------------------------------------------------------------------------


def started(seed: int) -> datetime.datetime:
    """When the drill began, by the calendar: a moment of March 2026, drawn by the seed."""
    minutes = int(noise.uniform([seed], "drill started", 1)[0, 0] * 31 * 24 * 60)
    return datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=minutes)


def iso(moment: datetime.datetime) -> str:
    """A moment in UTC, as ISO 8601 writes it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _log(log: Iterable[Entry], begin: datetime.datetime) -> list[dict[str, Any]]:
    lines = []
    for number, entry in enumerate(log, start=1):
        plain = entry.model_dump(mode="json", exclude_defaults=True) | {"at": entry.at, "kind": entry.kind}
        lines.append({"id": f"L{number:03d}", "time": iso(begin + datetime.timedelta(seconds=entry.at)), **plain})
    return lines


def events(of: Scenario, played: Played, now: float) -> list[dict[str, Any]]:
    """What the timeline writes by itself up to `now`: alerts, injects, actions that take effect."""
    begin = started(played.seed)
    says = {alert.id: alert.says for alert in of.alerts}
    found = [
        (at, kind, says[name] if kind == "alert" else f"{name} has cleared", name)
        for at, kind, name in engine.alarms(of, played, now)
    ]
    found += [(i.at, "inject", f"{i.sender}: {i.text}", i.id) for i in of.injects if i.at <= now and not i.secret]
    for entry in played.log:
        if entry.kind == "action":
            action = of.action(entry.action or "")
            found.append((entry.at + action.delay_s, "undone" if entry.undo else "applied", action.label, action.id))
    return [
        {
            "id": f"E{number:03d}",
            "at": at,
            "time": iso(begin + datetime.timedelta(seconds=at)),
            "kind": kind,
            "text": text,
            "of": name,
        }
        for number, (at, kind, text, name) in enumerate(sorted(e for e in found if e[0] <= now), start=1)
    ]


def telemetry(of: Scenario, played: Played) -> dict[str, list[float | None]]:
    """Telemetry as shown over the whole run, to six significant digits."""
    seen = engine.shown(of, played, float(played.time[-1]))
    return {"time": _rounded(seen.time), **{name: _rounded(values) for name, values in seen.signals.items()}}


def _rounded(values: Any) -> list[float | None]:
    return [float(f"{v:.{DIGITS}g}") if math.isfinite(v) else None for v in values.tolist()]


def chain(sealed: Mapping[str, Any]) -> list[str]:
    """A hash of the header, then one for each entry over the former, the last over events and telemetry."""
    parts = [{name: sealed[name] for name in FIELDS[: FIELDS.index("log")]}, *sealed["log"]]
    parts.append({"events": sealed["events"], "telemetry": sealed["telemetry"]})
    links, former = [], ""
    for part in parts:
        plain = json.dumps(part, sort_keys=True, ensure_ascii=True)
        former = hashlib.sha256(f"{former}{plain}".encode()).hexdigest()
        links.append(former)
    return links


# -- what can be wrong with one ---------------------------------------------------------------------------------------


def _broken_header(sealed: Mapping[str, Any], run: Run) -> list[str]:
    begin = iso(started(run.seed))
    return [] if sealed["started"] == begin else [f"started = {str(sealed['started'])[:40]!r}: the seed says {begin}"]


def _broken_chain(sealed: Mapping[str, Any]) -> list[str]:
    links = chain(sealed)
    if len(sealed["chain"]) != len(links):
        return [f"the chain has {len(sealed['chain'])} links for {len(sealed['log'])} entries: entries are missing"]
    for number, (link, given) in enumerate(zip(links, sealed["chain"], strict=True)):
        if link != given:
            last = number == len(links) - 1
            what = "events or telemetry were" if last else f"entry {number} was" if number else "the header was"
            return [f"{what} changed after the run was sealed"]
    return []


def _broken_log(sealed: Mapping[str, Any], run: Run) -> list[str]:
    for given, due in zip(sealed["log"], _log(run.log, started(run.seed)), strict=True):
        if given != due:
            return [f"entry {due['id']}: its id or time does not follow from the log"]
    return []


def _differences(sealed: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """Where the models say otherwise than the file."""
    begin = datetime.datetime.fromisoformat(again["started"])
    if len(sealed["events"]) != len(again["events"]) or not all(
        _same_event(given, due, begin) for given, due in zip(sealed["events"], again["events"], strict=True)
    ):
        return ["the events are not those that scenario, seed and log give"]
    if set(sealed["telemetry"]) != set(again["telemetry"]):
        return ["the telemetry is not that of the scenario"]
    for name, values in again["telemetry"].items():
        given = np.array([np.nan if v is None else v for v in sealed["telemetry"][name]], dtype=float)
        due = np.array([np.nan if v is None else v for v in values], dtype=float)
        scale = np.nanmax(np.abs(due), initial=1e-9)
        if given.shape != due.shape or not np.allclose(given, due, rtol=CLOSE, atol=CLOSE * scale, equal_nan=True):
            return [f"telemetry: {name} is not what scenario, seed and log give"]
    return []


def _same_event(given: Mapping[str, Any], due: Mapping[str, Any], begin: datetime.datetime) -> bool:
    """Whether an event is the one that is due; an alert may come or clear a sample earlier or later."""
    at = {"at": given["at"], "time": iso(begin + datetime.timedelta(seconds=given["at"]))}
    near = SAMPLE if due["kind"] in ("alert", "cleared") else 0.0
    return dict(given) == {**due, **at} and abs(given["at"] - due["at"]) <= near
