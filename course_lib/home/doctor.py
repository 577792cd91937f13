"""Look whether all the course needs is there and works, and name the one command that mends what does not."""

import importlib
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from course_lib.manifest import Course

DISTRIBUTION = "distributed-failures-course"
KERNEL_TIMEOUT = 60
#: Where the import name is not the distribution's with underscores.
IMPORT_NAMES = {"pillow": "PIL", "pyyaml": "yaml", "vl-convert-python": "vl_convert"}
LAB_EXTENSIONS = {"anywidget": "anywidget", "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets"}
PNG = b"\x89PNG"


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    name : str
    ok : bool
    detail : str
        Version or what was seen; for trouble, what is wrong.
    mend : str
        The one command that mends it; empty when `ok`.
    """

    name: str
    ok: bool
    detail: str
    mend: str = ""


def examine(course: Course) -> Iterator[Finding]:
    """Look at each package, the kernel, the widgets, the renderer and JupyterLab's settings, in that order."""
    yield from packages()
    looks: tuple[Callable[[], Finding], ...] = (kernel, *_widget_looks(), renderer, nodelay, settings)
    for look in looks:
        yield look()


def pip(*arguments: str) -> str:
    """Return the pip command for this environment, as one would type it in the course's folder."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return shlex.join([str(python), "-m", "pip", "install", *arguments])


def packages() -> Iterator[Finding]:
    """Yield a finding for each package the course needs: there, of a tested range, importable."""
    try:
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Finding(DISTRIBUTION, False, "is not installed", pip("-c", "constraints.txt", "-e", "."))
        return
    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield package(requirement)


def package(requirement: Requirement) -> Finding:
    """Look at one package."""
    name, again = requirement.name, pip("-c", "constraints.txt", "--force-reinstall", "--no-deps", requirement.name)
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, False, "is not installed", pip("-c", "constraints.txt", name))
    if version not in requirement.specifier:
        return Finding(name, False, f"{version} is not {requirement.specifier}", again)
    try:
        importlib.import_module(IMPORT_NAMES.get(name, name.replace("-", "_")))
    except Exception as error:  # whatever a broken package raises on import
        return Finding(name, False, f"{version} cannot be imported: {_line(error)}", again)
    return Finding(name, True, version)


def kernel() -> Finding:
    """Start a kernel as JupyterLab would, and see that it is this Python's and answers."""
    mend = shlex.join([sys.executable, "-m", "ipykernel", "install", "--sys-prefix"])
    try:
        python = _kernel_python()
    except Exception as error:  # any failure to start is the finding
        return Finding("kernel", False, f"does not start: {_line(error)}", mend)
    if Path(python) != Path(sys.executable):
        return Finding("kernel", False, f"runs {python}, not this environment's Python", mend)
    return Finding("kernel", True, "starts and answers")


def lab_extension(name: str, distribution: str) -> Finding:
    """See that JupyterLab finds the browser half of a widget package."""
    from jupyter_core.paths import jupyter_path

    found = [Path(folder) / name / "package.json" for folder in jupyter_path("labextensions")]
    for path in filter(Path.is_file, found):
        return Finding(f"widget {name}", True, json.loads(path.read_text(encoding="utf-8"))["version"])
    mend = pip("-c", "constraints.txt", "--force-reinstall", "--no-deps", distribution)
    return Finding(f"widget {name}", False, "JupyterLab does not find its extension", mend)


def renderer() -> Finding:
    """Draw a chart to PNG, as the static pictures are drawn."""
    mend = pip("-c", "constraints.txt", "--force-reinstall", "--no-deps", "vl-convert-python", "altair")
    try:
        import altair
        import vl_convert

        chart = altair.Chart(altair.Data(values=[{"x": 1, "y": 2}])).mark_point().encode(x="x:Q", y="y:Q")
        drawn = vl_convert.vegalite_to_png(chart.to_json())
    except Exception as error:  # any failure to draw is the finding
        return Finding("renderer", False, f"draws no chart: {_line(error)}", mend)
    return Finding("renderer", drawn.startswith(PNG), f"drew a chart of {len(drawn)} bytes", mend)


def nodelay() -> Finding:
    """See that JupyterLab will load the extension that lets sliders answer at once."""
    mend = pip("-c", "constraints.txt", "-e", ".")
    try:
        from jupyter_core.paths import jupyter_config_path
        from jupyter_server.extension.config import ExtensionConfigManager

        enabled = ExtensionConfigManager(read_config_path=jupyter_config_path()).get_jpserver_extensions()
        points = importlib.import_module("course_lib.nodelay")._jupyter_server_extension_points()
    except Exception as error:  # any failure to load is the finding
        return Finding("nodelay", False, f"cannot be loaded: {_line(error)}", mend)
    if not points or not enabled.get("course_lib.nodelay"):
        return Finding("nodelay", False, "is not enabled, so sliders answer later", mend)
    return Finding("nodelay", True, "is enabled")


def settings() -> Finding:
    """See that JupyterLab's pop-ups, which would cover the charts and ask the network, are off."""
    path = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings" / "overrides.d" / "course_lib.json"
    if path.is_file():
        return Finding("settings", True, "news pop-up is off")
    return Finding("settings", False, "news pop-up is not turned off", pip("-c", "constraints.txt", "-e", "."))


def _widget_looks() -> Iterator[Callable[[], Finding]]:
    for name, distribution in LAB_EXTENSIONS.items():
        yield lambda name=name, distribution=distribution: lab_extension(name, distribution)


def _kernel_python() -> str:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(startup_timeout=KERNEL_TIMEOUT, stderr=subprocess.DEVNULL)
    try:
        reply = client.execute_interactive(
            "", user_expressions={"python": "__import__('sys').executable"}, timeout=KERNEL_TIMEOUT
        )
        return reply["content"]["user_expressions"]["python"]["data"]["text/plain"].strip("'")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
