"""Time and new ids, as values that a test can choose."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The current time, aware, UTC."""


class Ids(Protocol):
    def new(self) -> str:
        """An id never given before: 1-40 characters of [0-9a-z], sortable by the time of its making."""
