"""What a finished test would recommend to some customers, beside what they bought before and after."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from towerlab.domain.columns import ColumnType
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import Result
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from werkzeug.exceptions import NotFound

from config_api.stored import loaded, named, stored

VERSION = 1  # changes when the same snapshot would give other labels
PREFERRED = ("product_name", "product_title", "product_description")  # roles whose column says what a product is called


def recommendations(deps: Deps, test_id: str, customer: str | None, limit: int) -> dict[str, Any]:
    """Of the customer, or of the first customers by their ids. Raises NotFound while there are none, and Invalid for a
    customer who was not judged."""
    test = records.get(deps.documents, QuickTest, test_id).value
    result = records.find(deps.documents, Result, test_id)
    if result is None or not result.value.recommendations_uri:
        raise NotFound("A test has recommendations once it is completed.")
    found = _read(deps.artifacts, result.value.recommendations_uri)
    if customer is not None and customer not in found:
        remedy = f"One of them is {min(found)!r}." if found else ""
        message = f"{customer!r} is not among the {len(found):,} customers whose lists were kept"
        raise Invalid([Problem("/customer", "not_found", message, remedy)])
    labels = _labels(deps, records.get(deps.documents, Dataset, test.dataset_id).value)
    chosen = [customer] if customer is not None else sorted(found)[:limit]
    items = [{"customer": one, **_called(found[one], labels)} for one in chosen]
    return {"items": items, "next_cursor": None, "total": len(found)}


def _called(parts: Mapping[str, list[dict[str, Any]]], labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        part: [{**entry, "label": labels.get(entry["product"])} for entry in entries] for part, entries in parts.items()
    }


def _labels(deps: Deps, dataset: Dataset) -> Mapping[str, str]:
    """What products are called, where a column says so."""
    product, label, uri = dataset.column_of("product_id"), _label_column(dataset), dataset.snapshot.uri
    if product is None or label is None:
        return {}
    path = f"labels/{VERSION}/{dataset.snapshot.id}/{named({'product': product, 'label': label})}.json"
    labels = stored(deps.artifacts, path, lambda: dict(deps.warehouse.labels(uri, product, label)))
    return dict(_read(deps.artifacts, labels))


def _label_column(dataset: Dataset) -> str | None:
    texts = {
        entry.role: name for name, entry in dataset.mapping.items() if dataset.columns.get(name) is ColumnType.STRING
    }
    return next((texts[role] for role in PREFERRED if role in texts), None)


@lru_cache(maxsize=16)
def _read(artifacts: Artifacts, uri: str) -> Any:
    return loaded(artifacts, uri)
