"""Transform: fits the generated preprocessing_fn on 'fit', applies it to the other splits. Same artifacts as the stock
one, which runs instead where the command names a Beam runner, or where an analysis can run on Beam alone."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tfx.components.transform import executor as stock
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils
from towerlab.emit.verify import verify_preprocessing

from pipeline import columnar, found_on_beam, modules, on_beam, worker_package
from pipeline.local_tft import LocalTransform, Unsupported
from pipeline.progress import ProgressFile
from pipeline.told import failures_told

ANALYZED = "fit"
TRANSFORMED = ("train", "eval", "catalogue")
PRODUCTS = "products.parquet"
FOUND = "found"  # in the transform graph's folder, which workers can write

log = logging.getLogger(__name__)


class Executor(base_executor.BaseExecutor):
    @failures_told
    def Do(self, input_dict: Any, output_dict: Any, exec_properties: dict[str, Any]) -> None:
        source = modules.read_checked(exec_properties["module_file"], verify_preprocessing)
        arguments = on_beam.beam_arguments(self)
        if arguments:
            self._on_beam(arguments, input_dict, output_dict, exec_properties, source)
        else:
            self._here(input_dict, output_dict, exec_properties, source)
        _keep_products(input_dict, output_dict)

    def _here(self, input_dict: Any, output_dict: Any, exec_properties: dict[str, Any], source: bytes) -> None:
        try:
            self._without_beam(input_dict, output_dict, source)
        except Unsupported as node:
            log.warning("analysis on Beam, because of %s", node)
            _empty_folders(output_dict)
            self._on_beam(on_beam.IN_THIS_PROCESS, input_dict, output_dict, exec_properties, source)

    def _on_beam(
        self,
        arguments: Sequence[str],
        input_dict: Any,
        output_dict: Any,
        exec_properties: dict[str, Any],
        source: bytes,
    ) -> None:
        graph = artifact_utils.get_single_uri(output_dict["transform_graph"])
        packed = {"module_file": None, "module_path": worker_package.pack(source, "preprocessing")}
        with found_on_beam.recorded(os.path.join(graph, FOUND)):
            executor = on_beam.stock(stock.Executor, self, arguments)
            executor.Do(input_dict, output_dict, {**exec_properties, **packed})
        found_on_beam.collect(os.path.join(graph, FOUND), graph)

    def _without_beam(self, input_dict: Any, output_dict: Any, source: bytes) -> None:
        progress = ProgressFile()
        preprocessing_fn = modules.load(source, "preprocessing").preprocessing_fn
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        schema_file = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
        transform = LocalTransform(io_utils.SchemaReader().read(schema_file), preprocessing_fn)
        transform_graph = artifact_utils.get_single_uri(output_dict["transform_graph"])
        rows = columnar.read_split(examples.uri, ANALYZED)
        progress(0.05, f"analysing the training period, {len(rows):,} rows")
        with tempfile.TemporaryDirectory() as scratch:
            transform.fit(rows, transform_graph, scratch, lambda share, doing: progress(0.05 + 0.45 * share, doing))
            transformed = artifact_utils.get_single_instance(output_dict["transformed_examples"])
            columnar.describe_splits(transformed, TRANSFORMED)
            for position, split in enumerate(TRANSFORMED):
                rows = columnar.read_split(examples.uri, split)
                progress(0.5 + 0.5 * position / len(TRANSFORMED), f"transforming {split}, {len(rows):,} rows")
                applied = list(transform.apply(rows, transform_graph))
                columnar.write_split(transformed, split, applied, transform.transformed_schema)


def _keep_products(input_dict: Any, output_dict: Any) -> None:
    """The catalogue's ids, which no preprocessing_fn passes on, lie beside the transformed splits as beside the raw."""
    source, target = (
        os.path.join(artifact_utils.get_single_uri(artifacts), "protocol")
        for artifacts in (input_dict["examples"], output_dict["transformed_examples"])
    )
    tf.io.gfile.makedirs(target)
    tf.io.gfile.copy(os.path.join(source, PRODUCTS), os.path.join(target, PRODUCTS), overwrite=True)


def _empty_folders(output_dict: Any) -> None:
    for artifacts in output_dict.values():
        for artifact in artifacts:
            if tf.io.gfile.isdir(artifact.uri):
                tf.io.gfile.rmtree(artifact.uri)
            tf.io.gfile.makedirs(artifact.uri)
