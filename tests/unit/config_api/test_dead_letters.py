"""Dead letters over HTTP: seen, sent again, given up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from towerlab.events.codec import decode, encode
from towerlab.events.envelope import Event
from towerlab.ports.bus import DeadLetter as Undelivered
from towerlab.runtime import inbox, records
from towerlab.runtime.announce import event
from towerlab.runtime.dead_letters import undelivered_letter
from towerlab.runtime.outcomes import Done, Outcome
from towerlab.runtime.push import reacting_app
from towerlab.runtime.records import DeadLetter
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.unit.config_api.calling import Caller, faults, recorded
from tests.unit.config_api.conftest import TOKEN
from tests.unit.config_api.test_reactions import push

LETTERS = "/api/dead-letters/"


def told(deps: Deps, dataset_id: object = "nothing", type: str = "dataset.updated", **changes: Any) -> Event:
    made = replace(event(deps, "dataset.updated", "s", dataset_id="d"), data={"dataset_id": dataset_id})
    return replace(made, type=type, source="/domains/datasets", **changes)


def push_malformed(bus: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    bus.post("/events/", json={"message": {"data": "e30="}}, headers=headers, base_url="http://127.0.0.1:8081")


def store_undelivered(deps: Deps, sent: Event, subscription: str = "config-api-long") -> str:
    letter = undelivered_letter(Undelivered(subscription, sent, 100, "503"), deps.clock.now())
    deps.documents.commit([records.put(letter, letter.id, None)])
    return letter.id


def replay(api: Caller, id: str, **headers: str) -> TestResponse:
    return api.call("POST", f"{LETTERS}{id}/replay/", **headers)


def ids(api: Caller, query: str = "") -> list[str]:
    return [item["id"] for item in api.get(LETTERS + query)["items"]]


@pytest.fixture
def rejected(deps: Deps, bus: FlaskClient) -> Event:
    """An event that config-api has set aside."""
    sent = told(deps)
    assert push(bus, sent).status_code == 204
    return sent


def test_a_letter_is_shown_with_its_event_and_the_reason(api: Caller, rejected: Event) -> None:
    (line,) = api.get(LETTERS)["items"]
    assert (line["consumer"], line["type"], line["event_id"]) == ("config-api", "dataset.updated", rejected.id)
    assert (line["reason"], line["attempts"], line["replayable"]) == ("no dataset with id 'nothing'", 0, True)
    whole = api.get(f"{LETTERS}{line['id']}/")
    assert whole["event"]["data"] == {"dataset_id": "nothing"}
    assert whole["content"] is None


def test_the_newest_come_first_over_pages_and_filters(api: Caller, deps: Deps, bus: FlaskClient) -> None:
    for n in range(3):
        push(bus, told(deps, f"d{n}"))
    push(bus, told(deps, type="dataset.deleted"))
    other = store_undelivered(deps, told(deps), "codegen")
    first = api.get(LETTERS + "?limit=2")
    rest = api.get(f"{LETTERS}?limit=100&cursor={first['next_cursor']}")
    assert first["total"] == 5
    assert first["items"][0]["id"] == other
    times = [item["at"] for item in (*first["items"], *rest["items"])]
    assert times == sorted(times, reverse=True)
    assert len(ids(api, "?type=dataset.updated")) == 4
    assert len(ids(api, "?consumer=config-api&type=dataset.updated")) == 3
    assert ids(api, "?consumer=codegen") == [other]
    assert faults(api.call("GET", LETTERS + "?consumer=x&type=y")) == {
        "/consumer": "not_allowed",
        "/type": "not_allowed",
    }


def test_a_replay_sends_the_same_event_and_its_consumer_handles_it_anew(
    api: Caller, deps: Deps, bus: FlaskClient, rejected: Event
) -> None:
    (id,) = ids(api)
    assert push(bus, rejected).status_code == 204  # a second delivery
    assert ids(api) == [id]
    answer = replay(api, id)
    assert (answer.status_code, answer.get_json()["event_id"]) == (202, rejected.id)
    assert ids(api) == []
    again = recorded(deps)[-1]
    assert again.replay
    assert replace(again, replay="") == replace(rejected, correlation_id=again.correlation_id)
    push(bus, again)
    assert ids(api) == [id]  # it fails again, and is a dead letter again
    assert replay(api, id).status_code == 202


def test_those_who_have_handled_it_do_nothing(api: Caller, deps: Deps, rejected: Event) -> None:
    handled: list[str] = []

    def handler(_: Deps, event: Event) -> Outcome:
        handled.append(event.id)
        return Done()

    other = reacting_app("codegen", {rejected.type: handler}, deps).test_client()
    push(other, rejected)
    (id,) = ids(api)
    replay(api, id)
    push(other, recorded(deps)[-1])
    assert handled == [rejected.id]


def test_what_was_never_taken_is_replayed_without_a_note(api: Caller, deps: Deps) -> None:
    id = store_undelivered(deps, told(deps))
    assert api.get(f"{LETTERS}{id}/")["attempts"] == 100
    assert replay(api, id).status_code == 202
    assert (ids(api), len(recorded(deps)[-1:])) == ([], 1)


def test_who_had_handled_it_before_the_bus_gave_up_does_not_handle_it_again(
    api: Caller, deps: Deps, rejected: Event
) -> None:
    note = inbox.note_id("config-api", rejected)
    assert replay(api, store_undelivered(deps, rejected, "config-api")).status_code == 202
    assert records.find(deps.documents, records.Received, note) is not None


@pytest.mark.usefixtures("rejected")
def test_a_second_replay_finds_nothing_and_with_a_key_the_first_answer(api: Caller, deps: Deps) -> None:
    (id,) = ids(api)
    sent = len(recorded(deps))
    first = replay(api, id, Idempotency_Key="k")
    assert replay(api, id, Idempotency_Key="k").get_json() == first.get_json()
    assert faults(replay(api, id), 404) == {"": "not_found"}
    assert len(recorded(deps)) == sent + 1


def test_what_holds_no_event_cannot_be_sent_again(api: Caller, bus: FlaskClient) -> None:
    push_malformed(bus)
    (line,) = api.get(LETTERS)["items"]
    assert (line["type"], line["replayable"]) == (None, False)
    assert faults(replay(api, line["id"]), 409) == {"": "no_event"}
    assert "e30=" in api.get(f"{LETTERS}{line['id']}/")["content"]


def test_a_newer_event_is_sent_again_once_its_schema_is_known(api: Caller, deps: Deps, bus: FlaskClient) -> None:
    push(bus, told(deps, schema=9))
    (line,) = api.get(LETTERS)["items"]
    id = line["id"]
    assert not line["replayable"]
    assert faults(replay(api, id), 409) == {"": "newer_schema"}
    held = records.get(deps.documents, DeadLetter, id)
    known = replace(held.value, content=held.value.content.replace('"schema":9', '"schema":1'))
    deps.documents.commit([records.put(known, id, held.revision)])
    assert replay(api, id).status_code == 202


def test_what_nobody_receives_is_not_sent_again(api: Caller, deps: Deps, bus: FlaskClient) -> None:
    push(bus, told(deps, type="dataset.eaten"))
    (id,) = ids(api)
    assert faults(replay(api, id), 409) == {"": "unknown_type"}


def test_a_discarded_letter_is_gone_and_its_event_stays_handled(api: Caller, bus: FlaskClient, rejected: Event) -> None:
    (id,) = ids(api)
    etag = api.call("GET", f"{LETTERS}{id}/").headers["ETag"]
    assert api.call("DELETE", f"{LETTERS}{id}/").status_code == 428
    assert faults(api.call("DELETE", f"{LETTERS}{id}/", If_Match='"other"'), 412)
    assert api.call("DELETE", f"{LETTERS}{id}/", If_Match=etag).status_code == 204
    push(bus, rejected)
    assert ids(api) == []


def test_both_are_in_the_audit_log(api: Caller, deps: Deps, bus: FlaskClient, rejected: Event) -> None:
    (id,) = ids(api)
    replay(api, id)
    push(bus, recorded(deps)[-1])
    api.call("DELETE", f"{LETTERS}{id}/", If_Match="*")
    lines = api.get(f"/api/audit/?object={id}")["items"]
    assert [(line["kind"], line["action"]) for line in lines] == [
        ("dead_letter", "discarded"),
        ("dead_letter", "replayed"),
    ]
    assert lines[1]["detail"]["event"] == rejected.id


def test_texts_that_are_no_unicode_can_be_shown(api: Caller, bus: FlaskClient, deps: Deps) -> None:
    sent = decode(encode(told(deps, type="\ud800")))
    assert push(bus, sent).status_code == 204
    (line,) = api.get(LETTERS)["items"]
    assert api.get(f"{LETTERS}{line['id']}/")["event"]["type"] == "\ud800"
