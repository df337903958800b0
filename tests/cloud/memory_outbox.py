"""An outbox that is gone with the test."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from towerlab.events.codec import decode, encode
from towerlab.events.envelope import Event


class MemoryOutbox:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._rows: dict[str, tuple[float, bytes]] = {}
        self._sent: set[str] = set()

    def record(self, events: Sequence[Event]) -> Sequence[Event]:
        now = self._now()
        rows = {event.published_as: (now, encode(event)) for event in events}
        new = [id for id in rows if id not in self._rows]
        self._rows = rows | self._rows
        return [decode(self._rows[id][1]) for id in new]

    def unsent(self, older_than: timedelta, limit: int) -> Sequence[Event]:
        until = self._now() - older_than.total_seconds()
        rows = sorted((at, id) for id, (at, _) in self._rows.items() if id not in self._sent and at <= until)
        return [decode(self._rows[id][1]) for _, id in rows[:limit]]

    def mark_sent(self, ids: Sequence[str]) -> None:
        self._sent.update(ids)
