"""A page is read as it stands, and what cannot be carried out is refused in one line with file and number."""

import pytest

from course_lib.runbooks import clauses, page
from course_lib.runbooks.clauses import Do, GoTo, Wait
from course_lib.runbooks.page import PageError
from tests.runbooks.toy import PAGE, Toy


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(PAGE.splitlines(), start=1) if text in line)


def test_a_page_is_read():
    read = page.parse(PAGE, "toy.md")
    assert read.title == "Toy failure"
    assert read.texts["Meaning"] == "a cause is there."
    assert [type(clause) for clause in read] == [Wait, Do, Wait, GoTo]
    [opens] = read.opens
    assert (opens.conditions[0].value, opens.hold, opens.line) == (0.05, 30.0, line_of("Mistaken"))
    mend, verify = read.steps[0].clauses[0], read.steps[1].clauses[0]
    assert (mend.action, mend.role) == ("mend", "operator")
    assert (verify.within, verify.otherwise, verify.verify) == (300.0, 3, True)


def test_numbers_are_read_as_people_write_them():
    wait = clauses.parse("when a_rate / b_rate > 1,000.5 and delay < 2 min for 1 h within 2 h")
    assert [(c.signal, c.per, c.value) for c in wait.conditions] == [("a_rate", "b_rate", 1000.5), ("delay", "", 120.0)]
    assert (wait.hold, wait.within) == (3600.0, 7200.0)


WRONG = [
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio > a few for 30 s`", "ambiguous threshold 'a few'"),
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio > 5-10 % for 30 s`", "ambiguous threshold '5-10 %'"),
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio > 5 % or so for 30 s`", "ambiguous threshold"),
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio is high for 30 s`", "compares nothing"),
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio > 5 %`", "does not say for how long"),
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio > 5 % for a while`", "is no time"),
    ("`when error_ratio > 5 % for 30 s`", "`when errors > 5 for 30 s`", "nobody sees a signal 'errors'"),
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio > 5 for 30 s`", "can never fire: error_ratio is a share"),
    ("`when error_ratio > 5 % for 30 s`", "`when error_ratio > 100 % for 30 s`", "can never fire"),
    ("`when error_ratio > 5 % for 30 s`", "`when load < 0 for 30 s`", "can never fire: no signal is below 0"),
    ("`when error_ratio > 5 % for 30 s`", "`when load > 5 and load < 4 for 30 s`", "can never fire: no value is both"),
    ("`when error_ratio > 5 % for 30 s`", "`when load > 5 s for 30 s`", "load is in requests/s, not s"),
    ("`when error_ratio > 5 % for 30 s`", "`when load > 5 for 2 h`", "can never fire: the day lasts 1200 s"),
    ("`when error_ratio > 5 % for 30 s`", "when all burns", "nothing says when to open the page"),
    ("`do mend as operator`", "`do mendd as operator`", "nobody knows an action 'mendd': did you mean mend?"),
    ("`do mend as operator`", "`do mend as commander`", "commander may not do mend: that is for operator"),
    ("`do mend as operator`", "`do`", "names no action"),
    ("`do mend as operator`", "mend it", "step 1 says nothing one can carry out"),
    ("`do mend as operator`", "`when load > 5 for 30 s` mend it", "step 1 has a `when` and no action"),
    ("`do mend as operator`", "`do mend as operator", "not closed on its line"),
    ("`do mend as operator`", "`else go to 2` `do mend`", "`else` belongs behind"),
    ("`else go to 3`", "`else go to 7`", "there is no step 7"),
    ("`else go to 3`", "`else go to the end`", "leads nowhere"),
    ("2. `verify", "3. `verify", "step 3 follows step 1"),
    ("for 60 s within 5 min`", "for 60 s within 30 s`", "can never come true"),
    ("for 60 s within 5 min`", "for 60 s`", "does not say when to give up"),
    ("1. `do mend as operator`", "1. `do mend as operator` `go to 3`", "no way leads to step 2"),
    ("2. `verify error_ratio < 1 % for 60 s within 5 min` `else go to 3`", "2. `wait 5 min`", "nothing verifies"),
    ("## Recovery", "## Recover", "the section '## Recovery' lacks"),
    ("Meaning: ", "It means: ", "a paragraph that begins with 'Meaning: ' lacks"),
    ("# Toy failure", "Toy failure", "the page has no title"),
]


@pytest.mark.parametrize(("right", "wrong", "says"), WRONG, ids=[wrong for _, wrong, _ in WRONG])
def test_what_cannot_be_carried_out_is_refused_at_its_line(right, wrong, says):
    assert PAGE.count(right) == 1
    with pytest.raises(PageError, match=r"^toy\.md:\d+: ") as raised:
        read = page.parse(PAGE.replace(right, wrong), "toy.md")
        page.check(read, Toy.units, Toy.roles, Toy.until)
    message = str(raised.value)
    assert says in message
    assert "\n" not in message
    named = int(message.split(":")[1])
    whole = says.startswith(("the section", "a paragraph", "the page", "nothing says", "nothing verifies", "no way"))
    assert whole or named == line_of(right)


def test_sections_come_in_their_order():
    looks, actions = PAGE.index("## How it looks"), PAGE.index("## Immediate actions")
    worked = PAGE.index("## How to know")
    swapped = PAGE[:looks] + PAGE[actions:worked] + PAGE[looks:actions] + PAGE[worked:]
    with pytest.raises(PageError, match="sections come in this order"):
        page.parse(swapped, "toy.md")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PageError, match=r"nowhere\.md: no such runbook"):
        page.load(tmp_path / "nowhere.md")
    binary = tmp_path / "binary.md"
    binary.write_bytes(b"\xff\xfe# x")
    with pytest.raises(PageError, match=r"binary\.md:1: is no text"):
        page.load(binary)
