"""The settings that a config did best with: what is started for it without a word about settings takes those."""

from __future__ import annotations

from towerlab.configs.config import FeatureConfig
from towerlab.domain.best import best_under, of_version, reference_protocol
from towerlab.domain.quicktest import TestSettings
from towerlab.domain.results import BestMetrics
from towerlab.ports.documents import Documents
from towerlab.runtime import records

from config_api import reading


def best_settings(documents: Documents, config: FeatureConfig, version: int | None = None) -> TestSettings:
    """Those of its best test, or of that version's; the defaults where there is none."""
    bests = {held.id: held.value for held in reading.every(documents, BestMetrics, {"dataset_id": config.dataset_id})}
    own = bests.get(config.id, BestMetrics(config.id, config.dataset_id))
    best = best_under(own if version is None else of_version(own, version), reference_protocol(bests.values()))
    return records.from_json(TestSettings, best.settings) if best else TestSettings()
