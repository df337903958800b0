"""ExampleGen on a snapshot in BigQuery, which bqemulator plays, writes what it writes on one in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline_jobs as jobs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from google.cloud import bigquery
from pipeline import bigquery_rows, example_gen, forks
from sqlglot import exp
from tfx.types import standard_artifacts
from tfx_bsl.coders import example_coder
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


def examples(uri: str, folder: Path, **changes: Any) -> dict[str, bytes]:
    """Every file that ExampleGen writes, by its path."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    plan = json.dumps(jobs.plan(**changes))
    example_gen.Executor().Do({}, {"examples": [artifact]}, {"snapshot_uri": uri, "split_plan": plan})
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): _content(path) for path in files}


def _content(path: Path) -> bytes:
    """Records as what they hold: two writings of one tf.Example name its features in any order."""
    if path.suffix != ".gz":
        return path.read_bytes()
    records = list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
    table = pa.Table.from_batches([example_coder.ExamplesToRecordBatchDecoder().DecodeBatch(records)])
    (batch,) = table.select(sorted(table.column_names)).to_batches()
    serialized: bytes = batch.serialize().to_pybytes()
    return serialized


@pytest.mark.parametrize("percent", [100, 20])
def test_both_snapshots_give_the_same_files(snapshots: Snapshots, tmp_path: Path, percent: int) -> None:
    of_file = examples(snapshots.file, tmp_path / "file", sample_percent=percent)
    of_table = examples(snapshots.table, tmp_path / "table", sample_percent=percent)
    assert sorted(of_file) == sorted(of_table)
    assert [name for name in of_file if of_file[name] != of_table[name]] == []


def test_only_what_the_splits_are_made_of_is_read(
    snapshots: Snapshots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = {}

    def kept(table: exp.Table, part: bigquery_rows.Part, target: str) -> None:
        download(table, part, target)
        read[Path(target).stem] = pq.read_table(target)

    download = bigquery_rows.download
    monkeypatch.setattr(bigquery_rows, "download", kept)
    files = examples(snapshots.table, tmp_path, sample_percent=20)
    rows = json.loads(files["protocol/summary.json"])["rows"]
    countries = {"customer_index", "product_index", "row_id", "is_eval", "in_sample", "c0", "c1", "c2"}
    assert set(read["marked"].column_names) == countries
    assert len(read["marked"]) == rows["fit"] + rows["eval"] < rows["qualify"] < rows["total"]
    assert len(read["catalogue"]) == len(read["products"]) == rows["catalogue"]
    assert set(read["customers"].column_names) == {"customer_id", "customer_index"}


def test_nothing_is_left_in_bigquery_and_nothing_written_beside_the_snapshots(
    snapshots: Snapshots, client: bigquery.Client, tmp_path: Path
) -> None:
    before = [table.table_id for table in client.list_tables("snapshots")]
    examples(snapshots.table, tmp_path, sample_percent=20)
    assert list(client.list_tables("snapshots_scratch")) == []
    assert [table.table_id for table in client.list_tables("snapshots")] == before


def test_a_task_is_told_where_the_stand_in_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bigquery_rows.EMULATOR, "127.0.0.1:9060")
    assert forks.reduced_environment({})[bigquery_rows.EMULATOR] == "127.0.0.1:9060"
