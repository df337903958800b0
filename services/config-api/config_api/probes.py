"""Leak probes as artifacts: one JSON file per snapshot and roles, computed when the roles are known."""

from __future__ import annotations

import hashlib
import json

from towerlab.domain.datasets import Dataset
from towerlab.domain.leak_probe import ASKED, ROLES, Probes
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

VERSION = 1  # changes when the same snapshot and roles would give other figures


def of(deps: Deps, dataset: Dataset) -> Probes:
    """The probes of the dataset's newest snapshot under the roles in force; none without a product role."""
    roles = {role: column for role in ROLES if (column := dataset.column_of(role)) is not None}
    if ASKED not in roles:
        return Probes()
    path = f"probes/{VERSION}/{dataset.snapshot.id}/{_name(roles)}.json"
    uri = deps.artifacts.uri(path)
    if not deps.artifacts.exists(uri):
        found = deps.warehouse.probes(dataset.snapshot.uri, roles)
        content = json.dumps(records.to_json(found), separators=(",", ":"), allow_nan=False)
        deps.artifacts.put_if_absent(path, content.encode())
    return records.from_json(Probes, json.loads(deps.artifacts.read(uri)))


def _name(roles: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(roles.items())).encode()).hexdigest()[:32]
