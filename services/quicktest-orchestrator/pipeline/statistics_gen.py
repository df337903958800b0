"""StatisticsGen without Beam: TFDV's own generators over columns in memory. Same artifact as the stock one, which runs
instead where the command names a Beam runner."""

from __future__ import annotations

import json
import os
from typing import Any

import tensorflow as tf
from tensorflow_data_validation.statistics import stats_impl, stats_options
from tfx.components.statistics_gen import executor as stock
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from pipeline import columnar, on_beam
from pipeline.told import failures_told

SPLITS = ("fit", "eval")  # 'train' is part of 'fit'; the catalogue's attributes are in both
OTHERS = ("train", "catalogue")
BUCKETS = 10


class Executor(base_executor.BaseExecutor):
    @failures_told
    def Do(self, input_dict: Any, output_dict: Any, exec_properties: dict[str, Any]) -> None:
        arguments = on_beam.beam_arguments(self)
        if arguments:
            told = {"exclude_splits": json.dumps(OTHERS), "stats_options_json": _options().to_json()}
            on_beam.stock(stock.Executor, self, arguments).Do(input_dict, output_dict, {**exec_properties, **told})
        else:
            self._without_beam(input_dict, output_dict)

    def _without_beam(self, input_dict: Any, output_dict: Any) -> None:
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        statistics.split_names = artifact_utils.encode_split_names(list(SPLITS))
        for split in SPLITS:
            _write(statistics, split, columnar.read_split(examples.uri, split))


def _options() -> stats_options.StatsOptions:
    return stats_options.StatsOptions(num_histogram_buckets=BUCKETS, num_quantiles_histogram_buckets=BUCKETS)


def _write(statistics: Any, split: str, table: Any) -> None:
    batch = table.combine_chunks().to_batches()[0]
    result = stats_impl.generate_statistics_in_memory(batch, _options())
    folder = artifact_utils.get_split_uri([statistics], split)
    tf.io.gfile.makedirs(folder)
    io_utils.write_bytes_file(os.path.join(folder, "FeatureStats.pb"), result.SerializeToString())
