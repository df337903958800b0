"""The installation's subscriptions: one for each consuming service, as the event catalog says."""

from __future__ import annotations

from collections.abc import Mapping

from towerlab.events.catalog import consumed_by
from towerlab.ports.bus import Subscription

MAX_ATTEMPTS = 100  # a service that is down for minutes must not turn its events into dead letters
MAX_BACKOFF = 10.0


def subscriptions(services: Mapping[str, str]) -> tuple[Subscription, ...]:
    """One subscription per service of `services` (service -> base URL of its internal port) that consumes anything."""
    return tuple(
        Subscription(
            name=service,
            types=frozenset(event.name for event in consumed_by(service)),
            endpoint=f"{url}/events/",
            max_attempts=MAX_ATTEMPTS,
            max_backoff=MAX_BACKOFF,
        )
        for service, url in services.items()
        if consumed_by(service)
    )
