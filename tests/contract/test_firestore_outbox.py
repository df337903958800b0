"""The outbox, on Google's Firestore emulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.cloud.firestore import Client
from towerlab.adapters.firestore_outbox import COLLECTION, REMEMBERED, FirestoreOutbox

from tests.contract.building import HandClock, event

NOW = timedelta()


@pytest.fixture
def outbox(firestore: Client, clock: HandClock) -> FirestoreOutbox:
    return FirestoreOutbox(firestore, clock)


def test_what_was_recorded_is_unsent_until_it_is_marked(outbox: FirestoreOutbox) -> None:
    told = [event("e1"), event("e2", n=1)]
    assert outbox.record(told) == told
    assert outbox.unsent(NOW, 10) == told
    outbox.mark_sent(["e1"])
    assert outbox.unsent(NOW, 10) == told[1:]
    outbox.mark_sent(["e1", "e2"])
    assert outbox.unsent(NOW, 10) == []


def test_the_oldest_are_sent_first_and_the_young_are_left(outbox: FirestoreOutbox, clock: HandClock) -> None:
    for id in ("e2", "e1", "e3"):
        outbox.record([event(id)])
        clock.move(10)
    assert [one.id for one in outbox.unsent(timedelta(seconds=20), 10)] == ["e2", "e1"]
    assert [one.id for one in outbox.unsent(NOW, 1)] == ["e2"]


def test_a_replay_is_an_event_of_its_own(outbox: FirestoreOutbox) -> None:
    replay = replace(event("e1"), replay="r1")
    assert outbox.record([event("e1"), replay, replay]) == [event("e1"), replay]
    outbox.mark_sent([replay.published_as])
    assert outbox.unsent(NOW, 10) == [event("e1")]


@pytest.mark.parametrize("sent", [True, False])
def test_an_id_that_is_there_is_left_alone(outbox: FirestoreOutbox, clock: HandClock, sent: bool) -> None:
    outbox.record([event("e1", n=1)])
    if sent:
        outbox.mark_sent(["e1"])
    clock.move(5)
    assert outbox.record([event("e1", n=2), event("e2"), event("e2")]) == [event("e2")]
    assert outbox.record([event("e1"), event("e2")]) == []
    assert outbox.unsent(NOW, 10) == ([] if sent else [event("e1", n=1)]) + [event("e2")]


def test_events_are_recorded_all_or_none(outbox: FirestoreOutbox) -> None:
    with pytest.raises(ValueError, match="JSON"):
        outbox.record([event("e1"), event("e2", n=float("nan"))])
    assert outbox.unsent(NOW, 10) == []


def test_a_sent_row_has_an_end_and_an_unsent_one_has_none(
    outbox: FirestoreOutbox, clock: HandClock, firestore: Client
) -> None:
    outbox.record([event("e1"), event("e2")])
    outbox.mark_sent(["e1"])
    ends = {row.id: row.to_dict().get("expires_at") for row in _rows(firestore)}
    assert ends == {"ee1": clock.now() + REMEMBERED, "ee2": None}


def test_an_event_of_a_newer_schema_keeps_no_other_waiting(outbox: FirestoreOutbox, firestore: Client) -> None:
    outbox.record([event("e1"), event("e2")])
    (row,) = [row for row in _rows(firestore) if row.id == "ee1"]
    row.reference.update({"content": row.get("content").replace('"schema":1', '"schema":2')})
    assert [one.id for one in outbox.unsent(NOW, 10)] == ["e2"]


def test_any_text_is_an_event_id(outbox: FirestoreOutbox) -> None:
    told = [event(id) for id in ("..", "a/b", "__x__", "é", "%2F")]
    assert outbox.record(told) == told
    assert outbox.record(told) == []
    outbox.mark_sent([one.id for one in told])
    assert outbox.unsent(NOW, 10) == []


def _rows(firestore: Client) -> list[Any]:
    return list(firestore.collection(COLLECTION).stream())
