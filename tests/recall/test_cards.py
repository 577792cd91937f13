"""Cards come from the lessons that a learner has begun, whole, and each has one name."""

import pytest

from course_lib import manifest
from course_lib.progress import Progress, with_results
from course_lib.recall import cards

COURSE = manifest.load()


def told(name, **entry):
    return {
        name: {
            "value": 10,
            "truth": 60.0,
            "unit": "%",
            "confidence": 3,
            "near": False,
            "at": "2026-03-01T10:00:00+00:00",
        }
        | entry
    }


@pytest.mark.parametrize("module", COURSE.built, ids=lambda module: module.slug)
def test_each_lesson_has_questions_with_answers_and_something_to_predict(module):
    found = cards.questions(module)
    assert len(found) >= 5
    for card in found:
        assert card.front and card.back and "<" not in card.front.replace("<i>", "").replace("</i>", "")
    names = cards.asked(module)
    assert names and all(name.startswith(f"{module.slug}.") and question for name, (question, _) in names.items())


def test_all_cards_have_names_of_their_own_that_stay():
    everything = Progress()
    for module in COURSE.built:
        everything = with_results(everything, module, [(task, "right", 1) for task in module.lesson_points])
    deck = cards.deck(COURSE, everything, {})
    assert len({card.id for card in deck}) == len(deck) > 12 * 6
    assert [card.id for card in deck] == [card.id for card in cards.deck(COURSE, everything, {})]
    assert sum(card.kind == "naming" for card in deck) == 12


def test_only_lessons_that_were_begun_have_cards():
    assert cards.deck(COURSE, Progress(), {}) == []
    begun = with_results(Progress(), COURSE.module(5), [("cells", "wrong", 0)])
    assert {card.slug for card in cards.deck(COURSE, begun, {})} <= {"queue_overload"}
    predicted = cards.deck(COURSE, Progress(), told("hot_partition.doubled", near=True))
    assert {card.slug for card in predicted} == {"hot_partition"}


def test_a_prediction_that_missed_is_a_card_and_one_that_came_near_is_none():
    deck = cards.deck(COURSE, Progress(), told("hot_partition.doubled"))
    (missed,) = [card for card in deck if card.kind == "prediction"]
    assert missed.front.startswith("On 64 partitions") and missed.sure == 3
    assert missed.back == "The model says **60 %**. Before the lesson you said 10 %."
    for entry in ({"near": True}, {"near": None}, {"confidence": 0}, {"confidence": "high"}):
        assert not [
            c for c in cards.deck(COURSE, Progress(), told("hot_partition.doubled", **entry)) if c.kind == "prediction"
        ]


@pytest.mark.parametrize(
    ("value", "words"), [("never", "never"), ("B", "curve B"), (None, "nothing"), (0.12345, "0.123 %")]
)
def test_an_answer_of_any_kind_is_told(value, words):
    deck = cards.deck(COURSE, Progress(), told("hot_partition.doubled", value=value))
    assert deck[0].kind == "prediction" and deck[0].back.endswith(f"you said {words}.")
