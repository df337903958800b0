"""A config with all that its answer shows, as one commit leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from towerlab.configs.config import ConfigSummary, ConfigVersion, FeatureConfig
from towerlab.domain.audit import Change
from towerlab.domain.results import Warning
from towerlab.domain.times import rfc3339
from towerlab.ports.documents import Documents

from config_api import reading
from config_api.concurrency import revision_of


@dataclass(frozen=True)
class ConfigState:
    """`twin` is another config of the dataset that computes the same; `told` is what the last edit brought with it.
    `revisions` are those of all that it was read from, none when it has just been written."""

    config: FeatureConfig
    version: ConfigVersion
    summary: ConfigSummary
    twin: FeatureConfig | None
    told: tuple[Warning, ...] = ()
    revisions: tuple[str, ...] = ()


def state_of(documents: Documents, config_id: str) -> ConfigState:
    """Raises NotFound."""
    config, summary = reading.config_and_summary(documents, config_id)
    version = reading.version(documents, config_id, config.value.version)
    twin = reading.twin(documents, config.value)
    revisions = (config_id, config.revision, summary.revision, *((twin.id, twin.updated_at) if twin else ()))
    return ConfigState(config.value, version, summary.value, twin, revisions=revisions)


def edit_revision(config: FeatureConfig) -> str:
    """Changes with every edit, and with nothing else: a finished test never makes an editor's copy stale."""
    return revision_of(config.id, config.updated_at)


def after(last: str, now: datetime) -> str:
    """Now, or just after `last` when the clock has not moved on: edits are told apart by their time."""
    return rfc3339(max(now, datetime.fromisoformat(last) + timedelta(microseconds=1)))


def config_change(action: str, before: FeatureConfig | None, config: FeatureConfig, **detail: object) -> Change:
    """The audit log's line about a config."""
    return Change(
        "feature_config",
        config.id,
        config.dataset_id,
        action,
        before.version if before else None,
        config.version,
        {"status": config.status.value, "name": config.name, **detail},
    )
