"""A snapshot's sample where the snapshot is in BigQuery: computed there; what the splits are made of is read."""

from __future__ import annotations

import os
from collections.abc import Mapping

import duckdb
from sqlglot import exp
from towerlab.adapters import bigquery_queries, bigquery_snapshot
from towerlab.adapters.bigquery_engine import BigQueryEngine
from towerlab.emit.sample_query import value_names

from pipeline import bigquery_rows, splits
from pipeline.bigquery_rows import Part
from pipeline.split_plan import SplitPlan

FLAGS = ("is_eval", "in_sample")
INDEXES = ("customer_index", "product_index")


def sampled(con: duckdb.DuckDBPyConnection, plan: SplitPlan, name: str, folder: str) -> splits.Found:
    """`name` is project.dataset.table."""
    with _engine(name) as engine:
        found = splits.found(engine, plan)
        for table, part in parts(plan).items():
            path = os.path.join(folder, f"{table}.parquet")
            bigquery_rows.download(engine.place(table), part, path)
            con.read_parquet(path).create_view(table)
    return found


def parts(plan: SplitPlan) -> Mapping[str, Part]:
    """What is read of each table. A row brings its query columns; what it has of its product is the catalogue's.
    Evaluation rows outside the sample are looked at by nobody; training rows outside it are what is fitted on."""
    values = value_names(plan)
    own = dict.fromkeys(values[column.name] for column in plan.query_columns)
    attributes = [f"a{position}" for position, _ in enumerate(plan.candidate_columns)]
    return {
        "marked": Part(("row_id", *INDEXES, *FLAGS, *own), "NOT is_eval OR in_sample"),
        "catalogue": Part(("product_index", *attributes)),
        "customers": Part(("customer_id", "customer_index")),
        "products": Part(("product_id", "product_index")),
    }


def _engine(name: str) -> BigQueryEngine:
    """Jobs run where the snapshot lies."""
    project, dataset, table = name.rsplit(".", 2)
    location = bigquery_queries.client(project).get_table(name).location
    queries = bigquery_queries.Queries(bigquery_queries.client(project, location))
    place = exp.table_(table, dataset, project, quoted=True)
    return BigQueryEngine(queries, place, bigquery_snapshot.describe(queries, place).columns)
