"""Hits per customer as the collector stores them: a Parquet file per test."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from towerlab.domain.paired import Hits
from towerlab.domain.results import KS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_READ = f"SELECT customer, rows, {', '.join(f'hits_{k}' for k in KS)} FROM read_parquet(?) ORDER BY customer"


def hits_in(content: bytes) -> Hits:
    """What such a file holds."""
    with TemporaryDirectory(prefix="hits-") as folder, _connection().cursor() as cursor:
        path = Path(folder) / "customers.parquet"
        path.write_bytes(content)
        found: dict[str, Any] = cursor.execute(_READ, [str(path)]).fetchnumpy()
    judged = json.dumps([found["customer"].tolist(), found["rows"].tolist()]).encode()
    return Hits(
        judged=hashlib.sha256(judged).hexdigest(),
        rows=found["rows"].astype(float),
        at={str(k): found[f"hits_{k}"].astype(float) for k in KS},
    )


@cache  # opening one takes twenty times as long as reading a file
def _connection() -> DuckDBPyConnection:
    import duckdb

    return duckdb.connect(":memory:", config={"threads": 1})
