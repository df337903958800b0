"""The four services in one installation, and a history of events to give them: by hand, or through Pub/Sub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codegen.app import create as codegen
from config_api.app import create_internal as config_api
from config_api.summaries import Best, TestCounts, summarised
from flask import Flask
from metrics_collector.app import create as collector
from quicktest_orchestrator.app import create as orchestrator
from towerlab.adapters.clock import SortableIds
from towerlab.configs.config import FeatureConfig
from towerlab.domain.quicktest import Phase
from towerlab.events.catalog import CODEGEN, COLLECTOR, CONFIG_API, ORCHESTRATOR
from towerlab.events.envelope import Event
from towerlab.ports.documents import Query
from towerlab.ports.pipelines import Job, JobError, JobState
from towerlab.ports.tracking import TrackedRun
from towerlab.runtime import records

from tests.unit.collector.shops import Shop, leave_behind
from tests.unit.worlds import HeldPipelines, World

SERVICES = {CODEGEN: codegen, CONFIG_API: config_api, COLLECTOR: collector, ORCHESTRATOR: orchestrator}
COMPARED = ("config", "config_version", "config_summary", "quick_test", "code", "result", "config_best", "dead_letter")


@dataclass
class EndingPipelines(HeldPipelines):
    """Jobs that have ended when they are looked at first."""

    ends: dict[str, Job] = field(default_factory=dict)

    def describe(self, job_id: str) -> Job | None:
        job = super().describe(job_id)
        return job and self.ends.get(job_id, job)


class Installation(World):
    """Test t1 of config c1 will succeed, t2 of c2 fail; t3 was cancelled while it waited. Of t4 there is no record."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        super().__init__(folder)
        self.deps.ids = SortableIds(self.clock)  # asked for in many threads
        self.deps.pipelines = self._pipelines(shop)
        self.apps: Mapping[str, Flask] = {name: create(self.deps) for name, create in SERVICES.items()}
        self.dataset()
        for id in ("c1", "c2"):
            version = self.config(id, f"Config {id}")
            config = records.get(self.deps.documents, FeatureConfig, id).value
            self.write(summarised(config, version, TestCounts(), Best()), id)
        for id, config_id in (("t1", "c1"), ("t2", "c2")):
            self.test(id, config_id)
        self.test("t3", "c2", phase=Phase.CANCELLING)

    def history(self) -> Sequence[Event]:
        """What config-api tells, on record."""
        versions = [{"config_id": id, "version": 1, "config_hash": "hash"} for id in ("c1", "c2")]
        told = [self.event("feature-config.version-created", **version) for version in versions]
        told += [self.event("quick-test.requested", test_id=id) for id in ("t1", "t2", "t3", "t4")]
        told.append(self.event("quick-test.cancel-requested", test_id="t3"))
        self.deps.documents.commit([], told)
        return told

    def outcome(self) -> Mapping[str, object]:
        """All documents that have no id of their own making, and how often each fact was told of."""
        found: dict[str, object] = {kind: self._documents(kind) for kind in COMPARED}
        return found | {"told": Counter((event.type, event.subject) for event in self.told())}

    def _documents(self, kind: str) -> Mapping[str, object]:
        """By id, but for rejected events, whose ids differ from run to run."""
        items = self.deps.documents.query(Query(kind)).items
        if kind == "dead_letter":
            return {str(n): stored.body["reason"] for n, stored in enumerate(items)}
        return {stored.key.id: self._comparable(stored.content) for stored in items}

    def _comparable(self, content: str) -> object:
        """Without the folder's name; the last digits of a sum follow the order in which threads added it up."""
        content = content.replace(str(self.folder), "")
        return json.loads(content, parse_float=lambda text: float(f"{float(text):.12g}"))

    def _pipelines(self, shop: Shop) -> EndingPipelines:
        self.tracking.runs["run1"] = TrackedRun("run1", "http://mlflow/#/experiments/1/runs/run1", {}, {})
        succeeded = Job("qt-t1", JobState.SUCCEEDED, leave_behind(self, shop))
        failed = Job("qt-t2", JobState.FAILED, (), JobError("Trainer", "out of memory"))
        return EndingPipelines(ends={job.id: job for job in (succeeded, failed)})
