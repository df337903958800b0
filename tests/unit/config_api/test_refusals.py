"""What is no proper request leaves as problem JSON, whatever it is."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from config_api.app import create_internal, create_public
from config_api.bodies import MAX_BYTES
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BASE, Caller, faults

MALFORMED = {
    "nothing": b"",
    "no JSON": b"{name: 1}",
    "cut off": b'{"name": "x"',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "an integer of 5,000 digits": b'{"name": ' + b"9" * 5000 + b"}",
    "a field twice": b'{"name": "a", "name": "b"}',
}
UNFIT = {
    "an array": (b"[1]", {"": "not_an_object"}),
    "null": (b"null", {"": "not_an_object"}),
    "a lone surrogate": (rb'{"name": "\ud800"}', {"/name": "lone_surrogate"}),
    "a NUL": (rb'{"name": "a\u0000b"}', {"/name": "nul_character"}),
    "an integer beyond 64 bits": (b'{"seed": 9223372036854775808}', {"/seed": "too_large"}),
    "a number beyond the largest": (b'{"seed": 1e999}', {"/seed": "too_large"}),
    "a hostile field name": (rb'{"\ud800/": {"\u0000": 1}}', {"/?~1": "lone_surrogate"}),
}


@pytest.fixture
def doors(dataset: dict[str, Any], config: dict[str, Any]) -> list[tuple[str, str]]:
    """Every method and path that takes a body."""
    of_dataset, of_config = f"/api/datasets/{dataset['id']}/", f"/api/feature-configs/{config['id']}/"
    return [
        ("POST", "/api/datasets/"),
        ("PUT", of_dataset + "column-mapping/"),
        ("POST", of_dataset + "preview/"),
        ("POST", of_dataset + "feature-configs/"),
        ("PUT", of_config),
        ("POST", of_config + "clone/"),
        ("POST", of_config + "quick-test/"),
        ("POST", "/api/quick-tests/none/cancel/"),
    ]


@pytest.mark.parametrize("name", MALFORMED)
def test_a_body_that_is_no_json_is_a_bad_request(api: Caller, doors: list[tuple[str, str]], name: str) -> None:
    optional = ("clone/", "quick-test/", "cancel/")
    for method, path in doors:
        if MALFORMED[name] or not path.endswith(optional):
            assert faults(api.call(method, path, MALFORMED[name], If_Match="*"), 400), path


@pytest.mark.parametrize("name", UNFIT)
def test_a_body_with_what_no_field_takes_is_refused(api: Caller, doors: list[tuple[str, str]], name: str) -> None:
    body, expected = UNFIT[name]
    for method, path in doors:
        found = faults(api.call(method, path, body, If_Match="*"))
        assert expected.items() <= found.items(), path


def test_nesting_has_an_end(api: Caller) -> None:
    body: Any = 1
    for _ in range(40):
        body = {"a": body}
    assert "too_deep" in faults(api.call("POST", "/api/datasets/", body)).values()


def test_a_body_has_an_end(api: Caller) -> None:
    assert faults(api.call("POST", "/api/datasets/", b'{"name": "' + b"x" * MAX_BYTES + b'"}'), 413)


def test_a_body_in_chunks_has_an_end_too(api: Caller) -> None:
    chunks = BytesIO(b'{"name": "' + b"x" * MAX_BYTES + b'"}')
    environ = {"wsgi.input": chunks, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    answer = api.client.post("/api/datasets/", headers=headers, environ_overrides=environ, base_url=BASE)
    assert faults(answer, 413)


def test_many_faults_are_told_in_an_answer_of_bounded_size(api: Caller) -> None:
    answer = api.call("POST", "/api/datasets/", {f"field {n}": n for n in range(50_000)})
    assert answer.status_code == 422
    assert len(answer.data) < 200_000
    assert "50002" in answer.get_json()["errors"][-1]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_taken(api: Caller, doors: list[tuple[str, str]], kind: str) -> None:
    for method, path in doors:
        assert faults(api.call(method, path, b"{}", Content_Type=kind, If_Match="*"), 415), path


def test_nothing_at_all_needs_no_content_type(api: Caller, config: dict[str, Any]) -> None:
    answer = api.client.post(f"/api/feature-configs/{config['id']}/quick-test/", base_url=BASE)
    assert answer.status_code == 202, answer.text


def test_a_foreign_host_or_origin_is_refused(api: Caller) -> None:
    assert faults(api.call("GET", "/api/datasets/", Host="evil.example"), 403)
    assert faults(api.call("POST", "/api/datasets/", {}, Origin="http://evil.example"), 403)
    assert faults(api.call("POST", "/api/datasets/", {}, Origin="null"), 403)
    assert faults(api.call("POST", "/api/datasets/", {}, Origin="http://127.0.0.1:8080"), 422)


@pytest.mark.parametrize(
    "path",
    [
        "/", "/api/", "/api/nothing/", "/api/datasets/None/", "/api/datasets/../x/", "/api/datasets/a%00b/",
        "/api/datasets/" + "a" * 300 + "/", "/api/datasets/%ff/", "/api//datasets/", "/api/feature-configs/none/",
        "/api/feature-configs/none/versions/0/", "/api/feature-configs/none/versions/99999999999/",
        "/api/feature-configs/none/versions/", "/api/feature-configs/none/quick-tests/",
        "/api/datasets/none/feature-configs/", "/api/datasets/none/rows/", "/api/datasets/none/columns/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_too(api: Caller, path: str) -> None:
    assert faults(api.call("GET", path), 404)


def test_a_method_that_is_not_there_is_a_problem_too(api: Caller) -> None:
    answer = api.call("DELETE", "/api/datasets/")
    assert faults(answer, 405)
    assert "POST" in answer.headers["Allow"]
    assert faults(api.call("PATCH", "/api/datasets/", {}), 405)


def test_paths_answer_with_and_without_their_last_slash(api: Caller, config: dict[str, Any]) -> None:
    for path in ("/api/datasets/", "/api/transforms/", f"/api/feature-configs/{config['id']}/versions/1/"):
        assert api.get(path) == api.get(path.rstrip("/"))
    assert api.call("POST", f"/api/feature-configs/{config['id']}/clone").status_code == 201


def test_every_answer_carries_the_callers_correlation_id(api: Caller) -> None:
    answer = api.call("GET", "/api/nothing/", X_Correlation_Id="mine-1")
    assert answer.headers["X-Correlation-Id"] == answer.get_json()["correlation_id"] == "mine-1"


def test_health_is_told(api: Caller) -> None:
    assert api.get("/healthz")["status"] == "ok"
    assert api.get("/readyz")["status"] == "ready"


def test_transforms_describe_themselves(api: Caller) -> None:
    described = {item["type"]: item for item in api.get("/api/transforms/")["items"]}
    assert {"string_embedding", "numeric", "timestamp"} <= set(described)


def test_the_public_map_has_nothing_internal(deps: Deps) -> None:
    public = {rule.rule for rule in create_public(deps).url_map.iter_rules()}
    internal = {rule.rule for rule in create_internal(deps).url_map.iter_rules()}
    assert not [rule for rule in public if rule.startswith(("/events", "/tasks"))]
    assert not [rule for rule in internal if rule.startswith("/api")]
    assert "/events/" in internal
