"""Topics and subscriptions, from the event catalog."""

from __future__ import annotations

from typing import Any

from towerlab.adapters.pubsub_subscriptions import DEAD_LETTERS, MAX_BACKOFF, subscription_id
from towerlab.events.catalog import CATALOG, CODEGEN, COLLECTOR, CONFIG_API, ORCHESTRATOR
from towerlab.ports.bus import Subscription
from towerlab.runtime import dead_letters
from towerlab.runtime.subscriptions import subscriptions

PATIENTLY = 10.0  # seconds; there is nowhere else for a dead letter to go
CONSUMERS = (CONFIG_API, CODEGEN, ORCHESTRATOR, COLLECTOR)


def events() -> dict[str, Any]:
    """Every event type is a topic; every (subscription, type) of the installation is a subscription of Pub/Sub's. What
    was refused too often goes to a topic of its own, and from there to the orchestrator, which keeps it."""
    return {
        "topics": sorted(CATALOG),
        "subscriptions": {
            subscription_id(subscription.name, type): _pushed(service, subscription, type)
            for service in CONSUMERS
            for subscription in subscriptions({service: ""})
            for type in sorted(subscription.types)
        },
        "dead_letters": {
            "topic": DEAD_LETTERS,
            "subscription": DEAD_LETTERS,
            "service": ORCHESTRATOR,
            "path": dead_letters.PATH,
            "minimum_backoff": f"{PATIENTLY:g}s",
            "maximum_backoff": f"{MAX_BACKOFF:g}s",
        },
    }


def _pushed(service: str, subscription: Subscription, type: str) -> dict[str, Any]:
    return {
        "topic": type,
        "service": service,
        "path": subscription.endpoint,
        "ack_deadline_seconds": int(subscription.ack_deadline),
        "max_delivery_attempts": subscription.max_attempts,
        "minimum_backoff": f"{subscription.min_backoff:g}s",
        "maximum_backoff": f"{subscription.max_backoff:g}s",
    }
