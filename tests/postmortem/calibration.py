"""How far the grader agrees with two readings of each document; ``python -m tests.postmortem.calibration`` tells."""

import csv
import functools

from course_lib.postmortem import check, document, rubric
from tests.postmortem import kit

RUNS = {"a": "checkout_a", "b": "checkout_b", "o": "orders"}
RULES = (*rubric.POINTS, *(f"L{n}" for n in range(1, 10)))
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
    """The grader's grade of every document."""
    found = {}
    for path in sorted((kit.HERE / "documents").glob("*.md")):
        found[path.stem] = check.against(document.load(path), kit.sealed(RUNS[path.stem[0]])).grade
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


def report():
    """All of it, in lines."""
    first, second, seen = by_reading("A"), by_reading("B"), fails()
    yield f"documents {len(seen)}, decisions {len(seen) * len(RULES)}"
    yield f"kappa: grader with A {kappa(seen, first):.3f}, with B {kappa(seen, second):.3f}"
    yield f"kappa: A with B {kappa(first, second):.3f}"
    for rule, (hit, false, missed) in counts().items():
        precision = f"{hit}/{hit + false}" if hit + false else "-"
        recall = f"{hit}/{hit + missed}" if hit + missed else "-"
        yield f"{rule:4} precision {precision:>6}  recall {recall:>6}"
    hit, false, missed = (sum(column) for column in zip(*counts().values(), strict=True))
    yield f"all  precision {hit / (hit + false):.3f}  recall {hit / (hit + missed):.3f}"
    yield from differences()


if __name__ == "__main__":
    print("\n".join(report()))
