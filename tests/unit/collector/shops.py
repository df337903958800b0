"""Small shops as the pipeline leaves them behind: purchases, splits and ranks as Parquet, and their JSON reports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
from towerlab.domain.quicktest import STAGES
from towerlab.ports.pipelines import JobTask

from tests.unit.worlds import World

Ints = npt.NDArray[np.int64]


@dataclass
class Shop:
    """Purchases (`customers`, `products` by row; the row number is its id), which of them are evaluated, and a score
    of every product for every evaluation row and replicate: [replicate, evaluation row, product]."""

    customers: Ints
    products: Ints
    is_eval: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float64]
    catalogue: int
    people: int
    files: dict[str, bytes] = field(default_factory=dict)
    owns: dict[int, Ints] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = parquet(self)

    @property
    def eval_rows(self) -> Ints:
        return np.flatnonzero(self.is_eval)

    def bought(self, rows: npt.NDArray[np.bool_] | None = None) -> Ints:
        """Training rows per product, of all customers or of some rows."""
        chosen = ~self.is_eval if rows is None else ~self.is_eval & rows
        return np.bincount(self.products[chosen], minlength=self.catalogue)

    def owned(self, customer: int) -> Ints:
        if customer not in self.owns:
            self.owns[customer] = self.bought(self.customers == customer)
        return self.owns[customer]

    def ranks(self) -> list[tuple[int, int, int, int, int, int | None]]:
        """Rows of ranks.parquet: ties count against the model."""
        found = []
        for replicate, scores in enumerate(self.scores):
            for row, score in zip(self.eval_rows, scores, strict=True):
                customer, product = int(self.customers[row]), int(self.products[row])
                seen = self.owned(customer) > 0
                rank = int((score >= score[product]).sum())
                unseen = None if seen[product] else rank - int((seen & (score >= score[product])).sum())
                found.append((int(row), customer, product, replicate, rank, unseen))
        return found


def a_shop(seed: int = 0, rows: int = 200, people: int = 12, catalogue: int = 30, replicates: int = 1) -> Shop:
    """Random purchases with favourites, and scores that know a little."""
    rng = np.random.default_rng(seed)
    customers = rng.integers(0, people, rows)
    products = np.minimum(rng.geometric(min(1.0, 4 / catalogue), rows), catalogue) - 1
    products = np.where(rng.random(rows) < 0.3, customers % catalogue, products)
    is_eval = rng.random(rows) < 0.3
    is_eval[0], is_eval[-1] = False, True
    popularity = np.bincount(products[~is_eval], minlength=catalogue)
    scores = np.round(rng.random((replicates, int(is_eval.sum()), catalogue)), 1) + popularity / popularity.max()
    return Shop(customers, products, is_eval, scores, catalogue, people)


def parquet(shop: Shop) -> dict[str, bytes]:
    """ranks, products, customers and rows as the pipeline writes them."""
    bought = shop.bought()
    products = [(p, f"product {p}", int(n), int(n), bool(n)) for p, n in enumerate(bought)]
    customers = [(c, f"customer {c}", int(shop.owned(c).sum())) for c in range(shop.people)]
    splits = np.where(shop.is_eval, "eval", "train")
    rows = [
        (r, int(c), int(p), str(s))
        for r, (c, p, s) in enumerate(zip(shop.customers, shop.products, splits, strict=True))
    ]
    return {
        "products": _parquet(
            "product_index INTEGER, product_id VARCHAR, train_rows INTEGER, fit_rows INTEGER, in_training BOOLEAN",
            products,
        ),
        "customers": _parquet("customer_index INTEGER, customer_id VARCHAR, train_rows INTEGER", customers),
        "rows": _parquet("row_id BIGINT, customer_index INTEGER, product_index INTEGER, split VARCHAR", rows),
        "ranks": ranks_parquet(shop.ranks()),
        "recommendations": _parquet(
            "customer_index INTEGER, place SMALLINT, product_index INTEGER", list(recommended(shop))
        ),
    }


def recommended(shop: Shop) -> Iterator[tuple[int, int, int]]:
    """The best ten for each customer's last evaluation row, by the first replicate's scores."""
    last = {int(shop.customers[row]): n for n, row in enumerate(shop.eval_rows)}
    for customer, n in sorted(last.items()):
        for place, product in enumerate(np.argsort(-shop.scores[0, n], kind="stable")[:10], start=1):
            yield customer, place, int(product)


def ranks_parquet(rows: Sequence[tuple[Any, ...]]) -> bytes:
    return _parquet(
        "row_id BIGINT, customer_index INTEGER, product_index INTEGER, replicate SMALLINT, rank INTEGER,"
        " rank_excluding_seen INTEGER",
        rows,
    )


def table(content: bytes) -> list[tuple[Any, ...]]:
    """The rows of a Parquet file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "file.parquet")
        path.write_bytes(content)
        return duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()


def _parquet(columns: str, rows: Sequence[tuple[Any, ...]]) -> bytes:
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "file.parquet")
        connection.execute(f"CREATE TABLE content ({columns})")
        names = [column.split()[0] for column in columns.split(", ")]
        types = [column.split()[1] for column in columns.split(", ")]
        unnested = ", ".join(f"unnest(?::{type}[]) AS {name}" for name, type in zip(names, types, strict=True))
        if rows:
            lists = [list(column) for column in zip(*rows, strict=True)]
            connection.execute(f"INSERT INTO content SELECT {unnested}", lists)
        connection.execute("COPY content TO ? (FORMAT parquet)", [str(path)])
        return path.read_bytes()


def training(shop: Shop, **changes: Any) -> dict[str, Any]:
    replicates = [
        {"replicate": r, "seed": 5 + r, "loss": [7.0, 6.5], "steps": 40, "seconds": 3.0, "distinct_in_top10": 25}
        for r in range(len(shop.scores))
    ]
    vocabulary = {"customer": {"tower": "query", "vocab_size": 12, "oov_rate": 0.01, "train_oov_rate": 0.0}}
    return {
        "schema": 1,
        "replicates": replicates,
        "vocabulary": vocabulary,
        "embeddings": ["customer"],
        "timings": {},
    } | changes


def summary(**changes: Any) -> dict[str, Any]:
    judged = {"total": 220, "qualify": 200, "no_customer": 15, "no_product": 0, "not_bought": 5}
    rows = {**judged, "train": 140, "eval": 60, "eval_customers": 40, "catalogue": 150}
    return {
        "schema": 1,
        "split": "time",
        "reason": "the newest 10%",
        "rows": rows,
        "unseen": {"customers": 0.1, "products": 0.02},
        "product_property": {"product": {"rows_share": 1.0, "products_share": 1.0}},
    } | changes


def leave_behind(
    world: World,
    shop: Shop,
    run: str = "one",
    tracked: str = "run1",
    without: str = "",
    reports: Mapping[str, Any] | None = None,
) -> tuple[JobTask, ...]:
    """Store what a succeeded job leaves behind; its tasks. `without` names a file that is missing."""
    contents = {f"examples/protocol/{name}.parquet": shop.files[name] for name in ("products", "customers", "rows")}
    contents |= {f"model_run/{name}.parquet": shop.files[name] for name in ("ranks", "recommendations")}
    bodies = {"model_run/training.json": training(shop), "examples/protocol/summary.json": summary()}
    bodies |= {"transform_graph/fitted.json": {"schema": 1}} | dict(reports or {})
    if tracked:
        bodies["model_run/tracking.json"] = {"run_id": tracked}
    contents |= {name: json.dumps(body).encode() for name, body in bodies.items()}
    for name, content in contents.items():
        if not name.endswith(without or "nothing"):
            world.deps.artifacts.put_if_absent(f"jobs/{run}/{name}", content)
    return tasks(world, run)


def tasks(world: World, run: str = "one") -> tuple[JobTask, ...]:
    outputs = {
        "ExampleGen": {"examples": world.deps.artifacts.uri(f"jobs/{run}/examples")},
        "Transform": {"transform_graph": world.deps.artifacts.uri(f"jobs/{run}/transform_graph")},
        "Trainer": {"model_run": world.deps.artifacts.uri(f"jobs/{run}/model_run")},
    }
    return tuple(
        JobTask(
            name,
            "cached" if name == "SchemaGen" else "succeeded",
            f"2026-03-01T10:0{i}:00Z",
            f"2026-03-01T10:0{i}:30Z",
            outputs=outputs.get(name, {}),
        )
        for i, name in enumerate(STAGES, start=1)
    )
