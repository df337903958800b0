"""Dead letters: who could not handle what, and why."""

from __future__ import annotations

from typing import Any

from towerlab.events.codec import MalformedEvent, as_sent, attributes
from towerlab.events.envelope import Event
from towerlab.runtime.records import DeadLetter

from config_api.letters import can_be_replayed


def dead_letter_line(letter: DeadLetter) -> dict[str, Any]:
    event = _event(letter)
    return {
        "id": letter.id,
        "at": letter.at,
        "consumer": letter.consumer or None,
        "type": letter.type or None,
        "event_id": event.id if event else None,
        "source": event.source if event else None,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "replayable": can_be_replayed(letter),
    }


def dead_letter(letter: DeadLetter) -> dict[str, Any]:
    """With the event as it was sent, or what came instead of one."""
    event = _event(letter)
    whole = {"event": attributes(event), "content": None} if event else {"event": None, "content": letter.content}
    return dead_letter_line(letter) | whole


def _event(letter: DeadLetter) -> Event | None:
    try:
        return as_sent(letter.content)
    except MalformedEvent:
        return None
