"""Event types as other domains read of them."""

from __future__ import annotations

from typing import Any

from towerlab.events.catalog import EventType
from towerlab.events.envelope import SCHEMA


def event_type(event: EventType) -> dict[str, Any]:
    return {
        "type": event.name,
        "about": event.about,
        "producers": list(event.producers),
        "consumers": list(event.consumers),
        "schema": SCHEMA,
        "schema_url": f"/api/events/{event.name}/schema/",
    }
