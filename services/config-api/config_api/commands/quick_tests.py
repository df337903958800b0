"""Starting quick tests, and cancelling whatever the pipeline runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from towerlab.configs.config import ConfigSummary, ConfigVersion, FeatureConfig
from towerlab.domain.audit import Change
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid
from towerlab.domain.quicktest import CancelRequested, FullTraining, Phase, QuickTest, TestSettings, advance
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.ports.documents import Documents, Put
from towerlab.runtime import records
from towerlab.runtime.announce import of_test
from towerlab.runtime.logs import correlation_id
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.concurrency import retried
from config_api.estimates import expected_seconds
from config_api.recording import Caller, commit, nothing_to_write
from config_api.refusals import refusals, split_faults, version_faults
from config_api.schemas.quick_tests import TestRequest
from config_api.states import config_change
from config_api.summaries import best_in, counted, summarised

T = TypeVar("T", bound=QuickTest)


@dataclass(frozen=True)
class Started:
    """`existing`: an equal test was found, completed or on its way, and nothing was started."""

    test: QuickTest
    existing: bool = False


@dataclass(frozen=True)
class Wanted:
    """A test that is to be, of the config's current version unless one is named: its id decides that it is started
    once."""

    settings: TestSettings
    id: str
    rerun: bool = False
    version: int | None = None
    exploration_id: str = ""


@dataclass(frozen=True)
class AskedFor:
    """A test that is new or is to end, and all that is written and told with it."""

    test: QuickTest
    writes: Sequence[Put]
    events: Sequence[Event]
    changes: Sequence[Change]


@dataclass(frozen=True)
class About:
    """What a test is of. The summary was read first: its revision tells if anything else has moved since."""

    summary: Held[ConfigSummary]
    config: Held[FeatureConfig]
    version: ConfigVersion
    dataset: Dataset


def start_quick_test(deps: Deps, by: Caller, config_id: str, asked: TestRequest) -> Started:
    """Ask for a quick test, or find the equal one. Raises NotFound, Invalid and Conflict."""
    return retried(lambda: _start(deps, by, config_id, asked))


def cancel_test(deps: Deps, by: Caller, of: type[QuickTest], test_id: str) -> QuickTest:
    """Ask for the end of a test; one that has ended or is asked already stays as it is."""
    return retried(lambda: _cancel(deps, by, of, test_id))


def _start(deps: Deps, by: Caller, config_id: str, asked: TestRequest) -> Started:
    of = about(deps, config_id, asked.version, asked.settings.advanced.split)
    if not asked.force:
        found = equal_one(deps.documents, QuickTest, of, asked.settings)
        if found:
            return nothing_to_write(deps, by, Started(found, existing=True))
    new = _asked_for(deps, by.name, Wanted(asked.settings, deps.ids.new()), of)
    return commit(deps, by, Started(new.test), new.writes, new.events, new.changes)


def asked_for(deps: Deps, who: str, config_id: str, wanted: Wanted) -> AskedFor:
    """What starts a test of the config, to be committed by the caller. Raises NotFound and Conflict."""
    return _asked_for(deps, who, wanted, about(deps, config_id, wanted.version))


def about(deps: Deps, config_id: str, number: int | None = None, split: str = "") -> About:
    """All that a test of that version (None: the current one) needs. Raises NotFound, Invalid and Conflict."""
    summary = reading.summary(deps.documents, config_id)
    config = reading.config(deps.documents, config_id)
    dataset = reading.dataset(deps.documents, config.value.dataset_id).value
    faults = [*version_faults(config.value, number), *split_faults(dataset, split)]
    if faults:
        raise Invalid(faults)
    version = reading.version(deps.documents, config_id, number or config.value.version)
    for refusal in refusals(config.value, version, dataset):
        raise refusal
    return About(summary, config, version, dataset)


def _asked_for(deps: Deps, who: str, wanted: Wanted, of: About) -> AskedFor:
    config, documents = of.config.value, deps.documents
    first = first_asked_for(deps, who, wanted, of.version, of.dataset)
    counts = counted(documents, config.id).with_new(first.test.created_at)
    current = reading.version(documents, config.id, config.version)
    counted_in = summarised(config, current, counts, best_in(of.summary.value))
    return replace(
        first,
        writes=[*first.writes, records.put(counted_in, config.id, of.summary.revision)],
        changes=[*first.changes, config_change("test_requested", config, config, quick_test=first.test.id)],
    )


def first_asked_for(deps: Deps, who: str, wanted: Wanted, version: ConfigVersion, dataset: Dataset) -> AskedFor:
    """The same for a config that is made in the same commit, with a summary that counts the test already."""
    expected = expected_seconds(deps, dataset, version, wanted.settings)
    test = replace(new_test(deps, QuickTest, who, wanted, version, dataset), estimated_seconds=expected)
    told = [of_test(deps, test, "requested")]
    return AskedFor(test, [records.put(test, test.id, None)], told, [change_of("requested", test)])


def equal_one(documents: Documents, of: type[T], about: About, settings: TestSettings) -> T | None:
    """One that has completed, or is on its way."""
    where: reading.Where = {"config_id": about.version.config_id, "version": about.version.version}
    for test in (held.value for held in reading.every(documents, of, where)):
        is_equal = test.snapshot_id == about.dataset.snapshot.id and test.settings == settings
        if is_equal and (test.phase is Phase.COMPLETED or not (test.final or test.phase is Phase.CANCELLING)):
            return test
    return None


def new_test(deps: Deps, of: type[T], who: str, wanted: Wanted, version: ConfigVersion, dataset: Dataset) -> T:
    now, full = deps.clock.now(), issubclass(of, FullTraining)
    lasts = deps.settings.full_training_deadline_seconds if full else deps.settings.test_deadline_seconds
    return of(
        id=wanted.id,
        config_id=version.config_id,
        dataset_id=dataset.id,
        version=version.version,
        config_hash=version.config_hash,
        snapshot_id=dataset.snapshot.id,
        settings=wanted.settings,
        rerun=wanted.rerun,
        exploration_id=wanted.exploration_id,
        created_at=rfc3339(now),
        deadline=rfc3339(now + timedelta(seconds=lasts)),
        requested_by=who,
        correlation_id=correlation_id(),
    )


def _cancel(deps: Deps, by: Caller, of: type[QuickTest], test_id: str) -> QuickTest:
    asked = cancel_asked_for(deps, of, test_id)
    if not asked.writes:
        return nothing_to_write(deps, by, asked.test)
    return commit(deps, by, asked.test, asked.writes, asked.events, asked.changes)


def cancel_asked_for(deps: Deps, of: type[QuickTest], test_id: str) -> AskedFor:
    """What asks for the end of a test, to be committed by the caller; nothing when it has ended or is asked already."""
    held = records.get(deps.documents, of, test_id)
    asked = advance(held.value, CancelRequested(at=rfc3339(deps.clock.now())))
    if asked == held.value:
        return AskedFor(asked, (), (), ())
    announced = of_test(deps, asked, "cancel-requested")
    return AskedFor(
        asked, [records.put(asked, test_id, held.revision)], [announced], [change_of("cancel_requested", asked)]
    )


def change_of(action: str, test: QuickTest) -> Change:
    detail = {"feature_config": test.config_id, "settings": records.to_json(test.settings)}
    return Change(test.kind, test.id, test.dataset_id, action, test.version, test.version, detail)
