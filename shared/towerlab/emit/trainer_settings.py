"""What a trainer is told beside its splits: the settings of a test, and the keys that mean something to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from towerlab.configs.lists import Side
from towerlab.domain.quicktest import TestSettings


def trainer_settings(
    settings: TestSettings, roles: Mapping[str, str], keys: Mapping[tuple[Side, str], str]
) -> dict[str, Any]:
    """The custom_config of the Trainer. `keys` are those of features.feature_keys; a key is None when the tower does
    not have the column with the role."""
    advanced = asdict(settings.advanced)
    del advanced["split"]  # ExampleGen's
    return {
        "schema": 1,
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "seed": settings.seed,
        "replicates": settings.replicates,
        **advanced,
        "customer_key": keys.get(("query", roles.get("customer_id", ""))),
        "product_key": keys.get(("candidate", roles.get("product_id", ""))),
    }
