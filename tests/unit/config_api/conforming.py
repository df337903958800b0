"""Every answer that a test gets is held against the OpenAPI document of the application that gave it."""

from __future__ import annotations

from typing import Any

from config_api.openapi.document import PROBLEM, document, path_of
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

_BY_ROUTES: dict[frozenset[str], dict[str, Any]] = {}
_UNROUTED = {"$ref": "#/components/schemas/Problem"}


def conforms(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fails unless the document knows of the answer's status, content type and shape."""
    content = _responses(app, method, path).get(str(answer.status_code))
    assert content is not None, f"{method} {path} is not said to answer {answer.status_code}: {answer.text[:500]}"
    if not content:
        assert answer.data == b""
        return
    assert answer.mimetype in content, (method, path, answer.mimetype)
    if answer.mimetype.endswith("json"):
        faults = [f"{list(error.path)}: {error.message[:300]}" for error in _errors(app, content, answer)]
        assert not faults, (method, path, faults)


def _errors(app: Flask, content: dict[str, Any], answer: TestResponse) -> Any:
    schema = {**content[answer.mimetype]["schema"], "components": _documented(app)["components"]}
    return Draft202012Validator(schema).iter_errors(answer.get_json())


def _responses(app: Flask, method: str, path: str) -> dict[str, Any]:
    """Content by status, of the operation that `path` leads to; a problem where there is none."""
    try:
        rule, _ = app.url_map.bind("").match(path.partition("?")[0], method, return_rule=True)
    except HTTPException:
        return {str(status): {PROBLEM: {"schema": _UNROUTED}} for status in (403, 404, 405, 413, 415)}
    operation = _documented(app)["paths"][path_of(rule.rule)][method.lower()]
    return {status: answer.get("content", {}) for status, answer in operation["responses"].items()}


def _documented(app: Flask) -> dict[str, Any]:
    known: dict[str, Any] = _BY_ROUTES.setdefault(frozenset(rule.rule for rule in app.url_map.iter_rules()), {})
    if not known:
        known.update(document(app))
    return known
