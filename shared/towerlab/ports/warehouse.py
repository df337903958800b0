"""Where tables are read: DuckDB over files, or BigQuery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from towerlab.domain.columns import ColumnProfile, ColumnType
from towerlab.domain.leak_probe import Probes
from towerlab.domain.sketches import Purchase, Sketches


@dataclass(frozen=True)
class Combinations:
    """Distinct values by column, and distinct combinations of all of them, over rows where none is missing."""

    distinct: Mapping[str, int]
    observed: int


@dataclass(frozen=True)
class SnapshotTable:
    """An immutable copy of a table. `id` is the SHA-256 of the source's content and of how it was read; column `row_id`
    (0..rows-1) counts the rows in the source's order."""

    id: str
    uri: str
    rows: int
    columns: Mapping[str, ColumnType]


class Warehouse(Protocol):
    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of source that can be registered here: 'file', 'bigquery'."""

    def source_values(self, source_uri: str) -> int:
        """About how many values a source has: rows times columns, told without reading it. Raises Invalid as `snapshot`
        does, as far as that can be told so, and Transient."""

    def snapshot(self, source_uri: str, time_zone: str = "UTC") -> SnapshotTable:
        """Copy a Parquet or CSV file, or a BigQuery table, into the snapshot area, columns cast to the six column types
        and `row_id` added. Numbers and times that are not finite become null; nested values JSON text; integers over 64
        bits text. Times that name their zone are written as clocks in `time_zone` show them, so that their hours and
        weekdays are those of the people who bought; others stand on such a clock already.
        The same content and zone give the same id and URI; a BigQuery table's content is told by when it was last
        changed. Raises Invalid (not a table, no rows, no columns, more than 2,000 columns, a column called row_id,
        outside the data folders or not to be read, too large) and Transient."""

    def profile(self, snapshot: SnapshotTable) -> Sequence[ColumnProfile]:
        """Statistics of every column but row_id, over all rows, in the table's column order; unique counts are exact up
        to 10,000,000 rows, all else always is. The table is never held in memory. Raises NotFound and Transient."""

    def rows(self, snapshot_uri: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """The first `limit` rows by row_id, as JSON values (times as RFC 3339 UTC). Raises NotFound and Transient."""

    def training_rows(self, snapshot_uri: str, roles: Mapping[str, str]) -> Mapping[str, int]:
        """How many rows qualify for training and how many are left out, by reason, each row under its first reason:
        {'total', 'qualify', 'no_customer', 'no_product', 'not_bought' (quantity <= 0 or unknown)}. `roles` maps role to
        column; a role left out excludes nothing. Raises NotFound, Invalid (an unknown column, a quantity that is no
        number) and Transient."""

    def combinations(self, snapshot_uri: str, buckets: Mapping[str, int | None]) -> Combinations:
        """How many combinations the columns named by `buckets` have: None by value, else by so many quantile buckets.
        Raises NotFound, Invalid (an unknown column) and Transient."""

    def probes(self, snapshot_uri: str, roles: Mapping[str, str]) -> Probes:
        """What each column but the product's own gives away of the product (domain/leak_probe.py), over the rows that
        qualify for training: the newest tenth by transaction_date is evaluated, without dates a tenth by hash.
        `roles` maps role to column and has a product_id; fewer than ten rows give no probe. Raises as training_rows."""

    def sketches(self, snapshot_uri: str, roles: Mapping[str, str]) -> Sketches:
        """What the training period has of every column on both sides (domain/sketches.py), split as a quick test with
        default settings splits. `roles` maps role to column and has a product_id. Raises as training_rows."""

    def purchase(self, snapshot_uri: str, roles: Mapping[str, str], asked: Mapping[str, str]) -> Purchase:
        """The newest qualifying row of the 'customer' and 'product' that are `asked` for, one of them or both; of two
        that never met, each one's own newest. Raises as training_rows, and Invalid, which points at /customer or
        /product, for one who has none."""

    def labels(self, snapshot_uri: str, product: str, label: str) -> Mapping[str, str]:
        """What each value of the column `product` is called: its most frequent `label` (ties: the smallest), both as
        text; of more than 200,000 products the most frequent ones. Raises NotFound, Invalid (an unknown column) and
        Transient."""
