"""What BigQuery is asked, in its own words: bqemulator would take many that BigQuery does not."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot.errors import UnsupportedError
from towerlab.adapters.bigquery_sql import parsed, rendered
from towerlab.domain.columns import ColumnType

COLUMNS = {"amount": ColumnType.FLOAT, "customer": ColumnType.STRING, "id": ColumnType.FLOAT}
RENDERED = {
    "epoch(bought)": "UNIX_MICROS(TIMESTAMP(bought)) / 1000000",
    "isfinite(bought)": "NOT bought IS NULL",
    "isfinite(TRY_CAST(amount AS FLOAT))": "ABS(amount) < 3.4028235677973366e+38",
    "first(v ORDER BY n DESC, v)": "ARRAY_AGG(v ORDER BY n DESC, v LIMIT 1)[SAFE_OFFSET(0)]",
    "quantile_disc(v, 0.5)": "ARRAY_AGG(v IGNORE NULLS ORDER BY v ASC)[SAFE_OFFSET(DIV((COUNT(v) - 1), 2))]",
    "strftime(day, '%Y-%m-%d')": "FORMAT_DATE('%Y-%m-%d', day)",
    "strftime(x, '%Y-%m-%dT%H:%M:%S.%fZ')": "FORMAT_DATETIME('%Y-%m-%dT%H:%M:%E6SZ', x)",
    "('0x' || substr(md5('r|' || row_id), 1, 8))::BIGINT % 10000": (
        "MOD(CAST(('0x' || SUBSTRING(TO_HEX(MD5('r|' || CAST(row_id AS STRING))), 1, 8)) AS INT64), 10000)"
    ),
    "count(*) OVER () * 9 // 10": "DIV(COUNT(*) OVER () * 9, 10)",
    "sum(x) FILTER (y IS NULL)": "SUM(IF(y IS NULL, x, NULL))",
    "count(DISTINCT c) FILTER (is_eval)": "COUNT(DISTINCT IF(is_eval, c, NULL))",
    "getvariable('split')": "'it\\'s'",
    "getvariable('sample_percent') * 100": "25 * 100",
    "$low": "@low",
    '"id"::VARCHAR': "REGEXP_REPLACE(CAST(`id` AS STRING), '^(-?[0-9]+)$', '\\\\1.0')",
    "customer::VARCHAR": "CAST(customer AS STRING)",
    "NULL::TIMESTAMP": "CAST(NULL AS DATETIME)",
}


@pytest.mark.parametrize("duckdb", RENDERED)
def test_an_expression_is_rendered_for_bigquery(duckdb: str) -> None:
    variables = {"split": "it's", "sample_percent": 25}
    assert rendered(parsed(f"SELECT {duckdb} FROM t"), COLUMNS, variables) == f"SELECT {RENDERED[duckdb]} FROM t"


def test_half_of_two_middle_values_is_their_mean() -> None:
    sql = rendered(parsed("SELECT quantile_cont(v, 0.5) FROM t"), COLUMNS, {})
    assert sql.count("ARRAY_AGG(v IGNORE NULLS ORDER BY v ASC)") == 2
    assert sql.endswith("[SAFE_OFFSET(DIV((COUNT(v)), 2))]) / 2 FROM t")


def test_what_bigquery_cannot_say_is_not_left_out() -> None:
    with pytest.raises(UnsupportedError):
        rendered(parsed("SELECT sum(n) OVER (ORDER BY v) FROM t"), COLUMNS, {})


@pytest.mark.parametrize("name", ["a' OR 1=1 --", 'x"; DROP TABLE t; --', "`", "\\", "\n", "*/", "@x", "#"])
def test_no_name_of_a_column_gets_out_of_its_quotes(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    sql = rendered(parsed(f"SELECT {quoted} FROM t"), COLUMNS, {})
    (statement,) = sqlglot.parse(sql, read="bigquery")
    assert statement is not None
    assert [column.name for column in statement.find_all(sqlglot.exp.Column)] == [name]
