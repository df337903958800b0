"""The bus on Pub/Sub: on Google's emulator with the outbox in Firestore, and on a stand-in that signs its pushes."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator

import pytest
from google.cloud.firestore import Client
from towerlab.adapters.bus_pubsub import PubsubBus
from towerlab.adapters.clock import SystemClock
from towerlab.adapters.firestore_outbox import FirestoreOutbox
from towerlab.ports.bus import Bus
from towerlab.runtime import dead_letters
from towerlab.runtime.push import reacting_app
from towerlab.runtime.wiring import Deps

from tests.cloud.held_pushes import HeldPushes
from tests.cloud.http_server import Answer, Request, http_server
from tests.cloud.memory_outbox import MemoryOutbox
from tests.cloud.place import PUSHER, SIGNER, bus_to, pass_on
from tests.contract.building import event
from tests.contract.bus_contract import BusContract


class PubsubContract(BusContract):
    """Pushes come over HTTP; dead letters go to an application as it stands on Google Cloud."""

    token = ""  # which the pushes lack

    @pytest.fixture
    @abstractmethod
    def pubsub(self) -> PubsubBus: ...

    @pytest.fixture
    def bus(self, pubsub: PubsubBus, deps: Deps) -> Iterator[Bus]:
        app, self.held = reacting_app(deps.service, {}, deps), HeldPushes()

        def answer(request: Request) -> Answer:
            if request.path == dead_letters.PATH:
                return Answer(pass_on(app, request, request.path, self.token))
            return self.held(request)

        with http_server(answer) as self.base:
            pubsub.bury_at(self.base + dead_letters.PATH)
            yield pubsub

    def take(self, name: str, count: int = 1, refused: frozenset[str] = frozenset()) -> list[str]:
        return [push.event_id for push in self.held.take(name, count, refused)]

    def rest(self, name: str, seconds: float) -> list[str]:
        return [push.event_id for push in self.held.rest(name, seconds)]

    def now(self) -> float:
        return time.monotonic()


class TestPubsubBusOnGooglesEmulator(PubsubContract):
    token = SIGNER.token(email=PUSHER)

    @pytest.fixture
    def pubsub(self, official: str, firestore: Client, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> PubsubBus:
        return bus_to(official, FirestoreOutbox(firestore, SystemClock()), deps, monkeypatch)


class TestPubsubBusOnAFake(PubsubContract):
    min_backoff = 0.2

    @pytest.fixture
    def pubsub(self, fake: str, memory: MemoryOutbox, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> PubsubBus:
        return bus_to(fake, memory, deps, monkeypatch)

    def test_attempts_are_counted(self, bus: Bus) -> None:
        self.subscribe(bus)
        bus.publish([event("e1")])
        refused = self.held.take("s", 2, frozenset({"e1"}))
        assert [push.attempt for push in [*refused, *self.held.take("s", 1, frozenset())]] == [1, 2, 3]
