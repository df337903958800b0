"""The record kinds: which dataclass each holds, by which fields it is found, and in which orders it is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from towerlab.configs.config import ConfigSummary, ConfigVersion, FeatureConfig
from towerlab.configs.search import tokens
from towerlab.domain.audit import AuditEntry
from towerlab.domain.datasets import Dataset
from towerlab.domain.exploration import Exploration
from towerlab.domain.quicktest import FINAL, FullTraining, QuickTest
from towerlab.domain.registration import Registration
from towerlab.domain.reruns import RerunPlan
from towerlab.domain.results import BestMetrics, FullResult, Result
from towerlab.domain.scores import Score
from towerlab.emit.record import CodeRecord
from towerlab.events.catalog import CATALOG
from towerlab.ports.documents import Indexed
from towerlab.runtime.subscriptions import service_of

T = TypeVar("T")
Index = Mapping[str, Indexed]


@dataclass(frozen=True)
class Received:
    """The note that `consumer` has handled an event; its effects were written in the same commit."""

    event_id: str
    consumer: str
    type: str
    handled_at: str
    schema: int = 1


@dataclass(frozen=True)
class DeadLetter:
    """What a service was sent and could not handle. `content` is the event's JSON, or the envelope's first part.
    `attempts` is how often the bus tried in vain to deliver it; 0: it was delivered, and set aside."""

    id: str
    subscription: str
    type: str
    reason: str
    content: str
    at: str
    attempts: int = 0
    schema: int = 1

    @property
    def consumer(self) -> str:
        """The service that did not take it."""
        return service_of(self.subscription)


@dataclass(frozen=True)
class Answered:
    """The answer that a caller's POST with an Idempotency-Key was given; written in the commit of its effect.
    `fingerprint` is of the request's body. Good until `expires_at` (RFC 3339 UTC)."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    expires_at: str
    schema: int = 1


@dataclass(frozen=True)
class Kind(Generic[T]):
    """`listings` are the orders that queries page through: equality fields first, then sort fields ('-' descending);
    `filters` are equality fields that may narrow any of them ('*': asked for by what the field holds)."""

    name: str
    type: type[T]
    index: Callable[[T], Index] = field(default=lambda _: {})
    listings: tuple[tuple[str, ...], ...] = ()
    filters: tuple[str, ...] = ()


def _dataset(value: Dataset) -> Index:
    return {"name": value.name, "updated_at": value.updated_at, "deleted": value.deleted_at is not None}


def _config(value: FeatureConfig) -> Index:
    return {
        "dataset_id": value.dataset_id,
        "status": value.status.value,
        "config_hash": value.config_hash,
        "updated_at": value.updated_at,
        "deleted": value.deleted_at is not None,
    }


def _version(value: ConfigVersion) -> Index:
    return {
        "config_id": value.config_id,
        "version": value.version,
        "dataset_id": value.dataset_id,
        "config_hash": value.config_hash,
    }


def _code(value: CodeRecord) -> Index:
    return {"config_id": value.config_id, "version": value.version}


def _summary(value: ConfigSummary) -> Index:
    best = value.best if value.comparable else None  # figures of another protocol are not sorted among these
    return {
        "dataset_id": value.dataset_id,
        "status": value.status.value,
        "tested": value.tested,
        "recall_at_100": best.at["100"] if best else None,
        "recall_lower": best.interval["100"][0] if best else None,
        "updated_at": value.updated_at,
        "name": value.name,
        "tokens": tokens(value.name, value.number),
        "deleted": value.deleted,
    }


def _quick_test(value: QuickTest) -> Index:
    return {
        "config_id": value.config_id,
        "dataset_id": value.dataset_id,
        "version": value.version,
        "config_hash": value.config_hash,
        "phase": value.phase.value,
        "open": value.phase not in FINAL,
        "created_at": value.created_at,
    }


def _result(value: Result) -> Index:
    return {
        "config_id": value.config_id,
        "dataset_id": value.dataset_id,
        "protocol_key": value.protocol_key,
        "recall_at_100": value.recall.at["100"],
    }


def _score(value: Score) -> Index:
    return {"dataset_id": value.dataset_id, "completed_at": value.completed_at}


def _config_best(value: BestMetrics) -> Index:
    return {"dataset_id": value.dataset_id}


def _answered(value: Answered) -> Index:
    return {"expires_at": value.expires_at}


def _rerun_plan(value: RerunPlan) -> Index:
    return {"when": value.when, "dataset_id": value.dataset_id, "due_at": value.due_at}


def _exploration(value: Exploration) -> Index:
    return {"dataset_id": value.dataset_id, "status": value.status.value, "created_at": value.created_at}


def _audit(value: AuditEntry) -> Index:
    return {"object": value.change.object, "at": value.at}


def _dead_letter(value: DeadLetter) -> Index:
    known = value.type if value.type in CATALOG else None  # other domains may send any text
    return {"consumer": value.consumer, "type": known, "undelivered": value.attempts > 0, "at": value.at}


_LIST = ("dataset_id", "deleted")

KINDS: tuple[Kind[Any], ...] = (
    Kind("dataset", Dataset, _dataset, (("deleted", "-updated_at"),)),
    Kind("registration", Registration),
    Kind("config", FeatureConfig, _config, ((*_LIST, "-updated_at"), ("dataset_id", "config_hash"))),
    Kind("config_version", ConfigVersion, _version, (("config_id", "-version"), ("dataset_id", "config_hash"))),
    Kind(
        "config_summary",
        ConfigSummary,
        _summary,
        (
            (*_LIST, "-tested", "-recall_at_100", "-updated_at"),
            (*_LIST, "-tested", "recall_at_100", "-updated_at"),
            (*_LIST, "-tested", "-recall_lower", "-updated_at"),
            (*_LIST, "-tested", "recall_lower", "-updated_at"),
            (*_LIST, "-updated_at"),
            (*_LIST, "updated_at"),
            (*_LIST, "name"),
            (*_LIST, "-name"),
        ),
        filters=("status", "*tokens"),
    ),
    Kind(
        "quick_test",
        QuickTest,
        _quick_test,
        (
            ("config_id", "-created_at"),
            ("dataset_id", "-created_at"),
            ("dataset_id", "config_hash", "phase", "-created_at"),
            ("open", "created_at"),
            ("config_id", "open", "created_at"),
            ("-created_at",),
        ),
    ),
    Kind(
        "full_training",
        FullTraining,
        _quick_test,
        (("config_id", "-created_at"), ("open", "created_at"), ("config_id", "open", "created_at")),
    ),
    Kind("code", CodeRecord, _code, (("config_id", "-version"),)),
    Kind("result", Result, _result, (("config_id",), ("dataset_id", "protocol_key", "-recall_at_100"))),
    Kind("full_result", FullResult),
    Kind("score", Score, _score, (("dataset_id", "-completed_at"),)),
    Kind("config_best", BestMetrics, _config_best, (("dataset_id",),)),
    Kind("rerun_plan", RerunPlan, _rerun_plan, (("when", "due_at"), ("dataset_id", "when"))),
    Kind("exploration", Exploration, _exploration, (("dataset_id", "-created_at"), ("status",))),
    Kind("inbox", Received),
    Kind("answered", Answered, _answered, (("expires_at",),)),
    Kind("audit", AuditEntry, _audit, (("object", "-at"), ("-at",))),
    Kind("dead_letter", DeadLetter, _dead_letter, (("undelivered", "-at"), ("-at",)), ("consumer", "type")),
)
LISTINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {kind.name: kind.listings for kind in KINDS}
FILTERS: Mapping[str, tuple[str, ...]] = {kind.name: kind.filters for kind in KINDS}
BY_TYPE: Mapping[type, Kind[Any]] = {kind.type: kind for kind in KINDS}
