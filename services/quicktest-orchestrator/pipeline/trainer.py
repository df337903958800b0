"""Trainer: runs the generated trainer module on the transformed splits, and tells MLflow when there is one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from tfx.components.trainer import executor as stock
from tfx.types import artifact_utils
from towerlab.emit.verify import verify_trainer

from pipeline import columnar, modules, tracking
from pipeline.progress import ProgressFile
from pipeline.told import failures_told

ORDER = ("row_id", "product_index")


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
            return iter(_in_order(factory(file_patterns, options, schema)))
        return iter(columnar.read_split(uri, split).to_batches())

    return batches


def _in_order(batches: Iterable[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """By row_id (the catalogue by product_index), as ExampleGen wrote them: Beam's workers write them in any order, and
    another order of the rows is another training."""
    table = pa.Table.from_batches(batches)
    keys = pa.table({name: table[name].combine_chunks().flatten() for name in ORDER})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in ORDER])
    return list(table.take(order).combine_chunks().to_batches())
