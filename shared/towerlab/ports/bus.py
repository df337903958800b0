"""The event bus as its consumers see it: push deliveries over HTTP in Pub/Sub's envelope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from towerlab.events.envelope import Event


@dataclass(frozen=True)
class Subscription:
    """Deliveries of `types` go to `endpoint` by POST. After `max_attempts` refusals an event is a dead letter.
    Times in seconds."""

    name: str
    types: frozenset[str]
    endpoint: str
    ack_deadline: float = 30.0
    min_backoff: float = 0.2
    max_backoff: float = 30.0
    max_attempts: int = 12


@dataclass(frozen=True)
class DeadLetter:
    subscription: str
    event: Event
    attempts: int
    reason: str


class Bus(Protocol):
    def subscribe(self, subscription: Subscription) -> None:
        """Create or change the subscription of that name; it receives what is published from now on."""

    def publish(self, events: Sequence[Event]) -> None:
        """Record all events or none; each is delivered at least once to each subscription of its type, in any order.
        An event id published before is not published again. Raises Transient."""

    def dead_letters(self, limit: int = 100) -> Sequence[DeadLetter]:
        """The newest dead letters first."""
