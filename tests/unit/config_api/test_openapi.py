"""The OpenAPI document says what the routes do, and can be browsed without loading anything from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from config_api.app import create_public
from config_api.openapi.document import path_of, routes_of
from config_api.openapi.operations import OPERATIONS
from jsonschema import Draft202012Validator
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BASE, Caller


@pytest.fixture
def spec(api: Caller) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/api/openapi.json")
    return found


def test_every_public_route_is_in_the_document_and_nothing_else_is(deps: Deps, spec: dict[str, Any]) -> None:
    routes = {(method, path_of(rule.rule)) for method, rule in routes_of(create_public(deps))}
    described = {(method.upper(), path) for path, methods in spec["paths"].items() for method in methods}
    assert described == routes


def test_every_operation_says_what_it_answers(deps: Deps) -> None:
    assert {f"{method} {rule.rule}" for method, rule in routes_of(create_public(deps))} == set(OPERATIONS)
    assert all(operation.answers for operation in OPERATIONS.values())


def test_it_is_openapi_3_1_with_valid_schemas_and_no_reference_into_nothing(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    schemas = spec["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    named = set(re.findall(r"#/components/schemas/([A-Za-z]+)", str(spec)))
    assert named <= set(schemas)


def test_operation_ids_are_unique(spec: dict[str, Any]) -> None:
    ids = [operation["operationId"] for methods in spec["paths"].values() for operation in methods.values()]
    assert len(set(ids)) == len(ids)


def test_every_body_comes_with_an_example_that_its_schema_takes(spec: dict[str, Any]) -> None:
    for path, methods in spec["paths"].items():
        for operation in methods.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = {**content["schema"], "components": spec["components"]}
                for example in content.get("examples", {}).values():
                    errors = [error.message for error in Draft202012Validator(schema).iter_errors(example["value"])]
                    assert not errors, (path, errors)


def test_unknown_fields_of_a_body_are_said_to_be_refused(spec: dict[str, Any]) -> None:
    assert spec["components"]["schemas"]["NewDatasetRequest"]["additionalProperties"] is False


def test_the_page_loads_nothing_from_elsewhere(api: Caller) -> None:
    for name in ("", "page.css", "page.js"):
        answer = api.client.get(f"/api/docs/{name}", base_url=BASE)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"https?://|innerHTML|style=|onclick", answer.text)
    assert api.client.get("/api/docs", base_url=BASE).status_code == 200
    assert api.call("GET", "/api/docs/other.js").status_code == 404
