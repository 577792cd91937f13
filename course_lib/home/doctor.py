"""Look whether all the course needs is there and works, and name the one command that mends what does not."""

import importlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from course_lib.manifest import Course

DISTRIBUTION = "distributed-failures-course"
KERNEL_TIMEOUT = 60
#: Only the grading of a class needs these, and a library of the system's with them.
FOR_A_CLASS = {"pyseccomp": "libseccomp2"}
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
    """Look at each package, the kernel, the profile, the widgets, the renderer and JupyterLab's settings, in order."""
    yield from packages()
    looks: tuple[Callable[[], Finding], ...] = (kernel, profile, *_widget_looks(), renderer, nodelay, settings)
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
        importlib.import_module(import_name(name))
    except Exception as error:  # whatever a broken package raises on import
        if name in FOR_A_CLASS:
            return Finding(name, True, f"{version}, without the system's {FOR_A_CLASS[name]}, which only a class needs")
        return Finding(name, False, f"{version} cannot be imported: {_line(error)}", again)
    return Finding(name, True, version)


def import_name(distribution: str) -> str:
    """The name a distribution is imported by, as its own files tell: ``IPython`` for ipython, ``PIL`` for pillow."""
    plain = distribution.replace("-", "_")
    named = [name for name, owners in _imported_by().items() if plain in owners and not name.startswith("_")]
    return min(named, key=lambda name: (name.lower() != plain.lower(), name), default=plain)


@lru_cache(maxsize=1)
def _imported_by() -> dict[str, set[str]]:
    found = metadata.packages_distributions().items()
    return {name: {owner.lower().replace("-", "_") for owner in owners} for name, owners in found}


def kernel() -> Finding:
    """Start a kernel as JupyterLab would, and see that it is this Python's and answers."""
    where, mend = _kernel_spec()
    try:
        python = _kernel_python()
    except Exception as error:  # any failure to start is the finding
        return Finding("kernel", False, f"does not start{where}: {_line(error)}", mend)
    if Path(python) != Path(sys.executable):
        return Finding("kernel", False, f"runs {python}, not this environment's Python{where}", mend)
    return Finding("kernel", True, "starts and answers")


def _kernel_spec() -> tuple[str, str]:
    """Which file says what kernel `python3` is, in words, and how to have this environment's again."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    install = shlex.join([sys.executable, "-m", "ipykernel", "install", "--sys-prefix"])
    try:
        folder = KernelSpecManager().get_kernel_spec("python3").resource_dir
    except (NoSuchKernel, ValueError, OSError):
        return "", install
    told = f", because of {Path(folder) / 'kernel.json'}"
    if Path(folder).is_relative_to(sys.prefix):
        return told, install
    entries = [entry for entry in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if entry]
    if any(Path(folder).is_relative_to(entry) for entry in entries):
        return f"{told}, which the variable JUPYTER_PATH points to", "unset JUPYTER_PATH"
    return told, shlex.join(["rm", "-r", folder])


def profile() -> Finding:
    """See which files of the learner's own run in each notebook before its first cell; a check leaves them out."""
    from IPython.paths import get_ipython_dir

    folder = Path(get_ipython_dir()) / "profile_default"
    found = [path for kind in ("startup/*.py", "startup/*.ipy", "ipython*_config.py") for path in folder.glob(kind)]
    if not found:
        return Finding("profile", True, "nothing of your own runs in notebooks")
    first = shlex.join(["mv", str(found[0]), f"{found[0]}.off"])
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Finding("profile", True, f"{found[0]}{others} runs in each notebook; where cells act oddly, try: {first}")


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

    start = partial(start_new_kernel, startup_timeout=KERNEL_TIMEOUT, stderr=subprocess.DEVNULL)
    try:
        manager, client = start()
    except RuntimeError:  # now and then another program takes a port it has chosen
        manager, client = start()
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
