"""The PipelineJob that Vertex AI is given: the compiled template, filled in for one quick test. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from towerlab.adapters.pipeline_template import runtime_parameters, template_id

LABEL_LENGTH = 63
NAME_LENGTH = 128
_NOT_IN_LABELS = re.compile(r"[^a-z0-9_-]")


@dataclass(frozen=True)
class Workload:
    """What every job runs as, in and to: a service account, a container image, and a folder of Cloud Storage."""

    account: str
    image: str
    root: str


@dataclass(frozen=True)
class ContainerChange:
    """What the container of one task has beyond the template's: arguments after its own, environment variables, and
    resources by their names in a PipelineContainerSpec (cpuLimit, memoryLimit in GB, accelerator)."""

    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)

    def and_then(self, other: ContainerChange) -> ContainerChange:
        return ContainerChange(
            (*self.args, *other.args), {**self.env, **other.env}, {**self.resources, **other.resources}
        )


Changes = Mapping[str, ContainerChange]  # by task


def pipeline_job(
    template: Mapping[str, Any],
    job_id: str,
    parameters: Mapping[str, str],
    labels: Mapping[str, str],
    workload: Workload,
    changes: Changes,
) -> dict[str, Any]:
    """The PipelineJob as JSON values. Raises Invalid for parameters that the template does not take, and ValueError for
    a change to a task that it does not have."""
    spec = template["pipelineSpec"]
    return {
        "displayName": f"{template['displayName']} {job_id}"[:NAME_LENGTH],
        "labels": mended({**template["labels"], **labels, "template": template_id(template)}),
        "pipelineSpec": {**spec, "deploymentSpec": _deployment(spec, workload.image, changes)},
        "runtimeConfig": {
            "gcsOutputDirectory": workload.root,
            "parameters": runtime_parameters(template, parameters),
            "failurePolicy": "PIPELINE_FAILURE_POLICY_FAIL_FAST",
        },
        "serviceAccount": workload.account,
    }


def mended(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels as Google Cloud takes them: what it does not take becomes a dash, keys begin with a letter."""
    return {_key(key): _mended(value) for key, value in labels.items() if key}


def _key(text: str) -> str:
    key = _mended(text)
    return key if key[0].isalpha() else f"x{key}"[:LABEL_LENGTH]


def _mended(text: str) -> str:
    return _NOT_IN_LABELS.sub("-", text.lower())[:LABEL_LENGTH]


def _deployment(spec: Mapping[str, Any], image: str, changes: Changes) -> dict[str, Any]:
    by_executor = {executor_of(spec, task): change for task, change in changes.items()}
    executors = {
        name: {**executor, "container": _container(executor["container"], image, by_executor.get(name))}
        for name, executor in spec["deploymentSpec"]["executors"].items()
    }
    return {**spec["deploymentSpec"], "executors": executors}


def executor_of(spec: Mapping[str, Any], task: str) -> str:
    """The name under which the deployment has the task's container. Raises ValueError for a task that is not there."""
    node = spec["root"]["dag"]["tasks"].get(task)
    if node is None:
        raise ValueError(f"the template has no task {task!r}")
    return str(spec["components"][node["componentRef"]["name"]]["executorLabel"])


def _container(container: Mapping[str, Any], image: str, change: ContainerChange | None) -> dict[str, Any]:
    changed = {**container, "image": image}
    if change is None:
        return changed
    if change.args:
        changed["args"] = [*container.get("args", ()), *change.args]
    if change.env:
        env = {entry["name"]: entry["value"] for entry in container.get("env", ())} | dict(change.env)
        changed["env"] = [{"name": name, "value": env[name]} for name in sorted(env)]
    if change.resources:
        changed["resources"] = {**container.get("resources", {}), **change.resources}
    return changed
