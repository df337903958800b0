"""One message on its way to one push subscription: attempts, backoff, and where it goes in the end."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import requests
from google.pubsub_v1 import types

TAKEN = frozenset({102, 200, 201, 202, 204})
Mint = Callable[[types.PushConfig.OidcToken], str]


@dataclass(frozen=True)
class Buried:
    topic: str
    message: types.PubsubMessage


def deliver(
    settings: Callable[[], types.Subscription], message: types.PubsubMessage, mint: Mint, stopping: threading.Event
) -> Buried | None:
    """Push until it is taken; what becomes of it after the last attempt. `settings` are asked for at each attempt."""
    for attempt in count(1):
        subscription = settings()
        if _push(subscription, message, attempt, mint):
            return None
        policy = subscription.dead_letter_policy
        if policy.dead_letter_topic and attempt >= policy.max_delivery_attempts:
            return Buried(policy.dead_letter_topic, _letter(subscription, message, attempt))
        if stopping.wait(_backoff(subscription, attempt)):
            return None
    return None


def _push(subscription: types.Subscription, message: types.PubsubMessage, attempt: int, mint: Mint) -> bool:
    config, seconds = subscription.push_config, subscription.ack_deadline_seconds
    headers = {"User-Agent": "CloudPubSub-Google"}
    if config.oidc_token.service_account_email:
        headers["Authorization"] = f"Bearer {mint(config.oidc_token)}"
    try:
        body = envelope(subscription, message, attempt)
        return requests.post(config.push_endpoint, json=body, headers=headers, timeout=seconds).status_code in TAKEN
    except requests.RequestException:
        return False


def envelope(subscription: types.Subscription, message: types.PubsubMessage, attempt: int) -> dict[str, Any]:
    """Attempts are counted where dead letters are made."""
    at = message.publish_time.isoformat().replace("+00:00", "Z")
    content = {
        "data": base64.b64encode(message.data).decode(),
        "attributes": dict(message.attributes),
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": at,
        "publish_time": at,
    }
    counted = {"deliveryAttempt": attempt} if subscription.dead_letter_policy.dead_letter_topic else {}
    return {"message": content, "subscription": subscription.name, **counted}


def _letter(subscription: types.Subscription, message: types.PubsubMessage, attempts: int) -> types.PubsubMessage:
    _, project, _, id = subscription.name.split("/")
    told = {
        "SourceSubscription": id,
        "SourceSubscriptionProject": project,
        "SourceDeliveryCount": str(attempts),
        "SourceTopicPublishTime": message.publish_time.isoformat().replace("+00:00", "Z"),
    }
    added = {f"CloudPubSubDeadLetter{name}": value for name, value in told.items()}
    return types.PubsubMessage(data=message.data, attributes={**dict(message.attributes), **added})


def _backoff(subscription: types.Subscription, attempt: int) -> float:
    """Doubled with each attempt; without a policy it is a second."""
    policy = subscription.retry_policy
    doubled = float(policy.minimum_backoff.total_seconds() * 2.0 ** min(attempt - 1, 30))
    return min(doubled, float(policy.maximum_backoff.total_seconds())) or 1.0
