"""The OpenAPI document of an application, made from its route table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apispec import APISpec
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from config_api.answers.problems import ProblemAnswer
from config_api.openapi import converting
from config_api.openapi.operation import Operation, SchemaType
from config_api.openapi.operations import OPERATIONS

VERSION = "1"
ABOUT = (
    "Feature configs of a two-tower recommender: datasets, features, previews, quick tests. Errors are problem JSON "
    "with all faults at once. PUT and DELETE want If-Match; lists are paged by cursor; a path without its last slash "
    "answers the same."
)
PROBLEM = "application/problem+json"
_VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "id": {"type": "string", "pattern": "^[0-9a-z]{1,40}$", "example": "01k2m3n4p5q6r7s8t9v0w1x2y3"},
    "letter": {
        "type": "string",
        "pattern": "^[A-Za-z0-9._-]{1,160}$",
        "example": "config-api.01k2m3n4p5q6r7s8t9v0w1x2y3",
    },
    "count": {"type": "integer", "minimum": 1, "maximum": 999_999_999, "example": 1},
}
_REFUSALS: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Not identified",
    403: "Not allowed",
    404: "Not there",
    409: "The object's state does not allow it",
    412: "Changed since it was read",
    413: "Too large",
    415: "Not the content type that is taken",
    422: "Faults in the request, all of them",
    428: "If-Match is missing",
    503: "A part of the installation does not answer",
}


def routes_of(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Method and rule of everything that the application answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


def document(app: Flask) -> dict[str, Any]:
    """The document of `app`; a route without a line in OPERATIONS stands in it with its path alone."""
    plugin = converting.plugin()
    spec = APISpec("Towerlab", VERSION, "3.1.0", plugins=[plugin], info={"description": ABOUT})
    if plugin.converter is not None:
        converting.extend(plugin.converter)
    for method, rule in routes_of(app):
        operation = OPERATIONS.get(f"{method} {rule.rule}", Operation(rule.endpoint, {}))
        described = _operation(method, rule, operation)
        spec.path(path=path_of(rule.rule), operations={method.lower(): described})
    return dict(spec.to_dict())


def path_of(rule: str) -> str:
    """'/api/x/<id:x_id>/' as '/api/x/{x_id}/'."""
    return _VARIABLE.sub(r"{\2}", rule)


def _operation(method: str, rule: Rule, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}_{rule.endpoint}"),
        "summary": operation.summary,
        "tags": [rule.endpoint.split(".")[0]],
        "parameters": [*_in_path(rule.rule), *_in_query(operation.query), *_in_header(method, operation)],
        "responses": _responses(method, rule.rule, operation),
        **operation.more,
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        described["requestBody"] = _body(operation)
    return described


def _in_path(rule: str) -> Iterator[dict[str, Any]]:
    for converter, name in _VARIABLE.findall(rule):
        schema = dict(_PARAMETERS.get(converter, {"type": "string"}))
        yield {"in": "path", "name": name, "required": True, "schema": schema}


def _in_query(schema: type[Schema] | None) -> Iterator[dict[str, Any]]:
    if schema is not None:
        yield {"in": "query", "schema": schema}


def _in_header(method: str, operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.if_match or operation.may_match:
        about = "The ETag of what was read, or *"
        schema = {"type": "string", "pattern": r"^[!-~]+$", "example": "*"}
        yield {
            "in": "header",
            "name": "If-Match",
            "required": operation.if_match,
            "description": about,
            "schema": schema,
        }
    if method == "POST" and operation.keyed:
        about = "Repeating a request with its key gives the same answer and one object"
        schema = {"type": "string", "pattern": r"^[!-~]{1,255}$"}
        yield {"in": "header", "name": "Idempotency-Key", "required": False, "description": about, "schema": schema}


def _body(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": operation.body}
    if operation.example is not None:
        content["examples"] = {"example": {"value": operation.example}}
    return {"required": not operation.may_be_empty, "content": dict.fromkeys(operation.body_contents, content)}


def _responses(method: str, rule: str, operation: Operation) -> dict[str, Any]:
    answers = {str(status): _answer(operation, status, schema) for status, schema in operation.answers.items()}
    refused = {
        str(status): _refusal(about) for status, about in _REFUSALS.items() if _may(status, method, rule, operation)
    }
    return {**refused, **answers}


def _answer(operation: Operation, status: int, schema: SchemaType | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": operation.summary}
    if schema is not None:
        answer["content"] = {operation.content: {"schema": schema}}
    if operation.etag:
        answer["headers"] = {"ETag": {"required": True, "schema": {"type": "string"}}}
    if status == 201 and operation.located:
        answer.setdefault("headers", {})["Location"] = {"required": True, "schema": {"type": "string"}}
    return answer


def _refusal(about: str) -> dict[str, Any]:
    return {"description": about, "content": {PROBLEM: {"schema": ProblemAnswer}}}


def _may(status: int, method: str, rule: str, operation: Operation) -> bool:
    """Whether such a request can be refused so."""
    writes = method in ("POST", "PUT")
    return {
        400: writes or "{" in path_of(rule),
        404: "<" in rule,
        409: method != "GET" or operation.may_conflict,
        412: operation.if_match or operation.may_match,
        413: writes,
        415: writes,
        422: writes or operation.query is not None or operation.if_match,
        428: operation.if_match,
    }.get(status, True)
