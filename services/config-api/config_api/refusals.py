"""Why a config version cannot be tested, or taken away as a bundle, as things stand."""

from __future__ import annotations

from collections.abc import Iterator

from towerlab.configs.checks import missing_for_training, resolve
from towerlab.configs.config import ConfigStatus, ConfigVersion, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict


def refusals(config: FeatureConfig, version: ConfigVersion, dataset: Dataset) -> Iterator[Conflict]:
    """All reasons against a quick test, whatever its settings."""
    if config.status is ConfigStatus.ARCHIVED:
        yield Conflict("the config is archived", "archived", "Restore it, or clone it and test the clone.")
    if dataset.column_of("product_id") is None:
        yield no_product_role()
    gone = [name for name, type in version.columns.items() if dataset.columns.get(name) is not type]
    if gone:
        message = f"the dataset's newest snapshot has no column {gone[0]!r} of that type"
        yield Conflict(message, "column_gone", "Edit the config, or refresh the dataset from a table that has it.")
    missing = missing_for_training(resolve(version.lists, version.columns))
    if missing:
        yield Conflict("; ".join(one.message for one in missing), missing[0].code, missing[0].remedy)


def no_product_role() -> Conflict:
    remedy = "Give a column the role product_id in the dataset's column mapping."
    return Conflict("no column of the dataset has the role product_id", "no_product_role", remedy)
