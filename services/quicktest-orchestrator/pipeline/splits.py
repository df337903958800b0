"""Purchases of a snapshot, cut into training and evaluation and joined with their products' attributes, by DuckDB.

Tables it makes, in this order: `purchases` (qualifying rows with typed values c0, c1, ...), `customers` and
`products` (dense indexes by id), `marked` (purchases with indexes, is_eval, in_sample) and `catalogue` (one row a
product with its attributes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipeline.split_plan import PlannedColumn, SplitPlan

UNSEEN_LIMIT = 0.5  # above this share of evaluation rows of unseen customers a split by time says little
SAMPLE_BUCKETS = 10_000


@dataclass(frozen=True)
class Chosen:
    """The split carried out, and why."""

    split: str
    reason: str


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def value_sql(column: PlannedColumn) -> str:
    """The column as the pipeline carries it: text, int64, float, or int64 epoch seconds. Infinities are missing."""
    name = quoted(column.name)
    if column.is_text:
        return f"CAST({name} AS VARCHAR)"
    if column.type == "INTEGER":
        return f"CAST({name} AS BIGINT)"
    if column.is_float:
        return f"CASE WHEN isfinite(TRY_CAST({name} AS FLOAT)) THEN CAST({name} AS DOUBLE) END"
    return f"CASE WHEN isfinite({name}) THEN CAST(floor(epoch(CAST({name} AS TIMESTAMP))) AS BIGINT) END"


def value_names(plan: SplitPlan) -> dict[str, str]:
    """The name each planned column's value has in `purchases`."""
    names = dict.fromkeys(column.name for column in plan.columns)
    return {name: f"c{position}" for position, name in enumerate(names)}


def load_purchases(con: duckdb.DuckDBPyConnection, plan: SplitPlan, snapshot: str) -> dict[str, int]:
    """Make `purchases`; how many rows qualify, and how many do not by their first reason."""
    con.execute(f"CREATE TEMP VIEW snapshot AS SELECT * FROM read_parquet('{snapshot.replace(chr(39), chr(39) * 2)}')")
    customer = f"CAST({quoted(plan.customer)} AS VARCHAR)" if plan.customer else "CAST(row_id AS VARCHAR)"
    product = f"CAST({quoted(plan.product)} AS VARCHAR)"
    bought = f"coalesce({quoted(plan.quantity)} > 0, false)" if plan.quantity else "true"
    con.execute(f"""
        CREATE TEMP VIEW judged AS SELECT *, {customer} AS "~customer", {product} AS "~product",
            CASE WHEN coalesce("~customer", '') = '' THEN 'no_customer'
                 WHEN coalesce("~product", '') = '' THEN 'no_product'
                 WHEN NOT {bought} THEN 'not_bought' ELSE 'qualify' END AS "~verdict"
        FROM snapshot""")
    names = value_names(plan)
    by_name = {column.name: column for column in plan.columns}
    values = "".join(f", {value_sql(by_name[name])} AS {alias}" for name, alias in names.items())
    at = f"CAST({quoted(plan.date)} AS TIMESTAMP)" if plan.date else "NULL::TIMESTAMP"
    con.execute(f"""
        CREATE TEMP TABLE purchases AS
        SELECT row_id, "~customer" AS customer_id, "~product" AS product_id, {at} AS bought_at {values}
        FROM judged WHERE "~verdict" = 'qualify'""")
    counts = dict(con.execute('SELECT "~verdict", count(*) FROM judged GROUP BY 1').fetchall())
    reasons = ("qualify", "no_customer", "no_product", "not_bought")
    return {"total": sum(counts.values()), **{reason: counts.get(reason, 0) for reason in reasons}}


def index_ids(con: duckdb.DuckDBPyConnection) -> None:
    """Make `customers` and `products`: every id of the full data with its index, in the order of the ids."""
    for table, column in (("customers", "customer"), ("products", "product")):
        con.execute(f"""
            CREATE TEMP TABLE {table} AS
            SELECT {column}_id, CAST(row_number() OVER (ORDER BY {column}_id) - 1 AS INTEGER) AS {column}_index
            FROM (SELECT DISTINCT {column}_id FROM purchases)""")


_NEWEST_FIRST = "bought_at DESC NULLS LAST, row_id DESC"
_IS_EVALUATION = {
    "time": f"row_number() OVER (ORDER BY {_NEWEST_FIRST}) <= count(*) OVER () - count(*) OVER () * 9 // 10",
    "last": f"""row_number() OVER (PARTITION BY customer_id ORDER BY {_NEWEST_FIRST})
        <= count(*) OVER (PARTITION BY customer_id) - count(*) OVER (PARTITION BY customer_id) * 4 // 5
        AND count(*) OVER (PARTITION BY customer_id) > 1""",
    "random": "('0x' || substr(md5('r|' || row_id), 1, 8))::BIGINT % 10000 < 1000",
}


def mark(con: duckdb.DuckDBPyConnection, plan: SplitPlan) -> Chosen:
    """Make `marked` with the split asked for; 'auto' decides by the dates and by how many customers come back."""
    if plan.split != "auto":
        _mark_as(con, plan, plan.split)
        return Chosen(plan.split, "asked for")
    if plan.date is None:
        _mark_as(con, plan, "random")
        return Chosen("random", "there is no column with the role transaction_date")
    _mark_as(con, plan, "time")
    unseen = unseen_share(con, "customer", "true")
    if unseen <= UNSEEN_LIMIT or plan.customer is None:
        return Chosen("time", f"the newest 10% of rows; {unseen:.0%} of them are of customers never seen before")
    _mark_as(con, plan, "last")
    return Chosen("last", f"{unseen:.0%} of the newest rows are of customers never seen before")


def _mark_as(con: duckdb.DuckDBPyConnection, plan: SplitPlan, split: str) -> None:
    bucket = f"('0x' || substr(md5('s|' || customer_id), 1, 8))::BIGINT % {SAMPLE_BUCKETS}"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE marked AS
        SELECT purchases.*, customer_index, product_index, {_IS_EVALUATION[split]} AS is_eval,
            {bucket} < {plan.sample_percent * SAMPLE_BUCKETS // 100} AS in_sample
        FROM purchases JOIN customers USING (customer_id) JOIN products USING (product_id)""")


def unseen_share(con: duckdb.DuckDBPyConnection, kind: str, rows: str = "in_sample") -> float:
    """Share of evaluation rows whose customer or product has no training row, among `rows`."""
    share = con.execute(f"""
        SELECT avg(({kind}_index NOT IN (SELECT {kind}_index FROM marked WHERE NOT is_eval AND {rows}))::INTEGER)
        FROM marked WHERE is_eval AND {rows}""").fetchone()
    return float(share[0] or 0.0) if share else 0.0


def _own_rows() -> str:
    """Rows a product's attributes come from: its training rows, or all it has when it has none."""
    trained = "SELECT product_index FROM marked WHERE NOT is_eval"
    return f"SELECT * FROM marked WHERE NOT is_eval OR product_index NOT IN ({trained})"


def attribute_sql(column: PlannedColumn, value: str) -> str:
    """(product_index, value): the most frequent text, date or flag (ties: the smallest), the median number or time."""
    if column.is_float:
        return f"SELECT product_index, quantile_cont({value}, 0.5) AS value FROM own_rows GROUP BY 1"
    if column.type in ("INTEGER", "TIMESTAMP"):
        return f"SELECT product_index, quantile_disc({value}, 0.5) AS value FROM own_rows GROUP BY 1"
    return f"""SELECT product_index, first({value} ORDER BY n DESC, {value}) AS value
        FROM (SELECT product_index, {value}, count(*) AS n FROM own_rows WHERE {value} IS NOT NULL GROUP BY 1, 2)
        GROUP BY 1"""


def make_catalogue(con: duckdb.DuckDBPyConnection, plan: SplitPlan) -> None:
    """Make `catalogue`: product_index and one attribute a0, a1, ... per candidate column."""
    con.execute(f"CREATE OR REPLACE TEMP VIEW own_rows AS {_own_rows()}")
    names = value_names(plan)
    joins, picked = "", ""
    for position, column in enumerate(plan.candidate_columns):
        con.execute(f"CREATE OR REPLACE TEMP TABLE attribute_{position} AS {attribute_sql(column, names[column.name])}")
        joins += f" LEFT JOIN attribute_{position} USING (product_index)"
        picked += f", attribute_{position}.value AS a{position}"
    con.execute(f"CREATE OR REPLACE TEMP TABLE catalogue AS SELECT product_index {picked} FROM products {joins}")


def product_property(con: duckdb.DuckDBPyConnection, plan: SplitPlan) -> Mapping[str, Mapping[str, float]]:
    """By candidate column: the share of training rows that have their product's most frequent value, and the share of
    products with one value only."""
    names = value_names(plan)
    shares = {}
    for column in plan.candidate_columns:
        value = names[column.name]
        row = con.execute(f"""
            SELECT sum(most) / sum(rows), avg((most = rows)::INTEGER) FROM (
                SELECT max(n) AS most, sum(n) AS rows FROM (
                    SELECT product_index, {value}, count(*) AS n FROM marked
                    WHERE NOT is_eval AND {value} IS NOT NULL GROUP BY 1, 2)
                GROUP BY product_index)""").fetchone()
        rows_share, products_share = row if row else (None, None)
        shares[column.name] = {
            "rows_share": 1.0 if rows_share is None else float(rows_share),
            "products_share": 1.0 if products_share is None else float(products_share),
        }
    return shares


SPLIT_ROWS = {"fit": "NOT is_eval", "train": "NOT is_eval AND in_sample", "eval": "is_eval AND in_sample"}


def split_table(con: duckdb.DuckDBPyConnection, plan: SplitPlan, split: str) -> pa.Table:
    """The split's rows under the plan's keys, by row_id; the catalogue by product_index with empty query columns."""
    names = value_names(plan)
    in_catalogue = split == "catalogue"
    own = [f"{_typed(c, 'NULL' if in_catalogue else names[c.name])} AS {quoted(c.key)}" for c in plan.query_columns]
    attributes = [f"{_typed(c, f'a{i}')} AS {quoted(c.key)}" for i, c in enumerate(plan.candidate_columns)]
    row_id, customer = ("-1", "-1") if in_catalogue else ("row_id", "customer_index")
    picked = [f"CAST({row_id} AS BIGINT) AS row_id", f"CAST({customer} AS BIGINT) AS customer_index"]
    picked += ["CAST(product_index AS BIGINT) AS product_index", *own, *attributes]
    source = "catalogue" if in_catalogue else f"marked JOIN catalogue USING (product_index) WHERE {SPLIT_ROWS[split]}"
    order = "product_index" if in_catalogue else "marked.row_id"
    return con.sql(f"SELECT {', '.join(picked)} FROM {source} ORDER BY {order}").to_arrow_table()


def _typed(column: PlannedColumn, value: str) -> str:
    kind = "VARCHAR" if column.is_text else "FLOAT" if column.is_float else "BIGINT"
    return f"CAST({value} AS {kind})"
