"""Profiling of large files, and the leak probe: seconds, and the most memory that any of their processes had."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import duckdb
from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse
from towerlab.domain.leak_probe import ROLES, judge
from towerlab.domain.roles import guess_mapping

from tests.stacks import REPOSITORY

T = TypeVar("T")
ROWS = 2_400_000
# Fourteen columns of a shop: skewed ids, texts, numbers, times, flags.
TABLE = f"""
    SELECT 'customer ' || (hash(i) % 1000 * (hash(i + 1) % 300) // 3) AS customer_id,
           'product ' || (hash(i * 7) % 200 * (hash(i * 11) % 340)) AS product_id,
           TIMESTAMP '2023-01-01' + INTERVAL (i * 13) SECOND AS trans_date,
           round(exp(hash(i * 3) % 1000 / 150.0), 2) AS revenue, (hash(i * 5) % 7 + 1)::INTEGER AS quantity,
           'city ' || (hash(i) % 1000 * (hash(i + 1) % 300) // 3 % 28) AS city,
           'category ' || (hash(i * 7) % 200 % 12) AS category, 'sub ' || (hash(i * 7) % 200) AS subcategory,
           'Name of the product number ' || (hash(i * 7) % 200 * (hash(i * 11) % 340)) AS product_name,
           (hash(i * 13) % 100000) / 100.0 AS price, 'basket ' || (i // 3) AS basket_id,
           DATE '1950-01-01' + (hash(i) % 20000)::INTEGER AS birthday, hash(i * 17) % 2 = 0 AS member,
           (hash(i * 19) % 60)::INTEGER AS store
    FROM range({ROWS}) t(i)"""
SAMPLE = REPOSITORY / "data" / "online_retail.parquet"
# The price of the whole basket line, which names the product about as well as revenue does.
PLANTED = f"SELECT *, UnitPrice * 3 + length(StockCode) / 100 AS line_value FROM read_parquet('{SAMPLE}')"
ROLES_OF_SAMPLE = {"customer_id": "CustomerID", "product_id": "StockCode", "transaction_date": "InvoiceDate"}


def measure(runs: int) -> dict[str, Mapping[str, float | str]]:
    with tempfile.TemporaryDirectory() as folder:
        return {**_large(Path(folder)), **_probe(Path(folder), runs)}


def _large(folder: Path) -> dict[str, Mapping[str, float | str]]:
    path = folder / "large.parquet"
    duckdb.connect().execute(f"COPY ({TABLE}) TO '{path}' (FORMAT parquet)")
    warehouse = DuckdbWarehouse([folder], folder / "snapshots")
    snapshot_seconds, table = _timed(lambda: warehouse.snapshot(str(path)))
    seconds, profiles = _timed(lambda: warehouse.profile(table))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    mapping = guess_mapping(profiles)
    roles = {entry.role: name for name, entry in mapping.items() if entry.role in ROLES}
    sketch_seconds, _ = _timed(lambda: warehouse.sketches(table.uri, roles))
    return {
        f"profile {ROWS:,} x {len(profiles)}": {"seconds": seconds, "peak_mb_with_snapshot": peak},
        "  its snapshot": {"seconds": snapshot_seconds},
        "  its sketches": {
            "seconds": sketch_seconds,
            "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        },
    }


def _probe(folder: Path, runs: int) -> dict[str, Mapping[str, float | str]]:
    path = folder / "planted.parquet"
    sql = f"SELECT *, hour(InvoiceDate) AS hour, dayofweek(InvoiceDate) AS weekday FROM ({PLANTED})"
    duckdb.connect().execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    warehouse = DuckdbWarehouse([folder], folder / "snapshots")
    table = warehouse.snapshot(str(path))
    timed = [_timed(lambda: warehouse.probes(table.uri, ROLES_OF_SAMPLE)) for _ in range(runs)]
    probes = timed[0][1]
    flagged = [name for name in probes.columns if (found := judge(name, None, probes)) and found.verdict == "red"]
    seconds = sorted(seconds for seconds, _ in timed)[runs // 2]
    return {"leak probe of the sample, planted": {"median_seconds": seconds, "red": ", ".join(flagged)}}


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found
