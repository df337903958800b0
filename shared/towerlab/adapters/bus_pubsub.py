"""The event bus on Pub/Sub: a topic for each event type, sent from an outbox that was written first."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property

import structlog
from google.pubsub_v1 import PublisherClient, PublishRequest, PubsubMessage, SubscriberClient

from towerlab.adapters.pubsub_calls import passing_failures
from towerlab.adapters.pubsub_subscriptions import PushSubscriptions, Sender
from towerlab.events.codec import CONTENT_TYPE, encode
from towerlab.events.envelope import Event
from towerlab.ports.bus import DeadLetter, Subscription
from towerlab.ports.errors import Transient
from towerlab.ports.outbox import Outbox

AT_ONCE_SECONDS = 1.0  # in a request; what does not go out in it goes with the next sweep
LATER_SECONDS = 10.0
AT_A_TIME = 500  # of the 1,000 messages and 10 MB that Pub/Sub takes in one call
_log = structlog.get_logger(__name__)


class PubsubBus:
    """`letters` gives the newest dead letters first, at most so many: Pub/Sub brings them to an endpoint, which keeps
    them. `sender` is whom the pushes of its subscriptions come from."""

    def __init__(
        self, project: str, outbox: Outbox, letters: Callable[[int], Sequence[DeadLetter]], sender: Sender
    ) -> None:
        self._project, self._outbox, self._letters, self._sender = project, outbox, letters, sender

    def subscribe(self, subscription: Subscription) -> None:
        self._subscriptions.put(subscription)

    def bury_at(self, endpoint: str) -> None:
        """Have dead letters pushed to `endpoint`. Raises Transient."""
        self._subscriptions.put_dead_letters(endpoint)

    def publish(self, events: Sequence[Event]) -> None:
        self.announce(self._outbox.record(events))

    def announce(self, events: Sequence[Event]) -> None:
        """Send events that were recorded just now, within a second; those that do not go out are sent later."""
        try:
            self._send(events, AT_ONCE_SECONDS)
        except Transient as error:
            _log.warning("sent later", events=len(events), reason=str(error))

    def send_waiting(self, older_than: timedelta) -> int:
        sent = 0
        while events := self._outbox.unsent(older_than, AT_A_TIME):
            self._send(events, LATER_SECONDS)
            sent += len(events)
        return sent

    def dead_letters(self, limit: int = 100) -> Sequence[DeadLetter]:
        return self._letters(limit)

    def _send(self, events: Sequence[Event], seconds: float) -> None:
        """One call per topic, in `seconds` together. What went out is marked; raises Transient if some did not."""
        deadline = time.monotonic() + seconds
        sent: list[str] = []
        failed: list[Transient] = []
        for type, batch in _batches(events):
            try:
                self._publish(type, batch, max(0.0, deadline - time.monotonic()))
                sent += [event.published_as for event in batch]
            except Transient as error:
                failed.append(error)
        self._outbox.mark_sent(sent)
        if failed:
            raise failed[0]

    def _publish(self, type: str, events: Sequence[Event], seconds: float) -> None:
        topic = f"projects/{self._project}/topics/{type}"
        request = PublishRequest(topic=topic, messages=[_message(event) for event in events])
        with passing_failures():  # no retries: the client's own go on for minutes
            self._publisher.publish(request, timeout=seconds, retry=None)

    @cached_property
    def _publisher(self) -> PublisherClient:
        with passing_failures():
            return PublisherClient()

    @cached_property
    def _subscriptions(self) -> PushSubscriptions:
        with passing_failures():
            return PushSubscriptions(self._project, self._publisher, SubscriberClient(), self._sender)


def _batches(events: Sequence[Event]) -> list[tuple[str, Sequence[Event]]]:
    by_type: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_type[event.type].append(event)
    return [
        (type, all[start : start + AT_A_TIME])
        for type, all in by_type.items()
        for start in range(0, len(all), AT_A_TIME)
    ]


def _message(event: Event) -> PubsubMessage:
    return PubsubMessage(data=encode(event), attributes={"content-type": CONTENT_TYPE, "type": event.type})
