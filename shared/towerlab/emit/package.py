"""Everything that is generated for a config version: file names and bytes."""

from __future__ import annotations

import json

from towerlab.configs.checks import missing_for_training
from towerlab.configs.dimensions import total
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.errors import Invalid
from towerlab.emit.module import preprocessing_module
from towerlab.emit.plan import plan
from towerlab.emit.trainer import trainer_module
from towerlab.emit.verify import verify_preprocessing, verify_trainer

PREPROCESSING, TRAINER, CONFIG = "preprocessing.py", "trainer.py", "config.json"


def generate(resolved: ResolvedConfig, name: str, version: int, config_hash: str) -> dict[str, bytes]:
    """The files by name; equal arguments give equal bytes. Raises Invalid for a config with an empty model, and
    UnsafeModule if what was generated is not what this project generates."""
    missing = missing_for_training(resolved)
    if missing:
        raise Invalid(missing)
    planned = plan(resolved)
    preprocessing = preprocessing_module(planned)
    trainer = trainer_module(planned, name, version, config_hash)
    verify_preprocessing(preprocessing)
    verify_trainer(trainer)
    return {
        PREPROCESSING: preprocessing.encode(),
        TRAINER: trainer.encode(),
        CONFIG: config_document(resolved, name, version, config_hash).encode(),
    }


def config_document(resolved: ResolvedConfig, name: str, version: int, config_hash: str) -> str:
    """The config as JSON, in the fields that the API has, defaults filled in."""
    lists = resolved.as_lists()
    body = {
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
    }
    return json.dumps(body, indent=2, ensure_ascii=True) + "\n"
