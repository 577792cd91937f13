"""The check end to end: what it prints, how it refuses, and that its numbers come from the run."""

import json
import re
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib.incidents import scenario, seal
from course_lib.incidents.truth import Run
from course_lib.postmortem import check, document, replay, rubric, template
from course_lib.postmortem.command import app
from course_lib.postmortem.document import DocumentError
from course_lib.postmortem.replay import RunError
from tests.postmortem import kit

pytestmark = pytest.mark.xdist_group("postmortem")  # plays the same runs
GOOD = kit.HERE / "documents" / "o_good.md"


def graded(text, run="orders"):
    return kit.report(text, run).grade


def swapped(*pairs):
    """The good document with some of its text changed; each change must find its place."""
    text = GOOD.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def proposing(rule):
    """The good document with another rule."""
    return re.sub(r"```yaml\n.*?```", f"```yaml\n{rule}\n```", GOOD.read_text(encoding="utf-8"), count=1, flags=re.S)


def test_the_rubric_has_a_hundred_points():
    assert sum(rubric.POINTS.values()) + rubric.LANGUAGE_POINTS == 100


def test_a_good_document_is_worth_nearly_all():
    assert graded(swapped()).total > 95


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("I1", ("284,800", "312,000")),
        ("I1", ("91.3 %", "82 %")),
        ("I2", ("3 min 53 s", "3 min 20 s")),
        ("I3", ("13.7 %", "12 %")),
        ("D2", ("33 s after", "90 s after")),
        ("C2", ("An offer doubled orders for two and a half minutes, a burst", "Workers were restarted")),
        ("C6", ("was a bad rollout, as release 311", "was right, as release 311")),
        ("M1", ("Dropping what was past its deadline (L005) ended it.", "It ended.")),
        ("M2", ("The roll-back (L003) had no effect; the release was innocent. ", "")),
        ("T6", ("| E001 |", "| E777 |")),
        ("T8", ("| 14:05:08 |", "| 14:09:08 |")),
        ("D4", ("above: 5\n", "above: 500\n")),
        ("D4", ("above: 5\n", "above: -1\n")),
    ],
)
def test_a_fact_that_is_not_the_run_s_is_seen(rule, change):
    right, wrong = graded(swapped()), graded(swapped(change))
    assert rule in {f.rule for f in wrong.findings} - {f.rule for f in right.findings}
    assert wrong.rules[rule] < right.rules[rule]


def test_the_same_paper_for_another_run_is_worth_little():
    told = kit.report(swapped(), "checkout_a").grade
    assert told.total < 10


def test_an_item_is_replayed_and_charged():
    text = (kit.HERE / "documents" / "a_good_tables.md").read_text(encoding="utf-8")
    told = kit.report(text, "checkout_a")
    assert told.facts.items["A1"].cut > 0.5
    strong = text.replace("budget: successes, budget_ratio: 0.1 |", "max_retries: 0 |")
    charged = kit.report(strong, "checkout_a")
    assert charged.facts.items["A1"].quiet_cost > 10_000
    assert charged.grade.rules["A13"] < told.grade.rules["A13"]


@pytest.mark.parametrize(
    ("effect", "why"),
    [
        ("bound: 0.2", "between 1 and 60"),
        ("expiry: maybe", "choose off or on"),
        ("workers: 3", "cannot be improved"),
        ("all of it", "no `parameter: value`"),
    ],
)
def test_an_effect_that_cannot_be_played_says_why(effect, why):
    found = graded(swapped(("expiry: on |", f"{effect} |"))).findings
    assert [f for f in found if f.rule == "A13" and why in f.reason]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("signal: oldest_age\nabove: 10 %", "above: '10 %' is no number; write a share as 0.2"),
        ("signal: oldest_age\nabove: true", "above: true is no number"),
        ("signal: oldest_age\nabove: 5\nwindow: soon", "window: 'soon' is no span of time"),
        ("signal: oldest_age\nthreshold: 5", "no field 'threshold'"),
        ("signal: [oldest_age, depth]\nabove: 5", "write one name"),
        ("above: 5", "lacks 'signal'"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why_in_plain_words(rule, why):
    found = graded(proposing(rule)).findings
    assert [f for f in found if f.rule == "D4" and why in f.reason]


def test_a_rule_may_write_its_times_as_people_do_and_stand_below_another_block():
    plain, told = (graded(proposing(f"signal: oldest_age\nabove: 5\nwindow: {span}")) for span in ("60", "1m"))
    assert told.rules["D4"] == plain.rules["D4"]
    assert not [f for f in told.findings if "cannot be read" in f.reason]
    good = swapped()
    assert graded(good.replace("```yaml", "```\n14:04 oldest_age 7.2\n```\n\n```yaml", 1)).total == graded(good).total


def test_html_is_no_rest_of_the_frame_and_a_table_in_it_is_told():
    folded = graded(GOOD.read_text(encoding="utf-8") + "\n<details><summary>Raw</summary>\n\nLog.\n\n</details>\n")
    assert folded.rules["S2"] == 1
    assert graded(GOOD.read_text(encoding="utf-8") + "\n<your name>\n").rules["S2"] == 0
    table = graded(GOOD.read_text(encoding="utf-8") + "\n<table><tr><td>A4</td></tr></table>\n")
    assert [f.rewrite for f in table.findings if f.rule == "S2"] == ["write it in Markdown, with | between its cells"]


def test_sections_under_other_headings_are_told_so():
    told = graded(GOOD.read_text(encoding="utf-8").replace("\n## ", "\n### ")).findings
    assert ["two hashes" in f.rewrite for f in told if f.rule == "S1"] == [True]


def test_an_objection_lifts_wording_and_is_shown_and_lifts_no_number():
    sour = swapped(("Badly: two minutes", "The on-call engineer ignored the graph. Badly: two minutes"))
    heard = sour.replace(
        "The on-call engineer ignored", "<!-- lint-ok: this quotes the agreed wording -->\nThe on-call engineer ignored"
    )
    assert graded(heard).points["L"][0] > graded(sour).points["L"][0]
    report = kit.report(heard, "orders")
    assert [line for line in check.lines(report) if "1 objections" in line]
    wrong = swapped(("284,800 |", "312,000 | <!-- lint-ok: I counted this myself -->"))
    assert graded(wrong).rules["I1"] < 1


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"# No front matter\n", "front matter is missing"),
        (b"---\ntitle: x\n", "not closed"),
        (b"---\ntitle: [x\n---\n", "line "),
        (b"---\n- x\n---\n", "name: value"),
        (b"---\na: &a x\nb: *a\n---\n", "line 3.*alias"),
        (b"---\ntitle: " + b"[" * 5000 + b"\n---\n", "too many brackets"),
        (b"---\ntitle: \xff\n---\n", "not UTF-8 text, as line 2 shows"),
        (b"---\nt: x\n---\n\0", "zero bytes"),
        (b"---\nt: x\n---\n" + b"x" * 300_000, "larger than 100 kB"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(source, why):
    with pytest.raises(DocumentError, match=why) as told:
        document.parse(source)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("mark", ["[", "*", "`", "> ", "- ", "|", "<", "![", "\\", "&#", "$", "\n\n"])
def test_a_file_of_one_sign_is_read_in_a_moment(mark):
    grade = graded(b"---\nt: x\n---\n## Summary\n" + mark.encode() * (15_000 // len(mark)))
    assert grade.total == 0


def test_a_time_without_a_zone_is_one_finding_and_the_rest_is_graded():
    told = graded(swapped(("impact_start: 2026-03-05T14:04:27Z", "impact_start: 2026-03-05T14:04:27")))
    assert [f.line for f in told.findings if f.rule == "T2"] == [9]
    assert told.total > 85


@pytest.fixture(scope="module")
def run_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.json"
    of = scenario.load("queue_overload")
    seal.write(Run(of, 3, of.reference), path)
    return path


def test_the_frame_has_every_section_and_none_of_the_truth(run_file):
    sealed = replay.load(run_file)
    text = template.frame(sealed)
    facts = replay.examine(sealed)
    assert [s.key for s in document.parse(text).sections][1:] == list(document.SECTIONS)
    hidden = [f"{facts.failed:.0f}", f"{facts.clock(facts.moments['impact_start']):%H:%M:%S}", *facts.debrief.values()]
    assert [word for word in hidden if word in text] == []
    assert rubric.grade(document.parse(text), facts).total == 0


def test_the_command(run_file, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS_OFF", "1")
    paper = tmp_path / "mine.md"
    made = CliRunner().invoke(app, ["new", "--run", str(run_file), "--out", str(paper)])
    assert made.exit_code == 0
    assert paper.exists()
    told = CliRunner().invoke(app, ["check", str(paper), "--run", str(run_file), "--json"])
    assert told.exit_code == 1
    assert json.loads(told.stdout)["points"] == 0
    again = CliRunner().invoke(app, ["new", "--run", str(run_file), "--out", str(paper)])
    assert "is there already" in str(again.exception)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"at": 205', '"at": 206', "changed after the run was sealed"),
        ('"seed": 3', '"seed": 4', "the seed says"),
        ('"scenario": "queue_overload"', '"scenario": "/tmp/mine.yaml"', "none of the course's"),
        ("{", "[", "no JSON"),
    ],
)
def test_a_run_that_was_tampered_with_is_refused(run_file, tmp_path, old, new, why):
    text = run_file.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "run.json"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RunError, match=why) as told:
        replay.load(path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace('"scenario_digest": "', '"scenario_digest": "0'), "another version of the scenario"),
        (lambda text: text.replace('"format": 1', '"format": 0'), "reads format 1"),
        (lambda text: text.encode("utf-16"), "not UTF-8 text"),
        (lambda text: "[" * 100_000, "no JSON"),
        (lambda text: "[]", "no run file"),
    ],
)
def test_a_run_that_this_course_cannot_read_is_one_line_that_names_the_file(run_file, tmp_path, change, why):
    changed = change(run_file.read_text(encoding="utf-8"))
    path = tmp_path / "run.json"
    path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    with pytest.raises(RunError, match=why) as told:
        replay.load(path)
    assert str(told.value).startswith(str(path))
    assert "\n" not in str(told.value)


def test_a_folder_in_place_of_a_file_is_told(tmp_path):
    with pytest.raises(DocumentError, match="is a folder; name the document in it"):
        document.load(tmp_path)
    with pytest.raises(RunError, match="is a directory"):
        replay.load(tmp_path)


def test_a_check_takes_less_than_two_seconds(run_file):
    started = time.process_time()
    check.check(GOOD, run_file)
    assert time.process_time() - started < 2


def test_telemetry_that_was_made_up_is_refused(run_file, tmp_path):
    plain = json.loads(run_file.read_text(encoding="utf-8"))
    plain["telemetry"]["depth"][20] = 1.0
    plain["chain"] = seal.chain(plain)
    path = tmp_path / "run.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(RunError, match="depth"):
        replay.examine(replay.load(path))


def test_no_run_and_no_paper(tmp_path):
    with pytest.raises(RunError, match="no such file"):
        replay.load(tmp_path / "run.json")
    with pytest.raises(DocumentError, match="is not there"):
        document.load(Path(tmp_path / "mine.md"))
