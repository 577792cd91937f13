"""Bubblewrap, the outer wall: what the process that holds the answers can see at all."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

SCRATCH = "/scratch"
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/localtime")
_OF_A_PREFIX = ("bin", "lib", "lib64", "share", "etc", "pyvenv.cfg")
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


def walled(
    command: list[str],
    roots: Iterable[Path],
    setenv: Mapping[str, str],
    *,
    hidden: Iterable[str] = (),
    nested: bool = True,
) -> list[str]:
    """The command line that runs `command` behind the wall.

    Parameters
    ----------
    command : list of str
    roots : iterable of Path
        Course folders and files to show, read-only, at their own paths.
    setenv : mapping of str to str
        The whole environment.
    hidden : iterable of str
        Files and folders not to show, wherever they lie, but for `roots` and the interpreter within them.
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
    line += _folders_above(shown, but=shown)
    for path in shown:
        line += _shown(path)
    covers = _covers(shown, hidden)
    for cover in covers:
        line += ["--perms", "0755", "--tmpfs", str(cover)] if cover.is_dir() else ["--ro-bind", os.devnull, str(cover)]
        within = [path for path in shown if path != cover and path.is_relative_to(cover)]
        line += _folders_above([path for path in within if cover in path.parents], but=[cover, *within], below=cover)
        for path in within:
            line += _shown(path)
    for folder in (Path("/"), *(cover for cover in covers if cover.is_dir())):
        line += ["--remount-ro", str(folder)]
    line += ["--chdir", SCRATCH]
    if nested:
        line += [word for power in _POWERS for word in ("--cap-add", power)]
    return [*line, "--", *command]


def _folders_above(paths: Iterable[Path], but: Iterable[Path], below: Path = Path("/")) -> list[str]:
    """Make what lies above bound folders: bubblewrap would make it for its own user alone, and another must through."""
    but, system = list(but), {Path(p) for p in _SYSTEM}
    folders = {above for path in paths for above in path.parents[:-1] if above not in system and below in above.parents}
    left_out = [path for path in but if path != below]
    made = sorted(folder for folder in folders if not any(folder.is_relative_to(path) for path in left_out))
    return [word for folder in made for word in ("--perms", "0755", "--dir", str(folder))]


def _covers(shown: Iterable[Path], hidden: Iterable[str]) -> list[Path]:
    """What of the hidden lies in a folder that is shown, the uppermost first."""
    roots = [Path(os.path.realpath(path)) for path in shown]
    places = {Path(os.path.realpath(path)) for path in hidden if os.path.exists(path)}
    return sorted(place for place in places if any(place != root and place.is_relative_to(root) for root in roots))


def without(paths: Iterable[str], hidden: Iterable[str]) -> list[str]:
    """The paths, but for what is hidden: a folder that holds some of it becomes what else it holds.

    Parameters
    ----------
    paths, hidden : iterables of str

    Returns
    -------
    list of str
        Without links: what they point to counts where it lies.
    """
    places = {os.path.realpath(path) for path in hidden}
    return [found for path in paths for found in _without(os.path.realpath(path), places)]


def _without(path: str, places: Collection[str]) -> list[str]:
    if not any(place == path or place.startswith(path.rstrip("/") + "/") for place in places):
        return [path]
    if path in places or not os.path.isdir(path):
        return []
    with os.scandir(path) as entries:
        inside = sorted(entry.path for entry in entries if not entry.is_symlink())
    return [found for below in inside for found in _without(below, places)]


def samples(place: Path, but: Iterable[Path], count: int = 4, folders: int = 50) -> list[Path]:
    """A few files of a hidden folder, or the file itself; those that are shown on purpose are left out.

    Parameters
    ----------
    place : Path
    but : iterable of Path
        What is shown.
    count, folders : int
        Files to give, and folders to look into, at most.
    """
    shown = {os.path.realpath(path) for path in but}
    found, waiting = [], [os.path.realpath(place)]
    for _ in range(folders):
        if not waiting or len(found) >= count:
            break
        path = waiting.pop(0)
        if path in shown:
            continue
        if os.path.isfile(path):
            found.append(Path(path))
        elif os.path.isdir(path):
            with os.scandir(path) as entries:
                waiting += sorted(entry.path for entry in entries if not entry.is_symlink())
    return found[:count]


def unreadable(paths: Iterable[Path]) -> Path | None:
    """The first file or folder, at any depth, that a user without rights of their own cannot read, or None."""
    found = (path for top in paths for path in [top, *(top.rglob("*") if top.is_dir() else ())])
    return next((path for path in found if "__pycache__" not in path.parts and not _open_to_all(path)), None)


def _open_to_all(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return True  # gone, or a link to nowhere
    wanted = 0o005 if stat.S_ISDIR(mode) else 0o004
    return mode & wanted == wanted


def _shown(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", os.readlink(path), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.exists() else []


def interpreter_paths() -> list[Path]:
    """System libraries, the interpreter and its packages; never a home or a working folder as a whole.

    Of a prefix no more than Python keeps there: a course may lie in one, or be one.
    """
    paths = [Path(p) for p in _SYSTEM]
    parts = [Path(prefix, part) for prefix in (sys.base_prefix, sys.prefix) for part in _OF_A_PREFIX]
    packages = [Path(sysconfig.get_path(kind)) for kind in ("stdlib", "purelib", "platlib")]
    for path in (*(part for part in parts if part.exists()), *packages):
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
