"""Language rules against labelled sentences, blameful and fair."""

import csv
from pathlib import Path

from course_lib.postmortem import language

HERE = Path(__file__).parent
NAMES = ("Grace Okafor",)


def sentences():
    with (HERE / "sentences.csv").open(encoding="utf-8", newline="") as file:
        return [(set(row["rules"].split()), row["section"], row["sentence"]) for row in csv.DictReader(file)]


def scores(labelled):
    """True and false alarms and misses by rule, and under "all" of sentences."""
    found = {}
    for wanted, section, sentence in labelled:
        seen = set(language.told(sentence, section, NAMES))
        for rule in wanted | seen:
            hit, false, missed = found.get(rule, (0, 0, 0))
            found[rule] = (hit + (rule in wanted & seen), false + (rule not in wanted), missed + (rule not in seen))
        if wanted != seen:
            print(sorted(wanted), sorted(seen), sentence)
    return found


def test_the_labelled_sentences_are_enough():
    labelled = sentences()
    assert len(labelled) >= 60
    assert sum(not wanted for wanted, _, _ in labelled) >= 30


def test_precision_and_recall():
    found = scores(sentences())
    for rule, (hit, false, missed) in sorted(found.items()):
        print(f"{rule}: precision {hit}/{hit + false}, recall {hit}/{hit + missed}")
    hit, false, missed = (sum(column) for column in zip(*found.values(), strict=True))
    print(f"all: precision {hit / (hit + false):.3f}, recall {hit / (hit + missed):.3f}")
    assert hit / (hit + false) >= 0.95
    assert hit / (hit + missed) >= 0.95
