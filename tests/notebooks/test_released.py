"""Each built module's lesson, lab and solution, as they lie in git."""

import notebook_rules as rules
import pytest

from course_lib import manifest, notebook_file
from course_lib.manifest import PARTS

COURSE = manifest.load()
RELEASED = [pytest.param(m, part, id=f"{m.name}-{part}") for m in COURSE.built for part in PARTS]
BUILT = [pytest.param(m, id=m.name) for m in COURSE.built]


@pytest.mark.parametrize(("module", "part"), RELEASED)
def test_released_notebook_keeps_the_rules(module, part):
    path, points = module.pristine(part), module.points(part)
    assert list(rules.file_rules(path)) == []
    notebook = notebook_file.read(path)
    assert list(rules.cleanness(notebook)) == []
    assert list(rules.roles(notebook, points)) == []
    assert list(rules.stored_verdicts(notebook, points)) == []
    assert list(rules.blank_answers(notebook)) == []
    assert list(rules.links(notebook, path)) == []
    assert list(rules.predictions(notebook)) == []


@pytest.mark.parametrize("module", BUILT)
def test_lesson_has_its_stations_and_size(module):
    assert list(rules.shape(notebook_file.read(module.lesson))) == []


@pytest.mark.parametrize("part", PARTS)
def test_no_prose_stands_in_three_lessons_or_labs(part):
    notebooks = {module.name: notebook_file.read(module.pristine(part)) for module in COURSE.built}
    assert list(rules.repeated_prose(notebooks)) == []


@pytest.mark.parametrize("module", BUILT)
def test_lesson_leads_on_to_its_lab_and_the_next_lesson(module):
    later = [other.lesson for other in COURSE.built if other.number > module.number]
    assert list(rules.leads_on(notebook_file.read(module.lesson), module.lab, later[0] if later else None)) == []


@pytest.mark.parametrize("module", BUILT)
def test_cell_ids_are_unique_over_lesson_and_lab(module):
    roles = [notebook_file.role_ids(notebook_file.read(module.pristine(part))) for part in PARTS]
    assert roles[0] & roles[1] == set()


@pytest.mark.parametrize("module", BUILT)
def test_solution_answers_every_task(module):
    wanted = {id_ for part in PARTS for id_ in notebook_file.answers(notebook_file.read(module.pristine(part)))}
    assert list(rules.file_rules(module.solution)) == []
    solution = notebook_file.read(module.solution)
    assert list(rules.cleanness(solution)) == []
    assert list(rules.finished_answers(solution, wanted)) == []


@pytest.mark.parametrize("module", BUILT)
def test_source_that_a_lesson_shows_is_not_too_wide_for_it(module):
    code = [cell.source for cell in notebook_file.read(module.lesson).cells if cell.cell_type == "code"]
    shown = [source for source in code if source.startswith("view.source(")]
    known: dict = {}
    exec(next(source for source in code if "import numpy" in source), known)
    assert shown
    for source in shown:
        lines = eval(source, known).data.splitlines()
        assert max(map(len, lines)) <= 97, max(lines, key=len)  # 1280 pixels beside the file browser


def test_the_course_names_at_least_its_modules():
    assert len(COURSE.modules) == 12
