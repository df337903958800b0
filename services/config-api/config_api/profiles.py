"""Column profiles as artifacts: one JSON file per snapshot, written once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from towerlab.domain.columns import ColumnProfile
from towerlab.domain.datasets import Dataset
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime import records

from config_api.representations.numbers import finite
from config_api.stored import loaded

SCHEMA = 1


def store(artifacts: Artifacts, snapshot_id: str, profiles: Sequence[ColumnProfile]) -> str:
    """The URI under which `profiles` can be read from now on."""
    columns = [finite(records.to_json(profile)) for profile in profiles]
    content = json.dumps({"schema": SCHEMA, "columns": columns}, separators=(",", ":"), allow_nan=False)
    return artifacts.put_if_absent(f"profiles/{SCHEMA}/{snapshot_id}.json", content.encode())


def of(artifacts: Artifacts, dataset: Dataset) -> tuple[ColumnProfile, ...]:
    """The profiles of the dataset's newest snapshot, in the order of its columns."""
    return _read(artifacts, dataset.snapshot.profile_uri)


@lru_cache(maxsize=64)
def _read(artifacts: Artifacts, uri: str) -> tuple[ColumnProfile, ...]:
    return tuple(records.from_json(ColumnProfile, column) for column in loaded(artifacts, uri)["columns"])
