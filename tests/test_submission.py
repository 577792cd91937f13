"""The one reader of learners' files: silent on files in order, bounded on any, and told apart which lab a file is."""

import json
import time

import pytest

from course_lib import manifest, notebook_file, submission
from course_lib.manifest import PARTS
from course_lib.submission import Released, SubmissionError

MODULES = manifest.load().built
BOTH = [(module, part) for module in MODULES for part in PARTS]


def document(notebook):
    return submission.parse(json.dumps(notebook), "lab.ipynb")


def solved(module, part):
    answers = notebook_file.answers(notebook_file.read(module.solution))
    return notebook_file.transplant(notebook_file.read(module.pristine(part)), answers)


@pytest.mark.parametrize(("module", "part"), BOTH, ids=lambda value: getattr(value, "slug", value))
def test_a_solved_copy_is_read_whole_without_a_word_and_as_no_other_lab(module, part):
    whole = solved(module, part)
    for other, piece in BOTH:
        found = submission.pick(document(whole), Released.of(notebook_file.read(other.pristine(piece))))
        if (other, piece) == (module, part):
            assert found.answers == notebook_file.answers(whole) and found.refused == {} and found.notes == ()
        else:
            assert found.empty


@pytest.mark.parametrize(("module", "part"), BOTH, ids=lambda value: getattr(value, "slug", value))
@pytest.mark.parametrize("tags", [True, False], ids=["tags-kept", "tags-lost"])
def test_without_ids_each_answer_is_found_before_its_check_as_here_so_in_modules_to_come(module, part, tags):
    whole = solved(module, part)
    for cell in whole.cells:
        cell.pop("id")
        cell["metadata"] = cell["metadata"] if tags else {}
    found = submission.pick(document(whole), Released.of(notebook_file.read(module.pristine(part))))
    assert found.answers == notebook_file.answers(solved(module, part)) and found.exact == 0
    assert all("had lost its id" in note for note in found.notes)


@pytest.mark.parametrize(("module", "part"), BOTH, ids=lambda value: getattr(value, "slug", value))
def test_the_solution_handed_in_is_read_without_a_word_and_what_is_added_to_it_is_named(module, part):
    whole, pristine = notebook_file.read(module.solution), notebook_file.read(module.pristine(part))
    found = submission.pick(document(whole), Released.of(pristine, whole))
    assert found.answers == {id_: notebook_file.answers(whole)[id_] for id_ in notebook_file.answers(pristine)}
    assert found.notes == () and found.refused == {}
    whole.cells[2].source += "\nnp = None"
    (told,) = submission.pick(document(whole), Released.of(pristine, notebook_file.read(module.solution))).notes
    assert told.startswith("cell 3 is no answer cell and is not read; answers use its ") and "np" in told


def cells(*sources):
    made = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


HOSTILE = {
    "brackets": "[" * 5_000_000,
    "strings": '{"cells": "' + '\\"' * 4_000_000,
    "quotes": '"' * 10_000_001,
    "parts": '{"cells": [' + "[]," * 3_000_000 + "[]]}",
    "spaces": cells("a" + " " * 1_000_000 + "b = 1"),
    "commas": cells("a, " * 300_000),
    "colons": cells("a:" * 500_000),
    "equals": cells("=" * 1_000_000),
    "imports": cells("import " + "a," * 400_000),
    "checks": cells(*["checks.double(x)\n" * 5_000] * 40),
    "words": cells(*["x = 1\n" * 1_000] * 499),
    "blank": " " * 10_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_the_reader_long(name):
    released = Released.of(solved(*BOTH[0]))
    started = time.process_time()
    try:
        submission.pick(submission.parse(HOSTILE[name]), released)
    except SubmissionError as error:
        assert "\n" not in str(error) and len(str(error)) < 300
    assert time.process_time() - started < 5


def test_a_line_of_a_conflict_and_a_cut_off_file_are_told_apart():
    for text, words in (
        ('{"cells": [\n<<<<<<< HEAD\n', "marks of a Git conflict"),
        ('{"cells": [', "line 1: "),
        ("", "is empty"),
        ("[1]", "not a notebook"),
    ):
        with pytest.raises(SubmissionError, match=words):
            submission.parse(text)
