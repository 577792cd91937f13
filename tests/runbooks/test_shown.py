"""A lesson shows its runbook as it stands, folded."""

import re

import pytest

from course_lib import manifest, notebook_file
from course_lib.runbooks import page, shown


@pytest.mark.parametrize("slug", page.names())
def test_the_lesson_shows_the_page_as_it_stands(slug):
    text = shown.text(slug)
    written = page.load(slug).path.read_text(encoding="utf-8")
    assert all(line in text for line in written.splitlines() if line and not line.startswith("#"))
    assert text.count("<details>") == text.count("</details>") == 1 and "\n## " not in text
    assert not re.search(r"\*\*\n\d+\. ", text)  # a numbered list would run on in the heading's line
    lesson = next(module.lesson for module in manifest.load().modules if module.slug == slug)
    cells = notebook_file.read(lesson).cells
    assert f'shown.runbook("{slug}")' in next(cell.source for cell in cells if cell.id == "runbook")
