"""A snapshot's sample: its tables are made where the snapshot is, and are at hand in DuckDB."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import fsspec
from towerlab.adapters.duckdb_engine import DuckdbEngine

from pipeline import splits
from pipeline.split_plan import SplitPlan

IN_BIGQUERY = "bigquery://"


def sampled(con: duckdb.DuckDBPyConnection, plan: SplitPlan, uri: str, folder: str) -> splits.Found:
    """Leaves `marked`, `catalogue`, `customers` and `products` in `con`, for as long as `folder` is there."""
    con.execute("SET TimeZone = 'UTC'")
    if uri.startswith(IN_BIGQUERY):
        from pipeline import bigquery_sample  # its libraries take a second to import

        return bigquery_sample.sampled(con, plan, uri.removeprefix(IN_BIGQUERY), folder)
    return splits.found(DuckdbEngine(con, Path(_local_copy(uri, folder))), plan)


def _local_copy(uri: str, folder: str) -> str:
    """The file itself when it is local, else a copy in `folder`."""
    if "://" not in uri:
        return uri
    if uri.startswith("file://"):
        return uri.removeprefix("file://")
    target = os.path.join(folder, "snapshot.parquet")
    with fsspec.open(uri, "rb") as source, open(target, "wb") as copy:
        while block := source.read(8 << 20):
            copy.write(block)
    return target
