"""Each built module's notebooks, run: by papermill as released, its outcome compared by nbval; by nbval solved.

A released lesson runs in JupyterLab anyway and is held to the same there (`tests/browser/test_lessons.py`): papermill
runs it once a week, and each time where there is no browser.
"""

import notebook_runs as runs
import pytest

from course_lib import manifest
from course_lib.manifest import PARTS
from tests.browser.rig import missing

pytestmark = pytest.mark.slow
COURSE = manifest.load()


BROWSER = missing() is None


def each(*weekly):
    """Every lesson and lab; some but once a week."""
    return [
        pytest.param(m, part, id=f"{m.name}-{part}", marks=[pytest.mark.weekly] if part in weekly else [])
        for m in COURSE.built
        for part in PARTS
    ]


# That a blank lab is "not attempted" cell by cell is tested in process (tests/checks), and its solved form runs below.
@pytest.mark.parametrize(("module", "part"), each("lab", *["lesson"] * BROWSER))
def test_released_notebook_runs_under_papermill_and_fails_nbval_at_exactly_its_checks(module, part, tmp_path):
    assert list(runs.released(module.pristine(part), tmp_path)) == []


# The browser test solves a lesson's one task after the whole lesson has run; a lab's tasks build on each other.
@pytest.mark.parametrize(("module", "part"), each("lesson"))
def test_solved_notebook_passes(module, part):
    assert list(runs.solved_under_nbval(module, part)) == []


@pytest.mark.weekly
@pytest.mark.parametrize("module", [pytest.param(m, id=m.name) for m in COURSE.built])
def test_solution_runs_on_its_own(module, tmp_path):
    assert list(runs.solution_under_papermill(module.solution, tmp_path)) == []


@pytest.mark.parametrize("module", [pytest.param(m, id=m.name) for m in COURSE.built])
def test_solution_runs_in_process(module):
    assert list(runs.solution_in_process(module.solution)) == []
