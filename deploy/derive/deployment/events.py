"""Topics and subscriptions, from the event catalog."""

from __future__ import annotations

from typing import Any

from towerlab.events.catalog import CATALOG, CODEGEN, COLLECTOR, CONFIG_API, ORCHESTRATOR
from towerlab.ports.bus import Subscription
from towerlab.runtime.subscriptions import subscriptions

CONSUMERS = (CONFIG_API, CODEGEN, ORCHESTRATOR, COLLECTOR)
DEAD_LETTERS = "dead-letters"
LEAST_BACKOFF_LIMIT = 10.0  # seconds; Pub/Sub takes no smaller maximum


def events() -> dict[str, Any]:
    """Every event type is a topic; every (subscription, type) of the installation is a subscription of Pub/Sub's. What
    was refused too often goes to a topic of its own, and from there to the orchestrator, which keeps it."""
    return {
        "topics": sorted(CATALOG),
        "subscriptions": {
            f"{subscription.name}.{type}": _pushed(service, subscription, type)
            for service in CONSUMERS
            for subscription in subscriptions({service: ""})
            for type in sorted(subscription.types)
        },
        "dead_letters": {
            "topic": DEAD_LETTERS,
            "subscription": f"{ORCHESTRATOR}.{DEAD_LETTERS}",
            "service": ORCHESTRATOR,
            "path": "/dead-letters/",
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
        "maximum_backoff": f"{max(subscription.max_backoff, LEAST_BACKOFF_LIMIT):g}s",
    }
