"""The console's messages, its file, and what it shows; the page itself is in tests/browser/test_drill.py."""

import itertools
import json
import os
import re
from pathlib import Path

import pytest
import vl_convert

from course_lib.incidents import boards, console, debrief_board, drill, scenario, seal
from course_lib.incidents.console import DrillConsole
from course_lib.incidents.debrief_board import Debrief
from course_lib.incidents.drill_file import DrillFile, DrillFileError
from course_lib.incidents.kill_table import POINTS
from course_lib.incidents.replay import ReplayConsole
from course_lib.incidents.seal import SealError
from course_lib.incidents.session import Session
from course_lib.incidents.truth import Run
from course_lib.incidents.world import World
from course_lib.view.live import VegaBundle
from course_lib.view.style import named_data

PATH = Path(__file__).parent / "stand_in.yaml"
SAID = {"mode": "retry_storm", "confidence": 3, "evidence": ["amplification"]}
UPDATE = {"conditions": "Since 18:04 90 % fail", "actions": "retries go off", "needs": "none; next update at 18:20"}


@pytest.fixture(scope="module")
def world():
    return World(scenario.load(PATH), 3)


@pytest.fixture
def opened(world, tmp_path, monkeypatch):
    """Return a function that opens a console on one file, and what its page was sent besides its state."""
    monkeypatch.setattr(console, "vega_bundle", lambda: VegaBundle(source=""))

    def open_(role="", size=5):
        made = DrillConsole(Session(world, size, role=role), DrillFile(tmp_path / "drill.json"))
        made.open()
        made.said = []
        monkeypatch.setattr(made.widget, "send", made.said.append, raising=False)
        return made

    return open_


def do(made, kind, sure=True, **facts):
    made.take({"type": "do", "kind": kind, "facts": facts, "number": 7, "sure": sure})
    return made.said[-1]


def test_the_page_is_sent_what_it_draws_from(opened):
    made = opened()
    names = set().union(*map(named_data, made.widget.specs))
    assert names == set(made.widget.picture["header"]["datasets"])
    assert len(made.widget.specs) == 1 + len(made.widget.layout_data["charts"])
    json.dumps(made.widget.screen), json.dumps(made.widget.layout_data)


@pytest.mark.parametrize("minutes", [2, 9])
def test_no_minute_stands_twice_on_a_charts_clock(world, minutes):
    """Vega puts a tick every half minute on two of them."""
    spec = boards.specs(Session(world, 5))[0]
    start = 1000 * world.started.timestamp()
    ends = {"clock_from": start, "clock_to": start + 60_000 * minutes + 10_000}
    spec["params"] = [{**one, "value": ends.get(one["name"], one.get("value"))} for one in spec["params"]]
    rows = {name: [{"time": 0, "share": 1, "kind": 0}] for name in named_data(spec)}
    drawn = vl_convert.vegalite_to_svg({**spec, "datasets": {**spec.get("datasets", {}), **rows}})
    clock = re.findall(r">(\d\d:\d\d)<", drawn)
    assert len(clock) == len(set(clock)) >= 2


def test_what_is_done_is_answered_by_its_number_and_sealed(opened, tmp_path):
    made = opened()
    assert do(made, "ack", alert="errors") == {"type": "done", "kind": "ack", "number": 7}
    refused = do(made, "action", action="stop_retries")
    assert refused["type"] == "refused" and refused["text"].startswith("Say first what you think it is")
    assert seal.verify(tmp_path / "drill.json", made.session.world.scenario) == []
    assert [entry["kind"] for entry in seal.read(tmp_path / "drill.json")["log"]] == ["ack"]


def test_an_update_is_held_back_once_and_sent_as_it_is(opened):
    made = opened()
    hints = do(
        made, "update", sure=False, facts={"conditions": "bad", "actions": "soon fixed in five", "needs": "none"}
    )
    assert hints["type"] == "hints" and len(hints["lines"]) >= 3 and made.session.log == []
    assert do(made, "update", facts={"conditions": "bad", "actions": "x", "needs": "none"})["type"] == "done"
    assert do(made, "update", sure=False, facts={"conditions": ""})["type"] == "refused", "no hints for what is empty"
    assert do(made, "update", sure=False, facts=UPDATE)["type"] == "done", "one that lacks nothing goes at once"


def test_the_clock_moves_when_the_page_says_so(opened):
    made = opened()
    start = made.session.now
    made.take({"type": "speed", "speed": 10})
    made.take({"type": "speed", "speed": 1000})
    made.take({"type": "play", "playing": True})
    made.take({"type": "tick", "seconds": 8.5})
    made.take({"type": "step", "seconds": 15})
    made.take({"type": "tick", "seconds": "soon"})
    assert made.session.now == start + 23.5 and made.widget.speed == 10 and made.widget.playing
    assert made.widget.screen["clock"]["seconds"] == made.session.now


def test_a_kernel_that_restarts_loses_nothing(opened):
    made = opened()
    do(made, "diagnosis", **SAID)
    do(made, "action", action="stop_retries")
    made.take({"type": "tick", "seconds": 31})
    again = opened()
    assert (again.session.log, again.session.now) == (made.session.log, made.session.now)
    assert not again.widget.playing, "the clock waits for a person"
    assert again.session.standing("stop_retries") == "in force"


def test_a_damaged_file_or_one_of_another_drill_is_refused_in_a_line(opened, world, tmp_path):
    made = opened()
    do(made, "ack", alert="errors")
    path = tmp_path / "drill.json"
    good = path.read_text()
    path.write_text(good.replace('"alert": "errors"', '"alert": "traffic"'))
    with pytest.raises(DrillFileError, match=r"entry 1 was changed.*move it away"):
        opened()
    path.write_text(good)
    with pytest.raises(DrillFileError, match="seed 3; move it away"):
        DrillConsole(Session(World(world.scenario, 4), 5), DrillFile(path))


def finish(made):
    do(made, "diagnosis", **SAID)
    do(made, "action", action="stop_retries")
    made.take({"type": "step", "seconds": 60})
    do(made, "action", action="restart")
    made.take({"type": "step", "seconds": 60})
    do(made, "verify", mode="recovered", signals=["error_ratio"])
    assert made.widget.debrief == {}
    made.take({"type": "end"})
    return made.widget.debrief


def test_the_debrief_says_what_each_action_did(opened):
    made = opened()
    made.take({"type": "end"})
    assert "confirm how it stands" in made.said[-1]["text"]
    page = finish(made)
    stop, restart = page["actions"]
    assert stop[3].startswith("saved ") and not restart[3].startswith("saved ")
    assert page["question"] == made.session.world.scenario.debrief.question
    parts, whole = page["score"][:-1], page["score"][-1]
    assert [name for name, *_ in parts] == list(POINTS) and all(why for *_, why in parts)
    assert whole[1] == f"{sum(float(have.split()[0]) for _, have, _ in parts):g} of 100"
    assert set(named_data(page["spec"])) <= set(page["header"]["datasets"])
    assert any(line.startswith("The signal could have told at") for line in page["lines"])
    assert opened().widget.debrief["actions"] == page["actions"], "a drill that is over shows its debrief again"


def test_what_was_done_in_vain_stands_on_the_debriefs_chart_and_no_mark_hides_another():
    brain = scenario.load("split_brain")
    took = [action.id for action in brain.actions]
    steps = [{"id": name, "at": 200, "kind": "action", "action": name} for name in took]
    session = Session(World(brain, 1), log=steps, now=300.0, ended=True)
    made = Debrief(session)
    acts = debrief_board._picture(session, made.plays, made.true).data["acts"]
    rows = debrief_board._rows(session, made.true)
    marked = [action for action in map(brain.action, took) if action.changes]
    assert acts["time"].tolist() == [200.0 + action.delay_s for action in marked]
    assert [int(row[0]) for row in rows if row[0]] == list(range(1, len(marked) + 1)) and rows[-1][2]
    assert [row[2] for row in rows if not row[0]] == [one.label for one in map(brain.action, took) if not one.changes]
    points, tall = list(zip(acts["time"], acts["level"], strict=True)), max(made.true.user_minutes_of_nothing, 1) / 13
    for (a, b), (c, d) in itertools.combinations(points, 2):
        assert abs(a - c) > brain.until / 25 or abs(b - d) > tall, "one mark on another"


def test_the_debrief_names_the_page_and_how_old_it_was_and_blames_nothing_on_a_quiet_day():
    told = {
        name: Debrief(Session(World(scenario.load(name), 1), now=300.0, ended=True)).page()["lines"]
        for name in ("peak_sunday", "night_batch")
    }
    assert "The page for it, last read half a year ago: course runbook run hot_partition" in told["peak_sunday"]
    assert any("Kept going by: " in line for line in told["peak_sunday"])
    assert not any("course runbook" in line or "Kept going" in line for line in told["night_batch"])


def test_a_run_can_be_stepped_through_forward_and_back(opened, world, tmp_path, monkeypatch):
    finish(opened())
    replayed = ReplayConsole(tmp_path / "drill.json", world.scenario)
    monkeypatch.setattr(replayed, "show", lambda: None)
    seen = []
    for stop in [*range(len(replayed.stops)), *reversed(range(len(replayed.stops)))]:
        replayed.take({"type": "at", "to": stop})
        seen.append(
            (replayed._screen()["clock"]["now"], len(replayed.session.log), replayed.session.shown()["error_ratio"])
        )
    half = len(replayed.stops)
    for forward, back in zip(seen[:half], seen[half:][::-1], strict=True):
        assert forward[:2] == back[:2] and (forward[2]["value"] == back[2]["value"]).all()
    assert seen[0][1] == 2 and seen[half - 1][1] == 4
    (tmp_path / "drill.json").write_text("{}")
    with pytest.raises(SealError, match="no run file"):
        ReplayConsole(tmp_path / "drill.json")


def test_a_run_that_no_console_wrote_can_be_stepped_through(world, tmp_path):
    """Its log need not say what a console asks for; what stands beside the chain may be anything."""
    said = [{"at": 150, "kind": "ack"}, {"at": 160, "kind": "diagnosis", "mode": "gremlins"}]
    said += [{"at": 170, "kind": "update", "text": "x"}]
    file = tmp_path / "RUN.json"
    sealed = seal.write(Run(world.scenario, 3, seal.read_log(said, world.scenario)), file)
    far = [{"size": 10**30, "now": at} for at in (10**400, 1e300, -5)]
    for beside in (*far, None, 5, {}, {"size": "x", "now": "soon"}, {"size": -1, "now": None}):
        file.write_text(json.dumps({**sealed, "console": beside}))
        replayed = ReplayConsole(file, world.scenario)
        assert replayed.stops[0] == replayed.session.start <= replayed.until <= replayed.session.horizon
    replayed.go(len(replayed.stops))
    told = [line["text"] for line in replayed._screen()["timeline"] if line["by"] == "you"]
    assert told == ["status update: x", "diagnosis: gremlins", "acknowledged: the page"]
    assert "You said: gremlins." in str(replayed._page()["lines"])


def test_two_people_on_one_file(opened):
    commander, operator = opened("commander"), opened("operator")
    do(commander, "diagnosis", **SAID)
    do(commander, "note", text="stop", facts={"orders": "stop_retries"})
    operator.take({"type": "follow"})
    (order,) = operator.session.orders()
    commander.take({"type": "step", "seconds": 15})
    operator.take({"type": "step", "seconds": 15})
    assert "commander's console moves the clock" in operator.said[-1]["text"]
    do(operator, "action", action="stop_retries", facts={"order": order["id"]})
    assert operator.session.now == commander.session.now
    commander.take({"type": "follow"})
    assert commander.session.log == operator.session.log and commander.session.orders() == []
    assert "who" in str(commander.session.log)


@pytest.mark.parametrize("odd", [None, {}, "x", -1, 1e999, 10**400])
def test_a_clock_that_somebody_wrote_into_stops_nobody(opened, tmp_path, odd):
    made = opened("commander")
    do(made, "ack", alert="errors")
    for clock in (odd, {"now": odd, "owner": "operator", "beat": odd}, {"now": 150, "owner": odd}):
        (tmp_path / "drill.clock").write_text(json.dumps(clock))
        made.take({"type": "step", "seconds": 15})
        assert made.said[-1]["type"] == "done", "nothing is refused"
    assert made.session.now == made.session.start + 45


def test_one_drill_in_two_windows_loses_nothing(opened, tmp_path, monkeypatch):
    """The same cell in a second notebook, or run twice: each step takes over what the other wrote."""
    one, two, noted = opened(), opened(), []
    monkeypatch.setattr(Debrief, "note", lambda self, where: noted.append(where))
    do(one, "note", text="first")
    two.take({"type": "tick", "seconds": 40})
    do(two, "note", text="second")
    do(one, "note", text="third")
    do(one, "diagnosis", **SAID)
    do(one, "verify", mode="recovered", signals=["error_ratio"])
    two.take({"type": "end"})
    assert two.session.ended and two.widget.debrief
    log = seal.read(tmp_path / "drill.json")["log"]
    assert [entry.get("text", entry["kind"]) for entry in log] == ["first", "second", "third", "diagnosis", "verify"]
    assert "the drill is over" in do(one, "note", text="late")["text"].lower() and one.widget.debrief
    one.take({"type": "end"})
    two.take({"type": "end"})
    assert len(noted) == 1, "it is handed over once"


def test_the_board_shows_what_the_master_does_and_no_secret(opened):
    master, board = opened("master"), opened("board")
    secrets = master.widget.screen["secrets"]
    assert "Who has the page" in secrets["question"] and "retry storm" in secrets["note"]
    assert [inject["from"] for inject in secrets["coming"]] == ["Head of sales"]
    assert "secrets" not in board.widget.screen and "Head of sales" not in str(board.widget.get_state())
    do(master, "ack", alert="errors")
    board.take({"type": "follow"})
    assert board.widget.screen["alerts"] == master.widget.screen["alerts"]
    assert do(board, "note", text="me too")["text"] == "This console only watches."


def test_a_lock_that_somebody_left_behind_holds_nobody_up(opened, tmp_path):
    made = opened()
    (tmp_path / "drill.lock").write_text("")
    with pytest.raises(DrillFileError, match="held by another console"), made.file.locked(patience=0.1):
        pass
    old = 1_000_000_000
    os.utime(tmp_path / "drill.lock", (old, old))
    assert do(made, "ack", alert="errors")["type"] == "done"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"seed": -1}, "give a whole number"),
        ({"seed": 2**31}, "from 0 to 2147483647"),
        ({"size": 7}, "5, 15 or 30"),
        ({"role": "ceo"}, "role = 'ceo'"),
        ({"scenario": "storm"}, "no scenario 'storm'"),
    ],
)
def test_a_drill_that_cannot_begin_says_so_in_a_line(call, says):
    with pytest.raises(ValueError, match=says):
        drill.start(**call)
