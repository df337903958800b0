"""Transform without Beam gives what TFT gives on Beam, for a generated preprocessing_fn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import chain
import numpy as np
import pipeline_jobs as jobs
import pytest
import retail_config
import tensorflow as tf
import tensorflow_transform as tft
from pipeline import columnar, local_tft
from tfx.types import artifact_utils

ON_BEAM = """
import json, sys
from pipeline import transform, modules
from tfx.types import standard_artifacts as kinds, artifact_utils
uris, module = json.loads(sys.argv[1]), sys.argv[2]
def artifact(kind, key, splits=()):
    made = kind(); made.uri = uris[key]
    if splits: transform.columnar.describe_splits(made, splits)
    return [made]
inputs = {"examples": artifact(kinds.Examples, "examples", ["fit", "train", "eval", "catalogue"]),
          "schema": artifact(kinds.Schema, "schema")}
outputs = {"transform_graph": artifact(kinds.TransformGraph, "transform_graph"),
           "transformed_examples": artifact(kinds.Examples, "transformed_examples")}
properties = {"module_file": module, "disable_statistics": 1, "force_tf_compat_v1": 0, "custom_config": "null",
    "splits_config": json.dumps({"analyze": ["fit"], "transform": ["train", "eval", "catalogue"]})}
def refuse(*_): raise transform.Unsupported("for the test")
transform.LocalTransform.fit = refuse
from tfx.dsl.components.base import base_executor
context = base_executor.BaseExecutor.Context(tmp_dir=uris["scratch"], unique_id="1")
transform.Executor(context).Do(inputs, outputs, properties)
open(uris["scratch"] + "/done", "w")
"""


@pytest.fixture(scope="module")
def both(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of the two Transforms; each has transform_graph and transformed_examples."""
    folder = tmp_path_factory.mktemp("parity")
    config = retail_config.resolved(retail_config.BUYER[::2], retail_config.PRODUCT[::2])
    modules = retail_config.write_modules(folder / "modules", config)
    inputs = chain.examples_and_schema(folder, shop, jobs.plan())
    outputs = chain.transformed(folder / "here", inputs, modules)
    (here,) = outputs["transformed_examples"]
    assert artifact_utils.decode_split_names(here.split_names) == ["train", "eval", "catalogue"]
    _on_beam(folder, modules)
    return folder / "here", folder / "beam"


def _on_beam(folder: Path, modules: retail_config.Modules) -> None:
    """In a process of its own: Beam may end with a crash at interpreter shutdown after right work."""
    keys = {"examples": "examples", "schema": "schema", "scratch": "beam/scratch"}
    keys |= {name: f"beam/{name}" for name in ("transform_graph", "transformed_examples")}
    uris = {key: str(folder / path) for key, path in keys.items()}
    for uri in uris.values():
        Path(uri).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-W", "ignore", "-c", ON_BEAM, json.dumps(uris), jobs.module(modules.preprocessing)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (folder / "beam/scratch/done").exists(), result.stderr[-3000:]


def test_vocabularies_are_equal_byte_for_byte(both: tuple[Path, Path]) -> None:
    here, beam = (tft.TFTransformOutput(str(folder / "transform_graph")) for folder in both)
    for name in ("CustomerID", "StockCode"):
        file = f"{name}_vocab_100000_5"
        assert here.vocabulary_file_by_name(file)
        left, right = (Path(o.vocabulary_file_by_name(file)).read_bytes() for o in (here, beam))
        assert left == right


def test_the_transformed_schema_is_equal(both: tuple[Path, Path]) -> None:
    here, beam = (tft.TFTransformOutput(str(folder / "transform_graph")) for folder in both)
    assert here.transformed_feature_spec() == beam.transformed_feature_spec()


def test_both_graphs_give_equal_columns(both: tuple[Path, Path]) -> None:
    examples = both[0].parent / "examples"
    outputs = [_applied(folder / "transform_graph", examples) for folder in both]
    assert outputs[0].keys() == outputs[1].keys()
    for name, here in outputs[0].items():
        if here.dtype == np.int64:
            np.testing.assert_array_equal(here, outputs[1][name], err_msg=name)
        else:
            np.testing.assert_allclose(here, outputs[1][name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_splits_hold_what_the_graph_gives(both: tuple[Path, Path]) -> None:
    expected = _applied(both[0] / "transform_graph", both[0].parent / "examples")
    written = columnar.read_split(str(both[0] / "transformed_examples"), "eval")
    for name in ("CustomerID", "row_id", "InvoiceDate_cyclical"):
        values = np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in written[name].chunks])
        np.testing.assert_allclose(values, expected[name].ravel())


def _applied(transform_graph: Path, examples: Path) -> dict[str, np.ndarray]:
    """The evaluation rows through a saved transform graph."""
    output = tft.TFTransformOutput(str(transform_graph))
    transform = local_tft.LocalTransform(output.raw_metadata.schema, lambda inputs: inputs)
    graph = tf.saved_model.load(output.transform_savedmodel_dir)
    parts = [graph.transform_fn(batch) for batch in transform.batches(columnar.read_split(str(examples), "eval"))]
    return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}
