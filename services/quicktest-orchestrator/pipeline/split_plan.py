"""What ExampleGen is asked to do: the split_plan parameter, parsed."""

from __future__ import annotations

import json
from typing import Any

from towerlab.emit.split_plan import SPLITS, PlannedColumn, SplitPlan

__all__ = ["PlannedColumn", "SplitPlan", "parse"]


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
