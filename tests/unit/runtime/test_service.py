"""What every application has in common: problems, correlation ids, strict JSON, no redirects."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from towerlab.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from towerlab.ports.errors import AlreadyExists, RevisionConflict, Transient
from towerlab.runtime import logs
from towerlab.runtime.service import service_app
from towerlab.runtime.wiring import Deps

ERRORS = {
    "invalid": Invalid([Problem("/a", "x", "m", "r"), Problem("/b", "y", "n")]),
    "missing": NotFound("feature_config", "c1"),
    "conflict": Conflict("has tests", "has_tests", "Archive it."),
    "forbidden": NotAllowed("viewers may not"),
    "exists": AlreadyExists("x"),
    "raced": RevisionConflict("x"),
    "away": Transient("the store"),
    "bug": KeyError("secret"),
}


@pytest.fixture
def app(deps: Deps) -> Flask:
    app = service_app("config-api", deps, internal=False)

    @app.post("/raise/<name>/")
    def fail(name: str) -> str:
        raise ERRORS[name]

    @app.post("/echo/")
    def echo() -> dict[str, int]:
        body: dict[str, int] = request.get_json()
        return body

    @app.get("/nan/")
    def nan() -> dict[str, float]:
        return {"x": float("nan")}

    return app


@pytest.fixture
def web(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


@pytest.mark.parametrize(
    ("name", "status", "codes"),
    [
        ("invalid", 422, ["x", "y"]),
        ("missing", 404, ["not_found"]),
        ("conflict", 409, ["has_tests"]),
        ("forbidden", 403, ["not_allowed"]),
        ("exists", 409, ["changed"]),
        ("raced", 409, ["changed"]),
        ("away", 503, ["unavailable"]),
        ("bug", 500, ["internal"]),
    ],
)
def test_an_error_becomes_a_problem(web: FlaskClient, name: str, status: int, codes: list[str]) -> None:
    answer = web.post(f"/raise/{name}/", json={})
    body = json.loads(answer.data)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (body["status"], [error["code"] for error in body["errors"]]) == (status, codes)
    assert all(set(error) == {"pointer", "code", "message", "remedy"} for error in body["errors"])
    assert body["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert "secret" not in answer.text


def test_a_lost_race_under_a_precondition_is_a_412(web: FlaskClient) -> None:
    assert web.post("/raise/raced/", json={}, headers={"If-Match": '"1"'}).status_code == 412


def test_what_is_not_there_and_not_allowed_are_problems_too(web: FlaskClient) -> None:
    assert json.loads(web.get("/nowhere/").data)["errors"][0]["code"] == "not_found"
    answer = web.delete("/echo/")
    assert (answer.status_code, set(answer.allow)) == (405, {"POST", "OPTIONS"})


def test_a_missing_slash_gives_the_same_answer(web: FlaskClient) -> None:
    assert web.post("/echo", json={"a": 1}).json == {"a": 1}


def test_fields_keep_their_order(web: FlaskClient) -> None:
    assert web.post("/echo/", json={"b": 1, "a": 2}).text.index("b") < 4


def test_nan_never_leaves_and_never_enters(web: FlaskClient) -> None:
    assert web.get("/nan/").status_code == 500
    answer = web.post("/echo/", data='{"x": Infinity}', content_type="application/json")
    assert answer.status_code == 400


def test_a_body_over_the_limit_is_refused(web: FlaskClient) -> None:
    answer = web.post("/echo/", data=b'"' + b"x" * 9_000_000 + b'"', content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2_3", True), ("", False), ("a b", False), ("x" * 65, False), ("{}", False)]
)
def test_a_well_formed_correlation_id_is_taken_over(web: FlaskClient, given: str, kept: bool) -> None:
    answer = web.get("/healthz", headers={"X-Correlation-Id": given})
    assert (answer.headers["X-Correlation-Id"] == given) is kept
    assert answer.headers["X-Correlation-Id"]


def test_ready_means_that_documents_can_be_read(web: FlaskClient, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> None:
        raise Transient("the store is away")

    assert web.get("/readyz").status_code == 200
    monkeypatch.setattr(deps.documents, "find", away)
    answer = web.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready", "reason": "the store is away"})


def test_log_lines_are_json_with_service_and_correlation_id(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("codegen")
    with logs.correlated("c-9"):
        logs.logger("x").warning("it happened", version=3)
        logging.getLogger("other.library").error("so did %s", "this")
        try:
            raise ValueError("broken")
        except ValueError:
            logs.logger("x").exception("with a cause")
    first, second, third = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["message"], first["severity"], first["version"]) == ("it happened", "WARNING", 3)
    assert (second["message"], second["severity"]) == ("so did this", "ERROR")
    assert "ValueError: broken" in third["exception"]
    assert {(line["service"], line["correlation_id"]) for line in (first, second, third)} == {("codegen", "c-9")}
