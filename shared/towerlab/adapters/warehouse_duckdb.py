"""Tables from files: DuckDB in a child process that sees one file, with limits on memory and time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from towerlab.adapters.table_profile import EXACT_UP_TO_ROWS
from towerlab.domain.columns import ColumnProfile, ColumnType
from towerlab.domain.errors import Invalid, NotFound, Problem
from towerlab.domain.leak_probe import Probed, Probes
from towerlab.domain.sketches import Purchase, Sketch, Sketches
from towerlab.ports.errors import Transient
from towerlab.ports.warehouse import Combinations, SnapshotTable

SUFFIXES = (".parquet", ".pq", ".csv", ".csv.gz", ".tsv")
_GLOB = frozenset("*?[]{}")
_SNAPSHOT_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Limits:
    seconds: float = 600.0
    memory_megabytes: int = 2_000
    threads: int = 2
    file_bytes: int = 20_000_000_000
    exact_up_to_rows: int = EXACT_UP_TO_ROWS


class DuckdbWarehouse:
    """Registers files below `data_folders` alone; keeps snapshots in `folder`. A relative source is looked for in
    the data folders."""

    kinds = frozenset({"file"})

    def __init__(self, data_folders: Sequence[Path], folder: Path, limits: Limits | None = None) -> None:
        self._data_folders = [Path(os.path.realpath(data)) for data in data_folders]
        self._folder = Path(os.path.realpath(folder))
        self._limits = limits or Limits()

    def source_values(self, source_uri: str) -> int:
        return int(self._ask(do="weigh", source=str(self._source(source_uri))))

    def snapshot(self, source_uri: str, time_zone: str = "UTC") -> SnapshotTable:
        table = self._ask(do="snapshot", source=str(self._source(source_uri)), time_zone=time_zone)
        columns = {name: ColumnType(type) for name, type in table["columns"].items()}
        return SnapshotTable(table["id"], table["uri"], table["rows"], columns)

    def profile(self, snapshot: SnapshotTable) -> Sequence[ColumnProfile]:
        id = self._id(snapshot.uri)
        found = self._ask(do="profile", id=id, exact_up_to=self._limits.exact_up_to_rows)
        return [_profile(column) for column in found]

    def rows(self, snapshot_uri: str, limit: int) -> Sequence[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = self._ask(do="rows", id=self._id(snapshot_uri), limit=limit)
        return rows

    def training_rows(self, snapshot_uri: str, roles: Mapping[str, str]) -> Mapping[str, int]:
        counts: Mapping[str, int] = self._ask(do="training_rows", id=self._id(snapshot_uri), roles=dict(roles))
        return counts

    def combinations(self, snapshot_uri: str, buckets: Mapping[str, int | None]) -> Combinations:
        return Combinations(**self._ask(do="combinations", id=self._id(snapshot_uri), buckets=dict(buckets)))

    def probes(self, snapshot_uri: str, roles: Mapping[str, str]) -> Probes:
        found = self._ask(do="probes", id=self._id(snapshot_uri), roles=dict(roles))
        columns = {name: Probed(**probed) for name, probed in found["columns"].items()}
        return Probes(found["popularity"], columns)

    def sketches(self, snapshot_uri: str, roles: Mapping[str, str]) -> Sketches:
        found = self._ask(do="sketches", id=self._id(snapshot_uri), roles=dict(roles))
        columns = {side: {n: Sketch(**one) for n, one in of.items()} for side, of in found["columns"].items()}
        return Sketches(
            **{**found, "columns": columns, "examples": tuple(Purchase(**one) for one in found["examples"])}
        )

    def purchase(self, snapshot_uri: str, roles: Mapping[str, str], asked: Mapping[str, str]) -> Purchase:
        found = self._ask(do="purchase", id=self._id(snapshot_uri), roles=dict(roles), asked=dict(asked))
        return Purchase(**found)

    def labels(self, snapshot_uri: str, product: str, label: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self._ask(do="labels", id=self._id(snapshot_uri), product=product, label=label)
        return found

    def _source(self, uri: str) -> Path:
        """The file itself, links followed. Raises Invalid unless it is a regular file of a known kind, not too large,
        inside a data folder; what is outside is not told from what is not there."""
        named = uri.removeprefix("file://")
        if not named.lower().endswith(SUFFIXES):
            raise _invalid(
                "not_a_table", "only Parquet and CSV files are taken", f"Known endings: {', '.join(SUFFIXES)}."
            )
        if _GLOB & set(named) or "\0" in named:
            raise _invalid("pattern", "the name looks like a pattern of several files", "Rename the file.")
        candidates = [named] if os.path.isabs(named) else [os.path.join(folder, named) for folder in self._data_folders]
        files = [found for found in map(self._inside, candidates) if found is not None]
        if not files:
            folders = ", ".join(map(str, self._data_folders)) or "none is configured"
            raise _invalid("not_found", f"there is no such file in the data folders ({folders})", "Move it there.")
        if files[0].stat().st_size > self._limits.file_bytes:
            raise _invalid("too_large", f"more than {self._limits.file_bytes:,} bytes", "Register a smaller extract.")
        return files[0]

    def _inside(self, path: str) -> Path | None:
        real = Path(os.path.realpath(path))
        inside = any(real.is_relative_to(folder) for folder in self._data_folders)
        return real if inside and os.path.isfile(real) else None  # False for a name too long to be one

    def _id(self, snapshot_uri: str) -> str:
        path = Path(snapshot_uri.removeprefix("file://"))
        if path.parent != self._folder or not _SNAPSHOT_ID.fullmatch(path.stem) or not path.is_file():
            raise NotFound("snapshot", snapshot_uri)
        return path.stem

    def _ask(self, **request: Any) -> Any:
        self._folder.mkdir(parents=True, exist_ok=True)
        limits = {"memory_megabytes": self._limits.memory_megabytes, "threads": self._limits.threads}
        finished = self._run(json.dumps(request | limits | {"folder": str(self._folder)}))
        if finished.returncode != 0:
            last = (finished.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise Transient(f"the table reader ended with status {finished.returncode}: {last}")
        answer = json.loads(finished.stdout)
        if "invalid" in answer:
            raise Invalid(Problem(**problem) for problem in answer["invalid"])
        if "transient" in answer:
            raise Transient(answer["transient"])
        return answer["result"]

    def _run(self, request: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-m", "towerlab.adapters.warehouse_child"]
        try:
            return subprocess.run(
                command, input=request, capture_output=True, text=True, timeout=self._limits.seconds, env={},
                cwd=self._folder, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            message = f"reading this table took longer than {self._limits.seconds:.0f} seconds"
            raise _invalid("too_large", message, "Register a smaller extract.") from error


def _profile(column: Mapping[str, Any]) -> ColumnProfile:
    lists = ("sample_values", "top_values", "histogram")
    return ColumnProfile(
        **{**column, "type": ColumnType(column["type"]), **{name: tuple(column[name]) for name in lists}}
    )


def _invalid(code: str, message: str, remedy: str) -> Invalid:
    return Invalid([Problem("/source/uri", code, message, remedy)])
