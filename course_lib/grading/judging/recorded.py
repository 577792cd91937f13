"""nbval (recorded): nbval's own comparison, over outputs recorded in the sandbox.

No kernel is started: a player gives nbval the messages a kernel would have sent. nbval's collector and its cell items
are used as they are, one pytest session for all submissions of a worker. What is compared came from the learner's
process, so this says what the learner would see; it grants nothing.
"""

from __future__ import annotations

import contextlib
import copy
import io
import os
import queue
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from nbformat import NotebookNode

from course_lib import notebook_file
from course_lib.grading.sandbox.box import printable

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
_PATIENCE_S = 20.0


class Player:
    """Plays recorded outputs where nbval expects a running kernel.

    Parameters
    ----------
    records : mapping of cell id to record
        As `sandbox.Session.run` returns them.
    """

    def __init__(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        self._records = records
        self._messages: list[dict[str, Any]] = []
        self._count = 0
        self.current = ""

    def is_alive(self) -> bool:
        """A record cannot die."""
        return True

    def execute_cell_input(self, source: str, allow_stdin: bool | None = None) -> str:
        """Line up the messages recorded for the current cell."""
        self._count += 1
        parent = {"msg_id": str(self._count)}
        contents = [*_messages(self._records[self.current]), ("status", {"execution_state": "idle"})]
        self._messages = [{"msg_type": kind, "content": body, "parent_header": parent} for kind, body in contents]
        return parent["msg_id"]

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """It has already run."""

    def await_idle(self, msg_id: str, timeout: float | None = None) -> None:
        """It has already run."""

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """The next recorded message."""
        return self._messages.pop(0)


class Comparer:
    """One pytest session with nbval, kept for all the notebooks a worker compares.

    pytest tidies up when its run ends, so the run goes on: its test loop waits, in a thread of its own, for notebooks.
    A session that died or does not answer is left behind, and the next notebook gets a new one.

    Parameters
    ----------
    patience_s : float
        Seconds that starting, or comparing one notebook, may take.
    """

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._start()

    def _start(self) -> None:
        # Without a name: however this process ends, none stays behind.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._loop = _Loop()
        with contextlib.redirect_stdout(io.StringIO()):
            self._thread = threading.Thread(target=_run_pytest, args=(self._loop,), daemon=True)
            self._thread.start()
            self._loop.ready.wait(self._patience_s)

    def compare(self, notebook: NotebookNode, records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Compare recorded outputs of the check cells with their stored ones.

        Parameters
        ----------
        notebook : NotebookNode
            Released cells, checks and stored verdicts. Only its check cells are compared: nothing else that a learner
            wrote comes near nbval, which takes orders from comments.
        records : mapping of cell id to record

        Returns
        -------
        dict of str to str
            By id of each check cell: ``"passed"``, ``"not run"``, or ``"failed: why"``. Where nothing was compared,
            the key ``""`` tells why.
        """
        if not self._thread.is_alive():
            self._replace()
        told: queue.SimpleQueue[Any] = queue.SimpleQueue()  # of this notebook alone: a late answer reaches nobody else
        self._loop.asked.put((told, self._written(notebook), records))
        try:
            result = told.get(timeout=self._patience_s)
        except queue.Empty:
            self._replace()
            return {"": f"did not answer within {self._patience_s:g} s"}
        return {"": f"stumbled: {printable(repr(result))}"} if isinstance(result, BaseException) else result

    def _written(self, notebook: NotebookNode) -> Path:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(nbformat.writes(_checks_alone(notebook)).encode("utf-8", "replace"))
        self._file.flush()
        return Path(f"/dev/fd/{self._file.fileno()}")

    def _replace(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        """End the session."""
        self._loop.asked.put(None)
        self._file.close()


def _checks_alone(notebook: NotebookNode) -> NotebookNode:
    """The notebook with its check cells and nothing else."""
    alone = copy.copy(notebook)
    alone["cells"] = list(notebook_file.tagged(notebook, notebook_file.CHECK).values())
    return alone


class _Loop:
    """A pytest plugin whose test loop compares what it is handed, until it is handed nothing."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.environment = contextlib.ExitStack()

    def pytest_collection(self, session: Any) -> bool:
        self.environment.close()  # pytest has read its own; what this process starts meanwhile gets the usual one
        return True

    def pytest_runtestloop(self, session: Any) -> bool:
        self.ready.set()
        while (asked := self.asked.get()) is not None:
            told, path, records = asked
            try:
                told.put(_compare(session, path, records))
            except BaseException as error:  # pytest's own ways to stop a test are no Exceptions
                told.put(error)
        return True


def _run_pytest(loop: _Loop) -> None:
    import pytest

    folder = str(Path(__file__).parent)  # it wants one, and finds nothing there
    quiet = ["-p", "no:cacheprovider", "-p", "no:logging", "-p", "no:capture", "-p", "no:faulthandler"]
    quiet += ["-p", "no:unraisableexception", "-p", "no:threadexception"]  # their hooks are for the whole process
    where = ["-c", os.devnull, "--color=no", "--rootdir", folder, folder]
    with loop.environment as patches:
        patches.enter_context(
            mock.patch.dict(os.environ, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""})
        )
        pytest.main([*quiet, *where, "-p", "nbval.plugin", "--nbval-lax"], plugins=[loop])


def _compare(session: Any, path: Path, records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    from nbval.plugin import IPyNbFile

    collector = IPyNbFile.from_parent(session, path=path)
    collector.kernel = player = Player(records)
    return {item.cell.id: _compared(item, player, records) for item in collector.collect()}


def _messages(record: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    streams = [("stream", {"name": name, "text": record[name]}) for name in ("stdout", "stderr") if record[name]]
    error = record["error"]
    if not error:
        return streams
    text = f"{error.get('name')}: {error.get('text')}"
    fields = {"ename": str(error.get("name")), "evalue": str(error.get("text")), "traceback": [text]}
    return [*streams, ("error", fields)]


def _compared(item: Any, player: Player, records: Mapping[str, Any]) -> str:
    if item.cell.id not in records:
        return NOT_RUN
    player.current = item.cell.id
    try:
        item.runtest()
    except BaseException as error:  # nbval's own, pytest's skips, and whatever odd text makes it stumble
        return f"{FAILED}: {_why(error)}"
    return PASSED


def _why(error: BaseException) -> str:
    parts = [str(error), *str(getattr(error, "inner_traceback", "") or "").strip().splitlines()]
    return printable(" | ".join(part.strip() for part in parts if part.strip()), 400)
