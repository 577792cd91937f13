"""What a status update still lacks, said before it is sent. It may be sent as it is: the debrief has the last word."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d")
_CLOCK = re.compile(r"\b\d{1,2}:\d{2}\b|\bsince\b", re.I)
_NEXT = re.compile(r"\bnext update\b|\bupdate (?:in|at|by)\b", re.I)
_PROMISE = re.compile(
    r"\b(?:will be (?:back|fixed|up|over|solved|resolved|normal)|(?:back|fixed|solved|resolved|over) (?:in|by|within) "
    r"(?:\d|a |an |ten|five|a few)|shortly|any minute|very soon|guarantee)",
    re.I,
)


def missing(text: str) -> list[str]:
    """Return a line for each fact that those who wait ask for and the update does not have.

    >>> missing("Since 18:04 about 90 % of payments fail. Retries are being switched off. Next update at 18:15.")
    []
    >>> missing("We are on it and it will be fixed in ten minutes")[-1]
    'it promises an end: nobody knows that yet; say when the next update comes instead'
    """
    asked = [
        (_NUMBER.search(text), "it has no number: how many, or what share, is hurt?"),
        (_CLOCK.search(text), "it does not say since when"),
        (_NEXT.search(text), "it does not say when the next update comes"),
        (not promises(text), "it promises an end: nobody knows that yet; say when the next update comes instead"),
    ]
    return [line for there, line in asked if not there]


def promises(text: str) -> bool:
    """Whether a text names a time at which all will be well.

    >>> promises("checkout will be back by 18:30"), promises("next update by 18:30")
    (True, False)
    """
    return bool(_PROMISE.search(text))
