"""The dispatcher hands each due delivery to its service, and settles it by the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_stack.dispatcher import Dispatcher
from towerlab.adapters.bus_embedded import EmbeddedBus, Lease
from towerlab.adapters.clock import SystemClock
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.ports.errors import Transient

from tests.contract.building import event
from tests.contract.bus_contract import OTHER, subscription
from tests.embedded import bus_on

PATIENCE = 20.0


@pytest.fixture
def bus(tmp_path: Path) -> EmbeddedBus:
    bus = bus_on(SqliteFile(tmp_path / "towerlab.db"), SystemClock())
    bus.subscribe(subscription("s"))
    bus.subscribe(subscription("t", OTHER))
    return bus


class Consumer:
    """Answers by `answer` and lets a test wait for a number of deliveries."""

    def __init__(self, answer: Callable[[Lease], str] = lambda _: "") -> None:
        self._answer = answer
        self._arrived = threading.Condition()
        self.taken: list[str] = []

    def __call__(self, lease: Lease) -> str:
        with self._arrived:
            self.taken.append(lease.event.id)
            self._arrived.notify_all()
        return self._answer(lease)

    def wait_for(self, count: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.taken) >= count, PATIENCE)


Run = Callable[[Consumer], "Stopping"]
Stopping = Callable[[], None]


@pytest.fixture
def run(bus: EmbeddedBus) -> Iterator[Run]:
    stops: list[Stopping] = []

    def start(consumer: Consumer) -> Stopping:
        stop = threading.Event()
        thread = threading.Thread(target=Dispatcher(bus, consumer, slots=2).run, args=(stop,))
        thread.start()

        def end() -> None:
            stop.set()
            thread.join(PATIENCE)
            assert not thread.is_alive()

        stops.append(end)
        return end

    yield start
    for end in stops:
        end()


def test_what_is_taken_is_gone_when_the_dispatcher_stops(bus: EmbeddedBus, run: Run) -> None:
    consumer = Consumer()
    stop = run(consumer)
    bus.publish([event(f"e{n}") for n in range(20)] + [event("o1", OTHER)])
    consumer.wait_for(21)
    stop()
    assert sorted(consumer.taken) == sorted([*(f"e{n}" for n in range(20)), "o1"])
    assert (bus.waiting("s"), bus.waiting("t")) == (0, 0)


def test_what_is_refused_comes_again(bus: EmbeddedBus, run: Run) -> None:
    consumer = Consumer(lambda lease: "503" if lease.attempt == 1 else "")
    stop = run(consumer)
    bus.publish([event("e1")])
    consumer.wait_for(2)
    stop()
    assert (consumer.taken, bus.waiting("s")) == (["e1", "e1"], 0)


def test_a_service_that_hangs_holds_up_no_other(bus: EmbeddedBus, run: Run) -> None:
    release = threading.Event()

    def answer(lease: Lease) -> str:
        if lease.subscription.name == "s":
            release.wait(PATIENCE)
        return ""

    consumer = Consumer(answer)
    run(consumer)
    bus.publish([event(f"e{n}") for n in range(5)])
    consumer.wait_for(2)
    bus.publish([event(f"o{n}", OTHER) for n in range(5)])
    consumer.wait_for(7)
    assert sorted(id for id in consumer.taken if id.startswith("o")) == [f"o{n}" for n in range(5)]
    release.set()


def test_a_delivery_that_breaks_costs_no_worker(bus: EmbeddedBus, run: Run) -> None:
    def answer(lease: Lease) -> str:
        if lease.event.id.startswith("bad"):
            raise RuntimeError("broken")
        return ""

    consumer = Consumer(answer)
    stop = run(consumer)
    bus.publish([event(f"bad{n}") for n in range(6)] + [event("good")])
    consumer.wait_for(7)
    stop()
    assert bus.waiting("s") == 6


def test_a_bus_that_does_not_answer_is_asked_again(bus: EmbeddedBus, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    has_due, asked = bus.has_due, []

    def flaky(name: str) -> bool:
        asked.append(name)
        if len(asked) < 3:
            raise Transient("busy")
        return has_due(name)

    monkeypatch.setattr(bus, "has_due", flaky)
    consumer = Consumer()
    run(consumer)
    bus.publish([event("e1")])
    consumer.wait_for(1)
