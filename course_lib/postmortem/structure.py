"""S: is it all there, is nothing left of the frame, who owns it, and does the summary stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from course_lib.postmortem.document import SECTIONS, TITLES, Document
from course_lib.postmortem.facts import Facts, modes_named
from course_lib.postmortem.finding import Finding, Judged, judged

LONGEST_SUMMARY = 120
_LEAST_WORDS = 4
_LEFT_OVER = re.compile(
    r"\b(?:TODO|TBD|FIXME|XXX|lorem ipsum)\b|<(?!!--|/|https?:|mailto:)"
    r"(?!(?:a|b|br|caption|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|img|ins|kbd|li|ol|p|pre|s|span|strong|sub|"
    r"summary|sup|table|tbody|td|th|thead|tr|u|ul)\b[^<>]*>)[A-Za-z][^<>@]{1,60}>|_Your name_"
)
_OTHER_HEADING = re.compile(r"(?:#|###+) ")
_NOBODY = re.compile(
    r"\b(?:team|everyone|everybody|all|ops|tbd|todo|nobody|none|n/?a|unknown|us|we|engineering)\b|,|&| and |/", re.I
)
_GROUP_OF_A_ROLE = re.compile(
    r"\b(?:(?:team(?:['’]s)?|ops|engineering) )+(?=(?:lead|on-?call|manager|owner|engineer|director|head)\b)"
    r"|\b(?:lead|manager|owner|director|head|vp) of (?:the )?(?:ops|engineering|\w+ team)\b",
    re.I,
)
_HOLDS = {
    "what broke": r"fail|delay|not \w+ in time|\blate\b|missed|in vain|error|unavailab|degrad|slow|lost|time[d]? ?out|"
    r"refus|reject|down\b",
    "when": r"\d{1,2}:\d\d|\d{4}-\d\d-\d\d",
    "who was hit": r"users?\b|customers?|requests?|shoppers?|clients?|callers?|readers?|sessions?|orders?|checkouts?",
    "how it ended": r"ended|end(s|ing)? (it|the)|mitigat|restor|recover|resolv|stopp|finish|fixed|back (to|at|below)|"
    r"until|"
    r"by (turning|switching|shed|draining)",
}


def is_owner(text: str) -> bool:
    """Whether a text names exactly one person or role, and no team; a team's on-call and its head are roles."""
    named = _GROUP_OF_A_ROLE.sub("one ", text.strip())
    return bool(named) and not named.startswith("<") and not _NOBODY.search(named)


def s1(document: Document, facts: Facts) -> Judged:
    """All sections are there and hold something."""
    missing = [key for key in SECTIONS if _empty(document, key)]
    names = ", ".join(TITLES[key] for key in missing)
    mend = "write the section, if only to say why there is nothing to say"
    if len(missing) == len(SECTIONS) and any(_OTHER_HEADING.match(text) for text in document.lines):
        mend = "give each section a heading with two hashes, such as “## Impact”: those with one or three begin none"
    said = Finding("S1", 1, f"missing or empty: {names}", mend)
    return judged("S1", *([said] if missing else []), share=1 - len(missing) / len(SECTIONS))


def _empty(document: Document, key: str) -> bool:
    section = document.section(key)
    rows = sum(len(table.rows) for table in section.tables)
    return section.words < _LEAST_WORDS and not rows and not section.fences


def s2(document: Document, facts: Facts) -> Judged:
    """No text of the frame is left."""
    return judged("S2", *_left_over(document))


def _left_over(document: Document) -> Iterator[Finding]:
    rows = {row.line for table in document.section("actions").tables for row in table.rows}
    for number, text in enumerate(document.lines, start=1):
        if number in rows:  # an owner or a date that is still open is for the rules on items to tell
            continue
        found = _LEFT_OVER.search(re.sub(r"<!--.*?-->|`[^`]*`", "", text))
        if found and number not in document.code_lines:
            yield Finding("S2", number, f"“{found[0]}” is left of the frame", "fill it in, or take the line out")
        elif "<table" in text.lower() and number not in document.code_lines:
            yield Finding("S2", number, "a table in HTML is not read", "write it in Markdown, with | between its cells")


def s3(document: Document, facts: Facts) -> Judged:
    """One person or role owns it; what else of the front matter could not be read is told here."""
    line, owner = document.head.line("owner"), document.front.owner
    told = [
        Finding("S3", p.line, f"{p.field}: {p.why}", "mend the field")
        for p in document.head.problems
        if p.field == "owner"
    ]
    if not told and not is_owner(owner):
        seen = f"owner: {owner!r} is not one person or role" if owner else "owner: nobody is named"
        told = [Finding("S3", line, seen, "name one, such as “payments on-call lead”; a team owns nothing")]
    return judged("S3", *told)


def s4(document: Document, facts: Facts) -> Judged:
    """The summary is short, and tells what, when, who and how it ended."""
    section = document.section("summary")
    told = []
    if section.words > LONGEST_SUMMARY:
        seen = f"the summary has {section.words} words, and at most {LONGEST_SUMMARY} are read"
        told.append(Finding("S4", section.line, seen, "keep what somebody who reads nothing else needs"))
    lacking = [what for what, pattern in _HOLDS.items() if not re.search(pattern, section.text, re.I)]
    if "what broke" in lacking and modes_named(section.text):
        lacking.remove("what broke")
    if lacking:
        said = f"the summary does not say {', '.join(lacking)}"
        told.append(Finding("S4", section.line, said, "one sentence each: what broke, when, for whom, how it ended"))
    return judged("S4", *told)


RULES = (s1, s2, s3, s4)
