"""A submitted PipelineJob, read task by task: what each task runs, what goes in, what comes out. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INPUT_PLACEHOLDER = "{{$}}"


@dataclass(frozen=True)
class ArtifactSource:
    """An input artifact: output `key` of `task`."""

    task: str
    key: str


@dataclass(frozen=True)
class Task:
    """`parameters` and `outputs` are as the executor's input wants them; `definition` is everything that, with the
    inputs, decides what the task computes; `env` is what its container is to have."""

    name: str
    command: tuple[str, ...]
    parameters: Mapping[str, Any]
    inputs: Mapping[str, ArtifactSource]
    outputs: Mapping[str, Any]  # artifact type by key
    definition: Mapping[str, Any]
    cacheable: bool
    env: Mapping[str, str]


class BadJob(Exception):
    """The job cannot be carried out as it was submitted."""


def tasks_of(job: Mapping[str, Any]) -> tuple[Task, ...]:
    """The job's tasks, each after those it depends on. Raises BadJob."""
    try:
        spec, given = job["pipelineSpec"], job.get("runtimeConfig", {}).get("parameters", {})
        waiting = {name: _task(name, spec, given) for name in spec["root"]["dag"]["tasks"]}
    except (KeyError, TypeError) as error:
        raise BadJob(f"it is not a compiled pipeline: {error!r}") from error
    ordered: list[Task] = []
    while waiting:
        done = {task.name for task in ordered}
        ready = [task for task in waiting.values() if {source.task for source in task.inputs.values()} <= done]
        if not ready:
            raise BadJob(f"these tasks wait for each other: {', '.join(sorted(waiting))}")
        for task in ready:
            ordered.append(waiting.pop(task.name))
    return tuple(ordered)


def _task(name: str, spec: Mapping[str, Any], given: Mapping[str, Any]) -> Task:
    node = spec["root"]["dag"]["tasks"][name]
    component = spec["components"][node["componentRef"]["name"]]
    executor = spec["deploymentSpec"]["executors"][component["executorLabel"]]
    if "container" not in executor:
        raise BadJob(f"task {name} has no container")
    container = executor["container"]
    inputs = node.get("inputs", {})
    parameters = {key: _parameter(value, given) for key, value in inputs.get("parameters", {}).items()}
    artifacts = component.get("outputDefinitions", {}).get("artifacts", {})
    env = {entry["name"]: entry["value"] for entry in container.get("env", ())}
    return Task(
        name=name,
        command=(*container["command"], *container["args"]),
        parameters=parameters,
        inputs={key: _source(value["taskOutputArtifact"]) for key, value in inputs.get("artifacts", {}).items()},
        outputs={key: artifact["artifactType"] for key, artifact in artifacts.items()},
        definition={"component": component, "command": container["command"], "args": container["args"], "env": env},
        cacheable=bool(node.get("cachingOptions", {}).get("enableCache")),
        env=env,
    )


def _source(value: Mapping[str, str]) -> ArtifactSource:
    return ArtifactSource(value["producerTask"], value["outputArtifactKey"])


def _parameter(value: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    if "runtimeValue" in value:
        return value["runtimeValue"]["constantValue"]
    name = value["componentInputParameter"]
    if name not in given:
        raise BadJob(f"the job gives no value for the parameter {name}")
    return given[name]


Artifacts = Mapping[str, Any]  # artifact lists by output key, as in ExecutorInput


def new_outputs(task: Task, folder: str) -> dict[str, Any]:
    """The output artifacts of a task that is to write into `folder`."""
    return {
        key: {"artifacts": [{"name": f"{folder}/{key}", "uri": f"{folder}/{key}", "type": kind, "metadata": {}}]}
        for key, kind in task.outputs.items()
    }


def command_line(task: Task, finished: Mapping[str, Artifacts], outputs: Artifacts, output_file: str) -> list[str]:
    """The task's container command with the executor's input in place."""
    executor_input = {
        "inputs": {
            "parameters": task.parameters,
            "artifacts": {key: finished[source.task][source.key] for key, source in task.inputs.items()},
        },
        "outputs": {"artifacts": outputs, "outputFile": output_file},
    }
    text = json.dumps(executor_input)
    return [argument.replace(INPUT_PLACEHOLDER, text) for argument in task.command]


def with_metadata(outputs: Artifacts, executor_output: Mapping[str, Any]) -> dict[str, Any]:
    """The output artifacts with what the executor recorded on them."""
    merged: dict[str, Any] = json.loads(json.dumps(outputs))
    for key, listed in executor_output.get("artifacts", {}).items():
        for artifact, written in zip(merged[key]["artifacts"], listed["artifacts"], strict=True):
            artifact["metadata"] = {**artifact["metadata"], **written.get("metadata", {})}
            artifact["uri"] = written.get("uri", artifact["uri"])
    return merged
