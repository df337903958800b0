"""Every event type of the system, who makes it and who consumes it; topics, subscriptions and schemas follow from
this table."""

from __future__ import annotations

from dataclasses import dataclass

CONFIG_API = "config-api"
CODEGEN = "codegen"
ORCHESTRATOR = "quicktest-orchestrator"
COLLECTOR = "metrics-collector"
SERVICES = (CONFIG_API, CODEGEN, ORCHESTRATOR, COLLECTOR)
OTHER_DOMAINS = "other domains"
LONG = 600.0  # a whole table is read; as long as Pub/Sub waits for an answer


@dataclass(frozen=True)
class EventType:
    """`fields` are names of events/fields.py; `about` says what has happened."""

    name: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    fields: tuple[str, ...]
    about: str
    seconds: float = 30.0  # in which a consumer has handled it

    @property
    def reacting(self) -> tuple[str, ...]:
        """The services of ours among its consumers."""
        return tuple(name for name in self.consumers if name != OTHER_DOMAINS)

    @property
    def concerns_others(self) -> bool:
        """Whether other domains send or receive it."""
        return OTHER_DOMAINS in (*self.producers, *self.consumers)


_CODE = ("config_id", "version", "config_hash")
CATALOG: dict[str, EventType] = {
    event.name: event
    for event in (
        EventType(
            "dataset.registration-requested",
            (CONFIG_API,),
            (CONFIG_API,),
            ("registration_id",),
            "A large dataset is to be copied and profiled.",
            LONG,
        ),
        EventType(
            "dataset.updated",
            (OTHER_DOMAINS,),
            (CONFIG_API,),
            ("dataset_id",),
            "The source of a dataset has changed; a new snapshot of it is taken.",
            LONG,
        ),
        EventType(
            "dataset.refreshed",
            (CONFIG_API,),
            (ORCHESTRATOR, OTHER_DOMAINS),
            ("dataset_id", "snapshot_id"),
            "A dataset has a new snapshot.",
        ),
        EventType(
            "dataset.deleted",
            (OTHER_DOMAINS, CONFIG_API),
            (CONFIG_API, OTHER_DOMAINS),
            ("dataset_id",),
            "A dataset is gone; its configs are archived and its tests cancelled.",
        ),
        EventType(
            "feature-config.version-created",
            (CONFIG_API,),
            (CODEGEN,),
            _CODE,
            "A config computes something new; code is to be generated for it.",
        ),
        EventType(
            "feature-config.promoted",
            (CONFIG_API,),
            (OTHER_DOMAINS,),
            ("config_id", "version"),
            "A version of a config was chosen for full training.",
        ),
        EventType("feature-config.archived", (CONFIG_API,), (OTHER_DOMAINS,), ("config_id",), "A config was put away."),
        EventType(
            "feature-config.restored", (CONFIG_API,), (OTHER_DOMAINS,), ("config_id",), "A config was brought back."
        ),
        EventType(
            "feature-config.deleted",
            (CONFIG_API,),
            (ORCHESTRATOR, OTHER_DOMAINS),
            ("config_id",),
            "A config was deleted; its tests are cancelled.",
        ),
        EventType(
            "transform-code.requested", (ORCHESTRATOR,), (CODEGEN,), _CODE, "A test waits for code that is not there."
        ),
        EventType("transform-code.generated", (CODEGEN,), (ORCHESTRATOR,), _CODE, "A version's code is there."),
        EventType("transform-code.failed", (CODEGEN,), (ORCHESTRATOR,), _CODE, "No code can be made for a version."),
        EventType("quick-test.requested", (CONFIG_API,), (ORCHESTRATOR,), ("test_id",), "Somebody wants a quick test."),
        EventType(
            "quick-test.rerun-due", (ORCHESTRATOR,), (CONFIG_API,), ("config_id",), "A config is to be tested again."
        ),
        EventType(
            "quick-test.cancel-requested", (CONFIG_API,), (ORCHESTRATOR,), ("test_id",), "A quick test is to end."
        ),
        EventType(
            "quick-test.started",
            (ORCHESTRATOR,),
            (COLLECTOR,),
            ("test_id", "job_id"),
            "The pipeline of a quick test was submitted.",
        ),
        EventType(
            "quick-test.progressed",
            (COLLECTOR,),
            (OTHER_DOMAINS,),
            ("test_id", "phase", "progress"),
            "A quick test has come further.",
        ),
        EventType(
            "quick-test.finished",
            (COLLECTOR, ORCHESTRATOR),
            (CONFIG_API, OTHER_DOMAINS),
            ("test_id", "config_id", "version", "phase"),
            "A quick test has ended, well or not.",
        ),
        EventType(
            "best-metrics.updated",
            (COLLECTOR,),
            (CONFIG_API, OTHER_DOMAINS),
            ("config_id", "version", "test_id"),
            "A test is now among the best of its config.",
        ),
        EventType(
            "full-training.requested",
            (CONFIG_API,),
            (ORCHESTRATOR, OTHER_DOMAINS),
            ("training_id", *_CODE, "code", "snapshot", "settings"),
            "Somebody wants a config trained on all of its data.",
        ),
        EventType(
            "full-training.cancel-requested",
            (CONFIG_API,),
            (ORCHESTRATOR,),
            ("training_id",),
            "Somebody wants a full training to end.",
        ),
        EventType(
            "full-training.started",
            (ORCHESTRATOR,),
            (COLLECTOR,),
            ("training_id", "job_id"),
            "The pipeline job of a full training is on record.",
        ),
        EventType(
            "full-training.progressed",
            (COLLECTOR,),
            (OTHER_DOMAINS,),
            ("training_id", "phase", "progress"),
            "A full training has come further.",
        ),
        EventType(
            "full-training.finished",
            (COLLECTOR, ORCHESTRATOR),
            (OTHER_DOMAINS,),
            ("training_id", "config_id", "version", "phase"),
            "A full training has ended, well or not.",
        ),
        EventType(
            "exploration.due",
            (CONFIG_API, ORCHESTRATOR),
            (CONFIG_API,),
            ("exploration_id",),
            "An exploration is to be looked at: it was started, resumed, or not heard of.",
        ),
    )
}


def consumed_by(service: str) -> tuple[EventType, ...]:
    """The event types that `service` reacts to."""
    return tuple(event for event in CATALOG.values() if service in event.consumers)


def comes_from_outside(type: str) -> bool:
    """Whether other domains send events of that type, too."""
    known = CATALOG.get(type)
    return known is not None and OTHER_DOMAINS in known.producers
