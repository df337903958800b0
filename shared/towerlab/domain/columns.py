"""A dataset's columns: their types, their statistics, what part they play in a purchase."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ColumnType(StrEnum):
    STRING = "STRING"
    INTEGER = "INTEGER"
    FLOAT = "FLOAT"
    TIMESTAMP = "TIMESTAMP"
    DATE = "DATE"
    BOOLEAN = "BOOLEAN"


class Availability(StrEnum):
    """When a column's value is known, seen from the moment a recommendation is asked for."""

    BEFORE_REQUEST = "before_request"
    AT_REQUEST = "at_request"
    AFTER_REQUEST = "after_request"


FIXED_ROLES = ("customer_id", "product_id", "transaction_date", "revenue", "quantity", "category", "subcategory")
ROLE_PREFIXES = ("customer_", "product_")
OUTCOME_ROLES = frozenset({"revenue", "quantity"})


@dataclass(frozen=True)
class ColumnProfile:
    """One column's statistics over a whole snapshot. Numbers of a timestamp are epoch seconds, UTC."""

    name: str
    type: ColumnType
    unique_count: int
    exact: bool
    nulls: int
    min: float | int | str | None = None
    max: float | int | str | None = None
    mean: float | None = None
    median: float | None = None
    std: float | None = None
    skewness: float | None = None
    sample_values: tuple[str, ...] = ()
    top_values: tuple[dict[str, Any], ...] = ()  # {value, count}
    histogram: tuple[dict[str, Any], ...] = ()  # {low, high, count}


@dataclass(frozen=True)
class ColumnRole:
    """What a column is in a purchase, when it is known, and why we think so ('' once a person has said it)."""

    role: str | None
    availability: Availability
    reason: str = ""
