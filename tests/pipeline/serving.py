"""A saved model as someone who has only raw columns calls it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import tensorflow as tf
import towers
from pipeline import columnar, modules


def arguments(model: Path, signature: str) -> list[Mapping[str, Any]]:
    described = json.loads((model / "assets.extra/arguments.json").read_text())
    return list(described[signature])


def raw_columns(folder: Path, split: str, model: Path, signature: str) -> dict[str, tf.Tensor]:
    """The split's examples as the signature takes them, one dense value a row. A column that an argument is named after
    is found in the examples by its key, which is its name in these tests."""
    rows = columnar.read_split(str(folder / "examples"), split)
    return {
        a["argument"]: tf.constant(towers.one_a_row(rows[a["column"]], a["type"]), a["type"])
        for a in arguments(model, signature)
        if a["column"]
    }


def trainer_of(folder: Path) -> ModuleType:
    """The generated trainer of a chain's folder."""
    return modules.load((folder / "modules/trainer.py").read_bytes(), "trainer")


def fn_args(folder: Path, settings: Mapping[str, Any]) -> SimpleNamespace:
    """What the TFX Trainer would give run_fn."""
    return towers.fn_args(folder / "transformed_examples", folder / "transform_graph", settings)
