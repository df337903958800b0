"""A small installation in a folder: real documents, events and artifacts; a clock, a pipeline and a tracking server
that a test holds in its hand."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigStatus, ConfigVersion, FeatureConfig
from towerlab.configs.hashing import config_hash
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import Availability, ColumnRole, ColumnType
from towerlab.domain.compute import HERE, Compute, Offer
from towerlab.domain.datasets import Dataset, Snapshot, Source
from towerlab.domain.errors import Invalid
from towerlab.domain.quicktest import QuickTest, TestSettings
from towerlab.domain.times import rfc3339
from towerlab.emit.generator import generator
from towerlab.emit.record import CodeFile, CodeRecord
from towerlab.events.codec import decode, encode
from towerlab.events.envelope import Event
from towerlab.ports.errors import Transient
from towerlab.ports.pipelines import Job, JobError, JobState, JobTask
from towerlab.ports.tracking import TrackedRun
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.settings import Google, Local, Settings
from towerlab.runtime.wiring import Deps

from tests.unit.indexed import with_indexes

TOKEN = "0123456789abcdef0123456789abcdef"
TEMPLATE = Path(__file__).parents[2] / "services/quicktest-orchestrator/pipeline/quick_test.json"
START = datetime(2026, 3, 1, 10, tzinfo=UTC)
COLUMNS = {
    "customer": ColumnType.STRING,
    "product": ColumnType.STRING,
    "bought_at": ColumnType.TIMESTAMP,
    "revenue": ColumnType.FLOAT,
}
ROLES = {"customer": "customer_id", "product": "product_id", "bought_at": "transaction_date", "revenue": "revenue"}


@dataclass
class HeldClock:
    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def pass_(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@dataclass
class CountedIds:
    given: int = 0

    def new(self) -> str:
        self.given += 1
        return f"id{self.given:04d}"


@dataclass
class HeldPipelines:
    """Follows the port; a test says what the jobs do, and may take the line down with `reachable` or have parameters
    refused."""

    jobs: dict[str, Job] = field(default_factory=dict)
    submissions: list[tuple[str, Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)
    computes: dict[str, Compute] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    reachable: bool = True
    refusal: Invalid | None = None

    def submit(
        self, job_id: str, parameters: Mapping[str, str], labels: Mapping[str, str], compute: Compute = HERE
    ) -> None:
        self._reach()
        if self.refusal:
            raise self.refusal
        if job_id not in self.jobs:
            self.computes[job_id] = compute
            self.submissions.append((job_id, parameters, labels))
            self.jobs[job_id] = Job(job_id, JobState.PENDING, ())

    def describe(self, job_id: str) -> Job | None:
        self._reach()
        return self.jobs.get(job_id)

    def cancel(self, job_id: str) -> None:
        self._reach()
        if job_id in self.jobs:
            self.cancelled.add(job_id)

    def keep(self, job_id: str, kept: bool) -> None:
        self._reach()
        (self.kept.add if kept else self.kept.discard)(job_id)

    def becomes(self, job_id: str, state: JobState, *tasks: JobTask, error: JobError | None = None) -> None:
        self.jobs[job_id] = Job(job_id, state, tasks, error)

    def _reach(self) -> None:
        if not self.reachable:
            raise Transient("the pipeline runner cannot be reached")


@dataclass
class HeldTracking:
    runs: dict[str, TrackedRun] = field(default_factory=dict)
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    reachable: bool = True

    def find_run(self, run_id: str) -> TrackedRun | None:
        if not self.reachable:
            raise Transient("MLflow cannot be reached")
        return self.runs.get(run_id)

    def add_figures(
        self, run_id: str, metrics: Mapping[str, float], tags: Mapping[str, str], parameters: Mapping[str, str]
    ) -> None:
        self.figures.setdefault(run_id, {}).update(metrics)
        self.tags.setdefault(run_id, {}).update(tags)
        self.parameters.setdefault(run_id, {}).update(parameters)

    def add_files(self, run: TrackedRun, files: Mapping[str, bytes]) -> None:
        self.files.setdefault(run.run_id, {}).update(files)


class World:
    """`deps` is what a service gets; the rest makes documents and looks at what came of it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.pipelines, self.tracking = HeldClock(), HeldPipelines(), HeldTracking()
        self.folder = folder
        self.deps = with_indexes(
            Deps(
                Settings(Local(folder, TOKEN), pipeline_template=str(TEMPLATE)),
                clock=self.clock,
                ids=CountedIds(),
                pipelines=self.pipelines,
                tracking=self.tracking,
            )
        )

    def write(self, value: object, id: str) -> None:
        """Put `value` in place of whatever is there."""
        held = records.find(self.deps.documents, type(value), id)
        self.deps.documents.commit([records.put(value, id, held.revision if held else None)])

    def dataset(self, **changes: Any) -> Dataset:
        dataset = replace(a_dataset(), **changes)
        self.write(dataset, dataset.id)
        return dataset

    def config(self, id: str = "c1", name: str = "First", **changes: Any) -> ConfigVersion:
        version = replace(a_version(id), **changes)
        self.write(a_config(version, name), id)
        self.write(version, f"{id}.{version.version}")
        return version

    def code(
        self, config_id: str = "c1", version: int = 1, error: str = "", written_by: str | None = None
    ) -> CodeRecord:
        """Code of this release, unless it says who wrote it."""
        files = {name: CodeFile(f"file:///code/{name}", "ab" * 32) for name in ("preprocessing.py", "trainer.py")}
        status = "failed" if error else "generated"
        by = generator() if written_by is None else written_by
        code = CodeRecord(config_id, version, "hash", status, {} if error else files, error, by)
        self.write(code, f"{config_id}.{version}")
        return code

    def test(self, id: str = "t1", config_id: str = "c1", of: type[QuickTest] = QuickTest, **changes: Any) -> QuickTest:
        test = replace(a_test(id, config_id, self.clock.now(), of), **changes)
        self.write(test, id)
        return test

    def now_is(self, id: str = "t1", of: type[QuickTest] = QuickTest) -> QuickTest:
        return records.get(self.deps.documents, of, id).value

    def event(self, type: str, **data: Any) -> Event:
        return event(self.deps, type, str(next(iter(data.values()))), **data)

    def told(self, type: str | None = None) -> list[Event]:
        """Every event announced so far, in order."""
        with sqlite3.connect(self.folder / "towerlab.db") as database:
            found = database.execute("SELECT content FROM events ORDER BY rowid").fetchall()
        events = [decode(content) for (content,) in found]
        return [one for one in events if type in (None, one.type)]

    def push(self, app: Flask, event: Event) -> int:
        """Deliver the event as the bus does; the status of the answer."""
        message = {"data": base64.b64encode(encode(event)).decode(), "attributes": {}, "messageId": event.id}
        envelope = {"message": message, "subscription": "s"}
        return self._post(app, "/events/", json.dumps(envelope).encode())

    def tick(self, app: Flask, task: str) -> int:
        return self._post(app, f"/tasks/{task}", b"")

    def _post(self, app: Flask, path: str, content: bytes) -> int:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        with app.test_client() as client:
            return client.post(path, data=content, headers=headers, base_url="http://127.0.0.1").status_code


def on_google_cloud(offer: Offer) -> Google:
    """An installation that has these machines."""
    return Google(
        project="some-project",
        region="europe-west4",
        artifacts="gs://some-artifacts",
        pipeline_root="gs://some-runs",
        snapshots="some-project.snapshots",
        push_audience="https://towerlab.example",
        push_accounts=("push@towerlab.example",),
        pipeline_image="registry.example/pipeline:1",
        pipeline_account="runs@towerlab.example",
        offer=offer,
    )


def a_dataset() -> Dataset:
    mapping = {
        column: ColumnRole(role, Availability.AFTER_REQUEST if role == "revenue" else Availability.BEFORE_REQUEST)
        for column, role in ROLES.items()
    }
    return Dataset(
        id="d1",
        name="Shop",
        source=Source("file", "/data/shop.parquet"),
        snapshot=Snapshot(1, "snap1", "file:///snapshots/snap1.parquet", 1000, rfc3339(START), ""),
        columns=COLUMNS,
        guessed_mapping=mapping,
        created_at=rfc3339(START),
        updated_at=rfc3339(START),
    )


def a_version(config_id: str = "c1", extra_buyer: Sequence[dict[str, Any]] = ()) -> ConfigVersion:
    lists = ConfigLists(
        buyer_model_features=({"column": "customer", "type": "string_embedding"}, *extra_buyer),
        product_model_features=({"column": "product", "type": "string_embedding"},),
    )
    resolved = resolve(lists, COLUMNS)
    return ConfigVersion(
        config_id=config_id,
        dataset_id="d1",
        version=1,
        config_hash=config_hash(resolved),
        lists=lists,
        columns={name: COLUMNS[name] for name in resolved.columns},
        buyer_tensor_dim=32,
        product_tensor_dim=32,
        warnings=(),
        created_at=rfc3339(START),
        created_by="ada",
    )


def a_config(version: ConfigVersion, name: str) -> FeatureConfig:
    return FeatureConfig(
        id=version.config_id,
        dataset_id=version.dataset_id,
        number=1,
        name=name,
        description="",
        status=ConfigStatus.DRAFT,
        version=version.version,
        config_hash=version.config_hash,
        created_at=rfc3339(START),
        updated_at=rfc3339(START),
        created_by="ada",
    )


def a_test(id: str, config_id: str, at: datetime, of: type[QuickTest] = QuickTest) -> QuickTest:
    return of(
        id=id,
        config_id=config_id,
        dataset_id="d1",
        version=1,
        config_hash="hash",
        snapshot_id="snap1",
        settings=TestSettings(),
        created_at=rfc3339(at),
        deadline=rfc3339(at + timedelta(hours=2)),
        requested_by="ada",
        correlation_id=f"asked-{id}",
    )
