"""How far the grader agrees with two readings of each document; ``python -m tests.postmortem.calibration`` writes."""

import csv
import functools
from dataclasses import replace

from course_lib.postmortem import actions, detection, document, rubric
from tests.postmortem import kit

RUNS = {"a": "checkout_a", "b": "checkout_b", "o": "orders"}
RULES = (*rubric.POINTS, *(f"L{n}" for n in range(1, 10)))
PAGE = kit.HERE.parents[1] / "docs" / "post-mortems.md"
#: A rule is failed where a reader takes more than a third of its points.
FAILED = 2 / 3


@functools.lru_cache
def readings():
    """(document, reading) to (kind, rules failed, points)."""
    with (kit.HERE / "readings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(r["document"], r["reading"]): (r["kind"], set(r["fails"].split()), float(r["points"])) for r in rows}


@functools.lru_cache
def grades():
    """The grader's grade of every document; the items of all documents on a run are replayed in one batch."""
    papers = {path.stem: document.load(path) for path in sorted((kit.HERE / "documents").glob("*.md"))}
    found = {}
    for letter, run in RUNS.items():
        mine = {name: paper for name, paper in papers.items() if name[0] == letter}
        effects = {name: actions.effects(paper) for name, paper in mine.items()}
        every = {f"{name} {id_}": effect for name, own in effects.items() for id_, effect in own.items()}
        played = kit.examined(run, every).items
        for name, paper in mine.items():
            items = {id_: played[f"{name} {id_}"] for id_ in effects[name]}
            facts = kit.examined(run, {}, detection.proposal(paper)[1])
            found[name] = rubric.grade(paper, replace(facts, items=items))
    return found


def fails():
    """Rules that the grader fails, by document."""
    return {name: {rule for rule in RULES if grade.rules[rule] < FAILED + 1e-9} for name, grade in grades().items()}


def by_reading(reading):
    return {name: told[1] for (name, who), told in readings().items() if who == reading}


def kappa(one, other):
    """Cohen's kappa of two sets of verdicts, over all documents and rules."""
    pairs = [(rule in one[name], rule in other[name]) for name in one for rule in RULES]
    agree = sum(a == b for a, b in pairs) / len(pairs)
    p, q = sum(a for a, _ in pairs) / len(pairs), sum(b for _, b in pairs) / len(pairs)
    chance = p * q + (1 - p) * (1 - q)
    return (agree - chance) / (1 - chance)


def counts():
    """Hits, false alarms and misses of each rule, where both readings agree."""
    first, second, seen = by_reading("A"), by_reading("B"), fails()
    found = {}
    for rule in RULES:
        told = [(rule in first[n], rule in seen[n]) for n in first if (rule in first[n]) == (rule in second[n])]
        wanted = ((True, True), (False, True), (True, False))
        hit, false, missed = (sum(pair == one for pair in told) for one in wanted)
        found[rule] = (hit, false, missed)
    return found


def differences():
    """Where the grader differs from both readings."""
    first, second, seen = by_reading("A"), by_reading("B"), fails()
    for name in sorted(first):
        false = sorted(seen[name] - first[name] - second[name])
        missed = sorted((first[name] & second[name]) - seen[name])
        if false or missed:
            yield f"{name}: false {' '.join(false) or '-'}; missed {' '.join(missed) or '-'}"


def totals():
    """Precision and recall over all rules."""
    hit, false, missed = (sum(column) for column in zip(*counts().values(), strict=True))
    return hit / (hit + false), hit / (hit + missed)


def page():
    """All of it, as an instructor reads it."""
    first, second, seen = by_reading("A"), by_reading("B"), fails()
    kinds = {name: kind for (name, _), (kind, _, _) in readings().items()}
    cheats = [grades()[name].total for name, kind in kinds.items() if kind == "cheat"]
    good = [grades()[name].total for name, kind in kinds.items() if kind == "good"]
    off = [abs(grades()[n].total - points) for (n, _), (kind, _, points) in readings().items() if kind != "cheat"]
    yield HEAD.format(documents=len(seen), decisions=len(seen) * len(RULES))
    yield "| | Cohen's κ |\n|---|---|"
    yield f"| grader and first reading | {kappa(seen, first):.2f} |"
    yield f"| grader and second reading | {kappa(seen, second):.2f} |"
    yield f"| the two readings | {kappa(first, second):.2f} |\n"
    precision, recall = totals()
    yield f"Over all rules precision is {precision:.2f} and recall {recall:.2f}. Points differ from those of a"
    yield f"reading by {sum(off) / len(off):.1f} of a hundred in the mean and {max(off):.0f} at most. The worst of the"
    yield f"good documents earns {min(good):.0f}; the best of the {len(cheats)} cheats earns {max(cheats):.0f}.\n"
    yield RULES_HEAD
    yield from _rows()
    yield DIFFERENCES_HEAD
    yield from (f"- {line}" for line in differences())


def _rows():
    says = {rule: text for group in rubric.GROUPS for rule, text in rubric.rules(group).items()}
    for rule, (hit, false, missed) in counts().items():
        worth = f"{rubric.POINTS[rule]:g}" if rule in rubric.POINTS else ""
        precision = f"{hit} of {hit + false}" if hit + false else "–"
        recall = f"{hit} of {hit + missed}" if hit + missed else "–"
        yield f"| {rule} | {says[rule]} | {worth} | {precision} | {recall} |"


HEAD = """# How far the post-mortem grader can be trusted

{documents} documents on three runs, of our own writing: good and middling ones, each fault of the rubric, and four
kinds of cheat (stuffed with keywords, copied from another run, generic, with made-up figures). Each was marked rule by
rule against the rubric in two readings, blind to the grader and to each other: {decisions} decisions a reading.
The readings were made by the course's authors, not by a panel of engineers. Documents and readings are in
`tests/postmortem/`; `python -m tests.postmortem.calibration` writes this page, and a test says whether it is fresh.
"""
RULES_HEAD = """## Rule by rule

Where both readings agree: of what the grader called a miss, how much was one (precision), and of what was one, how much
it found (recall). Points are of a hundred; language shares ten. A rule with few documents behind it says little.

| Rule | Demands | Points | Precision | Recall |
|---|---|---|---|---|"""
DIFFERENCES_HEAD = """
## Where it differs from both readings

False: called a miss, and neither reading did. Missed: both did, and the grader let it pass.
"""


def written():
    """The page as one text."""
    return "\n".join(page()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
    print(f"{PAGE}: written")
