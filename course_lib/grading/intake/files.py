"""Names of learners and files as they are called everywhere."""

from __future__ import annotations

import hashlib
import unicodedata


def plain_name(name: str) -> str:
    """A learner's or a file's name as it is called everywhere: composed (NFC), printable, no lone surrogates.

    What had to be changed beyond composing is kept apart by a digest of the name: two folders are never one learner.
    """
    composed = unicodedata.normalize("NFC", name)
    shown = printable(composed)
    if shown == composed:
        return composed
    return f"{shown}-{hashlib.sha256(composed.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def printable(text: str) -> str:
    """Text with a ``?`` in place of each character that does not print."""
    return "".join(c if c.isprintable() else "?" for c in text)
