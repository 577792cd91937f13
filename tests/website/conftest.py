"""One Chromium and one small site for all tests of the website."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.browser.rig import FLAGS, chromium
from tests.website import looking


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moving") / "a site"
    looking.write(folder)
    return folder


@pytest.fixture(scope="session")
def chrome():
    """Return a function that calls another with a browser, in a thread whose event loop is nobody else's."""
    from playwright.sync_api import sync_playwright

    with ThreadPoolExecutor(1) as thread:
        opened = thread.submit(lambda: sync_playwright().start()).result()
        browser = thread.submit(lambda: opened.chromium.launch(executable_path=chromium(), args=list(FLAGS))).result()
        yield lambda look, *given: thread.submit(look, browser, *given).result()
        thread.submit(lambda: (browser.close(), opened.stop())).result()
