"""The figure of a rule over somebody's own data."""

from __future__ import annotations

import numpy as np

from course_lib import detect, view

RULE = detect.Rule(signal="load", above=5.0, window=60.0, hold=120.0, says="")


def test_line_threshold_and_pages_are_those_of_the_data(tmp_path):
    path = tmp_path / "load.csv"
    path.write_text("time,load\n" + "".join(f"{60 * n},{9 if 3 < n < 8 else 1}\n" for n in range(12)))
    shown = view.own_data(RULE, path)
    data = shown.picture.data
    assert data["limit"]["seen"] == [5.0] and np.max(data["line 0"]["seen"]) == 9.0
    assert (data["pages"]["end"] - data["pages"]["start"]).tolist() == [3.0]  # minutes
    assert shown.report[0].startswith("rule: 1 page in 11 min") and "1 page in 11 min" in shown.description
    assert "(min)" in str(shown.specs)


def test_a_file_of_rules_and_a_silent_one(tmp_path):
    path, rules = tmp_path / "load.csv", tmp_path / "rules.yaml"
    path.write_text("time,load\n0,1\n60,1\n120,1\n")
    rules.write_text("rules:\n  busy: {signal: load, above: 5, says: look}\n")
    shown = view.own_data(rules, path)
    assert len(shown.picture.data["pages"]["start"]) == 0 and "busy: silent" in shown.description
