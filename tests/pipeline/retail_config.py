"""The generated modules of a config for the online retail sample, as code generation makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigLists
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType
from towerlab.emit.package import generate


@dataclass(frozen=True)
class Modules:
    preprocessing: Path
    trainer: Path


RETAIL_TYPES = {
    "InvoiceNo": ColumnType.STRING,
    "StockCode": ColumnType.STRING,
    "Description": ColumnType.STRING,
    "Quantity": ColumnType.INTEGER,
    "InvoiceDate": ColumnType.TIMESTAMP,
    "UnitPrice": ColumnType.FLOAT,
    "CustomerID": ColumnType.STRING,
    "Country": ColumnType.STRING,
}


def text(column: str, dim: int, min_frequency: int = 5) -> dict[str, Any]:
    vocabulary = {"max_size": 100000, "oov_buckets": 10, "min_frequency": min_frequency}
    return {"column": column, "type": "string_embedding", "embedding_dim": dim, "vocab_settings": vocabulary}


BUYER = (
    text("CustomerID", 32),
    text("Country", 8),
    {
        "column": "InvoiceDate",
        "type": "timestamp",
        "transforms": {
            "normalize": {"enabled": True},
            "cyclical": {"quarterly": True, "monthly": True, "weekly": True},
        },
    },
)
PRODUCT = (
    text("StockCode", 32),
    text("Description", 32),
    {
        "column": "UnitPrice",
        "type": "numeric",
        "transforms": {
            "normalize": {"enabled": True},
            "bucketize": {"enabled": True, "buckets": 100, "embedding_dim": 32},
        },
    },
)


def resolved(
    buyer: tuple[Any, ...] = BUYER,
    product: tuple[Any, ...] = PRODUCT,
    types: Mapping[str, ColumnType] | None = None,
) -> ResolvedConfig:
    return resolve(ConfigLists(buyer, product, (), ()), types or RETAIL_TYPES)


def write_modules(folder: Path, config: ResolvedConfig | None = None) -> Modules:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in generate(config or resolved(), "sample", 1, "0" * 64).items():
        (folder / name).write_bytes(content)
    return Modules(folder / "preprocessing.py", folder / "trainer.py")
