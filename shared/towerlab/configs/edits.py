"""What one config has otherwise than another, as entries to set or to take away: small enough to be kept for many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from towerlab.configs.axes import crossed
from towerlab.configs.lists import SIDES, ConfigLists, crosses_field, features_field
from towerlab.domain.contestants import Edit

Entries = Mapping[str, dict[str, Any]]


def edits(before: ConfigLists, after: ConfigLists) -> tuple[Edit, ...]:
    """What makes `after` of `before`, but for the order of entries. Both have every default filled in."""
    return tuple(
        edit for field in _fields() for edit in _of_field(field, _entries(before, field), _entries(after, field))
    )


def edited(lists: ConfigLists, wanted: Iterable[Edit]) -> ConfigLists:
    """The lists with these entries in the place of those with their names; new ones come last."""
    for edit in wanted:
        entries = dict(_entries(lists, edit.field))
        if edit.entry is None:
            entries.pop(edit.name, None)
        else:
            entries[edit.name] = edit.entry
        lists = replace(lists, **{edit.field: tuple(entries.values())})
    return lists


def _fields() -> Iterator[str]:
    for side in SIDES:
        yield features_field(side)
        yield crosses_field(side)


def _of_field(field: str, before: Entries, after: Entries) -> Iterator[Edit]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Edit(field, name, after.get(name))


def _entries(lists: ConfigLists, field: str) -> Entries:
    found: tuple[dict[str, Any], ...] = getattr(lists, field)
    return {crossed(entry) if "features" in entry else str(entry["column"]): entry for entry in found}
