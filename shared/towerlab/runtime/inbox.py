"""Handling an event once, however often it is delivered: the note of it is part of the same commit as its effects."""

from __future__ import annotations

import hashlib
import re

from towerlab.domain.times import rfc3339
from towerlab.events.codec import encode
from towerlab.events.envelope import Event
from towerlab.ports.documents import Key, Put
from towerlab.ports.errors import RevisionConflict, Transient
from towerlab.runtime import records
from towerlab.runtime.logs import correlated
from towerlab.runtime.outcomes import Done, Duplicate, Handler, Outcome, Reject, Retry
from towerlab.runtime.wiring import Deps

ATTEMPTS = 5
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


def handle_once(deps: Deps, consumer: str, event: Event, handler: Handler) -> Outcome:
    """Run `handler` unless `consumer` has handled `event`; commit its effects and the note in one commit.

    A lost race runs the handler again on the newer documents, a few times. Whatever else it raises goes to the caller.
    """
    with correlated(event.correlation_id):
        for _ in range(ATTEMPTS):
            try:
                return _handle(deps, consumer, event, handler)
            except RevisionConflict:
                continue
            except Transient as error:
                return Retry(str(error))
    return Retry(f"lost {ATTEMPTS} races against other writers")


def dead_letter(deps: Deps, consumer: str, id: str, type: str, reason: str, content: str) -> Put:
    """The write that keeps what could not be handled."""
    letter = records.DeadLetter(
        id=id, subscription=consumer, type=type, reason=reason, content=content, at=rfc3339(deps.clock.now())
    )
    return records.put(letter, id, expect=None)


def _handle(deps: Deps, consumer: str, event: Event, handler: Handler) -> Outcome:
    id = note_id(consumer, event)
    if deps.documents.find(Key("inbox", id)) is not None:
        return Duplicate()
    outcome = handler(deps, event)
    match outcome:
        case Done(writes, events):
            deps.documents.commit([*writes, _note(deps, consumer, event)], events)
        case Reject(reason):
            letter = dead_letter(deps, consumer, id, event.type, reason, encode(event).decode())
            deps.documents.commit([letter, _note(deps, consumer, event)])
        case Duplicate() | Retry():
            pass
    return outcome


def _note(deps: Deps, consumer: str, event: Event) -> Put:
    received = records.Received(
        event_id=event.id, consumer=consumer, type=event.type, handled_at=deps.clock.now().isoformat()
    )
    return records.put(received, note_id(consumer, event), expect=None)


def note_id(consumer: str, event: Event) -> str:
    """Of the note that `consumer` has handled `event`. Other domains may give ids that no document can have."""
    if _SAFE_ID.fullmatch(event.id):
        return f"{consumer}.{event.id}"
    return f"{consumer}.sha256-{hashlib.sha256(event.id.encode('utf-8', 'surrogatepass')).hexdigest()}"
