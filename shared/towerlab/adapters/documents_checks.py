"""What every document store refuses, before it writes anything."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache

from towerlab.domain.errors import Invalid, Problem
from towerlab.ports.documents import Delete, Put, is_valid
from towerlab.ports.errors import AlreadyExists, RevisionConflict

MAX_BODY_BYTES = 1_000_000  # Firestore takes 1 MiB with all its overhead
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_writes(writes: Sequence[Put | Delete]) -> None:
    """Raises ValueError for an impossible key, and for one that is written twice."""
    for write in writes:
        if not is_valid(write.key):
            raise ValueError(f"{write.key} cannot be a document's key")
    if len({write.key for write in writes}) < len(writes):
        raise ValueError("a commit writes each document once")


def body(write: Put) -> str:
    """The body as JSON in ASCII. Raises Invalid when it is too large, ValueError for NaN."""
    text = json.dumps(write.body, separators=(",", ":"), allow_nan=False)
    if len(text) > MAX_BODY_BYTES:
        name = write.key.kind.replace("_", " ")
        raise Invalid(
            [Problem("", "too_large", f"this {name} is too large to store", "Take away what it can do without.")]
        )
    return text


@cache  # kinds and index fields are few
def checked(name: str) -> str:
    """The name of a kind or an index field. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a kind or an index field")
    return name


def unicode(name: str, text: str) -> str:
    """The text of an index field. Raises Invalid when it is no Unicode."""
    if _SURROGATE.search(text):
        remedy = "Write the text again; half of a character was lost."
        raise Invalid([Problem(f"/{name}", "not_unicode", "this text is not valid Unicode", remedy)])
    return text


def conflict(write: Put | Delete) -> RevisionConflict:
    """What is to be raised when `write` does not meet what it expects."""
    if isinstance(write, Put) and write.expect is None:
        return AlreadyExists(f"{write.key} is there already")
    return RevisionConflict(f"{write.key} is not at the expected revision")
