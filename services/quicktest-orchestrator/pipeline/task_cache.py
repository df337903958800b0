"""Finished tasks by what they computed, over all jobs and over restarts of the runner."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from towerlab import adapters
from towerlab.emit import sample_query, split_plan

from pipeline.files import write_atomically
from pipeline.job_spec import Artifacts, Task

KEPT_OF_KEY = 20  # characters, in the name of a folder
_MODULE = re.compile(r"^.*(#sha256=[0-9a-f]{64})$", re.DOTALL)


def code_fingerprint() -> str:
    """A hash of this package, of the sample query and of what carries it out: what an older version computed is not
    taken for what this one would."""
    digest = hashlib.sha256()
    folder = Path(*adapters.__path__)
    engines = sorted(path for of in ("bigquery_*.py", "duckdb_*.py", "table_engine.py") for path in folder.glob(of))
    elsewhere = [*(Path(module.__file__) for module in (sample_query, split_plan)), *engines]
    for path in [*sorted(Path(__file__).parent.glob("*.py")), *elsewhere]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


class TaskCache:
    """One folder per computation under `outputs`, one record per finished one under `cache`."""

    def __init__(self, folder: Path, code: str) -> None:
        self._outputs, self._records, self._code = folder / "outputs", folder / "cache", code
        self._outputs.mkdir(parents=True, exist_ok=True)
        self._records.mkdir(parents=True, exist_ok=True)

    def key(self, task: Task, keys: Mapping[str, str]) -> str:
        """What `task` computes, given the keys of the tasks it takes its inputs from. A module counts by its hash, not
        by where it lies."""
        content = {
            "code": self._code,
            "definition": task.definition,
            "parameters": {name: _content(value) for name, value in task.parameters.items()},
            "inputs": {name: [keys[source.task], source.key] for name, source in task.inputs.items()},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def find(self, key: str) -> Artifacts | None:
        """The outputs of an equal task that finished, if they are all still there."""
        record = self._records / f"{key}.json"
        if not record.exists():
            return None
        outputs: Artifacts = json.loads(record.read_text())
        uris = [artifact["uri"] for listed in outputs.values() for artifact in listed["artifacts"]]
        if not all(os.path.exists(uri) for uri in uris):
            return None
        os.utime(record)
        return outputs

    def store(self, key: str, outputs: Artifacts) -> None:
        write_atomically(self._records / f"{key}.json", json.dumps(outputs))

    def fresh_folder(self, task: Task, key: str) -> Path:
        """An empty folder for a task that is about to run; what an interrupted attempt left is gone."""
        folder = self._outputs / f"{task.name}-{key[:KEPT_OF_KEY]}"
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        return folder

    def by_last_use(self) -> list[str]:
        """The names of all computations, the one that was used longest ago first."""
        return sorted((folder.name for folder in self._outputs.iterdir()), key=self.last_use)

    def last_use(self, name: str) -> float:
        """When the computation was made or found (epoch seconds)."""
        return max(path.stat().st_mtime for path in (*self._records_of(name), self._outputs / name))

    def unfinished(self) -> list[str]:
        """Computations that failed, or were stopped."""
        return [folder.name for folder in self._outputs.iterdir() if not self._records_of(folder.name)]

    def computation_of(self, path: str) -> str | None:
        """The name of the computation that an output belongs to, None where there is no such any more."""
        inside = Path(path).is_relative_to(self._outputs)
        name = Path(path).relative_to(self._outputs).parts[0] if inside else ""
        return name if name and (self._outputs / name).exists() else None

    def forget(self, name: str) -> None:
        """Drop a computation, its record first: nobody finds what is half gone."""
        for record in self._records_of(name):
            record.unlink()
        shutil.rmtree(self._outputs / name)

    def _records_of(self, name: str) -> list[Path]:
        return list(self._records.glob(f"{name.rpartition('-')[2]}*.json"))


def _content(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(text := value.get("stringValue"), str):
        return {"stringValue": _MODULE.sub(r"\1", text)}
    return value
