"""What is known of a dataset when a config is judged: the more there is, the more can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from towerlab.configs.cross_advice import Pairs
from towerlab.domain.columns import ColumnProfile, ColumnRole, ColumnType
from towerlab.domain.leak_probe import Probes


@dataclass(frozen=True)
class Known:
    """All of the dataset's columns; and where they were looked at, their statistics and roles, how many rows there are,
    the combinations observed for crosses, the leak probes, and how many buckets of a feature rows fall into, by (side,
    column)."""

    columns: Mapping[str, ColumnType]
    profiles: Sequence[ColumnProfile] = ()
    mapping: Mapping[str, ColumnRole] = field(default_factory=dict)
    rows: int | None = None
    pairs: Pairs = field(default_factory=dict)
    probes: Probes = field(default_factory=Probes)
    filled: Mapping[tuple[str, str], int] = field(default_factory=dict)
