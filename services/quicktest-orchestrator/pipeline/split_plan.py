"""What ExampleGen is asked to do: the split_plan parameter, parsed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

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
    snapshot_id: str
    sample_percent: int
    split: str
    product: str
    customer: str | None
    date: str | None
    quantity: str | None
    columns: tuple[PlannedColumn, ...]

    @property
    def query_columns(self) -> tuple[PlannedColumn, ...]:
        return tuple(column for column in self.columns if column.side == "query")

    @property
    def candidate_columns(self) -> tuple[PlannedColumn, ...]:
        return tuple(column for column in self.columns if column.side == "candidate")


def parse(text: str) -> SplitPlan:
    """The plan in its canonical JSON. Raises ValueError for one that cannot be carried out."""
    raw: dict[str, Any] = json.loads(text)
    roles = raw["roles"]
    if raw["split"] not in SPLITS:
        raise ValueError(f"unknown split {raw['split']!r}; one of {', '.join(SPLITS)}")
    if raw["split"] == "time" and not roles.get("transaction_date"):
        raise ValueError("a split by time needs a column with the role transaction_date")
    if raw["split"] == "last" and not roles.get("customer_id"):
        raise ValueError("a split by each customer's last rows needs a column with the role customer_id")
    return SplitPlan(
        snapshot_id=raw["snapshot_id"],
        sample_percent=int(raw["sample_percent"]),
        split=raw["split"],
        product=roles["product_id"],
        customer=roles.get("customer_id"),
        date=roles.get("transaction_date"),
        quantity=roles.get("quantity"),
        columns=tuple(PlannedColumn(c["column"], c["type"], c["key"], c["side"]) for c in raw["columns"]),
    )
