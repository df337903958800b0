"""Which roles each service's account needs, and on what: from the ports that its code asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from towerlab.events.catalog import CATALOG

from deployment.reading import PORTS, asked, modules
from deployment.services import DEPLOYMENTS, Deployment


@dataclass(frozen=True)
class Grant:
    """`on` names what Terraform's module `access` binds the role to; `why` stands in docs/cloud.md."""

    role: str
    on: str
    why: str


@dataclass(frozen=True)
class PortNeeds:
    """What the port's adapter on Google Cloud calls: its APIs, by the Python packages that call them, and the roles
    that it takes; of some methods more."""

    apis: frozenset[str]
    grants: tuple[Grant, ...]
    methods: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)


FIRESTORE, PUBSUB, STORAGE = "google.cloud.firestore", "google.cloud.pubsub", "google.cloud.storage"
BIGQUERY, VERTEX = "google.cloud.bigquery", "google.cloud.aiplatform"
NEEDS: Mapping[str, PortNeeds] = {
    "documents": PortNeeds(
        frozenset({FIRESTORE}),
        (Grant("roles/datastore.user", "project", "reads and writes documents and the outbox"),),
    ),
    "bus": PortNeeds(frozenset({PUBSUB, FIRESTORE}), ()),
    "artifacts": PortNeeds(
        frozenset({STORAGE}),
        (
            Grant("roles/storage.objectCreator", "artifacts", "puts files that are absent; cannot replace or delete"),
            Grant("roles/storage.objectViewer", "artifacts", "reads them; listing turns 'forbidden' into 'not there'"),
            Grant("roles/storage.objectViewer", "pipeline_root", "reads ranks and metrics that jobs have made"),
        ),
    ),
    "uploads": PortNeeds(frozenset(), ()),  # files are refused there: tables are registered
    "warehouse": PortNeeds(
        frozenset({BIGQUERY}),
        (
            Grant("roles/bigquery.jobUser", "project", "runs the statistics' queries"),
            Grant("roles/bigquery.dataEditor", "snapshots", "makes snapshots and reads them"),
            Grant("roles/bigquery.dataEditor", "scratch", "makes and drops the statistics' temporary tables"),
            Grant("roles/bigquery.dataViewer", "sources", "reads and snapshots the tables that people register"),
        ),
    ),
    "pipelines": PortNeeds(
        frozenset({VERTEX, STORAGE}),
        (
            Grant("custom/pipelineJobs", "project", "submits, looks at and cancels pipeline jobs, no more"),
            Grant("roles/storage.objectViewer", "pipeline_root", "reads what failed tasks have left"),
        ),
        methods={
            "submit": (Grant("roles/iam.serviceAccountUser", "pipeline_account", "has jobs run as that account"),),
            "keep": (Grant("custom/objectHolder", "pipeline_root", "puts outputs that are kept under a hold"),),
        },
    ),
    "identity": PortNeeds(frozenset(), ()),  # Google's public keys, which anybody may read
    "tracking": PortNeeds(
        frozenset(), (Grant("roles/run.invoker", "tracking", "reads runs and logs figures in MLflow"),)
    ),
}  # fmt: skip
REPLAYS = "config_api.commands.dead_letters"
PUBLISHER = Grant("roles/pubsub.publisher", "topics", "publishes the events it records, and those left in the outbox")
PIPELINE = (
    Grant("roles/aiplatform.user", "project", "Vertex AI Pipelines ask it of the account that jobs run as"),
    Grant("roles/storage.objectUser", "pipeline_root", "writes the outputs of tasks"),
    Grant("roles/storage.objectViewer", "artifacts", "reads generated modules"),
    Grant("roles/bigquery.jobUser", "project", "runs the sample query"),
    Grant("roles/bigquery.dataEditor", "scratch", "makes, reads and drops the sample query's tables"),
    Grant("roles/bigquery.readSessionUser", "project", "reads what the splits are made of as Arrow"),
    Grant("roles/bigquery.dataViewer", "snapshots", "has the sample query read them; cannot change them"),
    Grant("roles/run.invoker", "tracking", "logs the training in MLflow"),
    Grant("roles/dataflow.developer", "project", "starts Dataflow for large datasets, and looks at it"),
    Grant("roles/dataflow.worker", "project", "Dataflow asks it of the account that workers run as"),
    Grant("roles/artifactregistry.reader", "project", "workers load their image"),
    Grant("roles/iam.serviceAccountUser", "pipeline_account", "has workers run as itself"),
)
TRACKING = (
    Grant("roles/cloudsql.client", "project", "opens the database of runs"),
    Grant("roles/storage.objectUser", "tracking_files", "keeps the runs' files"),
    Grant("roles/secretmanager.secretAccessor", "tracking_secret", "reads the database's address and password"),
)


def permissions() -> dict[str, Any]:
    """By account: its grants; of services also the topics that it publishes to."""
    by_service = {one.name: _entry(_grants(one), topics(one)) for one in DEPLOYMENTS}
    return by_service | {"pipeline": _entry(PIPELINE), "tracking": _entry(TRACKING)}


def topics(deployment: Deployment) -> list[str]:
    """Those of the events that it records, which it publishes right after; all, of whoever sends what is waiting, and
    of whoever sends dead letters again."""
    if {"bus.send_waiting", "bus.*"} & asked(deployment) or REPLAYS in modules(deployment):
        return sorted(CATALOG)
    return sorted(event.name for event in CATALOG.values() if deployment.service in event.producers)


def _grants(deployment: Deployment) -> tuple[Grant, ...]:
    names = asked(deployment)
    used = [(port, NEEDS[port]) for port in sorted(PORTS & names)]
    by_port = [grant for _, needs in used for grant in needs.grants]
    by_method = [
        grant
        for port, needs in used
        for method, grants in needs.methods.items()
        if {f"{port}.{method}", f"{port}.*"} & names
        for grant in grants
    ]
    return (*by_port, *by_method, *([PUBLISHER] if topics(deployment) else []))


def _entry(grants: tuple[Grant, ...], topics: list[str] | None = None) -> dict[str, Any]:
    once = {(grant.role, grant.on): grant for grant in reversed(grants)}
    return {"grants": [asdict(once[key]) for key in sorted(once)], "topics": topics or []}
