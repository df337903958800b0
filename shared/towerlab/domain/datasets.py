"""A dataset: where its rows come from, its newest snapshot, and what its columns are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from towerlab.domain.columns import ColumnRole, ColumnType


@dataclass(frozen=True)
class Source:
    kind: str  # file | bigquery
    uri: str


@dataclass(frozen=True)
class Snapshot:
    """Immutable; `number` counts from 1 in its dataset, `id` is the content's SHA-256. Times RFC 3339 UTC."""

    number: int
    id: str
    uri: str
    rows: int
    taken_at: str
    profile_uri: str


@dataclass(frozen=True)
class Dataset:
    """`column_mapping` is what a person has put; `guessed_mapping` stands in for it until then."""

    id: str
    name: str
    source: Source
    snapshot: Snapshot
    columns: Mapping[str, ColumnType]
    guessed_mapping: Mapping[str, ColumnRole]
    created_at: str
    updated_at: str
    column_mapping: Mapping[str, ColumnRole] | None = None
    training_rows: Mapping[str, int] = field(default_factory=dict)
    time_zone: str = "UTC"
    config_count: int = 0  # gives the next config its number
    deleted_at: str | None = None
    schema: int = 1

    @property
    def mapping(self) -> Mapping[str, ColumnRole]:
        """The roles in force."""
        return self.guessed_mapping if self.column_mapping is None else self.column_mapping

    @property
    def qualifying_rows(self) -> int:
        """The rows that a test is of; all of the snapshot's where they have not been counted."""
        return self.training_rows.get("qualify", self.snapshot.rows)

    def column_of(self, role: str) -> str | None:
        """The column with that role; the first one when a hand-made mapping gives it twice."""
        return next((name for name, entry in self.mapping.items() if entry.role == role), None)
