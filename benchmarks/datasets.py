"""Datasets as someone has them who changes nothing: registered, columns' roles guessed, smart defaults as config."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from quick_tests import Sample
from towerlab.adapters import duckdb_snapshot
from towerlab.adapters.duckdb_engine import DuckdbEngine
from towerlab.adapters.table_profile import profiles
from towerlab.configs.checks import resolve
from towerlab.configs.defaults import smart_defaults
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.roles import guess_mapping

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"  # what may not be part of this project lies beside its checkout
SHIPPED, JOURNEY, MOVIELENS = "online_retail.parquet", "complete_journey.parquet", "movielens_100k.parquet"
OF_A_SPLIT = ("customer_id", "product_id", "transaction_date", "quantity")


@dataclass(frozen=True)
class Registered:
    """`roles` gives the column of each role that splits look at; `config` sees nothing that is known only after the
    purchase."""

    snapshot: Path
    roles: Mapping[str, str]
    config: ResolvedConfig

    def sample(self, split: str, percent: int) -> Sample:
        return Sample(self.snapshot, self.roles, split, percent)


def source_of(name: str, shared: Path) -> Path:
    """Where the file lies: the shipped one in this project, every other one in `shared`."""
    return ROOT / "data" / name if name == SHIPPED else shared / name


def registered(source: Path, folder: Path) -> Registered:
    """`source` as the product registers it; its snapshot is written into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        table = duckdb_snapshot.snapshot(connection, source, folder.resolve(), "UTC")
        snapshot = Path(table.uri.removeprefix("file://"))
        found = profiles(DuckdbEngine(connection, snapshot))
    mapping = guess_mapping(found)
    roles = {entry.role: column for column, entry in mapping.items() if entry.role in OF_A_SPLIT}
    return Registered(snapshot, roles, resolve(smart_defaults(found, mapping).lists, table.columns))


def arguments(description: str) -> argparse.Namespace:
    """What every benchmark of these datasets is asked: `shared`, a folder, and `keep`, a folder or None."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of the other datasets (%(default)s)")
    parser.add_argument("--keep", type=Path, help="a folder to keep what was computed in, and to find it in again")
    return parser.parse_args()


def is_there(title: str, source: Path) -> bool:
    """Says so when it is not."""
    if not source.is_file():
        print(f"\n{title}: not measured, there is no {source}", flush=True)
    return source.is_file()
