"""Logarithm of skewed numbers, before everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from towerlab.transforms.arrays import Array
from towerlab.transforms.base import Prepare, param
from towerlab.transforms.expr import Expr, call
from towerlab.transforms.graph import graph, tf
from towerlab.transforms.readers import NUMERIC
from towerlab.transforms.registry import transform


@graph
def symmetric_log1p(x: Any) -> Any:
    """log(1 + x), mirrored below zero: returns and refunds keep their order."""
    return tf.sign(x) * tf.math.log1p(tf.abs(x))


@transform
class Log1p(Prepare["Log1p.Params"]):
    """log(1 + x) for x >= 0 and -log(1 - x) below; adds no dimension by itself."""

    key = "log1p"
    label = "Log transform"
    feature_types = (NUMERIC,)
    at = ("transforms",)
    rank = 10

    @dataclass(frozen=True)
    class Params:
        log_transform: bool = param(False, "Log transform (before other transforms)", help="For skewed distributions")

    examples = (Params(True),)

    def active(self, p: Params) -> bool:
        return p.log_transform

    def prepare(self, p: Params, x: Expr) -> Expr:
        del p
        return call(symmetric_log1p, x)

    def reference(self, p: Params, x: Array) -> Array:
        del p
        return np.sign(x) * np.log1p(np.abs(x))
