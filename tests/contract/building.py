"""Valid objects for contract tests; a test names only what matters to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from towerlab.events.envelope import Event
from towerlab.ports.documents import Indexed, Key, Put, Revision

KIND = "thing"


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def event(id: str = "e1", type: str = "quick-test.requested", **data: Any) -> Event:
    return Event(
        id=id,
        type=type,
        source="/services/config-api",
        time=datetime(2026, 1, 1, 12, 30, 0, 250_000, tzinfo=UTC),
        subject="t1",
        data=data or {"test_id": "t1"},
        correlation_id="c-1",
    )


def key(id: str, kind: str = KIND) -> Key:
    return Key(kind, id)


def put(
    id: str, body: Mapping[str, Any] | None = None, expect: Revision | None = None, kind: str = KIND, **index: Indexed
) -> Put:
    return Put(key(id, kind), {"schema": 1} if body is None else body, expect, index)
