"""Any order of any actions: finite, time only forward, and the sealed log verifies; a broken file gets one line.

Each commit plays thirty drawn logs on the scenarios that are quick to run; once a week a thousand, on all of them.
"""

import copy
import dataclasses
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest

from course_lib.incidents import engine, scenario, score, screen, seal
from course_lib.incidents.refusals import PARTS, Refusal
from course_lib.incidents.scenario import NOTHING, Entry, ScenarioError
from course_lib.incidents.session import Session
from course_lib.incidents.truth import Run
from course_lib.incidents.world import World

QUICK = ("bad_rollout", "discovery_failure", "night_batch", "queue_overload", "split_brain", "uneven_night")
QUEUE = scenario.load("queue_overload")
TEXTS = ("", "Since 18:04 some 90 % fail; next update at 18:20.", "back in 5 minutes", "ünï\n\x00 code", "x" * 500)


def drawn(of, draw, longest=8):
    """A log of any entries in any order, as `seal.read_log` takes it."""
    times = sorted(draw.choice((round(draw.uniform(0, of.until)), draw.uniform(0, of.until))) for _ in range(longest))
    return tuple(_entry(of, draw, at) for at in times[: draw.randint(0, longest)])


def _entry(of, draw, at):
    kind = draw.choice(("action", "action", "action", *scenario.KINDS))
    signals = tuple(draw.sample([t.signal for t in of.telemetry], draw.randint(0, len(of.telemetry))))
    if kind == "action":
        action = draw.choice(of.actions)
        return Entry(at=at, action=action.id, undo=action.reversible and draw.random() < 0.3)
    if kind == "ack":
        return Entry(at=at, kind=kind, alert=draw.choice(of.alerts).id)
    if kind == "diagnosis":
        said = {"mode": draw.choice((*of.modes, NOTHING, "dns_outage")), "cause": draw.choice((None, *of.tiers))}
        return Entry(at=at, kind=kind, confidence=draw.choice((None, 1, 3)), evidence=signals, **said)
    if kind == "verify":
        return Entry(at=at, kind=kind, signals=signals, mode=draw.choice((None, "recovered", NOTHING)))
    inject = draw.choice((None, *of.injects))
    facts = {need: draw.choice(TEXTS) for need in (inject.needs if inject else ())}
    return Entry(at=at, kind=kind, text=draw.choice(TEXTS), inject=inject.id if inject else None, facts=facts)


def faults(run, played, alone):
    """What is wrong with a log that was played in a batch and once more alone."""
    if not (np.diff(played.time) > 0).all() or len(played.time) != len(alone.time):
        yield "time does not go forward"
    lost = np.concatenate([played.failed, played.all, played.share])
    if not (np.isfinite(lost).all() and (lost >= 0).all() and (played.failed <= played.all).all()):
        yield "what users lose is not finite, or more than there is"
    sealed = json.loads(json.dumps(seal.seal(run, played), allow_nan=False))
    yield from seal.problems(sealed, played=alone)
    times = [event["at"] for event in sealed["events"]]
    if times != sorted(times):
        yield "the timeline is out of order"
    for name, values in sealed["telemetry"].items():
        if any(v is not None and not math.isfinite(v) for v in values):
            yield f"{name} is not finite"


def ill_scored(scored):
    """Parts of a score that are no points."""
    for part in scored.parts:
        low, high = (0, part.most) if part.most else (-math.inf, 0)
        if not (math.isfinite(part.have) and low <= part.have <= high):
            yield part
    if not 0 <= scored.sum <= 100:
        yield scored.sum


def check(name, count, seed=0):
    """Play `count` drawn logs of a scenario in one batch, and each once more alone."""
    of, draw = scenario.load(name), random.Random(f"{name} {seed}")
    runs = [Run(of, seed, drawn(of, draw)) for _ in range(count)]
    for run in runs:
        plain = [entry.model_dump(mode="json") for entry in run.log]
        assert seal.read_log(plain, of) == run.log
    played = engine.play_many(of, [run.log for run in runs], seed)
    for run, one in zip(runs, played, strict=True):
        assert list(faults(run, one, run.played())) == [], run.log
    for run, scored in zip(runs, score.many(runs), strict=True):
        assert list(ill_scored(scored)) == [], run.log


@pytest.mark.parametrize("name", QUICK)
def test_five_drawn_logs(name):
    check(name, 5)


@pytest.mark.weekly
@pytest.mark.parametrize("name", scenario.names())
def test_a_thousand_drawn_logs_over_all_scenarios(name):
    for seed in range(5):
        check(name, 10, seed)


def test_a_run_that_is_not_what_it_should_be_is_found():
    run = Run(QUEUE, 0, (Entry(at=200, action="expire"),))
    played = run.played()
    assert list(faults(run, played, played)) == []
    other = dataclasses.replace(Run(QUEUE, 0, ()).played(), log=run.log)
    assert next(faults(run, played, other)) == "the events are not those that scenario, seed and log give"
    backwards = dataclasses.replace(played, time=played.time[::-1].copy())
    assert next(faults(run, backwards, played)) == "time does not go forward"
    assert list(ill_scored(score.Score((score.Part("impact", math.nan, 35.0, ""),))))
    broken = dataclasses.replace(played)
    broken.__dict__["failed"] = np.full_like(played.failed, np.nan)
    assert next(faults(run, broken, played)) == "what users lose is not finite, or more than there is"


def test_whatever_is_pressed_in_whatever_order_is_done_or_refused():
    """In the console's own words, clock steps and nonsense between: the clock never goes back, the log stays whole."""
    draw, session = random.Random(4), Session(World(QUEUE, 2), 15)
    refused = 0
    for _ in range(40):
        before, entry = session.now, _entry(QUEUE, draw, 0)
        facts = {
            k: v for k, v in entry.model_dump(exclude={"at", "kind"}).items() if v not in (None, (), "", False, {})
        }
        facts["facts"] = {**dict.fromkeys(PARTS, "x"), **entry.facts}
        try:
            session.do(draw.choice((entry.kind, entry.kind, "dance")), **facts)
        except Refusal as why:
            refused += 1
            assert str(why) and "\n" not in str(why)
        session.advance(draw.choice((-5, 0, 1, 15)))
        assert session.now >= before
        json.dumps(screen.screen(session), allow_nan=False)
    assert 0 < refused < 40 and len(session.log) > 5
    assert seal.problems(seal.seal(session.run())) == []


# ---- broken files ----------------------------------------------------------------------------------------------------

NIGHT = Path(scenario.__file__).parent / scenario.FOLDER / "night_batch.yaml"


def mangled(lines, draw):
    """A file with one line gone, doubled, cut short, moved in, or with another value."""
    lines, at = list(lines), draw.randrange(len(lines))
    how = draw.choice(("gone", "double", "cut", "in", "value", "bracket"))
    line = lines[at]
    lines[at : at + 1] = {
        "gone": [],
        "double": [line, line],
        "cut": [line[: len(line) // 2]],
        "in": [f"   {line}"],
        "value": [line.replace(": ", ": -1e400 ", 1)],
        "bracket": [line.replace("}", "", 1) + " ]"],
    }[how]
    return "\n".join(lines)


def test_a_broken_scenario_gets_one_line_with_its_place(tmp_path):
    text = NIGHT.read_text(encoding="utf-8").splitlines()
    file, draw, refused = tmp_path / "mine.yaml", random.Random(1), 0
    for _ in range(30):
        file.write_text(mangled(text, draw), encoding="utf-8")
        try:
            scenario.load(file)
        except ScenarioError as error:
            refused += 1
            assert str(error).startswith("mine.yaml:") and str(error).split(":")[1].isdigit() and "\n" not in str(error)
    assert refused > 8


def test_a_broken_run_file_gets_one_line():
    sealed = seal.seal(Run(QUEUE, 3, QUEUE.reference))
    draw = random.Random(2)
    for _ in range(80):
        broken = copy.deepcopy(sealed)
        field = draw.choice(seal.FIELDS)
        broken[field] = draw.choice((None, -1, 1e999, "x", [], {}, [None], {"a": 1}, [{"at": "x"}], True, "9" * 500))
        [line] = seal.problems(broken, replay=False)
        assert line and "\n" not in line and len(line) < 400, field


def paths(plain, here=()):
    """The way to every value of a plain structure."""
    yield here
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in inside:
        yield from paths(value, (*here, key))


def altered(sealed, draw):
    """A sealed run with one value of it, however deep, gone, doubled, of another kind or a little different."""
    field = draw.choice(seal.FIELDS)
    other = {**sealed, field: copy.deepcopy(sealed[field])}
    *way, last = draw.choice(list(paths(sealed[field], (field,))))
    place = other
    for key in way:
        place = place[key]
    value = place[last]
    how = draw.choice(("gone", "double", "kind", "little"))
    if how == "gone":
        del place[last]
    elif how == "double":
        place[last] = [value, value]
    elif how == "kind":
        place[last] = draw.choice((None, True, 0, "x", [], {}, str(value)))
    elif isinstance(value, int | float):
        place[last] = value + draw.choice((1, -1e-9)) * max(abs(value), 1)
    else:
        place[last] = f"{value} " if isinstance(value, str) else value
    return other, (how, *way, last)


def test_whatever_is_altered_in_a_sealed_run_is_told_in_one_line():
    sealed, draw, told = seal.seal(Run(QUEUE, 3, QUEUE.reference)), random.Random(5), 0
    for _ in range(120):
        other, what = altered(sealed, draw)
        if other == sealed and repr(other) == repr(sealed):
            continue
        text = json.dumps(other)
        try:
            found = seal.problems(seal.parse(text, "RUN.json"), replay=False)
        except seal.SealError as error:
            found = [str(error)]
        told += 1
        assert len(found) == 1 and "\n" not in found[0] and len(found[0]) < 400, what
    assert told > 90
