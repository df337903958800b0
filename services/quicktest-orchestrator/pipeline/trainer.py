"""Trainer: runs the generated trainer module on the transformed splits, and tells MLflow when there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from tfx.components.trainer import executor as stock
from tfx.types import artifact_utils
from towerlab.emit.verify import verify_trainer

from pipeline import columnar, modules, tracking
from pipeline.progress import ProgressFile
from pipeline.told import failures_told


class Executor(stock.GenericExecutor):
    @failures_told
    def Do(self, input_dict: Any, output_dict: Any, exec_properties: dict[str, Any]) -> None:
        source = modules.read_checked(exec_properties["module_file"], verify_trainer)
        fn_args = self._GetFnArgs(input_dict, output_dict, exec_properties)
        fn_args.on_progress = ProgressFile()
        fn_args.data_accessor = fn_args.data_accessor._replace(
            record_batch_factory=_arrow_first(fn_args.data_accessor.record_batch_factory)
        )
        modules.load(source, "trainer").run_fn(fn_args)
        run_folder = artifact_utils.get_single_uri(output_dict["model_run"])
        tracking.log_training(run_folder, dict(fn_args.custom_config))


def _arrow_first(factory: Any) -> Any:
    """Read a split from its Arrow file where it has one, else as `factory` does."""

    def batches(file_patterns: Sequence[str], options: Any, schema: Any) -> Iterator[pa.RecordBatch]:
        (pattern,) = file_patterns
        folder = os.path.dirname(pattern)
        uri, split = os.path.dirname(folder), os.path.basename(folder).removeprefix("Split-")
        if not columnar.has_arrow(uri, split):
            return iter(factory(file_patterns, options, schema))
        return iter(columnar.read_split(uri, split).to_batches())

    return batches
