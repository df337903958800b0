"""The embedded document store and bus, on one SQLite file."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from towerlab.adapters.bus_embedded import EmbeddedBus, Lease, backoff
from towerlab.adapters.documents_sqlite import SqliteDocuments, lookup
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.adapters.sqlite_listing import selections
from towerlab.ports.bus import Subscription
from towerlab.ports.documents import Documents, Order, Query, Scalar
from towerlab.ports.errors import Transient

from tests.contract.building import HandClock, event, key, put
from tests.contract.bus_contract import OTHER, WANTED, BusContract, subscription
from tests.contract.documents_contract import DocumentsContract, Raw
from tests.embedded import bus_on

PATIENCE = timedelta(seconds=60)  # on the moved clock
LISTINGS = {"thing": (("x",), ("-x", "y"), ("y", "-x"))}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "towerlab.db"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def embedded(path: Path, clock: HandClock) -> EmbeddedBus:
    return bus_on(SqliteFile(path), clock)


@pytest.fixture
def store(embedded: EmbeddedBus, path: Path, clock: HandClock) -> SqliteDocuments:  # noqa: ARG001
    return SqliteDocuments(SqliteFile(path), clock, LISTINGS)


class TestSqliteDocuments(DocumentsContract):
    @pytest.fixture
    def documents(self, store: SqliteDocuments, path: Path) -> Documents:
        self._path = path
        return store

    def raw(self) -> Raw:
        with sqlite3.connect(self._path) as connection:
            ids = connection.execute("SELECT id FROM documents ORDER BY id").fetchall()
            events = connection.execute("SELECT id FROM events ORDER BY id").fetchall()
        return Raw(tuple(id for (id,) in ids), tuple(id for (id,) in events))


class TestEmbeddedBus(BusContract):
    @pytest.fixture
    def bus(self, embedded: EmbeddedBus, clock: HandClock) -> EmbeddedBus:
        self._bus, self._clock = embedded, clock
        return embedded

    def take(self, name: str, count: int = 1, refused: frozenset[str] = frozenset()) -> list[str]:
        taken: list[str] = []
        deadline = self._clock.now() + PATIENCE
        while len(taken) < count:
            if found := self._answer(name, refused, count - len(taken)):
                taken += found
            else:
                assert self._clock.now() < deadline, f"{taken} of {count} deliveries"
                self._clock.move(0.1)
        return taken

    def rest(self, name: str, seconds: float) -> list[str]:
        until = self._clock.now() + timedelta(seconds=seconds)
        found = self._answer(name)
        while self._clock.now() < until:
            self._clock.move(0.1)
            found += self._answer(name)
        return found

    def now(self) -> float:
        return self._clock.now().timestamp()

    def _answer(self, name: str, refused: frozenset[str] = frozenset(), limit: int = 100) -> list[str]:
        settings = next(known for known in self._bus.subscriptions() if known.name == name)
        leases = self._bus.lease(settings, limit)
        for lease in leases:
            held = self._bus.nack(lease, "no") if lease.event.id in refused else self._bus.ack(lease)
            assert held
        return [lease.event.id for lease in leases]


def test_a_type_that_is_no_longer_asked_for_does_not_come(embedded: EmbeddedBus) -> None:
    embedded.subscribe(subscription("s", WANTED, OTHER))
    embedded.subscribe(subscription("s", OTHER))
    embedded.publish([event("e1"), event("e2", OTHER)])
    assert [lease.event.id for lease in embedded.lease(subscription("s", OTHER), 10)] == ["e2"]


@pytest.fixture
def leased(embedded: EmbeddedBus) -> Lease:
    embedded.subscribe(subscription())
    embedded.publish([event("e1")])
    (lease,) = embedded.lease(subscription())
    return lease


def test_a_leased_delivery_is_nobody_elses_until_its_deadline(
    embedded: EmbeddedBus, clock: HandClock, leased: Lease
) -> None:
    clock.move(9.9)
    assert embedded.lease(subscription()) == []
    clock.move(0.2)
    (again,) = embedded.lease(subscription())
    assert (again.event.id, again.attempt) == ("e1", 2)
    assert again.token != leased.token


def test_who_lost_a_lease_can_neither_ack_nor_nack(embedded: EmbeddedBus, clock: HandClock, leased: Lease) -> None:
    clock.move(11)
    (again,) = embedded.lease(subscription())
    assert not embedded.ack(leased)
    assert not embedded.nack(leased, "late")
    assert embedded.ack(again)
    assert not embedded.ack(again)


def test_a_released_lease_is_due_again_at_once(embedded: EmbeddedBus, leased: Lease) -> None:
    assert embedded.release() == 1
    assert not embedded.ack(leased)
    assert [lease.event.id for lease in embedded.lease(subscription())] == ["e1"]


def test_releasing_leaves_a_backoff_alone(embedded: EmbeddedBus, leased: Lease) -> None:
    embedded.nack(leased, "no")
    assert embedded.release() == 0
    assert embedded.lease(subscription()) == []


def test_a_last_attempt_without_an_answer_becomes_a_dead_letter(
    embedded: EmbeddedBus, clock: HandClock, leased: Lease
) -> None:
    assert leased.attempt == 1
    for _ in range(5):
        clock.move(11)
        embedded.lease(subscription())
    (letter,) = embedded.dead_letters()
    assert (letter.attempts, letter.reason) == (5, "no answer before the ack deadline")
    assert embedded.waiting("s") == 0


def test_an_event_that_only_its_consumer_can_judge_is_delivered_and_buried_as_it_was_sent(
    embedded: EmbeddedBus,
) -> None:
    newer = replace(event("e1"), schema=9)
    embedded.subscribe(subscription(max_attempts=1))
    embedded.publish([newer])
    (lease,) = embedded.lease(subscription(max_attempts=1))
    assert lease.event == newer
    embedded.nack(lease, "no")
    assert [letter.event for letter in embedded.dead_letters()] == [newer]


def test_backoff_doubles_up_to_its_limit_and_varies_by_a_quarter() -> None:
    settings = Subscription("s", frozenset(), "", min_backoff=1, max_backoff=10)
    for attempt, expected in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (5000, 10)):
        waits = [backoff(Lease(settings, event(), attempt, "")) for _ in range(50)]
        assert all(0.75 * expected <= wait <= 1.25 * expected for wait in waits)
        assert len(set(waits)) > 1


def test_a_commit_delivers_its_events(store: SqliteDocuments, embedded: EmbeddedBus) -> None:
    embedded.subscribe(subscription())
    assert not embedded.has_due("s")
    store.commit([put("a")], [event("e1")])
    assert embedded.has_due("s")
    assert [lease.event for lease in embedded.lease(subscription())] == [event("e1")]


def test_a_busy_file_is_transient(store: SqliteDocuments, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("towerlab.adapters.sqlite_file.BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = SqliteDocuments.__new__(SqliteDocuments)
    impatient._file, impatient._clock = SqliteFile(path), store._clock
    with pytest.raises(Transient):
        impatient.commit([put("a")])
    other.execute("ROLLBACK")
    assert impatient.find(key("a")) is None
    assert impatient.commit([put("a")])


def test_every_listing_walks_an_index(store: SqliteDocuments, path: Path) -> None:
    store.commit([put(f"d{n}", x=n % 7, y=f"t{n}") for n in range(500)])
    orders: dict[tuple[Order, ...], list[Scalar] | None] = {
        (): None,
        (Order("x"),): [3, "d3"],
        (Order("y"), Order("x", descending=True)): ["t4", 4, "d4"],
    }
    with sqlite3.connect(path) as connection:
        for order, position in orders.items():
            for sql, values in selections(Query("thing", order=order), position):
                plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values))
                assert "USING INDEX documents__thing" in plan, plan


def test_many_documents_are_found_by_their_keys_without_a_scan(store: SqliteDocuments, path: Path) -> None:
    store.commit([put(f"d{n}") for n in range(500)])
    with sqlite3.connect(path) as connection:
        for keys in (1, 50):
            wanted = [part for n in range(keys) for part in (f"d{n}", "thing")]
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {lookup(keys)}", wanted)]
            assert any(line.startswith("SEARCH d USING") for line in plan), plan
