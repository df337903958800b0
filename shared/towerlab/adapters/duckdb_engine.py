"""The statistics' engine on a snapshot that is a Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from towerlab.adapters.duckdb_snapshot import describe
from towerlab.adapters.table_engine import Engine, Found, Item, OutOfRange, Value
from towerlab.adapters.table_sql import literal


class DuckdbEngine:
    """The connection has no table or view yet, and its time zone is UTC."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self.columns = describe(connection, path.stem, path).columns
        self.run(f"CREATE TEMP VIEW snapshot AS SELECT * FROM read_parquet({literal(str(path))})")

    def run(self, sql: str) -> None:
        self._connection.execute(sql)

    def rows(self, sql: str, **values: Value) -> list[tuple[Any, ...]]:
        try:
            return list(self._connection.execute(sql, values or None).fetchall())
        except duckdb.OutOfRangeException as error:
            raise OutOfRange from error

    def each(self, work: Callable[[Engine, Item], Found], items: Iterable[Item]) -> list[Found]:
        """One after the other, for DuckDB has threads of its own; the next item's tables replace the last one's."""
        return [work(self, item) for item in items]
