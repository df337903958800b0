"""A subscription as Pub/Sub has it: one of its push subscriptions per event type, with retries and dead letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from google.api_core.exceptions import AlreadyExists
from google.pubsub_v1 import (
    DeadLetterPolicy,
    PublisherClient,
    PushConfig,
    RetryPolicy,
    SubscriberClient,
    Topic,
    UpdateSubscriptionRequest,
)
from google.pubsub_v1 import Subscription as PushSubscription

from towerlab.adapters.pubsub_calls import passing_failures
from towerlab.ports.bus import Subscription

DEAD_LETTERS = "dead-letters"  # the topic of dead letters, and the subscription to it
ACK_DEADLINES = (10, 600)  # seconds
ATTEMPTS = (5, 100)
MAX_BACKOFF = 600  # seconds
_SECONDS = 10.0  # for a call
_CHANGEABLE = ["push_config", "ack_deadline_seconds", "retry_policy", "dead_letter_policy"]


@dataclass(frozen=True)
class Sender:
    """Pushes carry a token that Google signs for `account`, meant for `audience`."""

    account: str
    audience: str


def subscription_id(name: str, type: str) -> str:
    """Valid as an id of Pub/Sub's for names and types of [a-z0-9.-] that begin with a letter."""
    return f"{name}.{type}"


class PushSubscriptions:
    """Makes what Terraform makes in an installation: for stacks on one machine, and for tests."""

    def __init__(self, project: str, publisher: PublisherClient, subscriber: SubscriberClient, sender: Sender) -> None:
        self._project, self._publisher, self._subscriber, self._sender = project, publisher, subscriber, sender

    def put(self, subscription: Subscription) -> None:
        """Raises ValueError for settings outside of Pub/Sub's limits, and Transient."""
        _check(subscription)
        self._put_topic(DEAD_LETTERS)
        for type in sorted(subscription.types):
            self._put_topic(type)
            self._put(self._push(subscription, type))

    def put_dead_letters(self, endpoint: str) -> None:
        self._put_topic(DEAD_LETTERS)
        self._put(
            PushSubscription(
                name=self._path("subscriptions", DEAD_LETTERS),
                topic=self._path("topics", DEAD_LETTERS),
                push_config=self._push_config(endpoint),
            )
        )

    def _push(self, ours: Subscription, type: str) -> PushSubscription:
        backoff = (timedelta(seconds=ours.min_backoff), timedelta(seconds=ours.max_backoff))
        return PushSubscription(
            name=self._path("subscriptions", subscription_id(ours.name, type)),
            topic=self._path("topics", type),
            push_config=self._push_config(ours.endpoint),
            ack_deadline_seconds=round(ours.ack_deadline),
            retry_policy=RetryPolicy(minimum_backoff=backoff[0], maximum_backoff=backoff[1]),
            dead_letter_policy=DeadLetterPolicy(
                dead_letter_topic=self._path("topics", DEAD_LETTERS), max_delivery_attempts=ours.max_attempts
            ),
        )

    def _push_config(self, endpoint: str) -> PushConfig:
        token = PushConfig.OidcToken(service_account_email=self._sender.account, audience=self._sender.audience)
        return PushConfig(push_endpoint=endpoint, oidc_token=token)

    def _put_topic(self, id: str) -> None:
        with passing_failures():
            try:
                self._publisher.create_topic(Topic(name=self._path("topics", id)), timeout=_SECONDS, retry=None)
            except AlreadyExists:
                return

    def _put(self, wanted: PushSubscription) -> None:
        with passing_failures():
            try:
                self._subscriber.create_subscription(wanted, timeout=_SECONDS, retry=None)
            except AlreadyExists:
                change = UpdateSubscriptionRequest(subscription=wanted, update_mask={"paths": _CHANGEABLE})
                self._subscriber.update_subscription(change, timeout=_SECONDS, retry=None)

    def _path(self, kind: str, id: str) -> str:
        return f"projects/{self._project}/{kind}/{id}"


def _check(subscription: Subscription) -> None:
    for what, value, (low, high) in (
        ("ack_deadline", subscription.ack_deadline, ACK_DEADLINES),
        ("max_attempts", subscription.max_attempts, ATTEMPTS),
        ("max_backoff", subscription.max_backoff, (subscription.min_backoff, MAX_BACKOFF)),
    ):
        if not low <= value <= high:
            raise ValueError(f"{subscription.name}: {what} is {value:g}; Pub/Sub takes {low:g} to {high:g}")
