"""What the bus gave up delivering is kept once, with who did not take it and how often it was tried."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from towerlab.events.codec import push_body
from towerlab.events.envelope import Event
from towerlab.ports.bus import DeadLetter
from towerlab.runtime import records
from towerlab.runtime.dead_letters import undelivered
from towerlab.runtime.outcomes import Reject
from towerlab.runtime.push import reacting_app
from towerlab.runtime.wiring import Deps

from tests.contract.building import event
from tests.unit.runtime.conftest import TOKEN

TYPE = "quick-test.requested"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def client(deps: Deps) -> FlaskClient:
    return reacting_app("codegen", {TYPE: lambda _, __: Reject("no such test")}, deps).test_client()


def letter(sent: Event, source: str = "", attempts: str = "5") -> dict[str, Any]:
    body = push_body(sent, "projects/p/subscriptions/dead-letters")
    told = {
        "CloudPubSubDeadLetterSourceSubscription": source or f"codegen.{sent.type}",
        "CloudPubSubDeadLetterSourceDeliveryCount": attempts,
    }
    body["message"]["attributes"] |= told
    return body


def bury(client: FlaskClient, body: Any) -> int:
    return client.post("/dead-letters/", json=body, headers=HEADERS).status_code


def kept(deps: Deps) -> tuple[records.DeadLetter, ...]:
    return records.query(deps.documents, records.DeadLetter).values


def test_a_letter_is_kept_once_however_often_it_comes(deps: Deps, client: FlaskClient) -> None:
    assert [bury(client, letter(event("e1"))) for _ in range(3)] == [204, 204, 204]
    (one,) = undelivered(deps.documents, 10)
    assert (one.subscription, one.event, one.attempts) == ("codegen", event("e1"), 5)
    assert one.reason == f"not taken in 5 attempts; the log of whoever codegen.{TYPE} pushes to says why"


def test_each_subscription_has_a_letter_of_its_own(deps: Deps, client: FlaskClient) -> None:
    for source in (f"codegen.{TYPE}", f"config-api-long.{TYPE}"):
        bury(client, letter(event("e1"), source))
    assert {one.subscription for one in undelivered(deps.documents, 10)} == {"codegen", "config-api-long"}


def test_the_newest_come_first_and_as_many_as_asked_for(deps: Deps, client: FlaskClient) -> None:
    for n in range(4):
        bury(client, letter(event(f"e{n}")))
    assert [one.event.id for one in undelivered(deps.documents, 3)] == ["e3", "e2", "e1"]


def test_what_a_service_rejects_was_delivered(deps: Deps, client: FlaskClient) -> None:
    client.post("/events/", json=push_body(event("e1"), "s"), headers=HEADERS)
    assert [one.reason for one in kept(deps)] == ["no such test"]
    assert undelivered(deps.documents, 10) == list[DeadLetter]()


@pytest.mark.parametrize(
    "body", [{}, [], {"message": {"data": "e30=", "attributes": 3}}, {"message": {"data": "e30="}}, {"message": []}]
)
def test_a_letter_without_an_event_is_kept_as_it_is(deps: Deps, client: FlaskClient, body: Any) -> None:
    assert [bury(client, body) for _ in range(2)] == [204, 204]
    assert len(kept(deps)) == 1
    assert undelivered(deps.documents, 10) == list[DeadLetter]()


def test_a_letter_of_a_newer_schema_is_kept_as_it_was_sent(deps: Deps, client: FlaskClient) -> None:
    newer = replace(event("e1"), schema=2)
    assert bury(client, letter(newer)) == 204
    assert [one.event for one in undelivered(deps.documents, 10)] == [newer]


@pytest.mark.parametrize("attempts", ["", "many", "-1"])
def test_a_count_that_is_none_is_no_fault_of_the_event(deps: Deps, client: FlaskClient, attempts: str) -> None:
    assert bury(client, letter(event("e1"), attempts=attempts)) == 204
    assert [one.attempts for one in kept(deps)] == [0]
