"""Recall on a page: the card, how sure, the answer, whether it was right, and the next one."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping

import ipywidgets as widgets
from markdown_it import MarkdownIt

from course_lib.manifest import Course
from course_lib.progress import ProgressError
from course_lib.recall import naming, schedule
from course_lib.recall.cards import Card
from course_lib.recall.naming_chart import drawn
from course_lib.view.prediction import CONFIDENCE
from course_lib.view.static import SCALE


class Desk(widgets.VBox):
    """A sitting of some cards.

    Parameters
    ----------
    course : Course
    cards : list of Card
        What is due, in order.
    """

    def __init__(self, course: Course, cards: list[Card]) -> None:
        super().__init__(layout=widgets.Layout(max_width="760px"))
        self.course, self.waiting, self.asked, self.right = course, list(cards), 0, 0
        self.count = len(self.waiting)
        self._next()

    def _next(self) -> None:
        if not self.waiting:
            done = (
                f"{self.right} of {self.asked} right. Nothing more is due today." if self.asked else "Nothing is due."
            )
            self.children = [_text(done)]
            return
        self.card = self.waiting.pop(0)
        self.asked += 1
        self.head = _text(f"*{self.asked} of {self.count} · {self.card.heading(self.course)}*")
        if self.card.kind == "naming":
            self._show_charts()
        else:
            self._show(self.card.front, _sure(self._turn))

    def _show_charts(self) -> None:
        turn = schedule.load(self.course).turns(self.card)
        self.puzzle = naming.question(self.course, self.card.slug, turn)
        self.front = _picture(self.puzzle)
        choices = {name: lambda place=place: self._chosen(place) for place, name in enumerate(self.puzzle.choices)}
        self.children = [self.head, self.front, _text("Which is it?"), _buttons(choices, width="auto", column=True)]

    def _chosen(self, place: int) -> None:
        said = _text(f"You say: **{self.puzzle.choices[place]}**")
        right = place == self.puzzle.right
        self.children = [self.head, self.front, said, _sure(lambda sure: self._told(sure, right))]

    def _told(self, sure: int, right: bool) -> None:
        verdict = _text(f"{'Right' if right else 'No'}. {self.puzzle.why}")
        self._keep(sure, right, [self.front, verdict])

    def _turn(self, sure: int) -> None:
        """Show the back of a card, and ask whether the learner had it."""
        had = {"I had it": lambda: self._keep(sure, True), "I missed it": lambda: self._keep(sure, False)}
        self._show(self.card.front, _text(self.card.back), _buttons(had))

    def _show(self, front: str, *rest: widgets.Widget) -> None:
        self.children = [self.head, _text(f"**{front}**"), *rest]

    def _keep(self, sure: int, right: bool, shown: list[widgets.Widget] | None = None) -> None:
        self.right += right
        try:
            words = f"It comes back on {schedule.answer(self.course, self.card, sure, right).astimezone():%d %B}."
        except ProgressError as error:
            words = str(error)
        shown = shown or [_text(f"**{self.card.front}**"), _text(self.card.back)]
        self.children = [self.head, *shown, _text(words), _buttons({"Next card": self._next})]


def _text(markdown: str) -> widgets.HTMLMath:
    return widgets.HTMLMath(MarkdownIt("commonmark").render(markdown))


def _picture(puzzle: naming.Question) -> widgets.HTML:
    chart = drawn(puzzle)
    png = chart.png()
    width = round(int.from_bytes(png[16:20], "big") / SCALE) if png else 0
    source, words = base64.b64encode(png).decode(), html.escape(chart.description, quote=True)
    return widgets.HTML(
        f'<img src="data:image/png;base64,{source}" width="{width}" style="max-width: 100%" alt="{words}">'
    )


def _sure(then: Callable[[int], None]) -> widgets.VBox:
    levels = {word: lambda level=level: then(level) for level, word in enumerate(CONFIDENCE, start=1)}
    return widgets.VBox([_text("How sure are you of your answer?"), _buttons(levels)])


def _buttons(does: Mapping[str, Callable[[], None]], width: str = "9em", column: bool = False) -> widgets.Box:
    made = []
    for name, act in does.items():
        button = widgets.Button(description=name, layout=widgets.Layout(width=width), tooltip=name)
        button.on_click(lambda _button, act=act: act())
        made.append(button)
    return widgets.VBox(made) if column else widgets.HBox(made)
