"""Optimistic writing: edit revisions that callers hold, and repeating what lost a race."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from typing import TypeVar

from towerlab.ports.errors import RevisionConflict

ATTEMPTS = 100
T = TypeVar("T")


class Stale(RevisionConflict):
    """The caller has not seen the newest edit; repeating does not help."""


def retried(write: Callable[[], T]) -> T:
    """What `write` gives, run again on what is newer whenever another writer was faster. Raises Stale at once, and
    RevisionConflict when it has lost too often."""
    for _ in range(ATTEMPTS - 1):
        try:
            return write()
        except Stale:
            raise
        except RevisionConflict:
            continue
    return write()


def revision_of(*parts: str) -> str:
    """A short name for a state: equal parts, equal name."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def demand(current: str, seen: Collection[str] | None) -> None:
    """Raises Stale unless the caller has seen `current`; None stands for a caller to whom any will do."""
    if seen is not None and current not in seen:
        raise Stale("it was changed since it was read")
