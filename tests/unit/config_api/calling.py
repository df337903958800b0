"""Calls to the API as a test says them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from towerlab.events.codec import decode
from towerlab.events.envelope import Event
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.embedded import place
from tests.unit.config_api.conforming import conforms

BASE = "http://127.0.0.1:8080"
CUSTOMER = {"column": "customer_id", "type": "string_embedding", "embedding_dim": 16}
PRODUCT = {"column": "product_id", "type": "string_embedding", "embedding_dim": 8}
BUYER_LISTS: dict[str, Any] = {
    "buyer_model_features": [CUSTOMER],
    "product_model_features": [PRODUCT],
    "buyer_model_crosses": [],
    "product_model_crosses": [],
}


@dataclass
class Caller:
    client: FlaskClient

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        answer = self.client.open(path, method=method, data=content, headers=sent, base_url=BASE, buffered=True)
        conforms(self.client.application, method, path, answer)
        return answer

    def get(self, path: str) -> Any:
        return _expected(self.call("GET", path), 200)

    def made(self, path: str, body: Any) -> Any:
        return _expected(self.call("POST", path, body), 201)

    def config(self, dataset: dict[str, Any], name: str = "A config", **body: Any) -> dict[str, Any]:
        start = body or {"start_from": {"kind": "smart_defaults"}}
        made: dict[str, Any] = self.made(f"/api/datasets/{dataset['id']}/feature-configs/", {"name": name, **start})
        return made

    def put(self, config: dict[str, Any], **change: Any) -> TestResponse:
        return self.call("PUT", f"/api/feature-configs/{config['id']}/", change, If_Match=config["etag"])

    def start(self, config: dict[str, Any], **settings: Any) -> TestResponse:
        return self.call("POST", f"/api/feature-configs/{config['id']}/quick-test/", settings)


def faults(answer: TestResponse, status: int = 422) -> dict[str, str]:
    """{pointer: code} of a problem answer."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert all(error["remedy"] for error in answer.get_json()["errors"]), answer.text
    problem = answer.get_json()
    assert problem["status"] == status
    return {error["pointer"]: error["code"] for error in problem["errors"]}


def _expected(answer: TestResponse, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json"
    return answer.get_json()


def recorded(deps: Deps) -> list[Event]:
    """All events committed so far, in the order of their making; read past the bus."""
    with sqlite3.connect(place(deps).database) as database:
        return [decode(content) for (content,) in database.execute("SELECT content FROM events ORDER BY id")]
