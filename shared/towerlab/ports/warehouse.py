"""Where tables are read: DuckDB over files, or BigQuery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from towerlab.domain.columns import ColumnProfile, ColumnType


@dataclass(frozen=True)
class SnapshotTable:
    """An immutable copy of a table. `id` is the SHA-256 of its content; column `row_id` (0..rows-1) is stable."""

    id: str
    uri: str
    rows: int
    columns: Mapping[str, ColumnType]


class Warehouse(Protocol):
    def snapshot(self, source_uri: str) -> SnapshotTable:
        """Copy a Parquet or CSV file into the snapshot area, columns cast to the six column types and `row_id` added.
        The same content gives the same id and URI. Raises Invalid (not a table, no columns, more than 2,000 columns,
        a column called row_id, outside the data folders, too large) and Transient."""

    def profile(self, snapshot: SnapshotTable) -> Sequence[ColumnProfile]:
        """Statistics of every column but row_id, over all rows, in the table's column order, read in one pass."""

    def rows(self, snapshot_uri: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """The first `limit` rows by row_id, as JSON values (times as RFC 3339 UTC)."""

    def training_rows(self, snapshot_uri: str, roles: Mapping[str, str]) -> Mapping[str, int]:
        """How many rows qualify for training and how many are left out, by reason, each row under its first reason:
        {'total', 'qualify', 'no_customer', 'no_product', 'not_bought' (quantity <= 0)}. `roles` maps role to column."""
