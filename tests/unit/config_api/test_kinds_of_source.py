"""Which sources an installation takes: files on one machine, tables of BigQuery on Google Cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from config_api.app import create_public
from towerlab.adapters import bigquery_queries
from towerlab.adapters.uploads_refused import RefusedUploads
from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import Caller, faults
from tests.unit.config_api.conftest import TOKEN


@pytest.fixture
def on_google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """What only Google Cloud has; nothing of it is asked in these tests."""
    monkeypatch.setenv(bigquery_queries.EMULATOR, "http://127.0.0.1:9")
    tables = BigQueryWarehouse(bigquery_queries.client("shop-1", "europe-west3"), "shop-1.snapshots")
    deps = Deps(Settings(Local(tmp_path, TOKEN)), warehouse=tables, uploads=RefusedUploads())
    return Caller(create_public(deps).test_client())


def refusal(api: Caller, kind: str, uri: str) -> dict[str, Any]:
    answer = api.call("POST", "/api/datasets/", {"name": "Shop", "source": {"kind": kind, "uri": uri}})
    assert faults(answer) == {"/source/kind": "not_here"}
    found: dict[str, Any] = answer.get_json()["errors"][0]
    return found


def test_a_table_of_bigquery_is_refused_on_one_machine(api: Caller) -> None:
    assert "Parquet or CSV" in refusal(api, "bigquery", "project.dataset.table")["remedy"]


def test_a_file_is_refused_on_google_cloud(on_google: Caller) -> None:
    assert "project.dataset.table" in refusal(on_google, "file", "sales.parquet")["remedy"]


def test_an_upload_is_refused_on_google_cloud_and_says_what_to_do(on_google: Caller) -> None:
    answer = on_google.call("POST", "/api/uploads/", b"customer_id\na\n", Content_Type="text/csv")
    assert faults(answer) == {"": "not_here"}
    assert "BigQuery" in answer.get_json()["errors"][0]["remedy"]


def test_what_names_no_table_of_bigquery_is_a_fault_of_the_uri(on_google: Caller) -> None:
    for uri in ("sales.parquet", "a.b", "bigquery://", "shop-1.sales.t`; DROP", "a.b.c.d", "shop-1.sa les.t"):
        answer = on_google.call("POST", "/api/datasets/", {"name": "x", "source": {"kind": "bigquery", "uri": uri}})
        assert faults(answer) == {"/source/uri": "not_a_table"}
