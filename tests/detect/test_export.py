"""The export: promtool accepts and runs it, links lead somewhere, Sigma rules parse, traces come out the same."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from course_lib import detect, detect_command
from course_lib.detect import Rule, export
from course_lib.detect.export import bundle, clock, pages, promql
from course_lib.detect.table import DAYS

SLUGS = export.services(detect_command.built())
PROMTOOL = shutil.which("promtool")
if PROMTOOL is None and os.environ.get("COURSE_REQUIRE_PROMTOOL"):
    raise RuntimeError("COURSE_REQUIRE_PROMTOOL is set, and there is no promtool: install Debian's package prometheus")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="needs promtool, of Debian's package prometheus")
needs_pysigma = pytest.mark.skipif(sys.platform != "linux", reason="pySigma is installed on Linux alone")


def promtool(*words, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROMTOOL, *map(str, words)], cwd=at, capture_output=True, text=True)


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    export.write(folder, SLUGS)
    return folder


def rules(out: Path, slug: str) -> list[dict]:
    (group,) = yaml.safe_load((out / f"rules/{slug}.yaml").read_text())["groups"]
    return group["rules"]


def alerts(out: Path) -> list[dict]:
    return [rule for slug in SLUGS for rule in rules(out, slug) if "alert" in rule]


@needs_promtool
def test_promtool_finds_nothing_in_rules_and_maps(out):
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(out.glob("rules/*.yaml")),
                       *sorted(out.glob("map/*.yaml")), at=out)  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_promtool
@pytest.mark.parametrize("slug", SLUGS)
def test_promtool_fires_when_our_evaluator_does_and_is_silent_on_all_other_days(out, slug):
    ran = promtool("test", "rules", f"{slug}.test.yaml", at=out / "tests")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@needs_promtool
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("> 1.5", "> 0.5", "count_over_time"),  # too low: fires on quiet days
        ("> 1.5", "> 3.5", "alertname: CourseSplitBrain"),  # too high: silent on the incident
        ("for: 1m", "for: 9m", "alertname: CourseSplitBrain"),  # two intervals late is late
        ("Two nodes claim", "Three nodes claim", "Three nodes claim"),  # another text
        ("critical", "info", 'severity="info"'),  # another label
    ],
)
def test_a_rule_that_is_changed_fails_its_tests(out, tmp_path, old, new, says):
    for part in ("rules", "tests"):
        shutil.copytree(out / part, tmp_path / part)
    path = tmp_path / "rules/split_brain.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    ran = promtool("test", "rules", "split_brain.test.yaml", at=tmp_path / "tests")
    assert ran.returncode == 1 and says in ran.stdout + ran.stderr


@needs_promtool
def test_a_rule_that_stands_there_twice_is_found(tmp_path):
    record = "  - {record: a:b:c, expr: sum(d)}\n"
    (tmp_path / "twice.yaml").write_text("groups:\n- name: g\n  rules:\n" + 2 * record)
    assert promtool("check", "rules", "--lint=all", "--lint-fatal", "twice.yaml", at=tmp_path).returncode != 0


@pytest.mark.parametrize("slug", SLUGS)
def test_each_alert_is_tried_on_each_day_and_fires_on_its_own_alone(out, slug):
    tests = yaml.safe_load((out / f"tests/{slug}.test.yaml").read_text())["tests"]
    assert len(tests) == len(DAYS)
    for alert in bundle.alerts_of(slug):
        for day, test in zip(DAYS, tests, strict=True):
            fires = [t for t in test["alert_rule_test"] if t["alertname"] == alert.name and t["exp_alerts"]]
            silent = [t for t in test["promql_expr_test"] if f'"{alert.name}"' in t["expr"] and not t["exp_samples"]]
            assert (len(fires), len(silent)) == ((1, 0) if day == alert.day else (0, 1)), (alert.name, day)


@pytest.mark.parametrize("slug", SLUGS)
def test_on_the_exports_clock_an_alert_comes_when_the_lessons_does(slug):
    """Two scrapes later at most: one for a range that holds both its ends, one for the first sample."""
    time = clock.clock(slug)
    for alert in bundle.alerts_of(slug):
        own = time.table.alert if alert.day == "incident" else time.table.rules["twin"]
        day = time.table.run(alert.day, clock.SEED)
        seen = clock.scraped(time, day, alert.rule.signals, history=bool(alert.rule.ago))
        quiet = sum(time.ago) if alert.rule.ago else 0.0
        there = float(detect.first_alarm(clock.as_evaluated(alert.rule, time), seen)) - quiet
        here = float(detect.first_alarm(own, day)) * time.slower
        assert -time.interval <= there - here <= 2 * time.interval + 1e-6, (alert.name, here, there)


def test_names_labels_and_texts_follow_the_conventions(out):
    for alert in alerts(out):
        assert re.fullmatch(r"Course([A-Z][a-z]+)+", alert["alert"])
        assert alert["labels"]["severity"] in ("critical", "warning", "info")
        texts = alert["annotations"]
        assert texts["summary"].endswith(".") and "{{" not in texts["summary"] and "$value" in texts["description"]
        assert alert["for"]
    for slug in SLUGS:
        records = [rule for rule in rules(out, slug) if "record" in rule]
        assert records and all(re.fullmatch(r"service:course_\w+:\w+", rule["record"]) for rule in records)
        for rule in records:  # a range of two scrapes at least; nothing is divided before it is aggregated
            spans = re.findall(r"\[(?:(\d+)m)?(?:(\d+)s)?\]", rule["expr"])
            assert all(60 * int(m or 0) + int(s or 0) >= 30 for m, s in spans)
            assert "/" not in rule["expr"] or "course_" not in re.sub(r"service:\S+", "", rule["expr"])


def dead_links(out: Path) -> list[str]:
    links = [
        (alert["alert"], alert["annotations"][kind])
        for alert in alerts(out)
        for kind in ("runbook_url", "dashboard_url")
    ]
    return [f"{name}: {link}" for name, link in links if not (out / "rules" / link).resolve().is_file()]


def test_every_link_leads_to_a_file_and_a_dead_one_is_seen(out, tmp_path):
    assert dead_links(out) == []
    shutil.copytree(out, tmp_path / "copy")
    (tmp_path / "copy/runbooks/CourseRetryStorm.md").unlink()
    assert dead_links(tmp_path / "copy") == ["CourseRetryStorm: ../runbooks/CourseRetryStorm.md"]


def test_links_can_be_addresses(tmp_path):
    export.write(tmp_path, ["split_brain"], "https://wiki.example/course")
    text = (tmp_path / "rules/split_brain.yaml").read_text()
    assert "runbook_url: https://wiki.example/course/runbooks/CourseSplitBrain.md" in text
    assert "https://wiki.example/course/runbooks/" in (tmp_path / "tests/split_brain.test.yaml").read_text()


def test_a_page_is_cut_from_the_modules_runbook_and_an_attack_begins_with_its_check(out):
    sections = pages.runbook("retry_storm")
    page, twin = ((out / f"runbooks/CourseRetryStorm{kind}.md").read_text() for kind in ("", "SecurityTwin"))
    for text in (page, twin):
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
        assert sections[pages.ACTIONS] in text and sections[pages.RECOVERY] in text
    assert page.index(sections[pages.LOOKS]) < page.index(sections[pages.SECURITY])
    assert twin.index(sections[pages.SECURITY]) < twin.index(sections[pages.LOOKS])
    assert twin.index(pages.FIRST_SECURITY) < twin.index(sections[pages.ACTIONS]) and pages.FIRST_SECURITY not in page
    assert "## Impact\n\nNearly every request fails" in page  # sentences begin as sentences do


def test_a_runbook_without_a_section_is_told(tmp_path):
    (tmp_path / "retry_storm.md").write_text("# Retry storm\n\nMeaning: a.\n\nImpact: b.\n\n## How it looks\n")
    with pytest.raises(export.ExportError, match=r"retry_storm.md lacks the section 'Immediate actions'"):
        pages.runbook("retry_storm", tmp_path)


def strangers(out: Path) -> list[str]:
    """Series in maps that no rule records."""
    known = {rule["record"] for slug in SLUGS for rule in rules(out, slug) if "record" in rule}
    mapped = [(path.name, rule["record"]) for path in sorted(out.glob("map/*.yaml"))
              for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]  # fmt: skip
    return [f"{name}: {record}" for name, record in mapped if record not in known]


def test_maps_stand_for_series_that_rules_record(out):
    assert [path.stem for path in sorted(out.glob("map/*.yaml"))] == [
        "coredns",
        "envoy",
        "etcd",
        "grpc",
        "haproxy",
        "redis",
    ]
    assert strangers(out) == []
    path = out / "map/etcd.yaml"
    text = path.read_text()
    path.write_text(text.replace("leaders:avg30s", "leaders:avg31s"))
    assert strangers(out) == ["etcd.yaml: service:course_split_brain_leaders:avg31s"]
    path.write_text(text)


def test_operator_mixin_and_dashboards_hold_the_same_rules(out):
    mixin = json.loads((out / "mixin/mixin.libsonnet").read_text())
    for slug in SLUGS:
        own = rules(out, slug)
        resource = yaml.safe_load((out / f"operator/{slug}.yaml").read_text())
        assert (resource["kind"], resource["spec"]["groups"][0]["rules"]) == ("PrometheusRule", own)
        panels = json.loads((out / f"dashboards/{slug}.json").read_text())["panels"]
        assert [p["targets"][0]["expr"] for p in panels] == [rule["record"] for rule in own if "record" in rule]
    apart = [[rule for group in mixin[part]["groups"] for rule in group["rules"]]
             for part in ("prometheusAlerts", "prometheusRules")]  # fmt: skip
    assert apart[0] == alerts(out) and {r["record"] for r in apart[1]} >= {"service:course_split_brain_leaders:avg30s"}


def sigma_issues(text: str) -> list[str]:
    """What pySigma finds, apart from the checks that look tags up on the network."""
    from sigma.collection import SigmaCollection
    from sigma.validation import SigmaValidator
    from sigma.validators.core import validators

    found = SigmaCollection.from_yaml(text, collect_errors=True)
    offline = [check for check in validators.values() if not check.__module__.endswith(".tags")]
    errors = [str(error) for rule in (found, *found.rules) for error in rule.errors]
    return errors or [str(issue) for issue in SigmaValidator(offline).validate_rules(found)]


@needs_pysigma
@pytest.mark.parametrize("slug", SLUGS)
def test_pysigma_reads_the_twins_rules(out, slug):
    text = (out / f"sigma/{slug}.yml").read_text()
    assert sigma_issues(text) == []
    last = list(yaml.safe_load_all(text))[-1]
    assert last["falsepositives"] and last["level"] in ("low", "medium", "high", "critical")


@needs_pysigma
def test_a_sigma_rule_that_is_none_is_found(out):
    text = (out / "sigma/dns_outage.yml").read_text()
    assert sigma_issues(text.replace("level: high", "level: tremendous"))
    assert sigma_issues(text.replace("  condition: selection and not published\n", ""))


def test_traces_come_out_the_same_with_their_answers_apart(tmp_path):
    first, again = (export.write_traces(tmp_path / name, ["split_brain"], range(2)) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    key = (tmp_path / "a/key/split_brain.csv").read_text().splitlines()
    assert key[:2] == ["file,day,seed,begins_s,our_alert_s,our_twin_s", key[1]] and len(key) == 1 + 2 * len(DAYS)
    assert key[1].startswith("split_brain/incident/0000.om,incident,0,1200,")
    others = [path for path in first if "key" not in path.parts]
    assert {path.suffix for path in others} == {".om"} and len(others) == 2 * len(DAYS)
    assert not any("1200," in path.read_text() or "seed" in path.read_text() for path in others)


def test_what_is_read_in_weeks_is_not_exported(monkeypatch):
    assert len(SLUGS) >= 11
    slow = dataclasses.replace(
        detect.table("bad_rollout"), days={k: d.replace(dt=120.0) for k, d in detect.table("bad_rollout").days.items()}
    )
    monkeypatch.setattr(clock, "table", lambda slug: slow)
    assert export.services(["bad_rollout"]) == []


@needs_promtool
def test_a_trace_becomes_a_block_of_ones_own_prometheus(tmp_path):
    (path, *_) = export.write_traces(tmp_path, ["retry_storm"], [3])
    made = promtool("tsdb", "create-blocks-from", "openmetrics", path, tmp_path / "blocks", at=tmp_path)
    assert made.returncode == 0 and list((tmp_path / "blocks").glob("*/chunks/*")), made.stderr


def test_what_prometheus_cannot_have_is_refused():
    names = bundle.names_of("retry_storm")
    kept = Rule(signal="amplification", above=1.1, keep=60.0, says="")
    for rule, says in (
        (Rule(signal="amplification", above=1.1, peers=True, says=""), "peers are compared in the course alone"),
        (Rule(signal="amplification", above=1.1, unless=(kept,), says=""), "only a rule with a name of its own"),
    ):
        with pytest.raises(export.ExportError, match=says):
            promql.condition(rule, names, {})


def test_each_reading_has_an_expression():
    names, depth = bundle.names_of("queue_overload"), "service:course_queue_overload_depth:avg30s"
    held = Rule(signal="held", above=1.0, hold=0.0, window=30.0, says="")
    for fields, text in (
        (dict(above=5.0, reading="change"), f"{depth} offset 45s) / 45 > 5"),
        (dict(above=2.0, ago=(3600.0, 600.0)), f"(avg_over_time({depth}[9m45s] offset 1h) > 0) > 2"),
        (dict(above=2.0, either=(held,)), " or on (service) ("),
    ):  # fmt: skip
        assert text in promql.condition(Rule(signal="depth", window=30.0, says="", **fields), names, {})
    assert np.isclose(clock.clock("queue_overload").slower, 3.0)
