"""What an analysis found, by the names that it has in the generated module: fitted.json beside the transform graph."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

FILE = "fitted.json"


class Values:
    """Collects what TFT binds to its placeholders. Their names begin with the analyzer's; tft.min and tft.max, which
    TFT computes together as (-min, max), have theirs twice."""

    def __init__(self) -> None:
        self.numbers: dict[str, float] = {}
        self.boundaries: dict[str, list[float]] = {}
        self.vocabularies: dict[str, list[str]] = {}

    def add(self, tensor: str, is_vocabulary: bool, value: Any) -> None:
        name, *rest = tensor.split("/")
        if is_vocabulary:
            self.vocabularies[name] = _entries(str(value))
        elif rest[0] == name:
            self._add_extreme(name, is_largest=rest[1].endswith("_1"), value=float(value))
        elif not rest[-1].startswith(name):  # else the size of a vocabulary
            self._add(name, np.asarray(value))

    def _add_extreme(self, name: str, is_largest: bool, value: float) -> None:
        if name.endswith("_max") and is_largest:
            self.numbers[name] = value
        elif name.endswith("_min") and not is_largest:
            self.numbers[name] = -value

    def _add(self, name: str, value: np.ndarray) -> None:
        if value.ndim:
            self.boundaries[name] = value.ravel().tolist()
        else:
            self.numbers[name] = float(value)

    def write(self, folder: str) -> None:
        content = {
            "schema": 1,
            "numbers": self.numbers,
            "boundaries": self.boundaries,
            "vocabularies": self.vocabularies,
        }
        with tf.io.gfile.GFile(os.path.join(folder, FILE), "w") as file:
            file.write(json.dumps(content))


def _entries(path: str) -> list[str]:
    """Of a vocabulary file, in the order of their ids."""
    with tf.io.gfile.GFile(path, "rb") as file:
        content: bytes = file.read()
    return content.decode().removesuffix("\n").split("\n")
