"""DuckDB's SQL for a sample: purchases cut into training and evaluation, joined with their products' attributes.

ExampleGen runs it statement by statement and a bundle carries it as text, so both see the very same rows. Tables it
makes, in this order: `judged` (every row with its verdict), `purchases` (those that qualify, with typed values c0, c1,
...), `customers` and `products` (dense indexes by id), `marked` (purchases with indexes, is_eval, in_sample) and
`catalogue` (one row a product with its attributes). It reads the variables `snapshot` and `sample_percent`, and sets
`split` to the split carried out and `unseen` to the share of the newest rows whose customers were never seen before.

No window spans all rows: BigQuery gives a window's partition to one worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import dedent, indent

from towerlab.emit.split_plan import PlannedColumn, SplitPlan

UNSEEN_LIMIT = 0.5  # above this share of evaluation rows of unseen customers a split by time says little
SPLIT_ROWS = {"fit": "NOT is_eval", "train": "NOT is_eval AND in_sample", "eval": "is_eval AND in_sample"}
SPLIT_NAMES = (*SPLIT_ROWS, "catalogue")

_HEAD = """\
-- The splits that a quick test of this feature config trains on and is judged on, for DuckDB. Made by Towerlab.
-- Its last four statements give the splits fit, train, eval and catalogue, in this order.
-- Set these two variables before, or take what follows; or make a view `snapshot` of your own, with a unique row_id.
SET VARIABLE snapshot = coalesce(getvariable('snapshot'), 'data.parquet');

SET VARIABLE sample_percent = coalesce(getvariable('sample_percent'), 100);
"""


@dataclass(frozen=True)
class SampleQuery:
    """`tables` are statements in their order; `splits` the query of each split by name."""

    tables: tuple[str, ...]
    splits: Mapping[str, str]

    @property
    def made_of_snapshot(self) -> tuple[str, ...]:
        """Those of `tables` that are left where the view `snapshot` is there and the clock is UTC's."""
        return self.tables[2:]

    @property
    def script(self) -> str:
        """All of it as one text."""
        statements = (*self.tables, *self.splits.values())
        return _HEAD + "".join(f"\n{statement};\n" for statement in statements)


def sample_query(plan: SplitPlan) -> SampleQuery:
    """The same plan gives the same text."""
    tables = (
        "SET TimeZone = 'UTC'",
        "CREATE TEMP VIEW IF NOT EXISTS snapshot AS SELECT * FROM read_parquet(getvariable('snapshot'))",
        _judged(plan),
        "CREATE TEMP TABLE purchases AS\nSELECT * EXCLUDE (verdict) FROM judged WHERE verdict = 'qualify'",
        _indexed("customer"),
        _indexed("product"),
        *([_days()] if _looks_at_days(plan) else []),
        *_choice(plan),
        _marked(plan),
        *_catalogue(plan),
    )
    return SampleQuery(tables, {name: _split(plan, name) for name in SPLIT_NAMES})


def quoted(name: str) -> str:
    """A column's name inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def value_names(plan: SplitPlan) -> dict[str, str]:
    """The name each planned column's value has in `purchases`."""
    names = dict.fromkeys(column.name for column in plan.columns)
    return {name: f"c{position}" for position, name in enumerate(names)}


def _value(column: PlannedColumn) -> str:
    """The column as the pipeline carries it: text, int64, float, or int64 epoch seconds. Infinities are missing."""
    name = quoted(column.name)
    if column.is_text:
        return f"CAST({name} AS VARCHAR)"
    if column.type == "INTEGER":
        return f"CAST({name} AS BIGINT)"
    if column.is_float:
        return f"CASE WHEN isfinite(TRY_CAST({name} AS FLOAT)) THEN CAST({name} AS DOUBLE) END"
    return f"CASE WHEN isfinite({name}) THEN CAST(floor(epoch(CAST({name} AS TIMESTAMP))) AS BIGINT) END"


def _judged(plan: SplitPlan) -> str:
    """A row counts when its customer and its product are known and something was bought."""
    by_name = {column.name: column for column in plan.columns}
    customer = f"CAST({quoted(plan.customer)} AS VARCHAR)" if plan.customer else "CAST(row_id AS VARCHAR)"
    picked = [
        "row_id",
        f"{customer} AS customer_id",
        f"CAST({quoted(plan.product)} AS VARCHAR) AS product_id",
        (f"CAST({quoted(plan.date)} AS TIMESTAMP)" if plan.date else "NULL::TIMESTAMP") + " AS bought_at",
        (f"coalesce({quoted(plan.quantity)} > 0, false)" if plan.quantity else "true") + " AS bought",
        *(f"{_value(by_name[name])} AS {alias}" for name, alias in value_names(plan).items()),
    ]
    return f"""\
CREATE TEMP VIEW judged AS
SELECT * EXCLUDE (bought),
    CASE
        WHEN coalesce(customer_id, '') = '' THEN 'no_customer'
        WHEN coalesce(product_id, '') = '' THEN 'no_product'
        WHEN NOT bought THEN 'not_bought'
        ELSE 'qualify'
    END AS verdict
FROM (
    SELECT
{_listed(picked, 8)}
    FROM snapshot
)"""


def _indexed(kind: str) -> str:
    """Every id of the full data with its index, in the order of the ids."""
    return f"""\
CREATE TEMP TABLE {kind}s AS
SELECT {kind}_id, CAST(row_number() OVER (ORDER BY {kind}_id) - 1 AS INTEGER) AS {kind}_index
FROM (SELECT DISTINCT {kind}_id FROM purchases)"""


_NEWEST_FIRST = "bought_at DESC NULLS LAST, row_id DESC"
_DAY = "coalesce(CAST(CAST(bought_at AS DATE) AS VARCHAR), '')"
_JOIN_DAYS = f"JOIN days ON days.day = {_DAY}"
_IS_EVALUATION = {
    "time": f"newer + row_number() OVER (PARTITION BY days.day ORDER BY {_NEWEST_FIRST}) <= newest_tenth",
    "last": f"""\
row_number() OVER (PARTITION BY customer_id ORDER BY {_NEWEST_FIRST})
    <= count(*) OVER (PARTITION BY customer_id) - count(*) OVER (PARTITION BY customer_id) * 4 // 5
    AND count(*) OVER (PARTITION BY customer_id) > 1""",
    "random": "('0x' || substr(md5('r|' || row_id), 1, 8))::BIGINT % 10000 < 1000",
}


def _choice(plan: SplitPlan) -> Iterator[str]:
    """`auto` is by time; where most of the newest rows would be of customers never seen before, by each customer's last
    rows; without dates at random."""
    if plan.split != "auto" or plan.date is None:
        yield f"SET VARIABLE split = '{'random' if plan.split == 'auto' else plan.split}'"
        return
    yield f"""\
CREATE TEMP TABLE newest AS
SELECT customer_id,
    {_IS_EVALUATION["time"]} AS is_newest
FROM purchases {_JOIN_DAYS}"""
    yield """\
SET VARIABLE unseen = (
    SELECT coalesce(avg((customer_id NOT IN (SELECT customer_id FROM newest WHERE NOT is_newest))::INTEGER), 0)
    FROM newest WHERE is_newest
)"""
    if plan.customer is None:
        yield "SET VARIABLE split = 'time'"
    else:
        yield f"SET VARIABLE split = CASE WHEN getvariable('unseen') <= {UNSEEN_LIMIT} THEN 'time' ELSE 'last' END"


def _days() -> str:
    """Every day with the number of rows of newer days, and how many rows the newest tenth of all is. Rows without a
    date are a day of their own, older than any."""
    return f"""\
CREATE TEMP TABLE days AS
SELECT day, sum(n) OVER (ORDER BY latest DESC NULLS LAST) - n AS newer,
    sum(n) OVER () - sum(n) OVER () * 9 // 10 AS newest_tenth
FROM (SELECT {_DAY} AS day, max(bought_at) AS latest, count(*) AS n FROM purchases GROUP BY 1)"""


def _marked(plan: SplitPlan) -> str:
    """Sampling keeps whole customers: the first 8 hex digits of md5('s|' + customer id)."""
    by_time = f"\n    {_JOIN_DAYS}" if _looks_at_days(plan) else ""
    return f"""\
CREATE TEMP TABLE marked AS
SELECT purchases.*, customer_index, product_index,
{indent(_is_evaluation(plan), " " * 4)} AS is_eval,
    ('0x' || substr(md5('s|' || customer_id), 1, 8))::BIGINT % 10000 < getvariable('sample_percent') * 100 AS in_sample
FROM purchases JOIN customers USING (customer_id) JOIN products USING (product_id){by_time}"""


def _looks_at_days(plan: SplitPlan) -> bool:
    return plan.split == "time" or (plan.split == "auto" and plan.date is not None)


def _is_evaluation(plan: SplitPlan) -> str:
    if plan.split != "auto" or plan.date is None:
        return _IS_EVALUATION["random" if plan.split == "auto" else plan.split]
    if plan.customer is None:
        return _IS_EVALUATION["time"]
    cases = [f"WHEN '{split}' THEN\n{indent(_IS_EVALUATION[split], ' ' * 4)}" for split in ("time", "last")]
    return "\n".join(["CASE getvariable('split')", *(indent(case, " " * 4) for case in cases), "END"])


def _catalogue(plan: SplitPlan) -> Iterator[str]:
    """One row a product, one attribute a0, a1, ... per candidate column: from the product's training rows, or from all
    it has when it has none."""
    yield """\
CREATE TEMP VIEW own_rows AS
SELECT * FROM marked
WHERE NOT is_eval OR product_index NOT IN (SELECT product_index FROM marked WHERE NOT is_eval)"""
    names, joins, picked = value_names(plan), [""], ["product_index"]
    for position, column in enumerate(plan.candidate_columns):
        yield f"CREATE TEMP TABLE attribute_{position} AS\n{_attribute(column, names[column.name])}"
        joins.append(f"LEFT JOIN attribute_{position} USING (product_index)")
        picked.append(f"attribute_{position}.value AS a{position}")
    yield f"CREATE TEMP TABLE catalogue AS\nSELECT {', '.join(picked)}\nFROM products" + "\n".join(joins)


def _attribute(column: PlannedColumn, value: str) -> str:
    """(product_index, value): the most frequent text, date or flag (ties: the smallest), the median number or time."""
    if column.is_float:
        return f"SELECT product_index, quantile_cont({value}, 0.5) AS value FROM own_rows GROUP BY 1"
    if column.type in ("INTEGER", "TIMESTAMP"):
        return f"SELECT product_index, quantile_disc({value}, 0.5) AS value FROM own_rows GROUP BY 1"
    return dedent(f"""\
        SELECT product_index, first({value} ORDER BY n DESC, {value}) AS value
        FROM (SELECT product_index, {value}, count(*) AS n FROM own_rows WHERE {value} IS NOT NULL GROUP BY 1, 2)
        GROUP BY 1""")


def _split(plan: SplitPlan, split: str) -> str:
    """The split's rows under the plan's keys, by row_id; the catalogue by product_index with empty query columns."""
    names = value_names(plan)
    whole = split == "catalogue"
    row_id, customer = ("-1", "-1") if whole else ("marked.row_id", "customer_index")
    picked = [
        f"CAST({row_id} AS BIGINT) AS row_id",
        f"CAST({customer} AS BIGINT) AS customer_index",
        "CAST(product_index AS BIGINT) AS product_index",
        *(f"{_typed(c, 'NULL' if whole else names[c.name])} AS {quoted(c.key)}" for c in plan.query_columns),
        *(f"{_typed(c, f'a{i}')} AS {quoted(c.key)}" for i, c in enumerate(plan.candidate_columns)),
    ]
    source = "catalogue" if whole else f"marked JOIN catalogue USING (product_index)\nWHERE {SPLIT_ROWS[split]}"
    order = "product_index" if whole else "marked.row_id"
    return f"SELECT -- {split}\n{_listed(picked, 4)}\nFROM {source}\nORDER BY {order}"


def _typed(column: PlannedColumn, value: str) -> str:
    kind = "VARCHAR" if column.is_text else "FLOAT" if column.is_float else "BIGINT"
    return f"CAST({value} AS {kind})"


def _listed(parts: list[str], by: int) -> str:
    return ",\n".join(" " * by + part for part in parts)
