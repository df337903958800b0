"""The projection that lists show of a config: rebuilt from the config, its version, its tests and its best test."""

from __future__ import annotations

from dataclasses import dataclass

from towerlab.configs.config import ConfigSummary, ConfigVersion, FeatureConfig
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import BestTest
from towerlab.ports.documents import Documents
from towerlab.runtime import records


@dataclass(frozen=True)
class TestCounts:
    """How many tests a config has, how many of them are still open, and when the newest was asked for."""

    tests: int = 0
    running: int = 0
    last_at: str | None = None

    def with_new(self, at: str) -> TestCounts:
        return TestCounts(self.tests + 1, self.running + 1, at)


@dataclass(frozen=True)
class Best:
    """A config's best test as lists show it; `comparable` when it is under the dataset's reference protocol."""

    test: BestTest | None = None
    comparable: bool = True


def counted(documents: Documents, config_id: str) -> TestCounts:
    """The counts as they stand. Read the summary before them: its revision tells if a test came in between."""
    newest = records.query(documents, QuickTest, {"config_id": config_id}, ("-created_at",), limit=1)
    return TestCounts(
        tests=records.count(documents, QuickTest, {"config_id": config_id}),
        running=records.count(documents, QuickTest, {"config_id": config_id, "open": True}),
        last_at=newest.values[0].created_at if newest.items else None,
    )


def summarised(config: FeatureConfig, version: ConfigVersion, counts: TestCounts, best: Best) -> ConfigSummary:
    """The summary; every field follows from the arguments."""
    return ConfigSummary(
        id=config.id,
        dataset_id=config.dataset_id,
        number=config.number,
        name=config.name,
        status=config.status,
        version=config.version,
        buyer_tensor_dim=version.buyer_tensor_dim,
        product_tensor_dim=version.product_tensor_dim,
        crosses=len(version.lists.buyer_model_crosses) + len(version.lists.product_model_crosses),
        updated_at=config.updated_at,
        tests=counts.tests,
        last_test_at=counts.last_at,
        running=counts.running,
        tested=best.test is not None,
        best=best.test,
        comparable=best.comparable,
        deleted=config.deleted_at is not None,
    )


def counts_in(summary: ConfigSummary) -> TestCounts:
    return TestCounts(summary.tests, summary.running, summary.last_test_at)


def best_in(summary: ConfigSummary) -> Best:
    return Best(summary.best, summary.comparable)
