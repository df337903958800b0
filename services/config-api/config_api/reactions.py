"""What other services' events change here: a config's status, and the projection that lists show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from towerlab.configs.config import ConfigStatus, ConfigSummary, FeatureConfig
from towerlab.domain.best import best_under, reference_protocol
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, NotFound
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import BestMetrics
from towerlab.events.envelope import Event
from towerlab.ports.documents import Documents, Put
from towerlab.runtime import audit, records
from towerlab.runtime.outcomes import Done, Duplicate, Handler, Outcome, Reject
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.commands.dataset_life import hide_dataset, put_away, refresh
from config_api.commands.explorations import due
from config_api.commands.registering import on_registration_requested
from config_api.commands.reruns import on_rerun_due
from config_api.commands.status import completed
from config_api.exploring.advancing import on_exploration_due
from config_api.recording import Caller
from config_api.states import config_change
from config_api.summaries import Best, counted, summarised


def on_test_event(deps: Deps, event: Event) -> Outcome:
    """Bring a config up to its tests: its status, its counts, its best. Which event told of them does not matter.

    A new best may change the protocol that the dataset is judged by, and with it what the other configs show. The
    exploration that has asked for the test is told.
    """
    documents, config_id = deps.documents, str(event.data["config_id"])
    found = records.find(documents, FeatureConfig, config_id)
    if found is None:
        return Reject(f"no feature config {config_id!r}")
    where: reading.Where = {"dataset_id": found.value.dataset_id}
    # Summaries are read before all that they follow from: a newer fact then comes with a newer revision of them.
    known = {held.id: held for held in reading.every(documents, ConfigSummary, where)}
    bests = {held.id: held.value for held in reading.every(documents, BestMetrics, where)}
    reference = reference_protocol(bests.values())
    config, writes = _judged(deps, records.get(documents, FeatureConfig, config_id))
    summaries = [_summary(documents, config, _shown(bests.get(config_id), reference))]
    summaries += [_rejudged(known[id].value, _shown(bests[id], reference)) for id in bests if id != config_id]
    changed = [summary for summary in summaries if summary != known[summary.id].value]
    writes += [records.put(summary, summary.id, known[summary.id].revision) for summary in changed]
    told = _explorations(deps, event)
    return Done(writes, told) if writes or told else Duplicate()


def on_dataset_updated(deps: Deps, event: Event) -> Outcome:
    """Take a new snapshot of the dataset's source; the same content changes nothing."""
    try:
        refresh(deps, Caller(event.source), str(event.data["dataset_id"]))
    except (NotFound, Invalid) as error:
        return Reject(str(error))
    return Done()


def on_dataset_deleted(deps: Deps, event: Event) -> Outcome:
    """The configs of a deleted dataset are archived and its tests cancelled, whoever has deleted it."""
    by, dataset_id = Caller(event.source), str(event.data["dataset_id"])
    held = records.find(deps.documents, Dataset, dataset_id)
    if held is None:
        return Reject(f"no dataset {dataset_id!r}")
    if held.value.deleted_at is None:
        hide_dataset(deps, by, dataset_id)
    put_away(deps, by, dataset_id)
    return Done()


HANDLERS: Mapping[str, Handler] = {
    "quick-test.finished": on_test_event,
    "best-metrics.updated": on_test_event,
    "quick-test.rerun-due": on_rerun_due,
    "exploration.due": on_exploration_due,
    "dataset.registration-requested": on_registration_requested,
    "dataset.updated": on_dataset_updated,
    "dataset.deleted": on_dataset_deleted,
}


def _explorations(deps: Deps, event: Event) -> list[Event]:
    """Whose turn it is once that test has ended."""
    if event.type != "quick-test.finished":
        return []
    test = records.find(deps.documents, QuickTest, str(event.data["test_id"]))
    return [due(deps, test.value.exploration_id)] if test and test.value.exploration_id else []


def _judged(deps: Deps, held: Held[FeatureConfig]) -> tuple[FeatureConfig, list[Put]]:
    """The config, tested if it has become so, and the write of it."""
    config = held.value
    if config.status is not ConfigStatus.DRAFT or config.deleted_at:
        return config, []
    if not completed(deps.documents, config.id, config.version):
        return config, []
    tested = replace(config, status=ConfigStatus.TESTED)
    noted = audit.entry(deps, deps.service, config_change("tested", config, tested))
    return tested, [records.put(tested, held.id, held.revision), noted]


def _shown(best: BestMetrics | None, reference: str | None) -> Best:
    test = best_under(best, reference) if best else None
    return Best(test, comparable=test is None or test.protocol_key == reference)


def _summary(documents: Documents, config: FeatureConfig, best: Best) -> ConfigSummary:
    version = reading.version(documents, config.id, config.version)
    return summarised(config, version, counted(documents, config.id), best)


def _rejudged(summary: ConfigSummary, best: Best) -> ConfigSummary:
    return replace(summary, best=best.test, tested=best.test is not None, comparable=best.comparable)
