"""The leak probe over a snapshot: one scan per column, then counts of (value, product) alone."""

from __future__ import annotations

from collections.abc import Mapping

from towerlab.adapters.table_engine import Engine, first
from towerlab.adapters.table_rows import training_verdict
from towerlab.adapters.table_sql import quoted
from towerlab.domain.columns import ColumnType
from towerlab.domain.leak_probe import BUCKETS, LISTED, NEWEST, Probed, Probes

_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.FLOAT})
# Newest rows by time; without a date every tenth by the hash of its number, which is the same everywhere.
_BY_TIME = f"row_number() OVER (ORDER BY {{date}} DESC, row_id DESC) <= {NEWEST} * count(*) OVER ()"
_BY_HASH = "md5('e|' || row_id::VARCHAR) < '1999999a'"

_BASE = """
    CREATE OR REPLACE TEMP TABLE base AS
    WITH bought AS (SELECT row_id, {product} AS id, {newest} AS newest FROM snapshot
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
    FROM snapshot t JOIN base b USING (row_id) GROUP BY ALL"""

_BUCKETED = f"""
    CREATE OR REPLACE TEMP TABLE buckets AS
    WITH counted AS (SELECT v, sum(before + after) AS n FROM pairs GROUP BY v),
         placed AS (SELECT v, floor({BUCKETS} * (sum(n) OVER (ORDER BY v NULLS FIRST) - n)
                                    / sum(n) OVER ())::BIGINT AS bucket
                    FROM counted WHERE v IS NOT NULL)
    SELECT bucket AS v, product, sum(before) AS before, sum(after) AS after
    FROM pairs LEFT JOIN placed USING (v) GROUP BY ALL"""

# Where a value is on one side of the split only, the list is popularity's: just the other values are looked at.
_GAINED = f"""
    SELECT sum(after * (((before > 0 AND place <= {LISTED}) OR popular <= {LISTED} - listed)::INTEGER
                        - (popular <= {LISTED})::INTEGER))
    FROM (SELECT product, before, after, row_number() OVER (PARTITION BY {{v}} ORDER BY before DESC, product) AS place,
                 least(sum((before > 0)::BIGINT) OVER (PARTITION BY {{v}}), {LISTED}) AS listed,
                 max(before) OVER (PARTITION BY {{v}}) AS most_before,
                 max(after) OVER (PARTITION BY {{v}}) AS most_after
          FROM {{pairs}}) counted
         JOIN (SELECT product, popular FROM products) ranked USING (product)
    WHERE most_before > 0 AND most_after > 0"""

_PROPERTY = """
    SELECT sum(most)::DOUBLE / sum(n)::DOUBLE, avg((most = n)::INTEGER)
    FROM (SELECT max(before) AS most, sum(before) AS n
          FROM pairs WHERE v IS NOT NULL AND before > 0 GROUP BY product)"""


def probes(engine: Engine, roles: Mapping[str, str]) -> Probes:
    """Every column but the product's. `roles` has a product_id; dates decide the split where there is one."""
    _make_base(engine, roles)
    rows, found = first(engine, f"SELECT sum(after), sum(after) FILTER (popular <= {LISTED}) FROM products")
    if not rows:
        return Probes()
    rows, popular = int(rows), int(found or 0)
    columns = {name: type for name, type in engine.columns.items() if name != roles["product_id"]}
    probed = engine.each(lambda own, column: _probed(own, *column, rows, popular), columns.items())
    return Probes(popular / rows, dict(zip(columns, probed, strict=True)))


def _make_base(engine: Engine, roles: Mapping[str, str]) -> None:
    """`base`: qualifying rows with a product number and whether they are evaluation rows; `products`: their counts."""
    date = roles.get("transaction_date")
    newest = _BY_TIME.format(date=quoted(date)) if date else _BY_HASH
    verdict = training_verdict(engine.columns, roles)
    engine.run(_BASE.format(product=quoted(roles["product_id"]), newest=newest, verdict=verdict))
    engine.run(_PRODUCTS)


def _probed(engine: Engine, name: str, type: ColumnType, rows: int, popular: int) -> Probed:
    engine.run(_PAIRS.format(value=f"t.{quoted(name)}"))
    # BigQuery partitions by no fraction, so these go by their texts.
    gained = _gained(engine, "pairs", "v::VARCHAR" if type is ColumnType.FLOAT else "v")
    if type in _NUMBERS and first(engine, "SELECT count(DISTINCT v) FROM pairs")[0] > BUCKETS:
        engine.run(_BUCKETED)
        gained = max(gained, _gained(engine, "buckets", "v"))
    return Probed((popular + gained) / rows, *first(engine, _PROPERTY))


def _gained(engine: Engine, pairs: str, value: str) -> int:
    """Evaluation rows that the column's lists find more than popularity's, or fewer."""
    return int(first(engine, _GAINED.format(pairs=pairs, v=value))[0] or 0)
