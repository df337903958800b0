"""Why a task failed, written beside its outputs: Vertex AI itself tells no more than an exit code."""

from __future__ import annotations

import functools
import json
import os
import traceback
from collections.abc import Callable
from typing import Any

import tensorflow as tf

FILE = "failure.json"
LINES = 40
Do = Callable[[Any, Any, Any, Any], None]  # of an executor: self, input_dict, output_dict, exec_properties


def failures_told(do: Do) -> Do:
    """`do`, which leaves FILE in the task's folder when it raises."""

    @functools.wraps(do)
    def told(self: Any, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:
        try:
            do(self, input_dict, output_dict, exec_properties)
        except Exception as error:
            lines = traceback.format_exc().rstrip().split("\n")[-LINES:]
            _write(output_dict, {"message": str(error) or type(error).__name__, "log_tail": "\n".join(lines)})
            raise

    return told


def _write(output_dict: Any, failure: dict[str, str]) -> None:
    """The task's folder is the one that all its outputs are in."""
    (output, *_) = (artifacts[0].uri for artifacts in output_dict.values())
    folder = os.path.dirname(output.rstrip("/"))
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(os.path.join(folder, FILE), "w") as file:
        file.write(json.dumps(failure))
