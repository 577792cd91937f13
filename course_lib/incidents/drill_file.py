"""Where a drill is kept while it runs: ``work/drills/<id>.json``, sealed after each entry, and the clock beside it.

Several consoles may share one file, each in a notebook of its own (commander and operator, game master and board). Each
reads it before it writes, under a lock that is a file, so no server is needed and a stop half-way loses nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib.incidents import seal
from course_lib.incidents.session import Session
from course_lib.manifest import WORK, ManifestError, find_root

FOLDER = "drills"
STALE = 10.0
"""Seconds after which a lock was left behind by somebody who is gone."""
ABSENT = 5.0
"""Seconds without a beat after which another console may take the clock."""


class DrillFileError(ValueError):
    """Why a drill could not be kept or found, in one line."""


def folder() -> Path:
    """The learner's folder of drills."""
    try:
        return find_root() / WORK / FOLDER
    except ManifestError:
        return Path.cwd() / FOLDER


class DrillFile:
    """One drill's file.

    Parameters
    ----------
    path : Path
        ``….json``; the clock is kept in ``….clock`` beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, path.with_suffix(".clock")

    def exists(self) -> bool:
        """Whether the drill has begun."""
        return self.path.exists()

    def restore(self, session: Session) -> None:
        """Put a session where the drill stands.

        Raises
        ------
        DrillFileError
            The file is of another drill, or damaged.
        """
        try:
            kept = seal.read(self.path)
            seal.load(self.path, session.world.scenario)
        except ValueError as error:
            raise DrillFileError(f"{error}; move it away, and the drill begins anew") from None
        world = session.world
        if (kept["scenario"], kept["seed"]) != (world.scenario.id, world.seed):
            raise DrillFileError(
                f"{self.path.name}: is a drill of {kept['scenario']}, seed {kept['seed']}; move it away"
            )
        size, _, session.ended = seal.noted(kept)
        session.log, session.size = kept["log"], size or session.size
        session.now = self.now(session)

    def now(self, session: Session) -> float:
        """Where the clock stands, by its file and by the last entry."""
        last = session.log[-1]["at"] if session.log else session.start
        return min(max(session.start, last, self.read_clock().get("now", 0.0)), session.horizon)

    def stamp(self) -> tuple[int, int]:
        """Changes whenever the drill is saved, also where a file's time is coarse: each save is a file of its own."""
        about = self.path.stat()
        return about.st_mtime_ns, about.st_ino

    def save(self, session: Session) -> None:
        """Seal the drill as it stands."""
        about = {"size": session.size, "ended": session.ended, "now": round(session.now, 1)}
        text = json.dumps({**seal.seal(session.run()), "console": about}, ensure_ascii=False, allow_nan=False) + "\n"
        _write(self.path, text)

    # ---- the clock, which moves more often than the log grows ------------------------------------------------------

    def read_clock(self) -> dict[str, Any]:
        """``now`` (simulated s), ``owner`` (whose console moves it) and ``beat`` (when it last did), where sound."""
        try:
            kept = json.loads(self.clock.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        kept = kept if isinstance(kept, dict) else {}
        times = {name: kept.get(name) for name in ("now", "beat")}
        sound = {name: float(at) for name, at in times.items() if isinstance(at, int | float) and 0 <= at < 1e12}
        return sound | ({"owner": kept["owner"]} if isinstance(kept.get("owner"), str) else {})

    def write_clock(self, now: float, owner: str) -> None:
        """Note where the clock stands."""
        _write(self.clock, json.dumps({"now": round(now, 2), "owner": owner, "beat": time.time()}))

    def clock_is_free(self, owner: str) -> bool:
        """Whether a console may move the clock: nobody else has lately."""
        kept = self.read_clock()
        return kept.get("owner", owner) == owner or time.time() - kept.get("beat", 0.0) > ABSENT

    @contextlib.contextmanager
    def locked(self, patience: float = 5.0) -> Iterator[None]:
        """Hold the file for a moment: what others wrote is read first, and nothing of it lost.

        Raises
        ------
        DrillFileError
            Somebody else holds it for too long.
        """
        lock, until = self.path.with_suffix(".lock"), time.monotonic() + patience
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while not _taken(lock):
            if time.monotonic() > until:
                raise DrillFileError(f"{lock.name} is held by another console: close that one, or delete the file")
            time.sleep(0.05)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _taken(lock: Path) -> bool:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        return True
    except FileExistsError:
        with contextlib.suppress(OSError):
            if time.time() - lock.stat().st_mtime > STALE:
                lock.unlink()
        return False
    except PermissionError:  # Windows, while the other one deletes it
        return False


def _write(path: Path, text: str) -> None:
    """Write whole or not at all."""
    half = path.with_name(f"{path.name}.half-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8")
        os.replace(half, path)
    except OSError as error:
        raise DrillFileError(f"{path} cannot be written ({error.strerror}): the drill is not kept") from None
