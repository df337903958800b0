"""What TFT's analyses find when they run on Beam: every value that is bound to the graph is written to a folder too."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import apache_beam as beam
import numpy as np
import tensorflow as tf
from tensorflow_transform.beam import beam_nodes, common
from tensorflow_transform.beam import impl as beam_impl

from pipeline import fitted

ASSETS = os.path.join("transform_fn", "assets")


@contextmanager
def recorded(folder: str) -> Iterator[None]:
    """Pipelines that TFT makes meanwhile leave what they find in `folder`, which their workers can write."""
    known = common._PTRANSFORM_BY_OPERATION_DEF_SUBCLASS
    usual = known[beam_nodes.CreateTensorBinding]
    recording = common._PtransformWrapper()
    recording.add_ptransform(functools.partial(_Recorded, folder), None)
    known[beam_nodes.CreateTensorBinding] = recording
    tf.io.gfile.makedirs(folder)
    try:
        yield
    finally:
        known[beam_nodes.CreateTensorBinding] = usual


def collect(folder: str, transform_graph: str) -> None:
    """Write fitted.json beside the transform graph from what was left in `folder`, and clear that away."""
    values = fitted.Values()
    for name in sorted(tf.io.gfile.listdir(folder)):
        with tf.io.gfile.GFile(os.path.join(folder, name), "r") as file:
            found = json.loads(file.read())
        kept = os.path.join(transform_graph, ASSETS, found["value"]) if found["is_file"] else found["value"]
        values.add(found["tensor"], found["is_file"], kept)
    values.write(transform_graph)
    tf.io.gfile.rmtree(folder)


class _Recorded(beam_impl._CreateTensorBindingsImpl):
    def __init__(self, folder: str, operation: Any, extra_args: Any) -> None:
        super().__init__(operation, extra_args)
        self._folder = folder

    def expand(self, inputs: Any) -> Any:
        return super().expand(inputs) | "Record" >> beam.Map(_left, self._folder)


def _left(binding: Any, folder: str) -> Any:
    """The binding, its value left in `folder`: written again, when a bundle is tried again, it is the same."""
    value = np.asarray(binding.value)
    plain = os.path.basename(tf.compat.as_str_any(value.item())) if binding.is_asset_filepath else value.tolist()
    found = {"tensor": binding.tensor_name, "is_file": binding.is_asset_filepath, "value": plain}
    with tf.io.gfile.GFile(os.path.join(folder, quote(binding.tensor_name, safe="")), "w") as file:
        file.write(json.dumps(found))
    return binding
