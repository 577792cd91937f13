"""Rules over somebody's own history: what real data have is dealt with, or refused in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from course_lib.detect import Rule, own_data

START = 1_772_323_200.0  # 2026-03-01 00:00 UTC
BUSY = Rule(signal="load", above=5.0, window=60.0, hold=120.0, says="")


def answer(*series, **more):
    result = [{"metric": metric, "values": [[START + at, str(v)] for at, v in pairs]} for metric, pairs in series]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}} | more


def every_minute(values, first=0):
    return [(60 * (first + n), value) for n, value in enumerate(values)]


@pytest.fixture
def read(tmp_path):
    def read(content, wanted=("load",), given="", **how) -> own_data.History:
        path = tmp_path / ("data.csv" if isinstance(content, str) else "data.json")
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return own_data.load([(given, path)], frozenset(wanted), **how)

    return read


def begins(history, rule=BUSY):
    return [[(at - START) / 60 for at in paged.begins] for paged in own_data.run({"busy": rule}, history)]


LOADS = [1, 9, 9, 9, 1, 9, 1, 9, 9, 1]


def test_a_saved_answer_says_when_it_would_have_paged(read):
    history = read(answer(({"__name__": "load", "pod": "a"}, every_minute(LOADS))))
    (paged,) = own_data.run({"busy": BUSY}, history)
    assert ((paged.begins - START) / 60).tolist() == [2.0, 8.0] and ((paged.ends - START) / 60).tolist() == [4.0, 9.0]
    assert own_data.report({"busy": BUSY}, history) == [
        "busy: 2 pages in 9 min",
        "  2026-03-01 00:02:00 UTC for 2 min",
        "  2026-03-01 00:08:00 UTC for 60 s",
    ]


def test_the_same_from_a_csv_whatever_its_times_look_like(read):
    assert begins(read("\ufeffsep=;\n" + seconds_of("Time;load\n", ";"))) == [[2.0, 8.0]]  # as Grafana saves for Excel
    assert begins(read(seconds_of("# a note\ntime,load,\n", end=","))) == [[2.0, 8.0]]
    for finer in (10**6, 10**9):
        assert begins(read("".join(f"{finer * (int(START) + at)},{v}\n" for at, v in every_minute(LOADS)))) == [
            [2.0, 8.0]
        ]
    zoned = "".join(f"2026-03-01 02:{at // 60:02d}:00 +0200,{v}\n" for at, v in every_minute(LOADS))
    assert begins(read(zoned)) == [[2.0, 8.0]]
    seconds = "time,load\n" + "".join(f"{START + at:.0f},{v}\n" for at, v in every_minute(LOADS))
    millis = "".join(f"{1000 * (START + at):.0f};{v}\n" for at, v in every_minute(LOADS))
    iso = "when\tload\n" + "".join(f"2026-03-01T00:{at // 60:02d}:00Z\t{v}\n" for at, v in every_minute(LOADS))
    for text in (seconds, millis, iso):
        assert begins(read(text)) == [[2.0, 8.0]]


def seconds_of(head, comma=",", end=""):
    return head + "".join(f"{START + at:.0f}{comma}{v}{end}\n" for at, v in every_minute(LOADS))


def test_a_time_without_a_zone_is_taken_for_utc_and_that_is_said(read):
    history = read("Time,load\n" + "".join(f"2026-03-01 00:{at // 60:02d}:00,{v}\n" for at, v in every_minute(LOADS)))
    assert begins(history) == [[2.0, 8.0]] and history.notes[0].endswith("times without a zone are taken for UTC")


@pytest.mark.parametrize(
    ("heads", "given", "labels"),
    [
        ('"load{pod=""a"", zone=""x""}","load{pod=""b""}"', "", ['pod="a", zone="x"', 'pod="b"']),
        ('"{pod=""a""}","{pod=""b""}"', "load", ['pod="a"', 'pod="b"']),
        ("a,b", "load", ["a", "b"]),
    ],
)
def test_columns_are_series_with_the_labels_of_their_heads(read, heads, given, labels):
    text = f"Time,{heads}\n" + "".join(f"{START + at:.0f},{v},1\n" for at, v in every_minute(LOADS))
    history = read(text, given=given)
    assert history.labels == labels and begins(history) == [[2.0, 8.0], []]


def test_an_answer_is_known_by_what_it_holds_and_not_by_its_name(tmp_path):
    path = tmp_path / "answer"
    path.write_text(json.dumps(answer((None, every_minute(LOADS)))))
    assert begins(own_data.load([("", path)], frozenset({"load"}))) == [[2.0, 8.0]]


def test_a_column_of_another_name_is_taken_where_there_is_one_alone_and_that_is_said(read):
    assert "calls is read as load" in read(seconds_of("time,calls\n")).notes[0]


def test_a_counter_that_nobody_reads_is_named(read):
    with pytest.raises(own_data.DataError, match=r"lod is to be a counter, and no rule reads it; did you mean load\?"):
        read(seconds_of("time,load\n"), counters=frozenset({"lod"}))


def test_each_series_has_its_own_pages_and_peers_are_compared_with_each_other(read):
    pods = [({"pod": pod}, every_minute(values)) for pod, values in
            (("a", LOADS), ("b", [1] * 10), ("c", [1] * 10))]  # fmt: skip
    history = read(answer(*pods))
    assert history.labels == ['pod="a"', 'pod="b"', 'pod="c"']
    assert begins(history) == [[2.0, 8.0], [], []]
    apart = Rule(signal="load", peers=True, above=5.0, window=60.0, hold=120.0, says="")
    assert begins(history, apart) == [[2.0, 8.0]]


def test_times_out_of_order_and_twice_are_put_right_and_said(read):
    pairs = every_minute(LOADS)
    history = read(answer(({}, [*pairs[5:], *pairs[:5], pairs[3]])))
    assert begins(history) == [[2.0, 8.0]]
    assert (
        "times were out of order, and are sorted" in history.notes[0]
        and "1 sample stood there twice" in history.notes[1]
    )


def test_a_gap_breaks_a_hold_and_a_scrape_that_comes_late_does_not(read):
    pairs = every_minute([9] * 9)
    assert begins(read(answer(({}, pairs)))) == [[1.0]]
    gap = read(answer(({}, [p for n, p in enumerate(pairs) if n not in (1, 2, 3)])))
    assert begins(gap) == [[5.0]] and "gaps, the longest 3 min" in gap.notes[-1]
    late = [(at + (35 if n == 4 else 0), v) for n, (at, v) in enumerate(pairs)]
    assert begins(read(answer(({}, late)))) == [[1.0]]


def test_nan_and_infinity_are_gaps(read):
    history = read(answer(({}, every_minute([9, "NaN", "+Inf", 9, 9, 9, 9]))))
    assert begins(history) == [[4.0]] and "2 samples without a number" in history.notes[0]
    assert begins(read("time,load\n" + "".join(f"{60 * n},{v}\n" for n, v in enumerate([9, "", "NaN", 9, 9])))) != [
        [1.0]
    ]


def test_a_counter_becomes_a_rate_and_a_restart_is_no_fall(read):
    total = np.cumsum([0, 60, 60, 600, 600, 600, 60, 60])
    after = np.where(np.arange(8) >= 4, total - total[3], total)  # it began anew after minute 3
    history = read(answer(({"__name__": "load_total"}, every_minute(after))))
    assert history["load"][:, 0].tolist() == [1, 1, 10, 10, 10, 1, 1]
    assert history.notes[-1].endswith("the counter began anew 1 time")
    told = read(answer(({}, every_minute(total))), counters=frozenset({"load"}))
    assert told["load"][:, 0].tolist() == [1, 1, 10, 10, 10, 1, 1]


def test_two_files_meet_on_one_clock(tmp_path):
    ratio = Rule(signal="failed", per="asked", above=0.5, window=60.0, hold=60.0, says="")
    paths = []
    for name, series in {
        "failed": [({"pod": "a"}, every_minute([0, 6, 6, 0])), ({"pod": "b"}, every_minute([0, 0, 0, 6]))],
        "asked": [({}, every_minute([10, 10, 10, 10]))],
    }.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(answer(*series)))
        paths.append((name, path))
    history = own_data.load(paths, ratio.signals)
    assert begins(history, ratio) == [[1.0], [3.0]]


def test_a_baseline_of_some_time_ago_reads_own_data(read):
    grown = Rule(signal="load", above=2.0, window=60.0, hold=60.0, ago=(300.0, 180.0), says="")
    assert begins(read(answer(({}, every_minute([1] * 12 + [3, 3])))), grown) == [[12.0]]


def test_pages_a_week_are_told_of_days_and_not_of_minutes(read):
    days = read("time,load\n" + "".join(f"{86_400 * n / 2},{9 if n % 2 else 1}\n" for n in range(8)))
    assert own_data.report({"busy": BUSY}, days)[0] == "busy: 4 pages in 3.5 days, 8 a week"


def test_silence_says_how_near_it_came_or_that_it_saw_nothing(read):
    high = Rule(signal="load", above=20.0, window=60.0, says="")
    history = read(answer(({}, every_minute(LOADS))))
    assert own_data.report({"high": high}, history) == ["high: silent in 9 min; came as near as 9, and wants > 20"]
    blind = Rule(signal="load", above=2.0, ago=(86_400.0, 60.0), says="")
    assert "silent in 9 min; saw nothing to compare" in own_data.report({"blind": blind}, history)[0]


def csv(*lines):
    return "\n".join(["time,load", *lines, ""])


REFUSED = {
    "no JSON": ("data.json", "{", "is no JSON"),
    "no answer": ("data.json", '{"a": 1}', "is no answer of Prometheus; save what /api/v1/query_range returns"),
    "an error": (
        "data.json",
        json.dumps({"status": "error", "error": "parse error"}),
        "Prometheus answered 'parse error'",
    ),
    "a moment": (
        "data.json",
        json.dumps(answer(({}, [])) | {"data": {"resultType": "vector"}}),
        "ask query_range in place",
    ),
    "nothing": ("data.json", json.dumps(answer()), "holds no series; the query matched nothing"),
    "a histogram": (
        "data.json",
        json.dumps(
            {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "histograms": []}]}}
        ),
        "series 1 is a native histogram",
    ),
    "one sample": ("data.json", json.dumps(answer(({}, [(0, 1)]))), "has 1 value; two at least are needed"),
    "which signal": ("data.json", json.dumps(answer(({"__name__": "a"}, [(0, 1)]), ({"__name__": "b"}, [(0, 1)]))),
                     "which signal is this? The rules read load, and it holds a, b; write SIGNAL=FILE"),
    "twins": ("data.json", json.dumps(answer(*[({"pod": "a"}, every_minute([1, 2]))] * 2)), "add a label to the query"),
    "two values": ("data.csv", csv("0,1", "60,2", "60,3"), "two values at 1970-01-01 00:01:00 UTC, 2 and 3; keep one"),
    "no number": ("data.csv", csv("0,1", "60,much"), "data.csv:3: 'much' is no number; write it plainly"),
    "a decimal comma": ("data.csv", "time;load\n0;1,5\n", "data.csv:2: '1,5' is no number; write it plainly"),
    "no date": ("data.csv", csv("1e30,1"), "data.csv:2: '1e30' is no time"),
    "heads alike": ("data.csv", "time,load,load\n0,1,2\n", "data.csv:1: two columns are both called 'load'"),
    "no data": ("data.json", json.dumps({"status": "success", "data": [1]}), "its data are missing"),
    "no moment": ("data.json", json.dumps(answer(({}, [(float("nan"), 1)]))), "series 1 has no values"),
    "no time": ("data.csv", csv("0,1", "noon,2"), "data.csv:3: 'noon' is no time; the first column holds Unix seconds"),
    "ragged": ("data.csv", csv("0,1", "60,2,3"), "data.csv:3: as many cells as the first line, please: 2"),
    "one column": ("data.csv", "load\n1\n", "one column alone"),
    "empty": ("data.csv", "", "is empty"),
    "a century": ("data.csv", csv("0,1", "1,2", "2,2", "3155760000,1"), "ask for a shorter range or a longer step"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, fault):
    name, text, says = REFUSED[fault]
    (tmp_path / name).write_text(text)
    with pytest.raises(own_data.DataError) as error:
        own_data.load([("", tmp_path / name)], frozenset({"load"}))
    assert says in str(error.value) and "\n" not in str(error.value)


def test_a_signal_that_no_file_holds_is_named(tmp_path):
    (tmp_path / "data.csv").write_text(csv("0,1", "60,2"))
    with pytest.raises(own_data.DataError, match="the rules read asked, and no file holds it"):
        own_data.load([("", tmp_path / "data.csv")], frozenset({"load", "asked"}))


def test_our_own_exported_day_pages_as_the_lesson_does(tmp_path):
    """A model's day written as CSV and read again: the same moment, to the step."""
    from course_lib import detect

    table = detect.table("queue_overload")
    day = table.run("incident", 7)
    path = tmp_path / "depth.csv"
    path.write_text(
        "time,depth\n" + "".join(f"{t:g},{v!r}\n" for t, v in zip(day.time, day["depth"].tolist(), strict=True))
    )
    history = own_data.load([("", path)], frozenset({"depth"}))
    (paged,) = own_data.run({"first": table.rules["first"]}, history)
    assert paged.begins[0] == detect.first_alarm(table.rules["first"], day)
