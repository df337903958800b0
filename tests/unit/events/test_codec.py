"""Events come back from the wire as they went, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.events.codec import MalformedEvent, NewerEvent, decode, encode, event_of_push, push_body
from towerlab.events.envelope import Event

TEXT = st.text(max_size=20)
JSON = st.dictionaries(
    TEXT, st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
TIMES = st.datetimes(timezones=st.just(UTC))
EVENTS = st.builds(Event, id=TEXT, type=TEXT, source=TEXT, time=TIMES, subject=TEXT, data=JSON, correlation_id=TEXT)
SIMPLE = Event(
    "e1", "quick-test.requested", "/services/config-api", datetime(2026, 1, 1, tzinfo=UTC), "t1", {"test_id": "t1"}
)


@given(EVENTS)
def test_an_event_survives_the_wire(event: Event) -> None:
    assert decode(encode(event)) == event


@given(EVENTS)
def test_an_event_survives_the_push_envelope(event: Event) -> None:
    assert event_of_push(json.loads(json.dumps(push_body(event, "s")))) == event


def test_the_wire_format_is_cloudevents() -> None:
    assert json.loads(encode(SIMPLE)) == {
        "specversion": "1.0", "id": "e1", "type": "quick-test.requested", "source": "/services/config-api",
        "subject": "t1", "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "correlationid": "",
        "schema": 1, "data": {"test_id": "t1"},
    }  # fmt: skip


def test_the_push_envelope_is_pubsubs() -> None:
    body = push_body(SIMPLE, "projects/local/subscriptions/codegen")
    assert body["subscription"] == "projects/local/subscriptions/codegen"
    assert set(body["message"]) == {"data", "attributes", "messageId", "publishTime"}
    assert decode(base64.b64decode(body["message"]["data"])) == SIMPLE


def test_times_become_utc() -> None:
    local = SIMPLE.time.astimezone(timezone(timedelta(hours=2)))
    assert json.loads(encode(Event("e", "t", "s", local, "x", {})))["time"] == "2026-01-01T00:00:00Z"


def test_numbers_that_are_no_json_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(Event("e", "t", "s", SIMPLE.time, "x", {"x": float("inf")}))


GOOD = json.loads(encode(SIMPLE))


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", "1", b"\xff", {"specversion": "0.3"}, {"id": 1}, {"id": None}, {"type": ["x"]},
        {"time": "yesterday"}, {"time": "2026-01-01T00:00:00"}, {"data": []}, {"data": "x"}, {"schema": "1"},
        {"schema": 0}, {"schema": True}, {"schema": 1.5},
    ],
)  # fmt: skip
def test_what_is_no_event_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedEvent):
        decode(json.dumps(GOOD | body) if isinstance(body, dict) else body)


def test_an_event_from_the_future_is_told_apart() -> None:
    with pytest.raises(NewerEvent):
        decode(json.dumps(GOOD | {"schema": 2}))


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"message": None}, {"message": {}}, {"message": {"data": 1}}, {"message": {"data": "%"}}, "x"],
)
def test_what_is_no_envelope_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedEvent):
        event_of_push(body)
