"""StatisticsGen without Beam: TFDV's own generators over columns in memory. Same artifact as the stock one."""

from __future__ import annotations

import os
from typing import Any

import tensorflow as tf
from tensorflow_data_validation.statistics import stats_impl, stats_options
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from pipeline import columnar
from pipeline.told import failures_told

SPLITS = ("fit", "eval")  # 'train' is part of 'fit'; the catalogue's attributes are in both
BUCKETS = 10


class Executor(base_executor.BaseExecutor):
    @failures_told
    def Do(self, input_dict: Any, output_dict: Any, _: dict[str, Any]) -> None:
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        statistics.split_names = artifact_utils.encode_split_names(list(SPLITS))
        for split in SPLITS:
            _write(statistics, split, columnar.read_split(examples.uri, split))


def _write(statistics: Any, split: str, table: Any) -> None:
    options = stats_options.StatsOptions(num_histogram_buckets=BUCKETS, num_quantiles_histogram_buckets=BUCKETS)
    batch = table.combine_chunks().to_batches()[0]
    result = stats_impl.generate_statistics_in_memory(batch, options)
    folder = artifact_utils.get_split_uri([statistics], split)
    tf.io.gfile.makedirs(folder)
    io_utils.write_bytes_file(os.path.join(folder, "FeatureStats.pb"), result.SerializeToString())
