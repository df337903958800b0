"""A pushed event is handled once, and every answer of a handler becomes the right status and the right records."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from towerlab.events.codec import push_body
from towerlab.events.envelope import Event
from towerlab.ports.documents import Key, Put, Query
from towerlab.ports.errors import RevisionConflict, Transient
from towerlab.runtime import announce, logs
from towerlab.runtime.outcomes import Done, Duplicate, Outcome, Reject, Retry
from towerlab.runtime.push import reacting_app
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.contract.building import event
from tests.embedded import bus
from tests.unit.runtime.conftest import TOKEN

TYPE = "quick-test.requested"
CODE: dict[str, Any] = {"config_id": "c", "version": 1, "config_hash": "h"}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
Answer = Callable[[Deps, Event], Outcome]


class Counting:
    """A handler that counts its calls and answers by `answer`."""

    def __init__(self, answer: Answer | Outcome) -> None:
        self.calls = 0
        self._answer = answer

    def __call__(self, deps: Deps, event: Event) -> Outcome:
        self.calls += 1
        return self._answer(deps, event) if callable(self._answer) else self._answer


def client(deps: Deps, handler: Answer) -> FlaskClient:
    return reacting_app("codegen", {TYPE: handler}, deps).test_client()


def push(client: FlaskClient, sent: Event | None = None, **changes: Any) -> TestResponse:
    body = push_body(sent or event("e1", TYPE), "projects/local/subscriptions/codegen")
    return client.post("/events/", **{"json": body, "headers": HEADERS} | changes)


def kept(deps: Deps, kind: str) -> list[Any]:
    return [stored.body for stored in deps.documents.query(Query(kind)).items]


def write(id: str, n: int = 1, expect: str | None = None) -> Put:
    return Put(Key("thing", id), {"n": n}, expect)


def test_effects_events_and_the_note_are_committed_together(deps: Deps) -> None:
    handler = Counting(
        lambda deps, _: Done([write("a")], [announce.event(deps, "transform-code.generated", "c", **CODE)])
    )
    assert push(client(deps, handler)).status_code == 204
    assert kept(deps, "thing") == [{"n": 1}]
    (note,) = kept(deps, "inbox")
    assert (note["event_id"], note["consumer"], note["type"], note["schema"]) == ("e1", "codegen", TYPE, 1)
    assert bus(deps).waiting("quicktest-orchestrator") == 1


def test_a_second_delivery_does_nothing(deps: Deps) -> None:
    handler = Counting(Done([write("a")]))
    service = client(deps, handler)
    assert [push(service).status_code for _ in range(3)] == [204, 204, 204]
    assert handler.calls == 1


def test_two_consumers_each_handle_an_event(deps: Deps) -> None:
    for name in ("codegen", "metrics-collector"):
        handler = Counting(Done())
        push(reacting_app(name, {TYPE: handler}, deps).test_client())
        assert handler.calls == 1


def test_a_duplicate_that_the_handler_sees_is_taken(deps: Deps) -> None:
    assert push(client(deps, Counting(Duplicate()))).status_code == 204
    assert kept(deps, "dead_letter") == []


def test_a_rejected_event_is_kept_as_a_dead_letter_once(deps: Deps) -> None:
    handler = Counting(Reject("no such test"))
    service = client(deps, handler)
    assert [push(service).status_code for _ in range(2)] == [204, 204]
    (letter,) = kept(deps, "dead_letter")
    assert (letter["subscription"], letter["reason"]) == ("codegen", "no such test")
    assert json.loads(letter["content"])["id"] == "e1"
    assert handler.calls == 1


def test_a_retry_is_asked_for_and_leaves_no_note(deps: Deps) -> None:
    handler = Counting(Retry("the runner is away"))
    service = client(deps, handler)
    assert [push(service).status_code for _ in range(2)] == [503, 503]
    assert (handler.calls, kept(deps, "inbox")) == (2, [])


def test_what_is_transient_is_retried(deps: Deps) -> None:
    def handler(_: Deps, __: Event) -> Outcome:
        raise Transient("away")

    answer = push(client(deps, handler))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def test_an_unknown_error_is_a_500_and_tells_nothing(deps: Deps) -> None:
    def handler(_: Deps, __: Event) -> Outcome:
        raise RuntimeError("secret")

    answer = push(client(deps, handler))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert kept(deps, "inbox") == []


def test_a_lost_race_runs_the_handler_again_on_what_is_newer(deps: Deps) -> None:
    (first,) = deps.documents.commit([write("a", 1)])

    def raced(deps: Deps, _: Event) -> Outcome:
        held = deps.documents.get(Key("thing", "a"))
        if held.revision == first:
            deps.documents.commit([write("a", 10, first)])
        return Done([write("a", held.body["n"] + 1, held.revision)])

    handler = Counting(raced)
    assert push(client(deps, handler)).status_code == 204
    assert (handler.calls, kept(deps, "thing")) == (2, [{"n": 11}])


def test_a_race_that_is_always_lost_comes_again_later(deps: Deps) -> None:
    def handler(_: Deps, __: Event) -> Outcome:
        raise RevisionConflict("again")

    counting = Counting(handler)
    assert push(client(deps, counting)).status_code == 503
    assert counting.calls == 5


def test_of_two_deliveries_at_once_one_has_effects(deps: Deps) -> None:
    service = client(deps, Counting(Done()))

    def meanwhile(_: Deps, __: Event) -> Outcome:
        if handler.calls == 1:
            push(service)
        return Done([write("a")])

    handler = Counting(meanwhile)
    assert push(client(deps, handler)).status_code == 204
    assert (handler.calls, kept(deps, "thing"), len(kept(deps, "inbox"))) == (1, [], 1)


def test_an_unknown_type_is_a_dead_letter(deps: Deps) -> None:
    assert push(client(deps, Counting(Done())), event("e1", "dataset.updated")).status_code == 204
    assert "dataset.updated" in kept(deps, "dead_letter")[0]["reason"]


def test_an_envelope_without_an_event_is_one_dead_letter(deps: Deps) -> None:
    service = client(deps, Counting(Done()))
    assert [push(service, json={"message": {"data": "e30="}}).status_code for _ in range(2)] == [204, 204]
    assert len(kept(deps, "dead_letter")) == 1


def test_an_event_of_a_newer_version_waits_for_newer_code(deps: Deps) -> None:
    body = push_body(event("e1", TYPE), "s")
    newer = json.dumps({"specversion": "1.0", "id": "e", "type": TYPE, "source": "s", "subject": "x",
                        "time": "2026-01-01T00:00:00Z", "schema": 99, "data": {}})  # fmt: skip
    body["message"]["data"] = base64.b64encode(newer.encode()).decode()
    assert push(client(deps, Counting(Done())), json=body).status_code == 503


def test_ids_of_other_domains_may_be_anything(deps: Deps) -> None:
    handler = Counting(Done())
    service = client(deps, handler)
    for id in ("a/b", "x" * 500, "\n", "é"):
        assert [push(service, event(id, TYPE)).status_code for _ in range(2)] == [204, 204]
    assert handler.calls == 4


@pytest.mark.parametrize("body", ["{", "", "NaN", '{"message": NaN}'])
def test_what_is_no_json_is_a_400(deps: Deps, body: str) -> None:
    answer = push(client(deps, Counting(Done())), json=None, data=body, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_the_events_correlation_id_is_in_force_while_it_is_handled(deps: Deps) -> None:
    seen: list[str] = []

    def handler(deps: Deps, _: Event) -> Outcome:
        made = announce.event(deps, "transform-code.generated", "c", **CODE)
        seen.extend([logs.correlation_id(), made.correlation_id])
        return Done()

    push(client(deps, handler))
    assert seen == ["c-1", "c-1"]


def test_the_log_tells_which_attempt_it_was_where_the_bus_counts_them(
    deps: Deps, capsys: pytest.CaptureFixture[str]
) -> None:
    service = client(deps, Counting(Done()))
    push(service, event("e1"))
    assert '"attempt"' not in capsys.readouterr().out
    push(service, json=push_body(event("e2"), "s") | {"deliveryAttempt": 3})
    assert '"attempt": 3' in capsys.readouterr().out


def test_tasks_run_and_their_errors_are_problems(deps: Deps) -> None:
    def broken(_: Deps) -> None:
        raise Transient("away")

    ran: list[Deps] = []
    service = reacting_app("codegen", {}, deps, {"collect": ran.append, "sweep": broken}).test_client()
    assert service.post("/tasks/collect", json={}, headers=HEADERS).status_code == 204
    assert service.post("/tasks/sweep/", json={}, headers=HEADERS).status_code == 503
    assert ran == [deps]


# who may knock


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"bearer {TOKEN}", "Bearer é"]
)
@pytest.mark.parametrize("path", ["/events/", "/events", "/tasks/collect", "/nowhere"])
def test_without_the_token_nothing_is_taken(deps: Deps, path: str, given: str) -> None:
    handler = Counting(Done())
    service = reacting_app("codegen", {TYPE: handler}, deps, {"collect": lambda _: None}).test_client()
    body = push_body(event("e1", TYPE), "s")
    answer = service.post(path, json=body, headers={"Authorization": given})
    assert (answer.status_code, handler.calls) == (401, 0)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "127.0.0.1@evil.example"]
)
def test_a_foreign_host_is_refused(deps: Deps, host: str) -> None:
    handler = Counting(Done())
    assert push(client(deps, handler), headers=HEADERS | {"Host": host}).status_code in (400, 403)
    assert handler.calls == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8001", "localhost:1", "LOCALHOST", "[::1]:8001", "[::1]"])
def test_this_machine_is_allowed_under_its_names(deps: Deps, host: str) -> None:
    assert push(client(deps, Counting(Done())), headers=HEADERS | {"Host": host}).status_code == 204


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "file://", "http://127.0.0.1.evil.example", "http://[", "ftp://localhost"],
)
def test_a_page_of_another_site_is_refused(deps: Deps, origin: str) -> None:
    assert push(client(deps, Counting(Done())), headers=HEADERS | {"Origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "type", ["text/plain", "application/x-www-form-urlencoded", "", "application/json-not", "json"]
)
def test_only_json_is_taken(deps: Deps, type: str) -> None:
    answer = push(client(deps, Counting(Done())), json=None, data="{}", content_type=type)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (415, "content_type")  # type: ignore[index]


def test_a_probe_may_call_the_container_by_any_address(deps: Deps) -> None:
    service = client(deps, Counting(Done()))
    assert service.get("/healthz", headers={"Host": "10.8.0.3:8080"}).status_code == 200
    assert service.get("/healthz", headers={"Origin": "https://evil.example"}).status_code == 403


def test_health_needs_no_token(deps: Deps) -> None:
    service = client(deps, Counting(Done()))
    assert [service.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    assert service.get("/readyz", headers={"Host": "evil.example"}).status_code == 403
    assert service.get("/nowhere").status_code == 401
