"""What is computed of a snapshot once and then read for ever: JSON files among the artifacts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from towerlab.domain.datasets import Dataset
from towerlab.domain.leak_probe import ROLES
from towerlab.ports.artifacts import Artifacts


def stored(artifacts: Artifacts, path: str, compute: Callable[[], Any]) -> str:
    """The URI of the JSON file at `path`; what `compute` gives is put there when there is none."""
    uri = artifacts.uri(path)
    if not artifacts.exists(uri):
        content = json.dumps(compute(), separators=(",", ":"), allow_nan=False)
        artifacts.put_if_absent(path, content.encode())
    return uri


def loaded(artifacts: Artifacts, uri: str) -> Any:
    return json.loads(artifacts.read(uri))


def named(parts: Mapping[str, Any]) -> str:
    """A file name for these parts: equal parts, equal name."""
    return hashlib.sha256(json.dumps(sorted(parts.items())).encode()).hexdigest()[:32]


def deciding_roles(dataset: Dataset) -> dict[str, str]:
    """The columns whose roles decide which rows are trained on and how they are split."""
    return {role: column for role in ROLES if (column := dataset.column_of(role)) is not None}
