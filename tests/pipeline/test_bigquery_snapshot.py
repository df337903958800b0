"""ExampleGen on a snapshot in BigQuery, which bqemulator plays, writes what it writes on one in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pipeline_jobs as jobs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from bigquery_examples import examples
from google.cloud import bigquery
from pipeline import bigquery_rows, forks, snapshot, split_plan
from towerlab.adapters import bigquery_queries
from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse
from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse

from tests.cloud import bigquery_tables, emulators

TABLE = "shop-1.sales.online_retail"


@dataclass(frozen=True)
class Snapshots:
    file: str
    table: str


@pytest.fixture(scope="module")
def client() -> Iterator[bigquery.Client]:
    with emulators.bigquery() as (rest, grpc), pytest.MonkeyPatch.context() as patch:
        patch.setenv(bigquery_queries.EMULATOR, rest)
        patch.setenv(bigquery_rows.EMULATOR, grpc)
        client = bigquery_queries.client("shop-1", "europe-west3")
        for dataset in ("sales", "snapshots", "snapshots_scratch"):
            client.create_dataset(dataset)
        yield client


@pytest.fixture(scope="module")
def snapshots(client: bigquery.Client, tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    files = DuckdbWarehouse([jobs.ONLINE_RETAIL.parent], tmp_path_factory.mktemp("snapshots"))
    bigquery_tables.load(client, TABLE, f"SELECT * FROM '{jobs.ONLINE_RETAIL}'")
    table = BigQueryWarehouse(client, "shop-1.snapshots").snapshot(TABLE)
    return Snapshots(files.snapshot(str(jobs.ONLINE_RETAIL)).uri, table.uri)


@pytest.mark.parametrize("percent", [100, 20])
def test_both_snapshots_give_the_same_files(snapshots: Snapshots, tmp_path: Path, percent: int) -> None:
    plan = json.dumps(jobs.plan(sample_percent=percent))
    of_file = examples(snapshots.file, tmp_path / "file", plan)
    of_table = examples(snapshots.table, tmp_path / "table", plan)
    assert sorted(of_file) == sorted(of_table)
    assert [name for name in of_file if of_file[name] != of_table[name]] == []


@pytest.fixture(scope="module")
def read(snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, pa.Table]:
    """What is read of BigQuery for a sample of a fifth, by the name of the table."""
    folder = tmp_path_factory.mktemp("sample")
    plan = split_plan.parse(json.dumps(jobs.plan(sample_percent=20)))
    snapshot.sampled(duckdb.connect(), plan, snapshots.table, str(folder))
    return {path.stem: pq.read_table(path) for path in folder.iterdir()}


def test_only_columns_that_a_row_itself_brings_are_read_by_row(read: Mapping[str, pa.Table]) -> None:
    query_columns = {"c0", "c1", "c2"}
    own = {"row_id", "customer_index", "product_index", "is_eval", "in_sample"}
    assert set(read["marked"].column_names) == own | query_columns


def test_rows_that_no_split_has_are_not_read(read: Mapping[str, pa.Table]) -> None:
    rows = read["marked"]
    left_out = pc.and_(rows["is_eval"], pc.invert(rows["in_sample"]))
    assert len(rows) > 300_000
    assert not pc.any(left_out).as_py()


def test_what_a_product_has_is_read_once_a_product(read: Mapping[str, pa.Table]) -> None:
    assert set(read["catalogue"].column_names) == {"product_index", "a0", "a1", "a2"}
    assert len(read["catalogue"]) == len(read["products"]) == len(set(read["products"]["product_id"].to_pylist()))


@pytest.mark.usefixtures("read")
def test_nothing_is_left_in_bigquery_and_nothing_written_beside_the_snapshots(
    snapshots: Snapshots, client: bigquery.Client
) -> None:
    assert list(client.list_tables("snapshots_scratch")) == []
    assert [f"bigquery://shop-1.snapshots.{table.table_id}" for table in client.list_tables("snapshots")] == [
        snapshots.table
    ]


def test_a_task_is_told_where_the_stand_in_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bigquery_rows.EMULATOR, "127.0.0.1:9060")
    assert forks.reduced_environment({})[bigquery_rows.EMULATOR] == "127.0.0.1:9060"
