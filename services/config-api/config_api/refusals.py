"""Why a config version cannot be tested, or taken away as a bundle, as things stand; and settings that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from towerlab.configs.checks import missing_for_training, resolve
from towerlab.configs.config import ConfigStatus, ConfigVersion, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict, Problem

DATED_SPLITS = ("time", "last")


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


def version_faults(config: FeatureConfig, number: Any) -> Iterator[Problem]:
    """A version that the config does not have; None is the current one."""
    if isinstance(number, int) and not 1 <= number <= config.version:
        message = f"this config has versions 1 to {config.version}"
        yield Problem("/version", "unknown_version", message, "Leave it out for the newest.")


def split_faults(dataset: Dataset, split: Any) -> Iterator[Problem]:
    """A split by dates that the dataset does not have."""
    if split in DATED_SPLITS and dataset.column_of("transaction_date") is None:
        message = f"split {split!r} needs a column with the role transaction_date"
        yield Problem("/advanced/split", "no_date_role", message, "Use auto or random, or map a column.")


def no_product_role() -> Conflict:
    remedy = "Give a column the role product_id in the dataset's column mapping."
    return Conflict("no column of the dataset has the role product_id", "no_product_role", remedy)
