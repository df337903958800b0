"""What Pub/Sub gave up delivering: an endpoint that keeps it, and what was kept as the bus tells it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Flask, Response, request

from towerlab.domain.times import rfc3339
from towerlab.events.codec import MalformedEvent, NewerEvent, as_sent, encode, event_of_push
from towerlab.ports.bus import DeadLetter
from towerlab.ports.documents import Documents
from towerlab.ports.errors import AlreadyExists
from towerlab.runtime import records
from towerlab.runtime.logs import logger
from towerlab.runtime.wiring import Deps

PATH = "/dead-letters/"
_SOURCE = "CloudPubSubDeadLetterSourceSubscription"
_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount"
_MAX_CONTENT = 10_000  # characters of a message that holds no event
_log = logger(__name__)


def install(app: Flask, deps: Deps) -> None:
    """Let `app` take pushes of the topic of dead letters."""

    @app.post(PATH)
    def dead_letters() -> Response:
        return _receive(deps, request.get_json())


def undelivered(documents: Documents, limit: int) -> Sequence[DeadLetter]:
    """The newest first; rejected events, which were delivered, are not among them. Raises Transient."""
    found = records.query(documents, records.DeadLetter, {"undelivered": True}, ("-at",), limit).values
    return [DeadLetter(one.subscription, as_sent(one.content), one.attempts, one.reason) for one in found]


def undelivered_letter(letter: DeadLetter, at: datetime) -> records.DeadLetter:
    """As it is kept: once for each subscription and event."""
    return records.DeadLetter(
        id=_id(letter.subscription, letter.event.id),
        subscription=letter.subscription,
        type=letter.event.type,
        reason=letter.reason,
        content=encode(letter.event).decode(),
        at=rfc3339(at),
        attempts=letter.attempts,
    )


def _receive(deps: Deps, body: Any) -> Response:
    """Keep the letter; the same one again is kept once."""
    letter = _letter(body, deps.clock.now())
    try:
        deps.documents.commit([records.put(letter, letter.id, expect=None)])
    except AlreadyExists:
        return Response(status=204)
    _log.error("undelivered", subscription=letter.subscription, event_type=letter.type, dead_letter=letter.id)
    return Response(status=204)


def _letter(body: Any, at: datetime) -> records.DeadLetter:
    """An event that only newer code knows is kept as it was sent."""
    message = body.get("message") if isinstance(body, dict) else None
    attributes = message.get("attributes") if isinstance(message, dict) else None
    source, attempts = _source(attributes if isinstance(attributes, dict) else {})
    try:
        event = event_of_push(body)
    except NewerEvent as error:
        event = error.event
    except MalformedEvent as error:
        content, reason = json.dumps(body, sort_keys=True), f"{error}; not taken in {attempts} attempts"
        return records.DeadLetter(_id(source, content), source, "", reason, content[:_MAX_CONTENT], rfc3339(at))
    reason = f"not taken in {attempts} attempts; the log of whoever {source} pushes to says why"
    return undelivered_letter(DeadLetter(source.removesuffix(f".{event.type}"), event, attempts, reason), at)


def _source(attributes: Mapping[str, Any]) -> tuple[str, int]:
    count = str(attributes.get(_COUNT, ""))
    return str(attributes.get(_SOURCE, "")), int(count) if count.isdecimal() else 0


def _id(source: str, what: str) -> str:
    return "undelivered-" + hashlib.sha256(f"{source}\n{what}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
