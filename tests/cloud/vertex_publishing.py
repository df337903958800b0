"""Outputs of tasks that ran here, copied to where Vertex AI would have had them written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

FILE = "file://"
AT_ONCE = 8
Artifacts = dict[str, Any]  # artifact lists by output key, as task details have them


def task_id(job_id: str, task: str) -> int:
    """Any 64-bit integer: Vertex AI's are of either sign."""
    digest = hashlib.sha256(f"{job_id}/{task}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@dataclass(frozen=True)
class Shelf:
    """`computations` are the runner's output folders; `memory` remembers where each was copied to, so that a task that
    the runner finds in its cache has the URIs that it had first, as on Vertex AI."""

    computations: Path
    memory: Path

    def publish(self, folder: str, task: Mapping[str, Any]) -> Artifacts:
        """The artifacts of a finished task; `folder` is the gs:// folder that is the task's own."""
        local = Path(next(iter(task["outputs"].values())).removeprefix(FILE)).parent
        remembered = self.memory / f"{local.name}.json"
        if task["state"] == "cached" and remembered.exists():
            known: Artifacts = json.loads(remembered.read_text())
            return known
        metadata = json.loads((local / "executor_output.json").read_text()).get("artifacts", {})
        _copy(local / "executor_output.json", folder)
        artifacts = {}
        for key in task["outputs"]:
            _copy(local / key, folder)
            artifacts[key] = {"artifacts": [_artifact(key, folder, metadata)]}
        remembered.write_text(json.dumps(artifacts))
        return artifacts

    def publish_failure(self, folder: str, task: str, message: str) -> None:
        """What the task wrote of its own failure, if it came to that."""
        told = [path for path in self.computations.glob(f"{task}-*/failure.json") if _is_about(path, message)]
        if told:
            _copy(max(told, key=lambda path: path.stat().st_mtime), folder)


def _is_about(path: Path, message: str) -> bool:
    return json.loads(path.read_text())["message"].split("\n")[0] in message


def _artifact(key: str, folder: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    (written,) = metadata.get(key, {"artifacts": [{}]})["artifacts"]
    return {"displayName": key, "uri": f"{folder}/{key}", "metadata": written.get("metadata", {})}


def _copy(source: Path, folder: str) -> None:
    """The file or folder, below the gs:// folder."""
    remote = fsspec.filesystem("gs")
    files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        copied = [
            pool.submit(remote.put_file, str(path), f"{folder}/{path.relative_to(source.parent)}") for path in files
        ]
    for each in copied:
        each.result()
