"""Reading what commands and answers are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from towerlab.configs.config import ConfigSummary, ConfigVersion, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import NotFound
from towerlab.ports.documents import Condition, Documents
from towerlab.runtime import records
from towerlab.runtime.records import Held

T = TypeVar("T")
Where = Mapping[str, Condition]


def version_id(config_id: str, version: int) -> str:
    """The record id of a config version, and of its code."""
    return f"{config_id}.{version}"


def dataset(documents: Documents, id: str) -> Held[Dataset]:
    """A dataset that is not deleted. Raises NotFound."""
    held = records.get(documents, Dataset, id)
    if held.value.deleted_at is not None:
        raise NotFound("dataset", id)
    return held


def config(documents: Documents, id: str) -> Held[FeatureConfig]:
    """A config that is not deleted. Raises NotFound."""
    held = records.get(documents, FeatureConfig, id)
    if held.value.deleted_at is not None:
        raise NotFound("feature config", id)
    return held


def config_and_summary(documents: Documents, id: str) -> tuple[Held[FeatureConfig], Held[ConfigSummary]]:
    """A config that is not deleted and its summary, in one read. Raises NotFound."""
    keys = records.key(FeatureConfig, id), records.key(ConfigSummary, id)
    found = documents.get_many(keys)
    if len(found) < len(keys):
        raise NotFound("feature config", id)
    config = records.held(FeatureConfig, found[keys[0]])
    if config.value.deleted_at is not None:
        raise NotFound("feature config", id)
    return config, records.held(ConfigSummary, found[keys[1]])


def version(documents: Documents, config_id: str, number: int) -> ConfigVersion:
    """Raises NotFound."""
    return records.get(documents, ConfigVersion, version_id(config_id, number)).value


def summary(documents: Documents, config_id: str) -> Held[ConfigSummary]:
    return records.get(documents, ConfigSummary, config_id)


def every(
    documents: Documents, type: type[T], where: Where, order: Sequence[str] = (), limit: int = 100
) -> Iterator[Held[T]]:
    """All records that match, so many at a time."""
    cursor: str | None = None
    while True:
        page = records.query(documents, type, where, order, limit=limit, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def twin(documents: Documents, config: FeatureConfig) -> FeatureConfig | None:
    """Another config of the dataset that computes the same, the oldest of them."""
    where: Where = {"dataset_id": config.dataset_id, "config_hash": config.config_hash, "deleted": False}
    twins = [held.value for held in every(documents, FeatureConfig, where) if held.id != config.id]
    return min(twins, key=lambda other: other.number, default=None)
