"""Sketches of a snapshot's training period, and the purchases that previews are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache

from towerlab.domain.datasets import Dataset
from towerlab.domain.leak_probe import ASKED
from towerlab.domain.sketches import Purchase, Sketch, Sketches
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime.wiring import Deps

from config_api.stored import deciding_roles, loaded, named, stored

VERSION = 1  # changes when the same snapshot and roles would give other sketches


def of(deps: Deps, dataset: Dataset) -> Sketches | None:
    """Of the dataset's newest snapshot under the roles in force; None without a product role or training rows."""
    roles, uri = deciding_roles(dataset), dataset.snapshot.uri
    if ASKED not in roles:
        return None
    path = f"sketches/{VERSION}/{dataset.snapshot.id}/{named(roles)}.json"
    found = _read(deps.artifacts, stored(deps.artifacts, path, lambda: asdict(deps.warehouse.sketches(uri, roles))))
    return found if found.train else None


def purchase(deps: Deps, dataset: Dataset, asked: Mapping[str, str]) -> Purchase:
    """The newest purchase of the 'customer' and 'product' that are asked for. Raises Invalid."""
    roles, uri = deciding_roles(dataset), dataset.snapshot.uri
    path = f"purchases/{VERSION}/{dataset.snapshot.id}/{named({**roles, 'asked': sorted(asked.items())})}.json"
    found = stored(deps.artifacts, path, lambda: asdict(deps.warehouse.purchase(uri, roles, asked)))
    return Purchase(**loaded(deps.artifacts, found))


@lru_cache(maxsize=8)  # the largest take tens of megabytes
def _read(artifacts: Artifacts, uri: str) -> Sketches:
    content = loaded(artifacts, uri)
    columns = {side: {name: Sketch(**one) for name, one in of.items()} for side, of in content["columns"].items()}
    return Sketches(
        **{**content, "columns": columns, "examples": tuple(Purchase(**one) for one in content["examples"])}
    )
