"""A saved model as someone who has only raw columns calls it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf
from pipeline import columnar, modules

MISSING = {"string": b"", "int64": np.iinfo(np.int64).min, "float32": np.nan}


def arguments(model: Path, signature: str) -> list[Mapping[str, Any]]:
    described = json.loads((model / "assets.extra/arguments.json").read_text())
    return list(described[signature])


def raw_columns(folder: Path, split: str, model: Path, signature: str) -> dict[str, tf.Tensor]:
    """The split's examples as the signature takes them, one dense value a row. A column that an argument is named after
    is found in the examples by its key, which is its name in these tests."""
    rows = columnar.read_split(str(folder / "examples"), split)
    return {
        a["argument"]: tf.constant(
            [row[0] if row else MISSING[a["type"]] for row in rows[a["column"]].to_pylist()], a["type"]
        )
        for a in arguments(model, signature)
        if a["column"]
    }


def trainer_of(folder: Path) -> ModuleType:
    """The generated trainer of a chain's folder."""
    return modules.load((folder / "modules/trainer.py").read_bytes(), "trainer")


def fn_args(folder: Path, settings: Mapping[str, Any]) -> SimpleNamespace:
    """What the TFX Trainer would give run_fn."""
    examples = folder / "transformed_examples"

    def read(patterns: list[str], *_: Any) -> Any:
        split = Path(patterns[0]).parent.name.removeprefix("Split-")
        return iter(columnar.read_split(str(examples), split).to_batches())

    return SimpleNamespace(
        train_files=[str(examples / "Split-train/*")],
        eval_files=[str(examples / "Split-eval/*")],
        transform_output=str(folder / "transform_graph"),
        custom_config=settings,
        data_accessor=SimpleNamespace(record_batch_factory=read),
    )
