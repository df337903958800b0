"""Documents, bus and outbox against a model in plain Python: whatever the order of operations, they agree."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from towerlab.adapters.documents_firestore import FirestoreDocuments
from towerlab.adapters.documents_sqlite import SqliteDocuments
from towerlab.adapters.firestore_outbox import FirestoreOutbox
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.events.envelope import Event
from towerlab.ports.bus import Subscription
from towerlab.ports.documents import Delete, Documents, Key, Order, Put, Query
from towerlab.ports.errors import AlreadyExists, RevisionConflict

from tests.contract.building import KIND, HandClock, event
from tests.contract.conftest import wipe
from tests.embedded import bus_on

LISTINGS = {KIND: (("x",),)}
SUBSCRIPTION = Subscription(
    "s", frozenset({"quick-test.requested"}), "", min_backoff=1, max_backoff=1, max_attempts=10**6
)
LENGTH = settings(max_examples=25, stateful_step_count=20, deadline=None)
IDS = st.sampled_from("abcdef")
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "\x00", "\x01", "a", "é"]))
BODIES = st.dictionaries(st.text(max_size=3), st.recursive(st.integers() | st.text(max_size=3), st.lists), max_size=3)


class DocumentsMachine(RuleBasedStateMachine):
    def __init__(self, documents: Documents) -> None:
        super().__init__()
        self.documents = documents
        self.model: dict[str, tuple[str, Any, Any]] = {}
        self.waiting: set[str] = set()
        self.published = 0

    @rule(
        changes=st.lists(
            st.tuples(IDS, BODIES, VALUES, st.sampled_from(["fresh", "stale", "create"]), st.booleans()),
            max_size=3,
            unique_by=lambda change: change[0],
        ),
        events=st.integers(0, 2),
    )
    def commit(self, changes: list[tuple[str, Any, Any, str, bool]], events: int) -> None:
        writes = [self._write(*change) for change in changes]
        told = [event(f"e{self.published + n}") for n in range(events)]
        try:
            revisions = self.documents.commit(writes, told)
        except AlreadyExists:
            assert any(w.expect is None and w.key.id in self.model for w in writes)
            return
        except RevisionConflict:
            assert any(w.expect is not None and self._revision(w.key.id) != w.expect for w in writes)
            return
        assert all(self._revision(w.key.id) == w.expect for w in writes)
        for write, revision in zip(writes, revisions, strict=True):
            if isinstance(write, Delete):
                del self.model[write.key.id]
            else:
                self.model[write.key.id] = (revision, write.body, write.index["x"])
        self.published += events
        self.waiting |= {one.id for one in told}

    @rule(x=VALUES, descending=st.booleans(), limit=st.integers(1, 4))
    def page_through(self, x: Any, descending: bool, limit: int) -> None:
        equal = sorted(id for id, (_, _, value) in self.model.items() if value == x)
        assert self._pages(Query(KIND, {"x": x}, (), limit)) == equal
        assert self.documents.count(KIND, {"x": x}) == len(equal)
        everything = self._pages(Query(KIND, {}, (Order("x", descending),), limit))
        assert everything == sorted(sorted(self.model), key=lambda id: _rank(self.model[id][2]), reverse=descending)

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        found = self.documents.get_many([Key(KIND, id) for id in "abcdef"])
        assert {k.id: (s.revision, s.body) for k, s in found.items()} == {id: m[:2] for id, m in self.model.items()}

    def _write(self, id: str, body: Any, x: Any, mode: str, delete: bool) -> Put | Delete:
        known = self._revision(id)
        expect = {"fresh": known, "stale": "0", "create": None}[mode]
        return Delete(Key(KIND, id), expect) if delete and expect else Put(Key(KIND, id), body, expect, {"x": x})

    def _revision(self, id: str) -> str | None:
        return self.model[id][0] if id in self.model else None

    def _pages(self, query: Query) -> list[str]:
        page = self.documents.query(query)
        seen = [stored.key.id for stored in page.items]
        while page.next_cursor:
            page = self.documents.query(Query(query.kind, query.where, query.order, query.limit, page.next_cursor))
            seen += [stored.key.id for stored in page.items]
        return seen


class SqliteMachine(DocumentsMachine):
    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        file = SqliteFile(Path(self.folder.name) / "towerlab.db")
        self.bus = bus_on(file, self.clock)
        self.bus.subscribe(SUBSCRIPTION)
        super().__init__(SqliteDocuments(file, self.clock, LISTINGS))

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(limit=st.integers(1, 4), taken=st.booleans())
    def deliver(self, limit: int, taken: bool) -> None:
        for lease in self.bus.lease(SUBSCRIPTION, limit):
            assert lease.event.id in self.waiting
            if taken:
                assert self.bus.ack(lease)
                self.waiting.discard(lease.event.id)
            else:
                assert self.bus.nack(lease, "no")

    @rule(seconds=st.sampled_from([0.1, 2, 60]))
    def wait(self, seconds: float) -> None:
        self.clock.move(seconds)

    @invariant()
    def nothing_published_is_lost_before_it_is_taken(self) -> None:
        assert self.bus.waiting("s") == len(self.waiting)


class FirestoreMachine(DocumentsMachine):
    def __init__(self, client: Client) -> None:
        self.outbox = FirestoreOutbox(client, HandClock())
        self.announced: list[Event] = []
        super().__init__(FirestoreDocuments(client, LISTINGS, self.outbox, self.announced.extend))

    @rule(limit=st.integers(1, 4))
    def sweep(self, limit: int) -> None:
        sent = [event.id for event in self.outbox.unsent(timedelta(), limit)]
        self.outbox.mark_sent(sent)
        self.waiting -= set(sent)

    @invariant()
    def what_is_recorded_is_announced_once_and_unsent_until_it_is_swept(self) -> None:
        assert [event.id for event in self.announced] == [f"e{n}" for n in range(self.published)]
        assert {event.id for event in self.outbox.unsent(timedelta(), 1000)} == self.waiting


def _rank(value: Any) -> tuple[int, Any]:
    """Null before numbers (false is 0) before text."""
    return (0, 0) if value is None else (2, value) if isinstance(value, str) else (1, value)


@pytest.mark.timeout(120)
def test_sqlite_and_the_embedded_bus_agree_with_the_model() -> None:
    run_state_machine_as_test(SqliteMachine, settings=LENGTH)


@pytest.mark.timeout(120)
def test_firestore_and_its_outbox_agree_with_the_model(firestore_client: Client, firestore_host: str) -> None:
    def machine() -> FirestoreMachine:
        wipe(firestore_host)
        return FirestoreMachine(firestore_client)

    run_state_machine_as_test(machine, settings=LENGTH)
