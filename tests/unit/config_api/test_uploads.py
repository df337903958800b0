"""Bringing a file over HTTP: streamed, bounded, named by its content, and registered like any other."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from config_api.app import create_public
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

from tests.embedded import place
from tests.unit.config_api.calling import BASE, Caller, faults
from tests.unit.config_api.conftest import TOKEN

PARQUET = "application/vnd.apache.parquet"
PATH = "/api/uploads/"


@pytest.fixture
def small(tmp_path: Path) -> Deps:
    """An installation without data folders that takes 20,000 bytes."""
    return Deps(Settings(Local(tmp_path, TOKEN), upload_bytes=20_000))


@pytest.fixture
def api(small: Deps) -> Caller:
    return Caller(create_public(small).test_client())


@pytest.fixture
def table(tmp_path: Path) -> bytes:
    path = tmp_path / "table.parquet"
    duckdb.connect().execute(f"COPY (SELECT 'c' || i AS customer_id FROM range(50) t(i)) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def kept(deps: Deps) -> list[str]:
    return sorted(path.name for path in place(deps).uploads.glob("*")) if place(deps).uploads.exists() else []


def test_a13_an_upload_is_named_by_its_content_and_can_be_registered(api: Caller, small: Deps, table: bytes) -> None:
    answer = api.call("POST", PATH, table, Content_Type=PARQUET)
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.get_json()
    assert stored["sha256"] == hashlib.sha256(table).hexdigest()
    assert stored["bytes"] == len(table)
    dataset = api.made("/api/datasets/", {"name": "Brought", "source": {"kind": "file", "uri": stored["uri"]}})
    assert dataset["rows"] == 50
    assert api.call("POST", PATH, table, Content_Type=PARQUET).get_json() == stored
    assert kept(small) == [stored["uri"]]


def test_csv_is_taken_too(api: Caller) -> None:
    uri = api.call("POST", PATH, b"customer_id,n\na,1\nb,2\n", Content_Type="text/csv").get_json()["uri"]
    assert uri.endswith(".csv")
    assert api.made("/api/datasets/", {"name": "CSV", "source": {"kind": "file", "uri": uri}})["rows"] == 2


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data", "text/plain", "application/octet-stream", ""]
)
def test_other_content_types_are_refused(api: Caller, small: Deps, kind: str) -> None:
    assert faults(api.call("POST", PATH, b"{}", Content_Type=kind), 415) == {"": "content_type"}
    assert kept(small) == []


def test_json_endpoints_do_not_take_what_uploads_take(api: Caller) -> None:
    assert faults(api.call("POST", "/api/datasets/", b"a,b", Content_Type="text/csv"), 415)


def test_an_empty_file_and_one_that_is_no_parquet_are_faults(api: Caller, small: Deps, table: bytes) -> None:
    assert faults(api.call("POST", PATH, b"", Content_Type="text/csv")) == {"": "empty"}
    for content in (b"a,b\n1,2\n", table[:-1], b"PAR1", b"PAR1PAR1"):
        assert faults(api.call("POST", PATH, content, Content_Type=PARQUET)) == {"": "not_a_table"}
    assert kept(small) == []


def test_what_is_too_large_is_refused_and_not_kept(api: Caller, small: Deps) -> None:
    assert faults(api.call("POST", PATH, b"x" * 20_001, Content_Type="text/csv"), 413)
    assert kept(small) == []
    assert api.call("POST", PATH, b"x" * 20_000, Content_Type="text/csv").status_code == 201


def test_a_chunked_upload_is_bounded_as_well(api: Caller, small: Deps) -> None:
    environ = {"wsgi.input": BytesIO(b"x" * 20_001), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    headers = {"Content-Type": "text/csv", "Transfer-Encoding": "chunked"}
    assert faults(api.client.post(PATH, headers=headers, environ_overrides=environ, base_url=BASE), 413)
    assert kept(small) == []


def test_an_upload_that_breaks_off_leaves_nothing(api: Caller, small: Deps) -> None:
    environ = {"wsgi.input": BytesIO(b"a,b\n"), "CONTENT_LENGTH": "100"}
    answer = api.client.post(PATH, headers={"Content-Type": "text/csv"}, environ_overrides=environ, base_url=BASE)
    assert faults(answer, 400)
    assert kept(small) == []


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_caller(small: Deps) -> None:
    (place(small).state / "uploads").write_text("in the way")
    api = Caller(create_public(small).test_client())
    assert api.call("POST", PATH, b"a\n1\n", Content_Type="text/csv").status_code == 503


def test_a_limit_is_a_setting(small: Deps) -> None:
    settings = replace(small.settings, upload_bytes=3)
    api = Caller(create_public(Deps(settings)).test_client())
    assert faults(api.call("POST", PATH, b"abcd", Content_Type="text/csv"), 413)
