"""Search without a server: an index made beforehand by lunr.py, read by lunr.js in the page.

The index and its reader are scripts, because a page that was opened as a file may load nothing else; they are loaded
when somebody begins to search.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from lunr import lunr

TITLE_BOOST = 8
"""How much more a word counts in a heading than in the text below it."""
EXCERPT = 160
"""Characters of a section that a hit shows."""
_HEADING = re.compile(r'<h([23]) id="(?P<anchor>[^"]+)"[^>]*>(?P<text>.*?)</h\1>', re.S)


def sections(name: str, title: str, html: str) -> list[dict[str, str]]:
    """Return a page's sections: where each is (``at``), its ``title``, and its ``text`` without marks.

    Parameters
    ----------
    name : str
        The page's file.
    title : str
    html : str
        Its middle.
    """
    heads = list(_HEADING.finditer(html))
    starts = [(name, title, 0)]
    starts += [(f"{name}#{head['anchor']}", f"{title}: {_words(head['text'])}", head.end()) for head in heads]
    ends = [*(head.start() for head in heads), len(html)]
    found = [
        {"at": at, "title": head, "text": _words(html[start:end])}
        for (at, head, start), end in zip(starts, ends, strict=True)
    ]
    return [section for section in found if section["text"]]


def script(pages: Iterable[list[dict[str, str]]]) -> str:
    """Return the index of all pages' sections, and what a hit shows, as one script."""
    known = [section for page in pages for section in page]
    documents = [{"id": str(i), **section} for i, section in enumerate(known)]
    index = lunr(ref="id", fields=[{"field_name": "title", "boost": TITLE_BOOST}, "text"], documents=documents)
    shown = [[one["at"], one["title"], one["text"][:EXCERPT]] for one in known]
    return f"globalThis.courseSearch({_json(index.serialize())}, {_json(shown)});\n"


def _json(what: Any) -> str:
    return json.dumps(what, ensure_ascii=False, separators=(",", ":"))


class _Text(HTMLParser):
    """The words of a piece of HTML; a formula's are no words, and a paragraph sign is none."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "math" or (tag == "a" and ("class", "anchor-link") in attrs):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.words += data.split()


def _words(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return " ".join(parser.words)
