"""The console of a drill in a notebook: a widget that shows a session, and the messages between page and kernel.

The kernel owns the drill; the page moves its clock, a beat at a time, and waits for the answer. A busy kernel slows the
drill instead of skipping over it; a kernel that is gone loses nothing, since each entry is in the file by then.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from course_lib.incidents import boards, refusals, screen
from course_lib.incidents.drill_file import DrillFile, DrillFileError
from course_lib.incidents.refusals import Refusal
from course_lib.incidents.session import SPEEDS, Session
from course_lib.incidents.updates import missing
from course_lib.view import live, rerun, static
from course_lib.view.live import VegaBundle, vega_bundle
from course_lib.view.picture import pack

if TYPE_CHECKING:
    from course_lib.incidents.debrief_board import Debrief

HERE = Path(__file__).parent
KEY = "|0"


class Console(anywidget.AnyWidget):
    """The page's side is `console.js`.

    Attributes
    ----------
    own : str
        The model's id, by which its script finds it.
    specs : list of dict
        Charts, on the datasets of `screen.picture`.
    layout_data, screen : dict
        What stays the same, and what changes; see `screen.layout` and `screen.screen`.
    picture : dict
        The charts' numbers: ``header`` and ``buffer``.
    playing, speed
        Whether the page moves the clock, and how fast.
    debrief : dict
        What is shown once the drill is over; empty before, so that no answer is on the page.
    """

    _esm = live.script(HERE / "console.js")
    _css = (live.HERE / "live.css").read_text(encoding="utf-8") + (HERE / "console.css").read_text(encoding="utf-8")
    own = traitlets.Unicode().tag(sync=True)
    specs = traitlets.List().tag(sync=True)
    layout_data = traitlets.Dict().tag(sync=True)
    screen = traitlets.Dict().tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)
    playing = traitlets.Bool().tag(sync=True)
    speed = traitlets.Int(1).tag(sync=True)
    debrief = traitlets.Dict().tag(sync=True)
    vega = traitlets.Instance(VegaBundle).tag(sync=True, **ipywidgets.widget_serialization)


class DrillConsole:
    """One display of a drill.

    Parameters
    ----------
    session : Session
    file : DrillFile
        Where it is kept; what is in it already goes on.

    Raises
    ------
    DrillFileError
        What is in the file is no such drill.
    """

    def __init__(self, session: Session, file: DrillFile) -> None:
        self._attach(session, file)
        with file.locked():
            if file.exists():
                file.restore(session)
            elif session.role != "board":
                file.save(session)

    def _attach(self, session: Session, file: DrillFile) -> None:
        self.session, self.file = session, file
        self.widget: Console | None = None
        self._debriefed: Debrief | None = None
        self._guard = threading.RLock()  # messages may come in a second thread of the kernel
        self._stamp: Any = None
        self.owner = session.role or "alone"

    # ---- display ---------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        first = screen.headline(self.session)
        return f"{self.session.world.scenario.opening} " + "; ".join(f"{one['asks']}: {one['says']}" for one in first)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not static.is_live():
            self._show_static()
            return
        rerun.promise()
        self.open()
        display({**self.widget._repr_mimebundle_()[0], "text/plain": repr(self)}, raw=True)

    def _show_static(self) -> None:
        """A picture of the first screen, for those who read the notebook without a kernel."""
        from IPython.display import display

        display({"text/plain": repr(self)}, raw=True)
        first, picture = boards.specs(self.session)[0], screen.picture(self.session)
        static.show_png(static.png([static.filled(first, [picture])]), repr(self))

    def open(self) -> Console:
        """Make the widget."""
        self.widget = Console(
            **live.named(),
            vega=vega_bundle(),
            specs=boards.specs(self.session),
            layout_data=self._layout(),
            **self._state(),
        )
        self.widget.on_msg(self._heard)
        rerun.closes(self.close)
        return self.widget

    def close(self) -> None:
        """Close the widget: its cell runs anew. The drill stands still until then."""
        rerun.close_all([self.widget])

    def _layout(self) -> dict[str, Any]:
        return screen.layout(self.session)

    def _screen(self) -> dict[str, Any]:
        return screen.screen(self.session)

    def _state(self) -> dict[str, Any]:
        header, buffer = pack([KEY], screen.picture(self.session))
        state = {"screen": self._screen(), "picture": {"header": header, "buffer": buffer}}
        if self.session.ended:
            state |= {"playing": False, "debrief": self._page()}
        return state

    def _page(self) -> dict[str, Any]:
        if self.widget is not None and self.widget.debrief:
            return self.widget.debrief
        return self._debrief().page()

    def _debrief(self) -> Debrief:
        from course_lib.incidents.debrief_board import Debrief

        if self._debriefed is None:
            self._debriefed = Debrief(self.session)
        return self._debriefed

    def show(self) -> None:
        """Bring the page up to date, in one message."""
        if self.widget is None:
            return
        with self.widget.hold_sync():
            for name, value in self._state().items():
                setattr(self.widget, name, value)

    # ---- messages --------------------------------------------------------------------------------------------------

    def _heard(self, _widget: Any, message: Mapping[str, Any], _buffers: Any) -> None:
        with self._guard:
            self.take(message)

    def take(self, message: Mapping[str, Any]) -> None:
        """Do what the page asks for, say why not, and bring it up to date."""
        try:
            answer = self._answer(message)
        except (Refusal, DrillFileError) as error:
            answer = {"type": "refused", "text": _sentence(str(error))}
            if message.get("type") == "tick" and isinstance(error, DrillFileError):
                self.widget.playing = False
        self.show()  # first what is so, then that it was done: whoever reads the answer sees the new state
        if answer:
            self.widget.send({**answer, "number": message.get("number")})

    def _answer(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        kind = message.get("type")
        if kind == "do":
            return self._do(message)
        if kind == "play":
            return self._play(bool(message.get("playing")))
        if kind == "speed" and message.get("speed") in SPEEDS:
            self.widget.speed = message["speed"]
        elif kind in ("tick", "step"):
            self._move(lambda: self.session.advance(_seconds(message)), claim=kind == "step")
        elif kind == "follow":
            return self._follow()
        elif kind == "wait":
            self._move(self.session.wait, claim=True)
        elif kind == "end":
            self._end()
        return None

    def _do(self, message: Mapping[str, Any]) -> dict[str, Any]:
        what, facts = str(message.get("kind")), dict(message.get("facts") or {})
        if what == "update":
            facts["text"] = screen.update_text(facts.get("facts", {}))
            lines = [] if message.get("sure") else missing(facts["text"])
            if lines and not refusals.reason(self.session, what, facts):
                return {"type": "hints", "lines": lines}
        with self.file.locked():
            self._read()
            self.session.do(what, **facts)
            self._save()
        return {"type": "done", "kind": what}

    def _save(self) -> None:
        self.file.save(self.session)
        self._stamp = self.file.stamp()

    def _read(self) -> None:
        """Take over what another console wrote meanwhile: another role's, or the same cell's in another window."""
        if not self.file.exists():
            return
        now, stamp = self.session.now, self.file.stamp()
        if stamp != self._stamp:
            self.file.restore(self.session)
            self._stamp = stamp
        self.session.now = max(now, self.file.now(self.session))

    def _follow(self) -> dict[str, Any]:
        """Come to where another console has brought the drill."""
        was = self.session.ended
        self._read()
        if self.session.ended and not was:
            self.widget.playing = False
        return {"type": "followed"}

    def _play(self, playing: bool) -> None:
        if playing and self.session.ended:
            raise Refusal("the drill is over")
        if playing and not self.file.clock_is_free(self.owner):
            raise Refusal(f"the {self.file.read_clock().get('owner')}'s console moves the clock")
        self.widget.playing = playing
        if playing:
            self.file.write_clock(self.session.now, self.owner)

    def _move(self, move: Any, *, claim: bool) -> None:
        """Move the clock, or follow the one that another console moves."""
        if self.session.role:
            self._read()
            if not self.file.clock_is_free(self.owner):
                if claim:
                    raise Refusal(f"the {self.file.read_clock().get('owner')}'s console moves the clock")
                return
        move()
        self.file.write_clock(self.session.now, self.owner)
        if self.session.ended:
            self._finish()

    def _end(self) -> None:
        if self.session.ended:
            return
        with self.file.locked():
            self._read()
            self.session.end()
        self._finish()

    def _finish(self) -> None:
        self.widget.playing = False
        with self.file.locked():
            self._read()
            self.session.ended = True
            self._save()
        self._debrief().note(self.file.path)


def _seconds(message: Mapping[str, Any]) -> float:
    seconds = message.get("seconds", 0)
    return min(float(seconds), 600.0) if isinstance(seconds, int | float) else 0.0


def _sentence(text: str) -> str:
    """A reason as a sentence; the name of a file stays as it is.

    >>> _sentence("the drill is over"), _sentence("dns-7.json: no JSON")
    ('The drill is over.', 'dns-7.json: no JSON.')
    """
    first, *_ = text.split(maxsplit=1) or [""]
    begun = text if "." in first.rstrip(".:") else f"{text[:1].upper()}{text[1:]}"
    return begun + ("" if text.endswith((".", "!", "?")) else ".")
