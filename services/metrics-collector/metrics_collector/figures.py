"""Every figure of a quick test, computed from its stored ranks with DuckDB; no TensorFlow and no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from towerlab.domain.paired import paired
from towerlab.domain.results import KS, Recall, Slice
from towerlab.domain.statistics import Estimate, clustered_ratio
from towerlab.runtime.hits import hits_in

from metrics_collector import tables
from metrics_collector.examples import examples
from metrics_collector.inputs import Unusable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CUSTOMER_SLICES: Mapping[str, str] = {"new_customers": "new_customer", "returning_customers": "NOT new_customer"}
PRODUCT_SLICES: Mapping[str, str] = {
    "head_products": "head_product",
    "tail_products": "NOT head_product",
    "new_products": "new_product",
}


@dataclass(frozen=True)
class Figures:
    """`replicates` maps a replicate's number to its figures; means over them are in `whole.recall` and `metrics`.
    `ranks` and `customers` are the Parquet files to keep: ranks by row, hits by customer; `examples` as examples.py."""

    whole: Slice
    random: Recall
    slices: Mapping[str, Slice]
    metrics: Mapping[str, float]
    replicates: Mapping[int, Mapping[str, float]]
    catalogue: int
    ranks: bytes
    customers: bytes
    bought: int  # distinct products of the rows that were judged
    examples: Mapping[str, Any]


def compute(files: Mapping[str, bytes], has_customers: bool, exclude_seen: bool = False) -> Figures:
    """`files` holds Parquet bytes: ranks, products, customers, rows, recommendations. Raises Unusable.

    Without a customer role the splits give every row a customer of its own, and there is no repeat purchase. With
    `exclude_seen` the products that a customer bought in training are taken out of every list, the baselines' too, and
    so are the rows that are such a purchase.
    """
    import duckdb

    with TemporaryDirectory(prefix="figures-") as folder, duckdb.connect(":memory:") as connection:
        try:
            _load(connection, Path(folder), files)
            _check(connection)
            _judge(connection, exclude_seen)
            return _figures(connection, Path(folder), has_customers, exclude_seen)
        except duckdb.Error as error:
            raise Unusable(f"the ranks cannot be read ({error})") from error


def paired_difference(ours: bytes, theirs: bytes) -> Mapping[str, Estimate] | None:
    """Ours minus theirs by k, from two tests' hits per customer; None when they were not judged on the same rows."""
    return paired(hits_in(ours), hits_in(theirs))


def _load(connection: DuckDBPyConnection, folder: Path, files: Mapping[str, bytes]) -> None:
    paths = {name: _file(folder, name, content) for name, content in files.items()}
    connection.execute(tables.PRODUCTS, [paths["products"]])
    connection.execute(tables.CUSTOMERS, [paths["customers"]])
    connection.execute(tables.ROWS, [paths["rows"]])
    connection.execute(tables.RANKS, [paths["ranks"]])
    connection.execute(tables.EVALUATED)


def _check(connection: DuckDBPyConnection) -> None:
    if not _number(connection, "SELECT count(*) FROM ranked"):
        raise Unusable("there is not one rank: no evaluation row was judged")
    for fault, query in tables.FAULTS.items():
        if count := _number(connection, query):
            raise Unusable(f"the ranks do not fit the evaluation rows: {count} {fault}")


def _judge(connection: DuckDBPyConnection, exclude_seen: bool) -> None:
    for statement in (
        tables.places(exclude_seen),
        tables.JUDGED,
        tables.OWNED,
        tables.STANDING,
        tables.baselines(exclude_seen),
        tables.OUTCOMES,
    ):
        connection.execute(statement)
    if not _number(connection, "SELECT count(*) FROM outcome"):
        raise Unusable(
            "no evaluation row is left: every one repeats a purchase of the training period",
            remedy="Switch 'exclude what the customer already bought' off.",
        )


def _figures(connection: DuckDBPyConnection, folder: Path, has_customers: bool, exclude_seen: bool) -> Figures:
    repeats = has_customers and not exclude_seen  # who may not repeat has no list of repeats
    conditions = {**(CUSTOMER_SLICES if has_customers else {}), **PRODUCT_SLICES}
    slices = {name: _slice(connection, condition, repeats) for name, condition in conditions.items()}
    whole = _slice(connection, "true", repeats)
    if whole is None:
        raise Unusable("there is no row to judge")
    catalogue = _number(connection, "SELECT count(*) FROM product")
    return Figures(
        whole=whole,
        random=_random(connection) if exclude_seen else _known({str(k): min(1.0, k / catalogue) for k in KS}),
        slices={name: found for name, found in slices.items() if found is not None},
        metrics=_means(connection, "mrr", *(f"ndcg_{k}" for k in KS)),
        replicates=_by_replicate(connection),
        catalogue=catalogue,
        ranks=_written(connection, folder / "kept-ranks", tables.DURABLE_RANKS),
        customers=_written(connection, folder / "kept-customers", tables.HITS_PER_CUSTOMER),
        bought=_number(connection, "SELECT count(DISTINCT product_index) FROM judged"),
        examples=examples(connection, str(folder / "recommendations.parquet")),
    )


def _slice(connection: DuckDBPyConnection, condition: str, repeats: bool) -> Slice | None:
    names = ("model", "popularity", "repeat")
    sums = ", ".join(f"sum({name}_{k})" for name in names for k in KS)
    query = f"SELECT count(*), {sums} FROM outcome WHERE {condition} GROUP BY customer ORDER BY customer"
    columns = list(zip(*connection.execute(query).fetchall(), strict=True))
    if not columns:
        return None
    rows, hits = columns[0], columns[1:]
    model, popularity, repeat = (_recall(rows, hits[i : i + len(KS)]) for i in range(0, len(hits), len(KS)))
    return Slice(int(sum(rows)), len(rows), model, popularity, repeat if repeats else None)


def _recall(rows: tuple[int, ...], hits: list[tuple[float, ...]]) -> Recall:
    estimates = {str(k): clustered_ratio(column, rows) for k, column in zip(KS, hits, strict=True)}
    return Recall(
        at={k: estimate.value for k, estimate in estimates.items()},
        interval={k: estimate.interval for k, estimate in estimates.items()},
    )


def _random(connection: DuckDBPyConnection) -> Recall:
    """What a random order gives when each customer's list lacks what it bought before."""
    means = _means(connection, *(f"random_{k}" for k in KS))
    return _known({str(k): means[f"random_{k}"] for k in KS})


def _known(at: Mapping[str, float]) -> Recall:
    """A recall that is computed, not estimated: its interval is the value."""
    return Recall(at=at, interval={k: (value, value) for k, value in at.items()})


def _means(connection: DuckDBPyConnection, *columns: str) -> dict[str, float]:
    row = _row(connection, f"SELECT {', '.join(f'favg({column})' for column in columns)} FROM outcome")
    return dict(zip(columns, map(float, row), strict=True))


def _by_replicate(connection: DuckDBPyConnection) -> dict[int, Mapping[str, float]]:
    found = connection.execute(tables.model("replicate"))
    names = [column[0] for column in found.description or ()]
    return {int(row[0]): dict(zip(names[1:], map(float, row[1:]), strict=True)) for row in found.fetchall()}


def _written(connection: DuckDBPyConnection, path: Path, statement: str) -> bytes:
    connection.execute(statement, [str(path)])
    return path.read_bytes()


def _file(folder: Path, name: str, content: bytes) -> str:
    path = folder / f"{name}.parquet"
    path.write_bytes(content)
    return str(path)


def _number(connection: DuckDBPyConnection, query: str) -> int:
    return int(_row(connection, query)[0])


def _row(connection: DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    assert row is not None, "an aggregate always gives one row"
    return row
