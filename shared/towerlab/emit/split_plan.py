"""What is wanted of a sample: which columns, under which keys, by which roles, split how."""

from __future__ import annotations

from dataclasses import dataclass

SPLITS = ("auto", "time", "last", "random")


@dataclass(frozen=True)
class PlannedColumn:
    """A column of the snapshot and the key it is written under. A candidate column carries its product's one value."""

    name: str
    type: str
    key: str
    side: str  # query | candidate

    @property
    def is_text(self) -> bool:
        return self.type in ("STRING", "BOOLEAN")

    @property
    def is_float(self) -> bool:
        return self.type == "FLOAT"


@dataclass(frozen=True)
class SplitPlan:
    """`product`, `customer`, `date` and `quantity` are the columns with those roles."""

    snapshot_id: str
    sample_percent: int
    split: str
    product: str
    customer: str | None
    date: str | None
    quantity: str | None
    columns: tuple[PlannedColumn, ...]

    @property
    def source_columns(self) -> frozenset[str]:
        """All of the snapshot's that are looked at."""
        roles = (self.product, self.customer, self.date, self.quantity)
        return frozenset({*(column for column in roles if column), *(column.name for column in self.columns)})

    @property
    def query_columns(self) -> tuple[PlannedColumn, ...]:
        return tuple(column for column in self.columns if column.side == "query")

    @property
    def candidate_columns(self) -> tuple[PlannedColumn, ...]:
        return tuple(column for column in self.columns if column.side == "candidate")
