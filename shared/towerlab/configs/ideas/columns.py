"""Columns that are not used yet, and features that say little."""

from __future__ import annotations

from collections.abc import Iterator

from towerlab.configs.defaults import smart_defaults
from towerlab.configs.ideas.idea import Idea, Raw, Told
from towerlab.configs.lists import MODEL_TITLE, SIDES, Side
from towerlab.configs.placement import side_of
from towerlab.domain.columns import Availability, ColumnProfile
from towerlab.domain.leak_probe import judge

EVERY_TYPE = ("string_embedding", "hashing", "multi_hot", "numeric", "timestamp")
MOSTLY = 0.8  # of the rows with one value: the rest is little to learn from
NEARLY_EACH = 0.9  # of a tower's identifiers: a column with a value for each says what the identifier says


def columns(told: Told) -> Iterator[Idea]:
    yield from _unused(told)
    for side, raw, profile in told.features(*EVERY_TYPE):
        if not told.is_identifier(raw["column"]) and len(told.lists.features(side)) > 1:
            yield _dropped(told, side, raw, profile)


def _unused(told: Told) -> Iterator[Idea]:
    """As smart defaults would take them: in the query tower only what is known by the time of the request, in the
    candidate tower only properties of the product."""
    used = {raw["column"] for side in SIDES for raw in told.lists.features(side)}
    for profile in told.known.profiles:
        entry = told.known.mapping.get(profile.name)
        side = side_of(entry.role) if entry is not None and entry.role else None
        if entry is None or side is None or profile.name in used or profile.unique_count <= 1:
            continue
        late = entry.availability is Availability.AFTER_REQUEST
        probe = judge(profile.name, entry.role, told.known.probes)
        if late or (side == "query" and probe is not None and probe.verdict == "red"):
            continue
        made = smart_defaults([profile], {profile.name: entry}).lists.features(side)
        for raw in made:
            reason = f"It is not used yet, and has {profile.unique_count:,} unique values."
            yield Idea(f"with {profile.name}", told.with_feature(side, raw), reason, 60)


def _dropped(told: Told, side: Side, raw: Raw, profile: ColumnProfile) -> Idea:
    reason, promise = _why(told, side, raw, profile)
    return Idea(f"without {raw['column']}", told.without(side, raw["column"]), reason, promise)


def _why(told: Told, side: Side, raw: Raw, profile: ColumnProfile) -> tuple[str, int]:
    rows = told.known.rows or 0
    most = max((int(entry["count"]) for entry in profile.top_values), default=0)
    if rows and most >= MOSTLY * rows:
        return f"One value has {most / rows:.0%} of its rows: it says little.", 30
    id = next((one for one in told.lists.features(side) if told.is_identifier(one["column"])), None)
    of_id = told.profiles.get(id["column"]) if id else None
    if raw["type"] == "string_embedding" and of_id and profile.unique_count >= NEARLY_EACH * of_id.unique_count:
        reason = f"It has {profile.unique_count:,} unique values where {of_id.name} has {of_id.unique_count:,}: "
        return reason + "nearly one each, so it says what that says.", 26
    return f"If the {MODEL_TITLE[side]} does as well without it, there is less to learn.", 11
