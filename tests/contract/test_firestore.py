"""The document store on Google Cloud, on Google's Firestore emulator."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from google.cloud.firestore import Client
from towerlab.adapters.documents_firestore import FirestoreDocuments
from towerlab.adapters.firestore_outbox import FirestoreOutbox
from towerlab.events.envelope import Event
from towerlab.ports.documents import Documents
from towerlab.ports.errors import AlreadyExists, RevisionConflict, Transient

from tests.contract.building import HandClock, event, key, put
from tests.contract.conftest import documents_url
from tests.contract.documents_contract import DocumentsContract, Raw

LISTINGS = dict.fromkeys(("thing", "other"), (("x",), ("-x", "y"), ("y", "-x")))


@pytest.fixture
def announced() -> list[Event]:
    return []


@pytest.fixture
def outbox(firestore: Client, clock: HandClock) -> FirestoreOutbox:
    return FirestoreOutbox(firestore, clock)


@pytest.fixture
def store(firestore: Client, outbox: FirestoreOutbox, announced: list[Event]) -> FirestoreDocuments:
    return FirestoreDocuments(firestore, LISTINGS, outbox, announced.extend)


class TestFirestoreDocuments(DocumentsContract):
    @pytest.fixture
    def documents(self, store: FirestoreDocuments, firestore_host: str) -> Documents:
        self._host = firestore_host
        return store

    def raw(self) -> Raw:
        ids = sorted(name for kind in LISTINGS for name in _names(self._host, kind))
        return Raw(tuple(id[1:] for id in ids), tuple(id[1:] for id in sorted(_names(self._host, "outbox"))))


def test_new_events_are_announced_once_the_commit_is_done(
    store: FirestoreDocuments, outbox: FirestoreOutbox, announced: list[Event]
) -> None:
    store.commit([put("a")], [event("e1"), event("e1"), event("e2")])
    assert announced == [event("e1"), event("e2")] == outbox.unsent(timedelta(), 10)
    with pytest.raises(AlreadyExists):
        store.commit([put("a")], [event("e3")])
    assert announced == [event("e1"), event("e2")]


def test_an_event_that_is_recorded_already_stops_no_commit(store: FirestoreDocuments, announced: list[Event]) -> None:
    store.commit([], [event("e1")])
    assert store.commit([put("a")], [event("e1"), event("e2")]) == [store.get(key("a")).revision]
    assert announced == [event("e1"), event("e2")]
    with pytest.raises(AlreadyExists):
        store.commit([put("a")], [event("e1")])


def test_a_bus_that_is_down_stops_no_commit(firestore: Client, outbox: FirestoreOutbox) -> None:
    def down(_: object) -> None:
        raise Transient("down")

    store = FirestoreDocuments(firestore, LISTINGS, outbox, down)
    assert store.commit([put("a")], [event("e1")]) == [store.get(key("a")).revision]
    assert outbox.unsent(timedelta(), 10) == [event("e1")]


def test_of_fifty_writers_versions_events_and_winners_agree(store: FirestoreDocuments, outbox: FirestoreOutbox) -> None:
    """Each reads, and writes the next version with the news of it, as often as it takes to win once or lose thrice."""
    store.commit([put("a", {"version": 0, "by": []})])
    start = threading.Barrier(50)

    def write(writer: int) -> list[int]:
        start.wait()
        for attempt in range(3):
            held = store.get(key("a"))
            after = {"version": held.body["version"] + 1, "by": [*held.body["by"], writer]}
            try:
                store.commit([put("a", after, held.revision)], [event(f"e{writer}-{attempt}")])
                return [writer]
            except RevisionConflict:
                continue
        return []

    with ThreadPoolExecutor(50) as pool:
        winners = [writer for won in pool.map(write, range(50)) for writer in won]
    body, told = store.get(key("a")).body, outbox.unsent(timedelta(), 1000)
    assert winners
    assert (body["version"], sorted(body["by"])) == (len(winners), winners)
    assert sorted(int(one.id[1:].partition("-")[0]) for one in told) == winners


def _names(host: str, collection: str) -> list[str]:
    """Ids of documents, by REST."""
    answer: Any = requests.get(f"{documents_url(host)}/{collection}", {"pageSize": 1000}, timeout=30).json()
    return [document["name"].rpartition("/")[2] for document in answer.get("documents", ())]
