"""Scenarios load, and a broken one gets one line with file and line number."""

import importlib.resources
import re

import pytest

from course_lib.incidents import expression, scenario, yaml_file
from course_lib.incidents.scenario import ScenarioError

STORM = (importlib.resources.files("course_lib.incidents") / "scenarios" / "retry_storm.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_of_the_course_loads(name):
    assert scenario.load(name).id == name


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("difficulty: 1", "difficulty: 7", "difficulty: 7", "1, 2 or 3"),
        ("difficulty: 1", "dificulty: 1", "dificulty: 1", "not permitted"),
        ("model: retry_storm", "model: storm", "model: storm", "no model or chain 'storm'"),
        ("  dt: 0.5", "  dt: 50", "dt: 50", "between 0.001 and 1"),
        ("  dt: 0.5", "  dtt: 0.5", "dtt: 0.5", "no parameter 'dtt'"),
        ("  reply_loss: 0.002", "  arrival_rate: 5", "arrival_rate: 5", "computed by drives"),
        ("effect: {max_retries: 0}", "effect: {max_retries: 11}", "max_retries: 11", "between 0 and 10"),
        ("effect: {max_retries: 0}", "effect: {timeout: 2}", "timeout: 2", "can't be changed by the operator"),
        ("effect: {max_retries: 0}", "effect: {users: 2}", "users: 2", "changed by the world"),
        ("{at: 165, parameter: speed, value: 1}", "{at: 65, parameter: speed, value: 1}", "faults:", "in the order"),
        ("users: {per_request: 0.1}", "users: {}", "users: {}", "count or per_request"),
        ("failed: offered_rate *", "failed: offered *", "failed: offered *", "reads offered"),
        ("failed: offered_rate *", "failed: open('x') *", "failed: open", "names, numbers"),
        ("{signal: goodput,", "{signal: goodputt,", "goodputt", "no signal 'goodputt'"),
        ("rule: {signal: error_ratio,", "rule: {signal: wasted_work,", "wasted_work", "telemetry does not show"),
        ("above: 0.2, window: 10,", "window: 10,", "signal: error_ratio, window", "one finite threshold"),
        ("- id: shed_hard\n", "- id: shed\n", "let in one request", "stands here twice"),
        ("- {at: 240, action: retry_budget}", "- {at: 240, action: budget}", "action: budget}", "no action 'budget'"),
        ("again_at: 1200", "again_at: 12", "again_at: 12", "must come after the last fault"),
        ("  users: {value: 900,", "  users: {value: -9,", "users: {value: -9", "between 0 and"),
        ("above: 0.2, window: 10,", "above: 0.2, window: 1.0e+300,", "signal: error_ratio, above", "1e+06 s at most"),
        ("- {at: 120, text:", "- {at: .inf, text:", "at: .inf", "at: input should be"),
        ("title: Checkout answers nobody", "title: [", "", "expected"),
        ("difficulty: 1", "difficulty: 1\ndifficulty: 2", "difficulty: 2", "twice"),
    ],
)
def test_a_broken_scenario_gets_one_line_with_its_place(tmp_path, old, new, line, says):
    assert STORM.count(old) >= 1
    text = STORM.replace(old, new, 1)
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=re.escape(says)) as caught:
        scenario.load(file)
    message = str(caught.value)
    found = re.match(r"mine\.yaml:(\d+): ", message)
    assert found and "\n" not in message
    near = " ".join(text.splitlines()[int(found[1]) - 2 : int(found[1]) + 2]).lower()
    assert line.lower() in near


def test_what_is_no_scenario_gets_one_line(tmp_path):
    for content, says in ((b"", "is a mapping"), (b"\xff\xfe", "UTF-8"), (b"- 1", "is a mapping")):
        file = tmp_path / "mine.yaml"
        file.write_bytes(content)
        with pytest.raises(ScenarioError, match=says):
            scenario.load(file)
    with pytest.raises(ScenarioError, match="no such file"):
        scenario.load(tmp_path / "absent.yaml")
    with pytest.raises(ScenarioError, match="no scenario 'storm'"):
        scenario.load("storm")


def test_what_is_wrong_is_said_briefly(tmp_path):
    """Whatever stands in the file, and however many names the model has."""
    file = tmp_path / "mine.yaml"
    for signal in ("x" * 3000, "deploys"):
        file.write_text(STORM.replace("signal: error_ratio", f"signal: {signal}", 1), encoding="utf-8")
        with pytest.raises(ScenarioError, match="no signal") as caught:
            scenario.load(file)
        assert len(str(caught.value)) < 330


def test_on_and_off_are_words():
    assert yaml_file.read("a: on\nb: off\nc: true\nd: 1e3")[0] == {"a": "on", "b": "off", "c": True, "d": "1e3"}


@pytest.mark.parametrize("text", ["a.b.c", "f(1)", "a if b else c", "'x'", "a ** 2", "a[0]", "min(a)", "True", "a = 1"])
def test_what_is_no_arithmetic_is_refused(text):
    with pytest.raises(expression.ExpressionError):
        expression.names(text)


def test_the_fingerprint_changes_with_the_content_alone(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(STORM + "# a remark\n", encoding="utf-8")
    assert scenario.load(file).digest == scenario.load("retry_storm").digest
    file.write_text(STORM.replace("difficulty: 1", "difficulty: 2"), encoding="utf-8")
    assert scenario.load(file).digest != scenario.load("retry_storm").digest
