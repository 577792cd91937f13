"""When cards come back: days that grow with what is known, and confident misses first."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import tiny_course

from course_lib import progress
from course_lib.recall import schedule
from course_lib.recall.cards import Card

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def course(tmp_path):
    return tiny_course.make(tmp_path / "a course")


def card(name, slug="tiny", **more):
    return Card(f"{slug}.question.{name}", slug, "question", **more)


def ids(found):
    return [one.id.rpartition(".")[2] for one in found]


def test_the_surer_a_right_answer_the_later_the_card_comes_back(course):
    back = [schedule.answer(course, card(str(sure)), sure, True, NOW) - NOW for sure in (1, 2, 3)]
    assert DAY <= back[0] < back[1] < back[2]
    assert all(delay % DAY == timedelta(0) for delay in back)


def test_each_right_answer_in_time_puts_it_off_further_and_a_miss_brings_it_back_tomorrow(course):
    one, now, delays = card("x"), NOW, []
    for _ in range(4):
        back = schedule.answer(course, one, 2, True, now)
        delays.append(back - now)
        now = back
    assert delays == sorted(set(delays)) and delays[-1] > 10 * DAY
    assert schedule.answer(course, one, 2, False, now) - now < delays[1]
    assert schedule.load(course).turns(one) == 5


@pytest.mark.parametrize("sure", [1, 2, 3])
def test_a_first_miss_comes_back_the_next_day_however_sure(course, sure):
    assert schedule.answer(course, card("x"), sure, False, NOW) - NOW == DAY


def test_confident_misses_come_first_then_the_longest_overdue_then_new_ones_of_each_lesson_in_turn(course):
    old, older, sure, new = card("old"), card("older"), card("sure"), [card("a"), card("b"), card("c", "later")]
    for one, when, how, right in ((old, NOW, 1, False), (older, NOW - DAY, 1, False), (sure, NOW, 3, False)):
        schedule.answer(course, one, how, right, when)
    memories = schedule.load(course)
    assert ids(schedule.due([old, older, *new, sure], memories, NOW + DAY)) == ["sure", "older", "old", "a", "c", "b"]
    assert ids(schedule.due([old, older, sure], memories, NOW)) == ["older"]
    schedule.answer(course, sure, 3, True, NOW + DAY)
    assert not schedule.load(course).confidently_missed(sure)


def test_a_prediction_that_missed_waits_a_day_and_comes_first_if_it_was_certain():
    fresh, certain = card("fresh"), card("certain", sure=3, since=NOW.isoformat())
    guess = card("guess", sure=1, since=NOW.isoformat())
    assert ids(schedule.due([fresh, guess, certain], schedule.Memories(), NOW)) == ["fresh"]
    assert ids(schedule.due([fresh, guess, certain], schedule.Memories(), NOW + DAY)) == ["certain", "fresh", "guess"]


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-40"])
def test_a_date_that_is_none_makes_a_card_due_at_once(since):
    assert len(schedule.due([card("x", since=since)], schedule.Memories(), NOW)) == 1


@pytest.mark.parametrize(
    "damage", ["", "[]", "{", "\x00", '{"cards": {"x": {"due": 3}}}', '{"answers": [{"card": 1}]}']
)
def test_a_damaged_file_is_set_aside(course, damage):
    path = course.root / schedule.FILE
    path.parent.mkdir()
    path.write_text(damage)
    assert schedule.load(course) == schedule.Memories()
    assert path.with_suffix(".damaged.json").read_text() == damage
    schedule.answer(course, card("x"), 2, True, NOW)
    assert len(schedule.load(course).answers) == 1


def test_what_is_kept_is_small_and_plain(course):
    schedule.answer(course, card("x"), 2, True, NOW)
    kept = json.loads((course.root / schedule.FILE).read_text())
    assert set(kept) == {"cards", "answers"}
    assert kept["answers"] == [{"card": "tiny.question.x", "at": "2026-03-01T12:00:00Z", "sure": 2, "right": True}]


def test_an_answer_that_cannot_be_written_is_told_in_one_line(course):
    (course.root / ".course").write_text("a file where the folder should be")
    with pytest.raises(progress.ProgressError, match="so your answer was not noted"):
        schedule.answer(course, card("x"), 2, True, NOW)
