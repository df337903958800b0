"""SQL over the ranks and the splits: one row per evaluation row, with the model's hits and those of the baselines.

Ranks inside are 0-based: the number of better products, plus half of the ties where a baseline has ties.
A row is a hit at k when its rank is below k.
"""

from __future__ import annotations

from towerlab.domain.results import KS

PRODUCTS = """
CREATE TABLE product AS
WITH counted AS (
    SELECT product_index, product_id, train_rows AS bought,
           rank() OVER (ORDER BY train_rows DESC) - 1 AS above,
           count(*) OVER (PARTITION BY train_rows) AS equal,
           sum(train_rows) OVER down_the_list - train_rows AS sold_above,
           sum(train_rows) OVER () AS sold
    FROM read_parquet(?)
    WINDOW down_the_list AS (ORDER BY train_rows DESC, product_index ROWS UNBOUNDED PRECEDING)
)
SELECT product_index, product_id, bought, above, equal,
       bought = 0 AS new_product,
       bought > 0 AND sold_above < sold / 2 AS head_product
FROM counted
"""

CUSTOMERS = """
CREATE TABLE customer AS
SELECT customer_index, customer_id, train_rows = 0 AS new_customer FROM read_parquet(?)
"""

ROWS = "CREATE TABLE purchase AS SELECT row_id, customer_index, product_index, split FROM read_parquet(?)"

RANKS = """
CREATE TABLE ranked AS SELECT row_id, product_index, replicate, rank, rank_excluding_seen FROM read_parquet(?)
"""


# The rows that are judged. `place` is the rank that counts; rows that it leaves out have none.
def places(exclude_seen: bool) -> str:
    rank = "rank_excluding_seen" if exclude_seen else "rank"
    return f"CREATE TABLE place AS SELECT row_id, replicate, {rank} - 1 AS place FROM ranked WHERE {rank} IS NOT NULL"


EVALUATED = """
CREATE TABLE evaluated AS
SELECT row_id, customer_index, product_index, customer_id AS customer, product_id,
       new_customer, new_product, head_product
FROM purchase JOIN product USING (product_index) JOIN customer USING (customer_index)
WHERE split = 'eval'
"""

JUDGED = "CREATE TABLE judged AS SELECT * FROM evaluated WHERE row_id IN (SELECT row_id FROM place)"

# What each customer bought in training, and where the products of its evaluation rows stand among that.
OWNED = """
CREATE TABLE owned AS
SELECT customer_index, product_index, count(*) AS times, any_value(product.bought) AS bought
FROM purchase JOIN product USING (product_index)
WHERE split = 'train'
GROUP BY customer_index, product_index
"""

STANDING = """
CREATE TABLE standing AS
WITH pair AS (
    SELECT DISTINCT judged.customer_index, judged.product_index, product.bought, owned.times
    FROM judged
    JOIN product USING (product_index)
    LEFT JOIN owned ON owned.customer_index = judged.customer_index AND owned.product_index = judged.product_index
)
SELECT pair.customer_index, pair.product_index, any_value(pair.times) AS times,
       count(owned.times) AS owns,
       count(*) FILTER (owned.bought > pair.bought) AS owns_more_popular,
       count(*) FILTER (owned.bought = pair.bought) AS owns_as_popular,
       count(*) FILTER ((owned.times, owned.bought) > (pair.times, pair.bought)) AS better,
       count(*) FILTER (owned.times = pair.times AND owned.bought = pair.bought) AS as_good
FROM pair LEFT JOIN owned ON owned.customer_index = pair.customer_index
GROUP BY pair.customer_index, pair.product_index
"""

POPULARITY = "above + (equal - 1) / 2.0"
POPULARITY_OF_UNSEEN = "above - owns_more_popular + (equal - owns_as_popular - 1) / 2.0"
# The customer's own products by how often, then by popularity; after them all others by popularity.
REPEAT_PURCHASE = f"""
CASE WHEN times IS NOT NULL THEN better + (as_good - 1) / 2.0
     ELSE owns + {POPULARITY_OF_UNSEEN} END
"""


def hits_at_every_k(rank: str, name: str) -> str:
    """Select expressions `<name>_10`, `<name>_50`, ... of a 0-based rank expression."""
    return ", ".join(f"(({rank}) < {k})::DOUBLE AS {name}_{k}" for k in KS)


def baselines(exclude_seen: bool) -> str:
    """Adds hits of popularity and repeat purchase to the judged rows."""
    popularity = POPULARITY_OF_UNSEEN if exclude_seen else POPULARITY
    catalogue = "(SELECT count(*) FROM product)" + (" - owns" if exclude_seen else "")
    random = ", ".join(f"least(1.0, {k} / ({catalogue})::DOUBLE) AS random_{k}" for k in KS)
    return f"""
    CREATE TABLE baseline AS
    SELECT row_id, {random}, {hits_at_every_k(popularity, "popularity")}, {hits_at_every_k(REPEAT_PURCHASE, "repeat")}
    FROM judged JOIN product USING (product_index) JOIN standing USING (customer_index, product_index)
    """


def model(by: str) -> str:
    """The model's figures by row (means over replicates) or by replicate (means over rows)."""
    hits = ", ".join(f"avg((place < {k})::DOUBLE) AS model_{k}" for k in KS)
    gains = ", ".join(f"avg(CASE WHEN place < {k} THEN 1 / log2(place + 2) ELSE 0 END) AS ndcg_{k}" for k in KS)
    return f"SELECT {by}, {hits}, {gains}, avg(1.0 / (place + 1)) AS mrr FROM place GROUP BY {by} ORDER BY {by}"


OUTCOMES = (
    f"CREATE TABLE outcome AS SELECT * FROM judged JOIN ({model('row_id')}) USING (row_id) JOIN baseline USING (row_id)"
)

DURABLE_RANKS = """
COPY (
    SELECT row_id, customer, product_id, replicate, rank, rank_excluding_seen, new_customer, new_product, head_product
    FROM ranked JOIN evaluated USING (row_id)
    ORDER BY replicate, row_id
) TO ? (FORMAT parquet, COMPRESSION zstd)
"""

HITS_PER_CUSTOMER = f"""
COPY (
    SELECT customer, count(*) AS rows, {", ".join(f"sum(model_{k}) AS hits_{k}" for k in KS)}
    FROM outcome GROUP BY customer ORDER BY customer
) TO ? (FORMAT parquet, COMPRESSION zstd)
"""

# What is wrong with the ranks, if anything: each query counts rows that must not be there.
FAULTS = {
    "purchases of products or customers that the splits do not list": """
        SELECT count(*) FROM purchase WHERE product_index NOT IN (SELECT product_index FROM product)
        OR customer_index NOT IN (SELECT customer_index FROM customer)""",
    "rows without a rank": """
        SELECT count(*) FROM evaluated CROSS JOIN (SELECT DISTINCT replicate FROM ranked) fits
        LEFT JOIN ranked ON ranked.row_id = evaluated.row_id AND ranked.replicate = fits.replicate
        WHERE rank IS NULL""",
    "ranks of rows that are not evaluated, or of another product than was bought": """
        SELECT count(*) FROM ranked LEFT JOIN evaluated
        ON evaluated.row_id = ranked.row_id AND evaluated.product_index = ranked.product_index
        WHERE evaluated.row_id IS NULL""",
    "rows ranked twice in one fit": """
        SELECT count(*) FROM (SELECT row_id FROM ranked GROUP BY row_id, replicate HAVING count(*) > 1)""",
    "ranks outside the catalogue": """
        SELECT count(*) FROM ranked WHERE rank NOT BETWEEN 1 AND (SELECT count(*) FROM product)
        OR rank_excluding_seen NOT BETWEEN 1 AND rank""",
}
