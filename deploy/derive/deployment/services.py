"""The services as they are deployed: config-api twice, once for people and once for the bus; the others once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from towerlab.events.catalog import CODEGEN, COLLECTOR, CONFIG_API, ORCHESTRATOR

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Deployment:
    """`service` is its name in the event catalog, and of its image; `parts` are the modules that `app` is made of."""

    name: str
    service: str
    app: str
    parts: tuple[str, ...]
    public: bool = False

    @property
    def package(self) -> str:
        return self.app.partition(".")[0]


DEPLOYMENTS = (
    Deployment(
        "config-api-public",
        CONFIG_API,
        "config_api.app:create_public()",
        (
            "config_api.routes",
            "config_api.access",
            "config_api.http",
            "config_api.origins",
            "config_api.page",
            "towerlab.runtime.service",
        ),
        public=True,
    ),
    Deployment(
        "config-api", CONFIG_API, "config_api.app:create_internal()", ("config_api.reactions", "towerlab.runtime.push")
    ),
    Deployment(CODEGEN, CODEGEN, "codegen.app:create()", ("codegen.app",)),
    Deployment(ORCHESTRATOR, ORCHESTRATOR, "quicktest_orchestrator.app:create()", ("quicktest_orchestrator.app",)),
    Deployment(COLLECTOR, COLLECTOR, "metrics_collector.app:create()", ("metrics_collector.app",)),
)
PACKAGES = ("towerlab", *dict.fromkeys(deployment.package for deployment in DEPLOYMENTS))


def services(deployments: Iterable[Deployment] = DEPLOYMENTS) -> dict[str, dict[str, object]]:
    """By name: which image runs which app, and who may reach it."""
    return {one.name: {"image": one.service, "app": one.app, "public": one.public} for one in deployments}
