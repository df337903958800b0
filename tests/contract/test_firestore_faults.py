"""What Firestore's emulator never does: answers that are lost, contention, a wire that is down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.cloud.firestore import Client
from grpc import StatusCode
from towerlab.adapters.documents_firestore import FirestoreDocuments
from towerlab.adapters.firestore_outbox import FirestoreOutbox
from towerlab.ports.errors import RevisionConflict, Transient

from tests.contract.building import HandClock, event, key, put
from tests.contract.lossy_firestore import COMMIT, READ, Fault, lossy

pytestmark = pytest.mark.usefixtures("firestore")
LOST = Fault(StatusCode.UNAVAILABLE, done=True)


def _store(client: Client) -> FirestoreDocuments:
    return FirestoreDocuments(client, {}, FirestoreOutbox(client, HandClock()), lambda _: None)


@pytest.mark.parametrize("code", [StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.INTERNAL])
@pytest.mark.parametrize("done", [True, False])
def test_a_commit_that_broke_off_is_transient_and_tried_once(firestore_host: str, code: StatusCode, done: bool) -> None:
    with lossy(firestore_host, {COMMIT: [Fault(code, done)]}) as (client, wire):
        store = _store(client)
        with pytest.raises(Transient):
            store.commit([put("a")], [event("e1")])
        assert wire.calls == [COMMIT]
        assert (store.find(key("a")) is not None) == done


def test_a_change_whose_answer_was_lost_can_be_read_and_made_again(firestore_host: str) -> None:
    with lossy(firestore_host, {}) as (client, wire):
        store = _store(client)
        (first,) = store.commit([put("a", {"n": 1})])
        wire.faults[COMMIT] = [LOST]
        with pytest.raises(Transient):
            store.commit([put("a", {"n": 2}, first)])
        (found,) = store.get_many([key("a")]).values()
        assert found.body == {"n": 2}
        with pytest.raises(RevisionConflict):
            store.commit([put("a", {"n": 2}, first)])
        assert store.commit([put("a", {"n": 3}, found.revision)])


def test_events_whose_recording_was_lost_are_recorded_once(firestore_host: str) -> None:
    with lossy(firestore_host, {COMMIT: [LOST]}) as (client, _):
        store = _store(client)
        with pytest.raises(Transient):
            store.commit([], [event("e1")])
        assert store.commit([put("a")], [event("e1"), event("e2")])
        assert [one.id for one in FirestoreOutbox(client, HandClock()).unsent(timedelta(), 10)] == ["e1", "e2"]


@pytest.mark.parametrize("code", [StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED])
def test_a_commit_that_was_turned_away_is_tried_again(firestore_host: str, code: StatusCode) -> None:
    with lossy(firestore_host, {COMMIT: [Fault(code), Fault(code)]}) as (client, wire):
        store = _store(client)
        (revision,) = store.commit([put("a")])
        assert wire.calls == [COMMIT] * 3
        assert store.get(key("a")).revision == revision


def test_one_that_is_always_turned_away_is_transient(firestore_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("towerlab.adapters.firestore_calls.COMMIT_AGAIN._timeout", 0.3)
    with lossy(firestore_host, {COMMIT: [Fault(StatusCode.ABORTED)] * 1000}) as (client, _), pytest.raises(Transient):
        _store(client).commit([put("a")])


def test_a_read_is_tried_again(firestore_host: str) -> None:
    with lossy(firestore_host, {READ: [Fault(StatusCode.UNAVAILABLE)]}) as (client, wire):
        assert _store(client).find(key("a")) is None
        assert wire.calls == [READ] * 2


def test_a_store_that_does_not_answer_is_transient(firestore_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("towerlab.adapters.firestore_calls.READ_AGAIN._timeout", 0.3)
    down = [Fault(StatusCode.UNAVAILABLE)] * 1000
    with lossy(firestore_host, {READ: down}) as (client, _), pytest.raises(Transient):
        _store(client).get(key("a"))
