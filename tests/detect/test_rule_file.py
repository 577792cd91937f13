"""A learner's file of rules: what it may hold, and the line that names what is wrong."""

from __future__ import annotations

import pytest

from course_lib.detect import Rule, rule_file
from course_lib.detect.soundness import Known

UNITS = {"amplification": "attempts per request", "error_ratio": "of ended requests", "rate": "1/s", "host_rate": "1/s"}
KNOWN = {"retry_storm": Known(UNITS, 300.0, frozenset({"host_rate"}))}
HEAD = "module: retry_storm\nrules:\n  mine:\n    says: look\n"


@pytest.fixture
def read(tmp_path):
    def read(text: str, **how) -> rule_file.RuleBook:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return rule_file.load(path, KNOWN, **how)

    return read


def test_a_file_says_all_that_a_rule_can(read):
    book = read(
        HEAD + "    signal: amplification\n    above: 1.1\n    window: 10s\n    hold: 1m30s\n    keep: 5m\n"
        "    per: rate\n    floor: [rate, 200]\n    ago: [2m, 30]\n    finds: twin\n    unless:\n"
        "      - signal: error_ratio\n        below: 0.5\n        hold: 0s\n"
    )
    quiet = Rule(signal="error_ratio", below=0.5, hold=0.0, says="")
    assert book.module == "retry_storm" and book.finds == {"mine": "twin"}
    assert book.rules == {
        "mine": Rule(signal="amplification", says="look", above=1.1, window=10.0, hold=90.0, keep=300.0, per="rate",
                     floor=("rate", 200.0), ago=(120.0, 30.0), unless=(quiet,))
    }  # fmt: skip


def test_without_a_module_any_signal_goes(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("rules:\n  mine: {signal: whatever, above: -3, says: look}\n")
    book = rule_file.load(path, KNOWN)
    assert book.module is None and book.rules["mine"].signal == "whatever"


BODY = "    signal: amplification\n"
WRONG = {
    "unknown signal": (BODY.replace("ampl", "amll") + "    above: 1\n", 5,
                       "rule mine: no signal 'amllification'; did you mean amplification?"),
    "unknown signal to divide by": (BODY + "    above: 1\n    per: speed\n", 7, "no signal 'speed'; there are"),
    "unknown field": (BODY + "    abov: 1.1\n", 6, "rule mine: no field 'abov'; did you mean above?"),
    "no threshold": (BODY, 3, "rule mine: give one finite threshold, above or below"),
    "no signal": ("    above: 1.0\n", 3, "rule mine: lacks 'signal'"),
    "no number": (BODY + "    above: lots\n", 6, "rule mine: above: 'lots' is no number; write a share as 0.2"),
    "yes": (BODY + "    above: yes\n", 6, "above: true is no number"),
    "one time": (BODY + "    above: 1\n    baseline: [1m]\n", 7, "baseline: write two times, such as [0s, 1m]"),
    "half a floor": (BODY + "    above: 1\n    floor: 20\n", 7, "floor: write a signal and how much of it"),
    "no list": (BODY + "    above: 1\n    both: {signal: rate, above: 1}\n", 7, "both: write a list of rules"),
    "lacks inside": (BODY + "    above: 1\n    both:\n    - above: 1\n", 8, "lacks 'signal'"),
    "itself": (BODY + "    above: 1\n    both: &one\n    - {signal: rate, above: 1, both: *one}\n", 8, "holds itself"),
    "no peers": (BODY + "    above: 1\n    peers: true\n", 7, "peers: amplification is one number, with none to compare"
                 " it with; of peers there is host_rate"),
    "of peers": ("    signal: host_rate\n    above: 1\n", 5, "host_rate has a value for each peer; write peers: true"),
    "floor of peers": (BODY + "    above: 1\n    floor: [host_rate, 1]\n", 7, "floor: host_rate has a value for"),
    "fuller than full": ("    signal: error_ratio\n    below: 60\n    reading: time to full\n    full: 3\n", 8,
                         "full = 3: error_ratio is a share, at most 1; the rule can never fire"),
    "no span": (BODY + "    above: 1\n    hold: 5 parsecs\n", 7, "'5 parsecs' is no span of time: write seconds"),
    "impossible window": (BODY + "    above: 1\n    window: 0s\n", 7, "window = 0 s: must be positive"),
    "share above one": ("    signal: error_ratio\n    above: 1.5\n", 6, "above = 1.5: error_ratio is a share"),
    "share below nothing": ("    signal: error_ratio\n    below: 0\n", 6, "at least 0; the rule can never fire"),
    "negative": (BODY + "    below: 0\n", 6, "amplification is never negative; the rule can never fire"),
    "always": (BODY + "    above: -1\n", 6, "the rule always fires"),
    "hold of a day": (BODY + "    above: 1\n    hold: 1h\n", 7, "hold: needs 3600 s, and a day has 300 s"),
    "baseline beyond": (BODY + "    above: 1\n    baseline: [0s, 10m]\n", 7, "baseline: needs 600 s, and a day has"),
    "floor": (BODY + "    above: 1\n    floor: [error_ratio, 20]\n", 7, "error_ratio is a share, at most 1"),
    "unknown module": ("    signal: a\n", 1, "no module 'retry_stom'; did you mean retry_storm?"),
    "finds": (BODY + "    above: 1\n    finds: thieves\n", 7, "finds: Input should be 'incident' or 'twin'"),
    "excluded": (BODY + "    above: 2\n    both:\n    - {signal: amplification, below: 1}\n", 8,
                 "amplification > 2 and amplification < 1 exclude each other; the rule can never fire"),
    "barred": (BODY + "    above: 2\n    unless:\n    - {signal: amplification, above: 1, hold: 0}\n", 8,
               "amplification > 1 whenever amplification > 2; the rule can never fire"),
    "fault of an inner rule": (BODY + "    above: 2\n    unless:\n    - signal: error_ratio\n      above: 3\n", 9,
                               "error_ratio is a share"),
    "twice": (BODY + "    above: 1\n    above: 2\n", 7, "'above' stands here a second time"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_told_in_one_line_with_its_number(read, tmp_path, fault):
    body, line, says = WRONG[fault]
    head = HEAD.replace("retry_storm", "retry_stom") if fault == "unknown module" else HEAD
    with pytest.raises(rule_file.RuleFileError) as error:
        read(head + body)
    told = str(error.value)
    assert told.startswith(f"{tmp_path / 'mine.yaml'}:{line}: ") and says in told and "\n" not in told, told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [", "mine.yaml:1: is no YAML"),
        ("just words\n", "mine.yaml:1: holds no rules"),
        ("", "mine.yaml:1: holds no rules"),
        ("rules: {}\n", "mine.yaml:1: there is no rule"),
        ("rules:\n- a\n", "mine.yaml:1: write a rule's name below 'rules:'"),
        ("rules:\n  mine:\n", "mine.yaml:2: rule mine: has no fields; write signal"),
        ("rules:\n  1: {signal: rate, above: 1, says: look}\n", "mine.yaml:2: rule 1: a name is to be text"),
        (
            "module: retry_storm\nrules:\n  our alert: {signal: rate, above: 1, says: look}\n",
            "mine.yaml:3: rule our alert: a tournament enters one of its own under that name",
        ),
    ],
)
def test_a_file_that_is_none_is_refused(read, text, says):
    with pytest.raises(rule_file.RuleFileError) as error:
        read(text)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_conditions_that_only_look_alike_are_let_through(read):
    other_window = BODY + "    above: 2\n    both:\n    - {signal: amplification, below: 1, window: 1m}\n"
    longer_hold = BODY + "    above: 2\n    unless:\n    - {signal: amplification, above: 1, hold: 2m}\n"
    for body in (other_window, longer_hold):
        assert read(HEAD + body).rules
