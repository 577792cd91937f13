"""A runbook in a notebook: its page, folded, and the commands that carry it out and drill its incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.runbooks import page as pages

if TYPE_CHECKING:
    from IPython.display import Markdown


def runbook(slug: str) -> Markdown:
    """The runbook of a failure mode, to be unfolded.

    Examples
    --------
    >>> print(text("retry_storm").splitlines()[0])
    <details><summary>The runbook: Retry storm. One page, for whoever is woken</summary>
    """
    from IPython.display import Markdown

    return Markdown(text(slug))


def text(slug: str) -> str:
    """Markdown of a page in a fold, its headings below those of a lesson.

    A list that does not begin with 1 needs an empty line before it.
    """
    page = pages.load(slug)
    lines = page.path.read_text(encoding="utf-8").splitlines()[1:]
    body = "\n".join(f"**{line[3:].strip()}**\n" if line.startswith("## ") else line for line in lines)
    return (
        f"<details><summary>The runbook: {page.title}. One page, for whoever is woken</summary>\n\n{body.strip()}\n"
        "</details>\n\n"
        f"Carried out word by word: `course runbook run {slug}`. Your turn: `course drill {slug}`."
    )
