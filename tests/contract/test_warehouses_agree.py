"""DuckDB and BigQuery say the same of the shipped sample: it is one definition, carried out twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from towerlab.adapters import bigquery_queries
from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse
from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse
from towerlab.ports.warehouse import SnapshotTable, Warehouse

from tests.cloud import bigquery_tables, emulators

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "online_retail.parquet"
ROLES = {
    "customer_id": "CustomerID",
    "product_id": "StockCode",
    "quantity": "Quantity",
    "transaction_date": "InvoiceDate",
}
TABLE = "shop-1.sales.online_retail"


@dataclass(frozen=True)
class Place:
    warehouse: Warehouse
    table: SnapshotTable

    def ask(self, question: Callable[[Warehouse, SnapshotTable], Any]) -> Any:
        """As JSON has it: tuples or lists, integers or whole fractions."""
        return json.loads(json.dumps(question(self.warehouse, self.table)))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place]]:
    files = DuckdbWarehouse([SAMPLE.parent], tmp_path_factory.mktemp("snapshots"))
    with emulators.bigquery() as (rest, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv(bigquery_queries.EMULATOR, rest)
        client = bigquery_queries.client("shop-1", "europe-west3")
        for dataset in ("sales", "snapshots", "snapshots_scratch"):
            client.create_dataset(dataset)
        bigquery_tables.load(client, TABLE, f"SELECT * FROM '{SAMPLE}'")
        tables = BigQueryWarehouse(client, "shop-1.snapshots")
        yield Place(files, files.snapshot(str(SAMPLE))), Place(tables, tables.snapshot(TABLE))


QUESTIONS: dict[str, Callable[[Warehouse, SnapshotTable], Any]] = {
    "columns": lambda _, table: [table.rows, list(table.columns.items())],
    "rows": lambda of, table: of.rows(table.uri, 1_000),
    "profile": lambda of, table: [asdict(profile) for profile in of.profile(table)],
    "training_rows": lambda of, table: of.training_rows(table.uri, ROLES),
    "combinations": lambda of, table: asdict(of.combinations(table.uri, {"UnitPrice": 10, "Country": None})),
    "probes": lambda of, table: asdict(of.probes(table.uri, ROLES)),
    "sketches": lambda of, table: asdict(of.sketches(table.uri, ROLES)),
    "purchase": lambda of, table: asdict(of.purchase(table.uri, ROLES, {"product": "22423"})),
    "labels": lambda of, table: of.labels(table.uri, "StockCode", "Description"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_both_give_one_answer(places: tuple[Place, Place], name: str) -> None:
    files, tables = places
    assert_alike(files.ask(QUESTIONS[name]), tables.ask(QUESTIONS[name]))


def assert_alike(one: Any, other: Any, where: str = "") -> None:
    """Equal; fractions to nine digits, for sums come in any order."""
    if isinstance(one, dict) and isinstance(other, dict):
        assert list(one) == list(other), where
        for name in one:
            assert_alike(one[name], other[name], f"{where}/{name}")
    elif isinstance(one, list) and isinstance(other, list):
        assert len(one) == len(other), where
        for place, pair in enumerate(zip(one, other, strict=True)):
            assert_alike(*pair, f"{where}/{place}")
    elif isinstance(one, float) and other is not None:
        assert other == pytest.approx(one, rel=1e-9), where
    else:
        assert one == other, where
