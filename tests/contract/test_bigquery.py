"""Tables in BigQuery, which bqemulator plays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from google.cloud import bigquery
from towerlab.adapters import bigquery_queries
from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse
from towerlab.ports.warehouse import Warehouse

from tests.cloud import bigquery_tables, emulators
from tests.contract.warehouse_contract import WarehouseContract


@pytest.fixture(scope="module")
def client() -> Iterator[bigquery.Client]:
    with emulators.bigquery() as (rest, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv(bigquery_queries.EMULATOR, rest)
        client = bigquery_queries.client("shop-1", "europe-west3")
        for dataset in ("sales", "snapshots"):
            client.create_dataset(dataset)
        yield client


class TestBigQuery(WarehouseContract):
    # BigQuery itself has no column whose name holds one of !"$()*,./;?@[\\]^`{}~
    NAMES = (
        "a'b",
        "a--",
        "é×",
        "a b",
        "__x__",
        "select",
        "%s",
        "<x>",
        "&",
        "x=1 OR 1",
        "snapshot",
        "v",
        "n",
        "product",
    )

    @pytest.fixture
    def warehouse(self, client: bigquery.Client) -> Warehouse:
        self._client = client
        return BigQueryWarehouse(client, "shop-1.snapshots")

    def table(self, select: str) -> str:
        name = f"shop-1.sales.t{hashlib.md5(select.encode()).hexdigest()}"
        bigquery_tables.load(self._client, name, select)
        return f"bigquery://{name}"
