"""Open the course in JupyterLab."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from course_lib import progress
from course_lib.home import start, work
from course_lib.manifest import Course


def open_lab(course: Course, arguments: Sequence[str] = (), page: str = start.NAME) -> int:
    """Make the missing working copies and run JupyterLab on them until it is stopped.

    Parameters
    ----------
    course : Course
    arguments : sequence of str
        Passed on to JupyterLab, such as ``--no-browser``.
    page : str
        What it opens on, from the learner's folder.

    Returns
    -------
    int
        JupyterLab's exit code. On POSIX systems this process becomes JupyterLab and does not return.
    """
    lay_out(course)
    command, environment = lab_command(course, arguments, page), lab_environment()
    if os.name == "posix":
        os.execve(command[0], command, environment)
    return subprocess.call(command, env=environment)


def lay_out(course: Course) -> None:
    """Make the missing working copies, and the page that says where the learner is."""
    work.lay_out(course)
    start.lay_out(course)


def lab_command(course: Course, arguments: Sequence[str] = (), page: str = start.NAME) -> list[str]:
    """Command line that opens JupyterLab on a page: the one that says where the learner is, unless another is named."""
    own = [
        f"--ServerApp.root_dir={course.root / work.FOLDER}",
        f"--LabApp.default_url=/lab/tree/{quote(page)}",
        # Tabs of other projects would be restored from the learner's common workspace, and ours left behind in it.
        f"--LabApp.workspaces_dir={course.root / progress.FILE.parent / 'workspaces'}",
    ]
    if os.name == "posix" and not any("terminado_settings" in argument for argument in arguments):
        # Where the server has no terminal, its shells would be login shells, whose /etc/profile forgets our PATH.
        shell = os.environ.get("SHELL") or shutil.which("bash") or "/bin/sh"
        own.append(f"--ServerApp.terminado_settings=shell_command={shlex.quote(shell)}")
    if _is_root() and not any(argument.startswith("--allow-root") for argument in arguments):
        # Containers run as root; the server listens on this machine alone and asks for its token.
        own.append("--allow-root")
    return [sys.executable, "-m", "jupyterlab", *own, *arguments]


def lab_environment() -> dict[str, str]:
    """Environment in which JupyterLab's terminals find the ``course`` command without activating anything."""
    beside = str(Path(shutil.which("course", path=str(Path(sys.executable).parent)) or sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([beside, os.environ.get("PATH", "")])}


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
