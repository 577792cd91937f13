"""Every task of every built module keeps the contract; a toy task is broken once for each clause."""

from __future__ import annotations

import contextlib
import doctest
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from checks import contract

from course_lib import manifest, notebook_file
from course_lib.checks.task import demand, draws, lineup, task
from course_lib.grading import kill_table
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef

ROOT = Path(__file__).parents[2]
COURSE = CourseRef(str(ROOT))
TASKS = [
    pytest.param(lab, name, id=f"{lab.slug}-{name}") for lab in pristine.labs(COURSE).values() for name in lab.tasks
]

#: Several judgements each. Constants stand in tests/wrong_answers, too, and the solution is judged on other seeds, with
#: one text, in `test_known_answers.py`.
WEEKLY = {contract.one_text, contract.constants_of_the_visible_seed, contract.constants_tuned_on_other_seeds}
MARKS = {clause: [pytest.mark.slow] for clause in contract.SLOW} | {clause: [pytest.mark.weekly] for clause in WEEKLY}
CLAUSES = [pytest.param(clause, id=clause.__name__, marks=MARKS.get(clause, [])) for clause in contract.CLAUSES]


def solution(lab, name):
    """The reference solution's answers, made afresh at each call."""
    return partial(kill_table.answers_here, lab, name, pristine.solution(COURSE, lab))


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize(("lab", "name"), TASKS)
def test_a_task_keeps_the_contract(lab, name, clause):
    assert list(clause(lab.tasks[name], solution(lab, name))) == []


@pytest.mark.parametrize(("lab", "name"), TASKS)
def test_a_released_answer_cell_is_blank_and_its_docstring_has_shapes_and_an_example_that_holds(lab, name):
    released = notebook_file.answers(lab.notebook)[lab.answer_cells[name]]
    blank = kill_table.answers_here(lab, name, {lab.answer_cells[name]: released})
    verdict = lab.tasks[name].judge(blank, contract.VISIBLE)
    assert (verdict.state, verdict.points) == ("not attempted", 0)
    right = solution(lab, name)()
    namespace = {**next(iter(right.values())).__globals__, **right, "np": np}
    for answer, (arguments, _) in lab.tasks[name].declared.items():
        text = blank[answer].__doc__ or ""
        assert [one for one in arguments if one not in text] == [], f"{answer}: its docstring leaves out arguments"
        examples = doctest.DocTestParser().get_doctest(text, namespace, answer, None, None)
        assert len(examples.examples) >= 1, f"{answer}: its docstring has no example call"
        told: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(examples, told.append)
        assert told == []


@pytest.mark.parametrize("module", [pytest.param(m, id=m.name) for m in manifest.load().built])
def test_every_task_has_another_right_answer_and_wrong_ones_of_each_kind(module):
    for name in (*module.lesson_points, *module.lab_points):
        right = [one for one in kill_table.wrong_answers(ROOT, [module.slug], "right_answers") if one.task == name]
        wrong = {one.name for one in kill_table.wrong_answers(ROOT, [module.slug]) if one.task == name}
        assert right, f"{name}: tests/right_answers has no second way"
        assert len(wrong) >= 9 and {"constants_of_the_visible_seed", "constants_tuned_on_other_seeds"} <= wrong, name


# -- a planted fault for each clause ---------------------------------------------------------------------------------


def halving(name="halve", arguments="halve(x, least)", hints=("a", "b", "c"), again=True, **faults):
    """A sound toy task, or one with a fault."""

    @task(name, answers=(arguments if again else "halve",), hints=hints, points=10)
    def check(answers, seed):
        random = draws(1 if faults.get("same_probes") else seed, "halve")
        x = random.uniform(1, 2, 6)[lineup(random, 6)] if not faults.get("same_probes") else np.arange(6.0)
        wanted = np.maximum(x / 2, 0.75)
        if faults.get("asks_often"):
            for _ in range(contract.MOST_CALLS):
                answers.halve(x, 0.75)
        if faults.get("raw"):
            found = answers.halve(x, 0.75) + np.ones(6)[: len(x)] - 1
        elif faults.get("lenient"):
            with contextlib.suppress(Exception):
                answers.halve(x, 0.75)
            found = wanted
        else:
            found = answers.halve.array(x, 0.75)
        text = f"halves {x[0]:.3f}" if faults.get("speaks_of_the_seed") else "halves"
        close = np.isclose(found, wanted, atol=faults.get("within", 1e-4))
        yield demand("is a number", ok=True)
        yield demand(text, ok=close, essential=True, seen=answers.halve.example((x, 0.75), found, wanted, close))

    return check


def right():
    return {"halve": lambda x, least: np.maximum(x / 2, least)}


def test_a_sound_toy_keeps_every_clause():
    assert [fault for clause in contract.CLAUSES for fault in clause(halving(), right)] == []


PLANTED = {
    contract.one_text: halving(speaks_of_the_seed=True),
    contract.modest: halving(asks_often=True),
    contract.declared: halving(hints=("one",), arguments="halve(x, floor)"),
    contract.blank: halving(lenient=True),
    contract.odd: halving(raw=True),
    contract.count_of_results: halving(raw=True),
    contract.crash: halving(lenient=True),
    contract.one_at_a_time: halving(arguments="halve(x, least)", lenient=True, within=9.0),
    contract.thoughtless: halving(within=9.0),
    contract.constants_of_the_visible_seed: halving(same_probes=True, again=False),
    contract.constants_tuned_on_other_seeds: halving(same_probes=True, again=False),
    contract.again: halving(again=False),
}


@pytest.mark.parametrize("clause", contract.CLAUSES, ids=lambda clause: clause.__name__)
def test_a_planted_fault_breaks_its_clause(clause):
    assert list(clause(PLANTED[clause], right)) != []
