"""A post-mortem as data: front matter, sections, tables and code blocks, each with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.postmortem import front_matter
from course_lib.postmortem.front_matter import FrontMatter, FrontMatterError, Head

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_BYTES = 100_000
SUFFIX = ".md"
#: Sections in order, each by the words its heading begins with.
SECTIONS = {
    "summary": r"(executive )?summary|overview",
    "impact": r"(customer |user |business )?impact",
    "timeline": r"(incident )?timeline",
    "factors": r"contributing (factors|causes)|(root )?causes?\b|causes and",
    "detection": r"detection",
    "response": r"response|mitigation|resolution|recovery",
    "lessons": r"what went|lessons|went well",
    "actions": r"(action|follow|corrective|remediation)",
    "security": r"security",
    "message": r"(customer|external|public) (message|statement|communication)",
    "supporting": r"supporting|glossary|appendix|data\b",
}
TITLES = {
    "summary": "Summary",
    "impact": "Impact",
    "timeline": "Timeline",
    "factors": "Contributing factors",
    "detection": "Detection",
    "response": "Response and mitigation",
    "lessons": "What went well, badly, and by luck",
    "actions": "Action items",
    "security": "Security review",
    "message": "Customer message",
    "supporting": "Supporting data and glossary",
}
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.S | re.M)
_OBJECTION = re.compile(r"<!--\s*lint-ok\b\s*(?P<rule>[A-Z]\d{1,2})?\s*:\s*(?P<reason>.*?)\s*-->")
_COMMENT_LINE = re.compile(r"\s*<!--.*-->\s*")


class DocumentError(ValueError):
    """Why a file cannot be read as a post-mortem, in one line."""


@dataclass(frozen=True)
class Piece:
    """A paragraph, list item, heading or table cell.

    Attributes
    ----------
    line : int
        On which it begins; a line break of the source is one of the text.
    kind : {"paragraph", "item", "heading", "cell"}
    text : str
        As a reader sees it.
    prose : str
        The same length of lines, with code left out.
    quoted : bool
        Whether it stands in a block quote.
    label : str
        Of a paragraph or item, its bold opening words, such as ``Trigger``.
    """

    line: int
    kind: str
    text: str
    prose: str
    quoted: bool = False
    label: str = ""

    def line_at(self, offset: int) -> int:
        """The line of the source on which a character of the text stands."""
        return self.line + self.prose.count("\n", 0, offset)


@dataclass(frozen=True)
class Row:
    """A row of a table: its cells by the words of their column's heading."""

    line: int
    cells: Mapping[str, str]

    def get(self, *names: str) -> str:
        """The first of these columns that the table has, else nothing."""
        return next((self.cells[name] for name in names if name in self.cells), "")

    @property
    def text(self) -> str:
        """All cells in one line."""
        return " | ".join(self.cells.values())


@dataclass(frozen=True)
class Table:
    """A table: its headings as written, the same in lower case without what is in brackets, and its rows."""

    line: int
    headings: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Fence:
    """A block of code."""

    line: int
    language: str
    text: str


@dataclass
class Section:
    """What stands below one second-level heading; the part before the first has the key "".

    Attributes
    ----------
    key : str
        Of `SECTIONS`, or the heading in lower case.
    title : str
    line : int
    pieces, tables, fences : list
        Cells of tables are pieces, too.
    """

    key: str
    title: str
    line: int
    pieces: list[Piece] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that a reader sees of it, a piece a paragraph."""
        return "\n\n".join(piece.text for piece in self.pieces)

    @property
    def words(self) -> int:
        """Words in it, headings left out."""
        return sum(len(piece.text.split()) for piece in self.pieces if piece.kind != "heading")

    def table(self, *columns: str) -> Table | None:
        """The first table with one of these columns."""
        return next((one for one in self.tables if set(columns) & set(one.columns)), None)


@dataclass(frozen=True)
class Objection:
    """What a writer says against a finding, in ``<!-- lint-ok: reason -->``.

    Attributes
    ----------
    line : int
        The line it speaks of: its own, or the next where it stands alone.
    reason : str
    rule : str
        The rule it names, or "" for any rule on that line.
    """

    line: int
    reason: str
    rule: str = ""


@dataclass(frozen=True)
class Document:
    """A post-mortem.

    Attributes
    ----------
    name : str
    head : Head
    sections : tuple of Section
    lines : tuple of str
        The source.
    objections : tuple of Objection
    """

    name: str
    head: Head
    sections: tuple[Section, ...]
    lines: tuple[str, ...]
    objections: tuple[Objection, ...] = ()

    @property
    def front(self) -> FrontMatter:
        """The fields of the front matter."""
        return self.head.fields

    def section(self, key: str) -> Section:
        """A section by its key; an empty one where the document has none."""
        found = [one for one in self.sections if one.key == key]
        if len(found) < 2:
            return found[0] if found else Section(key, TITLES.get(key, key), 1)
        whole = Section(key, found[0].title, found[0].line)
        for one in found:
            whole.pieces += one.pieces
            whole.tables += one.tables
            whole.fences += one.fences
        return whole

    @cached_property
    def code_lines(self) -> frozenset[int]:
        """Lines that stand in a block of code, its fences among them."""
        fences = [one for section in self.sections for one in section.fences]
        return frozenset(n for one in fences for n in range(one.line, one.line + one.text.count("\n") + 2))


def load(path: Path) -> Document:
    """Read a post-mortem from a file.

    Raises
    ------
    DocumentError
        In one line, why it cannot be read.
    """
    try:
        if path.is_dir():
            raise DocumentError(f"{path}: is a folder; name the document in it")
        if not path.is_file():
            raise DocumentError(f"{path}: is not there, or no file; `course postmortem new --run RUN.json` writes one")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"{path}: {error.strerror}") from None
    return parse(data, str(path))


def parse(source: str | bytes, name: str = "post-mortem") -> Document:
    """Read a post-mortem from its text.

    Raises
    ------
    DocumentError
    """
    text = decoded(source, name)
    found = _FRONT.match(text)
    if not found:
        mend = "; `course postmortem new --run RUN.json` shows it"
        how = "is not closed by a second line of ---" if text.startswith("---") else "is missing: it begins with ---"
        raise DocumentError(f"{name}: the front matter {how}{mend}")
    try:
        head = front_matter.read(found[1])
        body = "\n" * found[0].count("\n") + text[found.end() :]
        sections = tuple(_sections(_markdown().parse(body)))
    except FrontMatterError as error:
        raise DocumentError(f"{name}: {error}") from None
    except RecursionError:
        raise DocumentError(f"{name}: is nested too deeply to be read; write it more plainly") from None
    plain = Document(name, head, sections, tuple(text.split("\n")))
    return Document(name, head, sections, plain.lines, tuple(_objections(plain)))


def decoded(source: str | bytes, name: str) -> str:
    """The text of a document: UTF-8, not too long, line ends as Python's.

    Raises
    ------
    DocumentError
    """
    if isinstance(source, str):
        source = source.encode("utf-8", "replace")
    if len(source) > MAX_BYTES:
        raise DocumentError(f"{name}: is larger than {MAX_BYTES // 1000} kB; link to logs rather than pasting them")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise DocumentError(f"{name}: is not UTF-8 text, as line {line} shows; save it as UTF-8") from None
    if "\0" in text:
        raise DocumentError(f"{name}: holds zero bytes, so it is no text file; save it as Markdown in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")


def _key(title: str) -> str:
    plain = re.sub(r"^[\d.\s]+", "", title.strip().lower())
    return next((key for key, pattern in SECTIONS.items() if re.match(pattern, plain)), plain)


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    section, walk, left = Section("", "", 1), _Walk(), iter(tokens)
    for token in left:
        if token.type == "heading_open" and token.tag == "h2":
            yield section
            title, _ = _words(next(left))
            next(left)  # the heading's end
            section = Section(_key(title), title, token.map[0] + 1)
        else:
            walk.step(token, section)
    yield section


@dataclass
class _Walk:
    """Where one is while going through the tokens: in which block, table and row."""

    kinds: list[str] = field(default_factory=list)
    quotes: int = 0
    line: int = 1
    rows: list[tuple[int, list[str]]] = field(default_factory=list)

    def step(self, token: Token, section: Section) -> None:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind == "blockquote":
            self.quotes += token.nesting
        elif kind in ("list_item", "heading"):
            self.kinds = [*self.kinds, kind] if token.nesting > 0 else self.kinds[:-1]
        elif kind == "table":
            self._table(token, section)
        elif kind == "tr" and token.nesting > 0:
            self.rows.append((token.map[0] + 1 if token.map else self.line, []))
        elif kind == "fence" or kind == "code_block":
            section.fences.append(Fence(token.map[0] + 1, token.info.strip().lower(), token.content))
        elif kind == "inline":
            self._inline(token, section)

    def _table(self, token: Token, section: Section) -> None:
        if token.nesting > 0:
            self.rows, self.line = [], token.map[0] + 1
            self.kinds = [*self.kinds, "cell"]
            return
        self.kinds = self.kinds[:-1]
        columns = _columns(self.rows[0][1])
        rows = tuple(Row(line, dict(zip(columns, cells, strict=False))) for line, cells in self.rows[1:])
        section.tables.append(Table(self.line, tuple(self.rows[0][1]), columns, rows))

    def _inline(self, token: Token, section: Section) -> None:
        text, prose = _words(token)
        kind = {"list_item": "item", "": "paragraph"}.get(where := (self.kinds or [""])[-1], where)
        if kind == "cell":
            line, cells = self.rows[-1]
            cells.append(text.strip())
        else:
            line = token.map[0] + 1 if token.map else self.line
        if text.strip() and not (kind == "cell" and len(self.rows) == 1):
            section.pieces.append(Piece(line, kind, text, prose, self.quotes > 0, _label(token)))


def _columns(headings: Sequence[str]) -> tuple[str, ...]:
    """Names of a table's columns, each once; one without a heading is called by its place."""
    names: list[str] = []
    for place, heading in enumerate(headings, start=1):
        name = _column(heading)
        names.append(name if name and name not in names else f"{name} {place}".strip())
    return tuple(names)


def _column(heading: str) -> str:
    return re.sub(r"[^a-z ]+", " ", re.sub(r"\(.*?\)", "", heading.lower())).strip()


def _words(token: Token) -> tuple[str, str]:
    """Text of an inline token with code and without."""
    text, prose = [], []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            text.append("\n")
            prose.append("\n")
        elif child.type == "code_inline":
            text.append(child.content)
            prose.append("\u2026")
        elif child.type == "text":
            text.append(child.content)
            prose.append(child.content)
    return "".join(text), "".join(prose)


def _label(token: Token) -> str:
    """The bold words that a paragraph or item opens with, without a colon."""
    children = [child for child in token.children or () if child.content or child.type == "strong_open"]
    if len(children) > 1 and children[0].type == "strong_open":
        return children[1].content.rstrip(" :.")
    return ""


def _objections(document: Document) -> Iterator[Objection]:
    for number, text in enumerate(document.lines, start=1):
        for found in _OBJECTION.finditer(text) if number not in document.code_lines else ():
            alone = _COMMENT_LINE.fullmatch(text)
            yield Objection(number + bool(alone), found["reason"], found["rule"] or "")
