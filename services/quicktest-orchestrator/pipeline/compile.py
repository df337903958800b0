"""Compiles the pipeline to the job template that the orchestrator submits: `python -m pipeline.compile [out.json]`.

The template names no machine, project or region; whoever submits it fills in the root folder and the image. Its label
towerlab_version says which release compiled it, and every task has the environment that figures depend on.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

from pipeline import pipeline
from pipeline.forks import ALWAYS

TEMPLATE = Path(__file__).with_name("quick_test.json")
IMAGE = "towerlab-pipeline"  # placeholders
ROOT = "pipeline-root"


def compiled() -> dict[str, Any]:
    """The PipelineJob of the quick test pipeline, as JSON values."""
    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(default_image=IMAGE, display_name=pipeline.NAME)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "job.json")
        runner = kubeflow_v2_dag_runner.KubeflowV2DagRunner(config, output_dir=folder, output_filename="job.json")
        runner.run(pipeline.quick_test(ROOT), write_out=True)
        with open(path) as file:
            job: dict[str, Any] = json.load(file)
    job["labels"]["towerlab_version"] = version("towerlab").replace(".", "-")
    for executor in job["pipelineSpec"]["deploymentSpec"]["executors"].values():
        executor["container"]["env"] = [{"name": name, "value": value} for name, value in sorted(ALWAYS.items())]
    return job


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATE
    target.write_text(json.dumps(compiled(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
