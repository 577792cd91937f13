"""A warmed process that holds no secret and forks once per session. Started by `sandbox`, behind the outer wall.

It never reads a submission: what a learner wrote goes over the session's own socket, straight to the fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core import async_helpers

from course_lib.grading.sandbox import isolation
from course_lib.grading.sandbox.frames import Channel, encode
from course_lib.grading.sandbox.isolation import Cage, Limits
from course_lib.grading.sandbox.runner import CellShell, run_session, warm_shell

_MESSAGE_CAP = 1 << 20
#: Bytes of a plan: the cells of one notebook.
_PLAN_CAP = 8 << 20


def main(control_fd: int) -> None:
    """Warm up, then fork on request until the control socket closes.

    Parameters
    ----------
    control_fd : int
        A SOCK_SEQPACKET socket to the trusted side. Requests: ``{"warm": [modules], "nested": bool}`` once, then
        ``{"fork": cage}`` with the session's socket attached, which tells the fork's process id, and
        ``{"reap": pid, "uid": uid}``, which kills the fork and tells how it ended.
    """
    with socket.socket(fileno=control_fd) as control:
        request = json.loads(control.recv(_MESSAGE_CAP))
        shell = _warm(request["warm"])
        nesting = _nesting() if request["nested"] else None
        control.send(json.dumps({"ready": True, "namespaces": nesting is not None}).encode())
        forks: dict[int, Forked] = {}
        while True:
            message, fds, _, _ = socket.recv_fds(control, _MESSAGE_CAP, 1)
            if not message:
                break
            request = json.loads(message)
            if "fork" in request:
                forked = _fork(control, fds[0], request["fork"], shell, nesting)
                forks[forked.pid] = forked
                control.send(json.dumps({"pid": forked.pid}).encode())
            else:
                forked = forks.pop(request["reap"], Forked())
                control.send(json.dumps(_reap(forked, request["uid"])).encode())
    for forked in forks.values():
        _reap(forked, 0)


@dataclass(frozen=True)
class Forked:
    """A fork: the process to wait for, and the one inside its namespace where that is another; 0 is none."""

    pid: int = 0
    inner: int = 0


def _warm(modules: list[str]) -> CellShell:
    shell = warm_shell()
    for name in modules:
        with contextlib.suppress(Exception):  # only a matter of speed
            importlib.import_module(name)
    isolation.seccomp_filter()
    gc.collect()
    gc.freeze()
    return shell


def _nesting() -> str | None:
    """How forks get process namespaces of their own, found by trying in a child: "root", "user", or not at all."""
    return next((kind for kind, trial in (("root", _try_as_root), ("user", _try_as_user)) if _succeeds(trial)), None)


def _succeeds(trial: Callable[[], None]) -> bool:
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            trial()
            os._exit(0)
        os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _try_as_root() -> None:
    for _ in range(2):
        isolation.next_child_in_new_pid_namespace()
        os.waitpid(os.fork() or os._exit(0), 0)
        isolation.children_in_own_pid_namespace_again()


def _try_as_user() -> None:
    isolation.enter_user_namespace()
    os.waitpid(os.fork() or os._exit(0), 0)


def _fork(
    control: socket.socket, session_fd: int, request: dict[str, Any], shell: CellShell, nesting: str | None
) -> Forked:
    if nesting == "root":
        isolation.next_child_in_new_pid_namespace()
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        control.close()
        if nesting == "user":
            _wait_outside_namespace(tell)
        _run_child(session_fd, request, shell)
    if nesting == "root":
        isolation.children_in_own_pid_namespace_again()
    os.close(session_fd)
    os.close(tell)
    inner = int(os.read(told, 32) or 0)
    os.close(told)
    return Forked(pid, inner)


def _wait_outside_namespace(tell: int) -> None:
    """Go on as process 1 of a namespace made without root; what was the process waits outside, and tells who is in."""
    try:
        isolation.enter_user_namespace()
        inner = os.fork()
    except OSError:
        os._exit(1)
    if inner == 0:
        return
    os.write(tell, str(inner).encode())
    os.close(tell)
    _, status = os.waitpid(inner, 0)
    os._exit(0 if status == 0 else 1)


def _run_child(session_fd: int, request: dict[str, Any], shell: CellShell) -> None:
    """The fork: put the cage on, say which layers held, run the session. Never returns."""
    try:
        os.setsid()
        _only_these_open(session_fd)
        async_helpers.get_asyncio_loop()  # for top-level await; within the cage none can be made
        cage = Cage(**{**request, "limits": Limits(**request["limits"])})
        channel = Channel(socket.socket(fileno=session_fd), header_cap=_PLAN_CAP)
        channel.send(*encode([], isolation=isolation.enter(cage)))
        run_session(channel, shell)
    finally:
        os._exit(0)


def _only_these_open(session_fd: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, session_fd)
    os.closerange(session_fd + 1, 4096)


def _reap(forked: Forked, uid: int) -> dict[str, Any]:
    """Kill the fork, and whatever else runs under its throw-away uid; tell how it ended."""
    if not forked.pid:
        return {"status": None}
    for pid in (forked.inner or forked.pid, forked.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(forked.pid, 0)
    if uid:
        _kill_all_of(uid)
    return {"status": status, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


def _kill_all_of(uid: int) -> None:
    """Kill by uid where no process namespace has done it: a child takes the uid and signals all it may."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(pid, 0)
