"""The page in front of the API: its files, its views, and a laptop where it has not been built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from config_api.app import create_public
from flask.testing import FlaskClient
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BASE

ELSEWHERE = "https://page.example"


def client(deps: Deps, **settings: object) -> FlaskClient:
    told = Deps(replace(deps.settings, **settings), documents=deps.documents)  # type: ignore[arg-type]
    return create_public(told).test_client()


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Towerlab</title>")
    (folder / "theme.js").write_text("1")
    (folder / "assets" / "index-aB3_d-F9.js").write_text("2")
    return folder


@pytest.fixture
def page(deps: Deps, built: Path) -> FlaskClient:
    return client(deps, page=built)


@pytest.mark.parametrize("path", ["/", "/datasets/abc/configs", "/nowhere/at/all"])
def test_every_view_is_the_page_itself_under_a_strict_policy(page: FlaskClient, path: str) -> None:
    answer = page.get(path, base_url=BASE)
    assert (answer.status_code, answer.text) == (200, "<title>Towerlab</title>")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "max-age=0, public"


def test_hashed_files_are_kept_for_ever_and_no_others(page: FlaskClient) -> None:
    hashed = page.get("/assets/index-aB3_d-F9.js", base_url=BASE)
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "immutable" not in page.get("/theme.js", base_url=BASE).headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/api/nowhere/", "/assets/gone-12345678.js", "/../settings.py", "/%2e%2e/x.py"])
def test_what_is_neither_a_view_nor_a_file_is_a_problem(page: FlaskClient, path: str) -> None:
    answer = page.get(path, base_url=BASE)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/events/", "/tasks/sweep", "/datasets/abc/configs"])
def test_nothing_is_sent_to_the_page(page: FlaskClient, path: str) -> None:
    answer = page.post(path, json={}, base_url=BASE)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_where_it_is_not_built_the_api_works_and_the_root_says_how(deps: Deps, tmp_path: Path) -> None:
    api = client(deps, page=tmp_path / "never-built")
    answer = api.get("/", base_url=BASE)
    assert answer.status_code == 404
    assert "make web" in answer.text
    assert api.get("/api/datasets/", base_url=BASE).status_code == 200


def test_a_front_end_elsewhere_may_call_when_it_is_allowed(deps: Deps) -> None:
    api = client(deps, allowed_origins=(ELSEWHERE,))
    asked = api.options(
        "/api/datasets/", base_url=BASE, headers={"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
    )
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, ELSEWHERE)
    assert "If-Match" in asked.headers["Access-Control-Allow-Headers"]
    answer = api.get("/api/datasets/", base_url=BASE, headers={"Origin": ELSEWHERE})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, ELSEWHERE)
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]


def test_another_front_end_may_not(deps: Deps) -> None:
    api = client(deps, allowed_origins=(ELSEWHERE,))
    answer = api.get("/api/datasets/", base_url=BASE, headers={"Origin": "https://other.example"})
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
