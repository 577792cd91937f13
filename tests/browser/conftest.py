"""One JupyterLab and one Chromium for all browser tests of a run; each test opens a notebook of its own."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest

from tests.browser.rig import ROOT, Browser, Lab, missing

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups, however this folder was named on the command line
def pytest_collection_modifyitems(items):
    """All browser tests share a worker, and so one JupyterLab; what it costs to open falls to no module's lesson."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
    items.sort(key=lambda item: item.path.as_posix().endswith("tests/browser/test_lessons.py"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    if reason := missing():
        if os.environ.get("COURSE_REQUIRE_BROWSER"):
            pytest.fail(f"COURSE_REQUIRE_BROWSER is set, but there is {reason}")
        pytest.skip(reason)
    base = tmp_path_factory.mktemp("lab")
    (base / "notebooks").mkdir()
    # The learner's file of predictions goes beside the notebooks, not into the repository.
    shutil.copyfile(ROOT / "course.toml", base / "notebooks" / "course.toml")
    with Lab(base / "notebooks", base / "state", environment={"COURSE_ROOT": str(base / "notebooks")}) as lab:
        yield lab


@pytest.fixture(scope="session")
def browser(lab):
    with Browser() as browser:
        yield browser


def write_cells(lab, name, cells):
    """Write a notebook made of some code cells, {id: source}, into the lab's folder; return its name."""
    made = [nbformat.v4.new_code_cell(source, id=cell_id) for cell_id, source in cells.items()]
    book = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL})
    nbformat.write(book, lab.folder / f"{name}.ipynb")
    return f"{name}.ipynb"


@pytest.fixture(scope="session")
def open_alone(lab, browser):
    """Return a function that opens a notebook in the page of the one before: a page of its own costs 10 CPU seconds."""
    pages = []

    def open_(name):
        if pages:
            pages[0].switch(name)
        else:
            pages.append(browser.open(lab, name))
        return pages[0]

    yield open_
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def open_cells(lab, browser):
    """Return a function that opens a notebook made of some code cells, {id: source}; all are closed in the end."""
    opened = []

    def open_(cells, **context):
        name = write_cells(lab, f"test-{len(opened)}", cells)
        opened.append(browser.open(lab, name, **context))
        return opened[-1]

    yield open_
    for page in opened:
        page.close()


@pytest.fixture
def shots(tmp_path_factory):
    """Return a folder for screenshots: `COURSE_SCREENSHOTS`, or a temporary one."""
    folder = os.environ.get("COURSE_SCREENSHOTS")
    if folder is None:
        return tmp_path_factory.mktemp("shots")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
