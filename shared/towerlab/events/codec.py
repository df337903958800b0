"""Events as bytes: CloudEvents 1.0 in structured JSON, and Pub/Sub's push envelope around it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from towerlab.events.envelope import SCHEMA, Event

Upcast = Callable[[Mapping[str, Any]], Mapping[str, Any]]
UPCASTS: Mapping[tuple[str, int], Upcast] = {}  # (type, schema) -> data of the next schema
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_TEXTS = ("id", "type", "source", "subject", "time")


class MalformedEvent(ValueError):
    """These bytes are no event of ours and never will be."""


class NewerEvent(ValueError):
    """The event has a schema that this version of the code does not know yet."""


def encode(event: Event) -> bytes:
    """Canonical JSON (sorted keys, ASCII): equal events give equal bytes."""
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "correlationid": event.correlation_id,
        "schema": event.schema,
        "data": dict(event.data),
    }
    return json.dumps(attributes, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def decode(content: bytes | str) -> Event:
    """The event, its data brought to the newest schema. Raises MalformedEvent and NewerEvent."""
    try:
        attributes = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(f"not JSON: {error}") from error
    if not isinstance(attributes, dict) or attributes.get("specversion") != "1.0":
        raise MalformedEvent("not a CloudEvents 1.0 object")
    if missing := [name for name in _TEXTS if not isinstance(attributes.get(name), str)]:
        raise MalformedEvent(f"no text in {', '.join(missing)}")
    return _event(attributes)


def _event(attributes: Mapping[str, Any]) -> Event:
    data, schema = attributes.get("data", {}), attributes.get("schema", 1)
    if not isinstance(data, dict) or not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise MalformedEvent("data must be an object, schema a whole number from 1")
    return Event(
        id=attributes["id"],
        type=attributes["type"],
        source=attributes["source"],
        time=_time(attributes["time"]),
        subject=attributes["subject"],
        data=_newest(attributes["type"], schema, data),
        correlation_id=str(attributes.get("correlationid", "")),
    )


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedEvent(f"time is no RFC 3339 time: {text!r}") from error
    if time.tzinfo is None:
        raise MalformedEvent(f"time has no time zone: {text!r}")
    return time.astimezone(UTC)


def _newest(type: str, schema: int, data: Mapping[str, Any]) -> Mapping[str, Any]:
    if schema > SCHEMA:
        raise NewerEvent(f"{type} has schema {schema}, this code knows {SCHEMA}")
    for step in range(schema, SCHEMA):
        data = UPCASTS[type, step](data)
    return data


def push_body(event: Event, subscription: str) -> dict[str, Any]:
    """What Pub/Sub would POST to a push endpoint of `subscription`."""
    return {
        "message": {
            "data": base64.b64encode(encode(event)).decode(),
            "attributes": {"content-type": CONTENT_TYPE, "type": event.type},
            "messageId": event.id,
            "publishTime": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        },
        "subscription": subscription,
    }


def event_of_push(body: Any) -> Event:
    """The event inside a push envelope. Raises MalformedEvent and NewerEvent."""
    message = body.get("message") if isinstance(body, dict) else None
    content = message.get("data") if isinstance(message, dict) else None
    if not isinstance(content, str):
        raise MalformedEvent("no message.data in the push envelope")
    try:
        return decode(base64.b64decode(content, validate=True))
    except binascii.Error as error:
        raise MalformedEvent(f"message.data is not base64: {error}") from error
