"""A dataset from a BigQuery table, over HTTP: registered, mapped, looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from config_api.app import create_public
from google.cloud import bigquery
from towerlab.adapters import bigquery_queries
from towerlab.adapters.uploads_refused import RefusedUploads
from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

from tests.cloud import bigquery_tables, emulators
from tests.unit.config_api.calling import Caller, faults
from tests.unit.config_api.conftest import RETAIL, TOKEN

TABLE = "shop-1.sales.retail"
ROLES = {"customer_id": "customer_id", "product_id": "product_id", "quantity": "quantity"}


@pytest.fixture(scope="module")
def client() -> Iterator[bigquery.Client]:
    with emulators.bigquery() as (rest, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv(bigquery_queries.EMULATOR, rest)
        client = bigquery_queries.client("shop-1", "europe-west3")
        for dataset in ("sales", "snapshots", "snapshots_scratch"):
            client.create_dataset(dataset)
        bigquery_tables.load(client, TABLE, RETAIL)
        yield client


@pytest.fixture
def api(client: bigquery.Client, tmp_path: Path) -> Caller:
    tables = BigQueryWarehouse(client, "shop-1.snapshots")
    deps = Deps(Settings(Local(tmp_path, TOKEN)), warehouse=tables, uploads=RefusedUploads())
    return Caller(create_public(deps).test_client())


def test_a_table_is_registered_and_looked_at(api: Caller) -> None:
    dataset = api.made("/api/datasets/", {"name": "Shop", "source": {"kind": "bigquery", "uri": TABLE}})
    assert (dataset["rows"], dataset["source"]["kind"]) == (600, "bigquery")
    path = f"/api/datasets/{dataset['id']}"
    columns = {column["name"]: column for column in api.get(f"{path}/columns/")["items"]}
    assert columns["city"]["unique_count"] == 5
    mapping = {column: {"role": role} for role, column in ROLES.items()}
    assert api.call("PUT", f"{path}/column-mapping/", mapping, If_Match="*").status_code == 200
    rows = api.get(f"{path}/rows/?limit=2")["items"]
    assert rows[0]["trans_date"] == "2024-01-01T00:00:00Z"


def test_a_table_that_is_not_there_is_a_fault_of_the_uri(api: Caller) -> None:
    source = {"kind": "bigquery", "uri": "shop-1.sales.nowhere"}
    assert faults(api.call("POST", "/api/datasets/", {"name": "x", "source": source})) == {"/source/uri": "not_found"}
