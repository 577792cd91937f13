"""The symptom index leads to the right lesson, and says of the models what they do."""

import numpy as np
import pytest

from course_lib import manifest, symptoms
from course_lib.detect import table
from course_lib.symptoms import Symptom

COURSE = manifest.load()
ENTRIES = symptoms.read()
METRICS = [entry for entry in ENTRIES if entry.look == "metric"]
#: As people might say it, and the lesson they need; none was taken from the index.
QUESTIONS = {
    "p99 high on one shard only": "hot_partition",
    "dynamodb is throttling us": "hot_partition",
    "autoscaling does not help": "hot_partition",
    "retries going through the roof": "retry_storm",
    "traffic doubled but same number of users": "retry_storm",
    "cache misses hammer postgres": "cache_stampede",
    "thundring herd": "cache_stampede",
    "slow every five minutes": "cache_stampede",
    "two primaries": "split_brain",
    "customers say their orders vanished": "split_brain",
    "kafka lag growing": "queue_overload",
    "the email never arrived": "queue_overload",
    "getaddrinfo EAI_AGAIN": "dns_outage",
    "SERVFAIL": "dns_outage",
    "connection refused after deploy": "discovery_failure",
    "stale endpoints": "discovery_failure",
    "everything is red": "cascading_failure",
    "thread pool exhausted": "cascading_failure",
    "circuit breakers open everywhere": "cascading_failure",
    "won't come back after restart": "metastable_failure",
    "load is normal and the site is still down": "metastable_failure",
    "health checks green but users complain": "gray_failure",
    "tail latency": "gray_failure",
    "intermittent slow pages": "gray_failure",
    "errors after release": "bad_rollout",
    "feature flag broke checkout": "bad_rollout",
    "same outage again": "repeat_incident",
    "action items overdue": "repeat_incident",
}


def test_the_index_is_whole():
    assert list(symptoms.contradictions(COURSE, ENTRIES)) == []
    assert symptoms.load(COURSE) == ENTRIES


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"slug": "split_brane"}, "there is no module 'split_brane'"),
        ({"like": ENTRIES[0].slug}, "is said to look like itself"),
        ({"like": "gray_failing"}, "is like 'gray_failing', which is no module"),
        ({"look": "users"}, "a metric, and nothing else, names a signal"),
        ({"signal": ""}, "a metric, and nothing else, names a signal"),
    ],
)
def test_a_planted_fault_of_an_entry_is_named(change, says):
    faults = list(symptoms.contradictions(COURSE, (ENTRIES[0].model_copy(update=change), *ENTRIES)))
    assert len(faults) == 1 and says in faults[0]


def test_a_module_without_one_of_the_looks_is_named():
    fewer = [entry for entry in ENTRIES if (entry.slug, entry.look) != ("dns_outage", "users")]
    assert list(symptoms.contradictions(COURSE, fewer)) == ["dns_outage has no look of kind 'users'"]


@pytest.mark.parametrize("text", ["symptom = 3", "[[symptom]]\nslug = 'x'", "[[symptom]]\nslug = x", ""])
def test_a_file_that_is_not_whole_is_one_line(tmp_path, text):
    (tmp_path / "symptoms.toml").write_text(text)
    with pytest.raises(symptoms.SymptomError, match=r"^symptoms\.toml: [^\n]+$"):
        symptoms.read(tmp_path / "symptoms.toml")


def moves(entry: Symptom) -> str:
    """Where a metric goes on the day of the incident, beyond all that it does on a quiet day."""
    days = table(entry.slug)
    incident, quiet = (days.run(day, 7)[entry.signal] for day in ("incident", "quiet"))
    spread = 0.1 * (1e-9 + np.nanmax(quiet) - np.nanmin(quiet))
    rises = np.nanmax(incident) > np.nanmax(quiet) + spread
    falls = np.nanmin(incident) < np.nanmin(quiet) - spread
    return "rises and falls" if rises and falls else "rises" if rises else "falls" if falls else "stays"


@pytest.mark.parametrize("entry", METRICS, ids=lambda entry: f"{entry.slug}-{entry.signal}")
def test_a_metric_moves_as_the_index_says(entry):
    assert entry.moves in moves(entry)


def test_a_metric_that_does_not_move_so_is_seen():
    assert moves(METRICS[0].model_copy(update={"signal": "offered_rate"})) == "stays"
    assert "falls" not in moves(METRICS[0])


@pytest.mark.parametrize(("question", "slug"), QUESTIONS.items())
def test_a_question_leads_to_its_lesson(question, slug):
    assert symptoms.find(ENTRIES, question)[0].slug == slug


def test_what_fits_nothing_finds_nothing_and_empty_words_are_told():
    assert symptoms.find(ENTRIES, "banana bread") == []
    for question in ("", "it is the", "?!"):
        with pytest.raises(symptoms.SymptomError, match="in a few words"):
            symptoms.find(ENTRIES, question)


def test_each_module_is_also_found_by_its_name():
    for module in COURSE.modules:
        found = symptoms.find(ENTRIES, module.slug.replace("_", " "))
        assert found[0].slug == module.slug
