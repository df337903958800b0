"""The sample query (towerlab/emit/sample_query.py) carried out where a snapshot is, and what its tables say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from towerlab.adapters.table_engine import Engine, first
from towerlab.emit.sample_query import SPLIT_ROWS, sample_query, value_names

from pipeline.split_plan import SplitPlan

__all__ = ["SPLIT_ROWS", "Chosen", "Found", "found", "single", "split_table", "unseen_share"]

REASONS = ("qualify", "no_customer", "no_product", "not_bought")


@dataclass(frozen=True)
class Chosen:
    """The split carried out, and why."""

    split: str
    reason: str


@dataclass(frozen=True)
class Found:
    """`rows` is how many rows qualify, and how many do not by their first reason. `product_property`, by candidate
    column: the share of training rows that have their product's most frequent value, and the share of products with
    one value only."""

    chosen: Chosen
    rows: Mapping[str, int]
    product_property: Mapping[str, Mapping[str, float]]


def found(engine: Engine, plan: SplitPlan) -> Found:
    """Leaves the tables `marked`, `catalogue`, `customers` and `products` with the engine."""
    engine.run(f"SET VARIABLE sample_percent = {plan.sample_percent:d}")
    for statement in sample_query(plan).made_of_snapshot:
        engine.run(statement)
    names = [column.name for column in plan.candidate_columns]
    values = value_names(plan)
    shares = engine.each(_agreement, [values[name] for name in names])
    return Found(_chosen(engine, plan), _row_counts(engine), dict(zip(names, shares, strict=True)))


def _row_counts(engine: Engine) -> dict[str, int]:
    counts = dict(engine.rows("SELECT verdict, count(*) FROM judged GROUP BY 1"))
    return {"total": sum(counts.values()), **{reason: counts.get(reason, 0) for reason in REASONS}}


def _chosen(engine: Engine, plan: SplitPlan) -> Chosen:
    (split,) = first(engine, "SELECT getvariable('split')")
    if plan.split != "auto":
        return Chosen(split, "asked for")
    if plan.date is None:
        return Chosen(split, "there is no column with the role transaction_date")
    (unseen,) = first(engine, "SELECT getvariable('unseen')")
    if split == "time":
        return Chosen(split, f"the newest 10% of rows; {unseen:.0%} of them are of customers never seen before")
    return Chosen(split, f"{unseen:.0%} of the newest rows are of customers never seen before")


def _agreement(engine: Engine, value: str) -> dict[str, float]:
    rows, agreeing, products, of_one_value = first(
        engine,
        f"""
        SELECT sum(filled), sum(most), count(*), count(*) FILTER (most = filled)
        FROM (SELECT sum(n) AS filled, max(n) AS most
              FROM (SELECT product_index, {value}, count(*) AS n FROM marked
                    WHERE NOT is_eval AND {value} IS NOT NULL GROUP BY 1, 2)
              GROUP BY product_index)""",
    )
    if not products:
        return {"rows_share": 1.0, "products_share": 1.0}
    return {"rows_share": int(agreeing) / int(rows), "products_share": of_one_value / products}


def unseen_share(con: duckdb.DuckDBPyConnection, kind: str) -> float:
    """Share of evaluation rows in the sample whose customer or product has no training row there."""
    share = single(
        con,
        f"""
        SELECT avg(({kind}_index NOT IN (
            SELECT {kind}_index FROM marked WHERE NOT is_eval AND in_sample))::INTEGER)
        FROM marked WHERE is_eval AND in_sample""",
    )
    return float(share or 0.0)


def split_table(con: duckdb.DuckDBPyConnection, plan: SplitPlan, split: str) -> pa.Table:
    """The split's rows under the plan's keys."""
    return con.sql(sample_query(plan).splits[split]).to_arrow_table()


def single(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    ((value,),) = con.execute(sql).fetchall()
    return value
