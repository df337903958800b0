"""Every event type of the system, who makes it and who consumes it; topics and subscriptions follow from this table."""

from __future__ import annotations

from dataclasses import dataclass

CONFIG_API = "config-api"
CODEGEN = "codegen"
ORCHESTRATOR = "quicktest-orchestrator"
COLLECTOR = "metrics-collector"
OTHER_DOMAINS = "other domains"
LONG = 600.0  # a whole table is read; as long as Pub/Sub waits for an answer


@dataclass(frozen=True)
class EventType:
    name: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    fields: tuple[str, ...]
    seconds: float = 30.0  # in which a consumer has handled it


CATALOG: dict[str, EventType] = {
    event.name: event
    for event in (
        EventType("dataset.registration-requested", (CONFIG_API,), (CONFIG_API,), ("registration_id",), LONG),
        EventType("dataset.updated", (OTHER_DOMAINS,), (CONFIG_API,), ("dataset_id",), LONG),
        EventType("dataset.refreshed", (CONFIG_API,), (ORCHESTRATOR,), ("dataset_id", "snapshot_id")),
        EventType("dataset.deleted", (OTHER_DOMAINS, CONFIG_API), (CONFIG_API,), ("dataset_id",)),
        EventType("feature-config.version-created", (CONFIG_API,), (CODEGEN,), ("config_id", "version", "config_hash")),
        EventType("feature-config.promoted", (CONFIG_API,), (), ("config_id", "version")),
        EventType("feature-config.archived", (CONFIG_API,), (), ("config_id",)),
        EventType("feature-config.restored", (CONFIG_API,), (), ("config_id",)),
        EventType("feature-config.deleted", (CONFIG_API,), (ORCHESTRATOR,), ("config_id",)),
        EventType("transform-code.requested", (ORCHESTRATOR,), (CODEGEN,), ("config_id", "version", "config_hash")),
        EventType("transform-code.generated", (CODEGEN,), (ORCHESTRATOR,), ("config_id", "version", "config_hash")),
        EventType("transform-code.failed", (CODEGEN,), (ORCHESTRATOR,), ("config_id", "version", "config_hash")),
        EventType("quick-test.requested", (CONFIG_API,), (ORCHESTRATOR,), ("test_id",)),
        EventType("quick-test.rerun-due", (ORCHESTRATOR,), (CONFIG_API,), ("config_id",)),
        EventType("quick-test.cancel-requested", (CONFIG_API,), (ORCHESTRATOR,), ("test_id",)),
        EventType("quick-test.started", (ORCHESTRATOR,), (COLLECTOR,), ("test_id", "job_id")),
        EventType("quick-test.progressed", (COLLECTOR,), (), ("test_id", "phase", "progress")),
        EventType(
            "quick-test.finished",
            (COLLECTOR, ORCHESTRATOR),
            (CONFIG_API,),
            ("test_id", "config_id", "version", "phase"),
        ),
        EventType("best-metrics.updated", (COLLECTOR,), (CONFIG_API,), ("config_id", "version", "test_id")),
        EventType("exploration.due", (CONFIG_API, ORCHESTRATOR), (CONFIG_API,), ("exploration_id",)),
        EventType("full-training.requested", (CONFIG_API,), (ORCHESTRATOR,), ("training_id",)),
    )
}


def consumed_by(service: str) -> tuple[EventType, ...]:
    """The event types that `service` reacts to."""
    return tuple(event for event in CATALOG.values() if service in event.consumers)
