"""Names that travel into files and graphs: a slug per column, a key per column and tower."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from towerlab.configs.lists import Side
from towerlab.configs.resolved import ResolvedConfig
from towerlab.transforms.base import Source

RESERVED = frozenset({"row_id", "customer_index", "product_index"})
OF_PRODUCT = "_of_product"
LONGEST = 48

_PLAIN = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST - 1}}}")
_TAKEN = re.compile(rf".*(_[0-9a-f]{{8}}|{OF_PRODUCT})")


def slug(name: str) -> str:
    """A short ASCII identifier, different for different names: the name itself where it is one already, otherwise
    what can be kept of it and 8 hex digits of its SHA-256."""
    if _PLAIN.fullmatch(name) and name not in RESERVED and not _TAKEN.fullmatch(name):
        return name
    kept = re.sub(r"[^A-Za-z0-9]+", "_", name)[: LONGEST - 16].strip("_")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept}_{digest}" if kept[:1].isalpha() else f"column_{kept}_{digest}".replace("__", "_")


def columns_in_both(resolved: ResolvedConfig) -> tuple[str, ...]:
    """Columns that both towers read, in the query tower's order."""
    there = {feature.column for feature in resolved.candidate.features}
    return tuple(feature.column for feature in resolved.query.features if feature.column in there)


def feature_keys(resolved: ResolvedConfig) -> Mapping[tuple[Side, str], str]:
    """The input under which each tower finds its column. The product's tower sees one value per product, so a column
    that both towers read has two inputs."""
    return {at: source.key for at, source in sources(resolved).items()}


def sources(resolved: ResolvedConfig) -> Mapping[tuple[Side, str], Source]:
    """What each tower's transforms read, by (side, column)."""
    both = frozenset(columns_in_both(resolved))
    return {
        (tower.side, feature.column): _source(tower.side, feature.column, feature.column in both)
        for tower in resolved.towers
        for feature in tower.features
    }


def _source(side: Side, column: str, shared: bool) -> Source:
    name = slug(column)
    return Source(column, name, name + OF_PRODUCT if shared and side == "candidate" else name)
