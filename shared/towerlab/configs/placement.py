"""Which model a column belongs to, by its role, and whether its integers are names or quantities."""

from __future__ import annotations

import re

from towerlab.configs.lists import Side
from towerlab.domain.columns import ColumnProfile, ColumnRole, ColumnType

IDENTIFIER_ROLES = frozenset({"customer_id", "product_id"})
NAMING_ROLES = IDENTIFIER_ROLES | {"category", "subcategory"}
_PRODUCT_ROLES = frozenset({"product_id", "category", "subcategory"})
_BUYER_ROLES = frozenset({"customer_id", "transaction_date", "revenue", "quantity"})
_NAMING_WORDS = frozenset(
    {"id", "ids", "code", "key", "sku", "ean", "upc", "zip", "zipcode", "postcode", "number", "no"}
)


def side_of(role: str) -> Side | None:
    """The tower of a role; None for a role that says nothing about it."""
    if role in _BUYER_ROLES or role.startswith("customer_"):
        return "query"
    if role in _PRODUCT_ROLES or role.startswith("product_"):
        return "candidate"
    return None


def is_identifier(profile: ColumnProfile, entry: ColumnRole) -> bool:
    """Whether an INTEGER column names things: by its role, or by a word of its name."""
    return entry.role in NAMING_ROLES or bool(_words(profile.name) & _NAMING_WORDS)


def looks_like_city(profile: ColumnProfile, entry: ColumnRole) -> bool:
    return profile.type is ColumnType.STRING and "city" in _words(entry.role or "") | _words(profile.name)


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return set(re.split(r"[^a-z0-9]+", spaced.lower()))
