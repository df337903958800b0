"""Snapshots, plans, settings and jobs for the tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

ONLINE_RETAIL = Path(__file__).parents[2] / "data" / "online_retail.parquet"

RETAIL_ROLES = {
    "customer_id": "CustomerID",
    "product_id": "StockCode",
    "transaction_date": "InvoiceDate",
    "quantity": "Quantity",
}
RETAIL_COLUMNS = (
    ("CustomerID", "STRING", "query"),
    ("Country", "STRING", "query"),
    ("InvoiceDate", "TIMESTAMP", "query"),
    ("StockCode", "STRING", "candidate"),
    ("Description", "STRING", "candidate"),
    ("UnitPrice", "FLOAT", "candidate"),
)


def snapshot_of(source: str, target: Path) -> Path:
    """A snapshot of a Parquet file or a SELECT: its rows with a row_id."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"""
        COPY (SELECT row_number() OVER () - 1 AS row_id, * FROM {source})
        TO '{target}' (FORMAT parquet)""")
    return target


def plan(columns: Any = RETAIL_COLUMNS, roles: Any = RETAIL_ROLES, **changes: Any) -> dict[str, Any]:
    listed = [{"column": name, "type": kind, "key": name, "side": side} for name, kind, side in columns]
    base = {"schema": 1, "snapshot_id": "s", "sample_percent": 100, "split": "auto", "roles": roles, "columns": listed}
    return {**base, **changes}


def settings(**changes: Any) -> dict[str, Any]:
    base = {
        "schema": 1,
        "epochs": 3,
        "batch_size": 2048,
        "seed": 0,
        "replicates": 1,
        "output_dim": 32,
        "hidden_layers": [],
        "optimizer": "adagrad",
        "learning_rate": 0.1,
        "warmup_steps": 20,
        "logq": True,
        "prior": True,
        "oov_dropout": 0.1,
        "exclude_seen": False,
        "customer_key": "CustomerID",
        "product_key": "StockCode",
    }
    return {**base, **changes}


def module(path: Path) -> str:
    return f"file://{path}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"


def parameters(snapshot: Path, preprocessing: Path, trainer: Path, **more: Mapping[str, Any]) -> dict[str, str]:
    return {
        "snapshot_uri": f"file://{snapshot}",
        "split_plan": json.dumps(more.get("split_plan", plan()), sort_keys=True, separators=(",", ":")),
        "preprocessing_module": module(preprocessing),
        "trainer_module": module(trainer),
        "trainer_settings": json.dumps(more.get("trainer_settings", settings()), sort_keys=True, separators=(",", ":")),
    }
