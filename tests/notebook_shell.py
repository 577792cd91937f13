"""IPython in this process: a notebook's cells run as in a kernel, which takes a second and a half to start."""

from __future__ import annotations

import base64
import builtins
import contextlib
import io
import os
import sys
from collections.abc import Mapping
from typing import Any
from unittest import mock

from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from tiny_course import DOT
from traitlets.config import Config

from course_lib import notebook_file, progress
from course_lib.view import static, style


class Shell:
    """A shell of its own, gone in the end; a picture is a dot with its description, as drawing takes longest."""

    def __enter__(self) -> Shell:
        self._undo = contextlib.ExitStack()
        for known in (builtins.__dict__, os.environ):
            self._undo.enter_context(mock.patch.dict(known))
        # Only the module that the shell puts there goes: loading pandas anew takes half a second a notebook.
        self._undo.callback(sys.modules.__setitem__, "__main__", sys.modules["__main__"])
        os.environ |= {static.ENVIRONMENT: "static", progress.OFF: "1"}
        self._undo.enter_context(mock.patch.object(static, "_png", self._dot))
        self._faults: list[str] = []
        InteractiveShell.clear_instance()
        self._shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
        self._shell.display_pub = CapturingDisplayPublisher()
        self._shown = self._shell.display_pub.outputs
        self._shell.display_trap.hook = CapturingDisplayHook(self._shell, self._shown)
        return self

    def __exit__(self, *_exception: object) -> None:
        InteractiveShell.clear_instance()
        self._undo.close()

    def _dot(self, spec: Mapping[str, Any]) -> bytes:
        """A picture at no cost; IPython swallows what is raised while it displays, so that a fault is kept."""
        if fault := style.invalid(spec):
            self._faults.append(f"a chart is no Vega-Lite: {fault}")
        return base64.b64decode(DOT)

    def run(self, cell: notebook_file.NotebookNode) -> str:
        """Run a cell, which keeps what it shows; return the error that stopped it, or nothing."""
        told, warned = io.StringIO(), io.StringIO()
        self._shown.clear()
        self._faults.clear()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(warned):
            done = self._shell.run_cell(cell.source)
        streams = {"stdout": told.getvalue(), "stderr": warned.getvalue()}
        cell.outputs = [new_output("stream", name=name, text=text) for name, text in streams.items() if text]
        cell.outputs += [new_output("display_data", one["data"], metadata=one["metadata"]) for one in self._shown]
        error = done.error_before_exec or done.error_in_exec
        return f"{type(error).__name__}: {error}" if error else "".join(self._faults[:1])
