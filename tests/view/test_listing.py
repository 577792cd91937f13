"""What a lesson shows of a model's source and parameters."""

import re

from course_lib.models.fifo import Fifo
from course_lib.models.repeat_incident import Parameters
from course_lib.models.retry_storm import simulate
from course_lib.view import listing


def short():
    return 1


def test_short_source_stands_in_the_open_and_long_source_is_folded():
    assert "<details>" not in listing.source(short)._repr_html_()
    shown = listing.source(Fifo.give_up)
    page = shown._repr_html_()
    assert page.startswith("<details><summary>") and "def give_up" in page.partition("</summary>")[0]
    assert shown.data.count("\n") > listing.SHOWN and repr(shown) == shown.data


def test_what_a_first_line_holds_is_text_and_no_markup():
    assert "&lt;details&gt;" in listing.Folded("x = '<details>'\n" * 20)._repr_html_()
    assert "def simulate" in listing.source(simulate).data


def test_a_table_has_columns_as_wide_as_they_need_and_numbers_in_full():
    page = listing.parameter_table(Parameters, "fix_time", "page_burn").to_html()
    assert re.search(r"#T_\w+\s*{\s*table-layout: auto", page)
    assert ">3,888,000<" in page and ">14.4<" in page
