"""An event on its way: CloudEvents 1.0 attributes and a small JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SCHEMA = 1


@dataclass(frozen=True)
class Event:
    """One fact that happened. `data` is thin: ids, version, hash, revision; consumers read the documents. Only
    full-training.requested has all that its reader needs, who may be of another domain and sees no document of ours.
    `replay` marks one that is sent once more: to those who have handled it, it is the same event by its `id`."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str
    data: Mapping[str, Any]
    correlation_id: str = ""
    schema: int = SCHEMA
    replay: str = ""

    @property
    def published_as(self) -> str:
        """What the bus knows it by: an event is published once, and once more with each replay."""
        return f"{self.id}.{self.replay}" if self.replay else self.id
