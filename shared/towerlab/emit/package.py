"""Everything that is generated for a config version: file names and bytes."""

from __future__ import annotations

import json
from typing import Any

from towerlab.configs.checks import missing_for_training
from towerlab.configs.dimensions import total
from towerlab.configs.features import feature_keys
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.errors import Invalid
from towerlab.emit.module import preprocessing
from towerlab.emit.plan import plan
from towerlab.emit.readme import readme
from towerlab.emit.trainer import trainer_module
from towerlab.emit.verify import verify_preprocessing_tree, verify_trainer
from towerlab.emit.written import Formatter, as_written

PREPROCESSING, TRAINER, CONFIG, README = "preprocessing.py", "trainer.py", "config.json", "README.md"


def generate(
    resolved: ResolvedConfig, name: str, version: int, config_hash: str, formatter: Formatter = as_written
) -> dict[str, bytes]:
    """The files by name; equal arguments give equal bytes. Raises Invalid for a config with an empty model, and
    UnsafeModule if what was generated is not what this project generates."""
    missing = missing_for_training(resolved)
    if missing:
        raise Invalid(missing)
    planned = plan(resolved)
    preprocessed = preprocessing(planned, formatter)
    trainer = trainer_module(planned, name, version, config_hash, formatter)
    verify_preprocessing_tree(preprocessed.tree)
    verify_trainer(trainer)
    config = config_document(resolved, name, version, config_hash)
    return {
        PREPROCESSING: preprocessed.text.encode(),
        TRAINER: trainer.encode(),
        CONFIG: (json.dumps(config, indent=2, ensure_ascii=True) + "\n").encode(),
        README: readme(planned, name, version, config_hash).encode(),
    }


def config_document(resolved: ResolvedConfig, name: str, version: int, config_hash: str) -> dict[str, Any]:
    """The config in the fields that the API has, defaults filled in; `inputs` is what preprocessing_fn is given."""
    lists = resolved.as_lists()
    return {
        "schema": 1,
        "name": name,
        "version": version,
        "config_hash": config_hash,
        "columns": dict(sorted(resolved.columns.items())),
        "buyer_model_features": lists.buyer_model_features,
        "product_model_features": lists.product_model_features,
        "buyer_model_crosses": lists.buyer_model_crosses,
        "product_model_crosses": lists.product_model_crosses,
        "buyer_tensor_dim": total(resolved.query),
        "product_tensor_dim": total(resolved.candidate),
        "inputs": [
            {"column": column, "type": resolved.columns[column], "key": key, "side": side}
            for (side, column), key in feature_keys(resolved).items()
        ],
    }
