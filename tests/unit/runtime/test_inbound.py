"""What comes in is handled or set aside with a reason; nothing that somebody may send makes the bus try in vain."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from towerlab.runtime import records
from towerlab.runtime.outcomes import Done
from towerlab.runtime.push import reacting_app
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

from tests.unit.runtime.conftest import TOKEN

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
TYPES = ("dataset.updated", "dataset.deleted", "quick-test.finished")
GOOD: dict[str, Any] = {
    "specversion": "1.0", "id": "e1", "type": "dataset.updated", "source": "/domains/datasets",
    "time": "2026-01-01T00:00:00Z", "data": {"dataset_id": "d1"},
}  # fmt: skip
WILD = st.characters(codec=None)  # lone surrogates too
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(WILD, max_size=30)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(WILD), inner), max_leaves=8)
ODD_EVENTS = st.fixed_dictionaries(
    {"id": st.uuids().map(str) | st.text(WILD, max_size=300) | JSON},
    optional={
        "specversion": st.just("1.0") | JSON,
        "type": st.sampled_from(TYPES) | st.text(WILD) | JSON,
        "source": st.text(WILD) | JSON,
        "subject": st.text(WILD) | JSON,
        "time": st.sampled_from(["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]) | JSON,
        "correlationid": st.text(WILD) | JSON,
        "replay": st.text(WILD) | JSON,
        "schema": st.integers(-1, 3) | JSON,
        "data": st.fixed_dictionaries({"dataset_id": JSON}) | JSON,
    },
).map(lambda odd: GOOD | odd)


def client(deps: Deps) -> FlaskClient:
    return reacting_app("config-api", dict.fromkeys(TYPES, lambda _, __: Done()), deps).test_client()


@pytest.fixture(scope="module")
def service() -> Iterator[FlaskClient]:
    """One for all cases of a property: what they leave behind is no matter to the next."""
    with TemporaryDirectory() as folder:
        yield client(Deps(Settings(Local(Path(folder), TOKEN)), "config-api"))


def push(service: FlaskClient, content: bytes) -> int:
    body = {"message": {"data": base64.b64encode(content).decode()}, "subscription": "s"}
    return service.post("/events/", json=body, headers=HEADERS).status_code


def pushed(service: FlaskClient, **changes: Any) -> int:
    return push(service, json.dumps(GOOD | changes).encode())


def letters(deps: Deps) -> list[tuple[str, str]]:
    found = records.query(deps.documents, records.DeadLetter, {}, ("-at",)).values
    return [(one.type, one.reason) for one in found]


@given(sent=JSON | ODD_EVENTS)
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_is_taken_or_set_aside(service: FlaskClient, sent: Any) -> None:
    own_newer = isinstance(sent, dict) and sent.get("type") == "quick-test.finished"
    assert push(service, json.dumps(sent).encode()) in ((204, 503) if own_newer else (204,))


@given(content=st.binary(max_size=200))
@settings(deadline=None)
def test_bytes_that_are_no_json_are_set_aside(service: FlaskClient, content: bytes) -> None:
    assert push(service, content) == 204


@pytest.mark.parametrize("deep", ['{"a":' * 900 + "1" + "}" * 900, '{"a":' + "[" * 900 + "]" * 900 + "}"])
def test_nesting_without_end_is_set_aside(deps: Deps, deep: str) -> None:
    sent = json.dumps(GOOD).replace('{"dataset_id": "d1"}', deep)
    assert push(client(deps), sent.encode()) == 204
    assert "within each other" in letters(deps)[0][1]


def test_what_is_too_large_to_be_kept_is_set_aside(deps: Deps) -> None:
    assert pushed(client(deps), data={"dataset_id": "🛒" * 20_000}) == 204
    assert "64000" in letters(deps)[0][1]


def test_the_reason_says_what_does_not_fit_and_where(deps: Deps) -> None:
    assert pushed(client(deps), data={"dataset_id": 7}) == 204
    assert pushed(client(deps), id="e2", data={"id": "d1"}) == 204
    assert [(type, reason.partition(": ")[2]) for type, reason in letters(deps)] == [
        ("dataset.updated", "/data: 'dataset_id' is a required property"),
        ("dataset.updated", "/data/dataset_id: 7 is not of type 'string'"),
    ]


def test_every_fault_is_told_at_once(deps: Deps) -> None:
    assert pushed(client(deps), type="quick-test.finished", data={"version": 0, "phase": "done", "test_id": "t"}) == 204
    ((_, reason),) = letters(deps)
    assert [part in reason for part in ("/data: 'config_id'", "/data/version: ", "/data/phase: ")] == [True] * 3


def test_fields_that_nobody_knows_are_no_fault(deps: Deps) -> None:
    assert pushed(client(deps), data={"dataset_id": "d1", "rows": [1]}, region="x") == 204
    assert letters(deps) == []


def test_a_newer_event_of_another_domain_is_set_aside_at_once_and_kept_as_it_was_sent(deps: Deps) -> None:
    assert pushed(client(deps), schema=9, data={"dataset": ["d1"]}) == 204
    (letter,) = records.query(deps.documents, records.DeadLetter).values
    assert letter.reason == "dataset.updated has schema 9, this code knows 1"
    kept = json.loads(letter.content)
    assert (kept["schema"], kept["data"]) == (9, {"dataset": ["d1"]})


def test_a_newer_event_of_our_own_comes_again(deps: Deps) -> None:
    assert pushed(client(deps), type="quick-test.finished", schema=9) == 503
    assert letters(deps) == []


def test_a_subject_and_a_schema_number_need_not_be_given(deps: Deps) -> None:
    assert pushed(client(deps)) == 204
    assert letters(deps) == []
