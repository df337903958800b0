"""The installation's subscriptions, as the event catalog says."""

from __future__ import annotations

from collections.abc import Mapping

from towerlab.events.catalog import LONG, consumed_by
from towerlab.ports.bus import Subscription

MAX_ATTEMPTS = 100  # a service that is down for minutes must not turn its events into dead letters
MAX_BACKOFF = 10.0
_LONG = "-long"


def subscriptions(services: Mapping[str, str]) -> tuple[Subscription, ...]:
    """For each of `services` (service -> base URL of its internal port) one subscription per ack deadline of what it
    consumes: what takes minutes has a subscription of its own, and holds up nothing else."""
    return tuple(
        Subscription(
            name=service if seconds < LONG else service + _LONG,
            types=frozenset(event.name for event in consumed_by(service) if event.seconds == seconds),
            endpoint=f"{url}/events/",
            ack_deadline=seconds,
            max_attempts=MAX_ATTEMPTS,
            max_backoff=MAX_BACKOFF,
        )
        for service, url in services.items()
        for seconds in sorted({event.seconds for event in consumed_by(service)})
    )


def service_of(subscription: str) -> str:
    """Who is behind a subscription, with or without the type that it is of."""
    return subscription.partition(".")[0].removesuffix(_LONG)
