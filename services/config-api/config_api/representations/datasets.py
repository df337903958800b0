"""Datasets, their columns and their mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.domain.columns import ColumnProfile, ColumnRole
from towerlab.domain.datasets import Dataset
from towerlab.domain.leak_probe import Probes, judge
from towerlab.domain.registration import Registration, Step
from towerlab.runtime import records

from config_api.concurrency import revision_of
from config_api.representations.numbers import finite


def dataset_line(dataset: Dataset) -> dict[str, Any]:
    """A dataset as a list shows it."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "source": records.to_json(dataset.source),
        "rows": dataset.snapshot.rows,
        "snapshot": {
            "number": dataset.snapshot.number,
            "id": dataset.snapshot.id,
            "taken_at": dataset.snapshot.taken_at,
        },
        "column_count": len(dataset.columns),
        "training_rows": dict(dataset.training_rows),
        "time_zone": dataset.time_zone,
        "created_at": dataset.created_at,
        "updated_at": dataset.updated_at,
    }


def dataset_whole(dataset: Dataset) -> dict[str, Any]:
    """A dataset with its columns' types and roles."""
    columns = [{"name": name, "type": type.value} for name, type in dataset.columns.items()]
    return {**dataset_line(dataset), "columns": columns, "column_mapping": column_mapping(dataset)}


def registration(asked: Registration) -> dict[str, Any]:
    """How far it is; `dataset` is there once it is completed."""
    return {
        "id": asked.id,
        "name": asked.name,
        "source": records.to_json(asked.source),
        "status": asked.step.value if asked.final else "running",
        "step": asked.step.value,
        "progress": asked.progress,
        "dataset": asked.id if asked.step is Step.COMPLETED else None,
        "errors": records.to_json(asked.errors),
        "created_at": asked.created_at,
        "updated_at": asked.updated_at,
    }


def column_mapping(dataset: Dataset) -> dict[str, Any]:
    """{column: {role, availability, reason}}; guesses have a reason."""
    return {column: _role(entry) for column, entry in dataset.mapping.items()}


def mapping_revision(dataset: Dataset) -> str:
    """Changes with what the mapping says and with nothing else."""
    return revision_of(dataset.id, str(dataset.column_mapping is None), repr(sorted(column_mapping(dataset).items())))


def dataset_revision(dataset: Dataset) -> str:
    return revision_of(dataset.id, dataset.updated_at)


def column(profile: ColumnProfile, mapping: Mapping[str, ColumnRole], probes: Probes) -> dict[str, Any]:
    """One column's statistics and its part in a purchase."""
    entry = mapping.get(profile.name)
    part = _role(entry) if entry else {"role": None, "availability": None, "reason": ""}
    probe = judge(profile.name, part["role"], probes)
    return {**finite(records.to_json(profile)), **part, "leak_probe": records.to_json(probe) if probe else None}


def _role(entry: ColumnRole) -> dict[str, Any]:
    return {"role": entry.role, "availability": entry.availability.value, "reason": entry.reason}
