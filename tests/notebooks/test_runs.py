"""Each built module's notebooks, run: by papermill as released, its outcome compared by nbval; by nbval solved.

What a notebook shows and what its checks say is looked at in process each time, without its pictures. One module takes
the learner's way each time, in JupyterLab (`tests/browser/test_lessons.py`) and under nbval; all do so once a week, and
under papermill, which runs lessons each time where there is no browser.
"""

import notebook_runs as runs
import pytest

from course_lib import manifest
from course_lib.manifest import PARTS
from tests.browser.rig import missing

pytestmark = pytest.mark.slow
COURSE = manifest.load()


BROWSER = missing() is None


#: The one that goes the real way each time.
QUICK = "queue_overload"
EVERY = [pytest.param(m, id=m.name) for m in COURSE.built]
OTHERS = [pytest.param(m, id=m.name) for m in COURSE.built if m.slug != QUICK]


def each(*weekly, quick=()):
    """Every lesson and lab; some parts but once a week, others so in all modules but the quick one."""
    often = {part: [] if part not in weekly else [pytest.mark.weekly] for part in PARTS}
    rest = {part: [pytest.mark.weekly] if part in quick else often[part] for part in PARTS}
    return [
        pytest.param(m, part, id=f"{m.name}-{part}", marks=(often if m.slug == QUICK else rest)[part])
        for m in COURSE.built
        for part in PARTS
    ]


# That a blank lab is "not attempted" cell by cell is tested in process (tests/checks), and its solved form runs below.
@pytest.mark.parametrize(("module", "part"), each("lab", *["lesson"] * BROWSER))
def test_released_notebook_runs_under_papermill_and_fails_nbval_at_exactly_its_checks(module, part, tmp_path):
    assert list(runs.released(module.pristine(part), tmp_path)) == []


@pytest.mark.parametrize(("module", "part"), each("lesson", quick=["lab"]))
def test_solved_notebook_passes(module, part):
    assert list(runs.solved_under_nbval(module, part)) == []


@pytest.mark.parametrize("module", OTHERS)
def test_lesson_shows_what_it_should_and_is_green_once_answered(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(runs.here(module)) == []


@pytest.mark.parametrize("module", OTHERS)
def test_solved_lab_is_green(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(runs.solved_here(module, "lab")) == []


@pytest.mark.weekly
@pytest.mark.parametrize("module", EVERY)
def test_solution_runs_on_its_own(module, tmp_path):
    assert list(runs.solution_under_papermill(module.solution, tmp_path)) == []


@pytest.mark.parametrize("module", EVERY)
def test_solution_runs_in_process(module):
    assert list(runs.solution_in_process(module.solution)) == []
