"""What the pipeline is told about a quick test: pure, from the test and the documents it points at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion
from towerlab.configs.features import feature_keys
from towerlab.domain.compute import HERE, Compute, Offer, choose
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid
from towerlab.domain.protocol import roles_of
from towerlab.domain.quicktest import QuickTest
from towerlab.emit.record import CodeFile, CodeRecord
from towerlab.emit.trainer_settings import trainer_settings

PREPROCESSING, TRAINER = "preprocessing.py", "trainer.py"
FeatureKeys = Mapping[tuple[Any, str], str]  # (side, column) -> key


class Unplannable(Exception):
    """The test cannot be run as it was asked for, now or later."""

    def __init__(self, message: str, remedy: str) -> None:
        self.message, self.remedy = message, remedy
        super().__init__(message)


@dataclass(frozen=True)
class Plan:
    """The pipeline's runtime parameters, the roles they were made with, the code's files by their SHA-256, and what the
    job is to run on."""

    parameters: Mapping[str, str]
    roles: Mapping[str, str]
    code: Mapping[str, str]
    compute: Compute = HERE


def plan(
    test: QuickTest, dataset: Dataset, version: ConfigVersion, code: CodeRecord, offer: Offer | None = None
) -> Plan:
    """The plan; the same for the same documents. A test that has its roles and its compute already keeps them. `offer`
    is None on one machine. Raises Unplannable."""
    if dataset.snapshot.id != test.snapshot_id:
        raise Unplannable(
            "the dataset was refreshed after this test was asked for",
            "Start the test again: it will run on the new snapshot.",
        )
    keys = _keys(version)
    roles = test.roles or roles_of(dataset)
    return Plan(
        parameters={
            "snapshot_uri": dataset.snapshot.uri,
            "split_plan": _canonical(_split_plan(test, version, roles, keys)),
            "preprocessing_module": _module(code, PREPROCESSING),
            "trainer_module": _module(code, TRAINER),
            "trainer_settings": _canonical(trainer_settings(test.settings, roles, keys)),
        },
        roles=roles,
        code={name: file.sha256 for name, file in code.files.items()},
        compute=test.compute if test.job_id else choose(dataset.qualifying_rows, offer),
    )


def _keys(version: ConfigVersion) -> FeatureKeys:
    try:
        return feature_keys(resolve(version.lists, version.columns))
    except Invalid as error:
        raise Unplannable(f"the config version is not valid any more: {error}", "Save it as a new version.") from error


def _split_plan(
    test: QuickTest, version: ConfigVersion, roles: Mapping[str, str], keys: FeatureKeys
) -> Mapping[str, Any]:
    return {
        "schema": 1,
        "snapshot_id": test.snapshot_id,
        "sample_percent": test.settings.data_sample_percent,
        "split": test.settings.advanced.split,
        "roles": dict(roles),
        "columns": [
            {"column": column, "type": version.columns[column].value, "key": key, "side": side}
            for (side, column), key in keys.items()
        ],
    }


def _module(code: CodeRecord, name: str) -> str:
    file: CodeFile = code.files[name]
    return f"{file.uri}#sha256={file.sha256}"


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
