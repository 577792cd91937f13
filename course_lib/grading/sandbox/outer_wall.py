"""Bubblewrap, the outer wall: what the process that holds the answers can see at all."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

SCRATCH = "/scratch"
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/localtime")
_APART_AS_ROOT = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
_POWERS = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_DAC_OVERRIDE")


def environment() -> dict[str, str]:
    """The sandbox's whole environment: no name, key, path or token of the grader's.

    One thread per numerical library, so that a fork of the warmed process is safe and a core stays a core.
    """
    fixed = {
        "PATH": "/usr/bin:/bin",
        "HOME": SCRATCH,
        "LANG": "C.UTF-8",
        "IPYTHONDIR": SCRATCH,
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    # Which kernels OpenBLAS may use on this processor is a fact of the machine, not of the grader.
    return fixed | {name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ}


def bubblewrap() -> str | None:
    """Path of the program, or None."""
    return shutil.which("bwrap") if sys.platform == "linux" else None


def walled(command: list[str], roots: Iterable[Path], setenv: Mapping[str, str], *, nested: bool = True) -> list[str]:
    """The command line that runs `command` behind the wall.

    Parameters
    ----------
    command : list of str
    roots : iterable of Path
        Course folders and files to show, read-only, at their own paths.
    setenv : mapping of str to str
        The whole environment.
    nested : bool
        Keep the powers needed to make namespaces and change user once more inside.
    """
    # Root needs no user namespace, and without one a fork can take a throw-away uid.
    apart = _APART_AS_ROOT if os.geteuid() == 0 else ("--unshare-all",)
    line = [bubblewrap() or "bwrap", *apart, "--die-with-parent", "--new-session", "--clearenv"]
    line += [word for name, value in setenv.items() for word in ("--setenv", name, value)]
    # The empty folders first: the interpreter or the course may lie under one of them.
    line += ["--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--size", str(64 << 20), "--tmpfs", "/tmp"]
    line += ["--perms", "0777", "--size", str(64 << 20), "--tmpfs", SCRATCH]
    shown = [*interpreter_paths(), *roots]
    # Bubblewrap makes what lies above a bound folder for its own user alone; the throw-away user must get through.
    for folder in sorted({above for path in shown for above in path.parents[:-1]} - {Path(p) for p in _SYSTEM}):
        if not any(folder.is_relative_to(path) for path in shown):
            line += ["--perms", "0755", "--dir", str(folder)]
    for path in shown:
        line += _shown(path)
    line += ["--remount-ro", "/", "--chdir", SCRATCH]
    if nested:
        line += [word for power in _POWERS for word in ("--cap-add", power)]
    return [*line, "--", *command]


def _shown(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", os.readlink(path), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.exists() else []


def interpreter_paths() -> list[Path]:
    """System libraries, the interpreter and its packages; never a home or a working folder as a whole."""
    paths = [Path(p) for p in _SYSTEM]
    for name in (sys.base_prefix, sys.prefix, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        path = Path(name)
        if not any(path.is_relative_to(seen) for seen in paths if not seen.is_symlink()):
            paths.append(path)
    return paths


def readable_by_others(path: Path) -> bool:
    """Whether a user without rights of their own gets to a file or folder."""
    try:
        return all(above.stat().st_mode & 0o001 for above in path.parents) and bool(path.stat().st_mode & 0o004)
    except OSError:
        return False


def package_paths(package: Path, *, hide: Iterable[str] = ()) -> list[str]:
    """The parts of `course_lib` that a sandbox may read.

    Parameters
    ----------
    package : Path
        The folder ``course_lib``.
    hide : iterable of str
        Names to leave out besides the grader's own: answers are judged from outside, and need to see no checks.
    """
    hidden = {"__pycache__", "home", "grading", *hide}
    return [str(path) for path in sorted(package.iterdir()) if path.name not in hidden]
