"""Pub/Sub over gRPC as far as it pushes, with what the official emulator leaves out: signed bearer tokens, and the
count of a push's attempts."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import grpc
from google.pubsub_v1 import types

from tests.cloud.fake_push import Buried, Mint, deliver
from tests.cloud.signing import Signer

ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
ACK_DEADLINES, ATTEMPTS = (10, 600), (5, 100)


class Refused(Exception):
    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class FakePubsub:
    """`slow` is how many seconds after it has taken messages it says so."""

    mint: Mint
    slow: float = 0.0
    topics: dict[str, types.Topic] = field(default_factory=dict)
    subscriptions: dict[str, types.Subscription] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def create_topic(self, topic: types.Topic) -> types.Topic:
        _check_name(topic.name)
        if topic.name in self.topics:
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, f"{topic.name} is there already")
        self.topics[topic.name] = topic
        return topic

    def create_subscription(self, wanted: types.Subscription) -> types.Subscription:
        _check_name(wanted.name)
        self._check(wanted)
        if wanted.name in self.subscriptions:
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, f"{wanted.name} is there already")
        self.subscriptions[wanted.name] = wanted
        return wanted

    def update_subscription(self, request: types.UpdateSubscriptionRequest) -> types.Subscription:
        self._check(request.subscription)
        known = self.subscriptions[request.subscription.name]
        for path in request.update_mask.paths:
            setattr(known, path, getattr(request.subscription, path))
        return known

    def publish(self, request: types.PublishRequest) -> types.PublishResponse:
        self._check_topic(request.topic)
        ids = [self._spread(request.topic, message) for message in request.messages]
        self.stopping.wait(self.slow)
        return types.PublishResponse(message_ids=ids)

    def _spread(self, topic: str, message: types.PubsubMessage) -> str:
        """A delivery to each subscription, in a thread that ends when the message is taken or buried."""
        message.message_id, message.publish_time = str(next(self.numbers)), datetime.now(UTC)
        for name in [name for name, one in self.subscriptions.items() if one.topic == topic]:
            threading.Thread(target=self._deliver, args=(name, message), daemon=True).start()
        return message.message_id

    def _deliver(self, name: str, message: types.PubsubMessage) -> None:
        buried = deliver(lambda: self.subscriptions[name], message, self.mint, self.stopping)
        if isinstance(buried, Buried):
            self._spread(buried.topic, buried.message)

    def _check(self, wanted: types.Subscription) -> None:
        self._check_topic(wanted.topic)
        wanted.ack_deadline_seconds = wanted.ack_deadline_seconds or ACK_DEADLINES[0]
        _check_bounds("ack deadline", wanted.ack_deadline_seconds, ACK_DEADLINES)
        if wanted.dead_letter_policy.dead_letter_topic:
            self._check_topic(wanted.dead_letter_policy.dead_letter_topic)
            _check_bounds("delivery attempts", wanted.dead_letter_policy.max_delivery_attempts, ATTEMPTS)

    def _check_topic(self, name: str) -> None:
        if name not in self.topics:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"{name} is not there")


@contextmanager
def fake_pubsub(signer: Signer, slow: float = 0.0) -> Iterator[str]:
    """host:port of one that signs its pushes with `signer`."""

    def mint(token: types.PushConfig.OidcToken) -> str:
        return signer.token(aud=token.audience, email=token.service_account_email)

    fake = FakePubsub(mint, slow)
    server = grpc.server(ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers(_handlers(fake))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        fake.stopping.set()
        server.stop(1).wait()


def _handlers(fake: FakePubsub) -> tuple[grpc.GenericRpcHandler, ...]:
    services: dict[str, dict[str, tuple[Callable[[Any], Any], type[Any]]]] = {
        "google.pubsub.v1.Publisher": {
            "CreateTopic": (fake.create_topic, types.Topic),
            "Publish": (fake.publish, types.PublishRequest),
        },
        "google.pubsub.v1.Subscriber": {
            "CreateSubscription": (fake.create_subscription, types.Subscription),
            "UpdateSubscription": (fake.update_subscription, types.UpdateSubscriptionRequest),
        },
    }
    return tuple(
        grpc.method_handlers_generic_handler(name, {method: _unary(*how) for method, how in methods.items()})
        for name, methods in services.items()
    )


def _unary(answer: Callable[[Any], Any], request: type[Any]) -> grpc.RpcMethodHandler:
    def call(given: Any, context: grpc.ServicerContext) -> Any:
        try:
            return answer(given)
        except Refused as refusal:
            return context.abort(refusal.code, str(refusal))

    return grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=request.deserialize, response_serializer=lambda given: type(given).serialize(given)
    )


def _check_name(name: str) -> None:
    if not ID.fullmatch(name.split("/")[-1]):
        raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"{name} is no valid name")


def _check_bounds(what: str, value: int, bounds: tuple[int, int]) -> None:
    if not bounds[0] <= value <= bounds[1]:
        raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"{what}: {value} is outside of {bounds}")
