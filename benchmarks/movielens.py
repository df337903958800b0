"""MovieLens-100K under the protocol of TensorFlow Recommenders' retrieval tutorial, by the project's own quick tests.

    .envs/pipeline/bin/python benchmarks/movielens.py [movielens_100k.parquet]

80,000 random ratings (seed 42) to train on, the other 20,000 to be judged on, all 1,682 movies as candidates, movies
that a user has rated already kept; user id and movie title in 32 dimensions, Adagrad 0.1, 3 epochs. Published for the
tutorial: recall@10/50/100 .0224/.1248/.2325. Exits with 1 when recall@100 is outside of what the project promises.

The ratings are not part of this project (GroupLens: no redistribution). They come from the file named, else from
shared/data/movielens_100k.parquet beside this checkout. A file has user_id, movie_id and movie_title.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from quick_tests import Outcome, Runner, Sample
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigLists
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "movielens_100k.parquet"
SPLIT_SEED = 42
CUTS = (10, 50, 100)
ROLES = {"customer_id": "whole", "product_id": "movie_id", "transaction_date": "moment"}
IDS_ONLY = {"prior": False, "warmup_steps": 0, "oov_dropout": 0.0}
TUTORIAL = {**IDS_ONLY, "logq": False, "remove_accidental_hits": False, "projection": False, "batch_size": 8192}


@dataclass(frozen=True)
class Line:
    """One quick test, and between what its recall@100 is promised to lie."""

    name: str
    settings: dict[str, Any]
    promised: tuple[float, float] | None = None

    def kept(self, recall_at_100: float) -> bool:
        return self.promised is None or self.promised[0] <= recall_at_100 <= self.promised[1]


LINES = (
    Line("tutorial", TUTORIAL, (0.225, 0.245)),
    Line("with logQ, batch 2048", IDS_ONLY, (0.38, 1.0)),
    Line("this project's defaults", {}),
)


def ratings(path: Path, columns: str = "user_id, movie_id, movie_title") -> pa.Table:
    """`columns` (DuckDB's SQL) of every rating."""
    if not path.is_file():
        raise SystemExit(f"there is no file {path}; name one with user_id, movie_id and movie_title")
    return duckdb.read_parquet(str(path)).select(columns).to_arrow_table()


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    """The ratings in random order, as what one customer bought second after second: the last 20 % of a customer's rows,
    which a split by each customer's last rows judges, are then a random 20 % of all."""
    table = table.sort_by([("user_id", "ascending"), ("movie_id", "ascending")])
    table = table.take(np.random.default_rng(seed).permutation(len(table)))
    place = np.arange(len(table))
    table = table.append_column("row_id", pa.array(place)).append_column("moment", pa.array(place, pa.timestamp("s")))
    return table.append_column("whole", pa.array(["everyone"] * len(table)))


def tutorial_config() -> ResolvedConfig:
    vocabulary = {"max_size": 100_000, "oov_buckets": 1, "min_frequency": 1}
    buyer, product = (
        {"column": column, "type": "string_embedding", "embedding_dim": 32, "vocab_settings": vocabulary}
        for column in ("user_id", "movie_title")
    )
    columns = {"user_id": ColumnType.INTEGER, "movie_title": ColumnType.STRING}
    return resolve(ConfigLists((buyer,), (product,), (), ()), columns)


def text_of(line: Line, found: Outcome) -> str:
    at_100 = found.recall(100)
    figures = "  ".join(f"{found.recall(k).mean():.4f}" for k in CUTS)
    promise = f"{line.promised[0]}-{line.promised[1]}" if line.promised else ""
    verdict = "" if line.kept(at_100.mean()) else "NOT KEPT"
    return f"{line.name:32}{figures}   {at_100.min():.4f}-{at_100.max():.4f}  {promise} {verdict}"


def heading(found: Outcome, seeds: int) -> str:
    rows = found.summary["rows"]
    popular = "  ".join(f"{found.popularity(k):.4f}" for k in CUTS)
    return (
        f"{rows['train']:,} ratings to train on, {rows['eval']:,} judged, {rows['catalogue']:,} movies\n"
        f"{'recall':32}   @10     @50    @100   @100 of {seeds} seeds  promised\n"
        f"{'popularity':32}{popular}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="MovieLens-100K under the TFRS tutorial's protocol")
    parser.add_argument("data", nargs="?", type=Path, default=BESIDE, help="Parquet file (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each line (3)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        snapshot = Path(scratch) / "movielens.parquet"
        pq.write_table(shuffled(ratings(asked.data), SPLIT_SEED), snapshot)
        return measure(Path(scratch), Sample(snapshot, ROLES, split="last"), asked.seeds)


def measure(folder: Path, sample: Sample, seeds: int) -> int:
    """Print the table; 1 when a promise is not kept."""
    kept = []
    with Runner(folder) as runner:
        for line in LINES:
            found = runner.run(tutorial_config(), sample, replicates=seeds, **line.settings)
            if not kept:
                print(heading(found, seeds))
            print(text_of(line, found), flush=True)
            kept.append(line.kept(found.recall(100).mean()))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
