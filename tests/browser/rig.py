"""A real JupyterLab, a real (headless) Chromium, and the few verbs that a test of a notebook needs.

with Lab(folder) as lab, Browser() as browser:
    page = browser.open(lab, "lesson.ipynb")
    page.run_all()
    assert not page.errors()
    page.drag("max_retries", to="max")
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LAPTOP = {"width": 1280, "height": 800}
#: Seconds for what should take a tenth of one: a machine may be busy, and what is wrong shows in other ways.
PATIENCE = 150


def chromium() -> str | None:
    """Return the path of a Chromium, or None: `COURSE_CHROMIUM`, or the usual names on the path."""
    named = os.environ.get("COURSE_CHROMIUM")
    return named or next((found for name in CHROMIUM if (found := shutil.which(name))), None)


def missing() -> str | None:
    """Return why there can be no browser test here, or None."""
    if chromium() is None:
        return "no Chromium or Chrome on the path (set COURSE_CHROMIUM to one)"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed (pip install playwright)"
    return None


def free_port() -> int:
    """Return a port nobody listens on, from below those that any connection may be given before it is taken."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Lab:
    """A JupyterLab over a folder, with settings, workspaces and configuration of its own.

    Parameters
    ----------
    folder : Path
        Root of the notebooks.
    state : Path
        Where Jupyter may write.
    nodelay : bool
        Enable the course's server extension.
    environment : dict, optional
        More environment variables, also seen by the kernels.
    """

    def __init__(self, folder: Path, state: Path, nodelay: bool = True, environment: dict[str, str] | None = None):
        self.folder, self.state, self.port = folder, state, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._write_settings(nodelay)
        self.environment = {**os.environ, **self._places(), **(environment or {})}

    def _places(self) -> dict[str, str]:
        names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_DATA_DIR": "data",
                 "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
                 "IPYTHONDIR": "ipython"}  # fmt: skip
        # The kernel sees the course, this folder's stand-ins, and whatever the caller's path already held.
        path = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests" / "browser"), os.environ.get("PYTHONPATH")]))
        return {"PYTHONPATH": path, "JUPYTER_PREFER_ENV_PATH": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                **{name: str(self.state / folder) for name, folder in names.items()}}  # fmt: skip

    def _write_settings(self, nodelay: bool) -> None:
        config = {"ServerApp": {"jpserver_extensions": {"course_lib.nodelay": nodelay}}}
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        files = {
            "config/jupyter_server_config.d/course_lib.json": config,
            "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings": quiet,
        }
        for name, content in files.items():
            (self.state / name).parent.mkdir(parents=True, exist_ok=True)
            (self.state / name).write_text(json.dumps(content))

    def __enter__(self) -> Lab:
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}",
                   "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True",
                   f"--ServerApp.root_dir={self.folder}", "--LabApp.expose_app_in_browser=True",
                   "--MappingKernelManager.shutdown_wait_time=1.0"]  # fmt: skip
        self.log = (self.state / "lab.log").open("w")
        self.process = subprocess.Popen(command, env=self.environment, stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self, seconds: float = PATIENCE) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/api/status", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not start: {(self.state / 'lab.log').read_text()[-2000:]}")

    def __exit__(self, *_exception) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Browser:
    """One headless Chromium; opens each notebook in a page and a workspace of its own."""

    def __enter__(self) -> Browser:
        from playwright.sync_api import sync_playwright

        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        return self

    def __exit__(self, *_exception) -> None:
        self.chromium.close()
        self.playwright.stop()

    def open(self, lab: Lab, notebook: str, viewport: dict[str, int] | None = None, **context) -> NotebookPage:
        """Open a notebook of the lab and wait for its kernel."""
        page = self.chromium.new_context(viewport=viewport or LAPTOP, **context).new_page()
        return NotebookPage(page, lab, notebook)


class NotebookPage:
    """One notebook in JupyterLab.

    Attributes
    ----------
    page : playwright Page
    complaints : list of str
        Errors from the page's console and scripts.
    late : list of str
        anywidget's that a script came too late, as it does on a busy machine: `hear` in `charts.js` mends that.
    """

    def __init__(self, page, lab: Lab, notebook: str):
        self.page, self.lab = page, lab
        self.complaints: list[str] = []
        self.late: list[str] = []
        page.on("pageerror", lambda error: self._complained(str(error)))
        page.on("console", lambda line: self._heard(line))
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{lab.url}/lab/workspaces/test-{uuid.uuid4().hex[:8]}/tree/{notebook}?reset")
        self._wait_open(notebook)

    def _wait_open(self, notebook: str) -> None:
        self.notebook = notebook
        there = """name => {
            const context = window.jupyterapp?.shell?.currentWidget?.context;
            return context?.isReady && context.path === name;
        }"""
        self.page.wait_for_function(there, arg=notebook)
        self.wait_idle()

    def switch(self, notebook: str) -> None:
        """Close this notebook, its kernel too, and open another one: quicker than a page of its own."""
        shut = """async () => {
            const book = jupyterapp.shell.currentWidget;
            await book.sessionContext.shutdown();
            book.context.model.dirty = false;
            book.dispose();
        }"""
        self.page.evaluate(shut)
        self.command("docmanager:open", path=notebook)
        self._wait_open(notebook)
        self.complaints.clear()  # a widget of the notebook before may complain late that its kernel is gone

    def reload(self) -> None:
        """Load the page again, as a learner does who comes back; a notebook whose kernel is gone gets a new one."""
        self.page.reload()
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady")

    def reload_live(self) -> None:
        """Load the page again and wait until it has its live panels back.

        JupyterLab asks the kernel for its widgets for four seconds: one that is busy computing ahead may not answer.
        """
        self.reload()
        self.page.locator(".course-live").first.wait_for(state="attached")

    def _heard(self, line) -> None:
        if line.type == "error" and "favicon" not in line.text:
            self._complained(line.text)

    def _complained(self, text: str) -> None:
        (self.late if "[anywidget] Failed to initialize model" in text else self.complaints).append(text)

    def command(self, name: str, **arguments) -> None:
        """Run a JupyterLab command and wait for it."""
        self.page.evaluate(
            "([name, args]) => jupyterapp.commands.execute(name, args).then(() => null)", [name, arguments]
        )

    def wait_idle(self) -> None:
        """Wait until the notebook's kernel is idle."""
        ready = """async () => {
            const session = jupyterapp.shell.currentWidget.sessionContext;
            await session.ready;
            return session.session?.kernel?.status === 'idle';
        }"""
        self.page.wait_for_function(ready)

    def run_all(self) -> None:
        """Run every cell, in order, and wait until all are done."""
        self.command("notebook:run-all-cells")
        self.wait_idle()

    def select(self, cell_id: str) -> None:
        """Make a cell the active one, in command mode, as a click beside it does."""
        script = """id => {
            const book = jupyterapp.shell.currentWidget.content;
            book.activeCellIndex = book.widgets.findIndex(cell => cell.model.id === id);
            book.mode = 'command';
            book.activate();
        }"""
        self.page.evaluate(script, cell_id)

    def run_cell(self, cell_id: str, source: str | None = None) -> None:
        """Run one cell by id, its source replaced first when given."""
        script = """async ([id, source]) => {
            const book = jupyterapp.shell.currentWidget.content;
            const index = book.widgets.findIndex(cell => cell.model.id === id);
            if (index < 0) throw new Error('no cell ' + id);
            book.activeCellIndex = index;
            if (source !== null) book.widgets[index].model.sharedModel.setSource(source);
            await jupyterapp.commands.execute('notebook:run-cell');
        }"""
        self.page.evaluate(script, [cell_id, source])
        self.wait_idle()

    def cells(self) -> list[dict]:
        """Return the notebook's cells with their outputs, from JupyterLab's model of it."""
        return self.page.evaluate("() => jupyterapp.shell.currentWidget.content.model.toJSON().cells")

    def wait_revealed(self, seconds: float = PATIENCE) -> None:
        """Wait until no prediction that was answered keeps its reveal waiting."""
        until = time.monotonic() + seconds
        while waiting := [c["id"] for c in self.cells() if "Commit to your prediction above" in str(c.get("outputs"))]:
            if time.monotonic() > until:
                raise TimeoutError(f"nothing is revealed in {', '.join(waiting)} after {seconds:g} s")
            self.page.wait_for_timeout(100)

    def outputs(self, cell_id: str) -> list[dict]:
        """Return one cell's outputs."""
        return next(cell["outputs"] for cell in self.cells() if cell["id"] == cell_id)

    def errors(self) -> list[str]:
        """Return every error output of the notebook as one line."""
        outputs = [(cell["id"], out) for cell in self.cells() for out in cell.get("outputs", ())]
        return [f"{name}: {out['ename']}: {out['evalue']}" for name, out in outputs if out["output_type"] == "error"]

    # ---- panels ----------------------------------------------------------------------------------------------------

    def panel(self, index: int = 0):
        """Return the locator of a live panel (one with sliders), scrolled into view once it is there."""
        return self._shown(".course-live:has(.noUi-handle)", index)

    def chart(self, index: int = 0):
        """Return the locator of a live chart, with or without sliders, scrolled into view once it is there."""
        return self._shown(".course-live", index)

    def _shown(self, selector: str, index: int):
        found = self.page.locator(selector).nth(index)
        found.wait_for(state="attached")
        found.scroll_into_view_if_needed()
        return found

    def panels(self) -> int:
        """Return how many live panels the notebook shows."""
        return self.page.locator(".course-live:has(.noUi-handle)").count()

    def controls(self, index: int = 0) -> list[str]:
        """Return the names of a panel's sliders that stand in the open."""
        rows = self.panel(index).locator(".course-control:has(.noUi-handle)")
        return [row.get_attribute("data-control") for row in rows.all() if row.is_visible()]

    def wait_rested(self, index: int = 0, seconds: float = PATIENCE) -> None:
        """Wait until the full picture of the panel's present settings is drawn.

        A control that moves changes what is wanted in the same instant; so nothing needs to be waited for but that the
        drawn picture is the wanted one, however late it comes.
        """
        # Looked up anew each time: JupyterLab takes what is off the screen out of the page, and an element with it.
        script = """index => {
            const all = [...document.querySelectorAll(".course-live")];
            const live = all.filter(root => root.querySelector(".noUi-handle"));
            const d = live[index]?.dataset;
            return d?.drawn && d.drawn === d.wanted && d.rested === d.drawn;
        }"""
        self.panel(index)
        self.page.wait_for_function(script, arg=index, timeout=seconds * 1000)

    def pictures(self, index: int = 0) -> int:
        """Return how many pictures a panel has drawn so far."""
        return int(self.panel(index).get_attribute("data-pictures") or 0)

    def wait_ahead(self, several, index: int = 0, seconds: float = PATIENCE) -> None:
        """Wait until the page holds the pictures of several settings, computed ahead of a drag."""
        handle = self.panel(index).element_handle()
        script = "([root, keys]) => keys.every(key => root.courseHolds(key))"
        self.page.wait_for_function(script, arg=[handle, [one.key for one in several]], timeout=seconds * 1000)

    def wait_drawn(self, index: int = 0, seconds: float = PATIENCE) -> None:
        """Wait until the run, not yet its spread, of the panel's present settings is drawn."""
        handle = self.panel(index).element_handle()
        script = "({dataset: d}) => d.drawn && d.drawn === d.wanted"
        self.page.wait_for_function(script, arg=handle, timeout=seconds * 1000)

    def share(self, control: str, index: int = 0) -> float:
        """Return where a slider's handle stands, as a share of its track."""
        row = self.panel(index).locator(f'.course-control[data-control="{control}"]')
        handle, track = row.locator(".noUi-handle").bounding_box(), row.locator(".noUi-base").bounding_box()
        return (handle["x"] + handle["width"] / 2 - track["x"]) / track["width"]

    def drag(self, control: str, to: str | float, index: int = 0, steps: int = 8, pause: float = 0.0) -> None:
        """Drag a slider with the mouse to "min", "max" or a share of its track."""
        row = self.panel(index).locator(f'.course-control[data-control="{control}"]')
        row.scroll_into_view_if_needed()
        handle, track = row.locator(".noUi-handle").bounding_box(), row.locator(".noUi-base").bounding_box()
        start = (handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        share = {"min": -0.05, "max": 1.05}.get(to, to)
        end = track["x"] + share * track["width"]
        self.page.mouse.move(*start)
        self.page.mouse.down()
        for step in range(1, steps + 1):
            self.page.mouse.move(start[0] + (end - start[0]) * step / steps, start[1])
            if pause:
                self.page.wait_for_timeout(pause * 1000)
        self.page.mouse.up()

    def pixels(self, index: int = 0) -> list[str]:
        """Return a hash of each chart's canvas."""
        script = """root => Promise.all([...root.querySelectorAll("canvas")].map(async canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
            return [...digest.slice(0, 8)].map(byte => byte.toString(16).padStart(2, "0")).join("");
        }))"""
        return self.panel(index).evaluate(script)

    def reached(self, index: int = 0) -> list[bool]:
        """Return which of the panel's challenges are ticked."""
        goals = self.panel(index).locator(".course-challenges li")
        return [goal.get_attribute("data-reached") == "true" for goal in goals.all()]

    def theme(self, name: str) -> None:
        """Switch JupyterLab's theme: "JupyterLab Light" or "JupyterLab Dark"; no picture is taken of its curtain."""
        self.command("apputils:change-theme", theme=name)
        inked = """name => {
            const { jpThemeName, jpThemeLight } = document.body.dataset;
            if (jpThemeName !== name) return false;
            const bright = colour => colour.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) > 384;
            return [...document.querySelectorAll('.course-live')].every(root => {
                const { color } = getComputedStyle(root);
                return root.dataset.ink === color && bright(color) === (jpThemeLight !== 'true');
            });
        }"""
        self.page.wait_for_function(inked, arg=name)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def screenshot(self, path: Path, index: int | None = None) -> Path:
        """Save a picture of the page, or of one panel."""
        (self.page if index is None else self.panel(index)).screenshot(path=str(path))
        return path

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")
        self.page.context.close()
