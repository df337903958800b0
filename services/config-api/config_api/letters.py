"""Which dead letters can be sent again."""

from __future__ import annotations

from towerlab.domain.errors import Conflict
from towerlab.events.catalog import CATALOG
from towerlab.events.codec import MalformedEvent, NewerEvent, decode
from towerlab.events.envelope import Event
from towerlab.runtime.records import DeadLetter


def to_be_replayed(letter: DeadLetter) -> Event:
    """Its event. Raises Conflict for a letter that holds none, or one that this release does not know."""
    try:
        event = decode(letter.content)
    except NewerEvent as error:
        raise Conflict(str(error), "newer_schema", "Update this installation, then replay it.") from error
    except MalformedEvent as error:
        remedy = "Have its producer send a proper event, then discard this letter."
        raise Conflict("it holds no event that could be sent again", "no_event", remedy) from error
    if event.type not in CATALOG:
        raise Conflict(
            f"nobody here receives {event.type!r}", "unknown_type", "Discard it, or update this installation."
        )
    return event


def can_be_replayed(letter: DeadLetter) -> bool:
    try:
        to_be_replayed(letter)
    except Conflict:
        return False
    return True
