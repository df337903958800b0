"""Recommendations to look at: each customer's list beside what that customer bought before and after."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST = 30  # products of a history

_RECOMMENDED = """
SELECT customer_id, product_id, coalesce(owned.times, 0), later.times IS NOT NULL
FROM recommended JOIN customer USING (customer_index) JOIN product USING (product_index)
     LEFT JOIN owned USING (customer_index, product_index) LEFT JOIN later USING (customer_index, product_index)
ORDER BY customer_id, place
"""
_BOUGHT = """
SELECT customer_id, product_id, {table}.times
FROM {table} SEMI JOIN recommended USING (customer_index) JOIN customer USING (customer_index)
     JOIN product USING (product_index)
QUALIFY row_number() OVER (PARTITION BY customer_index ORDER BY {table}.times DESC, product_id) <= {longest}
ORDER BY customer_id, {table}.times DESC, product_id
"""
_LATER = """
CREATE TABLE later AS
SELECT customer_index, product_index, count(*) AS times FROM purchase WHERE split = 'eval' GROUP BY ALL
"""


def examples(connection: DuckDBPyConnection, recommended: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By customer: {recommended: [{product, bought_before, bought_after}], before: [{product, times}], after: same}.
    `recommended` is the path of the trainer's lists; the connection has the tables of figures."""
    connection.execute("CREATE TABLE recommended AS SELECT * FROM read_parquet(?)", [recommended])
    connection.execute(_LATER)
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(
        lambda: {"recommended": [], "before": [], "after": []}
    )
    for customer, product, times, later in connection.execute(_RECOMMENDED).fetchall():
        found[customer]["recommended"].append({"product": product, "bought_before": times, "bought_after": later})
    for part, table in (("before", "owned"), ("after", "later")):
        for customer, product, times in connection.execute(_BOUGHT.format(table=table, longest=LONGEST)).fetchall():
            found[customer][part].append({"product": product, "times": times})
    return dict(found)
