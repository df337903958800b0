"""Events recorded with what they tell of, on their way to a bus outside of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from towerlab.events.envelope import Event


class Outbox(Protocol):
    def record(self, events: Sequence[Event]) -> Sequence[Event]:
        """Record all events that are new, or none; those. One whose `published_as` is there already is left alone,
        whether it was sent or not: it is remembered for a week after it was sent. Raises ValueError for NaN, and
        Transient (recorded or not; to do it again is safe)."""

    def unsent(self, older_than: timedelta, limit: int) -> Sequence[Event]:
        """Events recorded at least `older_than` ago that nobody has marked as sent, the oldest first. Younger ones may
        be on their way. Events of a newer schema are left to those who know it. Raises Transient."""

    def mark_sent(self, ids: Sequence[str]) -> None:
        """Note that these events, by `published_as`, are on the bus. Safe to repeat. Raises Transient."""
