"""The floor: the same model trained and ranked from arrays in memory, in a process of its own, without any pipeline.

.envs/pipeline/bin/python benchmarks/floor.py TRANSFORM_GRAPH ARRAYS TRAINER SETTINGS
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import stock_trainer
import tensorflow as tf
import tensorflow_transform as tft


def main(graph: str, arrays: str, trainer: str, settings: str) -> None:
    generated = stock_trainer.load_generated(trainer)
    chosen = generated.Settings.of(json.loads(settings))
    tf.config.experimental.enable_op_determinism()
    transform = tft.TFTransformOutput(graph)
    query, candidate = (
        generated.features_of(outputs, transform) for outputs in (generated.QUERY_OUTPUTS, generated.CANDIDATE_OUTPUTS)
    )
    train, evaluation, catalogue = (
        dict(np.load(Path(arrays) / f"{split}.npz")) for split in ("train", "eval", "catalogue")
    )
    training = generated.Training(query, candidate, train, catalogue, chosen)
    model, losses, steps = generated.fit(training, chosen.seed, lambda *_: None)
    found = generated.ranked(model, evaluation, generated.seen_products(train))
    print(json.dumps({"loss": losses[-1], "steps": steps, "recall_at_100": float((found.ranks <= 100).mean())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
