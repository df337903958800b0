"""Events as bytes: CloudEvents 1.0 in structured JSON, and Pub/Sub's push envelope around it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NoReturn

from towerlab.events.envelope import SCHEMA, Event

Upcast = Callable[[Mapping[str, Any]], Mapping[str, Any]]
UPCASTS: Mapping[tuple[str, int], Upcast] = {}  # (type, schema) -> data of the next schema
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
MAX_PUSHED_BYTES, MAX_DEPTH = 64_000, 50  # of what others send: events are thin, and a dead letter has to hold them
_TEXTS, _OPTIONAL_TEXTS = ("id", "type", "source", "time"), ("subject", "correlationid", "replay")


class MalformedEvent(ValueError):
    """These bytes are no event of ours and never will be."""


class NewerEvent(ValueError):
    """The event has a schema that this version of the code does not know yet; `event` is as it was sent."""

    def __init__(self, event: Event) -> None:
        self.event = event
        super().__init__(f"{event.type} has schema {event.schema}, this code knows {SCHEMA}")


def encode(event: Event) -> bytes:
    """Canonical JSON (sorted keys, ASCII): equal events give equal bytes."""
    return json.dumps(attributes(event), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def attributes(event: Event) -> dict[str, Any]:
    """In CloudEvents' words."""
    return {
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
        **({"replay": event.replay} if event.replay else {}),
    }


def decode(content: bytes | str) -> Event:
    """The event, its data brought to the newest schema. Raises MalformedEvent and NewerEvent."""
    try:
        found = json.loads(content, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(f"not JSON: {error}") from error
    if not isinstance(found, dict) or found.get("specversion") != "1.0":
        raise MalformedEvent("not a CloudEvents 1.0 object")
    missing = [name for name in _TEXTS if not isinstance(found.get(name), str)]
    missing += [name for name in _OPTIONAL_TEXTS if not isinstance(found.get(name, ""), str)]
    if missing:
        raise MalformedEvent(f"no text in {', '.join(missing)}")
    return _event(found)


def as_sent(content: bytes | str) -> Event:
    """Like decode, of any schema: for those who pass it on."""
    try:
        return decode(content)
    except NewerEvent as error:
        return error.event


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _event(found: Mapping[str, Any]) -> Event:
    data, schema = found.get("data", {}), found.get("schema", 1)
    if not isinstance(data, dict) or not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise MalformedEvent("data must be an object, schema a whole number from 1")
    if _is_deep(data):
        raise MalformedEvent(f"more than {MAX_DEPTH} objects and arrays lie within each other in data")
    sent = Event(
        id=found["id"],
        type=found["type"],
        source=found["source"],
        time=_time(found["time"]),
        subject=found.get("subject", ""),
        data=data,
        correlation_id=found.get("correlationid", ""),
        schema=schema,
        replay=found.get("replay", ""),
    )
    return _newest(sent)


def _is_deep(data: Mapping[str, Any]) -> bool:
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _within(outer)]
    return bool(level)


def _within(outer: Any) -> Iterable[Any]:
    inside = outer.values() if isinstance(outer, dict) else outer
    return [inner for inner in inside if isinstance(inner, dict | list)]


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        in_utc = time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedEvent(f"time is no RFC 3339 time: {text!r}") from error
    if time.tzinfo is None:
        raise MalformedEvent(f"time has no time zone: {text!r}")
    return in_utc


def _newest(sent: Event) -> Event:
    if sent.schema > SCHEMA:
        raise NewerEvent(sent)
    data = sent.data
    for step in range(sent.schema, SCHEMA):
        data = UPCASTS[sent.type, step](data)
    return replace(sent, data=data, schema=SCHEMA)


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
        sent = base64.b64decode(content, validate=True)
    except ValueError as error:
        raise MalformedEvent(f"message.data is not base64: {error}") from error
    if len(sent) > MAX_PUSHED_BYTES:
        raise MalformedEvent(f"the event has {len(sent)} bytes, at most {MAX_PUSHED_BYTES} are taken")
    return decode(sent)
