"""The trusted side of a sandbox: start the warmed process, open a session for a submission, call its answers.

Clocks, kills and caps are here, outside. A session that hangs, dies or talks nonsense ends itself and costs its own
tasks; the warmed process is started anew when it does not answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.checks.task import CRASHED, NOT_ATTEMPTED, WRONG, AnswerError, Crash
from course_lib.grading.sandbox import isolation, outer_wall
from course_lib.grading.sandbox.frames import PAYLOAD_CAP, Channel, Closed, FrameError, Late, encode
from course_lib.grading.sandbox.isolation import LAYERS, Cage, Limits

TIMED_OUT = "timed out"
_PACKAGE = Path(__file__).resolve().parents[2]
_CONTROL_PATIENCE_S = 60.0
_NOTEBOOK_HEADER_CAP = 256 * 1024
_START = "import sys; sys.path[:0] = {roots!r}; from course_lib.grading.sandbox.zygote import main; main({fd})"


@dataclass(frozen=True)
class View:
    """What of the course a sandbox shows.

    Attributes
    ----------
    import_roots : tuple of str
        Folders put on the module search path besides that of ``course_lib``.
    hidden : tuple of str
        Modules of checks, hollow where answers are judged.
    warm : tuple of str
        Modules to import before the forks.
    files : tuple of str
        Further files to show, read-only.
    setenv : tuple of (name, value)
        Further environment variables.
    """

    import_roots: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ("course_lib.checks",)
    warm: tuple[str, ...] = ("numpy", "course_lib.models")
    files: tuple[str, ...] = ()
    setenv: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The sandbox's whole environment."""
        return outer_wall.environment() | dict(self.setenv)


@dataclass
class CellsOutcome:
    """How running the cells of a session went.

    Attributes
    ----------
    records : dict of str to dict
        By cell id: ``stdout``, ``stderr``, ``error``.
    ended : str or None
        ``"timed out"`` or ``"crashed"`` when the session is over before its cells are.
    culprit : str or None
        The cell it ended in; where the time was up, the cell that had taken most of it.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: str | None = None
    culprit: str | None = None


class Session:
    """One fork: its cells run once, its answers called as often as a check likes."""

    def __init__(self, channel: Channel, limits: Limits, deadline: float, held: dict[str, str]) -> None:
        self._channel, self._limits, self._deadline, self.held = channel, limits, deadline, held
        self._names: dict[str, str] = {}
        self._calls = 0
        self.ended: str | None = None
        self.calls_s = 0.0

    def run(self, plan: Mapping[str, Any]) -> CellsOutcome:
        """Send a plan's cells and follow them to the end.

        Parameters
        ----------
        plan : mapping
            ``mode`` ("answers" or "notebook"), ``cells`` (each ``id`` and ``source``), ``names`` and ``hidden``.
        """
        outcome, awaited = CellsOutcome(), {str(cell["id"]) for cell in plan["cells"]}
        took, began = {}, time.monotonic()
        deadline = min(self._deadline, began + self._limits.cells_s)
        if plan["mode"] == "answers":  # half of what is left: where a cell uses that up, the rest is judged without it
            deadline = min(deadline, (began + self._deadline) / 2)
        with self._watched(outcome):
            self.begin(plan, deadline)
            while True:
                _, fields, _ = self._channel.receive(deadline)
                if "at" in fields:
                    outcome.culprit, began = str(fields["at"]), time.monotonic()
                elif "ran" in fields:
                    if fields["ran"] not in awaited:  # each cell reports once; more would only fill our memory
                        raise FrameError("a report of no cell")
                    awaited.remove(fields["ran"])
                    took[str(fields["ran"])] = time.monotonic() - began
                    outcome.records[fields["ran"]] = _clean_record(fields)
                elif "ready" in fields:
                    self._names = {str(k): str(v) for k, v in dict(fields["ready"]).items()}
                    break
                elif "done" in fields:
                    break
        outcome.ended, outcome.culprit = self.ended, outcome.culprit if self.ended else None
        if self.ended == TIMED_OUT and outcome.culprit is not None:
            took[outcome.culprit] = time.monotonic() - began
            outcome.culprit = max(took, key=took.__getitem__)
        return outcome

    def begin(self, plan: Mapping[str, Any], deadline: float | None = None) -> None:
        """Send a plan."""
        self._channel.send(json.dumps({"values": [], **plan}).encode(), deadline=deadline)

    def ask(self, order: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """Put an order to a session that reads; what comes back is a stranger's."""
        self._calls += 1
        self._channel.send(json.dumps(dict(order)).encode(), b"", self._calls & 0xFFFFFFFF, deadline)
        number, fields, _ = self._channel.receive(deadline)
        if number != self._calls & 0xFFFFFFFF:
            raise FrameError("an answer to no question")
        return dict(fields)

    @contextlib.contextmanager
    def _watched(self, outcome: CellsOutcome) -> Iterator[None]:
        try:
            yield
        except Late:
            self.ended = TIMED_OUT
        except (Closed, FrameError, KeyError, TypeError, ValueError):
            self.ended = CRASHED

    def proxy(self, name: str) -> Callable[..., Any]:
        """A callable that runs the learner's answer `name` in the sandbox."""
        return lambda *arguments: self._call(name, arguments)

    def _call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if self.ended:
            raise AnswerError(self.ended, f"{name} was not asked: its process had ended")
        if self._names.get(name, "missing") in ("missing", "blank"):
            raise AnswerError(NOT_ATTEMPTED, f"{name} is not defined: write it in the answer cell")
        try:
            fields, values = self._exchange(name, arguments)
        except Late:
            self.ended = TIMED_OUT
            over = time.monotonic() >= self._deadline
            why = "ran when the submission's time was up" if over else f"took longer than {self._limits.call_s:g} s"
            raise AnswerError(TIMED_OUT, f"{name} {why}") from None
        except (Closed, FrameError) as error:
            self.ended = CRASHED
            why = f" ({error})" if str(error) else ": over its limits, or ended by itself"
            raise AnswerError(CRASHED, f"the process running {name} is gone{why}") from None
        if fields.get("error") is not None:
            raise _as_answer_error(name, fields["error"])
        return tuple(values) if fields.get("many") else values[0] if values else None

    def _exchange(self, name: str, arguments: tuple[Any, ...]) -> tuple[dict[str, Any], list[Any]]:
        self._calls += 1
        deadline = min(self._deadline, time.monotonic() + self._limits.call_s)
        self._channel.send(*encode(arguments, call=name), self._calls & 0xFFFFFFFF, deadline)
        call_id, fields, values = self._channel.receive(deadline)
        if call_id != self._calls & 0xFFFFFFFF or not isinstance(fields, dict):
            raise FrameError("an answer to no question")
        return fields, values


class Sandbox:
    """A warmed process and the sessions forked from it.

    Parameters
    ----------
    view : View
    limits : Limits
    wall : bool
        Use bubblewrap and namespaces where they work.
    hidden : sequence of str
        Files and folders that no answer may read, wherever they lie: the course, submissions, gradebook and key. What
        the view shows of them is shown all the same.
    """

    def __init__(self, view: View, limits: Limits, *, wall: bool = True, hidden: Sequence[str] = ()) -> None:
        self.view, self.limits, self.hidden = view, limits, tuple(hidden)
        self._wall = wall and outer_wall.bubblewrap() is not None
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._own_mounts = False
        self._readable: dict[bool, tuple[str, ...]] = {}
        self._no_wall = "bubblewrap is not installed" if wall and not self._wall else "not wanted"

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def no_wall(self) -> str:
        """Why there is no outer wall; empty where there is one."""
        return "" if self._wall else self._no_wall

    def close(self) -> None:
        """End the warmed process and everything behind its wall."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            self._process.kill()
            self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
        self._process = self._control = None

    @contextlib.contextmanager
    def session(self, deadline: float, *, for_answers: bool) -> Iterator[Session]:
        """Fork a session; when it is left, the fork and all it started are dead.

        Parameters
        ----------
        deadline : float
            On the clock of `time.monotonic`; nothing in the session waits beyond it.
        for_answers : bool
            Hide the checks.

        Raises
        ------
        SandboxError
            When no fork can be had.
        """
        uid = throw_away_uid()
        self.ready()
        ours, pid = self._fork(self._cage(uid, for_answers))
        process = self._process
        try:
            cap = 64 * 1024 if for_answers else _NOTEBOOK_HEADER_CAP
            channel = Channel(ours, header_cap=cap)
            yield Session(channel, self.limits, deadline, self._held(channel))
        finally:
            ours.close()
            if self._process is process:  # another one has other children under the same numbers
                self._reap(pid, uid if not self._own_mounts else 0)

    def _cage(self, uid: int, for_answers: bool) -> Cage:
        scratch = outer_wall.SCRATCH if self._own_mounts else ""
        listable = (str(_PACKAGE), *self.view.import_roots)
        readable = self.readable(for_answers=for_answers)
        return Cage(self.limits, uid, scratch, self._own_mounts, readable, listable, not self._wall and _private())

    def readable(self, *, for_answers: bool) -> tuple[str, ...]:
        """What Landlock leaves readable, found once."""
        if for_answers not in self._readable:
            self._readable[for_answers] = self._find_readable(for_answers)
        return self._readable[for_answers]

    def _find_readable(self, for_answers: bool) -> tuple[str, ...]:
        checks = [name.rpartition(".")[2] for name in self.view.hidden] if for_answers else []
        paths = [str(p) for p in outer_wall.interpreter_paths()]
        paths += outer_wall.package_paths(_PACKAGE, hide=checks)
        for root in self.view.import_roots:
            paths += [str(p) for p in Path(root).iterdir() if p.stem not in checks and p.name != "__pycache__"]
        return (*outer_wall.without(paths, self.hidden), *self.view.files, "/dev/urandom")

    def _held(self, channel: Channel) -> dict[str, str]:
        """The layers that a fork says it has put on, before any other code runs in it."""
        try:
            _, fields, _ = channel.receive(time.monotonic() + _CONTROL_PATIENCE_S)
            held = dict(fields["isolation"])
        except (Late, Closed, FrameError, KeyError, TypeError) as error:
            raise SandboxError(f"a fork could not put its layers on: {type(error).__name__}") from None
        return held if self._wall else held | {"namespaces": self._no_wall}

    def ready(self) -> None:
        """Start the warmed process where there is none, or none any more.

        Raises
        ------
        SandboxError
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._check_readable()
        try:
            self._start()
        except SandboxError as error:
            if not self._wall:
                raise
            # The wall is there but the system refuses it, as a default container does: the layers within still hold.
            self.close()
            self._wall, self._no_wall = False, f"refused by this system ({error})"
            self._start()

    def _check_readable(self) -> None:
        """Refuse where the throw-away user could not read what is shown, which would be blamed on the answers."""
        if not throw_away_uid():
            return
        # Of Python's packages one stands for all: they were installed together.
        mine = [_PACKAGE, *map(Path, (*self.view.import_roots, *self.view.files)), Path(np.__file__)]
        found = {str(path): one for path in mine if (one := outer_wall.unreadable([path]))}
        if found:
            told = f"{next(iter(found.values()))} cannot be read by the throw-away user that answers run as"
            whole = [sys.prefix if path == np.__file__ else path for path in found]
            raise UnreadableError(f"{told}: chmod -R go+rX {shlex.join(whole)}")

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            roots = [str(_PACKAGE.parent), *self.view.import_roots]
            code = _START.format(roots=roots, fd=theirs.fileno())
            command = [sys.executable, "-I", "-c", code]
            shown = [_PACKAGE, *map(Path, (*self.view.import_roots, *self.view.files))]
            environment = self.view.environment
            walled = self._wall and outer_wall.walled(command, shown, environment, hidden=self.hidden)
            line = walled or command
            self._process = subprocess.Popen(
                line,
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
            )
        self._control = ours
        ours.settimeout(_CONTROL_PATIENCE_S)
        reply = self._ask({"warm": list(self.view.warm), "nested": self._wall})
        self._own_mounts = bool(reply["namespaces"])

    def _ask(self, request: dict[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        control, process = self._control, self._process
        if control is None or process is None:
            raise SandboxError("the sandbox is not running")
        try:
            socket.send_fds(control, [json.dumps(request).encode()], list(fds))
            reply = control.recv(1 << 16)
        except OSError as error:
            reply, why = b"", str(error)
        else:
            why = ""
        if not reply:
            process.kill()
            told = (process.stderr.read() if process.stderr else b"").decode(errors="replace").strip().splitlines()
            raise SandboxError(told[-1] if told else why or "the sandbox ended by itself")
        return json.loads(reply)

    def _fork(self, cage: Cage) -> tuple[socket.socket, int]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                pid = self._ask({"fork": asdict(cage)}, [theirs.fileno()])["pid"]
            except SandboxError:
                ours.close()
                self.close()
                raise
        return ours, pid

    def _reap(self, pid: int, uid: int) -> None:
        try:
            self._ask({"reap": pid, "uid": uid})
        except SandboxError:
            self.close()


@lru_cache(maxsize=1)
def _private() -> bool:
    """Whether the interpreter or the course lies where a user without rights of their own cannot read it."""
    return not all(map(outer_wall.readable_by_others, [*outer_wall.interpreter_paths(), _PACKAGE]))


@lru_cache(maxsize=1)
def uid_range() -> range:
    """Throw-away user ids: high above any account, within what this user namespace maps."""
    try:
        spans = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    except OSError:
        spans = []
    last = max((start + count for start, _, count in spans), default=2**31)
    return range(0x60000000, 0x60FFFFFF) if last > 0x60FFFFFF else range(max(1, last - 4096), last)


def throw_away_uid() -> int:
    """A user id for one fork; 0, which is none, without root and in a namespace of one user."""
    uids = uid_range()
    return random.SystemRandom().choice(uids) if os.geteuid() == 0 and uids else 0


class SandboxError(RuntimeError):
    """No sandbox, or none any more, in one line."""


class UnreadableError(SandboxError):
    """The course or Python cannot be read by the user that answers run as; nothing was run."""


_PROBE = """
import colorsys  # not loaded yet: the interpreter must be readable
import os, socket
import numpy as np
def refused(action):
    try:
        action()
    except (OSError, MemoryError):
        return True
    return False
def probe(megabytes):
    return np.array([
        os.getpid() == 1 and not os.path.exists("/proc/self"),
        os.getuid() != 0 and refused(lambda: os.setuid(0)),
        refused(lambda: np.empty(int(megabytes) << 20, np.uint8)),
        refused(lambda: os.listdir("/")),
        refused(socket.socket) and refused(os.fork),
    ])
"""


def probe(sandbox: Sandbox) -> dict[str, str]:
    """Try every layer for real, by a session that attempts what each forbids.

    Returns
    -------
    dict of str to str
        Layer to ``"held"`` or to why not.
    """
    plan = {"mode": "answers", "cells": [{"id": "probe", "source": _PROBE}], "names": ["probe"], "hidden": []}
    with sandbox.session(time.monotonic() + _CONTROL_PATIENCE_S, for_answers=True) as session:
        outcome = session.run(plan)
        if outcome.ended or outcome.records["probe"]["error"]:
            raise SandboxError(f"the isolation probe did not run: {outcome.ended or outcome.records['probe']['error']}")
        tried = np.asarray(session.proxy("probe")(sandbox.limits.memory_mb + 64), bool)
    seen = dict(zip(LAYERS, tried, strict=True))
    return {
        layer: state if state != "held" or seen[layer] else "claimed, but a try got through"
        for layer, state in session.held.items()
    }


_READS = """
import os
def reads(n):
    path = PATHS[int(n)]
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
    except OSError:
        return False
    return True
"""


def leaks(sandbox: Sandbox) -> list[str]:
    """Files that must be hidden and that an answer can read, by trying to; of each hidden folder a few are tried."""
    shown = [Path(p) for p in (*sandbox.readable(for_answers=False), str(_PACKAGE), *sandbox.view.import_roots)]
    paths = [str(found) for place in sandbox.hidden for found in outer_wall.samples(Path(place), but=shown)]
    source = f"PATHS = {paths!r}\n{_READS}"
    plan = {"mode": "answers", "cells": [{"id": "reads", "source": source}], "names": ["reads"], "hidden": []}
    with sandbox.session(time.monotonic() + _CONTROL_PATIENCE_S, for_answers=True) as session:
        outcome = session.run(plan)
        if outcome.ended or outcome.records["reads"]["error"]:
            raise SandboxError("the trial of what an answer can read did not run")
        reads = session.proxy("reads")
        return [path for n, path in enumerate(paths) if reads(n)]


def level_of(held: Mapping[str, str]) -> str:
    """The isolation level, as in `isolation.level`."""
    return isolation.level(dict(held))


def _as_answer_error(name: str, error: Any) -> AnswerError:
    told = error if isinstance(error, dict) else {}
    if told.get("blank"):
        return AnswerError(NOT_ATTEMPTED, f"{name} is still blank: write it in the answer cell")
    if told.get("nothing"):
        return AnswerError(NOT_ATTEMPTED, f"{name} returns nothing yet: write it in the answer cell")
    if "big" in told:
        most = f"{PAYLOAD_CAP >> 20} MB"
        return AnswerError(WRONG, f"{name} returns at most {most} : saw {printable(told['big'])} bytes")
    if "odd" in told:
        return AnswerError(WRONG, f"{name} returns numbers : saw {printable(told['odd'])}")
    return Crash(name, error_text(told), printable(told.get("where", "")))


def error_text(told: Mapping[str, Any]) -> str:
    """``ValueError: text`` from the fields a sandbox sent."""
    name, text = printable(told.get("name", "Exception")), printable(told.get("text", ""))
    return f"{name}: {text}" if text else name


def printable(text: Any, longest: int = 120) -> str:
    """What a learner's process says about itself, fit for a report: one line, printable, short."""
    line = " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in str(text)[:1000]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _clean_record(fields: Mapping[str, Any]) -> dict[str, Any]:
    error = fields.get("error")
    return {
        "stdout": str(fields.get("stdout", "")),
        "stderr": str(fields.get("stderr", "")),
        "error": dict(error) if isinstance(error, dict) else None,
    }


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process and the session it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
