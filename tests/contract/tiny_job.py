"""A compiled pipeline of two trivial tasks, which ends as its parameters say (tests/cloud/tiny_tasks.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from towerlab.adapters.pipeline_template import StoredTemplate

TASKS = ("First", "Trainer")
PARAMETERS = ("text", "ending")
_MODEL = {"artifactType": {"instanceSchema": "title: tfx.Model\ntype: object\n"}}
_STRINGS: dict[str, Any] = {name: {"type": "STRING"} for name in PARAMETERS}


def template() -> dict[str, Any]:
    """In the form of services/quicktest-orchestrator/pipeline/quick_test.json."""
    spec = {
        "pipelineInfo": {"name": "tiny"},
        "schemaVersion": "2.0.0",
        "sdkVersion": "tfx-1.16.0",
        "components": {task: _component(task) for task in TASKS},
        "deploymentSpec": {"executors": {f"{task}_executor": {"container": _container(task)} for task in TASKS}},
        "root": {
            "dag": {"tasks": {"First": _task("First"), "Trainer": _task("Trainer", after="First")}},
            "inputDefinitions": {"parameters": _STRINGS},
        },
    }
    return {
        "displayName": "tiny",
        "labels": {"tfx_version": "1-16-0"},
        "pipelineSpec": spec,
        "runtimeConfig": {"gcsOutputDirectory": "pipeline-root"},
    }


def stored(folder: Path) -> StoredTemplate:
    """The template in a file in the folder."""
    path = folder / "tiny.json"
    path.write_text(json.dumps(template()))
    return StoredTemplate(str(path))


def _component(task: str) -> dict[str, Any]:
    inputs: dict[str, Any] = {"parameters": _STRINGS}
    if task == "Trainer":
        inputs["artifacts"] = {"before": _MODEL}
    return {
        "executorLabel": f"{task}_executor",
        "inputDefinitions": inputs,
        "outputDefinitions": {"artifacts": {"model": _MODEL}},
    }


def _container(task: str) -> dict[str, Any]:
    return {
        "image": "towerlab-pipeline",
        "command": ["python", "-m", "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"],
        "args": [
            "--executor_class_path",
            f"tests.cloud.tiny_tasks.{task}",
            "--json_serialized_invocation_args",
            "{{$}}",
        ],
    }


def _task(name: str, after: str = "") -> dict[str, Any]:
    inputs: dict[str, Any] = {"parameters": {key: {"componentInputParameter": key} for key in PARAMETERS}}
    node: dict[str, Any] = {
        "taskInfo": {"name": name},
        "componentRef": {"name": name},
        "cachingOptions": {"enableCache": True},
        "inputs": inputs,
    }
    if after:
        inputs["artifacts"] = {"before": {"taskOutputArtifact": {"producerTask": after, "outputArtifactKey": "model"}}}
        node["dependentTasks"] = [after]
    return node
