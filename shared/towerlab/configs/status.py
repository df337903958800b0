"""The status of a config as a table: which move leads where, what forbids it, and what may be done in each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from towerlab.configs.config import ConfigStatus, FeatureConfig
from towerlab.domain.errors import Conflict, NotFound

DRAFT, TESTED, PROMOTED, ARCHIVED = ConfigStatus
KEPT = timedelta(days=30)  # what is deleted can be brought back for so long

_ACTIONS: dict[ConfigStatus, tuple[str, ...]] = {
    DRAFT: ("view", "edit", "quick_test", "clone"),
    TESTED: ("view", "edit", "quick_test", "clone", "promote", "full_training", "archive"),
    PROMOTED: ("view", "edit", "quick_test", "clone", "full_training", "archive"),
    ARCHIVED: ("view", "clone", "restore"),
}


@dataclass(frozen=True)
class History:
    """What decides about a move: tests of any kind, and completed ones of the current version."""

    tests: int
    completed: int


def actions(status: ConfigStatus, tests: int) -> tuple[str, ...]:
    """What may be done with a config; a draft without tests can be deleted, one with tests archived."""
    last = ("delete" if tests == 0 else "archive",) if status is DRAFT else ()
    return _ACTIONS[status] + last


def promoted(config: FeatureConfig, history: History, at: str) -> FeatureConfig:
    """Raises Conflict unless a test of the current version has completed."""
    if config.status is PROMOTED:
        raise Conflict("the config is promoted already", "promoted", "Edit it, test it, then promote it again.")
    if config.status is ARCHIVED:
        raise Conflict("the config is archived", "archived", "Restore it first.")
    if not history.completed:
        raise _not_tested(config.version)
    return replace(config, status=PROMOTED, updated_at=at)


def fully_trained(config: FeatureConfig, version: int, history: History, at: str) -> FeatureConfig:
    """The config once a full training of that version is asked for: promoted if it is the current one, else as it was.
    `history` has the version's completed tests. Raises Conflict without any, and for an older version of a draft."""
    is_current = version == config.version
    if is_current and config.status is not PROMOTED:
        return promoted(config, history, at)
    if config.status is DRAFT:
        raise _not_tested(config.version)
    if not history.completed:
        raise _not_tested(version)
    return config


def _not_tested(version: int) -> Conflict:
    return Conflict(f"version {version} has no completed quick test", "not_tested", "Run a quick test of it first.")


def archived(config: FeatureConfig, at: str) -> FeatureConfig:
    """Raises Conflict for one that is archived."""
    if config.status is ARCHIVED:
        raise Conflict("the config is archived already", "archived", "Restore it to go on with it.")
    return replace(config, status=ARCHIVED, archived_from=config.status, updated_at=at)


def restored(config: FeatureConfig, history: History, at: str) -> FeatureConfig:
    """An archived config as it was before, a deleted one alive again. Raises Conflict for one that is neither, and
    NotFound for one that was deleted too long ago."""
    if config.deleted_at is not None:
        if datetime.fromisoformat(at) - datetime.fromisoformat(config.deleted_at) > KEPT:
            raise NotFound("feature config", config.id)
        return replace(config, deleted_at=None, updated_at=at)
    if config.status is not ARCHIVED:
        raise Conflict(f"the config is {config.status.value}, not archived", "not_archived", "There is nothing to do.")
    before = config.archived_from or DRAFT
    status = TESTED if before is DRAFT and history.completed else before
    return replace(config, status=status, archived_from=None, updated_at=at)


def deleted(config: FeatureConfig, history: History, at: str) -> FeatureConfig:
    """Raises Conflict unless it is a draft that was never tested."""
    if config.status is not DRAFT or history.tests:
        message = f"only drafts without quick tests can be deleted; this one is {config.status.value}"
        message += f" and has {history.tests} quick tests"
        raise Conflict(message, "has_history", "Archive it instead: its results stay.")
    return replace(config, deleted_at=at, updated_at=at)
