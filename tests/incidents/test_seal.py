"""A sealed run is whole or says what is not; the command line writes the same file twice."""

import copy
import datetime
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib import cli
from course_lib.incidents import scenario, seal
from course_lib.incidents.scenario import LogError
from course_lib.incidents.seal import SealError
from course_lib.incidents.truth import Run

QUEUE = scenario.load("queue_overload")
LOG = [
    {"at": 170, "kind": "ack", "alert": "lag"},
    {"at": 200, "action": "expire"},
    {"at": 260, "action": "expire", "undo": True},
    {"at": 300, "kind": "note", "text": "zurück"},
]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    file = tmp_path_factory.mktemp("runs") / "RUN.json"
    return seal.write(Run(QUEUE, 7, seal.read_log(LOG, QUEUE), "ada"), file), file


def test_a_sealed_run_is_whole_and_loads_as_it_was(sealed):
    _, file = sealed
    assert seal.verify(file) == []
    run = seal.load(file)
    assert (run.scenario.id, run.seed, run.learner) == ("queue_overload", 7, "ada")
    assert run.log == seal.read_log(LOG, QUEUE)


def test_a_run_of_an_older_course_is_whole_as_long_as_the_models_say_the_same(sealed):
    older = changed(sealed[0], "course", value="0.1.0")
    older["chain"] = seal.chain(older)
    assert seal.problems(older) == []


def test_the_file_holds_what_was_seen_and_not_the_truth(sealed):
    plain, _ = sealed
    assert tuple(plain) == seal.FIELDS
    assert plain["log"][1]["id"] == "L002" and plain["log"][1]["time"].endswith("Z")
    assert [e["of"] for e in plain["events"]][:2] == ["lag", "unconfirmed"]
    assert {e["kind"] for e in plain["events"]} == {"alert", "cleared", "inject", "applied", "undone"}
    assert QUEUE.debrief.missing_defence not in json.dumps(plain)
    assert len(plain["chain"]) == len(LOG) + 2


def changed(plain, *path, value=None):
    other = copy.deepcopy(plain)
    place = other
    for step in path[:-1]:
        place = place[step]
    if path:
        place[path[-1]] = value
    return other


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("log", 1, "at"), 150.0, "entry 2: 150 s is before"),
        (("log", 3, "text"), "other", "entry 4 was changed after"),
        (("seed",), 8, "started = "),
        (("learner",), "bob", "the header was changed"),
        (("learner",), ["ada"], "learner = ['ada']: give a name"),
        (("telemetry", "depth", 30), 1.0, "events or telemetry were changed"),
        (("events", 0, "at"), 1.0, "events or telemetry were changed"),
        (("chain",), [], "entries are missing"),
        (("log",), [], "entries are missing"),
        (("scenario",), "storm", "no scenario 'storm'"),
        (("scenario_digest",), "0", "another version of the scenario"),
        (("format",), 2, "reads format 1"),
        (("seed",), -1, "whole number"),
        (("log",), 5, "not as a run file is written"),
        (("telemetry",), None, "events or telemetry were changed"),
        (("log", 0), {"at": 1, "kind": "prayer"}, "entry 1: kind"),
    ],
)
def test_a_changed_file_says_in_one_line_what_was_changed(sealed, path, value, says):
    found = seal.problems(changed(sealed[0], *path, value=value), replay=False)
    assert len(found) == 1 and says in found[0] and "\n" not in found[0]


def test_telemetry_that_was_forged_with_its_chain_is_told_by_the_models(sealed):
    forged = changed(sealed[0], "telemetry", "depth", value=[0.0] * len(sealed[0]["telemetry"]["depth"]))
    forged["chain"] = seal.chain(forged)
    assert seal.problems(forged) == ["telemetry: depth is not what scenario, seed and log give"]


@pytest.mark.parametrize(
    ("at", "field", "value", "told"),
    [
        (0, "text", "nothing to see", True),
        (0, "at", -100.0, True),
        (0, "at", 10.0, False),
        (3, "at", 1.0, True),
        (3, "time", "2026-03-01T00:00:00Z", True),
        (1, "id", "E009", True),
        (1, "extra", 1, True),
    ],
)
def test_an_event_that_was_forged_with_its_chain_is_told(sealed, at, field, value, told):
    """Wording, order and time; an alert alone may come a sample of telemetry later, as rounding elsewhere has it."""
    forged = changed(sealed[0])
    event = forged["events"][at]
    event[field] = event["at"] + value if field == "at" else value
    if field == "at":
        event["time"] = seal.iso(seal.started(7) + datetime.timedelta(seconds=event["at"]))
    forged["chain"] = seal.chain(forged)
    assert seal.problems(forged) == ["the events are not those that scenario, seed and log give"] * told


def test_an_event_left_out_with_its_chain_is_told(sealed):
    forged = changed(sealed[0], "events", value=sealed[0]["events"][1:])
    forged["chain"] = seal.chain(forged)
    assert seal.problems(forged) == ["the events are not those that scenario, seed and log give"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"format": 1}', b"[" * 100_000])
def test_what_is_no_run_file_gets_one_line(tmp_path, content):
    file = tmp_path / "RUN.json"
    file.write_bytes(content)
    [line] = seal.verify(file)
    assert line.startswith("RUN.json") and "\n" not in line
    with pytest.raises(SealError):
        seal.load(file)


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        (5, "give a list of entries"),
        ([5], "entry 1: "),
        ([{"at": -1, "action": "expire"}], "entry 1: at"),
        ([{"at": float("inf"), "action": "expire"}], "entry 1: at"),
        ([{"at": 1e12, "action": "expire"}], "entry 1: at"),
        ([{"at": 1, "action": "pray"}], "no action 'pray'"),
        ([{"at": 1, "action": "restart", "undo": True}], "restart cannot be undone"),
        ([{"at": 1, "kind": "diagnosis"}], "names a mode"),
        ([{"at": 1, "kind": "ack", "alert": "x"}], "no alert 'x'"),
        ([{"at": 1, "kind": "update", "inject": "x"}], "no inject 'x'"),
        ([{"at": 9, "action": "expire"}, {"at": 8, "action": "expire"}], "entry 2: 8 s is before"),
    ],
)
def test_a_broken_log_gets_one_line(plain, says):
    with pytest.raises(LogError, match=says) as caught:
        seal.read_log(plain, QUEUE)
    assert "\n" not in str(caught.value)


def test_the_command_writes_the_same_file_twice_and_verifies_it(tmp_path):
    (tmp_path / "LOG.json").write_text(json.dumps(LOG), encoding="utf-8")
    runner, files = CliRunner(), [tmp_path / "A.json", tmp_path / "B.json"]
    for file in files:
        call = ["drill", "run", "queue_overload", "--seed", "3", "--actions", str(tmp_path / "LOG.json")]
        ran = runner.invoke(cli.app, [*call, "--out", str(file)])
        assert ran.exit_code == 0 and "4 entries" in ran.output and "of 100" in ran.output
    assert files[0].read_bytes() == files[1].read_bytes()
    files[1].write_bytes(files[0].read_bytes().replace(b'"undo": true', b'"undo": false'))
    done = runner.invoke(cli.app, ["drill", "verify", *map(str, files)])
    assert done.exit_code == 1 and "A.json: whole" in done.output and "B.json: entry" in done.output
    files[0].write_bytes(b"{")
    gone = runner.invoke(cli.app, ["drill", "verify", str(files[0]), str(tmp_path / "none.json")])
    assert gone.output.splitlines() == ["A.json:1: no JSON", f"{tmp_path / 'none.json'}: no such file or directory"]
    assert "nobody said what it was" in done.output and done.output.count("of 100") == 1, "no score for what is changed"


def test_a_run_of_ones_own_scenario_is_verified_with_its_file(tmp_path):
    mine, log, run = (tmp_path / name for name in ("mine.yaml", "LOG.json", "RUN.json"))
    theirs = Path(scenario.__file__).parent / scenario.FOLDER / "split_brain.yaml"
    mine.write_text(theirs.read_text(encoding="utf-8").replace("id: split_brain", "id: mine", 1), encoding="utf-8")
    log.write_text('[{"at": 200, "action": "quorum"}]', encoding="utf-8")
    call = CliRunner().invoke
    assert call(cli.app, ["drill", "run", str(mine), "--actions", str(log), "--out", str(run)]).exit_code == 0
    known = call(cli.app, ["drill", "verify", str(run), "--scenario", str(mine)])
    assert known.exit_code == 0 and "RUN.json: whole" in known.output
    unknown = call(cli.app, ["drill", "verify", str(run)])
    assert unknown.exit_code == 1 and "no scenario 'mine'" in unknown.output
