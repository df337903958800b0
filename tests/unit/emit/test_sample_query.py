"""The sample query is text that DuckDB carries out, whatever the columns are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from towerlab.emit.sample_query import SPLIT_NAMES, quoted, sample_query
from towerlab.emit.split_plan import PlannedColumn, SplitPlan

NAMES = [
    "plain",
    'a "quoted" one',
    "a;b -- c",
    "it's",
    "two\nlines",
    "customer_id",
    "bought",
    "~",
    "verdict",
    "c0",
    "🛒",
]
PLAN = SplitPlan(
    snapshot_id="s",
    sample_percent=100,
    split="auto",
    product="product",
    customer="who",
    date="at",
    quantity="pieces",
    columns=(
        PlannedColumn("who", "STRING", "who", "query"),
        PlannedColumn("product", "STRING", "product", "candidate"),
    ),
)


def snapshot(folder: Path, column: str) -> Path:
    """200 purchases; the column holds 'v0' to 'v6'."""
    path = folder / "snapshot.parquet"
    duckdb.connect().execute(f"""
        COPY (SELECT i AS row_id, 'c' || i % 20 AS who, 'p' || i % 7 AS product, DATE '2024-01-01' + i::INTEGER AS at,
            i % 10 AS pieces, 'v' || i % 7 AS {quoted(column)} FROM range(200) t(i)) TO '{path}' (FORMAT parquet)""")
    return path


def run(plan: SplitPlan, path: Path, percent: int = 100) -> Mapping[str, list[dict[str, Any]]]:
    """The splits that the script gives, read as train.py reads it."""
    con = duckdb.connect()
    con.execute(f"SET VARIABLE snapshot = '{path}'")
    con.execute(f"SET VARIABLE sample_percent = {percent}")
    statements = con.extract_statements(sample_query(plan).script)
    for statement in statements[:-4]:
        con.execute(statement)
    found = {}
    for name, statement in zip(SPLIT_NAMES, statements[-4:], strict=True):
        rows = con.execute(statement)
        keys = [column[0] for column in rows.description]
        found[name] = [dict(zip(keys, row, strict=True)) for row in rows.fetchall()]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_column_may_be_called_anything(tmp_path: Path, name: str) -> None:
    both = (PlannedColumn(name, "STRING", "mine", "query"), PlannedColumn(name, "STRING", "theirs", "candidate"))
    splits = run(replace(PLAN, columns=both), snapshot(tmp_path, name))
    assert len(splits["fit"]) == 162
    assert len(splits["eval"]) == 18
    for row in splits["train"]:
        assert row["mine"] == row["theirs"] == f"v{row['row_id'] % 7}"
    assert [row["theirs"] for row in splits["catalogue"]] == [f"v{n}" for n in range(7)]


@pytest.mark.parametrize("role", ["product", "customer", "date", "quantity"])
def test_a_role_may_lie_on_any_column(tmp_path: Path, role: str) -> None:
    name = 'a "quoted"; one'
    plain = {"product": "product", "customer": "who", "date": "at", "quantity": "pieces"}[role]
    path = snapshot(tmp_path, "other")
    renamed = tmp_path / "renamed.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT *, {quoted(plain)} AS {quoted(name)} FROM '{path}') TO '{renamed}' (FORMAT parquet)"
    )
    changes: dict[str, Any] = {role: name}
    assert run(replace(PLAN, **changes), renamed) == run(PLAN, path)


def test_a_text_of_user_data_never_becomes_a_statement_or_a_comment() -> None:
    name = '"; DROP TABLE marked; --'
    columns = (PlannedColumn(name, "STRING", "mine", "query"),)
    count = len(duckdb.connect().extract_statements(sample_query(replace(PLAN, columns=columns)).script))
    plain = (PlannedColumn("plain", "STRING", "mine", "query"),)
    assert count == len(duckdb.connect().extract_statements(sample_query(replace(PLAN, columns=plain)).script))


@pytest.mark.parametrize("split", ["time", "last", "random", "auto"])
def test_the_splits_are_apart_and_whole(tmp_path: Path, split: str) -> None:
    splits = run(replace(PLAN, split=split), snapshot(tmp_path, "other"))
    fit, evaluation = ({row["row_id"] for row in splits[name]} for name in ("fit", "eval"))
    assert not fit & evaluation
    assert fit | evaluation == {n for n in range(200) if n % 10}


def test_without_dates_and_customers_it_samples_rows_at_random(tmp_path: Path) -> None:
    plan = replace(PLAN, date=None, customer=None, columns=PLAN.columns[1:])
    splits = run(plan, snapshot(tmp_path, "other"), percent=50)
    assert 0 < len(splits["train"]) < len(splits["fit"])
    assert len(splits["catalogue"]) == 7


def test_the_same_plan_gives_the_same_text() -> None:
    assert sample_query(PLAN).script == sample_query(PLAN).script
    assert "sample_percent" in sample_query(PLAN).script
