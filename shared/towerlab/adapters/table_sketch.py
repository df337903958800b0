"""Sketches of a snapshot: the sample query's own tables (emit/sample_query.py), counted column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towerlab.adapters.table_engine import Engine, first
from towerlab.adapters.table_rows import training_verdict
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.sketches import EXAMPLES, LISTED, QUANTILES, Purchase, Sketch, Sketches
from towerlab.emit.sample_query import sample_query
from towerlab.emit.split_plan import PlannedColumn, SplitPlan

_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIMESTAMP, ColumnType.DATE})
_ROWS = "SELECT marked.*, catalogue.* EXCLUDE (product_index) FROM marked JOIN catalogue USING (product_index)"
# What each side's values are counted over, with training and evaluation rows of each: rows, or whole products.
_COUNTED = {
    "query": """(SELECT *, (NOT is_eval)::INTEGER AS train, is_eval::INTEGER AS later FROM marked)""",
    "candidate": """(SELECT * FROM catalogue JOIN (
        SELECT product_index, count(*) FILTER (NOT is_eval) AS train, count(*) FILTER (is_eval) AS later
        FROM marked GROUP BY 1) USING (product_index))""",
}


@dataclass(frozen=True)
class _Place:
    """Where the tables have a column's values on one side."""

    side: str
    column: str
    type: ColumnType
    value: str


def sketches(engine: Engine, roles: Mapping[str, str]) -> Sketches:
    """All columns on both sides. `roles` has a product_id. Empty without training rows."""
    places = _make_tables(engine, roles)
    train, evaluation, customers = first(
        engine,
        """SELECT count(*) FILTER (NOT is_eval), count(*) FILTER (is_eval),
                  count(DISTINCT customer_index) FILTER (is_eval) FROM marked""",
    )
    if not train:
        return Sketches()
    found: dict[str, dict[str, Sketch]] = {"query": {}, "candidate": {}}
    for place, sketch in zip(places, engine.each(_sketch, places), strict=True):
        found[place.side][place.column] = sketch
    examples = _purchases(engine, places, f"ORDER BY md5('p|' || row_id::VARCHAR), row_id LIMIT {EXAMPLES}", {})
    (split,) = first(engine, "SELECT getvariable('split')")
    return Sketches(split, train, evaluation, customers, found, examples)


def purchase(engine: Engine, roles: Mapping[str, str], asked: Mapping[str, str]) -> Purchase:
    """The newest purchase of the customer and product that are `asked` for ('customer', 'product', one or both); of two
    that never met, each one's own newest. Raises Invalid, pointing at the one that has no purchase."""
    places = _make_tables(engine, roles)
    found = {name: _newest(engine, places, {name: id}) for name, id in asked.items()}
    faults = [_unknown(name, asked[name]) for name, purchase in found.items() if purchase is None]
    if faults:
        raise Invalid(faults)
    buyer, product = (found.get(name) or next(iter(found.values())) for name in ("customer", "product"))
    together = _newest(engine, places, asked)
    if together is not None:
        return together
    assert buyer is not None
    assert product is not None
    return Purchase(buyer.customer, product.product, buyer.query, product.candidate)


def _make_tables(engine: Engine, roles: Mapping[str, str]) -> list[_Place]:
    columns = engine.columns
    training_verdict(columns, roles)  # raises Invalid for roles that do not fit
    planned = [
        PlannedColumn(name, type, f"{side[0]}{n}", side)
        for side in ("query", "candidate")
        for n, (name, type) in enumerate(columns.items())
    ]
    plan = SplitPlan(
        snapshot_id="",
        sample_percent=100,
        split="auto",
        product=roles["product_id"],
        customer=roles.get("customer_id"),
        date=roles.get("transaction_date"),
        quantity=roles.get("quantity"),
        columns=tuple(planned),
    )
    engine.run("SET VARIABLE sample_percent = 100")
    for statement in sample_query(plan).made_of_snapshot:
        engine.run(statement)
    engine.run(f"CREATE TEMP VIEW every AS {_ROWS}")
    return [
        _Place(side, name, type, f"{value}{n}")
        for side, value in (("query", "c"), ("candidate", "a"))
        for n, (name, type) in enumerate(columns.items())
    ]


def _sketch(engine: Engine, place: _Place) -> Sketch:
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE counted AS
        SELECT {place.value} AS v, sum(train) AS train, sum(later) AS later FROM {_COUNTED[place.side]} GROUP BY 1""")
    listed = engine.rows(f"""
        SELECT v, train::BIGINT, later::BIGINT FROM counted WHERE v IS NOT NULL AND train > 0
        ORDER BY train DESC, v::VARCHAR DESC LIMIT {LISTED}""")
    totals = first(
        engine,
        """SELECT coalesce(sum(train) FILTER (v IS NOT NULL), 0), coalesce(sum(later) FILTER (v IS NOT NULL), 0),
                  coalesce(sum(train) FILTER (v IS NULL), 0), coalesce(sum(later) FILTER (v IS NULL), 0),
                  count(*) FILTER (v IS NOT NULL AND train > 0) FROM counted""",
    )
    values, train, later = zip(*listed, strict=True) if listed else ((), (), ())
    complete = totals[4] == len(values)
    return Sketch(
        values=values,
        train=train,
        evaluation=later,
        left_out=(int(totals[0]) - sum(train), int(totals[1]) - sum(later)),
        missing=(int(totals[2]), int(totals[3])),
        points=() if complete or place.type not in _NUMBERS else _points(engine, int(totals[0])),
        complete=complete,
    )


def _points(engine: Engine, rows: int) -> list[float]:
    """Quantile k of n is the smallest value with k/n of the `counted` training rows at or below it."""
    steps = engine.rows(f"""
        SELECT v, low, high
        FROM (SELECT v, place, ((up_to - train) * {QUANTILES} // {rows})::BIGINT AS low,
                     (up_to * {QUANTILES} // {rows})::BIGINT AS high
              FROM (SELECT v, train, sum(train) OVER (ORDER BY v NULLS FIRST) AS up_to,
                           row_number() OVER (ORDER BY v) AS place
                    FROM counted WHERE v IS NOT NULL AND train > 0))
        WHERE high > low OR place = 1 ORDER BY v""")
    return [steps[0][0], *(v for v, low, high in steps for _ in range(high - low))]


def _newest(engine: Engine, places: Sequence[_Place], asked: Mapping[str, str]) -> Purchase | None:
    wanted = " AND ".join(f"{name}_id = ${name}" for name in asked)
    rest = f"WHERE {wanted} ORDER BY bought_at DESC NULLS LAST, row_id DESC LIMIT 1"
    found = _purchases(engine, places, rest, asked)
    return found[0] if found else None


def _purchases(engine: Engine, places: Sequence[_Place], rest: str, values: Mapping[str, str]) -> list[Purchase]:
    picked = ", ".join(["customer_id", "product_id", *(place.value for place in places)])
    rows = engine.rows(f"SELECT {picked} FROM every {rest}", **values)
    return [_purchase(places, row) for row in rows]


def _purchase(places: Sequence[_Place], row: Sequence[Any]) -> Purchase:
    customer, product, *values = row
    by_side: dict[str, dict[str, Any]] = {"query": {}, "candidate": {}}
    for place, value in zip(places, values, strict=True):
        by_side[place.side][place.column] = value
    return Purchase(customer, product, by_side["query"], by_side["candidate"])


def _unknown(name: str, id: str) -> Problem:
    return Problem(
        f"/{name}", "not_found", f"no purchase that can be trained on has the {name} {id!r}", "Name another."
    )
