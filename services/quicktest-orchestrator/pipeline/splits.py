"""The sample query (towerlab/emit/sample_query.py) carried out on a snapshot, and what its tables say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from towerlab.emit.sample_query import SPLIT_ROWS, sample_query, value_names

from pipeline.split_plan import SplitPlan

__all__ = ["SPLIT_ROWS", "Chosen", "chosen", "make_tables", "product_property", "row_counts", "split_table"]

REASONS = ("qualify", "no_customer", "no_product", "not_bought")


@dataclass(frozen=True)
class Chosen:
    """The split carried out, and why."""

    split: str
    reason: str


def make_tables(con: duckdb.DuckDBPyConnection, plan: SplitPlan, snapshot: str) -> None:
    """Everything that the other functions look at."""
    con.execute(f"SET VARIABLE snapshot = '{snapshot.replace(chr(39), chr(39) * 2)}'")
    con.execute(f"SET VARIABLE sample_percent = {plan.sample_percent:d}")
    for statement in sample_query(plan).tables:
        con.execute(statement)


def row_counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many rows qualify, and how many do not by their first reason."""
    counts = dict(con.execute("SELECT verdict, count(*) FROM judged GROUP BY 1").fetchall())
    return {"total": sum(counts.values()), **{reason: counts.get(reason, 0) for reason in REASONS}}


def chosen(con: duckdb.DuckDBPyConnection, plan: SplitPlan) -> Chosen:
    split = _value(con, "SELECT getvariable('split')")
    if plan.split != "auto":
        return Chosen(split, "asked for")
    if plan.date is None:
        return Chosen(split, "there is no column with the role transaction_date")
    unseen = float(_value(con, "SELECT getvariable('unseen')"))
    if split == "time":
        return Chosen(split, f"the newest 10% of rows; {unseen:.0%} of them are of customers never seen before")
    return Chosen(split, f"{unseen:.0%} of the newest rows are of customers never seen before")


def unseen_share(con: duckdb.DuckDBPyConnection, kind: str) -> float:
    """Share of evaluation rows in the sample whose customer or product has no training row there."""
    share = _value(
        con,
        f"""
        SELECT avg(({kind}_index NOT IN (
            SELECT {kind}_index FROM marked WHERE NOT is_eval AND in_sample))::INTEGER)
        FROM marked WHERE is_eval AND in_sample""",
    )
    return float(share or 0.0)


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


def split_table(con: duckdb.DuckDBPyConnection, plan: SplitPlan, split: str) -> pa.Table:
    """The split's rows under the plan's keys."""
    return con.sql(sample_query(plan).splits[split]).to_arrow_table()


def _value(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    ((value,),) = con.execute(sql).fetchall()
    return value
