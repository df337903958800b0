"""Leak probes of a snapshot, computed when the roles are known."""

from __future__ import annotations

from functools import lru_cache

from towerlab.domain.datasets import Dataset
from towerlab.domain.leak_probe import ASKED, Probes
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api.stored import deciding_roles, loaded, named, stored

VERSION = 1  # changes when the same snapshot and roles would give other figures


def of(deps: Deps, dataset: Dataset) -> Probes:
    """The probes of the dataset's newest snapshot under the roles in force; none without a product role."""
    roles, uri = deciding_roles(dataset), dataset.snapshot.uri
    if ASKED not in roles:
        return Probes()
    path = f"probes/{VERSION}/{dataset.snapshot.id}/{named(roles)}.json"
    return _read(
        deps.artifacts, stored(deps.artifacts, path, lambda: records.to_json(deps.warehouse.probes(uri, roles)))
    )


@lru_cache(maxsize=64)
def _read(artifacts: Artifacts, uri: str) -> Probes:
    return records.from_json(Probes, loaded(artifacts, uri))
