"""A learner's copy is as JupyterLab would write it: opening it does not mark it changed."""

import shutil

import pytest

from course_lib import manifest, notebook_file
from course_lib.home import work

METADATA = "() => jupyterapp.shell.currentWidget.content.model.toJSON().metadata"
CHANGED = "() => jupyterapp.shell.currentWidget.context.model.dirty"


@pytest.mark.weekly
def test_opening_a_copy_does_not_mark_it_changed_and_opening_the_released_one_would(lab, browser):
    module = manifest.load().built[0]
    notebook_file.write(work.fresh(module, "lab"), lab.folder / "copy.ipynb")
    shutil.copy(module.lab, lab.folder / "released.ipynb")
    page = browser.open(lab, "copy.ipynb")
    stored = notebook_file.read(lab.folder / "copy.ipynb").metadata
    assert page.page.evaluate(METADATA) == stored and page.page.evaluate(CHANGED) is False
    page.switch("released.ipynb")
    page.page.wait_for_function(CHANGED)
    page.close()
