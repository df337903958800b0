"""What the tasks of tests/contract/tiny_job.py do; imported by the pipeline runner."""

from __future__ import annotations

import os
import time
from typing import Any

import tensorflow as tf
from pipeline.told import failures_told
from tfx.dsl.components.base import base_executor


class _Executor(base_executor.BaseExecutor):
    """Writes `text` and its environment, and ends as `ending` says: 'fail <task>', 'wait <task>', else well."""

    task = ""

    @failures_told
    def Do(self, _: Any, output_dict: Any, exec_properties: dict[str, Any]) -> None:
        (output,) = output_dict["model"]
        if exec_properties["ending"] == f"fail {self.task}":
            raise ValueError(f"no training rows: {exec_properties['text']}")
        while exec_properties["ending"] == f"wait {self.task}":
            time.sleep(0.1)
        for name, content in {
            "text": exec_properties["text"],
            "deep/uri": os.environ.get("MLFLOW_TRACKING_URI", ""),
        }.items():
            path = os.path.join(output.uri, name)
            tf.io.gfile.makedirs(os.path.dirname(path))
            with tf.io.gfile.GFile(path, "w") as file:
                file.write(content)


class First(_Executor):
    task = "First"


class Trainer(_Executor):
    task = "Trainer"
