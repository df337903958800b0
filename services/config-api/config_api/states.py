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
    """`twin` is another config of the dataset that computes the same; `told` is what the last edit brought with it."""

    config: FeatureConfig
    version: ConfigVersion
    summary: ConfigSummary
    twin: FeatureConfig | None
    told: tuple[Warning, ...] = ()


def state_of(documents: Documents, config: FeatureConfig) -> ConfigState:
    version = reading.version(documents, config.id, config.version)
    summary = reading.summary(documents, config.id).value
    return ConfigState(config, version, summary, reading.twin(documents, config))


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
