"""The event bus as its consumers see it: push deliveries over HTTP in Pub/Sub's envelope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from towerlab.events.envelope import Event


@dataclass(frozen=True)
class Subscription:
    """Deliveries of `types` go to `endpoint` by POST. After `max_attempts` refusals an event is a dead letter.
    Times in seconds. Every bus takes ack deadlines of 10-600 s, backoffs up to 600 s and 5-100 attempts."""

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
        """Create or change the subscription of that name; it receives what is published from now on. What waits for it
        still comes; and where its types have become fewer, new events of the others may still come too. Raises
        ValueError for settings that this bus does not take, and Transient."""

    def publish(self, events: Sequence[Event]) -> None:
        """Record all events or none; each is delivered at least once to each subscription of its type, in any order.
        What was published before under the same `published_as` is not published again, for a week at least. What does
        not go out now goes with `send_waiting`. Raises ValueError for NaN, and Transient (recorded or not; to do it
        again is safe)."""

    def send_waiting(self, older_than: timedelta) -> int:
        """Send what was recorded at least `older_than` ago and has not gone out, because its publisher died or did not
        reach the bus; how many that were. To be called again and again. Where the record itself is what is delivered,
        nothing ever waits. Raises Transient, with the rest of it left waiting."""

    def dead_letters(self, limit: int = 100) -> Sequence[DeadLetter]:
        """The newest dead letters first; one may become known only a while after its last attempt. Raises
        Transient."""
