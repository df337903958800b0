"""What a finished test would recommend to some customers, beside what they bought before and after."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from towerlab.configs.config import FeatureConfig
from towerlab.domain.columns import ColumnType
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import RESULTS
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from werkzeug.exceptions import NotFound

from config_api.stored import loaded, named, stored

Parts = Mapping[str, list[dict[str, Any]]]  # recommended, before, after

VERSION = 1  # changes when the same snapshot would give other labels
PREFERRED = ("product_name", "product_title", "product_description")  # roles whose column says what a product is called


@dataclass(frozen=True)
class Lists:
    """A completed test, and what it recommends by customer."""

    test: QuickTest
    protocol_key: str
    by_customer: Mapping[str, Parts]


def recommendations(deps: Deps, of: type[QuickTest], test_id: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Of the `customer`, or of the first customers by their ids; with `beside`, a quick test, those whom both judged.
    Raises NotFound while there are none, and Invalid for a customer who was not judged or a test that does not fit."""
    ours = _lists(deps, of, test_id)
    if ours is None:
        raise NotFound("A test has recommendations once it is completed.")
    theirs = _other(deps, ours, asked["beside"]) if asked["beside"] else None
    known = ours.by_customer.keys() & theirs.by_customer.keys() if theirs else ours.by_customer.keys()
    chosen = _chosen(known, asked["customer"], asked["limit"])
    labels = _labels(deps, records.get(deps.documents, Dataset, ours.test.dataset_id).value)
    return {
        "items": [_of_customer(one, ours, theirs, labels) for one in chosen],
        "next_cursor": None,
        "total": len(known),
        "beside": _shown(deps, ours, theirs) if theirs else None,
    }


def _lists(deps: Deps, of: type[QuickTest], test_id: str) -> Lists | None:
    test = records.get(deps.documents, of, test_id).value
    result = records.find(deps.documents, RESULTS[of], test_id)
    if result is None or not result.value.recommendations_uri:
        return None
    return Lists(test, result.value.protocol_key, _read(deps.artifacts, result.value.recommendations_uri))


def _other(deps: Deps, ours: Lists, test_id: str) -> Lists:
    if records.find(deps.documents, QuickTest, test_id) is None:
        raise _unfit("not_found", f"no quick test with id {test_id!r}", "Ids come from a config's quick tests.")
    found = _lists(deps, QuickTest, test_id)
    if found is None:
        raise _unfit("not_completed", f"{test_id!r} has no recommendations", "Wait until it has completed.")
    if found.test.dataset_id != ours.test.dataset_id:
        message = f"{test_id!r} was run on another dataset, whose customers are others"
        raise _unfit("other_dataset", message, "Name a test of the same dataset.")
    return found


def _unfit(code: str, message: str, remedy: str) -> Invalid:
    return Invalid([Problem("/beside", code, message, remedy)])


def _chosen(known: Collection[str], customer: str | None, limit: int) -> list[str]:
    if customer is None:
        return sorted(known)[:limit]
    if customer not in known:
        remedy = f"One of them is {min(known)!r}." if known else "Run a test with a larger data sample."
        message = f"{customer!r} is not among the {len(known):,} customers whose lists were kept"
        raise Invalid([Problem("/customer", "not_found", message, remedy)])
    return [customer]


def _of_customer(customer: str, ours: Lists, theirs: Lists | None, labels: Mapping[str, str]) -> dict[str, Any]:
    mine = ours.by_customer[customer]
    other = _beside(mine, theirs.by_customer[customer], labels) if theirs else None
    return {"customer": customer, **_called(mine, labels), "beside": other}


def _beside(mine: Parts, other: Parts, labels: Mapping[str, str]) -> dict[str, Any]:
    """What the other test says of the same customer, and how many products both lists have."""
    both = {entry["product"] for entry in mine["recommended"]} & {entry["product"] for entry in other["recommended"]}
    return {**_called(other, labels), "in_common": len(both)}


def _shown(deps: Deps, ours: Lists, theirs: Lists) -> dict[str, Any]:
    """The other test. Under another protocol `before` and `after` may be parted elsewhere."""
    config = records.find(deps.documents, FeatureConfig, theirs.test.config_id)
    return {
        "test": theirs.test.id,
        "feature_config": theirs.test.config_id,
        "number": config.value.number if config else None,
        "name": config.value.name if config else "",
        "version": theirs.test.version,
        "same_protocol": theirs.protocol_key == ours.protocol_key,
    }


def _called(parts: Parts, labels: Mapping[str, str]) -> dict[str, Any]:
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
