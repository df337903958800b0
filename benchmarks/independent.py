"""Are recall and loss what they are said to be? Quick tests beside a computation in plain numpy, from the definitions.

    .envs/pipeline/bin/python benchmarks/independent.py [complete_journey.parquet] [movielens_100k.parquet]

Writes docs/independent.md. Exits with 1 when a recall, a loss, a rank or the set of candidates is not the same. The
grocery purchases and the ratings are not part of this project. They come from the files named, else from shared/data
beside this checkout. Takes about six minutes on two cores.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import by_definition
import defaults
import duckdb
import movielens
import numpy as np
import pyarrow.parquet as pq
import towers
from metrics_collector.figures import compute
from quick_tests import Runner, Sample, snapshot_of
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigLists
from towerlab.configs.features import feature_keys
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType

ROOT = Path(__file__).resolve().parents[1]
GROCERIES = ROOT.parent / "shared" / "data" / "complete_journey.parquet"
PAGE = "docs/independent.md"
COMMAND = ".envs/pipeline/bin/python benchmarks/independent.py"
CUTS = (10, 50, 100)
LOSS_WITHIN = 1e-4  # both are sums in float32 somewhere
RECALL_WITHIN = 0.0005
UNEXPLAINED_RANKS = 0.001  # share of rows

GROCERY_ROLES = {
    "customer_id": "customer_id",
    "product_id": "product_id",
    "transaction_date": "trans_date",
    "quantity": "quantity",
}
GROCERY_TYPES = {
    "customer_id": ColumnType.INTEGER,
    "store_id": ColumnType.INTEGER,
    "customer_age": ColumnType.STRING,
    "trans_date": ColumnType.TIMESTAMP,
    "product_id": ColumnType.INTEGER,
    "subcategory": ColumnType.STRING,
    "department": ColumnType.STRING,
    "brand": ColumnType.STRING,
}


@dataclass(frozen=True)
class Case:
    """One quick test."""

    name: str
    config: ResolvedConfig
    sample: Sample
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Protocol:
    """What is trained on and judged, from the snapshot alone. Products are numbered in the order of their ids."""

    products: list[str]
    judged_rows: np.ndarray  # row_id, ascending
    judged_product: np.ndarray
    trained_rows: np.ndarray  # row_id, ascending
    trained_product: np.ndarray


@dataclass(frozen=True)
class Compared:
    """A figure that was recorded, the same by definition, and by how much they may differ."""

    name: str
    recorded: float
    computed: float
    within: float

    @property
    def difference(self) -> float:
        return abs(self.recorded - self.computed)

    @property
    def is_kept(self) -> bool:
        return self.difference <= self.within


@dataclass(frozen=True)
class ComparedRanks:
    """How many ranks there are, how many are the same to the place, how many rounding does not explain; in places, the
    largest difference and what rounding leaves open on average."""

    rows: int
    same: int
    unexplained: int
    furthest: int
    left_open: float

    @property
    def is_kept(self) -> bool:
        return self.unexplained <= UNEXPLAINED_RANKS * self.rows


@dataclass(frozen=True)
class Agreement:
    """Of one quick test. `candidates` are the ids that were ranked."""

    case: Case
    protocol: Protocol
    candidates: list[str]
    figures: tuple[Compared, ...]
    ranks: ComparedRanks

    @property
    def faults(self) -> list[str]:
        faults = [figure.name for figure in self.figures if not figure.is_kept]
        if self.candidates != self.protocol.products:
            faults.append("the candidates are not the catalogue of the full data")
        if not self.ranks.is_kept:
            faults.append("ranks")
        return [f"{self.case.name}: {fault}" for fault in faults]


def grocery_config() -> ResolvedConfig:
    """Customer, store, age and time; product, subcategory, department and brand."""

    def ids(column: str, dimensions: int) -> dict[str, Any]:
        return {"column": column, "type": "string_embedding", "embedding_dim": dimensions}

    cycles = {"cyclical": {"weekly": True, "daily": True}}
    buyer = (
        ids("customer_id", 32),
        ids("store_id", 8),
        ids("customer_age", 8),
        {"column": "trans_date", "type": "timestamp", "transforms": cycles},
    )
    product = (ids("product_id", 32), ids("subcategory", 8), ids("department", 8), ids("brand", 8))
    return resolve(ConfigLists(buyer, product, (), ()), GROCERY_TYPES)


def cases(folder: Path, groceries: Path, ratings: Path) -> Iterator[Case]:
    retail = snapshot_of(f"'{ROOT / defaults.DATA}'", folder / "retail.parquet")
    yield Case("Online Retail", defaults.config(32), Sample(retail, defaults.ROLES, "time"), {})
    grocery = snapshot_of(f"'{groceries}'", folder / "groceries.parquet")
    quarter = Sample(grocery, GROCERY_ROLES, "time", 25)
    yield Case("The Complete Journey, a quarter of the customers", grocery_config(), quarter, {})
    movies = folder / "movielens.parquet"
    pq.write_table(movielens.shuffled(movielens.ratings(ratings), movielens.SPLIT_SEED), movies)
    rated = Sample(movies, movielens.ROLES, "last")
    config = movielens.tutorial_config()
    yield Case("MovieLens-100K, tutorial: no logQ, accidental hits kept", config, rated, movielens.TUTORIAL)
    yield Case("MovieLens-100K, with logQ", config, rated, movielens.IDS_ONLY)


def protocol_of(sample: Sample) -> Protocol:
    """A row counts when customer and product are known and something was bought."""
    roles = sample.roles
    bought = f'"{roles["quantity"]}" > 0' if "quantity" in roles else "true"
    customer, product, date = (roles[role] for role in ("customer_id", "product_id", "transaction_date"))
    query = f"""
        SELECT row_id, "{customer}"::VARCHAR AS customer, "{product}"::VARCHAR AS product, "{date}"::TIMESTAMP AS moment
        FROM '{sample.snapshot}' WHERE customer <> '' AND product <> '' AND {bought} ORDER BY row_id"""
    with duckdb.connect() as connection:
        rows = connection.execute(query).fetchnumpy()
    ids, number = np.unique(rows["product"].astype(str), return_inverse=True)
    buyer = rows["customer"].astype(str)
    judged = by_definition.is_judged(buyer, rows["moment"], rows["row_id"], sample.split)
    taken = by_definition.in_sample(buyer, sample.percent)
    of_both = ((rows["row_id"][part], number[part]) for part in (taken & judged, taken & ~judged))
    return Protocol(ids.tolist(), *itertools.chain(*of_both))


def left_by(runner: Runner, case: Case) -> towers.QuickTest:
    """What the case's quick test leaves behind."""
    job = runner.run(case.config, case.sample, **case.settings).job
    parameters = runner.parameters(case.config, case.sample, case.settings)
    folders = {name: Path(uri.removeprefix("file://")) for task in job.tasks for name, uri in task.outputs.items()}
    names = ("examples", "transformed_examples", "transform_graph", "model", "model_run")
    return towers.QuickTest(
        **{name: folders[name] for name in names},
        trainer=Path(parameters["trainer_module"].partition("#")[0].removeprefix("file://")),
        settings=json.loads(parameters["trainer_settings"]),
        keys={(side, column): key for (side, column), key in feature_keys(case.config).items()},
    )


def agreement(case: Case, test: towers.QuickTest) -> Agreement:
    """Raises ValueError when other rows were judged, or another number of products ranked, than the definitions say."""
    protocol = protocol_of(case.sample)
    recorded = pq.read_table(test.model_run / "ranks.parquet").sort_by("row_id")
    if recorded["row_id"].to_pylist() != protocol.judged_rows.tolist():
        raise ValueError(f"{case.name}: other rows were judged than the split says")
    candidate = towers.candidate_vectors(test)
    if len(candidate) != len(protocol.products):
        raise ValueError(f"{case.name}: {len(candidate)} products were ranked, of {len(protocol.products)}")
    places = by_definition.places(towers.query_vectors(test), candidate, protocol.judged_product)
    figures = (*recalls(test, places.place), *losses(test, protocol))
    return Agreement(case, protocol, test.product_ids, figures, ranks(places, recorded["rank"].to_numpy() - 1))


def ranks(places: by_definition.Places, recorded: np.ndarray) -> ComparedRanks:
    unlike = np.abs(recorded - places.place)
    unexplained = int(places.unexplained(recorded).sum())
    left_open = float((places.most - places.fewest).mean())
    return ComparedRanks(len(recorded), int((unlike == 0).sum()), unexplained, int(unlike.max()), left_open)


def recalls(test: towers.QuickTest, place: np.ndarray) -> Iterator[Compared]:
    """As the result of a quick test has them."""
    folders = {"ranks": test.model_run, "recommendations": test.model_run}
    protocol = dict.fromkeys(("products", "customers", "rows"), test.examples / "protocol")
    files = {name: (folder / f"{name}.parquet").read_bytes() for name, folder in {**folders, **protocol}.items()}
    recorded = compute(files, has_customers=True).whole.recall.at
    for k in CUTS:
        yield Compared(f"recall@{k}", recorded[str(k)], by_definition.recall(place, k), RECALL_WITHIN)


def losses(test: towers.QuickTest, protocol: Protocol) -> Iterator[Compared]:
    """By epoch; the last one's is the loss of the result."""
    log_q = by_definition.log_shares(protocol.trained_product, len(protocol.products))
    if not test.settings["logq"]:
        log_q = np.zeros_like(log_q)
    recorded = json.loads((test.model_run / "training.json").read_text())["replicates"][0]["loss"]
    trained = towers.TrainingRows(protocol.trained_rows, protocol.trained_product, log_q)
    computed = towers.losses_by_definition(test, trained)
    for epoch, pair in enumerate(zip(recorded, computed, strict=True), start=1):
        yield Compared(f"loss, epoch {epoch}", *pair, LOSS_WITHIN)


def section(found: Agreement) -> Iterator[str]:
    ranks, protocol = found.ranks, found.protocol
    yield f"\n## {found.case.name}\n"
    yield (
        f"{len(protocol.trained_product):,} rows to train on, {ranks.rows:,} judged. Candidates: "
        f"{len(found.candidates):,}, the catalogue of the full data: {len(protocol.products):,}"
        f"{', the same ones' if found.candidates == protocol.products else ' (**not the same**)'}.\n"
    )
    yield "| | quick test | by definition | difference | allowed | |"
    yield "|---|---|---|---|---|---|"
    for figure in found.figures:
        values = f"{figure.recorded:.6f} | {figure.computed:.6f} | {figure.difference:.1e} | {figure.within:g}"
        yield f"| {figure.name} | {values} | {'' if figure.is_kept else '**NOT THE SAME**'} |"
    yield (
        f"\nRanks: {ranks.same:,} of {ranks.rows:,} are the same to the place, the largest difference is "
        f"{ranks.furthest}; {ranks.unexplained} differ by more than the rounding of float32 can explain, which leaves "
        f"{ranks.left_open:.2f} places open on average."
    )


def introduction() -> str:
    return f"""# Recall and loss by definition

Written by `{COMMAND}` (data: `{defaults.DATA}`, and two data sets that are not part of this project). Each section is
one quick test, with the trainer's default settings but for what its title says, beside a computation in plain numpy
(`benchmarks/by_definition.py`, which imports nothing of this project):

- **which rows**: sample, split, catalogue and the product bought are found again in the snapshot;
- **recall@k**: vectors of the rows judged and of all products out of the SavedModel, from raw columns. A row's rank is
  the number of other products whose dot product with it, in float64, is not smaller; recall@k is the share of rows
  with a rank below k. The quick test's is what the metrics collector computes from the stored ranks;
- **loss** is the mean over training rows of -log softmax of the row's own product among those of its batch, while the
  model learns. (There is no evaluation loss.) The training is repeated with the same seed, and at each step the
  vectors of the batch, one candidate a row, are taken out of the towers: scores less log Q from the training rows,
  accidental hits masked, summed in float64. The quick test's is what its training reported then."""


def main() -> int:
    parser = argparse.ArgumentParser(description="recall and loss of quick tests beside their definitions in numpy")
    parser.add_argument("groceries", nargs="?", type=Path, default=GROCERIES, help="Parquet file (%(default)s)")
    parser.add_argument("ratings", nargs="?", type=Path, default=movielens.BESIDE, help="Parquet file (%(default)s)")
    asked = parser.parse_args()
    if not asked.groceries.is_file():
        raise SystemExit(f"there is no file {asked.groceries}; name complete_journey.parquet")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        found = measured(Path(scratch), asked.groceries, asked.ratings)
    page = [introduction()]
    for one in found:
        page += section(one)
    page += summary(found)
    (ROOT / PAGE).write_text("\n".join(page) + "\n")
    faults = [fault for one in found for fault in one.faults]
    print(f"\nwrote {PAGE} after {time.monotonic() - started:.0f} s; {', '.join(faults) or 'everything is the same'}")
    return 1 if faults else 0


def measured(folder: Path, groceries: Path, ratings: Path) -> list[Agreement]:
    found = []
    with Runner(folder) as runner:
        for case in cases(folder, groceries, ratings):
            one = agreement(case, left_by(runner, case))
            print("\n".join(section(one)), flush=True)
            found.append(one)
    return found


def summary(found: list[Agreement]) -> Iterator[str]:
    yield "\n## All of them\n"
    for name in ("recall", "loss"):
        largest = max(figure.difference for one in found for figure in one.figures if figure.name.startswith(name))
        yield f"- the largest difference of a {name}: {largest:.1e}"
    rows, unexplained = sum(one.ranks.rows for one in found), sum(one.ranks.unexplained for one in found)
    yield f"- ranks that rounding does not explain: {unexplained} of {rows:,}"


if __name__ == "__main__":
    raise SystemExit(main())
