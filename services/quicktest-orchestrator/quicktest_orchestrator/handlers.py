"""Which event moves which tests."""

from __future__ import annotations

from collections.abc import Iterable

from towerlab.domain.quicktest import FullTraining, QuickTest
from towerlab.events.envelope import Event
from towerlab.runtime.logs import correlated
from towerlab.runtime.open_tests import Look, handler, open_tests
from towerlab.runtime.outcomes import Done, Outcome
from towerlab.runtime.push import Handler
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from quicktest_orchestrator.moves import cancel, start
from quicktest_orchestrator.reruns import on_dataset_refreshed


def on_code(deps: Deps, event: Event) -> Outcome:
    """The code is there, or never will be: the tests that waited for it move on."""
    config_id, version = str(event.data["config_id"]), int(event.data["version"])
    waiting = [held for held in open_tests(deps, config_id=config_id) if held.value.version == version]
    return _all(deps, waiting, start)


def on_config_deleted(deps: Deps, event: Event) -> Outcome:
    return _all(deps, open_tests(deps, config_id=str(event.data["config_id"])), cancel)


HANDLERS: dict[str, Handler] = {
    "quick-test.requested": handler(QuickTest, start),
    "quick-test.cancel-requested": handler(QuickTest, cancel),
    "full-training.requested": handler(FullTraining, start),  # one that was handed over is final
    "full-training.cancel-requested": handler(FullTraining, cancel),
    "transform-code.generated": on_code,
    "transform-code.failed": on_code,
    "feature-config.deleted": on_config_deleted,
    "dataset.refreshed": on_dataset_refreshed,
}


def _all(deps: Deps, tests: Iterable[Held[QuickTest]], look: Look) -> Done:
    """What comes of all of them, in one commit."""
    found: list[Done] = []
    for held in tests:
        with correlated(held.value.correlation_id):
            found.append(look(deps, held))
    return Done([w for one in found for w in one.writes], [e for one in found for e in one.events])
