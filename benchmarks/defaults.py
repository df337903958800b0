"""Are the trainer's defaults good ones? Quick tests of the shipped sample, each default switched off in turn.

    .envs/pipeline/bin/python benchmarks/defaults.py

Writes the table to docs/trainer-defaults.md. Takes about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quick_tests import DEFAULTS, Outcome, Runner, Sample, snapshot_of
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigLists
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType

ROOT = Path(__file__).parents[1]
DATA = "data/online_retail.parquet"
TABLE = "docs/trainer-defaults.md"
COMMAND = ".envs/pipeline/bin/python benchmarks/defaults.py"
ROLES = {
    "customer_id": "CustomerID",
    "product_id": "StockCode",
    "transaction_date": "InvoiceDate",
    "quantity": "Quantity",
}
COLUMNS = {
    "CustomerID": ColumnType.STRING,
    "Country": ColumnType.STRING,
    "InvoiceDate": ColumnType.TIMESTAMP,
    "StockCode": ColumnType.STRING,
    "Description": ColumnType.STRING,
    "UnitPrice": ColumnType.FLOAT,
}


@dataclass(frozen=True)
class Variant:
    """One line of the table: what differs from the defaults."""

    name: str
    settings: dict[str, Any]
    id_dimensions: int = 32


DEFAULT = Variant("**the defaults**", {})
BARE = Variant("no logQ, no prior", {"logq": False, "prior": False})
WIDE = Variant("ids and output in 64 dimensions", {"output_dim": 64}, 64)
VARIANTS = (
    DEFAULT,
    Variant("no logQ (the prior stays)", {"logq": False}),
    Variant("no prior (logQ stays)", {"prior": False}),
    BARE,
    Variant("accidental hits kept", {"remove_accidental_hits": False}),
    Variant("no warm-up", {"warmup_steps": 0}),
    Variant("no OOV dropout", {"oov_dropout": 0.0}),
    Variant("a hidden layer of 64", {"hidden_layers": [64]}),
    Variant("Adam 0.01", {"optimizer": "adam", "learning_rate": 0.01}),
    WIDE,
)


@dataclass(frozen=True)
class Part:
    """The lines measured on one sample of customers."""

    percent: int
    seeds: int
    variants: tuple[Variant, ...]


PARTS = (Part(25, 3, VARIANTS), Part(100, 1, (DEFAULT, BARE, VARIANTS[6], WIDE)))


def config(id_dimensions: int, without: Container[str] = ()) -> ResolvedConfig:
    """Nothing that is known only after the purchase: customer, country and time; product, words of its description
    and its price; all but the columns in `without`."""
    buyer = (
        {"column": "CustomerID", "type": "string_embedding", "embedding_dim": id_dimensions},
        {"column": "Country", "type": "string_embedding", "embedding_dim": 8},
        {"column": "InvoiceDate", "type": "timestamp", "transforms": {"cyclical": {"weekly": True, "daily": True}}},
    )
    buckets = {"enabled": True, "buckets": 20, "embedding_dim": 8}
    product = (
        {"column": "StockCode", "type": "string_embedding", "embedding_dim": id_dimensions},
        {"column": "Description", "type": "multi_hot", "separator": " ", "embedding_dim": 16},
        {"column": "UnitPrice", "type": "numeric", "transforms": {"bucketize": buckets}},
    )
    query, candidate = (tuple(one for one in side if one["column"] not in without) for side in (buyer, product))
    return resolve(ConfigLists(query, candidate, (), ()), COLUMNS)


def lines_of(part: Part, runner: Runner, snapshot: Path) -> Iterator[str]:
    sample = Sample(snapshot, ROLES, "time", part.percent)
    base: Outcome | None = None
    for variant in part.variants:
        found = runner.run(config(variant.id_dimensions), sample, replicates=part.seeds, **variant.settings)
        if base is None:
            base = found
            yield from heading(part, found)
        yield line_of(variant, found, base)


def heading(part: Part, found: Outcome) -> Iterator[str]:
    rows, steps = found.summary["rows"], found.report["replicates"][0]["steps"]
    seeds = ", ".join(str(replicate["seed"]) for replicate in found.report["replicates"])
    yield f"\n## {part.percent} % of the customers\n"
    yield (
        f"{rows['train']:,} rows to train on, {rows['eval']:,} judged, of {rows['eval_customers']:,} customers; "
        f"{rows['catalogue']:,} products, {steps} steps, seeds {seeds}.\n"
    )
    yield "| | recall@10 | @50 | @100 | @100 by seed | points from the defaults |"
    yield "|---|---|---|---|---|---|"
    popular = " | ".join(f"{found.popularity(k):.3f}" for k in (10, 50, 100))
    yield f"| the most popular products for everyone | {popular} | | |"


def line_of(variant: Variant, found: Outcome, base: Outcome) -> str:
    figures = " | ".join(f"{found.recall(k).mean():.3f}" for k in (10, 50, 100))
    seeds = " ".join(f"{recall:.3f}" for recall in found.recall(100))
    change = 100 * (found.recall(100).mean() - base.recall(100).mean())
    return f"| {variant.name} | {figures} | {seeds} | {'' if variant is DEFAULT else f'{change:+.1f}'} |"


def introduction() -> str:
    shown = {name: value for name, value in DEFAULTS.items() if name not in ("schema", "seed", "replicates")}
    return f"""# The trainer's defaults, measured

Written by `{COMMAND}` (data: `{DATA}`, split by time: the newest 10 % of rows are judged; among all products, ranked
exactly, ties against the model). Each line is a quick test by the same pipeline as everyone's, with one thing changed.
Differences of one seed, or smaller than those between the seeds, mean nothing.

The defaults: {", ".join(f"{name} {value}" for name, value in shown.items())}. The features: customer, country, weekday
and hour; product, words of its description, 20 price buckets."""


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the trainer's defaults on the shipped sample")
    parser.add_argument("--keep", type=Path, help="a folder to keep what was computed in, and to find it in again")
    asked = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        snapshot = snapshot_of(f"'{ROOT / DATA}'", folder / "snapshot.parquet")
        lines = [introduction()]
        with Runner(folder) as runner:
            for part in PARTS:
                for line in lines_of(part, runner, snapshot):
                    print(line, flush=True)
                    lines.append(line)
    (ROOT / TABLE).parent.mkdir(exist_ok=True)
    (ROOT / TABLE).write_text("\n".join(lines) + "\n")
    print(f"\nwrote {TABLE} after {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
