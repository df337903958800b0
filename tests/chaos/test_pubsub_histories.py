"""Whatever Pub/Sub makes of a history (events twice, late, in another order), the same documents come of it.

Real services that Google's emulator pushes to, beside the same services given every event once and in order.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from towerlab.adapters.bus_pubsub import PubsubBus
from towerlab.adapters.pubsub_subscriptions import Sender
from towerlab.events.catalog import CATALOG
from towerlab.events.codec import event_of_push
from towerlab.events.envelope import Event
from towerlab.runtime.subscriptions import subscriptions

from tests.chaos.pubsub_world import SERVICES, Installation
from tests.cloud import emulators
from tests.cloud.http_server import Answer, Request, http_server
from tests.cloud.place import pass_on
from tests.unit.collector.shops import Shop, a_shop
from tests.unit.worlds import TOKEN

SETTLED_WITHIN = 90.0  # seconds
EVENTS = 7  # in the history that config-api tells


class Fate(StrEnum):
    """What becomes of one push."""

    TAKEN = "taken"
    TWICE = "taken twice"
    UNHEARD = "taken, but the answer is lost: it comes again"
    LATE = "not taken: it comes again, after others"


@dataclass(frozen=True)
class Weather:
    """`sent` are numbers of events in the order they are sent, some twice; the nth push to a service has the nth of
    its `fates`, those after the last are taken."""

    sent: Sequence[int]
    fates: Mapping[str, Sequence[Fate]]


def weathers() -> st.SearchStrategy[Weather]:
    everything = st.permutations(range(EVENTS))
    again = st.lists(st.integers(0, EVENTS - 1), max_size=3)
    fates = st.fixed_dictionaries({name: st.lists(st.sampled_from(Fate), max_size=4) for name in SERVICES})
    return st.builds(lambda all, twice, fates: Weather([*all, *twice], fates), everything, again, fates)


class Front:
    """Hands pushes to the services as the weather says."""

    def __init__(self, installation: Installation, weather: Weather) -> None:
        self.settled: Counter[tuple[str, str]] = Counter()
        self._installation = installation
        self._fates = defaultdict(lambda: iter(()), {name: iter(fates) for name, fates in weather.fates.items()})
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        service = request.path.split("/")[1]
        with self._lock:
            fate = next(self._fates[service], Fate.TAKEN)
        if fate is Fate.LATE:
            return Answer(503)
        statuses = [self._pass_on(service, request) for _ in range(2 if fate is Fate.TWICE else 1)]
        if fate is Fate.UNHEARD or statuses[-1] != 204:
            return Answer(503)
        with self._lock:
            self.settled[service, event_of_push(json.loads(request.body)).id] += 1
        return Answer(204)

    def _pass_on(self, service: str, request: Request) -> int:
        return pass_on(self._installation.apps[service], request, "/events/", TOKEN)


class ToldEvents:
    """The installation's record of events as an outbox."""

    def __init__(self, installation: Installation) -> None:
        self._installation, self._sent = installation, set[str]()

    def record(self, events: Sequence[Event]) -> Sequence[Event]:
        self._installation.deps.documents.commit([], events)
        return events

    def unsent(self, older_than: timedelta, limit: int) -> Sequence[Event]:  # noqa: ARG002 - no clock is moved
        return [event for event in self._installation.told() if event.id not in self._sent][:limit]

    def mark_sent(self, ids: Sequence[str]) -> None:
        self._sent.update(ids)


@cache
def shop() -> Shop:
    return a_shop(rows=600, people=40, catalogue=150, seed=4)


@pytest.fixture(scope="module")
def emulator() -> Iterator[None]:
    try:
        with emulators.pubsub() as host, pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUBSUB_EMULATOR_HOST", host)
            yield
    except emulators.Unavailable as error:
        pytest.skip(f"no Pub/Sub emulator: {error}")


@pytest.mark.usefixtures("emulator")
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # to shrink costs minutes, and the storm is not the same again
    suppress_health_check=list(HealthCheck),
)
@given(weather=weathers())
def test_the_same_documents_come_of_every_delivery(weather: Weather) -> None:
    with an_installation() as calm, an_installation() as stormy:
        deliver_in_order(calm)
        deliver_through_pubsub(stormy, weather)
        assert stormy.outcome() == calm.outcome()
        assert [calm.now_is(id).phase for id in ("t1", "t2", "t3")] == ["completed", "failed", "cancelled"]


@contextmanager
def an_installation() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="installation-") as folder:
        yield Installation(Path(folder), shop())


def deliver_in_order(installation: Installation) -> None:
    installation.history()
    delivered = 0
    while told := installation.told()[delivered:]:
        for service in CATALOG[told[0].type].reacting:
            assert installation.push(installation.apps[service], told[0]) == 204
        delivered += 1


def deliver_through_pubsub(installation: Installation, weather: Weather) -> None:
    front = Front(installation, weather)
    letters = lambda _: ()  # noqa: E731
    bus = PubsubBus(f"storm-{uuid4().hex[:8]}", ToldEvents(installation), letters, Sender("a@b.example", "nobody"))
    with http_server(front) as url:
        for subscription in subscriptions({service: f"{url}/{service}" for service in SERVICES}):
            bus.subscribe(subscription)
        history = installation.history()
        for number in weather.sent:
            bus.announce([history[number]])
        wait_until_settled(installation, bus, front, Counter(history[number].id for number in weather.sent))


def wait_until_settled(installation: Installation, bus: PubsubBus, front: Front, sent: Mapping[str, int]) -> None:
    """Until every event that was told has been taken by all of its consumers, as often as it was sent."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while missing := missing_deliveries(installation, front, sent):
        assert time.monotonic() < deadline, missing
        bus.send_waiting(timedelta())
        time.sleep(0.05)


def missing_deliveries(installation: Installation, front: Front, sent: Mapping[str, int]) -> list[tuple[str, str]]:
    return [
        (service, event.type)
        for event in installation.told()
        for service in CATALOG[event.type].reacting
        if front.settled[service, event.id] < sent.get(event.id, 1)
    ]
