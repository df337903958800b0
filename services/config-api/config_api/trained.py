"""What a completed test of the same config on the same rows has fitted and learned, for previews."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import NotFound
from towerlab.domain.protocol import roles_of
from towerlab.domain.quicktest import Phase, QuickTest
from towerlab.domain.results import Result
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from towerlab.transforms.fitted import Fitted

from config_api import reading
from config_api.stored import loaded


@dataclass(frozen=True)
class Trained:
    """`embeddings` are the URIs of learned vectors by output."""

    test_id: str
    fitted: Fitted
    embeddings: Mapping[str, str]


def trained(deps: Deps, dataset: Dataset, config_hash: str) -> Trained | None:
    """By the newest such test; None when there is none, or when its files are cleaned away."""
    where: reading.Where = {
        "dataset_id": dataset.id,
        "config_hash": config_hash,
        "phase": Phase.COMPLETED.value,
    }
    newest = records.query(deps.documents, QuickTest, where, ("-created_at",), limit=1).values
    if not newest or newest[0].snapshot_id != dataset.snapshot.id or newest[0].roles != roles_of(dataset):
        return None
    result = records.find(deps.documents, Result, newest[0].id)
    if result is None or not result.value.fitted_uri:
        return None
    try:
        fitted = _fitted(deps.artifacts, result.value.fitted_uri)
    except NotFound:
        return None
    return Trained(newest[0].id, fitted, result.value.embedding_uris)


def vector(artifacts: Artifacts, found: Trained, output: str, ids: Sequence[int]) -> list[float] | None:
    """The mean of the learned vectors of these ids, zeros without any; None when they are cleaned away."""
    uri = found.embeddings.get(output)
    if uri is None:
        return None
    try:
        table = _table(artifacts, uri)
    except NotFound:
        return None
    mean = table[list(ids)].mean(axis=0) if ids else table[0] * 0
    return [float(number) for number in mean]


@lru_cache(maxsize=32)
def _fitted(artifacts: Artifacts, uri: str) -> Fitted:
    content = loaded(artifacts, uri)
    boundaries, vocabularies = (
        {name: tuple(values) for name, values in content[kind].items()} for kind in ("boundaries", "vocabularies")
    )
    return Fitted(content["numbers"], boundaries, vocabularies)


@lru_cache(maxsize=32)  # a table may have millions of numbers
def _table(artifacts: Artifacts, uri: str) -> Any:
    import numpy as np

    return np.load(io.BytesIO(artifacts.read(uri)), allow_pickle=False)
