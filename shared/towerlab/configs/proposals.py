"""What to try next of a config: changes that the dataset's statistics speak for, each with the reason, best first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from towerlab.configs.checks import examine, missing_for_training
from towerlab.configs.config import MAX_NAME, ConfigVersion
from towerlab.configs.edits import edited, edits
from towerlab.configs.hashing import config_hash
from towerlab.configs.ideas.every import ideas
from towerlab.configs.ideas.idea import Idea, Told
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnType
from towerlab.domain.contestants import Contestant

MOST = 40
PREFIX = "Explored: "
Columns = Mapping[str, ColumnType]


@dataclass(frozen=True)
class Base:
    """What is changed: a config version, of a dataset with these columns."""

    version: ConfigVersion
    columns: Columns


def proposals(base: Base, told: Told) -> tuple[Contestant, ...]:
    """At most MOST, without two that compute the same, and without the base itself; each can be tested as it is."""
    found: dict[str, Contestant] = {}
    for idea in sorted(ideas(told), key=lambda one: (-one.promise, one.name)):
        contestant = contestant_of(base, idea)
        if contestant is not None and contestant.config_hash != base.version.config_hash:
            found.setdefault(contestant.config_hash, contestant)
    return tuple(found.values())[:MOST]


def contestant_of(base: Base, idea: Idea, made_of: tuple[str, ...] = ()) -> Contestant | None:
    """The idea as a contestant; None when what it makes of the config has faults, or cannot be trained."""
    resolved, faults = examine(idea.lists, base.columns)
    if faults or missing_for_training(resolved):
        return None
    return Contestant(
        config_hash=config_hash(resolved),
        name=shortened(PREFIX + idea.name),
        reason=idea.reason,
        base_config_id=base.version.config_id,
        base_version=base.version.version,
        edits=edits(base.version.lists, resolved.as_lists()),
        made_of=made_of,
    )


def combined(base: Base, parts: Iterable[Contestant], reason: str) -> Contestant | None:
    """Their changes together; None when these do not fit together."""
    lists, parts = base.version.lists, tuple(parts)
    for part in parts:
        lists = edited(lists, part.edits)
    name = " + ".join(part.name.removeprefix(PREFIX) for part in parts)
    return contestant_of(base, Idea(name, lists, reason), tuple(part.config_hash for part in parts))


def lists_of(base: ConfigVersion, contestant: Contestant) -> ConfigLists:
    """The four lists of what it is."""
    return edited(base.lists, contestant.edits)


def shortened(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"


def start_of(version: ConfigVersion, name: str) -> Contestant:
    """The config that an exploration starts from, as a contestant without changes."""
    return Contestant(
        config_hash=version.config_hash,
        name=name,
        reason="The config that the exploration starts from.",
        base_config_id=version.config_id,
        base_version=version.version,
        config_id=version.config_id,
        version=version.version,
    )
