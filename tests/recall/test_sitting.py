"""A sitting in the terminal and on the page: both keep the same answers."""

import json

import pytest

from course_lib import manifest
from course_lib.home import start
from course_lib.recall import calibration, desk, naming, schedule, terminal
from course_lib.recall.cards import Card

HOME = manifest.load().root
QUESTION = Card("retry_storm.question.1", "retry_storm", "question", "How *many*?", "It is $x^2$, <i>four</i>.")
NAMING = Card("retry_storm.naming.1", "retry_storm", "naming")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The real modules, with a folder of its own for what the learner does."""
    (tmp_path / "course.toml").write_bytes((HOME / "course.toml").read_bytes())
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    return manifest.load()


def sit(course, cards, *typed):
    said, answers = [], iter(typed)

    def ask(question, letters):
        said.append(question)
        typed = next(answers)
        assert typed in (*letters, "q")
        return typed

    return terminal.sitting(course, cards, ask, said.append), "\n".join(said)


def kept(course):
    return [(answer.card, answer.sure, answer.right) for answer in schedule.load(course).answers]


def test_a_question_is_asked_how_sure_is_asked_before_the_answer_is_shown(course):
    counted, said = sit(course, [QUESTION], "3", "n")
    assert counted == (1, 0) and kept(course) == [(QUESTION.id, 3, False)]
    assert said.index("How many?") < said.index("How sure are you?") < said.index("It is x^2, four.")
    assert "It comes back on" in said


def test_a_failure_is_named_and_the_answer_says_what_tells_it(course):
    right = "abcd"[naming.question(course, "retry_storm", 0).right]
    counted, said = sit(course, [NAMING], right, "2")
    assert counted == (1, 1) and "Right. Retry storms. What tells it" in said
    assert said.partition("How sure")[0].count("Retry storms") == 1, "the name stands among the four, and nowhere else"
    wrong = next(letter for letter in "abcd" if letter != "abcd"[naming.question(course, "retry_storm", 1).right])
    counted, said = sit(course, [NAMING], wrong, "3")
    assert counted == (1, 0) and "No. Retry storms." in said
    assert kept(course) == [(NAMING.id, 2, True), (NAMING.id, 3, False)]


@pytest.mark.parametrize(("card", "typed"), [(QUESTION, "q"), (QUESTION, "3q"), (NAMING, "q"), (NAMING, "aq")])
def test_q_ends_it_and_keeps_nothing_of_the_card(course, card, typed):
    assert sit(course, [card, QUESTION], *typed)[0] == (0, 0)
    assert kept(course) == []


def press(page, name):
    """Press the button of that name, wherever on the page."""

    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    found = [widget for widget in walk(page) if getattr(widget, "description", "") == name]
    assert len(found) == 1, name
    found[0].click()


def words(page):
    return "\n".join(getattr(child, "value", "") for child in page.children)


def test_the_page_asks_how_sure_shows_the_answer_and_keeps_what_was_said(course):
    page = desk.Desk(course, [QUESTION, NAMING])
    assert "How <em>many</em>?" in words(page) and "four" not in words(page)
    press(page, "certain")
    assert "four" in words(page)
    press(page, "I had it")
    assert "It comes back on" in words(page)
    press(page, "Next card")
    assert 'alt="Four charts of one failure' in words(page) and "What tells it" not in words(page)
    assert "Retry storms" not in words(page), "it stands on its button alone"
    press(page, "Retry storms")
    assert "What tells it" not in words(page)
    press(page, "a guess")
    assert "Right." in words(page) and "What tells it" in words(page)
    press(page, "Next card")
    assert "2 of 2 right" in words(page)
    assert kept(course) == [(QUESTION.id, 3, True), (NAMING.id, 1, True)]


def test_a_page_that_cannot_keep_an_answer_says_so_and_goes_on(course):
    (course.root / ".course").write_text("a file where the folder should be")
    page = desk.Desk(course, [QUESTION])
    press(page, "certain")
    press(page, "I missed it")
    assert "was not noted" in words(page)
    press(page, "Next card")
    assert "0 of 1 right" in words(page)


def test_without_cards_the_page_says_that_nothing_is_due(course):
    assert "Nothing is due" in words(desk.Desk(course, []))


def test_what_waits_are_due_cards_and_on_asking_later_ones(course):
    (course.root / "notebooks").symlink_to(HOME / "notebooks")
    (course.root / ".course").mkdir()
    told = {"split_brain.saved": {"value": 3, "confidence": 1}}
    (course.root / ".course" / "predictions.json").write_text(json.dumps(told))
    waiting = start.waiting(course)
    assert {card.kind for card in waiting} == {"question", "naming"}
    for card in waiting:
        schedule.answer(course, card, 3, True)
    assert start.waiting(course) == []
    assert set(start.waiting(course, everything=True)) == set(waiting)
    assert isinstance(start.recall(everything=True), desk.Desk)


def test_shares_by_confidence_with_intervals_that_hold_for_few():
    one, many = calibration.shares([(3, True)])[0], calibration.shares([(2, i % 5 > 0) for i in range(500)])[0]
    assert one.right == one.of == 1 and one.low < 0.3 and one.high == 1.0
    # R. G. Newcombe, Stat. Med. 17, 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    known = calibration.shares([(1, i < 81) for i in range(263)])[0]
    assert (round(known.low, 4), round(known.high, 4)) == (0.2553, 0.3662)
    assert many.high - many.low < 0.08


def test_the_calibration_is_drawn_from_predictions_and_cards(course):
    schedule.answer(course, QUESTION, 3, False)
    given = calibration.answers(course)
    assert given == {"predictions": [], "cards": [(3, False)]}
    chart = calibration.chart(given | {"predictions": [(1, True), (3, True)]})
    assert (
        "cards, certain: 0 of 1 right" in chart.description
        and "predictions, a guess: 1 of 1 right" in chart.description
    )
    assert chart.png()
    assert start.calibration().description.endswith("cards, certain: 0 of 1 right.")


def test_nobody_who_has_answered_nothing_gets_an_empty_chart(course):
    assert "No answers yet" in start.calibration().data
