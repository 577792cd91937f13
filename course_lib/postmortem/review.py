"""The form of a peer review: what a reader can judge and the grader cannot, group by group of the rubric."""

from __future__ import annotations

from course_lib.postmortem import actions, causes, template
from course_lib.postmortem.document import Document

#: For each group of the rubric, by its name there, what a peer is asked.
QUESTIONS = {
    "Structure": (
        "Could somebody who reads the summary alone tell a customer what happened?",
        "Is every abbreviation explained where it first stands?",
    ),
    "Timeline": (
        "Can you tell at each moment what the responder saw, and what they could not see?",
        "Is the longest gap between two entries explained by what was done in it?",
    ),
    "Impact": (
        "Do the figures say whom it hit hardest, and are you told how they were counted?",
        "Is there harm that no figure shows: data, trust, work made twice?",
    ),
    "Causes": (
        "Does each factor say what made it possible, rather than who did it?",
        "Could you argue from the evidence for another amplifier than the one that is named?",
        "Did the first hypothesis make sense with what was known then, and does the text show that?",
    ),
    "Detection": (
        "Would the proposed rule have paged the person who could act?",
        "Is there a look-alike on which it would page in vain?",
    ),
    "Response and mitigation": (
        "Is what was tried in vain told as fairly as what worked?",
        "Could you repeat the mitigation tonight from this text alone?",
    ),
    "Language": (
        "Would the people who took part read every sentence without a sting?",
        "Is anything told as known then that was known only afterwards?",
    ),
    "Action items": (
        "Would the items together have kept users from harm, or only have told sooner?",
        "Is there a factor that everybody will have forgotten by the next quarter?",
        "Which item would you drop if only two could be done, and does the priority say so?",
    ),
    "Security and message": (
        "Did a lever of that hour open a door, and is it shut again?",
        "Would a customer feel informed by the message, and would an attacker learn nothing from it?",
    ),
}


def form(paper: Document) -> str:
    """The form for one document, with its own factors and items to go through.

    Parameters
    ----------
    paper : Document
    """
    return template.made("review.md.j2").render(
        title=paper.front.title or "post-mortem",
        name=paper.name,
        questions=QUESTIONS,
        factors=[{"id": one.id, "text": _cell(one.text.removeprefix(one.id).strip())} for one in causes.factors(paper)],
        items=[{"id": one.id, "action": _cell(one.action)} for one in actions.items(paper)],
    )


def _cell(text: str) -> str:
    """Text that stays within a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
