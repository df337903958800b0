"""Any table and any plan: a snapshot in BigQuery, which bqemulator plays, and one in a file give equal files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bigquery_examples import examples
from google.cloud import bigquery
from pipeline import bigquery_rows
from towerlab.adapters import bigquery_queries
from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse
from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse
from towerlab.emit.split_plan import SPLITS

from tests.cloud import bigquery_tables, emulators

# BigQuery itself has no column whose name holds one of !"$()*,./;?@[\]^`{}~
NAMES = (
    "a'b", "a--", "é×", "a b", "select", "%s", "x=1 OR 1", "snapshot", "rows", "day", "n", "customer_id",
    "bought", "verdict", "c0", "a0", "is_eval", "newer", "bought_at",
)  # fmt: skip
ROLES = ("customer_id", "product_id", "transaction_date", "quantity")
START = datetime.fromisoformat("2024-02-27 22:30:00")


@dataclass(frozen=True)
class Kind:
    """Values of one Arrow type; `native` is BigQuery's where loading would make another."""

    type: pa.DataType
    values: Sequence[Any]
    native: str = ""


def _numbers(make: Callable[[str], Any]) -> list[Any]:
    return [make(text) for text in ("0.1", "2.25", "-3", "100.01", "7", "16777217")]


MOMENTS = [START + timedelta(hours=step * 7, microseconds=step % 3 * 250_000) for step in range(12)]
DATES = (
    Kind(pa.date32(), [date(2024, 2, 28) + timedelta(days=step) for step in range(4)]),
    Kind(pa.timestamp("us"), MOMENTS),
    Kind(pa.timestamp("us", "UTC"), [moment.replace(tzinfo=UTC) for moment in MOMENTS]),
    Kind(pa.string(), [moment.isoformat(" ") for moment in MOMENTS]),
)
TEXTS = Kind(pa.string(), ["", "a", "B", "é", "it's", "🛒", "10", "9", "a;--", "\\"])
IDS = (
    Kind(pa.string(), [*TEXTS.values, *(f"id {n}" for n in range(20))]),
    Kind(pa.int64(), range(-2, 30)),
    Kind(pa.float64(), [n / 2 for n in range(-2, 30)]),
)
AMOUNTS = (
    Kind(pa.float64(), [*_numbers(float), 3.5e38, 1e-310, float("inf"), float("nan")]),
    Kind(pa.decimal128(18, 4), _numbers(Decimal), "NUMERIC"),
    Kind(pa.decimal128(18, 4), _numbers(Decimal), "BIGNUMERIC"),
)
COUNTS = (Kind(pa.int64(), [-1, 0, 1, 2, 5]), Kind(pa.float64(), [-1.0, 0.0, 0.5, 2.0]))
FLAGS = Kind(pa.bool_(), [True, False])


@dataclass(frozen=True)
class Case:
    table: pa.Table
    natives: dict[str, str]
    roles: dict[str, str]
    sides: dict[str, Sequence[str]]
    split: str
    percent: int

    def plan(self, types: dict[str, str]) -> str:
        sided = [(name, side) for name, sides in self.sides.items() for side in sides]
        listed = [{"column": c, "type": types[c], "key": f"k{n}", "side": side} for n, (c, side) in enumerate(sided)]
        parts = {"roles": self.roles, "columns": listed, "split": self.split, "sample_percent": self.percent}
        return json.dumps({"schema": 1, "snapshot_id": "s", **parts})


def case(seed: int) -> Case:
    """Every split comes with every kind of date: first with customers who come back, then with ones who do not."""
    chance = Random(seed)
    split, dates = SPLITS[seed % len(SPLITS)], DATES[seed // len(SPLITS) % len(DATES)]
    names = chance.sample(NAMES, 7)
    kinds = [chance.choice(IDS), chance.choice(IDS), dates, *map(chance.choice, (COUNTS, AMOUNTS)), TEXTS, FLAGS]
    size = chance.randint(60, 200)
    columns = [pa.array([_one_of(kind.values, chance) for _ in range(size)], kind.type) for kind in kinds]
    if seed >= len(SPLITS) * len(DATES):
        columns[0], columns[2] = (_in_order(kind, size) for kind in (kinds[0], kinds[2]))
    needed = {"time": {"transaction_date"}, "last": {"customer_id"}}.get(split, set()) | {"product_id"}
    return Case(
        table=pa.table(columns, names),
        natives={name: kind.native for name, kind in zip(names, kinds, strict=True) if kind.native},
        roles={role: name for role, name in zip(ROLES, names, strict=False) if role in needed or chance.random() < 0.8},
        sides={name: chance.sample(("query", "candidate"), chance.randint(0, 2)) for name in names},
        split=split,
        percent=chance.choice((5, 40, 70, 100)),
    )


def _one_of(values: Sequence[Any], chance: Random) -> Any:
    return chance.choice(values) if chance.random() < 0.92 else None


def _in_order(kind: Kind, size: int) -> pa.Array:
    return pa.array([kind.values[n * len(kind.values) // size] for n in range(size)], kind.type)


@pytest.fixture(scope="module")
def client() -> Iterator[bigquery.Client]:
    with emulators.bigquery() as (rest, grpc), pytest.MonkeyPatch.context() as patch:
        patch.setenv(bigquery_queries.EMULATOR, rest)
        patch.setenv(bigquery_rows.EMULATOR, grpc)
        client = bigquery_queries.client("shop-1", "europe-west3")
        for dataset in ("sales", "snapshots", "snapshots_scratch"):
            client.create_dataset(dataset)
        yield client


@pytest.mark.parametrize("seed", range(len(SPLITS) * len(DATES) * 2))
def test_a_table_and_a_file_of_the_same_rows_give_equal_files(
    client: bigquery.Client, tmp_path: Path, seed: int
) -> None:
    drawn, rows = case(seed), tmp_path / "rows.parquet"
    pq.write_table(drawn.table, rows)
    file = DuckdbWarehouse([tmp_path], tmp_path / "snapshots").snapshot(str(rows))
    table = BigQueryWarehouse(client, "shop-1.snapshots").snapshot(loaded(client, drawn, rows))
    assert table.columns == file.columns
    plan = drawn.plan({name: type.value for name, type in file.columns.items()})
    assert outcome(table.uri, tmp_path / "table", plan) == outcome(file.uri, tmp_path / "file", plan)


def loaded(client: bigquery.Client, case: Case, path: Path) -> str:
    """The name of a table that has the file's rows in their order."""
    name = f"shop-1.sales.t{uuid4().hex}"
    bigquery_tables.load(client, name, f"SELECT * FROM '{path}'")
    if not case.natives:
        return name
    casts = ", ".join(f"CAST(`{column}` AS {native}) AS `{column}`" for column, native in case.natives.items())
    client.query(f"CREATE TABLE `{name}_cast` AS SELECT * REPLACE ({casts}) FROM `{name}`").result()
    return f"{name}_cast"


def outcome(uri: str, folder: Path, plan: str) -> dict[str, bytes] | str:
    """What ExampleGen wrote, or why it refused."""
    try:
        return examples(uri, folder, plan)
    except ValueError as error:
        return str(error)
