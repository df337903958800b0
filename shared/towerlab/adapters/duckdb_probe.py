"""The leak probe over a snapshot: one scan per column, then counts of (value, product) alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from towerlab.adapters.duckdb_rows import training_verdict
from towerlab.adapters.duckdb_types import quoted
from towerlab.domain.columns import ColumnType
from towerlab.domain.leak_probe import BUCKETS, LISTED, NEWEST, Probed, Probes

_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.FLOAT})
# Newest rows by time; without a date every tenth by the hash of its number, which is the same everywhere.
_BY_TIME = f"row_number() OVER (ORDER BY {{date}} DESC, row_id DESC) <= {NEWEST} * count(*) OVER ()"
_BY_HASH = "md5('e|' || row_id::VARCHAR) < '1999999a'"

_BASE = """
    CREATE OR REPLACE TEMP TABLE base AS
    WITH bought AS (SELECT row_id, {product} AS id, {newest} AS newest FROM read_parquet(?)
                    WHERE {verdict} = 'qualify'),
         numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS product FROM bought GROUP BY id)
    SELECT row_id, product, newest FROM bought JOIN numbered USING (id)"""

_PRODUCTS = """
    CREATE OR REPLACE TEMP TABLE products AS
    SELECT *, row_number() OVER (ORDER BY before DESC, product) AS popular
    FROM (SELECT product, count(*) FILTER (NOT newest) AS before, count(*) FILTER (newest) AS after
          FROM base GROUP BY product)"""

_PAIRS = """
    CREATE OR REPLACE TEMP TABLE pairs AS
    SELECT {value} AS v, b.product, count(*) FILTER (NOT b.newest) AS before, count(*) FILTER (b.newest) AS after
    FROM read_parquet(?) t JOIN base b USING (row_id) GROUP BY ALL"""

_BUCKETED = f"""
    CREATE OR REPLACE TEMP TABLE buckets AS
    WITH counted AS (SELECT v, sum(before + after) AS n FROM pairs GROUP BY v),
         placed AS (SELECT v, floor({BUCKETS} * (sum(n) OVER (ORDER BY v) - n) / sum(n) OVER ()) AS bucket
                    FROM counted WHERE v IS NOT NULL)
    SELECT bucket AS v, product, sum(before) AS before, sum(after) AS after
    FROM pairs LEFT JOIN placed USING (v) GROUP BY ALL"""

# Where a value is on one side of the split only, the list is popularity's: just the other values are looked at.
_GAINED = f"""
    SELECT sum(after * (((before > 0 AND place <= {LISTED}) OR popular <= {LISTED} - listed)::INTEGER
                        - (popular <= {LISTED})::INTEGER))
    FROM (SELECT product, before, after, row_number() OVER (PARTITION BY v ORDER BY before DESC, product) AS place,
                 least(count(*) FILTER (before > 0) OVER (PARTITION BY v), {LISTED}) AS listed
          FROM {{pairs}}
               SEMI JOIN (SELECT v AS shared FROM {{pairs}}
                          GROUP BY v HAVING max(before) > 0 AND max(after) > 0)
               ON v IS NOT DISTINCT FROM shared)
         JOIN (SELECT product, popular FROM products) USING (product)"""

_PROPERTY = """
    SELECT sum(most) / sum(n), avg((most = n)::INTEGER)
    FROM (SELECT max(before) AS most, sum(before) AS n
          FROM pairs WHERE v IS NOT NULL AND before > 0 GROUP BY product)"""


def probes(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, ColumnType], roles: Mapping[str, str]
) -> Probes:
    """Every column but the product's. `roles` has a product_id; dates decide the split where there is one."""
    _make_base(connection, path, columns, roles)
    rows, found = _first(connection, f"SELECT sum(after), sum(after) FILTER (popular <= {LISTED}) FROM products")
    if not rows:
        return Probes()
    probed = {
        name: _probed(connection, path, name, type, rows, found or 0)
        for name, type in columns.items()
        if name != roles["product_id"]
    }
    return Probes((found or 0) / rows, probed)


def _make_base(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, ColumnType], roles: Mapping[str, str]
) -> None:
    """`base`: qualifying rows with a product number and whether they are evaluation rows; `products`: their counts."""
    date = roles.get("transaction_date")
    newest = _BY_TIME.format(date=quoted(date)) if date else _BY_HASH
    verdict = training_verdict(columns, roles)
    connection.execute(_BASE.format(product=quoted(roles["product_id"]), newest=newest, verdict=verdict), [str(path)])
    connection.execute(_PRODUCTS)


def _probed(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, type: ColumnType, rows: int, popular: int
) -> Probed:
    connection.execute(_PAIRS.format(value=f"t.{quoted(name)}"), [str(path)])
    gained = _gained(connection, "pairs")
    if type in _NUMBERS and _first(connection, "SELECT count(DISTINCT v) FROM pairs")[0] > BUCKETS:
        connection.execute(_BUCKETED)
        gained = max(gained, _gained(connection, "buckets"))
    return Probed((popular + gained) / rows, *_first(connection, _PROPERTY))


def _gained(connection: duckdb.DuckDBPyConnection, pairs: str) -> int:
    """Evaluation rows that the column's lists find more than popularity's, or fewer."""
    return int(_first(connection, _GAINED.format(pairs=pairs))[0] or 0)


def _first(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return tuple(connection.execute(sql).fetchall()[0])
