"""The JSON Schema of each event type, as it is published and as events are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.events.catalog import OTHER_DOMAINS, EventType
from towerlab.events.envelope import SCHEMA
from towerlab.events.fields import EXAMPLE_ID, FIELDS

MEDIA_TYPE = "application/schema+json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string", "minLength": 1}
_ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "specversion": {"const": "1.0"},
    "id": {**_TEXT, "description": "Unique; an event that comes again with its id is the same event."},
    "source": {**_TEXT, "format": "uri-reference", "description": "Who says so."},
    "time": {"type": "string", "format": "date-time", "description": "When it happened, with a time zone."},
    "subject": {"type": "string", "description": "What it happened to."},
    "datacontenttype": {"const": "application/json"},
    "dataschema": {"type": "string", "format": "uri"},
    "correlationid": {"type": "string", "description": "Logs can be searched for it, through all services."},
    "replay": {"type": "string", "description": "Set when an event is sent once more, after it was a dead letter."},
}
_REQUIRED = ("specversion", "id", "type", "source", "time", "data")


def schema_id(event: EventType) -> str:
    return f"urn:towerlab:event:{event.name}:{SCHEMA}"


def schema_of(event: EventType) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the whole event: CloudEvents 1.0 in structured JSON."""
    return {
        "$schema": DIALECT,
        "$id": schema_id(event),
        "title": event.name,
        "description": f"{event.about} Attributes and fields that are not named here are ignored.",
        "type": "object",
        "required": list(_REQUIRED),
        "properties": {
            **_ATTRIBUTES,
            "type": {"const": event.name},
            "schema": {"const": SCHEMA, "default": 1, "description": "The number of this schema."},
            "data": data_schema(event),
        },
        "examples": [example(event)],
    }


def data_schema(event: EventType) -> dict[str, Any]:
    """Of `data` alone."""
    return {
        "type": "object",
        "required": list(event.fields),
        "properties": {name: {**FIELDS[name].fits, "description": FIELDS[name].about} for name in event.fields},
    }


def example(event: EventType) -> dict[str, Any]:
    """An event that fits."""
    producer = event.producers[0]
    return {
        "specversion": "1.0",
        "id": "6f1e8a52-3c1d-4d0e-9b57-2f4c1a7e9d10",
        "type": event.name,
        "source": "/domains/datasets" if producer == OTHER_DOMAINS else f"/services/{producer}",
        "subject": EXAMPLE_ID,
        "time": "2026-01-02T03:04:05Z",
        "datacontenttype": "application/json",
        "dataschema": schema_id(event),
        "schema": SCHEMA,
        "data": {name: FIELDS[name].example for name in event.fields},
    }
