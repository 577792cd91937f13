"""The course key, and what is derived from it: seeds no learner has seen, and signatures on verdicts."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KEY_BYTES = 32
_SEED_BITS = 31


class KeyFileError(ValueError):
    """Why a file is no course key, in one line."""


def load_key(path: Path) -> bytes:
    """Read the course key; make one on first use, readable by its owner alone.

    Raises
    ------
    KeyFileError
        When the file is no key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError):
        key = b""
    if len(key) < _KEY_BYTES:
        raise KeyFileError(f"{path} is not a course key ({2 * _KEY_BYTES} hex digits); move it away to get a new one")
    return key


def seed(key: bytes, learner: str, lab: str, purpose: str, answers: str = "") -> int:
    """A learner's seed for one lab: ``HMAC(key, learner, lab, purpose)`` cut to 31 bits.

    Parameters
    ----------
    key : bytes
    learner, lab : str
    purpose : {"judge", "notebook"}
        The seed of the verdict never enters a sandbox; that of the recorded notebook must.
    answers : str
        Where given, the seed goes with the answers, too.
    """
    text = "\0".join(("seed", purpose, learner, lab, answers)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hmac.digest(key, text, hashlib.sha256)[:8]) >> (64 - _SEED_BITS)


def sign(key: bytes, record: Mapping[str, Any]) -> str:
    """Signature of a record without its own ``signature`` entry."""
    body = {name: value for name, value in record.items() if name != "signature"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, b"verdict\0" + text.encode(), hashlib.sha256).hexdigest()


def signed(key: bytes, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its signature."""
    return {**record, "signature": sign(key, record)}


def is_ours(key: bytes, record: Mapping[str, Any]) -> bool:
    """Whether the signature is this key's and the record is as it was signed."""
    return hmac.compare_digest(str(record.get("signature", "")), sign(key, record))
