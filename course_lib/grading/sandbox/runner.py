"""Inside a fork: run cells, then answer calls. Whatever a learner's code does to this process stays in it."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sys
import tempfile
import types
from importlib.machinery import ModuleSpec
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from IPython.core import async_helpers
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_lib import borrowing
from course_lib.grading.intake import reading
from course_lib.grading.sandbox.frames import HEADER_CAP, PASSED_OVER, PAYLOAD_CAP, Channel, encode

TEXT_CAP = 100_000
_ERROR_CAP = 500
_OUR_FILE = re.compile(r"<ipython-input-[\w-]*>, (?=line \d)")


class BoundedText(io.TextIOBase):
    """A stream that keeps the first characters and forgets the rest."""

    def __init__(self, cap: int) -> None:
        self._pieces: list[str] = []
        self._left = cap

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep what still fits."""
        if self._left > 0:
            self._pieces.append(text[: self._left])
            self._left -= len(text)
        return len(text)

    @property
    def text(self) -> str:
        """What was kept."""
        return "".join(self._pieces)


class PlainFormatter(DisplayFormatter):
    """Draws nothing: a picture costs a second, and only the text of check cells is compared."""

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        """Name the object's type instead of rendering it."""
        return {"text/plain": f"<{type(obj).__name__}>"}, {}


class SilentHook(DisplayHook):
    """Drops the value of a cell's last expression."""

    def __call__(self, result: Any = None) -> None:
        """Drop it."""


class SilentPublisher(DisplayPublisher):
    """Drops displayed objects."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        """Drop them."""


class CellShell(InteractiveShell):
    """IPython without history, drawing or rendered tracebacks."""

    displayhook_class = SilentHook
    display_pub_class = SilentPublisher

    def init_display_formatter(self) -> None:
        """Use the formatter that draws nothing."""
        self.display_formatter = PlainFormatter(parent=self)

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Render nothing; the exception is in the cell's result."""

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """Render nothing."""

    def enable_gui(self, gui: Any = None) -> None:
        """No event loop here."""

    def system(self, cmd: str) -> None:
        """Pass a shell command over: there is no shell here, and an answer does not rest on one."""
        _pass_over(f"!{cmd}")

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> list[str] | str:
        """Pass a shell command over, with nothing as its output."""
        _pass_over(f"!{cmd}")
        return [] if split else ""

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """Run a magic; one that reaches for what is not here is passed over."""
        try:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        except (UsageError, AttributeError, ImportError, OSError):
            return _pass_over(f"%{magic_name}")

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Run a magic over a cell, unless it is a program's or writes a file."""
        if magic_name in _PROGRAMS:
            return _pass_over(f"%%{magic_name}")
        return super().run_cell_magic(magic_name, line, cell)


#: Cell magics that hand the cell to a program or a file; nothing of it would be an answer.
_PROGRAMS = {"bash", "file", "perl", "pypy", "python", "python3", "ruby", "script", "sh", "sx", "system", "writefile"}


def _pass_over(what: str) -> None:
    print(f"{what.strip()[:80]} {PASSED_OVER}", file=sys.stderr)


def warm_shell() -> CellShell:
    """A shell that has loaded what it loads lazily: magics, errors, awaits, displays."""
    CellShell.HistoryManager = None
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    # IPython makes folders for its profile; they shall not stay where there is no wall.
    with tempfile.TemporaryDirectory(prefix="course-warm-") as folder, quiet[0], quiet[1]:
        shell = CellShell.instance(ipython_dir=folder, config=Config({"HistoryManager": {"enabled": False}}))
        for source in ("1 / 0", "x = 1\nx", "def f(:", "display(1)", "%pwd", "import asyncio\nawait asyncio.sleep(0)"):
            shell.run_cell(source, store_history=False)
    shell.reset(new_session=True)
    async_helpers.get_asyncio_loop().close()  # a fork opens one of its own
    borrowing.borrowed("nothing")  # reads the course's own names
    return shell


def run_session(channel: Channel, shell: CellShell) -> None:
    """Take a plan from the trusted side and carry it out.

    Parameters
    ----------
    channel : Channel
    shell : CellShell
    """
    _, plan, _ = channel.receive()
    if plan["mode"] == "read":
        _read(channel)
    if plan["mode"] == "answers":
        sys.meta_path.insert(0, HiddenModules(plan["hidden"]))
    for cell in plan["cells"]:
        channel.send(*encode([], at=cell["id"]))
        record = _run_cell(shell, cell["source"])
        channel.send(*encode([], ran=cell["id"], **record))
    if plan["mode"] == "answers":
        kinds = {name: _kind(shell.user_ns, name) for name in plan["names"]}
        channel.send(*encode([], ready=kinds))
        _serve(channel, shell.user_ns)
    channel.send(*encode([], done=True))


def _read(channel: Channel) -> NoReturn:
    """Read texts, without running them, until the other side hangs up."""
    while True:
        number, order, _ = channel.receive()
        channel.send(*encode([], read=reading.read(order["source"], order["among"])), number)


class Hollow:
    """Stands in for whatever a module of checks holds: any attribute, any call, nothing happens."""

    def __getattr__(self, name: str) -> Hollow:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""


class HollowModule(types.ModuleType):
    """A module of hollow attributes."""

    def __getattr__(self, name: str) -> Hollow:
        if name.startswith("__"):
            raise AttributeError(name)
        return Hollow()


class HiddenModules:
    """An import hook: where answers are judged, the modules of checks are hollow.

    Parameters
    ----------
    hidden : list of str
        Module names; what is below them is hollow too.
    """

    def __init__(self, hidden: list[str]) -> None:
        self._hidden = tuple(hidden)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """A spec for a hidden module, else None."""
        hidden = any(name == root or name.startswith(root + ".") for root in self._hidden)
        return ModuleSpec(name, self, is_package=True) if hidden else None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """A hollow module."""
        return HollowModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


def _run_cell(shell: CellShell, source: str) -> dict[str, Any]:
    """Run one cell: what it printed, and its error as text."""
    out, err = BoundedText(TEXT_CAP // 8), BoundedText(TEXT_CAP // 8)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            result = shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # a learner's code may raise anything, and nothing may pass
            error = raised
    return {"stdout": out.text, "stderr": err.text, "error": _error_fields(error) if error else None}


def _error_fields(error: BaseException) -> dict[str, str]:
    try:
        text = str(error)[:_ERROR_CAP]
    except BaseException:  # an exception of the learner's own may not even print
        text = ""
    if CellShell.__name__ in text:  # the learner never heard of it
        text = "what is asked of the notebook's kernel is not there where answers are graded"
    # Python names the place of a syntax error by a file that is ours.
    text = _OUR_FILE.sub("", text)
    return {"name": type(error).__name__[:80], "text": text, "where": _line_in_cell(error.__traceback__)}


def _line_in_cell(traceback: TracebackType | None) -> str:
    """The last line of a cell that the traceback passes through."""
    found = ""
    while traceback is not None:
        filename, number = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        if filename.startswith("<ipython-input-"):
            source = linecache.getline(filename, number).strip()[:120]
            found = f"line {number}" + (f" ({source})" if source else "")
        traceback = traceback.tb_next
    return found


def _kind(namespace: dict[str, Any], name: str) -> str:
    if name not in namespace:
        return "missing"
    value = namespace[name]
    return "blank" if value is None or value is Ellipsis else "function" if callable(value) else "value"


def _serve(channel: Channel, namespace: dict[str, Any]) -> None:
    """Answer calls until the other side hangs up."""
    silence = BoundedText(0)
    sys.stdout = sys.stderr = silence
    while True:
        call_id, fields, arguments = channel.receive()
        channel.send(*_answer(namespace, fields["call"], arguments), call_id)


def _is_several(result: Any) -> bool:
    """A tuple, or a list of arrays; the rule of `checks.task.holds_arrays`, which must stay on the other side."""
    if isinstance(result, list):
        return any(isinstance(part, np.ndarray | list | tuple) for part in result)
    return isinstance(result, tuple)


def _answer(namespace: dict[str, Any], name: str, arguments: list[Any]) -> tuple[bytes, bytes]:
    try:
        answer = namespace[name]
        result = answer(*arguments) if callable(answer) else answer
    except NotImplementedError:
        return encode([], error={"blank": True})
    except BaseException as error:
        return encode([], error=_error_fields(error))
    if result is None or result is Ellipsis:
        return encode([], error={"nothing": True})
    try:
        header, payload = encode(result, many=True) if _is_several(result) else encode([result])
        if len(header) <= HEADER_CAP and len(payload) <= PAYLOAD_CAP:
            return header, payload
        return encode([], error={"big": len(header) + len(payload)})
    except BaseException as error:
        return encode([], error={"odd": type(result).__name__[:80], "text": str(error)[:_ERROR_CAP]})
